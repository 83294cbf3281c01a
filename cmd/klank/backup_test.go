package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestABackupIsADataFolderLikeTheOne(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", `<a href="/p">reviews</a>`, "/p", told(reviewsOfThree...))
	s.crawl(exitDone)
	before, _ := s.run(t.Context(), exitDone, "export")
	dir := filepath.Join(t.TempDir(), "new")
	out, _ := s.run(t.Context(), exitDone, "backup", dir)
	if strings.Count(out, ": copied") != 5 {
		t.Errorf("it says %s", out)
	}
	_, errOut := s.run(t.Context(), exitUsage, "backup", dir)
	if !strings.Contains(errOut, "is not empty") {
		t.Errorf("a second time it says %s", errOut)
	}
	s.shows("/p", told(reviewsOfThree[:1]...))
	s.crawl(exitDone, "--deep") // the original goes its way
	s.dir = dir
	if after, _ := s.run(t.Context(), exitDone, "export"); after != before || strings.Count(after, "\n") != 3 {
		t.Errorf("the backup holds %s\nwant %s", after, before)
	}
	if out, _ := s.run(t.Context(), exitDone, "replay", "--config", s.config, "--diff"); !strings.Contains(out, "3 same") {
		t.Errorf("a replay of the backup says %s", out)
	}
	s.shows("/p", told(reviewsOfThree...))
	if out := s.crawl(exitDone, "--deep"); !strings.Contains(out, "3 known") && !strings.Contains(out, "0 new") {
		t.Errorf("a crawl into the backup says %s", out)
	}
}

func TestABackupOfNothingSaysSo(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.dir = filepath.Join(s.dir, "nowhere")
	if _, errOut := s.run(t.Context(), exitFailed, "backup", t.TempDir()); !strings.Contains(errOut, "nothing in") {
		t.Errorf("it says %s", errOut)
	}
}
