package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler/fetch"
	"klank/crawler/frontier"
	"klank/index/research/layout"
	"klank/mention"
	"klank/parsers"
)

// parseInput is one line of parse --list.
type parseInput struct {
	File        string    `json:"file"`
	URL         string    `json:"url,omitempty"`
	Parser      string    `json:"parser,omitempty"`
	ContentType string    `json:"content_type,omitempty"`
	Fetched     time.Time `json:"fetched,omitzero"`

	source string // the configured source whose permission and rendering hold
}

// parseOutput is one line of parse --json.
type parseOutput struct {
	File     string            `json:"file,omitempty"`
	URL      string            `json:"url,omitempty"`
	Mentions []mention.Mention `json:"mentions"`
	Items    []mention.Item    `json:"items"`
	Links    []mention.Link    `json:"links"`
	Problems []mention.Problem `json:"problems"`
	// Explain is there when asked for with --explain.
	Explain *parsers.Explanation `json:"explain,omitempty"`
}

type parseFlags struct {
	json, allowPrivate    bool
	explain               bool
	url, parser, list, at string
	source                string
}

func newParse(e *env) *cobra.Command {
	var f parseFlags
	cmd := &cobra.Command{
		Use:   "parse FILE|URL…",
		Short: "Show what the parsers find on a page; nothing is stored",
		Long: `parse reads saved files (.gz too) or fetches URLs, politely, and shows every
mention, which parser found it, the items with their declared counts, the links
a crawl would follow, and every problem on the page. With --source it shows what
each of its selectors found; with --explain also which repeated blocks of the
page were taken for mentions, which were not, and why.`,
		Example: `  klank parse https://shop.example/p/kettle
  klank parse --url https://shop.example/p/kettle saved.html
  klank parse --explain saved.html
  klank parse --json --list pages.ndjson > found.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error { return runParse(cmd.Context(), e, &f, args) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.json, "json", false, "one JSON line an input")
	fl.StringVar(&f.url, "url", "", "the URL the file was saved from")
	fl.StringVar(&f.parser, "parser", "", "force one parser: "+strings.Join(parsers.New().Names(), ", "))
	fl.StringVar(&f.list, "list", "", `NDJSON file of inputs {"file","url","parser","content_type","fetched"}; - for standard input`)
	fl.StringVar(&f.at, "at", "", "when the page was fetched (RFC 3339); without it relative dates in files stay empty")
	fl.StringVar(&f.source, "source", "", "read as this configured source says: its parser, selectors and load_more")
	fl.BoolVar(&f.explain, "explain", false, "show what selectors and the guess at repeated blocks found, and why")
	fl.BoolVar(&f.allowPrivate, "allow-private", false, "permit loopback and private addresses")
	_ = cmd.RegisterFlagCompletionFunc("parser", cobra.FixedCompletions(parsers.New().Names(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("source", e.completeSources)
	return cmd
}

func runParse(ctx context.Context, e *env, f *parseFlags, args []string) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	inputs, err := parseInputs(e, f, args)
	if err != nil {
		return err
	}
	opts := parsers.Options{Parser: f.parser}
	if f.source != "" {
		src, err := configuredSource(cfg, f.source)
		if err != nil {
			return err
		}
		if opts, err = src.Options(); err != nil {
			return err
		}
		if f.parser != "" {
			opts.Parser = f.parser
		}
	}
	p := &pageReader{cfg: cfg, allowPrivate: f.allowPrivate}
	defer p.close()
	reg := parsers.New()
	w := bufio.NewWriter(e.out)
	failed := 0
	for _, in := range inputs {
		o := opts
		if in.Parser != "" {
			o.Parser = in.Parser
		}
		out, res, err := parseOne(ctx, p, reg, in, o, f.explain || !f.json && o.Selectors != nil)
		if err != nil {
			if ctx.Err() != nil || len(inputs) == 1 {
				w.Flush()
				return err
			}
			failed++
			fmt.Fprintln(e.err, "klank: "+clean(err.Error()))
			out.Problems = append(out.Problems, mention.Problem{Where: "input", What: err.Error()})
		}
		if f.json {
			err = jsonLines(w).Encode(out)
		} else {
			err = printParsed(w, out, res, f.explain)
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if failed > 0 {
		return partialError{fmt.Sprintf("%d of %d inputs could not be read", failed, len(inputs))}
	}
	return nil
}

func parseInputs(e *env, f *parseFlags, args []string) ([]parseInput, error) {
	at := time.Time{}
	if f.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, f.at); err != nil {
			return nil, usagef("--at %q is not a time; write it like 2026-10-01T12:00:00Z", f.at)
		}
	}
	var inputs []parseInput
	for _, a := range args {
		in := parseInput{File: a, URL: f.url, Fetched: at}
		if strings.Contains(a, "://") {
			in = parseInput{URL: a, Fetched: at, source: f.source}
		}
		inputs = append(inputs, in)
	}
	if f.list != "" {
		listed, err := readList(e, f.list)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, listed...)
	}
	if len(inputs) == 0 {
		return nil, usagef("nothing to parse: give a FILE, a URL or --list; see klank parse --help")
	}
	return inputs, nil
}

func readList(e *env, name string) ([]parseInput, error) {
	r := e.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usagef("--list: %w", err)
		}
		defer f.Close()
		r = f
	}
	var inputs []parseInput
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var in parseInput
		err := dec.Decode(&in)
		if errors.Is(err, io.EOF) {
			return inputs, nil
		}
		if err != nil {
			return nil, usagef(`--list %s: entry %d is not an object like {"file":"page.html","url":"https://…"}: %w`, name, n, err)
		}
		if in.File == "" {
			return nil, usagef(`--list %s: entry %d has no "file"`, name, n)
		}
		if name != "-" && !filepath.IsAbs(in.File) {
			if _, err := os.Stat(in.File); err != nil {
				in.File = filepath.Join(filepath.Dir(name), in.File)
			}
		}
		inputs = append(inputs, in)
	}
}

func parseOne(ctx context.Context, p *pageReader, reg *parsers.Registry, in parseInput, o parsers.Options, explain bool) (out parseOutput, res parsers.Result, err error) {
	page, err := p.read(ctx, in)
	if err != nil {
		out = nothingFound()
	} else {
		out, res, err = findOn(reg, page, o, explain)
	}
	out.File, out.URL = in.File, in.URL
	return out, res, err
}

// nothingFound has lists where JSON is to have them.
func nothingFound() parseOutput {
	return parseOutput{Mentions: []mention.Mention{}, Items: []mention.Item{}, Links: []mention.Link{}, Problems: []mention.Problem{}}
}

// findOn gives a page to the parsers.
func findOn(reg *parsers.Registry, page *mention.Page, o parsers.Options, explain bool) (parseOutput, parsers.Result, error) {
	out := nothingFound()
	res, err := reg.Parse(page, o)
	if err != nil {
		return out, res, usageError{err}
	}
	if len(res.Mentions) > 0 {
		out.Mentions = res.Mentions
	}
	out.Items = append(out.Items, res.Items...)
	out.Links = append(out.Links, res.Links...)
	out.Problems = append(out.Problems, res.Problems...)
	if explain {
		e, err := reg.Explain(page, o)
		if err != nil {
			return out, res, usageError{err}
		}
		out.Explain = &e
	}
	return out, res, nil
}

// pageReader turns inputs into pages: from files, or through the polite
// fetch stack.
type pageReader struct {
	cfg          *configs.Config
	allowPrivate bool
	client       *fetch.Client
	fetch        *sourceFetcher
	quotas       frontier.Quotas // nil: not counted
}

func (p *pageReader) close() {
	if p.fetch != nil {
		p.fetch.close()
	}
	if p.client != nil {
		p.client.Close()
	}
}

// open makes the fetch stack when the first URL asks for it.
func (p *pageReader) open() (err error) {
	if p.client == nil {
		if p.client, err = newFetcher(p.cfg, 0, p.allowPrivate); err != nil {
			return err
		}
	}
	if p.fetch == nil {
		p.fetch, err = newSourceFetcher(p.cfg, p.client, p.quotas)
	}
	return err
}

func (p *pageReader) read(ctx context.Context, in parseInput) (*mention.Page, error) {
	if in.File != "" {
		return readPageFile(in, p.cfg.Crawl.MaxBody)
	}
	if err := p.open(); err != nil {
		return nil, err
	}
	u, err := startURL(in.URL)
	if err != nil {
		return nil, err
	}
	for range 5 {
		resp, err := p.fetch.Fetch(ctx, fetch.Request{URL: u, Source: mention.Source{Name: in.source}})
		if err != nil {
			return nil, err
		}
		if resp.Redirect == "" {
			if !in.Fetched.IsZero() {
				resp.Page.Fetched = in.Fetched
			}
			return resp.Page, nil
		}
		u = resp.Redirect
	}
	return nil, fmt.Errorf("%s: more than five redirects", in.URL)
}

// readPageFile reads a saved page, through gzip where the name says so.
func readPageFile(in parseInput, limit int64) (*mention.Page, error) {
	f, err := os.Open(in.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	name := in.File
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r, name = z, strings.TrimSuffix(name, ".gz")
	}
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.File, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes; raise crawl.max_body to read it", in.File, limit)
	}
	page := &mention.Page{URL: in.URL, Status: http.StatusOK, ContentType: in.ContentType, Body: body, Fetched: in.Fetched}
	if page.URL != "" {
		if page.URL, err = pageURL(in.URL); err != nil {
			return nil, err
		}
	}
	if page.ContentType == "" && strings.HasSuffix(name, ".json") {
		page.ContentType = "application/json"
	}
	return page, nil
}

// pageURL reads the URL that a saved page is said to come from; lists of
// pages often leave the scheme out.
func pageURL(raw string) (string, error) {
	u, err := mention.CanonicalURL("", raw)
	if err != nil && !strings.Contains(raw, "://") {
		u, err = mention.CanonicalURL("", "https://"+raw)
	}
	if err != nil {
		return "", usagef("url %q: %w", raw, err)
	}
	return u, nil
}

// printParsed shows a person what was found, and by which parser.
func printParsed(w io.Writer, out parseOutput, res parsers.Result, explain bool) error {
	name := out.File
	if name == "" {
		name = out.URL
	}
	p := &printer{w: w}
	p.linef("%s", clean(name))
	if res.Blocked != "" {
		p.linef("  blocked: %s", clean(res.Blocked))
	}
	if d := res.Directives; d != (mention.Directives{}) {
		p.linef("  directives: noindex=%t nofollow=%t tdm-reserved=%t", d.NoIndex, d.NoFollow, d.TDMReserved)
	}
	for i := range out.Items {
		it := &out.Items[i]
		line := "  item " + clean(it.Name)
		if it.Rating != nil {
			line += fmt.Sprintf("  %s of %s", number(it.Rating.Value), number(it.Rating.Best))
		}
		if it.ReviewCount != nil {
			line += fmt.Sprintf("  %d reviews", *it.ReviewCount)
		}
		if it.RatingCount != nil {
			line += fmt.Sprintf("  %d ratings", *it.RatingCount)
		}
		p.linef("%s", line)
	}
	for i := range out.Mentions {
		printMention(p, &out.Mentions[i])
	}
	kinds := map[mention.LinkKind]int{}
	for _, l := range out.Links {
		kinds[l.Kind]++
	}
	p.linef("  %d mentions, %d items; links: %d next, %d item, %d feed, %d other", len(out.Mentions), len(out.Items),
		kinds[mention.LinkNext], kinds[mention.LinkItem], kinds[mention.LinkFeed], kinds[mention.LinkPage])
	for _, l := range out.Links {
		if l.Kind == mention.LinkNext || l.Kind == mention.LinkFeed {
			p.linef("  %s → %s", l.Kind, clean(l.URL))
		}
	}
	for _, pr := range out.Problems {
		p.linef("  problem: %s: %s", clean(pr.Where), clean(pr.What))
	}
	if out.Explain != nil {
		printExplanation(p, out, explain)
	}
	return p.err
}

func printMention(p *printer, m *mention.Mention) {
	p.linef("  %s by %s  [%s]", m.Kind, clean(authorName(m)), m.Evidence.Parser)
	p.linef("    %s", strings.Join(nonEmpty(ratingWords(m.Rating), dateWords(m), clean(itemName(m)), nativeWords(m)), "  "))
	if m.Title != "" {
		p.linef("    %s", clean(m.Title))
	}
	if m.Text != "" {
		p.linef("    %s", layout.Shorten(clean(m.Text), 300))
	}
	if m.Reply != nil {
		p.linef("    ↳ reply: %s", layout.Shorten(clean(m.Reply.Text), 160))
	}
	for _, f := range m.Flags {
		p.linef("    %s: %s", clean(f.Name), clean(f.Reason))
	}
}
