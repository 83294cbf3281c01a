package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"klank/mention"
)

// Head is what the header of a saved page says; Store.Get reads the rest.
type Head struct {
	Locator string
	URL     string
	Source  mention.Source
	Fetched time.Time
}

// Damage is a stretch of a file that holds no readable record.
type Damage struct {
	// Locator is where it begins.
	Locator string
	// Torn says that the file ends within its last record, as a kill leaves
	// it, or as it looks while another process writes. No locator was ever
	// given out for such a record.
	Torn bool
	Err  error
}

// Walk calls fn with the head of every saved page, oldest file first, in
// constant memory. What cannot be read is told to damaged, and the walk goes
// on with the next record; the folder itself being unreadable is an error.
// An error of fn or the end of ctx ends the walk and is returned as it is. A
// body's digest is checked by Get only.
//
// Files that come after the walk began are not visited.
func (s *Store) Walk(ctx context.Context, fn func(Head) error, damaged func(Damage)) error {
	names, err := s.names()
	if err != nil {
		return err
	}
	w := walker{damaged: damaged, visit: func(r span) error {
		if !r.page {
			return nil
		}
		return fn(r.Head)
	}}
	for _, name := range names {
		f, err := s.root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			damaged(Damage{Locator: name + ":0", Err: err})
			continue
		}
		err = w.file(ctx, name, f)
		_ = f.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// names lists the folder's files, oldest first: a name begins with its time.
func (s *Store) names() ([]string, error) {
	d, err := s.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("snapshot: read the folder: %w", err)
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("snapshot: read the folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && nameForm.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// span is a record in its file: a page, what is left of erased pages, or
// another record.
type span struct {
	Head
	page, erased bool
	start, end   int64
}

// walker holds the buffers that the files of a walk share.
type walker struct {
	visit   func(span) error
	damaged func(Damage)
	buf     *bufio.Reader
	zip     *gzip.Reader
}

func (w *walker) file(ctx context.Context, name string, f *os.File) error {
	if w.buf == nil {
		w.buf, w.zip = bufio.NewReaderSize(nil, 64<<10), new(gzip.Reader)
	}
	for offset := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		locator := name + ":" + strconv.FormatInt(offset, 10)
		from := &counter{r: io.NewSectionReader(f, offset, 1<<62-offset)}
		w.buf.Reset(from)
		if _, err := w.buf.Peek(1); err == io.EOF {
			return nil
		}
		if end, erased := erasedSpan(f, offset); erased {
			if err := w.visit(span{erased: true, start: offset, end: end}); err != nil {
				return err
			}
			offset = end
			continue
		}
		head, page, err := w.record()
		if err != nil {
			next, found, seekErr := nextRecord(ctx, f, offset+1)
			if seekErr != nil {
				return seekErr
			}
			w.damaged(Damage{Locator: locator, Err: err,
				Torn: !found && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF))})
			if !found {
				return nil
			}
			offset = next
			continue
		}
		head.Locator = locator
		end := offset + from.n - int64(w.buf.Buffered())
		if err := w.visit(span{Head: head, page: page, start: offset, end: end}); err != nil {
			return err
		}
		offset = end
	}
}

// record reads the record at the buffer's place to its end, which checks the
// checksum of all of it, and tells whether it is a page.
func (w *walker) record() (Head, bool, error) {
	var h Head
	if err := w.zip.Reset(w.buf); err != nil {
		return h, false, err
	}
	w.zip.Multistream(false)
	limit := &io.LimitedReader{R: w.zip, N: maxBlock + 2*maxHead}
	b := bufio.NewReader(limit)
	line, fields, err := readHead(b)
	if err != nil {
		return h, false, err
	}
	if !strings.HasPrefix(line, "WARC/") {
		return h, false, fmt.Errorf("not a WARC record: it begins with %.20q", line)
	}
	if _, err := io.Copy(io.Discard, b); err != nil {
		return h, false, err
	}
	if limit.N <= 0 {
		return h, false, errors.New("the record is too large")
	}
	if fields.Get("WARC-Type") != "response" {
		return h, false, nil
	}
	h.URL = fields.Get("WARC-Target-URI")
	if h.Fetched, err = time.Parse(time.RFC3339Nano, fields.Get("WARC-Date")); err != nil {
		return h, false, fmt.Errorf("bad WARC-Date: %w", err)
	}
	if source := fields.Get(sourceField); source != "" {
		if err := json.Unmarshal([]byte(source), &h.Source); err != nil {
			return h, false, fmt.Errorf("bad %s: %w", sourceField, err)
		}
	}
	return h, true, nil
}

// gzipMagic begins a gzip member that is deflated (RFC 1952, 2.3.1).
var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// nextRecord finds the next record that begins at or after offset.
func nextRecord(ctx context.Context, f *os.File, offset int64) (int64, bool, error) {
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		n, err := f.ReadAt(buf, offset)
		for at := 0; ; at++ {
			i := bytes.Index(buf[at:n], gzipMagic)
			if i < 0 {
				break
			}
			at += i
			if beginsRecord(f, offset+int64(at)) {
				return offset + int64(at), true, nil
			}
		}
		if err != nil { // the end, or what follows cannot be read either
			return 0, false, nil
		}
		offset += int64(n - len(gzipMagic) + 1) // the magic may lie across
	}
}

func beginsRecord(f *os.File, offset int64) bool {
	z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(f, offset, 1<<62-offset), 4<<10))
	if err != nil {
		return false
	}
	var start [5]byte
	_, err = io.ReadFull(z, start[:])
	return err == nil && string(start[:]) == "WARC/"
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
