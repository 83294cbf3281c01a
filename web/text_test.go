package web

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"klank/index"
	"klank/index/query"
	"klank/mention"
)

func TestForeignTextIsMadeHarmlessButStaysReadable(t *testing.T) {
	for in, want := range map[string]string{
		"gewoon\n\nwat tekst\tmet één tab":  "gewoon\n\nwat tekst\tmet één tab",
		"\x1b[31mrood\x07":                  "␛[31mrood␇",
		"a\x00b\x7fc\r\nd":                  "a␀b␡c\nd",
		"\u202egnp.exe\u202c \u2066x\u2069": "�gnp.exe� �x�",
		"\u0085x":                           "�x",
		"kapot\xff":                         "kapot�",
		"\u200frtl mark and 👩‍👩‍👧 stay":     "\u200frtl mark and 👩‍👩‍👧 stay",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOnlyWebAddressesBecomeLinks(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?y=1#z": "https://a.example/x?y=1#z",
		"http://a.example":          "http://a.example",
		"javascript:alert(1)":       "",
		" https://a.example":        "",
		"data:text/html,x":          "",
		"//a.example":               "",
		"https:///x":                "",
		"https://user@a.example/":   "",
		"HTTPS://a.example/":        "https://a.example/",
		"":                          "",
	} {
		if got := webLink(in); got != want {
			t.Errorf("webLink(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSnippetsAreCutAroundTheFirstMatch(t *testing.T) {
	long := strings.Repeat("woord ", 200) + "naald " + strings.Repeat("staart ", 200)
	at := strings.Index(long, "naald")
	pieces := snippet(long, "text", []mention.Span{{In: "title", Start: 0, End: 4}, {In: "text", Start: at, End: at + 5}})
	var all, marked string
	for _, p := range pieces {
		all += p.Text
		if p.Mark {
			marked += p.Text
		}
	}
	if marked != "naald" || !strings.HasPrefix(all, "… woord") || !strings.HasSuffix(all, "staart …") || len(all) > snippetBytes+20 {
		t.Errorf("%d bytes, marked %q: %s", len(all), marked, all)
	}
	if got := snippet("", "text", nil); got != nil {
		t.Errorf("nothing becomes %v", got)
	}
}

// FuzzPieces holds that any text with any spans is shown whole and in order.
func FuzzPieces(f *testing.F) {
	f.Add("Één zin. Nog één.", []byte{0, 0, 0, 9, 0, 10, 0, 19})
	f.Add(hostileText, []byte{0, 3, 0, 2, 255, 255, 0, 1, 0, 0, 255, 255})
	f.Add(strings.Repeat("é", 600), []byte{2, 1, 2, 2, 0, 1, 0, 5})
	f.Fuzz(func(t *testing.T, s string, raw []byte) {
		var spans []mention.Span
		var labelled []mention.Sentence
		for len(raw) >= 4 {
			sp := mention.Span{In: "text", Start: int(int16(binary.BigEndian.Uint16(raw))), End: int(int16(binary.BigEndian.Uint16(raw[2:])))}
			spans, labelled, raw = append(spans, sp), append(labelled, mention.Sentence{Span: sp, Score: 1}), raw[4:]
		}
		var all strings.Builder
		for _, part := range sentences(s, "text", labelled) {
			all.WriteString(part.Text + part.Space)
		}
		if utf8.ValidString(s) && all.String() != clean(s) {
			t.Errorf("%q is shown as %q", clean(s), all.String())
		}
		all.Reset()
		for _, p := range snippet(s, "text", spans) {
			all.WriteString(p.Text)
		}
		if got := strings.TrimSuffix(strings.TrimPrefix(all.String(), "… "), " …"); utf8.ValidString(s) && !strings.Contains(clean(s), got) && !strings.Contains(all.String(), clean(s)) {
			t.Errorf("the snippet %q is not of %q", got, clean(s))
		}
		if !utf8.ValidString(all.String()) || strings.ContainsFunc(all.String(), unfit) {
			t.Errorf("unfit to be shown: %q", all.String())
		}
		if short := shorten(s, 40); len(short) > 44 && len(s) > 40 {
			t.Errorf("shorten leaves %d bytes", len(short))
		}
		localTarget(s)
		if link := webLink(s); link != "" && !strings.HasPrefix(link, "http") {
			t.Errorf("%q becomes the link %q", s, link)
		}
	})
}

// FuzzDecode holds that any saved body becomes bounded, valid text.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("<p>Caf\xe9</p>"), "text/html; charset=iso-8859-1")
	f.Add([]byte("\xff\xfeh\x00i\x00"), "text/html")
	f.Add([]byte("gewoon"), "text/html; charset=utf-16")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		text, cut := decode(body, contentType)
		if !utf8.ValidString(text) || cut {
			t.Errorf("valid %v, cut %v", utf8.ValidString(text), cut)
		}
	})
}

func TestLongSavedPagesAreCutBetweenCharacters(t *testing.T) {
	text, cut := decode([]byte(strings.Repeat("é", maxShown)), "text/html; charset=utf-8")
	if !cut || len(text) > maxShown || strings.ContainsRune(text, utf8.RuneError) || strings.Trim(text, "é") != "" {
		t.Errorf("cut %v to %d bytes", cut, len(text))
	}
}

// FuzzNarrow holds that adding a filter to any query means both, and that
// taking it away gives the query back.
func FuzzNarrow(f *testing.F) {
	for _, q := range []string{"", "lamp", "lamp OR licht", `"te laat`, "NOT (a b)", "brand:acme", "a)", "published:30d rating:<3", `brand:"a b"*`, "--a", "*"} {
		f.Add(q, "Vuurtoren & Zn.")
	}
	s := &Server{now: func() time.Time { return testNow }}
	f.Fuzz(func(t *testing.T, q, value string) {
		n, err := s.parse(q)
		if err != nil || value == "" || !utf8.ValidString(value) {
			return
		}
		wanted := &query.Term{Field: "brand", Value: value}
		if back, err := s.parse(wanted.String()); err != nil || query.String(back) != wanted.String() {
			return // no spelling for this value
		}
		narrowed := s.narrow(q, n, "brand", value)
		got, err := s.parse(narrowed)
		if err != nil {
			t.Fatalf("%q narrowed to %q: %v", q, narrowed, err)
		}
		if want := query.String(query.Simplify(&query.And{Nodes: []query.Node{n, wanted}})); query.String(query.Simplify(got)) != want {
			t.Errorf("%q narrowed to %q means %q, want %q", q, narrowed, query.String(got), want)
		}
		for _, fl := range s.filters(narrowed, got) {
			if _, err := s.parse(fl.Without); err != nil {
				t.Errorf("%q without %s:%s is %q: %v", narrowed, fl.Field, fl.Value, fl.Without, err)
			}
		}
	})
}

func TestTheChartStacksEveryMonthToScale(t *testing.T) {
	l := testLocales(t)["en"]
	var buckets []index.TimeBucket
	for i := range 50 {
		b := index.TimeBucket{Start: time.Date(2022, time.Month(1+i), 1, 0, 0, 0, 0, time.UTC), Count: i}
		if i > 0 {
			b.Sub = []index.Bucket{{Value: mention.Negative, Count: i / 2}, {Value: mention.Positive, Count: i - i/2}}
		}
		buckets = append(buckets, b)
	}
	c := newChart(l, "brand:x", buckets)
	if len(c.Columns) != maxColumns || len(c.Months) != 50 || c.Earlier != 13*14/2 {
		t.Errorf("%d columns, %d rows, %d earlier", len(c.Columns), len(c.Months), c.Earlier)
	}
	last := c.Columns[len(c.Columns)-1]
	if last.Query != "brand:x published:2026-02" || len(last.Bars) != 2 || last.Bars[0].Query != "brand:x published:2026-02 sentiment:negative" {
		t.Errorf("last column: %+v", last)
	}
	if c.Ticks[0].Y != "100.000%" || c.Ticks[len(c.Ticks)-1].Y != "0.000%" || c.Ticks[len(c.Ticks)-1].Text != "60" {
		t.Errorf("ticks: %+v", c.Ticks)
	}
	var y, h float64
	fmt.Sscanf(last.Bars[1].Y+last.Bars[1].Height, "%f%%%f%%", &y, &h)
	if y < 18.2 || y > 18.5 || h < 41.5 || h > 41.8 { // 49 of 60 high, 25 of them positive
		t.Errorf("top bar at %v, %v high", y, h)
	}
	for top, want := range map[int]int{0: 1, 1: 1, 4: 1, 5: 2, 8: 2, 9: 5, 20: 5, 21: 10, 1000: 500, 801: 500, 12345: 5000} {
		if got := tickStep(top); got != want {
			t.Errorf("tickStep(%d) = %d, want %d", top, got, want)
		}
	}
	if newChart(l, "", nil) != nil {
		t.Error("a chart of nothing")
	}
}
