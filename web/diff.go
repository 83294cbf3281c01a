package web

import (
	"slices"
	"strings"
	"unicode"
)

// maxDiffCells bounds the work of comparing two texts: the product of their
// numbers of words, after what they begin and end with in common. Beyond it,
// all of the middle counts as changed.
const maxDiffCells = 4_000_000

// wordDiff marks in each of two texts the words that the other lacks, by the
// longest common subsequence of their words. Each text is whole in its pieces.
func wordDiff(old, new string) (before, after []piece) {
	a, b := diffWords(old), diffWords(new)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	keptA, keptB := common(a[head:len(a)-tail], b[head:len(b)-tail])
	return marked(a, keptA, head, tail), marked(b, keptB, head, tail)
}

// diffWords cuts a text into words and what stands between them.
func diffWords(s string) []string {
	var out []string
	start, inWord := 0, false
	for i, r := range s {
		word := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
		if i > start && (word != inWord || !word) {
			out = append(out, s[start:i])
			start = i
		}
		inWord = word
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// common tells which of the words of a and of b are in a longest common
// subsequence of both.
func common(a, b []string) (keptA, keptB []bool) {
	keptA, keptB = make([]bool, len(a)), make([]bool, len(b))
	if len(a)*len(b) > maxDiffCells || len(a) == 0 || len(b) == 0 {
		return keptA, keptB
	}
	width := len(b) + 1
	longest := make([]int32, (len(a)+1)*width) // of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			keptA[i], keptB[j] = true, true
			i, j = i+1, j+1
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return keptA, keptB
}

// marked joins words into pieces; the first head and the last tail words are
// kept, too.
func marked(words []string, kept []bool, head, tail int) []piece {
	marks := slices.Concat(make([]bool, head), kept, make([]bool, tail))
	for i := range marks {
		marks[i] = i >= head && i < len(words)-tail && !marks[i]
		// A space between two changed words has changed with them.
		if !marks[i] && i > 0 && i+1 < len(words) && marks[i-1] && i+1-head < len(kept) && i+1 >= head && !kept[i+1-head] && strings.TrimSpace(words[i]) == "" {
			marks[i] = true
		}
	}
	var out []piece
	for start := 0; start < len(words); {
		end := start + 1
		for end < len(words) && marks[end] == marks[start] {
			end++
		}
		out = append(out, piece{Text: clean(strings.Join(words[start:end], "")), Mark: marks[start]})
		start = end
	}
	return out
}
