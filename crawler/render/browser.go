package render

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

const (
	// startTimeout bounds the start of the browser; a cold one on a busy
	// machine takes seconds.
	startTimeout = 30 * time.Second
	// endTimeout bounds the end of a browser, and of the tabs in it. One that
	// takes longer is killed and waited for no more.
	endTimeout = 15 * time.Second
	// maxHeap bounds the memory of a page's scripts, in MiB; over it the tab
	// crashes, and with it nothing else.
	maxHeap = 512
)

// proxy refuses everything. It is the only way out that the browser knows, so
// what slips past the pause ends here.
type proxy struct {
	server  http.Server
	address string
	refused atomic.Int64
	done    chan struct{}
}

func newProxy() (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("render: no port for the browser's proxy: %w", err)
	}
	p := &proxy{address: l.Addr().String(), done: make(chan struct{})}
	p.server.ReadHeaderTimeout = 10 * time.Second
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.refused.Add(1)
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
	})
	go func() {
		defer close(p.done)
		_ = p.server.Serve(l) // ends with close
	}()
	return p, nil
}

func (p *proxy) close() {
	_ = p.server.Close()
	<-p.done
}

// process is a running Chromium. Tabs open under its ctx.
type process struct {
	ctx   context.Context
	close func()
}

// end waits until what f closes is closed, or until it takes too long.
func (b *process) end(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(endTimeout):
		if c := chromedp.FromContext(b.ctx); c.Browser != nil && c.Browser.Process() != nil {
			_ = c.Browser.Process().Kill() // it may be gone by now
		}
	}
}

// dead tells whether the browser is gone, of its own or not.
func (b *process) dead() bool {
	select {
	case <-b.ctx.Done():
		return true
	case <-chromedp.FromContext(b.ctx).Browser.LostConnection:
		return true
	default:
		return false
	}
}

// running returns the browser, started anew when there is none or it died.
func (r *Renderer) running(ctx context.Context) (*process, error) {
	select {
	case r.starting <- struct{}{}:
		defer func() { <-r.starting }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if r.browser != nil && !r.browser.dead() {
		return r.browser, nil
	}
	if r.browser != nil {
		r.browser.close()
		r.browser = nil
	}
	b, err := startBrowser(ctx, r.life, r.Path, r.proxy.address)
	if err != nil {
		return nil, err
	}
	r.starts.Add(1)
	r.browser = b
	return b, nil
}

// retire ends a browser that opens no tabs any more; the next page gets a new
// one.
func (r *Renderer) retire(b *process) {
	select {
	case r.starting <- struct{}{}:
		defer func() { <-r.starting }()
	case <-r.life.Done(): // Close ends it
		return
	}
	if r.browser == b {
		b.close()
		r.browser = nil
	}
}

// startBrowser starts a Chromium with an empty profile and an empty home, and
// none of klank's environment, where secrets may stand. It runs until life
// ends or it is closed; the start alone is bound to ctx.
func startBrowser(ctx, life context.Context, path, proxyAddress string) (*process, error) {
	home, err := os.MkdirTemp("", "klank-") // short: the browser has a socket in it
	if err != nil {
		return nil, fmt.Errorf("no folder for the browser's profile: %w", err)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(life, flags(path, home, proxyAddress)...)
	quiet := chromedp.WithBrowserErrorf(func(string, ...any) {}) // of pages' doing, mostly
	abandoned, abandon := context.WithCancel(allocator)
	bctx, stop := chromedp.NewContext(abandoned, chromedp.WithBrowserOption(quiet))
	b := &process{ctx: bctx}
	b.close = sync.OnceFunc(func() {
		b.end(func() {
			abandon()
			stop() // once only: it waits for a process, which ends once
			stopAllocator()
		})
		removeAll(home)
	})
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	// The first call gives the browser its lifetime, so it gets bctx.
	watch := context.AfterFunc(starting, abandon)
	err = chromedp.Do(bctx)
	if watch() && err == nil {
		return b, nil
	}
	b.close()
	if err == nil || ctx.Err() != nil {
		err = context.Cause(starting)
	}
	return nil, fmt.Errorf("%s did not start: %w", path, err)
}

// removeAll removes a folder that a dying process may still write to.
func removeAll(dir string) {
	for range 20 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// flags says how the browser is started. The profile is made and removed by
// chromedp, which also talks over a pipe: no debugging port is open.
func flags(path, home, proxyAddress string) []chromedp.ExecAllocatorOption {
	_, proxyPort, _ := net.SplitHostPort(proxyAddress)
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoInheritEnv,
		chromedp.Env(
			"PATH="+os.Getenv("PATH"), "HOME="+home, "TMPDIR="+home,
			"XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		),

		// No way out but the proxy, for loopback addresses too, and no names
		// looked up: the proxy is an address.
		chromedp.ProxyServer("http://127.0.0.1:"+proxyPort),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),

		// Little of its own doing; what is left of it the proxy refuses.
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-component-extensions-with-background-pages", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-field-trial-config", true),
		chromedp.Flag("disable-crash-reporter", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-features", "Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,"+
			"InterestFeedContentSuggestions,AutofillServerCommunication,CertificateTransparencyComponentUpdater,NetworkTimeServiceQuerying,Prerender2,"+
			"HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"),

		// Nobody looks, and nobody is asked.
		chromedp.Flag("disable-popup-blocking", false),
		chromedp.Flag("deny-permission-prompts", true),
		chromedp.Flag("disable-notifications", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("js-flags", "--max-old-space-size="+strconv.Itoa(maxHeap)),
	)
}

// fresh makes the cookies, storage and cache of a tab its own.
func fresh(proxyAddress string) chromedp.ContextOption {
	return chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer, p.ProxyBypassList = "http://"+proxyAddress, "<-loopback>"
	})
}
