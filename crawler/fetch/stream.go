package fetch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"klank/mention"
)

const (
	// sitemapSize is the most that sitemaps.org lets a sitemap have,
	// uncompressed.
	sitemapSize = 50 << 20
	// streamTimes is how many times Config.Timeout a whole stream may take,
	// the reader's own time included.
	streamTimes = 20

	streamAccept = "application/xml,text/xml;q=0.9,application/gzip;q=0.9,text/plain;q=0.8,*/*;q=0.5"
)

// StreamResponse is what a URL answered: exactly one of Body, NotModified and
// Redirect is set.
type StreamResponse struct {
	// Body is a 200 response, decompressed: content encodings, and gzip files
	// such as sitemap.xml.gz, known by their first bytes. Its errors are of
	// type *Error, for it may still turn out to be too long or cut short. It
	// is to be closed. Until it was read to its end or closed the host gets
	// no other request, so who waits for one before must not hold it open.
	Body io.ReadCloser
	// ContentType is as sent; Fetched is when the answer began.
	ContentType string
	Fetched     time.Time
	// ETag and LastModified are for the next request.
	ETag, LastModified string
	// NotModified, Redirect and Permanent are those of Response.
	NotModified bool
	Redirect    string
	Permanent   bool
}

// Stream asks for one URL like Fetch, but hands its body on while it comes,
// so that a body of any length takes constant memory: it is for sitemaps and
// exports. Config.MaxStream bounds the body, and Config.Timeout the head and
// each silence of the server; the whole takes 20 times as long at most.
// Errors are of type *Error.
func (c *Client) Stream(ctx context.Context, r Request) (*StreamResponse, error) {
	if r.Accept == "" {
		r.Accept = streamAccept
	}
	x := &exchange{Request: r, stream: &stream{}}
	if len(r.Secrets) > 0 {
		return nil, x.fail(Protocol, errors.New("what is asked for with a key is not streamed"))
	}
	if err := x.check(ctx); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(withExchange(ctx, x), http.MethodGet, r.URL, nil)
	if err != nil {
		return nil, x.fail(Protocol, err)
	}
	req.Header = c.header(&r)
	if _, err := c.robots.RoundTrip(req); err != nil {
		return nil, err
	}
	if isPage(x.status) {
		return &StreamResponse{
			Body: x.stream, Fetched: x.fetched, ContentType: x.header.Get("Content-Type"),
			ETag: x.header.Get("ETag"), LastModified: x.header.Get("Last-Modified"),
		}, nil
	}
	res, err := x.response()
	if err != nil {
		return nil, err
	}
	return &StreamResponse{Fetched: x.fetched, NotModified: res.NotModified, Redirect: res.Redirect, Permanent: res.Permanent}, nil
}

// Sitemaps returns the canonical URLs of the Sitemap lines in robots.txt of
// the origin of rawURL, in the file's order and each once. They may be on
// other hosts. Errors are of type *Error.
func (c *Client) Sitemaps(ctx context.Context, rawURL string) ([]string, error) {
	x := &exchange{Request: Request{URL: rawURL}}
	if err := x.check(ctx); err != nil {
		return nil, err
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, x.fail(Protocol, err)
	}
	origin := u.Scheme + "://" + u.Host
	rules, failed := c.robots.rules.get(ctx, origin, 0)
	if failed != nil {
		e := *failed
		e.URL = rawURL
		return nil, &e
	}
	var out []string
	seen := map[string]bool{}
	for _, line := range rules.Sitemaps() {
		if target, err := mention.CanonicalURL(origin+"/robots.txt", line); err == nil && !seen[target] {
			seen[target] = true
			out = append(out, target)
		}
	}
	return out, nil
}

// stream is a body under way: the part of an exchange that outlives its
// RoundTrip.
type stream struct {
	x       *exchange
	limits  *limits
	parent  context.Context // the caller's
	ctx     context.Context // with the limits on time
	cancel  context.CancelFunc
	silence *time.Timer // ends ctx

	raw  counter
	body io.Closer
	from *bufio.Reader
	n    int64
	// err ends the stream; io.EOF where it was read well.
	err error
	// releases give the tables of decoders back.
	releases []func()
	// done tells the pacer that the host has had its turn.
	done func()
}

// openStream is RoundTrip for a stream.
func (l *limits) openStream(req *http.Request, x *exchange) (*http.Response, error) {
	s := x.stream
	s.x, s.limits, s.parent, s.done = x, l, req.Context(), func() {}
	s.ctx, s.cancel = context.WithTimeout(s.parent, streamTimes*l.timeout)
	s.silence = time.AfterFunc(l.timeout, s.cancel)
	res, err := l.head(s.ctx, req, x)
	if err != nil {
		s.end(err)
		return nil, err
	}
	s.body = res.Body
	if !isPage(res.StatusCode) {
		_, _ = io.CopyN(io.Discard, res.Body, maxDrain)
		s.end(os.ErrClosed)
		return withoutBody(res), nil
	}
	if err := s.open(res); err != nil {
		err := l.bodyError(s.ctx, s.parent, x, err)
		s.end(err)
		return nil, err
	}
	s.silence.Stop()
	return withoutBody(res), nil
}

// open checks what the header says, and sets up reading.
func (s *stream) open(res *http.Response) error {
	sniff, err := s.x.wanted(res, s.limits.maxStream)
	if err != nil {
		return err
	}
	s.raw.from = res.Body
	body, release, err := s.limits.decode(s.x, &s.raw, res.Header)
	if err != nil {
		return err
	}
	s.releases = append(s.releases, release)
	s.from = bufio.NewReader(body)
	if magic, _ := s.from.Peek(2); string(magic) == "\x1f\x8b" {
		body, release, err := s.limits.gzip(s.from)
		if err != nil {
			return err
		}
		s.releases = append(s.releases, release)
		s.from = bufio.NewReader(body)
	}
	if sniff {
		head, err := s.from.Peek(sniffLen)
		if err != nil && err != io.EOF {
			return err
		}
		if !looksLikeText(head) {
			return s.x.fail(Content, errors.New("the body is not text"))
		}
	}
	return nil
}

// hold keeps done from being called before the stream has ended, or has taken
// too long.
func (s *stream) hold(done func()) {
	s.done = sync.OnceFunc(done)
	context.AfterFunc(s.ctx, s.done)
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	s.silence.Reset(s.limits.timeout)
	n, err := s.from.Read(p)
	s.silence.Stop()
	s.n += int64(n)
	s.x.received = s.raw.n.Load()
	switch {
	case s.n > s.limits.maxStream:
		err = s.x.fail(TooLarge, fmt.Errorf("the body has more than the limit of %d bytes", s.limits.maxStream))
	case isBomb(s.n, s.x.received):
		err = s.x.bomb(s.n)
	case err != nil && err != io.EOF:
		err = s.limits.bodyError(s.ctx, s.parent, s.x, err)
	}
	if err != nil {
		s.end(err)
	}
	return n, err
}

// Close ends the stream. It may be called more than once, but not during
// Read.
func (s *stream) Close() error {
	if s.err == nil {
		s.end(fmt.Errorf("fetch %s: %w", s.x.URL, os.ErrClosed))
	}
	return nil
}

func (s *stream) end(err error) {
	s.err = err
	s.silence.Stop()
	if s.body != nil {
		s.body.Close()
	}
	for _, release := range s.releases {
		release()
	}
	s.releases = nil
	s.done()
	s.cancel()
}

// isGzip tells the media types of gzip files.
func isGzip(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "application/gzip", "application/x-gzip":
		return true
	}
	return false
}
