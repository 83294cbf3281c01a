// Package enrich tells of stored mentions what only other mentions tell: which
// are copies of another one, which are suspect, and to which thread a reply
// belongs.
//
// A pass looks at what is new or has changed since the last one, and at its
// neighbours. What it says depends on what is stored and on nothing else: not
// on the order in which that came, and a pass that is done again changes
// nothing. Mentions are marked, never hidden and never deleted.
//
// It is not for judging single mentions: that is analysis. It is not for
// finding out who wrote something either: authors are compared by their keys,
// within one host.
package enrich

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// Store is what a pass needs of an index.
type Store interface {
	index.Index
	index.Getter
	index.Enrichable
}

// Report says what a pass found. Marked counts the mentions that it marked,
// Cleared those that it had marked before and that it finds to be so no more.
type Report struct {
	// Looked counts the mentions that were new or had changed.
	Looked     int   `json:"looked"`
	Duplicates Count `json:"duplicates"`
	Suspects   Count `json:"suspects"`
	// Threads counts the replies whose thread became known.
	Threads int `json:"threads"`
}

// Count says how many mentions got a mark, and how many lost it.
type Count struct {
	Marked  int `json:"marked"`
	Cleared int `json:"cleared"`
}

const (
	// batchSize is how many mentions are looked at together, at some 400 bytes
	// each; all keys are walked once or twice a batch.
	batchSize = 10_000
	// settleAfter is how many are looked at before the items they are about are;
	// a pass that is stopped begins there again.
	settleAfter = 100_000
)

// Run looks at what is pending until nothing is. It takes memory for batches
// of 10,000 mentions, for the names of their items, and 64 bytes a review of
// the items that it looks at together (5,000 at most).
func Run(ctx context.Context, st Store) (Report, error) {
	p := &pass{ctx: ctx, st: st}
	for {
		more, err := p.stage()
		if err != nil || !more {
			if err != nil && !errors.Is(err, ctx.Err()) {
				err = fmt.Errorf("enrich: %w", err)
			}
			return p.report, err
		}
	}
}

// pass is one run, and what it has found.
type pass struct {
	ctx    context.Context
	st     Store
	report Report
}

// stage looks at the first settleAfter that are pending and settles them. It
// tells whether there were any.
func (p *pass) stage() (more bool, err error) {
	items := map[itemKey]bool{}
	var mark int64
	for looked := 0; looked < settleAfter; {
		batch, next, err := p.pending(mark)
		if err != nil {
			return false, err
		}
		if next == 0 {
			break
		}
		mark, looked = next, looked+len(batch)+1
		for _, c := range batch {
			if c.kind == mention.Review && c.item != "" {
				items[itemKey{c.host, c.item}] = true
			}
		}
		if err := p.findCopies(batch); err != nil {
			return false, err
		}
		if err := p.joinThreads(batch); err != nil {
			return false, err
		}
	}
	if mark == 0 {
		return false, nil
	}
	if err := p.lookAtItems(items); err != nil {
		return false, err
	}
	return true, p.st.Settle(p.ctx, mark)
}

func (p *pass) pending(after int64) ([]*card, int64, error) {
	var batch []*card
	mark, err := p.st.Pending(p.ctx, after, batchSize, func(m *mention.Mention, was uint64) error {
		c := cardOf(m)
		c.was = was
		batch = append(batch, c)
		p.report.Looked++
		return nil
	})
	return batch, mark, err
}

// get reads a mention; nil where it has gone meanwhile.
func (p *pass) get(id string) (*mention.Mention, error) {
	m, err := p.st.Get(p.ctx, id, 0)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	return m, err
}

// mark gives mentions the flags that a rule finds, and takes away those that it
// found before and does not find now. want has a finding for each mention that
// is to be looked at.
func (p *pass) mark(want map[string]finding) error {
	ids := make([]string, 0, len(want))
	for id := range want {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	// Amend may call more than once: what it says last holds
	duplicates, suspects := map[string]int{}, map[string]int{}
	_, err := p.st.Amend(p.ctx, ids, func(m *mention.Mention) {
		duplicate, suspect := hasFlag(m, mention.FlagDuplicate), hasFlag(m, mention.FlagSuspect)
		want[m.ID].apply(m)
		duplicates[m.ID] = gained(duplicate, hasFlag(m, mention.FlagDuplicate))
		suspects[m.ID] = gained(suspect, hasFlag(m, mention.FlagSuspect))
	})
	p.report.Duplicates.add(duplicates)
	p.report.Suspects.add(suspects)
	return err
}

func gained(before, after bool) int {
	switch {
	case after && !before:
		return 1
	case before && !after:
		return -1
	}
	return 0
}

func (c *Count) add(changes map[string]int) {
	for _, n := range changes {
		c.Marked += max(n, 0)
		c.Cleared += max(-n, 0)
	}
}

func hasFlag(m *mention.Mention, name string) bool {
	return slices.ContainsFunc(m.Flags, func(f mention.Flag) bool { return f.Name == name })
}

// finding is what some rules say of a mention. A reason that is empty says
// that the rule does not hold.
type finding struct {
	// copies says that findCopies was asked, which gives original and reason.
	copies   bool
	original string
	reason   string
	// suspect has the reasons of the rules for suspects that were asked.
	suspect map[rule]string
}

// rule is the first words of the reasons that a rule for suspects gives.
type rule string

// The rules for suspects.
const (
	ruleCopied rule = "copied text"
	ruleBurst  rule = "burst"
	ruleNoText rule = "no text"
)

func (f finding) apply(m *mention.Mention) {
	if f.copies {
		m.DuplicateOf = f.original
		m.Flags = slices.DeleteFunc(m.Flags, func(g mention.Flag) bool { return g.Name == mention.FlagDuplicate })
		if f.original != "" {
			m.Flags = append(m.Flags, mention.Flag{Name: mention.FlagDuplicate, Reason: f.reason})
		}
	}
	for r, reason := range f.suspect {
		m.Flags = slices.DeleteFunc(m.Flags, func(g mention.Flag) bool {
			return g.Name == mention.FlagSuspect && strings.HasPrefix(g.Reason, string(r)+": ")
		})
		if reason != "" {
			m.Flags = append(m.Flags, mention.Flag{Name: mention.FlagSuspect, Reason: string(r) + ": " + reason})
		}
	}
	slices.SortStableFunc(m.Flags, func(a, b mention.Flag) int {
		return strings.Compare(a.Name+"\x00"+a.Reason, b.Name+"\x00"+b.Reason)
	})
}

// holds tells whether a mention has the marks already that f gives.
func (f finding) holds(c *card) bool {
	m := mention.Mention{Flags: slices.Clone(c.flags), DuplicateOf: c.original}
	f.apply(&m)
	return m.DuplicateOf == c.original && slices.Equal(m.Flags, c.flags)
}

// joinThreads gives replies the thread of what they answer, whichever of the
// two came first. What it changes is pending again, and so are the replies to
// that.
func (p *pass) joinThreads(batch []*card) error {
	threads := map[string]string{} // by id
	for _, c := range batch {
		if c.kind == mention.Review || c.kind == mention.Survey {
			continue
		}
		root := c.thread
		if root == "" && c.parent != "" {
			up, err := p.get(c.parent)
			if err != nil {
				return err
			}
			if up != nil && (up.Parent == "" || up.Thread != "") {
				root = up.ID
				if up.Thread != "" {
					root = up.Thread
				}
				threads[c.id] = root
			}
		}
		if root == "" && c.parent != "" {
			continue // it is not known yet
		}
		if root == "" {
			root = c.id
		}
		waiting, err := p.waitingFor(c.id)
		if err != nil {
			return err
		}
		for _, id := range waiting {
			threads[id] = root
		}
	}
	ids := make([]string, 0, len(threads))
	for id := range threads {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	n, err := p.st.Amend(p.ctx, ids, func(m *mention.Mention) {
		if m.Thread == "" && threads[m.ID] != m.ID {
			m.Thread = threads[m.ID]
		}
	})
	p.report.Threads += n
	return err
}

// waitingFor returns the replies to a mention that are of no thread yet.
func (p *pass) waitingFor(id string) ([]string, error) {
	q := &query.And{Nodes: []query.Node{&query.Term{Field: "parent", Value: id},
		&query.Not{Node: &query.Term{Field: "has", Value: "thread"}}}}
	res, err := p.st.Search(p.ctx, index.SearchRequest{Query: q, Limit: index.MaxLimit})
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range res.Hits {
		out = append(out, res.Hits[i].Mention.ID)
	}
	return out, nil
}
