package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"klank/index/desk"
	"klank/mention"
)

// identity is who makes a request, and what they may do.
type identity struct {
	// Name is a user's; "local" for whoever sits at a machine that serves
	// itself only, "token" for the configured token, "token:NAME" for one of the
	// API.
	Name string
	Role string // desk.Reader or desk.Operator
	// ambient says that the browser or a proxy adds the proof to every
	// request, also to one that another site has caused.
	ambient bool
	session string // the hash of the session, if there is one
}

// The names that no user can have.
const (
	localName = "local"
	tokenName = "token"
)

// Operator tells whether more than reading is allowed.
func (id identity) Operator() bool { return id.Role == desk.Operator }

type identityKey struct{}

// who returns who makes the request; the zero identity on routes for anyone.
func who(r *http.Request) identity {
	id, _ := r.Context().Value(identityKey{}).(identity)
	return id
}

// anyone is the role of routes that ask for none: health checks, login, looks.
const anyone = "anyone"

// needs is the role that a request needs. A route that names none may be read
// by readers and changed through by operators.
func (rt route) needs(method string) string {
	switch {
	case rt.role != "":
		return rt.role
	case safe(method):
		return desk.Reader
	}
	return desk.Operator
}

// safe methods change nothing (RFC 9110, section 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// open tells whether everything is open to everybody who reaches it, who can
// only be on this machine. Where that cannot be found out it is closed.
func (s *Server) open(ctx context.Context) bool {
	if s.cfg.Token != "" || s.cfg.Proxy.Header != "" || s.beyond.Load() {
		return false
	}
	if s.cfg.Desk == nil {
		return true
	}
	users, err := s.cfg.Desk.HasUsers(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Error("web: users cannot be read, so that nobody is let in", "error", err)
	}
	return err == nil && !users
}

// CheckAddr says whether HOST:PORT may be bound: a loopback address always,
// any other address (an empty host means all of them) only where something
// guards it: users, a token, or a trusted proxy.
func CheckAddr(addr string, guarded bool) error {
	loopback, err := isLoopback(addr)
	if err != nil || loopback || guarded {
		return err
	}
	host, port, _ := net.SplitHostPort(addr)
	if host == "" {
		host = "every address of this machine"
	}
	return fmt.Errorf("web: address %q would show the mentions on %s to anyone who can reach it: "+
		"add a user (klank user add), set a token, or bind 127.0.0.1:%s", addr, host, port)
}

// requireRole lets a request pass whose maker may do what the route does. A
// ?token= that fits becomes a cookie, and the address is shown again without it.
func (s *Server) requireRole(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.cfg.Token != "" && !rt.api && r.URL.Query().Has("token") {
			s.moveToken(w, r)
			return
		}
		id, err := s.identify(r)
		if rt.api && !s.withinLimit(w, r, id) {
			return
		}
		var slow *slowError
		switch {
		case errors.As(err, &slow):
			s.refuse(w, r, rt, http.StatusTooManyRequests, slow.Error(), slow.wait)
		case err != nil && rt.api:
			s.apiFail(w, r, err)
		case err != nil:
			s.failWith(w, r, "who you are could not be found out", err)
		case id == nil:
			s.refuse(w, r, rt, http.StatusUnauthorized, "send a token as \"Authorization: Bearer …\"", 0)
		case rt.needs(r.Method) == desk.Operator && !id.Operator():
			s.refuse(w, r, rt, http.StatusForbidden, "this needs an operator, or a token with the scope write", 0)
		case id.ambient && !safe(r.Method) && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "":
			// CrossOriginProtection lets such requests pass, as those of
			// programs; but every browser of today sends one of both, and
			// programs have tokens.
			s.refuse(w, r, rt, http.StatusForbidden, "a change with a cookie needs the header Origin or Sec-Fetch-Site", 0)
		default:
			s.answerTo(*id, rt, w, r)
		}
	})
}

// answerTo lets the route answer, and remembers what was done.
func (s *Server) answerTo(id identity, rt route, w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), identityKey{}, id))
	if rt.audit == "" && safe(r.Method) {
		rt.handler(w, r)
		return
	}
	rec := &recorder{ResponseWriter: w}
	rt.handler(rec, r)
	if rec.status < http.StatusBadRequest {
		s.audit(r, rt.action(), clean(r.URL.Path), "")
	}
}

// action is the word for what the route does in the audit log.
func (rt route) action() string {
	if rt.audit != "" {
		return rt.audit
	}
	return rt.pattern
}

// refuse answers a request that may not pass: programs with a problem, people
// with the login form or an error page.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, rt route, status int, detail string, wait time.Duration) {
	retryAfter(w, wait)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="klank"`)
	}
	switch {
	case rt.api:
		title := map[int]string{http.StatusUnauthorized: "a token is needed", http.StatusForbidden: "this is not allowed",
			http.StatusTooManyRequests: "too many attempts"}[status]
		writeProblem(w, problem{Title: title, Status: status, Detail: detail})
	case status == http.StatusUnauthorized:
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && safe(r.Method) {
			// Who follows a link in a mail has no cookie with them, as it is
			// SameSite=Strict; when this page asks again, they have.
			w.Header().Set("Refresh", "0; url="+localTarget(r.URL.RequestURI()))
		}
		s.showLogin(w, r, status, r.URL.RequestURI(), "")
	default:
		s.fail(w, r, status, detail)
	}
}

// identify finds out who makes a request; nil for a stranger. What a request
// presents first counts: a token that is wrong is not made up for by a cookie.
func (s *Server) identify(r *http.Request) (*identity, error) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "bearer") {
		return s.bearer(r, strings.TrimSpace(token))
	}
	if id := s.proxied(r); id != nil {
		return id, nil
	}
	if c, err := r.Cookie(cookieName(r)); err == nil {
		if id, err := s.fromCookie(r.Context(), c.Value); id != nil || err != nil {
			return id, err
		}
	}
	if s.open(r.Context()) {
		return &identity{Name: localName, Role: desk.Operator}, nil
	}
	return nil, nil
}

// bearer finds out who presents a token (RFC 6750).
func (s *Server) bearer(r *http.Request, token string) (*identity, error) {
	key := "bearer:" + s.clientKey(r)
	if wait := s.slow.wait(key); wait > 0 {
		return nil, &slowError{wait}
	}
	if s.cfg.Token != "" && equalSecret(token, s.cfg.Token) {
		return &identity{Name: tokenName, Role: desk.Operator}, nil
	}
	if s.cfg.Desk != nil {
		now := s.now()
		t, err := s.cfg.Desk.Token(r.Context(), hashSecret(token), now)
		switch {
		case err == nil:
			if now.Sub(t.Used) > time.Hour {
				if err := s.cfg.Desk.UseToken(r.Context(), t.Name, now); err != nil {
					return nil, err
				}
			}
			role := desk.Reader
			if t.Scope == desk.ScopeWrite {
				role = desk.Operator
			}
			return &identity{Name: tokenName + ":" + t.Name, Role: role}, nil
		case !errors.Is(err, desk.ErrUnknown):
			return nil, err
		}
	}
	s.slow.fail(key)
	return nil, nil
}

// Proxy is a proxy in front of klank that knows who its users are.
type Proxy struct {
	// From are the addresses of the proxy; from no other are its headers
	// believed.
	From []netip.Prefix
	// Header holds the name of the user; empty where the proxy only hands on.
	Header string
	// RoleHeader holds the user's roles, separated by commas; who has none of
	// klank's is a reader.
	RoleHeader string
}

func (p *Proxy) is(addr netip.Addr) bool {
	for _, prefix := range p.From {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// proxied is who a trusted proxy says it is.
func (s *Server) proxied(r *http.Request) *identity {
	p := &s.cfg.Proxy
	if p.Header == "" || !p.is(remoteAddr(r)) {
		return nil
	}
	names := r.Header.Values(p.Header)
	if len(names) != 1 { // with two, one may be of the client's making
		return nil
	}
	name, err := UserName(names[0])
	if err != nil {
		return nil
	}
	id := &identity{Name: name, Role: desk.Reader, ambient: true}
	if roles := r.Header.Values(p.RoleHeader); p.RoleHeader != "" && len(roles) == 1 {
		for role := range strings.SplitSeq(roles[0], ",") {
			if strings.TrimSpace(role) == desk.Operator {
				id.Role = desk.Operator
			}
		}
	}
	return id
}

// remoteAddr is the address at the other end of the connection.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// clientKey stands for the address that a request comes from, also through
// proxies that are trusted; one network of IPv6 is one.
func (s *Server) clientKey(r *http.Request) string {
	addr := remoteAddr(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.cfg.Proxy.is(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap().WithZone("")
	}
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return network.String()
		}
	}
	return addr.String()
}

// isLoopback tells whether HOST:PORT can be reached from this machine only.
func isLoopback(addr string) (bool, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("web: address %q: want HOST:PORT, such as 127.0.0.1:8417", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return false, fmt.Errorf("web: address %q: port %q is not a number from 0 to 65535", addr, port)
	}
	return mention.IsLoopback(host), nil
}
