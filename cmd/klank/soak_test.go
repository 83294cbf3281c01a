package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/configs"
	"klank/parsers"
)

// soakPlan is how long and how much is soaked.
type soakPlan struct {
	soakSpec
	during   time.Duration
	schedule string
	deep     time.Duration
	// settle is how long the service has, when there are no more faults, to
	// know all that the sites show.
	settle time.Duration
}

// TestSoak runs the service on sites with every fault there is, whose content
// changes all the time, and holds it to its manners, its memory and, when the
// faults have ended, to what the sites show. KLANK_SOAK=30m soaks 100 sites for
// so long; without it a few are for some seconds, in which memory says nothing.
func TestSoak(t *testing.T) {
	plan := soakPlan{soakSpec: soakSpec{Sites: 6, Edits: 200 * time.Millisecond, Faulty: 0.3}, during: 3 * time.Second,
		schedule: "every 1s", deep: time.Second, settle: 2 * time.Minute}
	long := os.Getenv("KLANK_SOAK")
	if long != "" {
		during, err := time.ParseDuration(long)
		if err != nil {
			t.Fatalf("KLANK_SOAK: %v", err)
		}
		plan = soakPlan{soakSpec: soakSpec{Sites: 100, Edits: 3 * time.Second, Faulty: 0.1, Outage: 40 * time.Second}, during: during,
			schedule: "every 10s", deep: time.Minute, settle: 6 * time.Minute}
	} else if testing.Short() {
		t.Skip("skipped with -short: soaks for some seconds")
	}
	before := runtime.NumGoroutine()
	web := startSoakWeb(t, plan.soakSpec)
	s := startSoak(t, plan, web)
	samples := s.sample(t, plan.during)
	web.get(t, "calm", nil)
	s.settle(t, plan.settle)
	s.stop(t)
	web.judge(t)
	s.log.judge(t)
	if long != "" {
		judgeSamples(t, samples)
	}
	http.DefaultClient.CloseIdleConnections()
	for tries := 0; runtime.NumGoroutine() > before+soakGoroutines; tries++ {
		if time.Sleep(50 * time.Millisecond); tries > 100 {
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			t.Fatalf("%d goroutines are left, %d more than before", runtime.NumGoroutine(), runtime.NumGoroutine()-before)
		}
	}
}

// soakGoroutines is how many goroutines may be left: the test's own, of the
// command that it started.
const soakGoroutines = 5

// soakSites is the program soakweb.
type soakSites struct {
	control string
	hosts   []string
}

func startSoakWeb(t *testing.T, spec soakSpec) *soakSites {
	t.Helper()
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "soakweb", string(b))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("soakweb: %v", err)
	}
	w := &soakSites{}
	if err := json.Unmarshal(line, &w.hosts); err != nil {
		t.Fatal(err)
	}
	w.control, w.hosts = w.hosts[0], w.hosts[1:]
	return w
}

// get asks the control.
func (w *soakSites) get(t *testing.T, what string, into any) {
	t.Helper()
	res, err := http.Get("http://" + w.control + "/" + what)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if into == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func (w *soakSites) report(t *testing.T) (r soakReport) {
	t.Helper()
	w.get(t, "report", &r)
	return r
}

// judge holds the crawl to its manners.
func (w *soakSites) judge(t *testing.T) {
	t.Helper()
	r := w.report(t)
	t.Logf("%d requests (%d answered 304), the shortest gap %s; %d gaps under 0.9 of the interval, %d too early for a Retry-After, %d trespasses",
		r.Requests, r.NotModified, r.LeastGap, r.Short, r.Early, r.Trespasses)
	for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
		t.Logf("%6d × %s", r.Faults[kind], kind)
	}
	if r.Short+r.Early+r.Trespasses > 0 {
		t.Errorf("violations:\n%s", strings.Join(r.Examples, "\n"))
	}
}

// soak is the service under test, within this process.
type soak struct {
	web   *soakSites
	data  string
	log   *soakLog
	end   context.CancelFunc
	ended chan error
}

func startSoak(t *testing.T, plan soakPlan, web *soakSites) *soak {
	cfg := configs.Default()
	cfg.Schedule, cfg.Web.Addr = plan.schedule, "127.0.0.1:0"
	cfg.Crawl.Rate, cfg.Crawl.Timeout, cfg.Crawl.MaxBody = float64(time.Second/soakInterval), soakTimeout, soakMaxBody
	cfg.Crawl.DeepEvery, cfg.Crawl.RemovedAfterRuns = plan.deep, 2
	for n, host := range web.hosts {
		src := configs.Source{Name: soakName(n), Type: "site", URLs: []string{"http://" + host + "/"},
			Selectors: &parsers.Selectors{Review: "article.review", ID: "@data-id", Title: "h3", Text: "p", Date: "time@datetime"}}
		if n%2 == 1 {
			src.StopAfterKnown = soakPerPage
		}
		cfg.Sources = append(cfg.Sources, src)
	}
	s := &soak{web: web, data: t.TempDir(), log: &soakLog{ends: map[string]int{}}, ended: make(chan error, 1)}
	e := &env{out: io.Discard, err: s.log, data: s.data, logFormat: "text"}
	ctx, end := context.WithCancel(t.Context())
	s.end = end
	go func() { s.ended <- runService(ctx, e, cfg, true) }()
	return s
}

func (s *soak) stop(t *testing.T) {
	t.Helper()
	s.end()
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the service ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("the service does not stop")
	}
}

// soakSample is the state of the process at a moment.
type soakSample struct{ resident, heap, goroutines float64 }

// sample looks at the process for so long, and tells of it once a minute.
func (s *soak) sample(t *testing.T, during time.Duration) (all []soakSample) {
	t.Helper()
	told := time.Now()
	for end := told.Add(during); time.Now().Before(end); time.Sleep(min(during/30, 5*time.Second)) {
		select {
		case err := <-s.ended:
			t.Fatalf("the service ended with %v\n%s", err, s.log)
		default:
		}
		x := takeSample()
		all = append(all, x)
		if time.Since(told) >= time.Minute {
			told = time.Now()
			r := s.web.report(t)
			t.Logf("%s left: resident %.1f MB, heap %.1f MB, %.0f goroutines; %d requests, %d short, %d early, %d trespasses; %s", time.Until(end).Round(time.Second),
				x.resident/1e6, x.heap/1e6, x.goroutines, r.Requests, r.Short, r.Early, r.Trespasses, s.log)
		}
	}
	return all
}

// takeSample reads the memory resident, the heap that was in use after the last
// collection, and the goroutines.
func takeSample() soakSample {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	x := soakSample{heap: float64(live[0].Value.Uint64()), goroutines: float64(runtime.NumGoroutine())}
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
		x.resident = float64(pages * os.Getpagesize())
	}
	return x
}

// judgeSamples compares the medians of the two halves after a sixth of the time,
// in which caches fill.
func judgeSamples(t *testing.T, all []soakSample) {
	t.Helper()
	all = all[len(all)/6:]
	halves := [2][]soakSample{all[:len(all)/2], all[len(all)/2:]}
	for _, what := range []struct {
		name string
		unit float64
		of   func(soakSample) float64
	}{
		{"MB resident", 1e6, func(x soakSample) float64 { return x.resident }},
		{"MB heap in use", 1e6, func(x soakSample) float64 { return x.heap }},
		{"goroutines", 1, func(x soakSample) float64 { return x.goroutines }},
	} {
		var median, most [2]float64
		for i, half := range halves {
			var values []float64
			for _, x := range half {
				values = append(values, what.of(x)/what.unit)
			}
			slices.Sort(values)
			median[i], most[i] = values[len(values)/2], values[len(values)-1]
		}
		t.Logf("%s: median %.1f (most %.1f) in the first half, %.1f (most %.1f) in the second: %.2f ×", what.name, median[0], most[0], median[1], most[1], median[1]/median[0])
		if median[1] > 1.2*median[0] {
			t.Errorf("%s grow: %.1f in the first half, %.1f in the second", what.name, median[0], median[1])
		}
	}
}

// settle waits until the index holds what the sites show, and nothing else.
func (s *soak) settle(t *testing.T, patience time.Duration) {
	t.Helper()
	var truth map[string]soakTruth
	s.web.get(t, "truth", &truth)
	began := time.Now()
	for {
		wrong, collected, removed, pushed := s.compare(t, truth)
		if len(wrong) == 0 {
			t.Logf("%s after the last fault the index holds the %d mentions shown, %d that are gone, and %d that may have been pushed off their list; %s",
				time.Since(began).Round(time.Second), collected, removed, pushed, s.log)
			return
		}
		if time.Since(began) > patience {
			t.Errorf("%d mentions are wrong:\n%s", len(wrong), strings.Join(wrong[:min(20, len(wrong))], "\n"))
			return
		}
		time.Sleep(min(patience/100, 2*time.Second))
	}
}

// compare says what is wrong in the index. What no site ever showed fails the
// test at once.
func (s *soak) compare(t *testing.T, truth map[string]soakTruth) (wrong []string, collected, removed, pushed int) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range exported(t, s.data) {
		name := m.Source.Name + " " + m.NativeID
		site := truth[m.Source.Name]
		text, shown := site.Now[m.NativeID]
		switch _, ever := site.Ever[m.NativeID]; {
		case !ever:
			t.Fatalf("%s was never to be read: %q", name, m.Text)
		case !m.Removed.IsZero() && shown:
			wrong = append(wrong, name+" is shown and counts as removed")
		case !m.Removed.IsZero():
			removed++
		case !shown && site.Pushed[m.NativeID]:
			pushed++
		case !shown:
			wrong = append(wrong, name+" is no longer shown")
		case m.Text != text:
			wrong = append(wrong, fmt.Sprintf("%s is %q, not %q", name, m.Text, text))
		case seen[name]:
			wrong = append(wrong, name+" is there twice")
		default:
			collected++
		}
		seen[name] = true
	}
	for source, site := range truth {
		for id := range site.Now {
			if !seen[source+" "+id] {
				wrong = append(wrong, source+" "+id+" is missing")
			}
		}
	}
	return wrong, collected, removed, pushed
}

// soakLog is the service's log: it counts how runs end, and keeps what must not
// be.
type soakLog struct {
	mu    sync.Mutex
	ends  map[string]int
	wrong []string
}

var soakEnd = regexp.MustCompile(`msg="run ended".* status=(\w+)`)

func (l *soakLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := string(p)
	if m := soakEnd.FindStringSubmatch(line); m != nil {
		l.ends[m[1]]++
	} else if strings.Contains(line, "level=ERROR") && len(l.wrong) < 20 {
		l.wrong = append(l.wrong, line)
	}
	return len(p), nil
}

func (l *soakLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := "runs:"
	for _, status := range slices.Sorted(maps.Keys(l.ends)) {
		text += fmt.Sprintf(" %d %s", l.ends[status], status)
	}
	return text + strings.Join(l.wrong, "")
}

func (l *soakLog) judge(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) > 0 {
		t.Errorf("the service complains:\n%s", strings.Join(l.wrong, ""))
	}
	if l.ends["done"] == 0 {
		t.Error("no run ended well")
	}
}
