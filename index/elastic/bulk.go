package elastic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// The bounds of what is on its way to the cluster. At most flushers requests of
// flushBytes (or of one group, where that is larger) are under way, and
// queueBytes wait; so the bulker holds no more than
//
//	queueBytes + flushers × flushBytes ≤ 8 MiB + 4 × 4 MiB = 24 MiB
//
// and one group a caller, which blocks until there is room. A group is one
// document, or some of groupBytes together. The cluster itself takes 100 MB a
// request (http.max_content_length) unless told otherwise.
const (
	flushBytes = 4 << 20
	queueBytes = 8 << 20
	groupBytes = 512 << 10
)

// flushers is one a processor, as what writes to one node of the same size; two
// of them keep it busy while answers are on their way.
func flushers() int { return max(2, min(4, runtime.GOMAXPROCS(0))) }

// op is one line of a bulk request: an action and (but for deletes) its
// document.
type op struct {
	action   []byte
	document []byte
	id       string
	result   result
	// unsure says that an answer to the op was lost: what the result tells of
	// may be what it has done itself.
	unsure bool
	left   *sync.WaitGroup
}

func (o *op) size() int { return len(o.action) + len(o.document) + 2 }

// sizeOf is the size of a group.
func sizeOf(group []*op) (size int) {
	for _, o := range group {
		size += o.size()
	}
	return size
}

// result is what became of an op: a status as of its own request, or err where
// the cluster never took it.
type result struct {
	status int
	reason string
	err    error
}

// conflict says that the document is there already, or another version of it.
func (r *result) conflict() bool { return r.err == nil && r.status == http.StatusConflict }

// refused says that the cluster will never take the document.
func (r *result) refused() bool {
	return r.err == nil && (r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge)
}

// bulker is the one indexer of an Index: it lives as long, and gathers what its
// callers write at the same time into requests.
type bulker struct {
	ix     *Index
	ctx    context.Context // ends what is being tried again
	cancel context.CancelFunc
	mu     sync.Mutex
	work   *sync.Cond // something is queued, or it is closed
	room   *sync.Cond // something has left the queue
	queue  [][]*op    // groups: each goes in one request
	queued int
	idle   int // flushers that wait
	closed bool
	done   sync.WaitGroup
}

func newBulker(ix *Index) *bulker {
	b := &bulker{ix: ix}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.work, b.room = sync.NewCond(&b.mu), sync.NewCond(&b.mu)
	for range flushers() {
		b.done.Go(b.flush)
	}
	return b
}

// close writes what is queued and ends the bulker. What is not taken by then is
// tried no more.
func (b *bulker) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.work.Broadcast()
	b.room.Broadcast()
	b.cancel()
	b.done.Wait()
}

var errClosed = errors.New("elasticsearch: the index is closed")

// do writes ops and waits until each has its result. It returns an error where
// that is not so: ctx has ended, or the bulker.
func (b *bulker) do(ctx context.Context, ops []*op) error {
	groups := make([][]*op, len(ops))
	for i := range ops {
		groups[i] = ops[i : i+1]
	}
	return b.doTogether(ctx, groups)
}

// doTogether is do for groups, each of which goes in one request, in order.
func (b *bulker) doTogether(ctx context.Context, groups [][]*op) error {
	var left sync.WaitGroup
	stop := context.AfterFunc(ctx, b.room.Broadcast)
	defer stop()
	b.mu.Lock()
	for _, group := range groups {
		size := sizeOf(group)
		for b.queued > 0 && b.queued+size > queueBytes && !b.closed && ctx.Err() == nil {
			b.room.Wait()
		}
		if b.closed || ctx.Err() != nil {
			b.mu.Unlock()
			if err := ctx.Err(); err != nil {
				return err
			}
			return errClosed
		}
		left.Add(len(group))
		for _, o := range group {
			o.left = &left
		}
		b.queue = append(b.queue, group)
		b.queued += size
		b.work.Signal()
	}
	b.mu.Unlock()
	finished := make(chan struct{})
	go func() { left.Wait(); close(finished) }()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return ctx.Err() // what is under way is written, or not
	}
}

// flush takes what is queued and sends it, until the bulker is closed. Where
// other flushers wait for work it leaves them their share, as the cluster
// writes one request at a time with one processor.
func (b *bulker) flush() {
	for {
		b.mu.Lock()
		for len(b.queue) == 0 && !b.closed {
			b.idle++
			b.work.Wait()
			b.idle--
		}
		if len(b.queue) == 0 {
			b.mu.Unlock()
			return
		}
		most := min(flushBytes, max(groupBytes, b.queued/(b.idle+1)))
		var batch []*op
		n, size := 0, 0
		for ; n < len(b.queue); n++ {
			more := sizeOf(b.queue[n])
			if n > 0 && size+more > most {
				break
			}
			batch, size = append(batch, b.queue[n]...), size+more
		}
		b.queue = b.queue[n:]
		b.queued -= size
		b.mu.Unlock()
		b.room.Broadcast()
		b.send(batch)
		for _, o := range batch {
			o.left.Done()
		}
	}
}

// send gives every op its result. Ops and requests that are refused for now
// (429, 502, 503, 504, or no answer at all) are sent again with growing pauses,
// for as long as the configuration's patience lasts.
func (b *bulker) send(batch []*op) {
	for attempt := 0; len(batch) > 0; attempt++ {
		err := b.once(batch)
		var again []*op
		for _, o := range batch {
			if err != nil {
				o.result = result{err: err}
			}
			if o.result.err == nil && away(o.result.status) || errors.Is(err, ErrAway) || blocked(o) {
				o.unsure = o.unsure || o.result.status != http.StatusTooManyRequests
				again = append(again, o)
			}
		}
		if batch = again; len(batch) == 0 {
			return
		}
		if !pause(b.ctx, attempt, b.ix.cfg.Patience) {
			for _, o := range batch {
				if o.result.err == nil {
					o.result.err = fmt.Errorf("%w: status %d: %s", ErrAway, o.result.status, o.result.reason)
				}
			}
			return
		}
	}
}

// blocked says that the index takes no writes for the moment in which a
// reindex changes over.
func blocked(o *op) bool {
	return o.result.err == nil && o.result.status == http.StatusForbidden && bytes.Contains([]byte(o.result.reason), []byte("cluster_block_exception"))
}

// The pauses between attempts: doubled from the first to the longest, and
// each cut by up to a half at random, so that several writers do not come back
// together.
const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second

// pause waits before another attempt; false when there is to be none, as those
// before have used up the patience.
func pause(ctx context.Context, attempt int, patience time.Duration) bool {
	var waited time.Duration
	next := firstPause
	for range attempt {
		waited += next
		next = min(2*next, longestPause)
	}
	if waited >= patience {
		return false
	}
	t := time.NewTimer(next/2 + rand.N(next/2))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// patiently asks again what can be asked again, while the cluster is away.
func (ix *Index) patiently(ctx context.Context, ask func() error) error {
	for attempt := 0; ; attempt++ {
		err := ask()
		if !errors.Is(err, ErrAway) {
			return err
		}
		if !pause(ctx, attempt, ix.cfg.Patience) {
			return cmp.Or(ctx.Err(), err)
		}
	}
}

// once sends one request. Its error is one of the request as a whole.
func (b *bulker) once(batch []*op) error {
	var buf bytes.Buffer
	for _, o := range batch {
		buf.Write(o.action)
		buf.WriteByte('\n')
		if o.document != nil {
			buf.Write(o.document)
			buf.WriteByte('\n')
		}
	}
	var answer struct {
		Items []map[string]struct {
			Status int    `json:"status"`
			Error  *cause `json:"error"`
		} `json:"items"`
	}
	// what was sent is waited for a moment when the index is closed meanwhile
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), 2*time.Minute)
	defer cancel()
	defer context.AfterFunc(b.ctx, func() { time.AfterFunc(time.Second, cancel) })()
	err := b.ix.call(ctx, "bulk", esapi.BulkRequest{Body: &buf, FilterPath: []string{"items.*.status", "items.*.error"}}, &answer)
	// A request is too large for this cluster, or one document spoils it.
	var e *Error
	if errors.As(err, &e) && (e.Status == http.StatusRequestEntityTooLarge || e.Status == http.StatusBadRequest) {
		if half := len(batch) / 2; half > 0 {
			return errors.Join(b.once(batch[:half]), b.once(batch[half:]))
		}
		batch[0].result = result{status: e.Status, reason: e.Error()}
		return nil
	}
	if err != nil {
		return err
	}
	if len(answer.Items) != len(batch) {
		return fmt.Errorf("%w: bulk: %d results for %d documents", ErrAway, len(answer.Items), len(batch))
	}
	b.ix.stale.Store(true)
	for i, item := range answer.Items {
		for _, r := range item {
			batch[i].result = result{status: r.Status}
			if r.Error != nil {
				batch[i].result.reason = r.Error.Type + ": " + r.Error.words()
			}
		}
	}
	return nil
}

// action is the first line of an op on an index.
func action(verb, index, id string, more object) []byte {
	m := object{"_index": index, "_id": id}
	for k, v := range more {
		m[k] = v
	}
	b, err := json.Marshal(object{verb: m})
	if err != nil {
		panic(err) // strings and numbers
	}
	return b
}
