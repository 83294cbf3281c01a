package crawler

import (
	"context"
	"slices"
	"sync"
)

// gate bounds the bytes in flight. Who comes first enters first. One entry is
// let through even when it is larger than the gate, so that nothing waits for
// ever; nobody is to wait who has entered and not left.
type gate struct {
	mu sync.Mutex
	// free is below zero when entries have turned out larger than announced.
	free, max int64
	queue     []*waiting
}

// waiting is who waits for n bytes; entered is closed when they are taken.
type waiting struct {
	n       int64
	entered chan struct{}
}

func newGate(size int64) *gate { return &gate{free: size, max: size} }

// enter waits for n bytes.
func (g *gate) enter(ctx context.Context, n int64) error {
	g.mu.Lock()
	if len(g.queue) == 0 && g.fits(n) {
		g.free -= n
		g.mu.Unlock()
		return nil
	}
	w := &waiting{n: n, entered: make(chan struct{})}
	g.queue = append(g.queue, w)
	g.mu.Unlock()
	select {
	case <-w.entered:
		return nil
	case <-ctx.Done():
		g.giveUp(w)
		return context.Cause(ctx)
	}
}

func (g *gate) fits(n int64) bool { return n <= g.free || g.free == g.max }

// giveUp takes out who no longer waits, or has just entered.
func (g *gate) giveUp(w *waiting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, w); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	} else {
		g.free += w.n
	}
	g.admit()
}

// leave gives n bytes back; a negative n takes more without waiting.
func (g *gate) leave(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free += n
	g.admit()
}

// admit lets in who is next. g.mu is held.
func (g *gate) admit() {
	n := 0
	for ; n < len(g.queue) && g.fits(g.queue[n].n); n++ {
		g.free -= g.queue[n].n
		close(g.queue[n].entered)
	}
	g.queue = slices.Delete(g.queue, 0, n)
}
