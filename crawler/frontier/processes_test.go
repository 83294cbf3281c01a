package frontier_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
	"klank/crawler/frontier"
)

const (
	drainEnv     = "KLANK_TEST_DRAIN" // the frontier's file or address
	drainSiteEnv = "KLANK_TEST_DRAIN_SITE"
	drainTTL     = 250 * time.Millisecond
	drainHosts   = 4
	drainPages   = 60
)

// openAny opens the file or the database that name stands for.
func openAny(name string) (frontier.Frontier, error) {
	if strings.HasPrefix(name, "postgres://") {
		return frontier.OpenPostgres(context.Background(), name)
	}
	return frontier.OpenSQLite(name)
}

// drain is a process that works until nothing is left. It asks site for each
// page, as its lease allows.
func drain(name, site string) error {
	ctx := context.Background()
	f, err := openAny(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, _, err := f.BeginRun(ctx, "shop", frontier.Plan{}); err != nil {
		return err
	}
	for {
		l, err := f.Lease(ctx, []string{"shop"}, drainTTL)
		if err != nil {
			return err
		}
		if l == nil {
			if o, err := f.Outlook(ctx, []string{"shop"}); err != nil || len(o) == 0 {
				return err
			}
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err := drainLease(ctx, f, l, site); err != nil && !errors.Is(err, frontier.ErrLeaseLost) {
			return err
		}
	}
}

func drainLease(ctx context.Context, f frontier.Frontier, l *frontier.Lease, site string) error {
	urls, err := f.Claim(ctx, l, 8)
	if err != nil {
		return err
	}
	for _, u := range urls {
		if err := f.Extend(ctx, l); err != nil {
			return err
		}
		resp, err := http.Get(fmt.Sprintf("%s/?worker=%d&url=%s", site, os.Getpid(), u.URL))
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		r := frontier.Result{URL: u, State: frontier.Done, Generation: "g1"}
		if _, err := f.Settle(ctx, l, frontier.Tally{Pages: 1}, []frontier.Result{r}); err != nil {
			return err
		}
	}
	return f.Release(ctx, l, time.Time{})
}

// hostsSite is what the workers ask: it sees who is at which host.
type hostsSite struct {
	t       *testing.T
	mu      sync.Mutex
	asked   map[string]int
	present map[string]string // the worker at a host
	excused string            // was stopped: one request of its may be late
}

func (s *hostsSite) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	worker, url := r.FormValue("worker"), r.FormValue("url")
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	s.mu.Lock()
	s.asked[url]++
	if worker == s.excused {
		s.excused = ""
		s.mu.Unlock()
		return
	}
	if other := s.present[host]; other != "" && other != worker {
		s.t.Errorf("%s sees workers %s and %s at once", host, other, worker)
	}
	s.present[host] = worker
	s.mu.Unlock()
	time.Sleep(3 * time.Millisecond)
	s.mu.Lock()
	delete(s.present, host)
	s.mu.Unlock()
}

// Three processes share a frontier. One after the other is killed or stopped
// for longer than its lease lasts: every page ends as done, no host sees two
// workers at once, and what a process writes whose lease is gone is refused.
func TestKilledAndStoppedProcessesLoseNothing(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { disturb(t, filepath.Join(t.TempDir(), "frontier.db"), false) })
	t.Run("postgres", func(t *testing.T) { disturb(t, postgrestest.URL(t), true) })
}

// disturb stops processes only where one that is stopped in the middle of a
// transaction does not keep the others from theirs.
func disturb(t *testing.T, name string, stop bool) {
	f, err := openAny(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, _, err := f.BeginRun(t.Context(), "shop", frontier.Plan{})
	if err != nil {
		t.Fatal(err)
	}
	var seeds []frontier.Link
	for i := range drainHosts * drainPages {
		seeds = append(seeds, frontier.Link{URL: fmt.Sprintf("https://h%d.example/%d", i%drainHosts, i)})
	}
	if _, err := f.Add(t.Context(), run, seeds); err != nil {
		t.Fatal(err)
	}
	site := &hostsSite{t: t, asked: map[string]int{}, present: map[string]string{}}
	server := httptest.NewServer(site)
	defer server.Close()
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), drainEnv+"="+name, drainSiteEnv+"="+server.URL)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	processes := []*exec.Cmd{start(), start(), start()}
	for i := range 6 {
		time.Sleep(time.Duration(20+17*i) * time.Millisecond)
		p := processes[i%3]
		if stop && i%2 == 1 {
			_ = p.Process.Signal(syscall.SIGSTOP)
			site.mu.Lock()
			site.excused = strconv.Itoa(p.Process.Pid)
			site.mu.Unlock()
			time.Sleep(2 * drainTTL)
			_ = p.Process.Signal(syscall.SIGCONT)
			continue
		}
		_ = p.Process.Kill()
		_ = p.Wait()
		processes[i%3] = start()
	}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Errorf("a process ended with %v", err)
		}
	}
	stats, err := f.Stats(t.Context(), "shop")
	if err != nil || stats[0].Done != len(seeds) || stats[0].Known() != len(seeds) || stats[0].Run.Pages != len(seeds) {
		t.Errorf("%+v, %v: want %d done", stats, err, len(seeds))
	}
	server.Close()
	site.mu.Lock()
	defer site.mu.Unlock()
	if len(site.asked) != len(seeds) {
		t.Errorf("%d pages were asked for, want %d", len(site.asked), len(seeds))
	}
}
