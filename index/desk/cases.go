package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"klank/index"
)

// The states of a Case.
const (
	StateOpen     = "open"
	StateAssigned = "assigned" // somebody has taken it
	StateAnswered = "answered" // elsewhere: by mail, by telephone, in the shop
	StateIgnored  = "ignored"  // it gets no answer, on purpose
)

// States lists the states of a Case, in the order of the work.
var States = []string{StateOpen, StateAssigned, StateAnswered, StateIgnored}

// Case is how far a mention has been answered, as somebody said at some time.
// Each change is kept: a later Version does not replace the one before.
type Case struct {
	// Mention is the id of the mention.
	Mention string
	// Version counts the changes from 1; 0 is a mention that nobody has touched.
	Version int
	// State is one of States.
	State string
	// Assignee is who is to answer, Note what colleagues should know: free text.
	Assignee, Note string
	// Revision is the revision of the mention that was judged. Where its words
	// have changed since, what was settled is open again.
	Revision int
	// By is who said so, and At when.
	By string
	At time.Time
}

// Settled tells whether nobody needs to answer any more.
func (c *Case) Settled() bool { return c.State == StateAnswered || c.State == StateIgnored }

var (
	// ErrConflict is returned where somebody else was first: what was changed is
	// no longer what is stored.
	ErrConflict = errors.New("desk: somebody else has changed it meanwhile; look at it again")
	// ErrInput is wrapped by the errors of values that cannot be kept.
	ErrInput = errors.New("desk")
)

// The longest texts that are kept, in characters.
const (
	MaxName = 80
	MaxNote = 2000
)

const casesTable = `CREATE TABLE IF NOT EXISTS cases (
	mention TEXT NOT NULL, version BIGINT NOT NULL, state TEXT NOT NULL, assignee TEXT NOT NULL, note TEXT NOT NULL,
	revision BIGINT NOT NULL, said_by TEXT NOT NULL, said_at BIGINT NOT NULL, PRIMARY KEY (mention, version))`

const caseColumns = `mention, version, state, assignee, note, revision, said_by, said_at`

// SetCase adds a change to a mention's case. c.Version is that of the case
// that was changed, 0 for the first change; the stored one is one higher, and
// returned. ErrConflict says that it is not the latest.
func (s *Store) SetCase(ctx context.Context, c Case) (Case, error) {
	if !slices.Contains(States, c.State) {
		return c, fmt.Errorf("%w: state %q is none of %s", ErrInput, c.State, strings.Join(States, ", "))
	}
	if c.State != StateAssigned {
		c.Assignee = ""
	}
	if err := errors.Join(tidy("mention", &c.Mention, MaxNote), tidy("assignee", &c.Assignee, MaxName),
		tidy("note", &c.Note, MaxNote), tidy("name", &c.By, MaxName)); err != nil {
		return c, err
	}
	if c.Mention == "" {
		return c, fmt.Errorf("%w: a case needs a mention", ErrInput)
	}
	if c.State == StateAssigned && c.Assignee == "" {
		return c, fmt.Errorf("%w: say who is to answer", ErrInput)
	}
	c.Version, c.At = c.Version+1, c.At.UTC().Truncate(time.Millisecond)
	err := s.write(ctx, func(tx *sql.Tx) error {
		var latest int
		err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM cases WHERE mention = $1`, c.Mention).Scan(&latest)
		if err != nil {
			return err
		}
		if latest != c.Version-1 {
			return ErrConflict
		}
		return insertOnce(tx.ExecContext(ctx, `INSERT INTO cases (`+caseColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			c.Mention, c.Version, c.State, c.Assignee, c.Note, c.Revision, c.By, c.At.UnixMilli()))
	})
	return c, err
}

// insertOnce is ErrConflict where a row was there already.
func insertOnce(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// Cases returns the latest state of every mention that somebody has touched,
// by mention.
func (s *Store) Cases(ctx context.Context) ([]Case, error) {
	return s.cases(ctx, `SELECT `+caseColumns+` FROM cases c
		WHERE version = (SELECT MAX(version) FROM cases WHERE mention = c.mention) ORDER BY mention`)
}

// CasesMark is another value after every change of a case.
func (s *Store) CasesMark(ctx context.Context) (int64, error) { return s.mark(ctx, "cases") }

// mark is another value after every change of a table of versions.
func (s *Store) mark(ctx context.Context, table string) (int64, error) {
	var n, at int64
	err := s.read(ctx, func(row *sql.Rows) error { return row.Scan(&n, &at) }, `SELECT COUNT(*), COALESCE(MAX(said_at), 0) FROM `+table)
	return at + n, err
}

// CasesOf returns the cases of the mentions of an index, by the id that each
// has now: one that turned out to be an edit of another goes by that one's id,
// and its case is of any revision of it.
func (s *Store) CasesOf(ctx context.Context, ix index.Index) (map[string]Case, error) {
	cases, err := s.Cases(ctx)
	if err != nil {
		return nil, err
	}
	moved := map[string]string{}
	if aliases, ok := ix.(index.Aliases); ok && len(cases) > 0 {
		ids := make([]string, len(cases))
		for i := range cases {
			ids[i] = cases[i].Mention
		}
		if moved, err = aliases.Resolve(ctx, ids); err != nil {
			return nil, err
		}
	}
	out := make(map[string]Case, len(cases))
	for _, c := range cases {
		if id := moved[c.Mention]; id == "" {
			out[c.Mention] = c
		} else if _, ok := out[id]; !ok {
			c.Mention, c.Revision = id, 0
			out[id] = c
		}
	}
	return out, nil
}

// SettledOf returns which of cases nobody needs to answer any more, with the
// revision of each that was judged: for research.Config and research.Line.
func SettledOf(cases map[string]Case) map[string]int {
	out := map[string]int{}
	for id, c := range cases {
		if c.Settled() {
			out[id] = c.Revision
		}
	}
	return out
}

// CaseHistory returns what was said of a mention, the latest first; nothing
// where nobody has touched it.
func (s *Store) CaseHistory(ctx context.Context, mention string) ([]Case, error) {
	return s.cases(ctx, `SELECT `+caseColumns+` FROM cases WHERE mention = $1 ORDER BY version DESC`, mention)
}

func (s *Store) cases(ctx context.Context, query string, args ...any) ([]Case, error) {
	return collect(ctx, s, func(row *sql.Rows) (c Case, err error) {
		var at int64
		err = row.Scan(&c.Mention, &c.Version, &c.State, &c.Assignee, &c.Note, &c.Revision, &c.By, &at)
		c.At = time.UnixMilli(at).UTC()
		return c, err
	}, query, args...)
}

// collect reads every row of the answer; nothing where one cannot be read.
func collect[T any](ctx context.Context, s *Store, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := s.read(ctx, func(rows *sql.Rows) error {
		v, err := scan(rows)
		out = append(out, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// read calls fn for every row of the answer.
func (s *Store) read(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return s.wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return s.wrap(err)
		}
	}
	return s.wrap(rows.Err())
}

// tidy makes what a person typed fit to be kept: no control characters but
// line ends, nothing that reorders what follows it (UAX #9), no space around it,
// and at most most characters.
func tidy(what string, text *string, most int) error {
	t := strings.ToValidUTF8(strings.ReplaceAll(*text, "\r\n", "\n"), "\uFFFD")
	t = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, t))
	if utf8.RuneCountInString(t) > most {
		return fmt.Errorf("%w: the %s is longer than %d characters", ErrInput, what, most)
	}
	*text = t
	return nil
}
