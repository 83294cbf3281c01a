package indextest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

func testGet(t *testing.T, ix index.Index) {
	g := ability[index.Getter](t, ix)
	m := corpus()[0]
	for i := range 3 {
		m.Text = fmt.Sprint("revision ", i+1)
		put(t, ix, m)
	}
	for revision, want := range map[int]string{0: "revision 3", 1: "revision 1", 2: "revision 2", 3: "revision 3"} {
		got, err := g.Get(t.Context(), m.ID, revision)
		if err != nil || got.Text != want || revision > 0 && got.Revision != revision {
			t.Errorf("Get(%d): %+v, %v; want %s", revision, got, err, want)
		}
	}
	for _, c := range []struct {
		id       string
		revision int
	}{{m.ID, 4}, {m.ID, -1}, {"", 0}, {"nobody", 0}, {"nobody", 1}} {
		if _, err := g.Get(t.Context(), c.id, c.revision); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("Get(%q, %d): %v is not ErrNotFound", c.id, c.revision, err)
		}
	}
}

func testDelete(t *testing.T, ix index.Index) {
	d := ability[index.Deleter](t, ix)
	ms := corpus()
	put(t, ix, ms...)
	edited := ms[0]
	edited.Text = "Weer een nieuwe tekst"
	put(t, ix, edited)
	for _, c := range []struct {
		query string
		n     int
		left  string
	}{
		{"nowhere", 0, "m01 m02 m03 m04 m05 m06 m07 m08"},
		{"author:k1", 2, "m02 m04 m05 m06 m07 m08"},
		{"author:k1", 0, "m02 m04 m05 m06 m07 m08"},
		{"late rating:<5 OR brand:bolt", 4, "m02 m07"},
	} {
		n, err := d.Delete(t.Context(), parse(t, c.query))
		if err != nil || n != c.n {
			t.Errorf("Delete(%s): %d, %v; want %d", c.query, n, err, c.n)
		}
		if got := strings.Join(find(t, ix, nil), " "); got != c.left {
			t.Errorf("Delete(%s) leaves %s, not %s", c.query, got, c.left)
		}
	}
	for _, q := range []string{"levering", "author:k1", "lev*", "language:de"} {
		if got := find(t, ix, parse(t, q)); len(got) != 0 {
			t.Errorf("after the deletion %s finds %v", q, got)
		}
	}
	if g, ok := ix.(index.Getter); ok {
		for revision := range 3 {
			if _, err := g.Get(t.Context(), "m01", revision); !errors.Is(err, index.ErrNotFound) {
				t.Errorf("revision %d of a deleted mention: %v", revision, err)
			}
		}
	}
	// what was deleted can come back, as new
	if got := put(t, ix, ms[0]); got[0] != index.New {
		t.Errorf("put after the deletion: %s", got[0])
	}
	if got := find(t, ix, parse(t, "levering author:k1 brand:acme revisie OR levering")); !slices.Equal(got, []string{"m01"}) {
		t.Errorf("put after the deletion finds %v", got)
	}
	if n, err := d.Delete(t.Context(), nil); err != nil || n != 3 {
		t.Errorf("Delete of everything: %d, %v", n, err)
	}
}

func testScan(t *testing.T, ix index.Index) {
	s := ability[index.Scanner](t, ix)
	ms := corpus()
	slices.Reverse(ms)
	put(t, ix, ms...)
	for q, want := range map[string]string{"": "m01 m02 m03 m04 m05 m06 m07 m08", "laat OR kind:question": "m01 m04 m08", "nowhere": ""} {
		var got []string
		err := s.Scan(t.Context(), parse(t, q), func(m *mention.Mention) error {
			got = append(got, m.ID)
			changed := *m // fn may write
			changed.Text += " gezien"
			_, err := ix.Put(context.Background(), []mention.Mention{changed})
			return err
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("Scan(%s) gives %v, %v; want %s", q, got, err, want)
		}
		if j, ok := ix.(index.JSONScanner); ok {
			testScanJSON(t, s, j, parse(t, q))
		}
	}
	stop, n := errors.New("enough"), 0
	err := s.Scan(t.Context(), nil, func(*mention.Mention) error {
		n++
		if n == 3 {
			return stop
		}
		return nil
	})
	if err != stop || n != 3 {
		t.Errorf("Scan stopped with %v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Scan(ctx, nil, func(*mention.Mention) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled Scan gives %v", err)
	}
}

// testScanJSON holds what ScanJSON gives to what Scan gives.
func testScanJSON(t *testing.T, s index.Scanner, j index.JSONScanner, q query.Node) {
	var want, got []mention.Mention
	if err := s.Scan(t.Context(), q, func(m *mention.Mention) error {
		want = append(want, *m)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.ScanJSON(t.Context(), q, func(doc []byte) error {
		if bytes.ContainsRune(doc, '\n') {
			t.Errorf("ScanJSON gives line ends: %q", doc)
		}
		got = append(got, mention.Mention{})
		return json.Unmarshal(doc, &got[len(got)-1])
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ScanJSON(%v) gives (-Scan +ScanJSON)\n%s", q, diff)
	}
}

func testRecorder(t *testing.T, ix index.Index) {
	r := ability[index.Recorder](t, ix)
	ctx := t.Context()
	one := mention.Run{ID: "1", Source: "shop", Started: date("2026-03-01T00:00:00Z"), Status: "running"}
	two := mention.Run{ID: "2", Source: "shop", Started: date("2026-03-02T00:00:00Z"), Ended: date("2026-03-02T01:00:00Z"), Status: "done", Pages: 3, Bytes: 1 << 40}
	first := []mention.Coverage{{Source: "shop", Item: "Kettle", Declared: ptr(10), Collected: 4, Capped: true, Reason: "max-pages"}, {Source: "shop", Collected: 4}}
	second := []mention.Coverage{{Source: "shop", Item: "Kettle", Declared: ptr(12), Collected: 12}, {Source: "forum", Item: "x", Collected: 1}}
	if err := r.PutRun(ctx, two, second); err != nil {
		t.Fatal(err)
	}
	if err := r.PutRun(ctx, one, nil); err != nil {
		t.Fatal(err)
	}
	one.Status, one.Pages = "interrupted", 2
	if err := r.PutRun(ctx, one, first); err != nil {
		t.Fatal(err)
	}
	if err := r.PutRun(ctx, two, second); err != nil {
		t.Fatal(err)
	}
	runs, err := r.Runs(ctx, 10)
	if diff := cmp.Diff([]mention.Run{two, one}, runs); diff != "" || err != nil {
		t.Errorf("Runs (%v):\n%s", err, diff)
	}
	if runs, err = r.Runs(ctx, 1); len(runs) != 1 || runs[0].ID != "2" {
		t.Errorf("the latest run is %v, %v", runs, err)
	}
	for i := range first {
		first[i].Run = "1"
	}
	for i := range second {
		second[i].Run = "2"
	}
	cov, err := r.Coverage(ctx)
	if diff := cmp.Diff([]mention.Coverage{second[1], first[1], second[0]}, cov); diff != "" || err != nil {
		t.Errorf("Coverage (%v):\n%s", err, diff)
	}
	for _, source := range []string{second[1].Source, "nobody"} {
		want := slices.DeleteFunc(slices.Clone(cov), func(c mention.Coverage) bool { return c.Source != source })
		got, err := r.Coverage(ctx, source)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("Coverage of %s (%v):\n%s", source, err, diff)
		}
	}
}

func testGeneration(t *testing.T, ix index.Index, open func(*testing.T) index.Index) {
	g := ability[index.Generation](t, ix)
	other := open(t)
	defer other.Close()
	a, b := g.Generation(), other.(index.Generation).Generation()
	if a == "" || a == b {
		t.Errorf("two indexes are of generation %q and %q", a, b)
	}
	if again := g.Generation(); again != a {
		t.Errorf("the generation changed from %q to %q", a, again)
	}
}

func testCompact(t *testing.T, ix index.Index) {
	c, d := ability[index.Compactor](t, ix), ability[index.Deleter](t, ix)
	put(t, ix, corpus()...)
	if _, err := d.Delete(t.Context(), parse(t, "kind:review")); err != nil {
		t.Fatal(err)
	}
	if err := c.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := find(t, ix, parse(t, "delivery OR levering OR 100")); !slices.Equal(got, []string{"m04", "m07"}) {
		t.Errorf("compacted, the index finds %v", got)
	}
}
