package reddit

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"klank/mention"
	"klank/parsers/wire"
)

const (
	// perRequest is how many comments /api/morechildren gives at once.
	perRequest = 100
	// maxRest bounds the comments of one page that are asked for later.
	maxRest = 20000
)

// rest links the comments that the tree left out: /api/morechildren gives
// those that "more" things name, a page of its own the replies of which a
// tree says no more than that they go on. What cannot be asked for is a
// problem.
func (r *reader) rest() {
	if r.left == 0 {
		return
	}
	if post := wire.Param(r.d, "link_id"); r.post == "" && strings.HasPrefix(post, "t3_") {
		r.post = post
	}
	ids := moreIDs(r.d.Body)
	if r.post == "" || r.d.URL == "" || !onReddit(r.d.URL) {
		wire.Problem(&r.found, "reddit", fmt.Sprintf("%d comments are left out and not linked", max(len(ids), r.left)))
		return
	}
	if len(ids) > maxRest {
		wire.Problem(&r.found, "reddit", fmt.Sprintf("of %d comments that are left out %d are linked", len(ids), maxRest))
		ids = ids[:maxRest]
	}
	for some := range slices.Chunk(ids, perRequest) {
		q := url.Values{"api_type": {"json"}, "link_id": {r.post}, "children": {strings.Join(some, ",")}}
		wire.Next(&r.found, r.d, r.d.Abs("/api/morechildren.json?"+q.Encode()))
	}
	for _, id := range r.continued {
		wire.Next(&r.found, r.d, r.d.Abs("/comments/"+url.PathEscape(strings.TrimPrefix(r.post, "t3_"))+"/_/"+url.PathEscape(id)+".json"))
	}
}

// onReddit tells whether the page came from Reddit itself.
func onReddit(u string) bool {
	host := mention.Host(u)
	return host == "reddit.com" || strings.HasSuffix(host, ".reddit.com")
}

// moreIDs returns the ids that all "more" things of the page name, in their
// order. Only their children are strings; those of listings are things, and
// one Go type for both would have to be read anew on each level of the tree.
func moreIDs(body []byte) []string {
	var ids []string
	const key = `"children"` // within a string its quotes would be escaped
	for {
		i := bytes.Index(body, []byte(key))
		if i < 0 {
			return ids
		}
		body = body[i+len(key):]
		rest, ok := bytes.CutPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte(":"))
		if !ok {
			continue
		}
		rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("["))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !ok || len(rest) == 0 || rest[0] != '"' {
			continue
		}
		end := bytes.IndexByte(rest, ']')
		if end < 0 {
			return ids
		}
		for id := range strings.SplitSeq(string(rest[:end]), ",") {
			if id = strings.Trim(id, "\" \t\r\n"); base36(id) {
				ids = append(ids, id)
			}
		}
		body = rest[end:]
	}
}

// base36 tells whether s is an id without its kind, as Reddit counts.
func base36(s string) bool {
	return s != "" && len(s) <= 13 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}
