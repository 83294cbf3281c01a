package mention

import (
	"errors"
	"net"
	"net/netip"
	"strings"
)

// ErrScheme is returned by CanonicalURL for what is not an http or https URL.
var ErrScheme = errors.New("not an http or https URL")

// trackingParams are query parameters that name a campaign, a click or a
// session and never a resource, beside those of trackingPrefixes.
var trackingParams = map[string]bool{
	// clicks of advertisements
	"gclid": true, "gclsrc": true, "dclid": true, "gbraid": true, "wbraid": true, "gad_source": true, "gad_campaignid": true, "srsltid": true,
	"fbclid": true, "msclkid": true, "yclid": true, "ysclid": true, "twclid": true, "ttclid": true, "li_fat_id": true, "epik": true,
	"irclickid": true, "zanpid": true, "rb_clickid": true, "wickedid": true, "s_kwcid": true, "ef_id": true, "_openstat": true,
	// shares and newsletters
	"igshid": true, "igsh": true, "mc_cid": true, "mc_eid": true, "mkt_tok": true, "vero_id": true, "vero_conv": true, "oly_enc_id": true, "oly_anon_id": true,
	"ml_subscriber": true, "ml_subscriber_hash": true, "_kx": true, "dm_i": true, "_branch_match_id": true,
	"fb_action_ids": true, "fb_action_types": true, "fb_source": true, "fb_ref": true,
	// visitors
	"_ga": true, "_gl": true, "_hsenc": true, "_hsmi": true, "__hssc": true, "__hstc": true, "__hsfp": true, "hsctatracking": true,
	// sessions
	"phpsessid": true, "jsessionid": true, "aspsessionid": true, "sessionid": true, "oscsid": true, "zenid": true, "cfid": true, "cftoken": true,
}

var trackingPrefixes = []string{"utm_", "mtm_", "pk_campaign", "pk_kwd", "piwik_"}

// CanonicalURL resolves ref against base ("" for none) after the WHATWG URL
// standard, as a browser does, and returns one spelling for all spellings of
// the same resource: lower-case scheme and host (a name in other letters than
// ASCII in punycode, see hostname), no default port, no fragment, no empty
// query, dot segments resolved, no credentials, no dot after the host,
// tracking and session parameters dropped, the others kept in their order.
// Only http and https URLs with a host pass; others give ErrScheme.
//
// In a path it differs from the standard in one thing: a "%" that begins no
// escape ("/50%-off") becomes "%25", because HTTP clients refuse it otherwise.
func CanonicalURL(base, ref string) (string, error) {
	ref = withoutFragment(ref)
	if n := plainOrigin(ref); n > 0 && plainRest(ref[n:]) {
		return withCleanQuery(ref), nil
	}
	if plainRest(ref) && !strings.HasPrefix(ref, "//") {
		if n := plainOrigin(base); n > 0 {
			return withCleanQuery(base[:n] + ref), nil
		}
	}
	var from *location
	if base != "" {
		b, err := parseLocation(withoutFragment(base), nil)
		if err != nil {
			return "", err
		}
		from = &b
	}
	l, err := parseLocation(ref, from)
	if err != nil {
		return "", err
	}
	return l.String(), nil
}

// withoutFragment also trims the whole as the standard does: spaces before a
// fragment stay.
func withoutFragment(s string) string {
	s, _, _ = strings.Cut(strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }), "#")
	return s
}

// withCleanQuery drops what cleanQuery drops from a URL without fragment.
func withCleanQuery(u string) string {
	i := strings.IndexByte(u, '?')
	if i < 0 {
		return u
	}
	if q := cleanQuery(u[i+1:]); q == "" {
		return u[:i]
	} else if len(q) != len(u)-i-1 {
		return u[:i+1] + q
	}
	return u
}

// cleanQuery drops tracking and session parameters and empty ones.
func cleanQuery(q string) string {
	rest, drop := q, q == ""
	for more := rest != ""; more && !drop; {
		var p string
		p, rest, more = strings.Cut(rest, "&")
		drop = dropped(p)
	}
	if !drop {
		return q
	}
	var b strings.Builder
	for p := range strings.SplitSeq(q, "&") {
		if dropped(p) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p)
	}
	return b.String()
}

func dropped(param string) bool {
	name, value, _ := strings.Cut(param, "=")
	name = strings.ToLower(name)
	if param == "" || trackingParams[name] {
		return true
	}
	if name == "sid" || name == "s" { // a session of phpBB or vBulletin, or the page's own number
		return len(value) == 32 && strings.Trim(value, "0123456789abcdef") == ""
	}
	for _, p := range trackingPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// Host returns the host name of an http or https URL without its port, or with
// it for loopback addresses, where every port is a site of its own. It is the
// host of Source.Host and the default budget key; "" for any other string.
func Host(rawURL string) string {
	if n := plainOrigin(rawURL); n > 0 {
		h := rawURL[strings.Index(rawURL, "//")+2 : n]
		if name, _, _ := strings.Cut(h, ":"); !IsLoopback(name) {
			return name
		}
		return h
	}
	l, err := parseLocation(withoutFragment(rawURL), nil)
	if err != nil {
		return ""
	}
	h := strings.Trim(l.host, "[]")
	if IsLoopback(h) && l.port != "" {
		return net.JoinHostPort(h, l.port)
	}
	return h
}

// IsLoopback tells whether a host name is a loopback address or localhost.
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if host == "" || (host[0] > '9' && !strings.Contains(host, ":")) {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// SameSite tells whether two URLs have the same host (see Host).
func SameSite(a, b string) bool { h := Host(a); return h != "" && h == Host(b) }
