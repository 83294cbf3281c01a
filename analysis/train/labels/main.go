// Command labels makes the model with which package moments weighs what its
// patterns find, from the sentences of analysis/train/corpus:
//
//	go run ./analysis/train/labels -to analysis/moments/model.bin
//
// The same corpus and the same patterns give the same bytes. A tenth of the
// authors is never learned from; the figures it prints are of their texts.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	corpus := flag.String("corpus", "analysis/train/corpus", "the folder of the labelled sentences")
	to := flag.String("to", "", "the model file to write; empty: figures only")
	size := flag.Int("size", 300_000, "the most bytes of the model file")
	flag.Parse()
	if err := run(*corpus, *to, *size); err != nil {
		fmt.Fprintln(os.Stderr, "labels:", err)
		os.Exit(1)
	}
}

func run(corpus, to string, size int) error {
	texts, err := readCorpus(corpus)
	if err != nil {
		return err
	}
	t, err := newTrainer(texts)
	if err != nil {
		return err
	}
	file := t.model(size)
	if err := t.finder.Use(file); err != nil {
		return err
	}
	printFigures(os.Stdout, t.finder, t.feeler, heldBack(texts))
	fmt.Printf("%d bytes\n", len(file))
	if to == "" {
		return nil
	}
	return os.WriteFile(to, file, 0o644)
}
