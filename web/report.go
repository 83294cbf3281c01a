package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/index/research"
	"klank/index/research/layout"
)

// reportPatience is how long a page waits for a report that is worked out for
// the first time, before it says so; reportRetry is after how many seconds it
// looks again.
const (
	reportPatience = 250 * time.Millisecond
	reportRetry    = "2"
	// filePatience is how long a file waits, within requestTimeout.
	filePatience = requestTimeout - time.Second
	// warmPatience is how long one report may take that nobody waits for.
	warmPatience = time.Hour
)

func (s *Server) reportRoutes() []route {
	return []route{
		{pattern: "GET /report", handler: s.reportList},
		{pattern: "GET /report/{name}", handler: s.report},
		{pattern: "GET /report/{name}/{file}", handler: s.reportFile, audit: "export"},
	}
}

// reportConfig is what reports draw on, nil where the index cannot answer them.
func (s *Server) reportConfig() *research.Config {
	cfg := s.cfg.Reports
	if cfg.Index == nil {
		ix, ok := s.cfg.Index.(research.Index)
		if !ok {
			return nil
		}
		cfg.Index = ix
	}
	if s.cfg.Desk != nil {
		cfg.Settled = func(ctx context.Context) (map[string]int, error) {
			cases, err := s.cases(ctx)
			return desk.SettledOf(cases), err
		}
	}
	return &cfg
}

// reportPage is a report with what stands around it.
type reportPage struct {
	*layout.Page
	Switch switcher
	// Made is when it was worked out; Old tells that the index has changed since.
	Made time.Time
	Old  bool
	// Files are the addresses of the same as a file.
	Files []fileLink
}

type fileLink struct{ Format, URL string }

// comparing are the reports that compare brands, ownFirst those that are about
// our own where no brand is chosen.
var (
	comparing = []string{"compare", "shelf"}
	ownFirst  = []string{"compare", "moments", "impact", "respond", "ambassadors", "shelf"}
)

func (s *Server) reportList(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "reports", "reports.title", research.Names())
}

func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	name, c := r.PathValue("name"), readChoice(r)
	rep, made, err := s.askReport(r.Context(), name, c, s.patience)
	if errors.Is(err, errComputing) {
		s.showComputing(w, r, name)
		return
	}
	if err != nil {
		s.reportFailed(w, r, err)
		return
	}
	brands, err := s.knownBrands(r.Context())
	if err != nil {
		s.failWith(w, r, "the brands could not be listed", err)
		return
	}
	l := s.viewOf(w, r).locale
	p := reportPage{Page: layout.Lay(l, rep), Made: made.Made, Old: made.Old,
		Switch: switcher{choice: c, Path: "/report/" + name, Brands: brands, Periods: periods,
			Rivals: slices.Contains(comparing, name), Own: slices.Contains(ownFirst, name) && rep.Brand != ""}}
	for _, f := range formats {
		p.Files = append(p.Files, fileLink{f.ext, c.URL("/report/" + name + "/" + fileName(name, c, f.ext))})
	}
	s.render(w, r, http.StatusOK, "report", "report."+name, p)
}

// computing is the page of a report that is not ready.
type computing struct{ Name, URL string }

func (s *Server) showComputing(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Refresh", reportRetry)
	s.render(w, r, http.StatusAccepted, "computing", "computing.title", computing{Name: name, URL: r.URL.RequestURI()})
}

func (s *Server) reportFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNoReport):
		s.notFound(w, r)
	case errors.Is(err, errNoReports):
		s.fail(w, r, http.StatusNotImplemented, "")
	case errors.Is(err, research.ErrRequest):
		s.fail(w, r, http.StatusBadRequest, err.Error())
	case errors.Is(err, errComputing): // a file: nothing else may be saved in its place
		w.Header().Set("Retry-After", reportRetry)
		s.fail(w, r, http.StatusServiceUnavailable, "")
	default:
		s.failWith(w, r, "the report could not be made", err)
	}
}

var (
	errNoReport  = errors.New("web: there is no such report")
	errNoReports = errors.New("web: the index cannot answer reports")
)

// askReport gives a report, from what is kept or worked out. Errors about the
// request wrap research.ErrRequest.
func (s *Server) askReport(ctx context.Context, name string, c choice, patience time.Duration) (*research.Report, counted, error) {
	if research.Asks(name) == "" {
		return nil, counted{}, errNoReport
	}
	cfg := s.reportConfig()
	if cfg == nil {
		return nil, counted{}, errNoReports
	}
	req, err := c.request(name, s.now())
	if err != nil {
		return nil, counted{}, fmt.Errorf("%w: %w", research.ErrRequest, err)
	}
	key := fmt.Sprintf("report %q %q %q %s %s", name, c.Brand, c.Against, req.From.Format(time.DateOnly), req.To.Format(time.DateOnly))
	if name == "respond" && s.cfg.Desk != nil { // it leaves out what people have settled
		mark, err := s.cfg.Desk.CasesMark(ctx)
		if err != nil {
			return nil, counted{}, err
		}
		key += " " + strconv.FormatInt(mark, 10)
	}
	a, err := s.answers.get(ctx, key, patience, func(ctx context.Context) (any, int64, error) {
		rep, err := research.Run(ctx, *cfg, req)
		if err != nil {
			return nil, 0, err
		}
		text, err := json.Marshal(rep)
		return rep, reportBytes(len(text)), err
	})
	if err != nil {
		return nil, counted{}, err
	}
	return a.Value.(*research.Report), a, nil
}

// reportBytes estimates what a report takes in memory by its length as JSON:
// strings once, with slices, pointers and headers about as much again.
func reportBytes(text int) int64 { return int64(2*text) + 4096 }

// knownBrands are the brands of the menu, kept as reports are. As long as those
// of the index are being counted they are the configured ones.
func (s *Server) knownBrands(ctx context.Context) ([]string, error) {
	a, err := s.answers.get(ctx, "brands", s.patience, func(ctx context.Context) (any, int64, error) {
		res, err := s.cfg.Index.Aggregate(ctx, index.AggregateRequest{Facets: []index.Facet{brandFacet}})
		if err != nil {
			return nil, 0, err
		}
		return s.brands(res.Facets["brand"]), 4096, nil
	})
	if errors.Is(err, errComputing) {
		return s.brands(nil), nil
	}
	if err != nil {
		return nil, err
	}
	return a.Value.([]string), nil
}

// formats are the files that a report can be had as.
var formats = []struct{ ext, contentType string }{
	{"csv", "text/csv; charset=utf-8"}, {"json", "application/json"}, {"html", "text/html; charset=utf-8"},
}

// fileName is a name for a file that says what is in it.
func fileName(name string, c choice, ext string) string {
	parts := []string{"klank", name}
	for _, part := range []string{c.Brand, c.From, c.To} {
		part = strings.Map(func(r rune) rune {
			if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, part)
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-") + "." + ext
}

// reportFile answers with a report as a file, as the command writes it.
func (s *Server) reportFile(w http.ResponseWriter, r *http.Request) {
	name, c := r.PathValue("name"), readChoice(r)
	_, ext, _ := strings.Cut(r.PathValue("file"), ".")
	i := slices.IndexFunc(formats, func(f struct{ ext, contentType string }) bool { return f.ext == ext })
	if i < 0 {
		s.notFound(w, r)
		return
	}
	rep, _, err := s.askReport(r.Context(), name, c, filePatience)
	if err != nil {
		s.reportFailed(w, r, err)
		return
	}
	var body bytes.Buffer
	switch ext {
	case "csv":
		err = layout.WriteCSV(&body, rep)
	case "json":
		err = layout.WriteJSON(&body, rep)
	default:
		err = layout.WriteHTML(r.Context(), &body, s.viewOf(w, r).locale, rep, s.reportConfig().Index)
	}
	if err != nil {
		s.failWith(w, r, "the report could not be written", err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", formats[i].contentType)
	h.Set("Content-Disposition", `attachment; filename="`+fileName(name, c, ext)+`"`)
	h.Set("Cache-Control", "private, no-cache")
	w.Write(body.Bytes())
}

// warm works out what is looked at first, one after the other: the overview,
// the brands of the menu, the sources, and every report of all brands.
func (s *Server) warm(ctx context.Context) {
	steps := []func() error{
		func() error { _, err := s.askOverview(ctx, "", nil, warmPatience); return err },
		func() error { _, err := s.knownBrands(ctx); return err },
		func() error { _, err := s.counts(ctx); return err },
		func() error { _, err := s.lately(ctx); return err },
	}
	if s.reportConfig() != nil {
		for _, name := range research.Names() {
			steps = append(steps, func() error {
				_, _, err := s.askReport(ctx, name, choice{Period: periods[0]}, warmPatience)
				return err
			})
		}
	}
	for _, step := range steps {
		if err := step(); ctx.Err() != nil {
			return
		} else if err != nil {
			s.log.Warn("web: figures could not be worked out in advance", "error", err)
		}
	}
}
