package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
)

// condition is a WHERE condition over facts, named f. It is true or false,
// never NULL, so that NOT means what it says. Values only travel as args.
type condition struct {
	sql   strings.Builder
	args  []any
	words bool    // it asks the full-text index
	match *string // and nothing else: the expression
}

// keep finds the matches once for all the statements of a transaction that
// is rolled back. It returns the condition of being one of them, and how many
// they are. It pays where the full-text index is asked: the narrow rows are as
// quick to filter again, and are only counted.
func (c *condition) keep(ctx context.Context, tx *sql.Tx) (kept *condition, n int, err error) {
	if !c.words {
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM facts f WHERE "+c.sql.String(), c.args...).Scan(&n)
		return c, n, err
	}
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE matches (doc INTEGER PRIMARY KEY)"); err != nil {
		return nil, 0, err
	}
	q, args := "SELECT f.rowid FROM facts f WHERE "+c.sql.String()+" ORDER BY 1", c.args
	if c.match != nil {
		q, args = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", []any{*c.match}
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO matches "+q, args...)
	if err != nil {
		return nil, 0, err
	}
	all, err := res.RowsAffected()
	kept = &condition{}
	kept.sql.WriteString("f.rowid IN (SELECT doc FROM matches)")
	return kept, int(all), err
}

// where compiles a simplified query within a transaction (see spellOut), and
// returns what it compiled.
func where(ctx context.Context, tx *sql.Tx, n query.Node) (*condition, query.Node, error) {
	n, err := spellOut(ctx, tx, n)
	if err != nil {
		return nil, nil, err
	}
	c, err := compile(n)
	return c, n, err
}

// compile turns a query into a condition; nil is always true.
func compile(n query.Node) (*condition, error) {
	c := &condition{}
	if n == nil {
		c.sql.WriteString("1")
		return c, nil
	}
	if match, ok := matchAll(n); ok && match != "" {
		c.match = &match
	}
	return c, c.add(n)
}

func (c *condition) add(n query.Node) error {
	if match, ok := matchAll(n); ok {
		if match == "" {
			c.sql.WriteString("0")
			return nil
		}
		c.sql.WriteString("f.rowid IN (SELECT rowid FROM words WHERE words MATCH ?)")
		c.args = append(c.args, match)
		c.words = true
		return nil
	}
	switch n := n.(type) {
	case nil:
		c.sql.WriteString("1")
	case *query.And:
		return c.list(joinWords(n.Nodes), " AND ", "1")
	case *query.Or:
		return c.list(joinTerms(n.Nodes), " OR ", "0")
	case *anyOf:
		c.anyOf(n)
	case *query.Not:
		c.sql.WriteString("NOT (")
		err := c.add(n.Node)
		c.sql.WriteString(")")
		return err
	case *query.Term:
		return c.term(n)
	case *query.Range:
		return c.rang(n)
	default:
		return fmt.Errorf("%w: no such query node: %T", index.ErrRequest, n)
	}
	return nil
}

// joinWords puts the words that must all match into one node, so that the
// full-text index is asked once.
func joinWords(nodes []query.Node) []query.Node {
	words, rest := splitWords(nodes)
	if len(words) < 2 || len(rest) == 0 {
		return nodes
	}
	return append([]query.Node{&query.And{Nodes: words}}, rest...)
}

func splitWords(nodes []query.Node) (words, rest []query.Node) {
	for _, n := range nodes {
		if _, ok := matchAll(n); ok {
			words = append(words, n)
		} else {
			rest = append(rest, n)
		}
	}
	return words, rest
}

func (c *condition) list(nodes []query.Node, op, empty string) error {
	if len(nodes) == 0 {
		c.sql.WriteString(empty)
		return nil
	}
	c.sql.WriteString("(")
	for i, n := range nodes {
		if i > 0 {
			c.sql.WriteString(op)
		}
		if err := c.add(n); err != nil {
			return err
		}
	}
	c.sql.WriteString(")")
	return nil
}

func (c *condition) term(t *query.Term) error {
	switch {
	case t.Field == "id":
		c.sql.WriteString("f.id = ?")
		c.args = append(c.args, t.Value)
	case slices.Contains(setFields, t.Field):
		c.anyOf(&anyOf{t.Field, []string{t.Value}})
	case slices.Contains(hashFields, t.Field):
		c.sql.WriteString("(f." + t.Field + " IS NOT NULL AND f." + t.Field + " = ?)")
		c.args = append(c.args, hash(t.Value))
	default:
		return fmt.Errorf("%w: no field %q to compare with a value", index.ErrRequest, t.Field)
	}
	return nil
}

// anyOf stands in a tree for several values of one set field, of which any may
// match: they are looked up once for all mentions, not one by one for each.
type anyOf struct {
	field  string
	values []string
}

func (a *anyOf) String() string {
	return fmt.Sprintf("%s:(%s)", a.field, strings.Join(a.values, " OR "))
}

// joinTerms puts the values of each set field into one node.
func joinTerms(nodes []query.Node) []query.Node {
	var out []query.Node
	joined := map[string]*anyOf{}
	for _, n := range nodes {
		t, ok := n.(*query.Term)
		if !ok || !slices.Contains(setFields, t.Field) {
			out = append(out, n)
			continue
		}
		if joined[t.Field] == nil {
			joined[t.Field] = &anyOf{field: t.Field}
			out = append(out, joined[t.Field])
		}
		joined[t.Field].values = append(joined[t.Field].values, t.Value)
	}
	return out
}

func (c *condition) anyOf(a *anyOf) {
	c.args = append(c.args, a.field)
	for _, v := range a.values {
		v = text.Fold(v)
		if a.field == "language" {
			v = text.Primary(v)
		}
		c.args = append(c.args, v)
	}
	c.sql.WriteString("f." + a.field + " IN (SELECT set_id FROM members WHERE field = ? AND folded IN (?" + strings.Repeat(", ?", len(a.values)-1) + "))")
}

func (c *condition) rang(r *query.Range) error {
	date := slices.Contains(dateFields, r.Field)
	if !date && !slices.Contains(numberFields, r.Field) {
		return fmt.Errorf("%w: no field %q with ranges", index.ErrRequest, r.Field)
	}
	// The + keeps SQLite from looking up by date, one by one, what may be most of
	// all mentions.
	c.sql.WriteString("(+f." + r.Field + " IS NOT NULL")
	bound := func(op string, v any) {
		c.sql.WriteString(" AND +f." + r.Field + op + "?")
		c.args = append(c.args, v)
	}
	switch {
	case date:
		if !r.From.IsZero() {
			bound(" >= ", r.From.UnixMilli())
		}
		if !r.To.IsZero() {
			bound(" < ", r.To.UnixMilli())
		}
	default:
		if r.Min != nil {
			bound(map[bool]string{true: " > ", false: " >= "}[r.ExMin], *r.Min)
		}
		if r.Max != nil {
			bound(map[bool]string{true: " < ", false: " <= "}[r.ExMax], *r.Max)
		}
	}
	c.sql.WriteString(")")
	return nil
}

// matchAll returns one full-text expression for a tree of nothing but Text,
// And and Or; it is empty when no mention can match. Words travel as quoted
// strings, in which FTS5 knows no operators.
func matchAll(n query.Node) (match string, ok bool) {
	switch n := n.(type) {
	case *query.Text:
		return matchText(n), true
	case *query.Near:
		return matchNear(n), true
	case *spellings:
		return n.match(), true
	case *query.And:
		return matchList(n.Nodes, " AND ")
	case *query.Or:
		return matchList(n.Nodes, " OR ")
	}
	return "", false
}

func matchList(nodes []query.Node, op string) (string, bool) {
	if len(nodes) == 0 {
		return "", false
	}
	var parts []string
	none := false
	for _, n := range nodes {
		m, ok := matchAll(n)
		if !ok {
			return "", false
		}
		if m == "" {
			none = true
			continue
		}
		parts = append(parts, m)
	}
	if none && op == " AND " || len(parts) == 0 {
		return "", true
	}
	return "(" + strings.Join(parts, op) + ")", true
}

func matchText(t *query.Text) string {
	var parts []string
	for _, p := range index.PatternsOf(t) {
		parts = append(parts, matchPattern(p))
	}
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

func matchPattern(p index.Pattern) string {
	if p.Prefix {
		return "plain : " + quoted(p.Words...) + " *"
	}
	return "stem : " + quoted(p.Words...)
}

// matchNear is empty where no mention can match.
func matchNear(n *query.Near) string {
	var parts []string
	for _, p := range index.NearPatterns(n) {
		if slices.Equal(p[0].Words, p[1].Words) {
			parts = append(parts, matchPattern(p[0]))
			continue
		}
		parts = append(parts, fmt.Sprintf("stem : NEAR(%s %s, %d)", quoted(p[0].Words...), quoted(p[1].Words...), n.Distance))
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// quoted is words as FTS5 takes them for nothing but words.
func quoted(words ...string) string {
	return `"` + strings.ReplaceAll(strings.Join(words, " "), `"`, `""`) + `"`
}
