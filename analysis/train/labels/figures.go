package main

import (
	"fmt"
	"io"

	"klank/analysis/moments"
	"klank/analysis/sentiment"
	"klank/analysis/text"
	"klank/mention"
)

// counts are those of one label or of several.
type counts struct{ right, wrong, missed int }

func (c *counts) add(want, got bool, n int) {
	switch {
	case want && got:
		c.right += n
	case got:
		c.wrong += n
	case want:
		c.missed += n
	}
}

func (c *counts) f1() float64 {
	return 2 * float64(c.right) / float64(max(1, 2*c.right+c.wrong+c.missed))
}

// figures is the micro-F1 of each kind of label over some texts.
type figures struct{ Touchpoints, Care, Signals float64 }

// measure labels texts and compares.
func measure(f *moments.Finder, feeler *sentiment.Scorer, texts []labelled) figures {
	var w moments.Work
	var none, d text.Doc
	var feelings sentiment.Work
	var touchpoints, care, signals counts
	for i := range texts {
		d.Parse(texts[i].Text)
		felt := feeler.Score(&feelings, &none, &d, texts[i].language())
		found := f.Find(&w, &none, &d, texts[i].language(), moments.Feeling{Text: felt.Score, Sentences: felt.Sentences})
		all := found.Signals
		for _, s := range found.Sentences {
			all |= s
		}
		got := map[string]bool{}
		for _, name := range f.Names(all) {
			got[name] = true
		}
		add := func(c *counts, names []string) {
			for _, name := range names {
				c.add(texts[i].has(name), got[name], 1)
			}
		}
		for _, m := range mention.Moments {
			add(&touchpoints, mention.Touchpoints[m])
		}
		add(&care, mention.CareLenses)
		add(&signals, mention.Signals)
	}
	return figures{touchpoints.f1(), care.f1(), signals.f1()}
}

// printFigures prints what a model does on texts it has not seen.
func printFigures(w io.Writer, f *moments.Finder, feeler *sentiment.Scorer, texts []labelled) {
	for _, language := range []string{"nl", "en"} {
		for _, everyday := range []bool{true, false} {
			var part []labelled
			for _, l := range texts {
				if l.language() == language && l.everyday == everyday {
					part = append(part, l)
				}
			}
			kind := "corpus"
			if everyday {
				kind = "everyday"
			}
			x := measure(f, feeler, part)
			fmt.Fprintf(w, "%s %-8s %4d texts: touchpoints %.3f, care %.3f, signals %.3f\n", language, kind, len(part), x.Touchpoints, x.Care, x.Signals)
		}
	}
}
