package frontier

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Forecast implements Inspector. It reads through all URLs of the source.
func (s *store) Forecast(ctx context.Context, source string, plan Plan, free ...string) (f Forecast, err error) {
	classes, err := array(free)
	if err != nil {
		return f, fmt.Errorf("frontier: %w", err)
	}
	err = s.read(ctx, func(t *tx) error {
		var id int64
		err := t.row("SELECT id FROM sources WHERE name = ?", source).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			f.Deep = true
			return nil
		}
		if err != nil {
			return err
		}
		f, err = s.forecast(t, id, plan, classes)
		return err
	})
	if err != nil {
		return f, fmt.Errorf("frontier: forecast: %w", err)
	}
	return f, nil
}

// What becomes of a URL.
const (
	asked = iota
	saved
	idle
	rests
)

func (s *store) forecast(t *tx, source int64, plan Plan, free string) (f Forecast, err error) {
	_, seq, _, err := t.resumable(source, plan)
	switch f.Resumes = err == nil; {
	case f.Resumes:
		err = t.row("SELECT whole FROM runs WHERE seq = ?", seq).Scan(&f.Deep)
	case errors.Is(err, sql.ErrNoRows):
		f.Deep, err = t.deep(source, plan)
	}
	if err != nil {
		return f, err
	}
	// A run that goes on asks for what is not settled, a new one for all but
	// what is dead for free, and what rests as BeginRun has it.
	kinds := fmt.Sprintf("WHEN u.state = 2 THEN %d ", saved)
	var args []any
	switch {
	case f.Resumes:
		kinds += fmt.Sprintf("WHEN u.state IN (3, 5) THEN %d ", idle)
	default:
		kinds += fmt.Sprintf("WHEN u.state = 5 AND u.class IN (SELECT value FROM %s) THEN %d ", s.elements, idle)
		args = append(args, free)
		if !f.Deep {
			kinds += fmt.Sprintf("WHEN %s THEN %d ", resting, rests)
			args = append(args, plan.Generation, plan.LeastRest.Milliseconds(), t.now)
		}
	}
	rows, err := t.rows("SELECT b.key, x.kind, count(*), min(x.until) FROM (SELECT u.budget, visited + "+restTime+" AS until, CASE "+kinds+
		fmt.Sprintf("ELSE %d END AS kind FROM urls u WHERE u.source = ?) AS x JOIN budgets b ON b.id = x.budget GROUP BY b.key, x.kind ORDER BY b.key", asked),
		append(args, source)...)
	if err != nil {
		return f, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var kind, n int
		var until int64
		if err := rows.Scan(&key, &kind, &n, &until); err != nil {
			return f, err
		}
		f.Known += n
		switch kind {
		case asked:
			f.Hosts = append(f.Hosts, HostForecast{Key: key, URLs: n})
		case saved:
			f.Saved += n
		case rests:
			f.Resting += n
			if end := t.local(until); f.RestingUntil.IsZero() || end.Before(f.RestingUntil) {
				f.RestingUntil = end
			}
		}
	}
	return f, rows.Err()
}
