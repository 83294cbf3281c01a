package elastic_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/index"
	"klank/index/elastic"
	"klank/mention"
)

// node is an Elasticsearch of a test's own, which may be killed: by the script
// that KLANK_TEST_ELASTICSEARCH_RUN names.
type node struct{ script, dir, url string }

func startNode(t *testing.T) *node {
	t.Helper()
	n := &node{script: os.Getenv("KLANK_TEST_ELASTICSEARCH_RUN")}
	if n.script == "" {
		t.Skip("skipped: KLANK_TEST_ELASTICSEARCH_RUN names no script that starts a node which may be killed (.ci/elasticsearch/run)")
	}
	var err error
	if n.dir, err = os.MkdirTemp("", "klank-node"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(n.dir) })
	if err := os.Chmod(n.dir, 0o755); err != nil { // the server runs as nobody
		t.Fatal(err)
	}
	t.Cleanup(func() { n.run(t, "stop") })
	n.url = n.run(t, "start")
	return n
}

func (n *node) run(t *testing.T, what string) string {
	t.Helper()
	cmd := exec.Command(n.script, what, n.dir)
	cmd.Env = append(os.Environ(), "KLANK_ES_HEAP=512m")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return strings.TrimSpace(string(out))
}

// TestNothingIsLostOrTwiceWhenTheNodeIsKilled writes from several callers, two
// of them the same mentions, while the only node is killed (-9) and later
// restarted: what was acknowledged is there, what waited is written when the
// node is back, and no mention has a second revision.
func TestNothingIsLostOrTwiceWhenTheNodeIsKilled(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	ix := open(t, elastic.Config{URLs: []string{n.url}, Patience: 5 * time.Minute})
	const mentions, together, writers = 6000, 50, 4
	var next, acknowledged atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for {
				from := int(next.Add(together)) - together
				if w%2 == 1 { // again what another one writes at this moment
					from = max(0, from-2*together)
				}
				if from >= mentions {
					return
				}
				ms := numbered(from, from+together)
				seen := index.Sighting{Source: "shop", Run: "1", Page: fmt.Sprint("page ", from), At: time.Unix(1, 0)}
				for i := range ms {
					ms[i].Text = strings.Repeat(ms[i].Text+" ", 40)
					seen.IDs = append(seen.IDs, ms[i].ID)
				}
				if _, err := ix.PutSeen(context.Background(), ms, []index.Sighting{seen}); err != nil {
					t.Errorf("PutSeen: %v", err)
					return
				}
				acknowledged.Add(together)
			}
		})
	}
	for i, what := range []string{"crash", "restart"} {
		for acknowledged.Load() < int64((i+1)*mentions/4) && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		n.run(t, what)
	}
	wg.Wait()
	// what two skipped between them
	var rest []mention.Mention
	for from := 0; from < mentions; from += together {
		rest = append(rest, numbered(from, from+together)...)
	}
	for i := range rest {
		rest[i].Text = strings.Repeat(rest[i].Text+" ", 40)
	}
	if _, err := ix.Put(t.Context(), rest); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	if err := ix.Scan(t.Context(), nil, func(m *mention.Mention) error {
		got[m.ID]++
		if m.Revision != 1 {
			t.Errorf("%s has revision %d", m.ID, m.Revision)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(got) != mentions {
		t.Errorf("%d mentions are there of %d", len(got), mentions)
	}
	a, err := ix.Account(t.Context(), "", "")
	if err != nil || !a.Balances() || a.Dead > 0 {
		t.Errorf("the account is %+v, %v", a, err)
	}
	noted := map[string]bool{}
	if _, err := ix.Pending(t.Context(), 0, 10*mentions, func(m *mention.Mention, _ uint64) error {
		noted[m.ID] = true
		return nil
	}); err != nil || len(noted) != mentions {
		t.Errorf("%d mentions are to be looked at of %d, %v", len(noted), mentions, err)
	}
}
