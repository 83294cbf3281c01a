package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/index/desk"
	"klank/web"
)

func newToken(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Give programs access to the API",
		Long: `token keeps the tokens that programs send to the API ("Authorization: Bearer …").
With the scope read they see what a reader sees; with write they do what an operator
does. A token is shown once, when it is made; only a hash of it is kept.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(newTokenAdd(e), newTokenList(e), newTokenRevoke(e))
	return cmd
}

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func newTokenAdd(e *env) *cobra.Command {
	var scope, expires string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a token, and print it once",
		Example: `  klank token add dashboard
  klank token add answers --scope write --expires 30d`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, ctx, now := args[0], cmd.Context(), time.Now()
			if !tokenName.MatchString(name) {
				return usagef("%q is not a name; allowed are up to 64 letters, digits and . _ -", name)
			}
			if !slices.Contains(desk.Scopes, scope) {
				return usagef("--scope %q is not allowed; allowed are %s", scope, strings.Join(desk.Scopes, ", "))
			}
			ends, err := tokenEnd(expires, now)
			if err != nil {
				return err
			}
			cfg, d, err := e.openDesk(ctx)
			if err != nil {
				return err
			}
			defer d.Close()
			secret, hash := web.NewToken()
			err = d.AddToken(ctx, desk.Token{Name: name, Hash: hash, Scope: scope, Created: now, Expires: ends})
			if errors.Is(err, desk.ErrExists) {
				err = fmt.Errorf("there is a token %s already; revoke it first, or choose another name", name)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(e.err, "klank: this is shown once; put it where the program finds it:")
			p := &printer{w: e.out}
			p.linef("%s", secret)
			return errors.Join(audit(ctx, d, cfg, "token.add", name, scope), p.err)
		},
	}
	cmd.Flags().StringVar(&scope, "scope", desk.ScopeRead, strings.Join(desk.Scopes, " or "))
	cmd.Flags().StringVar(&expires, "expires", "365d", `after so many days, e.g. 90d, or "never"`)
	return cmd
}

// tokenEnd reads --expires; the zero time is never.
func tokenEnd(expires string, now time.Time) (time.Time, error) {
	if expires == "never" {
		return time.Time{}, nil
	}
	days, err := strconv.Atoi(strings.TrimSuffix(expires, "d"))
	if err != nil || !strings.HasSuffix(expires, "d") || days < 1 || days > 3650 {
		return time.Time{}, usagef(`--expires %q is no time; give days such as 90d, up to 3650d, or "never"`, expires)
	}
	return now.AddDate(0, 0, days), nil
}

func newTokenList(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List tokens: what they may, until when, and when they were last used",
		Example: "  klank token list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, d, err := e.openDesk(cmd.Context())
			if err != nil {
				return err
			}
			defer d.Close()
			tokens, err := d.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			now := time.Now()
			return e.printList(asJSON, len(tokens), func(i int) (any, string) {
				t := tokens[i]
				return t, fmt.Sprintf("%-24s %-6s %-22s %s", clean(t.Name), t.Scope, tokenUntil(t, now), tokenUsed(t))
			}, "none: klank token add NAME makes one")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func tokenUntil(t desk.Token, now time.Time) string {
	switch {
	case t.Expires.IsZero():
		return "without end"
	case t.Expires.Before(now):
		return "expired " + t.Expires.UTC().Format(time.DateOnly)
	}
	return "until " + t.Expires.UTC().Format(time.DateOnly)
}

func tokenUsed(t desk.Token) string {
	if t.Used.IsZero() {
		return "never used"
	}
	return "used " + t.Used.UTC().Format(time.DateOnly)
}

func newTokenRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke NAME",
		Short:   "Have a token hold no more",
		Example: "  klank token revoke dashboard",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, name := cmd.Context(), args[0]
			cfg, d, err := e.openDesk(ctx)
			if err != nil {
				return err
			}
			defer d.Close()
			err = d.RevokeToken(ctx, name)
			if errors.Is(err, desk.ErrUnknown) {
				err = fmt.Errorf("there is no token %s; klank token list shows all", name)
			}
			if err != nil {
				return err
			}
			p := &printer{w: e.out}
			p.linef("%s holds no more", clean(name))
			return errors.Join(audit(ctx, d, cfg, "token.revoke", clean(name), ""), p.err)
		},
	}
}
