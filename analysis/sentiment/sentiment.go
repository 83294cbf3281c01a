// Package sentiment scores the attitude of a text's author from words: a
// lexicon of forms, idioms, emoji and grades, and the words that turn,
// strengthen or weaken them. Scores lie in [-1, 1].
//
// It is not a topic or emotion classifier, and it reads Dutch and English
// only; of other languages it sees emoji and grades.
package sentiment

import (
	"math"

	"klank/analysis/pattern"
	"klank/analysis/text"
	"klank/mention"
)

// Scorer holds the word lists. It is read-only and safe for concurrent use.
type Scorer struct {
	dutch, english *lexicon
	signs          map[string]float64
}

// Result is what the words of a text say.
type Result struct {
	mention.Sentiment
	// Stars estimates the author's rating, 1..5; 0 without any evidence.
	Stars float64
	// Sentences has a score for each sentence of the title and then of the
	// text.
	Sentences []float64
	// Loaded tells of each sentence whether it has any word of sentiment.
	Loaded []bool
}

// Step is one word or phrase that made a score, for explanations.
type Step struct {
	// Words are the author's, Rule the pattern or list they were found in.
	Words, Rule string
	// Value is what it adds to its sentence's sum, after Effects.
	Value float64
	// Effects names what changed the value: negated, strengthened, …
	Effects []string
}

// Work is the memory that scoring needs; each goroutine needs its own. The
// zero Work is ready for use.
type Work struct {
	matcher pattern.Matcher
	tokens  []state
	found   []found
	units   []unit
	sums    []float64
	// Explain, when set, receives the steps of each sentence in order.
	Explain func(sentence int, steps []Step)
}

// Score scores a title (which may be empty) and a text in a language (BCP
// 47). With a language other than nl and en, Dutch and English words are read
// only when the language is unknown ("und").
func (s *Scorer) Score(w *Work, title, body *text.Doc, language string) Result {
	lexicons, p := s.lexicons(language)
	r := Result{}
	w.sums = w.sums[:0]
	n := len(title.Sentences) + len(body.Sentences)
	r.Sentences, r.Loaded = make([]float64, 0, n), make([]bool, 0, n)
	for _, d := range [2]*text.Doc{title, body} {
		for _, sent := range d.Sentences {
			sum, loaded := s.sentence(w, d, sent, lexicons, p)
			w.sums = append(w.sums, sum)
			r.Sentences = append(r.Sentences, round(squash(sum)))
			r.Loaded = append(r.Loaded, loaded)
		}
	}
	total, loaded := combine(w.sums, r.Loaded, len(title.Sentences), p)
	if !loaded {
		r.Label = mention.Neutral
		return r
	}
	r.Score = round(squash(total))
	r.Label = label(r.Score)
	r.Stars = stars(r.Score)
	return r
}

// lexicons chooses the word lists and constants for a language.
func (s *Scorer) lexicons(language string) ([]*lexicon, *params) {
	switch {
	case is(language, "nl"), is(language, "af"):
		return []*lexicon{s.dutch}, &dutchParams
	case is(language, "en"):
		return []*lexicon{s.english}, &englishParams
	case is(language, "und"), language == "":
		return []*lexicon{s.dutch, s.english}, &dutchParams
	}
	return nil, &englishParams
}

func is(tag, language string) bool {
	return tag == language || len(tag) > len(language) && tag[:len(language)] == language && tag[len(language)] == '-'
}

// combine weighs the sentences: a title and the last sentence count more,
// and a long text is not louder than a short one in proportion.
func combine(sums []float64, loaded []bool, titles int, p *params) (float64, bool) {
	total, weight := 0.0, 0.0
	for i, sum := range sums {
		if sum == 0 {
			weight += p.Silent
			continue
		}
		w := 1.0
		switch {
		case i < titles:
			w = p.Title
		case i == len(sums)-1:
			w = p.Last
		case i == titles:
			w = p.First
		default:
			w = 1 + p.Later*float64(i-titles)/float64(len(sums)-titles)
		}
		w *= 1 + p.Extreme*math.Abs(squash(sum))
		total += w * sum
		weight += w
	}
	if total == 0 && !anyTrue(loaded) {
		return 0, false
	}
	return total/math.Pow(max(weight, 1), p.Dilute) + p.Bias, true
}

func anyTrue(bs []bool) bool {
	for _, b := range bs {
		if b {
			return true
		}
	}
	return false
}

// squash brings a sum to (-1, 1).
func squash(sum float64) float64 { return sum / math.Sqrt(sum*sum+1) }

func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// The label's thresholds, calibrated on rated reviews.
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
