package normalize

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"
)

func TestRatingsAreReadWithTheirScale(t *testing.T) {
	for _, c := range []struct {
		value, best, worst string
		v, b, score        float64
	}{
		{"5", "5", "1", 5, 5, 1},
		{"4,5", "", "", 4.5, 5, 0.875},
		{"4/5", "", "", 4, 5, 0.75},
		{"4 van 5", "", "", 4, 5, 0.75},
		{"4,6 van de 5 sterren", "", "", 4.6, 5, 0.9},
		{"8,7", "", "", 8.7, 10, 7.7 / 9},
		{"8.7 / 10", "", "", 8.7, 10, 7.7 / 9},
		{"80%", "", "", 80, 100, 0.8},
		{"87", "100", "0", 87, 100, 0.87},
		{"★★★★☆", "", "", 4, 5, 0.75},
		{"★★★½", "", "", 3.5, 5, 0.625},
		{"★★", "", "", 2, 5, 0.25},
		{"Rated 4.5 out of 5 stars", "", "", 4.5, 5, 0.875},
		{"5つ星のうち4.2", "", "", 4.2, 5, 0.8},
		{"8", "5", "1", 8, 10, 7.0 / 9},
		{"0", "5", "", 0, 5, 0},
		{"0", "5", "1", 0, 5, 0},
		{"3", "1", "5", 3, 5, 0.5},
		{"(5 of 5)", "", "", 5, 5, 1},
		{"120", "", "", 120, 120, 1},
		{"1", "1", "0", 1, 1, 1},
		{"8,5", "", "", 8.5, 10, 7.5 / 9},
		{"4 von 5", "", "", 4, 5, 0.75},
		{"4 étoiles sur 5", "", "", 4, 5, 0.75},
		{"4 sterren van de 10", "", "", 4, 10, 3.0 / 9},
		{"4 out of a possible 10", "", "", 4, 10, 3.0 / 9},
		{"Score: 4 op 10", "", "", 4, 10, 3.0 / 9},
		{"4 op een schaal van 10", "", "", 4, 10, 3.0 / 9},
		{"4*/10", "", "", 4, 10, 3.0 / 9},
		{"4 / max. 10", "", "", 4, 10, 3.0 / 9},
		{"Rapportcijfer: 4", "", "", 4, 10, 3.0 / 9},
		{"terningkast 5", "", "", 5, 6, 0.8},
		{"7½", "", "", 7.5, 10, 6.5 / 9},
		{"4.6 of 120 reviews", "", "", 4.6, 5, 0.9},
		{"4,8 (de 178 avaliações)", "", "", 4.8, 5, 0.95},
		{"👍🏽", "", "", 1, 1, 1},
		{"Thumbs down", "", "", 0, 1, 0},
		{"Duimpje omhoog", "", "", 1, 1, 1},
		{"four stars", "", "", 4, 5, 0.75},
		{"vier sterren", "", "", 4, 5, 0.75},
		{"●●●●○", "", "", 4, 5, 0.75},
	} {
		r := Rating(c.value, c.best, c.worst)
		if r == nil || r.Value != c.v || r.Best != c.b || math.Abs(r.Score-c.score) > 1e-9 {
			t.Errorf("Rating(%q, %q, %q) = %+v, want %v of %v, score %v", c.value, c.best, c.worst, r, c.v, c.b, c.score)
		}
	}
	for _, s := range []string{"", "goed", "none", "-", "●", "star", "a lot of stars"} {
		if r := Rating(s, "5", "1"); r != nil {
			t.Errorf("Rating(%q) = %+v, want none", s, r)
		}
	}
}

func TestCountsAreReadInTheSpellingsOfThePages(t *testing.T) {
	for in, want := range map[string]int{
		"8.043 beoordelingen": 8043, "8,043": 8043, "8 043 betyg": 8043, "1.2k": 1200, "1,2K reviews": 1200, "12": 12, "(12)": 12, "250.0": 250,
		"1.234.567": 1234567, "4.6 (8,043 ratings)": 8043, "Lees alle 31 reviews": 31, "3,4 mln": 3400000, "0": 0, "1 ervaring": 1, "12 months": 12,
	} {
		if got, ok := Count(in); !ok || got != want {
			t.Errorf("Count(%q) = %d %v, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "geen", "4.6", "78%", "-3", "99999999999999999999"} {
		if got, ok := Count(in); ok {
			t.Errorf("Count(%q) = %d, want none", in, got)
		}
	}
}

// TestSharedStrings reads strings of real pages, where they are available.
func TestSharedStrings(t *testing.T) {
	b, err := os.ReadFile("../../../shared/pages/truth/locale_strings.json")
	if err != nil {
		t.Skip("the shared sample of strings is not here")
	}
	var all struct {
		Dates  []struct{ Lang, Text, ISO string }
		Counts []struct {
			Lang, Text string
			Count      int
		}
		Ratings []struct {
			Text        string
			Value, Best float64
		}
		Stars []struct {
			Text  string
			Value *float64
		}
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, d := range all.Dates {
		got, _, ok := Date(d.Text, d.Lang, time.Time{})
		if s := got.Format(time.DateOnly); ok != (d.ISO != "") || ok && s != d.ISO {
			t.Errorf("Date(%q, %q) = %s %v, want %q", d.Text, d.Lang, s, ok, d.ISO)
		}
	}
	for _, c := range all.Counts {
		if got, ok := Count(c.Text); !ok || got != c.Count {
			t.Errorf("Count(%q) = %d %v, want %d", c.Text, got, ok, c.Count)
		}
	}
	for _, r := range all.Ratings {
		if got := Rating(r.Text, "", ""); got == nil || got.Value != r.Value || got.Best != r.Best {
			t.Errorf("Rating(%q) = %+v, want %v of %v", r.Text, got, r.Value, r.Best)
		}
	}
	for _, r := range all.Stars {
		if got := Rating(r.Text, "", ""); r.Value != nil && (got == nil || got.Value != *r.Value) {
			t.Errorf("Rating(%q) = %+v, want %v", r.Text, got, *r.Value)
		}
	}
	t.Logf("%d dates, %d counts, %d ratings, %d stars", len(all.Dates), len(all.Counts), len(all.Ratings), len(all.Stars))
}

// TestSharedRatings reads grades of real pages, where they are available: the
// value always, and the best wherever the snippet itself shows it.
func TestSharedRatings(t *testing.T) {
	b, err := os.ReadFile("../../../shared/pages/ratings/rating_values.json")
	if err != nil {
		t.Skip("the shared sample of ratings is not here")
	}
	var all []struct {
		HTML  string   `json:"html"`
		Value *float64 `json:"ratingValue"`
		Best  *float64 `json:"bestRating"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	values, bests, ofBests := 0, 0, 0
	for _, c := range all {
		text := HTML(c.HTML)
		got := Rating(text, "", "")
		switch {
		case (got == nil) != (c.Value == nil), got != nil && got.Value != *c.Value:
			t.Errorf("Rating(%q) = %+v", text, got)
			continue
		}
		values++
		if c.Best != nil && got != nil {
			ofBests++
			if got.Best == *c.Best {
				bests++
			}
		}
	}
	t.Logf("values %d of %d, best %d of %d", values, len(all), bests, ofBests)
	if ofBests-bests > 2 { // two say theirs only outside of the snippet
		t.Errorf("best is right in %d of %d", bests, ofBests)
	}
}

func FuzzRating(f *testing.F) {
	for _, s := range []string{"4,5", "4/5", "80%", "★★★★☆", "8 043", "1.2k reviews", "5つ星のうち4.2", "1e309"} {
		f.Add(s, "5", "1")
	}
	f.Fuzz(func(t *testing.T, value, best, worst string) {
		if r := Rating(value, best, worst); r != nil {
			if math.IsNaN(r.Score) || r.Score < 0 || r.Score > 1 || r.Best < r.Value || r.Worst != nil && *r.Worst > r.Value {
				t.Errorf("Rating(%q, %q, %q) = %+v", value, best, worst, r)
			}
		}
		if n, ok := Count(value); ok && n < 0 {
			t.Errorf("Count(%q) = %d", value, n)
		}
	})
}
