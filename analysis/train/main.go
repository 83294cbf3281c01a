// Command train makes the models of analysis/sentiment:
//
//	go run ./analysis/train -data ../shared/corpora/train
//
// It learns from the sets in -data that sets.go names and from the project's
// own corpus, a tenth of each held back, and writes nl.model and en.model. With -stated it
// leaves out the sets whose terms are not stated. With -dev it measures the
// models on the sets of a folder, which are never learnt from, and prints a
// table. The same input gives the same bytes on the same kind of processor.
// docs/model.md is the card of the models.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"klank/analysis/sentiment"
	"klank/analysis/text"
)

func main() {
	log.SetFlags(0)
	var p plan
	flag.StringVar(&p.data, "data", "../shared/corpora/train", "folder of the labelled sets")
	flag.StringVar(&p.corpus, "corpus", "analysis/train/corpus", "folder of the project's own corpus")
	flag.StringVar(&p.to, "to", "analysis/sentiment/data", "folder to write the models into")
	flag.StringVar(&p.dev, "dev", "", "folder of sets to measure the models on")
	flag.BoolVar(&p.stated, "stated", false, "learn only from sets whose terms are stated")
	flag.Parse()
	if err := p.run(); err != nil {
		log.Fatal("train: ", err)
	}
}

type plan struct {
	data, corpus, to, dev string
	stated                bool
}

func (p *plan) run() error {
	rules, err := sentiment.Rules()
	if err != nil {
		return err
	}
	from := source{data: p.data, corpus: p.corpus, rules: rules}
	fmt.Println("| set | texts | accuracy | macro-F1 | 3 classes | stars |\n| --- | --- | --- | --- | --- | --- |")
	for _, language := range []string{"nl", "en"} {
		if err := p.train(&from, language); err != nil {
			return err
		}
	}
	return nil
}

// words is the share of the word lists.
var words = map[string]float64{"nl": 0.2, "en": 0.4}

// train makes and measures the model of a language.
func (p *plan) train(from *source, language string) error {
	t := sentiment.Training{Language: language, Words: words[language] * mass, Epochs: 8, Rate: 0.06, Decay: 0.03, Dropout: 0.3}
	held := map[string][]sentiment.Example{}
	var names []string
	for i := range sets {
		s := &sets[i]
		if s.language != language || p.stated && !s.stated {
			continue
		}
		learn, kept, err := from.read(s)
		if err != nil {
			return err
		}
		t.Examples, t.Held = append(t.Examples, learn...), append(t.Held, kept...)
		names, held[s.name] = append(names, s.name), kept
	}
	model, err := from.rules.Train(context.Background(), t)
	if err != nil {
		return err
	}
	file, err := model.Bytes()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.to, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.to, language+".model"), file, 0o644); err != nil {
		return err
	}
	scorer := from.rules.With(language, model)
	for _, name := range names {
		printFigures(scorer, language, name+", held back", held[name])
	}
	return p.measure(scorer, language)
}

// measure prints the figures on the sets that are for measuring.
func (p *plan) measure(scorer *sentiment.Scorer, language string) error {
	if p.dev == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(p.dev, language+"_*.jsonl.gz"))
	if err != nil {
		return err
	}
	for _, file := range files {
		lines, err := readLines(file)
		if err != nil {
			return err
		}
		var examples []sentiment.Example
		for i := range lines {
			examples = append(examples, sentiment.Example{Text: lines[i].Text, Label: lines[i].Label, Stars: lines[i].stars()})
		}
		printFigures(scorer, language, "dev/"+strings.TrimSuffix(filepath.Base(file), ".jsonl.gz"), examples)
	}
	return nil
}

func printFigures(scorer *sentiment.Scorer, language, name string, examples []sentiment.Example) {
	var f sentiment.Figures
	var w sentiment.Work
	var title, body text.Doc
	for _, e := range examples {
		title.Parse(e.Title)
		body.Parse(e.Text)
		f.Add(e.Label, e.Stars, scorer.Score(&w, &title, &body, language))
	}
	fmt.Printf("| %s | %s |\n", name, &f)
}
