package normalize

import (
	stdhtml "html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/charmap"
)

// Text returns plain text of plain text that may carry leftovers of markup:
// entities are undone however often they were encoded, tags removed, white
// space folded, blank lines and block elements kept as one \n\n.
func Text(s string) string {
	if isPlain(s) {
		return strings.Clone(s) // and not a part of the page
	}
	return text(s)
}

func text(s string) string {
	var w writer
	w.plain(clean(s))
	return w.String()
}

// isPlain tells whether Text would leave a text as it is, as most are.
func isPlain(s string) bool {
	return words(s, 0) == len(s) && strings.IndexByte(s, '&') < 0 && strings.IndexByte(s, '<') < 0
}

// HTML returns the plain text of an HTML fragment: block elements and <br>
// part paragraphs (\n\n); scripts and styles are left out; markup never
// comes out, not even where it was encoded twice.
func HTML(fragment string) string {
	if strings.IndexByte(fragment, '<') < 0 {
		return Text(fragment)
	}
	return Text(strip(fragment))
}

// Node returns the plain text of a DOM node as HTML does.
func Node(n *html.Node) string {
	var b strings.Builder
	b.Grow(textIn(n) + len("\n\n\n\n"))
	writeNode(&b, n)
	s := b.String()
	if inner := strings.Trim(s, "\n "); isPlain(inner) {
		return inner
	}
	return text(s)
}

// textIn counts the bytes of text in an element that a reader sees.
func textIn(n *html.Node) int {
	switch {
	case n.Type == html.TextNode:
		return len(n.Data)
	case skipped(n.DataAtom):
		return 0
	}
	size := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		size += textIn(c)
	}
	return size
}

// Line returns Text on a single line, for names and titles.
func Line(s string) string { return strings.ReplaceAll(Text(s), "\n\n", " ") }

// passes is how often entities and tags are undone; text encoded more often
// than that was made to be, and loses its "<" instead.
const passes = 4

// clean undoes entities and removes tags until neither is left.
func clean(s string) string {
	for range passes {
		if strings.IndexByte(s, '&') >= 0 {
			s = unescape(s)
		}
		if strings.IndexByte(s, '<') >= 0 { // "<\x00b>" is a tag to come
			s = strings.Map(visible, s)
		}
		if !hasTag(s) {
			return s
		}
		s = strings.ReplaceAll(strip(hide(s)), hidden, "<")
	}
	return strings.ReplaceAll(unescape(s), "<", " ")
}

// hidden stands for a "<" that no tokenizer is to see. It is not visible, so
// no text has one of its own by then.
const hidden = "\x00"

// hide hides each "<" after which a tokenizer would take words for a tag:
// where people wrote them between such signs, and where the next sign is
// another "<" and not one in the value of an attribute.
func hide(s string) string {
	var b strings.Builder
	from := 0
	for i := range len(s) {
		if s[i] != '<' || tagEnd(s, i) > 0 || strings.HasPrefix(s[i+1:], "!") || strings.HasPrefix(s[i+1:], "?") {
			continue
		}
		if next := strings.IndexAny(s[i+1:], "<>="); next >= 0 && s[i+1+next] != '=' {
			b.WriteString(s[from:i])
			b.WriteString(hidden)
			from = i + 1
		}
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// unescape undoes entities that were encoded several times over. A chain of
// "amp;" is folded first, so that its length does not cost a pass each.
func unescape(s string) string {
	if strings.Contains(s, "&amp;amp;") {
		var b strings.Builder
		for {
			i := strings.Index(s, "&amp;")
			if i < 0 {
				break
			}
			b.WriteString(s[:i+1])
			for s = s[i+5:]; strings.HasPrefix(s, "amp;"); {
				s = s[4:]
			}
		}
		b.WriteString(s)
		s = b.String()
	}
	for range passes {
		t := stdhtml.UnescapeString(s)
		if t == s {
			break
		}
		s = t
	}
	return s
}

// tagEnd returns the index after the tag, comment or declaration that starts
// at s[i] == '<', or -1 when that "<" is only a sign ("a < b", "<3") or
// belongs to what people write between such signs ("<sigh>",
// "<https://example.com>").
func tagEnd(s string, i int) int {
	end := angled(s, i)
	if end < 0 || !isTag(strings.TrimPrefix(s[i+1:end-1], "/")) {
		return -1
	}
	return end
}

// angled returns the index after the ">" of what starts at s[i] == '<' as
// tags do, or -1.
func angled(s string, i int) int {
	j := i + 1
	if j < len(s) && s[j] == '/' {
		j++
	}
	if j >= len(s) || !(isLetter(s[j]) || (j == i+1 && (s[j] == '!' || s[j] == '?'))) {
		return -1
	}
	if end := strings.IndexAny(s[j:], "<>"); end >= 0 && s[j+end] == '>' {
		return j + end + 1
	}
	return -1
}

// isTag tells whether a browser would make more of what stands between "<"
// and ">" than an unknown element that does nothing: one that HTML knows, a
// custom or a namespaced one, anything that has attributes with values, and
// comments and declarations.
func isTag(inner string) bool {
	if inner == "" || !isLetter(inner[0]) || strings.IndexByte(inner, '=') >= 0 {
		return true
	}
	name := inner
	end := strings.IndexFunc(inner, func(r rune) bool { return r == '/' || unicode.IsSpace(r) }) // spaces are yet to be folded
	if end >= 0 {
		name = inner[:end]
	}
	if part := strings.IndexAny(name, "-:"); part >= 0 {
		return part+1 < len(name) && isLetter(name[part+1]) && strings.IndexByte(name, '@') < 0
	}
	return atom.Lookup([]byte(strings.ToLower(name))) != 0
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func hasTag(s string) bool {
	for i := 0; ; i++ {
		j := strings.IndexByte(s[i:], '<')
		if j < 0 {
			return false
		}
		i += j
		if tagEnd(s, i) > 0 {
			return true
		}
	}
}

// strip removes the tags of s and what scripts and styles hold, and parts
// paragraphs where blocks do. Entities stay as they are.
func strip(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	z := html.NewTokenizer(strings.NewReader(s))
	skip, depth := atom.Atom(0), 0
	pre, at := 0, 0
	for {
		tt := z.Next()
		raw := s[at : at+len(z.Raw())]
		at += len(raw)
		if tt == html.ErrorToken {
			// What is left is an unfinished tag or, often, a sign in plain
			// text: it stays, without its sign.
			b.WriteString(strings.TrimLeft(raw, "<"))
			return b.String()
		}
		if tt == html.TextToken {
			if depth == 0 {
				writeRaw(&b, raw, pre > 0)
			}
			continue
		}
		if tt != html.StartTagToken && tt != html.EndTagToken && tt != html.SelfClosingTagToken {
			continue
		}
		name, attrs := z.TagName()
		a := atom.Lookup(name)
		switch {
		case depth > 0 && a == skip && tt == html.StartTagToken:
			depth++
		case depth > 0 && a == skip && tt == html.EndTagToken:
			depth--
		case depth > 0:
		case tt == html.StartTagToken && skipped(a):
			skip, depth = a, 1
		case a == atom.Pre && tt == html.StartTagToken:
			pre++
			b.WriteString("\n\n")
		case a == atom.Pre && tt == html.EndTagToken:
			pre = max(0, pre-1)
			b.WriteString("\n\n")
		case a == atom.Img && attrs:
			writeAlt(&b, z)
		default:
			writeBreak(&b, a)
		}
	}
}

// writeRaw copies text; its single line ends are layout of the source, blank
// lines are kept only where the element keeps them.
func writeRaw(b *strings.Builder, raw string, pre bool) {
	from := 0
	for i := 0; i < len(raw) && !pre; i++ {
		if c := raw[i]; c == '\n' || c == '\r' {
			b.WriteString(raw[from:i])
			b.WriteByte(' ')
			from = i + 1
		}
	}
	b.WriteString(raw[from:])
}

func writeBreak(b *strings.Builder, a atom.Atom) {
	switch a {
	case atom.Td, atom.Th, atom.Option:
		b.WriteByte(' ')
	default:
		if block(a) {
			b.WriteString("\n\n")
		}
	}
}

// writeAlt keeps the sign that an image of an emoji stands for.
func writeAlt(b *strings.Builder, z *html.Tokenizer) {
	for {
		k, v, more := z.TagAttr()
		if string(k) == "alt" {
			if s := string(v); isEmoji(s) {
				b.WriteString(s)
			}
		}
		if !more {
			return
		}
	}
}

func isEmoji(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, r := range s {
		if r < 0x2190 || unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// skipped names the elements whose content no reader sees as text.
func skipped(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg, atom.Select, atom.Object, atom.Noframes, atom.Noembed:
		return true
	}
	return false
}

func block(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Br, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.Blockquote, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Tr, atom.Thead, atom.Tbody, atom.Caption,
		atom.Section, atom.Article, atom.Header, atom.Footer, atom.Aside, atom.Nav, atom.Main, atom.Figure, atom.Figcaption,
		atom.Address, atom.Form, atom.Fieldset, atom.Hr, atom.Details, atom.Summary, atom.Center:
		return true
	}
	return false
}

func writeNode(b *strings.Builder, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		writeRaw(b, n.Data, n.Parent != nil && n.Parent.DataAtom == atom.Pre)
		return
	case html.ElementNode:
		if skipped(n.DataAtom) {
			return
		}
		if n.DataAtom == atom.Img {
			for _, a := range n.Attr {
				if a.Key == "alt" && isEmoji(a.Val) {
					b.WriteString(a.Val)
				}
			}
			return
		}
		writeBreak(b, n.DataAtom)
		defer writeBreak(b, n.DataAtom)
	case html.DocumentNode:
	default:
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		writeNode(b, c)
	}
}

// visible returns r, or -1 when it shows nothing and takes no room. A C1
// control is what is left of windows-1252 that was read as ISO 8859-1; the
// character that was meant takes its place, as HTML has it for references
// like &#150;.
func visible(r rune) rune {
	if '\u0080' <= r && r <= '\u009f' {
		if r = charmap.Windows1252.DecodeByte(byte(r)); r == utf8.RuneError {
			return -1
		}
	}
	if r == '\u200b' || r == '\ufeff' || r == '\u00ad' || unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// writer folds white space: runs of it to one space, runs with a blank line
// to one \n\n, none at either end.
type writer struct {
	b    strings.Builder
	gap  bool // white space is due before the next character
	ends int  // line ends within that white space
}

func (w *writer) String() string { return w.b.String() }

func (w *writer) plain(s string) {
	w.b.Grow(len(s))
	cr := false
	for i := 0; i < len(s); {
		// Most text is words of ASCII with single spaces between them, which
		// stay as they are and are copied at once.
		if end := words(s, i); end > i {
			w.space()
			w.b.WriteString(s[i:end])
			cr, i = false, end
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '\n' && cr:
			cr = false
			continue
		case r == '\n' || r == '\r' || r == '\u2028':
			w.ends++
			w.gap = true
		case r == '\u2029':
			w.ends += 2
			w.gap = true
		case unicode.IsSpace(r) && r != '\u0085':
			w.gap = true
		default:
			if v := visible(r); v >= 0 { // or it is neither a character nor a space
				w.space()
				w.b.WriteRune(v)
			}
		}
		cr = r == '\r'
	}
}

// space writes the white space that is due.
func (w *writer) space() {
	if w.gap && w.b.Len() > 0 {
		if w.ends >= 2 {
			w.b.WriteString("\n\n")
		} else {
			w.b.WriteByte(' ')
		}
	}
	w.gap, w.ends = false, 0
}

// words returns where the words of ASCII with single spaces between them end
// that begin at i.
func words(s string, i int) int {
	for ; i < len(s); i++ {
		if graphic(s[i]) {
			continue
		}
		if s[i] != ' ' || i == 0 || i+1 == len(s) || !graphic(s[i-1]) || !graphic(s[i+1]) {
			break
		}
		i++
	}
	return i
}

// graphic tells the signs of ASCII but for the space.
func graphic(c byte) bool { return '!' <= c && c <= '~' }
