package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/mention"
)

// site is a server that remembers what it was asked for, and when.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	times []time.Time
}

// newSite serves bodies by path; a body's type is that of the path's ending.
func newSite(t *testing.T, pages map[string]string) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked, s.times = append(s.asked, r.Method+" "+r.URL.Path), append(s.times, time.Now())
		s.mu.Unlock()
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		kind := map[string]string{
			".json": "application/json", ".js": "application/javascript", ".txt": "text/plain", ".css": "text/css",
		}[filepath.Ext(r.URL.Path)]
		if kind == "" {
			kind = "text/html; charset=utf-8"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("X-Robots-Tag", "nofollow")
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func needChromium(t *testing.T) {
	t.Helper()
	if _, err := findBrowser(""); err != nil {
		if strings.Contains(os.Getenv("KLANK_TEST_REQUIRE"), "chromium") {
			t.Fatal("no chromium on this machine, and KLANK_TEST_REQUIRE asks for it")
		}
		t.Skip("skipped: no chromium on this machine, so nothing is rendered")
	}
	if testing.Short() {
		t.Skip("skipped with -short: no browser")
	}
}

// newRenderer returns a Renderer over a client for loopback addresses.
func newRenderer(t *testing.T, f fetch.Config, c Config) *Renderer {
	t.Helper()
	needChromium(t)
	if f.Rate == 0 {
		f.Rate = -1
	}
	client, err := fetch.New(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	c.Fetcher = client
	if c.Quiet == 0 {
		c.Quiet = 300 * time.Millisecond
	}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func loopback() fetch.Config { return fetch.Config{AllowPrivate: true} }

func get(t *testing.T, r *Renderer, url string) *fetch.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := r.Fetch(ctx, fetch.Request{URL: url, Source: mention.Source{Name: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// body returns the text of a rendered page.
func body(t *testing.T, res *fetch.Response) string {
	t.Helper()
	if res.Page == nil {
		t.Fatalf("no page, but %+v", res)
	}
	return string(res.Page.Body)
}

const reviews = `<!DOCTYPE html><title>Kettle</title><h1>Kettle</h1><div id="list"></div>
<script src="/app.js"></script>`

const app = `fetch("/reviews.json?page=1").then(r => r.json()).then(list => {
	for (const r of list) {
		const p = document.createElement("p");
		p.className = "review";
		p.textContent = r.author + ": " + r.text;
		document.getElementById("list").append(p);
	}
});`

func TestReviewsThatAScriptInsertsAreOnThePage(t *testing.T) {
	s := newSite(t, map[string]string{
		"/":             reviews,
		"/app.js":       app,
		"/reviews.json": `[{"author":"Noor","text":"Kookt snel, één tik."},{"author":"Sam","text":"Lid broke <soon>."}]`,
	})
	r := newRenderer(t, loopback(), Config{})
	res := get(t, r, s.URL+"/")
	html := body(t, res)
	for _, want := range []string{`<p class="review">Noor: Kookt snel, één tik.</p>`, `Sam: Lid broke &lt;soon&gt;.`} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not on the page:\n%s", want, html)
		}
	}
	want := []string{"GET /", "GET /app.js", "GET /reviews.json"}
	got := slices.DeleteFunc(s.requests(), func(r string) bool { return r == "GET /robots.txt" || strings.Contains(r, "/.well-known/") })
	if !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
	p := res.Page
	sum := sha256.Sum256(p.Body)
	if p.URL != s.URL+"/" || p.Status != 200 || p.ContentType != "text/html; charset=utf-8" || p.SHA256 != hex.EncodeToString(sum[:]) ||
		p.ETag != "" || p.LastModified != "" || p.Fetched.IsZero() || !p.Directives.NoFollow || p.Source.Name != "shop" {
		t.Errorf("the page says %+v", p)
	}
	if st := r.Stats(); st.Pages != 1 || st.Requests != 3 || st.Starts != 1 || st.Failed != 0 {
		t.Errorf("stats %+v: want one page and three requests", st)
	}
}

func TestOnlyTextOfThePagesOwnSiteIsAskedFor(t *testing.T) {
	third := newSite(t, map[string]string{"/track.js": "document.body.id = 'tracked'", "/ad": "ad", "/x.json": "[]"})
	pages := map[string]string{"/style.css": "p { color: red }", "/frame": "<p>frame</p>"}
	s := newSite(t, pages)
	pages["/"] = strings.NewReplacer("THIRD", third.URL, "WS", strings.Replace(s.URL, "http", "ws", 1)).Replace(greedy)
	r := newRenderer(t, loopback(), Config{})
	var mu sync.Mutex
	var tried []string
	refuse := r.proxy.server.Handler
	r.proxy.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		tried = append(tried, req.Method+" "+req.Host)
		mu.Unlock()
		refuse.ServeHTTP(w, req)
	})
	html := body(t, get(t, r, s.URL+"/"))
	for _, want := range []string{
		"<li>third party failed", "<li>post failed", "<li>socket failed", "<li>events failed", "<li>peers undefined undefined",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not on the page:\n%s", want, html)
		}
	}
	for _, asked := range s.requests() {
		switch asked {
		case "GET /", "GET /robots.txt", "GET /.well-known/tdmrep.json":
		default:
			t.Errorf("the site was asked for %s", asked)
		}
	}
	if got := third.requests(); len(got) > 0 {
		t.Errorf("the third party was asked for %q", got)
	}
	mu.Lock()
	defer mu.Unlock()
	own := strings.TrimPrefix(s.URL, "http://")
	for _, try := range tried {
		if strings.HasPrefix(try, "GET ") && strings.Contains(try, own) {
			t.Errorf("the browser itself tried to reach the site: %s", try)
		}
	}
	if st := r.Stats(); st.Requests != 1 || st.Blocked < 8 {
		t.Errorf("stats %+v: want one request, and what was refused", st)
	}
}

const greedy = `<!DOCTYPE html><link rel=stylesheet href=/style.css><link rel=icon href=/favicon.ico><link rel=preconnect href=THIRD>
<link rel=prefetch href=/next><link rel=manifest href=/app.webmanifest>
<style>@font-face { font-family: F; src: url(/font.woff2) } p { font-family: F }</style>
<script src="THIRD/track.js"></script><iframe src="THIRD/ad"></iframe><iframe src="/frame"></iframe>
<iframe sandbox="allow-scripts" srcdoc="<script>fetch('THIRD/x.json')</script>"></iframe>
<img src=/photo.png><img src="THIRD/pixel.gif"><video src=/film.mp4 autoplay></video><audio src=/song.mp3 autoplay></audio>
<object data=/thing.swf></object><p>Text</p>
<script>
const out = document.createElement("ul"); document.body.append(out);
const say = t => { const li = document.createElement("li"); li.textContent = t; out.append(li) };
say("peers " + typeof RTCPeerConnection + " " + typeof WebTransport);
fetch("THIRD/x.json").catch(() => say("third party failed"));
fetch("/post", {method: "POST", body: "x"}).catch(() => say("post failed"));
navigator.sendBeacon("/beacon", "x");
new WebSocket("WS/socket").onerror = () => say("socket failed");
new EventSource("/events").onerror = () => say("events failed");
try { new Worker("/worker.js") } catch (e) { say(e.message) }
try { navigator.serviceWorker.register("/sw.js").catch(() => 0) } catch (e) { say(e.message) }
</script>`

func TestTheHostsPaceHoldsForScriptsToo(t *testing.T) {
	const interval = 200 * time.Millisecond
	s := newSite(t, map[string]string{
		"/":       `<script>for (const n of [1, 2, 3]) fetch("/" + n + ".json").then(r => r.text()).then(t => document.body.append(t))</script>`,
		"/1.json": `"one"`, "/2.json": `"two"`, "/3.json": `"three"`,
	})
	r := newRenderer(t, fetch.Config{AllowPrivate: true, Rate: float64(time.Second / interval)}, Config{})
	html := body(t, get(t, r, s.URL+"/"))
	for _, want := range []string{"one", "two", "three"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not on the page: %s", want, html)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.times); i++ {
		if gap := s.times[i].Sub(s.times[i-1]); gap < interval*9/10 {
			t.Errorf("%s came %s after %s", s.asked[i], gap, s.asked[i-1])
		}
	}
}

func TestWhatRobotsTxtForbidsAScriptDoesNotGet(t *testing.T) {
	s := newSite(t, map[string]string{
		"/robots.txt":       "User-agent: *\nDisallow: /private/\n",
		"/":                 `<p>Hello</p><script>fetch("/private/x.json").then(() => document.body.append("allow" + "ed"), () => document.body.append("re" + "fused"))</script>`,
		"/private/x.json":   "[]",
		"/private/page":     "page",
		"/private/hop.json": "[]",
	})
	r := newRenderer(t, loopback(), Config{})
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "Hello") || !strings.Contains(html, "refused") {
		t.Errorf("the page is %s", html)
	}
	for _, asked := range s.requests() {
		if strings.Contains(asked, "/private/") {
			t.Errorf("asked for %s", asked)
		}
	}
	if st := r.Stats(); st.Robots != 1 {
		t.Errorf("stats %+v: want one that robots.txt forbids", st)
	}
	res, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/", Access: fetch.AccessIgnore, Reason: "our own shop"})
	if err != nil || !strings.Contains(body(t, res), "allowed") {
		t.Errorf("with the operator's word the page is %+v, %v", res, err)
	}
	_, err = r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/private/page"})
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Class != fetch.Robots {
		t.Errorf("a forbidden page gives %v", err)
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	s := newSite(t, map[string]string{"/": "<p>inside</p>"})
	r := newRenderer(t, fetch.Config{}, Config{})
	_, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/"})
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Class != fetch.Address {
		t.Errorf("a loopback page gives %v", err)
	}
	if got := s.requests(); len(got) > 0 {
		t.Errorf("asked for %q", got)
	}
}

func TestScriptsSendNeitherKeysNorCookies(t *testing.T) {
	got := make(chan http.Header, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Set-Cookie", "a=1")
			fmt.Fprintf(w, `<p>%s</p><script>document.cookie = "b=2"; fetch("/x.json", {headers: {"X-Requested-With": "XMLHttpRequest",
"X-HTTP-Method-Override": "DELETE", "Accept": "application/json"}}).then(r => document.body.append(r.status))</script>`, r.Header.Get("X-Key"))
		case "/x.json":
			select {
			case got <- r.Header:
			default: // one is enough, and a server that waits cannot close
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "[]")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	r := newRenderer(t, loopback(), Config{})
	res, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/", Header: http.Header{"X-Key": {"key"}}})
	if err != nil || !strings.Contains(body(t, res), "<p>key</p>") || !strings.Contains(body(t, res), "200") {
		t.Fatalf("got %+v, %v", res, err)
	}
	h := <-got
	if h.Get("Accept") != "application/json" || h.Get("X-Requested-With") != "XMLHttpRequest" || !strings.HasPrefix(h.Get("User-Agent"), "klank/") {
		t.Errorf("the script's request says %v", h)
	}
	for _, name := range []string{"X-Key", "Cookie", "X-Http-Method-Override", "Origin", "Referer"} {
		if h.Get(name) != "" {
			t.Errorf("the script's request has %s: %s", name, h.Get(name))
		}
	}
}

func TestRedirectsAreGivenBack(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		case "/script":
			fmt.Fprint(w, `<script>location.href = "https://other.example/x?utm_source=a#top"</script>`)
		case "/meta":
			fmt.Fprint(w, `<meta http-equiv=refresh content="0;url=/new">`)
		case "/xhr":
			fmt.Fprint(w, `<script>fetch("/hop").then(r => r.text()).then(t => document.body.append(t))</script>`)
		case "/hop":
			http.Redirect(w, r, "/text", http.StatusFound)
		case "/text":
			fmt.Fprint(w, "arrived")
		case "/new":
			t.Errorf("a redirect was followed: %s", r.URL)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	r := newRenderer(t, loopback(), Config{})
	if res := get(t, r, s.URL+"/moved"); res.Redirect != s.URL+"/new" || !res.Permanent {
		t.Errorf("a redirect gives %+v", res)
	}
	if res := get(t, r, s.URL+"/script"); res.Redirect != "https://other.example/x" || res.Permanent || res.Page != nil {
		t.Errorf("a script that leads elsewhere gives %+v", res)
	}
	if res := get(t, r, s.URL+"/meta"); res.Redirect != s.URL+"/new" {
		t.Errorf("a page that leads elsewhere gives %+v", res)
	}
	if html := body(t, get(t, r, s.URL+"/xhr")); !strings.Contains(html, "arrived") {
		t.Errorf("a script's redirect gives %s", html)
	}
}

// shelf is a Fetcher of pages on hosts that do not exist.
type shelf map[string]string

func (s shelf) Fetch(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	body, ok := s[r.URL]
	if !ok {
		return nil, &fetch.Error{URL: r.URL, Class: fetch.Gone, Status: http.StatusNotFound}
	}
	return &fetch.Response{Page: &mention.Page{URL: r.URL, Status: 200, ContentType: "text/html", Body: []byte(body)}, Bytes: int64(len(body))}, nil
}

var _ crawler.Fetcher = (*Renderer)(nil)

func TestTheFetcherIsTheOnlyWayToAPage(t *testing.T) {
	needChromium(t)
	const page = `<p>x</p><script>
const say = t => document.body.append(t + ".");
fetch("/a").then(r => r.text()).then(say);
fetch("/missing").then(r => say("status " + r.status));
fetch("https://api.shop.example/a").catch(() => say("other host"));
fetch("SCHEME://shop.example:8443/a").catch(() => say("other port"));
if (navigator.serviceWorker) navigator.serviceWorker.register("/a").catch(() => say("no service worker"));
</script>`
	s := shelf{}
	for _, scheme := range []string{"http", "https"} {
		s[scheme+"://shop.example/"] = strings.ReplaceAll(page, "SCHEME", scheme)
		s[scheme+"://shop.example/a"] = "answer"
	}
	r, err := New(Config{Fetcher: s, Quiet: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	for _, scheme := range []string{"http", "https"} {
		res := get(t, r, scheme+"://shop.example/")
		html := body(t, res)
		for _, want := range []string{"answer.", "status 404.", "other host.", "other port."} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: %q is not on the page: %s", scheme, want, html)
			}
		}
		if scheme == "https" && !strings.Contains(html, "no service worker.") {
			t.Errorf("a service worker runs: %s", html)
		}
		if want := int64(len(s[scheme+"://shop.example/"]) + len("answer")); res.Bytes != want {
			t.Errorf("%s: %d bytes, want %d", scheme, res.Bytes, want)
		}
	}
}

func TestWithoutChromiumTheErrorSaysWhatToDo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	client, err := fetch.New(fetch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := New(Config{Fetcher: client}); err == nil || !strings.Contains(err.Error(), "install the package chromium") {
		t.Errorf("New says %v", err)
	}
	if _, err := New(Config{Fetcher: client, Path: "/nowhere/chromium"}); err == nil || !strings.Contains(err.Error(), "/nowhere/chromium") {
		t.Errorf("New says %v", err)
	}
}

func TestWhatIsNoPageComesBackAsItIs(t *testing.T) {
	s := newSite(t, map[string]string{"/data.json": `{"a":1}`})
	r := newRenderer(t, loopback(), Config{})
	res := get(t, r, s.URL+"/data.json")
	if got := body(t, res); got != `{"a":1}` || res.Page.ContentType != "application/json" {
		t.Errorf("got %q as %q", got, res.Page.ContentType)
	}
	ctx := t.Context()
	_, err := r.Fetch(ctx, fetch.Request{URL: s.URL + "/missing"})
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Class != fetch.Gone {
		t.Errorf("a missing page gives %v", err)
	}
	if st := r.Stats(); st.Starts != 0 {
		t.Error("the browser was started for nothing")
	}
}
