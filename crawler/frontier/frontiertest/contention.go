package frontiertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"klank/crawler/frontier"
	"klank/mention"
)

// crosswise has three handles with two workers each crawl hosts whose pages
// all link to pages of every other host, each worker in another order and
// from another depth: every page is found by many at once, on hosts that are
// being released, and is to be handled exactly once.
func crosswise(f *fixture) {
	const hosts, pages, handles, workers = 6, 10, 3, 6
	page := func(h, p int) string { return fmt.Sprintf("https://h%d.example/%d", h%hosts, p) }
	var seeds []string
	for h := range hosts {
		seeds = append(seeds, page(h, 0))
	}
	f.begin("shop", seeds...)
	all := []frontier.Frontier{f.Frontier}
	for len(all) < handles {
		all = append(all, f.handle())
	}
	c := crowd{fixture: f, seen: map[string]int{}, holders: map[string]string{}}
	linksOf := func(worker int, u frontier.URL) (out []frontier.Link) {
		var h, p int
		if _, err := fmt.Sscanf(u.URL, "https://h%d.example/%d", &h, &p); err != nil {
			f.Error(err)
		}
		for i := range 2 * hosts { // the next two pages of each host, onwards or backwards
			l := frontier.Link{URL: page(worker+i*(1+worker%2*(hosts-2)), p+1+i/hosts), Priority: frontier.Priority(1 + (worker+i)%4), Depth: u.Depth + 1 + worker%3}
			if p+1+i/hosts < pages {
				out = append(out, l)
			}
		}
		return out
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			c.work(all[w%handles], fmt.Sprint("worker ", w), func(u frontier.URL) []frontier.Link { return linksOf(w, u) })
		})
	}
	wg.Wait()
	if len(c.seen) != hosts*pages {
		f.Errorf("%d pages were handled, want %d", len(c.seen), hosts*pages)
	}
	for u, n := range c.seen {
		if n != 1 {
			f.Errorf("%s was handled %d times", u, n)
		}
	}
	f.counts(frontier.SourceStats{Source: "shop", Done: hosts * pages})
}

// handover has each page link to the next one only, on the other host, whose
// lease is being released at about that time: a link that is added while its
// host's worker finds nothing more to do must not be forgotten.
func handover(f *fixture) {
	const pages, workers = 150, 4
	page := func(p int) string { return fmt.Sprintf("https://h%d.example/%d", p%2, p) }
	f.begin("shop", page(0))
	c := crowd{fixture: f, seen: map[string]int{}, holders: map[string]string{}}
	all := []frontier.Frontier{f.Frontier, f.handle()}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			c.work(all[w%2], fmt.Sprint("worker ", w), func(u frontier.URL) []frontier.Link {
				if u.Depth+1 == pages {
					return nil
				}
				return []frontier.Link{{URL: page(u.Depth + 1), Depth: u.Depth + 1}}
			})
		})
	}
	wg.Wait()
	f.counts(frontier.SourceStats{Source: "shop", Done: pages})
}

// crowd is what the workers of a test have in common.
type crowd struct {
	*fixture
	mu      sync.Mutex
	seen    map[string]int
	holders map[string]string
}

// work leases, claims, settles and releases until nothing is left.
func (c *crowd) work(h frontier.Frontier, name string, linksOf func(frontier.URL) []frontier.Link) {
	ctx := context.Background()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		l, err := h.Lease(ctx, []string{"shop"}, ttl)
		if err != nil {
			c.Error(err)
			return
		}
		if l == nil {
			o, err := h.Outlook(ctx, []string{"shop"})
			if err != nil {
				c.Error(err)
			}
			if err != nil || len(o) == 0 {
				return
			}
			time.Sleep(time.Millisecond)
			continue
		}
		c.mu.Lock()
		if other := c.holders[l.Key]; other != "" {
			c.Errorf("%s and %s both hold %s", other, name, l.Key)
		}
		c.holders[l.Key] = name
		c.mu.Unlock()
		urls, err := h.Claim(ctx, l, 3)
		if err != nil {
			c.Error(err)
			return
		}
		var results []frontier.Result
		for _, u := range urls {
			results = append(results, done(u, linksOf(u)...))
		}
		if _, err := h.Settle(ctx, l, frontier.Tally{Pages: len(urls)}, results); err != nil {
			c.Error(err)
			return
		}
		c.mu.Lock()
		for _, u := range urls {
			c.seen[u.URL]++
		}
		delete(c.holders, l.Key)
		c.mu.Unlock()
		if err := h.Release(ctx, l, time.Time{}); err != nil {
			c.Error(err)
			return
		}
	}
	c.Errorf("%s did not come to an end", name)
}

func beginTogether(f *fixture) {
	run := f.begin("shop", host+"/a", host+"/b")
	must(f.EndRun(f.Context(), run, "done"))(f)
	runs := make([]mention.Run, 6)
	var wg sync.WaitGroup
	for i := range runs {
		h := f.handle()
		wg.Go(func() {
			var err error
			if runs[i], _, err = h.BeginRun(context.Background(), "shop", frontier.Plan{}); err != nil {
				f.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range runs {
		if r.ID == "" || r.ID != runs[0].ID || r.ID == run.ID {
			f.Errorf("run %q beside %q", r.ID, runs[0].ID)
		}
	}
	f.counts(frontier.SourceStats{Source: "shop", Pending: 2})
}

// foreign has what a server sent arrive in every text.
func foreign(f *fixture) {
	const bad = "\xff\x00\xfe"
	run := f.begin("shop", host+"/a", host+"/b")
	for _, u := range []string{host + "/" + strings.Repeat("long", 2000), host + "/" + bad} {
		if n := must(f.Add(f.Context(), run, links(0, u)))(f); n != 0 {
			f.Errorf("%.40q was added", u)
		}
	}
	l := f.lease("shop")
	u := f.claim(l, host+"/a", host+"/b")
	r := fetched(u[0])
	r.ETag, r.LastModified = bad, bad
	f.settle(l, r, frontier.Result{URL: u[1], State: frontier.Dead, Class: "gone", Message: "the server said " + bad})
	f.release(l, time.Time{})
	u = f.claim(f.lease("shop"), host+"/a")
	if u[0].ETag != "" || u[0].LastModified != "" {
		f.Errorf("validators that cannot be repeated to the letter are kept: %+v", u[0])
	}
	dead := must(f.Dead(f.Context(), frontier.Filter{}, 0))(f)
	if len(dead) != 1 || !strings.HasPrefix(dead[0].Message, "the server said ") {
		f.Errorf("dead %+v", dead)
	}
}
