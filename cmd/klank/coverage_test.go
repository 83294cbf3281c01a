package main

import (
	"path/filepath"
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
