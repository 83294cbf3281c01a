package analysis

import (
	"testing"

	"klank/mention"
)

func TestRatingsThatTheTextContradictsAreTold(t *testing.T) {
	a := newAnalyzer(t)
	glad, sorry := "Geweldig, heerlijk gegeten en super vriendelijk personeel, echt een aanrader!", "Terrible, awful food and the worst service ever, avoid this place."
	for _, c := range []struct {
		name, text string
		rating     *mention.Rating
		want       string
	}{
		{"one star, all praise", glad, &mention.Rating{Value: 1, Best: 5, Score: 0}, "rated 1 of 5, but the text is positive"},
		{"top mark, all blame", sorry, &mention.Rating{Value: 10, Best: 10, Score: 1}, "rated 10 of 10, but the text is negative"},
		{"no scale known", sorry, &mention.Rating{Value: 4.5, Score: 0.9}, "rated 90%, but the text is negative"},
		{"they agree", glad, &mention.Rating{Value: 5, Best: 5, Score: 1}, ""},
		{"in the middle", glad, &mention.Rating{Value: 3, Best: 5, Score: 0.5}, ""},
		{"a text without an opinion", "Ik heb het pakket dinsdag opgehaald.", &mention.Rating{Value: 1, Best: 5}, ""},
		{"no rating", sorry, nil, ""},
	} {
		got := a.Analyze(Input{Text: c.text})
		flag, ok := RatingMismatch(c.rating, &got)
		if ok != (c.want != "") || ok && (flag.Name != "rating_mismatch" || len(flag.Reason) < len(c.want) || flag.Reason[:len(c.want)] != c.want) {
			t.Errorf("%s: got %v %+v, want %q (score %v)", c.name, ok, flag, c.want, got.Sentiment.Score)
		}
	}
}
