package desk

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"
)

const auditTable = `CREATE TABLE IF NOT EXISTS audit (
	at BIGINT NOT NULL,
	id TEXT NOT NULL,
	who TEXT NOT NULL,
	role TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	detail TEXT NOT NULL,
	PRIMARY KEY (at, id)
)`

// AuditEntry says who did what to what. It holds no text and no author's name:
// what is erased must not live on here.
type AuditEntry struct {
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	Role string    `json:"role"`
	// Action is a word such as snapshot, forget or user.add.
	Action string `json:"action"`
	// Object is what it was done to: an id, a source, a user.
	Object string `json:"object,omitempty"`
	Detail string `json:"detail,omitempty"`

	id string
}

// AuditQuery asks for a part of the audit log.
type AuditQuery struct {
	// Who and Action are exact; empty means any.
	Who, Action string
	// Limit is how many entries at most; After goes on behind a page.
	Limit int
	After AuditPlace
}

// AuditPlace is a place in the audit log; its zero value is the beginning.
type AuditPlace struct {
	At int64
	ID string
}

// Audit adds an entry, and drops those that are older than keep; with keep 0
// nothing is dropped.
func (s *Store) Audit(ctx context.Context, e AuditEntry, keep time.Duration) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO audit (at, id, who, role, action, object, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			e.At.UnixMilli(), rand.Text(), e.Who, e.Role, e.Action, e.Object, e.Detail)
		if err != nil || keep <= 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM audit WHERE at < $1", e.At.Add(-keep).UnixMilli())
		return err
	})
}

// AuditLog returns entries, the latest first, and the place behind the last of
// them; nil where there are no more.
func (s *Store) AuditLog(ctx context.Context, q AuditQuery) ([]AuditEntry, *AuditPlace, error) {
	where, args := "1 = 1", []any{}
	add := func(condition string, values ...any) {
		args = append(args, values...)
		where += " AND " + condition
	}
	if q.After != (AuditPlace{}) {
		add("(at, id) < ($1, $2)", q.After.At, q.After.ID)
	}
	if q.Who != "" {
		add(fmt.Sprintf("who = $%d", len(args)+1), q.Who)
	}
	if q.Action != "" {
		add(fmt.Sprintf("action = $%d", len(args)+1), q.Action)
	}
	out, err := collect(ctx, s, func(rows *sql.Rows) (e AuditEntry, err error) {
		var at int64
		err = rows.Scan(&at, &e.id, &e.Who, &e.Role, &e.Action, &e.Object, &e.Detail)
		e.At = time.UnixMilli(at).UTC()
		return e, err
	}, "SELECT at, id, who, role, action, object, detail FROM audit WHERE "+where+
		fmt.Sprintf(" ORDER BY at DESC, id DESC LIMIT %d", q.Limit+1), args...)
	if err != nil || len(out) <= q.Limit {
		return out, nil, err
	}
	out = out[:q.Limit]
	last := out[len(out)-1]
	return out, &AuditPlace{At: last.At.UnixMilli(), ID: last.id}, nil
}
