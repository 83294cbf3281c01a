package imports

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"

	"klank/mention"
	"klank/parsers/normalize"
)

// maxParts bounds the parts of one e-mail that are looked at.
const maxParts = 64

// openMbox reads the e-mails of a folder (RFC 4155) in which sites tell of new
// reviews. An HTML part is read like a page of the site; where it holds no
// mention, the plain text is one if it has a grade.
func (r *Reader) openMbox(b *bufio.Reader, o *Options) error {
	box := &mbox{in: lines{r: b}, o: o}
	r.next = box.next
	return nil
}

type mbox struct {
	in lines
	o  *Options
	// begun is the line of the message whose "From " line has been read; 0
	// before the first.
	begun int
	ended bool
	found []mention.Mention // of the last message, not given out yet
}

func (b *mbox) next() (*mention.Mention, error) {
	for len(b.found) == 0 {
		if b.ended {
			return nil, io.EOF
		}
		line := max(b.begun, 1)
		text, err := b.message()
		if err == nil && len(bytes.TrimSpace(text)) > 0 {
			b.found, err = b.read(text)
		}
		if err != nil {
			return nil, &RowError{Line: line, Row: subject(text), Err: err}
		}
	}
	m := b.found[0]
	b.found = b.found[1:]
	return &m, nil
}

// message reads up to the next "From " line. Lines that begin with ">From "
// lose the mark (mboxrd).
func (b *mbox) message() ([]byte, error) {
	var text bytes.Buffer
	var fault error
	for blank := true; ; {
		line, err := b.in.next()
		switch {
		case errors.Is(err, errTooLong):
			fault = err
			continue
		case err != nil:
			b.ended = true
			if !errors.Is(err, io.EOF) {
				fault = err
			}
			return text.Bytes(), fault
		case blank && bytes.HasPrefix(line, []byte("From ")):
			first := b.begun == 0 && text.Len() == 0
			b.begun = b.in.line
			if !first {
				return text.Bytes(), fault
			}
			continue
		}
		blank = len(line) == 0
		if marks := bytes.TrimLeft(line, ">"); len(marks) < len(line) && bytes.HasPrefix(marks, []byte("From ")) {
			line = line[1:]
		}
		if text.Len()+len(line) > maxRow {
			fault = errTooLong
			continue
		}
		text.Write(line)
		text.WriteByte('\n')
	}
}

// subject is what tells a person which message it is.
func subject(text []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return ""
	}
	return header(m.Header, "Subject")
}

var wordDecoder = mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) {
	return charset.NewReaderLabel(name, r)
}}

func header(h mail.Header, name string) string {
	s, err := wordDecoder.DecodeHeader(h.Get(name))
	if err != nil {
		return h.Get(name)
	}
	return s
}

// parts are the bodies of an e-mail in UTF-8.
type parts struct {
	html, plain string
	seen        int
}

// read makes mentions of one e-mail.
func (b *mbox) read(text []byte) ([]mention.Mention, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("not an e-mail: %w", err)
	}
	var p parts
	if err := p.collect(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body, 0); err != nil {
		return nil, err
	}
	sent, _ := msg.Header.Date()
	host := "mail"
	if from, err := mail.ParseAddress(msg.Header.Get("From")); err == nil {
		if _, domain, ok := strings.Cut(from.Address, "@"); ok {
			host = strings.ToLower(domain)
		}
	}
	var found []mention.Mention
	if p.html != "" && b.o.Pages != nil {
		found = b.o.Pages(&mention.Page{URL: "https://" + host + "/", Source: mention.Source{Name: b.o.Name},
			Status: 200, ContentType: "text/html; charset=utf-8", Body: []byte(p.html), Fetched: sent.UTC()})
	}
	if len(found) == 0 {
		body := p.plain
		if body == "" {
			body = normalize.HTML(p.html)
		}
		m := graded(normalize.Text(body))
		if m == nil {
			return nil, errors.New("no review is recognised in this e-mail: nothing in it is a grade")
		}
		m.Source.Host, m.NativeID, m.Published, m.PublishedPrecision = host, strings.Trim(msg.Header.Get("Message-Id"), " <>"), sent.UTC(), mention.Second
		m.SetID("")
		found = append(found, *m)
	}
	for i := range found {
		m := &found[i]
		m.Source.Name, m.Source.Type, m.Page = b.o.Name, "import", ""
		m.Language = orElse(m.Language, b.o.Language)
	}
	return found, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// collect takes the first HTML and the first plain text of a MIME entity (RFC
// 2045, 2046).
func (p *parts) collect(contentType, encoding string, body io.Reader, depth int) error {
	if p.seen++; p.seen > maxParts || depth > 8 {
		return errors.New("too many parts")
	}
	kind, params, err := mime.ParseMediaType(orElse(contentType, "text/plain"))
	if err != nil {
		kind, params = "text/plain", nil
	}
	if strings.HasPrefix(kind, "multipart/") {
		all := multipart.NewReader(body, params["boundary"])
		for {
			part, err := all.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("broken parts: %w", err)
			}
			if err := p.collect(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part, depth+1); err != nil {
				return err
			}
		}
	}
	into := &p.plain
	switch {
	case kind == "text/html":
		into = &p.html
	case kind != "text/plain":
		return nil
	}
	if *into != "" {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	if decoded, err := charset.NewReaderLabel(orElse(params["charset"], "utf-8"), body); err == nil {
		body = decoded
	}
	text, err := io.ReadAll(io.LimitReader(body, maxRow))
	if err != nil {
		return fmt.Errorf("a part cannot be read: %w", err)
	}
	*into = strings.ToValidUTF8(string(text), "�")
	return nil
}

// stars are the ways in which a notification writes a grade.
var stars = regexp.MustCompile(`(?i)[★⭐]{1,5}[☆]{0,4}|\b[0-9]{1,2}(?:[.,][0-9])?\s*(?:/|out of|van de|van|of|uit)\s*(?:5|10)\b|\b[1-5][ -](?:stars?|sterren|ster)\b`)

// graded reads a plain text that has a grade: the longest of its paragraphs
// without one is what the customer wrote. nil where there is no grade.
func graded(text string) *mention.Mention {
	where := stars.FindStringIndex(text)
	if where == nil {
		return nil
	}
	grade := strings.TrimRight(text[where[0]:where[1]], "☆")
	r := normalize.Rating(text[where[0]:where[1]], "", "")
	if strings.HasPrefix(grade, "★") || strings.HasPrefix(grade, "⭐") {
		r = normalize.Rating(fmt.Sprint(strings.Count(grade, "★")+strings.Count(grade, "⭐")), "5", "")
	}
	if r == nil {
		return nil
	}
	m := &mention.Mention{Kind: mention.Review, Rating: r}
	m.Evidence.Parser = "import"
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		paragraph = strings.Trim(strings.TrimSpace(paragraph), "\"“”„>")
		if len(paragraph) > len(m.Text) && !stars.MatchString(paragraph) && !normalize.Boilerplate(paragraph) && !strings.Contains(paragraph, "http") {
			m.Text = paragraph
		}
	}
	return m
}
