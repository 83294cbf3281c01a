package links

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// place is where in a paginated list a URL stands.
type place struct {
	list   string // the URL without the page number: the list's name
	number int    // of the page, or the offset
	ok     bool   // it has a page number
	sure   bool   // its parameter means nothing but a page number
	offset bool   // the number counts entries from 0, not pages from 1
}

// first tells whether this is where the list starts.
func (p place) first() bool {
	return !p.ok || p.number == 0 || p.number == 1 && !p.offset
}

// pagination takes a URL apart.
func pagination(u *url.URL) place {
	p := place{}
	var rest []string
	if u.RawQuery != "" {
		for _, kv := range strings.Split(u.RawQuery, "&") {
			k, v, _ := strings.Cut(kv, "=")
			n, err := strconv.Atoi(v)
			sure, offset, is := pageParam(strings.ToLower(k))
			if is && err == nil && n >= 0 && n < 1e7 && !p.ok {
				p.number, p.ok, p.sure, p.offset = n, true, sure, offset
			} else if kv != "" {
				rest = append(rest, kv)
			}
		}
	}
	path := strings.TrimSuffix(u.Path, "/")
	if !p.ok && hasPageWord(path) {
		path = p.cut(path)
	}
	p.list = u.Host + path + "?" + strings.Join(rest, "&")
	return p
}

// pageWords begin the path segments that number pages.
var pageWords = []string{"comment-page", "page", "pagina", "seite"}

func hasPageWord(path string) bool {
	path = strings.ToLower(path)
	for _, w := range pageWords {
		if strings.Contains(path, w) {
			return true
		}
	}
	return false
}

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
	if s == "" || len(s) > 40 {
		return false
	}
	s = strings.TrimFunc(strings.ToLower(s), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("»›→>…⟩▶.", r)
	})
	s = strings.Join(strings.Fields(s), " ")
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
	if len(s) > 40 {
		return false
	}
	s = strings.TrimSpace(s)
	if s == "" || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return false
	}
	s = strings.ToLower(s)
	for _, word := range []string{"go to ", "ga naar ", "naar ", "page ", "pagina ", "seite "} {
		s = strings.TrimPrefix(s, word)
	}
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 100000
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
