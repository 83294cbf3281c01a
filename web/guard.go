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
		const why, what = "this service answers to its own address only, and this request was for another host name",
			"open it by its loopback address, or add users or a token to serve other names"
		if isAPI(r) {
			writeProblem(w, problem{Title: why, Status: http.StatusMisdirectedRequest, Detail: what})
			return
		}
		writePlain(w, http.StatusMisdirectedRequest, why+";\n"+what+"\n")
	})
}

// elsewhere answers what no page answers.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	if status := s.otherwise(w, r); status != http.StatusNoContent {
		s.fail(w, r, status, "")
	}
}

// otherwise finds out why no route has answered: there is no such address, or
// none with this method. It answers OPTIONS itself, with status 204.
func (s *Server) otherwise(w http.ResponseWriter, r *http.Request) (status int) {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := *r
		other.Method = method
		if _, pattern := s.router.Handler(&other); strings.HasPrefix(pattern, method+" ") {
			methods = append(methods, method)
			if method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
	}
	if len(methods) == 0 {
		return http.StatusNotFound
	}
	w.Header().Set("Allow", strings.Join(append(methods, http.MethodOptions), ", "))
	if r.Method != http.MethodOptions {
		return http.StatusMethodNotAllowed
	}
	w.WriteHeader(http.StatusNoContent)
	return http.StatusNoContent
}

// crossOrigin answers a change that another site has caused.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	const why = "another site has caused this request"
	if isAPI(r) {
		writeProblem(w, problem{Title: "this is not allowed", Status: http.StatusForbidden, Detail: why})
		return
	}
	s.fail(w, r, http.StatusForbidden, why)
}

// isAPI tells whether problems are for a program.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

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
