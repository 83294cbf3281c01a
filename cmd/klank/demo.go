package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"klank/cmd/klank/market"
	"klank/configs"
	"klank/crawler"
	"klank/parsers"
	"klank/web"
)

// demoRate is the demo's requests a second a host: polite, and quick enough
// for a person who waits.
const demoRate = 5

func newDemo(e *env) *cobra.Command {
	var once bool
	var addr string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a bundled market on this machine, crawl it politely, and show the results",
		Long: `demo serves a small market of reviews and posts on loopback (shops, a forum, a
blog, a feed, a Mastodon-like API; Dutch and English), crawls it over HTTP through
the same pipeline as any other site, prints a summary, and serves the UI. With
--once it stops after the summary. The data folder is fresh, and goes afterwards
unless --data names one.`,
		Example: "  klank demo\n  klank demo --once --data demo-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := configs.Default()
			cfg.Web.Addr = addr
			return runDemo(cmd.Context(), e, cfg, once, cmd.Flags().Changed("data"))
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "stop after the summary")
	cmd.Flags().StringVar(&addr, "addr", configs.Default().Web.Addr, "HOST:PORT of the UI")
	return cmd
}

func runDemo(ctx context.Context, e *env, cfg *configs.Config, once, keep bool) error {
	var ln net.Listener
	if !once { // before the crawl: a taken port is not to be found out after it
		var err error
		if err = web.CheckAddr(cfg.Web.Addr, false); err != nil {
			return usageError{err}
		}
		if ln, err = listen(cfg.Web.Addr); err != nil {
			return err
		}
		defer ln.Close()
	}
	if err := demoFolder(e, keep); err != nil {
		return err
	}
	if !keep {
		defer os.RemoveAll(e.data)
	}
	m, err := market.Start(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	sources, err := demoSources(cfg, m)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.err, "klank: crawling %d sites on this machine, %d requests a second each\n", len(sources), demoRate)
	res, err := crawlInto(ctx, e, cfg, w, sources, crawlOptions{rate: demoRate, allowPrivate: true, compare: true})
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	if err := printOverview(ctx, p, w.index); err != nil {
		return err
	}
	p.linef("")
	res.print(p)
	if err := errors.Join(p.err, res.verdict()); err != nil || once {
		return err
	}
	d := newCrawlDesk(cfg, w, true)
	defer d.reader.close()
	return serveWorkspace(ctx, e, cfg, w, ln, "", d)
}

// demoFolder makes sure that the demo starts from nothing and never mixes
// with collected data.
func demoFolder(e *env, keep bool) error {
	if !keep {
		dir, err := os.MkdirTemp("", "klank-demo-*")
		e.data = dir
		return err
	}
	if _, err := os.Stat(filepath.Join(e.data, frontierFile)); err == nil {
		return usagef("%s already holds data; give the demo a folder of its own with --data", e.data)
	}
	return nil
}

// demoSources adds the market's brands and sources to the configuration, as
// its user would write them.
func demoSources(cfg *configs.Config, m *market.Market) ([]*crawler.Source, error) {
	for _, b := range m.Brands() {
		cfg.Brands = append(cfg.Brands, configs.Brand{Name: b.Name, Rival: !b.Own})
	}
	for _, s := range m.Sources() {
		c := configs.Source{Name: s.Name, Type: s.Type, URLs: s.Seeds, Brand: s.Brand}
		if x := s.Selectors; x != nil {
			c.Selectors = &parsers.Selectors{Review: x.Review, ID: x.ID, Author: x.Author, Title: x.Title, Text: x.Text, Rating: x.Rating,
				Date: x.Date, Reply: x.Reply, Item: x.Item, ItemRating: x.ItemRating, ReviewCount: x.ReviewCount, Next: x.Next, Links: x.Links}
		}
		cfg.Sources = append(cfg.Sources, c)
	}
	return crawlSources(cfg, &crawlFlags{all: true, maxPagesSet: true}, nil)
}
