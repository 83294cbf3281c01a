package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// machine serves several sites, and notes when it was asked and how many
// requests were under way at once.
type machine struct {
	mu         sync.Mutex
	asked      []time.Time
	busy, most int
	pages      map[string]bool
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	m.asked = append(m.asked, time.Now())
	m.busy++
	m.most = max(m.most, m.busy)
	m.pages[r.Host+r.URL.Path] = true
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		m.busy--
		m.mu.Unlock()
	}()
	time.Sleep(10 * time.Millisecond)
	switch {
	case r.URL.Path == "/":
		for i := range 6 {
			fmt.Fprintf(w, "<a href=/p/%d>page</a>", i)
		}
	case strings.HasPrefix(r.URL.Path, "/p/"):
		io.WriteString(w, "<p>page</p>")
	default:
		http.NotFound(w, r)
	}
}

// TestTwoProcessesKeepOneBudgetOfTwoHosts crawls two hosts that share a budget
// in two processes at once: the machine behind them sees one request at a time,
// at the budget's rate.
func TestTwoProcessesKeepOneBudgetOfTwoHosts(t *testing.T) {
	const interval = 100 * time.Millisecond
	m := &machine{pages: map[string]bool{}}
	one, two := httptest.NewServer(m), httptest.NewServer(m)
	defer one.Close()
	defer two.Close()
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	config := filepath.Join(t.TempDir(), "klank.yaml")
	text := fmt.Sprintf(`
crawl: {rate: 50}
budgets:
  - {name: machine, hosts: [%q, %q], rate: %d}
sources:
  - {name: one, urls: [%q]}
  - {name: two, urls: [%q]}
`, host(one), host(two), time.Second/interval, one.URL+"/", two.URL+"/")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			cmd := klankCommand(t, data, "crawl", "--all", "--allow-private", "--config", config)
			// Who comes late may find a run that is over.
			if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != exitPartial {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range []string{host(one), host(two)} {
		for i := range 6 {
			if page := fmt.Sprintf("%s/p/%d", h, i); !m.pages[page] {
				t.Errorf("%s was not asked for", page)
			}
		}
	}
	if m.most != 1 {
		t.Errorf("%d requests at once", m.most)
	}
	for i := 1; i < len(m.asked); i++ {
		if gap := m.asked[i].Sub(m.asked[i-1]); gap < interval*9/10 {
			t.Errorf("request %d came %s after the one before", i+1, gap)
		}
	}
}
