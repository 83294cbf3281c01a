package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/index/desk"
)

// cheap keeps the tests fast; the stored hash says with which parameters it was
// made.
var cheap = hashing{memory: 64, passes: 1, lanes: 1}

const goodPassword = "een lang genoeg wachtwoord"

func newTestDesk(t testing.TB, users ...desk.User) *desk.Store {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	for _, u := range users {
		u.Password, u.Created = cheap.hash(goodPassword), testNow
		if err := d.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

var (
	anna = desk.User{Name: "anna", Role: desk.Reader}
	olga = desk.User{Name: "olga", Role: desk.Operator}
)

// logIn returns the cookie of a user.
func logIn(t *testing.T, ts *httptest.Server, name string, headers ...string) string {
	t.Helper()
	res, body := do(t, ts, "POST", "/login", url.Values{"name": {name}, "password": {goodPassword}}.Encode(), headers...)
	cookie, _, _ := strings.Cut(res.Header.Get("Set-Cookie"), ";")
	if res.StatusCode != 303 || cookie == "" {
		t.Fatalf("log in as %s: %d %s", name, res.StatusCode, body)
	}
	return cookie
}

// newCheapServer is a server whose passwords are cheap to check.
func newCheapServer(t *testing.T, cfg Config) (*Server, *httptest.Server) {
	t.Helper()
	if cfg.Index == nil {
		cfg.Index = newTestIndex(t, testMentions(3)...)
	}
	s, ts := newTestServer(t, cfg)
	s.nobody = cheap.nobody()
	return s, ts
}

// concrete makes a request's method and path of a route's pattern.
func concrete(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, pattern
	}
	path = strings.ReplaceAll(path, "{$}", "")
	for strings.Contains(path, "{") {
		a, b := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:a] + "x" + path[b+1:]
	}
	return method, path
}

func TestAReaderCannotDoWhatAnOperatorCanAndAStrangerNothing(t *testing.T) {
	d := newTestDesk(t, anna, olga)
	s, ts := newCheapServer(t, Config{Desk: d})
	reader, operator := logIn(t, ts, "anna"), logIn(t, ts, "olga")
	anyones := map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /assets/{name}": true,
		"GET /login": true, "POST /login": true, "POST /logout": true, "GET /feeds/{file}": true}
	if res, _ := get(t, ts, "/feeds/x.xml"); res.StatusCode != 401 { // it asks for a key of its own, or for a reader
		t.Errorf("a stranger's feed: %d", res.StatusCode)
	}
	ask := func(rt route, cookie string) int {
		t.Helper()
		method, path := concrete(rt.pattern)
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		s.requireRole(route{pattern: rt.pattern, role: rt.role, api: rt.api,
			handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }}).ServeHTTP(rec, r)
		return rec.Code
	}
	for _, rt := range s.routes {
		if anyones[rt.pattern] != (rt.role == anyone) {
			t.Errorf("%s is open to role %q", rt.pattern, rt.role)
		}
		if rt.role == anyone {
			continue
		}
		method, path := concrete(rt.pattern)
		if res, _ := do(t, ts, method, path, "", "Sec-Fetch-Site", "same-origin"); res.StatusCode != 401 {
			t.Errorf("a stranger's %s: %d", rt.pattern, res.StatusCode)
		}
		want := http.StatusTeapot
		if rt.needs(method) == desk.Operator {
			want = http.StatusForbidden
			if res, _ := do(t, ts, method, path, "", "Cookie", reader, "Sec-Fetch-Site", "same-origin"); res.StatusCode != 403 {
				t.Errorf("a reader's %s: %d", rt.pattern, res.StatusCode)
			}
		}
		if got := ask(rt, reader); got != want {
			t.Errorf("a reader's %s: %d, want %d", rt.pattern, got, want)
		}
		if got := ask(rt, operator); got != http.StatusTeapot {
			t.Errorf("an operator's %s: %d", rt.pattern, got)
		}
		if method != http.MethodGet && rt.needs(method) != desk.Operator {
			t.Errorf("%s changes things and needs no operator", rt.pattern)
		}
	}
}

func TestWithoutUsersLoopbackIsOpenAndTheFirstUserClosesIt(t *testing.T) {
	d := newTestDesk(t)
	_, ts := newCheapServer(t, Config{Desk: d})
	if res, body := get(t, ts, "/"); res.StatusCode != 200 || strings.Contains(body, `action="/logout"`) {
		t.Errorf("without users: %d", res.StatusCode)
	}
	if res, _ := get(t, ts, "/", "Host", "evil.example"); res.StatusCode != 421 {
		t.Errorf("another host without users: %d", res.StatusCode)
	}
	u := olga
	u.Password, u.Created = cheap.hash(goodPassword), testNow
	if err := d.AddUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if res, body := get(t, ts, "/"); res.StatusCode != 401 || !strings.Contains(body, `name="password"`) || strings.Contains(body, `name="token"`) {
		t.Errorf("with a user: %d", res.StatusCode)
	}
	if res, body := get(t, ts, "/", "Cookie", logIn(t, ts, "OLGA "), "Host", "klank.example"); res.StatusCode != 200 || !strings.Contains(body, "olga") {
		t.Errorf("logged in: %d", res.StatusCode)
	}
}

func TestWhatOthersCanReachDoesNotOpenWhenTheLastUserGoes(t *testing.T) {
	d := newTestDesk(t)
	if _, err := New(Config{Index: newTestIndex(t), Desk: d, Addr: "0.0.0.0:1"}); err == nil || !strings.Contains(err.Error(), "klank user add") {
		t.Errorf("bound with nobody to log in: %v", err)
	}
	d = newTestDesk(t, olga)
	_, ts := newCheapServer(t, Config{Desk: d, Addr: "0.0.0.0:8417"})
	cookie := logIn(t, ts, "olga")
	if err := d.RemoveUser(t.Context(), "olga"); err != nil {
		t.Fatal(err)
	}
	for _, headers := range [][]string{{}, {"Cookie", cookie}} {
		if res, _ := get(t, ts, "/", headers...); res.StatusCode != 401 {
			t.Errorf("after the last user went: %d", res.StatusCode)
		}
	}
}

func TestASessionIsANewOneEachTimeAndEnds(t *testing.T) {
	now := testNow
	d := newTestDesk(t, anna)
	_, ts := newCheapServer(t, Config{Desk: d, Now: func() time.Time { return now }})
	status := func(cookie string) int {
		t.Helper()
		res, _ := get(t, ts, "/search", "Cookie", cookie)
		return res.StatusCode
	}
	planted := "klank_session=plantedbysomebodyelse"
	first := logIn(t, ts, "anna", "Cookie", planted)
	if first == planted || status(planted) != 401 || status(first) != 200 {
		t.Errorf("a planted session: %q %d, the new one %d", first, status(planted), status(first))
	}
	second := logIn(t, ts, "anna", "Cookie", first)
	if second == first || status(first) != 401 || status(second) != 200 {
		t.Error("logging in again keeps the old session")
	}
	if res, _ := do(t, ts, "POST", "/logout", "", "Cookie", second); res.StatusCode != 303 || status(second) != 401 {
		t.Error("a session outlives its end")
	}

	used, unused := logIn(t, ts, "anna"), logIn(t, ts, "anna")
	for range 6 { // 30 days, a visit every five
		now = now.Add(5*24*time.Hour - time.Minute)
		if status(used) != 200 {
			t.Fatalf("a session in use ended after %v", now.Sub(testNow))
		}
	}
	if status(unused) != 401 {
		t.Error("a session that nobody uses does not end")
	}
	if now = now.Add(time.Hour); status(used) != 401 {
		t.Error("a session lasts for ever")
	}

	here, there := logIn(t, ts, "anna"), logIn(t, ts, "anna")
	if err := d.SetPassword(t.Context(), "anna", cheap.hash("iets heel anders dan eerst"), now); err != nil {
		t.Fatal(err)
	}
	if status(here) != 401 || status(there) != 401 {
		t.Error("sessions outlive a new password")
	}
	if res, _ := do(t, ts, "POST", "/login", "name=anna&password="+url.QueryEscape(goodPassword)); res.StatusCode != 401 {
		t.Errorf("the old password: %d", res.StatusCode)
	}
}

func TestASessionsCookieIsNotForOthers(t *testing.T) {
	_, ts := newCheapServer(t, Config{Desk: newTestDesk(t, anna)})
	form := url.Values{"name": {"anna"}, "password": {goodPassword}}.Encode()
	res, _ := do(t, ts, "POST", "/login", form)
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if cookie := res.Header.Get("Set-Cookie"); !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	res, _ = do(t, ts, "POST", "/login", form, "X-Forwarded-Proto", "https")
	if cookie := res.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-klank_session=") || !strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("over TLS the cookie is %q", cookie)
	}
}

func TestAChangeWithACookieNeedsAWordFromTheBrowser(t *testing.T) {
	s, ts := newCheapServer(t, Config{Desk: newTestDesk(t, olga)})
	cookie := logIn(t, ts, "olga")
	for _, c := range []struct {
		headers []string
		want    int
	}{
		{nil, 403},
		{[]string{"Origin", "http://example.com"}, 418},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 418},
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/x", nil)
		r.Header.Set("Cookie", cookie)
		for i := 0; i+1 < len(c.headers); i += 2 {
			r.Header.Set(c.headers[i], c.headers[i+1])
		}
		s.requireRole(route{pattern: "POST /x", handler: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }}).ServeHTTP(rec, r)
		if rec.Code != c.want {
			t.Errorf("%v: %d, want %d", c.headers, rec.Code, c.want)
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		if res, _ := do(t, ts, "POST", "/nowhere", "", "Cookie", cookie, "Sec-Fetch-Site", site); res.StatusCode != 403 {
			t.Errorf("%s: %d", site, res.StatusCode)
		}
	}
}

func TestGuessingIsSlowByUserAndByAddress(t *testing.T) {
	now := testNow
	_, ts := newCheapServer(t, Config{Desk: newTestDesk(t, anna, olga), Token: "s3same", Now: func() time.Time { return now },
		Proxy: Proxy{From: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	attempt := func(name, password, from string) (int, string) {
		t.Helper()
		res, _ := do(t, ts, "POST", "/login", url.Values{"name": {name}, "password": {password}}.Encode(), "X-Forwarded-For", from)
		return res.StatusCode, res.Header.Get("Retry-After")
	}
	for i := range freeAttempts {
		if status, _ := attempt("anna", "wrong password", fmt.Sprintf("2001:db8:%d::1", i)); status != 401 {
			t.Fatalf("attempt %d: %d", i, status)
		}
	}
	if status, after := attempt("anna", goodPassword, "2001:db8:99::1"); status != 429 || after != "1" {
		t.Errorf("the next attempt for a user, from wherever: %d, again after %q", status, after)
	}
	if status, _ := attempt("olga", goodPassword, "2001:db8:99::1"); status != 303 {
		t.Errorf("somebody else: %d", status)
	}
	if now = now.Add(2 * time.Second); true {
		if status, _ := attempt("anna", goodPassword, "2001:db8:99::1"); status != 303 {
			t.Errorf("after the wait: %d", status)
		}
	}
	for i := range freeAttempts { // each another user, from one network
		attempt(fmt.Sprint("user", i), "wrong password", fmt.Sprintf("2001:db8:7::%d", i))
	}
	if status, _ := attempt("olga", goodPassword, "2001:db8:7::ffff"); status != 429 {
		t.Errorf("the next attempt from a network: %d", status)
	}
	for range freeAttempts {
		get(t, ts, "/api/v1/search", "Authorization", "Bearer wrong")
	}
	if res, _ := get(t, ts, "/api/v1/search", "Authorization", "Bearer s3same"); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("after wrong tokens: %d", res.StatusCode)
	}
}

func TestAttemptsAreBoundedInMemoryAndForgotten(t *testing.T) {
	now := testNow
	s := newSlowdown(func() time.Time { return now })
	for i := range attemptsMost + 50 {
		now = now.Add(time.Millisecond)
		s.fail(fmt.Sprint("login:", i))
	}
	if len(s.failed) > attemptsMost {
		t.Errorf("%d are remembered", len(s.failed))
	}
	for range 40 {
		s.fail("login:a")
		s.fail("user:a")
	}
	if a, u := s.wait("login:a"), s.wait("user:a"); a != longestForAddress || u != longestForUser {
		t.Errorf("the longest waits are %v and %v", a, u)
	}
	now = now.Add(attemptsFor + time.Second)
	s.fail("login:a")
	if s.wait("login:a") != 0 {
		t.Error("failures are never forgotten")
	}
}

func TestOnlyTheProxyIsBelieved(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	other := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	_, near := newCheapServer(t, Config{Proxy: Proxy{From: local, Header: "X-User", RoleHeader: "X-Roles"}})
	_, far := newCheapServer(t, Config{Proxy: Proxy{From: other, Header: "X-User", RoleHeader: "X-Roles"}})
	for _, c := range []struct {
		ts      *httptest.Server
		headers []string
		get     int
		post    int // to a route that needs an operator
	}{
		{near, nil, 401, 401},
		{near, []string{"X-User", "Anna"}, 200, 403},
		{near, []string{"X-User", "olga", "X-Roles", "staff, operator"}, 200, 404},
		{near, []string{"X-User", "olga", "X-Roles", "operators"}, 200, 403},
		{near, []string{"X-User", "local"}, 401, 401},
		{near, []string{"X-User", "a b"}, 401, 401},
		{near, []string{"X-User", ""}, 401, 401},
		{far, []string{"X-User", "olga", "X-Roles", "operator"}, 401, 401},
		{far, []string{"X-User", "olga", "X-Roles", "operator", "X-Forwarded-For", "10.0.0.1"}, 401, 401},
	} {
		if res, _ := get(t, c.ts, "/search", c.headers...); res.StatusCode != c.get {
			t.Errorf("%v: %d, want %d", c.headers, res.StatusCode, c.get)
		}
		if res, _ := do(t, c.ts, "POST", "/nowhere", "", append(c.headers, "Sec-Fetch-Site", "same-origin")...); res.StatusCode != c.post {
			t.Errorf("a change with %v: %d, want %d", c.headers, res.StatusCode, c.post)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", near.URL+"/search", nil)
	req.Header["X-User"] = []string{"olga", "anna"}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("a header that stands twice: %d", res.StatusCode)
	}
}

func TestTheClientsAddressIsTheLastThatNoTrustedProxyHas(t *testing.T) {
	s, _ := newCheapServer(t, Config{Proxy: Proxy{From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}})
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:1", "198.51.100.1", "203.0.113.5"},
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:1", "1.2.3.4, 198.51.100.1, 10.0.0.9", "198.51.100.1"},
		{"10.0.0.1:1", "1.2.3.4, nonsense", "10.0.0.1"},
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"[2001:db8::1]:1", "", "2001:db8::/64"},
		{"[::ffff:203.0.113.5]:1", "", "203.0.113.5"},
		{"[fe80::1%eth0]:1", "", "fe80::/64"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := s.clientKey(r); got != c.want {
			t.Errorf("%s for %q is %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestTokensOfTheAPIHaveAScopeAndAnEnd(t *testing.T) {
	now := testNow
	d := newTestDesk(t, olga)
	_, ts := newCheapServer(t, Config{Desk: d, Now: func() time.Time { return now }})
	add := func(name, secret, scope string, expires time.Time) {
		t.Helper()
		if err := d.AddToken(t.Context(), desk.Token{Name: name, Hash: hashSecret(secret), Scope: scope, Created: now, Expires: expires}); err != nil {
			t.Fatal(err)
		}
	}
	add("dashboard", "klank_r", desk.ScopeRead, time.Time{})
	add("script", "klank_w", desk.ScopeWrite, now.Add(time.Hour))
	status := func(method, path, token string) int {
		t.Helper()
		res, _ := do(t, ts, method, path, "", "Authorization", "Bearer "+token)
		return res.StatusCode
	}
	for _, c := range []struct {
		method, path, token string
		want                int
	}{
		{"GET", "/api/v1/search", "klank_r", 200}, {"GET", "/api/v1/search", "klank_w", 200}, {"GET", "/api/v1/search", "klank_x", 401},
		{"GET", "/metrics", "klank_r", 200}, {"GET", "/api/v1/search", hashSecret("klank_r"), 401},
		{"POST", "/api/nothing", "klank_r", 403}, {"POST", "/api/nothing", "klank_w", 404}, {"POST", "/api/nothing", "", 401},
	} {
		if got := status(c.method, c.path, c.token); got != c.want {
			t.Errorf("%s %s with %s: %d, want %d", c.method, c.path, c.token, got, c.want)
		}
	}
	if ts, err := d.Tokens(t.Context()); err != nil || len(ts) != 2 || !ts[0].Used.Equal(now) {
		t.Errorf("the tokens are %+v (%v)", ts, err)
	}
	now = now.Add(2 * time.Hour)
	if status("GET", "/api/v1/search", "klank_w") != 401 || status("GET", "/api/v1/search", "klank_r") != 200 {
		t.Error("a token outlives its end")
	}
	if err := d.RevokeToken(t.Context(), "dashboard"); err != nil || status("GET", "/api/v1/search", "klank_r") != 401 {
		t.Errorf("a token outlives being revoked (%v)", err)
	}
}

func TestAPasswordIsStoredAsAHashThatNamesItsParameters(t *testing.T) {
	stored, err := HashPassword(goodPassword)
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=65536,t=3,p=4$") || strings.Contains(stored, goodPassword) {
		t.Fatalf("%q, %v", stored, err)
	}
	if again, _ := HashPassword(goodPassword); again == stored {
		t.Error("two hashes have one salt")
	}
	for password, want := range map[string]bool{goodPassword: true, goodPassword + " ": false, "": false} {
		if fits, err := passwordFits(password, stored); fits != want || err != nil {
			t.Errorf("%q fits: %v, %v", password, fits, err)
		}
	}
	// é as one character, and as e with an accent
	if fits, err := passwordFits("cafe\u0301 met terras", cheap.hash("caf\u00e9 met terras")); !fits || err != nil {
		t.Errorf("how é is composed matters (%v)", err)
	}
	for _, short := range []string{"", "elf tekens!", strings.Repeat("x", maxPassword+1)} {
		if _, err := HashPassword(short); err == nil {
			t.Errorf("a password of %d bytes is taken", len(short))
		}
	}
	for _, bad := range []string{"", "plain", "$argon2i$v=19$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=64,t=0,p=1$AA$AA", "$argon2id$v=19$m=64,t=1,p=1$!$AA"} {
		if _, err := passwordFits("x", bad); !errors.Is(err, errHash) {
			t.Errorf("%q is read as a hash", bad)
		}
	}
	if fits, err := passwordFits("", cheap.nobody()); fits || err != nil {
		t.Errorf("nobody: %v, %v", fits, err)
	}
}

func TestWhatIsDoneIsRemembered(t *testing.T) {
	d := newTestDesk(t, anna, olga)
	s, ts := newCheapServer(t, Config{Desk: d, Snapshot: testSnapshot, AuditFor: 24 * time.Hour})
	cookie := logIn(t, ts, "anna")
	get(t, ts, "/snapshot/some.warc.gz:12", "Cookie", cookie)
	get(t, ts, "/snapshot/no.warc.gz:1", "Cookie", cookie)
	get(t, ts, "/search", "Cookie", cookie)
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/things/7", nil)
	r.Header.Set("Cookie", logIn(t, ts, "olga"))
	r.Header.Set("Origin", ts.URL)
	s.requireRole(route{pattern: "POST /things/{id}", handler: func(http.ResponseWriter, *http.Request) {}}).ServeHTTP(rec, r)
	log, _, err := d.AuditLog(t.Context(), desk.AuditQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range log {
		got = append(got, e.Who+" "+e.Role+" "+e.Action+" "+e.Object)
	}
	want := map[string]bool{"anna reader login ": true, "anna reader snapshot /snapshot/some.warc.gz:12": true, "olga operator login ": true,
		"olga operator POST /things/{id} /things/7": true}
	if len(got) != len(want) {
		t.Errorf("remembered is %q", got)
	}
	for _, e := range got {
		if !want[e] {
			t.Errorf("remembered is %q", e)
		}
	}
}

func FuzzTheClientsAddressIsOneThatWasGiven(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 10.0.0.2")
	f.Add("[fe80::1%eth0]:1", "::1,,%")
	f.Add("", "10.0.0.0/8")
	trusted := netip.MustParsePrefix("10.0.0.0/8")
	s := &Server{cfg: Config{Proxy: Proxy{From: []netip.Prefix{trusted}}}}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		key := s.clientKey(r)
		if addr := remoteAddr(r); addr.IsValid() && !trusted.Contains(addr) && addr.Is4() && key != addr.String() {
			t.Errorf("%q from %q counts as %q", forwarded, remote, key)
		}
	})
}

func FuzzAPlaceInTheAuditLogIsReadAsItWasWritten(f *testing.F) {
	f.Add(int64(1), "A B", "")
	f.Add(int64(-1), "", "MSA")
	f.Fuzz(func(t *testing.T, at int64, id, text string) {
		p := desk.AuditPlace{At: at, ID: id}
		if got, ok := readAuditPlace(writeAuditPlace(p)); !ok || got != p {
			t.Errorf("%+v comes back as %+v, %v", p, got, ok)
		}
		readAuditPlace(text)
	})
}

func FuzzAStoredHashThatIsDamagedLetsNobodyIn(f *testing.F) {
	f.Add(cheap.hash(goodPassword))
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA")
	f.Fuzz(func(t *testing.T, stored string) {
		if len(stored) > 200 || !strings.Contains(stored, "$m=64,t=1,p=1$") { // others take their time and memory
			t.Skip()
		}
		if fits, err := passwordFits("another password", stored); fits && err == nil {
			t.Errorf("%q lets in", stored)
		}
	})
}

func BenchmarkCheckingAPassword(b *testing.B) {
	stored, err := HashPassword(goodPassword)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if fits, err := passwordFits(goodPassword, stored); !fits || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindingOutWhoAsks(b *testing.B) {
	d := newTestDesk(b, anna)
	s, err := New(Config{Index: newTestIndex(b), Desk: d})
	if err != nil {
		b.Fatal(err)
	}
	if err := d.AddSession(b.Context(), desk.Session{Hash: hashSecret("id"), User: anna, Created: time.Now(), Expires: time.Now().Add(sessionIdle)}); err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.Context(), "GET", "/", nil)
	r.Header.Set("Cookie", "klank_session=id")
	for b.Loop() {
		if id, err := s.identify(r); id == nil || err != nil {
			b.Fatal(id, err)
		}
	}
}
