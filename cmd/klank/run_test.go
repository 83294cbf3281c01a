package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/frontier"
	"klank/crawler/schedule"
	"klank/mention"
)

// runLog stands for frontier and engine: it takes runs and keeps when they
// began and ended.
type runLog struct {
	mu      sync.Mutex
	latest  map[string]mention.Run
	paused  map[string]frontier.Pause
	begins  map[string][]time.Time
	open    map[string]bool
	overlap bool
	most    int
	// took is how long a run takes, status how it ends, err what breaks it.
	took   time.Duration
	status string
	err    error
}

func newRunLog() *runLog {
	return &runLog{latest: map[string]mention.Run{}, begins: map[string][]time.Time{}, open: map[string]bool{}, status: crawler.StatusDone}
}

func (l *runLog) runs(context.Context) (map[string]mention.Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]mention.Run{}
	for k, v := range l.latest {
		out[k] = v
	}
	return out, nil
}

func (l *runLog) pauses(context.Context) (map[string]frontier.Pause, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.paused), nil
}

func (l *runLog) collect(ctx context.Context, src *crawler.Source) (*crawlResult, error) {
	run := mention.Run{ID: src.Name, Source: src.Name, Started: time.Now()}
	l.mu.Lock()
	l.overlap = l.overlap || l.open[src.Name]
	l.open[src.Name] = true
	l.begins[src.Name] = append(l.begins[src.Name], run.Started)
	l.latest[src.Name] = run
	open := 0
	for _, o := range l.open {
		if o {
			open++
		}
	}
	l.most = max(l.most, open)
	l.mu.Unlock()
	select {
	case <-time.After(l.took):
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[src.Name] = false
	if l.err != nil {
		return nil, l.err
	}
	run.Ended, run.Status = time.Now(), l.status
	l.latest[src.Name] = run
	return &crawlResult{report: crawler.Report{Sources: []crawler.SourceReport{{Run: run, Status: l.status}}}}, ctx.Err()
}

// scheduler has sources that are all due every hour.
func (l *runLog) scheduler(t *testing.T, most int, names ...string) *scheduler {
	t.Helper()
	s := &scheduler{most: most, log: slog.New(slog.NewTextHandler(io.Discard, nil)), latest: l.runs, paused: l.pauses, collect: l.collect, wake: make(chan struct{}, 1)}
	for _, name := range names {
		when, err := schedule.Parse("every 1h", time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		s.jobs = append(s.jobs, &job{source: &crawler.Source{Source: mention.Source{Name: name}}, when: when})
	}
	return s
}

// schedule runs such sources for some time.
func (l *runLog) schedule(t *testing.T, most int, during time.Duration, names ...string) {
	t.Helper()
	s := l.scheduler(t, most, names...)
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	s.run(ctx)
}

func TestASourceRunsEachTimeItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = 10 * time.Minute
		l.schedule(t, 8, 5*time.Hour+time.Minute, "shop", "blog")
		for name, begins := range l.begins {
			if len(begins) != 6 {
				t.Errorf("%s began at %v, want at once and each hour", name, begins)
			}
		}
		if l.most != 2 {
			t.Errorf("%d runs at a time, want those of both sources", l.most)
		}
	})
}

func TestAPausedSourceIsNotRunUntilItIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = time.Minute
		l.paused = map[string]frontier.Pause{"b": {}}
		began := time.Now()
		time.AfterFunc(90*time.Minute, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.paused = map[string]frontier.Pause{"a": {}}
		})
		l.schedule(t, 4, 3*time.Hour, "a", "b")
		if n := len(l.begins["a"]); n != 2 {
			t.Errorf("a began %d times, want 2", n)
		}
		if b := l.begins["b"]; len(b) == 0 || b[0].Sub(began) < 90*time.Minute || b[0].Sub(began) > 90*time.Minute+5*time.Second {
			t.Errorf("b began at %v, want soon after it was resumed", b)
		}
	})
}

func TestRunsOfOneSourceNeverOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = 150 * time.Minute
		l.schedule(t, 8, 9*time.Hour, "shop")
		if l.overlap || len(l.begins["shop"]) != 4 {
			t.Errorf("began at %v, overlapping: %t", l.begins["shop"], l.overlap)
		}
	})
}

func TestNoMoreRunsThanWorkersAndAllGetTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = 5 * time.Minute
		l.schedule(t, 2, 59*time.Minute, "a", "b", "c", "d", "e")
		if l.most != 2 || len(l.begins) != 5 {
			t.Errorf("%d at a time, %d sources had a run", l.most, len(l.begins))
		}
	})
}

func TestARunThatBreaksIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.err = errors.New("the disk is full")
		l.schedule(t, 8, 16*time.Minute, "shop", "blog")
		var gaps []time.Duration
		for i, b := range l.begins["shop"][1:] {
			gaps = append(gaps, b.Sub(l.begins["shop"][i]))
		}
		if !slices.Equal(gaps, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute}) {
			t.Errorf("tried again after %v", gaps)
		}
		if len(l.begins["blog"]) != len(l.begins["shop"]) {
			t.Error("one source's failure holds up the other")
		}
	})
}

func TestARunThatFailedWaitsForItsScheduleAtLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.status = crawler.StatusFailed
		l.schedule(t, 8, 30*time.Hour, "shop")
		begins := l.begins["shop"]
		for i := range begins[1:] {
			if gap := begins[i+1].Sub(begins[i]); gap < time.Hour || gap > retryMost {
				t.Errorf("again after %s", gap)
			}
		}
		if last := begins[len(begins)-1].Sub(begins[len(begins)-2]); last < 4*time.Hour {
			t.Errorf("after %d failures again in %s", len(begins), last)
		}
	})
}

func TestAStopWaitsForTheRunsAndNothingBeginsAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRunLog()
		l.took = time.Hour
		start := time.Now()
		l.schedule(t, 8, 5*time.Minute, "shop", "blog")
		if time.Since(start) != 5*time.Minute || l.open["shop"] || l.open["blog"] {
			t.Errorf("returned after %s; running: %v", time.Since(start), l.open)
		}
	})
}

// TestSourcesOfOneHostKeepItsRateTogether runs two sources of one host at the
// same time, as the service does, and looks at when the host was asked.
func TestSourcesOfOneHostKeepItsRateTogether(t *testing.T) {
	var mu sync.Mutex
	var asked []time.Time
	times := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, time.Now())
		times[r.URL.Path]++
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		if strings.HasSuffix(r.URL.Path, "/") {
			io.WriteString(w, `<a href="1.html">1</a> <a href="2.html">2</a> <a href="3.html">3</a>`)
		}
	}))
	defer srv.Close()
	cfg := configs.Default()
	cfg.Crawl.Rate, cfg.Schedule = 10, "every 1h"
	for _, name := range []string{"shop", "forum"} {
		cfg.Sources = append(cfg.Sources, configs.Source{Name: name, Type: "site", URLs: []string{srv.URL + "/" + name + "/"}})
	}
	e, w := newTestWorkspace(t, cfg)
	jobs, err := scheduledJobs(cfg, e.log())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCollector(e, cfg, w, crawlOptions{allowPrivate: true}, newServiceProgress(e.log()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	c.share(len(jobs))
	var runs sync.WaitGroup
	for _, j := range jobs {
		runs.Go(func() {
			res, err := c.collect(t.Context(), []*crawler.Source{j.source})
			if err != nil || res.verdict() != nil {
				t.Errorf("%s: %v, %v", j.source.Name, err, res)
			}
		})
	}
	runs.Wait()
	for _, path := range []string{"/robots.txt", "/shop/", "/shop/3.html", "/forum/", "/forum/3.html"} {
		if times[path] != 1 {
			t.Errorf("%s was asked for %d times", path, times[path])
		}
	}
	for i := range asked[1:] {
		if gap := asked[i+1].Sub(asked[i]); gap < 90*time.Millisecond {
			t.Errorf("request %d came %s after the one before, want 100ms", i+1, gap)
		}
	}
}

// serviceLog is a service's standard error, read while it runs.
type serviceLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *serviceLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *serviceLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// address waits until a service says where it answers.
func (l *serviceLog) address(t *testing.T) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, after, ok := strings.Cut(l.String(), "klank: http://"); ok {
			host, _, _ := strings.Cut(after, "/ ")
			return "http://" + host
		}
		if time.Now().After(deadline) {
			t.Fatalf("klank does not serve:\n%s", l)
		}
	}
}

// TestThreeServicesOnOneMachineShareTheWork starts three processes on one data
// folder: they take turns at the host, which sees one at a time.
func TestThreeServicesOnOneMachineShareTheWork(t *testing.T) {
	var mu sync.Mutex
	var asked []time.Time
	pages := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, time.Now())
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/" || strings.HasSuffix(r.URL.Path, ".html") {
			pages[r.URL.Path]++
		}
		if r.URL.Path == "/" {
			for i := range 20 {
				fmt.Fprintf(w, `<a href="/%d.html">page</a> `, i)
			}
		}
	}))
	defer srv.Close()
	config := filepath.Join(t.TempDir(), "klank.yaml")
	text := fmt.Sprintf("schedule: every 1h\ncrawl: {rate: 10}\nweb: {addr: 127.0.0.1:0}\nsources: [{name: shop, urls: [%q]}]\n", srv.URL+"/")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &env{data: filepath.Join(t.TempDir(), "data")}
	var services []*exec.Cmd
	var logs []*serviceLog
	for range 3 {
		c := klankCommand(t, e.data, "run", "--config", config, "--allow-private")
		l := &serviceLog{}
		c.Stderr = l
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		services, logs = append(services, c), append(logs, l)
	}
	for ended, tries := false, 0; !ended; tries++ {
		time.Sleep(50 * time.Millisecond)
		runs, err := e.knownRuns(t.Context(), configs.Default())
		ended = err == nil && !runs["shop"].Ended.IsZero()
		if tries > 600 {
			t.Fatalf("the run does not end: %+v, %v", runs, err)
		}
	}
	for i, c := range services {
		for tries := 0; !strings.Contains(logs[i].String(), "http://127.0.0.1"); tries++ { // not before it serves
			if time.Sleep(50 * time.Millisecond); tries > 600 {
				t.Fatalf("service %d does not serve:\n%s", i, logs[i])
			}
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	}
	for i, c := range services {
		if err := c.Wait(); err != nil {
			t.Errorf("service %d: %v\n%s", i, err, logs[i])
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for path, n := range pages {
		if n != 1 {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
	if len(pages) != 21 {
		t.Errorf("%d pages, want 21", len(pages))
	}
	for i := range asked[1:] {
		if gap := asked[i+1].Sub(asked[i]); gap < 90*time.Millisecond {
			t.Errorf("request %d came %s after the one before, want 100ms", i+1, gap)
		}
	}
}

func TestTheServiceStopsWithinTwoSecondsInTheMiddleOfARequest(t *testing.T) {
	asked := make(chan struct{}, 1)
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			asked <- struct{}{}
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	cfg := configs.Default()
	cfg.Schedule, cfg.Web.Addr = "every 1h", "127.0.0.1:0"
	cfg.Crawl.Rate = 50
	cfg.Sources = []configs.Source{{Name: "shop", Type: "site", URLs: []string{srv.URL + "/"}}}
	e := &env{out: io.Discard, err: io.Discard, data: t.TempDir(), logFormat: "text"}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- runService(ctx, e, cfg, true) }()
	<-asked
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(2 * time.Second):
		t.Fatal("still running after two seconds")
	}
	runs, err := e.knownRuns(t.Context(), configs.Default())
	if err != nil {
		t.Fatal(err)
	}
	if r := runs["shop"]; r.Status != crawler.StatusInterrupted || !r.Ended.IsZero() {
		t.Errorf("the run is not left open for the next start: %+v", r)
	}
}
