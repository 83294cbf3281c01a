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
	} {
		r := Rating(c.value, c.best, c.worst)
		if r == nil || r.Value != c.v || r.Best != c.b || math.Abs(r.Score-c.score) > 1e-9 {
			t.Errorf("Rating(%q, %q, %q) = %+v, want %v of %v, score %v", c.value, c.best, c.worst, r, c.v, c.b, c.score)
		}
	}
	for _, s := range []string{"", "goed", "none", "-"} {
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
