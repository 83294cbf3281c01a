package desk

import (
	"context"
	"database/sql"
	"time"
)

// Order is an erasure that every holder of saved pages carries out.
type Order struct {
	// Number counts the orders from 1.
	Number int
	// At is when it was given.
	At time.Time
	// Sealed says what is to be erased, so that nobody but a holder can read it.
	// It is empty once every holder has carried it out.
	Sealed []byte
}

// Holder is a folder of saved pages.
type Holder struct {
	ID string `json:"id"`
	// Name tells people where it is.
	Name string `json:"name"`
	// Seen is when somebody worked with it last.
	Seen time.Time `json:"seen"`
	// Owes counts the orders that it has not carried out.
	Owes int `json:"owes"`
	// Since is when the first of these was given; zero without any.
	Since time.Time `json:"since,omitzero"`
}

const (
	holdersTable = `CREATE TABLE IF NOT EXISTS holders (
	id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, seen_at BIGINT NOT NULL, carried BIGINT NOT NULL, busy_until BIGINT NOT NULL)`
	ordersTable = `CREATE TABLE IF NOT EXISTS orders (
	number BIGINT NOT NULL PRIMARY KEY, ordered_at BIGINT NOT NULL, sealed TEXT NOT NULL)`
	secretTable = `CREATE TABLE IF NOT EXISTS secret (one BIGINT NOT NULL PRIMARY KEY, print TEXT NOT NULL)`
)

// SecretPrint returns the fingerprint of the secret that all who share the desk
// have; the first to ask leaves theirs.
func (s *Store) SecretPrint(ctx context.Context, own string) (string, error) {
	if _, err := s.db.ExecContext(ctx, `INSERT INTO secret (one, print) VALUES (1, $1) ON CONFLICT DO NOTHING`, own); err != nil {
		return "", s.wrap(err)
	}
	var print string
	err := s.db.QueryRowContext(ctx, `SELECT print FROM secret`).Scan(&print)
	return print, s.wrap(err)
}

// Hold registers a holder, or notes that it was seen. Orders that were given
// before it was first registered are none of its business.
func (s *Store) Hold(ctx context.Context, id, name string, now time.Time) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO holders (id, name, seen_at, carried, busy_until)
		VALUES ($1, $2, $3, (SELECT coalesce(max(number), 0) FROM orders), 0)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at`, id, name, now.UnixMilli())
	return s.wrap(err)
}

// Claim lets one process at a time erase in a holder, until a time at the
// latest; it returns whether it is the caller's turn.
func (s *Store) Claim(ctx context.Context, id string, now, until time.Time) (bool, error) {
	res, err := s.db.ExecContext(ctx, `UPDATE holders SET busy_until = $1 WHERE id = $2 AND busy_until < $3`, until.UnixMilli(), id, now.UnixMilli())
	if err != nil {
		return false, s.wrap(err)
	}
	n, err := res.RowsAffected()
	return n > 0, s.wrap(err)
}

// Unclaim ends a turn.
func (s *Store) Unclaim(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE holders SET busy_until = 0 WHERE id = $1`, id)
	return s.wrap(err)
}

// GiveOrder adds an order and returns its number.
func (s *Store) GiveOrder(ctx context.Context, sealed []byte, now time.Time) (number int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		if !s.file { // SQLite has one writer
			if _, err := tx.ExecContext(ctx, `LOCK TABLE orders IN EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM orders`).Scan(&number); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO orders (number, ordered_at, sealed) VALUES ($1, $2, $3)`, number, now.UnixMilli(), string(sealed))
		return err
	})
	return number, err
}

// Orders returns those that a holder has not carried out, the first first.
func (s *Store) Orders(ctx context.Context, holder string) ([]Order, error) {
	return collect(ctx, s, func(rows *sql.Rows) (o Order, err error) {
		var at int64
		var sealed string
		err = rows.Scan(&o.Number, &at, &sealed)
		o.At, o.Sealed = time.UnixMilli(at).UTC(), []byte(sealed)
		return o, err
	}, `SELECT number, ordered_at, sealed FROM orders
		WHERE number > (SELECT carried FROM holders WHERE id = $1) ORDER BY number`, holder)
}

// CarriedOut notes that a holder has carried out an order and all before it.
// What an order says goes when the last holder has.
func (s *Store) CarriedOut(ctx context.Context, holder string, number int) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE holders SET carried = $1 WHERE id = $2 AND carried < $1`, number, holder); err != nil {
			return err
		}
		return blankOrders(ctx, tx)
	})
}

// blankOrders takes away what orders say that nobody needs any more.
func blankOrders(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE orders SET sealed = ''
		WHERE sealed <> '' AND number <= (SELECT coalesce(min(carried), 0) FROM holders)`)
	return err
}

// Release takes a holder out that is no more. It returns whether there was one.
func (s *Store) Release(ctx context.Context, id string) (bool, error) {
	found := false
	err := s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM holders WHERE id = $1`, id)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if found = n > 0; err != nil {
			return err
		}
		return blankOrders(ctx, tx)
	})
	return found, err
}

// Holders lists all, those that owe most first.
func (s *Store) Holders(ctx context.Context) ([]Holder, error) {
	return collect(ctx, s, func(rows *sql.Rows) (h Holder, err error) {
		var seen, since int64
		err = rows.Scan(&h.ID, &h.Name, &seen, &h.Owes, &since)
		h.Seen, h.Since = time.UnixMilli(seen).UTC(), moment(since)
		return h, err
	}, `SELECT h.id, h.name, h.seen_at, count(o.number), coalesce(min(o.ordered_at), 0)
		FROM holders h LEFT JOIN orders o ON o.number > h.carried
		GROUP BY h.id, h.name, h.seen_at ORDER BY 4 DESC, h.id`)
}
