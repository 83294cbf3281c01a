// Package mastodon reads statuses of the Mastodon API and of servers that
// speak it (Pleroma, GoToSocial, Pixelfed, …): timelines, single statuses,
// contexts and search results, after
// https://docs.joinmastodon.org/entities/Status/.
//
// It is not for ActivityPub documents, nor for accounts, notifications or
// anything that needs a login.
package mastodon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
	"klank/parsers/wire"
)

// Detect tells whether the page is JSON whose first status plainly is one: an
// id, an account with a name, content, and a date or a URL.
func Detect(d *document.Document) bool {
	b := bytes.TrimSpace(d.Body)
	if len(b) == 0 || (b[0] != '[' && b[0] != '{') {
		return false
	}
	if !bytes.Contains(b, []byte(`"account"`)) || !bytes.Contains(b, []byte(`"content"`)) {
		return false
	}
	first, err := firstStatus(b)
	return err == nil && first.plain()
}

// Parse reads all statuses of the page, a boosted one once and as its own
// author's. Links to further pages stand in the Link header, not here.
func Parse(d *document.Document) document.Found {
	var found document.Found
	statuses, root, err := decode(d)
	if err != nil {
		found.Problems = append(found.Problems, mention.Problem{Where: "mastodon", What: err.Error()})
		return found
	}
	seen := map[string]bool{}
	unreadable := 0
	for _, s := range statuses {
		if s != nil && s.Reblog != nil {
			s = s.Reblog
		}
		switch {
		case s == nil || s.ID == "" || s.Content == nil:
			unreadable++
		case !seen[string(s.ID)]:
			seen[string(s.ID)] = true
			if m := adapt(d, s); m.Text != "" || m.Title != "" {
				if m.Thread = root; root == m.NativeID {
					m.Thread = ""
				}
				found.Mentions = append(found.Mentions, document.Candidate{Mention: m, NativeLinks: true})
			}
		}
	}
	if unreadable > 0 {
		found.Problems = append(found.Problems, mention.Problem{Where: "mastodon", What: fmt.Sprintf("%d of %d statuses have no id or content", unreadable, len(statuses))})
	}
	return found
}

// adapt makes a mention of a status. Attachments alone (no text) leave an
// empty text.
func adapt(d *document.Document, s *status) mention.Mention {
	m := mention.Mention{
		Kind: mention.Post, NativeID: string(s.ID), Parent: string(s.InReplyTo), URL: d.Abs(wire.First(s.URL, s.URI)),
		Title: normalize.Line(s.SpoilerText), Text: normalize.HTML(*s.Content), Language: s.Language,
	}
	if m.Parent != "" {
		m.Kind = mention.Comment
	}
	if a := s.Account; a != nil {
		m.Author = wire.Author(wire.First(a.Acct, a.Username), d.Abs(a.URL))
	}
	wire.Publish(&m, s.CreatedAt, d)
	wire.Update(&m, s.EditedAt, d)
	m.Engagement = wire.Engagement(mention.Engagement{Likes: s.Favourites, Replies: s.Replies, Shares: s.Reblogs})
	return m
}

// status is the wire form. Every field may be missing or null: servers leave
// out what they do not have, and accounts are deleted.
type status struct {
	ID          wire.ID  `json:"id"`
	URI         string   `json:"uri"`
	URL         string   `json:"url"`
	CreatedAt   string   `json:"created_at"`
	EditedAt    string   `json:"edited_at"`
	Language    string   `json:"language"`
	SpoilerText string   `json:"spoiler_text"`
	Content     *string  `json:"content"`
	InReplyTo   wire.ID  `json:"in_reply_to_id"`
	Account     *account `json:"account"`
	Reblog      *status  `json:"reblog"`
	Replies     int      `json:"replies_count"`
	Reblogs     int      `json:"reblogs_count"`
	Favourites  int      `json:"favourites_count"`
}

type account struct {
	Acct     string `json:"acct"`
	Username string `json:"username"`
	URL      string `json:"url"`
}

// plain tells whether s has what makes a status recognisable.
func (s *status) plain() bool {
	if s.Reblog != nil {
		s = s.Reblog
	}
	return s.ID != "" && s.Content != nil && s.Account != nil && wire.First(s.Account.Acct, s.Account.Username) != "" &&
		wire.First(s.CreatedAt, s.URL, s.URI) != ""
}

// envelope is what holds statuses where they are no bare array: a context, a
// search result, or, with none of these, a single status.
type envelope struct {
	Ancestors   []json.RawMessage `json:"ancestors"`
	Descendants []json.RawMessage `json:"descendants"`
	Statuses    []json.RawMessage `json:"statuses"`
}

// firstStatus reads as much of b as tells what kind of page it is.
func firstStatus(b []byte) (*status, error) {
	var s status
	if b[0] == '[' {
		dec := json.NewDecoder(bytes.NewReader(b))
		if _, err := dec.Token(); err != nil {
			return nil, err
		}
		return &s, dec.Decode(&s)
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, err
	}
	if raw, is := e.statuses(); is {
		if len(raw) == 0 {
			return &s, nil
		}
		b = raw[0]
	}
	return &s, json.Unmarshal(b, &s)
}

// statuses returns what the envelope holds, and whether it is one at all.
func (e *envelope) statuses() ([]json.RawMessage, bool) {
	return slices.Concat(e.Ancestors, e.Descendants, e.Statuses), e.Ancestors != nil || e.Descendants != nil || e.Statuses != nil
}

// decode returns the page's statuses in their order, nil for one that is
// none: a field of a wrong type costs its own status only. root is the id of
// the status that began the conversation, known in contexts.
func decode(d *document.Document) (statuses []*status, root string, err error) {
	b := bytes.TrimSpace(d.Body)
	var raw []json.RawMessage
	var e envelope
	if len(b) > 0 && b[0] == '[' {
		err = json.Unmarshal(b, &raw)
	} else if err = json.Unmarshal(b, &e); err == nil {
		var is bool
		if raw, is = e.statuses(); !is {
			raw = []json.RawMessage{b}
		}
	}
	if err != nil {
		return nil, "", err
	}
	statuses = make([]*status, len(raw))
	for i, r := range raw {
		var s status
		if json.Unmarshal(r, &s) == nil && string(r) != "null" {
			statuses[i] = &s
		}
	}
	switch {
	case len(e.Ancestors) > 0 && statuses[0] != nil && statuses[0].InReplyTo == "":
		root = string(statuses[0].ID)
	case len(e.Ancestors) == 0 && e.Descendants != nil: // .../statuses/ID/context
		if parts := strings.Split(strings.TrimSuffix(d.URL, "/context"), "/statuses/"); len(parts) == 2 && parts[1] != "" && !strings.Contains(parts[1], "/") {
			root = parts[1]
		}
	}
	return statuses, root, nil
}
