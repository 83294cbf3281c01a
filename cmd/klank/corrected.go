package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"klank/index"
	"klank/index/desk"
)

func newCorrections(e *env) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "corrections",
		Short: "Write the labels that people have corrected, or take those of a file",
		Long: `corrections prints as NDJSON what people have corrected in the web UI: the id of
the mention, the key of the words (a hash), the labels, by whom and when. Another
installation that has the same mentions can take them with --from: ids are the same
everywhere. What stands there already is left as it is, and the labels of stored mentions
follow at once. Those of mentions that come later apply when they come.`,
		Example: `  klank corrections > corrections.ndjson
  klank corrections --from corrections.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from != "" {
				return takeCorrections(cmd.Context(), e, from)
			}
			return writeCorrections(cmd.Context(), e)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "take the corrections of this file")
	return cmd
}

func writeCorrections(ctx context.Context, e *env) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(e.out)
	err = e.withDesk(ctx, cfg, func(d *desk.Store) error {
		all, err := d.Corrections(ctx, "")
		if err != nil {
			return err
		}
		lines := jsonLines(w)
		for i := range all {
			if all[i].Labels == nil { // taken back
				continue
			}
			if err := lines.Encode(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, w.Flush())
}

// takeCorrections stores the corrections of a file and puts them upon what is
// stored.
func takeCorrections(ctx context.Context, e *env, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return usagef("--from: %w", err)
	}
	defer f.Close()
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	labels, taken, applied := newLabeller(e, cfg, w), 0, 0
	dec := json.NewDecoder(bufio.NewReader(f))
	for n := 1; ; n++ {
		var c desk.Correction
		if err := dec.Decode(&c); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return usagef("%s, correction %d: %w", file, n, err)
		}
		is, err := takeCorrection(ctx, w.desk, c)
		if errors.Is(err, desk.ErrInput) {
			return usagef("%s, correction %d: %s", file, n, strings.TrimPrefix(err.Error(), "desk: "))
		}
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		taken++
		switch err := labels.relabel(ctx, c.Mention); {
		case err == nil:
			applied++
		case !errors.Is(err, index.ErrNotFound):
			return err
		}
	}
	p := &printer{w: e.out}
	p.linef("%d correction%s taken, of %d stored mentions", taken, plural(taken), applied)
	return p.err
}

// takeCorrection stores a correction unless there is one of these words; it
// tells whether it has.
func takeCorrection(ctx context.Context, d *desk.Store, c desk.Correction) (bool, error) {
	if c.Labels == nil {
		return false, fmt.Errorf("%w: no labels", desk.ErrInput)
	}
	have, err := d.Corrections(ctx, c.Mention)
	if err != nil {
		return false, err
	}
	c.Version = 0
	for _, old := range have {
		if old.Words != c.Words {
			continue
		}
		if old.Labels != nil {
			return false, nil
		}
		c.Version = old.Version
	}
	_, err = d.SetCorrection(ctx, c)
	return err == nil, err
}
