// Package snapshot keeps fetched pages as WARC 1.1 files (ISO 28500): one
// gzip member a record, so that a locator "NAME.warc.gz:OFFSET" reads one
// page without reading the file before it, and so that any WARC tool reads
// the whole folder.
//
// A Store never appends to a file of an earlier process. Each process (and
// each rotation) starts a file of its own, named after the time, the process
// and chance; several processes may share a folder. A locator is only given
// out after its record is synced, therefore a kill or a power cut can tear
// nothing but the end of a file, to which no locator points.
//
// It is not an archive of the exchange on the wire: bodies are kept
// decompressed, in their original charset, with those headers that a
// mention.Page carries.
package snapshot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"klank/mention"
)

// MaxFile is the size in bytes at which a Store goes on in another file.
const MaxFile = 256 << 20

// maxAge is the age at which it does so: then nobody adds to an old file, and
// Prune may take it away.
const maxAge = 12 * time.Hour

// ErrLocator is returned for a locator that does not have the form
// "NAME.warc.gz:OFFSET".
var ErrLocator = errors.New("snapshot: bad locator")

// Store is a folder of snapshots. All methods may be called concurrently.
type Store struct {
	dir     string
	root    *os.Root
	maxFile int64

	mu   sync.Mutex // guards file and its fields
	file *file

	encodeMu sync.Mutex // held by the one who encodes: what that takes is large

	syncMu sync.Mutex // held by the one who syncs; the others find it done
}

// file is one WARC file that is being written.
type file struct {
	name string
	f    *os.File
	made time.Time
	// size is what has been written, guarded by Store.mu; synced is how much
	// of it is on disk, guarded by Store.syncMu.
	size, synced int64
}

// Open opens the folder and makes it when it is missing. No file is made
// until the first Put.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("snapshot: cannot make the folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("snapshot: cannot open the folder: %w", err)
	}
	return &Store{dir: dir, root: root, maxFile: MaxFile}, nil
}

// Writable makes and removes an empty file: nil when pages can be saved.
func (s *Store) Writable() error {
	name := ".writable-" + rand.Text()
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = errors.Join(f.Close(), s.root.Remove(name))
	}
	if err != nil {
		return writeError(s.dir, err)
	}
	return nil
}

// Put saves a page and returns its locator after the record is on disk
// (fsync). Puts at the same time share an fsync.
func (s *Store) Put(ctx context.Context, page *mention.Page) (string, error) {
	locators, err := s.PutAll(ctx, []*mention.Page{page})
	if err != nil {
		return "", err
	}
	return locators[0], nil
}

// PutAll saves pages with one fsync and returns their locators in the order
// of pages. When it fails no page counts as saved.
func (s *Store) PutAll(ctx context.Context, pages []*mention.Page) ([]string, error) {
	locators := make([]string, len(pages))
	last, end, err := s.appendAll(ctx, pages, locators)
	if err == nil && last != nil {
		err = s.sync(last, end)
	}
	if err != nil {
		return nil, err
	}
	return locators, nil
}

// appendAll writes pages, fills in their locators, and returns the file of the
// last one and where it ends; what is in earlier files is synced.
func (s *Store) appendAll(ctx context.Context, pages []*mention.Page, locators []string) (last *file, end int64, _ error) {
	s.encodeMu.Lock()
	defer s.encodeMu.Unlock()
	buf := encoders.Get().(*encoder)
	defer encoders.Put(buf)
	for i, page := range pages {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		record, err := buf.response(page)
		if err != nil {
			return nil, 0, fmt.Errorf("snapshot: encode %s: %w", page.URL, err)
		}
		f, offset, err := s.append(record)
		if err != nil {
			return nil, 0, err
		}
		if last != nil && last != f { // the store went on in another file
			if err := s.sync(last, end); err != nil {
				return nil, 0, err
			}
		}
		last, end = f, offset+int64(len(record))
		locators[i] = f.name + ":" + strconv.FormatInt(offset, 10)
	}
	return last, end, nil
}

// append writes one record to the current file and returns where it begins.
func (s *Store) append(record []byte) (*file, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil && (s.file.size >= s.maxFile || time.Since(s.file.made) >= maxAge) {
		if err := s.closeFile(); err != nil {
			return nil, 0, err
		}
	}
	if s.file == nil {
		f, err := s.create()
		if err != nil {
			return nil, 0, err
		}
		s.file = f
	}
	f := s.file
	offset := f.size
	if _, err := f.f.Write(record); err != nil {
		// What was written in part is cut off again, and the next record
		// goes to another file: this one may be unwritable for good.
		_ = f.f.Truncate(offset)
		_ = s.closeFile()
		return nil, 0, writeError(f.name, err)
	}
	f.size += int64(len(record))
	return f, offset, nil
}

// create starts a file with its warcinfo record. The folder is synced, so
// that the name survives a power cut as well.
func (s *Store) create() (*file, error) {
	made := time.Now().Round(0) // by the wall clock: a machine may sleep
	name := newName(made)
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, writeError(name, err)
	}
	buf := encoders.Get().(*encoder)
	defer encoders.Put(buf)
	info, err := buf.info(name, made)
	if err == nil {
		_, err = f.Write(info)
	}
	if err == nil {
		err = s.syncFolder()
	}
	if err != nil {
		_ = f.Close()
		_ = s.root.Remove(name)
		return nil, writeError(name, err)
	}
	return &file{name: name, f: f, made: made, size: int64(len(info))}, nil
}

func (s *Store) syncFolder() error {
	d, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	// Some systems cannot sync a folder; they keep names without it.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// sync puts f up to end on disk. Whoever comes first syncs for all that have
// written until then. For a file that could not be synced when it was closed
// it fails, as it must.
func (s *Store) sync(f *file, end int64) error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	if f.synced >= end {
		return nil
	}
	s.mu.Lock()
	size := f.size
	s.mu.Unlock()
	if err := f.f.Sync(); err != nil {
		return writeError(f.name, err)
	}
	f.synced = size
	return nil
}

// closeFile syncs and closes the current file; s.mu is held.
func (s *Store) closeFile() error {
	f := s.file
	if f == nil {
		return nil
	}
	s.file = nil
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	err := f.f.Sync()
	if err == nil {
		f.synced = f.size
	}
	if e := f.f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return writeError(f.name, err)
	}
	return nil
}

// Close syncs and closes the store. The second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.closeFile()
	if e := s.root.Close(); err == nil && e != nil {
		err = fmt.Errorf("snapshot: close: %w", e)
	}
	return err
}

func writeError(name string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		hint = " (no room: free some space, or choose another data folder)"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint = " (the folder must be writable for this user)"
	}
	return fmt.Errorf("snapshot: write %s: %w%s", name, err, hint)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.warc\.gz$`)

// newName is unique over processes and machines, and sorts by time.
func newName(now time.Time) string {
	var r [6]byte
	_, _ = rand.Read(r[:]) // never fails
	return fmt.Sprintf("klank-%s-%d-%s.warc.gz", now.UTC().Format(nameTime), os.Getpid(), hex.EncodeToString(r[:]))
}

const nameTime = "20060102T150405"

// begun tells when a Store began a file; false for a file that none did.
func begun(name string) (time.Time, bool) {
	rest, own := strings.CutPrefix(name, "klank-")
	at, _, _ := strings.Cut(rest, "-")
	t, err := time.Parse(nameTime, at)
	return t, own && err == nil
}

// split takes a locator apart.
func split(locator string) (name string, offset int64, err error) {
	i := strings.LastIndexByte(locator, ':')
	if i < 0 || !nameForm.MatchString(locator[:i]) {
		return "", 0, fmt.Errorf("%w %q", ErrLocator, locator)
	}
	offset, err = strconv.ParseInt(locator[i+1:], 10, 64)
	if err != nil || offset < 0 {
		return "", 0, fmt.Errorf("%w %q", ErrLocator, locator)
	}
	return locator[:i], offset, nil
}

// Has tells whether a record begins there that Prune has not erased.
func (s *Store) Has(locator string) bool {
	name, offset, err := split(locator)
	if err != nil {
		return false
	}
	f, err := s.root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return beginsPage(f, offset)
}

// ErrPruned is returned for a page that Prune has erased or whose file is
// gone; it is fs.ErrNotExist as well.
var ErrPruned = fmt.Errorf("the page is no longer kept: %w", fs.ErrNotExist)

// Get reads a page back: all its fields, with Snapshot set to the locator.
// It fails when the page is no longer kept (ErrPruned), the record is
// damaged, or the body is not the one whose digest was written.
func (s *Store) Get(locator string) (*mention.Page, error) {
	name, offset, err := split(locator)
	if err != nil {
		return nil, err
	}
	f, err := s.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrPruned
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot: read %s: %w", locator, err)
	}
	defer f.Close()
	if erased(f, offset) {
		return nil, fmt.Errorf("snapshot: read %s: %w", locator, ErrPruned)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, fmt.Errorf("snapshot: read %s: %w", locator, err)
	}
	page, err := readPage(f)
	if err != nil {
		return nil, fmt.Errorf("snapshot: read %s: %w", locator, err)
	}
	page.Snapshot = locator
	return page, nil
}
