package moments

import (
	"math/bits"

	"klank/mention"
)

// Labels is a set of touchpoints, care lenses and signals.
type Labels uint64

// Words is the number of words that Touchpoints, Moments, Care and Signals append
// for a set.
func (f *Finder) Words(l Labels) int {
	n := bits.OnesCount64(uint64(l))
	for _, m := range f.moments {
		if l&m != 0 {
			n++
		}
	}
	return n
}

// Touchpoints, Moments, Care and Signals append the words of a set in the order
// of the taxonomy.
func (f *Finder) Touchpoints(dst []string, l Labels) []string { return f.append(dst, l&f.touchpoints) }

// Moments appends the moments of truth of a set's touchpoints, in the order of
// the journey.
func (f *Finder) Moments(dst []string, l Labels) []string {
	for i, m := range f.moments {
		if l&m != 0 {
			dst = append(dst, mention.Moments[i])
		}
	}
	return dst
}

// Care appends the care lenses of a set.
func (f *Finder) Care(dst []string, l Labels) []string { return f.append(dst, l&f.care) }

// Signals appends the signals of a set.
func (f *Finder) Signals(dst []string, l Labels) []string { return f.append(dst, l&f.signals) }

// Names gives all words of a set, nil for none.
func (f *Finder) Names(l Labels) []string { return f.append(nil, l) }

func (f *Finder) append(dst []string, l Labels) []string {
	for ; l != 0; l &= l - 1 {
		dst = append(dst, f.names[bits.TrailingZeros64(uint64(l))])
	}
	return dst
}
