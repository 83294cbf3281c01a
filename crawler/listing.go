package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/crawler/sitemap"
	"klank/mention"
)

const (
	// maxSitemaps bounds the sitemaps of one index, those of indexes in it
	// included.
	maxSitemaps = 1000
	// listedURLs is how many URLs of a sitemap are added at once.
	listedURLs = 500
)

// Streamer is a Fetcher that hands a body on while it comes; fetch.Client is
// one. It is called like Fetch, and a host gets no other request until the
// body was read or closed.
type Streamer interface {
	Stream(ctx context.Context, r fetch.Request) (*fetch.StreamResponse, error)
}

// SitemapFinder is a Fetcher that knows the sitemaps which robots.txt of the
// origin of a URL names, as canonical URLs; fetch.Client is one. Its errors are
// of type *fetch.Error.
type SitemapFinder interface {
	Sitemaps(ctx context.Context, rawURL string) ([]string, error)
}

// justNow is how near to the moment of asking a page's last change is taken for
// the moment of asking itself: many sitemaps are made on request, and say so of
// every page.
const justNow = time.Minute

// listing is what a sitemap, or an index with its sitemaps, held.
type listing struct {
	sitemaps, listed int
	// index says that there were sitemaps in it. What it answered is for the
	// next request only where there were none: for those of an index that is
	// the same tells nothing.
	index              bool
	etag, lastModified string
	// known are the sitemaps met, queue those of them to be read yet.
	known map[string]bool
	queue []string
	// errors are the sitemaps of an index that were not to be had.
	errors map[fetch.Class]int
}

func (l *listing) report(p *SourceReport) {
	p.Sitemaps += l.sitemaps
	p.Listed += l.listed
	for class, n := range l.errors {
		p.Errors[string(class)] += n
	}
}

// lists tells whether a source has sitemaps, which say what of it is due.
func (s *Source) lists() bool { return len(s.Sitemaps) > 0 || s.RobotsSitemaps }

// isSitemap tells whether a claimed URL is a sitemap of the source. With
// RobotsSitemaps it adds those of the URL's host first; a robots.txt that is not
// to be had is a matter of the URL itself. Its error is the frontier's.
func (w *worker) isSitemap(ctx context.Context, u frontier.URL) (bool, error) {
	src := w.run.src
	if slices.Contains(src.Sitemaps, u.URL) {
		return true, nil
	}
	if !src.RobotsSitemaps || u.Priority != frontier.PrioritySeed {
		return false, nil
	}
	origin, known := w.run.named(u.URL)
	if known == nil {
		found, err := w.Fetcher.(SitemapFinder).Sitemaps(ctx, u.URL)
		if err != nil {
			return false, nil
		}
		known = []string{}
		var links []frontier.Link
		for _, s := range found[:min(len(found), maxSitemaps)] {
			if mention.SameSite(s, u.URL) && !slices.Contains(src.Sitemaps, s) {
				known = append(known, s)
				links = append(links, frontier.Link{URL: s, Priority: frontier.PrioritySeed})
			}
		}
		if err := w.addListed(ctx, links); err != nil {
			return false, err
		}
		w.run.name(origin, known)
	}
	return slices.Contains(known, u.URL), nil
}

// named returns the origin of a URL, and the sitemaps that are known of it; nil
// when they were not asked for yet.
func (r *run) named(rawURL string) (origin string, sitemaps []string) {
	if u, err := url.Parse(rawURL); err == nil {
		origin = u.Scheme + "://" + u.Host
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return origin, r.sitemaps[origin]
}

func (r *run) name(origin string, sitemaps []string) {
	r.mu.Lock()
	r.sitemaps[origin] = sitemaps
	r.mu.Unlock()
}

// readSitemaps reads a sitemap of the source; an index with all its sitemaps
// on the same host, so that it counts as done when these are; when one is worth
// another try, all are. What they list is added while they are read, so their
// size does not matter. Its error is that of fetch, or the frontier's.
func (w *worker) readSitemaps(ctx context.Context, it *item) error {
	root := it.url.URL
	l := &listing{known: map[string]bool{root: true}, queue: []string{root}, errors: map[fetch.Class]int{}}
	var again *fetch.Error
	for len(l.queue) > 0 {
		u := l.queue[0]
		l.queue = l.queue[1:]
		err := w.readSitemap(ctx, it.url, u, l)
		failed, ok := errors.AsType[*fetch.Error](err)
		switch {
		case err == nil:
			continue
		case !ok || ctx.Err() != nil:
			return err
		case u == root, failed.RetryAfter > 0, unreachable(failed):
			return w.failed(ctx, it, failed)
		case failed.Retryable():
			again = failed
		default:
			l.errors[failed.Class]++
		}
	}
	if again != nil {
		return w.failed(ctx, it, again)
	}
	w.run.strike(w.lease.Key, false)
	it.listing = l
	return nil
}

// readSitemap reads one sitemap of those that root leads to and adds the
// sitemaps of an index to the queue. Its error is a *fetch.Error or the
// frontier's.
func (w *worker) readSitemap(ctx context.Context, root frontier.URL, url string, l *listing) error {
	request := fetch.Request{URL: url, Source: w.run.src.Source, MinInterval: w.run.src.MinInterval}
	if url == root.URL && !w.run.src.Deep && root.Generation != "" && root.Generation == w.run.generation {
		request.ETag, request.LastModified = root.ETag, root.LastModified
	}
	response, err := w.openSitemap(ctx, request)
	if err != nil {
		return err
	}
	if response.NotModified { // its pages are known, and due by their own habits
		l.sitemaps++
		l.etag, l.lastModified = root.ETag, root.LastModified
		return nil
	}
	defer response.Body.Close()
	if url == root.URL {
		l.etag, l.lastModified = response.ETag, response.LastModified
	}
	var batch []frontier.Link
	var broken error // the frontier's error
	add := func() error {
		if len(batch) > 0 && broken == nil {
			broken = w.addListed(ctx, batch)
			batch = batch[:0]
		}
		return broken
	}
	_, err = sitemap.Read(response.Body, func(e sitemap.Entry) error {
		u, err := mention.CanonicalURL(url, e.URL)
		switch {
		case err != nil:
		case e.Sitemap:
			l.index = true
			if mention.SameSite(u, url) && len(l.known) < maxSitemaps && !l.known[u] {
				l.known[u] = true
				l.queue = append(l.queue, u)
			}
		case w.run.reach.holds(u, false) && !isFile(u):
			l.listed++
			link := frontier.Link{URL: u, Priority: frontier.PriorityPage, Depth: 1}
			if believable(e.LastMod, response.Fetched) {
				link.Modified, link.Within = e.LastMod, e.Within
			}
			if batch = append(batch, link); len(batch) == listedURLs {
				return add()
			}
		}
		return nil
	})
	if e := add(); e != nil {
		return e
	}
	if err == nil {
		l.sitemaps++
		return nil
	}
	if failed, ok := errors.AsType[*fetch.Error](err); ok {
		return failed
	}
	return &fetch.Error{URL: url, Class: classSitemap, Err: err}
}

// believable tells whether a page may have been changed at that time, as a
// sitemap says that was asked for then.
func believable(changed, asked time.Time) bool {
	return !changed.IsZero() && asked.Sub(changed) > justNow
}

// openSitemap asks for a sitemap and follows redirects on its host.
func (w *worker) openSitemap(ctx context.Context, request fetch.Request) (*fetch.StreamResponse, error) {
	for range maxHops {
		url := request.URL
		response, err := w.Fetcher.(Streamer).Stream(ctx, request)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			return nil, asFetchError(url, err)
		case response.Body != nil, response.NotModified:
			return response, nil
		case response.Redirect == "":
			return nil, &fetch.Error{URL: url, Class: fetch.Protocol, Err: errors.New("neither a body nor a redirect")}
		case !mention.SameSite(response.Redirect, url):
			return nil, &fetch.Error{URL: url, Class: classRedirect, Err: fmt.Errorf("the sitemap has moved to another host: %s", response.Redirect)}
		}
		request.URL = response.Redirect
	}
	return nil, &fetch.Error{URL: request.URL, Class: classRedirect, Err: fmt.Errorf("more than %d redirects in a row", maxHops)}
}

// addListed gives the frontier what a sitemap lists.
func (w *worker) addListed(ctx context.Context, links []frontier.Link) error {
	added, err := w.Frontier.Add(ctx, w.run.record, links)
	if err != nil {
		return err
	}
	w.run.mu.Lock()
	w.run.known += added
	w.run.left += added
	w.run.mu.Unlock()
	if added > 0 && w.elsewhere(links) {
		w.notify()
	}
	return nil
}
