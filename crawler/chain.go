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

// chain is a list with all its pages, which LinkNext links join.
type chain struct {
	pages int
	// seen are digests of bodies and of sets of links, with their page.
	seen map[digest]digest
	// stopped says that a stop has been told.
	stopped bool
}

// step is a page of a chain, with what was met on the way there: the pages in
// a row that brought nothing new, those that were there before, the mentions
// that the index had. Each way counts for itself, so that the same list in
// another order, which has nothing new, does not end the first.
type step struct {
	list                   *chain
	barren, repeats, known int
}

// chains finds the chain of a page. It lives as long as a call of Run: a run
// that is resumed begins its chains anew.
type chains struct {
	mu sync.Mutex
	of map[digest]step
}

type digest [16]byte

func digestOf(s string) digest {
	h := sha256.Sum256([]byte(s))
	return digest(h[:16])
}

// next returns what to follow from a page: the links without those to further
// pages of a list that stops here; fresh are the links that the frontier is not
// known to have. The stop is nil when the list goes on, or has stopped on
// another way.
func (c *chains) next(src *Source, u frontier.URL, page *mention.Page, out Outcome, fresh []frontier.Link) ([]frontier.Link, *Stop) {
	list := false
	var further []string // pages of the list that are met for the first time
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range out.Links {
		if l.Kind == mention.LinkNext && l.URL != u.URL {
			if list = true; c.of[digestOf(l.URL)].list == nil {
				further = append(further, l.URL)
			}
		}
	}
	key := digestOf(u.URL)
	at := c.of[key]
	if !list && at.list == nil {
		return fresh, nil
	}
	if at.list == nil {
		at.list = &chain{seen: map[digest]digest{}}
	}
	if len(c.of)+len(further) >= maxChained {
		clear(c.of)
	}
	c.of[key] = at
	at.list.pages++
	if reason := at.judge(src, u, page, out, fresh, further); reason != "" {
		var stop *Stop
		if !at.list.stopped {
			at.list.stopped = true
			stop = &Stop{URL: u.URL, Reason: reason, Pages: at.list.pages}
		}
		return withoutNext(fresh), stop
	}
	for _, f := range further {
		c.of[digestOf(f)] = at
	}
	return fresh, nil
}

// reached tells whether a page of a list that was known before this run is to
// be asked for: the page before it was handled and had something new.
func (c *chains) reached(u frontier.URL) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[digestOf(u.URL)].list != nil
}

func withoutNext(links []frontier.Link) []frontier.Link {
	return slices.DeleteFunc(links, func(l frontier.Link) bool { return l.Priority == frontier.PriorityNext })
}

// judge takes the step onto a page and says why it is the last; "" when it is
// not.
func (c *step) judge(src *Source, u frontier.URL, page *mention.Page, out Outcome, fresh []frontier.Link, further []string) StopReason {
	brought := out.New+out.Changed > 0
	if brought {
		c.known = 0
	} else if c.known += out.Same; src.StopAfterKnown > 0 && c.known >= src.StopAfterKnown && len(further) > 0 {
		return StopKnown
	}
	// A page or two may be the first under other names.
	if c.repeats++; !c.list.repeated(page, out) {
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
