package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// TLS names the files of a certificate and its key, in PEM; both empty is HTTP
// in plain.
type TLS struct{ Cert, Key string }

// certLook is how often the files are looked at.
const certLook = 10 * time.Second

// certificate is read from files, again when they change. It is safe for
// concurrent use.
type certificate struct {
	files TLS
	log   *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamp  string // of the files that were read
	looked time.Time
}

func newCertificate(files TLS, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, log: log}
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *certificate) read() error {
	stamp := c.files.stamp()
	pair, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("web: certificate: %w", err)
	}
	c.loaded, c.stamp = &pair, stamp
	return nil
}

// stamp changes when the files do.
func (f TLS) stamp() string {
	stamp := ""
	for _, name := range []string{f.Cert, f.Key} {
		if st, err := os.Stat(name); err == nil {
			stamp += fmt.Sprint(st.Size(), st.ModTime().UnixNano(), " ")
		}
	}
	return stamp
}

// get is tls.Config.GetCertificate. While the files do not fit together, as
// when one of them has been replaced, the old certificate stays.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= certLook {
		c.looked = now
		if c.files.stamp() != c.stamp {
			if err := c.read(); err != nil {
				c.log.Error("web: the new certificate cannot be used; the old one stays", "error", err)
			} else {
				c.log.Info("web: the certificate was read again")
			}
		}
	}
	return c.loaded, nil
}

// config is that of a server with the certificate: TLS 1.2 and later, with the
// suites that Go chooses.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// strictTransport has browsers come back over TLS only, for a year (RFC 6797).
func strictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
