package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"klank/mention"
)

// equalSecret compares in constant time, whatever the lengths.
func equalSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// checkHost refuses requests whose Host header names another site: a page
// elsewhere could otherwise point its own name at this address (DNS rebinding)
// and read the answers. Where people log in that page would have no cookie.
func (s *Server) checkHost(next http.Handler) http.Handler {
	bound := ""
	if host, _, err := net.SplitHostPort(s.cfg.Addr); err == nil {
		bound = hostName(host)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostName(r.Host)
		if (host != "" && (host == bound || mention.IsLoopback(host))) || !s.open(r.Context()) {
			next.ServeHTTP(w, r)
			return
		}
		writePlain(w, http.StatusMisdirectedRequest,
			"This service answers to its own address only, and this request was for another host name.\n"+
				"Open it by its loopback address, or add users or a token to serve other names.\n")
	})
}

// hostName is the host of a Host header: lower case, no port, no brackets.
func hostName(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	return host
}

// pagePolicy lets a page load its own style sheet, script and images, ask this
// service for itself again, and nothing else; not one inline script or style.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}
