package frontier

import (
	"path/filepath"
	"strings"
	"testing"

	"klank/cmd/klank/postgrestest"
)

// The queries of the hot path must find their rows by an index: a scan or a
// sort would make a claim slower with every URL that is known.
func TestHotQueriesUseAnIndex(t *testing.T) {
	s, err := OpenSQLite(filepath.Join(t.TempDir(), "frontier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"lease":    {s.leaseQuery(), []any{1, 1, 1, `["shop"]`}},
		"claim":    {claimQuery, []any{1, 1, 1, 1, 8}},
		"next due": {nextDueQuery, []any{1, 1}},
		"put back": {"UPDATE urls SET state = 0 WHERE source = ? AND budget = ? AND state = 1", []any{1, 1}},
	} {
		rows, err := s.file.reads.Query("EXPLAIN QUERY PLAN "+q.query, q.args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		steps, err := collect(rows, func(scan func(...any) error) (d string, err error) {
			var n int
			err = scan(&n, &n, &n, &d)
			return d, err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range steps {
			if strings.Contains(d, "TEMP B-TREE") || strings.HasPrefix(d, "SCAN urls") || strings.HasPrefix(d, "SCAN q") || strings.HasPrefix(d, "SCAN b") {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

// So must PostgreSQL, whose statistics of new tables are guesses: a plan with
// a sort reads all that is due on a host.
func TestHotQueriesUseAnIndexOfPostgres(t *testing.T) {
	p, err := OpenPostgres(t.Context(), postgrestest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"lease":    {p.leaseQuery(), []any{1, 1, 1, `["shop"]`}},
		"claim":    {claimQuery, []any{1, 1, 1, 1, 8}},
		"next due": {nextDueQuery, []any{1, 1}},
		"put back": {"UPDATE urls SET state = 0 WHERE source = ? AND budget = ? AND state = 1", []any{1, 1}},
		"count":    {p.countQuery(), []any{"shop"}},
	} {
		err := p.server.read(t.Context(), func(x *tx) error {
			rows, err := x.rows("EXPLAIN "+q.query, q.args...)
			if err != nil {
				return err
			}
			steps, err := collect(rows, func(scan func(...any) error) (d string, err error) { err = scan(&d); return d, err })
			plan := strings.Join(steps, "\n")
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Bitmap") || strings.Contains(plan, "Sort  (") {
				t.Errorf("%s:\n%s", name, plan)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
