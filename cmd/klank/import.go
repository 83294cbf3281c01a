package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"klank/configs"
	"klank/index"
	"klank/index/research/layout"
	"klank/mention"
	"klank/parsers"
	"klank/parsers/imports"
)

type importFlags struct {
	as, format, kind, lang, brand, reject string
	columns                               []string
	dryRun, json                          bool
}

func newImport(e *env) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Read mentions from files: NDJSON, CSV (surveys too), mbox",
		Long: `import reads mentions from files that you have at hand and puts them into the
index as if they had been collected: with brands, analysis and pseudonyms.

NDJSON is what klank export writes, or flat objects. CSV may come from Google
Forms, SurveyMonkey, Trustpilot or a spreadsheet: which column holds what is
shown first, guessed from headers and cells where neither --column nor imports:
in the configuration says it. NPS (0 to 10) and CSAT columns make survey
answers. An mbox folder holds the e-mails in which sites tell of new reviews.

Importing a file again adds nothing twice. A row that cannot be read goes, with
its line and the reason, to FILE.rejected.ndjson; the others are imported.`,
		Example: `  klank import --dry-run survey.csv               how its columns would be read
  klank import --column 'Waarom?=text' --column 'Cijfer=rating/10' survey.csv
  klank import --as nps-2026 answers.csv          as imports: nps-2026 in klank.yaml says
  klank export > all.ndjson; klank import --data elsewhere all.ndjson`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd.Context(), e, &f, args)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.as, "as", "", "the import of the configuration that says how to read the files; also their source's name")
	fl.StringVar(&f.format, "format", "", "ndjson, csv or mbox; told by the content where it is not given")
	fl.StringVar(&f.kind, "kind", "", "kind of the mentions: review, survey, post, …; told by the columns where it is not given")
	fl.StringVar(&f.lang, "lang", "", "language of the file (nl, en-US, …), which decides about 03/06/2026")
	fl.StringVar(&f.brand, "brand", "", "the brand that all of it is about")
	fl.StringArrayVar(&f.columns, "column", nil, "HEADER=ROLE: what a column holds (repeatable)")
	fl.StringVar(&f.reject, "reject", "", "file for what cannot be read (default FILE.rejected.ndjson)")
	fl.BoolVar(&f.dryRun, "dry-run", false, "show how the file is read, with its first mentions, and store nothing")
	fl.BoolVar(&f.json, "json", false, "print the outcome of each file as a JSON line")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"ndjson", "csv", "mbox"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// options joins the flags with the import of the configuration.
func (f *importFlags) options(cfg *configs.Config, file string) (imports.Options, string, error) {
	name := f.as
	c := configs.Import{}
	if f.as != "" {
		i := slices.IndexFunc(cfg.Imports, func(i configs.Import) bool { return i.Name == f.as })
		if i >= 0 {
			c = cfg.Imports[i]
		}
	} else {
		name, _, _ = strings.Cut(filepath.Base(file), ".")
	}
	o := imports.Options{Name: cmp.Or(name, "import"), Format: imports.Format(f.format), Kind: mention.Kind(cmp.Or(f.kind, c.Kind)),
		Language: cmp.Or(f.lang, c.Language), Columns: maps.Clone(c.Columns), Now: time.Now()}
	if o.Columns == nil {
		o.Columns = map[string]string{}
	}
	for _, spec := range f.columns {
		i := strings.LastIndexByte(spec, '=')
		if i <= 0 {
			return o, "", usagef("--column %q: write HEADER=ROLE, e.g. --column 'Why?=text'", spec)
		}
		if _, _, err := imports.ParseRole(spec[i+1:]); err != nil {
			return o, "", usagef("--column: %w", err)
		}
		o.Columns[spec[:i]] = spec[i+1:]
	}
	switch {
	case o.Format != "" && !slices.Contains(imports.Formats, o.Format):
		return o, "", usagef("--format %q is not allowed; allowed are ndjson, csv, mbox", f.format)
	case o.Kind != "" && !slices.Contains(mention.Kinds, o.Kind):
		return o, "", usagef("--kind %q is not allowed; allowed are review, post, comment, question, answer, survey", f.kind)
	}
	brand := cmp.Or(f.brand, c.Brand)
	if brand != "" && !slices.ContainsFunc(cfg.Brands, func(b configs.Brand) bool { return b.Name == brand }) {
		return o, "", usagef("--brand %q is not configured under brands:", brand)
	}
	return o, brand, nil
}

// imported is the outcome of one file.
type imported struct {
	File    string          `json:"file"`
	Format  imports.Format  `json:"format"`
	Columns imports.Mapping `json:"columns,omitempty"`
	Read    int             `json:"read"`
	New     int             `json:"new"`
	Changed int             `json:"changed"`
	Same    int             `json:"same"`
	// Suppressed were erased by klank forget.
	Suppressed int `json:"suppressed,omitempty"`
	// Outdated are older than mentions of their kind are kept.
	Outdated int    `json:"outdated,omitempty"`
	Rejected int    `json:"rejected"`
	Rejects  string `json:"rejects,omitempty"`
}

func runImport(ctx context.Context, e *env, f *importFlags, files []string) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if f.reject != "" && len(files) > 1 {
		return usagef("--reject names one file; import the files one by one, or leave it out")
	}
	im := &importer{e: e, f: f, cfg: cfg}
	if im.pipe, err = newPipeline(cfg, e.log(), e.newAnalyzer); err != nil {
		return err
	}
	if !f.dryRun {
		w, err := e.openWorkspace(ctx, cfg)
		if err != nil {
			return err
		}
		defer w.Close()
		im.w, im.pipe.secret, im.pipe.store = w, w.secret, w.index.PutSeen
		im.pipe.suppressed, im.pipe.corrected = w.suppression(), w.corrections()
		if err := im.pipe.corrected.refresh(ctx); err != nil {
			return err
		}
		if im.erased, err = im.pipe.suppressed.list(ctx); err != nil {
			return err
		}
	}
	rejected := 0
	for _, file := range files {
		res, err := im.file(ctx, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		rejected += res.Rejected
		if f.json {
			err = jsonLines(e.out).Encode(res)
		} else if !f.dryRun {
			_, err = fmt.Fprint(e.out, res)
		}
		if err != nil {
			return err
		}
	}
	if im.w != nil {
		summary := &printer{w: e.out}
		if f.json {
			summary.w = e.err
		}
		printEnriched(summary, enrichIndex(ctx, im.w.index, e.log()))
		if summary.err != nil {
			return summary.err
		}
	}
	if rejected > 0 && !f.dryRun {
		return partialError{fmt.Sprintf("%s could not be read; see the rejects file, mend and import it again", counted(rejected, "row"))}
	}
	return nil
}

func (r *imported) String() string {
	s := fmt.Sprintf("%s: %d read, %d new, %d changed, %d known", clean(r.File), r.Read, r.New, r.Changed, r.Same)
	if r.Suppressed > 0 {
		s += fmt.Sprintf(", %d left out as erased before", r.Suppressed)
	}
	if r.Outdated > 0 {
		s += fmt.Sprintf(", %d left out as older than retention.mentions keeps", r.Outdated)
	}
	if r.Rejected > 0 {
		s += fmt.Sprintf(", %d rejected (%s)", r.Rejected, clean(r.Rejects))
	}
	return s + "\n"
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// importBatch is the mentions of one transaction.
const importBatch = 500

// importer reads files into the index.
type importer struct {
	e    *env
	f    *importFlags
	cfg  *configs.Config
	w    *workspace // nil for a dry run
	pipe *pipeline
	// erased is what does not come back; see suppression.
	erased map[string]bool
}

// file imports one file.
func (im *importer) file(ctx context.Context, path string) (*imported, error) {
	o, brand, err := im.f.options(im.cfg, path)
	if err != nil {
		return nil, err
	}
	o.Pages = im.pages
	in, err := os.Open(path)
	if err != nil {
		return nil, usageError{errors.Unwrap(err)} // the file is named by the caller
	}
	defer in.Close()
	r, err := imports.Open(im.watched(in), o)
	if err != nil {
		return nil, usageError{errors.New(strings.TrimPrefix(err.Error(), "import: "))}
	}
	res := &imported{File: path, Format: r.Format, Columns: r.Mapping}
	im.show(res)
	out := &rejects{path: cmp.Or(im.f.reject, path+".rejected.ndjson")}
	if im.f.dryRun {
		out.path = ""
	}
	err = im.rows(ctx, r, brand, res, out)
	if closeErr := out.close(); err == nil {
		err = closeErr
	}
	if res.Rejected > 0 {
		res.Rejects = out.path
	}
	return res, err
}

// pages reads an HTML e-mail.
func (im *importer) pages(p *mention.Page) []mention.Mention {
	res, err := im.pipe.registry.Parse(p, parsers.Options{})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(res.Mentions, func(m mention.Mention) bool { return m.ByPublisher() })
}

// watched is a file with a bar of how much of it has been read.
func (im *importer) watched(in *os.File) io.Reader {
	info, err := in.Stat()
	if err != nil || !terminal(im.e.err) || im.f.dryRun {
		return in
	}
	bar := progressbar.NewOptions64(info.Size(), progressbar.OptionSetWriter(im.e.err), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	return io.TeeReader(in, bar)
}

// show says how the columns of a table are read.
func (im *importer) show(res *imported) {
	fmt.Fprintf(im.e.err, "%s is read as %s\n", clean(res.File), res.Format)
	for _, c := range res.Columns {
		role := string(c.Role)
		if c.Best > 0 {
			role += fmt.Sprintf(", up to %g", c.Best)
		}
		if c.Guessed {
			role += " (guessed)"
		}
		fmt.Fprintf(im.e.err, "  %-44s %s\n", layout.Shorten(clean(c.Header), 44), role)
	}
}

// rows stores what the rows of a file hold, some hundred at a time.
func (im *importer) rows(ctx context.Context, r *imports.Reader, brand string, res *imported, out *rejects) error {
	var batch []mention.Mention
	store := func() error {
		if len(batch) == 0 || im.f.dryRun {
			return nil
		}
		changes, err := im.pipe.store(ctx, batch, nil)
		if err != nil {
			return err
		}
		for _, c := range changes {
			switch c {
			case index.New:
				res.New++
			case index.Changed:
				res.Changed++
			default:
				res.Same++
			}
		}
		batch = batch[:0]
		return nil
	}
	for {
		m, err := r.Next()
		var bad *imports.RowError
		switch {
		case errors.As(err, &bad):
			res.Rejected++
			err = out.add(bad)
		case errors.Is(err, io.EOF):
			return store()
		case err == nil:
			if res.Read++; im.f.dryRun && res.Read > shownRows {
				continue
			}
			if len(im.erased) > 0 && im.pipe.suppressed.covers(im.erased, m) {
				res.Suppressed++
				continue
			}
			if im.pipe.outdated(m, time.Now()) {
				res.Outdated++
				continue
			}
			im.pipe.label(m, cmp.Or(m.Collected, time.Now().UTC()), brand)
			batch = append(batch, *m)
			if im.f.dryRun {
				err = jsonLines(im.e.out).Encode(m)
			}
		}
		if err == nil && (len(batch) == importBatch || ctx.Err() != nil) {
			err = cmp.Or(ctx.Err(), store())
		}
		if err != nil {
			return err
		}
	}
}

// shownRows are those that --dry-run shows.
const shownRows = 3

// rejects is the file of the rows that could not be read; it is made for the
// first of them. With no path they are counted only.
type rejects struct {
	path string
	w    *os.File
}

func (r *rejects) add(bad *imports.RowError) error {
	if r.path == "" {
		return nil
	}
	if r.w == nil {
		var err error
		if r.w, err = os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
			return fmt.Errorf("the rejects file: %w; name another with --reject", err)
		}
	}
	line, err := json.Marshal(map[string]any{"line": bad.Line, "reason": bad.Err.Error(), "row": bad.Row})
	if err == nil {
		_, err = r.w.Write(append(line, '\n'))
	}
	return err
}

func (r *rejects) close() error {
	if r.w == nil {
		return nil
	}
	return r.w.Close()
}
