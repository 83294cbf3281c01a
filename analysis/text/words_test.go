package text

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheSameWordHasTheSameNumber(t *testing.T) {
	var words Words
	a, b := Doc{Words: &words}, Doc{Words: &words}
	a.Parse("Goed! GOED #goed góed goooed (2) http://x.nl @ik")
	b.Parse("goed!")
	n := a.Tokens[0].Word
	if n == 0 || a.Tokens[2].Word != n || a.Tokens[3].Word != n || a.Tokens[4].Word != n || b.Tokens[0].Word != n {
		t.Errorf("a word in other writing has another number: %+v, %+v", a.Tokens, b.Tokens)
	}
	if a.Tokens[5].Word == n {
		t.Error("an elongated word is not told apart")
	}
	for _, tok := range a.Tokens {
		if none := tok.Kind == Link || tok.Kind == Handle; none != (tok.Word == 0) {
			t.Errorf("token %+v", tok)
		}
	}
}

func TestNumbersChangeNoToken(t *testing.T) {
	var words Words
	numbered := Doc{Words: &words}
	for _, s := range []string{"Snel! geleverd,  ÉN goed...", strings.Repeat("lang", 20) + " woord 12345 1", "Snel geleverd door a@b.nl 😀 :-) soooo"} {
		var plain Doc
		plain.Parse(s)
		numbered.Parse(s)
		for i, want := range plain.Tokens {
			got := numbered.Tokens[i]
			if got.Word = 0; got != want {
				t.Errorf("%q: %+v, want %+v", s, got, want)
			}
		}
	}
}

func TestWordsAreBoundedAndRenewed(t *testing.T) {
	var words Words
	var facts Facts[int]
	d := Doc{Words: &words}
	var long strings.Builder
	for i := range mostWords + mostLeft + 1000 {
		fmt.Fprintf(&long, "w%dx ", i)
	}
	d.Parse("eerste " + long.String())
	facts.Begin(&words, t)
	for i := range d.Tokens {
		if n := d.Tokens[i].Word; facts.Find(n) == nil {
			*facts.Add(n) = i
		}
	}
	if len(words.forms) > mostWords+1 || len(facts.facts) > mostWords+1 {
		t.Errorf("%d words, %d facts", len(words.forms), len(facts.facts))
	}
	if n := d.Tokens[len(d.Tokens)-1].Word; n != 0 {
		t.Errorf("a word has number %d where there is no room", n)
	}
	if x := facts.Find(d.Tokens[7].Word); x == nil || *x != 7 {
		t.Error("a fact is not found")
	}
	words.Renew()
	d.Parse("laatste")
	if d.Tokens[0].Word == 0 {
		t.Error("renewing makes no room")
	}
	if !facts.Begin(&words, t) {
		t.Error("facts of forgotten words are kept")
	}
	if facts.Find(d.Tokens[0].Word) != nil {
		t.Error("a new word has the facts of a forgotten one")
	}
}
