package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/mention"
)

// old is the time before which pages count as old: those of putPages do. It
// is after the tests have begun their files.
var old = time.Now().Add(time.Hour)

// keeping keeps the pages at these places in locators.
func keeping(locators []string, stay ...int) func(Head) bool {
	return func(h Head) bool {
		i := slices.Index(locators, h.Locator)
		return slices.Contains(stay, i)
	}
}

func prune(t testing.TB, s *Store, keep func(Head) bool) Pruned {
	t.Helper()
	planned, err := s.Prune(context.Background(), old, keep, true)
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Prune(context.Background(), old, keep, false)
	if err != nil {
		t.Fatal(err)
	}
	if planned != done {
		t.Errorf("dry run says %+v, then %+v goes", planned, done)
	}
	return done
}

func unkept(t *testing.T, s *Store, locator string) {
	t.Helper()
	if s.Has(locator) {
		t.Errorf("Has(%s) of an erased page", locator)
	}
	if _, err := s.Get(locator); !errors.Is(err, ErrPruned) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get(%s): %v, want ErrPruned", locator, err)
	}
}

func TestPruneErasesOldPagesAndTouchesNoOther(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 8)
	fresh := testPage()
	fresh.Fetched = old
	last, err := s.Put(t.Context(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	for step, stay := range [][]int{{0, 2, 5, 6}, {2, 6}, {2}} {
		done := prune(t, s, keeping(locators, stay...))
		if want := []int{4, 2, 1}[step]; done.Pages != want || done.Files != 0 || done.Bytes < int64(want)*300 {
			t.Errorf("step %d: %+v, want %d pages", step, done, want)
		}
		for i, l := range locators {
			if !slices.Contains(stay, i) {
				unkept(t, s, l)
				continue
			}
			if p, err := s.Get(l); err != nil || p.URL != fmt.Sprintf("https://shop.example/p/%d", i) {
				t.Errorf("step %d: page %d: %v", step, i, err)
			}
		}
		heads, damages := walk(t, s)
		if len(heads) != len(stay)+1 || len(damages) != 0 {
			t.Errorf("step %d: a walk meets %d pages and %v", step, len(heads), damages)
		}
		kinds, err := records(t, warcFiles(t, dir)[0]) // as any WARC tool
		if err != nil || !strings.Contains(strings.Join(kinds, " "), "metadata") {
			t.Errorf("step %d: the file reads as %v, %v", step, kinds, err)
		}
	}
	if done := prune(t, s, keeping(locators, 2)); done != (Pruned{}) {
		t.Errorf("once more: %+v", done)
	}
	if _, err := s.Get(last); err != nil {
		t.Errorf("the fresh page: %v", err)
	}
	again, err := s.Put(t.Context(), fresh) // the file is still written to
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(again); err != nil {
		t.Error(err)
	}
}

func TestErasedBodiesAreOverwritten(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	p := testPage()
	p.Body, p.SHA256 = []byte(strings.Repeat("a person's name, ", 20_000)), ""
	big := testPage() // of several stored blocks
	big.Body, big.SHA256 = htmlOf(2<<20), ""
	var locators []string
	for _, page := range []*mention.Page{p, big, testPage()} {
		l, err := s.Put(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		locators = append(locators, l)
	}
	path := warcFiles(t, dir)[0]
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	done := prune(t, s, keeping(locators, 2))
	after, err := os.ReadFile(path)
	if err != nil || len(after) != len(before) {
		t.Fatalf("%d bytes became %d, %v", len(before), len(after), err)
	}
	_, start, _ := split(locators[0])
	_, end, _ := split(locators[2])
	same := 0
	for i := start; i < end; i++ {
		if after[i] != 0 && after[i] == before[i] {
			same++
		}
	}
	if same > 200 || done.Bytes != end-start {
		t.Errorf("%d bytes are as they were, of %d; erased %d", same, end-start, done.Bytes)
	}
	for _, l := range locators[:2] {
		unkept(t, s, l)
	}
	// any place within, as pages of any length may have begun there
	name, _, _ := strings.Cut(locators[0], ":")
	for at := start + 300; at < end-300; at += 997 {
		unkept(t, s, fmt.Sprintf("%s:%d", name, at))
	}
	for at := start + erasedHead; at < end-300; at += blockHead + maxStored {
		if at > start+300 {
			unkept(t, s, fmt.Sprintf("%s:%d", name, at))
		}
	}
}

func TestHolesOfEveryLengthReadAsRecords(t *testing.T) {
	sizes := []int{minErased, minErased + 1, 1000, 65_500}
	for n := 65_530; n < 65_800; n += 7 {
		sizes = append(sizes, n)
	}
	for n := 131_000; n < 131_300; n += 11 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		path := filepath.Join(t.TempDir(), "x.warc.gz")
		if err := os.WriteFile(path, []byte(strings.Repeat("x", n)), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		h := hole{0, int64(n)}
		if h.complete(f) {
			t.Errorf("%d bytes count as erased before they are", n)
		}
		if err := erase(f, []hole{h}); err != nil {
			t.Fatal(err)
		}
		if end, ok := erasedSpan(f, 0); !ok || end != int64(n) || !h.complete(f) {
			t.Errorf("%d bytes: known to end at %d, %v, complete %v", n, end, ok, h.complete(f))
		}
		f.Close()
		if kinds, err := records(t, path); err != nil || len(kinds) != 1 {
			t.Errorf("%d bytes read as %v, %v", n, kinds, err)
		}
	}
}

func TestAFileWithoutPagesGoesOnceNobodyWritesToIt(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 3)
	if done := prune(t, s, keeping(nil)); done.Files != 0 || done.Pages != 3 {
		t.Errorf("the file that is written to: %+v", done)
	}
	s.Close()
	s = openStore(t, dir)
	name := warcFiles(t, dir)[0]
	_, rest, _ := strings.Cut(filepath.Base(name), "-")
	_, rest, _ = strings.Cut(rest, "-")
	aged := "klank-" + time.Now().Add(-settled-time.Hour).UTC().Format(nameTime) + "-" + rest
	if err := os.Rename(name, filepath.Join(dir, aged)); err != nil {
		t.Fatal(err)
	}
	_, offset, _ := strings.Cut(locators[1], ":")
	if done := prune(t, s, keeping(nil)); done.Files != 1 || done.Pages != 0 {
		t.Errorf("the file of yesterday: %+v", done)
	}
	if n := len(warcFiles(t, dir)); n != 0 {
		t.Errorf("%d files are left", n)
	}
	unkept(t, s, aged+":"+offset)
}

// A process that is killed while it erases has written some of what it was to
// write, in order. Pages that stay are never touched, and the next call ends
// what was begun.
func TestAKillWhileErasingLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 6)
	path := warcFiles(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keep := keeping(locators, 0, 3, 5)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planPrune(t.Context(), filepath.Base(path), f, old, keep)
	if err != nil || len(plan.holes) != 2 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	f.Close()
	for stage := range 4 {
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		head, _ := plan.holes[0].head(time.Now())
		if _, err := f.WriteAt(head, plan.holes[0].start); err != nil {
			t.Fatal(err)
		}
		if stage > 0 {
			head, _ := plan.holes[1].head(time.Now())
			if _, err := f.WriteAt(head, plan.holes[1].start); err != nil {
				t.Fatal(err)
			}
		}
		if stage > 1 {
			if err := zero(f, plan.holes[0].start+int64(len(head)), plan.holes[0].end-100*int64(3-stage)); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
		_, damages := walk(t, s)
		if len(damages) != 0 {
			t.Errorf("stage %d: a walk meets %v", stage, damages)
		}
		if _, err := s.Prune(t.Context(), old, keep, false); err != nil {
			t.Fatal(err)
		}
		for i, l := range locators {
			if !slices.Contains([]int{0, 3, 5}, i) {
				unkept(t, s, l)
			} else if _, err := s.Get(l); err != nil {
				t.Errorf("stage %d: page %d: %v", stage, i, err)
			}
		}
		if kinds, err := records(t, path); err != nil || strings.Join(kinds, " ") != "warcinfo response metadata response metadata response" {
			t.Errorf("stage %d: the file reads as %v, %v", stage, kinds, err)
		}
	}
}

// everyThird keeps every third of the pages of putPages.
func everyThird(h Head) bool {
	n, err := strconv.Atoi(h.URL[strings.LastIndexByte(h.URL, '/')+1:])
	return err != nil || n%3 == 0
}

// TestPruneUntilKilled is what TestKilledPrunesLoseNothing kills.
func TestPruneUntilKilled(t *testing.T) {
	dir := os.Getenv("KLANK_PRUNE_UNTIL_KILLED")
	if dir == "" {
		return // it is for the child of another test
	}
	s := openStore(t, dir)
	fmt.Println("pruning")
	if _, err := s.Prune(t.Context(), old, everyThird, false); err != nil {
		t.Fatal(err)
	}
}

func TestKilledPrunesLoseNothing(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	s.maxFile = 100_000
	locators := putPages(t, s, 300)
	for round := range 6 {
		child := exec.Command(os.Args[0], "-test.run=^TestPruneUntilKilled$")
		child.Env = append(os.Environ(), "KLANK_PRUNE_UNTIL_KILLED="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = out.Read(make([]byte, 1)) // it has begun
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		_ = child.Process.Kill()
		_ = child.Wait()
		heads, damages := walk(t, s)
		if len(damages) > 0 || len(heads) < 100 {
			t.Errorf("round %d: %d pages and %v", round, len(heads), damages)
		}
		for i := 0; i < len(locators); i += 3 {
			if _, err := s.Get(locators[i]); err != nil {
				t.Errorf("round %d: page %d: %v", round, i, err)
			}
		}
	}
	if _, err := s.Prune(t.Context(), old, everyThird, false); err != nil {
		t.Fatal(err)
	}
	for i, l := range locators {
		if i%3 != 0 {
			unkept(t, s, l)
		}
	}
	for _, path := range warcFiles(t, dir) {
		if _, err := records(t, path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestPagesAreReadAndWrittenWhileOthersAreErased(t *testing.T) {
	dir := t.TempDir()
	stores := []*Store{openStore(t, dir), openStore(t, dir), openStore(t, dir)}
	locators := putPages(t, stores[0], 60)
	kept := func(i int) bool { return i%3 == 0 }
	keep := func(h Head) bool { return kept(slices.Index(locators, h.Locator)) }
	var wg sync.WaitGroup
	for _, s := range stores[1:] {
		wg.Go(func() { // two at once
			if _, err := s.Prune(context.Background(), old, keep, false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			for i, l := range locators {
				if _, err := stores[0].Get(l); err != nil && kept(i) {
					t.Errorf("page %d: %v", i, err)
				}
			}
		}
	})
	wg.Go(func() {
		for range 50 {
			p := testPage()
			p.Fetched = old
			l, err := stores[0].Put(context.Background(), p)
			if err == nil {
				_, err = stores[0].Get(l)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for i, l := range locators {
		if _, err := stores[0].Get(l); (err == nil) != kept(i) {
			t.Errorf("page %d: %v", i, err)
		}
	}
	if heads, _ := walk(t, stores[0]); len(heads) != 70 {
		t.Errorf("%d pages are left, want 20 old and 50 fresh ones", len(heads))
	}
}

func TestAnotherFileBeginsBeforeTheOldMayGo(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	first := putPages(t, s, 2)
	s.mu.Lock()
	s.file.made = s.file.made.Add(-maxAge)
	s.mu.Unlock()
	second := putPages(t, s, 1)
	a, _, _ := split(first[1])
	b, _, _ := split(second[0])
	if a == b || len(warcFiles(t, dir)) != 2 {
		t.Errorf("a page goes into %s, begun %v ago", b, maxAge)
	}
}

func TestPruneStopsWithItsContext(t *testing.T) {
	s := openStore(t, t.TempDir())
	putPages(t, s, 3)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Prune(ctx, old, func(Head) bool { cancel(); return true }, false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzPrune holds that whatever stands in a file, pages that stay are left
// alone and the file keeps its length.
func FuzzPrune(f *testing.F) {
	dir := f.TempDir()
	s := openStore(f, dir)
	locators := putPages(f, s, 3)
	name, second, _ := split(locators[1])
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	if _, err := s.Prune(f.Context(), old, keeping(locators, 0, 2), false); err != nil {
		f.Fatal(err)
	}
	pruned, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pruned)
	f.Add(pruned[:second+100])
	f.Add(append(pruned[second:second+erasedHead:second+erasedHead], whole[second:]...))
	fuzzDir := f.TempDir()
	fuzzed := openStore(f, fuzzDir)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(fuzzDir, "klank-x.warc.gz")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		odd := func(h Head) bool { _, offset, _ := split(h.Locator); return offset%2 == 1 }
		heads, _ := walk(t, fuzzed)
		far := time.Now().AddDate(9000, 0, 0)
		if _, err := fuzzed.Prune(context.Background(), far, odd, false); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != int64(len(data)) {
			t.Fatalf("%d bytes became %v, %v", len(data), info, err)
		}
		left, _ := walk(t, fuzzed)
		for _, h := range heads {
			if odd(h) && !slices.ContainsFunc(left, func(l Head) bool { return l.Locator == h.Locator }) {
				t.Errorf("%s is gone", h.Locator)
			}
		}
	})
}
