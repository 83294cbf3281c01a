package analysis

import (
	"klank/analysis/sentiment"
	"klank/mention"
)

// Explanation shows what made an analysis: the words and the rules.
type Explanation struct {
	mention.Analysis
	// Polarity is what stands behind the score of the whole text.
	Polarity Polarity `json:"polarity"`
	// Reasons has one entry for each of Analysis.Sentences.
	Reasons []Reason `json:"reasons"`
}

// Polarity is what the rules and the learnt words add up to before their sum
// becomes a score; both are 0 where no model reads the language.
type Polarity struct {
	Rules   float64 `json:"rules"`
	Learned float64 `json:"learned"`
}

// Reason is what was found in one sentence.
type Reason struct {
	Text string `json:"text"`
	// Words made the score, Labels the touchpoints, care lenses and signals.
	Words  []WordReason  `json:"words,omitempty"`
	Labels []LabelReason `json:"labels,omitempty"`
}

// WordReason is a word or phrase with the value that it added to the sum of
// its sentence; with the rule "learned", the weight that the model gives it.
type WordReason struct {
	Words   string   `json:"words"`
	Rule    string   `json:"rule"`
	Value   float64  `json:"value"`
	Effects []string `json:"effects,omitempty"`
}

// LabelReason is a phrase, the pattern that it fits and the labels it gives.
type LabelReason struct {
	Words  string   `json:"words"`
	Rule   string   `json:"rule"`
	Labels []string `json:"labels"`
}

// Explain analyses a text and says which words and rules made the result.
func (a *Analyzer) Explain(in Input) Explanation {
	var w work
	var reasons []Reason
	at := func(n int) *Reason {
		for len(reasons) <= n {
			reasons = append(reasons, Reason{})
		}
		return &reasons[n]
	}
	w.sentiment.Explain = func(n int, steps []sentiment.Step) {
		for _, s := range steps {
			at(n).Words = append(at(n).Words, WordReason(s))
		}
	}
	w.moments.Explain = func(n int, words, rule string, labels []string) {
		at(n).Labels = append(at(n).Labels, LabelReason{words, rule, labels})
	}
	out := Explanation{Analysis: a.analyze(&w, in)}
	out.Polarity = Polarity{w.sentiment.Rules, w.sentiment.Learned}
	for i, s := range out.Sentences {
		source := in.Text
		if s.In == "title" {
			source = in.Title
		}
		at(i).Text = source[s.Start:s.End]
	}
	out.Reasons = reasons
	return out
}
