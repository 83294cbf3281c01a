package fetch

import (
	"net/http"
	"strings"
)

// sniffLen is how much http.DetectContentType looks at.
const sniffLen = 512

// isScript tells the media types of JavaScript outside text/, which accepts
// takes anyway (WHATWG MIME Sniffing, 4.6).
func isScript(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "application/javascript", "application/x-javascript", "application/ecmascript", "application/x-ecmascript":
		return true
	}
	return false
}

// isHTML tells whether a body is a page of markup. Where the header says
// nothing the body does.
func isHTML(contentType string, body []byte) bool {
	if _, sniff := accepts(contentType); sniff {
		contentType = http.DetectContentType(body)
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case "text/html", "application/xhtml+xml":
		return true
	}
	return false
}

// accepts tells whether a body of this Content-Type can hold text to parse.
// sniff asks for a look at the body first, as the header says nothing: the
// types are those of the WHATWG MIME Sniffing standard, 7 (and octet-stream,
// which servers send for files they do not know).
func accepts(contentType string) (ok, sniff bool) {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	family, subtype, slash := strings.Cut(mediaType, "/")
	switch {
	case !slash:
		return true, true
	case family == "text":
		return true, false
	case family != "application" && mediaType != "unknown/unknown" && mediaType != "*/*":
		return false, false
	}
	switch subtype {
	case "octet-stream", "unknown", "*":
		return true, true
	case "xml", "json", "x-ndjson", "ndjson", "jsonl", "x-json", "json-seq":
		return true, false
	}
	return strings.HasSuffix(subtype, "+xml") || strings.HasSuffix(subtype, "+json"), false
}

// looksLikeText tells whether the beginning of a body is text, of which
// markup and JSON are kinds.
func looksLikeText(body []byte) bool {
	return strings.HasPrefix(http.DetectContentType(body), "text/")
}
