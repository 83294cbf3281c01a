package main

import (
	"bytes"
	"os"
	"testing"

	"klank/analysis/moments"
	"klank/analysis/sentiment"
)

const corpus = "../corpus"

// TestOwnHeldOutAuthorsKeepTheirFloors measures the shipped model on authors
// it has not learned from. Most of these texts are far harder than what
// customers write every day: their figures say whether the model learnt, not
// how good it is elsewhere.
func TestOwnHeldOutAuthorsKeepTheirFloors(t *testing.T) {
	texts, err := readCorpus(corpus)
	if err != nil {
		t.Fatal(err)
	}
	f, err := moments.New()
	if err != nil {
		t.Fatal(err)
	}
	feeler, err := sentiment.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		everyday bool
		least    figures
	}{
		{true, figures{Touchpoints: 0.66, Care: 0.68, Signals: 0.78}},
		{false, figures{Touchpoints: 0.47, Care: 0.42, Signals: 0.63}},
	} {
		var part []labelled
		for _, l := range heldBack(texts) {
			if l.everyday == c.everyday {
				part = append(part, l)
			}
		}
		if len(part) < 50 {
			t.Fatalf("only %d texts are held back", len(part))
		}
		got := measure(f, feeler, part)
		t.Logf("%d texts: %+v", len(part), got)
		if got.Touchpoints < c.least.Touchpoints || got.Care < c.least.Care || got.Signals < c.least.Signals {
			t.Errorf("everyday %v: got %+v, want at least %+v", c.everyday, got, c.least)
		}
	}
}

// TestTheSameCorpusGivesTheSameBytes trains twice on a part of the corpus.
func TestTheSameCorpusGivesTheSameBytes(t *testing.T) {
	texts, err := readCorpus(corpus)
	if err != nil {
		t.Fatal(err)
	}
	var files [2][]byte
	for i := range files {
		tr, err := newTrainer(texts[:150])
		if err != nil {
			t.Fatal(err)
		}
		files[i] = tr.model(20_000)
	}
	if !bytes.Equal(files[0], files[1]) || len(files[0]) > 20_000 {
		t.Errorf("%d and %d bytes, equal: %v", len(files[0]), len(files[1]), bytes.Equal(files[0], files[1]))
	}
}

func TestNoHeldOutAuthorIsLearnedFrom(t *testing.T) {
	texts, err := readCorpus(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range heldBack(texts) {
		if part(l.Author) != 0 {
			t.Fatalf("%s is learned from", l.Author)
		}
	}
	if n := len(heldBack(texts)); n < 600 || n > len(texts)/6 {
		t.Errorf("%d of %d texts are held back", n, len(texts))
	}
}

func TestACorpusWithoutFilesIsAMistake(t *testing.T) {
	if _, err := readCorpus(t.TempDir()); err == nil {
		t.Error("no error")
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/x.jsonl", []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readCorpus(dir); err == nil {
		t.Error("no error for a broken line")
	}
}
