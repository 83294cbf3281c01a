package render

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"klank/crawler/fetch"
	"klank/mention"
)

func TestEndlessPollingEnds(t *testing.T) {
	var polls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<p>Text</p><script>
const poll = n => fetch("/poll?n=" + n).catch(() => 0).then(() => { document.body.dataset.n = n; setTimeout(poll, 5, n + 1) });
poll(0);</script>`)
		case "/poll":
			polls.Add(1)
			fmt.Fprint(w, "more")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	r := newRenderer(t, loopback(), Config{MaxRequests: 6})
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "Text") {
		t.Errorf("the page is %s", html)
	}
	if n := polls.Load(); n != 5 {
		t.Errorf("polled %d times, want 5 with the document making 6", n)
	}
	polls.Store(0)
	r = newRenderer(t, loopback(), Config{MaxRequests: 1 << 20, Timeout: 2 * time.Second})
	start := time.Now()
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "Text") {
		t.Errorf("the page is %s", html)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if n := polls.Load(); n < 6 {
		t.Errorf("polled %d times only", n)
	}
}

func TestDialogsAndPopupsDoNotHoldAPage(t *testing.T) {
	pages := map[string]string{"/popup": "<p>popup</p>"}
	s := newSite(t, pages)
	pages["/"] = `<p>before</p><script>
addEventListener("beforeunload", e => { e.preventDefault(); e.returnValue = "stay" });
alert("Hi"); confirm("Sure?"); prompt("Name?"); print();
open("/popup"); open("https://other.example/");
const a = document.createElement("a"); a.href = "/popup"; a.target = "_blank"; document.body.append(a); a.click();
const d = document.createElement("a"); d.href = "data:text/plain,x"; d.download = "x.txt"; document.body.append(d); d.click();
try { Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => 0) } catch (e) {}
document.body.append("after");</script>`
	r := newRenderer(t, loopback(), Config{})
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "after") {
		t.Errorf("the page is %s", html)
	}
	for _, asked := range s.requests() {
		if strings.Contains(asked, "popup") {
			t.Errorf("asked for %s", asked)
		}
	}
}

func TestNoPacketGoesPastTheProxy(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	var packets atomic.Int64
	go func() {
		for buf := make([]byte, 2048); ; packets.Add(1) {
			if _, _, err := udp.ReadFrom(buf); err != nil {
				return
			}
		}
	}()
	s := newSite(t, map[string]string{"/": strings.ReplaceAll(`<p>x</p><script>
const call = async w => {
	try {
		const c = new w.RTCPeerConnection({iceServers: [{urls: "stun:ADDRESS"}]});
		c.createDataChannel("x");
		await c.setLocalDescription(await c.createOffer());
	} catch (e) { document.body.append("refused.") }
};
call(window);
const f = document.createElement("iframe"); document.body.append(f); call(f.contentWindow);
const g = document.createElement("iframe"); g.srcdoc = "<p>y</p>"; g.onload = () => call(g.contentWindow); document.body.append(g);
try { new WebTransport("https://ADDRESS/").ready.catch(() => 0) } catch (e) {}
</script>`, "ADDRESS", udp.LocalAddr().String())})
	r := newRenderer(t, loopback(), Config{Quiet: time.Second})
	if html := body(t, get(t, r, s.URL+"/")); strings.Count(html, "refused.") < 3+1 { // once in the script
		t.Errorf("a page has peers: %s", html)
	}
	if n := packets.Load(); n > 0 {
		t.Errorf("%d packets went past the proxy", n)
	}
}

func TestPagesKeepNothingForTheNext(t *testing.T) {
	s := newSite(t, map[string]string{"/": `<p>x</p><script>
document.body.append("had " + document.cookie + localStorage.getItem("k"));
document.cookie = "seen=1; path=/; max-age=9999"; localStorage.setItem("k", "v");</script>`})
	r := newRenderer(t, loopback(), Config{})
	for range 2 {
		if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "had null") {
			t.Errorf("the page is %s", html)
		}
	}
}

func TestHostilePagesGiveAnErrorInTime(t *testing.T) {
	s := newSite(t, map[string]string{
		"/loop":   `<p>x</p><script>for (;;) {}</script>`,
		"/alerts": `<p>x</p><script>for (;;) alert(1)</script>`,
		"/grow":   `<p>x</p><script>document.body.append("x".repeat(1 << 20))</script>`,
		"/blank":  `<p>x</p><script>location.href = "about:blank"</script>`,
		"/forge":  `<p>x</p><script>Object.defineProperty(Element.prototype, "outerHTML", {get() { return "forged" }}); document.open = null</script>`,
		"/reload": `<p>x</p><script>setInterval(() => location.reload(), 20)</script>`,
		"/many":   `<p>x</p><script>for (let i = 0; i < 5000; i++) new Image().src = "/i" + i</script>`,
		"/hog":    `<p>x</p><script>const all = []; for (;;) all.push(new Array(1e6).fill({}))</script>`,
		"/good":   `<p>good</p>`,
	})
	r := newRenderer(t, loopback(), Config{Timeout: 2 * time.Second, MaxBody: 1 << 20, Tabs: 3})
	busy := map[string][]fetch.Class{
		"/loop": {fetch.Timeout}, "/alerts": {fetch.Timeout},
		"/hog": {fetch.Protocol, fetch.Timeout}, // its tab crashes, where that is not too late
	}
	odd := map[string][]fetch.Class{
		"/grow": {fetch.TooLarge}, "/blank": {fetch.Protocol}, "/forge": nil, "/reload": nil, "/many": nil,
	}
	for _, pages := range []map[string][]fetch.Class{busy, odd} {
		var all sync.WaitGroup
		for path, want := range pages {
			all.Go(func() {
				res, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + path})
				var failed *fetch.Error
				switch {
				case want == nil && err != nil:
					t.Errorf("%s: %v", path, err)
				case want == nil && (res.Page == nil || !strings.Contains(string(res.Page.Body), "<p>")):
					t.Errorf("%s gives %+v", path, res)
				case want != nil && (!errors.As(err, &failed) || !slices.Contains(want, failed.Class)):
					t.Errorf("%s gives %v, want an error of class %v", path, err, want)
				}
			})
		}
		all.Wait()
	}
	if html := body(t, get(t, r, s.URL+"/good")); !strings.Contains(html, "good") {
		t.Errorf("after all of them a good page is %s", html)
	}
	if st := r.Stats(); st.Starts != 1 {
		t.Errorf("the browser was started %d times", st.Starts)
	}
}

func TestAHostThatAsksToBeLeftAloneEndsThePage(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<script>fetch("/reviews.json")</script>`)
		case "/reviews.json":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	r := newRenderer(t, loopback(), Config{})
	_, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/"})
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Class != fetch.Throttled || failed.RetryAfter != 2*time.Minute || failed.URL != s.URL+"/" {
		t.Errorf("got %v", err)
	}
}

// A page is quiet from when it is loaded on, however long that took: one that
// is slow to load, or a machine that is busy, loses no request of it.
func TestASlowPageStillHasItsTimeAfterItIsLoaded(t *testing.T) {
	s := newSite(t, map[string]string{
		"/": `<p>x</p><script>for (const end = Date.now() + 900; Date.now() < end;);
addEventListener("load", () => setTimeout(() => fetch("/late").then(r => r.text()).then(text => document.body.append(text)), 150))</script>`,
		"/late": "late text",
	})
	r := newRenderer(t, loopback(), Config{Quiet: 600 * time.Millisecond})
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "late text") {
		t.Errorf("the page is %s", html)
	}
}

func TestCancelReturnsAtOnce(t *testing.T) {
	s := newSite(t, map[string]string{"/": `<script>for (;;) {}</script>`, "/good": "<p>good</p>"})
	r := newRenderer(t, loopback(), Config{})
	get(t, r, s.URL+"/good") // the browser runs
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	_, err := r.Fetch(ctx, fetch.Request{URL: s.URL + "/"})
	var failed *fetch.Error
	if !errors.As(err, &failed) || failed.Class != fetch.Canceled {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestACrashedBrowserIsStartedAgain(t *testing.T) {
	s := newSite(t, map[string]string{"/": `<p>good</p>`, "/slow": `<p>slow</p><script>setInterval(() => document.body.dataset.n = Date.now(), 10)</script>`})
	r := newRenderer(t, loopback(), Config{Quiet: time.Second})
	get(t, r, s.URL+"/")
	kill := func() {
		if err := mainProcess(r).Kill(); err != nil {
			t.Error(err)
		}
	}
	kill()
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "good") {
		t.Errorf("the page is %s", html)
	}
	p := mainProcess(r)
	time.AfterFunc(500*time.Millisecond, func() { p.Kill() })
	if html := body(t, get(t, r, s.URL+"/slow")); !strings.Contains(html, "slow") {
		t.Errorf("the page is %s", html)
	}
	if st := r.Stats(); st.Starts != 3 {
		t.Errorf("the browser was started %d times, want 3", st.Starts)
	}
}

func TestABrowserThatHangsIsReplaced(t *testing.T) {
	s := newSite(t, map[string]string{"/": `<p>good</p>`})
	r := newRenderer(t, loopback(), Config{Timeout: time.Second})
	get(t, r, s.URL+"/")
	if err := mainProcess(r).Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if html := body(t, get(t, r, s.URL+"/")); !strings.Contains(html, "good") {
		t.Errorf("the page is %s", html)
	}
	if st := r.Stats(); st.Starts != 2 {
		t.Errorf("the browser was started %d times, want 2", st.Starts)
	}
}

func TestABrowserThatNobodyWaitsForAnyMoreDoesNotStart(t *testing.T) {
	r := newRenderer(t, loopback(), Config{})
	for _, wait := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} { // before, while and after its process starts
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		b, err := startBrowser(ctx, r.life, r.Path, r.proxy.address)
		cancel()
		if b != nil {
			b.close()
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given %s it says %v", wait, err)
		}
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	dir, err := os.MkdirTemp("", "t") // short, as a socket's path in it must be
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t.Setenv("TMPDIR", dir)
	t.Setenv("KLANK_SECRET", "very-secret")
	s := newSite(t, map[string]string{"/": `<p>good</p>`, "/loop": `<script>for (;;) {}</script>`})
	r := newRenderer(t, loopback(), Config{})
	get(t, r, s.URL+"/")
	if n := len(using(t, dir)); n == 0 {
		t.Fatal("no browser process is seen: the test would prove nothing")
	}
	for _, pid := range using(t, dir) {
		if env, _ := os.ReadFile(filepath.Join("/proc", pid, "environ")); strings.Contains(string(env), "very-secret") {
			t.Errorf("process %s of the browser has klank's environment", pid)
		}
	}
	got := make(chan error, 1)
	go func() {
		_, err := r.Fetch(context.Background(), fetch.Request{URL: s.URL + "/loop", Source: mention.Source{}})
		got <- err
	}()
	time.Sleep(500 * time.Millisecond)
	start := time.Now()
	r.Close()
	t.Logf("closed in %s", time.Since(start))
	r.Close()
	var failed *fetch.Error
	if err := <-got; !errors.As(err, &failed) || failed.Class != fetch.Canceled {
		t.Errorf("a fetch under way gives %v", err)
	}
	if _, err := r.Fetch(t.Context(), fetch.Request{URL: s.URL + "/"}); !errors.As(err, &failed) || failed.Class != fetch.Canceled {
		t.Errorf("a fetch after Close gives %v", err)
	}
	if left := using(t, dir); len(left) > 0 {
		t.Errorf("processes %q are left", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}

// using returns the other processes that were started with a folder, or run
// in its environment.
func using(t *testing.T, dir string) []string {
	t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("skipped: no /proc to look for processes in")
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	var out []string
	for _, p := range all {
		pid := filepath.Base(p)
		if pid == fmt.Sprint(os.Getpid()) {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		env, _ := os.ReadFile(filepath.Join(p, "environ"))
		if strings.Contains(string(args), dir) || strings.Contains(string(env), dir) {
			out = append(out, pid)
		}
	}
	return out
}

func mainProcess(r *Renderer) *os.Process {
	return chromedp.FromContext(r.browser.ctx).Browser.Process()
}
