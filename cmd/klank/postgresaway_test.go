package main

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
	"klank/mention"
)

// wire is the network between klank and a PostgreSQL. While it is cut, what was
// connected is not any more, and nobody gets through; while it is silent,
// everybody is connected and nothing gets through.
type wire struct {
	url string // of the database by way of the wire
	to  string

	mu     sync.Mutex
	cut    bool
	silent chan struct{} // closed when it no longer is; nil while it is not
	conns  map[net.Conn]bool
}

func newWire(t *testing.T, database string) *wire {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: u.Host, conns: map[net.Conn]bool{}}
	u.Host = ln.Addr().String()
	w.url = u.String()
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			carrying.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		w.setCut(true)
		carrying.Wait()
	})
	return w
}

// carry carries one connection until either end, or a cut, ends it.
func (w *wire) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer to.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.conns[from], w.conns[to] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(muffled{pair[0], w}, pair[1])
			pair[0].Close()
			pair[1].Close()
		})
	}
	both.Wait()
	w.mu.Lock()
	delete(w.conns, from)
	delete(w.conns, to)
	w.mu.Unlock()
}

// muffled is an end of a wire.
type muffled struct {
	net.Conn
	w *wire
}

// Write waits while the wire is silent.
func (m muffled) Write(b []byte) (int, error) {
	m.w.mu.Lock()
	silent := m.w.silent
	m.w.mu.Unlock()
	if silent != nil {
		<-silent
	}
	return m.Conn.Write(b)
}

// setSilent is for who then calls setCut(false).
func (w *wire) setSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = make(chan struct{})
}

func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if w.silent != nil {
		close(w.silent)
		w.silent = nil
	}
	if cut {
		for c := range w.conns {
			c.Close()
		}
	}
}

// TestADatabaseThatGoesAwayLosesNothing cuts two processes off from their
// frontier in the middle of a crawl: nothing is asked beyond what their leases
// allow, they end and say why, and the next crawl ends with the mentions of an
// undisturbed run. With KLANK_TEST_FAULTS=full the frontier also falls silent,
// for as long as a call waits for an answer.
func TestADatabaseThatGoesAwayLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for several crawls")
	}
	m := startMarket(t)
	m.Linger(faultLinger)
	calm := newFleet(t, m, "")
	calm.finish()
	want := exported(t, calm.data)
	t.Run("cut", func(t *testing.T) {
		w := newWire(t, postgrestest.URL(t))
		newFleet(t, m, w.url).cutOff(w, func() { w.setCut(true) }, want)
	})
	if !fullFaults() {
		return
	}
	t.Run("silent", func(t *testing.T) { // waits for a call's time limit
		w := newWire(t, postgrestest.URL(t))
		newFleet(t, m, w.url).cutOff(w, w.setSilent, want)
	})
}

func (f *fleet) cutOff(w *wire, cut func(), want []mention.Mention) {
	two := []*process{f.start(), f.start()}
	if !wait(faultWait, func() bool { return len(f.log()) >= 15 }) {
		f.t.Fatal("the crawl does not begin")
	}
	cut()
	away := time.Now()
	for _, p := range two {
		_ = p.Wait()
		if code := p.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(p.stderr.String(), "PostgreSQL on ") {
			f.t.Errorf("%s ended with %d\n%s", p.name, code, &p.stderr)
		}
	}
	after := 0
	for _, r := range f.log() {
		since := r.Time.Sub(away)
		if since > 0 {
			after++
		}
		if since > faultLease+time.Second { // what was on its way may come late on a busy machine
			f.t.Errorf("%s%s was asked %s after the database had gone", r.Host, r.Path, since)
		}
	}
	f.t.Logf("%d requests after the database had gone; the end came after %s", after, time.Since(away))
	w.setCut(false)
	f.finish()
	if diff := changedMentions(want, exported(f.t, f.data)); diff != "" {
		f.t.Errorf("the mentions differ from an undisturbed run's:\n%s", diff)
	}
	f.checkRequests()
}
