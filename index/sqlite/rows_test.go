package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"klank/index"
	"klank/index/indextest"
	"klank/index/sqlite"
)

func TestAFileOfTheLayoutWithoutRowsOfReportsIsBroughtUpToDate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.db")
	ix, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, ix, indextest.NewGenerator(1), 0, 50, 50)
	fields := []string{"touchpoint_sentiment", "care_sentiment", "brand_sentiment"}
	rows := func() map[string]index.Row {
		out := map[string]index.Row{}
		if err := ix.ScanRows(t.Context(), nil, fields, func(r *index.Row) error {
			kept := *r
			kept.Values = append([][]string(nil), r.Values...)
			kept.Touchpoints = append([]index.TouchpointScore(nil), r.Touchpoints...)
			out[r.ID] = kept
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := rows()
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"ALTER TABLE facts DROP COLUMN touchpoint_sentiment", "ALTER TABLE facts DROP COLUMN care_sentiment",
		"ALTER TABLE facts DROP COLUMN brand_sentiment", "ALTER TABLE facts DROP COLUMN rank", "ALTER TABLE facts DROP COLUMN brief",
		"DROP TABLE pending", "DROP TABLE near", "DROP TABLE aliases", "DROP TABLE moves",
		"DELETE FROM meta WHERE name = 'changes'", "DROP INDEX facts_published", "PRAGMA user_version = 2"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if ix, err = sqlite.Open(file); err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	if got := rows(); len(got) != 50 || !cmp.Equal(want, got) {
		t.Errorf("rows after the change of layout:\n%s", cmp.Diff(want, got))
	}
}
