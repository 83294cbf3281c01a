package research

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The bounds of the queue: how old those may be who wait, and how many that
// were edited after a reply are looked at.
const (
	queueDays   = 180
	maxReopened = 500
)

// Waiting is a mention that asks for an answer.
type Waiting struct {
	ID string
	// Priority is severity × reach × age (docs/research.md).
	Priority float64
	// Days is for how long it waits, Reach what others did with it (index.Brief).
	Days, Reach int
	// Why are the reasons to answer.
	Why []Saying
	// Replied says that it was edited after a reply, Reopened that it was after
	// somebody had settled it.
	Replied, Reopened bool

	revision int
}

// Line is those who wait for an answer.
type Line struct {
	index   Index
	waiting []Waiting // by enqueue
}

// NewLine finds those who wait for an answer, as the report respond does: at
// most most of those without a reply, and of those who edited after one.
// req.Name is not looked at.
func NewLine(ctx context.Context, cfg Config, req Request, most int) (*Line, error) {
	s, err := newScope(ctx, cfg, req)
	if err != nil {
		return nil, err
	}
	s.narrowToOwn(&Report{})
	return s.line(most, func(*index.Row, bool, bool) {})
}

// line narrows the report to what asks for an answer, and walks it. see is
// called for each row: whether it has a reply, and whether it has none and is
// too old for the queue.
func (s *scope) line(most int, see func(r *index.Row, replied, old bool)) (*Line, error) {
	var wanted []query.Node
	for _, c := range classes() {
		wanted = append(wanted, c.node)
	}
	s.base = and(s.base, or(wanted...))
	line := &Line{index: s.cfg.Index}
	var edited []string
	err := s.walk([]string{"sentiment", "signal", "kind", "has"}, func(r *index.Row) {
		if contains(r.Values[reHas], "reply") {
			if r.Revision > 1 {
				edited = append(edited, r.ID)
			}
			see(r, true, false)
			return
		}
		w := s.wait(r)
		see(r, false, w.Days > queueDays)
		if w.Days <= queueDays {
			line.waiting = enqueue(line.waiting, w, most)
		}
	})
	if err != nil {
		return nil, err
	}
	again, err := s.reopened(edited, most)
	for _, w := range again {
		line.waiting = enqueue(line.waiting, w, len(line.waiting)+1)
	}
	return line, err
}

// Open returns those who still wait, the most urgent first, and how many are
// settled: the mentions of settled, with the revision of each that was judged,
// or 0 for any. Where the words have changed since, a mention is open again.
func (l *Line) Open(ctx context.Context, settled map[string]int) (open []Waiting, left int, err error) {
	for _, w := range l.waiting {
		revision, ok := settled[w.ID]
		if ok {
			if w.Reopened, err = l.editedSince(ctx, &w, revision); err != nil {
				return nil, 0, err
			}
			if !w.Reopened {
				left++
				continue
			}
			w.Why = append(slices.Clone(w.Why), say("edited since it was settled"))
		}
		open = append(open, w)
	}
	return open, left, nil
}

// editedSince tells whether the words of a mention are others than those of a
// revision of it. A revision that is no longer kept says nothing.
func (l *Line) editedSince(ctx context.Context, w *Waiting, revision int) (bool, error) {
	if revision == 0 || w.revision <= revision {
		return false, nil
	}
	var ms [2]*mention.Mention
	for i, n := range []int{0, revision} {
		m, err := l.index.Get(ctx, w.ID, n)
		if errors.Is(err, index.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("report: mention %s: %w", w.ID, err)
		}
		ms[i] = m
	}
	return ms[0].Title != ms[1].Title || ms[0].Text != ms[1].Text, nil
}

// reasons tells which classes of respond a row is of, in their order.
func reasons(r *index.Row) [4]bool {
	signals := r.Values[reSignal]
	return [4]bool{
		first(r.Values[reSentiment]) == mention.Negative || contains(signals, "detractor"),
		first(r.Values[reKind]) == string(mention.Question) || contains(signals, "question"),
		contains(signals, "churn_risk"),
		contains(signals, "needs_response"),
	}
}

// wait weighs a mention: severity x reach x age.
func (s *scope) wait(r *index.Row) Waiting {
	w := Waiting{ID: r.ID, Reach: r.Reach, Days: 30, revision: r.Revision}
	if r.Published != 0 {
		w.Days = max(0, int(s.req.Now.UnixMilli()-r.Published)/dayMillis)
	}
	severity, signals := max(0, -r.Score), r.Values[reSignal]
	if severity > 0.1 {
		w.Why = append(w.Why, say("complaint"))
	}
	for _, sign := range []struct {
		signal, word string
		weight       float64
	}{{"churn_risk", "leaves", 1}, {"needs_response", "asks for a response", 0.5}, {"detractor", "warns others", 0.5}, {"question", "question", 0.25}} {
		if contains(signals, sign.signal) {
			severity += sign.weight
			w.Why = append(w.Why, say(sign.word))
		}
	}
	w.Priority = round(severity * (1 + math.Log(1+float64(r.Reach))) * (1 + float64(min(w.Days, 30))/30))
	return w
}

// enqueue keeps the first by priority, ties by id; at most most of them.
func enqueue(queue []Waiting, w Waiting, most int) []Waiting {
	before := func(a, b Waiting) int { return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID)) }
	if n := len(queue); n >= most && before(w, queue[n-1]) > 0 {
		return queue
	}
	at, _ := slices.BinarySearchFunc(queue, w, before)
	queue = slices.Insert(queue, at, w)
	return queue[:min(len(queue), most)]
}

// reopened finds, among mentions with a reply and several revisions, those
// whose words changed after the reply.
func (s *scope) reopened(ids []string, most int) ([]Waiting, error) {
	slices.Sort(ids)
	var out []Waiting
	for _, id := range ids[:min(len(ids), maxReopened)] {
		m, err := s.cfg.Index.Get(s.ctx, id, 0)
		if err != nil {
			return nil, fmt.Errorf("report: mention %s: %w", id, err)
		}
		for n := m.Revision - 1; n >= 1; n-- {
			old, err := s.cfg.Index.Get(s.ctx, id, n)
			if err != nil || !sameReply(old.Reply, m.Reply) { // before the reply, or expired
				break
			}
			if old.Text != m.Text || old.Title != m.Title {
				w := s.wait(index.RowOf(m, []string{"source", "sentiment", "signal", "kind", "has"}))
				w.Why = append(w.Why, say("edited after the reply"))
				w.Replied = true
				out = enqueue(out, w, most)
				break
			}
		}
	}
	return out, nil
}

func sameReply(a, b *mention.Reply) bool { return a != nil && b != nil && a.Text == b.Text }
