package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// walker reads many rows within one read transaction, past database/sql, which
// takes as long for a row of a dozen numbers as SQLite does.
type walker struct {
	conn *sql.Conn
	tx   *sql.Tx
}

// walk is read for fn that walks rows.
func (ix *Index) walk(ctx context.Context, what string, fn func(w *walker) error) error {
	err := func() error {
		conn, err := ix.readers.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		return fn(&walker{conn, tx})
	}()
	return ix.wrap(what, because(ctx, err))
}

// errStop ends a walk early.
var errStop = errors.New("enough")

// rows calls fn with every row of an answer: int64, float64, string, []byte or
// nil, which stay as they are. The row is fn's until it returns. fn must not
// use the walker; where it returns errStop the walk ends well.
func (w *walker) rows(ctx context.Context, q string, args []any, fn func(row []driver.Value) error) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return err
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return w.conn.Raw(func(dc any) error {
		rows, err := dc.(driver.QueryerContext).QueryContext(ctx, q, named)
		if err != nil {
			return err
		}
		defer rows.Close()
		row := make([]driver.Value, len(rows.Columns()))
		for n := 0; ; n++ {
			switch err := rows.Next(row); {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			case n%1024 == 0 && ctx.Err() != nil:
				return ctx.Err()
			}
			if err := fn(row); err == errStop {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
}

// integer and decimal read a column that may be NULL.
func integer(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

func decimal(v driver.Value) (value float64, known bool) {
	value, known = v.(float64)
	return value, known
}
