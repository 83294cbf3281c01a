package sqlite

import (
	"database/sql"
	"errors"
)

// stmt is a prepared statement, and as the latest transaction knows it.
type stmt struct {
	*sql.Stmt
	tx    *sql.Tx
	bound *sql.Stmt
}

// in returns the statement within tx, which is looked up once in each.
func (s *stmt) in(tx *sql.Tx) *sql.Stmt {
	if s.tx != tx {
		s.tx, s.bound = tx, tx.Stmt(s.Stmt)
	}
	return s.bound
}

// prepared is a statement that is to be prepared.
type prepared struct {
	stmt *stmt
	sql  string
}

// prepareAll prepares statements.
func prepareAll(db *sql.DB, list []prepared) error {
	for _, p := range list {
		var err error
		if p.stmt.Stmt, err = db.Prepare(p.sql); err != nil {
			return err
		}
	}
	return nil
}

// closeAll closes those of the statements that were prepared.
func closeAll(list []prepared) error {
	var errs []error
	for _, p := range list {
		if p.stmt.Stmt != nil {
			errs = append(errs, p.stmt.Close())
		}
	}
	return errors.Join(errs...)
}
