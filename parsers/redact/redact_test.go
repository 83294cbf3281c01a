package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAPassageIsBlankedInEverySpelling(t *testing.T) {
	const said = "Zoë's kettle <broke>, after 3 days 😡!"
	for _, page := range []string{
		`<p>Zoë's kettle &lt;broke&gt;, after 3 days 😡!</p>`,
		`<p>Zo&euml;&#39;s <b>kettle</b> &lt;broke&gt;,<br>after 3 <i class="x">days</i> &#x1F621;!</p>`,
		`{"text":"Zo\u00eb's kettle <broke>, after 3\ndays \ud83d\ude21!"}`,
		`{"html":"<p>Zo&amp;euml;'s kettle &lt;broke&gt;, after 3 days 😡!<\/p>"}`,
		`"{\"text\":\"Zo\\u00eb's kettle <broke>, after 3\\ndays \\ud83d\\ude21!\"}"`,
		`https://x.example/?t=Zo%C3%AB%27s%20kettle+%3Cbroke%3E%2C%20after%203%20days%20%F0%9F%98%A1!`,
		"ZOË'S   KETTLE\n\t<broke>, after 3 days 😡",
	} {
		got, n := Body([]byte(page), []string{said})
		if n != 1 || len(got) != len(page) || strings.Contains(strings.ToLower(string(got)), "kettle") || strings.Contains(string(got), "days") {
			t.Errorf("%d found in %s\ngives %s", n, page, got)
		}
		if !utf8.Valid(got) || Contains(got, []string{said}) {
			t.Errorf("what is left of %s is %q", page, got)
		}
	}
}

func TestTheRestOfThePageStays(t *testing.T) {
	const page = `<li data-author="Jan Jansen" class="review"><a href="/u/jan-jansen">Jan Jansen</a> <p>Slecht.</p></li><li>Jan Jansenius, Annejan <p>Goed</p></li>`
	got, n := Body([]byte(page), []string{"Jan Jansen", "Slecht."})
	const want = `<li data-author="--- ------" class="review"><a href="/u/----------">--- ------</a> <p>------.</p></li><li>Jan Jansenius, Annejan <p>Goed</p></li>`
	if masked := strings.ReplaceAll(string(got), "/u/----------", "/u/----------"); n != 4 || masked != want {
		t.Errorf("%d found:\n%s", n, got)
	}
}

func TestNothingIsBlankedForNothing(t *testing.T) {
	for _, passages := range [][]string{nil, {""}, {"...", " - "}} {
		if got, n := Body([]byte("a ... - b"), passages); n != 0 || string(got) != "a ... - b" {
			t.Errorf("%q gives %d, %s", passages, n, got)
		}
	}
}

func TestAProfileNamesAPersonToo(t *testing.T) {
	got := Names("Jan", "https://x.example/users/jan.j%20x/")
	if len(got) != 2 || got[0] != "Jan" || got[1] != "jan.j x" {
		t.Errorf("names are %q", got)
	}
	if got := Names(" ", "not a url"); len(got) != 0 {
		t.Errorf("names of nobody are %q", got)
	}
}

func TestWhatIsLeftOfATextIsKnown(t *testing.T) {
	for text, want := range map[string]bool{"--- ------": true, "-----, -- !": true, "": false, "- a": false, "-- ja": false, "5/5": false} {
		if Blanked(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte("<p>Zo&euml; \\u00eb %C3%AB &amp;amp;euml;</p>"), "Zoë")
	f.Add([]byte("\\\\u00eb%25C3%25AB&#"), "ë")
	f.Fuzz(func(t *testing.T, body []byte, passage string) {
		got, n := Body(body, []string{passage})
		if len(got) != len(body) {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
		if n > 0 && n < 8 && Contains(got, []string{passage}) {
			t.Errorf("%q is still in %q, which was %q", passage, got, body)
		}
	})
}
