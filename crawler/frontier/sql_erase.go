package frontier

import (
	"context"
	"fmt"
)

// Suppress implements Erasures.
func (s *store) Suppress(ctx context.Context, hashes []string) error {
	list, err := array(hashes)
	if err != nil {
		return fmt.Errorf("frontier: suppress: %w", err)
	}
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec("INSERT INTO suppressed (hash, since) SELECT DISTINCT value, CAST(? AS "+s.integer+") FROM "+s.elements+
			" WHERE true ON CONFLICT (hash) DO NOTHING", t.now, list)
		return err
	})
}

// Suppressed implements Erasures.
func (s *store) Suppressed(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	err := s.read(ctx, func(t *tx) error {
		rows, err := t.rows("SELECT hash FROM suppressed")
		if err != nil {
			return err
		}
		all, err := collect(rows, func(scan func(...any) error) (hash string, err error) { return hash, scan(&hash) })
		for _, hash := range all {
			out[hash] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("frontier: suppressed: %w", err)
	}
	return out, nil
}

// Forget implements Erasures.
func (s *store) Forget(ctx context.Context, urls []string) (n int, err error) {
	list, err := array(urls)
	if err != nil {
		return 0, fmt.Errorf("frontier: forget: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		gone, err := t.exec("DELETE FROM urls WHERE source IN (SELECT id FROM sources) AND url IN (SELECT value FROM "+s.elements+")", list)
		n = int(gone)
		return err
	})
	return n, err
}

// ForgetSource implements Erasures.
func (s *store) ForgetSource(ctx context.Context, source string) (n int, err error) {
	err = s.write(ctx, func(t *tx) error {
		gone, err := t.exec("DELETE FROM urls WHERE source IN (SELECT id FROM sources WHERE name = ?)", source)
		if err != nil {
			return err
		}
		n = int(gone)
		_, err = t.exec("DELETE FROM queues WHERE source IN (SELECT id FROM sources WHERE name = ?)", source)
		return err
	})
	return n, err
}
