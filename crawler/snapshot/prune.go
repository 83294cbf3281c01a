package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Pruned says what Prune took away, or would.
type Pruned struct {
	// Pages were erased, Files removed, as nothing was left in them.
	Pages int `json:"pages"`
	Files int `json:"files"`
	// Bytes is what the pages took. The disk gets the whole blocks (mostly
	// 4 KB) of that back, on Linux and where its file system can.
	Bytes int64 `json:"bytes"`
}

// settled is the age at which a file has no writer any more: see maxAge. The
// rest is for clocks that differ.
const settled = maxAge + 24*time.Hour

// Prune erases the pages that were fetched before a time and that keep does
// not want. A page is erased in its place: the locators of others stay as they
// are, and the files stay readable for any WARC tool. A file of which no page
// is left is removed once no Store can be writing to it. With dryRun it only
// says what would go.
//
// Other processes may read and write the folder meanwhile: who reads a page
// that goes gets ErrPruned. A kill at any moment harms no page that stays; what
// was begun is done by the next call. It reads through the files that are
// old enough.
func (s *Store) Prune(ctx context.Context, before time.Time, keep func(Head) bool, dryRun bool) (Pruned, error) {
	var done Pruned
	names, err := s.names()
	if err != nil {
		return done, err
	}
	var failed []error
	for _, name := range names {
		if began, known := begun(name); known && began.After(before) {
			continue
		}
		part, err := s.pruneFile(ctx, name, before, keep, dryRun)
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		done.Pages, done.Files, done.Bytes = done.Pages+part.Pages, done.Files+part.Files, done.Bytes+part.Bytes
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // else another process has removed it
			failed = append(failed, fmt.Errorf("snapshot: prune %s: %w", name, err))
		}
	}
	if done.Files > 0 && !dryRun {
		failed = append(failed, s.syncFolder())
	}
	return done, errors.Join(failed...)
}

func (s *Store) pruneFile(ctx context.Context, name string, before time.Time, keep func(Head) bool, dryRun bool) (Pruned, error) {
	mode := os.O_RDWR
	if dryRun {
		mode = os.O_RDONLY
	}
	f, err := s.root.OpenFile(name, mode, 0)
	if err != nil {
		return Pruned{}, err
	}
	defer f.Close() // what is written is synced
	p, err := planPrune(ctx, name, f, before, keep)
	if err != nil {
		return Pruned{}, err
	}
	began, own := begun(name)
	if own && p.kept == 0 && time.Since(began) > settled {
		p.done.Files = 1
		if !dryRun {
			err = s.root.Remove(name)
		}
	} else if len(p.holes) > 0 && !dryRun {
		err = erase(f, p.holes)
	}
	if err != nil {
		return Pruned{}, err
	}
	return p.done, nil
}

// prunePlan is what is to be done with a file.
type prunePlan struct {
	holes []hole
	kept  int
	done  Pruned
}

// planPrune reads through a file. Neighbours become one hole, with what was
// erased before.
func planPrune(ctx context.Context, name string, f *os.File, before time.Time, keep func(Head) bool) (*prunePlan, error) {
	p := &prunePlan{}
	var at hole
	news := false // to be erased, in the hole at hand
	flush := func() {
		if news && at.size() >= int64(minErased) {
			p.holes = append(p.holes, at)
		}
		at, news = hole{}, false
	}
	w := walker{damaged: func(Damage) {}, visit: func(r span) error {
		goes := r.page && r.Fetched.Before(before) && !keep(r.Head)
		if r.page && !goes {
			p.kept++
		}
		if !goes && !r.erased {
			flush()
			return nil
		}
		if at.end != r.start { // something unreadable is in between
			flush()
			at.start = r.start
		}
		at.end = r.end
		if goes {
			news = true
			p.done.Pages++
			p.done.Bytes += r.end - r.start
		} else if h := (hole{r.start, r.end}); !h.complete(f) {
			news = true
		}
		return nil
	}}
	if err := w.file(ctx, name, f); err != nil {
		return nil, err
	}
	flush()
	return p, nil
}
