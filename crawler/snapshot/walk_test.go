package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// walk collects what Walk tells.
func walk(t testing.TB, s *Store) (heads []Head, damages []Damage) {
	t.Helper()
	err := s.Walk(context.Background(), func(h Head) error { heads = append(heads, h); return nil },
		func(d Damage) { damages = append(damages, d) })
	if err != nil {
		t.Fatal(err)
	}
	return heads, damages
}

// putPages saves n pages with bodies that differ, and returns their locators.
func putPages(t testing.TB, s *Store, n int) []string {
	t.Helper()
	var locators []string
	for i := range n {
		p := testPage()
		p.URL, p.Body, p.SHA256 = fmt.Sprintf("https://shop.example/p/%d", i), htmlOf(3000+i), ""
		p.Fetched = p.Fetched.Add(time.Duration(i) * time.Second)
		l, err := s.Put(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		locators = append(locators, l)
	}
	return locators
}

func TestWalkVisitsEveryPageOnceWithTheLocatorThatReadsIt(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	s.maxFile = 4000
	want := putPages(t, s, 20)
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no snapshot"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.warc.gz"), 0o700); err != nil {
		t.Fatal(err)
	}
	heads, damages := walk(t, openStore(t, dir))
	if len(damages) > 0 {
		t.Errorf("damages: %v", damages)
	}
	seen := map[string]bool{}
	for _, h := range heads {
		p, err := s.Get(h.Locator)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(Head{p.Snapshot, p.URL, p.Source, p.Fetched}, h); d != "" {
			t.Error(d)
		}
		seen[h.Locator] = true
	}
	for _, l := range want {
		if !seen[l] {
			t.Errorf("%s is not visited", l)
		}
	}
	if len(heads) != len(want) {
		t.Errorf("%d visits of %d pages", len(heads), len(want))
	}
}

func TestWalkGoesOnBehindDamage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 5)
	name, second, _ := split(locators[1])
	_, third, _ := split(locators[2])
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func([]byte){
		"a body":         func(b []byte) { b[(second+third)/2] ^= 0xff },
		"a gzip header":  func(b []byte) { b[second] = 0 },
		"all of it":      func(b []byte) { clear(b[second:third]) },
		"all but a sham": func(b []byte) { clear(b[second:third]); copy(b[second+9:], gzipMagic) },
	} {
		t.Run(what, func(t *testing.T) {
			spoiled := bytes.Clone(whole)
			spoil(spoiled)
			if err := os.WriteFile(path, spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			heads, damages := walk(t, s)
			var got []string
			for _, h := range heads {
				got = append(got, h.Locator)
			}
			if d := cmp.Diff([]string{locators[0], locators[2], locators[3], locators[4]}, got); d != "" {
				t.Error(d)
			}
			if len(damages) != 1 || damages[0].Torn || damages[0].Locator != locators[1] || damages[0].Err == nil {
				t.Errorf("damages: %+v", damages)
			}
		})
	}
}

func TestWalkTellsATornEndFromDamage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	locators := putPages(t, s, 2)
	name, second, _ := split(locators[1])
	path := filepath.Join(dir, name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{second + 1, second + 11, (second + int64(len(whole))) / 2, int64(len(whole)) - 1} {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		heads, damages := walk(t, s)
		if len(heads) != 1 || heads[0].Locator != locators[0] {
			t.Errorf("cut at %d: heads %v", size, heads)
		}
		if len(damages) != 1 || !damages[0].Torn || damages[0].Locator != locators[1] {
			t.Errorf("cut at %d: damages %+v", size, damages)
		}
	}
}

func TestWalkStopsWithItsContextAndItsFunction(t *testing.T) {
	s := openStore(t, t.TempDir())
	putPages(t, s, 3)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := s.Walk(ctx, func(Head) error { n++; cancel(); return nil }, func(Damage) {})
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("cancelled after %d: %v", n, err)
	}
	stop := errors.New("enough")
	if err := s.Walk(t.Context(), func(Head) error { return stop }, func(Damage) {}); err != stop {
		t.Errorf("fn's error comes back as %v", err)
	}
}

func FuzzWalk(f *testing.F) {
	dir := f.TempDir()
	s := openStore(f, dir)
	locators := putPages(f, s, 2)
	name, second, _ := split(locators[1])
	whole, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:second+100])
	f.Add(append(bytes.Repeat(gzipMagic, 50), whole[second:]...))
	fuzzDir := f.TempDir()
	fuzzed := openStore(f, fuzzDir)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(fuzzDir, "klank-x.warc.gz")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		last := int64(-1)
		err := fuzzed.Walk(context.Background(), func(h Head) error {
			_, offset, err := split(h.Locator)
			if err != nil || offset <= last || offset >= int64(len(data)) {
				return fmt.Errorf("locator %s after offset %d of %d bytes", h.Locator, last, len(data))
			}
			last = offset
			return nil
		}, func(Damage) {})
		if err != nil {
			t.Fatal(err)
		}
	})
}
