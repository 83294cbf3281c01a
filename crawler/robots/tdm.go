package robots

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Reservations is a parsed /.well-known/tdmrep.json of the TDM Reservation
// Protocol (W3C community group report): who may not mine texts and data
// where. The zero value reserves nothing. It is safe for concurrent use.
type Reservations struct {
	rules []reservation
	size  int
}

type reservation struct {
	rule
	policy string
}

// ParseTDM reads a tdmrep.json: an array of objects with "location" (a path
// pattern as in robots.txt), "tdm-reservation" (1 or 0) and "tdm-policy" (a
// URL). What is no such object is skipped, and reading ends where the file
// is no longer JSON, or after MaxSize.
func ParseTDM(body []byte) *Reservations {
	body = bytes.TrimPrefix(body[:min(len(body), MaxSize)], []byte("\ufeff"))
	r := &Reservations{}
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return r
	}
	for d.More() {
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			break
		}
		r.add(raw)
	}
	return r
}

func (r *Reservations) add(raw json.RawMessage) {
	var entry struct {
		Location    string          `json:"location"`
		Reservation json.RawMessage `json:"tdm-reservation"`
		Policy      any             `json:"tdm-policy"` // a URL; no reason to miss the rest if it is not
	}
	if json.Unmarshal(raw, &entry) != nil || entry.Location == "" {
		return
	}
	policy, _ := entry.Policy.(string)
	// Some write the number as a string.
	reserved := strings.Trim(string(entry.Reservation), `"`) == "1"
	r.rules = append(r.rules, reservation{compile(Rule{Allow: !reserved, Pattern: entry.Location}), policy})
	r.size += ruleSize + 2*len(entry.Location) + len(policy)
}

// Reserved tells whether the rights to mine url (absolute, or a path with its
// query) are reserved: the first entry whose location matches decides. policy
// is where licences are to be had; empty if the file does not say.
func (r *Reservations) Reserved(url string) (policy string, reserved bool) {
	if len(r.rules) == 0 {
		return "", false
	}
	t := newTarget(url)
	for i := range r.rules {
		if c := &r.rules[i]; c.matches(t) {
			return c.policy, !c.Allow
		}
	}
	return "", false
}

// Size is about the bytes of memory that r keeps, for the bounds of a cache.
func (r *Reservations) Size() int { return r.size }
