package mention

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	var b strings.Builder
	copied := 0
	f := newAccounts(text)
	for a, ok := f.next(); ok; a, ok = f.next() {
		if !a.whole {
			continue
		}
		put, ok := with(a.name, strings.ToLower(a.host))
		if !ok {
			continue
		}
		b.WriteString(text[copied:a.start])
		b.WriteString(put)
		copied = a.end
	}
	if copied == 0 {
		return text
	}
	b.WriteString(text[copied:])
	return b.String()
}

// account is what has the form of an account; whole is false where it stands
// within a word or a path.
type account struct {
	start, end int
	name, host string
	whole      bool
}

// accounts finds the accounts of a text. Each has an @ or a slash, and what goes
// before it in the account has at most a slash: so the first account is that
// around the first sign that has one.
type accounts struct {
	text      string
	pos       int // after the last account
	at, slash int // the next signs, len(text) for none
}

func newAccounts(text string) accounts {
	f := accounts{text: text, at: -1, slash: -1}
	f.skip(0)
	return f
}

// skip moves on to the signs from a place on.
func (f *accounts) skip(from int) {
	f.at, f.slash = f.sign('@', f.at, from), f.sign('/', f.slash, from)
}

// sign is the place of the next sign from a place on, known if it is not before
// that.
func (f *accounts) sign(c byte, known, from int) int {
	if known >= from {
		return known
	}
	if i := strings.IndexByte(f.text[from:], c); i >= 0 {
		return from + i
	}
	return len(f.text)
}

// next returns the next account; the time for all is linear.
func (f *accounts) next() (account, bool) {
	for f.at < len(f.text) || f.slash < len(f.text) {
		var a account
		var ok bool
		i := min(f.at, f.slash)
		if i == f.at {
			if a, ok = f.mail(i); !ok {
				a, ok = f.handle(i)
			}
		} else if a, ok = f.link(i); !ok {
			a, ok = f.reddit(i)
		}
		if ok {
			f.pos = a.end
			f.skip(a.end)
			return a, true
		}
		f.skip(i + 1)
	}
	return account{}, false
}

// mail reads an e-mail address by its @.
func (f *accounts) mail(at int) (account, bool) {
	before := f.text[f.pos:at]
	start := f.pos + len(strings.TrimRightFunc(before, mailRune))
	if start == at {
		return account{}, false
	}
	end := f.host(at + 1)
	if end == 0 {
		return account{}, false
	}
	return account{start, end, f.text[start:at], f.text[at+1 : end], true}, true
}

// handle reads a handle by its @; it may have an address.
func (f *accounts) handle(at int) (account, bool) {
	first, _ := utf8.DecodeRuneInString(f.text[at+1:])
	if !nameRune(first) {
		return account{}, false
	}
	run := f.run(at+1, func(r rune) bool { return nameRune(r) || r == '.' || r == '-' })
	name := strings.TrimRight(run, ".-")
	a := account{start: at, end: at + 1 + len(name), name: name, whole: len(name) > 1 && !f.within(at)}
	if strings.HasPrefix(f.text[a.end:], "@") {
		if end := f.host(a.end + 1); end > 0 {
			a.host, a.end = f.text[a.end+1:end], end
		}
	}
	return a, true
}

// host returns the end of a host name of two labels or more, 0 where there is
// none.
func (f *accounts) host(start int) (end int) {
	for at := start; ; at++ { // over the dot
		label := f.run(at, func(r rune) bool { return isAlnum(r) || r == '-' })
		if label == "" {
			return end
		}
		if at > start {
			end = at + len(label)
		}
		if at += len(label); !strings.HasPrefix(f.text[at:], ".") {
			return end
		}
	}
}

// profiles are the folders in which sites keep the pages of people.
var profiles = []string{"user", "users", "u", "profile", "profiles", "people", "member", "members", "author", "in"}

// link reads a link to a profile by the first slash of its "://".
func (f *accounts) link(slash int) (account, bool) {
	const end = "/ \t\n\f\r\"'<>?#" // of a part of it
	scheme, rest := f.text[f.pos:slash], f.text[slash:]
	start := slash - len("https:")
	if strings.HasSuffix(scheme, "http:") {
		start = slash - len("http:")
	} else if !strings.HasSuffix(scheme, "https:") {
		return account{}, false
	}
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return account{}, false
	}
	host := until(rest, end)
	rest, ok = strings.CutPrefix(rest[len(host):], "/")
	if !ok || host == "" {
		return account{}, false
	}
	if rest, ok = strings.CutPrefix(rest, "@"); !ok {
		folder := until(rest, end)
		rest, ok = strings.CutPrefix(rest[len(folder):], "/")
		if !ok || !slices.Contains(profiles, folder) {
			return account{}, false
		}
	}
	name := until(rest, end)
	last := len(f.text) - len(rest) + len(until(rest, " \t\n\f\r\"'<>"))
	return account{start, last, name, host, true}, name != ""
}

// until returns what stands before any of some signs.
func until(s, signs string) string {
	if i := strings.IndexAny(s, signs); i >= 0 {
		return s[:i]
	}
	return s
}

// reddit reads a name as forums write it by the slash after its u.
func (f *accounts) reddit(slash int) (account, bool) {
	const shortest, longest = 3, 20
	start := slash - 1
	if start < f.pos || f.text[start] != 'u' {
		return account{}, false
	}
	if start > f.pos && f.text[start-1] == '/' {
		start--
	}
	name := f.text[slash+1:]
	name = name[:min(len(name), longest)]
	if i := strings.IndexFunc(name, func(r rune) bool { return r >= utf8.RuneSelf || !nameRune(r) && r != '-' }); i >= 0 {
		name = name[:i]
	}
	if len(name) < shortest {
		return account{}, false
	}
	end := slash + 1 + len(name)
	inPath := strings.HasPrefix(f.text[end:], "/") || strings.HasSuffix(f.text[:start], "/")
	return account{start, end, name, "", !inPath && !f.within(start)}, true
}

// run returns what consists of some letters from a place on.
func (f *accounts) run(from int, letters func(rune) bool) string {
	rest := f.text[from:]
	return rest[:len(rest)-len(strings.TrimLeftFunc(rest, letters))]
}

// within tells whether a place is within a word or an address.
func (f *accounts) within(i int) bool {
	r, _ := utf8.DecodeLastRuneInString(f.text[:i])
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '@'
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// nameRune tells the letters of names.
func nameRune(r rune) bool { return isAlnum(r) || r == '_' }

// mailRune tells the letters of the names of e-mail addresses.
func mailRune(r rune) bool { return nameRune(r) || strings.ContainsRune(".%+-", r) }
