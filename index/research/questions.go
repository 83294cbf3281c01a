package research

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// The bounds of the report: question mentions that are read, questions shown,
// and mentions that may answer one.
const (
	questionSample = 1000
	maxQuestions   = 10
	answerSample   = 200
)

// agreed is the share of authors that must say the same for an answer.
const agreed = 0.75

// inquiry is a question with those who ask it.
type inquiry struct {
	asked
	configured bool
	askers     map[string]bool
	mentions   tally
	// about narrows where the answers are looked for: the item or the brands of
	// those who ask.
	about query.Node
}

// verdict is what was found for an inquiry.
type verdict struct {
	state   string  // answered, mixed or unanswered
	yes, no int     // authors
	pro     []Quote // passages that answer, with yes where it is a question of yes or no
	contra  []Quote // passages that say no
	tally   tally   // of the mentions that answer
	nodes   []query.Node
	newest  time.Time
}

func questions(s *scope, rep *Report) error {
	all := &tally{}
	asks := or(term("kind", string(mention.Question)), term("signal", "question"))
	if err := s.walk(nil, func(r *index.Row) { all.add(&s.sources, r) }, asks); err != nil {
		return err
	}
	if err := s.finish(rep, all); err != nil {
		return err
	}
	rep.Query = s.query(asks)
	list, err := s.inquiries(asks)
	if err != nil {
		return err
	}
	sec := Section{Name: "questions", Title: "Questions", Columns: columns("question", "question", "state", "state", "authors", "authors who answer", "agree", "agree", "newest", "newest answer",
		"asked", "asked by", "passages", "says", "against", "says no"),
		Note: "Answered: two authors or more say so in reviews, posts or answers, and three of four agree; mixed: they do not. Without a passage there is no answer."}
	counts := map[string]int{}
	for _, q := range list {
		v, err := s.answer(q, asks)
		if err != nil {
			return err
		}
		counts[v.state]++
		sec.Rows = append(sec.Rows, s.inquiryRow(q, v))
	}
	rep.Sections = []Section{sec}
	if len(list) > 0 {
		rep.Findings = append(rep.Findings, say("%d questions: %d answered, %d mixed, %d unanswered.", len(list), counts["answered"], counts["mixed"], counts["unanswered"]))
	} else {
		rep.Notes = append(rep.Notes, say("No questions were found; name those that buyers ask in the configuration (questions)."))
	}
	rep.Notes = append(rep.Notes, say("Passages are found by their words: read them before you rely on them."))
	return nil
}

func (s *scope) inquiryRow(q *inquiry, v *verdict) []Cell {
	authors := s.rests(&v.tally, UnitAuthors, v.nodes...)
	authors.Value, authors.N = ptr(float64(v.yes+v.no)), v.yes+v.no
	agree := words("–")
	if n := v.yes + v.no; n > 1 {
		form := "yes, %d of %d"
		switch {
		case q.open && !q.judgement:
			form = "%d of %d"
		case v.no > v.yes:
			form = "no, %d of %d"
		}
		agree = told(form, max(v.yes, v.no), n)
	}
	askedBy := told("configuration")
	if !q.configured {
		ids := make([]query.Node, 0, maxIDs)
		shown := &tally{}
		*shown = q.mentions
		for _, m := range q.mentions.newest {
			ids = append(ids, term("id", m.id))
		}
		shown.n = len(ids)
		n := s.count(shown, or(ids...))
		n.Unit, n.Value = UnitAuthors, ptr(float64(len(q.askers)))
		askedBy = number(n)
	}
	return []Cell{words(q.text), told(v.state), number(authors), agree, dated(v.newest), askedBy, {Quotes: v.pro}, {Quotes: v.contra}}
}

// inquiries lists the questions: those of the configuration first, then those
// that most authors ask.
func (s *scope) inquiries(asks query.Node) ([]*inquiry, error) {
	var out []*inquiry
	names := s.names()
	var own query.Node
	if nodes := s.ownBrands(); s.req.Brand == "" && len(nodes) > 0 {
		own = or(nodes...)
	}
	for _, text := range s.cfg.Questions {
		if q := (&inquiry{asked: takeApart(text, names), configured: true, about: own}); q.strong() > 0 {
			out = append(out, q)
		}
	}
	byKey := map[string]*inquiry{}
	err := s.sample(questionSample, func(m *mention.Mention) {
		text := questionOf(m)
		if text == "" || !toBuyers(m) {
			return
		}
		known := s.names()
		if m.Item != nil {
			addNames(known, m.Item.Name)
		}
		q := &inquiry{asked: takeApart(text, known), askers: map[string]bool{}, about: about(m)}
		if q.strong() == 0 || m.Kind != mention.Question && !q.decidable() { // or a figure of speech
			return
		}
		key := q.key()
		if old := byKey[key]; old != nil {
			q = old
		}
		byKey[key] = q
		q.askers[cmp.Or(index.Author(m), m.ID)] = true
		q.mentions.add(&s.sources, index.RowOf(m, []string{"source"}))
	}, asks)
	if err != nil {
		return nil, err
	}
	found := make([]*inquiry, 0, len(byKey))
	for _, q := range byKey {
		found = append(found, q)
	}
	slices.SortFunc(found, func(a, b *inquiry) int {
		return cmp.Or(len(b.askers)-len(a.askers), older(a.mentions.newest[0], b.mentions.newest[0]))
	})
	return append(out, found[:min(len(found), max(0, maxQuestions-len(out)))]...), nil
}

// toBuyers tells a question that other customers could answer from what is
// asked of the company (that is for respond) and from a figure of speech in a
// review.
func toBuyers(m *mention.Mention) bool {
	switch {
	case m.Kind == mention.Question:
		return true
	case m.Kind == mention.Review || m.Kind == mention.Survey || m.Analysis == nil:
		return false
	}
	return !slices.Contains(m.Analysis.Signals, "needs_response")
}

// names are the words of the brands: they need not stand in an answer.
func (s *scope) names() map[string]bool {
	out := map[string]bool{}
	addNames(out, s.req.Brand)
	for _, b := range s.cfg.Brands {
		addNames(out, b.Name)
	}
	return out
}

func addNames(names map[string]bool, name string) {
	for _, w := range text.Words(name) {
		names[w] = true
	}
}

// about narrows the answers to what the one who asks speaks of.
func about(m *mention.Mention) query.Node {
	if m.Item != nil && m.Item.Name != "" {
		return term("item", m.Item.Name)
	}
	var brands []query.Node
	for _, b := range m.Brands {
		brands = append(brands, term("brand", b))
	}
	if len(brands) == 0 {
		return nil
	}
	return or(brands...)
}

// key is the same for questions with the same deciding words.
func (q *inquiry) key() string {
	var parts []string
	for _, t := range q.terms {
		switch {
		case t.weak:
		case t.hasTopic:
			parts = append(parts, fmt.Sprint("#", t.topic.line))
		default:
			parts = append(parts, t.stems[0])
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), " ") + "|" + query.String(q.about)
}

// questionOf is the first sentence of a mention that asks, "" without one.
func questionOf(m *mention.Mention) string {
	if strings.HasSuffix(strings.TrimSpace(m.Title), "?") {
		return strings.TrimSpace(m.Title)
	}
	for _, sentence := range sentences(m) {
		if passage := strings.TrimSpace(sentence.text); strings.HasSuffix(passage, "?") && len(passage) < 200 {
			return passage
		}
	}
	return ""
}

// scoredText is a sentence with its sentiment.
type scoredText struct {
	text  string
	score float64
}

// sentences are those of the analysis, or the lines of a text without one.
func sentences(m *mention.Mention) []scoredText {
	var out []scoredText
	if m.Analysis != nil {
		for _, st := range m.Analysis.Sentences {
			out = append(out, scoredText{spanText(m, st.Span), st.Score})
		}
	}
	if len(out) == 0 {
		for _, line := range strings.FieldsFunc(m.Title+"\n"+m.Text, func(r rune) bool { return r == '\n' }) {
			out = append(out, scoredText{text: line})
		}
	}
	return out
}

// lookFor finds mentions that may answer: they hold all deciding words, or all
// but one of three or more; any word of its topic stands for a word.
func (q *inquiry) lookFor() query.Node {
	var strong []query.Node
	for _, t := range q.terms {
		if t.weak {
			continue
		}
		any := []query.Node{&query.Text{Words: []string{t.word}}}
		if t.hasTopic {
			for _, w := range lexiconOf().spelled[t.topic.line] {
				any = append(any, &query.Text{Words: []string{w}})
			}
		}
		strong = append(strong, or(any...))
	}
	if len(strong) < 3 {
		return and(strong...)
	}
	var ways []query.Node
	for i := range strong {
		ways = append(ways, and(slices.Concat(strong[:i], strong[i+1:])...))
	}
	return or(ways...)
}

// answer looks for passages. Each author counts once, by the newest mention.
func (s *scope) answer(q *inquiry, asks query.Node) (*verdict, error) {
	v := &verdict{state: "unanswered", pro: []Quote{}, contra: []Quote{}}
	nodes := []query.Node{q.lookFor(), not(asks)}
	if q.about != nil {
		nodes = append(nodes, q.about)
	}
	var read []*mention.Mention
	if err := s.sample(answerSample, func(m *mention.Mention) { read = append(read, m) }, nodes...); err != nil {
		return nil, err
	}
	slices.SortFunc(read, func(a, b *mention.Mention) int {
		return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(a.ID, b.ID))
	})
	said := map[string]bool{}
	var ids []query.Node
	for _, m := range read {
		who := cmp.Or(index.Author(m), m.ID)
		if said[who] || q.askers[who] {
			continue
		}
		for _, passage := range sentences(m) {
			a := q.judge(passage.text, index.Language(m), passage.score)
			if !a.ok {
				continue
			}
			said[who] = true
			side, count := &v.pro, &v.yes
			if a.agrees < 0 {
				side, count = &v.contra, &v.no
			}
			*count++
			if len(*side) < 3 {
				*side = append(*side, quote(m, short(passage.text, 240)))
			}
			if len(ids) < maxAnswers {
				ids = append(ids, term("id", m.ID))
				v.tally.add(&s.sources, index.RowOf(m, []string{"source"}))
			}
			v.newest = later(v.newest, m.Published)
			break
		}
	}
	v.nodes = []query.Node{or(ids...)}
	if n := v.yes + v.no; n >= 2 {
		v.state = "answered"
		if float64(max(v.yes, v.no)) < agreed*float64(n) {
			v.state = "mixed"
		}
	}
	return v, nil
}

// maxAnswers bounds the mentions that the query behind an answer names.
const maxAnswers = 50

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
