package mention

import (
	"regexp"
	"strings"
	"unicode"
)

// ReplaceHandles returns a text in which what names a person's account is
// replaced: handles (@ann, @ann@social.example, u/ann where a forum writes
// them so), e-mail addresses, and links to profiles. with is asked for what to
// put in the place of each; where it returns false the text stays as it is, as
// for the account of a company. Name is the account's without signs ("ann"),
// host that of its address, "" where it has none.
//
// What it takes for a handle or a profile is what social networks and forums
// have in common; a word for word name in running text is not one.
func ReplaceHandles(text string, with func(name, host string) (string, bool)) string {
	if strings.IndexByte(text, '@') < 0 && !strings.Contains(text, "u/") && !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range handlePattern.FindAllStringSubmatchIndex(text, -1) {
		name, host, ok := accountAt(text, m)
		if !ok {
			continue
		}
		put, ok := with(name, host)
		if !ok {
			continue
		}
		b.WriteString(text[at:m[0]])
		b.WriteString(put)
		at = m[1]
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}

// The groups of handlePattern, each a name and a host: a link to a profile, an
// e-mail address, a handle, a name on Reddit.
var handlePattern = regexp.MustCompile(`https?://(?P<linkhost>[^/\s"'<>?#]+)/(?:@|(?:users?|u|profiles?|people|members?|author|in)/)(?P<link>[^/\s"'<>?#]+)[^\s"'<>]*` +
	`|(?P<mail>[\pL\pN._%+-]+)@(?P<mailhost>[\pL\pN-]+(?:\.[\pL\pN-]+)+)` +
	`|@(?P<at>[\pL\pN_](?:[\pL\pN_.-]*[\pL\pN_])?)(?:@(?P<athost>[\pL\pN-]+(?:\.[\pL\pN-]+)+))?` +
	`|/?u/(?P<reddit>[A-Za-z0-9_-]{3,20})`)

// accountAt takes a match apart; ok is false where it stands within a word.
func accountAt(text string, m []int) (name, host string, ok bool) {
	group := func(n string) string {
		if i := 2 * handlePattern.SubexpIndex(n); m[i] >= 0 {
			return text[m[i]:m[i+1]]
		}
		return ""
	}
	if name = group("link"); name != "" {
		return name, strings.ToLower(group("linkhost")), true
	}
	if name = group("mail"); name != "" {
		return name, strings.ToLower(group("mailhost")), true
	}
	if before := strings.TrimRightFunc(text[:m[0]], wordRune); len(before) < m[0] {
		return "", "", false
	}
	if name = group("at"); name != "" {
		return name, strings.ToLower(group("athost")), len(name) > 1
	}
	if strings.HasPrefix(text[m[1]:], "/") || strings.HasSuffix(text[:m[0]], "/") {
		return "", "", false // a longer path
	}
	return group("reddit"), "", true
}

// wordRune tells the signs within a word or an address.
func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '@'
}
