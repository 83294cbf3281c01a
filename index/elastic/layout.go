package elastic

import (
	"klank/index/query"
)

// layoutVersion is that of the templates and mappings below. It grows with
// every change that an index made before does not have; klank index reindex
// brings an index to it.
const layoutVersion = 2

// maxKeyword is the longest keyword in letters: Lucene refuses terms of more
// than 32766 bytes. A longer one is kept with its mention and not found by it.
const maxKeyword = 8191

func typed(t string) object { return object{"type": t} }

func keyword() object { return object{"type": "keyword", "ignore_above": maxKeyword} }

// unread is kept with its document and neither indexed nor looked into.
func unread() object { return object{"type": "object", "enabled": false} }

func fields(properties object) object { return object{"properties": properties} }

// prose is text that is searched: as it is, and in Dutch and English stems.
func prose() object {
	subs := object{}
	for _, s := range stemmedBy {
		subs[s.language] = object{"type": "text", "analyzer": s.analyzer, "search_analyzer": s.analyzer + "_search", "position_increment_gap": titleGap}
	}
	return object{"type": "text", "analyzer": plainAnalyzer, "search_analyzer": plainAnalyzer + "_search", "position_increment_gap": titleGap, "fields": subs}
}

// titleGap is how many words stand between the title and the text, so that no
// phrase runs from one into the other.
const titleGap = 1

// wordsField holds title and text together.
const wordsField = "words"

func copied(properties object) object {
	properties["copy_to"] = wordsField
	return properties
}

// mentionMapping spells every field of the contract, in its order, and what
// klank adds: words, facet (the values of the query language's fields; see
// index.Keywords and index.Number) and fold (those that differ when case is
// folded).
func mentionMapping() object {
	sentence := fields(object{"in": keyword(), "start": typed("integer"), "end": typed("integer"), "score": typed("double"),
		"touchpoints": keyword(), "moments": keyword(), "care": keyword()})
	span := fields(object{"in": keyword(), "start": typed("integer"), "end": typed("integer")})
	facet, fold := object{"indexed": typed("date")}, object{}
	for _, f := range query.Fields {
		switch {
		case f.Type == query.Number:
			facet[f.Name] = typed("double")
		case f.Type == query.Keyword && f.Name != "id" || f.Type == query.Presence:
			facet[f.Name], fold[f.Name] = keyword(), keyword()
		}
	}
	rating := object{"value": typed("double"), "best": typed("double"), "worst": typed("double"), "score": typed("double")}
	sub := object{"name": keyword(), "touchpoint": keyword(), "value": typed("double"), "best": typed("double"), "score": typed("double")}
	return fields(object{
		"id": typed("keyword"), "native_id": keyword(), "kind": keyword(),
		"source": fields(object{"name": keyword(), "type": keyword(), "host": keyword()}),
		"url":    keyword(), "page": keyword(),
		"item":   fields(object{"name": keyword(), "brand": keyword(), "type": keyword(), "url": keyword(), "gtin": keyword(), "sku": keyword()}),
		"brands": keyword(),
		"author": fields(object{"name": keyword(), "url": keyword(), "key": keyword()}),
		"title":  copied(prose()), "text": copied(prose()),
		"language": keyword(), "rating": fields(rating), "ratings": fields(sub),
		"published": typed("date"), "published_precision": keyword(),
		"updated": typed("date"), "collected": typed("date"), "removed": typed("date"),
		"parent": keyword(), "thread": keyword(),
		"reply":      fields(object{"author": keyword(), "text": prose(), "published": typed("date")}),
		"engagement": fields(object{"likes": typed("long"), "replies": typed("long"), "shares": typed("long"), "views": typed("long"), "helpful": typed("long")}),
		"verified":   typed("boolean"), "invited": typed("boolean"),
		"analysis": fields(object{
			"sentiment": fields(object{"score": typed("double"), "label": keyword()}),
			"stars":     typed("double"), "language": keyword(), "touchpoints": keyword(), "moments": keyword(), "care": keyword(), "signals": keyword(),
			"aspects":   fields(object{"term": keyword(), "score": typed("double"), "spans": span}),
			"brands":    fields(object{"name": keyword(), "score": typed("double"), "touchpoints": keyword(), "spans": span}),
			"sentences": sentence, "version": keyword()}),
		"flags": fields(object{"name": keyword(), "reason": keyword()}), "duplicate_of": keyword(),
		"evidence": fields(object{"snapshot": keyword(), "parser": keyword(), "fetched": typed("date"), "sha256": keyword(), "list": keyword(), "rank": typed("integer")}),
		"revision": typed("integer"),
		wordsField: prose(), "facet": fields(facet), "fold": fields(fold),
	})
}

// kept are the indices beside that of the mentions, each with its mapping and
// whether it has one a month. Run and coverage spell out the contract's fields.
func kept() map[string]struct {
	mapping object
	sliced  bool
} {
	type index = struct {
		mapping object
		sliced  bool
	}
	number := typed("long")
	return map[string]index{
		revisions: {fields(object{"id": typed("keyword"), "revision": typed("integer"), "source": keyword(), "read": typed("date"), "doc": unread()}), false},
		pages: {fields(object{"source": keyword(), "page": keyword(), "run": keyword(), "at": number, "partial": typed("boolean"),
			"key": typed("keyword"), "ids": typed("keyword"), "lost": object{"type": "keyword", "index": false, "doc_values": false}}), false},
		absences: {fields(object{"id": typed("keyword"), "source": keyword(), "since": number, "page": typed("keyword"),
			"found": keyword(), "counted": keyword(), "runs": typed("integer")}), false},
		aliases: {fields(object{"id": typed("keyword"), "is": typed("keyword"), "aliases": typed("keyword")}), false},
		moves:   {fields(object{"source": keyword(), "run": keyword(), "id": typed("keyword"), "gone": typed("boolean")}), false},
		pending: {fields(object{"id": typed("keyword")}), false},
		near:    {fields(object{"id": typed("keyword"), "key": number, "was": number, "known": number, "bands": typed("keyword")}), false},
		dead:    {fields(object{"id": typed("keyword"), "at": typed("date"), "source": keyword(), "reason": typed("text"), "doc": unread()}), false},
		runs: {fields(object{"id": keyword(), "source": keyword(), "started": typed("date"), "ended": typed("date"), "status": keyword(),
			"pages": number, "bytes": number, "errors": number, "deep": typed("boolean"), "not_due": number, "skipped": number, "removed": number,
			"fields": unread(), "access": keyword(), "access_reason": keyword(), "reason": typed("text")}), true},
		coverage: {fields(object{"run": keyword(), "source": keyword(), "item": keyword(), "declared": number, "collected": number,
			"blocked": number, "capped": typed("boolean"), "reason": keyword(), "found": number}), true},
	}
}
