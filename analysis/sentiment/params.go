package sentiment

// params are the constants of the score, chosen by measuring on rated
// reviews; README.md of package analysis has the figures.
type params struct {
	NegatePositive float64 // factor of a negated positive word, turned
	NegateNegative float64 // factor of a negated negative word, turned
	Denial         float64 // a negation that turns nothing
	Before, After  float64 // what stands before and after a "but"
	Concede        float64 // what stands after "although"
	Capitals       float64 // a word in capitals among others
	Elongated      float64 // sooo
	Exclaim        float64 // for each !, up to three
	Question       float64 // factor in a question
	Asked          float64 // a question as such
	Negative       float64 // factor of negative words: people praise more words than they blame
	List           float64 // factor of words from the word list
	Title, First   float64 // weights of sentences
	Last, Later    float64
	Extreme        float64 // more weight for sentences with a clear score
	Silent         float64 // the weight of a sentence without sentiment
	Dilute         float64 // 0: the sum over sentences counts; 1: the mean
	Bias           float64
}

var dutchParams = params{
	NegatePositive: 0.6, NegateNegative: 0.5, Denial: -0.2,
	Before: 0.9, After: 1, Concede: 0.5, Capitals: 1.2, Elongated: 1.2, Exclaim: 0.08,
	Question: 0.8, Asked: -0.1, Negative: 0.85, List: 0.6,
	Title: 1.5, First: 1.6, Last: 1.2, Later: 0.2, Extreme: 0.5, Silent: 0.1, Dilute: 0.5, Bias: 0.1,
}

var englishParams = params{
	NegatePositive: 0.7, NegateNegative: 0.4, Denial: -0.15,
	Before: 0.5, After: 1.3, Concede: 0.35, Capitals: 1.2, Elongated: 1.2, Exclaim: 0.08,
	Question: 1, Asked: -0.1, Negative: 1.2, List: 0.7,
	Title: 1.5, First: 1.1, Last: 1.3, Later: 0.2, Extreme: 0.3, Silent: 0.1, Dilute: 0.5, Bias: -0.05,
}
