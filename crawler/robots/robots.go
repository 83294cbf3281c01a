// Package robots reads robots.txt files and answers what they allow, after
// RFC 9309 and, where the RFC leaves room, the way Google's parser reads
// them. Two readings are possible in a few places; then the stricter holds.
// It reads tdmrep.json files (see ParseTDM) with the same patterns.
//
// It does no I/O: fetching, caching and what an unreadable file means are the
// fetcher's work.
package robots

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxSize is how much of a file is read (RFC 9309, 2.5: at least 500 KiB).
// The rest is ignored, with the line that it cuts.
const MaxSize = 500 << 10

// Robots is a parsed robots.txt. The zero value allows everything. It is safe
// for concurrent use.
type Robots struct {
	// groups holds, by lower-case product token ("*" for all others), the
	// groups that name it. A group that names many tokens is shared, so
	// memory stays in proportion to the file.
	groups   map[string][]*group
	sitemaps []string
	size     int
}

// What a group and a rule take, with their place in map and slice.
const (
	groupSize = 128
	ruleSize  = 80
)

// group is a run of User-agent lines with the rules that follow it.
type group struct {
	rules []rule
	delay time.Duration
}

// Rule is one Allow or Disallow line.
type Rule struct {
	Allow bool
	// Pattern is the path as written in the file.
	Pattern string
	// Line counts from 1.
	Line int
}

// String is the rule as a robots.txt line.
func (r Rule) String() string {
	if r.Allow {
		return "Allow: " + r.Pattern
	}
	return "Disallow: " + r.Pattern
}

// Parse reads a robots.txt. Lines it does not know are skipped, as the RFC
// asks: there is no such thing as a broken file.
func Parse(body []byte) *Robots {
	if len(body) > MaxSize {
		body = body[:MaxSize]
		body = body[:bytes.LastIndexAny(body, "\r\n")+1]
	}
	text := strings.TrimPrefix(string(body), "\ufeff")
	p := parser{robots: &Robots{groups: map[string][]*group{}, size: len(text)}}
	for n := 1; text != ""; n++ {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			p.line(text, n)
			break
		}
		p.line(text[:i], n)
		if strings.HasPrefix(text[i:], "\r\n") {
			i++
		}
		text = text[i+1:]
	}
	for _, g := range p.all {
		// The longest pattern decides, and Allow wins a tie; so the first
		// rule that matches is the answer.
		slices.SortStableFunc(g.rules, func(a, b rule) int {
			if a.length != b.length {
				return b.length - a.length
			}
			return boolCompare(b.Allow, a.Allow)
		})
		p.robots.size += groupSize + cap(g.rules)*ruleSize
	}
	return p.robots
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

type parser struct {
	robots *Robots
	all    []*group
	// open is the group that rules now belong to; nil before the first
	// User-agent line, where rules belong to nobody.
	open *group
	// ruled tells that open has an Allow or Disallow line, so that another
	// User-agent line begins a new group. Other lines do not end a run of
	// User-agent lines (RFC 9309, 2.2.4).
	ruled bool
}

func (p *parser) line(s string, number int) {
	key, value, ok := split(s)
	if !ok {
		return
	}
	switch key {
	case "user-agent", "useragent", "user agent":
		p.agent(value)
	case "allow":
		p.rule(Rule{Allow: true, Pattern: value, Line: number})
	case "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw": // the misspellings Google reads
		p.rule(Rule{Pattern: value, Line: number})
	case "crawl-delay", "crawldelay":
		if p.open != nil {
			p.open.delay = max(p.open.delay, parseDelay(value))
		}
	case "sitemap", "site-map":
		if value != "" {
			p.robots.sitemaps = append(p.robots.sitemaps, value)
		}
	}
}

// split cuts a line into its lower-case key and its value. A colon may be
// missing where exactly two words stand on the line, as in Google's parser.
func split(s string) (key, value string, ok bool) {
	s, _, _ = strings.Cut(s, "#")
	if key, value, ok = strings.Cut(s, ":"); !ok {
		words := strings.Fields(s)
		if len(words) != 2 {
			return "", "", false
		}
		key, value = words[0], words[1]
	}
	return strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value), true
}

func (p *parser) agent(value string) {
	if p.open == nil || p.ruled {
		p.open, p.ruled = &group{}, false
		p.all = append(p.all, p.open)
	}
	token := productToken(value)
	if token == "" {
		return
	}
	groups := p.robots.groups[token]
	if n := len(groups); n == 0 || groups[n-1] != p.open {
		p.robots.groups[token] = append(groups, p.open)
	}
}

// productToken returns the lower-case product token at the start of a
// User-agent value: "Klank/1.0 (x)" gives "klank". "*" stands for all.
func productToken(value string) string {
	if value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t") {
		return "*"
	}
	end := 0
	for end < len(value) && (isLetter(value[end]) || value[end] == '-' || value[end] == '_') {
		end++
	}
	return strings.ToLower(value[:end])
}

func (p *parser) rule(r Rule) {
	if p.open == nil {
		return
	}
	p.ruled = true
	if r.Pattern != "" { // an empty path matches nothing
		p.open.rules = append(p.open.rules, compile(r))
	}
}

// parseDelay reads seconds with an optional fraction; 0 for anything else.
func parseDelay(value string) time.Duration {
	value, _, _ = strings.Cut(value, " ")
	s, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(s) || s <= 0 {
		return 0
	}
	return time.Duration(min(s, 1e9) * float64(time.Second))
}

// find returns the groups for a product token, else those for "*".
func (r *Robots) find(agent string) []*group {
	if g := r.groups[strings.ToLower(agent)]; g != nil {
		return g
	}
	return r.groups["*"]
}

// Allowed tells whether the crawler with the product token agent may fetch
// url: an absolute URL, or a path with its query. /robots.txt always may.
func (r *Robots) Allowed(agent, url string) bool {
	rule, ok := r.Rule(agent, url)
	return !ok || rule.Allow
}

// Rule returns the rule that decides about url for the crawler agent. ok is
// false where no rule speaks, which means that url is allowed.
func (r *Robots) Rule(agent, url string) (decisive Rule, ok bool) {
	groups := r.find(agent)
	if len(groups) == 0 {
		return Rule{}, false
	}
	t := newTarget(url)
	if t.literal == "/robots.txt" {
		return Rule{}, false
	}
	best := -1
	for _, g := range groups {
		for i := range g.rules {
			c := &g.rules[i]
			if c.length < best || (c.length == best && (decisive.Allow || !c.Allow)) {
				break
			}
			if c.matches(t) {
				best, decisive, ok = c.length, c.Rule, true
				break
			}
		}
	}
	return decisive, ok
}

// CrawlDelay returns the longest Crawl-delay of the agent's groups, or 0.
func (r *Robots) CrawlDelay(agent string) time.Duration {
	var d time.Duration
	for _, g := range r.find(agent) {
		d = max(d, g.delay)
	}
	return d
}

// Size is about the bytes of memory that r keeps, for the bounds of a cache.
func (r *Robots) Size() int { return r.size }

// Sitemaps returns the values of the Sitemap lines in the file's order. They
// hold for every crawler, and may be anything: check them as any other URL.
func (r *Robots) Sitemaps() []string { return r.sitemaps }
