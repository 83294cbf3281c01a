package mention

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHost bounds a host name in bytes: longer ones are in no DNS.
const maxHost = 255

var errHost = errors.New("not a URL: the host is neither a name nor an address")

// hostname parses a host after the WHATWG URL standard and returns it as a
// name in ASCII, as an IPv4 address in its four numbers, or as a compressed
// IPv6 address in brackets.
//
// Names in other letters are put in lower case and in punycode (RFC 3492).
// Of the mapping of UTS 46 this does what names on pages need (lower case, full
// width, the dots, invisible marks); letters that are one only after Unicode
// normalisation stay two names.
func hostname(s string) (string, error) {
	if s[0] == '[' {
		return ipv6(s)
	}
	s, err := mapped(unescape(s))
	if err != nil {
		return "", err
	}
	labels := strings.Split(strings.TrimRight(s, "."), ".")
	for i, l := range labels {
		if isASCII(l) {
			continue
		}
		if labels[i], err = punycode(l); err != nil {
			return "", err
		}
	}
	s = strings.Join(labels, ".")
	if s == "" || len(s) > maxHost || strings.ContainsFunc(s, forbidden) {
		return "", errHost
	}
	last := labels[len(labels)-1]
	if _, err := ipv4Number(last); err != nil && !errors.Is(err, strconv.ErrRange) && strings.Trim(last, "0123456789") != "" {
		return s, nil
	}
	return ipv4(labels)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func forbidden(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune("#/:<>?@[\\]^|%", r)
}

// unescape decodes percent escapes; what is none stays.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && isEscape(s[i:]) {
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// mapped is the mapping of names described at hostname.
func mapped(s string) (string, error) {
	if isASCII(s) {
		return strings.ToLower(s), nil
	}
	if !utf8.ValidString(s) || len(s) > 4*maxHost {
		return "", errHost
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\u3002' || r == '\uff61':
			r = '.'
		case '\uff01' <= r && r <= '\uff5e': // full width
			r -= '\uff01' - '!'
		case r == '\u00ad' || r == '\u200b' || r == '\u2060' || r == '\ufeff' || '\ufe00' <= r && r <= '\ufe0f':
			continue
		case r == '\u200c' || r == '\u200d': // joiners, which Persian and Sinhala names are written with
		case r == utf8.RuneError || r >= utf8.RuneSelf && (!unicode.IsGraphic(r) || unicode.IsSpace(r)):
			return "", errHost
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String(), nil
}

// punycode encodes a label with its prefix, after RFC 3492, section 6.3.
func punycode(label string) (string, error) {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	runes := []rune(label)
	if len(runes) > maxHost {
		return "", errHost
	}
	out := []byte("xn--")
	for _, r := range runes {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	basic := len(out) - len("xn--")
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(utf8.RuneSelf), 0, 72
	for handled := basic; handled < len(runes); n++ {
		next := rune(unicode.MaxRune)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, digit(q))
			// adapt the bias
			if handled == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			handled++
			delta += delta / handled
			k := 0
			for ; delta > (base-tMin)*tMax/2; k += base {
				delta /= base - tMin
			}
			bias = k + (base-tMin+1)*delta/(delta+skew)
			delta = 0
		}
		delta++
	}
	return string(out), nil
}

func digit(d int) byte { return "abcdefghijklmnopqrstuvwxyz0123456789"[d] }

// ipv4 joins one to four numbers, of which the last fills the bytes that are
// left: 127.1 is 127.0.0.1.
func ipv4(parts []string) (string, error) {
	if len(parts) > 4 {
		return "", errHost
	}
	var ip uint64
	for i, p := range parts {
		n, err := ipv4Number(p)
		if err != nil {
			return "", errHost
		}
		if i < len(parts)-1 {
			if n > 255 {
				return "", errHost
			}
			ip |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return "", errHost
		}
		ip |= n
	}
	return netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}).String(), nil
}

// ipv4Number parses a decimal, octal (0…) or hexadecimal (0x…) number.
func ipv4Number(s string) (uint64, error) {
	switch {
	case s == "":
		return 0, errHost
	case s == "0x":
		return 0, nil
	case strings.HasPrefix(s, "0x"):
		return strconv.ParseUint(s[2:], 16, 64)
	case len(s) > 1 && s[0] == '0':
		return strconv.ParseUint(s[1:], 8, 64)
	}
	return strconv.ParseUint(s, 10, 64)
}

func ipv6(s string) (string, error) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
	if err != nil || s[len(s)-1] != ']' || !ip.Is6() || ip.Zone() != "" {
		return "", errHost
	}
	if ip.Is4In6() { // the standard knows hexadecimal only
		b := ip.As16()
		return fmt.Sprintf("[::ffff:%x:%x]", uint16(b[12])<<8|uint16(b[13]), uint16(b[14])<<8|uint16(b[15])), nil
	}
	return "[" + ip.String() + "]", nil
}
