// Package document opens a fetched page once for all parsers: decoded to
// UTF-8, its media type and language known, its DOM built when first asked
// for and then shared.
//
// It is not for extracting anything; the packages beside it do that and
// answer with Found.
package document

import (
	"strings"
	"unsafe"

	"golang.org/x/net/html"

	"klank/mention"
	"klank/parsers/markup"
)

// Document is an opened page. It is not safe for concurrent use. What is read
// off it shares the memory of Page.Body, which nobody may write to any more.
type Document struct {
	Page *mention.Page
	// URL is the canonical page URL, or empty when the page has none. Links
	// resolve against it, or against <base> where the page has that; see Abs.
	URL string
	// Body is the page's body and always valid UTF-8.
	Body []byte
	// MediaType is in lower case without parameters, sniffed where the header
	// is missing, says nothing or is plainly wrong.
	MediaType string
	// Language is the page's own hint, a BCP 47 tag: html lang, else
	// Content-Language, else empty.
	Language string

	text    string // Body as outline and DOM are cut from it, once asked for
	base    string // what references resolve against
	origin  string // its scheme and host, once asked for
	outline *Outline
	tree    *markup.Tree
}

// Candidate is a mention as one parser read it, before the registry merges
// and finishes it.
type Candidate struct {
	mention.Mention
	// IDScope is the URL within which the native id is unique; empty where
	// it is unique on the host. See mention.Mention.SetID.
	IDScope string
	// Unsteady says that Published was counted back from the time of fetching
	// ("3 weeks ago", see normalize.Relative): it moves with every fetch and
	// takes no part in the id.
	Unsteady bool
	// Undecided is the published time as written, where it has none in
	// Published because its day and month cannot be told apart.
	Undecided string
	// Handle names the candidate within its page, ParentHandle and
	// ThreadHandle name others; the registry turns them into mention ids.
	Handle, ParentHandle, ThreadHandle string
	// NativeLinks says that Parent and Thread are native ids of the same host
	// as the candidate's own, and of the same IDScope unless LinkScope names
	// theirs: the registry turns them into the ids of those mentions, whatever
	// page they stand on.
	NativeLinks bool
	LinkScope   string
}

// Found is what one parser found on a page, in page order.
type Found struct {
	Mentions []Candidate
	Items    []mention.Item
	Links    []mention.Link
	Problems []mention.Problem
}

// Open decodes a page. It always returns a usable document; the problems say
// what had to be guessed.
func Open(p *mention.Page) (*Document, []mention.Problem) {
	d := &Document{Page: p}
	d.URL = pageURL(p.URL)
	var problems []mention.Problem
	body, problem := decode(p.Body, p.ContentType)
	if problem != "" {
		problems = append(problems, mention.Problem{Where: "document", What: problem})
	}
	d.Body = body
	d.MediaType = mediaType(p.ContentType, body)
	d.Language = LanguageTag(p.Language)
	d.base = d.URL
	if d.IsHTML() {
		page := d.shared()
		if lang := htmlLanguage(page); lang != "" {
			d.Language = lang
		}
		if href := baseHref(page); href != "" {
			if abs, err := mention.CanonicalURL(d.URL, href); err == nil {
				d.base = abs
			}
		}
	}
	return d, problems
}

// pageURL makes a URL canonical; a bare host name (as lists of saved files
// have them) is taken for https.
func pageURL(raw string) string {
	if raw == "" {
		return ""
	}
	if u, err := mention.CanonicalURL("", raw); err == nil {
		return u
	}
	if !strings.Contains(raw, "://") {
		if u, err := mention.CanonicalURL("", "https://"+raw); err == nil {
			return u
		}
	}
	return ""
}

// IsHTML tells whether the page is HTML or XHTML.
func (d *Document) IsHTML() bool {
	return d.MediaType == "text/html" || d.MediaType == "application/xhtml+xml"
}

// IsJSON tells whether the page is JSON, by type or suffix (RFC 6839).
func (d *Document) IsJSON() bool {
	return d.MediaType == "application/json" || d.MediaType == "text/json" || strings.HasSuffix(d.MediaType, "+json")
}

// IsXML tells whether the page is XML other than XHTML, by type or suffix
// (RFC 7303).
func (d *Document) IsXML() bool {
	return !d.IsHTML() && (d.MediaType == "application/xml" || d.MediaType == "text/xml" || strings.HasSuffix(d.MediaType, "+xml"))
}

// Abs resolves a reference of the page to a canonical absolute URL; "" when
// it is empty or not http.
func (d *Document) Abs(ref string) string {
	if strings.TrimSpace(ref) == "" {
		return ""
	}
	if u, ok := d.plain(ref); ok {
		return u
	}
	u, err := mention.CanonicalURL(d.base, ref)
	if err != nil {
		return ""
	}
	return u
}

// plain resolves the references that most links are, a path from the root or
// a URL of the same host, without taking them apart: they are canonical when
// nothing in them needs escaping, resolving or dropping.
func (d *Document) plain(ref string) (string, bool) {
	if d.origin == "" {
		d.origin = "-"
		if i := strings.Index(d.base, "://"); i >= 0 {
			if j := strings.IndexByte(d.base[i+3:], '/'); j >= 0 {
				d.origin = d.base[:i+3+j]
			}
		}
	}
	path, _, _ := strings.Cut(ref, "#")
	path = strings.TrimPrefix(path, d.origin)
	if path == "" || path[0] != '/' || strings.HasPrefix(path, "//") || d.origin == "-" {
		return "", false
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '/' && !strings.HasPrefix(path[i:], "/."), c == '.' && i > 0 && path[i-1] != '/':
		default:
			return "", false
		}
	}
	return d.origin + path, true
}

// Base returns the absolute URL that references of the page resolve against;
// "" when none is known.
func (d *Document) Base() string { return d.base }

// Ref resolves as Abs does and keeps the fragment: where on its page a person
// finds something.
func (d *Document) Ref(ref string) string {
	u := d.Abs(ref)
	if u == "" && strings.HasPrefix(strings.TrimSpace(ref), "#") {
		u = d.URL
	}
	if _, frag, ok := strings.Cut(strings.TrimSpace(ref), "#"); ok && frag != "" && u != "" && !strings.ContainsAny(frag, " \t\r\n<>\"") {
		return u + "#" + frag
	}
	return u
}

// ListURL is the URL of the page whose list this one goes on with, or its own.
func (d *Document) ListURL() string {
	if d.Page.Origin != nil {
		return d.Page.Origin.Page
	}
	return d.URL
}

// source returns the body as the string that outline and DOM are cut from.
func (d *Document) source() string {
	if d.text == "" {
		d.text = markup.Lines(d.shared())
	}
	return d.text
}

// shared returns the body as a string without copying it, as most of what
// reading a page takes would be that copy. It is sound because nothing writes to
// a body once it is read: neither this package nor the parsers do, and whoever
// opens a page gives that up; see Document.
func (d *Document) shared() string { return unsafe.String(unsafe.SliceData(d.Body), len(d.Body)) }

// Root returns the DOM, built on first use and shared: callers must not
// change it. There is one of every page; see Faults for what it may lack.
func (d *Document) Root() *html.Node {
	if d.tree == nil {
		d.tree = markup.Parse(d.source())
	}
	return d.tree.Root
}

// Faults tells what the DOM lacks of a page that is nested too deeply or has
// too many elements. What is read token by token lacks nothing.
func (d *Document) Faults() []mention.Problem {
	if d.Outline().Deep {
		d.Root() // is it?
	}
	var out []mention.Problem
	if d.tree != nil && d.tree.Deep {
		out = append(out, mention.Problem{Where: "document", What: "elements are nested more than 512 deep; some that only hold others are left out, and what is deeper still has lost its order"})
	}
	if d.tree != nil && d.tree.Cut {
		out = append(out, mention.Problem{Where: "document", What: "the page has more than 250,000 elements and texts; what comes after them is read for structured data and links only"})
	}
	return out
}

// Close gives the memory of the outline and the DOM back for other pages: its
// anchors and nodes must not be used any more. A document that is not closed is
// left to the garbage collector.
func (d *Document) Close() {
	if d.outline != nil {
		d.outline.free()
		d.outline = nil
	}
	if d.tree != nil {
		d.tree.Free()
		d.tree = nil
	}
}
