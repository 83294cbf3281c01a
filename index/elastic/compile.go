package elastic

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
)

// wrapEvery is after how many levels a query is wrapped: the cluster refuses
// more than 30 (indices.query.bool.max_nested_depth), and reads what is wrapped
// by itself. A level of the tree takes at most one of the query's.
const wrapEvery = 12

// compile turns a query into Elasticsearch's query language. It filters only:
// every match counts the same.
func compile(n query.Node) (object, error) {
	q, _, err := compileNode(n)
	return q, err
}

// compileNode returns a query and how many levels it has.
func compileNode(n query.Node) (q object, levels int, err error) {
	switch n := n.(type) {
	case nil:
		return object{"match_all": object{}}, 1, nil
	case *query.And:
		return compileList("filter", n.Nodes)
	case *query.Or:
		if len(n.Nodes) == 0 {
			return none(), 1, nil
		}
		return compileList("should", n.Nodes)
	case *query.Not:
		return compileList("must_not", []query.Node{n.Node})
	case *query.Text:
		return compileText(n), 4, nil
	case *query.Near:
		return compileNear(n), 4, nil
	case *query.Term:
		q, err = compileTerm(n)
		return q, 2, err
	case *query.Range:
		q, err = compileRange(n)
		return q, 1, err
	}
	return nil, 0, fmt.Errorf("%w: no such query node: %T", index.ErrRequest, n)
}

func compileList(occur string, nodes []query.Node) (object, int, error) {
	if len(nodes) == 0 {
		return object{"match_all": object{}}, 1, nil
	}
	parts := make([]object, len(nodes))
	deepest := 0
	for i, n := range nodes {
		q, levels, err := compileNode(n)
		if err != nil {
			return nil, 0, err
		}
		if levels >= wrapEvery {
			q, levels = wrap(q), 1
		}
		parts[i], deepest = q, max(deepest, levels)
	}
	return object{"bool": object{occur: parts}}, deepest + 1, nil
}

func wrap(q object) object {
	b, err := json.Marshal(q)
	if err != nil {
		panic(err) // strings and numbers
	}
	return object{"wrapper": object{"query": base64.StdEncoding.EncodeToString(b)}}
}

func none() object { return object{"match_none": object{}} }

func either(qs []object) object {
	switch len(qs) {
	case 0:
		return none()
	case 1:
		return qs[0]
	}
	return object{"bool": object{"should": qs}}
}

func compileText(t *query.Text) object {
	patterns := index.PatternsOf(t)
	if len(patterns) == 0 {
		return none()
	}
	words := patterns[0].Words
	switch {
	case t.Fuzzy > 0 && len(words) == 1:
		return object{"fuzzy": object{wordsField: object{"value": words[0], "fuzziness": t.Fuzzy, "prefix_length": 1,
			"max_expansions": query.MaxSpellings, "transpositions": true}}}
	case t.Fuzzy > 0:
		return none()
	case t.Prefix && len(words) == 1:
		return object{"prefix": object{wordsField: object{"value": words[0]}}}
	case t.Prefix:
		return object{"match_phrase_prefix": object{wordsField: object{"query": strings.Join(words, " "), "analyzer": "whitespace", "max_expansions": 10_000}}}
	}
	return inStems(func(field string) object {
		var single []string
		var any []object
		for _, p := range patterns {
			if len(p.Words) == 1 {
				single = append(single, p.Words[0])
				continue
			}
			any = append(any, object{"match_phrase": object{field: object{"query": strings.Join(p.Words, " "), "analyzer": "whitespace"}}})
		}
		if len(single) > 0 {
			any = append(any, object{"terms": object{field: single}})
		}
		return either(any)
	})
}

func compileNear(n *query.Near) object {
	pairs := index.NearPatterns(n)
	if len(pairs) == 0 {
		return none()
	}
	match := func(p index.Pattern) object {
		return object{"match": object{"query": strings.Join(p.Words, " "), "max_gaps": 0, "ordered": true, "analyzer": "whitespace"}}
	}
	var any []object
	for _, p := range pairs {
		if slices.Equal(p[0].Words, p[1].Words) {
			any = append(any, match(p[0]))
			continue
		}
		any = append(any, object{"all_of": object{"ordered": false, "max_gaps": n.Distance, "intervals": []object{match(p[0]), match(p[1])}}})
	}
	return inStems(func(field string) object {
		return object{"intervals": object{field: object{"any_of": object{"intervals": any}}}}
	})
}

// inStems asks each mention in the stems of its own language, as package text
// gives them: others are not stemmed.
func inStems(q func(field string) object) object {
	var languages []string
	var any []object
	for _, s := range stemmedBy {
		languages = append(languages, s.language)
		any = append(any, object{"bool": object{"filter": []object{{"term": object{"facet.language": s.language}}, q(wordsField + "." + s.language)}}})
	}
	any = append(any, object{"bool": object{"filter": []object{q(wordsField)}, "must_not": []object{{"terms": object{"facet.language": languages}}}}})
	return either(any)
}

func compileTerm(t *query.Term) (object, error) {
	f, ok := query.Lookup(t.Field)
	switch {
	case !ok || f.Type != query.Keyword && f.Type != query.Presence:
		return nil, fmt.Errorf("%w: no field %q to compare with a value", index.ErrRequest, t.Field)
	case t.Field == "id":
		return object{"term": object{"id": t.Value}}, nil
	case slices.Contains(hashed, t.Field):
		return object{"term": object{"facet." + t.Field: hash(t.Value)}}, nil
	}
	v := text.Fold(t.Value)
	if t.Field == "language" {
		v = text.Primary(v)
	}
	return either([]object{{"term": object{"facet." + t.Field: v}}, {"term": object{"fold." + t.Field: v}}}), nil
}

func compileRange(r *query.Range) (object, error) {
	f, _ := query.Lookup(r.Field)
	bounds := object{}
	switch f.Type {
	case query.Date:
		if !r.From.IsZero() {
			bounds["gte"] = r.From.UnixMilli()
		}
		if !r.To.IsZero() {
			bounds["lt"] = r.To.UnixMilli()
		}
		if len(bounds) == 0 {
			return object{"exists": object{"field": r.Field}}, nil
		}
		bounds["format"] = "epoch_millis"
		return object{"range": object{r.Field: bounds}}, nil
	case query.Number:
		if r.Min != nil {
			bounds[map[bool]string{true: "gt", false: "gte"}[r.ExMin]] = *r.Min
		}
		if r.Max != nil {
			bounds[map[bool]string{true: "lt", false: "lte"}[r.ExMax]] = *r.Max
		}
		return object{"range": object{"facet." + r.Field: bounds}}, nil
	}
	return nil, fmt.Errorf("%w: no field %q with ranges", index.ErrRequest, r.Field)
}

// relevance scores matches by the words that a query asks for, each mention in
// its own language.
func relevance(n query.Node) []object {
	var stems, plain []string
	for _, p := range index.Patterns(n) {
		if p.Prefix || p.Fuzzy > 0 {
			plain = append(plain, p.Words...)
		} else {
			stems = append(stems, p.Words...)
		}
	}
	match := func(field string, words []string) object {
		return object{"match": object{field: object{"query": strings.Join(words, " "), "analyzer": "whitespace"}}}
	}
	var out []object
	if len(plain) > 0 {
		out = append(out, match(wordsField, plain))
	}
	if len(stems) == 0 {
		return out
	}
	out = append(out, match(wordsField, stems))
	for _, s := range stemmedBy {
		out = append(out, object{"bool": object{"filter": []object{{"term": object{"facet.language": s.language}}},
			"must": []object{match(wordsField+"."+s.language, stems)}}})
	}
	return out
}
