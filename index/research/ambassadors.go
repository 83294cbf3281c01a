package research

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// The fields that ambassadors walks, behind the source.
const (
	amSignal = iota + 1
	amInvited
)

// maxPeople bounds the authors that are shown of each kind.
const maxPeople = 20

// person is what is known of one author.
type person struct {
	author                 uint64
	recommends, reach      int
	lastWell, lastAway     seen // the newest mention that speaks well, and that turns away
	invited, hasRecommends bool
}

func ambassadors(s *scope, rep *Report) error {
	s.narrowToOwn(rep)
	well, away := or(term("signal", "advocate"), term("signal", "loyal")), or(term("signal", "churn_risk"), term("signal", "detractor"))
	s.base = and(s.base, or(well, away))
	rep.Query = s.query()
	all, nobody, bySignal, people := &tally{}, 0, group{}, map[uint64]*person{}
	var invited tally
	err := s.walk([]string{"signal", "invited"}, func(r *index.Row) {
		all.add(&s.sources, r)
		bySignal.add(&s.sources, r, r.Values[amSignal]...)
		if contains(r.Values[amSignal], "advocate") && first(r.Values[amInvited]) == "true" {
			invited.add(&s.sources, r)
		}
		if r.Author == 0 {
			nobody++
			return
		}
		p := people[r.Author]
		if p == nil {
			p = &person{author: r.Author}
			people[r.Author] = p
		}
		p.add(r)
	})
	if err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	var fans, lost []*person
	for _, p := range people {
		switch {
		case p.hasRecommends && p.lastAway.published <= p.lastWell.published:
			fans = append(fans, p)
		case p.lastWell.id != "" && p.lastAway.published > p.lastWell.published && p.lastWell.published != 0:
			lost = append(lost, p)
		}
	}
	slices.SortFunc(fans, func(a, b *person) int {
		return cmp.Or(b.recommends-a.recommends, b.reach-a.reach, older(a.lastWell, b.lastWell))
	})
	slices.SortFunc(lost, func(a, b *person) int { return older(a.lastAway, b.lastAway) })
	recommending, err := s.fanRows(fans[:min(len(fans), maxPeople)])
	if err != nil {
		return err
	}
	turned, err := s.lostRows(lost[:min(len(lost), maxPeople)])
	if err != nil {
		return err
	}
	rep.Sections = []Section{s.signalRows(bySignal, &invited), recommending, turned}
	rep.Findings = append(rep.Findings, say("%d authors recommend, %d who spoke well have turned away since.", len(fans), len(lost)))
	if nobody > 0 {
		rep.Notes = append(rep.Notes, say("%d of these mentions name no author.", nobody))
	}
	rep.Notes = append(rep.Notes, say("Authors are pseudonyms: who writes at two sources is two authors here."))
	return nil
}

func (p *person) add(r *index.Row) {
	signals, here := r.Values[amSignal], seen{r.Published, r.ID}
	p.reach += r.Reach
	p.invited = p.invited || first(r.Values[amInvited]) == "true"
	if contains(signals, "advocate") {
		p.recommends++
		p.hasRecommends = true
	}
	if contains(signals, "churn_risk") || contains(signals, "detractor") {
		if p.lastAway.id == "" || older(here, p.lastAway) < 0 {
			p.lastAway = here
		}
	} else if p.lastWell.id == "" || older(here, p.lastWell) < 0 {
		p.lastWell = here
	}
}

func (s *scope) signalRows(g group, invited *tally) Section {
	sec := Section{Name: "signals", Title: "How they speak", Columns: columns("signal", "signal", "mentions", "mentions"), Chart: &Chart{Bars, []string{"mentions"}}}
	for _, name := range []string{"advocate", "loyal", "detractor", "churn_risk"} {
		sec.Rows = append(sec.Rows, []Cell{termed("signal", name), number(s.count(g.of(name), term("signal", name)))})
	}
	sec.Rows = append(sec.Rows, []Cell{told("advocate, invited"), number(s.count(invited, term("signal", "advocate"), term("invited", "true")))})
	return sec
}

// byAuthor reads the mentions that people are shown by, and counts those of
// each that node finds.
func (s *scope) byAuthor(people []*person, of func(*person) string, node query.Node) ([]*mention.Mention, map[uint64]*tally, error) {
	var ms []*mention.Mention
	var authors []query.Node
	for _, p := range people {
		m, err := s.cfg.Index.Get(s.ctx, of(p), 0)
		if err != nil {
			return nil, nil, fmt.Errorf("report: mention %s: %w", of(p), err)
		}
		ms = append(ms, m)
		authors = append(authors, term("author", index.Author(m)))
	}
	counts := map[uint64]*tally{}
	for _, p := range people {
		counts[p.author] = &tally{}
	}
	if len(people) == 0 {
		return nil, counts, nil
	}
	err := s.walk(nil, func(r *index.Row) {
		if t := counts[r.Author]; t != nil {
			t.add(&s.sources, r)
		}
	}, or(authors...), node)
	return ms, counts, err
}

func (s *scope) fanRows(people []*person) (Section, error) {
	sec := Section{Name: "ambassadors", Title: "Who recommends", Columns: columns("author", "author", "recommends", "recommendations", "reach", "reach", "marks", "invited or paid", "mention", "latest"),
		Note: "Those who recommend, most often and most widely heard first. Invited: the source says so; paid: the text says so."}
	recommends := term("signal", "advocate")
	ms, counts, err := s.byAuthor(people, func(p *person) string { return p.lastWell.id }, recommends)
	if err != nil {
		return sec, err
	}
	for i, p := range people {
		m, who := ms[i], term("author", index.Author(ms[i]))
		reach := s.rests(counts[p.author], UnitFactor, who, recommends)
		reach.Value = ptr(float64(p.reach))
		sec.Rows = append(sec.Rows, []Cell{words(index.Author(m)), number(s.count(counts[p.author], who, recommends)), number(reach), spoken(together(marks(p, m))),
			{Quotes: []Quote{quote(m, short(cmp.Or(m.Text, m.Title), 200))}}})
	}
	return sec, nil
}

func (s *scope) lostRows(people []*person) (Section, error) {
	sec := Section{Name: "turned_away", Title: "Who turned away", Columns: columns("author", "author", "mentions", "mentions that turn away", "before", "spoke well", "since", "turned away"),
		Note: "Those who spoke well (advocate, loyal) and later left or warned others off, the latest first."}
	turned := or(term("signal", "churn_risk"), term("signal", "detractor"))
	ms, counts, err := s.byAuthor(people, func(p *person) string { return p.lastAway.id }, turned)
	if err != nil {
		return sec, err
	}
	for i, p := range people {
		was, err := s.cfg.Index.Get(s.ctx, p.lastWell.id, 0)
		if err != nil {
			return sec, fmt.Errorf("report: mention %s: %w", p.lastWell.id, err)
		}
		sec.Rows = append(sec.Rows, []Cell{words(index.Author(ms[i])), number(s.count(counts[p.author], term("author", index.Author(ms[i])), turned)),
			{Quotes: []Quote{quote(was, short(cmp.Or(was.Text, was.Title), 200))}}, {Quotes: []Quote{quote(ms[i], short(cmp.Or(ms[i].Text, ms[i].Title), 200))}}})
	}
	return sec, nil
}

// paidWords are how authors disclose that they were paid or given something.
var paidWords = []string{"#ad", "#advertentie", "#gesponsord", "#sponsored", "#spon", "#samenwerking", "#gifted", "sponsored", "gesponsord", "betaalde samenwerking", "paid partnership",
	"in ruil voor een review", "in ruil voor mijn", "in exchange for", "gratis ontvangen", "gratis gekregen", "gratis toegestuurd", "kreeg het gratis", "received this for free", "received it for free",
	"received a free", "sent me a free", "sent to me for free", "free sample in return", "kortingscode", "discount code", "affiliate"}

// marks says what makes a recommendation less than free.
func marks(p *person, m *mention.Mention) []Saying {
	var out []Saying
	if p.invited {
		out = append(out, say("invited"))
	}
	folded := " " + text.Fold(m.Title+" "+m.Text) + " "
	for _, w := range paidWords {
		if at := strings.Index(folded, w); at >= 0 && !letterAt(folded, at+len(w)) {
			out = append(out, say("paid or given: “%s”", w))
			break
		}
	}
	return out
}

// letterAt tells whether an ASCII letter stands at i.
func letterAt(s string, i int) bool { return i < len(s) && s[i] >= 'a' && s[i] <= 'z' }
