package desk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"klank/mention"
)

// analysed is a mention of two sentences: praise for the delivery, and blame
// for the use.
func analysed() *mention.Mention {
	m := &mention.Mention{ID: "m1", Title: "Lamp", Text: "It came at once. It flickers.", Brands: []string{"Acme"}}
	m.Analysis = &mention.Analysis{Sentiment: mention.Sentiment{Score: -0.2, Label: mention.Negative},
		Touchpoints: []string{"delivery", "price", "use"}, Moments: []string{"fmot", "smot"}, Care: []string{"service"}, Signals: []string{"detractor"},
		Brands: []mention.BrandScore{{Name: "Acme", Score: -0.2}},
		Sentences: []mention.Sentence{
			{Span: mention.Span{In: "text", Start: 0, End: 16}, Score: 0.4, Touchpoints: []string{"delivery"}, Moments: []string{"smot"}, Care: []string{"service"}},
			{Span: mention.Span{In: "text", Start: 17, End: 29}, Score: -0.8, Touchpoints: []string{"use"}, Moments: []string{"smot"}},
		}}
	return m
}

func TestACorrectedSentenceChangesTheLabelsOfTheWhole(t *testing.T) {
	m := analysed()
	before := m.Analysis
	cs := []Correction{{Mention: "m1", Words: SentenceKey(m, m.Analysis.Sentences[0].Span),
		Labels: &Labels{Sentiment: mention.Positive, Touchpoints: []string{"recommendation"}}},
		{Mention: "m1", Words: SentenceKey(m, m.Analysis.Sentences[1].Span), Labels: &Labels{Sentiment: mention.Positive, Touchpoints: []string{"use"}}}}
	if !Apply(m, cs) {
		t.Fatal("nothing applied")
	}
	a := m.Analysis
	if a.Sentences[0].Score != 0.4 || a.Sentences[1].Score != plain {
		t.Errorf("the scores are %v and %v: one that was right stays, one that was not is plain", a.Sentences[0].Score, a.Sentences[1].Score)
	}
	if got := strings.Join(a.Touchpoints, " "); got != "price use recommendation" || strings.Join(a.Moments, " ") != "fmot smot umot" || len(a.Care) != 0 {
		t.Errorf("the whole has %s, %v, %v", got, a.Moments, a.Care)
	}
	if a.Sentiment.Label != mention.Positive || a.Sentiment.Score < 0.54 || a.Sentiment.Score > 0.56 {
		t.Errorf("the whole is %+v", a.Sentiment)
	}
	if len(m.Flags) != 1 || m.Flags[0].Name != mention.FlagCorrected {
		t.Errorf("the flags are %v", m.Flags)
	}
	if before.Sentences[1].Score != -0.8 || before.Touchpoints[0] != "delivery" {
		t.Error("the analysis that was given has changed")
	}
	first := *m.Analysis
	Apply(m, cs)
	if m.Analysis.Sentiment != first.Sentiment || !slices.Equal(m.Analysis.Touchpoints, first.Touchpoints) || len(m.Flags) != 1 {
		t.Error("a second time changes more")
	}
}

func TestACorrectionRestsWhereItsWordsAreGone(t *testing.T) {
	m := analysed()
	cs := []Correction{{Words: SentenceKey(m, m.Analysis.Sentences[1].Span), Labels: &Labels{Sentiment: mention.Positive}},
		{Words: WholeKey(m), Labels: &Labels{Sentiment: mention.Positive}}}
	m.Text = "It came at once. It   FLICKERS!" // the same words, cut otherwise
	m.Analysis.Sentences[1].End = len(m.Text)
	if !Apply(m, cs) || m.Analysis.Sentiment.Label != mention.Positive {
		t.Error("another way of writing the same words loses the correction")
	}
	m = analysed()
	m.Text = "It came at once. It glimmers."
	if Apply(m, cs) || len(m.Flags) != 0 || m.Analysis.Sentiment.Label != mention.Negative {
		t.Error("a correction applies to other words")
	}
	cs[0].Labels = nil
	if Apply(analysed(), cs[:1]) {
		t.Error("what was taken back applies")
	}
}

func TestACorrectedMentionHasTheBrandsAndSignalsThatAPersonSaw(t *testing.T) {
	m := analysed()
	cs := []Correction{{Words: WholeKey(m), Labels: &Labels{Sentiment: mention.Neutral, Signals: []string{"question"}, Brands: []string{"Acme", "Bolt"}}}}
	if !Apply(m, cs) {
		t.Fatal("nothing applied")
	}
	a := m.Analysis
	if a.Sentiment != (mention.Sentiment{Score: 0, Label: mention.Neutral}) || strings.Join(a.Signals, " ") != "question" ||
		strings.Join(m.Brands, " ") != "Acme Bolt" || len(a.Brands) != 2 || a.Brands[0].Score != -0.2 || a.Brands[1].Score != 0 {
		t.Errorf("%+v, %v", a, m.Brands)
	}
}

func TestCorrectionsAreKeptAndTakenBack(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s, m := openTest(t, place), analysed()
		none, err := s.CorrectionsMark(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := Correction{Mention: "m1", Words: WholeKey(m), By: "Bo", At: noon,
			Labels: &Labels{Sentiment: mention.Neutral, Signals: []string{"question", "advocate"}, Brands: []string{"b", "", "a", "b"}}}
		if c, err = s.SetCorrection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Corrections(t.Context(), ""); err != nil || len(got) != 1 || strings.Join(got[0].Labels.Signals, " ") != "advocate question" ||
			strings.Join(got[0].Labels.Brands, " ") != "a b" || got[0].By != "Bo" || !got[0].At.Equal(noon) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := s.SetCorrection(t.Context(), Correction{Mention: "m1", Words: WholeKey(m), At: noon}); !errors.Is(err, ErrConflict) {
			t.Errorf("a second first correction: %v", err)
		}
		c.Labels = nil
		if _, err := s.SetCorrection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got, err := s.Corrections(t.Context(), "m1")
		if err != nil || len(got) != 1 || got[0].Labels != nil || got[0].Version != 2 {
			t.Errorf("%v, %v", got, err)
		}
		if mark, err := s.CorrectionsMark(t.Context()); err != nil || mark == none {
			t.Errorf("the mark is %d still, %v", mark, err)
		}
		if got, err := s.Corrections(t.Context(), "m2"); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
		for _, l := range []Labels{{}, {Sentiment: "bad"}, {Sentiment: mention.Neutral, Touchpoints: []string{"<script>"}}, {Sentiment: mention.Neutral, Care: []string{"delivery"}}} {
			if _, err := s.SetCorrection(t.Context(), Correction{Mention: "m2", Words: "w", Labels: &l, At: noon}); !errors.Is(err, ErrInput) {
				t.Errorf("%v: %v", l, err)
			}
		}
		if _, err := s.SetCase(t.Context(), Case{Mention: "m0", State: StateIgnored, At: noon}); err != nil {
			t.Fatal(err)
		}
		if ids, err := s.Touched(t.Context()); err != nil || strings.Join(ids, " ") != "m0 m1" {
			t.Errorf("touched are %v, %v", ids, err)
		}
		if err := s.ForgetMentions(t.Context(), []string{"m1", "m2"}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Corrections(t.Context(), ""); err != nil || len(got) != 0 {
			t.Errorf("forgotten, yet %v, %v", got, err)
		}
	})
}

func FuzzSpansOfHostileAnalysesBreakNothing(f *testing.F) {
	f.Add("It came.", 0, 8)
	f.Add("é", 1, 2)
	f.Add("It", 1, 9)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		m := &mention.Mention{ID: "m", Text: text, Analysis: &mention.Analysis{Sentences: []mention.Sentence{{Span: mention.Span{In: "text", Start: start, End: end}}}}}
		key := SentenceKey(m, m.Analysis.Sentences[0].Span)
		applied := Apply(m, []Correction{{Words: key, Labels: &Labels{Sentiment: mention.Positive}}})
		if applied != (key != "") {
			t.Errorf("key %q, applied %v", key, applied)
		}
	})
}
