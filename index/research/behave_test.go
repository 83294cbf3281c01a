package research_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index/research"
	"klank/mention"
)

func TestAJumpIsFoundAndExplainedByItsWordsAndTouchpoints(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	add := func(day time.Time, i int, text, touchpoint string) {
		m := said(fmt.Sprintf("%s-%d", day.Format("2006-01-02"), i), "Acme", text, -0.5, touchpoint)
		m.Published = day
		ms = append(ms, m)
	}
	start := time.Date(2024, 1, 10, 0, 0, 0, 0, time.UTC)
	for month := range 24 {
		day := start.AddDate(0, month, 0)
		for i := range 25 + month%3 {
			add(day, i, []string{"The kettle boils well enough.", "A fine spout, and a lid that shuts.", "Bought in the shop around the corner."}[i%3], "use")
		}
		if month == 15 {
			for i := range 80 {
				add(day, 100+i, "The recall of the burnt plug came by letter.", "returns")
			}
		}
	}
	put(t, ix, ms...)
	rep := run(t, config(ix), "trend")
	jumps := section(t, rep, "anomalies")
	jump, ok := jumps["2025-04"]
	if !ok || len(jumps) != 1 {
		t.Fatalf("jumps: %v", jumps)
	}
	for _, word := range []string{"recall", "burnt", "plug"} {
		if !strings.Contains(jump["words"].Text, word) {
			t.Errorf("explained by %q, without %s", jump["words"].Text, word)
		}
	}
	if strings.Contains(jump["words"].Text, "kettle") || jump["touchpoints"].Text != "returns" || len(jump["sentences"].Quotes) == 0 || *jump["expected"].Number.Value > 30 {
		t.Errorf("jump: %+v", jump)
	}
}

func TestASeasonThatComesBackIsNoJump(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for month := range 48 {
		day := time.Date(2022, 1, 5, 0, 0, 0, 0, time.UTC).AddDate(0, month, 0)
		n := 10
		if day.Month() == time.December {
			n = 60
		}
		for i := range n {
			m := said(fmt.Sprintf("%d-%d", month, i), "Acme", "A gift.", 0.2)
			m.Published = day
			ms = append(ms, m)
		}
	}
	put(t, ix, ms...)
	if jumps := section(t, run(t, config(ix), "trend"), "anomalies"); len(jumps) > 0 {
		t.Errorf("jumps: %v", jumps)
	}
}

func TestAComparisonOfUnlikeCoverageIsFlagged(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 60 {
		m := said(fmt.Sprint("m", i), []string{"Acme", "Bolt"}[i%2], "Fine.", 0.3)
		m.Source.Name = []string{"read in full", "read in part"}[i%2]
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	flagged := func() bool {
		for _, n := range run(t, config(ix), "compare").Notes {
			if strings.Contains(n.String(), "Compare Acme and Bolt with care") {
				return true
			}
		}
		return false
	}
	for declared, want := range map[int]bool{34: false, 100: true} {
		full := 30
		if err := ix.PutCoverage(t.Context(), []mention.Coverage{{Source: "read in full", Declared: &full, Collected: 30}, {Source: "read in part", Declared: &declared, Collected: 30}}); err != nil {
			t.Fatal(err)
		}
		if got := flagged(); got != want {
			t.Errorf("30 of %d: flagged %v, want %v", declared, got, want)
		}
	}
}

func TestTheSentimentOfAComparisonIsThatOfTheClausesOnEachBrand(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 30 {
		m := said(fmt.Sprint("m", i), "Acme", "Acme is a joy, Bolt a pain.", 0)
		m.Brands = []string{"Acme", "Bolt"}
		m.Analysis.Brands = []mention.BrandScore{{Name: "Acme", Score: 0.8}, {Name: "Bolt", Score: -0.8}}
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	felt := section(t, run(t, config(ix), "compare"), "sentiment")
	for brand, positive := range map[string]float64{"Acme": 1, "Bolt": 0} {
		if p, n := felt[brand]["positive"].Number, felt[brand]["negative"].Number; *p.Value != positive || *n.Value != 1-positive {
			t.Errorf("%s: %v positive, %v negative", brand, *p.Value, *n.Value)
		}
	}
}

func TestAReplyClosesAComplaintAndAnEditOpensItAgain(t *testing.T) {
	ix := open(t)
	m := said("m1", "Acme", "The lid broke and nobody helps.", -0.8)
	m.Analysis.Signals = []string{"needs_response"}
	state := func() (queue, reopened int) {
		rep := run(t, config(ix), "respond")
		return len(section(t, rep, "queue")), len(section(t, rep, "reopened"))
	}
	for _, step := range []struct {
		what            string
		change          func()
		queue, reopened int
	}{
		{"new", func() {}, 1, 0},
		{"a reply is found", func() { m.Reply = &mention.Reply{Text: "We send you a new one."} }, 0, 0},
		{"it is edited", func() { m.Text = "They promised a new one, and nothing came." }, 0, 1},
		{"another reply", func() { m.Reply = &mention.Reply{Text: "It is on its way."} }, 0, 0},
	} {
		step.change()
		m.Evidence.Fetched = m.Evidence.Fetched.Add(time.Hour)
		put(t, ix, m)
		if queue, reopened := state(); queue != step.queue || reopened != step.reopened {
			t.Errorf("%s: %d in the queue, %d reopened; want %d, %d", step.what, queue, reopened, step.queue, step.reopened)
		}
	}
}

func TestWhatIsSettledElsewhereLeavesTheQueueUntilItsWordsChange(t *testing.T) {
	ix := open(t)
	m, other := said("m1", "Acme", "The lid broke and nobody helps.", -0.8), said("m2", "Acme", "The lid broke, too.", -0.8)
	put(t, ix, m, other)
	cfg := config(ix)
	cfg.Settled = func(context.Context) (map[string]int, error) { return map[string]int{"m1": 1, "unknown": 1}, nil }
	state := func(what string, want ...string) {
		t.Helper()
		rep := run(t, cfg, "respond")
		var got []string
		for _, sec := range rep.Sections {
			for _, row := range sec.Rows {
				if sec.Name == "queue" {
					got = append(got, row[len(row)-1].Quotes[0].ID)
				}
			}
		}
		slices.Sort(got)
		left := slices.ContainsFunc(rep.Notes, func(s research.Saying) bool { return strings.Contains(s.String(), "left out of the queue") })
		if !slices.Equal(got, want) || left != (len(want) == 1) {
			t.Errorf("%s: the queue is %v, want %v; left out is said: %v", what, got, want, left)
		}
	}
	state("settled", "m2")
	m.Rating = &mention.Rating{Value: 1, Best: 5} // another revision with the same words
	put(t, ix, m)
	state("graded", "m2")
	m.Text = "The lid broke again."
	put(t, ix, m)
	state("edited", "m1", "m2")
	cfg.Settled = func(context.Context) (map[string]int, error) { return map[string]int{"m1": 0}, nil }
	state("settled whatever its words", "m2")
}

func TestTheMostSevereMostWidelyHeardAndOldestAreAnsweredFirst(t *testing.T) {
	ix := open(t)
	worse, heard, older, plain := said("worse", "Acme", "Awful.", -0.9), said("heard", "Acme", "Bad.", -0.3), said("older", "Acme", "Bad.", -0.3), said("plain", "Acme", "Bad.", -0.3)
	worse.Analysis.Signals = []string{"churn_risk"}
	heard.Engagement = &mention.Engagement{Likes: 3}
	for m, days := range map[*mention.Mention]int{&worse: 5, &heard: 5, &older: 20, &plain: 5} {
		m.Published = now.AddDate(0, 0, -days)
	}
	put(t, ix, worse, heard, older, plain)
	var order []string
	for _, sec := range run(t, config(ix), "respond").Sections {
		if sec.Name == "queue" {
			for _, row := range sec.Rows {
				order = append(order, row[len(row)-1].Quotes[0].ID)
			}
		}
	}
	if got := strings.Join(order, " "); got != "worse heard older plain" {
		t.Errorf("the queue is %s", got)
	}
}

func TestAnAnswerHasTwoAuthorsAndPassages(t *testing.T) {
	ix := open(t)
	v := voices()
	twice := v[0]
	twice.ID = "again" // the same author once more
	put(t, ix, v[0], twice)
	state := func(question string) (string, research.Cell) {
		row := section(t, run(t, config(ix), "questions"), "questions")[question]
		return row["state"].Text, row["against"]
	}
	if got, _ := state("Is it noisy?"); got != "unanswered" {
		t.Errorf("one author: %s", got)
	}
	put(t, ix, v...)
	if got, no := state("Is it noisy?"); got != "answered" || len(no.Quotes) != 3 {
		t.Errorf("three authors say no: %s, %v", got, no.Quotes)
	}
	if got, _ := state("Is schoonmaken makkelijk?"); got != "mixed" {
		t.Errorf("two say yes and one no: %s", got)
	}
	for _, sec := range run(t, config(ix), "questions").Sections {
		for _, row := range sec.Rows {
			if state, says, no := row[1].Text, row[6], row[7]; state != "unanswered" && len(says.Quotes)+len(no.Quotes) == 0 {
				t.Errorf("%s is %s without a passage", row[0].Text, state)
			}
		}
	}
}

func TestWhoRecommendsIsMarkedWhereInvitedOrPaidAndWhoTurnedAwayIsTold(t *testing.T) {
	ix := open(t)
	yes := true
	well := func(id, author, text string) mention.Mention {
		m := said(id, "Acme", text, 0.8)
		m.Author.Key, m.Analysis.Signals = author, []string{"advocate"}
		return m
	}
	free, asked, paid, lost := well("m1", "free", "Buy it."), well("m2", "asked", "Buy it."), well("m3", "paid", "Buy it. #ad"), well("m4", "lost", "Buy it.")
	asked.Invited = &yes
	lost.Published = now.AddDate(0, -3, 0)
	gone := said("m5", "Acme", "Never again.", -0.9)
	gone.Author.Key, gone.Analysis.Signals = "lost", []string{"churn_risk"}
	put(t, ix, free, asked, paid, lost, gone)
	rep := run(t, config(ix), "ambassadors")
	fans := section(t, rep, "ambassadors")
	for author, marks := range map[string]string{"free": "", "asked": "invited", "paid": "paid or given: “#ad”"} {
		if fans[author]["marks"].Text != marks {
			t.Errorf("%s is marked %q, want %q", author, fans[author]["marks"].Text, marks)
		}
	}
	if away := section(t, rep, "turned_away"); len(fans) != 3 || len(away) != 1 || away["lost"] == nil {
		t.Errorf("%d recommend; turned away: %v", len(fans), away)
	}
}

func TestTheShelfIsTheSourcesOwnFirstPage(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 40 {
		m := said(fmt.Sprint("m", i), "Acme", "Fine.", 0.3)
		m.Item = &mention.ItemRef{Name: "Kettle"}
		stars := 2.0
		m.Evidence.Rank, m.Evidence.List = i%20+1, fmt.Sprintf("https://shop.example/kettle?page=%d", i/20+1)
		if i < 10 {
			stars = 5
		}
		m.Rating = &mention.Rating{Value: stars, Best: 5, Score: (stars - 1) / 4}
		ms = append(ms, m)
	}
	unranked := said("x", "Acme", "Fine.", 0.3)
	unranked.Source.Name, unranked.Evidence.Rank, unranked.Evidence.List = "elsewhere", 0, ""
	put(t, ix, append(ms, unranked)...)
	rep := run(t, config(ix), "shelf")
	shelf := section(t, rep, "shelf")
	if n := shelf["shop"]["mentions"].Number; n.Count != 10 {
		t.Errorf("%d are met first, want the ten of the first page", n.Count)
	}
	if got := shelf["elsewhere"]["mentions"].Text; got != "not available" {
		t.Errorf("without a rank: %q", got)
	}
	if one := section(t, rep, "one_review")["shop"]["one"].Number; *one.Value != -0.4 { // (1 - 5) / 10
		t.Errorf("one star more changes the mean by %v", *one.Value)
	}
}

func TestASourceWithoutAGoodRunLatelyIsStale(t *testing.T) {
	ix := open(t)
	put(t, ix, said("m1", "Acme", "Fine.", 0.3))
	declared := 4
	for source, ended := range map[string]time.Time{"shop": now.AddDate(0, 0, -20), "forum": now.AddDate(0, 0, -1)} {
		if err := ix.PutRun(t.Context(), mention.Run{ID: source, Source: source, Started: ended, Ended: ended, Status: "done"},
			[]mention.Coverage{{Declared: &declared, Collected: 1, Blocked: 2, Capped: true}}); err != nil {
			t.Fatal(err)
		}
	}
	sources := section(t, run(t, config(ix), "coverage"), "sources")
	shop := sources["shop"]
	if shop["state"].Text != "stale" || sources["forum"]["state"].Text != "fresh" || *shop["coverage"].Number.Value != 0.25 || shop["blocked"].Text != "2" || shop["capped"].Text != "yes" {
		t.Errorf("coverage: %+v", sources)
	}
}

func TestImpactIsFrequencyTimesStrengthTimesChurn(t *testing.T) {
	ix := open(t)
	var ms []mention.Mention
	for i := range 40 {
		m := said(fmt.Sprint("m", i), "Acme", "It came late.", -0.5, "delivery")
		if i >= 20 {
			m = said(fmt.Sprint("m", i), "Acme", "It boils.", 0.4, "use")
		}
		if i < 10 {
			m.Analysis.Signals = []string{"churn_risk"}
		}
		ms = append(ms, m)
	}
	put(t, ix, ms...)
	delivery := section(t, run(t, config(ix), "impact"), "blame")["delivery"]["impact"].Number
	// Half of the authors, at 0.5, and (10 + 20 × 0.25) / (20 + 20) of them leave.
	if want := 1000 * 0.5 * 0.5 * 0.375; *delivery.Value != want || *delivery.Low >= want || *delivery.High <= want {
		t.Errorf("impact %v (%v to %v), want %v", *delivery.Value, *delivery.Low, *delivery.High, want)
	}
	var more []mention.Mention // who repeats it is heard once
	for i := range 10 {
		m := ms[i]
		m.ID = "again-" + m.ID
		more = append(more, m)
	}
	put(t, ix, more...)
	if again := section(t, run(t, config(ix), "impact"), "blame")["delivery"]["impact"].Number; *again.Value != *delivery.Value {
		t.Errorf("the same authors once more: impact %v, was %v", *again.Value, *delivery.Value)
	}
}
