package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"klank/configs"
	"klank/index"
	"klank/index/query"
	"klank/index/research/layout"
	"klank/mention"
)

type searchFlags struct {
	brand, from, to, sort string
	limit                 int
	json, csv             bool
}

func newSearch(e *env) *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search QUERY",
		Short: "Search the collected mentions",
		Long: `search prints the mentions that match a query, newest first.

A query is words (matched by their Dutch or English stem), "phrases", prefix*,
word~ (typing errors), a NEAR/5 b, AND, OR, NOT, parentheses, saved:name, and
field:value:

` + fieldHelp() + `
Numbers and dates take ranges: rating:<3  score:0..1  published:2026-01..2026-03
published:30d`,
		Example: `  klank search 'levering AND rating:<3'
  klank search --brand Lumo --from 2026-01-01 'touchpoint:returns sentiment:negative'
  klank search --csv 'signal:churn_risk' > leaving.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runSearch(cmd.Context(), e, &f, strings.Join(args, " "))
		},
	}
	fl := cmd.Flags()
	f.narrowing(fl)
	fl.StringVar(&f.sort, "sort", index.SortNewest, "order: "+strings.Join(index.Sorts, ", "))
	fl.IntVar(&f.limit, "limit", 20, "most mentions to print, 1 to 1000")
	fl.BoolVar(&f.json, "json", false, "one mention a line as JSON")
	fl.BoolVar(&f.csv, "csv", false, "as CSV, safe for spreadsheets")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	_ = cmd.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(index.Sorts, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// narrowing adds the flags that narrow a query; see parseQuery.
func (f *searchFlags) narrowing(fl *pflag.FlagSet) {
	fl.StringVar(&f.brand, "brand", "", "only mentions of this brand")
	fl.StringVar(&f.from, "from", "", "published on or after this day (2026-01-31)")
	fl.StringVar(&f.to, "to", "", "published on or before this day")
}

func fieldHelp() string {
	var b strings.Builder
	for _, f := range query.Fields {
		fmt.Fprintf(&b, "  %-20s %s\n", f.Name, f.Help)
	}
	return b.String()
}

func runSearch(ctx context.Context, e *env, f *searchFlags, text string) error {
	if !slices.Contains(index.Sorts, f.sort) {
		return usagef("--sort %q is not allowed; allowed are %s", f.sort, strings.Join(index.Sorts, ", "))
	}
	if f.limit < 1 || f.limit > 1000 {
		return usagef("--limit %d is out of range; allowed is 1 to 1000 (klank export has no bound)", f.limit)
	}
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	q, err := e.parseQuery(ctx, cfg, text, f)
	if err != nil {
		return err
	}
	ix, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	res, err := ix.Search(ctx, index.SearchRequest{Query: q, Sort: f.sort, Limit: f.limit, Highlight: true})
	if err != nil {
		return err
	}
	w := bufio.NewWriter(e.out)
	switch {
	case f.json:
		enc := jsonLines(w)
		for i := range res.Hits {
			if err := enc.Encode(&res.Hits[i].Mention); err != nil {
				return err
			}
		}
	case f.csv:
		c, err := layout.NewMentionCSV(w)
		if err != nil {
			return err
		}
		for i := range res.Hits {
			if err := c.Write(&res.Hits[i].Mention); err != nil {
				return err
			}
		}
		if err := c.Flush(); err != nil {
			return err
		}
	default:
		printHits(&printer{w: w}, res, terminal(e.out))
	}
	return w.Flush()
}

// parseQuery joins the query text with the flags that narrow it.
func (e *env) parseQuery(ctx context.Context, cfg *configs.Config, text string, f *searchFlags) (query.Node, error) {
	language, err := e.language(ctx, cfg)
	if err != nil {
		return nil, err
	}
	var nodes []query.Node
	q, err := language.Parse(text, time.Now())
	if err != nil {
		var se *query.SyntaxError
		if errors.As(err, &se) {
			return nil, usagef("%w\n%s", err, se.Caret(text))
		}
		return nil, usageError{err}
	}
	if q != nil {
		nodes = append(nodes, q)
	}
	if f.brand != "" {
		nodes = append(nodes, &query.Term{Field: "brand", Value: f.brand})
	}
	if f.from != "" || f.to != "" {
		r := &query.Range{Field: "published"}
		if r.From, err = dayFlag("--from", f.from); err != nil {
			return nil, err
		}
		if r.To, err = dayFlag("--to", f.to); err != nil {
			return nil, err
		}
		if !r.To.IsZero() {
			r.To = r.To.AddDate(0, 0, 1)
		}
		nodes = append(nodes, r)
	}
	switch len(nodes) {
	case 0:
		return nil, nil
	case 1:
		return nodes[0], nil
	}
	return query.Simplify(&query.And{Nodes: nodes}), nil
}

func dayFlag(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return t, usagef("%s %q is not a day; write it like 2026-01-31", name, value)
	}
	return t, nil
}

func printHits(p *printer, res *index.SearchResult, colour bool) {
	for i := range res.Hits {
		h := &res.Hits[i]
		m := &h.Mention
		sentiment := ""
		if m.Analysis != nil {
			sentiment = fmt.Sprintf("%s %+.2f", m.Analysis.Sentiment.Label, m.Analysis.Sentiment.Score)
		}
		p.linef("%s", strings.Join(nonEmpty(dateWords(m), string(m.Kind), clean(m.Source.Name), clean(itemName(m)),
			ratingWords(m.Rating), sentiment), "  "))
		if m.Title != "" {
			p.linef("  %s", marked(m.Title, "title", h.Highlights, 200, colour))
		}
		p.linef("  %s", marked(m.Text, "text", h.Highlights, 300, colour))
		p.linef("  %s", strings.Join(nonEmpty(clean(m.URL), "id "+m.ID), "  "))
	}
	p.linef("%d of %d mentions", len(res.Hits), res.Total)
	if res.Ranked > 0 {
		p.linef("ranked are the %d that were stored last; the others follow by id", res.Ranked)
	}
}

// marked shortens a text around its first match and, on a terminal, sets the
// matches in bold.
func marked(s, in string, spans []mention.Span, n int, colour bool) string {
	var mine []mention.Span
	for _, sp := range spans {
		if sp.In == in && sp.Start >= 0 && sp.End <= len(s) && sp.Start < sp.End {
			mine = append(mine, sp)
		}
	}
	from, lead := 0, ""
	if len(mine) > 0 && mine[0].Start > n/2 {
		from, lead = mine[0].Start-n/3, "…"
		if i := strings.IndexByte(s[from:mine[0].Start], ' '); i >= 0 {
			from += i + 1
		}
	}
	const bold, plain = "\x1b[1m", "\x1b[0m"
	var b strings.Builder
	b.WriteString(lead)
	at, room := from, n
	for _, sp := range mine {
		if sp.Start < at {
			continue
		}
		if sp.Start-from > n {
			break
		}
		b.WriteString(clean(s[at:sp.Start]))
		word := clean(s[sp.Start:sp.End])
		if colour {
			word = bold + word + plain
		}
		b.WriteString(word)
		at = sp.End
	}
	room -= at - from
	b.WriteString(layout.Shorten(clean(s[at:]), max(room, 1)))
	return b.String()
}
