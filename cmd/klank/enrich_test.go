package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/index/sqlite"
	"klank/mention"
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

func TestTheServiceMarksCopiesAndStopsWhenItIsTold(t *testing.T) {
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), indexFile))
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	text := strings.Repeat("the kettle boils a litre in two minutes and its lid closes ", 3)
	for _, id := range []string{"a", "b"} {
		if _, err := ix.Put(t.Context(), []mention.Mention{{ID: id, Kind: mention.Review, Source: mention.Source{Host: id + ".example"}, Text: text}}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		keepEnriching(ctx, ix, slog.New(slog.DiscardHandler))
		close(stopped)
	}()
	for {
		m, err := ix.Get(t.Context(), "b", 0)
		if err != nil {
			t.Fatal(err)
		}
		if m.DuplicateOf == "a" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	<-stopped
}
