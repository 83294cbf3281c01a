package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// A crawl's heap is small (buffers that are used again), so that collecting at
// every doubling would cost a fiftieth of its CPU and save little memory: it may
// grow by gcMost percent. With hundreds of hosts what it grows by is what counts,
// so that it is gcRoom at most, yet gcLeast percent in a large heap.
const (
	gcMost  = 150
	gcLeast = 50
	gcRoom  = 12 << 20
)

// garbage is a policy of collecting it that looks at the heap after each
// collection.
type garbage struct {
	stopped atomic.Bool
	percent int
}

// collectGarbage sets the policy until stop is called; GOGC in the environment
// wins.
func collectGarbage() (stop func()) {
	g := &garbage{percent: gcMost}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(g.percent)
		g.watch()
	}
	return func() { g.stopped.Store(true) }
}

// watch has the next collection call adjust: it finds an object that nobody
// refers to.
func (g *garbage) watch() {
	type collected struct{ _ [16]byte }
	runtime.SetFinalizer(new(collected), func(*collected) { g.adjust() })
}

func (g *garbage) adjust() {
	if g.stopped.Load() {
		return
	}
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(read)
	var live uint64 // the percentage is of all three
	for _, s := range read {
		live += s.Value.Uint64()
	}
	if p := gcPercent(live); p != g.percent {
		g.percent = p
		debug.SetGCPercent(p)
	}
	g.watch()
}

// gcPercent is how far a heap may grow of which so many bytes are in use.
func gcPercent(live uint64) int {
	return int(min(gcMost, max(gcLeast, 100*gcRoom/max(live, 1))))
}
