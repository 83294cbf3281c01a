package market

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed data
var dataFiles embed.FS

// text is one record of a data file: what one person wrote.
type text struct {
	// On is the product, thread or article it stands on, or a path.
	On string
	// Kind is only given where the site's usual kind is not meant; Item is
	// the product of a review that does not stand on a product page.
	Kind, Item string
	// ID is the native id, or on the Mastodon host only the file's label.
	ID     string
	Author string
	// Display is the name beside an account name.
	Display    string
	Title      string
	Lang       string
	Re         string
	Reply      string
	Staff      bool
	Stars      float64
	At         time.Time
	dayOnly    bool
	Paragraphs []string
}

func (t *text) body() string { return strings.Join(t.Paragraphs, "\n\n") }

func (t *text) odd() bool {
	return strings.ContainsFunc(t.body(), func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x202a && r <= 0x202e }) ||
		strings.Contains(t.body(), "<") || strings.HasPrefix(t.body(), "=")
}

// product is one line of the catalogue.
type product struct {
	Slug, Name, Brand, Type, SKU, GTIN string
	Blurb                              map[string]string
	Shops                              map[string]offer
}

// offer is a product in one shop: the price, how many grades there are (with
// or without words), and how many reviews it declares but does not show.
type offer struct {
	Price            string
	Ratings, Unshown int
}

func readCatalogue() ([]*product, error) {
	b, err := dataFiles.ReadFile("data/catalogue.ndjson")
	if err != nil {
		return nil, err
	}
	var out []*product
	for line := range bytes.Lines(b) {
		p := new(product)
		if err := json.Unmarshal(line, p); err != nil {
			return nil, fmt.Errorf("catalogue line %d: %w", len(out)+1, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// readTexts reads a data file. Records are parted by lines of "===": lines of
// "key: value", a blank line, and the text, its paragraphs parted by blank
// lines; \uXXXX stands for a character that would not show. The first record
// holds only the file's language. Times are those of zone.
func readTexts(name string, zone *time.Location) ([]*text, error) {
	b, err := dataFiles.ReadFile("data/" + name + ".txt")
	if err != nil {
		return nil, err
	}
	records := strings.Split(string(b), "\n===\n")
	lang, ok := strings.CutPrefix(records[0], "lang: ")
	if !ok {
		return nil, fmt.Errorf("%s: the first record names no language", name)
	}
	var out []*text
	for i, r := range records[1:] {
		t := &text{Lang: lang}
		if err := t.read(r, zone); err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", name, i+1, err)
		}
		out = append(out, t)
	}
	return out, nil
}

func (t *text) read(record string, zone *time.Location) error {
	head, body, ok := strings.Cut(record, "\n\n")
	if !ok {
		return fmt.Errorf("no text in %q", record)
	}
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		if err := t.set(key, value, zone); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	for p := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		p, err := unescape(strings.Join(strings.Fields(p), " "))
		if err != nil {
			return err
		}
		t.Paragraphs = append(t.Paragraphs, p)
	}
	return nil
}

func (t *text) set(key, value string, zone *time.Location) (err error) {
	switch key {
	case "on":
		t.On = value
	case "kind":
		t.Kind = value
	case "item":
		t.Item = value
	case "id":
		t.ID = value
	case "by":
		t.Author = value
		if display, account, ok := strings.Cut(value, " @"); ok {
			t.Display, t.Author = display, account
		}
	case "at":
		if t.dayOnly = len(value) == len(time.DateOnly); t.dayOnly {
			t.At, err = time.Parse(time.DateOnly, value)
		} else {
			t.At, err = time.ParseInLocation("2006-01-02 15:04", value, zone)
		}
	case "stars":
		t.Stars, err = strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64)
	case "title":
		t.Title = value
	case "lang":
		t.Lang = value
	case "re":
		t.Re = value
	case "reply":
		t.Reply = value
	case "staff":
		t.Staff = value == "yes"
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// unescape undoes \uXXXX.
func unescape(s string) (string, error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\u`)
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		if len(after) < 4 {
			return "", fmt.Errorf("short escape \\u%s", after)
		}
		r, err := strconv.ParseUint(after[:4], 16, 16)
		if err != nil {
			return "", err
		}
		b.WriteRune(rune(r))
		s = after[4:]
	}
}

// newestFirst orders texts as shops show them.
func newestFirst(texts []*text) []*text {
	out := slices.Clone(texts)
	slices.SortStableFunc(out, func(a, b *text) int { return b.At.Compare(a.At) })
	return out
}
