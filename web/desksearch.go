package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/index/query"
)

// savedFor is how long the saved queries that were read last are taken for
// those of the desk: another process may save some, too.
const savedFor = 2 * time.Second

// spoken is the question language with the queries that people have saved.
type spoken struct {
	language *query.Language
	queries  []desk.Query
	read     time.Time
}

// language reads the saved queries where that has not been done of late. A
// query that can no longer be read is told of where it is used.
func (s *Server) language(ctx context.Context) (*spoken, error) {
	if have := s.spoken.Load(); have != nil && s.now().Sub(have.read) < savedFor {
		return have, nil
	}
	out := &spoken{language: s.cfg.Language, read: s.now()}
	if s.cfg.Desk != nil {
		var err error
		if out.queries, err = s.cfg.Desk.Queries(ctx); err != nil {
			return nil, err
		}
	}
	if len(out.queries) > 0 {
		saved := map[string]string{}
		for _, q := range out.queries {
			saved[q.Name] = q.Query
		}
		out.language, _ = s.cfg.Language.With(saved) // what is wrong with one is told where it is used
	}
	s.spoken.Store(out)
	return out, nil
}

// savedRow is a saved query as the search shows it.
type savedRow struct {
	Name, Query, URL string
	// Own tells that it was saved here, so that it can be deleted here; others
	// stand in the configuration.
	Own bool
}

// saved lists the saved queries by name.
func (s *Server) saved(ctx context.Context) ([]savedRow, error) {
	sp, err := s.language(ctx)
	if err != nil {
		return nil, err
	}
	var out []savedRow
	for _, name := range sp.language.Saved() {
		row := savedRow{Name: name, URL: ask(term("saved", name))}
		for _, q := range sp.queries {
			if strings.EqualFold(q.Name, name) {
				row.Own, row.Query = true, q.Query
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// saveQuery keeps a query under a name, after it has been read.
func (s *Server) saveQuery(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Desk == nil {
		s.fail(w, r, http.StatusNotImplemented, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	ctx, in := r.Context(), r.PostForm
	if in.Get("do") == "delete" {
		err := s.cfg.Desk.DeleteQuery(ctx, in.Get("name"))
		if err != nil && !errors.Is(err, desk.ErrUnknown) {
			s.failWith(w, r, "the desk could not be written", err)
			return
		}
		s.spoken.Store(nil)
		http.Redirect(w, r, "/search", http.StatusSeeOther)
		return
	}
	q := desk.Query{Name: strings.TrimSpace(in.Get("name")), Query: strings.TrimSpace(in.Get("q")), By: who(r).Name, At: s.now()}
	key, err := s.tryQuery(ctx, q)
	if err == nil && key == "" {
		err = s.cfg.Desk.SaveQuery(ctx, q, in.Has("replace"))
	}
	switch {
	case errors.Is(err, desk.ErrExists):
		key = "saved.taken"
	case errors.Is(err, desk.ErrInput):
		key = "saved.badname"
	case err != nil:
		s.failWith(w, r, "the desk could not be written", err)
		return
	}
	if key != "" {
		s.render(w, r, http.StatusConflict, "saving", "saved.title", saving{Name: q.Name, Q: q.Query, Key: key, Back: searchURL(q.Query, "", "")})
		return
	}
	s.spoken.Store(nil)
	http.Redirect(w, r, searchURL("saved:"+q.Name, "", ""), http.StatusSeeOther)
}

// saving is the page of a query that could not be saved: Key are the words for
// why.
type saving struct{ Name, Q, Key, Back string }

// tryQuery looks whether a query can be saved by its name: that it can be read,
// and uses neither itself nor takes the name of one of the configuration.
func (s *Server) tryQuery(ctx context.Context, q desk.Query) (key string, err error) {
	if q.Query == "" {
		return "saved.empty", nil
	}
	if slices.ContainsFunc(s.cfg.Language.Saved(), func(name string) bool { return strings.EqualFold(name, q.Name) }) {
		return "saved.configured", nil
	}
	sp, err := s.language(ctx)
	if err != nil {
		return "", err
	}
	with, _ := sp.language.With(map[string]string{q.Name: q.Query})
	if _, err := with.Parse("saved:"+q.Name, s.now()); err != nil {
		if _, wrong := with.Parse(q.Query, s.now()); wrong == nil {
			return "saved.badname", nil
		}
		return "saved.unreadable", nil
	}
	return "", nil
}

// suggestion completes a query.
type suggestion struct {
	// Query is the whole query with the completion, Label what was added, in
	// words.
	Query string `json:"query"`
	Label string `json:"label"`
}

// The bounds of suggestions: how many are given, how many values of a field are
// known, and how long a query may be.
const (
	suggestions    = 10
	suggestedKnown = 200
	suggestedQuery = 500
	// suggestHaste is by how much less than a page suggestions wait for each list
	// of values: the next letter finds it.
	suggestHaste = 10
)

// suggestedFields are those whose values are counted in the index.
var suggestedFields = []string{"brand", "source", "item", "host", "language", "parser", "type"}

// suggest answers with completions of the last word of ?q=.
func (s *Server) suggest(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get("q")
	out := []suggestion{}
	if len(q) <= suggestedQuery && strings.Count(q, `"`)%2 == 0 {
		found, err := s.suggestions(r.Context(), s.viewOf(w, r).locale, q)
		if err != nil {
			s.apiFail(w, r, err)
			return
		}
		out = append(out, found...)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, max-age=10")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.log.Debug("web: suggestions could not be sent", "error", err)
	}
}

// suggestions completes the last word of q: a field, a value of one, or a word
// that a label of the taxonomy or a brand begins with.
func (s *Server) suggestions(ctx context.Context, l *locale, q string) ([]suggestion, error) {
	at := strings.LastIndexAny(q, " (\t") + 1
	before, word := q[:at], strings.TrimLeft(q[at:], "-")
	before += q[at : len(q)-len(word)]
	if word == "" {
		return nil, nil
	}
	var out []suggestion
	add := func(words, label string) {
		if len(out) < suggestions && !slices.ContainsFunc(out, func(o suggestion) bool { return o.Query == before+words }) {
			out = append(out, suggestion{before + words, label})
		}
	}
	if field, value, ok := strings.Cut(word, ":"); ok {
		values, err := s.valuesOf(ctx, strings.ToLower(field))
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if begins(v, value) || begins(l.label(field, v), value) {
				add(term(strings.ToLower(field), v), l.label(field, v))
			}
		}
		return out, nil
	}
	for _, f := range query.Fields {
		if begins(f.Name, word) {
			add(f.Name+":", l.label("field", f.Name))
		}
	}
	if begins("saved", word) {
		add("saved:", l.t("saved.title"))
	}
	for _, field := range []string{"saved", "brand", "touchpoint", "moment", "signal", "sentiment", "source", "kind", "care"} {
		values, err := s.valuesOf(ctx, field)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if begins(v, word) || begins(l.label(field, v), word) {
				add(term(field, v), l.label(field, v))
			}
		}
	}
	return out, nil
}

func begins(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.HasPrefix(strings.ToLower(s), strings.ToLower(prefix))
}

// valuesOf are the values of a field: those of its closed list, else the most
// frequent ones of the index, which are kept as reports are.
func (s *Server) valuesOf(ctx context.Context, field string) ([]string, error) {
	if field == "saved" {
		sp, err := s.language(ctx)
		if err != nil {
			return nil, err
		}
		return sp.language.Saved(), nil
	}
	f, ok := query.Lookup(field)
	if !ok || len(f.Values) > 0 || f.Type == query.Presence {
		if f.Type == query.Presence {
			return query.Presences, nil
		}
		return f.Values, nil
	}
	if !slices.Contains(suggestedFields, field) {
		return nil, nil
	}
	a, err := s.answers.get(ctx, "values "+field, s.patience/suggestHaste, func(ctx context.Context) (any, int64, error) {
		res, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Facets: []index.Facet{{Field: field, Size: suggestedKnown}}})
		if err != nil {
			return nil, 0, err
		}
		var values []string
		for _, b := range res.Facets[field] {
			values = append(values, b.Value)
		}
		return values, int64(suggestedKnown * 64), nil
	})
	if errors.Is(err, errComputing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values, _ := a.Value.([]string)
	return values, nil
}

// fillDesk adds to the search what people have saved, and the way back to it
// from each mention.
func (s *Server) fillDesk(r *http.Request, p *searchPage, after string) error {
	var err error
	if p.Saved, err = s.saved(r.Context()); err != nil {
		return err
	}
	p.Act = s.cfg.Desk != nil && who(r).Operator()
	p.Exports, p.SelfURL = exportLinks(p.Q, p.Total), searchURL(p.Q, p.Sort, after)
	for i := range p.Hits {
		p.Hits[i].Link = trailURL(p.Hits[i].ID, p.Q, cmp.Or(p.Sort, index.SortNewest), after)
	}
	return nil
}
