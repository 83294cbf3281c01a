package elastic_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/mention"
)

func numbered(from, to int) []mention.Mention {
	var out []mention.Mention
	for i := from; i < to; i++ {
		out = append(out, mention.Mention{ID: fmt.Sprintf("m%04d", i), Kind: mention.Review, Text: fmt.Sprint("tekst ", i)})
	}
	return out
}

// TestNothingIsLostOrTwiceWhileTheClusterFails puts from several writers, some
// of them the same mentions, while requests and documents are refused for now
// and answers get lost.
func TestNothingIsLostOrTwiceWhileTheClusterFails(t *testing.T) {
	f, cfg := newFakeCluster(t, 1)
	ix := newIndex(t, cfg)
	const writers, batches, size = 4, 5, 30
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				n := (w/2*batches + b) * size // two write the same
				if changes, err := ix.Put(context.Background(), numbered(n, n+size)); err != nil || len(changes) != size {
					t.Errorf("Put: %d changes, %v", len(changes), err)
				}
			}
		})
	}
	wg.Wait()
	if n := f.count("klank-mentions"); n != writers/2*batches*size {
		t.Errorf("%d mentions are there, not %d", n, writers/2*batches*size)
	}
	for id, d := range f.docs["klank-mentions"] {
		if d.created != 1 {
			t.Errorf("%s was created %d times", id, d.created)
		}
	}
	if noted := f.noted(); len(noted) != writers/2*batches*size {
		t.Errorf("%d mentions are to be looked at, not %d", len(noted), writers/2*batches*size)
	}
	changes, err := ix.Put(t.Context(), numbered(0, 100))
	if err != nil || slices.ContainsFunc(changes, func(c index.Change) bool { return c != index.Same }) {
		t.Errorf("the same again is %v, %v", changes, err)
	}
	t.Logf("%d requests", f.requests)
}

// TestWhatIsNewIsNotedBeforeItIsThere asks that a crash leaves no mention that
// passes over the index do not know of, and that what is known is not noted.
func TestWhatIsNewIsNotedBeforeItIsThere(t *testing.T) {
	f, cfg := newFakeCluster(t, 0)
	ix := newIndex(t, cfg)
	if _, err := ix.Put(t.Context(), numbered(0, 10)); err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.docs["klank-pending"] = nil })
	if _, err := ix.Put(t.Context(), numbered(0, 12)); err != nil {
		t.Fatal(err)
	}
	if noted := f.noted(); len(noted) != 2 || !noted["m0010"] || !noted["m0011"] {
		t.Errorf("two are new, and noted are %v", noted)
	}
	if _, err := ix.Put(t.Context(), numbered(0, 12)); err != nil || len(f.noted()) != 2 || f.count("klank-pending") != 1 {
		t.Errorf("nothing is new, and noted are %v in %d notes, %v", f.noted(), f.count("klank-pending"), err)
	}
	// killed as the answer was on its way: the next one finds them there
	f.set(func() { f.die = true })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := ix.Put(ctx, numbered(12, 600)); err == nil {
		t.Fatal("put into a cluster that gives no answers")
	}
	f.set(func() { f.die = false })
	if _, err := newIndex(t, cfg).Put(t.Context(), numbered(0, 600)); err != nil {
		t.Fatal(err)
	}
	if noted := f.noted(); len(noted) != 590 {
		t.Errorf("after a crash %d are noted, not 590", len(noted))
	}
}

func TestEditsByTwoAtATimeBothCount(t *testing.T) {
	f, cfg := newFakeCluster(t, 0)
	a, b := newIndex(t, cfg), newIndex(t, cfg)
	m := numbered(0, 1)[0]
	if _, err := a.Put(t.Context(), []mention.Mention{m}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, ix := range []*elastic.Index{a, b, a, b} {
		wg.Go(func() {
			edited := m
			edited.Text = fmt.Sprint("anders ", i)
			if _, err := ix.Put(context.Background(), []mention.Mention{edited}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	last, err := a.Get(t.Context(), m.ID, 0)
	if err != nil || last.Revision != 5 || f.count("klank-revisions") != 4 {
		t.Errorf("after four edits: %+v, %v, %d earlier revisions", last, err, f.count("klank-revisions"))
	}
}

func TestWhatCannotBeMappedIsADeadLetter(t *testing.T) {
	f, cfg := newFakeCluster(t, 1)
	ix := newIndex(t, cfg)
	ms := numbered(0, 3)
	ms[1].Text = "unmappable"
	changes, err := ix.Put(t.Context(), ms)
	if err != nil || !slices.Equal(changes, []index.Change{index.New, index.Refused, index.New}) {
		t.Fatalf("%v, %v", changes, err)
	}
	if n := f.count("klank-mentions"); n != 2 {
		t.Errorf("%d mentions are there", n)
	}
	for _, d := range f.docs["klank-dead"] {
		if s := string(d.source); !strings.Contains(s, "failed to parse field [rating.value]") || !strings.Contains(s, "unmappable") {
			t.Errorf("the dead letter holds %s", s)
		}
	}
	if n := f.count("klank-dead"); n != 1 {
		t.Errorf("%d dead letters", n)
	}
}

func TestRequestsAreBoundedAndHalvedWhereTheClusterTakesLess(t *testing.T) {
	f, cfg := newFakeCluster(t, 0)
	ix := newIndex(t, cfg)
	f.set(func() { f.most = 100 << 10 })
	ms := numbered(0, 40)
	for i := range ms {
		ms[i].Text = strings.Repeat("lang ", 4000)
	}
	ms[7].Text = strings.Repeat("te lang ", 40_000)
	changes, err := ix.Put(t.Context(), ms)
	if err != nil || changes[7] != index.Refused || changes[8] != index.New || f.count("klank-mentions") != 39 {
		t.Fatalf("%v, %v, %d stored", changes, err, f.count("klank-mentions"))
	}
	f.set(func() { f.most = 0 })
	for i := range ms {
		ms[i].ID += "b"
		ms[i].Text = strings.Repeat("lang ", 60_000)
	}
	if _, err := ix.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	if f.largest > 4<<20 {
		t.Errorf("a request has %d bytes", f.largest)
	}
}

func TestAClusterThatIsAwayIsSaidSoAndComesBack(t *testing.T) {
	f, cfg := newFakeCluster(t, 0)
	cfg.Patience = 300 * time.Millisecond
	ix := newIndex(t, cfg)
	f.set(func() { f.away = true })
	if _, err := ix.Put(t.Context(), numbered(0, 10)); !errors.Is(err, elastic.ErrAway) {
		t.Fatalf("Put: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ix.Put(ctx, numbered(0, 10)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put of one who does not wait: %v", err)
	}
	f.set(func() { f.away = false })
	changes, err := ix.Put(t.Context(), numbered(0, 10))
	if err != nil || len(changes) != 10 || f.count("klank-mentions") != 10 {
		t.Errorf("back again: %v, %v", changes, err)
	}
	f.Server.CloseClientConnections()
	f.Server.Close()
	if _, err := ix.Put(t.Context(), numbered(10, 20)); !errors.Is(err, elastic.ErrAway) {
		t.Errorf("Put to nobody: %v", err)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ix.Put(t.Context(), numbered(0, 1)); err == nil {
		t.Error("Put into a closed index passes")
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	node := []string{"https://es.example:9200"}
	for want, cfg := range map[string]elastic.Config{
		"no URL is given":              {},
		"is not a URL of a node":       {URLs: []string{"es.example:9200"}},
		"holds a password":             {URLs: []string{"https://me:secret@es.example"}},
		"the prefix":                   {URLs: node, Prefix: "Klank"},
		"both an API key":              {URLs: node, APIKey: "x", Username: "y"},
		"both URLs and a cloud id":     {URLs: node, CloudID: "a:ZXMuZXhhbXBsZSRhYmM="},
		"is not a cloud id":            {CloudID: "nonsense"},
		"the CA file":                  {URLs: node, CAFile: pem + ".missing"},
		"unable to add CA certificate": {URLs: node, CAFile: pem},
	} {
		if ix, err := elastic.New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", want, err)
			if ix != nil {
				ix.Close()
			}
		}
	}
}

func TestCredentialsGoWithEveryRequest(t *testing.T) {
	for want, cfg := range map[string]elastic.Config{
		"APIKey a2V5":            {APIKey: "a2V5"},
		"Basic a2xhbms6Z2VoZWlt": {Username: "klank", Password: "geheim"},
	} {
		f, at := newFakeCluster(t, 0)
		var got string
		inner := f.Config.Handler
		f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("Authorization")
			inner.ServeHTTP(w, r)
		})
		cfg.URLs = at.URLs
		if _, err := newIndex(t, cfg).Put(t.Context(), numbered(0, 1)); err != nil || got != want {
			t.Errorf("sent %q, %v; want %q", got, err, want)
		}
	}
}
