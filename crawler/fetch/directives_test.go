package fetch

import (
	"strings"
	"testing"

	"klank/mention"
)

func TestXRobotsTag(t *testing.T) {
	for header, want := range map[string]mention.Directives{
		"":                                   {},
		"noindex":                            {NoIndex: true},
		"NoIndex , NOFOLLOW":                 {NoIndex: true, NoFollow: true},
		"none":                               {NoIndex: true, NoFollow: true},
		"all":                                {},
		"klank: noindex":                     {NoIndex: true},
		"Klank : nofollow, noindex":          {NoIndex: true, NoFollow: true},
		"*: nofollow":                        {NoFollow: true},
		"otherbot: noindex, nofollow":        {},
		"otherbot: noindex, klank: nofollow": {NoFollow: true},
		"klank: nofollow, otherbot: noindex": {NoFollow: true},
		"otherbot: none\nnofollow":           {NoFollow: true}, // each line begins anew
		"unavailable_after: Wed, 25 Jun 2025 15:00:00 GMT, noindex": {NoIndex: true},
		"max-snippet: 20, nofollow, max-image-preview:large":        {NoFollow: true},
		"noindexing, no index": {},
	} {
		if got := robotsTag(strings.Split(header, "\n")); got != want {
			t.Errorf("%q gave %+v, want %+v", header, got, want)
		}
	}
}

func FuzzXRobotsTag(f *testing.F) {
	f.Add("klank: noindex, otherbot: nofollow")
	f.Add("unavailable_after: 25 Jun 2025 15:00:00 GMT,,:none")
	f.Fuzz(func(t *testing.T, header string) {
		d := robotsTag([]string{header})
		lower := strings.ToLower(header)
		if d.NoIndex && !strings.Contains(lower, "noindex") && !strings.Contains(lower, "none") {
			t.Fatalf("%q gave noindex", header)
		}
		if d.NoFollow && !strings.Contains(lower, "nofollow") && !strings.Contains(lower, "none") {
			t.Fatalf("%q gave nofollow", header)
		}
	})
}
