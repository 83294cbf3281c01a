// Package delivertest holds the receivers that delivery is tested with: a mail
// server and a webhook, which listen on loopback and keep what they were given.
package delivertest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is what a mail server was given.
type Mail struct {
	From, User string
	To         []string
	TLS        bool
	// Raw is the message, with \n for line ends.
	Raw string
}

// MailServer is a small one (RFC 5321), with STARTTLS and AUTH PLAIN.
type MailServer struct {
	Addr string
	// CertPEM is the certificate it shows, which signs itself.
	CertPEM []byte

	ln     net.Listener
	tls    *tls.Config
	direct bool
	wg     sync.WaitGroup
	mu     sync.Mutex
	conns  map[net.Conn]bool
	mails  []Mail
	reply  func(command string) string
	taken  func()
}

// NewMailServer starts one that ends with the test. With direct it speaks TLS
// from the start.
func NewMailServer(t testing.TB, direct bool) *MailServer {
	t.Helper()
	cert, certPEM := certificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &MailServer{Addr: ln.Addr().String(), CertPEM: certPEM, ln: ln, tls: &tls.Config{Certificates: []tls.Certificate{cert}}, direct: direct, conns: map[net.Conn]bool{}}
	s.wg.Go(s.serve)
	t.Cleanup(func() {
		_ = ln.Close()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

// Reply sets what answers a command instead of what would: nothing where fn
// returns "". The commands are lines as they come, and "." for the end of a
// message, which is then not kept.
func (s *MailServer) Reply(fn func(command string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = fn
}

// Taken sets what is called when a message is kept, before that is answered.
func (s *MailServer) Taken(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = fn
}

// Mails returns what was kept.
func (s *MailServer) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *MailServer) serve() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			defer conn.Close()
			s.talk(conn)
		})
	}
}

func (s *MailServer) talk(conn net.Conn) {
	var m Mail
	if s.direct {
		conn = tls.Server(conn, s.tls)
		m.TLS = true
	}
	in := textproto.NewReader(bufio.NewReader(conn))
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 mail.test ESMTP")
	for {
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		if other := s.replyTo(line); other != "" {
			say(other)
			continue
		}
		switch verb, rest, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250-mail.test")
			if !m.TLS {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go on")
			secure := tls.Server(conn, s.tls)
			if secure.Handshake() != nil {
				return
			}
			conn, m.TLS = secure, true
			in = textproto.NewReader(bufio.NewReader(conn))
		case "AUTH":
			_, text, _ := strings.Cut(rest, " ")
			b, _ := base64.StdEncoding.DecodeString(text)
			m.User = strings.ReplaceAll(strings.TrimPrefix(string(b), "\x00"), "\x00", ":")
			say("235 welcome")
		case "MAIL":
			m.From = rest
			say("250 ok")
		case "RCPT":
			m.To = append(m.To, strings.Trim(strings.TrimPrefix(strings.ToUpper(rest[:3])+rest[3:], "TO:"), "<>"))
			say("250 ok")
		case "DATA":
			say("354 go on")
			body, err := io.ReadAll(in.DotReader())
			if err != nil {
				return
			}
			if other := s.replyTo("."); other != "" {
				say(other)
				continue
			}
			m.Raw = string(body)
			s.keep(m)
			m = Mail{TLS: m.TLS, User: m.User}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *MailServer) replyTo(command string) string {
	s.mu.Lock()
	fn := s.reply
	s.mu.Unlock()
	if fn == nil {
		return ""
	}
	return fn(command)
}

func (s *MailServer) keep(m Mail) {
	s.mu.Lock()
	s.mails = append(s.mails, m)
	fn := s.taken
	s.mu.Unlock()
	if fn != nil {
		fn()
	}
}

// Hook is a webhook.
type Hook struct {
	URL string

	mu    sync.Mutex
	posts []Post
	reply func(n int, w http.ResponseWriter)
}

// Post is what a webhook was given.
type Post struct {
	Header http.Header
	Body   []byte
}

// NewHook starts one that ends with the test.
func NewHook(t testing.TB) *Hook {
	t.Helper()
	h := &Hook{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.mu.Lock()
		h.posts = append(h.posts, Post{r.Header.Clone(), body})
		n, reply := len(h.posts), h.reply
		h.mu.Unlock()
		if reply != nil {
			reply(n, w)
		}
	}))
	t.Cleanup(srv.Close)
	h.URL = srv.URL
	return h
}

// Reply sets how the nth post, from 1, is answered.
func (h *Hook) Reply(fn func(n int, w http.ResponseWriter)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reply = fn
}

// Posts returns what was given.
func (h *Hook) Posts() []Post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Post(nil), h.posts...)
}

// certificate is one for 127.0.0.1, with its key.
func certificate(t testing.TB) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
