package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"klank/mention"
)

// CheckAddr says whether HOST:PORT may be bound: a loopback address always,
// any other address (an empty host means all of them) only with a token.
func CheckAddr(addr, token string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("web: address %q: want HOST:PORT, such as 127.0.0.1:8417", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("web: address %q: port %q is not a number from 0 to 65535", addr, port)
	}
	if mention.IsLoopback(host) || token != "" {
		return nil
	}
	if host == "" {
		host = "every address of this machine"
	}
	return fmt.Errorf("web: address %q would show the mentions on %s to anyone who can reach it: "+
		"set a token, or bind 127.0.0.1:%s", addr, host, port)
}

// tokenCookie carries a value derived from the token, so that neither the
// browser nor its backups hold the token itself.
const tokenCookie = "klank_session"

func (s *Server) cookieValue() string {
	h := hmac.New(sha256.New, []byte(s.cfg.Token))
	h.Write([]byte("klank session 1"))
	return hex.EncodeToString(h.Sum(nil))
}

// equalSecret compares in constant time, whatever the lengths.
func equalSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// authorized tells whether the request presents the token, as a bearer token
// (RFC 6750) or by the cookie of the login form.
func (s *Server) authorized(r *http.Request) bool {
	if s.cfg.Token == "" {
		return true
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		return equalSecret(strings.TrimSpace(token), s.cfg.Token)
	}
	c, err := r.Cookie(tokenCookie)
	return err == nil && equalSecret(c.Value, s.cookieValue())
}

// requireToken answers requests without the token: with the login form, or
// with a problem for programs. A ?token= that fits becomes a cookie, and the
// address is shown again without it.
func (s *Server) requireToken(next http.Handler, api bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.Token != "" && r.URL.Query().Has("token") && !api {
			q := r.URL.Query()
			if equalSecret(q.Get("token"), s.cfg.Token) {
				s.setCookie(w, r)
			}
			q.Del("token")
			http.Redirect(w, r, localTarget((&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()), http.StatusSeeOther)
			return
		}
		if s.authorized(r) {
			next.ServeHTTP(w, r)
			return
		}
		if api {
			w.Header().Set("WWW-Authenticate", `Bearer realm="klank"`)
			writeProblem(w, problem{Title: "a token is needed", Status: http.StatusUnauthorized,
				Detail: "send the configured token as \"Authorization: Bearer …\""})
			return
		}
		s.showLogin(w, r, http.StatusUnauthorized, r.URL.RequestURI(), "")
	})
}

// checkHost refuses requests whose Host header names another site: a page
// elsewhere could otherwise point its own name at this address (DNS rebinding)
// and read the answers. A request with the token proves that it is meant.
func (s *Server) checkHost(next http.Handler) http.Handler {
	bound := ""
	if host, _, err := net.SplitHostPort(s.cfg.Addr); err == nil {
		bound = hostName(host)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostName(r.Host)
		if s.cfg.Token != "" || (host != "" && (host == bound || mention.IsLoopback(host))) {
			next.ServeHTTP(w, r)
			return
		}
		writePlain(w, http.StatusMisdirectedRequest,
			"This service answers to its own address only, and this request was for another host name.\n"+
				"Open it by its loopback address, or set a token to serve other names.\n")
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

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: tokenCookie, Value: s.cookieValue(), Path: "/", MaxAge: 30 * 24 * 3600,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: overTLS(r)})
}

// overTLS also believes a proxy: claiming TLS only makes the cookie stricter.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// localTarget returns target when it is a path on this site, else "/".
func localTarget(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(target, "/") ||
		strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}

type loginPage struct {
	Next   string
	Failed string
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, next, failed string) {
	s.render(w, r, status, "login", "login.title", loginPage{Next: localTarget(next), Failed: failed})
}

func (s *Server) loginForm(w http.ResponseWriter, r *http.Request) {
	if s.authorized(r) {
		http.Redirect(w, r, localTarget(r.URL.Query().Get("next")), http.StatusSeeOther)
		return
	}
	s.showLogin(w, r, http.StatusOK, r.URL.Query().Get("next"), "")
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	next := localTarget(r.PostForm.Get("next"))
	if s.cfg.Token != "" && !equalSecret(r.PostForm.Get("token"), s.cfg.Token) {
		s.showLogin(w, r, http.StatusUnauthorized, next, "login.wrong")
		return
	}
	if s.cfg.Token != "" {
		s.setCookie(w, r)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: tokenCookie, Path: "/", MaxAge: -1, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: overTLS(r)})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// pagePolicy lets a page load its own style sheet, script and images and
// nothing else; not one inline script or style.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
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
