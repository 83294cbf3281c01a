package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"klank/index"
)

func TestOnlyLoopbackIsBoundUnguarded(t *testing.T) {
	for _, c := range []struct {
		addr    string
		guarded bool
		want    string
	}{
		{"127.0.0.1:8417", false, ""},
		{"[::1]:8417", false, ""},
		{"localhost:0", false, ""},
		{"127.8.9.1:80", false, ""},
		{":8417", false, "every address of this machine"},
		{"0.0.0.0:8417", false, "set a token, or bind 127.0.0.1:8417"},
		{"[::]:8417", false, "set a token"},
		{"192.168.1.4:8417", false, "set a token"},
		{"klank.example:8417", false, "set a token"},
		{"0.0.0.0:8417", true, ""},
		{"127.0.0.1", false, "want HOST:PORT"},
		{"127.0.0.1:http", false, `port "http"`},
		{"127.0.0.1:70000", true, `port "70000"`},
	} {
		err := CheckAddr(c.addr, c.guarded)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("CheckAddr(%q, %v) = %v, want %q", c.addr, c.guarded, err, c.want)
		}
	}
}

func TestServeRefusesWhatMayNotBeBound(t *testing.T) {
	s, err := New(Config{Index: newTestIndex(t)})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skipf("no listener on all addresses: %v", err)
	}
	if err := s.Serve(t.Context(), ln); err == nil || !strings.Contains(err.Error(), "set a token") {
		t.Errorf("Serve = %v, want a refusal", err)
	}
	if _, err := ln.Accept(); err == nil {
		t.Error("the refused listener is still open")
	}
	if _, err := New(Config{Index: newTestIndex(t), Addr: "0.0.0.0:1"}); err == nil {
		t.Error("New accepts an address that may not be bound")
	}
}

// get asks for a path with headers given as name, value pairs and does not
// follow redirects.
func get(t *testing.T, ts *httptest.Server, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	return do(t, ts, http.MethodGet, path, "", headers...)
}

func do(t *testing.T, ts *httptest.Server, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, ts.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(data)
}

func TestOtherHostNamesAreRefused(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Addr: "127.0.0.1:8417"})
	for host, want := range map[string]int{
		"127.0.0.1:8417":     200,
		"localhost":          200,
		"LOCALHOST:8417":     200,
		"[::1]:8417":         200,
		"klank.localhost:80": 200,
		"evil.example":       421,
		"evil.example:8417":  421,
		"127.0.0.1.nip.io":   421,
		"localhost.evil.com": 421,
		"10.0.0.1:8417":      421,
	} {
		for _, path := range []string{"/", "/api/v1/search", "/metrics", "/healthz", "/assets/klank.css"} {
			if res, _ := get(t, ts, path, "Host", host); res.StatusCode != want {
				t.Errorf("%s with Host %s: %d, want %d", path, host, res.StatusCode, want)
			}
		}
	}
}

func TestATokenGuardsEverythingButHealthAndLogin(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(3)...), Token: "s3same"})
	for _, path := range []string{"/", "/search", "/status", "/mention/x", "/snapshot/x", "/nowhere"} {
		res, body := get(t, ts, path)
		if res.StatusCode != 401 || !strings.Contains(body, `name="token"`) {
			t.Errorf("%s without the token: %d", path, res.StatusCode)
		}
		if strings.Contains(body, "leeslamp") {
			t.Errorf("%s shows mentions without the token", path)
		}
	}
	for _, path := range []string{"/api/v1/search", "/api/v1/openapi.json", "/metrics", "/api/v1/search?token=s3same"} {
		res, _ := get(t, ts, path)
		if res.StatusCode != 401 || res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without the token: %d %v", path, res.StatusCode, res.Header)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/assets/klank.css", "/login"} {
		if res, _ := get(t, ts, path); res.StatusCode != 200 {
			t.Errorf("%s without the token: %d", path, res.StatusCode)
		}
	}
	for header, want := range map[string]int{"Bearer s3same": 200, "bearer s3same": 200, "Bearer s3samee": 401, "Bearer ": 401, "Basic czNzYW1l": 401} {
		if res, _ := get(t, ts, "/api/v1/search", "Authorization", header, "Host", "klank.example"); res.StatusCode != want {
			t.Errorf("Authorization %q: %d, want %d", header, res.StatusCode, want)
		}
	}
	if res, _ := get(t, ts, "/", "Cookie", "klank_session=s3same"); res.StatusCode != 401 {
		t.Error("the token itself passes as a cookie")
	}
}

func TestLoginSetsACookieThatDoesNotHoldTheToken(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(3)...), Token: "s3same"})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	post := func(token, next string) *http.Response {
		t.Helper()
		res, err := client.PostForm(ts.URL+"/login", url.Values{"token": {token}, "next": {next}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	if res := post("wrong", "/search"); res.StatusCode != 401 {
		t.Errorf("wrong token: %d", res.StatusCode)
	}
	if res := post("s3same", "/search?q=lamp"); res.StatusCode != 200 || res.Request.URL.RequestURI() != "/search?q=lamp" {
		t.Errorf("right token: %d %s", res.StatusCode, res.Request.URL)
	}
	if res := post("s3same", "https://evil.example/"); res.Request.URL.Path != "/" || res.Request.URL.Host != strings.TrimPrefix(ts.URL, "http://") {
		t.Errorf("login leads to %s", res.Request.URL)
	}
	res, _ := do(t, ts, "POST", "/login", "token=s3same")
	cookie := res.Header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "s3same") {
		t.Errorf("the cookie %q holds the token", cookie)
	}
	if res, _ := do(t, ts, "POST", "/login", "token=s3same", "X-Forwarded-Proto", "https"); !strings.Contains(res.Header.Get("Set-Cookie"), "Secure") {
		t.Error("behind TLS the cookie is not Secure")
	}
	if res, _ := client.Post(ts.URL+"/logout", "", nil); res.Request.URL.Path != "/login" {
		t.Errorf("logout leads to %s", res.Request.URL)
	}
	if res, _ := client.Get(ts.URL + "/"); res.StatusCode != 401 {
		t.Errorf("after logout: %d", res.StatusCode)
	}
}

func TestATokenInTheAddressMovesIntoTheCookie(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Token: "s3same"})
	res, _ := get(t, ts, "/search?q=lamp&token=s3same")
	if res.StatusCode != 303 || res.Header.Get("Location") != "/search?q=lamp" || !strings.HasPrefix(res.Header.Get("Set-Cookie"), "klank_session=") {
		t.Errorf("%d to %q with %q", res.StatusCode, res.Header.Get("Location"), res.Header.Get("Set-Cookie"))
	}
	res, _ = get(t, ts, "/?token=wrong")
	if res.StatusCode != 303 || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong token: %d with %q", res.StatusCode, res.Header.Get("Set-Cookie"))
	}
}

func TestCrossSiteRequestsChangeNothing(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Token: "s3same"})
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		if res, _ := do(t, ts, "POST", "/login", "token=s3same", headers...); res.StatusCode != 403 || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%v: %d", headers, res.StatusCode)
		}
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", ts.URL}, {}} {
		if res, _ := do(t, ts, "POST", "/login", "token=s3same", headers...); res.StatusCode != 303 {
			t.Errorf("%v: %d", headers, res.StatusCode)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Snapshot: testSnapshot})
	for _, path := range []string{"/", "/search", "/nowhere", "/api/v1/search", "/api/nothing", "/assets/klank.css", "/healthz", "/metrics", "/login", "/snapshot/some.warc.gz:12"} {
		res, _ := get(t, ts, path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"X-Frame-Options":         "DENY",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}

func TestLoginLeadsNowhereElse(t *testing.T) {
	for target, want := range map[string]string{
		"/":                "/",
		"/search?q=a%20b":  "/search?q=a%20b",
		"//evil.example/x": "/",
		"/\\evil.example":  "/",
		"/\t/evil.example": "/",
		"https://evil":     "/",
		"javascript:a":     "/",
		"search":           "/",
		"":                 "/",
	} {
		if got := localTarget(target); got != want {
			t.Errorf("localTarget(%q) = %q, want %q", target, got, want)
		}
	}
}

// slowIndex waits for the end of the request before it answers.
type slowIndex struct {
	index.Index
	asked chan struct{}
}

func (x slowIndex) Aggregate(ctx context.Context, r index.AggregateRequest) (*index.AggregateResult, error) {
	close(x.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestServeStopsInUnderTwoSeconds(t *testing.T) {
	slow := slowIndex{newTestIndex(t), make(chan struct{})}
	s, err := New(Config{Index: slow})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	go http.Get("http://" + ln.Addr().String() + "/")
	<-slow.asked
	start := time.Now()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("stopping took %v", took)
	}
}
