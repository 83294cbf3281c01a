package crawler_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/fetch"
	"klank/mention"
)

// A gate that lets one body through at a time: what came of those before must
// not keep it closed, or the run would not end.
func TestBodiesInFlightAreBoundedWhateverComesOfThem(t *testing.T) {
	const hosts = 8
	b := newBench(t, map[string]page{
		"/":  {links: []string{"item /1", "item /2", "item /3", "item /gone", "item /moved"}},
		"/1": {links: []string{"x"}}, "/2": {failures: 1, links: []string{"z"}}, "/3": {noETag: true, links: []string{"y"}},
		"/moved": {status: 302, header: map[string]string{"Location": "/1"}},
	})
	var inHand, most atomic.Int32
	b.config.MaxInFlight = 1
	b.handler.respond = func(*mention.Page) (crawler.Outcome, error) {
		n := inHand.Add(1)
		defer inHand.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		return crawler.Outcome{}, nil
	}
	var sources []*crawler.Source
	for i := range hosts {
		s := newSite(t, b.site.pages)
		sources = append(sources, &crawler.Source{
			Source: mention.Source{Name: fmt.Sprint("shop ", i), Type: "site", Host: mention.Host(s.URL)}, Seeds: []string{s.URL + "/"},
		})
	}
	for run := range 2 {
		for _, r := range b.run(sources...).Sources {
			if r.Status != crawler.StatusDone || r.Pages+r.NotModified != 4 {
				t.Errorf("run %d: %+v", run, r)
			}
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d bodies in hand at once", most.Load())
	}
}

// lapsing loses the lease of every second fetch after its body is admitted.
type lapsing struct {
	*fetch.Client
	n atomic.Int32
}

func (l *lapsing) Fetch(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	res, err := l.Client.Fetch(ctx, r)
	if err == nil && l.n.Add(1)%2 == 0 {
		return nil, &fetch.Error{URL: r.URL, Class: fetch.Canceled, Err: fetch.ErrLapsed}
	}
	return res, err
}

func TestLostLeasesLeaveTheGateOpen(t *testing.T) {
	b := newBench(t, shop())
	b.config.MaxInFlight = 1
	b.config.Fetcher = &lapsing{Client: b.config.Fetcher.(*fetch.Client)}
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled(shopPages...)
}
