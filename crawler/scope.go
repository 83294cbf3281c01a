package crawler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"path"
	"regexp"
	"strings"

	"klank/crawler/frontier"
	"klank/mention"
)

// maxURL bounds the length of a URL that is followed; longer ones are, as a
// rule, generated without end.
const maxURL = 2048

// maxHops bounds the redirects in a row.
const maxHops = 10

// reach decides which URLs belong to a source.
type reach struct {
	Scope
	source string
	// feed says that the source is read for its feeds.
	feed  bool
	sites map[string]bool
}

func newReach(src *Source) reach {
	r := reach{Scope: src.Scope, source: src.Name, feed: src.Type == "feed", sites: map[string]bool{}}
	starts := src.Seeds
	if len(starts) == 0 {
		starts = src.Sitemaps
	}
	for _, s := range starts {
		r.sites[site(s)] = true
	}
	return r
}

// site is the host of a URL (see mention.Host). With and without "www." are
// one site: a seed that leads from one to the other stays within its source.
func site(rawURL string) string { return strings.TrimPrefix(mention.Host(rawURL), "www.") }

// holds tells whether a URL belongs to the source. Seeds, and where they lead,
// belong to it whatever Allow and Deny say.
func (r reach) holds(rawURL string, seed bool) bool {
	if len(rawURL) > maxURL {
		return false
	}
	if matches(r.Endpoints, rawURL) {
		return !matches(r.Deny, rawURL)
	}
	if !r.sites[site(rawURL)] {
		return false
	}
	return seed || ((len(r.Allow) == 0 || matches(r.Allow, rawURL)) && !matches(r.Deny, rawURL))
}

func matches(patterns []*regexp.Regexp, s string) bool {
	for _, p := range patterns {
		if p.MatchString(s) {
			return true
		}
	}
	return false
}

// links chooses what to follow from a page at a depth. A feed that a web page
// announces repeats what the site's pages hold, which are read anyway: it is
// for the next run, to tell what is new by then.
func (r reach) links(page *mention.Page, found []mention.Link, depth int, seen *seenSet) []frontier.Link {
	later := !r.feed && isHTML(page.ContentType)
	var follow []frontier.Link
	for _, l := range found {
		f := frontier.Link{URL: l.URL, Priority: frontier.PriorityOf(l.Kind), Depth: depth + 1}
		if l.Kind == mention.LinkNext {
			f.Depth = depth
		}
		f.Later = later && l.Kind == mention.LinkFeed
		if l.NoFollow || (r.MaxDepth > 0 && f.Depth > r.MaxDepth) || seen.has(r.source, f) || !r.holds(l.URL, false) {
			continue
		}
		if l.Kind != mention.LinkFeed && isFile(l.URL) {
			continue
		}
		f.Origin = noteOf(l.Origin)
		follow = append(follow, f)
	}
	return follow
}

// noteOf is where a link comes from as the frontier keeps it: the page, then
// its item. An item of too many words is left out.
func noteOf(o *mention.Origin) string {
	if o == nil {
		return ""
	}
	item, err := json.Marshal(o.Item)
	if err != nil || o.Item == nil || len(o.Page)+len(item) > 3900 {
		item = nil
	}
	return o.Page + "\n" + string(item)
}

// originOf reads what noteOf wrote; nil for "".
func originOf(note string) *mention.Origin {
	page, item, ok := strings.Cut(note, "\n")
	if !ok {
		return nil
	}
	o := &mention.Origin{Page: page}
	if item != "" && json.Unmarshal([]byte(item), &o.Item) != nil {
		o.Item = nil
	}
	return o
}

func isHTML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// fingerprint changes with the scope: a page that is known by its validators
// may have links that only another scope follows, so it is read again.
func (r reach) fingerprint() string {
	h := sha256.New()
	fmt.Fprintln(h, r.MaxDepth)
	lists := [][]*regexp.Regexp{r.Allow, r.Deny}
	if len(r.Endpoints) > 0 { // so that most sources keep theirs
		lists = append(lists, r.Endpoints)
	}
	for _, list := range lists {
		for _, p := range list {
			_, _ = io.WriteString(h, p.String()+"\n")
		}
		_, _ = io.WriteString(h, "\n")
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// fileTypes are extensions of what holds neither text nor links.
var fileTypes = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".gif": true, ".webp": true, ".avif": true, ".svg": true, ".ico": true, ".bmp": true, ".tif": true, ".tiff": true,
	".css": true, ".js": true, ".mjs": true, ".map": true, ".wasm": true, ".woff": true, ".woff2": true, ".ttf": true, ".otf": true, ".eot": true,
	".mp3": true, ".m4a": true, ".ogg": true, ".wav": true, ".flac": true, ".mp4": true, ".m4v": true, ".webm": true, ".mov": true, ".avi": true, ".mkv": true,
	".zip": true, ".gz": true, ".tgz": true, ".bz2": true, ".xz": true, ".7z": true, ".rar": true, ".tar": true, ".iso": true, ".dmg": true, ".exe": true, ".msi": true, ".apk": true, ".deb": true, ".rpm": true, ".bin": true,
	".pdf": true, ".doc": true, ".docx": true, ".xls": true, ".xlsx": true, ".ppt": true, ".pptx": true, ".odt": true, ".ods": true, ".epub": true,
}

// isFile tells by its extension that a URL is no page. A page about a file
// (…/photo.jpg/reviews) does not end in one.
func isFile(rawURL string) bool {
	if i := strings.IndexByte(rawURL, '?'); i >= 0 {
		rawURL = rawURL[:i]
	}
	ext := path.Ext(rawURL)
	return len(ext) > 2 && len(ext) < 7 && fileTypes[strings.ToLower(ext)]
}
