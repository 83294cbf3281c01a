package markup

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// sign is what a byte is within a tag, a set of bits.
type sign uint8

const (
	space sign = 1 << iota
	equal
	slash
	greater
	capital
)

// signs tells of each byte what it is; built once, never changed.
var signs = func() (out [256]sign) {
	for _, c := range " \n\t\f" {
		out[c] = space
	}
	out['='], out['/'], out['>'] = equal, slash, greater
	for c := 'A'; c <= 'Z'; c++ {
		out[c] = capital
	}
	return out
}()

// tag is the name of an element that has a place among tags: number is its
// letters as the digits of a number.
type tag struct {
	number uint64
	atom   atom.Atom
}

// maxTag is how many letters make a number at most.
const maxTag = 8

// commonTags are the names that most tags have.
const commonTags = "a abbr address area article aside b base big body br button caption cite code dd del details div dl dt em " +
	"fieldset figure font footer form g h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins label legend li link main mark meta meter nav " +
	"noscript ol optgroup option p path picture pre q s script section select small source span strong style sub summary sup svg table tbody td " +
	"template textarea tfoot th thead time title tr tt u ul use var video"

// tags finds the atoms of commonTags, 0 for those that have none, at tagPlace;
// built once, never changed. What is not found there is left to atom.Lookup.
var tags = func() (out [1024]tag) {
	for name := range strings.FieldsSeq(commonTags) {
		number := uint64(0)
		for _, c := range []byte(name) {
			number = number<<8 | uint64(c)
		}
		out[tagPlace(number)] = tag{number, atom.Lookup([]byte(name))}
	}
	return out
}()

// tagPlace is where a name stands among tags. The factor gives each of theirs a
// place of its own.
func tagPlace(number uint64) uint64 { return number * 0xF06D3FEF701966A1 >> 54 }

// tagName reads the name that starts at i and returns where it ends.
func (z *Scanner) tagName(i int) int {
	s, start := z.s, i
	var met sign
	var number uint64
	for ; i < len(s); i++ {
		c := s[i]
		is := signs[c]
		if is&(space|slash|greater) != 0 {
			break
		}
		met |= is
		number = number<<8 | uint64(c)
	}
	z.from, z.to = start, i
	if met&capital != 0 {
		z.name = lower(s[start:i])
	} else if z.name != "" {
		z.name = ""
	}
	if e := &tags[tagPlace(number)]; e.number == number && i-start <= maxTag {
		z.atom = e.atom // no name with capitals has a number of these
		return i
	}
	z.atom = atom.Lookup([]byte(z.Name()))
	return i
}

// lower turns A to Z to lower case; most names are.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
