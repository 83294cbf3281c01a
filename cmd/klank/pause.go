package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/crawler"
	"klank/crawler/frontier"
)

func newPause(e *env) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause SOURCE…",
		Short: "Leave sources alone until they are resumed",
		Long: `pause keeps klank run and klank crawl from asking anything of the sources, on all
machines that share the frontier. A run that is under way stops within seconds,
and goes on where it was after klank resume.`,
		Example: `  klank pause shop --reason 'the site moves house, until Monday'`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return setPaused(cmd.Context(), e, args, true, reason)
		},
		ValidArgsFunction: e.completeSources,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for klank status")
	return cmd
}

func newResume(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "resume SOURCE…",
		Short:   "Collect from paused sources again",
		Example: `  klank resume shop`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return setPaused(cmd.Context(), e, args, false, "")
		},
		ValidArgsFunction: e.completeSources,
	}
}

// completeSources offers the names of the configured sources to a shell.
func (e *env) completeSources(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cfg, err := e.loadConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []cobra.Completion
	for i := range cfg.Sources {
		if !slices.Contains(args, cfg.Sources[i].Name) {
			names = append(names, cfg.Sources[i].Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// setPaused pauses or resumes sources that are configured or were crawled.
func setPaused(ctx context.Context, e *env, names []string, paused bool, reason string) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	fr, err := e.newFrontier(ctx, cfg)
	if err != nil {
		return err
	}
	defer fr.Close()
	if err := checkSources(ctx, cfg, fr, names...); err != nil {
		return err
	}
	p := &printer{w: e.out}
	for _, name := range names {
		changed, err := fr.SetPaused(ctx, name, paused, reason)
		if err != nil {
			return err
		}
		switch {
		case paused && changed:
			p.linef("%s is paused; klank resume %s goes on", clean(name), clean(name))
		case paused:
			p.linef("%s was paused already", clean(name))
		case changed:
			p.linef("%s goes on when it is due", clean(name))
		default:
			p.linef("%s was not paused", clean(name))
		}
	}
	return p.err
}

// knownFrontier opens the frontier where something was crawled into; nil where
// nothing was.
func (e *env) knownFrontier(ctx context.Context, cfg *configs.Config) (frontier.Frontier, error) {
	_, err := os.Stat(filepath.Join(e.data, frontierFile))
	if errors.Is(err, fs.ErrNotExist) && cfg.Frontier.PostgresEnv == "" {
		return nil, nil
	}
	return e.newFrontier(ctx, cfg)
}

// withoutPaused leaves the paused sources out, and tells so.
func withoutPaused(ctx context.Context, e *env, cfg *configs.Config, sources []*crawler.Source) ([]*crawler.Source, error) {
	fr, err := e.knownFrontier(ctx, cfg)
	if err != nil || fr == nil {
		return sources, err
	}
	defer fr.Close()
	paused, err := fr.Paused(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(sources, func(s *crawler.Source) bool {
		p, is := paused[s.Name]
		if is {
			fmt.Fprintf(e.err, "klank: %s is paused %s; klank resume %s goes on\n", clean(s.Name), pauseWords(p), clean(s.Name))
		}
		return is
	}), nil
}

// pauseWords say since when and why.
func pauseWords(p frontier.Pause) string {
	words := "since " + p.Since.UTC().Format(time.DateTime) + " UTC"
	if p.Reason != "" {
		words += ": " + clean(p.Reason)
	}
	return words
}
