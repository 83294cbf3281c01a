package crawler_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/frontier"
	"klank/mention"
)

func TestEveryPageIsFetchedAndHandledOnce(t *testing.T) {
	b := newBench(t, shop())
	r := b.one(b.source(), crawler.StatusDone)
	b.wantHandled(shopPages...)
	b.wantAsked(shopPages...)
	if r.Pages != 8 || r.New != 8 || r.Left != 0 || r.Dead != 0 || r.Bytes == 0 || r.Resumed || r.Capped || r.Reason != "" {
		t.Errorf("report %+v", r)
	}
	if r.Run.Pages != 8 || r.Run.Bytes != r.Bytes || r.Run.Ended.IsZero() || r.Run.Source != "shop" {
		t.Errorf("run %+v", r.Run)
	}
	first, last := b.events[0], b.events[len(b.events)-1]
	if first.Kind != crawler.EventBegin || first.Known != 1 || first.Left != 1 {
		t.Errorf("first event %+v", first)
	}
	if last.Kind != crawler.EventEnd || last.Known != 8 || last.Left != 0 || last.Report == nil {
		t.Errorf("last event %+v", last)
	}
	if e := b.events[len(b.events)-2]; e.Kind != crawler.EventPage || e.Known != 8 || e.Left != 0 || e.Status != 200 || e.New != 1 || e.URL == "" || e.Source != "shop" {
		t.Errorf("last page's event %+v", e)
	}
	if b.site.most > 1 {
		t.Errorf("%d requests to one host at a time", b.site.most)
	}
}

func TestSecondRunAsksConditionally(t *testing.T) {
	b := newBench(t, shop())
	first := b.one(b.source(), crawler.StatusDone)
	b.handler.handled()
	b.site.requests()
	p := b.site.pages["/p/2"]
	p.links = append(p.links, "item /p/5")
	b.site.set("/p/2", p)
	b.site.set("/p/5", page{})
	r := b.one(b.source(), crawler.StatusDone)
	if r.NotModified != 7 || r.Pages != 2 || r.Run.ID == first.Run.ID || r.Run.Pages != 9 {
		t.Errorf("second run %+v", r)
	}
	b.wantHandled("/p/2", "/p/5")
	b.wantAsked(append([]string{"/p/5"}, shopPages...)...)
}

func TestValidatorsCountForOneIndexAndOneScopeOnly(t *testing.T) {
	for name, change := range map[string]func(*bench, *crawler.Source){
		"another index": func(b *bench, _ *crawler.Source) { b.config.Generation = "g2" },
		"no index":      func(b *bench, _ *crawler.Source) { b.config.Generation = "" },
		"another scope": func(_ *bench, s *crawler.Source) { s.Scope.MaxDepth = 9 },
		"lost snapshots": func(b *bench, _ *crawler.Source) {
			names, _ := filepath.Glob(filepath.Join(b.dir, "snapshots", "*"))
			for _, n := range names {
				os.Remove(n)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, shop())
			b.one(b.source(), crawler.StatusDone)
			b.handler.handled()
			src := b.source()
			change(b, src)
			if r := b.one(src, crawler.StatusDone); r.NotModified != 0 || r.Pages != 8 {
				t.Errorf("report %+v", r)
			}
			b.wantHandled(shopPages...)
		})
	}
}

func TestUnchangedBodyWithoutValidatorsIsNotHandledAgain(t *testing.T) {
	b := newBench(t, map[string]page{"/": {noETag: true, links: []string{"item /p"}}, "/p": {noETag: true}})
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/", "/p")
	b.site.set("/p", page{noETag: true, links: []string{"page /"}})
	r := b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/p")
	if r.NotModified != 1 || r.Pages != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestScopeBoundsWhatIsFollowed(t *testing.T) {
	pages := map[string]page{
		"/":     {links: []string{"item /p/1", "page /cart", "page /style.css", "page /p/photo.jpg?w=3", "page http://other.example/", "nofollow /p/2", "page /q", "page /p/" + strings.Repeat("x", 2100)}},
		"/p/1":  {links: []string{"next /p/1?page=2", "page /p/deep"}},
		"/cart": {}, "/p/2": {}, "/q": {}, "/p/1?page=2": {links: []string{"next /p/1?page=3"}}, "/p/1?page=3": {},
		"/p/deep": {links: []string{"item /p/deeper"}}, "/p/deeper": {},
	}
	b := newBench(t, pages)
	src := b.source()
	src.Scope = crawler.Scope{Allow: []*regexp.Regexp{regexp.MustCompile(`/p/|/cart`)}, Deny: []*regexp.Regexp{regexp.MustCompile(`/cart`)}, MaxDepth: 2}
	b.one(src, crawler.StatusDone)
	b.wantAsked("/", "/p/1", "/p/1?page=2", "/p/1?page=3", "/p/deep")

	// What was known from a wider scope is not asked for any more.
	src.Scope = crawler.Scope{Deny: []*regexp.Regexp{regexp.MustCompile(`/p/`)}}
	r := b.one(src, crawler.StatusDone)
	b.wantAsked("/", "/cart", "/q")
	if r.Dead != 0 || r.Left != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestAPageThatNamesAnotherAsCanonicalIsReadOnceAndFollowed(t *testing.T) {
	b := newBench(t, map[string]page{"/": {links: []string{"item /p?color=red"}}, "/p?color=red": {}, "/p": {}})
	b.handler.respond = func(p *mention.Page) (o crawler.Outcome, err error) {
		if strings.Contains(p.URL, "color") {
			o.Canonical = b.site.URL + "/p"
		}
		return o, nil
	}
	b.one(b.source(), crawler.StatusDone)
	b.wantAsked("/", "/p", "/p?color=red")
	if r := b.one(b.source(), crawler.StatusDone); !r.Deep {
		t.Errorf("what is known under another name is missed: %+v", r)
	}
	b.wantAsked("/", "/p")
	deep := b.source()
	deep.Deep = true
	b.one(deep, crawler.StatusDone)
	b.wantAsked("/", "/p", "/p?color=red")
}

func TestNoFollowPageIsHandledButNotFollowed(t *testing.T) {
	b := newBench(t, map[string]page{
		"/":  {links: []string{"page /a", "page /b"}},
		"/a": {links: []string{"page /c"}, header: map[string]string{"X-Robots-Tag": "nofollow"}},
		"/b": {links: []string{"page /d"}}, "/c": {}, "/d": {},
	})
	b.handler.respond = func(p *mention.Page) (o crawler.Outcome, _ error) {
		o.Directives.NoFollow = strings.HasSuffix(p.URL, "/b")
		return o, nil
	}
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/", "/a", "/b")
}

// However long the way on which a page is found first, its depth is that of
// the shortest.
func TestDepthIsThatOfTheShortestWay(t *testing.T) {
	b := newBench(t, map[string]page{
		"/":     {links: []string{"item /1", "page /late"}},
		"/1":    {links: []string{"item /2"}},
		"/2":    {links: []string{"item /3"}},
		"/3":    {links: []string{"item /far"}},
		"/late": {links: []string{"item /3"}, delay: 5 * time.Millisecond},
		"/far":  {},
	})
	src := b.source()
	src.Scope.MaxDepth = 3
	b.one(src, crawler.StatusDone)
	for _, p := range []string{"/", "/1", "/2", "/3", "/late", "/far"} {
		if n := b.site.asked[p]; n != 1 {
			t.Errorf("%s was asked for %d times", p, n)
		}
	}
}

func TestRedirectsPassTheSameRules(t *testing.T) {
	to := func(target string) page { return page{status: 302, header: map[string]string{"Location": target}} }
	pages := map[string]page{
		"/":    {links: []string{"item /old", "item /out", "item /self", "item /ping", "item /h0", "item /img", "item /denied"}},
		"/old": to("/new"), "/new": {}, "/out": to("http://other.example/x"), "/self": to("/self"),
		"/ping": to("/pong"), "/pong": to("/ping"), "/img": to("/x.png"), "/denied": to("/deny/x"), "/deny/x": {},
	}
	for i := range 12 {
		pages[fmt.Sprintf("/h%d", i)] = to(fmt.Sprintf("/h%d", i+1))
	}
	b := newBench(t, pages)
	src := b.source()
	src.Scope.Deny = []*regexp.Regexp{regexp.MustCompile(`/deny/`)}
	r := b.one(src, crawler.StatusDone)
	b.wantHandled("/", "/new")
	dead := b.dead()
	for path, want := range map[string]string{
		"/out": "redirect leaves the source: http://other.example/x", "/self": "itself", "/h10": "more than 10", "/img": "file", "/denied": "leaves the source",
	} {
		if !strings.Contains(dead[path], want) || !strings.HasPrefix(dead[path], "redirect: ") {
			t.Errorf("%s is dead for %q, want %q", path, dead[path], want)
		}
	}
	if len(dead) != 5 || r.Dead != 5 || r.Redirects != 13 || b.site.asked["/h11"] != 0 {
		t.Errorf("dead %v, report %+v", dead, r)
	}
}

func TestSeedMayLeadPastAllow(t *testing.T) {
	b := newBench(t, map[string]page{
		"/": {status: 301, header: map[string]string{"Location": "/nl/"}}, "/nl/": {links: []string{"item /p/1", "page /x"}}, "/p/1": {}, "/x": {},
	})
	src := b.source()
	src.Scope.Allow = []*regexp.Regexp{regexp.MustCompile(`/p/`)}
	b.one(src, crawler.StatusDone)
	b.wantHandled("/nl/", "/p/1")
}

func TestRobotsAreCountedAndAskedAgainNextTime(t *testing.T) {
	pages := shop()
	b := newBench(t, pages)
	b.site.set("/robots.txt", page{links: []string{"User-agent: *", "Disallow: /p/"}, header: map[string]string{"Content-Type": "text/plain"}})
	for range 2 {
		r := b.one(b.source(), crawler.StatusDone)
		if r.RobotsBlocked != 4 || len(r.RobotsExamples) != 4 || r.Dead != 0 || len(r.Errors) != 0 {
			t.Errorf("report %+v", r)
		}
	}
	if b.site.asked["/p/1"] != 0 {
		t.Error("asked for what robots.txt forbids")
	}
	if d := b.dead()["/p/1"]; !strings.HasPrefix(d, "robots: ") {
		t.Errorf("dead letter %q", d)
	}
}

func TestFailuresAreTriedAgainAndThenGivenUp(t *testing.T) {
	b := newBench(t, map[string]page{
		"/":      {links: []string{"item /shaky", "item /broken", "item /gone", "item /secret"}},
		"/shaky": {failures: 2}, "/broken": {status: 500}, "/secret": {status: 403},
	})
	r := b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/", "/shaky")
	if b.site.asked["/shaky"] != 3 || b.site.asked["/broken"] != 3 || b.site.asked["/gone"] != 1 || b.site.asked["/secret"] != 1 {
		t.Errorf("asked %v", b.site.asked)
	}
	if r.Dead != 3 || r.Errors["server"] != 5 || r.Errors["gone"] != 1 || r.Run.Errors != 7 || r.Run.Pages != 2 {
		t.Errorf("report %+v", r)
	}
	// The next run tries again.
	b.site.set("/broken", page{})
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/broken")
}

func TestRetryAfterPausesTheWholeHost(t *testing.T) {
	pages := map[string]page{"/": {}}
	for i := range 5 {
		p := pages["/"]
		p.links = append(p.links, fmt.Sprintf("item /%d", i))
		pages["/"] = p
		pages[fmt.Sprintf("/%d", i)] = page{}
	}
	pages["/0"] = page{status: 429, header: map[string]string{"Retry-After": "1"}}
	b := newBench(t, pages)
	var at time.Time
	b.config.Events = func(e crawler.Event) {
		if e.Kind == crawler.EventWaiting && at.IsZero() {
			at = time.Now()
			if e.Host != mention.Host(b.site.URL) || time.Until(e.Until) < 500*time.Millisecond {
				t.Errorf("event %+v", e)
			}
			b.site.requests()
			b.site.set("/0", page{})
		}
		if !at.IsZero() && e.Kind == crawler.EventPage && time.Since(at) < 900*time.Millisecond {
			if n := len(b.site.requests()); n > 0 {
				t.Errorf("%d requests within the pause", n)
			}
		}
	}
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/", "/0", "/1", "/2", "/3", "/4")
	if at.IsZero() {
		t.Error("no pause")
	}
}

func TestLongPauseLeavesTheRestForTheNextRun(t *testing.T) {
	b := newBench(t, map[string]page{"/": {links: []string{"item /0", "item /1"}}, "/0": {status: 429, header: map[string]string{"Retry-After": "3600"}}, "/1": {}})
	began := time.Now()
	r := b.one(b.source(), crawler.StatusSuspect)
	if time.Since(began) > time.Minute || r.Left != 2 || !strings.Contains(r.Reason, "2 URLs wait") {
		t.Errorf("after %v: %+v", time.Since(began), r)
	}
	// The pause outlives the run.
	if r := b.one(b.source(), crawler.StatusFailed); r.Pages+r.NotModified != 0 || r.Left != 3 {
		t.Errorf("next run %+v", r)
	}
}

func TestForbiddenSeedSaysSo(t *testing.T) {
	b := newBench(t, shop())
	b.site.set("/robots.txt", page{links: []string{"User-agent: *", "Disallow: /"}, header: map[string]string{"Content-Type": "text/plain"}})
	r := b.one(b.source(), crawler.StatusFailed)
	if r.RobotsBlocked != 1 || r.Reason != "no page could be fetched: robots.txt forbids "+b.site.URL+"/" {
		t.Errorf("report %+v", r)
	}
}

// With MaxWait below the pause, so that the test need not wait for it.
func TestUnreadableRobotsKeepTheHostAlone(t *testing.T) {
	b := newBench(t, shop())
	b.site.set("/robots.txt", page{status: 503})
	b.config.MaxWait = 10 * time.Millisecond
	r := b.one(b.source(), crawler.StatusFailed)
	if r.Left != 1 || !strings.Contains(r.Reason, "robots.txt could not be read") || len(b.site.requests()) != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestUnreachableHostFailsTheSourceSoon(t *testing.T) {
	b := newBench(t, nil)
	b.site.Close()
	r := b.one(b.source(), crawler.StatusFailed)
	if r.Dead != 1 || !strings.Contains(r.Reason, "no page could be fetched") || !strings.Contains(r.Reason, "refused") {
		t.Errorf("report %+v", r)
	}
}

func TestUnstoredPagesAreHandledByTheNextRunFromTheirSnapshots(t *testing.T) {
	b := newBench(t, shop())
	var calls atomic.Int32
	b.handler.respond = func(*mention.Page) (crawler.Outcome, error) {
		calls.Add(1)
		return crawler.Outcome{}, errors.New("the index is away")
	}
	src := b.source()
	src.Seeds = []string{b.site.URL + "/", b.site.URL + "/p/1", b.site.URL + "/p/2", b.site.URL + "/p/3", b.site.URL + "/p/4"}
	r := b.one(src, crawler.StatusFailed)
	// Three pages are tried three times, those that came along with them once.
	if n := calls.Load(); !strings.Contains(r.Reason, "3 pages in a row could not be stored: the index is away") || n < 9 || n > 11 {
		t.Errorf("after %d calls: %+v", calls.Load(), r)
	}
	if s := b.stats(); s.Fetched < 3 || s.Done != 0 {
		t.Errorf("stats %+v", s)
	}
	b.handler.respond = nil
	r = b.one(src, crawler.StatusDone)
	b.wantHandled(shopPages...)
	if r.Recovered < 3 {
		t.Errorf("report %+v", r)
	}
	for _, p := range shopPages {
		if b.site.full[p] != 1 {
			t.Errorf("%s was fetched %d times", p, b.site.full[p])
		}
	}
}

func TestPanicOnOnePageLosesNothingAndStopsNothing(t *testing.T) {
	b := newBench(t, shop())
	b.handler.respond = func(p *mention.Page) (crawler.Outcome, error) {
		if strings.HasSuffix(p.URL, "/p/3") {
			panic("a bug")
		}
		return crawler.Outcome{}, nil
	}
	r := b.one(b.source(), crawler.StatusFailed)
	b.wantHandled("/", "/?page=2", "/about", "/feed.xml", "/p/1", "/p/2", "/p/4")
	if !strings.Contains(r.Reason, "panicked on "+b.site.URL+"/p/3: a bug") || r.Left != 1 || r.Errors["handler"] != 1 {
		t.Errorf("report %+v", r)
	}
	var panicked *crawler.PanicError
	for _, e := range b.events {
		if e.Kind == crawler.EventError && errors.As(e.Err, &panicked) && len(panicked.Stack) == 0 {
			t.Error("no stack")
		}
	}
	if panicked == nil {
		t.Error("no event tells of the panic")
	}
	b.handler.respond = nil
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/p/3")
	if b.site.full["/p/3"] != 1 {
		t.Errorf("fetched %d times", b.site.full["/p/3"])
	}
}

// togetherOnly fails, or panics, whenever it is given more than one page.
type togetherOnly struct {
	*handler
	panics   bool
	together atomic.Int32
}

func (h *togetherOnly) Handle(ctx context.Context, src *crawler.Source, pages []*mention.Page) ([]crawler.Outcome, []error) {
	if len(pages) == 1 {
		return h.handler.Handle(ctx, src, pages)
	}
	h.together.Add(1)
	if h.panics {
		panic("too much at once")
	}
	return make([]crawler.Outcome, len(pages)), slices.Repeat([]error{errors.New("too much at once")}, len(pages))
}

func TestPagesThatFailTogetherAreTriedOneByOne(t *testing.T) {
	for name, panics := range map[string]bool{"errors": false, "panics": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, shop())
			h := &togetherOnly{handler: b.handler, panics: panics}
			b.config.Handler = h
			// The first page waits until others have come.
			b.handler.respond = func(p *mention.Page) (o crawler.Outcome, err error) {
				if h.together.Load() == 0 {
					time.Sleep(50 * time.Millisecond)
				}
				return o, nil
			}
			b.one(b.source(), crawler.StatusDone)
			b.wantHandled(shopPages...)
			if h.together.Load() == 0 {
				t.Error("no pages were handled together")
			}
		})
	}
}

func TestFailingPageIsTriedAgainBeforeItCounts(t *testing.T) {
	b := newBench(t, shop())
	var calls atomic.Int32
	b.handler.respond = func(*mention.Page) (o crawler.Outcome, err error) {
		if calls.Add(1) <= 2 {
			err = errors.New("busy")
		}
		return o, err
	}
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled(shopPages...)
}

func TestStopsWithinTwoSecondsAndGoesOn(t *testing.T) {
	for name, arm := range map[string]func(*bench, context.CancelFunc){
		"while it fetches": func(b *bench, stop context.CancelFunc) {
			b.site.set("/p/2", page{delay: 100 * time.Millisecond, links: []string{"page /about"}})
			b.config.Events = func(crawler.Event) {
				b.site.mu.Lock()
				defer b.site.mu.Unlock()
				if b.site.asked["/p/1"] > 0 {
					time.AfterFunc(20*time.Millisecond, stop)
				}
			}
		},
		"while it handles": func(b *bench, stop context.CancelFunc) {
			var n atomic.Int32
			b.handler.respond = func(*mention.Page) (o crawler.Outcome, err error) {
				if n.Add(1) == 3 {
					stop()
					return o, context.Canceled
				}
				return o, nil
			}
		},
		"while it waits": func(b *bench, stop context.CancelFunc) {
			b.site.set("/p/2", page{status: 429, header: map[string]string{"Retry-After": "2"}})
			b.config.Events = func(e crawler.Event) {
				if e.Kind == crawler.EventWaiting {
					b.site.set("/p/2", page{})
					stop()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, shop())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var at atomic.Int64
			arm(b, func() { at.CompareAndSwap(0, time.Now().UnixNano()); cancel() })
			r, err := b.tryRun(ctx, b.source())
			if err != nil {
				t.Fatal(err)
			}
			if late := time.Since(time.Unix(0, at.Load())); late > 2*time.Second {
				t.Errorf("stopped after %v", late)
			}
			s := r.Sources[0]
			if s.Status != crawler.StatusInterrupted || s.Left == 0 {
				t.Fatalf("report %+v", s)
			}
			if st := b.stats(); st.Leased != 0 {
				t.Errorf("stats %+v", st)
			}
			b.handler.respond = nil
			b.config.Events = nil
			again := b.one(b.source(), crawler.StatusDone)
			if !again.Resumed || again.Run.ID != s.Run.ID {
				t.Errorf("second run %+v", again)
			}
			b.wantHandled(shopPages...)
			for _, p := range shopPages {
				if b.site.full[p] > 1 && p != "/p/2" {
					t.Errorf("%s was fetched %d times", p, b.site.full[p])
				}
			}
		})
	}
}

func TestCappedRunsGoOnWhereTheyStopped(t *testing.T) {
	b := newBench(t, map[string]page{"/": {links: []string{"item /1", "item /2", "item /3", "item /4", "item /5"}}, "/1": {}, "/2": {}, "/3": {}, "/4": {}, "/5": {}})
	src := b.source()
	src.MaxPages = 3
	for i, want := range [][]string{{"/", "/1", "/2"}, {"/3", "/4"}, {"/5"}} {
		r := b.one(src, crawler.StatusDone)
		if r.Pages+r.NotModified != 3 || r.Run.Pages != 3 || !r.Capped {
			t.Errorf("run %d: %+v", i, r)
		}
		b.wantHandled(want...)
	}
	src.MaxPages = 6
	if r := b.one(src, crawler.StatusDone); r.Capped || r.Left != 0 {
		t.Errorf("a run that fits is capped: %+v", r)
	}
}

func TestWallsMakeARunSuspect(t *testing.T) {
	b := newBench(t, shop())
	b.handler.respond = func(p *mention.Page) (o crawler.Outcome, _ error) {
		if strings.Contains(p.URL, "/p/") {
			o.Blocked = "captcha"
		}
		return o, nil
	}
	r := b.one(b.source(), crawler.StatusSuspect)
	if r.Walls != 4 || !strings.Contains(r.Reason, "4 of 8") {
		t.Errorf("report %+v", r)
	}
	if d := b.dead()["/p/1"]; d != "wall: a wall instead of content: captcha" {
		t.Errorf("dead letter %q", d)
	}
	// A wall is asked for again in full.
	b.handler.respond = nil
	b.handler.handled()
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/p/1", "/p/2", "/p/3", "/p/4")
}

func TestWithoutSnapshotsTheCrawlIsTheSame(t *testing.T) {
	b := newBench(t, shop())
	b.config.Snapshots, b.config.Generation = nil, ""
	for range 2 {
		if r := b.one(b.source(), crawler.StatusDone); r.Pages != 8 || r.Run.Pages != 8 {
			t.Errorf("report %+v", r)
		}
		b.wantHandled(shopPages...)
	}
	b.handler.respond = func(*mention.Page) (o crawler.Outcome, err error) { return o, errors.New("away") }
	b.one(b.source(), crawler.StatusFailed)
}

// brokenStore fails as a full disk does.
type brokenStore struct{ crawler.Snapshots }

func (brokenStore) PutAll(context.Context, []*mention.Page) ([]string, error) {
	return nil, errors.New("snapshot: no space left on device")
}

func TestFullDiskStopsTheRunAndLosesNothing(t *testing.T) {
	b := newBench(t, shop())
	whole := b.config.Snapshots
	b.config.Snapshots = brokenStore{whole}
	r, err := b.tryRun(t.Context(), b.source())
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatal(err)
	}
	if s := r.Sources[0]; s.Status != crawler.StatusInterrupted || !strings.Contains(s.Reason, "no space left") {
		t.Errorf("report %+v", s)
	}
	b.wantHandled()
	b.config.Snapshots = whole
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled(shopPages...)
}

func TestManyHostsAreWorkedOnAtOnceEachByOneWorker(t *testing.T) {
	var sources []*crawler.Source
	b := newBench(t, shop())
	sites := []*site{b.site}
	sources = append(sources, b.source())
	for i := range 7 {
		pages := shop()
		for path, p := range pages {
			p.delay = 2 * time.Millisecond
			pages[path] = p
		}
		s := newSite(t, pages)
		sites = append(sites, s)
		sources = append(sources, &crawler.Source{Source: mention.Source{Name: fmt.Sprint("shop", i)}, Seeds: []string{s.URL + "/"}})
	}
	b.config.Workers = 3
	// Two sources on one host.
	sources = append(sources, &crawler.Source{Source: mention.Source{Name: "twin"}, Seeds: []string{b.site.URL + "/p/1"}})
	for _, r := range b.run(sources...).Sources {
		if r.Status != crawler.StatusDone || r.Pages != 8 {
			t.Errorf("%s: %+v", r.Run.Source, r)
		}
	}
	for i, s := range sites {
		if s.most > 1 {
			t.Errorf("site %d: %d requests at a time", i, s.most)
		}
	}
}

func TestTwoProcessesShareARun(t *testing.T) {
	b := newBench(t, bigShop())
	b.config.Workers = 1
	twin := newSite(t, bigShop())
	src := b.source()
	src.Seeds = append(src.Seeds, twin.URL+"/")
	second, err := frontier.OpenSQLite(filepath.Join(b.dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	other := b.config
	worked := make(chan struct{})
	var once sync.Once
	other.Frontier = second
	other.Events = func(e crawler.Event) {
		if e.Kind == crawler.EventPage {
			once.Do(func() { close(worked) })
		}
	}
	e, err := crawler.New(other)
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	b.config.Events = func(e crawler.Event) {
		switch e.Kind {
		case crawler.EventBegin:
			close(began)
		case crawler.EventPage: // until then the first keeps one of the two hosts
			select {
			case <-worked:
			case <-time.After(20 * time.Second):
			}
		}
	}
	done := make(chan crawler.Report, 1)
	go func() {
		<-began
		r, err := e.Run(context.Background(), []*crawler.Source{src})
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	first := b.one(src, crawler.StatusDone)
	r := (<-done).Sources[0]
	if r.Status != crawler.StatusDone || r.Run.ID != first.Run.ID || r.Run.Pages != 176 || first.Pages+r.Pages != 176 {
		t.Errorf("first %+v\nsecond %+v", first, r)
	}
	for _, s := range []*site{b.site, twin} {
		if s.most > 1 {
			t.Errorf("%d requests at a time", s.most)
		}
		for path, n := range s.full {
			if n != 1 {
				t.Errorf("%s was fetched %d times", path, n)
			}
		}
	}
	if first.Pages == 0 || r.Pages == 0 {
		t.Errorf("one did everything: %d and %d pages", first.Pages, r.Pages)
	}
}

func TestBadSourcesAreRefused(t *testing.T) {
	b := newBench(t, shop())
	for name, sources := range map[string][]*crawler.Source{
		"name":     {{Seeds: []string{"http://x.example/"}}},
		"seed":     {{Source: mention.Source{Name: "a"}}},
		"not a UR": {{Source: mention.Source{Name: "a"}, Seeds: []string{"x"}}},
		"two":      {b.source(), b.source()},
	} {
		if _, err := b.tryRun(t.Context(), sources...); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := crawler.New(crawler.Config{}); err == nil {
		t.Error("an empty configuration passes")
	}
}

// A worker that was paused (a laptop's lid, a stopped process) comes back
// after another has taken its host: what it still writes is refused.
func TestPausedWorkersLateWritesAreRefused(t *testing.T) {
	b := newBench(t, shop())
	b.config.LeaseTTL = time.Hour
	paused := make(chan struct{})
	var once atomic.Bool
	b.handler.respond = func(p *mention.Page) (o crawler.Outcome, err error) {
		if strings.HasSuffix(p.URL, "/p/1") && once.CompareAndSwap(false, true) {
			<-paused
		}
		return o, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type answer struct {
		crawler.Report
		error
	}
	answers := make(chan answer)
	go func() {
		r, err := b.tryRun(ctx, b.source())
		answers <- answer{r, err}
	}()
	for !once.Load() {
		time.Sleep(time.Millisecond)
	}
	// As if the lease had expired: another process takes the host.
	second, err := frontier.OpenSQLite(filepath.Join(b.dir, "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	var l *frontier.Lease
	for tries := 0; l == nil; tries++ { // the worker may still claim, which makes its lease last
		expire(t, filepath.Join(b.dir, "frontier.db"))
		if l, err = second.Lease(t.Context(), []string{"shop"}, time.Hour); err != nil || tries > 1000 {
			t.Fatal(l, err)
		}
	}
	before := b.stats()
	close(paused)
	time.Sleep(50 * time.Millisecond) // the late worker tries to write
	if after := b.stats(); after.Done != before.Done {
		t.Errorf("the late worker wrote: %+v, before %+v", after, before)
	}
	if err := second.Release(t.Context(), l, time.Time{}); err != nil {
		t.Fatal(err)
	}
	a := <-answers
	if a.error != nil || a.Sources[0].Status != crawler.StatusDone {
		t.Fatalf("%+v, %v", a.Report, a.error)
	}
	if s := b.stats(); s.Done != 8 {
		t.Errorf("stats %+v", s)
	}
	for _, p := range shopPages {
		if b.site.full[p] > 2 {
			t.Errorf("%s was fetched %d times", p, b.site.full[p])
		}
	}
}
