// Package sitemap reads sitemaps as a stream: sitemaps.org urlsets and
// indexes, lists of URLs in plain text, and RSS and Atom feeds in their place,
// plain or gzipped. However long a sitemap is, its memory stays the same: a
// buffer, and one entry.
//
// It reads what sites write, not only what the schema allows: the namespace
// may be missing or wrong, extensions (images, videos, news, languages) are
// passed over, tags may be left open.
//
// It is not for fetching sitemaps, for following indexes, or for deciding
// which URLs are wanted.
package sitemap

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The bounds of a sitemap. The protocol allows 50 MB and locations of 2,048
// characters.
const (
	maxBytes    = 1 << 30 // decompressed; more is an error
	maxLocation = 4096    // an entry with a longer one is passed over
	maxTag      = 64 << 10
	maxDepth    = 32
)

// ErrNotSitemap is returned for what is none of the formats.
var ErrNotSitemap = errors.New("sitemap: this is no sitemap: neither a urlset, an index, a feed nor a list of URLs")

var (
	errSize  = fmt.Errorf("sitemap: more than %d MiB", maxBytes>>20)
	errTag   = fmt.Errorf("sitemap: a tag of more than %d KiB", maxTag>>10)
	errDepth = fmt.Errorf("sitemap: elements nested more than %d deep", maxDepth)
)

// Kind is the format of a sitemap.
type Kind string

// The kinds. The entries of an index are sitemaps, those of all others pages.
const (
	URLSet Kind = "urlset"
	Index  Kind = "index"
	Text   Kind = "text"
	Feed   Kind = "feed" // RSS or Atom
)

// Entry is one page, or for an Index one sitemap.
type Entry struct {
	// URL is the location as it is written: trimmed, its entities decoded,
	// neither resolved nor made canonical.
	URL string
	// LastMod is when it was changed last, after the sitemap; zero when that
	// is not said or no date. It was not later than Within after that: zero
	// for a moment, more for a date, in whatever zone, and without end where
	// an RSS feed only says when it was published.
	LastMod time.Time
	Within  time.Duration
	// Sitemap says that the entry is one of an Index.
	Sitemap bool
}

// Read calls fn for each entry in order. An error of fn ends it and is
// returned as it is. For damage, and for bounds exceeded, the error comes after
// the entries before it; Kind is empty when none could be told.
func Read(r io.Reader, fn func(Entry) error) (Kind, error) {
	br := bufio.NewReaderSize(&limited{r, maxBytes}, 32<<10)
	if magic, err := br.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		gz, err := gzip.NewReader(br)
		if err != nil {
			return "", fmt.Errorf("sitemap: %w", err)
		}
		br = bufio.NewReaderSize(&limited{gz, maxBytes}, 32<<10)
	}
	if bom, err := br.Peek(2); err == nil && (bom[0] == 0xfe && bom[1] == 0xff || bom[0] == 0xff && bom[1] == 0xfe) {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		br = bufio.NewReaderSize(transform.NewReader(br, utf16), 32<<10)
	} else if bom, err := br.Peek(3); err == nil && string(bom) == "\ufeff" {
		_, _ = br.Discard(len(bom))
	}
	first, err := skipSpace(br)
	if err == io.EOF {
		return "", ErrNotSitemap
	} else if err != nil {
		return "", failed(err)
	}
	if first == '<' {
		return readXML(br, fn)
	}
	return readText(br, fn)
}

// failed names the area of an error of the reader.
func failed(err error) error {
	if errors.Is(err, errSize) {
		return errSize
	}
	return fmt.Errorf("sitemap: %w", err)
}

// limited ends with errSize after so many bytes.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errSize
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// skipSpace returns the first byte after white space, which is read next.
func skipSpace(br *bufio.Reader) (byte, error) {
	for {
		c, err := br.ReadByte()
		if err != nil {
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n", rune(c)) {
			return c, br.UnreadByte()
		}
	}
}

// readText reads a URL per line. The first line tells whether it is a list;
// what is no URL further down is passed over.
func readText(br *bufio.Reader, fn func(Entry) error) (Kind, error) {
	var kind Kind
	for {
		line, err := br.ReadSlice('\n')
		long := len(line) > maxLocation
		u := ""
		if !long {
			u = strings.TrimSpace(string(line))
		}
		for err == bufio.ErrBufferFull {
			_, err = br.ReadSlice('\n')
		}
		switch {
		case isURL(u):
			kind = Text
			if e := fn(Entry{URL: u}); e != nil {
				return kind, e
			}
		case kind == "" && (u != "" || long):
			return "", ErrNotSitemap
		}
		if err == io.EOF && kind == "" {
			return "", ErrNotSitemap
		} else if err == io.EOF {
			return kind, nil
		} else if err != nil {
			return kind, failed(err)
		}
	}
}

func isURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	return ok && rest != "" && !strings.ContainsAny(rest, " \t<>") && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

const (
	day = 24 * time.Hour
	// anyZone is how much later than UTC a time may be that names no zone.
	anyZone = 12 * time.Hour
	forever = time.Duration(1<<63 - 1)
)

// layouts are those of the W3C's note on dates, of RSS, and what is met beside
// them, with how much later than that it may have been.
var layouts = []struct {
	layout string
	within time.Duration
}{
	{time.RFC3339, 0}, {time.DateOnly, day + anyZone}, {"2006-01-02T15:04Z07:00", time.Minute},
	{"2006-01-02T15:04:05", anyZone}, {"2006-01-02T15:04:05Z0700", 0}, {time.DateTime, anyZone},
	{"2006-01", 31*day + anyZone}, {"2006", 366*day + anyZone},
	{time.RFC1123Z, 0}, {time.RFC1123, anyZone}, {"Mon, 2 Jan 2006 15:04:05 -0700", 0},
	{"Mon, 2 Jan 2006 15:04:05 MST", anyZone}, {"Mon, 2 Jan 06 15:04:05 -0700", 0}, {"2 Jan 2006 15:04:05 -0700", 0},
}

// parseTime reads a time, without a zone as UTC; zero when it is none.
func parseTime(s string) (t time.Time, within time.Duration) {
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			return t, l.within
		}
	}
	return time.Time{}, 0
}
