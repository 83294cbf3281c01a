// Package market is the demo's little world: a handful of web sites on
// loopback that sell coffee machines and talk about them. Three shops (JSON-LD,
// microdata, no markup at all), a forum, a blog, a feed and a Mastodon-like
// API carry some two hundred reviews, posts and comments in Dutch and English,
// with the menus, related products, cookie banners and slips of real sites
// around them. Brands, shops and people are invented.
//
// Because it also knows the truth (Truth, Declared, Disallowed) and keeps a
// log of every request (Log), a test can hold a crawl of it against what was
// to be collected and how politely.
//
// It is not for production and not a mock of any part of klank: it knows
// nothing of the stages, and they must know nothing of it.
package market

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// firstPort is the port of the first host; the others follow. Ids are hashed
// from host and port, so ports that stay make a second demo find the same
// mentions. A port that is taken is replaced by a free one.
const firstPort = 18431

// Market is the running demo. Its methods may be called from any goroutine.
type Market struct {
	sites   []*site
	servers sync.WaitGroup
	stop    func() bool
	close   sync.Once
	err     error
}

// Start serves every site on a port of 127.0.0.1 until ctx ends or Close is
// called.
func Start(ctx context.Context) (*Market, error) {
	sites, err := load()
	if err != nil {
		return nil, fmt.Errorf("market: %w", err)
	}
	m := &Market{sites: sites}
	for i, s := range sites {
		l, err := listen(ctx, firstPort+i)
		if err != nil {
			m.shut()
			return nil, fmt.Errorf("market: %w", err)
		}
		s.listener, s.host = l, l.Addr().String()
		if err := s.build(); err != nil {
			_ = l.Close()
			m.shut()
			return nil, fmt.Errorf("market: %s: %w", s.name, err)
		}
		s.server = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
		m.servers.Go(func() { _ = s.server.Serve(l) })
	}
	m.stop = context.AfterFunc(ctx, m.shut)
	return m, nil
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		l, err = c.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	return l, err
}

// Close stops all sites and waits for them. It may be called more than once.
func (m *Market) Close() error {
	if m.stop != nil {
		m.stop()
	}
	m.shut()
	return m.err
}

func (m *Market) shut() {
	m.close.Do(func() {
		for _, s := range m.sites {
			if s.server != nil {
				m.err = errors.Join(m.err, s.server.Close())
			}
		}
		m.servers.Wait()
	})
}

// Source describes a site as a configuration would.
type Source struct {
	Name string
	// Type is site, feed or mastodon.
	Type string
	// Host is "127.0.0.1:port".
	Host string
	// Seeds are the URLs a crawl starts from; everything else is reached by
	// following links and pagination.
	Seeds []string
	// Brand is the brand that everything of the source is about; empty
	// where it differs by page, as it does on every site so far.
	Brand string
	// Selectors are needed for a site without markup, else nil.
	Selectors *Selectors
}

// Selectors name the parts of a page without markup: CSS selectors within the
// Review block, Item and those after it on the whole page. "sel@attr" stands
// for an attribute, "@attr" for one of the block itself.
type Selectors struct {
	Review, ID, Author, Title, Text, Rating, Date, Reply string
	Item, ItemRating, ReviewCount, Next, Links           string
}

// Sources lists the sites, one per host, in the order of their ports.
func (m *Market) Sources() []Source {
	var out []Source
	for _, s := range m.sites {
		src := Source{Name: s.name, Type: s.kind, Host: s.host, Selectors: s.selectors}
		for _, p := range s.seeds {
			src.Seeds = append(src.Seeds, s.url(p))
		}
		out = append(out, src)
	}
	return out
}

// Brand is a name to watch.
type Brand struct {
	Name string
	// Own tells the customer's brands from rivals.
	Own bool
	// Products are the names of its products.
	Products []string
}

// Brands lists the brands of the market: Brimsel and Halvane are the demo
// user's own, Tazzuro is the rival.
func (m *Market) Brands() []Brand {
	out := []Brand{{Name: "Brimsel", Own: true}, {Name: "Halvane", Own: true}, {Name: "Tazzuro"}}
	for i := range out {
		for _, p := range m.sites[0].catalogue {
			if p.Brand == out[i].Name {
				out[i].Products = append(out[i].Products, p.Name)
			}
		}
	}
	return out
}

// Request is one request a site has answered.
type Request struct {
	Host string
	// Path is path and query as asked for.
	Path string
	// Time is when it came, Ended when it was answered or its sender was gone.
	Time, Ended time.Time
	Status      int
	// Agent is its User-Agent.
	Agent string
}

// Linger has every answer take so much longer; to be called before a crawl.
func (m *Market) Linger(d time.Duration) {
	for _, s := range m.sites {
		s.mu.Lock()
		s.linger = d
		s.mu.Unlock()
	}
}

// Log returns all requests so far in the order of their arrival.
func (m *Market) Log() []Request {
	var out []Request
	for _, s := range m.sites {
		s.mu.Lock()
		out = append(out, s.log...)
		s.mu.Unlock()
	}
	slices.SortStableFunc(out, func(a, b Request) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Host, b.Host))
	})
	return out
}

// Requests counts the requests of each host.
func (m *Market) Requests() map[string]int {
	out := map[string]int{}
	for _, r := range m.Log() {
		out[r.Host]++
	}
	return out
}

// MinGap returns for each host with two requests or more the shortest time
// between two that followed each other.
func (m *Market) MinGap() map[string]time.Duration {
	out, last := map[string]time.Duration{}, map[string]time.Time{}
	for _, r := range m.Log() {
		if t, ok := last[r.Host]; ok {
			gap := r.Time.Sub(t)
			if known, ok := out[r.Host]; !ok || gap < known {
				out[r.Host] = gap
			}
		}
		last[r.Host] = r.Time
	}
	return out
}

// Trespasses returns the requests for what a robots.txt disallows.
func (m *Market) Trespasses() []Request {
	var out []Request
	for _, s := range m.sites {
		s.mu.Lock()
		for _, r := range s.log {
			if s.disallows(r.Path) {
				out = append(out, r)
			}
		}
		s.mu.Unlock()
	}
	return out
}
