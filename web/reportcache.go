package web

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"klank/index"
)

// The bounds of answers. Memory: the values kept count maxAnswerBytes at most,
// by what whoever computed them says; what is being computed, maxComputing at a
// time, comes on top. A value is made again when the index has changed and it is
// older than restFactor times what it cost, so that making them takes a
// twentieth of one core at most; without index.Changes it holds for a minute.
const (
	maxAnswerBytes = 64 << 20
	maxComputing   = 2
	restFactor     = 20
	blindAge       = time.Minute
)

// errComputing is returned by answers.get when the first computation of an
// answer takes longer than the caller wants to wait. It goes on.
var errComputing = errors.New("web: the answer is being computed")

// answers keeps what is costly to work out of an index, by key, for as long as
// the index stays as it was. What has become old is still given while it is
// made anew, and the same is never worked out twice at a time.
type answers struct {
	changes index.Changes // nil where the index cannot tell
	now     func() time.Time
	log     *slog.Logger

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	work   sync.WaitGroup
	slots  chan struct{}

	mu     sync.Mutex
	closed bool
	byKey  map[string]*list.Element // of *kept
	order  *list.List               // the latest used first
	bytes  int64
	jobs   map[string]*job
}

// kept is an answer with the state of the index before it was worked out.
type kept struct {
	key, token string
	value      any
	bytes      int64
	made       time.Time
	cost       time.Duration
}

// job is a computation under way; done is closed at its end.
type job struct {
	done chan struct{}
	kept *kept
	err  error
}

// counted is what get gives: the value, since when it stands, and whether a
// newer one is due.
type counted struct {
	Value any
	Made  time.Time
	Old   bool
}

// compute works out an answer and says how many bytes it takes.
type compute func(ctx context.Context) (value any, bytes int64, err error)

func newAnswers(ix index.Index, now func() time.Time, log *slog.Logger) *answers {
	a := &answers{now: now, log: log, slots: make(chan struct{}, maxComputing),
		byKey: map[string]*list.Element{}, order: list.New(), jobs: map[string]*job{}}
	a.changes, _ = ix.(index.Changes)
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// close ends what is under way and waits for it.
func (a *answers) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.cancel()
	a.work.Wait()
}

// token names the state of the index, and the day: "the last 90 days" are
// others tomorrow.
func (a *answers) token(ctx context.Context) (string, error) {
	day := a.now().UTC().Format(time.DateOnly)
	if a.changes == nil {
		return day, nil
	}
	changed, err := a.changes.Changed(ctx)
	return day + " " + changed, err
}

// get gives the answer of key: the one that is kept, an old one while a newer
// is made, or else what fn works out. It waits for that for patience at most,
// and returns errComputing when it takes longer.
func (a *answers) get(ctx context.Context, key string, patience time.Duration, fn compute) (counted, error) {
	token, err := a.token(ctx)
	if err != nil {
		return counted{}, err
	}
	a.mu.Lock()
	var have *kept
	if e := a.byKey[key]; e != nil {
		a.order.MoveToFront(e)
		have = e.Value.(*kept)
	}
	age := time.Duration(0)
	if have != nil {
		age = a.now().Sub(have.made)
		if have.token == token && (a.changes != nil || age < blindAge) {
			a.mu.Unlock()
			return counted{have.value, have.made, false}, nil
		}
	}
	j := a.jobs[key]
	if j == nil && (have == nil || age >= restFactor*have.cost) {
		j = a.start(key, token, fn)
	}
	a.mu.Unlock()
	if have != nil {
		return counted{have.value, have.made, true}, nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-j.done:
		if j.err != nil {
			return counted{}, j.err
		}
		return counted{j.kept.value, j.kept.made, false}, nil
	case <-timer.C:
		return counted{}, errComputing
	case <-ctx.Done():
		return counted{}, ctx.Err()
	}
}

// start begins a computation. a.mu is held.
func (a *answers) start(key, token string, fn compute) *job {
	j := &job{done: make(chan struct{})}
	if a.closed {
		j.err = context.Canceled
		close(j.done)
		return j
	}
	a.jobs[key] = j
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		j.kept, j.err = a.run(key, token, fn)
		a.mu.Lock()
		delete(a.jobs, key)
		if j.err == nil {
			a.keep(j.kept)
		}
		a.mu.Unlock()
		close(j.done)
	}()
	return j
}

// run works an answer out when there is a slot for it.
func (a *answers) run(key, token string, fn compute) (*kept, error) {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-a.ctx.Done():
		return nil, a.ctx.Err()
	}
	begin, made := time.Now(), a.now()
	value, bytes, err := fn(a.ctx)
	if err != nil {
		if a.ctx.Err() == nil {
			what, _, _ := strings.Cut(key, " ") // the rest may be what somebody asked
			a.log.Warn("web: an answer could not be worked out", "what", what, "error", err)
		}
		return nil, err
	}
	return &kept{key: key, token: token, value: value, bytes: bytes, made: made, cost: time.Since(begin)}, nil
}

// keep stores an answer, and lets go of those that were not used for longest.
// a.mu is held.
func (a *answers) keep(k *kept) {
	if e := a.byKey[k.key]; e != nil {
		a.drop(e)
	}
	if k.bytes > maxAnswerBytes {
		return
	}
	a.byKey[k.key] = a.order.PushFront(k)
	a.bytes += k.bytes
	for a.bytes > maxAnswerBytes {
		a.drop(a.order.Back())
	}
}

func (a *answers) drop(e *list.Element) {
	k := a.order.Remove(e).(*kept)
	delete(a.byKey, k.key)
	a.bytes -= k.bytes
}
