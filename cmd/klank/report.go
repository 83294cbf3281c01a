package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/index/research"
	"klank/index/research/layout"
	"klank/web"
)

type reportFlags struct {
	brand, from, to string
	against         []string
	json, csv       bool
	html, lang      string
}

func newReport(e *env) *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "Answer a question about the brands: " + strings.Join(research.Names(), ", "),
		Long: `report answers a question from the collected mentions:

` + reportHelp() + `
Every number carries the query that finds the mentions behind it, how many they
are, a 95 % interval, and how much of what the sources declare was collected;
below 20 it says "too few". What the numbers mean: docs/research.md.`,
		Example: `  klank report overview --brand Lumo
  klank report compare --brand Lumo --against Ovia --against Kettler
  klank report respond --json
  klank report trend --from 2026-01-01 --html trend.html
  klank report moments --lang nl --html momenten.html`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: research.Names(),
		RunE:      func(cmd *cobra.Command, args []string) error { return runReport(cmd.Context(), e, &f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.brand, "brand", "", "only mentions of this brand")
	fl.StringSliceVar(&f.against, "against", nil, "brands to compare with; else the rivals of the configuration")
	fl.StringVar(&f.from, "from", "", "published on or after this day (2026-01-31)")
	fl.StringVar(&f.to, "to", "", "published on or before this day")
	fl.BoolVar(&f.json, "json", false, "as JSON")
	fl.BoolVar(&f.csv, "csv", false, "as CSV, a line a number, safe for spreadsheets")
	fl.StringVar(&f.html, "html", "", "write one HTML file with charts, which needs nothing else")
	fl.StringVar(&f.lang, "lang", "", "language of text and HTML, nl or en; without it plain English, with labels as queries have them")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "html")
	cmd.MarkFlagsMutuallyExclusive("json", "csv", "lang")
	return cmd
}

func reportHelp() string {
	var b strings.Builder
	for _, name := range research.Names() {
		fmt.Fprintf(&b, "  %-12s %s\n", name, research.Asks(name))
	}
	return b.String()
}

func runReport(ctx context.Context, e *env, f *reportFlags, name string) error {
	if research.Asks(name) == "" {
		return usagef("there is no report %q; there are %s", name, strings.Join(research.Names(), ", "))
	}
	speech, err := reportSpeech(f.lang)
	if err != nil {
		return err
	}
	req := research.Request{Name: name, Brand: f.brand, Against: f.against, Now: time.Now()}
	if req.From, err = dayFlag("--from", f.from); err != nil {
		return err
	}
	if req.To, err = dayFlag("--to", f.to); err != nil {
		return err
	}
	if !req.To.IsZero() {
		req.To = req.To.AddDate(0, 0, 1)
	}
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	ix, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	enrichIndex(ctx, ix, e.log()) // else what a crawl of plain URLs left would count twice
	asked := researchConfig(cfg, ix)
	asked.Settled = e.settled(cfg, ix)
	rep, err := research.Run(ctx, asked, req)
	if errors.Is(err, research.ErrRequest) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if f.html != "" {
		var page bytes.Buffer
		if err := layout.WriteHTML(ctx, &page, speech, rep, ix); err != nil {
			return err
		}
		if err := os.WriteFile(f.html, page.Bytes(), 0o600); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		return nil
	}
	w := bufio.NewWriter(e.out)
	switch {
	case f.json:
		err = layout.WriteJSON(w, rep)
	case f.csv:
		err = layout.WriteCSV(w, rep)
	default:
		p := &printer{w: w}
		printReport(p, layout.Lay(speech, rep))
		err = p.err
	}
	return errors.Join(err, w.Flush())
}

// reportSpeech is the language that --lang names.
func reportSpeech(code string) (layout.Language, error) {
	if code == "" {
		return layout.English{}, nil
	}
	speech, err := web.Speech(code)
	if err != nil {
		return nil, usagef("--lang %s: want nl or en", code)
	}
	return speech, nil
}

// researchConfig takes from the configuration what reports ask of it.
func researchConfig(cfg *configs.Config, ix research.Index) research.Config {
	out := research.Config{Index: ix, Questions: cfg.Questions}
	for _, b := range cfg.Brands {
		out.Brands = append(out.Brands, research.Brand{Name: b.Name, Rival: b.Rival})
	}
	return out
}
