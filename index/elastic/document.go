package elastic

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// hashed are the keyword fields that are asked for and never counted: their
// values may be of any length, so a hash of them is what is indexed.
var hashed = []string{"url", "page", "parent"}

// derived are the parts of a stored document that a mention does not have.
var derived = []string{"facet", "fold"}

// document is a mention as it is stored.
func document(m *mention.Mention, now time.Time) ([]byte, error) {
	doc, err := plainDocument(m)
	if err != nil {
		return nil, err
	}
	facet, fold := object{"indexed": now.UTC()}, object{}
	for _, f := range query.Fields {
		switch {
		case f.Type == query.Number:
			if v, ok := index.Number(m, f.Name); ok {
				facet[f.Name] = v
			}
		case f.Type == query.Keyword && f.Name != "id" || f.Type == query.Presence:
			if values := facetValues(m, f.Name); len(values) > 0 {
				facet[f.Name] = values
				if folded := foldedValues(values); len(folded) > 0 {
					fold[f.Name] = folded
				}
			}
		}
	}
	more, err := json.Marshal(struct {
		Facet object `json:"facet"`
		Fold  object `json:"fold,omitempty"`
	}{facet, fold})
	if err != nil {
		return nil, err
	}
	doc = append(doc[:len(doc)-1], ',')
	return append(doc, more[1:]...), nil
}

// plainDocument is a mention as the contract spells it.
func plainDocument(m *mention.Mention) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("mention %s: %w", m.ID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func facetValues(m *mention.Mention, field string) []string {
	values := index.Keywords(m, field)
	if !slices.Contains(hashed, field) {
		return values
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = hash(v)
	}
	return out
}

// foldedValues are the values with case folded, of those that it changes.
func foldedValues(values []string) []string {
	var out []string
	for _, v := range values {
		if f := text.Fold(v); f != v {
			out = append(out, f)
		}
	}
	return out
}

// hash is 128 bits of a value, in hex.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// read is a stored document as a mention.
func read(source []byte) (*mention.Mention, error) {
	m := &mention.Mention{}
	if err := json.Unmarshal(source, m); err != nil {
		return nil, fmt.Errorf("elasticsearch: a stored mention cannot be read: %w", err)
	}
	return m, nil
}
