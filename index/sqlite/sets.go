package sqlite

import (
	"database/sql"
	"strings"

	"klank/index/text"
)

// setCache remembers the numbers of sets by field and spelling. It is bounded:
// when full it starts anew. purges is the count of clean-ups (by any process) it
// was filled after.
type setCache struct {
	ids    map[string]map[string]int64
	n      int
	purges string
}

// maxCachedSets bounds the cache: at some 150 bytes a set, under 2 MB. More
// would not help: sets are either few, or, as authors, seldom met again.
const maxCachedSets = 10_000

func (c *setCache) forget() { c.ids, c.n = nil, 0 }

func (c *setCache) add(field, members string, id int64) {
	if c.ids == nil || c.n >= maxCachedSets {
		c.ids, c.n = map[string]map[string]int64{}, 0
	}
	if c.ids[field] == nil {
		c.ids[field] = map[string]int64{}
	}
	c.ids[field][members] = id
	c.n++
}

// check drops the cache when sets were deleted since it was filled.
func (c *setCache) check(tx *sql.Tx) error {
	var n string
	if err := tx.QueryRow("SELECT value FROM meta WHERE name = 'purges'").Scan(&n); err != nil {
		return err
	}
	if n != c.purges {
		c.forget()
		c.purges = n
	}
	return nil
}

// setID returns the number of a field's set of values (without repeats, in
// order), creating it when it is new; 0 for the empty set.
func (w *writer) setID(tx *sql.Tx, field string, values []string) (int64, error) {
	if len(values) == 0 {
		return 0, nil
	}
	w.spelled = appendMembers(w.spelled[:0], values)
	if id, ok := w.sets.ids[field][string(w.spelled)]; ok {
		return id, nil
	}
	members := string(w.spelled)
	id, err := w.addSet(tx, field, members, values)
	if err == nil && id == 0 {
		err = w.stmts.findSet.in(tx).QueryRow(field, members).Scan(&id)
	}
	if err == nil {
		w.sets.add(field, members, id)
	}
	return id, err
}

// appendMembers spells a set so that no two sets are spelled alike.
func appendMembers(dst []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, '\x1f')
		}
		if strings.IndexByte(v, '\x1f') >= 0 || strings.IndexByte(v, '\x1e') >= 0 {
			v = memberEscaper.Replace(v)
		}
		dst = append(dst, v...)
	}
	return dst
}

var memberEscaper = strings.NewReplacer("\x1f", "\x1e1", "\x1e", "\x1e0")

// addSet adds a set; 0 where it is there. What is not in the cache is new,
// mostly: an author, or what was said of several things.
func (w *writer) addSet(tx *sql.Tx, field, members string, values []string) (int64, error) {
	res, err := w.stmts.addSet.in(tx).Exec(field, members)
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
		w.unlisted = append(w.unlisted, member{id, field, v})
	}
	return id, nil
}

// member is a value of a set.
type member struct {
	set          int64
	field, value string
}

// memberRows are how many members a statement adds: the most that there are
// left, as each statement costs as much as a member or two.
var memberRows = [...]int{32, 16, 8, 4, 2, 1}

// addMembers lists the values of the new sets; see addRest.
func (w *writer) addMembers(tx *sql.Tx) error {
	left := w.unlisted
	for i, rows := range memberRows {
		for ; len(left) >= rows; left = left[rows:] {
			w.args = w.args[:0]
			for _, m := range left[:rows] {
				w.args = append(w.args, m.set, m.value, m.field, text.Fold(m.value))
			}
			if _, err := w.stmts.addMembers[i].in(tx).Exec(w.args...); err != nil {
				return err
			}
		}
	}
	clear(w.unlisted) // not to hold their texts
	w.unlisted = w.unlisted[:0]
	return nil
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
