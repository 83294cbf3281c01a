package web

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// maxShown bounds how much of a saved page is shown, in bytes of its source.
const maxShown = 2 << 20

// snapshotPage shows the source of a saved page as text. It is never shown as
// a page: what it holds is foreign, and must not run here.
type snapshotPage struct {
	Locator     string
	URL         string // as saved
	Link        string // the same where it may be a link
	Status      int
	ContentType string
	Fetched     time.Time
	SHA256      string
	Bytes       int64
	Source      string
	Cut         bool
	Binary      bool
	RawURL      string
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	locator := r.PathValue("locator")
	if s.cfg.Snapshot == nil || !plausibleLocator(locator) {
		s.fail(w, r, http.StatusNotFound, "")
		return
	}
	saved, err := s.cfg.Snapshot(r.Context(), locator)
	if errors.Is(err, fs.ErrNotExist) {
		s.fail(w, r, http.StatusGone, "")
		return
	}
	if err != nil {
		s.failWith(w, r, "the saved page could not be read", err)
		return
	}
	source, cut := decode(saved.Body, saved.ContentType)
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	if r.URL.Query().Has("raw") {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
		w.Header().Set("Content-Disposition", "inline; filename=\"snapshot.txt\"")
		writePlain(w, http.StatusOK, source)
		return
	}
	p := snapshotPage{Locator: clean(locator), URL: clean(saved.URL), Link: webLink(saved.URL), Status: saved.Status,
		ContentType: clean(saved.ContentType), Fetched: saved.Fetched, SHA256: clean(saved.SHA256),
		Bytes: int64(len(saved.Body)), Source: clean(source), Cut: cut,
		Binary: strings.ContainsRune(source[:min(len(source), 1024)], 0), RawURL: snapshotURL(locator) + "?raw=1"}
	s.render(w, r, http.StatusOK, "snapshot", "snapshot.title", p)
}

// plausibleLocator refuses what can only be an attempt to leave the folder of
// the snapshots, before anything is opened.
func plausibleLocator(locator string) bool {
	return locator != "" && len(locator) <= 1024 && !strings.ContainsAny(locator, "\x00\\") &&
		!path.IsAbs(locator) && fs.ValidPath(locator)
}

// decode reads a body in its declared or guessed charset, up to maxShown.
func decode(body []byte, contentType string) (text string, cut bool) {
	if len(body) > maxShown {
		body, cut = body[:maxShown], true
		for i := 0; i < utf8.UTFMax && !utf8.RuneStart(body[len(body)-1]); i++ {
			body = body[:len(body)-1]
		}
		body = body[:len(body)-1] // the character that may have lost its end
	}
	if utf8.Valid(body) {
		return string(body), cut
	}
	enc, _, _ := charset.DetermineEncoding(body, contentType)
	out, err := io.ReadAll(io.LimitReader(enc.NewDecoder().Reader(strings.NewReader(string(body))), 4*maxShown))
	if err != nil {
		return strings.ToValidUTF8(string(body), string(utf8.RuneError)), cut
	}
	return strings.ToValidUTF8(string(out), string(utf8.RuneError)), cut
}
