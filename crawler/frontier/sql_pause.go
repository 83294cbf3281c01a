package frontier

import (
	"context"
	"fmt"
)

// SetPaused implements Pauses.
func (s *store) SetPaused(ctx context.Context, source string, paused bool, reason string) (changed bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		id, err := s.sourceID(t, source)
		if err != nil {
			return err
		}
		var was int64
		if err := t.row("SELECT paused FROM sources WHERE id = ?", id).Scan(&was); err != nil {
			return err
		}
		since := was
		switch {
		case !paused:
			since, reason = 0, ""
		case was == 0:
			since = t.now
		}
		changed = (since > 0) != (was > 0)
		_, err = t.exec("UPDATE sources SET paused = ?, reason = ? WHERE id = ?", since, plain(reason), id)
		return err
	})
	return changed, err
}

// Paused implements Pauses.
func (s *store) Paused(ctx context.Context, sources ...string) (map[string]Pause, error) {
	names, err := array(sources)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	out := map[string]Pause{}
	err = s.read(ctx, func(t *tx) error {
		rows, err := t.rows("SELECT name, paused, reason FROM sources WHERE paused > 0 AND (? OR name IN (SELECT value FROM "+s.elements+"))",
			len(sources) == 0, names)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var since int64
			var p Pause
			if err := rows.Scan(&name, &since, &p.Reason); err != nil {
				return err
			}
			p.Since = fromMillis(since)
			out[name] = p
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("frontier: paused: %w", err)
	}
	return out, nil
}
