// Package imports reads files of mentions that people have at hand: NDJSON as
// klank exports it or flat, CSV of surveys and of the exports of other
// programs (Google Forms, SurveyMonkey, Trustpilot), and mbox folders with the
// e-mails by which sites tell of new reviews.
//
// It streams: a file of any size takes the memory of some hundred rows. A row
// that cannot be read is given back with its line and the reason, and the rows
// after it are read. It stores nothing.
package imports

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"klank/mention"
)

// Format is the form of a file.
type Format string

// The formats.
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
	Mbox   Format = "mbox"
)

// Formats lists every Format.
var Formats = []Format{NDJSON, CSV, Mbox}

// maxRow is the most bytes of one line or message.
const maxRow = 4 << 20

// Options say what the file itself does not.
type Options struct {
	// Name is that of the import: the source's name of its mentions, and the
	// place that their ids are made from where a row has no URL.
	Name string
	// Format is taken from the content where it is empty.
	Format Format
	// Kind of the mentions; empty: survey where there are NPS or CSAT columns
	// or no grades at all, else review.
	Kind mention.Kind
	// Language is a BCP 47 tag for the dates ("03/06/2026") and a hint for the
	// texts.
	Language string
	// Columns give columns of a table their role (see ParseRole) by header;
	// the rest is guessed. A header with the role "ignore" is left out.
	Columns map[string]string
	// Pages reads an HTML e-mail as a page; nil leaves HTML unread.
	Pages func(*mention.Page) []mention.Mention
	// Now is when the file is read; dates after it are refused.
	Now time.Time
}

// RowError is a row that cannot be read. The rows after it can.
type RowError struct {
	// Line is where the row begins, from 1.
	Line int
	// Row is what stands there: the cells by header, or the text as it is.
	Row any
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// Reader reads the mentions of one file.
type Reader struct {
	// Format is the file's.
	Format Format
	// Mapping is how the columns of a table are read; nil for other formats
	// and before the first flat line of NDJSON.
	Mapping Mapping
	next    func() (*mention.Mention, error)
}

// Open begins to read a file; gzip is read through. It looks at the first rows
// to tell the format and the roles of the columns, and fails where they cannot
// be told.
func Open(r io.Reader, o Options) (*Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if head, _ := b.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("import: not a whole gzip file: %w", err)
		}
		b = bufio.NewReaderSize(z, 1<<16)
	}
	head, err := b.Peek(1 << 15)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("import: %w", err)
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, errors.New("import: the file is empty")
	}
	if o.Format == "" {
		o.Format = sniff(head)
	}
	out := &Reader{Format: o.Format}
	switch o.Format {
	case CSV:
		err = out.openCSV(decoded(b, head), &o)
	case NDJSON:
		err = out.openNDJSON(decoded(b, head), &o)
	case Mbox:
		err = out.openMbox(b, &o)
	default:
		err = fmt.Errorf("import: format %q is not known; it is one of %s, %s, %s", o.Format, NDJSON, CSV, Mbox)
	}
	return out, err
}

// Next returns the next mention, a *RowError, io.EOF at the end of the file,
// or another error, after which nothing comes any more. Ids and analysis are
// the caller's where a mention has none.
func (r *Reader) Next() (*mention.Mention, error) { return r.next() }

// sniff tells the format by the beginning of a file.
func sniff(head []byte) Format {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return NDJSON
	case bytes.HasPrefix(text, []byte("From ")) && bytes.Contains(text, []byte("\nFrom:")),
		bytes.HasPrefix(text, []byte("From ")) && bytes.Contains(text, []byte("\nSubject:")):
		return Mbox
	}
	return CSV
}

// decoded is r in UTF-8. Spreadsheets also write UTF-16, with a byte order
// mark, and Windows-1252, which is what is not UTF-8.
func decoded(r *bufio.Reader, head []byte) *bufio.Reader {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		from = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = r.Discard(3) // they were peeked at
		return r
	case validUTF8(head):
		return r
	default:
		from = charmap.Windows1252
	}
	return bufio.NewReaderSize(from.NewDecoder().Reader(r), 1<<16)
}

// validUTF8 is utf8.Valid for bytes that may end within a character.
func validUTF8(b []byte) bool {
	for n := 0; n < utf8.UTFMax && len(b) > 0; n++ {
		if utf8.Valid(b) {
			return true
		}
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// lines reads lines and knows their numbers.
type lines struct {
	r    *bufio.Reader
	line int
}

// next returns the next line without its end; the slice holds until the next
// call. A line over maxRow is skipped whole and gives errTooLong.
func (l *lines) next() ([]byte, error) {
	l.line++
	var long []byte
	for {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == nil && long == nil:
			return bytes.TrimRight(part, "\r\n"), nil
		case len(long)+len(part) > maxRow:
			return nil, l.skip(err)
		}
		long = append(long, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil, errors.Is(err, io.EOF) && len(long) > 0:
			return bytes.TrimRight(long, "\r\n"), nil
		default:
			return nil, err
		}
	}
}

var errTooLong = fmt.Errorf("longer than %d MiB", maxRow>>20)

// skip reads to the end of a line.
func (l *lines) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.r.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return errTooLong
}

// check refuses what says nothing.
func check(m *mention.Mention, o *Options) error {
	switch {
	case strings.TrimSpace(m.Title+m.Text) == "" && m.Rating == nil && len(m.Ratings) == 0:
		return errors.New("no text and no grade")
	case !o.Now.IsZero() && m.Published.After(o.Now.Add(48*time.Hour)):
		return fmt.Errorf("published in the future: %s", m.Published.Format(time.DateOnly))
	}
	return nil
}
