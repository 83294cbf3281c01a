package robots

import (
	"strings"
	"testing"
)

func TestFirstMatchingLocationDecides(t *testing.T) {
	r := ParseTDM([]byte("\ufeff" + `[
		{"location": "/open/", "tdm-reservation": 0},
		{"location": "/reviews/*.html$", "tdm-reservation": 1, "tdm-policy": "https://shop.example/policy.json"},
		{"location": "/reviews/", "tdm-reservation": 0},
		{"location": "/text", "tdm-reservation": "1", "tdm-policy": 5},
		{"location": "/unclear/"},
		"no object", {"tdm-reservation": 1}, {"location": 7, "tdm-reservation": 1},
		{"location": "/caf\u00e9", "tdm-reservation": 1}
	]`))
	for path, want := range map[string]bool{
		"/open/a": false, "/reviews/a.html": true, "/reviews/a.html?p=2": false, "/reviews/": false, "/text/1": true,
		"/unclear/a": false, "/other": false, "/": false, "/caf%C3%A9": true, "https://shop.example/r%65views/a.html": true,
	} {
		policy, got := r.Reserved(path)
		if got != want || strings.HasSuffix(path, "/a.html") != (policy != "") {
			t.Errorf("%s: got %v, policy %q", path, got, policy)
		}
	}
}

func TestWhatIsNoReservationFileReservesNothing(t *testing.T) {
	for _, body := range []string{"", "<html>not found", "{}", `{"location": "/", "tdm-reservation": 1}`, "[", "[1, 2", "null"} {
		if _, reserved := ParseTDM([]byte(body)).Reserved("/"); reserved {
			t.Errorf("%q reserves", body)
		}
	}
}

func TestReservationsBeforeABreakHold(t *testing.T) {
	for _, rest := range []string{`, {"loc`, `, } ]`, strings.Repeat(` `, MaxSize) + `]`} {
		r := ParseTDM([]byte(`[{"location": "/", "tdm-reservation": 1}` + rest))
		if _, reserved := r.Reserved("/a"); !reserved {
			t.Errorf("%.20q: nothing is reserved", rest)
		}
	}
}

func FuzzParseTDM(f *testing.F) {
	f.Add([]byte(`[{"location": "/a*$", "tdm-reservation": 1, "tdm-policy": "x"}]`), "/a")
	f.Add([]byte(`[{"location": "*", "tdm-reservation": "1"}, [[[[`), "https://x/%41?b")
	f.Fuzz(func(t *testing.T, body []byte, url string) {
		r := ParseTDM(body)
		r.Reserved(url)
		if r.Size() > 200*len(body) {
			t.Errorf("%d bytes take %d", len(body), r.Size())
		}
	})
}
