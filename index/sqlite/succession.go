package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"klank/index"
	"klank/mention"
)

// Resolve reads aliases; see index.Aliases.
func (ix *Index) Resolve(ctx context.Context, ids []string) (out map[string]string, err error) {
	err = ix.read(ctx, "resolve", func(tx *sql.Tx) error {
		out, err = aliases(ctx, tx, ids)
		return err
	})
	return out, err
}

// AliasesOf reads the aliases of mentions; see index.Aliases.
func (ix *Index) AliasesOf(ctx context.Context, ids []string) (out []string, err error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	err = ix.read(ctx, "aliases", func(tx *sql.Tx) error {
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var alias string
			err := rows.Scan(&alias)
			out = append(out, alias)
			return err
		}, "SELECT a.alias FROM json_each(?) j JOIN aliases a ON a.id = j.value ORDER BY 1", string(list))
	})
	return out, err
}

func aliases(ctx context.Context, tx *sql.Tx, ids []string) (map[string]string, error) {
	out := map[string]string{}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return out, eachRow(ctx, tx, func(rows *sql.Rows) error {
		var alias, id string
		err := rows.Scan(&alias, &id)
		out[alias] = id
		return err
	}, "SELECT a.alias, a.id FROM json_each(?) j JOIN aliases a ON a.alias = j.value", string(list))
}

// succession finds the edited mentions of one PutSeen.
type succession struct {
	b      *batch
	given  map[string]bool // the ids that its pages give
	pages  map[int64]bool  // its pages
	lost   []*known        // gone from a page, in this run
	fresh  []newcomer      // new on a page, in this run
	moves  []move          // to be remembered for the rest of the run
	doomed []int64
	byID   map[string]int // of the mentions that come
	ms     []mention.Mention
}

// newcomer is a mention that only its text identifies and that was not there
// when its page was last read. now says that it comes with this call.
type newcomer struct {
	mention *mention.Mention
	stored  *known // nil: not yet
	now     bool
}

// move is a mention that came to a page or went from one in a run.
type move struct {
	source, run, id string
	gone            bool
}

// succeed takes aliases for what they stand for, and finds out which of the
// mentions are edits of those that have vanished. It returns both with the ids
// that are to be stored.
func (b *batch) succeed(ctx context.Context, ms []mention.Mention, seen []index.Sighting) ([]mention.Mention, []index.Sighting, error) {
	var ids []string
	for i := range ms {
		ids = append(ids, ms[i].ID, ms[i].Parent, ms[i].Thread)
	}
	var rename map[string]string
	var any bool
	err := b.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM aliases)").Scan(&any)
	if err == nil && any {
		if rename, err = aliases(ctx, b.tx, ids); err == nil {
			err = b.dropAliases(ctx, ms)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	ms, seen = index.Rename(ms, rename), index.RenameSeen(seen, rename)
	if len(seen) == 0 {
		return ms, seen, nil
	}
	s := &succession{b: b, given: map[string]bool{}, pages: map[int64]bool{}, byID: map[string]int{}, ms: ms}
	for i := range ms {
		s.byID[ms[i].ID] = i
	}
	for i := range seen {
		s.pages[pageKey(&seen[i])] = true
		for _, id := range seen[i].IDs {
			s.given[id] = true
		}
	}
	for i := range seen {
		if err := s.look(ctx, &seen[i]); err != nil {
			return nil, nil, err
		}
	}
	if rename, err = s.pair(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.deleteAdopted(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.remember(ctx, rename); err != nil {
		return nil, nil, err
	}
	return index.Rename(ms, rename), index.RenameSeen(seen, rename), nil
}

// dropAliases forgets the aliases of what is given under its own id again: then
// an edit was taken back, or what was taken for one is another mention.
func (b *batch) dropAliases(ctx context.Context, ms []mention.Mention) error {
	ids := make([]string, len(ms))
	for i := range ms {
		ids[i] = ms[i].ID
	}
	list, err := json.Marshal(ids)
	if err == nil {
		_, err = b.tx.ExecContext(ctx, "DELETE FROM aliases WHERE id IN (SELECT value FROM json_each(?))", string(list))
	}
	return err
}

func pageKey(g *index.Sighting) int64 { return hash(g.Source + "\x00" + g.Page) }

// look finds what came to a page and what went from it since it was last read.
func (s *succession) look(ctx context.Context, g *index.Sighting) error {
	if g.Window {
		return nil
	}
	sight := &s.b.w.sight
	before, read, err := sight.reading(ctx, s.b.tx, pageKey(g))
	if err != nil || !read || before.partial || g.At.UnixMicro() <= before.at {
		return err
	}
	now, _, _, err := sight.docs(ctx, s.b.tx, g)
	if err != nil {
		return err
	}
	if err := s.arrivals(ctx, g, before.at); err != nil {
		return err
	}
	for _, doc := range before.docs {
		if _, is := slices.BinarySearch(now, doc); is {
			continue
		}
		lost, err := s.b.findDoc(doc)
		if err != nil {
			return err
		}
		if lost == nil || s.given[lost.mention.ID] || lost.mention.NativeID != "" {
			continue
		}
		s.lost = append(s.lost, lost)
		s.moves = append(s.moves, move{g.Source, g.Run, lost.mention.ID, true})
	}
	if len(s.moves) == 0 {
		return nil
	}
	return s.recall(ctx, g)
}

// arrivals finds what was not there when a page was last read.
func (s *succession) arrivals(ctx context.Context, g *index.Sighting, last int64) error {
	if len(g.Texts) == 0 {
		return nil
	}
	ids, err := json.Marshal(g.Texts)
	if err != nil {
		return err
	}
	collected := map[string]int64{} // of what is stored
	if err := eachRow(ctx, s.b.tx, func(rows *sql.Rows) error {
		var id string
		var at int64
		err := rows.Scan(&id, &at)
		collected[id] = at
		return err
	}, "SELECT f.id, ifnull(f.collected, 0) FROM json_each(?) j JOIN facts f ON f.id = j.value", string(ids)); err != nil {
		return err
	}
	for _, id := range g.Texts {
		at, comes := s.byID[id]
		since, is := collected[id]
		if !comes || is && since <= last/1000 {
			continue
		}
		n := newcomer{mention: &s.ms[at], now: true}
		if is {
			if n.stored, err = s.b.find(id); err != nil {
				return err
			}
		}
		s.fresh = append(s.fresh, n)
		s.moves = append(s.moves, move{g.Source, g.Run, id, false})
	}
	return nil
}

// recall adds what came and went earlier in the run, on other pages.
func (s *succession) recall(ctx context.Context, g *index.Sighting) error {
	type moved struct {
		id   string
		gone bool
	}
	var list []moved
	if err := eachRow(ctx, s.b.tx, func(rows *sql.Rows) error {
		var m moved
		err := rows.Scan(&m.id, &m.gone)
		list = append(list, m)
		return err
	}, "SELECT id, gone FROM moves WHERE source = ? AND run = ?", g.Source, g.Run); err != nil {
		return err
	}
	for _, m := range list {
		if s.given[m.id] {
			continue
		}
		k, err := s.b.find(m.id)
		if err != nil {
			return err
		}
		switch {
		case k == nil:
		case m.gone:
			s.lost = append(s.lost, k)
		default:
			s.fresh = append(s.fresh, newcomer{&k.mention, k, false})
		}
	}
	return nil
}

// pair joins each newcomer with the lost mention that it succeeds, and returns
// the new ids of the newcomers.
func (s *succession) pair(ctx context.Context) (map[string]string, error) {
	came, gone := make([]*mention.Mention, len(s.fresh)), make([]*mention.Mention, len(s.lost))
	for i := range s.fresh {
		came[i] = s.fresh[i].mention
	}
	for i := range s.lost {
		gone[i] = &s.lost[i].mention
	}
	var elsewhere map[int64]bool // once it is asked for
	pairs, err := index.Successions(came, gone, func(at int) (_ bool, err error) {
		if elsewhere == nil {
			elsewhere, err = s.elsewhere(ctx)
		}
		return elsewhere[s.lost[at].rowid], err
	})
	if err != nil {
		return nil, err
	}
	rename := map[string]string{}
	for _, p := range pairs {
		n, lost := s.fresh[p.Came], s.lost[p.Gone]
		rename[n.mention.ID] = lost.mention.ID
		if err := s.adopt(ctx, lost, n); err != nil {
			return nil, fmt.Errorf("mention %s, an edit of %s: %w", n.mention.ID, lost.mention.ID, err)
		}
	}
	return rename, nil
}

// elsewhere returns which of the lost mentions another page gives still. It
// walks all pages, so it is asked where there is something to lose only.
func (s *succession) elsewhere(ctx context.Context) (map[int64]bool, error) {
	lost, found := map[int64]bool{}, map[int64]bool{}
	for _, l := range s.lost {
		lost[l.rowid] = true
	}
	err := eachRow(ctx, s.b.tx, func(rows *sql.Rows) error {
		var page int64
		var blob sql.RawBytes
		if err := rows.Scan(&page, &blob); err != nil || s.pages[page] {
			return err
		}
		docs, err := unpackDocs(blob)
		for _, doc := range docs {
			if lost[doc] {
				found[doc] = true
			}
		}
		return err
	}, "SELECT page, mentions FROM pages")
	return found, err
}

// adopt makes a newcomer's id an alias of the one that it succeeds. One that is
// stored already, as it was on a page read earlier in the run, goes.
func (s *succession) adopt(ctx context.Context, lost *known, n newcomer) error {
	tx := s.b.tx
	if _, err := tx.ExecContext(ctx, "REPLACE INTO aliases (alias, id) VALUES (?, ?)", n.mention.ID, lost.mention.ID); err != nil {
		return err
	}
	if n.stored == nil {
		return nil
	}
	if !n.now { // it does not come again by itself
		m := n.stored.mention
		m.ID = lost.mention.ID
		if _, err := s.b.put(m, true); err != nil {
			return err
		}
	}
	s.doomed = append(s.doomed, n.stored.rowid)
	return replaceDoc(ctx, tx, n.stored.rowid, lost.rowid)
}

// deleteAdopted deletes what was stored under an id that is an alias now.
func (s *succession) deleteAdopted(ctx context.Context) error {
	if len(s.doomed) == 0 {
		return nil
	}
	if err := emptyDoomed(ctx, s.b.tx); err != nil {
		return err
	}
	for _, doc := range s.doomed {
		if _, err := s.b.tx.ExecContext(ctx, "INSERT INTO doomed VALUES (?)", doc); err != nil {
			return err
		}
	}
	return deleteDoomed(ctx, s.b.tx, s.b.w)
}

// replaceDoc has the pages that give one mention give another instead.
func replaceDoc(ctx context.Context, tx *sql.Tx, old, now int64) error {
	changed := map[int64][]byte{}
	err := eachRow(ctx, tx, func(rows *sql.Rows) error {
		var page int64
		var blob sql.RawBytes
		if err := rows.Scan(&page, &blob); err != nil {
			return err
		}
		docs, err := unpackDocs(blob)
		if at, is := slices.BinarySearch(docs, old); is && err == nil {
			docs = append(slices.Delete(docs, at, at+1), now)
			slices.Sort(docs)
			changed[page] = packDocs(slices.Compact(docs))
		}
		return err
	}, "SELECT page, mentions FROM pages")
	if err != nil {
		return err
	}
	for page, blob := range changed {
		if _, err := tx.ExecContext(ctx, "UPDATE pages SET mentions = ? WHERE page = ?", blob, page); err != nil {
			return err
		}
	}
	return nil
}

// remember keeps what came and went for the rest of the run, and forgets that
// of earlier runs.
func (s *succession) remember(ctx context.Context, renamed map[string]string) error {
	done := map[string]bool{}
	for _, id := range renamed {
		done[id] = true
	}
	for _, m := range s.moves {
		if done[m.id] || renamed[m.id] != "" {
			continue
		}
		if _, err := s.b.tx.ExecContext(ctx, "DELETE FROM moves WHERE source = ? AND run <> ?", m.source, m.run); err != nil {
			return err
		}
		if _, err := s.b.tx.ExecContext(ctx, "REPLACE INTO moves (source, run, id, gone) VALUES (?, ?, ?, ?)", m.source, m.run, m.id, m.gone); err != nil {
			return err
		}
	}
	return nil
}

// findDoc returns the mention in a row; nil where there is none.
func (b *batch) findDoc(doc int64) (*known, error) {
	var id string
	err := b.tx.QueryRow("SELECT id FROM facts WHERE rowid = ?", doc).Scan(&id)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b.find(id)
}
