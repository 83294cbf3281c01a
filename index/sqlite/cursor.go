package sqlite

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"klank/index"
	"klank/index/query"
)

// cursor is the place after which the next page starts: the sort key and id
// of the last hit, and what the page was an answer to.
type cursor struct {
	Of      int64   `json:"of"`
	Missing int     `json:"m,omitempty"`
	Key     float64 `json:"k"`
	ID      string  `json:"id"`
}

func newCursor(r index.SearchRequest) cursor {
	return cursor{Of: hash(r.Sort + "\x00" + query.String(r.Query))}
}

func (c cursor) String() string {
	b, _ := json.Marshal(c) // numbers that SQLite stores are finite
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads r.After; nil when it is empty.
func parseCursor(r index.SearchRequest) (*cursor, error) {
	if r.After == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(r.After)
	c := &cursor{}
	if err == nil {
		err = json.Unmarshal(b, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the cursor is not one of ours", index.ErrRequest)
	}
	if c.Of != newCursor(r).Of {
		return nil, fmt.Errorf("%w: the cursor belongs to another query or sort", index.ErrRequest)
	}
	return c, nil
}
