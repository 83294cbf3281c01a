package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const tokensTable = `CREATE TABLE IF NOT EXISTS tokens (
	name TEXT PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE,
	scope TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL
)`

// What a program may do that presents a token.
const (
	// ScopeRead is what a Reader may.
	ScopeRead = "read"
	// ScopeWrite is what an Operator may.
	ScopeWrite = "write"
)

// Scopes are the allowed values of Token.Scope.
var Scopes = []string{ScopeRead, ScopeWrite}

// Token lets a program use the API.
type Token struct {
	Name string `json:"name"`
	// Hash is of the token, which itself is not kept.
	Hash    string    `json:"-"`
	Scope   string    `json:"scope"`
	Created time.Time `json:"created"`
	// Expires is zero for a token without end.
	Expires time.Time `json:"expires,omitzero"`
	// Used is when it was last used, to about an hour; zero for never.
	Used time.Time `json:"used,omitzero"`
}

// AddToken keeps a token; ErrExists where the name is taken.
func (s *Store) AddToken(ctx context.Context, t Token) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO tokens (name, hash, scope, created, expires, used)
			VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING`,
			t.Name, t.Hash, t.Scope, t.Created.UnixMilli(), milli(t.Expires))
		return one(res, err, fmt.Errorf("token %s: %w", t.Name, ErrExists))
	})
}

// Token returns the token with that hash; ErrUnknown where there is none, or
// it has expired.
func (s *Store) Token(ctx context.Context, hash string, now time.Time) (Token, error) {
	t, err := scanToken(s.db.QueryRowContext(ctx, `SELECT name, hash, scope, created, expires, used FROM tokens
		WHERE hash = $1 AND (expires = 0 OR expires > $2)`, hash, now.UnixMilli()))
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("token: %w", ErrUnknown)
	}
	return t, s.wrap(err)
}

// Tokens returns all tokens by name, also those that have expired.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	return collect(ctx, s, func(rows *sql.Rows) (Token, error) { return scanToken(rows) },
		"SELECT name, hash, scope, created, expires, used FROM tokens ORDER BY name")
}

// UseToken remembers when a token was used.
func (s *Store) UseToken(ctx context.Context, name string, now time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE tokens SET used = $1 WHERE name = $2", now.UnixMilli(), name)
	return s.wrap(err)
}

// RevokeToken removes a token; ErrUnknown where there is none of that name.
func (s *Store) RevokeToken(ctx context.Context, name string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE name = $1", name)
		return one(res, err, fmt.Errorf("token %s: %w", name, ErrUnknown))
	})
}

func scanToken(row interface{ Scan(...any) error }) (Token, error) {
	var t Token
	var created, expires, used int64
	err := row.Scan(&t.Name, &t.Hash, &t.Scope, &created, &expires, &used)
	t.Created, t.Expires, t.Used = time.UnixMilli(created), fromMilli(expires), fromMilli(used)
	return t, err
}

// milli and fromMilli keep the zero time as 0.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMilli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
