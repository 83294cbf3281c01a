package research_test

import (
	"fmt"
	"testing"

	"klank/index/research"
	"klank/mention"
)

// graded is a review with a rating.
func graded(id, brand string, stars float64, days int) mention.Mention {
	m := said(id, brand, "As told.", (stars-3)/2)
	m.Published = now.AddDate(0, 0, -days)
	m.Rating = &mention.Rating{Value: stars, Best: 5, Score: (stars - 1) / 4}
	return m
}

func TestTheOverviewTellsWhatChanged(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 40 {
		late, early := 5.0, 5.0
		if i < 24 {
			late = 1
		}
		if i < 4 {
			early = 1
		}
		ms = append(ms, graded(fmt.Sprint("late", i), "Acme", late, 1+i%80), graded(fmt.Sprint("early", i), "Acme", early, 100+i%80))
	}
	put(t, ix, ms...)
	changes := section(t, run(t, config(ix), "overview"), "changes")
	negative := changes["negative"]["change"].Number
	if *negative.Value != 0.5 || *negative.Low <= 0.2 || *negative.High >= 0.8 {
		t.Errorf("24 of 40 negative after 4 of 40: a change of %v (%v to %v)", *negative.Value, *negative.Low, *negative.High)
	}
	if stars := changes["mean rating"]["change"].Number; *stars.Value != -2 || *stars.High >= 0 {
		t.Errorf("the mean rating changed by %v (up to %v), want -2", *stars.Value, *stars.High)
	}
	if all := changes["mentions"]; *all["lately"].Number.Value != 40 || *all["before"].Number.Value != 40 {
		t.Errorf("mentions: %v", all)
	}
}

func TestTheMeanStandsBesideThatWithAPriorAndThatLately(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 30 { // a half-life apart
		ms = append(ms, graded(fmt.Sprint("a", i), "Acme", 5, 10+180*(i%2)), graded(fmt.Sprint("b", i), "Bolt", 2, 10))
		if i%2 == 1 {
			ms[len(ms)-2].Rating.Value, ms[len(ms)-2].Rating.Score = 3, 0.5
		}
	}
	put(t, ix, ms...)
	means := section(t, run(t, config(ix), "overview", func(r *research.Request) { r.Brand = "Acme" }), "ratings")
	for name, want := range map[string]float64{
		"plain":        4,
		"with a prior": (10*3 + 30*4) / 40.0, // of both brands the mean is 3
		"lately":       (15*5 + 15*3*0.5) / 22.5,
	} {
		n := means[name]["stars"].Number
		if got := *n.Value; got < want-1e-4 || got > want+1e-4 || *n.Low > got || *n.High < got {
			t.Errorf("%s: %v (%v to %v), want %v", name, got, *n.Low, *n.High, want)
		}
	}
}

func TestMomentsShowTheirSentencesAndWhereTheLensesPart(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 25 {
		good, bad := "They sent a new lid at once.", "Not a word of regret."
		m := said(fmt.Sprint("m", i), "Acme", good+" "+bad, 0, "returns")
		m.Analysis.Care = []string{"care", "service"}
		m.Analysis.Sentences = []mention.Sentence{
			{Span: mention.Span{In: "text", End: len(good)}, Score: 0.6, Touchpoints: []string{"returns"}, Moments: mention.MomentsOf([]string{"returns"}), Care: []string{"service"}},
			{Span: mention.Span{In: "text", Start: len(good) + 1, End: len(m.Text)}, Score: -0.7, Touchpoints: []string{"returns"}, Moments: mention.MomentsOf([]string{"returns"}), Care: []string{"care"}},
		}
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	rep := run(t, config(ix), "moments")
	moment := mention.MomentOf("returns")
	for name, row := range map[string]string{"moments": moment, "touchpoints_" + moment: "returns"} {
		cell := section(t, rep, name)[row]
		if praise, blame := cell["praise"].Quotes, cell["blame"].Quotes; len(praise) == 0 || len(blame) == 0 || praise[0].Text != ms[0].Text[:28] || blame[0].Text != ms[0].Text[29:] {
			t.Errorf("%s: praise %v, blame %v", row, praise, blame)
		}
		if p, n := cell["positive"].Number, cell["negative"].Number; *p.Value != 1 || *n.Value != 1 || n.N != 25 {
			t.Errorf("%s: praised %v, blamed %v of %d", row, *p.Value, *n.Value, n.N)
		}
	}
	care := section(t, rep, "care")
	if *care["service"]["positive"].Number.Value != 1 || *care["care"]["negative"].Number.Value != 1 {
		t.Errorf("care: %v", care)
	}
	parted := section(t, rep, "partings")["solved, but nobody cared"]
	if n := parted["mentions"].Number; n == nil || n.Count != 25 || len(parted["sentences"].Quotes) != 2 {
		t.Errorf("partings: %v", parted)
	}
}

func TestPraiseMirrorsBlame(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 60 {
		sign, signal, touchpoint := 1.0, "advocate", "delivery"
		if i%2 == 1 {
			sign, signal, touchpoint = -1, "churn_risk", "returns"
		}
		m := said(fmt.Sprint("m", i), "Acme", "As told.", sign*0.5, touchpoint)
		if i%6 < 2 {
			m.Analysis.Signals = []string{signal}
		}
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	rep := run(t, config(ix), "impact")
	praise, blame := section(t, rep, "praise"), section(t, rep, "blame")
	p, b := praise["delivery"]["impact"].Number, blame["returns"]["impact"].Number
	if *p.Value <= 0 || *p.Value != *b.Value || praise["returns"] != nil || blame["delivery"] != nil {
		t.Errorf("praise %v, blame %v", praise, blame)
	}
}

func TestAMentionOfTwoBrandsIsAVoiceForBothAndAspectsNeedTwoAuthors(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 30 {
		m := said(fmt.Sprint("m", i), []string{"Acme", "Bolt"}[i%2], "The lid shuts well.", 0.5)
		if i < 10 {
			m.Brands = []string{"Acme", "Bolt"}
		}
		if i == 10 || i == 12 {
			m.Analysis.Aspects = []mention.Aspect{{Term: "lid", Score: 0.6}}
		}
		if i == 14 {
			m.Analysis.Aspects = []mention.Aspect{{Term: "spout", Score: 0.6}}
		}
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	rep := run(t, config(ix), "compare")
	voices := section(t, rep, "share_of_voice")
	for _, brand := range []string{"Acme", "Bolt"} {
		if n := voices[brand]["share"].Number; *n.Value != 0.5 || n.N != 40 || n.Count != 20 {
			t.Errorf("%s has %v of %d voices", brand, *n.Value, n.N)
		}
	}
	var told []string
	for _, sec := range rep.Sections {
		if sec.Name == "aspects" {
			for _, row := range sec.Rows {
				told = append(told, fmt.Sprintf("%s %s: %v", row[0].Text, row[2].Text, *row[3].Number.Value))
			}
		}
	}
	if fmt.Sprint(told) != "[Acme lid: 2]" {
		t.Errorf("pros and cons: %v", told)
	}
}
