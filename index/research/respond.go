package research

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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

// The bounds of the queue: how many are shown, how old they may be, and how
// many that were edited after a reply are looked at.
const (
	queueLength = 30
	queueDays   = 180
	maxReopened = 500
)

// waiting is a mention that asks for an answer.
type waiting struct {
	id       string
	priority float64
	days     int
	reach    int
	why      []Saying
}

// class is a reason to answer.
type class struct {
	name      string
	node      query.Node
	all, open tally
}

func respond(s *scope, rep *Report) error {
	s.narrowToOwn(rep)
	classes := []*class{
		{name: "complaints", node: or(term("sentiment", mention.Negative), term("signal", "detractor"))},
		{name: "questions", node: or(term("kind", string(mention.Question)), term("signal", "question"))},
		{name: "customers who leave", node: term("signal", "churn_risk")},
		{name: "asking for a response", node: term("signal", "needs_response")},
	}
	var wanted []query.Node
	for _, c := range classes {
		wanted = append(wanted, c.node)
	}
	s.base = and(s.base, or(wanted...))
	rep.Query = s.query()
	all, queue, older, sources := &tally{}, []waiting{}, &tally{}, group{}
	var edited []string
	err := s.walk([]string{"sentiment", "signal", "kind", "has"}, func(r *index.Row) {
		all.add(&s.sources, r)
		replied := contains(r.Values[reHas], "reply")
		for i, yes := range reasons(r) {
			if yes {
				classes[i].all.add(&s.sources, r)
				if !replied {
					classes[i].open.add(&s.sources, r)
				}
			}
		}
		if replied {
			if r.Revision > 1 {
				edited = append(edited, r.ID)
			}
			return
		}
		sources.add(&s.sources, r, r.Values[0]...)
		w := s.wait(r)
		if w.days > queueDays {
			older.add(&s.sources, r)
			return
		}
		queue = enqueue(queue, w)
	})
	if err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	reopened, err := s.reopened(edited)
	if err != nil {
		return err
	}
	first, err := s.queueRows(queue, "queue", "Answer these first")
	if err != nil {
		return err
	}
	again, err := s.queueRows(reopened, "reopened", "Edited after the reply")
	if err != nil {
		return err
	}
	unreplied := not(term("has", "reply"))
	open := sumOf(sources)
	table := s.shares("sources", "Sources", "source", sources, open, 20)
	table.Note = "Of those without a reply."
	for i := range table.Rows {
		name := table.Rows[i][0].Text
		table.Rows[i][1] = number(s.count(sources.of(name), term("source", name), unreplied))
		table.Rows[i][2] = number(s.share(sources.of(name), open, term("source", name), unreplied))
	}
	rep.Sections = []Section{s.classRows(classes), first, again, table}
	rep.Findings = append(rep.Findings, say("%d of %d complaints, questions and customers who leave have no reply; %d of those are older than %d days.", open, all.n, older.n, queueDays))
	rep.Notes = append(rep.Notes, say("A reply counts where the source shows it at the mention; what was settled by mail or telephone is not known."))
	return nil
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

// reasons tells which classes of respond a row is of, in their order.
func reasons(r *index.Row) [4]bool {
	signals := r.Values[reSignal]
	return [4]bool{
		first(r.Values[reSentiment]) == mention.Negative || contains(signals, "detractor"),
		first(r.Values[reKind]) == string(mention.Question) || contains(signals, "question"),
		contains(signals, "churn_risk"),
		contains(signals, "needs_response"),
	}
}

// wait weighs a mention: severity x reach x age.
func (s *scope) wait(r *index.Row) waiting {
	w := waiting{id: r.ID, reach: r.Reach, days: 30}
	if r.Published != 0 {
		w.days = max(0, int(s.req.Now.UnixMilli()-r.Published)/dayMillis)
	}
	severity, signals := max(0, -r.Score), r.Values[reSignal]
	if severity > 0.1 {
		w.why = append(w.why, say("complaint"))
	}
	for _, sign := range []struct {
		signal, word string
		weight       float64
	}{{"churn_risk", "leaves", 1}, {"needs_response", "asks for a response", 0.5}, {"detractor", "warns others", 0.5}, {"question", "question", 0.25}} {
		if contains(signals, sign.signal) {
			severity += sign.weight
			w.why = append(w.why, say(sign.word))
		}
	}
	w.priority = round(severity * (1 + math.Log(1+float64(r.Reach))) * (1 + float64(min(w.days, 30))/30))
	return w
}

// enqueue keeps the first by priority, ties by id.
func enqueue(queue []waiting, w waiting) []waiting {
	before := func(a, b waiting) int { return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id)) }
	if len(queue) == queueLength && before(w, queue[queueLength-1]) > 0 {
		return queue
	}
	at, _ := slices.BinarySearchFunc(queue, w, before)
	queue = slices.Insert(queue, at, w)
	return queue[:min(len(queue), queueLength)]
}

// reopened finds, among mentions with a reply and several revisions, those
// whose words changed after the reply.
func (s *scope) reopened(ids []string) ([]waiting, error) {
	slices.Sort(ids)
	var out []waiting
	for _, id := range ids[:min(len(ids), maxReopened)] {
		m, err := s.cfg.Index.Get(s.ctx, id, 0)
		if err != nil {
			return nil, fmt.Errorf("report: mention %s: %w", id, err)
		}
		for n := m.Revision - 1; n >= 1; n-- {
			old, err := s.cfg.Index.Get(s.ctx, id, n)
			if err != nil || !sameReply(old.Reply, m.Reply) { // before the reply, or expired
				break
			}
			if old.Text != m.Text || old.Title != m.Title {
				w := s.wait(index.RowOf(m, []string{"source", "sentiment", "signal", "kind", "has"}))
				w.why = append(w.why, say("edited after the reply"))
				out = enqueue(out, w)
				break
			}
		}
	}
	return out, nil
}

func sameReply(a, b *mention.Reply) bool { return a != nil && b != nil && a.Text == b.Text }

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

func (s *scope) queueRows(queue []waiting, name, title string) (Section, error) {
	sec := Section{Name: name, Title: title, Columns: columns("date", "date", "source", "source", "priority", "priority", "why", "why", "days", "waits", "reach", "reach", "mention", "mention"),
		Note: fmt.Sprintf("By severity × reach × age; of the last %d days.", queueDays)}
	if name == "reopened" {
		sec.Note = "The words changed and the reply did not."
	}
	for _, w := range queue {
		m, err := s.cfg.Index.Get(s.ctx, w.id, 0)
		if err != nil {
			return sec, fmt.Errorf("report: mention %s: %w", w.id, err)
		}
		t := &tally{}
		t.add(&s.sources, index.RowOf(m, []string{"source"}))
		figure := func(unit string, v float64) Cell {
			n := s.rests(t, unit, term("id", w.id))
			n.Value = ptr(v)
			return number(n)
		}
		sec.Rows = append(sec.Rows, []Cell{dated(m.Published), words(m.Source.Name), figure(UnitFactor, w.priority), spoken(together(w.why)), figure(UnitDays, float64(w.days)),
			figure(UnitFactor, float64(w.reach)), {Quotes: []Quote{quote(m, short(strings.TrimPrefix(m.Title+": "+m.Text, ": "), 300))}}})
	}
	return sec, nil
}
