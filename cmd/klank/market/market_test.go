package market

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

func start(t *testing.T) *Market {
	t.Helper()
	m, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// fetched is a page as a client sees it.
type fetched struct {
	url    string
	status int
	header http.Header
	body   string
}

func get(t *testing.T, target string, header ...string) fetched {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	body := string(b)
	if res.Header.Get("Content-Type") == "text/html; charset=windows-1252" {
		body = latin(b)
	}
	return fetched{target, res.StatusCode, res.Header, body}
}

// latin decodes what windows1252 encodes.
func latin(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == 0x80:
			s.WriteRune('€')
		case c == 0x85:
			s.WriteRune('…')
		case c >= 0x91 && c <= 0x97:
			s.WriteRune([]rune("‘’“”•–—")[c-0x91])
		default:
			s.WriteRune(rune(c))
		}
	}
	return s.String()
}

var nextLink = regexp.MustCompile(`<([^>]+)>; rel="next"`)

// crawl fetches all that can be reached from the seeds by links and Link
// headers and that robots.txt permits.
func crawl(t *testing.T, m *Market) map[string][]fetched {
	t.Helper()
	out := map[string][]fetched{}
	for _, src := range m.Sources() {
		var forbidden []string
		for line := range strings.Lines(get(t, "http://"+src.Host+"/robots.txt").body) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "Disallow: "); ok {
				forbidden = append(forbidden, path)
			}
		}
		queue, seen := slices.Clone(src.Seeds), map[string]bool{}
		for len(queue) > 0 {
			target := queue[0]
			queue = queue[1:]
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			u.Fragment = ""
			target = u.String()
			if seen[target] || u.Host != src.Host || slices.ContainsFunc(forbidden, func(p string) bool { return strings.HasPrefix(u.Path, p) }) {
				continue
			}
			seen[target] = true
			f := get(t, target)
			if f.status == http.StatusTooManyRequests {
				f = get(t, target)
			}
			if f.status != http.StatusOK {
				t.Errorf("%s: status %d", target, f.status)
				continue
			}
			out[src.Host] = append(out[src.Host], f)
			if next := nextLink.FindStringSubmatch(f.header.Get("Link")); next != nil {
				queue = append(queue, next[1])
			}
			if strings.HasPrefix(f.header.Get("Content-Type"), "text/html") {
				document(t, f).Find("a[href]").Each(func(_ int, a *goquery.Selection) {
					ref, _ := a.Attr("href")
					if to, err := u.Parse(ref); err == nil {
						queue = append(queue, to.String())
					}
				})
			}
		}
	}
	return out
}

func document(t *testing.T, f fetched) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(f.body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestACrawlTakesFewPagesOfEachHost(t *testing.T) {
	m := start(t)
	for host, pages := range crawl(t, m) {
		if n := len(pages) + 1; n > 35 { // and robots.txt
			t.Errorf("%s: %d pages", host, n)
		}
	}
	if n := len(m.Sources()); n != 7 {
		t.Errorf("%d sources", n)
	}
}

func TestNothingDisallowedIsLinkedIntoAPermittedPage(t *testing.T) {
	m := start(t)
	texts := m.Disallowed()
	if len(texts) < 4 {
		t.Errorf("only %d disallowed texts", len(texts))
	}
	for _, pages := range crawl(t, m) {
		for _, p := range pages {
			for _, text := range texts {
				if strings.Contains(p.body, text) {
					t.Errorf("%s shows %q", p.url, text)
				}
			}
		}
	}
	if got := m.Trespasses(); len(got) > 0 {
		t.Errorf("trespasses of a polite crawl: %v", got)
	}
	shop := m.Sources()[0]
	for _, path := range []string{"/account/orders", "/cart/"} {
		f := get(t, "http://"+shop.Host+path)
		if f.status != http.StatusOK || !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(f.body, text) }) {
			t.Errorf("%s: status %d, or without its text", path, f.status)
		}
		home := get(t, shop.Seeds[0])
		if !strings.Contains(home.body, `href="`+path+`"`) {
			t.Errorf("nothing links to %s", path)
		}
	}
	if got := m.Trespasses(); len(got) != 2 {
		t.Errorf("trespasses = %v", got)
	}
}

func TestRobotsAreServedWithRulesAndDelay(t *testing.T) {
	m := start(t)
	for i, src := range m.Sources() {
		f := get(t, "http://"+src.Host+"/robots.txt")
		if f.status != http.StatusOK || !strings.HasPrefix(f.body, "User-agent: *\n") {
			t.Errorf("%s: %d %q", src.Name, f.status, f.body)
		}
		if i == 0 && f.body != "User-agent: *\nDisallow: /account/\nDisallow: /cart/\nCrawl-delay: 0.2\n" {
			t.Errorf("%s: %q", src.Name, f.body)
		}
	}
}

func TestOneHostTurnsOneRequestAway(t *testing.T) {
	m := start(t)
	i := slices.IndexFunc(m.Sources(), func(s Source) bool { return s.Name == "narrowkitchen" })
	target := m.Sources()[i].Seeds[0] + "posts/subscriptions"
	f := get(t, target)
	if f.status != http.StatusTooManyRequests || f.header.Get("Retry-After") != "1" {
		t.Errorf("first: %d, Retry-After %q", f.status, f.header.Get("Retry-After"))
	}
	for range 2 {
		if f := get(t, target); f.status != http.StatusOK {
			t.Errorf("later: %d", f.status)
		}
	}
}

func TestUnchangedPagesAnswer304(t *testing.T) {
	m := start(t)
	for _, pages := range crawl(t, m) {
		for _, p := range pages {
			etag, modified := p.header.Get("ETag"), p.header.Get("Last-Modified")
			if etag == "" || modified == "" {
				t.Fatalf("%s has ETag %q and Last-Modified %q", p.url, etag, modified)
			}
			if f := get(t, p.url, "If-None-Match", etag); f.status != http.StatusNotModified {
				t.Errorf("%s: If-None-Match: %d", p.url, f.status)
			}
			if f := get(t, p.url, "If-None-Match", `"other"`); f.status != http.StatusOK {
				t.Errorf("%s: another ETag: %d", p.url, f.status)
			}
			if f := get(t, p.url, "If-Modified-Since", modified); f.status != http.StatusNotModified {
				t.Errorf("%s: If-Modified-Since: %d", p.url, f.status)
			}
		}
	}
}

func TestOneHostSendsGzip(t *testing.T) {
	m := start(t)
	i := slices.IndexFunc(m.Sources(), func(s Source) bool { return s.Selectors != nil })
	target := m.Sources()[i].Seeds[0]
	plain, zipped := get(t, target, "Accept-Encoding", "identity"), get(t, target, "Accept-Encoding", "gzip")
	if zipped.header.Get("Content-Encoding") != "gzip" || plain.header.Get("ETag") == zipped.header.Get("ETag") {
		t.Fatalf("headers: %v", zipped.header)
	}
	r, err := gzip.NewReader(strings.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != plain.body {
		t.Errorf("unzipped: %v, %d bytes for %d", err, len(b), len(plain.body))
	}
}

func TestOnePageIsInAnOldCharset(t *testing.T) {
	m := start(t)
	src := m.Sources()[1]
	res, err := http.Get("http://" + src.Host + "/artikel/halvane-mill-40")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/html; charset=windows-1252" {
		t.Errorf("Content-Type = %q", got)
	}
	for _, want := range []string{"<meta charset=\"windows-1252\">", "C\xe9cile Brandsma", "\x80 159", "\x92s winters", "\x93espressofijn\x94"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestTheLogShowsWhoAskedForWhatAndWhen(t *testing.T) {
	m := start(t)
	src := m.Sources()[0]
	get(t, src.Seeds[0])
	time.Sleep(20 * time.Millisecond)
	get(t, "http://"+src.Host+"/nothing?here")
	log := m.Log()
	if len(log) != 2 || log[0].Status != 200 || log[1].Status != 404 || log[1].Path != "/nothing?here" || log[1].Host != src.Host {
		t.Errorf("log = %+v", log)
	}
	if gap := m.MinGap()[src.Host]; gap < 20*time.Millisecond || gap != log[1].Time.Sub(log[0].Time) {
		t.Errorf("gap = %v", gap)
	}
	if n := m.Requests()[src.Host]; n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestASecondMarketFindsOtherPortsAndCloseEndsEverything(t *testing.T) {
	first := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	second, err := Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, src := range second.Sources() {
		if src.Host == first.Sources()[i].Host {
			t.Errorf("both at %s", src.Host)
		}
	}
	cancel()
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get(second.Sources()[0].Seeds[0]); err == nil {
		t.Error("still answers after Close")
	}
}
