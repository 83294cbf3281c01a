package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/index/research"
	"klank/mention"
)

// The bounds of the queue: how many stand on a page, how many that wait are
// known beyond those that are settled, and how many settled ones are looked at.
const (
	queuePageSize  = 20
	queueKnown     = 500
	queueCasesRead = 1000
)

// queueTodo is the choice of all that is to be done: open and assigned.
const queueTodo = "todo"

// queueStates are the choices, in their order.
var queueStates = append([]string{queueTodo}, desk.States...)

func (s *Server) deskRoutes() []route {
	return []route{
		{pattern: "GET /queue", handler: s.queue},
		{pattern: "POST /queue/{id}", handler: s.setCase, audit: "queue"},
		{pattern: "GET /suggest", handler: s.suggest, api: true},
		{pattern: "POST /saved", handler: s.saveQuery, audit: "saved"},
		{pattern: "GET /search/{file}", handler: s.export, audit: "export"},
		{pattern: "POST /mention/{id}/labels", handler: s.setLabels, audit: "labels"},
	}
}

// queueChoice is what a page of the queue shows. It stands in the address.
type queueChoice struct {
	State, Brand, Assignee string
	Page                   int // from 1
}

func readQueueChoice(r *http.Request) queueChoice {
	q := r.URL.Query()
	c := queueChoice{State: q.Get("state"), Brand: strings.TrimSpace(q.Get("brand")), Assignee: strings.TrimSpace(q.Get("assignee"))}
	c.Page, _ = strconv.Atoi(q.Get("page"))
	c.Page = max(1, min(c.Page, queueKnown))
	if !slices.Contains(queueStates, c.State) {
		c.State = queueTodo
	}
	return c
}

// URL is the address of a page of the choice.
func (c queueChoice) URL(page int) string {
	q := url.Values{}
	for name, value := range map[string]string{"state": c.State, "brand": c.Brand, "assignee": c.Assignee} {
		if value != "" && value != queueTodo {
			q.Set(name, value)
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return "/queue"
	}
	return "/queue?" + q.Encode()
}

// queuePage is the work: who waits for an answer, and what colleagues do.
type queuePage struct {
	queueChoice
	States            []stateLink
	Brands, Assignees []string
	Rows              []queueRow
	Total             int
	NextURL, FirstURL string
	// Old tells that the queue is being worked out anew.
	Old bool
}

type stateLink struct {
	State, URL string
	Current    bool
}

// queueRow is one mention with its case.
type queueRow struct {
	hit
	Work casework
	// Why are the reasons to answer, in words.
	Why         []string
	Days, Reach int
	Waits       bool // Days is known
	Reopened    bool
}

// casework is a case with the form to change it.
type casework struct {
	desk.Case
	// ID is of the mention, Back where the form leads to.
	ID, Back string
	// Me is who looks at it; Act tells whether they may change it.
	Me  string
	Act bool
	// People are those that have been assigned something.
	People []string
}

func (s *Server) queue(w http.ResponseWriter, r *http.Request) {
	ctx, c := r.Context(), readQueueChoice(r)
	p := queuePage{queueChoice: c}
	for _, state := range queueStates {
		to := c
		to.State = state
		p.States = append(p.States, stateLink{State: state, URL: to.URL(1), Current: state == c.State})
	}
	cases, err := s.cases(ctx)
	if err != nil {
		s.failWith(w, r, "the desk could not be read", err)
		return
	}
	p.Assignees = assignees(cases)
	found, err := s.queueOf(ctx, &p, cases)
	switch {
	case errors.Is(err, errComputing):
		s.showComputing(w, r, "respond")
		return
	case errors.Is(err, errNoReports):
		s.fail(w, r, http.StatusNotImplemented, "")
		return
	case err == nil:
		p.Brands, err = s.knownBrands(ctx)
	}
	if err != nil {
		s.failWith(w, r, "the queue could not be worked out", err)
		return
	}
	p.Total = len(found)
	from := min((c.Page-1)*queuePageSize, len(found))
	to := min(from+queuePageSize, len(found))
	if p.Rows, err = s.queueRows(s.viewOf(w, r).locale, r, found[from:to], cases, &p); err != nil {
		s.failWith(w, r, "a mention of the queue could not be read", err)
		return
	}
	if to < len(found) {
		p.NextURL = c.URL(c.Page + 1)
	}
	if c.Page > 1 {
		p.FirstURL = c.URL(1)
	}
	s.render(w, r, http.StatusOK, "queue", "queue.title", p)
}

// cases are what people have said, by mention; none without a desk.
func (s *Server) cases(ctx context.Context) (map[string]desk.Case, error) {
	if s.cfg.Desk == nil {
		return nil, nil
	}
	return s.cfg.Desk.CasesOf(ctx, s.cfg.Index)
}

// assignees are those who have something to answer.
func assignees(cases map[string]desk.Case) []string {
	names := map[string]bool{}
	for _, c := range cases {
		if c.Assignee != "" {
			names[c.Assignee] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// queueOf finds what a choice shows, in its order.
func (s *Server) queueOf(ctx context.Context, p *queuePage, cases map[string]desk.Case) ([]research.Waiting, error) {
	waits, err := s.waiting(ctx, p, desk.SettledOf(cases))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, w := range waits {
		known[w.ID] = true
	}
	var found []research.Waiting
	for _, w := range waits {
		c := cases[w.ID]
		if w.Reopened {
			c.State, c.Assignee = desk.StateOpen, ""
		}
		if p.shows(cmp.Or(c.State, desk.StateOpen), c.Assignee) {
			found = append(found, w)
		}
	}
	// What somebody took or settled need not be among the most urgent.
	var others []desk.Case
	for id, c := range cases {
		if !known[id] && c.State != desk.StateOpen && p.shows(c.State, c.Assignee) {
			others = append(others, c)
		}
	}
	slices.SortFunc(others, func(a, b desk.Case) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Mention, b.Mention)) })
	others = others[:min(len(others), queueCasesRead)]
	for _, c := range others {
		ok, err := s.stillOf(ctx, &c, p.Brand)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, research.Waiting{ID: c.Mention, Days: -1})
		}
	}
	return found, nil
}

// shows tells whether a case in a state is what the page is about.
func (c *queueChoice) shows(state, assignee string) bool {
	if c.Assignee != "" && assignee != c.Assignee {
		return false
	}
	return c.State == state || c.State == queueTodo && (state == desk.StateOpen || state == desk.StateAssigned)
}

// stillOf tells whether the mention of a case is there, of the brand, and, if
// it is to be answered, has no answer yet: a reply closes it.
func (s *Server) stillOf(ctx context.Context, c *desk.Case, brand string) (bool, error) {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok {
		return false, nil
	}
	m, err := getter.Get(ctx, c.Mention, 0)
	if errors.Is(err, index.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	of := brand == "" || slices.ContainsFunc(m.Brands, func(b string) bool { return strings.EqualFold(b, brand) })
	return of && (c.Settled() || m.Reply == nil), nil
}

// waiting are those who wait for an answer, from what is kept or worked out:
// it takes a walk over the index, and what is settled takes nothing.
func (s *Server) waiting(ctx context.Context, p *queuePage, settled map[string]int) ([]research.Waiting, error) {
	cfg := s.reportConfig()
	if cfg == nil {
		return nil, errNoReports
	}
	most := queueKnown * (2 + len(settled)/queueKnown)
	a, err := s.answers.get(ctx, fmt.Sprintf("queue %q %d", p.Brand, most), s.patience, func(ctx context.Context) (any, int64, error) {
		line, err := research.NewLine(ctx, *cfg, research.Request{Brand: p.Brand, Now: s.now()}, most)
		return line, int64(most) * 512, err
	})
	if err != nil {
		return nil, err
	}
	p.Old = a.Old
	waits, _, err := a.Value.(*research.Line).Open(ctx, settled)
	return waits, err
}

// queueRows reads the mentions of a page.
func (s *Server) queueRows(l *locale, r *http.Request, waits []research.Waiting, cases map[string]desk.Case, p *queuePage) ([]queueRow, error) {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok {
		return nil, nil
	}
	var rows []queueRow
	for _, wait := range waits {
		m, err := getter.Get(r.Context(), wait.ID, 0)
		if errors.Is(err, index.ErrNotFound) { // gone since the queue was worked out
			continue
		}
		if err != nil {
			return nil, err
		}
		row := queueRow{hit: hits([]index.Hit{{Mention: *m}})[0], Days: wait.Days, Reach: wait.Reach, Reopened: wait.Reopened, Waits: wait.Days >= 0}
		for _, why := range wait.Why {
			row.Why = append(row.Why, l.Say(why))
		}
		row.Work = s.caseworkOf(r, m.ID, cases[wait.ID], p.Assignees)
		if wait.Reopened { // what was said was said of other words
			row.Work.State = desk.StateOpen
		}
		rows = append(rows, row)
	}
	for i := range rows { // a form leads to the next one
		at := rows[min(i+1, len(rows)-1)].ID
		rows[i].Work.Back = p.URL(p.Page) + "#q-" + url.PathEscape(at)
	}
	return rows, nil
}

// caseworkOf is a case with its form.
func (s *Server) caseworkOf(r *http.Request, id string, c desk.Case, people []string) casework {
	by := who(r)
	work := casework{Case: c, ID: id, Me: by.Name, Act: s.cfg.Desk != nil && by.Operator(), People: people}
	work.State = cmp.Or(c.State, desk.StateOpen)
	return work
}

// caseForm is what the form of a case asks for.
type caseForm struct {
	do, assignee, note, back string
	version                  int
}

// The deeds of the form beside the states themselves.
const deedNote = "note"

func readCaseForm(w http.ResponseWriter, r *http.Request) (*caseForm, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	f := &caseForm{do: r.PostForm.Get("do"), assignee: r.PostForm.Get("assignee"), note: r.PostForm.Get("note"), back: localTarget(r.PostForm.Get("back"))}
	var err error
	if f.version, err = strconv.Atoi(cmp.Or(r.PostForm.Get("version"), "0")); err != nil {
		return nil, err
	}
	if f.do != deedNote && !slices.Contains(desk.States, f.do) {
		return nil, fmt.Errorf("do=%s is not known", strconv.Quote(shorten(f.do, 20)))
	}
	return f, nil
}

// setCase changes the case of a mention.
func (s *Server) setCase(w http.ResponseWriter, r *http.Request) {
	m := s.mentionToChange(w, r)
	if m == nil {
		return
	}
	f, err := readCaseForm(w, r)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	history, err := s.cfg.Desk.CaseHistory(r.Context(), m.ID)
	if err != nil {
		s.failWith(w, r, "the desk could not be read", err)
		return
	}
	var c desk.Case
	if len(history) > 0 {
		c = history[0]
	}
	latest := c
	c.Mention, c.Version, c.By, c.At, c.Revision = m.ID, f.version, who(r).Name, s.now(), max(m.Revision, 1)
	c.State = cmp.Or(c.State, desk.StateOpen)
	switch f.do {
	case deedNote:
		c.Note = f.note
	case desk.StateAssigned:
		c.State, c.Assignee = f.do, cmp.Or(strings.TrimSpace(f.assignee), who(r).Name)
	default:
		c.State = f.do
	}
	_, err = s.cfg.Desk.SetCase(r.Context(), c)
	switch {
	case errors.Is(err, desk.ErrConflict):
		s.render(w, r, http.StatusConflict, "conflict", "queue.conflict", conflict{Latest: latest, Form: formAgain{URL: r.URL.Path,
			Do: f.do, Assignee: f.assignee, Note: f.note, Version: latest.Version, Back: f.back}, Mention: mentionURL(m.ID)})
	case errors.Is(err, desk.ErrInput):
		s.fail(w, r, http.StatusBadRequest, err.Error())
	case err != nil:
		s.failWith(w, r, "the desk could not be written", err)
	default:
		http.Redirect(w, r, f.back, http.StatusSeeOther)
	}
}

// conflict is the page for the second of two people: what the first one said,
// and the form to say it nevertheless.
type conflict struct {
	Latest  desk.Case
	Form    formAgain
	Mention string
}

type formAgain struct {
	URL, Do, Assignee, Note, Back string
	Version                       int
}

// mentionToChange is the mention of the address, nil after an answer has been
// given: where there is none, and where nothing can be changed.
func (s *Server) mentionToChange(w http.ResponseWriter, r *http.Request) *mention.Mention {
	getter, ok := s.cfg.Index.(index.Getter)
	if !ok || s.cfg.Desk == nil {
		s.fail(w, r, http.StatusNotImplemented, "")
		return nil
	}
	m, err := getter.Get(r.Context(), r.PathValue("id"), 0)
	if errors.Is(err, index.ErrNotFound) {
		s.fail(w, r, http.StatusNotFound, "")
		return nil
	}
	if err != nil {
		s.failWith(w, r, "the mention could not be read", err)
		return nil
	}
	return m
}

// caseEvent is a line of a history.
type caseEvent struct {
	By, State, Assignee, Note string
	At                        time.Time
	// Noted tells that only the note changed.
	Noted bool
}

// caseEvents tells a history, the latest first, by what changed.
func caseEvents(history []desk.Case) []caseEvent {
	var out []caseEvent
	for i, c := range history {
		e := caseEvent{By: c.By, State: c.State, Assignee: c.Assignee, Note: c.Note, At: c.At}
		before := desk.Case{State: desk.StateOpen}
		if i+1 < len(history) {
			before = history[i+1]
		}
		e.Noted = before.State == c.State && before.Assignee == c.Assignee && before.Note != c.Note
		if before.Note == c.Note {
			e.Note = ""
		}
		out = append(out, e)
	}
	return out
}
