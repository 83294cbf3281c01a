package market

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"klank/mention"
)

// site is one host.
type site struct {
	// name is the source's and the data file's name, kind the source's type.
	name, kind string
	// Title, Tagline, Lang and Accent are for the templates.
	Title, Tagline, Lang, Accent string
	// seeds are paths; disallow is what robots.txt forbids, delay its
	// Crawl-delay.
	seeds, disallow []string
	delay           string
	selectors       *Selectors
	// best is the top of the site's grades.
	best float64
	// usual is the kind of its texts, productPath what stands before a
	// product's name in a path; empty for what is no shop.
	usual       mention.Kind
	productPath string
	zone        *time.Location
	// compress sends gzip; throttled is a path that answers 429 once.
	compress  bool
	throttled string
	// render makes the site's pages once its host is known; dynamic answers
	// what depends on the query, nil for unknown paths.
	render  func(*site) error
	dynamic func(*site, *http.Request) *page

	catalogue        []*product
	texts, forbidden []*text

	host     string
	pages    map[string]*page
	listener net.Listener
	server   *http.Server

	mu     sync.Mutex
	linger time.Duration
	log    []Request
}

// load reads the data of all sites.
func load() ([]*site, error) {
	catalogue, err := readCatalogue()
	if err != nil {
		return nil, err
	}
	forbidden, err := readTexts("disallowed", time.UTC)
	if err != nil {
		return nil, err
	}
	sites := []*site{copperlark(), kruimelhof(), toestelhoek(), maalgraad(), narrowKitchen(), krabbels(), kring()}
	for _, s := range sites {
		s.catalogue = catalogue
		if s.zone == nil {
			s.zone = time.UTC
		}
		if s.texts, err = readTexts(s.name, s.zone); err != nil {
			return nil, err
		}
		for _, t := range forbidden {
			if s.disallows(t.On) {
				s.forbidden = append(s.forbidden, t)
			}
		}
	}
	return sites, nil
}

// cet is Central European Time; the market knows no summer.
var cet = time.FixedZone("CET", 60*60)

func (s *site) url(path string) string { return "http://" + s.host + path }

func (s *site) disallows(path string) bool {
	return slices.ContainsFunc(s.disallow, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// product finds a product by its slug; nil where there is none.
func (s *site) product(slug string) *product {
	if i := slices.IndexFunc(s.catalogue, func(p *product) bool { return p.Slug == slug }); i >= 0 {
		return s.catalogue[i]
	}
	return nil
}

// assortment lists what a shop sells.
func (s *site) assortment() []*product {
	var out []*product
	for _, p := range s.catalogue {
		if _, ok := p.Shops[s.name]; ok {
			out = append(out, p)
		}
	}
	return out
}

// on returns the texts of one product, thread or article, in file order.
func (s *site) on(slug string) []*text {
	var out []*text
	for _, t := range s.texts {
		if t.On == slug {
			out = append(out, t)
		}
	}
	return out
}

// threads returns the first text of every thread or article, in file order.
func (s *site) threads() []*text {
	var out []*text
	for _, t := range s.texts {
		if !slices.ContainsFunc(out, func(o *text) bool { return o.On == t.On }) {
			out = append(out, t)
		}
	}
	return out
}

// opening returns the text that t's thread starts with, nil when t itself is
// it or the site has no threads.
func (s *site) opening(t *text) *text {
	if s.productPath != "" || t.On == "" {
		return nil
	}
	if first := s.on(t.On)[0]; first != t {
		return first
	}
	return nil
}

func (s *site) kindOf(t *text) mention.Kind {
	opening := s.opening(t)
	switch {
	case opening != nil && opening.Kind == string(mention.Question):
		return mention.Answer
	case opening != nil, t.Re != "":
		return mention.Comment
	case t.Kind != "":
		return mention.Kind(t.Kind)
	}
	return s.usual
}

// nativeID is the id in the file, or on the Mastodon host one made like that
// server's: the time in milliseconds, shifted.
func (s *site) nativeID(t *text) string {
	if s.kind == kindMastodon {
		return strconv.FormatInt(t.At.UnixMilli()<<16, 10)
	}
	return t.ID
}

func (s *site) parentID(t *text) string {
	if t.Re != "" {
		i := slices.IndexFunc(s.texts, func(o *text) bool { return o.ID == t.Re })
		return s.nativeID(s.texts[i])
	}
	if o := s.opening(t); o != nil {
		return o.ID
	}
	return ""
}

// declared is how many reviews a shop says a product has.
func (s *site) declared(p *product) int { return len(s.on(p.Slug)) + p.Shops[s.name].Unshown }

// average is a product's mean grade to one decimal.
func (s *site) average(p *product) float64 {
	sum, texts := 0.0, s.on(p.Slug)
	for _, t := range texts {
		sum += t.Stars
	}
	return float64(int(sum/float64(len(texts))*10+0.5)) / 10
}
