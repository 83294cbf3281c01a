package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// The ways to encrypt the connection to a mail server.
const (
	StartTLS = "starttls" // before anything is said (RFC 3207); refused without
	TLS      = "tls"      // from the start (RFC 8314)
	NoTLS    = "none"
)

// TLSModes lists them.
var TLSModes = []string{StartTLS, TLS, NoTLS}

// EmailConfig is a mail server and whom to write to.
type EmailConfig struct {
	Host string
	Port int
	// TLS is one of TLSModes.
	TLS string
	// Username and Password are for a server that asks for them. They are never
	// sent in clear.
	Username, Password string
	// CAFile signs the server's certificate; empty is those of the machine.
	CAFile string
	// From is the sender and To the receivers: addresses, with names or without.
	From string
	To   []string
}

// Email sends to a mail server (RFC 5321).
type Email struct {
	c    EmailConfig
	from *mail.Address
	tls  *tls.Config
}

// smtpTimeout bounds each answer of the server.
const smtpTimeout = 30 * time.Second

// NewEmail checks addresses and certificates; it asks no server.
func NewEmail(c EmailConfig) (*Email, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("e-mail: the sender %q is not an address: %w", c.From, err)
	}
	e := &Email{c: c, from: from, tls: &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("e-mail: %w", err)
		}
		e.tls.RootCAs = x509.NewCertPool()
		if !e.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("e-mail: %s holds no certificate in PEM", c.CAFile)
		}
	}
	return e, nil
}

// Again is false: few mailboxes know a second one by its Message-ID.
func (e *Email) Again() bool { return false }

// Send sends a plain text with an HTML part to all receivers at once. Where a
// server takes some of them and refuses others it is sent, and the error is nil:
// a colleague's old address keeps it from nobody else.
func (e *Email) Send(ctx context.Context, m *Message, hand func() error) error {
	body, err := e.compose(m)
	if err != nil {
		return &Error{Err: err, Permanent: true}
	}
	client, conn, err := e.dial(ctx)
	if conn != nil {
		defer conn.Close()
	}
	if err != nil {
		return smtpError("connect", err)
	}
	if err := e.envelope(client); err != nil {
		return err
	}
	data, err := client.Data()
	if err != nil {
		return smtpError("DATA", err)
	}
	if _, err := data.Write(body); err != nil {
		return smtpError("DATA", err)
	}
	if err := hand(); err != nil {
		return err // the connection is closed without the last line: nothing was sent
	}
	_ = conn.SetDeadline(time.Now().Add(smtpTimeout))
	if err := data.Close(); err != nil {
		failed := smtpError("end of DATA", err)
		if _, answered := errors.AsType[*textproto.Error](err); !answered {
			failed.Unsure = true
		}
		return failed
	}
	_ = client.Quit() // it has the message
	return nil
}

// compose writes the message as RFC 5322 and MIME have it. The Message-ID is
// that of every attempt.
func (e *Email) compose(m *Message) ([]byte, error) {
	msg := gomail.NewMsg()
	msg.FromMailAddress(e.from)
	var to []*mail.Address
	for _, text := range e.c.To {
		a, err := mail.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("e-mail: %q is not an address: %w", text, err)
		}
		to = append(to, a)
	}
	msg.ToMailAddress(to...)
	msg.Subject(oneLine(m.Subject))
	msg.SetDateWithValue(m.At)
	_, domain, _ := strings.Cut(e.from.Address, "@")
	msg.SetMessageIDWithValue("klank." + m.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody answers by itself
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	var b bytes.Buffer
	_, err := msg.WriteTo(&b)
	return b.Bytes(), err
}

// overTLS are the ways to log in on a connection that is encrypted from the
// start, the best first.
var overTLS = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}

// dial connects, encrypts and logs in. The connection is for the caller to
// close, also with an error; it ends with ctx.
func (e *Email) dial(ctx context.Context) (*smtp.Client, net.Conn, error) {
	var conn net.Conn
	dial := func(short context.Context, network, address string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(short, network, address)
		if err != nil {
			return nil, err
		}
		conn = newStoppable(ctx, raw)
		if e.c.TLS != TLS {
			return conn, nil
		}
		secure := tls.Client(conn, e.tls)
		return secure, secure.HandshakeContext(short)
	}
	// Found out by the library where it does the encryption itself.
	options := []gomail.Option{gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithPort(e.c.Port), gomail.WithTimeout(smtpTimeout), gomail.WithTLSConfig(e.tls), gomail.WithDialContextFunc(dial)}
	switch e.c.TLS {
	case TLS:
		options = append(options, gomail.WithSSL(), gomail.WithOpportunisticSMTPAuth(overTLS...))
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if e.c.Username == "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthNoAuth))
	} else {
		options = append(options, gomail.WithUsername(e.c.Username), gomail.WithPassword(e.c.Password))
	}
	c, err := gomail.NewClient(e.c.Host, options...)
	if err != nil {
		return nil, nil, &Error{Err: err, Permanent: true}
	}
	client, err := c.DialToSMTPClientWithContext(ctx)
	return client, conn, err
}

// envelope names the sender and the receivers. It is enough that the server
// takes one of them.
func (e *Email) envelope(client *smtp.Client) error {
	if err := client.UpdateDeadline(smtpTimeout); err != nil {
		return smtpError("MAIL", err)
	}
	if err := client.Mail("<" + e.from.Address + ">"); err != nil {
		return smtpError("MAIL", err)
	}
	var refused []error
	for _, text := range e.c.To {
		to, _ := mail.ParseAddress(text) // composed with it
		if err := client.Rcpt("<" + to.Address + ">"); err != nil {
			refused = append(refused, smtpError("RCPT "+to.Address, err))
		}
	}
	if len(refused) < len(e.c.To) {
		return nil
	}
	passing := slices.ContainsFunc(refused, func(err error) bool { return !err.(*Error).Permanent })
	return &Error{Err: errors.Join(refused...), Permanent: !passing}
}

// smtpError tells a refusal (5xx) from what passes (4xx, and the network).
func smtpError(doing string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	said, answered := errors.AsType[*textproto.Error](err)
	return &Error{Err: fmt.Errorf("e-mail: %s: %w", doing, err), Permanent: answered && said.Code >= 500}
}
