package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"klank/crawler/robots"
)

const (
	// A body is taken for a decompression bomb when it has grown past
	// bombFloor and is more than bombRatio times what was received. Pages
	// compress 5 to 30 times; gzip can reach 1032.
	bombFloor = 1 << 20
	bombRatio = 200
	// maxHint bounds the memory that an announced length alone can claim.
	maxHint = 1 << 20
	// maxDrain is how much of a body nobody wants is read, to keep the
	// connection.
	maxDrain = 64 << 10
)

// limits bounds the time, size and kind of an answer, and takes it into the
// exchange: whole, decompressed, in its own charset. What it returns has no
// body, so that nothing above reads or changes it. A body over a limit is an
// error, never a success cut short.
type limits struct {
	next      http.RoundTripper
	timeout   time.Duration
	maxBody   int64
	maxStream int64
	decoders
}

func newLimits(next http.RoundTripper, c Config) *limits {
	return &limits{next: next, timeout: c.Timeout, maxBody: c.MaxBody, maxStream: c.MaxStream}
}

func (l *limits) RoundTrip(req *http.Request) (*http.Response, error) {
	x, parent := exchangeOf(req), req.Context()
	if x.stream != nil {
		return l.openStream(req, x)
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	end := newDeadline(l.timeout, func() { cancel(context.DeadlineExceeded) })
	defer end.timer.Stop()
	res, err := l.head(ctx, req, x)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if isPage(res.StatusCode) {
		if err := l.take(ctx, x, res, end); err != nil {
			return nil, l.bodyError(ctx, parent, x, err)
		}
	} else {
		l.drain(x, res)
	}
	return withoutBody(res), nil
}

// deadline is a time limit that can be suspended.
type deadline struct {
	timer *time.Timer
	at    time.Time
}

func newDeadline(d time.Duration, over func()) *deadline {
	return &deadline{timer: time.AfterFunc(d, over), at: time.Now().Add(d)}
}

// suspend stops the time until resume is called.
func (d *deadline) suspend() (resume func()) {
	left := time.Until(d.at)
	d.timer.Stop()
	return func() {
		d.at = time.Now().Add(left)
		d.timer.Reset(left)
	}
}

// head sends the request within ctx and takes the answer's head.
func (l *limits) head(ctx context.Context, req *http.Request, x *exchange) (*http.Response, error) {
	out := req.WithContext(ctx)
	if len(x.Query) > 0 {
		out.URL = x.withQuery(req.URL) // known below here only
	}
	res, err := l.next.RoundTrip(out)
	if err != nil {
		if ctx.Err() != nil && req.Context().Err() == nil {
			return nil, x.fail(Timeout, fmt.Errorf("no complete answer in time: %w", err))
		}
		return nil, x.fail(classify(req.Context(), err))
	}
	x.status, x.header = res.StatusCode, res.Header
	x.fetched = time.Now().UTC().Truncate(time.Millisecond)
	x.quota = quotaPause(res.Header, x.fetched)
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		x.retryAfter = cmp.Or(retryAfter(res.Header, time.Now()), x.quota)
	}
	return res, nil
}

// drain reads a body that is no page, to keep the connection. In JSON may stand
// that a quota is used up. It is best effort: the status is known already.
func (l *limits) drain(x *exchange, res *http.Response) {
	if x.originFile || !strings.Contains(res.Header.Get("Content-Type"), "json") {
		_, _ = io.CopyN(io.Discard, res.Body, maxDrain)
		return
	}
	body, release, err := l.decoder(res.Body, res.Header.Values("Content-Encoding"))
	if err != nil {
		return
	}
	defer release()
	said, _ := io.ReadAll(io.LimitReader(body, maxDrain))
	x.refused(said, time.Now())
}

func withoutBody(res *http.Response) *http.Response {
	return &http.Response{
		Status: res.Status, StatusCode: res.StatusCode, Header: res.Header,
		Proto: res.Proto, ProtoMajor: res.ProtoMajor, ProtoMinor: res.ProtoMinor,
		Body: http.NoBody, Uncompressed: true, Request: res.Request,
	}
}

// bodyError gives an error of reading the body its class.
func (l *limits) bodyError(ctx, parent context.Context, x *exchange, err error) *Error {
	var failed *Error
	switch {
	case errors.As(err, &failed):
		return failed
	case parent.Err() != nil:
		return x.fail(Canceled, context.Cause(parent))
	case ctx.Err() != nil:
		return x.fail(Timeout, fmt.Errorf("the body was not complete after %s", l.timeout))
	}
	return x.fail(Truncated, fmt.Errorf("the body broke off after %d bytes: %w", x.received, err))
}

// take checks what the header says about the page, and reads the body.
func (l *limits) take(ctx context.Context, x *exchange, res *http.Response, end *deadline) (err error) {
	limit, sniff := l.maxBody, false
	if x.originFile {
		limit = robots.MaxSize + 1 // one more shows Parse that it is cut
	} else if sniff, err = x.wanted(res, limit); err != nil {
		return err
	}
	hint := sizeHint(res)
	if x.Hold != nil {
		resume := end.suspend()
		if err := x.Hold(ctx, int64(hint)); err != nil {
			return err
		}
		resume()
	}
	raw := &counter{from: res.Body}
	defer func() { x.received = raw.n.Load() }()
	body, release, err := l.decode(x, raw, res.Header)
	if err != nil {
		return err
	}
	defer release()
	x.body, err = l.read(x, body, raw, hint, limit, sniff)
	if err == nil && !x.originFile && isHTML(res.Header.Get("Content-Type"), x.body) && MarkupReserved(x.body) {
		x.body = nil // dropped before anybody can keep it
		return x.fail(Reserved, errors.New(`the page reserves text and data mining (<meta name="tdm-reservation" content="1">)`))
	}
	if err == nil && !x.originFile {
		x.bodyQuota(time.Now())
	}
	return err
}

// wanted checks what the header says about a page. sniff asks for a look at
// the body, too.
func (x *exchange) wanted(res *http.Response, limit int64) (sniff bool, err error) {
	if tdmReserved(res.Header) {
		return false, x.fail(Reserved, errors.New("the site reserves text and data mining (tdm-reservation: 1)"))
	}
	contentType := res.Header.Get("Content-Type")
	ok, sniff := accepts(contentType)
	ok = ok || x.Scripts && isScript(contentType)
	if x.stream != nil && isGzip(contentType) {
		ok, sniff = true, true
	}
	if !ok {
		return false, x.fail(Content, fmt.Errorf("content type %q holds no text to read", contentType))
	}
	if res.ContentLength > limit {
		return false, x.fail(TooLarge, fmt.Errorf("the body has %d bytes, more than the limit of %d", res.ContentLength, limit))
	}
	return sniff, nil
}

// decode returns a reader of the body without its content encodings.
func (l *limits) decode(x *exchange, raw *counter, h http.Header) (io.Reader, func(), error) {
	body, release, err := l.decoder(raw, h.Values("Content-Encoding"))
	var unknown encodingError
	if errors.As(err, &unknown) {
		err = x.fail(Protocol, err)
	}
	return body, release, err
}

// isBomb tells whether so much unpacked from so little is a decompression
// bomb.
func isBomb(unpacked, received int64) bool {
	return unpacked > bombFloor && unpacked > bombRatio*received
}

func (x *exchange) bomb(unpacked int64) error {
	return x.fail(TooLarge, fmt.Errorf("%d bytes unpack to more than %d: a decompression bomb", x.received, unpacked))
}

// sizeHint guesses the size of the decompressed body.
func sizeHint(res *http.Response) int {
	switch n := res.ContentLength; {
	case n < 0:
		return 64 << 10
	case contentCoding(res.Header.Values("Content-Encoding")) != "":
		return int(min(6*n, maxHint))
	default:
		return int(min(n, maxHint))
	}
}

// read reads body to its end or to an error of the limits.
func (l *limits) read(x *exchange, body io.Reader, raw *counter, hint int, limit int64, sniff bool) ([]byte, error) {
	buf := make([]byte, 0, hint+512)
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if x.originFile && int64(len(buf)) >= limit {
			return buf[:limit], nil
		}
		if int64(len(buf)) > limit {
			return nil, x.fail(TooLarge, fmt.Errorf("the body has more than the limit of %d bytes", limit))
		}
		if received := raw.n.Load(); isBomb(int64(len(buf)), received) {
			x.received = received
			return nil, x.bomb(int64(len(buf)))
		}
		if sniff && (err == io.EOF || len(buf) >= sniffLen) {
			if sniff = false; !looksLikeText(buf) {
				return nil, x.fail(Content, errors.New("the body has no content type and is not text"))
			}
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// counter counts what was read; any goroutine may look.
type counter struct {
	from io.Reader
	n    atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n.Add(int64(n))
	return n, err
}
