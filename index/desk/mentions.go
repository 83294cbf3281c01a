package desk

import (
	"context"
	"database/sql"
)

// Touched returns the ids of the mentions that people have added something to,
// in order.
func (s *Store) Touched(ctx context.Context) ([]string, error) {
	var out []string
	err := s.read(ctx, func(row *sql.Rows) error {
		var id string
		err := row.Scan(&id)
		out = append(out, id)
		return err
	}, `SELECT mention FROM cases UNION SELECT mention FROM corrections ORDER BY mention`)
	return out, err
}

// ForgetMentions takes away what people have added to mentions that are erased,
// and that alerts told of them.
func (s *Store) ForgetMentions(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			for _, statement := range []string{`DELETE FROM cases WHERE mention = $1`, `DELETE FROM corrections WHERE mention = $1`,
				`DELETE FROM alert_seen WHERE subject = $1`, `DELETE FROM alert_subjects WHERE subject = $1`} {
				if _, err := tx.ExecContext(ctx, statement, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
