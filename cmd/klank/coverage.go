package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"klank/crawler"
	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// ledgerIndex is what the ledger needs of an index.
type ledgerIndex interface {
	index.Index
	index.Recorder
}

// coverageLedger keeps, per source and item, what pages declare, and sets it
// against what the index holds. What is declared goes into the index as it is
// found, so that a crash loses none of it.
type coverageLedger struct {
	ix ledgerIndex

	mu       sync.Mutex
	declared map[string]map[string]int
	blocked  map[string]int
	// writing holds, per source, what is declared until it is in the index, so
	// that counts get there in their order, and those of several sources at once.
	writing map[string]*sync.Mutex
}

// newCoverageLedger begins with what earlier runs of the sources noted.
func newCoverageLedger(ctx context.Context, ix ledgerIndex, sources []*crawler.Source) (*coverageLedger, error) {
	l := &coverageLedger{ix: ix, declared: map[string]map[string]int{}, blocked: map[string]int{}, writing: map[string]*sync.Mutex{}}
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
		l.writing[s.Name] = &sync.Mutex{}
	}
	known, err := ix.Coverage(ctx, names...)
	if err != nil {
		return nil, err
	}
	for _, c := range known {
		if c.Item != "" && c.Declared != nil {
			l.note(c.Source, c.Item, *c.Declared)
		}
	}
	return l, nil
}

// note remembers a declared count and tells whether it is news.
func (l *coverageLedger) note(source, item string, n int) bool {
	if l.declared[source] == nil {
		l.declared[source] = map[string]int{}
	}
	old, known := l.declared[source][item]
	l.declared[source][item] = n
	return !known || old != n
}

// declare takes what pages say about their items, and how many of them ask not
// to be indexed.
func (l *coverageLedger) declare(ctx context.Context, source string, items []mention.Item, withheld int) error {
	writing := l.writing[source]
	writing.Lock()
	defer writing.Unlock()
	var news []mention.Coverage
	l.mu.Lock()
	l.blocked[source] += withheld
	for i := range items {
		n := cmp.Or(items[i].ReviewCount, items[i].RatingCount)
		if name := items[i].Name; n != nil && name != "" && l.note(source, name, *n) {
			news = append(news, mention.Coverage{Source: source, Item: name, Declared: n})
		}
	}
	l.mu.Unlock()
	if len(news) == 0 {
		return nil
	}
	return l.ix.PutCoverage(ctx, news)
}

// coverage answers for one source at the end of a run: a line per item that
// declares a count, and one for the whole source: the sum of those, or, where
// nothing is declared, all that was collected.
func (l *coverageLedger) coverage(ctx context.Context, s *crawler.SourceReport) ([]mention.Coverage, error) {
	run, keptOut, capped := s.Run, s.RobotsBlocked+s.Reserved, s.Capped
	l.mu.Lock()
	defer l.mu.Unlock()
	blocked, err := l.catchUp(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("coverage of %s: %w", run.Source, err)
	}
	total := mention.Coverage{Run: run.ID, Source: run.Source, Blocked: max(blocked, keptOut+l.blocked[run.Source]), Capped: capped, Reason: shortfall(s)}
	declares := l.declared[run.Source]
	if len(declares) == 0 {
		all, err := l.ix.Aggregate(ctx, index.AggregateRequest{Query: onSiteQuery(run.Source)})
		if err != nil {
			return nil, fmt.Errorf("coverage of %s: %w", run.Source, err)
		}
		total.Collected = all.Total
		return []mention.Coverage{total}, nil
	}
	collected, err := l.collected(ctx, run.Source)
	if err != nil {
		return nil, fmt.Errorf("coverage of %s: %w", run.Source, err)
	}
	var out []mention.Coverage
	declared := 0 // against which only what declares a count is set: like against like
	for item, n := range declares {
		declared += n
		total.Collected += collected[item]
		out = append(out, mention.Coverage{Run: run.ID, Source: run.Source, Item: item, Declared: &n, Collected: collected[item], Capped: capped})
	}
	total.Declared = &declared
	slices.SortFunc(out, func(a, b mention.Coverage) int { return cmp.Compare(a.Item, b.Item) })
	return append(out, total), nil
}

// shortfall says why there may be more than was collected.
func shortfall(s *crawler.SourceReport) string {
	var why []string
	if s.Capped {
		why = append(why, "stopped at the bound on pages")
	}
	for _, stop := range s.Stops {
		if stop.Reason != crawler.StopKnown {
			why = append(why, stop.String())
		}
		if len(why) == 3 {
			break
		}
	}
	return strings.Join(why, "; ")
}

// catchUp takes over what another process has noted that worked on the same
// run: what is declared, and how much it found blocked, which is returned.
func (l *coverageLedger) catchUp(ctx context.Context, run mention.Run) (blocked int, err error) {
	known, err := l.ix.Coverage(ctx, run.Source)
	if err != nil {
		return 0, err
	}
	for _, c := range known {
		switch {
		case c.Item == "" && c.Run == run.ID:
			blocked = c.Blocked
		case c.Item != "" && c.Declared != nil:
			if _, here := l.declared[c.Source][c.Item]; !here {
				l.note(c.Source, c.Item, *c.Declared)
			}
		}
	}
	return blocked, nil
}

// facetItems is how many items one facet counts; see index.Facet.
const facetItems = 10000

// collected counts the reviews of each declared item of a source.
func (l *coverageLedger) collected(ctx context.Context, source string) (map[string]int, error) {
	reviews := []query.Node{onSiteQuery(source), &query.Term{Field: "kind", Value: string(mention.Review)}}
	res, err := l.ix.Aggregate(ctx, index.AggregateRequest{
		Query:  &query.And{Nodes: reviews},
		Facets: []index.Facet{{Field: "item", Size: facetItems}},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, b := range res.Facets["item"] {
		out[b.Value] = b.Count
	}
	if len(out) < facetItems {
		return out, nil
	}
	for item := range l.declared[source] { // the facet is full: ask for the others one by one
		if _, known := out[item]; known {
			continue
		}
		res, err := l.ix.Aggregate(ctx, index.AggregateRequest{
			Query: &query.And{Nodes: append(slices.Clip(reviews), &query.Term{Field: "item", Value: item})},
		})
		if err != nil {
			return nil, err
		}
		out[item] = res.Total
	}
	return out, nil
}
