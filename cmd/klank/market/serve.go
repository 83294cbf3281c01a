package market

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// page is one answer, made once.
type page struct {
	contentType string
	body        []byte
	modified    time.Time
	// link is the Link header, language the Content-Language.
	link, language string
	etag           string
	zipped         []byte
}

// build makes all pages of the site.
func (s *site) build() error {
	s.pages = map[string]*page{}
	robots := "User-agent: *\n"
	for _, d := range s.disallow {
		robots += "Disallow: " + d + "\n"
	}
	if s.delay != "" {
		robots += "Crawl-delay: " + s.delay + "\n"
	}
	s.add("/robots.txt", &page{contentType: "text/plain; charset=utf-8", body: []byte(robots)})
	return s.render(s)
}

// add puts a page at a path with query and gives it its validators.
func (s *site) add(path string, p *page) {
	p.withETag()
	if p.modified.IsZero() {
		p.modified = time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC)
	}
	if s.compress {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(p.body) // a Buffer takes everything
		_ = z.Close()
		p.zipped = b.Bytes()
	}
	s.pages[path] = p
}

// withETag gives p the validator of its body.
func (p *page) withETag() *page {
	sum := sha256.Sum256(p.body)
	p.etag = hex.EncodeToString(sum[:8])
	return p
}

// ServeHTTP answers a request and logs it.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, rec := time.Now(), &recorder{ResponseWriter: w, status: http.StatusOK}
	s.mu.Lock()
	linger := s.linger
	s.mu.Unlock()
	if linger > 0 {
		select {
		case <-time.After(linger):
		case <-r.Context().Done():
		}
	}
	s.answer(rec, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{Host: s.host, Path: r.URL.RequestURI(), Time: at, Ended: time.Now(), Status: rec.status, Agent: r.UserAgent()})
}

func (s *site) answer(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	p := s.pages[path]
	if p == nil && s.dynamic != nil {
		p = s.dynamic(s, r)
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "only GET here", http.StatusMethodNotAllowed)
		return
	case p == nil:
		http.Error(w, fmt.Sprintf("%s knows no %s", s.Title, r.URL.Path), http.StatusNotFound)
		return
	case s.throttle(path):
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests, come back in a second", http.StatusTooManyRequests)
		return
	}
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	for name, value := range map[string]string{"Link": p.link, "Content-Language": p.language} {
		if value != "" {
			h.Set(name, value)
		}
	}
	body, etag := p.body, p.etag
	if s.compress {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body, etag = p.zipped, etag+"-gz"
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", p.modified, bytes.NewReader(body))
}

// throttle tells whether this request is the one that is turned away.
func (s *site) throttle(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.throttled == "" || s.throttled != path {
		return false
	}
	s.throttled = ""
	return true
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
