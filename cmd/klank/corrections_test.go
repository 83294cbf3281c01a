package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/index/desk"
	"klank/index/sqlite"
	"klank/mention"
)

// deskData is a data folder with one imported mention, its index and its desk.
func deskData(t *testing.T, text string) (data string, stored func() *mention.Mention, d *desk.Store) {
	t.Helper()
	data = t.TempDir()
	klank(t, data, "", "import", deskImport(t, text))
	d, err := desk.Open(t.Context(), filepath.Join(data, deskFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return data, func() *mention.Mention {
		ix, err := sqlite.Open(filepath.Join(data, indexFile))
		if err != nil {
			t.Fatal(err)
		}
		defer ix.Close()
		m, err := ix.Get(t.Context(), "m1", 0)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}, d
}

// deskImport is a file with a mention in a text that the analysis takes for
// blame.
func deskImport(t *testing.T, text string) string {
	t.Helper()
	m := mention.Mention{ID: "m1", NativeID: "1", Kind: mention.Review, Source: mention.Source{Name: "shop", Host: "shop.example"},
		Brands: []string{"Lumo"}, Text: text, Language: "en", Published: time.Now().Add(-48 * time.Hour).UTC(), Rating: &mention.Rating{Value: 1, Best: 5}}
	line, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mentions.ndjson")
	if err := os.WriteFile(file, append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestACorrectionSurvivesAnotherAnalysisAndAnotherCollection(t *testing.T) {
	const text = "The delivery was terrible. Nobody answered."
	data, stored, d := deskData(t, text)
	m := stored()
	if m.Analysis.Sentiment.Label != mention.Negative || len(m.Flags) != 0 {
		t.Fatalf("to begin with it is %+v, %v", m.Analysis.Sentiment, m.Flags)
	}
	c, err := d.SetCorrection(t.Context(), desk.Correction{Mention: "m1", Words: desk.SentenceKey(m, m.Analysis.Sentences[0].Span), At: time.Now(),
		Labels: &desk.Labels{Sentiment: mention.Positive, Touchpoints: []string{"price"}}})
	if err != nil {
		t.Fatal(err)
	}
	corrected := func(when string, want bool) {
		t.Helper()
		m := stored()
		got := len(m.Flags) == 1 && m.Flags[0].Name == mention.FlagCorrected && strings.Join(m.Analysis.Sentences[0].Touchpoints, " ") == "price" &&
			m.Analysis.Sentences[0].Score > 0
		if got != want {
			t.Errorf("%s: corrected is %v: %v, %+v", when, got, m.Flags, m.Analysis.Sentences)
		}
	}
	for _, labels := range [][]string{{"replay", "--labels"}, {"import", deskImport(t, text)}, {"replay", "--labels"}} {
		klank(t, data, "", labels...)
		corrected(strings.Join(labels[:1], " "), true)
	}
	if out := klank(t, data, "", "search", "flag:corrected"); !strings.Contains(out, "m1") {
		t.Errorf("it is not found as corrected: %s", out)
	}
	klank(t, data, "", "import", deskImport(t, "The parcel never came. Nobody answered."))
	klank(t, data, "", "replay", "--labels")
	corrected("other words", false)
	klank(t, data, "", "import", deskImport(t, text))
	corrected("the words are back", true)
	c.Labels = nil
	if _, err := d.SetCorrection(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	klank(t, data, "", "replay", "--labels")
	if m := stored(); len(m.Flags) != 0 || m.Analysis.Sentiment.Label != mention.Negative {
		t.Errorf("taken back, it is %+v, %v", m.Analysis.Sentiment, m.Flags)
	}
}

func TestAReportLeavesOutWhatColleaguesHaveSettled(t *testing.T) {
	data, _, d := deskData(t, "The delivery was terrible. Nobody answered.")
	if out := klank(t, data, "", "report", "respond"); !strings.Contains(out, "terrible") {
		t.Fatalf("the queue is empty: %s", out)
	}
	if _, err := d.SetCase(t.Context(), desk.Case{Mention: "m1", State: desk.StateAnswered, Revision: 1, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	out := klank(t, data, "", "report", "respond")
	if strings.Contains(out, "terrible") || !strings.Contains(out, "1 are left out of the queue") {
		t.Errorf("what is settled: %s", out)
	}
	klank(t, data, "", "import", deskImport(t, "The delivery was terrible, and now it is lost."))
	if out := klank(t, data, "", "report", "respond"); !strings.Contains(out, "edited since it was settled") {
		t.Errorf("what was edited since: %s", out)
	}
	klank(t, data, "", "forget", "--mention", "m1")
	if history, err := d.CaseHistory(t.Context(), "m1"); err != nil || len(history) != 0 {
		t.Errorf("forgotten, yet %v, %v", history, err)
	}
}

func TestCorrectedLabelsAreTheTruthToLearnFrom(t *testing.T) {
	m := &mention.Mention{ID: "m1", Title: "Well", Text: "It came. It broke.", Language: "en", Rating: &mention.Rating{Score: 1}, Analysis: &mention.Analysis{
		Sentences: []mention.Sentence{{Span: mention.Span{In: "text", Start: 0, End: 8}}, {Span: mention.Span{In: "text", Start: 9, End: 18}}}}}
	cs := []desk.Correction{{Words: desk.WholeKey(m), Labels: &desk.Labels{Sentiment: mention.Negative}},
		{Words: desk.SentenceKey(m, m.Analysis.Sentences[1].Span), Labels: &desk.Labels{Sentiment: mention.Neutral}},
		{Words: "words that are gone", Labels: &desk.Labels{Sentiment: mention.Positive}}}
	r := ratings{judged: map[string]bool{}}
	r.addCorrected(m, cs)
	got := r.texts[1]
	if len(got) != 2 || got[0].Stars != 1 || got[0].Title != "Well" || got[1].Stars != 3 || got[1].Text != "It broke." || got[1].Title != "" ||
		!r.judged["m1"] || r.corrections != 2 || m.Rating.Score != 1 {
		t.Errorf("%+v, %v", got, r)
	}
	m.Rating.Score = 0.25 // two stars are blame, too, and say it finer
	r = ratings{judged: map[string]bool{}}
	if r.addCorrected(m, cs[:1]); r.texts[1][0].Stars != 2 {
		t.Errorf("%+v", r.texts[1])
	}
}

func TestACommandKnowsTheQueriesThatPeopleHaveSaved(t *testing.T) {
	data, _, d := deskData(t, "The delivery was terrible. Nobody answered.")
	for name, q := range map[string]string{"late": "delivery", "gone": "saved:deleted"} {
		if err := d.SaveQuery(t.Context(), desk.Query{Name: name, Query: q, At: time.Now()}, false); err != nil {
			t.Fatal(err)
		}
	}
	if out := klank(t, data, "", "search", "saved:Late kind:review"); !strings.Contains(out, "terrible") {
		t.Errorf("found is %s", out)
	}
	if out := klank(t, data, "", "export", "saved:late"); strings.Count(out, "\n") != 1 {
		t.Errorf("exported is %s", out)
	}
}

func TestCorrectionsGoFromOneInstallationToAnother(t *testing.T) {
	const text = "The delivery was terrible. Nobody answered."
	data, stored, d := deskData(t, text)
	m := stored()
	for i, labels := range []*desk.Labels{{Sentiment: mention.Positive, Touchpoints: []string{"price"}}, {Sentiment: mention.Neutral}} {
		c, err := d.SetCorrection(t.Context(), desk.Correction{Mention: "m1", Words: desk.SentenceKey(m, m.Analysis.Sentences[i].Span), By: "Anna", At: time.Now(), Labels: labels})
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 { // taken back
			c.Labels = nil
			if _, err := d.SetCorrection(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := klank(t, data, "", "corrections")
	if strings.Count(out, "\n") != 1 || !strings.Contains(out, `"by":"Anna"`) || strings.Contains(out, "terrible") {
		t.Fatalf("written is %s", out)
	}
	other, theirs, _ := deskData(t, text)
	file := filepath.Join(t.TempDir(), "corrections.ndjson")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 correction taken, of 1 stored", "0 corrections taken"} { // a second time changes nothing
		if got := klank(t, other, "", "corrections", "--from", file); !strings.Contains(got, want) {
			t.Errorf("said is %q, want %q", got, want)
		}
	}
	if m := theirs(); len(m.Flags) != 1 || m.Analysis.Sentences[0].Score <= 0 {
		t.Errorf("there it is %v, %+v", m.Flags, m.Analysis.Sentences[0])
	}
	for _, bad := range []string{"{", `{"mention":"m1","words":"w"}`, `{"mention":"m1","words":"w","labels":{"sentiment":"angry"}}`} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		code := execute(t.Context(), []string{"--data", other, "corrections", "--from", file}, strings.NewReader(""), io.Discard, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), "correction 1") {
			t.Errorf("%s: status %d, %s", bad, code, &stderr)
		}
	}
}

func TestPruningTakesAlongWhatPeopleAdded(t *testing.T) {
	data, _, d := deskData(t, "The delivery was terrible. Nobody answered.")
	for _, id := range []string{"m1", "yet to come"} {
		if _, err := d.SetCase(t.Context(), desk.Case{Mention: id, State: desk.StateIgnored, Note: "hers", At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	touched := func(after string, want int) {
		t.Helper()
		if ids, err := d.Touched(t.Context()); err != nil || len(ids) != want {
			t.Errorf("after %s the desk knows %v, %v", after, ids, err)
		}
	}
	config := filepath.Join(t.TempDir(), "klank.yaml")
	if err := os.WriteFile(config, []byte("retention: {mentions: {review: 1d}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	klank(t, data, "", "prune", "--config", config, "--dry-run")
	touched("a dry run", 2)
	klank(t, data, "", "prune", "--config", config)
	touched("pruning", 1)
}

func TestACorrectionGoesAlongWithAnEditOfTheOtherWords(t *testing.T) {
	s := newLiveShop(t, "", "")
	const first, edited = "It boils slowly and loudly. Mine looks terrible on the counter.", "It boils slowly and very loudly. Mine looks terrible on the counter."
	s.shows("/", links("/k"), "/k", kettle(opinion("Ann", first), opinion("Bob", "Mine broke after a week of tea.")))
	s.crawl(exitDone)
	m := s.byText()[first]
	d, err := desk.Open(t.Context(), filepath.Join(s.dir, deskFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	last := m.Analysis.Sentences[len(m.Analysis.Sentences)-1]
	if _, err := d.SetCorrection(t.Context(), desk.Correction{Mention: m.ID, Words: desk.SentenceKey(&m, last.Span), At: time.Now(),
		Labels: &desk.Labels{Sentiment: mention.Positive}}); err != nil {
		t.Fatal(err)
	}
	corrected := func(when, text string) {
		t.Helper()
		got := s.byText()[text]
		if got.ID != m.ID || len(got.Flags) != 1 || got.Flags[0].Name != mention.FlagCorrected || got.Analysis.Sentences[len(got.Analysis.Sentences)-1].Score <= 0 {
			t.Errorf("%s it is %v, %+v", when, got.Flags, got.Analysis)
		}
	}
	s.crawl(exitDone, "--deep")
	corrected("collected again, though its page is the same", first)
	s.shows("/k", kettle(opinion("Bob", "Mine broke after a week of tea."), opinion("Ann", edited)))
	s.crawl(exitDone)
	corrected("edited", edited)
	s.crawl(exitDone, "--deep")
	corrected("collected once more", edited)
	s.replay(exitDone)
	corrected("read again", edited)
}
