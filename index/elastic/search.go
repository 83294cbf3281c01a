package elastic

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// answer is what the cluster says to a search.
type answer struct {
	PIT  string `json:"pit_id"`
	Hits struct {
		Total struct {
			Value int `json:"value"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
	Aggregations json.RawMessage `json:"aggregations"`
	TimedOut     bool            `json:"timed_out"`
	Shards       struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
}

type hit struct {
	ID          string          `json:"_id"`
	Version     int64           `json:"_version"`
	SeqNo       int64           `json:"_seq_no"`
	PrimaryTerm int64           `json:"_primary_term"`
	Source      json.RawMessage `json:"_source"`
	// Sort holds the sort values as they were written: numbers keep all digits.
	Sort []json.RawMessage `json:"sort"`
}

// startPatience is how long a search waits for an index that has just been made.
const startPatience = 3 * time.Second

// ask searches indices; none where the body names a point in time.
func (ix *Index) ask(ctx context.Context, what string, indices []string, q object) (*answer, error) {
	for attempt := 0; ; attempt++ {
		a, err := ix.askOnce(ctx, what, indices, q)
		var e *Error
		starting := errors.As(err, &e) && e.Status == http.StatusServiceUnavailable && e.Type == "search_phase_execution_exception"
		if !starting || !pause(ctx, attempt, startPatience) {
			return a, err
		}
	}
}

func (ix *Index) askOnce(ctx context.Context, what string, indices []string, q object) (*answer, error) {
	a := &answer{}
	yes, no := true, false
	r := esapi.SearchRequest{Index: indices, Body: body(q), AllowPartialSearchResults: &no}
	if len(indices) > 0 {
		r.AllowNoIndices, r.IgnoreUnavailable = &yes, &yes
	}
	if err := ix.call(ctx, what, r, a); err != nil {
		return nil, err
	}
	if a.TimedOut || a.Shards.Failed > 0 {
		return nil, fmt.Errorf("%w: %s: a part of the index did not answer", ErrAway, what)
	}
	return a, nil
}

// sorts are the sort clauses before that by id.
func sortBy(sort string) []object {
	by := func(field, order string) []object {
		return []object{{field: object{"order": order, "missing": "_last"}}}
	}
	switch sort {
	case index.SortOldest:
		return by("published", "asc")
	case index.SortRating:
		return by("facet.rating", "asc")
	case index.SortSentiment:
		return by("facet.score", "asc")
	case index.SortRelevance:
		return []object{{"_score": object{"order": "desc"}}}
	}
	return by("published", "desc")
}

// Search answers r; see index.Index. Pages of the field sorts go on behind the
// last hit of the page before (search_after), and stay right while mentions
// come in. By relevance all pages are of the moment of the first, which the
// cluster keeps for keepAlive after each.
func (ix *Index) Search(ctx context.Context, r index.SearchRequest) (*index.SearchResult, error) {
	r, err := r.Normal()
	if err != nil {
		return nil, err
	}
	filter, err := compile(r.Query)
	if err != nil {
		return nil, err
	}
	c, err := parseCursor(r)
	if err != nil {
		return nil, err
	}
	if err := ix.fresh(ctx); err != nil {
		return nil, fmt.Errorf("index: search: %w", err)
	}
	res, err := ix.search(ctx, r, filter, c)
	if isStatus(err, http.StatusNotFound) && c.PIT != "" {
		return nil, fmt.Errorf("%w: the pages of this search are no longer kept; search again", index.ErrRequest)
	}
	if err != nil {
		return nil, fmt.Errorf("index: search: %w", refused(err))
	}
	return res, nil
}

func (ix *Index) search(ctx context.Context, r index.SearchRequest, filter object, c *cursor) (*index.SearchResult, error) {
	matches := object{"filter": []object{filter}}
	if r.Sort == index.SortRelevance {
		matches["should"], matches["minimum_should_match"] = relevance(r.Query), 0
		if c.PIT == "" {
			pit, err := ix.openPIT(ctx, ix.name(readAlias))
			if err != nil {
				return nil, err
			}
			c.PIT = pit
		}
	}
	q := object{"query": object{"bool": matches}, "size": r.Limit + 1, "track_total_hits": true,
		"sort": append(sortBy(r.Sort), object{"id": "asc"}), "_source": object{"excludes": derived}}
	if len(c.After) > 0 {
		q["search_after"] = c.After
	}
	indices := []string{ix.name(readAlias)}
	if c.PIT != "" {
		q["pit"], indices = object{"id": c.PIT, "keep_alive": keepAlive}, nil
	}
	a, err := ix.ask(ctx, "search", indices, q)
	if err != nil {
		return nil, err
	}
	res := &index.SearchResult{Total: a.Hits.Total.Value, Hits: []index.Hit{}}
	found := a.Hits.Hits
	if len(found) > r.Limit {
		found = found[:r.Limit]
		next := cursor{Of: mark(r), After: found[r.Limit-1].Sort, PIT: a.PIT}
		res.Next = next.String()
	} else if c.PIT != "" {
		ix.closePIT(ctx, a.PIT)
	}
	for i := range found {
		m, err := read(found[i].Source)
		if err != nil {
			return nil, err
		}
		h := index.Hit{Mention: *m}
		if r.Highlight {
			h.Highlights = index.Highlights(m, r.Query)
		}
		res.Hits = append(res.Hits, h)
	}
	return res, nil
}

// cursor is the place after which the next page starts: the sort values of the
// last hit, what the page was an answer to, and the point in time it is of.
type cursor struct {
	Of    string            `json:"of"`
	After []json.RawMessage `json:"after,omitempty"`
	PIT   string            `json:"pit,omitempty"`
}

// mark tells questions apart.
func mark(r index.SearchRequest) string { return hash(r.Sort, query.String(r.Query)) }

func (c *cursor) String() string {
	b, _ := json.Marshal(c) // what the cluster spelled
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads r.After; an empty one where that is.
func parseCursor(r index.SearchRequest) (*cursor, error) {
	c := &cursor{}
	if r.After == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(r.After)
	if err == nil {
		err = json.Unmarshal(b, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the cursor is not one of ours", index.ErrRequest)
	}
	if c.Of != mark(r) {
		return nil, fmt.Errorf("%w: the cursor belongs to another query or sort", index.ErrRequest)
	}
	return c, nil
}

// keepAlive is how long the cluster keeps a point in time after each use.
const keepAlive = "5m"

// openPIT names an index as it is now
// (https://www.elastic.co/guide/en/elasticsearch/reference/8.19/point-in-time-api.html).
func (ix *Index) openPIT(ctx context.Context, name string) (string, error) {
	var a struct {
		ID string `json:"id"`
	}
	err := ix.call(ctx, "open a point in time", esapi.OpenPointInTimeRequest{Index: []string{name}, KeepAlive: keepAlive}, &a)
	return a.ID, err
}

// closePIT lets a point in time go; one that cannot be goes by itself.
func (ix *Index) closePIT(ctx context.Context, pit string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = ix.call(ctx, "close a point in time", esapi.ClosePointInTimeRequest{Body: body(object{"id": pit})}, nil)
}

// scanTogether is how many documents one page of a walk has.
const scanTogether = 500

// scan walks all mentions of an index that a filter keeps, in id order and as
// they are when it begins.
func (ix *Index) scan(ctx context.Context, name string, filter object, source any, fn func(h *hit) error) error {
	return ix.walkPIT(ctx, name, object{"query": filter, "size": scanTogether, "sort": []object{{"id": "asc"}}, "_source": source, "version": true}, fn)
}

// walkPIT walks all matches of a question as they are when it begins, in pages
// of its size. The cluster finds the next page while fn has this one.
func (ix *Index) walkPIT(ctx context.Context, name string, q object, fn func(h *hit) error) error {
	if err := ix.fresh(ctx); err != nil {
		return err
	}
	pit, err := ix.openPIT(ctx, name)
	if err != nil {
		return err
	}
	defer func() { ix.closePIT(ctx, pit) }()
	type page struct {
		a   *answer
		err error
	}
	q["query"], q["track_total_hits"] = object{"bool": object{"filter": []any{q["query"]}}}, false
	next := func(after []json.RawMessage) <-chan page {
		q["pit"] = object{"id": pit, "keep_alive": keepAlive}
		if after != nil {
			q["search_after"] = after
		}
		got := make(chan page, 1)
		go func() {
			a, err := ix.ask(ctx, "scan", nil, q)
			got <- page{a, err}
		}()
		return got
	}
	for coming := next(nil); coming != nil; {
		p := <-coming
		if p.err != nil {
			return p.err
		}
		coming = nil
		pit = p.a.PIT
		hits := p.a.Hits.Hits
		if n := len(hits); n == q["size"].(int) {
			coming = next(hits[n-1].Sort)
		}
		for i := range hits {
			err := fn(&hits[i])
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				if coming != nil {
					<-coming
				}
				return err
			}
		}
	}
	return nil
}

// stopped carries fn's error out of a walk as it is; none where fn has enough.
type stopped struct{ error }

// told is the error of a walk: fn's own as it is.
func told(what string, err error) error {
	if s, ok := err.(stopped); ok {
		return s.error
	}
	if err != nil {
		return fmt.Errorf("index: %s: %w", what, err)
	}
	return nil
}

// ScanJSON walks all matches in id order; see index.JSONScanner. What it sees
// is of the moment it began, and fn may put and delete meanwhile.
func (ix *Index) ScanJSON(ctx context.Context, q query.Node, fn func(doc []byte) error) error {
	filter, err := compile(query.Simplify(q))
	if err != nil {
		return err
	}
	return told("scan", ix.scan(ctx, ix.name(readAlias), filter, object{"excludes": derived}, func(h *hit) error {
		if err := fn(h.Source); err != nil {
			return stopped{err}
		}
		return nil
	}))
}

// Scan walks all matches in id order; see index.Scanner.
func (ix *Index) Scan(ctx context.Context, q query.Node, fn func(*mention.Mention) error) error {
	return ix.ScanJSON(ctx, q, func(doc []byte) error {
		m, err := read(doc)
		if err != nil {
			return err
		}
		return fn(m)
	})
}
