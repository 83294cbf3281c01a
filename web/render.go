package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"klank/mention"
)

//go:embed templates
var templateFiles embed.FS

// view is the interface in one language: its texts, and every page's template
// with the functions bound to that language.
type view struct {
	*locale
	pages map[string]*template.Template
}

// loadViews reads templates/layout.html and templates/*parts.html, which every
// page shares, and makes a page of each of the others, named after its file.
func loadViews(locales map[string]*locale, a *assets) (map[string]*view, error) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	views := map[string]*view{}
	for code, l := range locales {
		v := &view{locale: l, pages: map[string]*template.Template{}}
		shared, err := template.New("layout.html").Funcs(functions(l, a)).
			ParseFS(templateFiles, "templates/layout.html", "templates/*parts.html")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if name == "layout" || strings.HasSuffix(name, "parts") {
				continue
			}
			page, err := shared.Clone()
			if err != nil {
				return nil, err
			}
			if v.pages[name], err = page.ParseFS(templateFiles, file); err != nil {
				return nil, err
			}
		}
		views[code] = v
	}
	return views, nil
}

// functions are what templates may call, in the language of l.
func functions(l *locale, a *assets) template.FuncMap {
	fns := template.FuncMap{
		"t":        l.t,
		"count":    l.count,
		"label":    l.label,
		"language": l.language,
		"number":   l.number,
		"percent":  l.percent,
		"date": func(t time.Time, precision any) string {
			return l.date(t, mention.Precision(fmt.Sprint(precision)))
		},
		"day":      func(t time.Time) string { return l.date(t, mention.Day) },
		"clock":    l.clock,
		"bytes":    l.bytes,
		"span":     l.span,
		"decimal":  func(f float64) string { return l.decimal(f, 1, false) },
		"score":    func(f float64) string { return l.decimal(f, 2, true) },
		"asset":    a.url,
		"clean":    clean,
		"shorten":  func(s string, n int) string { return clean(shorten(s, n)) },
		"weblink":  webLink,
		"ask":      ask,
		"stars":    func(r *mention.Rating) stars { return starsOf(l, r) },
		"rfc3339":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"dict":     dict,
		"anylabel": l.anyLabel,
		"few":      func(n int) bool { return n < few },
	}
	maps.Copy(fns, reportFunctions(l))
	return fns
}

// few is the number of mentions under which a mean or a share says too little.
const few = 20

// dict makes a map of pairs, for templates that take more than one value.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// stars is a rating as it is shown: five marks, and the words for them.
type stars struct {
	Full, Empty string
	Text        string
}

func starsOf(l *locale, r *mention.Rating) stars {
	if r == nil {
		return stars{}
	}
	text := l.decimal(r.Value, 2, false)
	if r.Best > 0 {
		text += "/" + l.decimal(r.Best, 2, false)
	}
	return starMarks(1+4*r.Score, text)
}

// starMarks rounds a grade of 1..5 to whole marks.
func starMarks(grade float64, text string) stars {
	n := max(0, min(5, int(grade+0.5)))
	return stars{Full: strings.Repeat("★", n), Empty: strings.Repeat("★", 5-n), Text: text}
}

// page is what the layout needs; Data is the page's own.
type page struct {
	Lang     string
	Title    string
	Active   string // the page's name, for the menu
	Query    string // in the search box at the top
	Version  string
	Who      identity // who looks at it
	Guarded  bool     // they have logged in: offer to log out
	LangURLs []langLink
	// Choice is what pages of figures are about, for the links to others, and
	// Report the name of the report that is shown.
	Choice choice
	Report string
	Data   any
}

type langLink struct {
	Code, Name, URL string
	Current         bool
}

func (s *Server) viewOf(w http.ResponseWriter, r *http.Request) *view {
	return s.views[pickLanguage(w, r)]
}

// render answers with a page. titleKey names its title, which title replaces
// when given. The page is complete before its first byte is sent.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name, titleKey string, data any, title ...string) {
	v := s.viewOf(w, r)
	p := page{Lang: v.code, Active: name, Version: s.cfg.Version, Who: who(r), Choice: menuChoice(r), Report: r.PathValue("name"), Data: data}
	p.Guarded = p.Who.Name != "" && p.Who.Name != localName
	if len(title) > 0 {
		p.Title = title[0]
	} else {
		p.Title = v.t(titleKey)
	}
	for _, code := range languages {
		q := r.URL.Query()
		q.Del("token")
		q.Set("lang", code)
		p.LangURLs = append(p.LangURLs, langLink{Code: code, Name: s.views[code].t("lang.name"), Current: code == v.code,
			URL: (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()})
	}
	var buf bytes.Buffer
	if err := v.pages[name].ExecuteTemplate(&buf, "layout.html", p); err != nil {
		s.log.Error("web: a page could not be made", "page", name, "route", routeOf(r), "error", err)
		writePlain(w, http.StatusInternalServerError, v.t("error.500.title")+"\n")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept-Language, Cookie")
	h.Set("Content-Language", v.code)
	w.WriteHeader(status)
	w.Write(buf.Bytes())
}

type errorPage struct {
	Status int
	Key    string // of the words: error.KEY.title and error.KEY.help
	Detail string
}

// fail answers with an error page in plain words; detail adds what is known.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, detail string) {
	key := "500"
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusNotImplemented:
		key = fmt.Sprint(status)
	}
	s.render(w, r, status, "error", "error."+key+".title", errorPage{Status: status, Key: key, Detail: clean(detail)})
}

// failWith answers for an error of the index or of another part of klank: a
// request that ran out of time is told so, the rest is logged.
func (s *Server) failWith(w http.ResponseWriter, r *http.Request, what string, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is waiting for the answer
	}
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("web: a request ran out of time", "what", what, "route", routeOf(r))
		s.fail(w, r, http.StatusServiceUnavailable, "")
		return
	}
	s.log.Error("web: "+what, "route", routeOf(r), "error", err)
	s.fail(w, r, http.StatusInternalServerError, what)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound, "")
}
