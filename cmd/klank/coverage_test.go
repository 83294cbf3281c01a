package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"klank/crawler"
	"klank/index/sqlite"
	"klank/mention"
)

// TestAProcessThatJoinsARunKeepsWhatTheOtherFound has two processes end the
// same run, of which one saw all the pages.
func TestAProcessThatJoinsARunKeepsWhatTheOtherFound(t *testing.T) {
	ctx := t.Context()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	var ledgers []*coverageLedger
	for range 2 {
		l, err := newCoverageLedger(ctx, ix, []*crawler.Source{{Source: mention.Source{Name: "shop"}}})
		if err != nil {
			t.Fatal(err)
		}
		ledgers = append(ledgers, l)
	}
	reviews := 12
	if err := ledgers[0].declare(ctx, "shop", []mention.Item{{ItemRef: mention.ItemRef{Name: "Kettle"}, ReviewCount: &reviews}}, 1); err != nil {
		t.Fatal(err)
	}
	run := mention.Run{ID: "r1", Source: "shop", Status: "done"}
	for _, l := range ledgers {
		cov, err := l.coverage(ctx, &crawler.SourceReport{Run: run})
		if err != nil {
			t.Fatal(err)
		}
		if err := ix.PutRun(ctx, run, cov); err != nil {
			t.Fatal(err)
		}
	}
	cov, err := ix.Coverage(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(cov) != 2 {
		t.Fatalf("coverage of %d lines, want the item's and the total: %+v", len(cov), cov)
	}
	for _, c := range cov {
		if c.Declared == nil || *c.Declared != 12 || c.Item == "" && c.Blocked != 1 {
			t.Errorf("lost what the first process found: %+v", c)
		}
	}
}

func TestCoverageListsWhatFallsShortAndCountsTheRest(t *testing.T) {
	ten := 10
	cov := []mention.Coverage{{Source: "shop", Declared: &ten, Collected: 9, Blocked: 1}} // of the whole source
	for i := range 400 {
		cov = append(cov, mention.Coverage{Source: "shop", Item: fmt.Sprint("Kettle ", i), Declared: &ten, Collected: 10})
	}
	cov[100].Collected = 9
	cov[101].Reason = "the list repeats itself"
	cov[102].Declared = nil
	var out bytes.Buffer
	printCoverage(&printer{w: &out}, cov)
	if strings.Count(out.String(), "\n") != 2+4+1 {
		t.Errorf("it prints\n%s", out.String())
	}
	for _, want := range []string{"(all)", "Kettle 99 ", "Kettle 100 ", "the list repeats itself", "Kettle 101 ", "397 items complete"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for i := range cov {
		cov[i].Collected = 5
	}
	out.Reset()
	printCoverage(&printer{w: &out}, cov)
	if !strings.Contains(out.String(), "and 380 more items that fall short") || strings.Contains(out.String(), "complete") {
		t.Errorf("it prints\n%s", out.String())
	}
}
