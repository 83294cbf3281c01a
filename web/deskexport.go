package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/research/layout"
	"klank/mention"
)

// The most mentions of an export. All of it must be sent within the time of a
// request; klank export has no bound.
const (
	maxExported     = 50_000
	maxExportedHTML = 2_000
)

// exportFormat is a kind of file that a search can be had as.
type exportFormat struct {
	ext, contentType string
	most             int
}

var exportFormats = []exportFormat{
	{"csv", "text/csv; charset=utf-8", maxExported},
	{"ndjson", "application/x-ndjson", maxExported},
	{"html", "text/html; charset=utf-8", maxExportedHTML},
}

// exportLink is the address of a search as a file; Most is set where that is
// not all of it.
type exportLink struct {
	Format, URL string
	Most        int
}

func exportLinks(q string, total int) []exportLink {
	var out []exportLink
	for _, f := range exportFormats {
		link := exportLink{Format: f.ext, URL: "/search/export." + f.ext + "?" + url.Values{"q": {q}}.Encode()}
		if total > f.most {
			link.Most = f.most
		}
		out = append(out, link)
	}
	return out
}

// errEnough ends the walk of an export.
var errEnough = errors.New("web: enough was exported")

// export sends what a search finds as a file, as it is read, in the order of
// ids.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	scanner, ok := s.cfg.Index.(index.Scanner)
	if !ok {
		s.fail(w, r, http.StatusNotImplemented, "")
		return
	}
	q := r.URL.Query().Get("q")
	n, err := s.parse(q)
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	}
	res, err := s.cfg.Index.Search(r.Context(), index.SearchRequest{Query: n, Limit: 1})
	if err != nil {
		s.failWith(w, r, "the search could not be answered", err)
		return
	}
	for _, f := range exportFormats {
		if r.URL.Path != "/search/export."+f.ext {
			continue
		}
		h := w.Header()
		h.Set("Content-Type", f.contentType)
		h.Set("Content-Disposition", `attachment; filename="klank-search.`+f.ext+`"`)
		h.Set("Cache-Control", "private, no-store")
		buf := bufio.NewWriterSize(w, 64<<10)
		d := exportDoc{Q: q, Total: res.Total, Most: f.most, Made: s.now(), Lang: s.viewOf(w, r).code}
		if err := writeExport(r.Context(), s.views[d.Lang], buf, scanner, n, f, d); err != nil {
			s.log.Warn("web: an export was cut off", "format", f.ext, "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes half of it for all
		}
		return
	}
	s.notFound(w, r)
}

// exportDoc is the head of an export for people.
type exportDoc struct {
	Q, Lang     string
	Total, Most int
	Made        time.Time
}

// Cut tells that there are more mentions than the file has.
func (d exportDoc) Cut() bool { return d.Total > d.Most }

// exportWriter writes the mentions of one format.
type exportWriter struct {
	mention func(*mention.Mention) error
	end     func() error
}

func writeExport(ctx context.Context, v *view, buf *bufio.Writer, scanner index.Scanner, n query.Node, f exportFormat, d exportDoc) error {
	if raw, ok := scanner.(index.JSONScanner); ok && f.ext == "ndjson" {
		return exportJSON(ctx, buf, raw, n, f.most)
	}
	out, err := newExportWriter(v, buf, f, d)
	if err != nil {
		return err
	}
	sent := 0
	err = scanner.Scan(ctx, n, func(m *mention.Mention) error {
		if sent++; sent > f.most {
			return errEnough
		}
		return out.mention(m)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	return buf.Flush()
}

func exportJSON(ctx context.Context, buf *bufio.Writer, scanner index.JSONScanner, n query.Node, most int) error {
	sent := 0
	err := scanner.ScanJSON(ctx, n, func(doc []byte) error {
		if sent++; sent > most {
			return errEnough
		}
		buf.Write(doc) // its error stays until the last call
		return buf.WriteByte('\n')
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return buf.Flush()
}

func newExportWriter(v *view, w io.Writer, f exportFormat, d exportDoc) (*exportWriter, error) {
	if f.ext == "csv" {
		c, err := layout.NewMentionCSV(w)
		if err != nil {
			return nil, err
		}
		return &exportWriter{mention: c.Write, end: c.Flush}, nil
	}
	page := v.pages["search"]
	if err := page.ExecuteTemplate(w, "exporthead", d); err != nil {
		return nil, err
	}
	return &exportWriter{
		mention: func(m *mention.Mention) error {
			return page.ExecuteTemplate(w, "exported", hits([]index.Hit{{Mention: *m}})[0])
		},
		end: func() error { return page.ExecuteTemplate(w, "exportfoot", d) },
	}, nil
}
