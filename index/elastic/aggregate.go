package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"klank/index"
)

// Aggregate answers r; see index.Index. With the one shard that an index of
// mentions has, all counts are exact.
func (ix *Index) Aggregate(ctx context.Context, r index.AggregateRequest) (*index.AggregateResult, error) {
	r, err := r.Normal()
	if err != nil {
		return nil, err
	}
	filter, err := compile(r.Query)
	if err != nil {
		return nil, err
	}
	if err := ix.fresh(ctx); err != nil {
		return nil, fmt.Errorf("index: aggregate: %w", err)
	}
	res, err := ix.aggregate(ctx, r, filter)
	if err != nil {
		return nil, fmt.Errorf("index: aggregate: %w", refused(err))
	}
	return res, nil
}

// The names of aggregations beside those of facets, which are their fields'.
const (
	ratingAgg    = " rating"
	scoreAgg     = " score"
	histogramAgg = " histogram"
	subAgg       = "sub"
)

func (ix *Index) aggregate(ctx context.Context, r index.AggregateRequest, filter object) (*index.AggregateResult, error) {
	aggs := object{ratingAgg: object{"stats": object{"field": "facet.rating"}}, scoreAgg: object{"stats": object{"field": "facet.score"}}}
	for i := range r.Facets {
		aggs[r.Facets[i].Field] = terms(&r.Facets[i])
	}
	if h := r.Histogram; h != nil {
		agg := object{"date_histogram": object{"field": "published", "calendar_interval": h.Interval, "min_doc_count": 1}}
		if h.Sub != nil {
			agg["aggs"] = object{subAgg: terms(h.Sub)}
		}
		aggs[histogramAgg] = agg
	}
	a, err := ix.ask(ctx, "aggregate", []string{ix.name(readAlias)}, object{"query": filter, "size": 0, "track_total_hits": true, "aggs": aggs})
	if err != nil {
		return nil, err
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(a.Aggregations, &parts); err != nil {
		return nil, err
	}
	res := &index.AggregateResult{Total: a.Hits.Total.Value}
	if res.RatingMean, res.Rated, err = mean(parts[ratingAgg]); err != nil {
		return nil, err
	}
	if res.Rated > 0 {
		res.RatingMean = (res.RatingMean - 1) / 4
	}
	if res.SentimentMean, res.Scored, err = mean(parts[scoreAgg]); err != nil {
		return nil, err
	}
	if len(r.Facets) > 0 {
		res.Facets = make(map[string][]index.Bucket, len(r.Facets))
	}
	for i := range r.Facets {
		f := &r.Facets[i]
		if res.Facets[f.Field], err = bucketsOf(parts[f.Field], f); err != nil {
			return nil, err
		}
	}
	if r.Histogram != nil {
		if res.Histogram, err = histogramOf(parts[histogramAgg], r.Histogram); err != nil {
			return nil, err
		}
	}
	res.Authors, err = ix.authors(ctx, filter)
	return res, err
}

func terms(f *index.Facet) object {
	agg := object{"terms": object{"field": "facet." + f.Field, "size": f.Size, "order": []object{{"_count": "desc"}, {"_key": "asc"}}}}
	if f.Sub != nil {
		agg["aggs"] = object{subAgg: terms(f.Sub)}
	}
	return agg
}

func mean(part json.RawMessage) (avg float64, n int, err error) {
	var s struct {
		Count int     `json:"count"`
		Avg   float64 `json:"avg"`
	}
	err = json.Unmarshal(part, &s)
	return s.Avg, s.Count, err
}

func bucketsOf(part json.RawMessage, f *index.Facet) ([]index.Bucket, error) {
	var a struct {
		Buckets []struct {
			Key   string          `json:"key"`
			Count int             `json:"doc_count"`
			Sub   json.RawMessage `json:"sub"`
		} `json:"buckets"`
	}
	if err := json.Unmarshal(part, &a); err != nil {
		return nil, err
	}
	out := make([]index.Bucket, len(a.Buckets))
	for i, b := range a.Buckets {
		out[i] = index.Bucket{Value: b.Key, Count: b.Count}
		if f.Sub != nil {
			var err error
			if out[i].Sub, err = bucketsOf(b.Sub, f.Sub); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func histogramOf(part json.RawMessage, h *index.Histogram) ([]index.TimeBucket, error) {
	var a struct {
		Buckets []struct {
			Key   int64           `json:"key"`
			Count int             `json:"doc_count"`
			Sub   json.RawMessage `json:"sub"`
		} `json:"buckets"`
	}
	if err := json.Unmarshal(part, &a); err != nil {
		return nil, err
	}
	out := make([]index.TimeBucket, len(a.Buckets))
	for i, b := range a.Buckets {
		out[i] = index.TimeBucket{Start: time.UnixMilli(b.Key).UTC(), Count: b.Count}
		if h.Sub != nil {
			var err error
			if out[i].Sub, err = bucketsOf(b.Sub, h.Sub); err != nil {
				return nil, err
			}
		}
	}
	return index.FillGaps(out, h.Interval), nil
}

// authorsTogether is how many authors one request counts; the cluster gives no
// more than 65,536 buckets (search.max_buckets).
const authorsTogether = 20_000

// authors counts authors exactly, page by page; the cluster's cardinality is
// an estimate.
func (ix *Index) authors(ctx context.Context, filter object) (int, error) {
	composite := object{"size": authorsTogether, "sources": []object{{"author": object{"terms": object{"field": "facet.author"}}}}}
	q := object{"query": filter, "size": 0, "track_total_hits": false, "aggs": object{"authors": object{"composite": composite}}}
	for n := 0; ; {
		a, err := ix.ask(ctx, "count authors", []string{ix.name(readAlias)}, q)
		if err != nil {
			return 0, err
		}
		var part struct {
			Authors struct {
				After   object `json:"after_key"`
				Buckets []struct {
					Count int `json:"doc_count"`
				} `json:"buckets"`
			} `json:"authors"`
		}
		if err := json.Unmarshal(a.Aggregations, &part); err != nil {
			return 0, err
		}
		n += len(part.Authors.Buckets)
		if len(part.Authors.Buckets) < authorsTogether {
			return n, nil
		}
		composite["after"] = part.Authors.After
	}
}
