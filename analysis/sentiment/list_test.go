package sentiment

import (
	"strings"
	"testing"
)

func TestAListFindsItsWords(t *testing.T) {
	l, err := newWordList("test", "aap\t45\naap's\t-100\nnoot\t0\n")
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]int32{"aap": 45, "aap's": -100, "noot": 0} {
		if got, listed := l.find(word); !listed || got != want {
			t.Errorf("%s: %v (%v), want %v", word, got, listed, want)
		}
	}
	for _, word := range []string{"", "a", "aap\t45", "aap'", "mies"} {
		if got, listed := l.find(word); listed {
			t.Errorf("%q is listed: %v", word, got)
		}
	}
}

func TestListsHaveNoWordTwice(t *testing.T) {
	for i, lines := range []string{dutchWords, englishWords} {
		l, err := newWordList(languages[i], lines)
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for word, valence := range l.all() {
			if word <= last {
				t.Fatalf("%s: %q stands after %q", languages[i], word, last)
			}
			if got, listed := l.find(word); !listed || float64(got)/100 != valence {
				t.Fatalf("%s: %q has %v (%v), want %v", languages[i], word, got, listed, valence)
			}
			last = word
		}
	}
}

func TestAListNamesItsMistakes(t *testing.T) {
	if _, err := newWordList("test", "aap\t45\nnoot 5\n"); err == nil || !strings.Contains(err.Error(), "test:2") {
		t.Errorf("error %v", err)
	}
}
