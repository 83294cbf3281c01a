package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
)

// writer is the one connection that writes, and what it remembers.
type writer struct {
	mu    sync.Mutex // held by the one who writes; the others find it done
	db    *sql.DB
	stmts statements
	sets  setCache
	// unlisted are values of new sets that are not in members yet.
	unlisted []member
	// buffers of putRow, setID and addMembers
	doc     bytes.Buffer
	blob    []byte
	values  []string
	spelled []byte
	args    []any
	sight   sightStatements
	wordWriter

	queueMu sync.Mutex
	queue   []*write
}

// write is what one caller wants written. done and err belong to the holder
// of writer.mu.
type write struct {
	ctx  context.Context
	fn   func(tx *sql.Tx, w *writer) error
	done bool
	err  error
}

// maxTogether bounds the writes that share a transaction.
const maxTogether = 32

// maxKept bounds the buffer of documents that is kept for the next transaction.
const maxKept = 1 << 20

// write runs fn in one transaction, durable when write returns. After an
// error nothing of it is stored. Callers that come at the same time share a
// transaction and its wait for the disk; when it fails each gets its own, so
// that fn may run twice.
func (ix *Index) write(ctx context.Context, what string, fn func(tx *sql.Tx, w *writer) error) error {
	w, own := ix.writer, &write{ctx: ctx, fn: fn}
	w.queueMu.Lock()
	w.queue = append(w.queue, own)
	w.queueMu.Unlock()
	runtime.Gosched() // whoever is about to write joins; costs nothing when nobody is
	w.mu.Lock()
	defer w.mu.Unlock()
	for !own.done {
		together := w.take()
		if len(together) == 1 || !w.commit(context.WithoutCancel(ctx), together) {
			for _, one := range together {
				w.commit(one.ctx, []*write{one})
			}
		}
	}
	return ix.wrap(what, because(ctx, own.err))
}

// take takes the first writes off the queue.
func (w *writer) take() []*write {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	n := min(len(w.queue), maxTogether)
	together := w.queue[:n:n]
	w.queue = w.queue[n:]
	return together
}

// commit runs writes in one transaction. It returns false where one of several
// failed: nothing is stored then, and none of them is done.
func (w *writer) commit(ctx context.Context, together []*write) bool {
	tx, err := w.db.BeginTx(ctx, nil)
	if err == nil {
		err = w.sets.check(tx)
		for i := 0; err == nil && i < len(together); i++ {
			err = together[i].fn(tx, w)
		}
		failed := err != nil
		if !failed {
			err = w.addRest(tx)
		}
		if err == nil {
			_, err = w.stmts.mark.in(tx).ExecContext(ctx)
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			tx.Rollback()
			w.sets.forget()
			w.unlisted, w.unread = nil, nil
		}
		if failed && len(together) > 1 {
			return false
		}
	}
	if w.doc.Cap() > maxKept {
		w.doc, w.blob = bytes.Buffer{}, nil
	}
	for _, one := range together {
		one.done, one.err = true, err
	}
	return true
}

// addRest does what is left for the end of a transaction, as it takes less time
// together: it lists the values of new sets, and puts the words of new mentions
// into the full-text index. What asks for either within a transaction, or
// deletes from it, calls it first.
func (w *writer) addRest(tx *sql.Tx) error {
	if err := w.addMembers(tx); err != nil {
		return err
	}
	return w.addWords(tx)
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(closeAll(w.prepared()), w.db.Close())
}

// prepared lists the writer's statements.
func (w *writer) prepared() []prepared { return append(w.stmts.all(), w.sight.all()...) }
