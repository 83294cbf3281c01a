package crawler

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"klank/crawler/frontier"
	"klank/mention"
)

const (
	// barrenPages is how many pages of a list in a row may bring nothing new,
	// or be there twice, before no more are followed.
	barrenPages = 3
	// maxChained bounds the pages whose chain is remembered, at about 100
	// bytes each, and maxChain those of one chain that a page is compared
	// with. When they are full they begin anew.
	maxChained = 1 << 17
	maxChain   = 1 << 14
	// maxStops bounds SourceReport.Stops.
	maxStops = 100
)

// StopReason says why the next pages of a list were not followed.
type StopReason string

// The reasons.
const (
	// StopLoop: pages in a row are such that were there before: the same
	// body, or without any mention the same links.
	StopLoop StopReason = "loop"
	// StopToken: a page that brought nothing new names its own cursor as
	// the next.
	StopToken StopReason = "token"
	// StopEndless: several pages in a row brought nothing new, and there is
	// always another.
	StopEndless StopReason = "endless"
	// StopKnown: Source.StopAfterKnown mentions in a row were known. This is
	// no fault of the list.
	StopKnown StopReason = "known"
)

// Stop is a list of which no further page was followed.
type Stop struct {
	// URL is the page after which it stopped.
	URL    string
	Reason StopReason
	// Pages is how many pages of the list were handled.
	Pages int
}

// chain is a list with its pages, which LinkNext links join. They are judged
// in the order in which they are handled.
type chain struct {
	pages   int
	stopped bool
	// seen are digests of bodies and of sets of links, with their page.
	seen map[digest]digest
	// barren counts the pages in a row that brought nothing new, repeats
	// those that were there before, known the mentions that the index had.
	barren, repeats, known int
}

// chains finds the chain of a page. It lives as long as a call of Run: a run
// that is resumed begins its chains anew.
type chains struct {
	mu sync.Mutex
	of map[digest]*chain
}

type digest [16]byte

func digestOf(s string) digest {
	h := sha256.Sum256([]byte(s))
	return digest(h[:16])
}

// next returns what to follow from a page: the links without those to further
// pages of a list that stops here, or has; fresh are the links that the
// frontier is not known to have. The stop is nil when the list goes on, or
// stopped before.
func (c *chains) next(src *Source, u frontier.URL, page *mention.Page, out Outcome, fresh []frontier.Link) ([]frontier.Link, *Stop) {
	var pages []digest   // of the list, as far as this one links to them
	var further []string // those of them that are met for the first time
	c.mu.Lock()
	defer c.mu.Unlock()
	key := digestOf(u.URL)
	for _, l := range out.Links {
		if k := digestOf(l.URL); l.Kind == mention.LinkNext && k != key {
			if pages = append(pages, k); c.of[k] == nil {
				further = append(further, l.URL)
			}
		}
	}
	list := c.of[key]
	if len(pages) == 0 && list == nil {
		return fresh, nil // no list
	}
	if list == nil {
		list = &chain{seen: map[digest]digest{}}
	}
	list.pages++
	var stop *Stop
	if !list.stopped {
		if reason := list.judge(src, u, page, out, fresh, further); reason != "" {
			list.stopped = true
			stop = &Stop{URL: u.URL, Reason: reason, Pages: list.pages}
		}
	}
	if len(c.of)+len(pages) >= maxChained {
		clear(c.of)
	}
	for _, k := range append(pages, key) {
		if c.of[k] == nil {
			c.of[k] = list
		}
	}
	if list.stopped {
		fresh = withoutNext(fresh)
	}
	return fresh, stop
}

// reached tells whether a page of a list that was known before this run is to
// be asked for: the page before it was handled and had something new.
func (c *chains) reached(u frontier.URL) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.of[digestOf(u.URL)]
	return list != nil && !list.stopped
}

func withoutNext(links []frontier.Link) []frontier.Link {
	return slices.DeleteFunc(links, func(l frontier.Link) bool { return l.Priority == frontier.PriorityNext })
}

// judge adds a page to the chain and says why it is the last; "" when it is
// not.
func (c *chain) judge(src *Source, u frontier.URL, page *mention.Page, out Outcome, fresh []frontier.Link, further []string) StopReason {
	brought := out.New+out.Changed > 0
	if brought {
		c.known = 0
	} else if c.known += out.Same; src.StopAfterKnown > 0 && c.known >= src.StopAfterKnown {
		return StopKnown
	}
	// A page or two may be the first under other names.
	if c.repeats++; !c.repeated(page, out) {
		c.repeats = 0
	}
	sameList := func(l string) bool { return listOf(l) == listOf(u.URL) }
	// What has mentions and was known before this run is no sign of a list
	// without end: it is old.
	brought = brought || (u.SHA256 != "" && out.Same > 0) ||
		slices.ContainsFunc(fresh, func(l frontier.Link) bool { return l.Priority != frontier.PriorityNext && !sameList(l.URL) })
	if c.barren++; brought {
		c.barren = 0
	}
	switch {
	case !slices.ContainsFunc(further, sameList):
		return "" // its own end, or pages that have been found already
	case c.repeats >= barrenPages:
		return StopLoop
	case !brought && keepsCursor(u.URL, further):
		return StopToken
	case c.barren >= barrenPages:
		return StopEndless
	}
	return ""
}

// repeated tells whether another page of the chain was the same. Pages with
// mentions are told apart by their bodies only: their links may well be the
// same on each.
func (c *chain) repeated(page *mention.Page, out Outcome) bool {
	var marks []digest
	if page.SHA256 != "" {
		marks = append(marks, digestOf("body "+page.SHA256))
	}
	if out.New+out.Changed+out.Same == 0 {
		var links []string
		for _, l := range out.Links {
			if l.Kind != mention.LinkNext && listOf(l.URL) != listOf(page.URL) {
				links = append(links, l.URL)
			}
		}
		if len(links) > 0 {
			slices.Sort(links)
			marks = append(marks, digestOf("links "+strings.Join(links, " ")))
		}
	}
	if len(c.seen)+len(marks) > maxChain {
		clear(c.seen)
	}
	self, repeated := digestOf(page.URL), false
	for _, m := range marks {
		if first, ok := c.seen[m]; !ok {
			c.seen[m] = self
		} else if first != self { // not the same page handled again
			repeated = true
		}
	}
	return repeated
}

// numbered is the end of a path that is a page's number.
var numbered = regexp.MustCompile(`(?i)/(?:page|pagina|seite|p)[-/]?\d+/?$`)

// listOf is what the pages of one list have in common: the URL without query
// and page number.
func listOf(u string) string {
	u, _, _ = strings.Cut(u, "?")
	if at := numbered.FindStringIndex(u); at != nil {
		u = u[:at[0]]
	}
	return strings.TrimSuffix(u, "/")
}

// cursors are query parameters that say where the next page begins, and never
// stay the same from one to the next.
var cursors = []string{"cursor", "after", "continuation", "pagetoken", "page_token", "next_token", "nexttoken", "max_id"}

// keepsCursor tells whether all further pages have the cursor of this one.
func keepsCursor(page string, further []string) bool {
	own := cursorOf(page)
	return own != "" && !slices.ContainsFunc(further, func(f string) bool { return listOf(f) != listOf(page) || cursorOf(f) != own })
}

func cursorOf(u string) string {
	_, query, _ := strings.Cut(u, "?")
	for p := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(p, "=")
		name, err := url.QueryUnescape(name)
		if err == nil && value != "" && slices.Contains(cursors, strings.ToLower(name)) {
			return p
		}
	}
	return ""
}

// String says in words where and why the list stopped.
func (s Stop) String() string {
	why := map[StopReason]string{
		StopLoop: "repeats earlier pages", StopToken: "names its own cursor as the next", StopEndless: "has brought nothing new for some pages",
		StopKnown: "has only what is known",
	}[s.Reason]
	return fmt.Sprintf("%s %s (%d pages handled)", s.URL, why, s.Pages)
}

// stop notes a list that is not followed to its end.
func (p *SourceReport) stop(s Stop) {
	p.Stopped[s.Reason]++
	if len(p.Stops) < maxStops {
		p.Stops = append(p.Stops, s)
	}
}
