package research

import (
	"slices"
	"strings"
	"unicode"

	"klank/index"
	"klank/index/text"
	"klank/mention"
)

// asked is a question taken apart: what a passage must speak of to answer it.
type asked struct {
	text string
	// terms are its content words; each is weak where it is too general to
	// decide alone.
	terms []askedTerm
	// denied tells that it asks whether something is not so.
	denied bool
	// judgement tells that it asks what people think of something, flaw that it
	// asks for what nobody wants.
	judgement, flaw bool
	// amount tells that the answer is a number or a length of time, place that
	// it is where something is to be had.
	amount, place bool
	// open tells that the answer is not yes or no.
	open bool
}

// askedTerm is a word of a question, by its stems, and its topic if any.
type askedTerm struct {
	word     string
	stems    []string
	topic    topic
	hasTopic bool
	weak     bool
}

// openers are the words with which questions begin that no yes or no answers.
var openers = map[string]bool{"how": true, "what": true, "which": true, "where": true, "when": true, "who": true, "why": true,
	"hoe": true, "wat": true, "welke": true, "welk": true, "waar": true, "wanneer": true, "wie": true, "waarom": true}

// amountWords follow how and hoe where the answer is a number.
var amountWords = map[string]bool{"long": true, "much": true, "many": true, "often": true, "far": true, "big": true, "heavy": true, "lang": true, "veel": true, "vaak": true, "ver": true, "groot": true, "zwaar": true}

// takeApart reads a question. names are words that are known from elsewhere (the
// brand, the item) and need not stand in the answer.
func takeApart(question string, names map[string]bool) asked {
	q := asked{text: strings.TrimSpace(question)}
	l := lexiconOf()
	var st text.Stemmer
	ws := text.Words(question)
	for i, w := range ws {
		if openers[w] && (i == 0 || i == 1) {
			q.open = true
			q.place = w == "where" || w == "waar"
			q.amount = (w == "how" || w == "hoe") && i+1 < len(ws) && amountWords[ws[i+1]]
		}
		q.denied = q.denied || l.deny[w] || l.lack[w]
		q.judgement = q.judgement || l.judge[w]
		q.flaw = q.flaw || l.flaw[w]
		if q.amount && i > 0 && (ws[i-1] == "how" || ws[i-1] == "hoe") && w != "heavy" && w != "zwaar" && w != "big" && w != "groot" {
			continue
		}
		if l.stop[w] || l.deny[w] || l.lack[w] || names[w] || openers[w] || len([]rune(w)) < 2 {
			continue
		}
		t := askedTerm{word: w}
		for _, lang := range text.Stemmed {
			t.stems = append(t.stems, st.Stem(w, lang))
		}
		for _, stem := range append([]string{w}, t.stems...) {
			if tp, ok := l.topics[stem]; ok && !t.hasTopic {
				t.topic, t.hasTopic = tp, true
			}
			t.weak = t.weak || l.weak[stem]
		}
		if t.hasTopic {
			t.weak = false
		}
		t.weak = t.weak || l.judge[w]
		q.terms = append(q.terms, t)
	}
	return q
}

// strong counts the terms that decide.
func (q *asked) strong() int {
	n := 0
	for i, t := range q.terms {
		if !t.weak && !q.saidBefore(i) {
			n++
		}
	}
	return n
}

// decidable tells whether words can tell an answer: who, which or why is not
// told by a sentence that holds the one word that is left of the question.
func (q *asked) decidable() bool {
	n := q.strong()
	return n > 1 || n == 1 && (!q.open || q.amount || q.place || q.judgement)
}

// answer is what a passage says to a question.
type answer struct {
	ok bool
	// agrees is +1 where the passage says yes, -1 for no, 0 where the question
	// is open.
	agrees int
}

// The bounds of a passage in words: shorter ones say too little, longer ones
// speak of too much.
const (
	minPassage = 3
	maxPassage = 60
)

// judge tells whether a sentence answers a question: it speaks of all that the
// question speaks of (one deciding term of three or more may be missing, and
// weak ones count for little), asserts it, takes a side where one is asked for,
// and gives a number where one is asked for. language is that of the passage, ""
// where it is not known; score is the sentiment of the sentence: what answers a
// question for a judgement.
func (q *asked) judge(passage, language string, score float64) answer {
	tokens := text.Tokens(passage)
	if !q.decidable() || len(tokens) < minPassage || len(tokens) > maxPassage || strings.HasSuffix(strings.TrimSpace(passage), "?") {
		return answer{}
	}
	r, ok := readPassage(passage, language, tokens)
	if !ok || q.amount && !r.number || q.place && !r.place || q.denied && len(r.deny) == 0 {
		return answer{}
	}
	found, missed, flips, takesSide, predicate, unsaid := 0, 0, false, false, r.able, false
	var at []int // where the deciding terms stand
	for i, t := range q.terms {
		places, flipped, sided := r.find(&t)
		switch {
		case t.weak || q.saidBefore(i):
			predicate = predicate || len(places) > 0
			unsaid = unsaid || t.weak && len(places) == 0
		case !q.open && t.hasTopic && t.topic.side < 2 && lexiconOf().sided[t.topic.line]:
			if len(places) == 0 || !sided {
				return answer{}
			}
			found++
			takesSide = true
			flips = flips != flipped
			at = append(at, places...)
		case len(places) > 0 && (sided || q.open):
			found++
			at = append(at, places...)
		default:
			missed++
		}
	}
	if found == 0 || missed > 1 || missed == 1 && found < 2 {
		return answer{}
	}
	a := answer{ok: true}
	switch label := index.SentenceLabel(score); {
	case q.judgement && (label == mention.Neutral || r.absent(at)):
		return answer{}
	case q.judgement && label == mention.Negative:
		a.agrees = -1
	case q.judgement:
		a.agrees = 1
	case !q.open && (label == mention.Neutral || unsaid && found == 1) && !takesSide && !predicate && !q.flaw && len(r.deny) == 0:
		return answer{} // it speaks of the same things and says nothing of them
	case !q.open:
		a.agrees = 1
		if flips != r.denied(at) || label == mention.Negative && !takesSide && !q.flaw && !q.denied {
			a.agrees = -1
		}
		if q.denied {
			a.agrees = -a.agrees
		}
	}
	return a
}

// saidBefore tells whether a term before this one is of the same topic: two
// words for one thing count once.
func (q *asked) saidBefore(i int) bool {
	return q.terms[i].hasTopic && slices.ContainsFunc(q.terms[:i], func(t askedTerm) bool { return t.hasTopic && t.topic.line == q.terms[i].topic.line })
}

// passageRead is a sentence with what its words say.
type passageRead struct {
	text                string
	tokens              []text.Token
	stems               map[string][]int // places by word and stem
	topics              map[int][3][]int // places by topic and side
	deny                []denial
	number, place, able bool
}

// denial is a word that denies; forward ones only what comes after them.
type denial struct {
	at      int
	forward bool
}

// readPassage reads a sentence; it is not ok where the sentence asks or hedges.
// Words are brought to the stems of its language only.
func readPassage(passage, language string, tokens []text.Token) (*passageRead, bool) {
	l, languages := lexiconOf(), []string{language}
	if language == "" {
		languages = text.Stemmed
	}
	r := &passageRead{text: passage, tokens: tokens, stems: map[string][]int{}, topics: map[int][3][]int{}}
	var st text.Stemmer
	for i, t := range tokens {
		w := t.Word
		if l.deny[w] || l.lack[w] {
			r.deny = append(r.deny, denial{i, l.lack[w]})
		}
		r.place = r.place || l.place[w]
		r.able = r.able || l.able[w]
		r.number = r.number || strings.IndexFunc(w, unicode.IsDigit) >= 0 || amounts[w]
		forms := []string{w}
		for _, lang := range languages {
			if s := st.Stem(w, lang); !slices.Contains(forms, s) {
				forms = append(forms, s)
			}
		}
		for _, s := range forms {
			if l.hedge[s] {
				return nil, false
			}
			r.stems[s] = append(r.stems[s], i)
		}
		if l.stop[w] { // "still" is no "stille"
			continue
		}
		for _, s := range forms {
			if tp, ok := l.topics[s]; ok {
				places := r.topics[tp.line]
				places[tp.side] = append(places[tp.side], i)
				r.topics[tp.line] = places
				break
			}
		}
	}
	return r, true
}

// find returns where a passage speaks of a term. A term with a side is only
// found where the passage takes one; flipped tells that it is the other.
func (r *passageRead) find(t *askedTerm) (places []int, flipped, sided bool) {
	if p := r.topics[t.topic.line]; t.hasTopic && len(p[0])+len(p[1])+len(p[2]) > 0 {
		if t.topic.side == 2 || !lexiconOf().sided[t.topic.line] || len(p[1]) == 0 && len(p[0]) == 0 {
			return slices.Concat(p[0], p[1], p[2]), false, t.topic.side == 2 || !lexiconOf().sided[t.topic.line]
		}
		own, other := p[t.topic.side], p[1-t.topic.side]
		return slices.Concat(own, other), len(own) == 0, true
	}
	for _, s := range append([]string{t.word}, t.stems...) {
		if len(r.stems[s]) > 0 {
			return r.stems[s], false, true
		}
	}
	return nil, false, false
}

// denied tells whether an odd number of denials belong to the places: up to
// five words before or behind one of them, in the same clause.
func (r *passageRead) denied(places []int) bool {
	odd := false
	for _, d := range r.deny {
		if slices.ContainsFunc(places, func(p int) bool {
			return d.at < p && p-d.at <= 5 && r.sameClause(d.at, p) || !d.forward && d.at > p && d.at-p <= 5 && r.sameClause(p, d.at)
		}) {
			odd = !odd
		}
	}
	return odd
}

// absent tells whether a word that denies stands right before one of the
// places: "geen app" tells nothing of the app.
func (r *passageRead) absent(places []int) bool {
	return slices.ContainsFunc(r.deny, func(d denial) bool { return d.forward && slices.Contains(places, d.at+1) && r.sameClause(d.at, d.at+1) })
}

func (r *passageRead) sameClause(a, b int) bool {
	for _, t := range r.tokens[a:b] {
		if lexiconOf().joint[t.Word] {
			return false
		}
	}
	return !strings.ContainsAny(r.text[r.tokens[a].End:r.tokens[b].Start], ",;:.!?()")
}

// amounts are the numbers and lengths of time that are written out.
var amounts = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`two three four five six seven eight nine ten twenty dozen hundred half hour hours minute minutes second seconds day days week weeks month months year years weekly daily monthly
		één twee drie vier vijf zes zeven acht negen tien twintig honderd half uur uren minuut minuten seconde seconden dag dagen week weken maand maanden jaar jaren wekelijks dagelijks maandelijks`) {
		out[w] = true
	}
	return out
}()
