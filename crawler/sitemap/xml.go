package sitemap

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document reads the elements of a sitemap. It is no XML parser: it knows
// neither DTDs nor entities beyond the five of XML, which is what makes entity
// bombs harmless, and it keeps no more than the text of one location.
type document struct {
	br *bufio.Reader
	fn func(Entry) error

	kind Kind
	// stack are the open elements by their local names in lower case.
	stack []string
	// entry is the depth of the open entry, 0 outside of one.
	entry   int
	current Entry

	// text is the text of the element that is read for its text, still with
	// its entities; long says that it is longer than any location.
	text    []byte
	reading bool
	long    bool
	tag     []byte
}

// roots are the elements that make a document a sitemap.
var roots = map[string]Kind{"urlset": URLSet, "sitemapindex": Index, "rss": Feed, "rdf": Feed, "feed": Feed}

// entries are the elements that hold an entry, for each Kind.
var entries = map[Kind][]string{URLSet: {"url"}, Index: {"sitemap"}, Feed: {"item", "entry"}}

func readXML(br *bufio.Reader, fn func(Entry) error) (Kind, error) {
	d := &document{br: br, fn: fn}
	for {
		err := d.readText()
		if err == nil {
			err = d.readMarkup()
		}
		switch err {
		case nil:
			continue
		case io.EOF:
			if d.kind == "" {
				return "", ErrNotSitemap
			}
			if len(d.stack) > 0 {
				return d.kind, failed(io.ErrUnexpectedEOF)
			}
			return d.kind, nil
		case errTag, errDepth, ErrNotSitemap:
			return d.kind, err
		}
		if e, ok := err.(*stopped); ok {
			return d.kind, e.error
		}
		return d.kind, failed(err)
	}
}

// stopped is an error of the caller's own.
type stopped struct{ error }

// readText reads up to and with the next "<".
func (d *document) readText() error {
	for {
		s, err := d.br.ReadSlice('<')
		if err == nil {
			s = s[:len(s)-1]
		}
		d.keep(s)
		if err != bufio.ErrBufferFull {
			return err
		}
	}
}

func (d *document) keep(s []byte) {
	if !d.reading || d.long {
		return
	}
	if len(d.text) == 0 {
		s = bytes.TrimLeft(s, " \t\r\n")
	}
	if d.long = len(d.text)+len(s) > maxLocation; !d.long {
		d.text = append(d.text, s...)
	}
}

// readMarkup reads what follows a "<".
func (d *document) readMarkup() error {
	next, err := d.br.Peek(1)
	if err != nil {
		return err
	}
	switch next[0] {
	case '?':
		return d.skip("?>")
	case '!':
		if s, _ := d.br.Peek(len("!--")); string(s) == "!--" {
			_, _ = d.br.Discard(len(s))
			return d.skip("-->")
		}
		if s, _ := d.br.Peek(len("![CDATA[")); string(s) == "![CDATA[" {
			_, _ = d.br.Discard(len(s))
			return d.readCDATA()
		}
		return d.skipDoctype()
	}
	return d.readTag()
}

// skip reads past the end of a comment or an instruction.
func (d *document) skip(end string) error {
	for matched := 0; matched < len(end); {
		c, err := d.br.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case c == end[matched]:
			matched++
		case matched == 2 && c == end[0] && end[0] == end[1]: // one more "-" before "->"
		case c == end[0]:
			matched = 1
		default:
			matched = 0
		}
	}
	return nil
}

// readCDATA keeps text that has no entities.
func (d *document) readCDATA() error {
	brackets := 0
	for {
		c, err := d.br.ReadByte()
		if err != nil {
			return err
		}
		if c == ']' {
			brackets++
			continue
		}
		if c == '>' && brackets >= 2 {
			d.keep(bytes.Repeat([]byte{']'}, min(brackets-2, maxLocation+1)))
			return nil
		}
		d.keep(bytes.Repeat([]byte{']'}, min(brackets, maxLocation+1)))
		brackets = 0
		if c == '&' {
			d.keep([]byte("&amp;"))
		} else {
			d.keep([]byte{c})
		}
	}
}

// skipDoctype reads past a declaration with its internal subset.
func (d *document) skipDoctype() error {
	depth, quote := 0, byte(0)
	for {
		c, err := d.br.ReadByte()
		switch {
		case err != nil:
			return err
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<' || c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth <= 0:
			return nil
		case c == '>':
			depth--
		}
	}
}

// readTag reads a start or end tag.
func (d *document) readTag() error {
	d.tag = d.tag[:0]
	quote := byte(0)
	for {
		c, err := d.br.ReadByte()
		if err != nil {
			return err
		}
		if c == '>' && quote == 0 {
			break
		}
		if quote != 0 {
			if c == quote {
				quote = 0
			}
		} else if (c == '"' || c == '\'') && bytes.HasSuffix(bytes.TrimRight(d.tag, " \t\r\n"), []byte("=")) {
			quote = c
		}
		if d.tag = append(d.tag, c); len(d.tag) > maxTag {
			return errTag
		}
	}
	tag := string(d.tag)
	if name, ok := strings.CutPrefix(tag, "/"); ok {
		return d.end(localName(name))
	}
	attributes, empty := strings.CutSuffix(tag, "/")
	name := localName(attributes)
	if err := d.start(name, attributes); err != nil || !empty {
		return err
	}
	return d.end(name)
}

// localName is the name that a tag begins with, without its prefix. Prefixes
// are not resolved: the place of an element tells enough.
func localName(tag string) string {
	if i := strings.IndexAny(tag, " \t\r\n/"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag[strings.IndexByte(tag, ':')+1:])
}

func (d *document) start(name, tag string) error {
	if d.kind == "" {
		if d.kind = roots[name]; d.kind == "" {
			return ErrNotSitemap
		}
	}
	if d.entry > 0 && len(d.stack) == d.entry && name == d.stack[d.entry-1] { // it was left open
		if err := d.end(name); err != nil {
			return err
		}
	}
	if len(d.stack) == maxDepth {
		return errDepth
	}
	d.stack = append(d.stack, name)
	if d.entry == 0 {
		for _, e := range entries[d.kind] {
			if e == name {
				d.entry, d.current = len(d.stack), Entry{Sitemap: d.kind == Index}
				// Some indexes have their URLs right here.
				d.read(d.kind == Index)
			}
		}
		return nil
	}
	d.read(false)
	if len(d.stack) != d.entry+1 {
		return nil
	}
	switch name {
	case "loc", "lastmod", "pubdate", "updated", "date":
		d.read(true)
	case "link":
		d.read(true)
		if rel := attribute(tag, "rel"); d.kind == Feed && (rel == "" || rel == "alternate") && d.current.URL == "" {
			d.current.URL = attribute(tag, "href")
		}
	}
	return nil
}

// read begins to read text, or stops it.
func (d *document) read(on bool) { d.text, d.reading, d.long = d.text[:0], on, false }

func (d *document) end(name string) error {
	at := len(d.stack) - 1
	for at >= 0 && d.stack[at] != name {
		at--
	}
	if at < 0 {
		return nil // never opened
	}
	depth := at + 1
	d.stack = d.stack[:at]
	text := ""
	if d.reading && !d.long {
		text = unescape(bytes.TrimSpace(d.text))
	}
	switch {
	case d.entry == 0:
		return nil
	case depth == d.entry+1:
		d.field(name, text)
	case depth <= d.entry:
		if d.current.URL == "" && isURL(text) {
			d.current.URL = text
		}
		d.entry = 0
		if d.current.URL != "" && len(d.current.URL) <= maxLocation {
			if err := d.fn(d.current); err != nil {
				return &stopped{err}
			}
		}
	default:
		return nil // within an extension
	}
	d.read(false)
	return nil
}

func (d *document) field(name, text string) {
	switch name {
	case "loc", "link":
		if d.current.URL == "" && (name == "link") == (d.kind == Feed) {
			d.current.URL = text
		}
	case "lastmod", "pubdate", "updated", "date":
		if d.current.LastMod.IsZero() {
			d.current.LastMod, d.current.Within = parseTime(text)
			if name == "pubdate" || name == "date" { // it may have been changed at any time since
				d.current.Within = forever
			}
		}
	}
}

// attribute returns the value of a tag's attribute, "" without it.
func attribute(tag, name string) string {
	for {
		i := strings.IndexByte(tag, '=')
		if i < 0 {
			return ""
		}
		words := strings.Fields(tag[:i])
		tag = strings.TrimLeft(tag[i+1:], " \t\r\n")
		value, rest := tag, ""
		if tag != "" && (tag[0] == '"' || tag[0] == '\'') {
			value, rest, _ = strings.Cut(tag[1:], tag[:1])
		} else if end := strings.IndexAny(tag, " \t\r\n"); end >= 0 {
			value, rest = tag[:end], tag[end:]
		}
		if len(words) > 0 && strings.EqualFold(words[len(words)-1], name) {
			return unescape([]byte(strings.TrimSpace(value)))
		}
		tag = rest
	}
}

var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// unescape decodes the entities of XML. Any other "&" stays: it is one that
// somebody forgot to escape.
func unescape(s []byte) string {
	if bytes.IndexByte(s, '&') < 0 {
		return string(s)
	}
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		if s[0] == '&' {
			if end := bytes.IndexByte(s[:min(len(s), 12)], ';'); end > 0 {
				if r := entity(string(s[1:end])); r > 0 {
					b, s = utf8.AppendRune(b, r), s[end+1:]
					continue
				}
			}
		}
		b, s = append(b, s[0]), s[1:]
	}
	return string(b)
}

func entity(name string) rune {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return entities[name]
	}
	base := 10
	if rest, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
		digits, base = rest, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0
	}
	return rune(n)
}
