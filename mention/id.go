package mention

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// hashParts hashes parts so that no two lists of parts collide by joining.
func hashParts(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return idEncoding.EncodeToString(h.Sum(nil)[:16])
}

// SetID gives m its deterministic id after the contract's *Words*: from host
// and native id; else host, canonical item, author and published time where
// author and time are known; else with the text instead. scope widens a
// native id that is unique only within a page or item (pass its URL), and is
// empty where the source's ids are unique on the host. The configured source
// name never takes part.
func (m *Mention) SetID(scope string) {
	host := m.Source.Host
	if m.NativeID != "" {
		m.ID = hashParts("native", host, scope, m.NativeID)
		return
	}
	item, author := m.about()
	if author != "" && !m.Published.IsZero() {
		m.ID = hashParts("dated", host, item, author, m.Published.UTC().Format(time.RFC3339))
		return
	}
	m.ID = m.TextID()
}

// TextID is the id of m where only its text identifies it. An edit makes it
// another one; see index.Successor.
func (m *Mention) TextID() string {
	item, author := m.about()
	text := foldSpace(m.Text)
	if author+m.Title+text == "" && m.Rating != nil {
		// All that an anonymous grade says.
		text = formatFloat(m.Rating.Value)
		if !m.Published.IsZero() {
			text += " " + m.Published.UTC().Format(time.RFC3339)
		}
	}
	return hashParts("text", m.Source.Host, item, author, foldSpace(m.Title), text)
}

// about is what the ids of a host's mentions on an item by an author share.
func (m *Mention) about() (item, author string) {
	if m.Item != nil {
		item = m.Item.key()
	}
	if m.Author != nil {
		author = foldSpace(m.Author.Name)
	}
	return item, author
}

// key names the item as steadily as the page allows.
func (i *ItemRef) key() string {
	switch {
	case i.GTIN != "":
		return "gtin:" + i.GTIN
	case i.SKU != "":
		return "sku:" + foldSpace(i.SKU)
	case i.URL != "":
		return "url:" + i.URL
	}
	return "name:" + foldSpace(i.Name)
}

func foldSpace(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// AuthorKey is an author's pseudonym: HMAC-SHA256 over host and author name
// (or profile URL), keyed by the installation's secret. The same author gets
// another key on another host and in another installation.
func AuthorKey(secret []byte, host, author string) string {
	if author == "" {
		return ""
	}
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(host))
	h.Write([]byte{0})
	h.Write([]byte(foldSpace(author)))
	return idEncoding.EncodeToString(h.Sum(nil)[:12])
}

// IsAuthorKey tells whether a name has the form of an AuthorKey.
func IsAuthorKey(name string) bool {
	b, err := idEncoding.DecodeString(name)
	return err == nil && len(b) == 12 && len(name) == 20
}

// ContentHash covers what the author wrote and graded, so that an index can
// tell a changed mention (a new revision) from the same one collected again.
func (m *Mention) ContentHash() string {
	parts := []string{string(m.Kind), m.Title, m.Text}
	if m.Rating != nil {
		parts = append(parts, formatFloat(m.Rating.Value), formatFloat(m.Rating.Best))
	}
	for _, r := range m.Ratings {
		parts = append(parts, r.Name, formatFloat(r.Value))
	}
	if m.Reply != nil {
		parts = append(parts, "reply", m.Reply.Text)
	}
	return hashParts(parts...)
}
