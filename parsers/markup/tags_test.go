package markup

import (
	"strings"
	"testing"

	"golang.org/x/net/html/atom"
)

func TestEveryCommonTagHasAPlaceOfItsOwn(t *testing.T) {
	taken := 0
	for _, e := range tags {
		if e.number != 0 {
			taken++
		}
	}
	names := strings.Fields(commonTags)
	if taken != len(names) {
		t.Errorf("%d places for %d names", taken, len(names))
	}
	for _, name := range names {
		if len(name) > maxTag {
			t.Errorf("%s is too long", name)
		}
		z := NewScanner("<" + name + ">")
		if z.Next(); z.Atom() != atom.Lookup([]byte(name)) || z.Name() != name {
			t.Errorf("%s: %v %q", name, z.Atom(), z.Name())
		}
	}
}
