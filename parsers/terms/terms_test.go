package terms

import (
	"strings"
	"testing"
)

func TestHold(t *testing.T) {
	set := New("ago", "vor ", "©", "trouvé", "a-b")
	for text, want := range map[string]bool{
		"":              false,
		"a":             false,
		"ag":            false,
		"3 days AGO":    true,
		"before":        false,
		"Vor 3 Tagen":   true,
		"vor":           false,
		"© 2024":        true,
		"2024 ©":        true,
		"12 ont trouvé": true,
		"A-B":           true,
		"aMb":           false, // the two share their lower bits with a-b
	} {
		if got := Hold(text, set); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if got := Hold([]byte(text), set); got != want {
			t.Errorf("bytes of %q: %v", text, got)
		}
	}
}

func FuzzHold(f *testing.F) {
	f.Add("3 days AGO", "ago", "©")
	f.Fuzz(func(t *testing.T, text, a, b string) {
		a, b = lower(a), lower(b)
		if len(a) < 2 || len(b) < 2 {
			return
		}
		s := lower(text)
		if got, want := Hold(text, New(a, b)), strings.Contains(s, a) || strings.Contains(s, b); got != want {
			t.Errorf("%q, %q in %q: %v", a, b, text, got)
		}
	})
}

// lower turns the letters of ASCII to lower case.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] |= 0x20
		}
	}
	return string(b)
}
