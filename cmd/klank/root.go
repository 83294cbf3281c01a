package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// The exit statuses of the contract.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3
)

// usageError is a wrong command line or configuration: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// partialError means finished, but some sources failed or are suspect: exit
// status 3. The summary has been printed; the message is one line.
type partialError struct{ msg string }

func (e partialError) Error() string { return e.msg }

// What a command says that a signal has ended.
var (
	errStopped      = errors.New("stopped")
	errCrawlStopped = errors.New("stopped; nothing is lost, the same command goes on where it was")
)

// env is what every command shares: the standard streams and global flags.
type env struct {
	in        io.Reader
	out, err  io.Writer
	config    string
	configSet bool
	data      string
	logFormat string
}

// execute runs one command line and returns the exit status.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	e := &env{in: in, out: out, err: errOut}
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errStopped
	}
	var partial partialError
	var usage usageError
	text := cleanLines(strings.TrimSpace(err.Error()))
	if errors.As(err, &partial) { // a line for each source
		text = strings.ReplaceAll(text, "\n", "\nklank: ")
	}
	fmt.Fprintln(errOut, "klank: "+text)
	switch {
	case errors.As(err, &partial):
		return exitPartial
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"), // cobra has no type for these
		strings.HasPrefix(err.Error(), "if any flags in the group"):
		return exitUsage
	}
	return exitFailed
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "klank",
		Short: "Collect what customers publish, and ask it questions",
		Long: `klank collects the public reviews, posts and comments that customers publish
about a brand and its rivals, politely and completely; scores sentiment and
tells which moment of truth each sentence is about, in Dutch and English; and
answers what people ask before they buy.`,
		Example: `  klank demo                                    a whole market on this machine, with its UI
  klank crawl https://shop.example/p/kettle     collect the reviews of a shop
  klank search 'delivery AND rating:<3'         who complains about delivery?
  klank report respond                          whom should we answer first?
  klank serve                                   the same in a browser`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			e.configSet = cmd.Flags().Changed("config")
			if e.logFormat != "text" && e.logFormat != "json" {
				return usagef("--log-format %q is not allowed; allowed are text, json", e.logFormat)
			}
			return nil
		},
	}
	root.PersistentFlags().StringVar(&e.config, "config", "klank.yaml", "configuration file; without one the defaults hold")
	root.PersistentFlags().StringVar(&e.data, "data", "klank-data", "folder for frontier, index and snapshots")
	root.PersistentFlags().StringVar(&e.logFormat, "log-format", "text", "log lines as text or json")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w; see %s --help", err, cmd.CommandPath())
	})
	for _, c := range []func(*env) *cobra.Command{
		newDemo, newCrawl, newRun, newParse, newAnalyze, newSearch, newReport, newLearn, newCorrections, newImport, newExport, newReplay, newPrune, newBackup, newForget, newIndexCommand, newKibana, newCheck, newStatus, newRequeue, newAlerts, newDigest, newPause, newResume, newServe, newUser, newToken, newAudit, newVersion,
	} {
		root.AddCommand(usageArgs(c(e)))
	}
	return root
}

// usageArgs makes wrong arguments a usage error, which cobra does not tell
// apart from a failure.
func usageArgs(cmd *cobra.Command) *cobra.Command {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%w; see %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	return cmd
}

// log returns the logger for progress and warnings, on standard error.
func (e *env) log() *slog.Logger {
	if e.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(e.err, nil))
	}
	return slog.New(slog.NewTextHandler(e.err, nil))
}

// terminal tells whether w is a terminal a person looks at.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// version is the module version, and commit the revision it was built from,
// as the Go toolchain records them.
func version() (version, commit string) {
	version, commit = "dev", ""
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = strings.TrimPrefix(v, "v")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return version, commit
}
