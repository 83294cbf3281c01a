package fetch

import (
	"net/http"
	"strings"

	"klank/mention"
)

// robotsTag reads X-Robots-Tag headers. A value is a list of directives, and
// may name the crawler that the ones after it are for:
//
//	noindex, nofollow
//	klank: none
//	otherbot: noindex, klank: nofollow
//
// Directives with values of their own (unavailable_after, max-snippet) are
// not about what klank does and are skipped.
func robotsTag(values []string) mention.Directives {
	var d mention.Directives
	for _, value := range values {
		forUs := true
		for part := range strings.SplitSeq(strings.ToLower(value), ",") {
			if name, rest, ok := strings.Cut(part, ":"); ok {
				name = strings.TrimSpace(name)
				if !isCrawlerName(name) {
					continue
				}
				forUs, part = name == agentToken || name == "*", rest
			}
			if !forUs {
				continue
			}
			switch strings.TrimSpace(part) {
			case "noindex":
				d.NoIndex = true
			case "nofollow":
				d.NoFollow = true
			case "none":
				d.NoIndex, d.NoFollow = true, true
			}
		}
	}
	return d
}

// isCrawlerName tells a crawler's name before a colon from a directive with
// a value, and from the hour of a date.
func isCrawlerName(name string) bool {
	switch name {
	case "", "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && r != '-' && r != '_' && r != '*'
	})
}

// tdmReserved tells whether the TDM Reservation Protocol's header reserves
// the rights to mine the answer.
func tdmReserved(h http.Header) bool {
	return strings.TrimSpace(h.Get("Tdm-Reservation")) == "1"
}
