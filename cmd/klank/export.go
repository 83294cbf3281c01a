package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"klank/index"
	"klank/index/query"
	"klank/index/research/layout"
	"klank/mention"
)

func newExport(e *env) *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "export [QUERY]",
		Short: "Write mentions as NDJSON or CSV",
		Long:  "export writes every mention that matches the query, or all of them, to standard output.",
		Example: `  klank export > mentions.ndjson
  klank export --csv --brand Lumo 'published:2026-01..2026-03' > first-quarter.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExport(cmd.Context(), e, &f, strings.Join(args, " "))
		},
	}
	fl := cmd.Flags()
	f.narrowing(fl)
	fl.BoolVar(&f.json, "json", false, "one mention a line as JSON (the default)")
	fl.BoolVar(&f.csv, "csv", false, "as CSV, safe for spreadsheets")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}

func runExport(ctx context.Context, e *env, f *searchFlags, text string) error {
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
	w := bufio.NewWriterSize(e.out, 1<<16)
	if f.csv {
		err = exportCSV(ctx, ix, q, w)
	} else {
		err = ix.ScanJSON(ctx, q, func(doc []byte) error {
			w.Write(doc) // its error stays until the last call
			return w.WriteByte('\n')
		})
	}
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	format := "json"
	if f.csv {
		format = "csv"
	}
	return e.audit(ctx, cfg, "export", format, "") // the query may name an author
}

func exportCSV(ctx context.Context, ix index.Scanner, q query.Node, w io.Writer) error {
	c, err := layout.NewMentionCSV(w)
	if err != nil {
		return err
	}
	if err := ix.Scan(ctx, q, func(m *mention.Mention) error { return c.Write(m) }); err != nil {
		return err
	}
	return c.Flush()
}
