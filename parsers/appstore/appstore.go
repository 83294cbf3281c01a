// Package appstore reads the customer reviews of an app on Apple's App Store:
// the public feed (itunes.apple.com/COUNTRY/rss/customerreviews/id=APP/json
// and /xml, Atom with the extension namespace http://itunes.apple.com/rss),
// and what the app's owner gets from the App Store Connect API, after
// https://developer.apple.com/documentation/appstoreconnectapi/customerreview
// and https://developer.apple.com/documentation/appstoreconnectapi/customerreviewresponsev1.
//
// Grades are 1 to 5 stars. It is not for the store's pages.
package appstore

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/feed"
	"klank/parsers/wire"
)

// window is how much of an XML body is searched for what tells the feed.
const window = 4096

// Detect tells whether the page is the review feed in one of its forms, or an
// answer of App Store Connect with reviews.
func Detect(d *document.Document) bool {
	return wire.Holds(d.Body, "feed", "entry", "im:rating", "label") || wire.Holds(d.Body, "data", "customerReviews", "attributes") ||
		wire.Holds(d.Body, "data", "attributes", "reviewerNickname") || isXML(d.Body)
}

func isXML(body []byte) bool {
	head := body[:min(len(body), window)]
	return bytes.Contains(head, []byte("<feed")) && bytes.Contains(head, []byte("itunes.apple.com/rss")) && bytes.Contains(head, []byte("customerreviews"))
}

// Parse reads the page's reviews.
func Parse(d *document.Document) document.Found {
	app := app(d)
	var found document.Found
	switch {
	case !wire.Holds(d.Body):
		found = parseXML(d)
	case wire.Holds(d.Body, "feed"), wire.Holds(d.Body, "im:rating"):
		found = parseFeed(d, app)
	default:
		found = parseConnect(d, app)
	}
	for i := range found.Mentions {
		if found.Mentions[i].Item == nil {
			found.Mentions[i].Item = app
		}
	}
	return found
}

// parseXML reads the feed as XML. What has no grade is the app itself, at the
// head of the old form.
func parseXML(d *document.Document) document.Found {
	found := feed.Parse(d)
	found.Mentions = slices.DeleteFunc(found.Mentions, func(c document.Candidate) bool { return c.Rating == nil })
	for i := range found.Mentions {
		r := found.Mentions[i].Rating
		found.Mentions[i].Rating = wire.Number(strconv.FormatFloat(r.Value, 'f', -1, 64)).Grade(1, 5)
	}
	return found
}

// app is the app that the page's URL names (/id=APP/ in the feed, /apps/APP/
// in App Store Connect), nil where it names none.
func app(d *document.Document) *mention.ItemRef {
	path := wire.Path(d)
	for _, before := range []string{"/id=", "/apps/"} {
		_, rest, _ := strings.Cut(path, before)
		id, _, _ := strings.Cut(rest, "/")
		if id != "" && strings.Trim(id, "0123456789") == "" {
			return &mention.ItemRef{Type: "SoftwareApplication", SKU: id, URL: d.Abs("https://apps.apple.com/app/id" + id)}
		}
	}
	return nil
}
