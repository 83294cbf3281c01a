package main

import (
	"context"
	"fmt"
	"strings"

	"klank/index"
	"klank/index/query"
)

// printOverview prints what an index holds: kinds, languages, brands,
// sentiment and the touchpoints people speak of most.
func printOverview(ctx context.Context, p *printer, ix index.Index) error {
	res, err := ix.Aggregate(ctx, index.AggregateRequest{Facets: []index.Facet{
		{Field: "kind"}, {Field: "language", Size: 5}, {Field: "brand", Size: 8}, {Field: "sentiment"},
		{Field: "touchpoint", Size: 6}, {Field: "moment"}, {Field: "signal"},
	}})
	if err != nil {
		return err
	}
	p.linef("%d mentions by %d authors", res.Total, res.Authors)
	if res.Rated > 0 {
		p.linef("%-12s %.1f of 5 stars, mean of %d", "rating", 1+4*res.RatingMean, res.Rated)
	}
	for _, f := range []struct{ label, field string }{
		{"kind", "kind"}, {"language", "language"}, {"brand", "brand"}, {"sentiment", "sentiment"},
		{"touchpoints", "touchpoint"}, {"moments", "moment"}, {"signals", "signal"},
	} {
		if b := res.Facets[f.field]; len(b) > 0 {
			p.linef("%-12s %s", f.label, bucketWords(b))
		}
	}
	return p.err
}

func bucketWords(buckets []index.Bucket) string {
	var words []string
	for _, b := range buckets {
		words = append(words, fmt.Sprintf("%s %d", clean(b.Value), b.Count))
	}
	return strings.Join(words, " · ")
}

// onSiteQuery matches what was collected for a source and still stands there:
// what its site declares does not count the rest.
func onSiteQuery(name string) query.Node {
	return &query.And{Nodes: []query.Node{&query.Term{Field: "source", Value: name}, &query.Not{Node: &query.Term{Field: "has", Value: "removed"}}}}
}
