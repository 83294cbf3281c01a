package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/cmd/klank/postgrestest"
)

// sharing has a live shop whose frontier and desk are in a PostgreSQL, and a
// second folder with the same saved pages, as another machine has it.
func sharing(t *testing.T) (s *liveShop, other string) {
	t.Helper()
	t.Setenv("KLANK_TEST_FRONTIER", postgrestest.URL(t))
	s = newLiveShop(t, "", "frontier: {postgres_env: KLANK_TEST_FRONTIER}\n")
	s.shows("/", `<a href="/p">reviews</a>`, "/p", told(reviewsOfThree...))
	s.crawl(exitDone)
	other = filepath.Join(t.TempDir(), "other")
	if err := os.CopyFS(other, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(other, snapshotDir, holderFile)); err != nil {
		t.Fatal(err)
	}
	return s, other
}

func TestEveryFolderOfSavedPagesCarriesAnErasureOut(t *testing.T) {
	s, other := sharing(t)
	one := s.dir
	s.dir = other
	s.crawl(exitDone) // the other machine is known from now on
	s.dir = one
	s.run(t.Context(), exitDone, "forget", "--config", s.config, "--author", "Zoë Janszoon", "--source", "shop")
	pages := filepath.Join(other, snapshotDir)
	if found := findsAnywhere(t, pages, "janszoon"); len(found) == 0 {
		t.Fatal("the other folder was never written to: the test would prove nothing")
	}
	if out, _ := s.run(t.Context(), exitDone, "status", "--config", s.config); !strings.Contains(out, pages+": 1 order since ") {
		t.Errorf("status says %s", out)
	}
	s.dir = other
	s.crawl(exitDone)
	if found := findsAnywhere(t, pages, traces...); len(found) > 0 {
		t.Errorf("left is %q", found)
	}
	if out, _ := s.run(t.Context(), exitDone, "status", "--config", s.config); strings.Contains(out, "still to be forgotten") {
		t.Errorf("after it status says %s", out)
	}
}

func TestAFolderThatIsNoMoreIsWaitedForNoLonger(t *testing.T) {
	s, other := sharing(t)
	one := s.dir
	s.dir = other
	s.crawl(exitDone)
	id, err := os.ReadFile(filepath.Join(other, snapshotDir, holderFile))
	if err != nil {
		t.Fatal(err)
	}
	s.dir = one
	s.run(t.Context(), exitDone, "forget", "--config", s.config, "--author", "Zoë Janszoon")
	if _, errOut := s.run(t.Context(), exitUsage, "forget", "--config", s.config, "--release", "nobody"); !strings.Contains(errOut, "names 0 folders") {
		t.Errorf("of nobody it says %s", errOut)
	}
	if out, _ := s.run(t.Context(), exitDone, "forget", "--config", s.config, "--release", string(id[:10])); !strings.Contains(out, "is waited for no longer") {
		t.Errorf("it says %s", out)
	}
	if out, _ := s.run(t.Context(), exitDone, "status", "--config", s.config); strings.Contains(out, "still to be forgotten") {
		t.Errorf("after it status says %s", out)
	}
}

func TestMachinesWithSecretsOfTheirOwnAreToldSo(t *testing.T) {
	s, other := sharing(t)
	if err := os.Remove(filepath.Join(other, secretFile)); err != nil {
		t.Fatal(err)
	}
	s.dir = other
	if _, errOut := s.run(t.Context(), exitFailed, "crawl", "--all", "--config", s.config); !strings.Contains(errOut, "differs from the secret of those who share") {
		t.Errorf("it says %s", errOut)
	}
}

func TestWhatAKillLeavesUndoneOfAnErasureIsDoneNextTime(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", `<a href="/p">reviews</a>`, "/p", told(reviewsOfThree...))
	s.crawl(exitDone)
	cfg, err := (&env{config: s.config, configSet: true}).loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	w, err := (&env{data: s.dir}).openWorkspace(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	er := &erasure{suppression: w.suppression(), f: &forgetFlags{author: "Zoë Janszoon"}, w: w}
	for _, step := range []func() error{func() error { return er.choose(t.Context()) }, func() error { return er.find(t.Context()) },
		func() error { return er.remember(t.Context()) }, func() error { return er.giveOrder(t.Context()) }, w.Close} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	pages := filepath.Join(s.dir, snapshotDir)
	if found := findsAnywhere(t, pages, "janszoon"); len(found) == 0 {
		t.Fatal("nothing is left undone: the test would prove nothing")
	}
	s.crawl(exitDone)
	if found := findsAnywhere(t, pages, traces...); len(found) > 0 {
		t.Errorf("left is %q", found)
	}
}
