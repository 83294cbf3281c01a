package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

// WebhookConfig is where a webhook goes.
type WebhookConfig struct {
	URL string
	// Secret signs it; empty does not. One that begins with "whsec_" is base64
	// behind that, as the Standard Webhooks specification has it.
	Secret string
	// Slack sends what Slack's incoming webhooks take, and nothing else.
	Slack bool
	// AllowPrivate permits loopback and private addresses.
	AllowPrivate bool
	// Now is the clock of the signature; nil means time.Now.
	Now func() time.Time
}

// Webhook posts JSON. It is signed as Standard Webhooks 1.0
// (github.com/standard-webhooks/standard-webhooks): webhook-id, which is the
// same for each attempt, webhook-timestamp, and webhook-signature, the
// HMAC-SHA256 of "id.timestamp.body".
type Webhook struct {
	c      WebhookConfig
	key    []byte
	client *http.Client
}

const (
	webhookTimeout = 20 * time.Second
	// maxRedirects bounds those that are followed, on the same host.
	maxRedirects = 3
	// slackText is the longest text, in characters; Slack cuts at 40,000.
	slackText = 3000
)

// NewWebhook checks the URL and the secret; it asks nobody.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("webhook: its URL is not one of http or https") // which may be a secret
	}
	w := &Webhook{c: c, key: []byte(c.Secret)}
	if text, ok := strings.CutPrefix(c.Secret, "whsec_"); ok {
		if w.key, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("webhook: the secret is not base64 behind whsec_")
		}
	}
	dialer := &net.Dialer{Timeout: webhookTimeout / 2}
	if !c.AllowPrivate {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe // sees the address that the name stands for
	}
	w.client = &http.Client{Timeout: webhookTimeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: webhookTimeout / 2, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if req.Method != http.MethodPost || req.URL.Host != u.Host || req.URL.Scheme != u.Scheme || len(via) > maxRedirects {
				return http.ErrUseLastResponse
			}
			return nil
		}}
	return w, nil
}

// Again is true: a second one has the id of the first.
func (w *Webhook) Again() bool { return true }

// Send posts the message.
func (w *Webhook) Send(ctx context.Context, m *Message, hand func() error) error {
	data := m.Data
	if w.c.Slack {
		data = map[string]string{"text": slack(m)}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return &Error{Err: fmt.Errorf("webhook: %w", err), Permanent: true}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.c.URL, bytes.NewReader(body))
	if err != nil {
		return &Error{Err: errors.New("webhook: its URL cannot be asked"), Permanent: true}
	}
	now := time.Now
	if w.c.Now != nil {
		now = w.c.Now
	}
	w.sign(req.Header, m.ID, now(), body)
	if err := hand(); err != nil {
		return err
	}
	res, err := w.client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL
		}
		if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) {
			return &Error{Err: errors.New("webhook: its address is private; set allow_private to permit it"), Permanent: true}
		}
		return fmt.Errorf("webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	return answer(res)
}

// sign sets the headers.
func (w *Webhook) sign(h http.Header, id string, now time.Time, body []byte) {
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "klank")
	h.Set("Idempotency-Key", id)
	stamp := strconv.FormatInt(now.Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	if len(w.key) == 0 {
		return
	}
	mac := hmac.New(sha256.New, w.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// answer tells success from what passes and what does not.
func answer(res *http.Response) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	e := &Error{Err: fmt.Errorf("webhook: it was answered with %d %s", code, http.StatusText(code))}
	switch {
	case code >= 300 && code < 400:
		e.Err, e.Permanent = fmt.Errorf("webhook: it was answered with %d, a redirect that is not followed; give the address that takes it", code), true
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
			e.After = time.Duration(min(s, int(longestRetry/time.Second))) * time.Second
		}
	default:
		e.Permanent = true
	}
	return e
}

// slack is the text with what Slack gives a meaning to escaped: nobody can be
// called and no link can hide in what customers write
// (docs.slack.dev/messaging/formatting-message-text).
func slack(m *Message) string {
	text := m.Subject + "\n" + m.Text
	if r := []rune(text); len(r) > slackText {
		text = string(r[:slackText]) + "…"
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// File writes each message as an HTML file into a folder.
type File struct{ Dir string }

// Again is true: a second one takes the place of the first.
func (f *File) Again() bool { return true }

// Send writes DIR/klank-RULE-DAY-ID.html, whole or not at all.
func (f *File) Send(_ context.Context, m *Message, hand func() error) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if err := hand(); err != nil {
		return err
	}
	name := filepath.Join(f.Dir, fmt.Sprintf("klank-%s-%s-%s.html", m.Rule, m.At.UTC().Format(time.DateOnly), m.ID[:min(len(m.ID), 8)]))
	tmp, err := os.CreateTemp(f.Dir, ".klank-*")
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(m.HTML)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}
