package research

import (
	"fmt"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

// The fields that respond walks, behind the source.
const (
	reSentiment = iota + 1
	reSignal
	reKind
	reHas
)

// queueLength is how many of a queue are shown.
const queueLength = 30

// class is a reason to answer.
type class struct {
	name      string
	node      query.Node
	all, open tally
}

// classes are the reasons to answer, in the order of reasons.
func classes() []*class {
	return []*class{
		{name: "complaints", node: or(term("sentiment", mention.Negative), term("signal", "detractor"))},
		{name: "questions", node: or(term("kind", string(mention.Question)), term("signal", "question"))},
		{name: "customers who leave", node: term("signal", "churn_risk")},
		{name: "asking for a response", node: term("signal", "needs_response")},
	}
}

func respond(s *scope, rep *Report) error {
	s.narrowToOwn(rep)
	var settled map[string]int
	if s.cfg.Settled != nil {
		var err error
		if settled, err = s.cfg.Settled(s.ctx); err != nil {
			return err
		}
	}
	kinds, all, older, sources := classes(), &tally{}, &tally{}, group{}
	line, err := s.line(queueLength+len(settled), func(r *index.Row, replied, old bool) {
		all.add(&s.sources, r)
		for i, yes := range reasons(r) {
			if yes {
				kinds[i].all.add(&s.sources, r)
				if !replied {
					kinds[i].open.add(&s.sources, r)
				}
			}
		}
		if !replied {
			sources.add(&s.sources, r, r.Values[0]...)
		}
		if old {
			older.add(&s.sources, r)
		}
	})
	if err != nil {
		return err
	}
	rep.Query = s.query()
	if err := s.finish(rep, all); err != nil {
		return err
	}
	waits, left, err := line.Open(s.ctx, settled)
	if err != nil {
		return err
	}
	var queues [2][]Waiting // and those who edited after a reply
	for _, w := range waits {
		i := 0
		if w.Replied {
			i = 1
		}
		if len(queues[i]) < queueLength {
			queues[i] = append(queues[i], w)
		}
	}
	first, err := s.queueRows(queues[0], "queue", "Answer these first")
	if err != nil {
		return err
	}
	again, err := s.queueRows(queues[1], "reopened", "Edited after the reply")
	if err != nil {
		return err
	}
	rep.Sections = []Section{s.classRows(kinds), first, again, s.unansweredRows(sources)}
	rep.Findings = append(rep.Findings, say("%d of %d complaints, questions and customers who leave have no reply; %d of those are older than %d days.", sumOf(sources), all.n, older.n, queueDays))
	if left > 0 {
		rep.Notes = append(rep.Notes, say("%d are left out of the queue: answered elsewhere or ignored, as colleagues have noted.", left))
	}
	rep.Notes = append(rep.Notes, say("A reply counts where the source shows it at the mention; what was settled by mail or telephone is not known."))
	return nil
}

// unansweredRows is where those stand who have no reply.
func (s *scope) unansweredRows(sources group) Section {
	unreplied, open := not(term("has", "reply")), sumOf(sources)
	table := s.shares("sources", "Sources", "source", sources, open, 20)
	table.Note = "Of those without a reply."
	for i := range table.Rows {
		name := table.Rows[i][0].Text
		table.Rows[i][1] = number(s.count(sources.of(name), term("source", name), unreplied))
		table.Rows[i][2] = number(s.share(sources.of(name), open, term("source", name), unreplied))
	}
	return table
}

// narrowToOwn narrows a report to our own brands where no brand was asked for.
func (s *scope) narrowToOwn(rep *Report) {
	nodes := s.ownBrands()
	if s.req.Brand != "" || len(nodes) == 0 {
		return
	}
	s.base = and(s.base, or(nodes...))
	rep.Query = s.query()
	var names []string
	for _, b := range s.cfg.Brands {
		if !b.Rival {
			names = append(names, b.Name)
		}
	}
	rep.Brand = strings.Join(names, ", ")
}

// ownBrands finds each of our own brands of the configuration.
func (s *scope) ownBrands() []query.Node {
	var out []query.Node
	for _, b := range s.cfg.Brands {
		if !b.Rival {
			out = append(out, term("brand", b.Name))
		}
	}
	return out
}

func sumOf(g group) int {
	n := 0
	for _, t := range g {
		n += t.n
	}
	return n
}

func (s *scope) classRows(classes []*class) Section {
	sec := Section{Name: "open", Title: "Without a reply", Columns: columns("what", "what", "all", "all", "open", "without a reply", "share", "share without a reply"),
		Note: "A mention can be of several kinds.", Chart: &Chart{Bars, []string{"share"}}}
	for _, c := range classes {
		open := []query.Node{c.node, not(term("has", "reply"))}
		sec.Rows = append(sec.Rows, []Cell{told(c.name), number(s.count(&c.all, c.node)), number(s.count(&c.open, open...)), number(s.share(&c.open, c.all.n, open...))})
	}
	return sec
}

func (s *scope) queueRows(queue []Waiting, name, title string) (Section, error) {
	sec := Section{Name: name, Title: title, Columns: columns("date", "date", "source", "source", "priority", "priority", "why", "why", "days", "waits", "reach", "reach", "mention", "mention"),
		Note: fmt.Sprintf("By severity × reach × age; of the last %d days.", queueDays)}
	if name == "reopened" {
		sec.Note = "The words changed and the reply did not."
	}
	for _, w := range queue {
		m, err := s.cfg.Index.Get(s.ctx, w.ID, 0)
		if err != nil {
			return sec, fmt.Errorf("report: mention %s: %w", w.ID, err)
		}
		t := &tally{}
		t.add(&s.sources, index.RowOf(m, []string{"source"}))
		figure := func(unit string, v float64) Cell {
			n := s.rests(t, unit, term("id", w.ID))
			n.Value = ptr(v)
			return number(n)
		}
		sec.Rows = append(sec.Rows, []Cell{dated(m.Published), words(m.Source.Name), figure(UnitFactor, w.Priority), spoken(together(w.Why)), figure(UnitDays, float64(w.Days)),
			figure(UnitFactor, float64(w.Reach)), {Quotes: []Quote{quote(m, short(strings.TrimPrefix(m.Title+": "+m.Text, ": "), 300))}}})
	}
	return sec, nil
}
