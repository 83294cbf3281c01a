package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// rowsTogether is how many rows one page of a walk has; each takes some hundred
// bytes. The cluster gives no more than 10,000 (index.max_result_window).
const rowsTogether = 5000

// rowSource is the part of a stored document that a row is made of.
type rowSource struct {
	ID         string              `json:"id"`
	Published  time.Time           `json:"published"`
	Revision   int                 `json:"revision"`
	Author     *mention.Author     `json:"author"`
	Engagement *mention.Engagement `json:"engagement"`
	Analysis   *struct {
		Sentences []mention.Sentence `json:"sentences"`
	} `json:"analysis"`
	Facet map[string]json.RawMessage `json:"facet"`
}

// rowFields are the parts that every row needs.
var rowFields = []string{"id", "published", "revision", "author", "engagement", "analysis.sentences.score", "analysis.sentences.touchpoints",
	"facet.rating", "facet.score", "facet.rank"}

// ScanRows walks the narrow rows of all matches as they are when it begins; see
// index.RowScanner. The cluster sends of each document what a row is made of,
// and the next page while fn has this one. Memory is that of two pages, and of
// the distinct values of the fields asked for.
func (ix *Index) ScanRows(ctx context.Context, q query.Node, names []string, fn func(*index.Row) error) error {
	source := slices.Clone(rowFields)
	for _, f := range names {
		if err := index.RowField(f); err != nil {
			return err
		}
		source = append(source, "facet."+f)
	}
	filter, err := compile(query.Simplify(q))
	if err != nil {
		return err
	}
	values := valueSets{}
	err = ix.walkPIT(ctx, ix.name(readAlias), object{"query": filter, "size": rowsTogether, "sort": []string{"_shard_doc"}, "_source": source}, func(h *hit) error {
		r, err := values.row(h.Source, names)
		if err != nil {
			return err
		}
		if err := fn(r); err != nil {
			return stopped{err}
		}
		return nil
	})
	return told("scan rows", err)
}

// valueSets are the values of fields that rows share, by their JSON.
type valueSets map[string][]string

// row makes the row of a document.
func (vs valueSets) row(doc []byte, names []string) (*index.Row, error) {
	var s rowSource
	if err := json.Unmarshal(doc, &s); err != nil {
		return nil, fmt.Errorf("elasticsearch: a stored mention cannot be read: %w", err)
	}
	m := mention.Mention{Revision: s.Revision, Author: s.Author, Engagement: s.Engagement}
	if s.Analysis != nil {
		m.Analysis = &mention.Analysis{Sentences: s.Analysis.Sentences}
	}
	r := &index.Row{ID: s.ID, Brief: index.BriefOf(&m), Values: make([][]string, len(names))}
	if !s.Published.IsZero() {
		r.Published = s.Published.UnixMilli()
	}
	var rank float64
	var ranked bool
	for _, n := range []struct {
		name  string
		value *float64
		is    *bool
	}{{"rating", &r.Rating, &r.Rated}, {"score", &r.Score, &r.Scored}, {"rank", &rank, &ranked}} {
		if b := s.Facet[n.name]; b != nil {
			*n.is = true
			if err := json.Unmarshal(b, n.value); err != nil {
				return nil, fmt.Errorf("elasticsearch: mention %s: %w", s.ID, err)
			}
		}
	}
	r.Rank = int(rank)
	for i, name := range names {
		b := s.Facet[name]
		if b == nil {
			continue
		}
		set, known := vs[string(b)]
		if !known {
			if err := json.Unmarshal(b, &set); err != nil {
				return nil, fmt.Errorf("elasticsearch: mention %s: %w", s.ID, err)
			}
			slices.Sort(set)
			vs[string(b)] = set
		}
		r.Values[i] = set
	}
	return r, nil
}

// Sample walks the first matches in id order; see index.Sampler.
func (ix *Index) Sample(ctx context.Context, q query.Node, n int, fn func(*mention.Mention) error) error {
	filter, err := compile(query.Simplify(q))
	if err != nil || n < 1 {
		return err
	}
	left := n
	err = ix.walkPIT(ctx, ix.name(readAlias), object{"query": filter, "size": min(n, scanTogether), "sort": []object{{"id": "asc"}},
		"_source": object{"excludes": derived}}, func(h *hit) error {
		m, err := read(h.Source)
		if err != nil {
			return err
		}
		if err := fn(m); err != nil {
			return stopped{err}
		}
		if left--; left == 0 {
			return stopped{}
		}
		return nil
	})
	return told("sample", err)
}
