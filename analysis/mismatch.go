package analysis

import (
	"fmt"
	"math"
	"strconv"

	"klank/mention"
)

// A rating in the lowest or highest quarter of its scale and a text whose
// score is beyond doubt disagree when they point to opposite sides.
const (
	lowRating, highRating = 0.25, 0.75
	clearScore            = 0.5
)

// RatingMismatch tells whether a text says clearly the opposite of the rating
// its author gave: a reader should look twice, for people mistake one star for
// the best, rate the shop for the courier, or are not meant seriously. The
// rating itself is never changed. There is no mismatch without a rating, and
// none for texts of which the score is not beyond doubt.
func RatingMismatch(r *mention.Rating, a *mention.Analysis) (mention.Flag, bool) {
	if r == nil || a == nil || math.Abs(a.Sentiment.Score) < clearScore {
		return mention.Flag{}, false
	}
	low := r.Score <= lowRating && a.Sentiment.Label == mention.Positive
	high := r.Score >= highRating && a.Sentiment.Label == mention.Negative
	if !low && !high {
		return mention.Flag{}, false
	}
	rated := fmt.Sprintf("%.0f%%", r.Score*100)
	if r.Best > 0 {
		rated = number(r.Value) + " of " + number(r.Best)
	}
	return mention.Flag{Name: mention.FlagRatingMismatch, Reason: fmt.Sprintf("rated %s, but the text is %s (%+.2f)", rated, a.Sentiment.Label, a.Sentiment.Score)}, true
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
