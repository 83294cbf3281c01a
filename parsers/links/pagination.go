package links

import (
	"iter"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/parsers/terms"
)

// place is where in a paginated list a URL stands.
type place struct {
	list   []byte // the URL without the page number: the list's name
	number int    // of the page, or the offset
	ok     bool   // it has a page number
	sure   bool   // its parameter means nothing but a page number
	offset bool   // the number counts entries from 0, not pages from 1
}

// first tells whether this is where the list starts.
func (p place) first() bool {
	return !p.ok || p.number == 0 || p.number == 1 && !p.offset
}

// pagination takes a URL apart. The place's list stands in the room given, where
// that is large enough.
func pagination(u *url.URL, room []byte) place {
	p := place{}
	number := "" // the parameter with it
	for kv := range params(u) {
		k, v, _ := strings.Cut(kv, "=")
		sure, offset, is := pageParam(strings.ToLower(k))
		if !is {
			continue
		}
		if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1e7 {
			p.number, p.ok, p.sure, p.offset = n, true, sure, offset
			number = kv
			break
		}
	}
	path := strings.TrimSuffix(u.Path, "/")
	numbered := p.ok
	if !p.ok && terms.Hold(path, anyPageWord) {
		path = p.cut(path)
	}
	p.list = append(append(append(room[:0], u.Host...), path...), '?')
	rest := 0
	for kv := range params(u) {
		if numbered && kv == number {
			numbered = false // only the first
			continue
		}
		if rest++; rest > 1 {
			p.list = append(p.list, '&')
		}
		p.list = append(p.list, kv...)
	}
	return p
}

// params yields the parameters of a query that are not empty.
func params(u *url.URL) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := u.RawQuery; rest != ""; {
			var kv string
			kv, rest, _ = strings.Cut(rest, "&")
			if kv != "" && !yield(kv) {
				return
			}
		}
	}
}

// pageWords begin the path segments that number pages; anyPageWord is for a first
// look.
var (
	pageWords   = []string{"comment-page", "page", "pagina", "seite"}
	anyPageWord = terms.New(pageWords...)
)

// cut takes the page number off the end of a path.
func (p *place) cut(path string) string {
	segments := strings.Split(path, "/")
	for i := len(segments) - 1; i >= 1 && i >= len(segments)-2; i-- {
		if n, width := pageSegment(segments, i); width > 0 {
			p.number, p.ok, p.sure = n, true, true
			return strings.Join(append(segments[:i:i], segments[i+width:]...), "/")
		}
	}
	return path
}

// pageParam tells whether a query parameter numbers pages.
func pageParam(k string) (sure, offset, ok bool) {
	switch k {
	case "page", "pg", "paged", "pagina", "pagenumber", "page_number", "pagenr", "page_no", "pageno", "currentpage", "seite", "cpage", "reviewpage", "review_page", "reviewspage", "comment-page", "comments_page", "pageindex":
		return true, false, true
	case "p", "pn":
		return false, false, true
	case "offset", "start", "st", "skip", "from":
		return false, true, true
	}
	if strings.HasSuffix(k, "[page]") || strings.HasSuffix(k, "[number]") || strings.HasSuffix(k, "%5bpage%5d") || strings.HasSuffix(k, "%5bnumber%5d") {
		return true, false, true
	}
	return false, false, false
}

// pageSegment reads /page/2, /page-2, /pagina2 and comment-page-2 at segment
// i; width is how many segments that takes.
func pageSegment(segments []string, i int) (n, width int) {
	s := strings.ToLower(segments[i])
	for _, word := range pageWords {
		rest, ok := strings.CutPrefix(s, word)
		if !ok {
			continue
		}
		if rest == "" && i+1 < len(segments) {
			if n, err := strconv.Atoi(segments[i+1]); err == nil && n >= 0 && n < 1e7 {
				return n, 2
			}
		}
		if n, err := strconv.Atoi(strings.TrimLeft(rest, "-_")); err == nil && n >= 0 && n < 1e7 {
			return n, 1
		}
	}
	return 0, 0
}

// nextLabel tells whether a link's words promise the next page of a list.
func nextLabel(s string) bool {
	if s == "" || len(s) > maxLabel {
		return false
	}
	var room [maxLabel]byte
	if words, ok := fold(room[:0], s); ok {
		return promises(string(words))
	}
	s = strings.TrimFunc(strings.ToLower(s), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("»›→>…⟩▶.", r)
	})
	return promises(strings.Join(strings.Fields(s), " "))
}

// maxLabel is how long the words of a link to another page of a list may be.
const maxLabel = 40

// fold appends the words of s in lower case with single spaces between them,
// without arrows and dots around; false says that s is not ASCII.
func fold(b []byte, s string) ([]byte, bool) {
	s = strings.Trim(s, " \t\n\v\f\r>.")
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return b, false
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		case c == ' ' || '\t' <= c && c <= '\r':
			if b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		default:
			b = append(b, c)
		}
	}
	return b, true
}

// promises tells whether folded words are such as stand on a link to the next
// page.
func promises(s string) bool {
	switch s {
	case "next", "next page", "go to next page", "go to the next page", "older", "older posts", "older comments", "older reviews", "older entries",
		"more reviews", "load more", "show more", "load more reviews", "show more reviews", "view more reviews", "see more reviews", "more comments", "load more comments", "next reviews",
		"volgende", "volgende pagina", "ga naar volgende pagina", "ga naar de volgende pagina", "naar de volgende pagina", "oudere berichten", "oudere reacties", "oudere reviews",
		"meer reviews", "meer beoordelingen", "meer ervaringen", "meer reacties", "meer laden", "toon meer", "toon meer reviews", "toon meer beoordelingen", "laad meer", "laad meer reviews",
		"bekijk meer reviews", "meer weergeven", "volgende reviews", "volgende beoordelingen",
		"weiter", "nächste", "nächste seite", "suivant", "suivante", "page suivante", "siguiente", "página siguiente", "successivo", "successiva", "pagina successiva", "avanti",
		"próxima", "próximo", "próxima página", "następna", "następny", "nästa", "neste", "næste", "seuraava":
		return true
	}
	return false
}

// nextClass tells whether a class names the next link of a pager.
func nextClass(class string) bool {
	for c := range strings.FieldsSeq(class) {
		switch strings.ToLower(c) {
		case "next", "next-page", "nextpage", "page-next", "pager-next", "pagination-next", "pagination__next", "next_page", "js-next-page", "pagination__item--next", "nextpostslink":
			return true
		}
	}
	return false
}

// pageNumber tells whether a link's words are a page number: "2", "Page 2".
func pageNumber(s string) bool {
	if len(s) > maxLabel {
		return false
	}
	s = strings.TrimSpace(s)
	from := len(s)
	for from > 0 && '0' <= s[from-1] && s[from-1] <= '9' {
		from--
	}
	if from == len(s) {
		return false
	}
	if n, err := strconv.Atoi(s[from:]); err != nil || n == 0 || n >= 100000 {
		return false
	}
	words := strings.ToLower(strings.TrimSuffix(s[:from], "+"))
	for _, word := range []string{"go to ", "ga naar ", "naar ", "page ", "pagina ", "seite "} {
		words = strings.TrimPrefix(words, word)
	}
	return words == ""
}

// variant tells whether two URLs differ in one short place only, and by a
// number: how lists without a known page parameter number their pages.
func variant(here, to string) bool {
	head := 0
	for head < len(here) && head < len(to) && here[head] == to[head] {
		head++
	}
	tail := 0
	for tail < len(here)-head && tail < len(to)-head && here[len(here)-1-tail] == to[len(to)-1-tail] {
		tail++
	}
	was, is := here[head:len(here)-tail], to[head:len(to)-tail]
	const digits = "0123456789"
	return len(was) <= 12 && len(is) <= 16 && strings.ContainsAny(was+is, digits) &&
		(was == "" || is == "" || strings.Trim(was, digits) == strings.Trim(is, digits)) && strings.Count(here[:head], "/") >= 3
}
