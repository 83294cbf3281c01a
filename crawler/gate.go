package crawler

import (
	"context"
	"sync"
)

// gate bounds the bytes in flight. One entry is let through even when it is
// larger than the gate, so that nothing waits for ever.
type gate struct {
	mu   sync.Mutex
	free int64
	max  int64
	wait chan struct{} // closed when something was given back
}

func newGate(size int64) *gate { return &gate{free: size, max: size, wait: make(chan struct{})} }

// enter waits for n bytes.
func (g *gate) enter(ctx context.Context, n int64) error {
	for {
		g.mu.Lock()
		if n <= g.free || g.free == g.max {
			g.free -= n
			g.mu.Unlock()
			return nil
		}
		wait := g.wait
		g.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (g *gate) leave(n int64) {
	g.mu.Lock()
	g.free += n
	close(g.wait)
	g.wait = make(chan struct{})
	g.mu.Unlock()
}
