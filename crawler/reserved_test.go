package crawler_test

import (
	"strings"
	"testing"

	"klank/crawler"
	"klank/crawler/snapshot"
)

// TestReservedPagesLeaveNothingBehind: a page that reserves text and data
// mining, in its header or its markup, is neither saved nor handled, is counted
// apart, and comes back when the reservation is lifted.
func TestReservedPagesLeaveNothingBehind(t *testing.T) {
	meta := `<meta/name="tdm-reservation"/content="1">` // without a blank it is no link
	b := newBench(t, map[string]page{
		"/":       {links: []string{"item /markup", "item /header", "item /free"}},
		"/markup": {links: []string{meta}},
		"/header": {header: map[string]string{"Tdm-Reservation": "1"}},
		"/free":   {links: []string{strings.Replace(meta, `"1"`, `"0"`, 1)}},
	})
	r := b.one(b.source(), crawler.StatusDone)
	if r.Reserved != 2 || r.Dead != 0 || len(r.Errors) != 0 || r.Run.Errors != 0 {
		t.Errorf("report %+v", r)
	}
	b.wantHandled("/", "/free")
	dead := b.dead()
	for _, path := range []string{"/markup", "/header"} {
		if !strings.HasPrefix(dead[path], "reserved: ") {
			t.Errorf("%s: dead letter %q", path, dead[path])
		}
	}
	var saved []string
	err := b.store.Walk(t.Context(), func(h snapshot.Head) error {
		saved = append(saved, strings.TrimPrefix(h.URL, b.site.URL))
		return nil
	}, func(d snapshot.Damage) { t.Error(d) })
	if err != nil || len(saved) != 2 {
		t.Errorf("saved %q, %v", saved, err)
	}

	b.site.set("/markup", page{})
	b.one(b.source(), crawler.StatusDone)
	b.wantHandled("/markup")
}

func TestASiteThatReservesEverythingIsSaidSo(t *testing.T) {
	b := newBench(t, map[string]page{"/": {header: map[string]string{"Tdm-Reservation": "1"}}})
	if r := b.one(b.source(), crawler.StatusFailed); !strings.Contains(r.Reason, "reserves text and data mining") {
		t.Errorf("report %+v", r)
	}
}
