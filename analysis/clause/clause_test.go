package clause

import (
	"slices"
	"testing"

	"klank/analysis/text"
)

func parts(s string) []string {
	var d text.Doc
	d.Parse(s)
	var out []string
	var cs []Clause
	for n := range d.Sentences {
		cs = Split(cs[:0], &d, n)
		for _, c := range cs {
			out = append(out, s[c.Start:c.End])
		}
	}
	return out
}

func TestSentencesAreCutAtSignsAndConjunctions(t *testing.T) {
	for s, want := range map[string][]string{
		"Great phone, terrible service!":              {"Great phone", ", terrible service!"},
		"Goed. Maar duur":                             {"Goed.", "Maar duur"},
		"Bij X was het goed, maar Y is een ramp.":     {"Bij X was het goed", ", maar Y is een ramp."},
		"De batterij en het scherm zijn slecht":       {"De batterij", "en het scherm zijn slecht"},
		"Het kost 3,50 (veel te duur) en werkt niet.": {"Het kost 3,50", "(veel te duur", ") en werkt niet."},
		"goed... maar duur":                           {"goed", "... maar duur"},
		"Maar goed":                                   {"Maar goed"},
		",":                                           {","},
		"":                                            nil,
	} {
		if got := parts(s); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestListsShareTheirAttitude(t *testing.T) {
	for _, c := range []struct {
		clauses, want []float64 // 0 is not loaded
		joints        []Joint
	}{
		{[]float64{0, -0.8}, []float64{-0.8, -0.8}, []Joint{None, And}},
		{[]float64{0.8, 0}, []float64{0.8, 0.8}, []Joint{None, And}},
		{[]float64{0.8, 0, -0.6}, []float64{0.8, -0.6, -0.6}, []Joint{None, Comma, And}},
		{[]float64{0.8, 0, -0.6}, []float64{0.8, 0.8, -0.6}, []Joint{None, And, Comma}},
		{[]float64{0.8, 0}, []float64{0.8, 0}, []Joint{None, But}},
	} {
		var cs []Clause
		for i, x := range c.clauses {
			cs = append(cs, Clause{Score: x, Loaded: x != 0, Joint: c.joints[i]})
		}
		Settle(cs)
		for i := range cs {
			if cs[i].Score != c.want[i] {
				t.Errorf("%v joined by %v: clause %d gets %v, want %v", c.clauses, c.joints, i, cs[i].Score, c.want[i])
			}
		}
	}
}

func FuzzSplitCoversEveryToken(f *testing.F) {
	f.Add("Goed, maar (te) duur... en :-) , traag!! \xff")
	f.Fuzz(func(t *testing.T, s string) {
		var d text.Doc
		d.Parse(s)
		for n, sent := range d.Sentences {
			at := sent.First
			for _, c := range Split(nil, &d, n) {
				if c.First != at || c.Last <= c.First {
					t.Fatalf("%q: clause %+v begins not at %d", s, c, at)
				}
				at = c.Last
			}
			if at != sent.Last {
				t.Fatalf("%q: clauses end at %d of %d", s, at, sent.Last)
			}
		}
	})
}
