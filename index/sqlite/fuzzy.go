package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"unicode/utf8"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
)

// spellings stands in a tree for a fuzzy word: the words that resemble it, as
// they are written in the index.
type spellings struct {
	of    *query.Text
	words []string
}

func (s *spellings) String() string { return s.of.String() }

// match is the full-text expression; empty when there are no words.
func (s *spellings) match() string {
	if len(s.words) == 0 {
		return ""
	}
	parts := make([]string, len(s.words))
	for i, w := range s.words {
		parts[i] = quoted(w)
	}
	return "plain : (" + strings.Join(parts, " OR ") + ")"
}

// spellOut returns a simplified tree with spellings in the place of its fuzzy
// words. It makes a temporary table, so the transaction is to be rolled back,
// or to drop it by dropVocabulary.
func spellOut(ctx context.Context, tx *sql.Tx, n query.Node) (query.Node, error) {
	switch n := n.(type) {
	case *query.And:
		nodes, err := spellOutAll(ctx, tx, n.Nodes)
		return &query.And{Nodes: nodes}, err
	case *query.Or:
		nodes, err := spellOutAll(ctx, tx, n.Nodes)
		return &query.Or{Nodes: nodes}, err
	case *query.Not:
		inner, err := spellOut(ctx, tx, n.Node)
		return &query.Not{Node: inner}, err
	case *query.Text:
		if n.Fuzzy > 0 {
			words, err := resembling(ctx, tx, n)
			return &spellings{n, words}, err
		}
	}
	return n, nil
}

func spellOutAll(ctx context.Context, tx *sql.Tx, nodes []query.Node) ([]query.Node, error) {
	out := make([]query.Node, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = spellOut(ctx, tx, n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// resembling finds the words of the index that resemble a fuzzy one: it reads
// all that begin with the same letter.
func resembling(ctx context.Context, tx *sql.Tx, t *query.Text) ([]string, error) {
	words := text.Words(strings.Join(t.Words, " "))
	if len(words) != 1 {
		return nil, nil
	}
	if _, err := tx.ExecContext(ctx, "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, row)"); err != nil {
		return nil, err
	}
	_, size := utf8.DecodeRuneInString(words[0])
	first := words[0][:size]
	rows, err := tx.QueryContext(ctx, "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?", first, first+"\U0010FFFF")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		if word := string(raw); text.Resembles(word, words[0], t.Fuzzy) {
			found = append(found, word)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		return cmp.Or(cmp.Compare(text.Distance(a, words[0]), text.Distance(b, words[0])), cmp.Compare(a, b))
	})
	return found[:min(len(found), query.MaxSpellings)], rows.Err()
}

// dropVocabulary takes back what spellOut made, in a transaction that stays.
func dropVocabulary(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DROP TABLE IF EXISTS temp.vocabulary")
	return err
}

// relevant is the full-text expression that ranks: any of the words that a
// query asks for.
func relevant(q query.Node) string {
	var parts []string
	for _, p := range index.Patterns(q) {
		parts = append(parts, matchPattern(p))
	}
	for _, s := range fuzzyOf(q) {
		if m := s.match(); m != "" {
			parts = append(parts, m)
		}
	}
	return strings.Join(parts, " OR ")
}

// fuzzyOf returns the spellings that a query asks for.
func fuzzyOf(q query.Node) []*spellings {
	var nodes []query.Node
	switch q := q.(type) {
	case *spellings:
		return []*spellings{q}
	case *query.And:
		nodes = q.Nodes
	case *query.Or:
		nodes = q.Nodes
	}
	var out []*spellings
	for _, n := range nodes {
		out = append(out, fuzzyOf(n)...)
	}
	return out
}
