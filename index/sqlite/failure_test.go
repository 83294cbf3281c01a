package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("KLANK_TEST_PUT_FOREVER"); path != "" {
		putForever(path, os.Getenv("KLANK_TEST_ROUND"))
	}
	os.Exit(m.Run())
}

func some(prefix string, n int) []mention.Mention {
	var ms []mention.Mention
	for i := range n {
		id := fmt.Sprintf("%s-%d", prefix, i)
		ms = append(ms, mention.Mention{ID: id, Kind: mention.Review, Text: "Levering " + strings.ReplaceAll(id, "-", " "), Language: "nl",
			Author: &mention.Author{Key: "k" + id}, Brands: []string{"b" + prefix}})
	}
	return ms
}

func mustOpen(t *testing.T, path string) *Index {
	t.Helper()
	ix, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func mustPut(t *testing.T, ix *Index, ms []mention.Mention) {
	t.Helper()
	if _, err := ix.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
}

func total(t *testing.T, ix *Index, q query.Node) int {
	t.Helper()
	res, err := ix.Aggregate(t.Context(), index.AggregateRequest{Query: q})
	if err != nil {
		t.Fatal(err)
	}
	return res.Total
}

// intact asks SQLite and FTS5 to check the whole file.
func intact(t *testing.T, ix *Index) {
	t.Helper()
	var verdict string
	if err := ix.writer.db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s, %v", verdict, err)
	}
	if _, err := ix.writer.db.Exec("INSERT INTO words (words) VALUES ('integrity-check')"); err != nil {
		t.Errorf("integrity-check of the words: %v", err)
	}
	var words, facts, docs int
	if err := ix.writer.db.QueryRow("SELECT (SELECT count(*) FROM words_docsize), (SELECT count(*) FROM facts), (SELECT count(*) FROM docs)").
		Scan(&words, &facts, &docs); err != nil || words != facts || docs != facts {
		t.Errorf("%d rows of words, %d facts, %d docs (%v)", words, facts, docs, err)
	}
}

// putForever is the child of the kill test: it says which batches are
// acknowledged until it is killed. Every third batch is an edit.
func putForever(path, round string) {
	ix, err := Open(path)
	for i := 0; err == nil; i++ {
		ms := some(fmt.Sprintf("%s-%d", round, i), 20)
		if _, err = ix.Put(context.Background(), ms); err == nil && i%3 == 0 {
			for j := range ms {
				ms[j].Text += " nogmaals"
			}
			_, err = ix.Put(context.Background(), ms)
		}
		fmt.Println(i)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestKilledAtAnyMomentAllAcknowledgedMentionsAreThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "KLANK_TEST_PUT_FOREVER="+path, fmt.Sprint("KLANK_TEST_ROUND=", round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if acknowledged++; acknowledged == 5+7*round {
				cmd.Process.Kill() // SIGKILL
			}
		}
		cmd.Wait()

		ix := mustOpen(t, path)
		intact(t, ix)
		for i := range acknowledged {
			for _, m := range some(fmt.Sprintf("%d-%d", round, i), 20) {
				got, err := ix.Get(t.Context(), m.ID, 0)
				if err != nil {
					t.Fatalf("acknowledged mention %s: %v", m.ID, err)
				}
				if i%3 == 0 && got.Revision != 2 {
					t.Fatalf("acknowledged edit of %s is revision %d", m.ID, got.Revision)
				}
			}
			if n := total(t, ix, &query.Text{Words: []string{"Levering", fmt.Sprint(round), fmt.Sprint(i)}}); n != 20 {
				t.Fatalf("round %d, batch %d: %d of 20 mentions are found by their words", round, i, n)
			}
		}
		if err := ix.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskStoresNothingOfTheBatchAndSaysSo(t *testing.T) {
	ix := mustOpen(t, filepath.Join(t.TempDir(), "index.db"))
	mustPut(t, ix, some("first", 50))
	limit := func(pages int) {
		t.Helper()
		var got int
		if err := ix.writer.db.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&got); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite takes the current size instead
	var err error
	batches := 0
	for ; err == nil && batches < 1000; batches++ {
		_, err = ix.Put(t.Context(), some(fmt.Sprint("more", batches), 50))
	}
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "nothing of this batch is stored") {
		t.Fatalf("a full disk gives %v", err)
	}
	if n := total(t, ix, nil); n != 50*batches {
		t.Errorf("%d mentions are there, not %d", n, 50*batches)
	}
	limit(1 << 30)
	mustPut(t, ix, some(fmt.Sprint("more", batches-1), 50))
	if n := total(t, ix, &query.Term{Field: "brand", Value: fmt.Sprint("bmore", batches-1)}); n != 50 {
		t.Errorf("after the disk has space again the batch finds %d of 50", n)
	}
	intact(t, ix)
}

func TestErrorsSayWhatIsWrongWithTheFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign, newer := filepath.Join(dir, "foreign.db"), filepath.Join(dir, "newer.db")
	for path, s := range map[string]string{foreign: "PRAGMA user_version = 0", newer: "PRAGMA user_version = 99"} {
		ix := mustOpen(t, path)
		if _, err := ix.writer.db.Exec(s); err != nil {
			t.Fatal(err)
		}
		ix.Close()
	}
	for path, want := range map[string]string{
		file("text.db", strings.Repeat("this is no database ", 500)): "is no index (or is damaged)",
		filepath.Join(dir, "no", "folder", "index.db"):               "does not exist",
		dir:     "cannot be opened",
		foreign: "another program",
		newer:   "newer klank",
	} {
		ix, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "index: ") {
			t.Errorf("Open(%s) gives %v, which does not say %q", path, err, want)
		}
		if err == nil {
			ix.Close()
		}
	}

	ix := mustOpen(t, filepath.Join(dir, "readonly.db"))
	if _, err := ix.writer.db.Exec("PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Put(t.Context(), some("x", 1)); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("Put into a read-only file gives %v", err)
	}
	if _, err := Open(filepath.Join(dir, "a?b #%.db")); err != nil {
		t.Errorf("an unusual file name: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a?b #%.db")); err != nil {
		t.Errorf("an unusual file name: %v", err)
	}
}

// TestADamagedFileNeverPanics overwrites parts of a good file and asks
// everything of it: what fails must fail with an error.
func TestADamagedFileNeverPanics(t *testing.T) {
	good := filepath.Join(t.TempDir(), "index.db")
	ix := mustOpen(t, good)
	for i := range 20 {
		mustPut(t, ix, some(fmt.Sprint("good", i), 50))
	}
	ix.Close()
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	said := false
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		bad := append([]byte(nil), content...)
		for range 1 + seed*3 {
			at := rnd.IntN(len(bad) - 512)
			for i := range 512 {
				bad[at+i] = byte(rnd.Uint32())
			}
		}
		path := filepath.Join(t.TempDir(), "index.db")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		ix, err := Open(path)
		errs := []error{err}
		if err == nil {
			q := &query.Text{Words: []string{"levering"}}
			_, err1 := ix.Search(t.Context(), index.SearchRequest{Query: q, Sort: index.SortRelevance, Limit: 1000})
			_, err2 := ix.Aggregate(t.Context(), index.AggregateRequest{Query: q, Facets: []index.Facet{{Field: "author"}, {Field: "brand"}}})
			err3 := ix.Scan(t.Context(), nil, func(*mention.Mention) error { return nil })
			_, err4 := ix.Put(t.Context(), some("good3", 50))
			_, err5 := ix.Delete(t.Context(), q)
			errs = append(errs, err1, err2, err3, err4, err5)
			ix.Close()
		}
		for _, err := range errs {
			if err != nil && strings.Contains(err.Error(), "damaged") && strings.Contains(err.Error(), "restore") {
				said = true
			} else if err != nil && !strings.HasPrefix(err.Error(), "index: ") {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
	if !said {
		t.Errorf("no error says that the file is damaged and what to do")
	}
}

func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			ix, err := Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer ix.Close()
			if _, err := ix.Put(context.Background(), some(fmt.Sprint(i), 3)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := total(t, mustOpen(t, path), nil); n != 24 {
		t.Errorf("%d mentions of 24", n)
	}
}

func TestTwoProcessesShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	a, b := mustOpen(t, path), mustOpen(t, path)
	if a.Generation() != b.Generation() {
		t.Errorf("one file has the generations %s and %s", a.Generation(), b.Generation())
	}
	var wg sync.WaitGroup
	for name, ix := range map[string]*Index{"a": a, "b": b} {
		wg.Go(func() {
			for i := range 10 {
				if _, err := ix.Put(context.Background(), some(fmt.Sprint(name, i), 20)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
	if x, y := total(t, a, nil), total(t, b, nil); x != 400 || y != 400 {
		t.Errorf("one sees %d, the other %d mentions of 400", x, y)
	}
	// one deletes values that the other remembers
	mustPut(t, a, some("gone", 5))
	if _, err := b.Delete(t.Context(), &query.Term{Field: "brand", Value: "bgone"}); err != nil {
		t.Fatal(err)
	}
	mustPut(t, b, some("reuses the numbers", 5))
	mustPut(t, a, some("gone", 5))
	res, err := b.Aggregate(t.Context(), index.AggregateRequest{Query: &query.Term{Field: "brand", Value: "bgone"}, Facets: []index.Facet{{Field: "brand"}, {Field: "author"}}})
	if err != nil || res.Total != 5 || len(res.Facets["brand"]) != 1 || len(res.Facets["author"]) != 5 {
		t.Errorf("after the deletion: %+v, %v", res, err)
	}
}

func TestADeletionLeavesNoTraceOnceCompacted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	ix := mustOpen(t, path)
	mustPut(t, ix, some("keep", 30))
	ms := some("x", 1)
	ms[0].Author = &mention.Author{Key: "zzsecretkeyzz", Name: "Zzsecretnamezz"}
	ms[0].Text = "zzsecretwordzz"
	mustPut(t, ix, ms)
	ms[0].Text = "zzsecretwordzz again"
	mustPut(t, ix, ms)
	if n, err := ix.Delete(t.Context(), &query.Term{Field: "author", Value: "zzsecretkeyzz"}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := ix.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	intact(t, ix)
	if n := total(t, ix, &query.Text{Words: []string{"levering"}}); n != 30 {
		t.Errorf("of 30 mentions %d are left", n)
	}
	ix.Close()
	for _, f := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(f)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"zzsecretkeyzz", "Zzsecretnamezz", "zzsecretword"} {
			if strings.Contains(string(b), s) {
				t.Errorf("%s still holds %s", filepath.Base(f), s)
			}
		}
	}
}

// FuzzCursor: no cursor panics; what is not one of ours is refused.
func FuzzCursor(f *testing.F) {
	r, _ := index.SearchRequest{}.Normal()
	c := newCursor(r)
	c.ID, c.Key = "m01", -1.5
	f.Add(c.String())
	f.Add("e30")
	f.Add("!")
	f.Fuzz(func(t *testing.T, s string) {
		r := r
		r.After = s
		c, err := parseCursor(r)
		if err != nil && !errors.Is(err, index.ErrRequest) || err == nil && s != "" && c.Of != newCursor(r).Of {
			t.Fatalf("%q: %+v, %v", s, c, err)
		}
	})
}
