// Package element reads values off single elements of a page without markup:
// the grade that a row of stars shows, the time that a stamp gives, the words
// of a class name.
//
// It is for those who know which element they mean, by selector or by
// evidence, and not for finding reviews; see packages blocks and selectors.
package element

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/normalize"
)

// maxNodes bounds how much of a subtree is looked at for one value.
const maxNodes = 200

// Attr returns an attribute's value without outer white space; "" when it is
// missing.
func Attr(n *html.Node, name string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			return strings.TrimSpace(n.Attr[i].Val)
		}
	}
	return ""
}

// Words splits a class name or identifier into its words, in lower case:
// "reviewCard__title-45" gives review, card, title, 45.
func Words(token string) []string { return AppendWords(nil, token) }

// AppendWords appends the words of a class name or identifier; see Words.
func AppendWords(out []string, token string) []string {
	start, last := 0, rune(0)
	cut := func(end int) {
		if end <= start {
			return
		}
		if out == nil {
			out = make([]string, 0, 4) // most have no more
		}
		out = append(out, strings.ToLower(token[start:end]))
	}
	for i, r := range token {
		letter, digit := unicode.IsLetter(r), '0' <= r && r <= '9'
		switch {
		case !letter && !digit:
			cut(i)
			start = i + len(string(r))
		case digit != ('0' <= last && last <= '9') && start < i,
			unicode.IsUpper(r) && unicode.IsLower(last):
			cut(i)
			start = i
		}
		last = r
	}
	cut(len(token))
	return out
}

// walk visits the elements of n's subtree in document order with their depth
// below n, until visit returns false or the bound is reached.
func walk(n *html.Node, visit func(n *html.Node, depth int) bool) {
	left := maxNodes
	var down func(n *html.Node, depth int) bool
	down = func(n *html.Node, depth int) bool {
		if left--; left < 0 {
			return false
		}
		if n.Type == html.ElementNode && !visit(n, depth) {
			return false
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !down(c, depth+1) {
				return false
			}
		}
		return true
	}
	down(n, 0)
}

// Text returns the text of n's subtree, white space folded, when that is not
// longer than limit bytes or so; "" otherwise.
func Text(n *html.Node, limit int) string {
	if c := n.FirstChild; c != nil && c == n.LastChild && c.Type == html.TextNode && n.Data != "script" && n.Data != "style" && folded(c.Data) {
		if len(c.Data) > limit {
			return ""
		}
		return c.Data
	}
	var b strings.Builder
	left := maxNodes
	var down func(n *html.Node) bool
	down = func(n *html.Node) bool {
		if left--; left < 0 || b.Len() > limit {
			return false
		}
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
			b.WriteByte(' ')
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style"):
			return true
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if !down(c) {
				return false
			}
		}
		return true
	}
	if !down(n) {
		return ""
	}
	s := strings.Join(strings.Fields(b.String()), " ")
	if len(s) > limit {
		return ""
	}
	return s
}

// folded tells whether folding white space would leave a text as it is.
func folded(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 || c < ' ' || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space
}

// Prose returns the plain text of n's subtree without the elements that skip
// names, as normalize.Node would.
func Prose(n *html.Node, skip func(*html.Node) bool) string {
	if skip(n) {
		return ""
	}
	if c := prune(n, skip); c != nil {
		n = c
	}
	return normalize.Node(n)
}

// prune returns a copy of n's subtree without what skip names; nil when it
// names nothing there.
func prune(n *html.Node, skip func(*html.Node) bool) *html.Node {
	var out *html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		drop := c.Type == html.ElementNode && skip(c)
		var copied *html.Node
		if !drop && c.Type == html.ElementNode {
			copied = prune(c, skip)
		}
		if out == nil && (drop || copied != nil) {
			out = &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Namespace: n.Namespace, Attr: n.Attr}
			for before := n.FirstChild; before != c; before = before.NextSibling {
				out.AppendChild(clone(before))
			}
		}
		switch {
		case out == nil || drop:
		case copied != nil:
			out.AppendChild(copied)
		default:
			out.AppendChild(clone(c))
		}
	}
	return out
}

func clone(n *html.Node) *html.Node {
	out := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Namespace: n.Namespace, Attr: n.Attr}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		out.AppendChild(clone(c))
	}
	return out
}

// Stamp is a published time as an element gives it.
type Stamp struct {
	Time      time.Time
	Precision mention.Precision
	// Unsteady says that it was counted back from the time of fetching.
	Unsteady bool
	// Undecided is the time as written where nothing tells its day from its
	// month; then there is no Time.
	Undecided string
}

// timeWords are parts of the names of attributes that hold times.
var timeWords = map[string]bool{"time": true, "timestamp": true, "date": true, "datetime": true, "epoch": true, "utime": true,
	"created": true, "published": true, "posted": true, "shortdate": true}

// Time reads the published time of an element: machine-readable attributes of
// it or what it holds (datetime, content, data-timestamp and the like), then
// title, then its text. See normalize.Date for lang and at.
func Time(n *html.Node, lang string, at time.Time) (Stamp, bool) {
	var best Stamp
	found := false
	try := func(s string) {
		if len(s) < 4 || len(s) > 80 {
			return
		}
		if t, p, ok := normalize.Date(s, lang, time.Time{}); ok && (!found || finer(p, best.Precision)) {
			best, found = Stamp{Time: t, Precision: p}, true
		}
	}
	walk(n, func(n *html.Node, _ int) bool {
		for _, a := range n.Attr {
			switch {
			case a.Key == "datetime", a.Key == "content", a.Key == "data-content":
				try(a.Val)
			case strings.HasPrefix(a.Key, "data-"):
				for _, w := range Words(a.Key[5:]) {
					if timeWords[w] {
						try(a.Val)
						break
					}
				}
			}
		}
		return true
	})
	if found {
		return best, true
	}
	walk(n, func(n *html.Node, _ int) bool {
		try(Attr(n, "title"))
		return true
	})
	if found {
		return best, true
	}
	return TimeText(Text(n, 200), lang, at)
}

// TimeText reads a published time from a phrase; without one the stamp may
// still say what is undecided.
func TimeText(s, lang string, at time.Time) (Stamp, bool) {
	s = strings.Replace(s, " @ ", " ", 1)
	t, p, ok := normalize.Date(s, lang, at)
	if _, rest, labelled := strings.Cut(s, ": "); labelled && p != mention.Second {
		// The label may be taken for part of the date.
		if t2, p2, ok2 := normalize.Date(rest, lang, at); ok2 && (!ok || finer(p2, p)) {
			t, p, ok = t2, p2, true
		}
	}
	if _, rest, cut := strings.Cut(s, " – "); !ok && cut {
		return TimeText(rest, lang, at)
	}
	if !ok && normalize.Ambiguous(s, lang) {
		return Stamp{Undecided: s}, false
	}
	if !ok {
		return Stamp{}, false
	}
	return Stamp{Time: t, Precision: p, Unsteady: normalize.Relative(s, lang)}, true
}

var fineness = map[mention.Precision]int{mention.Year: 1, mention.Month: 2, mention.Day: 3, mention.Minute: 4, mention.Second: 5}

func finer(a, b mention.Precision) bool { return fineness[a] > fineness[b] }

// Digit tells whether a text has a digit.
func Digit(s string) bool {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}
