// Package sentiment scores the attitude of a text's author. Rules read idioms,
// negation, words that strengthen or weaken, "but", emoji and grades; a linear
// model of each language, learnt from rated texts, weighs what they find
// together with hashed n-grams of words and letters. Scores lie in [-1, 1].
//
// It is not a topic or emotion classifier, and it reads Dutch and English
// only; of other languages it sees emoji and grades.
package sentiment

import (
	"cmp"
	"math"
	"slices"

	"klank/analysis/pattern"
	"klank/analysis/text"
	"klank/mention"
)

// Scorer holds the word lists and the models. It is safe for concurrent use.
type Scorer struct {
	lexicons [2]*lexicon // nl, en
	models   [2]*Model
	signs    map[string]float64
}

// Result is what a text says. Its slices are valid until the Work is used
// again.
type Result struct {
	mention.Sentiment
	// Stars estimates the author's rating, 1..5; 0 without any evidence.
	Stars float64
	// Sentences has a score for each sentence of the title and then of the
	// text.
	Sentences []float64
	// Loaded tells of each sentence whether it has any word of sentiment.
	Loaded []bool
	// Parts and PartsLoaded tell the same of the parts that ScoreParts was given,
	// but those that are not loaded score 0.
	Parts       []float64
	PartsLoaded []bool
}

// Step is one word or phrase that made a score, for explanations.
type Step struct {
	// Words are the author's, Rule the pattern or list they were found in, or
	// "learned".
	Words, Rule string
	// Value is what a rule adds to its sentence's sum, after Effects, or what
	// a learnt word adds to the sentence's polarity.
	Value float64
	// Effects names what changed the value: negated, strengthened, …
	Effects []string
}

// Work is the memory that scoring needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	matchers [none]pattern.Matcher // by language
	tokens   []state
	found    []found
	roles    role // of the found
	units    []unit
	felt     []felt
	part     [1]felt                // of the part at hand
	known    [none]text.Facts[word] // by language
	met      [none][]word           // those of the sentence at hand
	words    [none][]word           // those of it or of its part
	grams    []uint32
	sums     []sums // of each sentence by each model
	partSums []sums // of the part at hand by each model
	each     []sums // of the sentence at hand by each model, of each token; if explained
	steps    []Step

	scores, partScores []float64
	loaded, partLoaded []bool

	explains bool // now, as Explain asks
	// Explain, when set, receives the steps of each sentence in order.
	Explain func(sentence int, steps []Step)
	// Rules and Learned are what the rules and the learnt words added to the
	// polarity of the last text, before it became a score. They are filled in
	// where Explain is set.
	Rules, Learned float64
}

// Score scores a title (which may be empty) and a text in a language (BCP
// 47). With a language other than nl and en, Dutch and English words are read
// only when the language is unknown ("und").
func (s *Scorer) Score(w *Work, title, body *text.Doc, language string) Result {
	return s.ScoreParts(w, title, body, nil, nil, language)
}

// ScoreParts is Score that scores besides some parts of the sentences of the
// title and of the text, each by itself as if it was a sentence. They are in
// order, and none reaches over the end of a sentence.
func (s *Scorer) ScoreParts(w *Work, title, body *text.Doc, titleParts, bodyParts []text.Sentence, language string) Result {
	models, p := s.modelsOf(language), paramsOf(language)
	from, to := span(language)
	w.sums = w.sums[:0]
	w.scores, w.loaded, w.partScores, w.partLoaded = w.scores[:0], w.loaded[:0], w.partScores[:0], w.partLoaded[:0]
	words := 0
	s.read(w, title, body, language, func(d *text.Doc, sent text.Sentence) {
		w.sums = w.sum(w.sums, models, from, d.Tokens[sent.First:sent.Last])
		f := w.felt[len(w.felt)-1:]
		w.scores, w.loaded = append(w.scores, alone(f, models, w.sums[len(w.sums)-len(models):], p)), append(w.loaded, f[0].loaded)
		words += f[0].words
		if w.explains {
			w.Explain(len(w.felt)-1, append(w.steps, learnt(w, d, sent, models)...))
		}
		parts := &bodyParts
		if d == title {
			parts = &titleParts
		}
		for len(*parts) > 0 && (*parts)[0].Last <= sent.Last {
			s.scorePart(w, d, sent, (*parts)[0], from, to, models, p)
			*parts = (*parts)[1:]
		}
	})
	return w.result(models, words, len(title.Sentences), p)
}

// scorePart appends the score of a part of the sentence that was read last.
func (s *Scorer) scorePart(w *Work, d *text.Doc, sent, part text.Sentence, from, to int, models []*Model, p *params) {
	explains := w.explains
	w.explains = false
	w.part[0] = s.part(w, d, sent, part, from, to, p)
	x := 0.0
	if w.part[0].loaded {
		w.partSums = w.sum(w.partSums[:0], models, from, d.Tokens[part.First:part.Last])
		x = alone(w.part[:], models, w.partSums, p)
	}
	w.partScores, w.partLoaded = append(w.partScores, x), append(w.partLoaded, w.part[0].loaded)
	w.explains = explains
}

// result judges the whole text, of which the first titles sentences are the
// title.
func (w *Work) result(models []*Model, words, titles int, p *params) Result {
	r := Result{Sentences: w.scores, Loaded: w.loaded, Parts: w.partScores, PartsLoaded: w.partLoaded}
	r.Label = mention.Neutral
	w.Rules, w.Learned = 0, 0
	switch {
	case words == 0 && !anyLoaded(w.felt):
	case len(models) > 0:
		all := weigh(w.felt, titles, p)
		var whole [none]sums
		for i := range w.sums {
			whole[i%len(models)].join(&w.sums[i])
		}
		r.Sentiment, r.Stars = judge(models, whole[:], &all)
		if w.Explain != nil {
			w.Rules, w.Learned = shares(models, whole[:], &all)
		}
	case anyLoaded(w.felt):
		r.Score = round(squash(combine(w.felt, titles, p)))
		r.Label, r.Stars = label(r.Score), stars(r.Score)
	}
	return r
}

// alone is the score of one sentence by itself.
func alone(f []felt, models []*Model, sums []sums, p *params) float64 {
	switch {
	case len(models) == 0:
		return round(squash(f[0].sum))
	case f[0].words > 0 || f[0].loaded:
		features := weigh(f, 0, p)
		return feel(models, sums, &features).Score
	}
	return 0
}

// judge asks the models.
func judge(models []*Model, parts []sums, f *dense) (felt mention.Sentiment, stars float64) {
	for i, m := range models {
		stars += m.stars(m.logits(&parts[i], f))
	}
	return feel(models, parts, f), round(stars / float64(len(models)))
}

// feel asks the models for the sentiment alone.
func feel(models []*Model, parts []sums, f *dense) mention.Sentiment {
	var negative, neutral, positive float64
	for i, m := range models {
		a, b, c := m.classes(m.logits(&parts[i], f))
		negative, neutral, positive = negative+a, neutral+b, positive+c
	}
	s := mention.Sentiment{Score: round((positive - negative) / float64(len(models))), Label: mention.Neutral}
	switch {
	case negative > neutral && negative > positive:
		s.Label = mention.Negative
	case positive > neutral:
		s.Label = mention.Positive
	}
	return s
}

// shares are the parts of the rules and of the n-grams in the polarity.
func shares(models []*Model, parts []sums, f *dense) (rules, learned float64) {
	n := float64(len(models))
	for i, m := range models {
		words := m.logits(&parts[i], &dense{})[polarity]
		rules += float64(m.logits(&parts[i], f)[polarity]-words) / n
		learned += float64(words) / n
	}
	return round(rules), round(learned)
}

// Learnt words are shown when they matter, and the most important of them.
const (
	leastShown = 0.1
	mostShown  = 6
)

// learnt are the words of a sentence to which the models give most weight, in
// the order of the text.
func learnt(w *Work, d *text.Doc, sent text.Sentence, models []*Model) []Step {
	var steps []Step
	var sizes []float64
	n := sent.Last - sent.First
	for i := range n {
		value := 0.0
		for k, m := range models {
			whole, part := &w.sums[len(w.sums)-len(models)+k], &w.each[k*n+i]
			byWords, byChars := root(whole.nWords), root(whole.nChars)
			value += float64(m.scale[polarity]*(byWords*float32(part.words[polarity])+byChars*float32(part.chars[polarity]))) / float64(len(models))
		}
		if math.Abs(value) >= leastShown {
			t := &d.Tokens[sent.First+i]
			steps = append(steps, Step{Words: d.Source[t.Start:t.End], Rule: ruleLearned, Value: round(value)})
			sizes = append(sizes, math.Abs(value))
		}
	}
	if len(steps) <= mostShown {
		return steps
	}
	slices.SortFunc(sizes, func(a, b float64) int { return cmp.Compare(b, a) })
	least := round(sizes[mostShown-1])
	return slices.DeleteFunc(steps, func(s Step) bool { return math.Abs(s.Value) < least })
}

// read applies the rules to each sentence, and calls each with w.tokens, w.words
// and w.felt filled.
func (s *Scorer) read(w *Work, title, body *text.Doc, language string, each func(*text.Doc, text.Sentence)) {
	from, to := span(language)
	p := paramsOf(language)
	w.felt, w.explains = w.felt[:0], w.Explain != nil
	for _, d := range [2]*text.Doc{title, body} {
		for _, sent := range d.Sentences {
			w.felt = append(w.felt, s.sentence(w, d, sent, from, to, p))
			each(d, sent)
		}
	}
}

// Places of the languages in a Scorer.
const (
	dutch = iota
	english
	none
)

// span gives the range of word lists and models for a language.
func span(language string) (from, to int) {
	switch {
	case is(language, "nl"), is(language, "af"):
		return dutch, english
	case is(language, "en"):
		return english, none
	case is(language, "und"), language == "":
		return dutch, none
	}
	return none, none
}

// modelsOf gives the models for a language; none where the rules decide alone.
func (s *Scorer) modelsOf(language string) []*Model {
	from, to := span(language)
	if models := s.models[from:to]; !slices.Contains(models, nil) {
		return models
	}
	return nil
}

func paramsOf(language string) *params {
	if from, _ := span(language); from == dutch {
		return &dutchParams
	}
	return &englishParams
}

func is(tag, language string) bool {
	return tag == language || len(tag) > len(language) && tag[:len(language)] == language && tag[len(language)] == '-'
}

// combine weighs the sentences: a title and the last sentence count more,
// and a long text is not louder than a short one in proportion.
func combine(all []felt, titles int, p *params) float64 {
	total, weight := 0.0, 0.0
	for i := range all {
		sum := all[i].sum
		if sum == 0 {
			weight += p.Silent
			continue
		}
		w := 1.0
		switch {
		case i < titles:
			w = p.Title
		case i == len(all)-1:
			w = p.Last
		case i == titles:
			w = p.First
		default:
			w = 1 + p.Later*float64(i-titles)/float64(len(all)-titles)
		}
		w *= 1 + p.Extreme*math.Abs(squash(sum))
		total += w * sum
		weight += w
	}
	if total == 0 && !anyLoaded(all) {
		return 0
	}
	return total/math.Pow(max(weight, 1), p.Dilute) + p.Bias
}

func anyLoaded(all []felt) bool {
	return slices.ContainsFunc(all, func(f felt) bool { return f.loaded })
}

// squash brings a sum to (-1, 1).
func squash(sum float64) float64 {
	if sum == 0 {
		return sum // as most are
	}
	return sum / math.Sqrt(sum*sum+1)
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// The thresholds of the label where no model reads the language.
const (
	negativeBelow = -0.2
	positiveAbove = 0.2
)

func label(score float64) string {
	switch {
	case score < negativeBelow:
		return mention.Negative
	case score > positiveAbove:
		return mention.Positive
	}
	return mention.Neutral
}
