package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"klank/index/desk"
)

// maxAPIBody bounds the body of a request to the API.
const maxAPIBody = 64 << 10

// apiCase is how far a mention has been answered.
type apiCase struct {
	Mention string `json:"mention"`
	// Version counts the changes; 0 is a mention that nobody has touched.
	Version  int       `json:"version"`
	State    string    `json:"state"`
	Assignee string    `json:"assignee,omitempty"`
	Note     string    `json:"note,omitempty"`
	Revision int       `json:"revision,omitempty"`
	By       string    `json:"by,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

func newAPICase(c desk.Case) apiCase {
	return apiCase{Mention: c.Mention, Version: c.Version, State: cmp.Or(c.State, desk.StateOpen), Assignee: c.Assignee, Note: c.Note,
		Revision: c.Revision, By: c.By, At: c.At}
}

// apiCaseChange is the body of PUT /api/v1/mentions/{id}/case.
type apiCaseChange struct {
	Version  whole  `json:"version"`
	State    string `json:"state"`
	Assignee string `json:"assignee"`
	Note     string `json:"note"`
}

// whole is a whole number, which JSON may write as 1.0, too.
type whole int

func (n *whole) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return fmt.Errorf("%s is not a whole number", shorten(string(b), 40))
	}
	*n = whole(f)
	return nil
}

// hasDesk tells whether people can add anything; false after a problem was
// written.
func (s *Server) hasDesk(w http.ResponseWriter) bool {
	if s.cfg.Desk == nil {
		writeProblem(w, problem{Title: "nothing can be added here", Status: http.StatusNotImplemented})
	}
	return s.cfg.Desk != nil
}

// readJSON reads the body of a request, an object, into v: it has all members
// that are required, no others but the optional ones, and none is null. It
// returns false after a problem was written.
func readJSON(w http.ResponseWriter, r *http.Request, v any, required, optional []string) bool {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		w.Header().Set("Accept", "application/json")
		writeProblem(w, problem{Title: "the body is of another type", Status: http.StatusUnsupportedMediaType, Detail: "send application/json"})
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeProblem(w, problem{Title: "the body is too large", Status: http.StatusRequestEntityTooLarge, Detail: tooLarge.Error()})
		return false
	}
	var members map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(body, &members)
	}
	for _, name := range required {
		if members[name] == nil && err == nil {
			err = fmt.Errorf("%s is missing", name)
		}
	}
	for name, value := range members {
		if !slices.Contains(required, name) && !slices.Contains(optional, name) {
			err = fmt.Errorf("%q is not known", shorten(name, 40))
		} else if string(value) == "null" {
			err = fmt.Errorf("%s is null", name)
		}
	}
	if err == nil {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		writeProblem(w, problem{Title: "the body cannot be read", Status: http.StatusBadRequest, Detail: clean(err.Error())})
		return false
	}
	return true
}

// deskFail answers for an error of the desk.
func (s *Server) deskFail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, desk.ErrConflict), errors.Is(err, desk.ErrExists):
		writeProblem(w, problem{Title: "somebody else was first", Status: http.StatusConflict, Detail: "read it again, and decide anew"})
	case errors.Is(err, desk.ErrInput):
		writeProblem(w, problem{Title: "this cannot be kept", Status: http.StatusBadRequest, Detail: clean(err.Error())})
	case errors.Is(err, desk.ErrUnknown):
		writeProblem(w, problem{Title: "there is none of that name", Status: http.StatusNotFound})
	default:
		s.apiFail(w, r, err)
	}
}

// apiCases gives the cases of mentions that somebody has touched, by the id of
// the mention; after is the last one of the page before.
func (s *Server) apiCases(w http.ResponseWriter, r *http.Request) {
	in := params{values: r.URL.Query()}
	state := in.oneOf("state", desk.States)
	limit := in.number("limit", 50, 1, 200)
	if in.wrong != nil {
		writeProblem(w, *in.wrong)
		return
	}
	if !s.hasDesk(w) {
		return
	}
	all, err := s.cfg.Desk.CasesOf(r.Context(), s.cfg.Index)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	out := struct {
		Cases []apiCase `json:"cases"`
		Next  string    `json:"next,omitempty"`
	}{Cases: []apiCase{}}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		c := newAPICase(all[id])
		if id <= in.values.Get("after") || state != "" && c.State != state || in.values.Has("assignee") && c.Assignee != in.values.Get("assignee") {
			continue
		}
		if len(out.Cases) == limit {
			out.Next = out.Cases[limit-1].Mention
			break
		}
		out.Cases = append(out.Cases, c)
	}
	s.writeJSON(w, r, out)
}

func (s *Server) apiCase(w http.ResponseWriter, r *http.Request) {
	if !s.hasDesk(w) {
		return
	}
	m := s.mentionOf(w, r, 0)
	if m == nil {
		return
	}
	history, err := s.cfg.Desk.CaseHistory(r.Context(), m.ID)
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	c := desk.Case{Mention: m.ID}
	if len(history) > 0 {
		c = history[0]
	}
	s.writeJSON(w, r, newAPICase(c))
}

// apiSetCase changes a case; the version in the body is that of the case that
// was read.
func (s *Server) apiSetCase(w http.ResponseWriter, r *http.Request) {
	if !s.hasDesk(w) {
		return
	}
	var change apiCaseChange
	if !readJSON(w, r, &change, []string{"version", "state"}, []string{"assignee", "note"}) {
		return
	}
	for name, n := range map[string]int{"assignee": utf8.RuneCountInString(change.Assignee) - desk.MaxName, "note": utf8.RuneCountInString(change.Note) - desk.MaxNote} {
		if n > 0 {
			writeProblem(w, problem{Title: "this cannot be kept", Status: http.StatusBadRequest, Detail: fmt.Sprintf("%s is %d characters too long", name, n)})
			return
		}
	}
	m := s.mentionOf(w, r, 0)
	if m == nil {
		return
	}
	c, err := s.cfg.Desk.SetCase(r.Context(), desk.Case{Mention: m.ID, Version: int(change.Version), State: change.State, Assignee: change.Assignee,
		Note: change.Note, Revision: max(m.Revision, 1), By: who(r).Name, At: s.now()})
	if err != nil {
		s.deskFail(w, r, err)
		return
	}
	s.writeJSON(w, r, newAPICase(c))
}

// apiQuery is a saved query.
type apiQuery struct {
	Name  string `json:"name"`
	Query string `json:"query,omitempty"`
	// Configured says that it stands in the configuration, and is changed there.
	Configured bool      `json:"configured"`
	By         string    `json:"by,omitempty"`
	At         time.Time `json:"at,omitzero"`
}

func (s *Server) apiQueries(w http.ResponseWriter, r *http.Request) {
	sp, err := s.language(r.Context())
	if err != nil {
		s.apiFail(w, r, err)
		return
	}
	out := struct {
		Queries []apiQuery `json:"queries"`
	}{[]apiQuery{}}
	for _, name := range sp.language.Saved() {
		q := apiQuery{Name: name, Configured: true}
		for _, own := range sp.queries {
			if strings.EqualFold(own.Name, name) {
				q = newAPIQuery(own)
			}
		}
		out.Queries = append(out.Queries, q)
	}
	s.writeJSON(w, r, out)
}

func newAPIQuery(q desk.Query) apiQuery {
	return apiQuery{Name: q.Name, Query: q.Query, By: q.By, At: q.At}
}

// apiSaveQuery keeps a query under the name of the address; one of that name is
// replaced.
func (s *Server) apiSaveQuery(w http.ResponseWriter, r *http.Request) {
	if !s.hasDesk(w) {
		return
	}
	var body struct {
		Query string `json:"query"`
	}
	if !readJSON(w, r, &body, []string{"query"}, nil) {
		return
	}
	q := desk.Query{Name: r.PathValue("name"), Query: strings.TrimSpace(body.Query), By: who(r).Name, At: s.now().UTC()}
	wrong, err := s.tryQuery(r.Context(), q)
	switch {
	case err != nil:
		s.apiFail(w, r, err)
		return
	case wrong == "saved.configured":
		writeProblem(w, problem{Title: "the configuration has a query of that name", Status: http.StatusConflict, Detail: "change it there, or choose another name"})
		return
	case wrong != "":
		writeProblem(w, problem{Title: "the query cannot be saved", Status: http.StatusBadRequest, Detail: s.views[languages[0]].t(wrong)})
		return
	}
	if err := s.cfg.Desk.SaveQuery(r.Context(), q, true); err != nil {
		s.deskFail(w, r, err)
		return
	}
	s.spoken.Store(nil)
	s.writeJSON(w, r, newAPIQuery(q))
}

func (s *Server) apiDeleteQuery(w http.ResponseWriter, r *http.Request) {
	if !s.hasDesk(w) {
		return
	}
	if err := s.cfg.Desk.DeleteQuery(r.Context(), r.PathValue("name")); err != nil {
		s.deskFail(w, r, err)
		return
	}
	s.spoken.Store(nil)
	w.WriteHeader(http.StatusNoContent)
}
