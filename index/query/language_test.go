package query

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func language(t *testing.T, saved map[string]string, synonyms ...[]string) *Language {
	t.Helper()
	l, err := NewLanguage(saved, synonyms)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSavedQueriesStandInsideOthers(t *testing.T) {
	l := language(t, map[string]string{
		"Klachten":   "sentiment:negative OR signal:churn_risk",
		"late":       "laat NEAR/3 levering",
		"mijn merk":  "brand:acme saved:klachten",
		"everything": "*",
	})
	for text, want := range map[string]string{
		"saved:klachten rating:<3":    "(sentiment:negative OR signal:churn_risk) AND rating:<3",
		"-saved:late":                 "NOT laat NEAR/3 levering",
		`saved:"Mijn merk" OR traag`:  "(brand:acme AND (sentiment:negative OR signal:churn_risk)) OR traag",
		"saved:everything traag":      "traag",
		"(saved:late) saved:late bel": "laat NEAR/3 levering AND bel",
	} {
		n, err := l.Parse(text, now)
		if err != nil || String(n) != want {
			t.Errorf("%s is %s, %v; want %s", text, String(n), err, want)
		}
	}
	for text, want := range map[string]string{
		"traag saved:klacten": `no query is saved as "klacten" (at byte 12): did you mean saved:Klachten?`,
		"saved:":              "needs the name",
		"saved:(a)":           "needs the name",
	} {
		if _, err := l.Parse(text, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

func TestSavedQueriesThatCannotBeReadAreNamed(t *testing.T) {
	saved := map[string]string{"a": "saved:b", "b": "x OR saved:a", "c": "brnd:x", "ok": "traag"}
	for i := range 12 { // 3^12 words, if nobody counted
		saved[fmt.Sprint("n", i+1)] = fmt.Sprintf("w%d saved:n%d OR (x saved:n%d) OR (y saved:n%d)", i, i, i, i)
	}
	saved["n0"] = "z"
	l, err := NewLanguage(saved, nil)
	text := fmt.Sprint(err)
	for _, want := range []string{`saved query "a"`, "uses itself", `saved query "c"`, "did you mean brand:?", `saved query "n12"`, "more than 500 words"} {
		if !strings.Contains(text, want) {
			t.Errorf("the complaint lacks %q:\n%s", want, text)
		}
	}
	var one *SavedError
	var se *SyntaxError
	if !errors.As(err, &one) || !errors.As(err, &se) {
		t.Errorf("%v names no query or place", err)
	}
	if n, err := l.Parse("saved:ok", now); err != nil || String(n) != "traag" {
		t.Errorf("the good one is %v, %v", n, err)
	}
}

func TestSynonymsStandForEachOther(t *testing.T) {
	l := language(t, nil, []string{"levering", "bezorging"}, []string{"klantenservice", "customer service"}, []string{"bezorging", "delivery"})
	for text, want := range map[string]string{
		"levering":             "levering OR bezorging",
		"leveringen traag":     "(leveringen OR levering OR bezorging) AND traag",
		"bezorging":            "bezorging OR levering OR delivery",
		`"levering" lever*`:    "levering AND lever*",
		"-klantenservice":      `NOT (klantenservice OR "customer service")`,
		"levering NEAR/2 laat": "levering NEAR/2 laat OR bezorging NEAR/2 laat",
		"item:levering":        "item:levering",
	} {
		n, err := l.Parse(text, now)
		if err != nil || String(n) != want {
			t.Errorf("%s is %s, %v; want %s", text, String(n), err, want)
			continue
		}
		if again, err := Parse(String(n), now); err != nil || cmp.Diff(n, again) != "" {
			t.Errorf("%s comes back as %s, %v", want, String(again), err)
		}
	}
}

func TestALanguageTakesMoreSavedQueriesAlong(t *testing.T) {
	first, err := NewLanguage(map[string]string{"Late": "late"}, [][]string{{"parcel", "package"}})
	if err != nil {
		t.Fatal(err)
	}
	more, err := first.With(map[string]string{"angry": "saved:late sentiment:negative", "LATE": "slow"})
	if err != nil || strings.Join(more.Saved(), " ") != "Late angry" {
		t.Fatalf("%v, %v", more.Saved(), err)
	}
	if n, err := more.Parse("saved:angry parcel", time.Time{}); err != nil || !strings.Contains(String(n), "slow") || !strings.Contains(String(n), "package") {
		t.Errorf("%v, %v", n, err)
	}
	if n, err := first.Parse("saved:late", time.Time{}); err != nil || String(n) != "late" {
		t.Errorf("the first language is now %v, %v", n, err)
	}
	if _, err := first.Parse("saved:angry", time.Time{}); err == nil {
		t.Error("the first language knows what was added to another")
	}
	broken, err := (*Language)(nil).With(map[string]string{"round": "saved:round", "fine": "lamp"})
	if err == nil || broken == nil {
		t.Fatalf("a query of itself: %v", err)
	}
	if _, err := broken.Parse("saved:fine", time.Time{}); err != nil {
		t.Errorf("beside a broken one: %v", err)
	}
}
