package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/analysis/sentiment"
	"klank/index/sqlite"
	"klank/mention"
)

// ratedMentions are reviews in a jargon that klank does not know.
func ratedMentions(n int) []mention.Mention {
	var out []mention.Mention
	for i := range n {
		word, score := "zwabber", 1.0
		if i%2 == 0 {
			word, score = "grutjes", 0
		}
		out = append(out, mention.Mention{
			ID: fmt.Sprintf("m%04d", i), Kind: "review", Language: "nl", Source: mention.Source{Name: "shop", Host: "shop.example"},
			Text:   fmt.Sprintf("bestelling %d was weer ouderwets %s", i, word),
			Author: &mention.Author{Key: fmt.Sprint("a", i%80)},
			Rating: &mention.Rating{Value: 1 + 4*score, Best: 5, Score: score},
		})
	}
	return out
}

// klank runs a command line on a data folder and returns what it prints.
func klank(t *testing.T, data, in string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append([]string{"--data", data}, args...)
	if code := execute(context.Background(), args, strings.NewReader(in), &out, &errOut); code != exitDone {
		t.Fatalf("klank %s: status %d\n%s%s", strings.Join(args, " "), code, &out, &errOut)
	}
	return out.String()
}

// scoreOf is the score that klank analyze gives a Dutch text.
func scoreOf(t *testing.T, data, text string) float64 {
	t.Helper()
	var got mention.Analysis
	if err := json.Unmarshal([]byte(klank(t, data, text+"\n", "analyze", "--json", "--lang", "nl")), &got); err != nil {
		t.Fatal(err)
	}
	return got.Sentiment.Score
}

func TestLearningKeepsTheBetterModelAndCanBeUndone(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "rated.ndjson")
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, m := range ratedMentions(400) {
		if err := enc.Encode(&m); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	const good, bad = "echt zwabber", "echt grutjes"
	first := klank(t, data, "", "version")
	before := scoreOf(t, data, good) - scoreOf(t, data, bad)
	if out := klank(t, data, "", "learn", "--from", file); !strings.Contains(out, "before") || !strings.Contains(out, "the new model is kept") {
		t.Fatalf("learn says %s", out)
	}
	if after := scoreOf(t, data, good) - scoreOf(t, data, bad); after < before+0.3 {
		t.Errorf("praise and blame lie %.2f apart, before %.2f", after, before)
	}
	if klank(t, data, "", "version") == first {
		t.Error("the version of the analysis does not tell of the learnt model")
	}
	if out := klank(t, data, "", "learn", "--from", file); !strings.Contains(out, "the model before is kept") {
		t.Errorf("learning the same again says %s", out)
	}
	klank(t, data, "", "learn", "--undo")
	if again := scoreOf(t, data, good) - scoreOf(t, data, bad); again != before {
		t.Errorf("after undo they lie %.2f apart, before %.2f", again, before)
	}
	if klank(t, data, "", "version") != first {
		t.Error("the version is another after undo")
	}
}

func TestLearningReadsTheRatedMentionsOfTheIndex(t *testing.T) {
	data := t.TempDir()
	ix, err := sqlite.Open(filepath.Join(data, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	unrated := ratedMentions(1)[0]
	unrated.ID, unrated.Rating = "unrated", nil
	if _, err := ix.Put(context.Background(), append(ratedMentions(300), unrated)); err != nil {
		t.Fatal(err)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	out := klank(t, data, "", "learn")
	var learnt, held int
	if _, err := fmt.Sscanf(out, "nl: learnt from %d texts, measured on %d others", &learnt, &held); err != nil || learnt+held != 300 {
		t.Errorf("learn says %s", out)
	}
}

func TestABackupHoldsWhatWasLearnt(t *testing.T) {
	data, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	e := &env{data: data}
	scorer, err := sentiment.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.keepModel("nl", scorer.Model("nl")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, secretFile), []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	klank(t, data, "", "backup", copied)
	if m, _, err := (&env{data: copied}).learntModel("nl"); err != nil || m == nil {
		t.Errorf("the copy has no model: %v", err)
	}
}

func TestABrokenModelIsNamedWithTheWayOut(t *testing.T) {
	data := t.TempDir()
	e := &env{data: data}
	if err := os.MkdirAll(filepath.Dir(e.modelFile("nl")), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(e.modelFile("nl"), []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.newAnalyzer(); err == nil || !strings.Contains(err.Error(), "klank learn --undo") {
		t.Errorf("error %v", err)
	}
	klank(t, data, "", "learn", "--undo")
	if _, err := e.newAnalyzer(); err != nil {
		t.Error(err)
	}
}
