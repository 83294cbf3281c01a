package links

import (
	"net/url"
	"strings"

	"klank/parsers/document"
)

// itemLink judges whether a link of the same site leads to something that
// carries mentions of its own: a product, a thread, an article.
func itemLink(a *document.Anchor, u *url.URL) bool {
	var room [8]string
	segments := room[:0]
	for s := range strings.SplitSeq(strings.ToLower(strings.Trim(u.Path, "/")), "/") {
		if service(s) {
			return false
		}
		segments = append(segments, s)
	}
	last := segments[len(segments)-1]
	if has(a.ItemProp, "url") && !a.Nav && named(last) {
		return true
	}
	for i, s := range segments {
		if itemSegment(s) && i+1 < len(segments) {
			return true
		}
		if itemScript(s) && u.RawQuery != "" {
			return true
		}
	}
	if !a.List || a.Nav || len(a.Text) == 0 {
		return false
	}
	return slug(last)
}

// itemSegment names the path segments behind which single things stand.
func itemSegment(s string) bool {
	switch s {
	case "p", "product", "products", "producten", "produkt", "dp", "item", "items", "artikel", "articles", "article", "review", "reviews", "beoordeling", "beoordelingen",
		"ervaring", "ervaringen", "thread", "threads", "topic", "topics", "t", "discussion", "discussions", "comments", "question", "questions", "vraag", "vragen", "q",
		"hotel", "hotels", "restaurant", "restaurants", "recipe", "recipes", "recept", "recepten", "book", "books", "boek", "film", "films", "movie", "app", "apps", "bedrijf", "company", "place", "list_messages", "nieuws", "news", "blog", "post", "posts":
		return true
	}
	return false
}

// itemScript names the scripts of forum software that show one thread.
func itemScript(s string) bool {
	switch s {
	case "viewtopic.php", "showthread.php", "viewthread.php", "topic.php", "product.php", "item.php", "showtopic":
		return true
	}
	return strings.HasPrefix(s, "viewtopic") || strings.HasPrefix(s, "showthread")
}

// service names the path segments of accounts, search and house-keeping.
func service(s string) bool {
	switch s {
	case "tag", "tags", "category", "categories", "categorie", "categorieen", "author", "authors", "auteur", "user", "users", "profile", "profiel", "member", "members", "u",
		"login", "inloggen", "signin", "signup", "register", "registreren", "account", "my-account", "mijn-account", "cart", "winkelwagen", "basket", "checkout", "wishlist", "verlanglijst",
		"privacy", "privacy-policy", "cookies", "terms", "voorwaarden", "contact", "about", "over-ons", "about-us", "search", "zoeken", "help", "faq", "support", "sitemap", "newsletter", "nieuwsbrief", "jobs", "vacatures",
		"share", "print", "report", "reply", "edit", "vote", "wp-login.php", "wp-admin", "login.php", "search.php", "memberlist.php", "ucp.php", "faq.php":
		return true
	}
	return false
}

// slug tells whether a last path segment reads like the name of one thing:
// several words joined, or words with a number.
func slug(s string) bool {
	words, joined := 0, true
	for i := range len(s) {
		sign := s[i] == '-' || s[i] == '_'
		if joined && !sign {
			words++
		}
		joined = sign
	}
	return words >= 3 || words >= 2 && strings.ContainsAny(s, "0123456789")
}

// named tells whether a last path segment could be a thing's name or number.
func named(s string) bool {
	return strings.ContainsAny(s, "-_0123456789")
}
