package main

import (
	"klank/index/research/layout"
	"klank/mention"
)

// printExplanation shows what each selector found and, where blocks are asked
// for, which groups of blocks were taken and why.
func printExplanation(p *printer, out parseOutput, groups bool) {
	for _, h := range out.Explain.Selectors {
		p.linef("  selector %s: %d of %d  %s", h.Field, h.Found, h.Of, clean(h.Rule))
		if h.First != "" {
			p.linef("    first: %s", layout.Shorten(clean(h.First), 100))
		}
	}
	if !groups {
		return
	}
	switch by := otherParser(out.Mentions); {
	case len(out.Explain.Blocks) == 0:
		p.linef("  blocks: nothing on the page repeats like reviews, comments or posts")
		return
	case by != "":
		p.linef("  blocks: not asked, as %s found mentions; it would have seen", by)
	}
	for _, g := range out.Explain.Blocks {
		verdict := "left"
		if g.Taken {
			verdict = "taken"
		}
		p.linef("  blocks: %s  %d × %s as %s, confidence %.2f: %s", verdict, g.Members, clean(g.Shape), g.Kind, g.Score, clean(g.Why))
	}
}

// otherParser names a parser other than the guess at blocks that found one of
// the mentions; "" where none did.
func otherParser(ms []mention.Mention) string {
	for i := range ms {
		if by := ms[i].Evidence.Parser; by != "blocks" {
			return by
		}
	}
	return ""
}
