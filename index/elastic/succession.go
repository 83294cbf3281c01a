package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index"
	"klank/mention"
)

// alias is what is known of an id as the id of an edited text, as it is stored:
// what it is an alias of, and which are aliases of it.
type alias struct {
	ID      string   `json:"id"`
	Is      string   `json:"is,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
}

// move is a mention that came to a page or went from one in a run, as it is
// stored for the rest of the run.
type move struct {
	Source string `json:"source"`
	Run    string `json:"run"`
	ID     string `json:"id"`
	Gone   bool   `json:"gone"`
}

// Resolve reads aliases; see index.Aliases.
func (ix *Index) Resolve(ctx context.Context, ids []string) (map[string]string, error) {
	known, err := ix.aliases(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("index: resolve: %w", err)
	}
	return renames(known), nil
}

// AliasesOf reads the aliases of mentions; see index.Aliases.
func (ix *Index) AliasesOf(ctx context.Context, ids []string) ([]string, error) {
	known, err := ix.aliases(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("index: aliases: %w", err)
	}
	var out []string
	for _, a := range known {
		out = append(out, a.Aliases...)
	}
	slices.Sort(out)
	return out, nil
}

func renames(known map[string]*alias) map[string]string {
	out := map[string]string{}
	for id, a := range known {
		if a.Is != "" {
			out[id] = a.Is
		}
	}
	return out
}

// aliases reads what is known of ids.
func (ix *Index) aliases(ctx context.Context, ids []string) (map[string]*alias, error) {
	out := map[string]*alias{}
	err := ix.mget(ctx, ix.name(aliases), names(ids), func(_ string, d *gotten) error {
		a := &alias{}
		err := json.Unmarshal(d.Source, a)
		out[a.ID] = a
		return err
	})
	return out, err
}

func (ix *Index) putAlias(a *alias) *op {
	if a.Is == "" && len(a.Aliases) == 0 {
		return &op{action: action("delete", ix.name(aliases), hash(a.ID), nil), id: a.ID}
	}
	b, _ := json.Marshal(a) // strings
	return &op{action: action("index", ix.name(aliases), hash(a.ID), nil), document: b, id: a.ID}
}

// names are the names of the documents that are kept by ids, each once.
func names(ids []string) []string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" {
			out = append(out, hash(id))
		}
	}
	return out
}

// dropAliases forgets the aliases of mentions, as known holds them.
func (ix *Index) dropAliases(ctx context.Context, known map[string]*alias, of []string) error {
	var ids []string
	for _, id := range of {
		if a := known[id]; a != nil {
			ids = append(ids, a.Aliases...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	theirs, err := ix.aliases(ctx, ids)
	if err != nil {
		return err
	}
	changed := map[string]*alias{}
	for _, id := range of {
		if a := known[id]; a != nil && len(a.Aliases) > 0 {
			a.Aliases, changed[id] = nil, a
		}
	}
	for id, a := range theirs {
		a.Is, changed[id] = "", a
	}
	var ops []*op
	for _, a := range changed {
		ops = append(ops, ix.putAlias(a))
	}
	return ix.send(ctx, ops)
}

// succession finds the edited mentions of one PutSeen. What it writes can be
// written again: who is killed in between goes on when the same pages are given
// again.
type succession struct {
	ix     *Index
	ms     []mention.Mention
	at     map[string]int      // of the mentions that come
	given  map[string]bool     // the ids that its pages give
	before map[string]*reading // the earlier readings of its pages
	lost   []*mention.Mention  // gone from a page, in this run
	fresh  []newcomer          // new on a page, in this run
	moves  []move              // to be remembered for the rest of the run
}

// newcomer is a mention that only its text identifies and that was not there
// when its page was last read. now says that it comes with this call.
type newcomer struct {
	mention *mention.Mention
	now     bool
}

// succeed takes aliases for what they stand for, and finds out which of the
// mentions are edits of those that have vanished. It returns both with the ids
// that are to be stored. before are the earlier readings of the pages.
func (ix *Index) succeed(ctx context.Context, ms []mention.Mention, seen []index.Sighting, before map[string]*reading) ([]mention.Mention, []index.Sighting, error) {
	var ids, own []string
	for i := range ms {
		if ms[i].NativeID == "" { // else it is no alias, and has none
			own = append(own, ms[i].ID)
		}
		ids = append(ids, ms[i].Parent, ms[i].Thread)
	}
	known, err := ix.aliases(ctx, append(ids, own...))
	if err != nil {
		return nil, nil, err
	}
	rename := renames(known)
	if err := ix.dropAliases(ctx, known, own); err != nil {
		return nil, nil, err
	}
	if err := ix.adopt(ctx, rename, nil); err != nil {
		return nil, nil, err
	}
	ms, seen = index.Rename(ms, rename), index.RenameSeen(seen, rename)
	if len(seen) == 0 {
		return ms, seen, nil
	}
	s := &succession{ix: ix, ms: ms, at: map[string]int{}, given: map[string]bool{}, before: before}
	for i := range ms {
		s.at[ms[i].ID] = i
	}
	for i := range seen {
		for _, id := range seen[i].IDs {
			s.given[id] = true
		}
	}
	for i := range seen {
		if err := s.look(ctx, &seen[i]); err != nil {
			return nil, nil, err
		}
	}
	if len(s.moves) == 0 {
		return ms, seen, nil
	}
	if rename, err = s.pair(ctx); err != nil {
		return nil, nil, err
	}
	return index.Rename(ms, rename), index.RenameSeen(seen, rename), s.remember(ctx, rename)
}

// look finds what came to a page and what went from it since it was last read.
func (s *succession) look(ctx context.Context, g *index.Sighting) error {
	before := s.before[pageID(g)]
	if g.Window || before == nil || before.Partial || g.At.UnixMicro() <= before.At {
		return nil
	}
	was := map[string]bool{}
	var ids []string
	for _, id := range before.IDs {
		if was[id] = true; !s.given[id] {
			ids = append(ids, id)
		}
	}
	for _, id := range g.Texts {
		if _, comes := s.at[id]; comes && !was[id] {
			ids = append(ids, id)
		}
	}
	stored, err := s.ix.mentions(ctx, ids)
	if err != nil {
		return err
	}
	moved := len(s.moves)
	for _, id := range g.Texts {
		at, comes := s.at[id]
		if m := stored[id]; !comes || was[id] || m != nil && m.Collected.UnixMilli() <= before.At/1000 {
			continue
		}
		s.fresh = append(s.fresh, newcomer{&s.ms[at], true})
		s.moves = append(s.moves, move{g.Source, g.Run, id, false})
	}
	for _, id := range before.IDs {
		if lost := stored[id]; lost != nil && !s.given[id] && lost.NativeID == "" {
			s.lost = append(s.lost, lost)
			s.moves = append(s.moves, move{g.Source, g.Run, id, true})
		}
	}
	if len(s.moves) == moved {
		return nil
	}
	return s.recall(ctx, g)
}

// recall adds what came and went earlier in the run, on other pages.
func (s *succession) recall(ctx context.Context, g *index.Sighting) error {
	gone := map[string]bool{}
	if err := s.ix.walkNow(ctx, moves, object{"bool": object{"filter": []object{{"term": object{"source": g.Source}}, {"term": object{"run": g.Run}}}}}, []string{"id"}, func(h *hit) error {
		var m move
		err := json.Unmarshal(h.Source, &m)
		if !s.given[m.ID] {
			gone[m.ID] = m.Gone
		}
		return err
	}); err != nil || len(gone) == 0 {
		return err
	}
	var ids []string
	for id := range gone {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	known, err := s.ix.aliases(ctx, ids)
	if err != nil {
		return err
	}
	if err := s.ix.adopt(ctx, renames(known), nil); err != nil {
		return err
	}
	stored, err := s.ix.mentions(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		switch m := stored[id]; {
		case m == nil:
		case gone[id]:
			s.lost = append(s.lost, m)
		default:
			s.fresh = append(s.fresh, newcomer{m, false})
		}
	}
	return nil
}

// pair joins each newcomer with the lost mention that it succeeds, makes its id
// an alias of that, and returns these.
func (s *succession) pair(ctx context.Context) (map[string]string, error) {
	came := make([]*mention.Mention, len(s.fresh))
	for i := range s.fresh {
		came[i] = s.fresh[i].mention
	}
	var elsewhere map[string]bool // once it is asked for
	pairs, err := index.Successions(came, s.lost, func(at int) (_ bool, err error) {
		if elsewhere == nil {
			elsewhere, err = s.elsewhere(ctx)
		}
		return elsewhere[s.lost[at].ID], err
	})
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	rename, now := map[string]string{}, map[string]bool{}
	var ids []string
	for _, p := range pairs {
		id, is := s.fresh[p.Came].mention.ID, s.lost[p.Gone].ID
		rename[id], now[id] = is, s.fresh[p.Came].now
		ids = append(ids, id, is)
	}
	known, err := s.ix.aliases(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if known[id] == nil {
			known[id] = &alias{ID: id}
		}
	}
	for id, is := range rename {
		known[id].Is = is
		if of := known[is]; !slices.Contains(of.Aliases, id) {
			of.Aliases = append(of.Aliases, id)
		}
	}
	var ops []*op
	for _, a := range known {
		ops = append(ops, s.ix.putAlias(a))
	}
	if err := s.ix.send(ctx, ops); err != nil {
		return nil, err
	}
	return rename, s.ix.adopt(ctx, rename, now)
}

// elsewhere returns which of the lost mentions another page gives still.
func (s *succession) elsewhere(ctx context.Context) (map[string]bool, error) {
	var ids []string
	lost, found := map[string]bool{}, map[string]bool{}
	for _, m := range s.lost {
		ids, lost[m.ID] = append(ids, m.ID), true
	}
	err := s.ix.walkNow(ctx, pages, object{"terms": object{"ids": ids}}, []string{"key"}, func(h *hit) error {
		var r reading
		if err := json.Unmarshal(h.Source, &r); err != nil || s.before[r.Key] != nil {
			return err
		}
		for _, id := range r.IDs {
			found[id] = found[id] || lost[id]
		}
		return nil
	})
	return found, err
}

// adopt joins what is stored under ids that have become aliases, as it was on a
// page read earlier in the run, with what they are aliases of. What comes again
// now tells it by itself.
func (ix *Index) adopt(ctx context.Context, rename map[string]string, now map[string]bool) error {
	var ids, doomed []string
	for id := range rename {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	stored, err := ix.mentions(ctx, ids)
	if err != nil || len(stored) == 0 {
		return err
	}
	var edits []*edit
	is := map[string]string{}
	for _, id := range ids {
		found := stored[id]
		if found == nil {
			continue
		}
		doomed, is[id] = append(doomed, id), rename[id]
		if now[id] {
			continue
		}
		m := *found
		m.ID = rename[id]
		edits = append(edits, putEdit(m))
	}
	if _, err := ix.write(ctx, edits); err != nil {
		return err
	}
	const script = "def ids = new TreeSet(); for (def id : ctx._source.ids) { ids.add(params.is.getOrDefault(id, id)) } ctx._source.ids = new ArrayList(ids)"
	if err := ix.refresh(ctx, ix.name(pages)); err != nil {
		return err
	}
	if err := ix.updateBy(ctx, pages, object{"terms": object{"ids": doomed}}, script, object{"is": is}); err != nil {
		return err
	}
	if err := ix.refresh(ctx, ix.name(readAlias)); err != nil {
		return err
	}
	return ix.deleteMentions(ctx, doomed)
}

// remember keeps what came and went for the rest of the run, and forgets that
// of earlier runs.
func (s *succession) remember(ctx context.Context, renamed map[string]string) error {
	done := map[string]bool{}
	for _, id := range renamed {
		done[id] = true
	}
	var ops []*op
	runs := map[string]string{}
	for _, m := range s.moves {
		runs[m.Source] = m.Run
		name := hash(m.Source, m.ID)
		if done[m.ID] || renamed[m.ID] != "" {
			ops = append(ops, &op{action: action("delete", s.ix.name(moves), name, nil), id: m.ID})
			continue
		}
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		ops = append(ops, &op{action: action("index", s.ix.name(moves), name, nil), document: b, id: m.ID})
	}
	for source, run := range runs {
		if _, err := s.ix.deleteBy(ctx, s.ix.name(moves), object{"bool": object{"filter": []object{{"term": object{"source": source}}},
			"must_not": []object{{"term": object{"run": run}}}}}); err != nil {
			return err
		}
	}
	return s.ix.send(ctx, ops)
}

// mentions reads mentions as they are now; those that are not there are left out.
func (ix *Index) mentions(ctx context.Context, ids []string) (map[string]*mention.Mention, error) {
	out := map[string]*mention.Mention{}
	err := ix.mget(ctx, ix.name(readAlias), ids, func(id string, d *gotten) (err error) {
		out[id], err = read(d.Source)
		return err
	})
	return out, err
}

// updateBy changes what a query matches by a script.
func (ix *Index) updateBy(ctx context.Context, name string, q object, script string, params object) error {
	yes := true
	for {
		var a struct {
			Conflicts int `json:"version_conflicts"`
		}
		err := ix.patiently(ctx, func() error {
			return ix.call(ctx, "update by query", esapi.UpdateByQueryRequest{Index: []string{ix.name(name)}, Conflicts: "proceed", Refresh: &yes,
				AllowNoIndices: &yes, IgnoreUnavailable: &yes, Timeout: deletePatience, Body: body(object{"query": q,
					"script": object{"lang": "painless", "source": script, "params": params}})}, &a)
		})
		if err != nil || a.Conflicts == 0 {
			return err
		}
	}
}
