package crawler_test

import (
	"fmt"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/frontier"
)

// pausedAt has a run of a slow site be paused when so many pages were asked for.
func pausedAt(t *testing.T, pages int) (b *bench, r crawler.SourceReport, took time.Duration) {
	slow := map[string]page{"/": {}}
	for i := range 30 {
		slow["/"] = page{links: append(slow["/"].links, fmt.Sprintf("page /p/%d", i))}
		slow[fmt.Sprintf("/p/%d", i)] = page{delay: 200 * time.Millisecond}
	}
	b = newBench(t, slow)
	var paused time.Time
	b.config.Events = func(e crawler.Event) {
		if pages--; e.Kind == crawler.EventPage && pages == 0 {
			if _, err := b.config.Frontier.SetPaused(t.Context(), "shop", true, "the site moves house"); err != nil {
				t.Error(err)
			}
			paused = time.Now()
		}
	}
	r = b.run(b.source()).Sources[0]
	return b, r, time.Since(paused)
}

func TestAPausedSourceIsLeftWithinSecondsAndGoesOnLater(t *testing.T) {
	b, r, took := pausedAt(t, 4)
	if r.Status != crawler.StatusInterrupted || r.Reason != "paused: the site moves house" || r.Deep || r.Left == 0 {
		t.Errorf("paused: %+v", r)
	}
	if took > 5*time.Second {
		t.Errorf("stopped after %v", took)
	}
	asked := len(b.site.requests())
	if r = b.run(b.source()).Sources[0]; r.Status != crawler.StatusInterrupted || len(b.site.requests()) > 0 {
		t.Errorf("still paused: %+v", r)
	}
	if _, err := b.config.Frontier.SetPaused(t.Context(), "shop", false, ""); err != nil {
		t.Fatal(err)
	}
	r = b.one(b.source(), crawler.StatusDone)
	if more := len(b.site.requests()); asked+more > 32 || asked+more < 31 || !r.Resumed || !r.Deep { // the one under way is asked for again
		t.Errorf("asked %d times, then %d times: %+v", asked, more, r)
	}
	if n := len(b.handler.handled()); n != 31 {
		t.Errorf("handled %d pages, want 31", n)
	}
}

func TestARunThatAnotherProcessIsAtIsJoined(t *testing.T) {
	b := newBench(t, shop())
	f := b.config.Frontier
	run, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add(t.Context(), run, []frontier.Link{{URL: "https://other.example/"}}); err != nil {
		t.Fatal(err)
	}
	l, err := f.Lease(t.Context(), []string{"shop"}, time.Minute)
	if err != nil || l == nil {
		t.Fatal(l, err)
	}
	joined := 0
	b.config.Events = func(e crawler.Event) {
		if e.Kind == crawler.EventBegin && e.Resumed && e.Joined {
			joined++
			if err := f.Release(t.Context(), l, time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}
	}
	b.run(b.source())
	if joined != 1 {
		t.Error("not joined")
	}
	again := b.run(b.source())
	if joined != 1 {
		t.Errorf("joined a run that nobody is at: %+v", again)
	}
}
