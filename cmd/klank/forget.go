package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/crawler/snapshot"
	"klank/index"
	"klank/index/query"
	"klank/mention"
	"klank/parsers"
	"klank/parsers/redact"
)

type forgetFlags struct {
	author, mention, source, brand string
	release                        string
	dryRun, json                   bool
}

func newForget(e *env) *cobra.Command {
	var f forgetFlags
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Erase an author, a mention, a source or a brand everywhere",
		Long: `forget erases from the index with its earlier revisions, from the saved pages and
from the state of the crawl. Saved pages are rewritten: the words of what is
erased are blanked, and the rest of the page stays; where that does not do, the
page goes. Then the stores are rewritten, so that no trace is left in files.

An author is named as published, with --source where the name is another
person's elsewhere. Keyed hashes of erased authors and mentions are kept, so that
the next crawl passes over them. A source or a brand comes back when it is
crawled again: take it out of klank.yaml first.

Where several machines share a PostgreSQL, each carries the order out on its own
saved pages when klank run or klank crawl works there next; klank status lists
those that have not.

Messages and digests in the folders of file channels go when they quote it. Files that
you exported yourself are yours to look after.`,
		Example: `  klank forget --author 'Jan Jansen' --source keukenwinkel --dry-run
  klank forget --author 'Jan Jansen' --source keukenwinkel
  klank forget --mention 6nw7gfppn9rc7ps26aq7zn26ww
  klank forget --source oude-winkel`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runForget(cmd.Context(), e, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.author, "author", "", "everything by this author, named as published (or the author's key)")
	fl.StringVar(&f.mention, "mention", "", "the mention with this id")
	fl.StringVar(&f.source, "source", "", "everything from this source; with --author the source to look in")
	fl.StringVar(&f.brand, "brand", "", "everything that is about this brand or names it")
	fl.StringVar(&f.release, "release", "", "wait no longer for the folder of saved pages with this id, which is no more")
	fl.BoolVar(&f.dryRun, "dry-run", false, "say what would go, and erase nothing")
	fl.BoolVar(&f.json, "json", false, "as one JSON object")
	_ = cmd.RegisterFlagCompletionFunc("source", e.completeSources)
	cmd.MarkFlagsMutuallyExclusive("author", "mention", "brand", "release")
	cmd.MarkFlagsMutuallyExclusive("source", "mention")
	cmd.MarkFlagsMutuallyExclusive("source", "brand")
	cmd.MarkFlagsMutuallyExclusive("source", "release")
	cmd.MarkFlagsOneRequired("author", "mention", "source", "brand", "release")
	return cmd
}

// forgotten says what was erased, or would be.
type forgotten struct {
	Mentions int `json:"mentions"`
	// Rewritten pages lost the words, Erased pages went whole.
	Rewritten int `json:"pages_rewritten"`
	Erased    int `json:"pages_erased"`
	// URLs were taken out of the state of the crawl.
	URLs int `json:"urls"`
	// Files are messages and digests that were written into folders.
	Files int `json:"files,omitempty"`
	// Unread saved pages are damaged: nobody can read what is in them.
	Unread int  `json:"pages_damaged,omitempty"`
	DryRun bool `json:"dry_run,omitempty"`
}

func runForget(ctx context.Context, e *env, f *forgetFlags) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(e.data, secretFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is nothing in %s to forget; name the data folder with --data", e.data)
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	if f.release != "" {
		h, err := w.release(ctx, f.release)
		if err != nil {
			return err
		}
		p := &printer{w: e.out}
		p.linef("%s is waited for no longer", clean(h.Name))
		return p.err
	}
	er := &erasure{suppression: w.suppression(), f: f, w: w, progress: newProgress(e)}
	for _, c := range cfg.Alerts.Channels {
		if c.Type == "file" {
			er.dirs = append(er.dirs, c.Dir)
		}
	}
	if er.pipe, err = newPipeline(cfg, e.log(), nil); err != nil {
		return err
	}
	if f.dryRun {
		err = er.run(ctx)
	} else {
		err = w.eraseAlone(ctx, func() error {
			if err := w.obey(ctx, cfg, e.log()); err != nil {
				return err
			}
			return er.run(ctx)
		})
	}
	er.progress.close()
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("stopped before all was erased; give the same command again")
		}
		return err
	}
	if !f.dryRun {
		if err := audit(ctx, w.desk, cfg, "forget", f.what(), counted(er.done.Mentions, "mention")); err != nil {
			return err
		}
	}
	er.done.DryRun = f.dryRun
	if f.json {
		return jsonLines(e.out).Encode(er.done)
	}
	p := &printer{w: e.out}
	er.done.print(p)
	return p.err
}

// what says what is erased, without the name of an author.
func (f *forgetFlags) what() string {
	switch {
	case f.author != "" && f.source != "":
		return "an author of " + clean(f.source)
	case f.author != "":
		return "an author"
	case f.mention != "":
		return clean(f.mention)
	case f.brand != "":
		return "the brand " + clean(f.brand)
	}
	return "the source " + clean(f.source)
}

func (d *forgotten) print(p *printer) {
	verb := "erased"
	if d.DryRun {
		verb = "would be erased"
	}
	p.linef("%s %s; %s rewritten, %s erased whole; %s taken out of the crawl",
		counted(d.Mentions, "mention"), verb, counted(d.Rewritten, "saved page"), strconv.Itoa(d.Erased), counted(d.URLs, "URL"))
	if d.Files > 0 {
		p.linef("%s that quoted it %s", counted(d.Files, "file"), verb)
	}
	if d.Unread > 0 {
		p.linef("%s damaged and could not be looked into; klank prune takes them away in time", counted(d.Unread, "saved page"))
	}
	if d.Mentions+d.Rewritten+d.Erased+d.URLs == 0 {
		p.linef("nothing was found; is the name spelt as the site does?")
	}
}

// erasure is one run of the command. It can be given again after a kill: what
// tells where to look, the index, goes last.
type erasure struct {
	*suppression
	f        *forgetFlags
	w        *workspace
	pipe     *pipeline
	progress *progress
	done     forgotten

	query   query.Node
	ids     map[string]bool
	authors map[string]bool // keys
	sources map[string]bool // whose pages are looked into; nil for all
	urls    []string
	number  int // of the order
	// openings are how the mentions begin, dirs the folders of messages that may
	// quote them.
	openings, dirs []string
}

func (er *erasure) run(ctx context.Context) error {
	if err := er.choose(ctx); err != nil {
		return err
	}
	if err := er.find(ctx); err != nil {
		return err
	}
	if !er.f.dryRun {
		if err := er.remember(ctx); err != nil {
			return err
		}
		if err := er.giveOrder(ctx); err != nil {
			return err
		}
	}
	if err := er.pages(ctx); err != nil {
		return err
	}
	if err := er.files(); err != nil || er.f.dryRun {
		return err
	}
	if err := er.w.desk.CarriedOut(ctx, er.w.holder, er.number); err != nil {
		return err
	}
	return er.stores(ctx)
}

// choose makes the query for what goes, and the keys of the author.
func (er *erasure) choose(ctx context.Context) error {
	f := er.f
	er.authors = map[string]bool{}
	var err error
	switch {
	case f.author != "":
		var scope query.Node
		if f.source != "" {
			if scope, err = match("source", f.source); err != nil {
				return err
			}
		}
		res, err := er.w.index.Aggregate(ctx, index.AggregateRequest{Query: scope, Facets: []index.Facet{{Field: "host", Size: maxHosts}}})
		if err != nil {
			return err
		}
		er.authors[f.author] = true // it may be a key
		for _, b := range res.Facets["host"] {
			er.authors[mention.AuthorKey(er.secret, b.Value, f.author)] = true
		}
		if er.query, err = match("author", sorted(er.authors)...); err == nil && scope != nil {
			er.query = &query.And{Nodes: []query.Node{er.query, scope}}
		}
		return err
	case f.mention != "":
		er.query, err = match("id", f.mention)
	case f.brand != "":
		er.query, err = match("brand", f.brand)
	default:
		er.query, err = match("source", f.source)
	}
	return err
}

// maxHosts bounds the hosts that an author is looked for on.
const maxHosts = 10000

// match is a query for the mentions with one of the values in a field.
func match(field string, values ...string) (query.Node, error) {
	var all []string
	for _, v := range values {
		all = append(all, field+":"+quote(v))
	}
	return query.Parse(strings.Join(all, " OR "), time.Now())
}

func quote(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

func sorted(set map[string]bool) []string {
	var all []string
	for v := range set {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// find collects what is known of the mentions that go.
func (er *erasure) find(ctx context.Context) error {
	er.ids, er.sources = map[string]bool{}, map[string]bool{}
	if er.f.source != "" {
		er.sources[er.f.source] = true
	}
	err := er.w.index.Scan(ctx, er.query, func(m *mention.Mention) error {
		er.done.Mentions++
		er.ids[m.ID] = true
		er.sources[m.Source.Name] = true
		er.urls = append(er.urls, urlsOf([]mention.Mention{*m})...)
		if o := opening(m.Text); o != "" {
			er.openings = append(er.openings, o)
		}
		return nil
	})
	if len(er.sources) == 0 { // an author of whom nothing is stored any more
		er.sources = nil
	}
	if err != nil {
		return err
	}
	return er.findAliases(ctx)
}

// findAliases adds the ids that pages give for texts that were edited.
func (er *erasure) findAliases(ctx context.Context) error {
	aliases, err := er.w.index.AliasesOf(ctx, sorted(er.ids))
	for _, id := range aliases {
		er.ids[id] = true
	}
	return err
}

// remember suppresses before anything is erased, so that a crawl under way
// brings nothing back.
func (er *erasure) remember(ctx context.Context) error {
	if er.f.author == "" && er.f.source != "" {
		return nil
	}
	var hashes []string
	for key := range er.authors {
		hashes = append(hashes, er.hash("author", key))
	}
	for id := range er.ids {
		hashes = append(hashes, er.hash("mention", id))
	}
	return er.frontier.Suppress(ctx, hashes)
}

// pages rewrites the saved pages on which something of it stands.
func (er *erasure) pages(ctx context.Context) error {
	if er.f.author == "" && er.f.source != "" { // all of them
		p, err := er.snapshots.Prune(ctx, time.Now().Add(time.Hour), func(h snapshot.Head) bool { return h.Source.Name != er.f.source }, er.f.dryRun)
		er.done.Erased = p.Pages
		return err
	}
	var heads []snapshot.Head
	err := er.snapshots.Walk(ctx, func(h snapshot.Head) error {
		if er.sources == nil || er.sources[h.Source.Name] {
			heads = append(heads, h)
		}
		return nil
	}, func(snapshot.Damage) { er.done.Unread++ })
	if err != nil {
		return err
	}
	for i, h := range heads {
		if err := ctx.Err(); err != nil {
			return err
		}
		if er.progress != nil {
			er.progress.tick("looking into saved pages", i, len(heads))
		}
		if err := er.page(h); err != nil {
			return err
		}
	}
	return nil
}

// page looks into one saved page.
func (er *erasure) page(h snapshot.Head) error {
	page, err := er.snapshots.Get(h.Locator)
	if errors.Is(err, snapshot.ErrPruned) {
		return nil
	}
	if err != nil {
		er.done.Unread++
		return nil
	}
	o := er.pipe.options[h.Source.Name]
	var passages []string
	if len(strings.TrimSpace(er.f.author)) >= minName {
		passages = append(passages, er.f.author)
	}
	if res, err := er.pipe.registry.Parse(page, o); err == nil {
		gone := takeOut(&res, func(m *mention.Mention) bool { return er.ids[m.ID] || er.authors[er.authorOf(m)] })
		passages = append(passages, passagesOf(gone)...)
		er.urls = append(er.urls, urlsOf(gone)...)
	}
	became, err := er.rewrite(o, page, passages)
	if err != nil {
		return err
	}
	switch became {
	case rewritten:
		er.done.Rewritten++
	case erasedWhole:
		er.done.Erased++
		er.urls = append(er.urls, page.URL)
	}
	return nil
}

// opening is the beginning of a text, as far as a message quotes it for sure.
func opening(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, "http") // links are written in another way
	if r := []rune(text); len(r) > maxOpening {
		text = string(r[:maxOpening])
		text = text[:max(0, strings.LastIndexByte(text, ' '))]
	}
	return strings.TrimSpace(text)
}

const maxOpening = 100

// files takes away the messages that were written into folders and name or
// quote what goes.
func (er *erasure) files() error {
	quotes := func(body []byte) bool {
		for id := range er.ids {
			if bytes.Contains(body, []byte(id)) {
				return true
			}
		}
		return redact.Contains(body, er.openings)
	}
	for _, dir := range er.dirs {
		found, err := filepath.Glob(filepath.Join(dir, "klank-*.html"))
		if err != nil {
			return err
		}
		for _, file := range found {
			body, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if !quotes(body) {
				continue
			}
			er.done.Files++
			if er.f.dryRun {
				continue
			}
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// minName is the least length of a name that is blanked wherever it stands on
// a page, not only over what was written under it.
const minName = 4

func (er *erasure) rewrite(o parsers.Options, page *mention.Page, passages []string) (rewriting, error) {
	if er.f.dryRun {
		return wouldRewrite(page, passages), nil
	}
	return rewritePage(er.snapshots, er.pipe.registry, o, page, passages)
}

// stores takes it out of the state of the crawl and of the index, and rewrites
// both.
func (er *erasure) stores(ctx context.Context) (err error) {
	if er.f.author == "" && er.f.source != "" {
		er.done.URLs, err = er.frontier.ForgetSource(ctx, er.f.source)
	} else if len(er.urls) > 0 {
		er.done.URLs, err = er.frontier.Forget(ctx, er.urls)
	}
	if err != nil {
		return err
	}
	if _, err := er.w.index.Delete(ctx, er.query); err != nil {
		return err
	}
	if err := er.w.desk.ForgetMentions(ctx, sorted(er.ids)); err != nil {
		return err
	}
	enrichIndex(ctx, er.w.index, er.pipe.log) // copies of it are none any more
	if err := er.frontier.Compact(ctx); err != nil {
		return err
	}
	return er.w.index.Compact(ctx)
}
