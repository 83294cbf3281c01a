package fetch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"slices"
	"strings"
)

// struck stands where a secret stood.
const struck = "[key]"

// withQuery is a URL with the parameters of Request.Query in it.
func (x *exchange) withQuery(u *url.URL) *url.URL {
	out := *u
	out.RawQuery = strings.Join(append(x.otherParams(u), x.Query.Encode()), "&")
	return &out
}

// otherParams are the parameters of a URL that Request.Query does not replace,
// as they are written.
func (x *exchange) otherParams(u *url.URL) (kept []string) {
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); part != "" && (err != nil || !x.Query.Has(plain)) {
			kept = append(kept, part)
		}
	}
	return kept
}

// spellings are the forms in which a secret may come back, the longest first.
func (x *exchange) spellings() []string {
	var all []string
	for _, s := range x.Secrets {
		quoted, _ := json.Marshal(s) // a string never fails
		all = append(all, s, strings.ReplaceAll(s, "/", `\/`), strings.Trim(string(quoted), `"`), html.EscapeString(s))
		for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
			all = append(all, escaped, smallEscapes(escaped))
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

// smallEscapes writes the percent-encoded bytes of s in small letters.
func smallEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

// strike takes the secrets out of a text. Where one stands as the parameter it
// was sent as the whole parameter goes: a link to the next page of a list is
// then the link that the same list has for anybody.
func (x *exchange) strike(b []byte) []byte {
	for _, s := range x.spellings() {
		if !bytes.Contains(b, []byte(s)) {
			continue
		}
		for name := range x.Query {
			param := url.QueryEscape(name) + "=" + s
			for _, and := range []string{"&amp;", "&#38;", `\u0026`, "&"} {
				b = bytes.ReplaceAll(b, []byte("?"+param+and), []byte("?"))
				b = bytes.ReplaceAll(b, []byte(and+param), nil)
			}
			b = bytes.ReplaceAll(b, []byte("?"+param), nil)
		}
		b = bytes.ReplaceAll(b, []byte(s), []byte(struck))
	}
	return b
}

func (x *exchange) strikeAll(list []string) []string {
	if len(x.Secrets) == 0 {
		return list
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(x.strike([]byte(s)))
	}
	return out
}

// withoutSecret is s, or "" where a secret stands in it.
func (x *exchange) withoutSecret(s string) string {
	if x.holdsSecret(s) {
		return ""
	}
	return s
}

func (x *exchange) holdsSecret(s string) bool {
	return slices.ContainsFunc(x.spellings(), func(secret string) bool { return strings.Contains(s, secret) })
}

// strikeURL takes the secrets out of the target of a redirect. The target is
// asked for with the key again, if it is the source's to send it there.
func (x *exchange) strikeURL(target string) (string, error) {
	if len(x.Secrets) == 0 {
		return target, nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	u.RawQuery = strings.Join(x.otherParams(u), "&")
	if target = u.String(); x.holdsSecret(target) {
		return "", errors.New("the redirect repeats the key, where it would be stored")
	}
	return target, nil
}

// strikeError is err, or its text without the secrets in it.
func (x *exchange) strikeError(err error) error {
	if err == nil || len(x.Secrets) == 0 || !x.holdsSecret(err.Error()) {
		return err
	}
	return errors.New(string(x.strike([]byte(err.Error()))))
}
