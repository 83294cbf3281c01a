package configs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"time"
)

// TrustedProxy is a proxy in front of klank that knows who its users are.
type TrustedProxy struct {
	// From are its addresses or networks; from no others are the headers
	// believed.
	From []string `yaml:"from"`
	// Header holds the name of the user; empty where the proxy only hands on.
	Header string `yaml:"header"`
	// RoleHeader holds their roles, separated by commas: operator, reader.
	RoleHeader string `yaml:"role_header"`
}

// TLS names the files of a certificate and its key, in PEM.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Used tells whether klank speaks TLS itself.
func (t TLS) Used() bool { return t.Cert != "" }

// Certificate reads the certificate that is served, and checks that its key
// belongs to it.
func (t TLS) Certificate() (*x509.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("configuration: web.tls: %w", err)
	}
	return pair.Leaf, nil
}

// Networks returns From as networks.
func (p TrustedProxy) Networks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range p.From {
		n, err := network(s)
		if err != nil {
			return nil, fmt.Errorf("configuration: web.trusted_proxy.from: %w", err)
		}
		out = append(out, n)
	}
	return out, nil
}

// network reads 10.0.0.0/8, or one address.
func network(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	n, err := netip.ParsePrefix(s)
	if err != nil {
		return n, fmt.Errorf("%q is no address and no network; write it like 10.0.0.5 or 10.0.0.0/24", s)
	}
	return n.Masked(), nil
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

func (v *validator) web(w *Web) {
	p := w.TrustedProxy
	for i, s := range p.From {
		switch n, err := network(s); {
		case err != nil:
			v.fail(fmt.Sprintf("web.trusted_proxy.from[%d]", i), "%v", err)
		case n.Bits() == 0:
			v.fail(fmt.Sprintf("web.trusted_proxy.from[%d]", i), "%q is everybody; give the addresses of the proxy only", s)
		}
	}
	for field, name := range map[string]string{"header": p.Header, "role_header": p.RoleHeader} {
		if name != "" && (!headerName.MatchString(name) || isTaken(name)) {
			v.fail("web.trusted_proxy."+field, "%q cannot be that header; give one that the proxy sets, such as X-Forwarded-User", name)
		}
	}
	if p.Header != "" && len(p.From) == 0 {
		v.fail("web.trusted_proxy.from", "missing; give the addresses of the proxy, or anybody could send %s", p.Header)
	}
	if p.RoleHeader != "" && p.Header == "" {
		v.fail("web.trusted_proxy.header", "missing; give the header with the name of the user, too")
	}
	if w.RateLimit < 0 {
		v.fail("web.rate_limit", "%d is negative; 0 means no limit", w.RateLimit)
	}
	if (w.TLS.Cert == "") != (w.TLS.Key == "") {
		v.fail("web.tls", "give both cert and key, or neither")
	}
}

// isTaken tells whether a header has a meaning of its own.
func isTaken(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Cookie", "Host", "Origin", "X-Forwarded-For", "X-Forwarded-Proto":
		return true
	}
	return false
}

// AuditFor is how long it is remembered who did what; 0 is without end.
func (r Retention) AuditFor() time.Duration {
	d, _ := parseRetention(r.Audit) // validated
	return d
}
