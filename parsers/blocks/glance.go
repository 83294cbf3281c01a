package blocks

import "klank/parsers/terms"

// glance is what a text shows at first sight, by which most texts can be told
// to be neither a name nor a date.
type glance struct {
	length, spaces int32
	digit          bool
	// sign says that it has one that no name has.
	sign bool
}

// What a byte is at first sight; the lowest bit counts spaces.
const (
	spaceByte uint8 = 1 << iota
	digitByte
	signByte
)

// glanceBytes tells of each byte what it is; built once, never changed.
var glanceBytes = func() (out [256]uint8) {
	out[' '] = spaceByte
	for c := '0'; c <= '9'; c++ {
		out[c] = digitByte
	}
	for _, c := range "?!:;,/()[]" {
		out[c] = signByte
	}
	return out
}()

func glanceAt(t string) glance {
	met, spaces := uint8(0), int32(0)
	for i := range len(t) {
		is := glanceBytes[t[i]]
		met |= is
		spaces += int32(is & spaceByte)
	}
	return glance{int32(len(t)), spaces, met&digitByte != 0, met&signByte != 0}
}

// namelike tells whether a text may be a name rather than a title.
func (g glance) namelike() bool {
	return g.length >= 2 && g.length <= 40 && g.spaces <= 3 && !g.sign
}

// namelike tells the same of a text that was not looked at.
func namelike(t string) bool { return len(t) <= 40 && glanceAt(t).namelike() }

// timely tells whether the text of a glance has a figure or word that every
// date has one of.
func (g glance) timely(t string) bool { return g.digit || terms.Hold(t, timeWords) }
