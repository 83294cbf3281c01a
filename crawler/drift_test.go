package crawler_test

import (
	"slices"
	"testing"

	"klank/crawler"
	"klank/mention"
)

func TestDriftTellsWhatHasFallenAway(t *testing.T) {
	before := crawler.FieldCounts{Pages: 100, Items: 100, Mentions: 1000, Author: 1000, Rating: 900, Date: 800, Text: 1000}
	for name, c := range map[string]struct {
		previous, now crawler.FieldCounts
		want          []string
	}{
		"the same":     {before, before, nil},
		"a small run":  {before, crawler.FieldCounts{Pages: 10, Items: 10, Mentions: 90, Author: 90, Rating: 70, Date: 60, Text: 90}, nil},
		"the first":    {crawler.FieldCounts{}, before, nil},
		"nothing new":  {before, crawler.FieldCounts{}, nil},
		"too little":   {before, crawler.FieldCounts{Pages: 9, Items: 9, Mentions: 30, Author: 30, Rating: 9, Date: 7, Text: 9}, nil},
		"few mentions": {before, crawler.FieldCounts{Pages: 9, Mentions: 9, Author: 9, Text: 9}, []string{"9 mentions on 9 pages, where earlier runs had 1000 on 100"}},
		"no ratings":   {before, crawler.FieldCounts{Pages: 20, Items: 20, Mentions: 200, Author: 200, Date: 160, Text: 200}, []string{"0 ratings on 200 mentions, where earlier runs had 900 on 1000"}},
		"few dates":    {before, crawler.FieldCounts{Pages: 20, Items: 20, Mentions: 200, Author: 200, Rating: 180, Date: 30, Text: 200}, []string{"30 dates on 200 mentions, where earlier runs had 800 on 1000"}},
		"no mentions":  {before, crawler.FieldCounts{Pages: 50, Items: 50}, []string{"0 mentions on 50 pages, where earlier runs had 1000 on 100"}},
		"empty pages":  {before, crawler.FieldCounts{Pages: 50}, []string{"0 items on 50 pages, where earlier runs had 100 on 100", "0 mentions on 50 pages, where earlier runs had 1000 on 100"}},
		"never rated":  {crawler.FieldCounts{Pages: 100, Mentions: 1000, Text: 1000}, crawler.FieldCounts{Pages: 100, Mentions: 1000, Text: 1000}, nil},
		"always dense": {crawler.FieldCounts{Pages: 1, Mentions: 30, Rating: 5}, crawler.FieldCounts{Pages: 1, Mentions: 30}, nil},
	} {
		if got := crawler.Drift(c.previous, c.now, c.now.Pages); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	few := crawler.FieldCounts{Pages: 20, Mentions: 12, Author: 12, Text: 12}
	if got := crawler.Drift(before, few, 21); len(got) != 1 || got[0] != "0 ratings on 12 mentions, where earlier runs had 900 on 1000" {
		t.Errorf("where most pages are as they were: %q", got)
	}
}

func TestReportSumsWhatPagesHold(t *testing.T) {
	b := newBench(t, shop())
	b.handler.respond = func(p *mention.Page) (crawler.Outcome, error) {
		return crawler.Outcome{Fields: crawler.FieldCounts{Items: 1, Mentions: 3, Author: 2, Text: 3}}, nil
	}
	r := b.one(b.source(), crawler.StatusDone)
	if want := (crawler.FieldCounts{Pages: 8, Items: 8, Mentions: 24, Author: 16, Text: 24}); r.Fields != want {
		t.Errorf("fields %+v, want %+v", r.Fields, want)
	}
	if r = b.one(b.source(), crawler.StatusDone); r.Fields != (crawler.FieldCounts{}) {
		t.Errorf("an unchanged site has %+v", r.Fields)
	}
}
