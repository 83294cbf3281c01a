package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What a user may do. An operator may do what a reader may.
const (
	// Reader sees what was collected and what was made of it.
	Reader = "reader"
	// Operator changes things, too: labels, answers, crawls, users.
	Operator = "operator"
)

// Roles are the allowed values of User.Role.
var Roles = []string{Reader, Operator}

// Errors that callers tell apart.
var (
	// ErrUnknown says that there is no user, session or token like that.
	ErrUnknown = errors.New("there is none of that name")
	// ErrExists says that the name is taken.
	ErrExists = errors.New("there is one of that name already")
)

const usersTable = `CREATE TABLE IF NOT EXISTS users (
	name TEXT PRIMARY KEY,
	role TEXT NOT NULL,
	password TEXT NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL
)`

const sessionsTable = `CREATE TABLE IF NOT EXISTS sessions (
	hash TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL
)`

// User is somebody who may log in.
type User struct {
	Name string `json:"name"`
	Role string `json:"role"`
	// Password is a hash of it that names its own parameters.
	Password string    `json:"-"`
	Created  time.Time `json:"created"`
	// Changed is when the password was last set.
	Changed time.Time `json:"password_changed"`
}

// Session is somebody who has logged in.
type Session struct {
	// Hash is of the id that the browser holds; the id itself is not kept.
	Hash string
	User User
	// Created is when they logged in, Expires when they have to do so again.
	Created, Expires time.Time
}

// AddUser adds a user; ErrExists where the name is taken.
func (s *Store) AddUser(ctx context.Context, u User) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO users (name, role, password, created, changed)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			u.Name, u.Role, u.Password, u.Created.UnixMilli(), u.Created.UnixMilli())
		return one(res, err, fmt.Errorf("user %s: %w", u.Name, ErrExists))
	})
}

// one checks that a statement has changed a row; other is the error where it
// has not.
func one(res sql.Result, err, other error) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = other
	}
	return err
}

// User returns a user; ErrUnknown where there is none of that name.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	u := User{Name: name}
	var created, changed int64
	err := s.db.QueryRowContext(ctx, "SELECT role, password, created, changed FROM users WHERE name = $1", name).
		Scan(&u.Role, &u.Password, &created, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("user %s: %w", name, ErrUnknown)
	}
	u.Created, u.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	return u, s.wrap(err)
}

// Users returns all users by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	return collect(ctx, s, func(rows *sql.Rows) (u User, err error) {
		var created, changed int64
		err = rows.Scan(&u.Name, &u.Role, &created, &changed)
		u.Created, u.Changed = time.UnixMilli(created), time.UnixMilli(changed)
		return u, err
	}, "SELECT name, role, created, changed FROM users ORDER BY name")
}

// HasUsers tells whether there is any user.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM users").Scan(&n)
	return n > 0, s.wrap(err)
}

// SetPassword stores the hash of a new password and ends the user's sessions;
// ErrUnknown where there is no such user.
func (s *Store) SetPassword(ctx context.Context, name, hash string, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE users SET password = $1, changed = $2 WHERE name = $3", hash, now.UnixMilli(), name)
		if err := one(res, err, fmt.Errorf("user %s: %w", name, ErrUnknown)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM sessions WHERE name = $1", name)
		return err
	})
}

// RemoveUser removes a user and ends their sessions; ErrUnknown where there is
// no such user.
func (s *Store) RemoveUser(ctx context.Context, name string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM users WHERE name = $1", name)
		if err := one(res, err, fmt.Errorf("user %s: %w", name, ErrUnknown)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM sessions WHERE name = $1", name)
		return err
	})
}

// AddSession keeps a session of s.User and drops those that have expired by
// then.
func (s *Store) AddSession(ctx context.Context, n Session) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE expires <= $1", n.Created.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions (hash, name, created, expires) VALUES ($1, $2, $3, $4)",
			n.Hash, n.User.Name, n.Created.UnixMilli(), n.Expires.UnixMilli())
		return err
	})
}

// Session returns the session with that hash and its user as they are now;
// ErrUnknown where there is none, or none that still holds.
func (s *Store) Session(ctx context.Context, hash string, now time.Time) (Session, error) {
	n := Session{Hash: hash}
	var created, expires int64
	err := s.db.QueryRowContext(ctx, `SELECT users.name, users.role, sessions.created, sessions.expires
		FROM sessions JOIN users ON users.name = sessions.name WHERE sessions.hash = $1 AND sessions.expires > $2`,
		hash, now.UnixMilli()).Scan(&n.User.Name, &n.User.Role, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("session: %w", ErrUnknown)
	}
	n.Created, n.Expires = time.UnixMilli(created), time.UnixMilli(expires)
	return n, s.wrap(err)
}

// ExtendSession lets a session last until expires.
func (s *Store) ExtendSession(ctx context.Context, hash string, expires time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE sessions SET expires = $1 WHERE hash = $2", expires.UnixMilli(), hash)
	return s.wrap(err)
}

// EndSession ends a session, if it is there.
func (s *Store) EndSession(ctx context.Context, hash string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE hash = $1", hash)
	return s.wrap(err)
}
