package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestACrawlAndAReplayMarkCopiesAndSayHowMany(t *testing.T) {
	const praise = "The kettle boils a litre in two minutes, the lid closes with a firm click, and after three months the handle is as cool as on the first day."
	s := newLiveShop(t, "", "")
	s.shows("/", links("/p/1", "/p/2"), "/p/1", article("r1", praise)+article("r2", "Nice."), "/p/2", article("q1", praise))
	const marked = "marked as copies of other mentions: 1 (klank search flag:duplicate)"
	contains(t, s.crawl(exitDone), marked)
	copies := func(want int) {
		t.Helper()
		if out, _ := s.run(t.Context(), exitDone, "export", "flag:duplicate has:duplicate"); strings.Count(out, "\n") != want {
			t.Errorf("%d copies are wanted, there are\n%s", want, out)
		}
	}
	copies(1)
	if out := s.crawl(exitDone); strings.Contains(out, "copies") {
		t.Errorf("a crawl that brings nothing says\n%s", out)
	}
	for _, f := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(s.dir, indexFile+f)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	out, _ := s.replay(exitDone)
	contains(t, out, marked)
	copies(1)
	s.shows("/p/2", article("q1", "On second thoughts it is rather loud, and the beep at the end wakes the whole house at six in the morning."))
	contains(t, s.crawl(exitDone), "no copies any more: 1")
	copies(0)
}
