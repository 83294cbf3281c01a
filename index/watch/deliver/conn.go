package deliver

import (
	"context"
	"net"
	"sync"
	"time"
)

// stoppable is a connection that ends soon after its context does, whatever
// deadlines are set from then on.
type stoppable struct {
	net.Conn
	mu    sync.Mutex
	until time.Time // zero while the context lasts
}

// newStoppable watches ctx, which is to end.
func newStoppable(ctx context.Context, c net.Conn) *stoppable {
	s := &stoppable{Conn: c}
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.until = time.Now().Add(grace)
		_ = s.Conn.SetDeadline(s.until)
	})
	return s
}

// within bounds a deadline, and sets it by fn.
func (s *stoppable) within(t time.Time, fn func(time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.until.IsZero() && (t.IsZero() || t.After(s.until)) {
		t = s.until
	}
	return fn(t)
}

func (s *stoppable) SetDeadline(t time.Time) error { return s.within(t, s.Conn.SetDeadline) }

func (s *stoppable) SetReadDeadline(t time.Time) error { return s.within(t, s.Conn.SetReadDeadline) }

func (s *stoppable) SetWriteDeadline(t time.Time) error { return s.within(t, s.Conn.SetWriteDeadline) }
