package parsers

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// maxWall is the most text that a wall has; a page with more says something
// of its own.
const maxWall = 3000

// wallTitles are beginnings of titles of pages that stand before the content.
var wallTitles = []struct{ word, why string }{
	{"just a moment", "captcha"}, {"attention required", "captcha"}, {"access denied", "access denied"}, {"access to this page has been denied", "captcha"},
	{"robot check", "captcha"}, {"are you a robot", "captcha"}, {"verify you are human", "captcha"}, {"human verification", "captcha"}, {"security check", "captcha"},
	{"pardon our interruption", "captcha"}, {"ben je een robot", "captcha"}, {"captcha", "captcha"}, {"bot verification", "captcha"},
	{"log in", "login"}, {"login", "login"}, {"sign in", "login"}, {"inloggen", "login"}, {"aanmelden", "login"},
	{"cookie consent", "consent"}, {"before you continue", "consent"}, {"voordat je verdergaat", "consent"}, {"privacy gate", "consent"}, {"cookiemuur", "consent"}, {"toestemming", "consent"},
}

// wall says why a page is a wall rather than content: "login", "captcha",
// "consent" or "access denied"; "" for content. It needs a telling title or
// host, and a page with little text and no mentions: in doubt a page is
// content.
func wall(d *document.Document, r Result) string {
	if !d.IsHTML() || len(r.Mentions) > 0 || len(r.Items) > 0 {
		return ""
	}
	title := strings.ToLower(normalize.Line(d.Outline().Title))
	why := ""
	for _, w := range wallTitles {
		if strings.HasPrefix(title, w.word) {
			why = w.why
			break
		}
	}
	host := mention.Host(d.URL)
	if why == "" && (strings.HasPrefix(host, "consent.") || strings.HasPrefix(host, "myprivacy.") || strings.HasPrefix(host, "cookiewall.")) {
		why = "consent"
	}
	if why == "" || why == "login" && !d.Outline().Password || len(d.Body) > 1<<20 {
		return ""
	}
	if len(normalize.HTML(string(d.Body))) > maxWall {
		return ""
	}
	return why
}
