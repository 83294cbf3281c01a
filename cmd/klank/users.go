package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"klank/configs"
	"klank/index/desk"
	"klank/web"
)

func newUser(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Say who may log in",
		Long: `user keeps those who may log in to the UI. A reader sees everything; an operator
also changes things: answers, labels, crawls. As soon as there is one user, everybody
has to log in, also on this machine.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(newUserAdd(e), newUserList(e), newUserRemove(e), newUserPassword(e))
	return cmd
}

func newUserAdd(e *env) *cobra.Command {
	var role, file string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, whose password is asked for",
		Example: `  klank user add anna
  klank user add olga --role operator --password-file - < password.txt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(desk.Roles, role) {
				return usagef("--role %q is not allowed; allowed are %s", role, strings.Join(desk.Roles, ", "))
			}
			return e.changeUser(cmd.Context(), args[0], file, func(ctx context.Context, d *desk.Store, name, hash string) (string, string, error) {
				err := d.AddUser(ctx, desk.User{Name: name, Role: role, Password: hash, Created: time.Now()})
				if errors.Is(err, desk.ErrExists) {
					err = fmt.Errorf("there is a user %s already; klank user password sets another password", name)
				}
				return "user.add", fmt.Sprintf("%s may log in, as %s", name, role), err
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", desk.Reader, strings.Join(desk.Roles, " or "))
	passwordFlag(cmd, &file)
	return cmd
}

func newUserPassword(e *env) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "password NAME",
		Short:   "Set a new password, which ends the user's sessions",
		Example: "  klank user password anna",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.changeUser(cmd.Context(), args[0], file, func(ctx context.Context, d *desk.Store, name, hash string) (string, string, error) {
				return "user.password", name + " has a new password, and has to log in again", noUser(name, d.SetPassword(ctx, name, hash, time.Now()))
			})
		},
	}
	passwordFlag(cmd, &file)
	return cmd
}

func passwordFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "password-file", "", "read the password from the first line of a file; - is standard input")
}

// changeUser reads a password, and has change do its work with the hash; it
// returns a word for the audit log and what to say.
func (e *env) changeUser(ctx context.Context, name, file string, change func(ctx context.Context, d *desk.Store, name, hash string) (action, done string, err error)) error {
	name, err := web.UserName(name)
	if err != nil {
		return usageError{err}
	}
	cfg, d, err := e.openDesk(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	password, err := e.readPassword(file)
	if err != nil {
		return err
	}
	hash, err := web.HashPassword(password)
	if err != nil {
		return usageError{err}
	}
	action, done, err := change(ctx, d, name, hash)
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	p.linef("%s", done)
	return errors.Join(audit(ctx, d, cfg, action, name, ""), p.err)
}

// readPassword asks a person twice, or reads a file.
func (e *env) readPassword(file string) (string, error) {
	switch file {
	case "":
		in, ok := e.in.(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return "", usagef("there is no terminal to ask for the password; give it with --password-file")
		}
		first, err := e.ask(in, "Password: ")
		if err != nil {
			return "", err
		}
		again, err := e.ask(in, "The same once more: ")
		if err == nil && first != again {
			err = errors.New("those were two passwords; nothing has changed")
		}
		return first, err
	case "-":
		return firstLine(e.in)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return firstLine(f)
}

func (e *env) ask(in *os.File, prompt string) (string, error) {
	fmt.Fprint(e.err, prompt)
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(e.err)
	return string(b), err
}

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

func newUserList(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List who may log in",
		Example: "  klank user list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, d, err := e.openDesk(cmd.Context())
			if err != nil {
				return err
			}
			defer d.Close()
			users, err := d.Users(cmd.Context())
			if err != nil {
				return err
			}
			return e.printList(asJSON, len(users), func(i int) (any, string) {
				u := users[i]
				return u, fmt.Sprintf("%-24s %-9s password of %s", clean(u.Name), u.Role, u.Changed.UTC().Format(time.DateOnly))
			}, "nobody: klank user add NAME adds somebody")
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// printList prints n rows as lines of JSON or text; none is what to say of
// nothing.
func (e *env) printList(asJSON bool, n int, row func(i int) (value any, line string), none string) error {
	p, enc := &printer{w: e.out}, jsonLines(e.out)
	for i := range n {
		value, line := row(i)
		if !asJSON {
			p.linef("%s", line)
		} else if err := enc.Encode(value); err != nil {
			return err
		}
	}
	if n == 0 && !asJSON {
		p.linef("%s", none)
	}
	return p.err
}

func newUserRemove(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a user, which ends their sessions",
		Long: `remove takes a user away. When the last one goes, everything is open again on this
machine; what is bound to another address stays closed.`,
		Example: "  klank user remove anna",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			name, err := web.UserName(args[0])
			if err != nil {
				return usageError{err}
			}
			cfg, d, err := e.openDesk(ctx)
			if err != nil {
				return err
			}
			defer d.Close()
			if err := noUser(name, d.RemoveUser(ctx, name)); err != nil {
				return err
			}
			p := &printer{w: e.out}
			p.linef("%s may log in no more", name)
			return errors.Join(audit(ctx, d, cfg, "user.remove", name, ""), p.err)
		},
	}
}

func noUser(name string, err error) error {
	if errors.Is(err, desk.ErrUnknown) {
		return fmt.Errorf("there is no user %s; klank user list shows all", name)
	}
	return err
}

// openDesk opens the desk alone, and makes the data folder where there is none:
// users may be added before anything is collected.
func (e *env) openDesk(ctx context.Context) (*configs.Config, *desk.Store, error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(e.data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("data folder: %w", err)
	}
	d, err := e.newDesk(ctx, cfg)
	return cfg, d, err
}

// hasUsers tells whether anybody may log in, without making a data folder.
func (e *env) hasUsers(ctx context.Context, cfg *configs.Config) (bool, error) {
	if _, err := os.Stat(filepath.Join(e.data, deskFile)); errors.Is(err, fs.ErrNotExist) && cfg.Frontier.PostgresEnv == "" {
		return false, nil
	}
	d, err := e.newDesk(ctx, cfg)
	if err != nil {
		return false, err
	}
	has, err := d.HasUsers(ctx)
	return has, errors.Join(err, d.Close())
}

// audit is the function of that name, for commands that do not open the desk
// otherwise.
func (e *env) audit(ctx context.Context, cfg *configs.Config, action, object, detail string) error {
	d, err := e.newDesk(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(audit(ctx, d, cfg, action, object, detail), d.Close())
}

// audit remembers that whoever is logged in to this machine did something.
// object and detail hold no texts and no author's name.
func audit(ctx context.Context, d *desk.Store, cfg *configs.Config, action, object, detail string) error {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"), "somebody")
	return d.Audit(ctx, desk.AuditEntry{At: time.Now(), Who: "shell:" + clean(name), Role: desk.Operator, Action: action,
		Object: object, Detail: detail}, cfg.Retention.AuditFor())
}
