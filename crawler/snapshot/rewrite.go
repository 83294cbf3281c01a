package snapshot

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"

	"klank/mention"
)

// Rewrite gives a saved page another body, for good: nothing of the old one
// stays on disk. The locator stays, and those of others; the digest is the new
// body's. A body that takes more room than the old one does not fit, and the
// page is erased whole: kept tells which it was. A kill at any moment leaves
// the page as it was, erased or rewritten.
func (s *Store) Rewrite(locator string, body []byte) (kept bool, err error) {
	page, err := s.Get(locator)
	if err != nil {
		return false, err
	}
	name, offset, _ := split(locator) // Get has read it
	f, err := s.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("snapshot: rewrite %s: %w", locator, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := memberEnd(f, offset)
	if err != nil {
		return false, fmt.Errorf("snapshot: rewrite %s: %w", locator, err)
	}
	sum := sha256.Sum256(body)
	page.Body, page.SHA256 = body, hex.EncodeToString(sum[:])
	record, err := fitting(page, int(end-offset))
	if err != nil {
		return false, fmt.Errorf("snapshot: rewrite %s: %w", locator, err)
	}
	rest := hole{offset + int64(len(record)), end}
	kept = rest.size() == 0 || rest.size() >= int64(minErased)
	if err := replace(f, hole{offset, end}, record, rest, kept); err != nil {
		return kept, writeError(name, err)
	}
	return kept, nil
}

// replace erases the old page first, so that a kill leaves none of it.
func replace(f *os.File, whole hole, record []byte, rest hole, keep bool) error {
	if err := erase(f, []hole{whole}); err != nil || !keep {
		return err
	}
	if rest.size() > 0 {
		if err := erase(f, []hole{rest}); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(record, whole.start); err != nil {
		return err
	}
	return f.Sync()
}

// fitting is a page's record for a place of so many bytes: compressed as well
// as it can be, since the one that stood there was compressed fast, and filled
// up where an erased member would not fit behind it.
func fitting(page *mention.Page, room int) ([]byte, error) {
	var record []byte
	for level := gzip.BestCompression; level > gzip.BestSpeed; level-- {
		z, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			return nil, err
		}
		if record, err = (&encoder{zip: z}).response(page); err != nil {
			return nil, err
		}
		if rest := room - len(record); rest == 1 {
			continue // a comment takes two bytes at least
		} else if rest > 1 && rest < minErased {
			record = commented(record, rest)
		}
		break
	}
	return record, nil
}

// commented is a gzip member that is n bytes longer by a comment (RFC 1952,
// 2.3.1), which says nothing.
func commented(member []byte, n int) []byte {
	const header, flags, hasComment = 10, 3, 1 << 4
	out := bytes.Clone(member[:header])
	out[flags] |= hasComment
	out = append(out, bytes.Repeat([]byte{' '}, n-1)...)
	return append(append(out, 0), member[header:]...)
}

// memberEnd is where the record ends that begins at offset.
func memberEnd(f *os.File, offset int64) (int64, error) {
	from := &counter{r: io.NewSectionReader(f, offset, 1<<62-offset)}
	w := walker{buf: bufio.NewReaderSize(from, 64<<10), zip: new(gzip.Reader)}
	if _, _, err := w.record(); err != nil {
		return 0, err
	}
	return offset + from.n - int64(w.buf.Buffered()), nil
}
