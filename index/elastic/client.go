package elastic

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index"
)

// object is a JSON object on its way to the cluster.
type object = map[string]any

// connect makes the transport: connections that are kept, and no retries of
// its own (bulk knows what may be tried again).
func (ix *Index) connect() error {
	cfg := ix.cfg
	addresses := cfg.URLs
	if cfg.CloudID != "" {
		u, err := cloudURL(cfg.CloudID)
		if err != nil {
			return err
		}
		addresses = []string{u}
	}
	if len(addresses) == 0 {
		return errors.New("elasticsearch: no URL is given; name a node, e.g. http://127.0.0.1:9200, or a cloud id")
	}
	if cfg.CloudID != "" && len(cfg.URLs) > 0 {
		return errors.New("elasticsearch: both URLs and a cloud id are given; give one of them")
	}
	if cfg.APIKey != "" && cfg.Username != "" {
		return errors.New("elasticsearch: both an API key and a user name are given; give one of them")
	}
	var urls []*url.URL
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("elasticsearch: %q is not a URL of a node, e.g. https://es1.example:9200", a)
		}
		if u.User != nil {
			return fmt.Errorf("elasticsearch: the URL of %s holds a password; give user name and password apart from it", u.Host)
		}
		urls = append(urls, u)
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 8
	base.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	base.ResponseHeaderTimeout = 2 * time.Minute
	ix.idle = base.CloseIdleConnections
	options := []elastictransport.Option{elastictransport.WithURLs(urls...), elastictransport.WithTransport(base),
		elastictransport.WithDisableRetry(), elastictransport.WithUserAgent("klank")}
	switch {
	case cfg.APIKey != "":
		options = append(options, elastictransport.WithAPIKey(cfg.APIKey))
	case cfg.Username != "":
		options = append(options, elastictransport.WithBasicAuth(cfg.Username, cfg.Password))
	}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return fmt.Errorf("elasticsearch: the CA file: %w", err)
		}
		options = append(options, elastictransport.WithCACert(pem))
	}
	var err error
	if ix.transport, err = elastictransport.NewClient(options...); err != nil {
		return fmt.Errorf("elasticsearch: %w", err)
	}
	return nil
}

// cloudURL takes the URL of the deployment from a cloud id, name:base64 of
// host$elasticsearch$kibana
// (https://www.elastic.co/guide/en/cloud/current/ec-cloud-id.html).
func cloudURL(id string) (string, error) {
	_, encoded, found := strings.Cut(id, ":")
	b, err := base64.StdEncoding.DecodeString(encoded)
	parts := strings.Split(string(b), "$")
	if !found || err != nil || len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", fmt.Errorf("elasticsearch: %q is not a cloud id; copy it from the deployment's page", id)
	}
	host, port := parts[0], "443"
	if h, p, err := net.SplitHostPort(host); err == nil {
		host, port = h, p
	}
	return "https://" + parts[1] + "." + host + ":" + port, nil
}

// Error is an answer of the cluster that is not a success.
type Error struct {
	Status int
	// Type and Reason are those of its root cause, where it names one.
	Type, Reason string
}

func (e *Error) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("status %d", e.Status)
	}
	return fmt.Sprintf("status %d: %s: %s", e.Status, e.Type, e.Reason)
}

// away tells whether the same may pass later.
func (e *Error) away() bool { return away(e.Status) }

func away(status int) bool {
	return slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, status)
}

// cause is the error object of an answer.
type cause struct {
	Type      string  `json:"type"`
	Reason    string  `json:"reason"`
	CausedBy  *cause  `json:"caused_by"`
	RootCause []cause `json:"root_cause"`
}

// words are the reasons from the outermost to the innermost.
func (c *cause) words() string {
	out := c.Reason
	if len(c.RootCause) > 0 && c.RootCause[0].Reason != "" && !strings.Contains(out, c.RootCause[0].Reason) {
		out += ": " + c.RootCause[0].Reason
	}
	for in := c.CausedBy; in != nil; in = in.CausedBy {
		if !strings.Contains(out, in.Reason) {
			out += ": " + in.Reason
		}
	}
	return out
}

// maxAnswer bounds one answer: 1000 mentions of the largest size that is sent.
const maxAnswer = 1 << 30

// call asks the cluster once and reads the answer into out, unless that is nil.
func (ix *Index) call(ctx context.Context, what string, r esapi.Request, out any) error {
	res, err := r.Do(ctx, ix.transport)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("elasticsearch: %s: %w", what, ctx.Err())
		}
		return fmt.Errorf("%w: %s: %w; check index.elasticsearch and that the cluster runs", ErrAway, what, err)
	}
	defer res.Body.Close()
	if res.StatusCode < 300 {
		if out == nil {
			_, err = io.Copy(io.Discard, res.Body)
		} else {
			err = json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out)
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		} else if err != nil {
			err = fmt.Errorf("%w: the answer breaks off: %w", ErrAway, err)
		}
		if err != nil {
			return fmt.Errorf("elasticsearch: %s: %w", what, err)
		}
		return nil
	}
	return ix.failed(what, res)
}

// failed is the error of an answer that is no success.
func (ix *Index) failed(what string, res *esapi.Response) error {
	e := &Error{Status: res.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	var answer struct {
		Error cause `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil {
		e.Type, e.Reason = answer.Error.Type, answer.Error.words()
	}
	switch {
	case e.away():
		return fmt.Errorf("%w: %s: %w", ErrAway, what, e)
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && e.Type == "security_exception":
		return fmt.Errorf("elasticsearch: %s: %w; check the API key or the user's rights on %s-*", what, e, ix.cfg.Prefix)
	case e.Type == "index_not_found_exception":
		return fmt.Errorf("elasticsearch: %s: %w; run klank index setup first", what, e)
	}
	return fmt.Errorf("elasticsearch: %s: %w", what, e)
}

// isStatus tells whether an error is an answer with that status.
func isStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// refused turns an answer that blames the request into an index.ErrRequest.
func refused(err error) error {
	if isStatus(err, http.StatusBadRequest) {
		return fmt.Errorf("%w: %w", index.ErrRequest, err)
	}
	return err
}

// body is v as the body of a request. What klank sends can be spelled as JSON.
func body(v any) io.Reader {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return bytes.NewReader(b)
}

// fresh makes all that was written through ix visible to searches: they see
// what was put before. Others see it a second later, by themselves.
func (ix *Index) fresh(ctx context.Context) error {
	if !ix.stale.Swap(false) {
		return nil
	}
	err := ix.refresh(ctx, ix.cfg.Prefix+"-*")
	if err != nil {
		ix.stale.Store(true)
	}
	return err
}
