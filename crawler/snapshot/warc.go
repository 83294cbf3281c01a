package snapshot

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"klank/mention"
)

// maxHead bounds the bytes of a record's WARC header or HTTP header block.
const maxHead = 1 << 20

// maxBlock bounds the decompressed size of a record that is read, whatever
// its header claims.
const maxBlock = 256 << 20

// sourceField is an extension field (WARC 1.1, 4) that holds Page.Source as
// JSON, so that a page can be parsed again without its configuration.
const sourceField = "Klank-Source"

// originField holds Page.Origin as JSON, of pages that have one.
const originField = "Klank-Origin"

// encoder builds records; it is reused because a gzip writer is large.
type encoder struct {
	out  bytes.Buffer
	head bytes.Buffer
	http bytes.Buffer
	zip  *gzip.Writer
}

// encoders keeps encoders that are not in use.
var encoders = sync.Pool{New: func() any {
	// Level 1 costs a third of the default level's CPU for a tenth more bytes.
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return &encoder{zip: z}
}}

// response returns the gzip member of a response record. The bytes are valid
// until the encoder is used again.
func (e *encoder) response(p *mention.Page) ([]byte, error) {
	digest := p.SHA256
	if digest == "" {
		sum := sha256.Sum256(p.Body)
		digest = hex.EncodeToString(sum[:])
	}
	e.http.Reset()
	fmt.Fprintf(&e.http, "HTTP/1.1 %03d %s\r\n", p.Status, http.StatusText(p.Status))
	field(&e.http, "Content-Type", p.ContentType)
	field(&e.http, "Content-Length", strconv.Itoa(len(p.Body)))
	field(&e.http, "Content-Language", p.Language)
	field(&e.http, "ETag", p.ETag)
	field(&e.http, "Last-Modified", p.LastModified)
	for _, l := range p.Link {
		field(&e.http, "Link", l)
	}
	field(&e.http, "X-Robots-Tag", robotsTag(p.Directives))
	if p.Directives.TDMReserved {
		field(&e.http, "TDM-Reservation", "1")
	}
	e.http.WriteString("\r\n")

	e.head.Reset()
	e.head.WriteString("WARC/1.1\r\nWARC-Type: response\r\n")
	field(&e.head, "WARC-Record-ID", recordID())
	field(&e.head, "WARC-Date", p.Fetched.UTC().Format(time.RFC3339Nano))
	field(&e.head, "WARC-Target-URI", p.URL)
	field(&e.head, "WARC-Payload-Digest", "sha256:"+digest)
	if p.Source != (mention.Source{}) {
		source, err := json.Marshal(p.Source)
		if err != nil {
			return nil, err
		}
		field(&e.head, sourceField, string(source))
	}
	if p.Origin != nil {
		origin, err := json.Marshal(p.Origin)
		if err != nil {
			return nil, err
		}
		field(&e.head, originField, string(origin))
	}
	field(&e.head, "Content-Type", "application/http;msgtype=response")
	field(&e.head, "Content-Length", strconv.Itoa(e.http.Len()+len(p.Body)))
	e.head.WriteString("\r\n")
	if e.head.Len() > maxHead || e.http.Len() > maxHead || len(p.Body) > maxBlock-maxHead {
		return nil, errors.New("the page or its headers are too large")
	}
	return e.member(e.head.Bytes(), e.http.Bytes(), p.Body, []byte(endOfRecord))
}

const endOfRecord = "\r\n\r\n"

// info returns the gzip member of the warcinfo record that begins a file.
func (e *encoder) info(name string, now time.Time) ([]byte, error) {
	block := "software: klank\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
	e.head.Reset()
	e.head.WriteString("WARC/1.1\r\nWARC-Type: warcinfo\r\n")
	field(&e.head, "WARC-Record-ID", recordID())
	field(&e.head, "WARC-Date", now.UTC().Format(time.RFC3339))
	field(&e.head, "WARC-Filename", name)
	field(&e.head, "Content-Type", "application/warc-fields")
	field(&e.head, "Content-Length", strconv.Itoa(len(block)))
	e.head.WriteString("\r\n")
	return e.member(e.head.Bytes(), []byte(block), []byte(endOfRecord))
}

func (e *encoder) member(parts ...[]byte) ([]byte, error) {
	e.out.Reset()
	e.zip.Reset(&e.out)
	for _, p := range parts {
		if _, err := e.zip.Write(p); err != nil {
			return nil, err
		}
	}
	if err := e.zip.Close(); err != nil {
		return nil, err
	}
	return e.out.Bytes(), nil
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

// field writes a header field; an empty value is left out, and a line break
// in a value cannot begin another field.
func field(b *bytes.Buffer, name, value string) {
	if value == "" {
		return
	}
	if strings.ContainsAny(value, "\r\n") {
		value = lineBreaks.Replace(value)
	}
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(value)
	b.WriteString("\r\n")
}

func robotsTag(d mention.Directives) string {
	switch {
	case d.NoIndex && d.NoFollow:
		return "noindex, nofollow"
	case d.NoIndex:
		return "noindex"
	case d.NoFollow:
		return "nofollow"
	}
	return ""
}

// recordID is a random UUID (RFC 9562, version 4) as the WARC format wants it.
func recordID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("<urn:uuid:%x-%x-%x-%x-%x>", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// record is a WARC record as read.
type record struct {
	kind   string
	fields http.Header
	block  []byte
}

// readPage reads the response record that begins at r.
func readPage(r io.Reader) (*mention.Page, error) {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	rec, err := readRecord(z)
	if err != nil {
		return nil, err
	}
	return rec.page()
}

// readRecord reads one decompressed record to its end, which checks the gzip
// checksum as well.
func readRecord(r io.Reader) (*record, error) {
	b := bufio.NewReader(io.LimitReader(r, maxBlock+maxHead))
	line, fields, err := readHead(b)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(line, "WARC/") {
		return nil, fmt.Errorf("not a WARC record: it begins with %.20q", line)
	}
	size, err := strconv.ParseInt(fields.Get("Content-Length"), 10, 64)
	if err != nil || size < 0 || size > maxBlock {
		return nil, fmt.Errorf("bad record length %q", fields.Get("Content-Length"))
	}
	rec := &record{kind: fields.Get("WARC-Type"), fields: fields}
	// The claimed size is a hint for the first allocation, no more: a small
	// file must not claim much memory.
	block := bytes.NewBuffer(make([]byte, 0, min(size, 1<<20)+bytes.MinRead))
	n, err := io.Copy(block, io.LimitReader(b, size))
	if err != nil {
		return nil, err
	}
	if n < size {
		return nil, io.ErrUnexpectedEOF
	}
	rec.block = block.Bytes()
	end, err := io.ReadAll(io.LimitReader(b, int64(len(endOfRecord))+1))
	if err != nil {
		return nil, err
	}
	if string(end) != endOfRecord {
		return nil, errors.New("the record does not end where its length says")
	}
	return rec, nil
}

// readHead reads a first line and header fields to the empty line.
func readHead(b *bufio.Reader) (string, http.Header, error) {
	left := maxHead
	line, err := readLine(b, &left)
	if err != nil {
		return "", nil, err
	}
	fields := http.Header{}
	for {
		l, err := readLine(b, &left)
		if err != nil {
			return "", nil, err
		}
		if l == "" {
			return line, fields, nil
		}
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			return "", nil, fmt.Errorf("bad header line %.40q", l)
		}
		fields.Add(name, strings.Trim(value, " \t"))
	}
}

func readLine(b *bufio.Reader, left *int) (string, error) {
	var line []byte
	for {
		part, err := b.ReadSlice('\n')
		line = append(line, part...)
		if *left -= len(part); *left < 0 {
			return "", errors.New("the header is too long")
		}
		if err == nil {
			return strings.TrimRight(string(line), "\r\n"), nil
		}
		if err == io.EOF {
			return "", io.ErrUnexpectedEOF
		}
		if err != bufio.ErrBufferFull {
			return "", err
		}
	}
}

// page builds the page of a response record.
func (r *record) page() (*mention.Page, error) {
	if r.kind != "response" {
		return nil, fmt.Errorf("a %q record holds no page", r.kind)
	}
	body := bytes.NewReader(r.block)
	b := bufio.NewReader(body)
	line, fields, err := readHead(b)
	if err != nil {
		return nil, fmt.Errorf("HTTP header: %w", err)
	}
	_, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || !strings.HasPrefix(line, "HTTP/") {
		return nil, fmt.Errorf("bad HTTP status line %.40q", line)
	}
	p := &mention.Page{
		URL:          r.fields.Get("WARC-Target-URI"),
		Status:       status,
		ContentType:  fields.Get("Content-Type"),
		Body:         r.block[len(r.block)-body.Len()-b.Buffered():],
		Link:         fields.Values("Link"),
		Language:     fields.Get("Content-Language"),
		ETag:         fields.Get("ETag"),
		LastModified: fields.Get("Last-Modified"),
		Directives: mention.Directives{
			NoIndex:     strings.Contains(fields.Get("X-Robots-Tag"), "noindex"),
			NoFollow:    strings.Contains(fields.Get("X-Robots-Tag"), "nofollow"),
			TDMReserved: fields.Get("TDM-Reservation") == "1",
		},
	}
	if p.Fetched, err = time.Parse(time.RFC3339Nano, r.fields.Get("WARC-Date")); err != nil {
		return nil, fmt.Errorf("bad WARC-Date: %w", err)
	}
	if source := r.fields.Get(sourceField); source != "" {
		if err := json.Unmarshal([]byte(source), &p.Source); err != nil {
			return nil, fmt.Errorf("bad %s: %w", sourceField, err)
		}
	}
	if origin := r.fields.Get(originField); origin != "" {
		if err := json.Unmarshal([]byte(origin), &p.Origin); err != nil {
			return nil, fmt.Errorf("bad %s: %w", originField, err)
		}
	}
	sum := sha256.Sum256(p.Body)
	p.SHA256 = hex.EncodeToString(sum[:])
	if want := r.fields.Get("WARC-Payload-Digest"); want != "sha256:"+p.SHA256 {
		return nil, errors.New("the body is not the one that was saved: its digest differs")
	}
	return p, nil
}
