package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/chromedp"

	"klank/configs"
	"klank/mention"
	"klank/parsers"
	"klank/web"
	"klank/web/browsertest"
)

// reviewSite is a small shop with two reviews, a page that robots.txt keeps
// out, a feed, and links to platforms.
func reviewSite(t *testing.T) *httptest.Server {
	t.Helper()
	const review = `<script type="application/ld+json">{"@type":"Product","name":"%s","review":{"@type":"Review","identifier":"%s","author":"Fay",
		"datePublished":"2026-03-03","reviewRating":{"ratingValue":%d},"reviewBody":"%s"}}</script>`
	pages := map[string]string{
		"/": `<html lang="en"><link rel="alternate" type="application/rss+xml" href="/feed.xml"><a href="/reviews/kettle">Reviews</a> <a href="/account/reviews">My reviews</a>
			<a href="https://nl.trustpilot.com/review/brons.example">Trustpilot</a> <a href="https://www.facebook.com/brons">Facebook</a>
			<a href="https://example.org/reviews">elsewhere</a></html>`,
		"/reviews/kettle":  `<html lang="en"><a href="/reviews/pan">pan</a>` + fmt.Sprintf(review, "Brons kettle", "r1", 5, "Brons makes a fine kettle, I recommend it.") + `</html>`,
		"/reviews/pan":     `<html lang="en">` + fmt.Sprintf(review, "Brons pan", "r2", 1, "This pan broke on day one.") + `</html>`,
		"/account/reviews": "kept out",
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch page, ok := pages[r.URL.Path]; {
		case r.URL.Path == "/robots.txt":
			io.WriteString(w, "User-agent: *\nDisallow: /account/\n")
		case r.URL.Path == "/sitemap.xml":
			w.Header().Set("Content-Type", "application/xml")
			io.WriteString(w, `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>`)
		case ok:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, page)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestFromAnEmptyFolderToTheFirstReportInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	site := reviewSite(t)
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	log := &serviceLog{}
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"run", "--allow-private", "--addr", "127.0.0.1:0"}, strings.NewReader(""), io.Discard, log)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitDone {
			t.Errorf("klank run ended with %d:\n%s", code, log)
		}
	})
	address := log.address(t)
	walk := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		within, cancel := context.WithTimeout(tab, 90*time.Second)
		defer cancel()
		if err := chromedp.Do(within, actions...); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
	}
	walk(chromedp.Navigate(address+"/?lang=en"), chromedp.WaitVisible("#brand"),
		chromedp.SendKeys("#brand", "Brons"), chromedp.SendKeys("#rivals", "Koper"), chromedp.Click(".primary"), chromedp.WaitVisible("#url"))
	if _, err := os.Stat("klank-data"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is written before anybody has agreed: %v", err)
	}
	walk(chromedp.SendKeys("#url", site.URL), chromedp.Click(`button[value=find]`), chromedp.WaitVisible(".places"))
	text, err := chromedp.Run(tab, chromedp.Text(".places"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Reviews, questions or a forum " + site.URL + "/reviews/kettle", "robots.txt forbids it in line 2: Disallow: /account/",
		"Trustpilot", "Its API answers with a key only", "Facebook", "own list of pages", "Feed " + site.URL + "/feed.xml"} {
		if !strings.Contains(text, part) {
			t.Errorf("the places lack %q:\n%s", part, text)
		}
	}
	walk(chromedp.Click(`input[value^="https://nl.trustpilot.com"]`), chromedp.Click(`button[value=next]`), chromedp.WaitVisible("#contact"),
		chromedp.SendKeys("#contact", "me@brons.example"), chromedp.Click(".primary"), chromedp.WaitVisible("pre.source"))
	shown, err := chromedp.Run(tab, chromedp.Text("pre.source"))
	if err != nil {
		t.Fatal(err)
	}
	walk(chromedp.Click(".primary"), chromedp.WaitVisible("#live"), // the progress
		chromedp.WaitVisible(`#live[data-ended]`), chromedp.Click(`#live .primary`), chromedp.WaitVisible("body.page-overview main")) // the first report
	text, err = chromedp.Run(tab, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "Brons") || !strings.Contains(text, "2") {
		t.Errorf("the first report: %s", text)
	}
	written, err := os.ReadFile("klank.yaml")
	if err != nil || strings.TrimSpace(string(written)) != strings.TrimSpace(shown) {
		t.Errorf("what was written is not what was shown: %v\n%s", err, written)
	}
	checkFirst(t, site.URL)
}

// checkFirst looks at what the set-up has left behind.
func checkFirst(t *testing.T, site string) {
	t.Helper()
	cfg, err := configs.Load("klank.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Sources) != 1 || cfg.Sources[0].URLs[0] != site+"/reviews/kettle" || cfg.Sources[0].Brand != "Brons" || cfg.Contact != "me@brons.example" {
		t.Errorf("%+v", cfg)
	}
	if st, err := os.Stat("klank.yaml"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file can be read by others: %v, %v", st.Mode(), err)
	}
}

func TestADraftIsValidWhateverItsAnswersAre(t *testing.T) {
	nasty := "a\": [b], #c 'd' {e} &f *g !h %i @j\\k\u2028é"
	for _, lang := range []string{"nl", "en"} {
		a := web.Answers{Brand: nasty, Aliases: []string{nasty + "1", "- x"}, Rivals: []string{"~", "null", "yes: no"}, Contact: "me@x.example", Every: web.Rhythms[1], Language: lang,
			Places: []web.Place{
				{URL: "https://a.example/reviews", Kind: web.PlacePage, Own: true}, {URL: "https://a.example/forum?x=%22%0A", Kind: web.PlaceReviews, Own: true},
				{URL: "https://a.example/other", Kind: web.PlaceReviews}, {URL: "https://b.example/sitemap.xml", Kind: web.PlaceSitemap},
				{URL: "https://a.example/feed.xml", Kind: web.PlaceFeed, Type: "feed"}, {URL: "https://a.example/feed2.xml", Kind: web.PlaceFeed, Type: "feed"},
				{URL: "https://nl.trustpilot.com/review/x\nbrands: []", Kind: web.PlacePlatform, Type: "trustpilot", Platform: "Trustpilot", May: web.MayKey},
				{URL: "http://[::1]:8080/", Kind: web.PlaceSite},
			}}
		text, err := draft("klank.yaml", a)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		cfg, err := configs.Parse("klank.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Brands[0].Name != nasty || cfg.Brands[0].Aliases[0] != nasty+"1" || len(cfg.Brands) != 4 || !cfg.Brands[3].Rival || cfg.Brands[3].Name != "yes: no" {
			t.Errorf("%+v", cfg.Brands)
		}
		var names []string
		for _, s := range cfg.Sources {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != "a.example a.example-2 b.example feed-a.example feed-a.example-2"+" "+names[len(names)-1] && len(names) != 6 {
			t.Errorf("sources %s", got)
		}
		if !strings.Contains(text, "#   key_env: TRUSTPILOT_KEY") {
			t.Errorf("the example for a key is missing:\n%s", text)
		}
	}
	_, err := draft("klank.yaml", web.Answers{Brand: "x", Contact: "me@x.example", Every: web.Rhythms[0],
		Places: []web.Place{{URL: "https://www.reddit.com/r/x", Kind: web.PlacePlatform, Type: "reddit", May: web.MayKey}}})
	if err == nil || !strings.Contains(err.Error(), "waits for a key") {
		t.Errorf("nothing to collect: %v", err)
	}
}

// FuzzADraftIsReadBackAsItWasAnswered: whatever names and addresses are, the
// configuration holds them and nothing else, or is refused.
func FuzzADraftIsReadBackAsItWasAnswered(f *testing.F) {
	f.Add("Lumo", "lumo.nl", "Brevo", "https://lumo.example/reviews", "https://www.reddit.com/r/lumo")
	f.Add("a: b", "- c", "#d", "https://x.example/a?b=\"c\"", "https://nl.trustpilot.com/review/x\n  - name: y")
	f.Fuzz(func(t *testing.T, brand, alias, rival, place, other string) {
		a := web.Answers{Brand: brand, Aliases: []string{alias}, Rivals: []string{rival}, Contact: "me@x.example", Every: web.Rhythms[0],
			Places: []web.Place{{URL: place, Kind: web.PlacePage, Own: true}, {URL: "https://ok.example/", Kind: web.PlaceSite}}}
		if p, ok := platformOf(other); ok {
			a.Places = append(a.Places, p)
		}
		text, err := draft("klank.yaml", a)
		if err != nil || !utf8.ValidString(brand+alias+rival+place) {
			return
		}
		cfg, err := configs.Parse("klank.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(cfg.Brands) != 2 || cfg.Brands[0].Name != brand || cfg.Brands[0].Aliases[0] != alias || cfg.Brands[1].Name != rival || !cfg.Brands[1].Rival {
			t.Errorf("brands %+v of\n%s", cfg.Brands, text)
		}
		if !slices.Contains(cfg.Sources[0].URLs, place) || cfg.Contact != a.Contact || len(cfg.Sources) > 3 {
			t.Errorf("sources %+v of\n%s", cfg.Sources, text)
		}
	})
}

func TestPlatformsAreKnownByTheirHosts(t *testing.T) {
	for raw, want := range map[string]string{
		"https://nl.trustpilot.com/review/x.example":     "Trustpilot key",
		"https://www.trustpilot.com/about":               " ",
		"https://eviltrustpilot.com/review/x":            " ",
		"https://www.youtube.com/@x":                     "YouTube key",
		"https://store.steampowered.com/app/440/Team/":   "Steam  https://store.steampowered.com/appreviews/440?",
		"https://bsky.app/profile/x.example":             "Bluesky  https://public.api.bsky.app/xrpc/",
		"https://x.com/y":                                "X never",
		"https://www.google.com/maps/place/x":            "Google Maps key",
		"https://www.google.com/search?q=x":              " ",
		"https://www.reddit.com/r/x/comments/1":          "Reddit key",
		"https://shop.example/review/x?trustpilot.com/x": " ",
	} {
		p, _ := platformOf(raw)
		got := p.Platform + " " + string(p.May)
		if p.Platform != "" && p.May == "" {
			got += " " + p.URL
		}
		if !strings.HasPrefix(got, want) || want == " " && got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
		if p.May == web.MayKey && exampleURL(p.Type) == "" {
			t.Errorf("%s: no example of its API", p.Platform)
		}
	}
	for _, p := range platforms {
		if p.kind == "" {
			continue
		}
		if s := (&configs.Source{Type: p.kind}); !s.IsAPI() {
			t.Errorf("%s: %s is no type of source", p.name, p.kind)
		}
	}
}

func TestPlacesAreWhatCustomersSpeakOn(t *testing.T) {
	page := &mention.Page{URL: "https://brons.example/", ContentType: "text/html", Body: []byte(`<a href="/reviews">a</a><a href="/preview/x">b</a><a href="/klant/beoordelingen?p=1">c</a>
		<a href="/veelgestelde-vragen/">d</a><a href="/reviews-nofollow/reviews" rel="nofollow">e</a><a href="https://other.example/reviews">f</a>`)}
	res, err := parsers.New().Parse(page, parsers.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pagePlaces(page, &res) {
		got = append(got, fmt.Sprintf("%s %s %v", p.Kind, strings.TrimPrefix(p.URL, "https://brons.example"), p.Chosen))
	}
	want := "reviews /reviews true, reviews /klant/beoordelingen?p=1 true, reviews /veelgestelde-vragen/ true, site / false"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestAFileThatIsThereIsNeverOverwritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "klank.yaml")
	if err := writeNew(file, "mine: 1\n"); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(file, "yours: 2\n"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second file: %v", err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "mine: 1\n" {
		t.Errorf("%q, %v", b, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}
