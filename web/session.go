package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"klank/index/desk"
)

const (
	// sessionIdle is how long a session lasts that nobody uses, sessionMost how
	// long one lasts at all.
	sessionIdle = 7 * 24 * time.Hour
	sessionMost = 30 * 24 * time.Hour
	// sessionStep is how much longer it must last for that to be written.
	sessionStep = time.Hour
)

// cookieName is that of the cookie of a session. Over TLS its prefix keeps
// other hosts of the domain from setting it (RFC 6265bis, section 4.1.3).
func cookieName(r *http.Request) string {
	if overTLS(r) {
		return "__Host-klank_session"
	}
	return "klank_session"
}

// cookieValue is derived from the token, so that neither the browser nor its
// backups hold the token itself.
func (s *Server) cookieValue() string {
	h := hmac.New(sha256.New, []byte(s.cfg.Token))
	h.Write([]byte("klank session 1"))
	return hex.EncodeToString(h.Sum(nil))
}

// hashSecret is what is kept of the id of a session, and of a token. Both are
// random and long, so that no slow hash is needed.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// NewToken makes a token for the API, and the hash that is kept of it.
func NewToken() (token, hash string) {
	token = "klank_" + rand.Text()
	return token, hashSecret(token)
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: value, Path: "/", MaxAge: int(lasts.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: overTLS(r)})
}

// overTLS also believes a proxy: claiming TLS only makes the cookie stricter.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// fromCookie is who a cookie stands for: whoever had the token, or a user.
func (s *Server) fromCookie(ctx context.Context, value string) (*identity, error) {
	if s.cfg.Token != "" && equalSecret(value, s.cookieValue()) {
		return &identity{Name: tokenName, Role: desk.Operator, ambient: true}, nil
	}
	if s.cfg.Desk == nil {
		return nil, nil
	}
	now := s.now()
	session, err := s.cfg.Desk.Session(ctx, hashSecret(value), now)
	if errors.Is(err, desk.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	expires := now.Add(sessionIdle)
	if most := session.Created.Add(sessionMost); expires.After(most) {
		expires = most
	}
	if expires.Sub(session.Expires) > sessionStep {
		if err := s.cfg.Desk.ExtendSession(ctx, session.Hash, expires); err != nil {
			return nil, err
		}
	}
	return &identity{Name: session.User.Name, Role: session.User.Role, ambient: true, session: session.Hash}, nil
}

var userName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,63}$`)

// UserName brings the name of a user to lower case, and refuses what cannot be
// one.
func UserName(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !userName.MatchString(name) || slices.Contains([]string{localName, tokenName}, name) {
		return "", fmt.Errorf("web: %q cannot be the name of a user: up to 64 letters, digits and . _ @ + -, and not %s or %s",
			shorten(name, 80), localName, tokenName)
	}
	return name, nil
}

// moveToken takes the token out of the address.
func (s *Server) moveToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	key := "bearer:" + s.clientKey(r)
	switch {
	case s.slow.wait(key) > 0:
	case equalSecret(q.Get("token"), s.cfg.Token):
		s.setCookie(w, r, s.cookieValue(), sessionMost)
	default:
		s.slow.fail(key)
	}
	q.Del("token")
	http.Redirect(w, r, localTarget((&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()), http.StatusSeeOther)
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
	// Users, Token and Proxy are the ways in.
	Users, Token, Proxy bool
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, next, failed string) {
	if !safe(r.Method) {
		next = cmp.Or(r.PostForm.Get("next"), "/") // what was to be changed is not sent again
	}
	p := loginPage{Next: localTarget(next), Failed: failed, Token: s.cfg.Token != "", Proxy: s.cfg.Proxy.Header != ""}
	if s.cfg.Desk != nil {
		p.Users, _ = s.cfg.Desk.HasUsers(r.Context()) // without, nobody of them can log in anyway
	}
	s.render(w, r, status, "login", "login.title", p)
}

func (s *Server) loginForm(w http.ResponseWriter, r *http.Request) {
	if id, err := s.identify(r); err == nil && id != nil {
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
	user, value, err := s.admit(r)
	var slow *slowError
	switch {
	case errors.As(err, &slow):
		retryAfter(w, slow.wait)
		s.showLogin(w, r, http.StatusTooManyRequests, next, "login.slow")
	case err != nil:
		s.failWith(w, r, "you could not be logged in", err)
	case value == "" && s.open(r.Context()):
		http.Redirect(w, r, next, http.StatusSeeOther)
	case value == "":
		failed := "login.wrong"
		if r.PostForm.Has("name") {
			failed = "login.wrong_password"
		}
		s.showLogin(w, r, http.StatusUnauthorized, next, failed)
	default:
		s.endSession(r) // the browser may hold one that somebody else put there
		s.setCookie(w, r, value, sessionMost)
		r = r.WithContext(context.WithValue(r.Context(), identityKey{}, user))
		s.audit(r, "login", "", "")
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// admit checks what the login form brings, and returns who that is and the
// value of their cookie; "" where it is wrong.
func (s *Server) admit(r *http.Request) (identity, string, error) {
	name, err := UserName(r.PostForm.Get("name"))
	attempt := []string{"login:" + s.clientKey(r)}
	if err == nil {
		attempt = append(attempt, "user:"+name)
	}
	if wait := s.slow.take(attempt...); wait > 0 {
		return identity{}, "", &slowError{wait}
	}
	if !r.PostForm.Has("name") {
		if s.cfg.Token == "" || !equalSecret(r.PostForm.Get("token"), s.cfg.Token) {
			return identity{}, "", nil
		}
		s.slow.giveBack(attempt[0])
		return identity{Name: tokenName, Role: desk.Operator}, s.cookieValue(), nil
	}
	if s.cfg.Desk == nil {
		return identity{}, "", nil
	}
	user, err := s.cfg.Desk.User(r.Context(), name)
	if err != nil && !errors.Is(err, desk.ErrUnknown) {
		return identity{}, "", err
	}
	fits, err := s.checkPassword(r.Context(), user.Password, r.PostForm.Get("password"))
	if !fits || err != nil {
		return identity{}, "", err
	}
	s.slow.giveBack(attempt[0])
	s.slow.forget(attempt[1])
	id, now := rand.Text(), s.now()
	session := desk.Session{Hash: hashSecret(id), User: user, Created: now, Expires: now.Add(sessionIdle)}
	return identity{Name: user.Name, Role: user.Role}, id, s.cfg.Desk.AddSession(r.Context(), session)
}

// checkPassword compares with a stored hash; "" stands for a user that is not
// there, who is to take as long. A few at a time: each takes 64 MB.
func (s *Server) checkPassword(ctx context.Context, stored, password string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if len(password) > maxPassword {
		return false, nil
	}
	if stored == "" {
		_, err := passwordFits(password, s.nobody)
		return false, err
	}
	return passwordFits(password, stored)
}

// endSession ends the session that the request is part of, if any.
func (s *Server) endSession(r *http.Request) {
	c, err := r.Cookie(cookieName(r))
	if err != nil || s.cfg.Desk == nil {
		return
	}
	if err := s.cfg.Desk.EndSession(r.Context(), hashSecret(c.Value)); err != nil {
		s.log.Error("web: a session could not be ended", "error", err)
	}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.endSession(r)
	s.setCookie(w, r, "", -time.Second)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
