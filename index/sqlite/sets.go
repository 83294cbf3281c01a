package sqlite

import (
	"database/sql"
	"strings"

	"klank/index/text"
)

// setCache remembers the numbers of sets. It is bounded: when full it starts
// anew. purges is the count of clean-ups (by any process) it was filled after.
type setCache struct {
	ids    map[setKey]int64
	purges string
}

type setKey struct{ field, members string }

// maxCachedSets bounds the cache: at some 150 bytes a set, under 2 MB. More
// would not help: sets are either few, or, as authors, seldom met again.
const maxCachedSets = 10_000

func (c *setCache) forget() { c.ids = nil }

// check drops the cache when sets were deleted since it was filled.
func (c *setCache) check(tx *sql.Tx) error {
	var n string
	if err := tx.QueryRow("SELECT value FROM meta WHERE name = 'purges'").Scan(&n); err != nil {
		return err
	}
	if n != c.purges {
		c.ids, c.purges = nil, n
	}
	return nil
}

// setID returns the number of a field's set of values (without repeats, in
// order), creating it when it is new; 0 for the empty set.
func (w *writer) setID(tx *sql.Tx, field string, values []string) (int64, error) {
	if len(values) == 0 {
		return 0, nil
	}
	key := setKey{field, joinMembers(values)}
	if id, ok := w.sets.ids[key]; ok {
		return id, nil
	}
	id, err := w.addSet(tx, key, values)
	if err == nil && id == 0 {
		err = tx.Stmt(w.stmts.findSet).QueryRow(field, key.members).Scan(&id)
	}
	if err != nil {
		return 0, err
	}
	if w.sets.ids == nil || len(w.sets.ids) >= maxCachedSets {
		w.sets.ids = map[setKey]int64{}
	}
	w.sets.ids[key] = id
	return id, nil
}

// joinMembers spells a set so that no two sets are spelled alike.
func joinMembers(values []string) string {
	s := strings.Join(values, "\x1f")
	if strings.Count(s, "\x1f") == len(values)-1 && !strings.Contains(s, "\x1e") {
		return s
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = memberEscaper.Replace(v)
	}
	return strings.Join(escaped, "\x1f")
}

var memberEscaper = strings.NewReplacer("\x1f", "\x1e1", "\x1e", "\x1e0")

// addSet adds a set; 0 where it is there. What is not in the cache is new,
// mostly: an author.
func (w *writer) addSet(tx *sql.Tx, key setKey, values []string) (int64, error) {
	res, err := tx.Stmt(w.stmts.addSet).Exec(key.field, key.members)
	if err != nil {
		return 0, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	for _, v := range values {
		if _, err := tx.Stmt(w.stmts.addMember).Exec(id, v, key.field, text.Fold(v)); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// purgeSets deletes the sets no mention has any more: names in them may be
// what a deletion was asked for.
func purgeSets(tx *sql.Tx) error {
	for _, f := range setFields {
		if _, err := tx.Exec("DELETE FROM sets WHERE field = ? AND id NOT IN (SELECT "+f+" FROM facts)", f); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("DELETE FROM members WHERE set_id NOT IN (SELECT id FROM sets)"); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE meta SET value = value + 1 WHERE name = 'purges'")
	return err
}
