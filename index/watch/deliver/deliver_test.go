package deliver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"klank/index/desk"
	"klank/index/watch/deliver/delivertest"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func hello() *Message {
	return &Message{ID: "m1abcdefghij", Rule: "klachten", At: at, Subject: "Twee nieuwe klachten", Text: "Zoë zegt: te laat.\n.\nEinde", HTML: "<p>Zoë zegt: te laat.</p>",
		Data: map[string]any{"id": "m1abcdefghij", "text": "Zoë <b>"}}
}

func mailer(t *testing.T, s *delivertest.MailServer, change func(*EmailConfig)) *Email {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, s.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(s.Addr)
	n, _ := strconv.Atoi(port)
	c := EmailConfig{Host: host, Port: n, TLS: StartTLS, Username: "klank", Password: "geheim", CAFile: ca, From: "klank <klank@lumo.test>", To: []string{"Team <team@lumo.test>", "crew@lumo.test"}}
	if change != nil {
		change(&c)
	}
	e, err := NewEmail(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func handed() error { return nil }

func TestAnEmailHasATextAndAPageAndAFixedID(t *testing.T) {
	for _, mode := range []string{StartTLS, TLS} {
		s := delivertest.NewMailServer(t, mode == TLS)
		if err := mailer(t, s, func(c *EmailConfig) { c.TLS = mode }).Send(t.Context(), hello(), handed); err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		got := s.Mails()
		if len(got) != 1 || !got[0].TLS || got[0].User != "klank:geheim" || strings.Join(got[0].To, " ") != "team@lumo.test crew@lumo.test" {
			t.Fatalf("%s: the server was given %+v", mode, got)
		}
		msg, err := mail.ReadMessage(strings.NewReader(got[0].Raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"Message-Id": "<klank.m1abcdefghij@lumo.test>", "Subject": "Twee nieuwe klachten", "Auto-Submitted": "auto-generated", "Date": "Mon, 02 Mar 2026 09:00:00 +0000"} {
			if got := msg.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", mode, name, got)
			}
		}
		parts := partsOf(t, msg)
		if parts["text/plain"] != "Zoë zegt: te laat.\n.\nEinde" || parts["text/html"] != hello().HTML {
			t.Errorf("%s: its parts are %q", mode, parts)
		}
	}
}

// partsOf are the parts of an e-mail by their type.
func partsOf(t *testing.T, msg *mail.Message) map[string]string {
	t.Helper()
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err != nil {
			return out
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func TestASubjectAddsNoHeaders(t *testing.T) {
	s := delivertest.NewMailServer(t, false)
	m := hello()
	m.Subject = "Nieuw\r\nBcc: spy@evil.test\r\n\r\n<script>\u202e\x00Zoë"
	if err := mailer(t, s, nil).Send(t.Context(), m, handed); err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(strings.NewReader(s.Mails()[0].Raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || msg.Header.Get("Bcc") != "" || subject != "Nieuw Bcc: spy@evil.test <script> Zoë" {
		t.Errorf("subject %q, Bcc %q, %v", subject, msg.Header.Get("Bcc"), err)
	}
}

func TestNoPasswordGoesInClearAndNoStrangerIsTrusted(t *testing.T) {
	s := delivertest.NewMailServer(t, false)
	if err := mailer(t, s, func(c *EmailConfig) { c.TLS = NoTLS }).Send(t.Context(), hello(), handed); err == nil {
		t.Error("a password went in clear")
	}
	if err := mailer(t, s, func(c *EmailConfig) { c.CAFile = "" }).Send(t.Context(), hello(), handed); err == nil {
		t.Error("a certificate that nobody signed was trusted")
	}
	if got := s.Mails(); len(got) != 0 {
		t.Errorf("sent all the same: %+v", got)
	}
	if err := mailer(t, s, func(c *EmailConfig) { c.TLS, c.Username = NoTLS, "" }).Send(t.Context(), hello(), handed); err != nil || len(s.Mails()) != 1 {
		t.Errorf("without either: %v", err)
	}
}

func TestWhatAMailServerRefusesIsToldFromWhatPasses(t *testing.T) {
	for _, c := range []struct {
		name, command, answer string
		permanent, unsure     bool
		sent                  int
	}{
		{"busy", "MAIL", "421 later", false, false, 0},
		{"refused", "MAIL", "550 not from you", true, false, 0},
		{"nobody", "RCPT", "550 no such user", true, false, 0},
		{"one of two", "RCPT TO:<team", "550 no such user", false, false, 1},
		{"full", ".", "452 full", false, false, 0},
		{"spam", ".", "554 spam", true, false, 0},
		{"nonsense", ".", "what?", false, true, 0},
	} {
		s := delivertest.NewMailServer(t, false)
		s.Reply(func(command string) string {
			if strings.HasPrefix(command, c.command) {
				return c.answer
			}
			return ""
		})
		err := mailer(t, s, nil).Send(t.Context(), hello(), handed)
		if len(s.Mails()) != c.sent || (err == nil) != (c.sent == 1) {
			t.Errorf("%s: %d sent, %v", c.name, len(s.Mails()), err)
		}
		e, _ := errors.AsType[*Error](err)
		if err != nil && (e == nil || e.Permanent != c.permanent || e.Unsure != c.unsure) {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

func TestAServerThatSaysNothingHoldsUpNoStop(t *testing.T) {
	for _, at := range []string{"", "EHLO", "MAIL", "DATA", "."} {
		s := delivertest.NewMailServer(t, false)
		ctx, stop := context.WithCancel(t.Context())
		quiet := make(chan struct{})
		s.Reply(func(command string) string {
			if at != "" && strings.HasPrefix(command, at) {
				stop()
				<-quiet
			}
			return ""
		})
		e := mailer(t, s, nil)
		if at == "" { // it does not even greet
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			e = mailer(t, s, func(c *EmailConfig) {
				_, port, _ := net.SplitHostPort(ln.Addr().String())
				c.Port, _ = strconv.Atoi(port)
			})
			time.AfterFunc(50*time.Millisecond, stop)
		}
		start := time.Now()
		err := e.Send(ctx, hello(), handed)
		if took := time.Since(start); err == nil || took > smtpTimeout/2 {
			t.Errorf("%q: it took %s: %v", at, took, err)
		}
		if f, _ := errors.AsType[*Error](err); at == "." && (f == nil || !f.Unsure) {
			t.Errorf("at the end: %v", err)
		}
		close(quiet)
	}
}

func TestAnEmailThatIsNotHandedOverIsNotSent(t *testing.T) {
	s := delivertest.NewMailServer(t, false)
	if err := mailer(t, s, nil).Send(t.Context(), hello(), func() error { return errTaken }); !errors.Is(err, errTaken) {
		t.Errorf("%v", err)
	}
	if got := s.Mails(); len(got) != 0 {
		t.Errorf("sent: %+v", got)
	}
}

func hook(t *testing.T, c WebhookConfig) *Webhook {
	t.Helper()
	c.Now = func() time.Time { return at }
	w, err := NewWebhook(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAWebhookIsSignedWithItsIDAndTime(t *testing.T) {
	h := delivertest.NewHook(t)
	if err := hook(t, WebhookConfig{URL: h.URL, Secret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("sleutel")), AllowPrivate: true}).Send(t.Context(), hello(), handed); err != nil {
		t.Fatal(err)
	}
	p := h.Posts()[0]
	mac := hmac.New(sha256.New, []byte("sleutel"))
	fmt.Fprintf(mac, "m1abcdefghij.%d.%s", at.Unix(), p.Body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); p.Header.Get("webhook-signature") != want || p.Header.Get("Idempotency-Key") != "m1abcdefghij" {
		t.Errorf("headers %v", p.Header)
	}
	var body map[string]string
	if err := json.Unmarshal(p.Body, &body); err != nil || body["text"] != "Zoë <b>" {
		t.Errorf("body %s, %v", p.Body, err)
	}
}

func TestSlackGetsATextThatCallsNobody(t *testing.T) {
	h := delivertest.NewHook(t)
	m := hello()
	m.Text = "<!channel> <https://evil.test|click> & more"
	if err := hook(t, WebhookConfig{URL: h.URL, Slack: true, AllowPrivate: true}).Send(t.Context(), m, handed); err != nil {
		t.Fatal(err)
	}
	var body map[string]string
	if err := json.Unmarshal(h.Posts()[0].Body, &body); err != nil || len(body) != 1 ||
		body["text"] != "Twee nieuwe klachten\n&lt;!channel&gt; &lt;https://evil.test|click&gt; &amp; more" {
		t.Errorf("body %q, %v", body, err)
	}
}

func TestAWebhookStaysAwayFromPrivateAddressesAndOtherHosts(t *testing.T) {
	other := delivertest.NewHook(t)
	same := http.NewServeMux()
	asked := 0
	same.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	same.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/here", http.StatusPermanentRedirect)
	})
	same.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/here", http.StatusFound) })
	same.HandleFunc("/here", func(http.ResponseWriter, *http.Request) { asked++ })
	srv := httptest.NewServer(same)
	defer srv.Close()
	for path, want := range map[string]string{"/elsewhere": "a redirect that is not followed", "/moved": "", "/get": "a redirect that is not followed"} {
		err := hook(t, WebhookConfig{URL: srv.URL + path, AllowPrivate: true}).Send(t.Context(), hello(), handed)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(other.Posts()) != 0 || asked != 1 {
		t.Errorf("the other host was asked %d times, the own %d", len(other.Posts()), asked)
	}
	err := hook(t, WebhookConfig{URL: srv.URL + "/here?secret"}).Send(t.Context(), hello(), handed)
	if e, ok := errors.AsType[*Error](err); !ok || !e.Permanent || !strings.Contains(err.Error(), "allow_private") || asked != 1 {
		t.Errorf("a private address: %v", err)
	}
	srv.Close()
	if err := hook(t, WebhookConfig{URL: srv.URL + "/here?secret", AllowPrivate: true}).Send(t.Context(), hello(), handed); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("its address is told: %v", err)
	}
	if _, err := NewWebhook(WebhookConfig{URL: "ftp://secret.test/"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("its address is told: %v", err)
	}
}

func TestAFileIsWrittenOnceForEachMessage(t *testing.T) {
	f := &File{Dir: filepath.Join(t.TempDir(), "out")}
	for range 2 {
		if err := f.Send(t.Context(), hello(), handed); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(f.Dir, "klank-klachten-2026-03-02-m1abcdef.html"))
	if files, _ := os.ReadDir(f.Dir); err != nil || string(b) != hello().HTML || len(files) != 1 {
		t.Errorf("%s, %v, %d files", b, err, len(files))
	}
}

// bench is a sender on a desk of its own, with a clock.
type bench struct {
	*Sender
	t    *testing.T
	desk *desk.Store
	now  time.Time
	n    int
}

func newBench(t *testing.T, ch Channel) *bench {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	b := &bench{t: t, desk: d, now: at}
	b.Sender = &Sender{Outbox: d, Channels: map[string]Channel{"team": ch}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now },
		Compose: func(_ context.Context, m *desk.AlertMessage) (*Message, error) {
			msg := hello()
			msg.ID = m.ID
			return msg, nil
		}}
	return b
}

func (b *bench) raise() {
	b.t.Helper()
	b.n++
	if _, err := b.desk.RaiseAlert(b.t.Context(), desk.AlertCheck{Rule: desk.AlertRule{Name: "klachten", Checked: b.now}, Kind: "new", Facts: "{}",
		Subjects: []desk.AlertSubject{{ID: fmt.Sprint("m", b.n)}}, Channels: []desk.AlertChannel{{Name: "team"}}}); err != nil {
		b.t.Fatal(err)
	}
}

// run sends what is due and gives the latest message.
func (b *bench) run() desk.AlertMessage {
	b.t.Helper()
	if _, _, err := b.Run(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	all, err := b.desk.AlertMessages(b.t.Context(), 1)
	if err != nil || len(all) != 1 {
		b.t.Fatalf("%d messages, %v", len(all), err)
	}
	return all[0]
}

func TestAFailedWebhookIsTriedAgainLaterAndLaterWithTheSameID(t *testing.T) {
	h := delivertest.NewHook(t)
	h.Reply(func(n int, w http.ResponseWriter) {
		switch n {
		case 1:
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	b := newBench(t, hook(t, WebhookConfig{URL: h.URL, AllowPrivate: true}))
	b.raise()
	if m := b.run(); m.State != desk.AlertWaiting || !m.NotBefore.Equal(at.Add(10*time.Minute)) {
		t.Errorf("after the first: %+v", m)
	}
	b.run()
	b.now = at.Add(10 * time.Minute)
	if m := b.run(); m.State != desk.AlertWaiting || !m.NotBefore.Equal(b.now.Add(2*time.Minute)) || !strings.Contains(m.Problem, "502") {
		t.Errorf("after the second: %+v", m)
	}
	b.now = b.now.Add(time.Hour)
	if m := b.run(); m.State != desk.AlertSent || m.Attempts != 3 || m.Problem != "" {
		t.Errorf("after the third: %+v", m)
	}
	posts := h.Posts()
	if len(posts) != 3 || posts[0].Header.Get("Webhook-Id") != posts[2].Header.Get("Webhook-Id") {
		t.Errorf("%d posts", len(posts))
	}
}

func TestWhatCannotGoWellIsGivenUpAndSentWhenAskedFor(t *testing.T) {
	h := delivertest.NewHook(t)
	h.Reply(func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	b := newBench(t, hook(t, WebhookConfig{URL: h.URL, AllowPrivate: true}))
	b.raise()
	m := b.run()
	if b.now = at.Add(24 * time.Hour); m.State != desk.AlertFailed || b.run().Attempts != 1 {
		t.Errorf("%+v", m)
	}
	if err := b.desk.AgainAlert(t.Context(), m.ID, b.now); err != nil {
		t.Fatal(err)
	}
	if m := b.run(); m.State != desk.AlertSent {
		t.Errorf("%+v", m)
	}
	b.Channels = nil
	b.raise()
	b.now = b.now.Add(time.Hour)
	if m := b.run(); m.State != desk.AlertFailed || !strings.Contains(m.Problem, `no channel "team"`) {
		t.Errorf("without its channel: %+v", m)
	}
}

func TestAnEmailThatMayHaveArrivedIsNotSentAgainByItself(t *testing.T) {
	s := delivertest.NewMailServer(t, false)
	s.Reply(func(command string) string {
		if command == "." {
			return "nonsense"
		}
		return ""
	})
	b := newBench(t, mailer(t, s, nil))
	b.raise()
	m := b.run()
	b.now = at.Add(24 * time.Hour)
	if again := b.run(); m.State != desk.AlertUnsure || again.Attempts != 1 {
		t.Errorf("%+v, then %+v", m, again)
	}
}

func TestLogLinesHoldNoAddresses(t *testing.T) {
	s := delivertest.NewMailServer(t, false)
	s.Reply(func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "550 <" + strings.TrimPrefix(command, "RCPT TO:") + ">: unknown"
		}
		return ""
	})
	b := newBench(t, mailer(t, s, nil))
	var log strings.Builder
	b.Log = slog.New(slog.NewTextHandler(&log, nil))
	b.raise()
	if m := b.run(); !strings.Contains(m.Problem, "team@lumo.test") {
		t.Errorf("the page does not say who: %s", m.Problem)
	}
	if out := log.String(); strings.Contains(out, "@") || !strings.Contains(out, "550") {
		t.Errorf("it logs %s", out)
	}
}

func TestAMessageWithNothingLeftToTellIsDropped(t *testing.T) {
	h := delivertest.NewHook(t)
	b := newBench(t, hook(t, WebhookConfig{URL: h.URL, AllowPrivate: true}))
	b.Compose = func(context.Context, *desk.AlertMessage) (*Message, error) { return nil, nil }
	b.raise()
	if m := b.run(); m.State != desk.AlertDropped || len(h.Posts()) != 0 {
		t.Errorf("%+v", m)
	}
	b.Compose = func(context.Context, *desk.AlertMessage) (*Message, error) {
		return nil, errors.New("the index is away")
	}
	b.now = at.Add(time.Hour)
	b.raise()
	if m := b.run(); m.State != desk.AlertWaiting || m.Problem != "the index is away" {
		t.Errorf("%+v", m)
	}
}

func FuzzOneLineIsOne(f *testing.F) {
	f.Add("550 no\r\n250 \u202eok\x1b[31m")
	f.Fuzz(func(t *testing.T, s string) {
		if got := oneLine(s); strings.ContainsAny(got, "\r\n\x1b\u202e\u2028") || len([]rune(got)) > longestProblem+1 {
			t.Errorf("%q", got)
		}
	})
}
