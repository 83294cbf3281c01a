// Package analysis scores what a text says: its language, its sentiment, the
// touchpoints, moments of truth and care lenses of each sentence, and the
// signals of the whole. Everything it needs is embedded; it is deterministic
// and safe for concurrent use.
//
// It is not for storing, and not for what needs other mentions (duplicates,
// bursts): that is a pass over the index.
package analysis

// Input is one text to analyse.
type Input struct {
	Title, Text string
	// LanguageHint is what the page or the caller says (BCP 47); used, never
	// trusted alone.
	LanguageHint string
	// Language, when set, is taken as given ("klank analyze --lang").
	Language string
}

// func New() (*Analyzer, error)
// func (a *Analyzer) Analyze(in Input) mention.Analysis
// func (a *Analyzer) Version() string
