package main

import (
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and model versions",
		Example: "  klank version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := e.newAnalyzer()
			if err != nil {
				return err
			}
			v, commit := version()
			if asJSON {
				return jsonLines(e.out).Encode(struct {
					Version  string `json:"version"`
					Commit   string `json:"commit,omitempty"`
					Go       string `json:"go"`
					Analysis string `json:"analysis"`
				}{v, commit, runtime.Version(), a.Version()})
			}
			p := &printer{w: e.out}
			p.linef("klank %s", v)
			if commit != "" {
				p.linef("commit %s", commit)
			}
			p.linef("analysis %s", a.Version())
			p.linef("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return p.err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}
