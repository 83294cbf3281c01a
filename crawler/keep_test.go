package crawler_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/crawler"
	"klank/crawler/snapshot"
	"klank/mention"
)

func savedPages(t *testing.T, s *snapshot.Store) (urls []string) {
	t.Helper()
	err := s.Walk(t.Context(), func(h snapshot.Head) error { urls = append(urls, h.URL); return nil }, func(snapshot.Damage) {})
	if err != nil {
		t.Fatal(err)
	}
	return urls
}

func TestSourceWhosePagesMayNotBeKeptLeavesNone(t *testing.T) {
	b := newBench(t, shop())
	src := b.source()
	src.KeepNoPages = true
	b.handler.respond = func(*mention.Page) (o crawler.Outcome, err error) { return o, errors.New("away") }
	b.one(src, crawler.StatusFailed) // what is fetched and not handled is fetched again
	b.handler.respond = nil
	for range 2 {
		b.one(src, crawler.StatusDone)
		b.wantHandled(shopPages...)
	}
	for _, p := range shopPages {
		if b.site.full[p] < 2 {
			t.Errorf("%s was fetched %d times", p, b.site.full[p])
		}
	}
	if saved := savedPages(t, b.store); len(saved) > 0 {
		t.Errorf("saved are %v", saved)
	}
	other := b.source()
	other.Name = "other"
	r := b.run(other)
	if saved := savedPages(t, b.store); len(saved) != len(shopPages) || r.Sources[0].Status != crawler.StatusDone {
		t.Errorf("of another source %v are saved: %+v", saved, r)
	}
}

func TestAfreshPagesAreAskedForInFull(t *testing.T) {
	b := newBench(t, shop())
	src := b.source()
	src.Afresh = true
	for run := range 3 { // in the third they would be left out, as they seldom change
		if run == 1 {
			time.Sleep(400 * time.Millisecond)
		}
		b.one(src, crawler.StatusDone)
		b.wantHandled(shopPages...)
	}
	if b.site.full["/p/1"] != 3 {
		t.Errorf("a page was answered in full %d times, want 3", b.site.full["/p/1"])
	}
}

// mourner is a handler that is told of pages that are gone.
type mourner struct {
	*handler
	gone []string
	err  error
}

func (m *mourner) Gone(_ context.Context, src *crawler.Source, urls []string) error {
	if src.Run == "" {
		return errors.New("the source has no run")
	}
	for _, u := range urls {
		m.gone = append(m.gone, strings.TrimPrefix(u, m.base))
	}
	return m.err
}

func TestTheHandlerIsToldOfPagesThatAreGone(t *testing.T) {
	pages := shop()
	pages["/"] = page{links: append(pages["/"].links, "page /never")}
	b := newBench(t, pages)
	m := &mourner{handler: b.handler, err: errors.New("the index is away")}
	b.config.Handler = m
	b.one(b.source(), crawler.StatusDone)
	if len(m.gone) > 0 {
		t.Errorf("told of %v, which was never there", m.gone)
	}
	b.site.set("/p/1", page{status: 404})
	b.site.set("/p/2", page{status: 410})
	b.site.set("/p/3", page{status: 403})
	r := b.one(b.source(), crawler.StatusFailed)
	if !strings.Contains(r.Reason, "the index is away") {
		t.Errorf("the reason is %q", r.Reason)
	}
	if d := b.dead(); d["/p/1"] != "" {
		t.Errorf("given up before note was taken of it: %v", d)
	}
	m.gone, m.err = nil, nil
	b.one(b.source(), crawler.StatusDone)
	if slices.Sort(m.gone); !slices.Equal(m.gone, []string{"/p/1", "/p/2"}) {
		t.Errorf("told of %v", m.gone)
	}
	if d := b.dead(); !strings.HasPrefix(d["/p/1"], "gone") {
		t.Errorf("dead are %v", d)
	}
}
