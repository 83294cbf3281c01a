package mention

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// ErrScheme is returned by CanonicalURL for what is not an http or https URL.
var ErrScheme = errors.New("not an http or https URL")

// trackingParams are query parameters that name a campaign, a click or a
// session and never a resource.
var trackingParams = map[string]bool{
	"fbclid": true, "gclid": true, "gclsrc": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true,
	"mc_cid": true, "mc_eid": true, "igshid": true, "yclid": true, "_ga": true, "_gl": true, "_hsenc": true, "_hsmi": true,
	"phpsessid": true, "jsessionid": true, "aspsessionid": true, "sessionid": true, "zanpid": true, "vero_id": true,
}

// CanonicalURL resolves ref against base ("" for none) and returns one
// spelling for all spellings of the same resource: lower-case scheme and
// host, no default port, no fragment, dot segments resolved, no credentials,
// tracking and session parameters dropped, the others kept in their order.
// Only http and https URLs with a host pass; others give ErrScheme.
func CanonicalURL(base, ref string) (string, error) {
	ref = strings.Trim(ref, " \t\r\n\f")
	u, err := url.Parse(ref)
	if err != nil {
		return "", err
	}
	if base != "" {
		b, err := url.Parse(base)
		if err != nil {
			return "", err
		}
		u = b.ResolveReference(u)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	host, port := strings.TrimRight(strings.ToLower(u.Hostname()), "."), u.Port()
	if (u.Scheme != "http" && u.Scheme != "https") || host == "" {
		return "", ErrScheme
	}
	if (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		port = ""
	}
	switch {
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	u.User, u.Fragment, u.RawFragment, u.ForceQuery = nil, "", "", false
	const session = ";jsessionid="
	for i := 0; i+len(session) <= len(u.Path); i++ {
		if strings.EqualFold(u.Path[i:i+len(session)], session) {
			u.Path, u.RawPath = u.Path[:i], ""
			break
		}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if strings.Contains(u.Path, "/.") { // also for absolute references
		u = u.ResolveReference(&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery})
	}
	u.RawQuery = cleanQuery(u.RawQuery)
	return u.String(), nil
}

func cleanQuery(q string) string {
	if q == "" {
		return ""
	}
	kept := strings.Split(strings.ReplaceAll(q, " ", "%20"), "&")
	n := 0
	for _, p := range kept {
		name, _, _ := strings.Cut(p, "=")
		name = strings.ToLower(name)
		if p == "" || trackingParams[name] || strings.HasPrefix(name, "utm_") {
			continue
		}
		kept[n] = p
		n++
	}
	return strings.Join(kept[:n], "&")
}

// Host returns the host name of a URL without its port, or with it for
// loopback addresses, where every port is a site of its own. It is the host
// of Source.Host and the default budget key.
func Host(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	h := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if IsLoopback(h) && u.Port() != "" {
		return net.JoinHostPort(h, u.Port())
	}
	return h
}

// IsLoopback tells whether a host name is a loopback address or localhost.
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// SameSite tells whether two URLs have the same host (see Host).
func SameSite(a, b string) bool { h := Host(a); return h != "" && h == Host(b) }
