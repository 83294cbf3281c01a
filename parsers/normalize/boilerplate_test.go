package normalize

import (
	"strings"
	"testing"
	"time"
)

func TestBoilerplateGoesFromTheEdgesOfATextOnly(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"Fine.":                            "Fine.",
		"It leaks… Read more":              "It leaks…",
		"It leaks...read more":             "It leaks...",
		"Hij lekt. Lees meer »":            "Hij lekt.",
		"Er tropft.\n\nMehr lesen":         "Er tropft.",
		"Elle fuit. Lire la suite →":       "Elle fuit.",
		"One.\n\nTwo.\n\nShow less":        "One.\n\nTwo.",
		"Verified Purchase\n\nFine.":       "Fine.",
		"Fine.\n\n[Read more]\n\nToo hot.": "Fine.\n\n[Read more]\n\nToo hot.",
		"Fine. Was this review helpful? Yes No Report":                    "Fine.",
		"Prima.\n\nVond je deze review nuttig? Ja (2) Nee (0)":            "Prima.",
		"Gut.\n\n12 von 15 Personen fanden diese Rezension hilfreich":     "Gut.",
		"Bien.\n\nCet avis vous a-t-il été utile ? Oui 3 Non 0":           "Bien.",
		"Fine.\n\n3 people found this helpful\n\nReport abuse":            "Fine.",
		"Fine.\n\nOne person found this helpful.":                         "Fine.",
		"Goed! 👍🏽🎉\n\nLees meer":                                          "Goed! 👍🏽🎉",
		"Lees meer":                                                       "",
		"Helpful":                                                         "Helpful",
		"I found it very helpful":                                         "I found it very helpful",
		"I bought it. I found 2 of them helpful.":                         "I bought it. I found 2 of them helpful.",
		"Stop scrolling. Read more!":                                      "Stop scrolling. Read more!",
		"I would like to read more":                                       "I would like to read more",
		"Was this helpful? Not at all, it broke.":                         "Was this helpful? Not at all, it broke.",
		"The staff was so kind, and this was really helpful to my mother": "The staff was so kind, and this was really helpful to my mother",
	} {
		if got := Edges(in); got != want {
			t.Errorf("Edges(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRemovingBoilerplateCostsNoMoreThanItsLength(t *testing.T) {
	for _, s := range []string{"Read more\n\n", "Read more. ", "… Read more", "a. ", "...", "Ja? "} {
		start := time.Now()
		Edges(strings.Repeat(s, 1<<19/len(s)))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q took %v", s, took)
		}
	}
}

func FuzzEdges(f *testing.F) {
	for _, s := range []string{"a… Read more", "Lees meer\n\na\n\n3 mensen vonden dit nuttig", "Was this helpful? Yes", "\xff... Ver más"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Edges(s)
		if !strings.Contains(s, got) || Edges(got) != got {
			t.Errorf("Edges(%q) = %q", s, got)
		}
	})
}
