package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"klank/cmd/klank/market"
	"klank/cmd/klank/postgrestest"
	"klank/configs"
	"klank/mention"
)

const (
	// faultLease is how long a stopped process keeps its hosts here.
	faultLease = 1500 * time.Millisecond
	// faultInterval is what crawlArgs allows a host.
	faultInterval = 50 * time.Millisecond
	// faultLinger is how long an answer takes, so that two at once would show.
	faultLinger = 15 * time.Millisecond
	// faultWait is for what has to come, and does within a moment.
	faultWait = 2 * time.Minute
)

// fullFaults tells whether all that can go wrong is to be tried, which takes
// minutes, and on a machine that is not busy: then every gap counts.
func fullFaults() bool { return os.Getenv("KLANK_TEST_FAULTS") == "full" }

// TestKilledProcessesLoseNothingAndKeepTheInterval kills, at random moments,
// one of the processes that crawl one data folder, and starts another for it.
// KLANK_TEST_FAULTS=full kills 20 times instead of a few.
func TestKilledProcessesLoseNothingAndKeepTheInterval(t *testing.T) {
	disturbed(t, []int{1, 3}, func(f *fleet, processes int) {
		kills := 3
		if fullFaults() {
			kills = 20
		}
		f.killSome(processes, kills)
	})
}

// TestAStoppedProcessLosesItsHostsAndNothingElse stops one of three processes
// until another has taken over a host of its, and has it go on then.
func TestAStoppedProcessLosesItsHostsAndNothingElse(t *testing.T) {
	disturbed(t, []int{3}, func(f *fleet, processes int) {
		stops := 1
		if fullFaults() {
			stops = 5
		}
		f.stopSome(processes, stops)
	})
}

// disturbed runs what disturbs so many processes that crawl one data folder,
// with the frontier in SQLite and in PostgreSQL. Whatever happens: in the end
// the mentions are those of an undisturbed run, and no host sees two requests
// closer than its interval, or two processes at once, save for what was on its
// way when a process was stopped. A process that was not killed ends well.
func disturbed(t *testing.T, processes []int, disturb func(f *fleet, processes int)) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for several crawls")
	}
	m := startMarket(t)
	m.Linger(faultLinger)
	calm := newFleet(t, m, "")
	calm.finish()
	want := exported(t, calm.data)
	if len(want) < len(m.Truth())/2 {
		t.Fatalf("the undisturbed crawl collected %d mentions of %d", len(want), len(m.Truth()))
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, n := range processes {
			if kind == "postgres" && n == 1 && !fullFaults() {
				continue // waits for a lease to expire after each kill
			}
			t.Run(fmt.Sprintf("%s, %d at a time", kind, n), func(t *testing.T) {
				database := ""
				if kind == "postgres" {
					database = postgrestest.URL(t)
				}
				f := newFleet(t, m, database)
				disturb(f, n)
				f.finish()
				if diff := changedMentions(want, exported(t, f.data)); diff != "" {
					t.Errorf("the mentions differ from an undisturbed run's:\n%s", diff)
				}
				f.checkRequests()
			})
		}
	}
}

// fleet is the processes that crawl the market into one data folder.
type fleet struct {
	t        *testing.T
	m        *market.Market
	data     string
	database string // with the frontier; empty for SQLite
	args     []string
	first    int // of the market's requests
	started  int
	running  []*process
	// continued is when a process that was stopped went on.
	continued map[string]time.Time
}

// process is one of them.
type process struct {
	*exec.Cmd
	name   string // stands in its requests' User-Agent
	stderr bytes.Buffer
}

// slowSources are asked more seldom than the others: robots.txt wants a pause
// after each request, or the API's own rate is low. The quick form leaves them out.
var slowSources = []string{"copperlark", "kring"}

// newFleet opens a data folder for the processes to come.
func newFleet(t *testing.T, m *market.Market, database string) *fleet {
	f := &fleet{t: t, m: m, data: filepath.Join(t.TempDir(), "data"), database: database, first: len(m.Log()),
		args: []string{"crawl", "--allow-private", "--rate", "20", "--max-pages", "0"}, continued: map[string]time.Time{}}
	for _, s := range m.Sources() {
		if fullFaults() || !slices.Contains(slowSources, s.Name) {
			f.args = append(f.args, "--source", s.Name)
		}
	}
	return f
}

// start starts a process with a name of its own.
func (f *fleet) start() *process {
	f.t.Helper()
	f.started++
	p := &process{name: fmt.Sprintf("p%d@klank.example", f.started)}
	cfg := configs.Default()
	if _, err := demoSources(cfg, f.m); err != nil {
		f.t.Fatal(err)
	}
	cfg.Contact, cfg.Frontier.Lease = p.name, faultLease
	if f.database != "" {
		cfg.Frontier.PostgresEnv = "KLANK_TEST_FRONTIER"
	}
	b, err := yaml.Marshal(cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	file := filepath.Join(f.t.TempDir(), "klank.yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		f.t.Fatal(err)
	}
	p.Cmd = klankCommand(f.t, f.data, append(slices.Clone(f.args), "--config", file)...)
	p.Env = append(os.Environ(), "KLANK_TEST_FRONTIER="+f.database)
	p.Stderr = &p.stderr
	if err := p.Start(); err != nil {
		f.t.Fatal(err)
	}
	return p
}

// ended waits for a process, and tells whether it was killed. One that ended
// by itself is to have ended well.
func (f *fleet) ended(p *process) (killed bool) {
	f.t.Helper()
	hangs := time.AfterFunc(faultWait, func() { _ = p.Process.Kill() })
	err := p.Wait()
	if !hangs.Stop() {
		f.t.Fatalf("%s does not come to an end\n%s", p.name, &p.stderr)
	}
	if status, ok := p.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		f.t.Errorf("%s ended with %v\n%s", p.name, err, &p.stderr)
	}
	return false
}

// finish waits for those that run, and has one more see to it that nothing is
// left.
func (f *fleet) finish() {
	f.t.Helper()
	for _, p := range f.running {
		f.ended(p)
	}
	f.running = nil
	f.ended(f.start())
}

// log is what the fleet has asked for.
func (f *fleet) log() []market.Request { return f.m.Log()[f.first:] }

// wait waits until cond holds, or so long, and tells whether it does.
func wait(limit time.Duration, cond func() bool) bool {
	for end := time.Now().Add(limit); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// killSome kills so many times one of so many processes, a moment after one of
// the next requests, and starts another.
func (f *fleet) killSome(processes, kills int) {
	random := rand.New(rand.NewPCG(uint64(processes), uint64(kills)))
	for range processes {
		f.running = append(f.running, f.start())
	}
	for killed, tries := 0, 0; killed < kills; tries++ {
		if tries > 5*kills {
			f.t.Fatalf("only %d crawls of %d were killed before they ended", killed, tries)
		}
		next := len(f.log()) + 1 + random.IntN(25)
		moment := time.Duration(random.IntN(60)) * time.Millisecond
		i := random.IntN(len(f.running))
		wait(2*faultLease, func() bool { return len(f.log()) >= next }) // the run may be at its end
		time.Sleep(moment)
		_ = f.running[i].Process.Kill()
		if f.ended(f.running[i]) {
			killed++
		}
		f.running[i] = f.start()
	}
	f.t.Logf("killed %d of %d processes, %d requests", kills, f.started, len(f.log()))
}

// stopSome stops so many times one of so many processes.
func (f *fleet) stopSome(processes, stops int) {
	for range processes {
		f.running = append(f.running, f.start())
	}
	for taken, tries := 0, 0; taken < stops; tries++ {
		if tries > 5*stops+5 {
			f.t.Fatalf("of %d stopped processes only %d lost a host", tries, taken)
		}
		from := len(f.log())
		if !wait(faultWait, func() bool { return len(f.log()) >= from+10 || f.replaceEnded() }) {
			f.t.Fatal("nothing is asked any more")
		}
		if f.stopOne() {
			taken++
		}
	}
	f.t.Logf("a process was stopped, and lost a host, %d times; %d processes, %d requests", stops, f.started, len(f.log()))
}

// replaceEnded starts another process for each that has ended. It is never
// what one waits for.
func (f *fleet) replaceEnded() bool {
	for i, p := range f.running {
		if gone(p) {
			f.ended(p)
			f.running[i] = f.start()
		}
	}
	return false
}

// gone tells whether a process has ended, and leaves it to be waited for.
func gone(p *process) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	return err != nil || bytes.Contains(b, []byte(") Z "))
}

// stopOne stops the process that has asked last, until another asks a host
// that it was asking. That may take no longer than others wait for a
// transaction, within which it may have been stopped. It tells whether that
// came to pass.
func (f *fleet) stopOne() (taken bool) {
	log := f.log()
	last := log[len(log)-1]
	i := slices.IndexFunc(f.running, func(p *process) bool { return strings.Contains(last.Agent, p.name) })
	if i < 0 {
		return false
	}
	p := f.running[i]
	hosts := map[string]bool{} // that it asked last
	for _, r := range log {
		hosts[r.Host] = r.Agent == last.Agent
	}
	_ = p.Process.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	taken = wait(4*faultLease, func() bool {
		return slices.ContainsFunc(f.log(), func(r market.Request) bool {
			return r.Time.After(stopped) && hosts[r.Host] && r.Agent != last.Agent
		})
	})
	f.continued[last.Agent] = time.Now()
	_ = p.Process.Signal(syscall.SIGCONT)
	return taken
}

// checkRequests holds the requests of all processes to one interval, and to one
// process at a time. The quick form runs beside other tests, which delay what
// the market sees: there two that are half an interval apart pass.
func (f *fleet) checkRequests() {
	f.t.Helper()
	least := faultInterval / 2
	if fullFaults() {
		least = faultInterval * 9 / 10
	}
	last, ended := map[string]market.Request{}, map[string]market.Request{}
	shortest := time.Hour
	late := map[string]bool{} // process and host
	for _, r := range f.log() {
		before, asked := last[r.Host]
		open := ended[r.Host]
		last[r.Host] = r
		if r.Ended.After(open.Ended) {
			ended[r.Host] = r
		}
		// What was on its way when its process was stopped comes once.
		if on := f.continued[r.Agent]; !on.IsZero() && r.Time.After(on) && !late[r.Agent+r.Host] {
			late[r.Agent+r.Host] = true
			last[r.Host], ended[r.Host] = before, open
			continue
		}
		if !asked {
			continue
		}
		gap := r.Time.Sub(before.Time)
		shortest = min(shortest, gap)
		if gap < least {
			f.t.Errorf("%s: %s by %s came %s after %s by %s", r.Host, r.Path, r.Agent, gap, before.Path, before.Agent)
		}
		if open.Agent != r.Agent && r.Time.Before(open.Ended) {
			f.t.Errorf("%s sees two processes at once: %s by %s, %s by %s", r.Host, open.Path, open.Agent, r.Path, r.Agent)
		}
	}
	f.t.Logf("shortest gap %s", shortest)
}

// changedMentions lists the mentions that are only in one, or not the same in both.
func changedMentions(want, got []mention.Mention) string {
	texts := func(ms []mention.Mention) map[string]string {
		out := map[string]string{}
		for _, m := range ms {
			if _, twice := out[m.ID]; twice {
				out[m.ID] += " (twice)"
				continue
			}
			out[m.ID] = m.URL + ": " + m.Title + ": " + m.Text
		}
		return out
	}
	w, g := texts(want), texts(got)
	var diff []string
	for id, text := range w {
		if g[id] != text {
			diff = append(diff, fmt.Sprintf("%s: want %q, got %q", id, text, g[id]))
		}
	}
	for id, text := range g {
		if _, ok := w[id]; !ok {
			diff = append(diff, fmt.Sprintf("%s: not wanted: %q", id, text))
		}
	}
	slices.SortFunc(diff, cmp.Compare[string])
	return strings.Join(diff, "\n")
}
