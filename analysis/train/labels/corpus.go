package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// labelled is one text of the corpus.
type labelled struct {
	ID, Author, Text           string
	Touchpoints, Care, Signals []string
	// everyday tells that the text is one of the many that say the usual in
	// the usual words.
	everyday bool
}

func (l *labelled) language() string { return l.ID[:2] }

func (l *labelled) has(label string) bool {
	return slices.Contains(l.Touchpoints, label) || slices.Contains(l.Care, label) || slices.Contains(l.Signals, label)
}

// readCorpus reads every file of the corpus, in the order of their names.
func readCorpus(dir string) ([]labelled, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no corpus (*.jsonl) in %s", dir)
	}
	var out []labelled
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			l := labelled{everyday: strings.HasPrefix(filepath.Base(name), "everyday")}
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
			if len(l.ID) < 2 {
				return nil, fmt.Errorf("%s:%d: the id %q does not begin with a language", name, n, l.ID)
			}
			out = append(out, l)
		}
		f.Close()
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}

// parts is into how many the authors are divided; those of part 0 are held
// back, the others take turns at choosing thresholds.
const parts = 10

// part is the part of an author, and of all texts by one.
func part(author string) int {
	h := fnv.New32a()
	h.Write([]byte(author))
	return int(h.Sum32() % parts)
}

// heldBack gives the texts of the authors that are never learned from.
func heldBack(all []labelled) []labelled {
	return slices.DeleteFunc(slices.Clone(all), func(l labelled) bool { return part(l.Author) != 0 })
}
