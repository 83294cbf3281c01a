package microformats

// The vocabularies of microformats 1 in the words of microformats 2, after
// https://microformats.org/wiki/microformats2-parsing#backward_compatible_parsing
// and the pages of the vocabularies there.

// classicRoots are the root classes.
var classicRoots = map[string]string{
	"adr": "h-adr", "geo": "h-geo", "hentry": "h-entry", "hfeed": "h-feed", "hnews": "h-news", "hproduct": "h-product", "hrecipe": "h-recipe",
	"hresume": "h-resume", "hreview": "h-review", "hreview-aggregate": "h-review-aggregate", "vcard": "h-card", "vevent": "h-event",
}

// classicProps are the property classes of each root.
var classicProps = map[string]map[string]string{
	"h-adr": {
		"post-office-box": "p-post-office-box", "extended-address": "p-extended-address", "street-address": "p-street-address", "locality": "p-locality",
		"region": "p-region", "postal-code": "p-postal-code", "country-name": "p-country-name", "label": "p-label",
	},
	"h-card": {
		"fn": "p-name", "honorific-prefix": "p-honorific-prefix", "given-name": "p-given-name", "additional-name": "p-additional-name",
		"family-name": "p-family-name", "honorific-suffix": "p-honorific-suffix", "nickname": "p-nickname", "email": "u-email", "logo": "u-logo",
		"photo": "u-photo", "url": "u-url", "uid": "u-uid", "category": "p-category", "adr": "p-adr", "extended-address": "p-extended-address",
		"street-address": "p-street-address", "locality": "p-locality", "region": "p-region", "postal-code": "p-postal-code", "country-name": "p-country-name",
		"label": "p-label", "geo": "p-geo", "latitude": "p-latitude", "longitude": "p-longitude", "tel": "p-tel", "note": "p-note", "bday": "dt-bday",
		"key": "u-key", "org": "p-org", "organization-name": "p-organization-name", "organization-unit": "p-organization-unit", "title": "p-job-title",
		"role": "p-role", "tz": "p-tz", "rev": "dt-rev", "mailer": "p-mailer", "sound": "u-sound", "class": "p-class", "sort-string": "p-sort-string",
		"agent": "p-agent",
	},
	"h-entry": {
		"entry-title": "p-name", "entry-content": "e-content", "entry-summary": "p-summary", "published": "dt-published", "updated": "dt-updated",
		"author": "p-author", "category": "p-category", "geo": "p-geo", "latitude": "p-latitude", "longitude": "p-longitude",
	},
	"h-event": {
		"summary": "p-name", "dtstart": "dt-start", "dtend": "dt-end", "duration": "dt-duration", "description": "p-description", "url": "u-url",
		"category": "p-category", "location": "p-location", "geo": "p-geo", "attendee": "p-attendee", "contact": "p-contact", "organizer": "p-organizer",
	},
	"h-feed": {"author": "p-author", "photo": "u-photo", "url": "u-url"},
	"h-geo":  {"latitude": "p-latitude", "longitude": "p-longitude"},
	"h-item": {"fn": "p-name", "photo": "u-photo", "url": "u-url"},
	"h-news": {
		"entry": "p-entry", "geo": "p-geo", "latitude": "p-latitude", "longitude": "p-longitude", "source-org": "p-source-org", "dateline": "p-dateline",
		"item-license": "u-item-license", "principles": "u-principles",
	},
	"h-product": {
		"fn": "p-name", "photo": "u-photo", "brand": "p-brand", "category": "p-category", "description": "p-description", "identifier": "u-identifier",
		"url": "u-url", "review": "p-review", "price": "p-price",
	},
	"h-recipe": {
		"fn": "p-name", "ingredient": "p-ingredient", "yield": "p-yield", "instructions": "e-instructions", "duration": "dt-duration", "photo": "u-photo",
		"summary": "p-summary", "author": "p-author", "published": "dt-published", "nutrition": "p-nutrition", "category": "p-category", "review": "p-review",
	},
	"h-resume": {
		"summary": "p-summary", "contact": "p-contact", "education": "p-education", "experience": "p-experience", "skill": "p-skill",
		"affiliation": "p-affiliation",
	},
	"h-review": {
		"summary": "p-name", "reviewer": "p-author", "dtreviewed": "dt-published", "item": "p-item", "rating": "p-rating", "best": "p-best",
		"worst": "p-worst", "description": "e-content", "photo": "u-photo", "url": "u-url",
	},
	"h-review-aggregate": {
		"summary": "p-name", "item": "p-item", "rating": "p-rating", "best": "p-best", "worst": "p-worst", "average": "p-average", "count": "p-count",
		"votes": "p-votes", "url": "u-url",
	},
}

// classicRels are the link relations that are properties.
var classicRels = map[string]map[string]string{
	"h-entry":            {"bookmark": "u-url", "tag": "p-category"},
	"h-feed":             {"tag": "p-category"},
	"h-news":             {"principles": "u-principles", "item-license": "u-item-license"},
	"h-product":          {"tag": "p-category"},
	"h-recipe":           {"tag": "p-category"},
	"h-review":           {"bookmark": "u-url", "tag": "p-category"},
	"h-review-aggregate": {"bookmark": "u-url", "tag": "p-category"},
}
