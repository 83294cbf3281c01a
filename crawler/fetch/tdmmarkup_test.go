package fetch

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestReservationsInMarkupAreObeyed(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		reserved          bool
	}{
		"plain":         {"text/html", `<!doctype html><html><head><meta name="tdm-reservation" content="1"><title>x</title></head><body>y`, true},
		"any case":      {"text/html; charset=utf-8", `<HEAD><META CONTENT=" 1 " NAME=TDM-Reservation>`, true},
		"xhtml":         {"application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><head><meta name='tdm-reservation' content='1'/></head></html>`, true},
		"no head tag":   {"text/html", `<title>x</title><meta name=tdm-reservation content=1><p>y`, true},
		"no type":       {"", `<!doctype html><meta name=tdm-reservation content=1>`, true},
		"zero":          {"text/html", `<meta name="tdm-reservation" content="0">`, false},
		"other name":    {"text/html", `<meta name="x-tdm-reservation" content="1">`, false},
		"policy alone":  {"text/html", `<meta name="tdm-policy" content="1"><p>tdm-reservation`, false},
		"in a comment":  {"text/html", `<head><!-- <meta name="tdm-reservation" content="1"> --></head>`, false},
		"in a script":   {"text/html", `<head><script>"<meta name='tdm-reservation' content='1'>"</script></head>`, false},
		"in a template": {"text/html", `<head><template><meta name="tdm-reservation" content="1"></template></head>`, false},
		"quoted text":   {"text/html", `<head></head><body><p>how to: <meta name="tdm-reservation" content="1">`, false},
		"no page":       {"application/json", `{"html": "<meta name=\"tdm-reservation\" content=\"1\">"}`, false},
		"utf-16":        {"text/html", encode16(`<html><head><meta name="tdm-reservation" content="1"></head></html>`), true},
	} {
		url := site(t, write(c.contentType, c.body)) + "/"
		if name == "no type" {
			url = site(t, writeUntyped(c.body)) + "/"
		}
		if !c.reserved {
			get(t, client(t, nil), url)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if e := failure(t, client(t, nil), url, Reserved); e.Retryable() || e.Status != 200 {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// encode16 is s in little-endian UTF-16 with its mark.
func encode16(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func FuzzMarkupReservedEndsOnAnyBody(f *testing.F) {
	f.Add([]byte(`<head><template><meta name=tdm-reservation content=1>`))
	f.Add([]byte("\xff\xfe<\x00m\x00"))
	f.Add([]byte("tdm-reservation <script><!--<script>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		MarkupReserved(b)
		if !MarkupReserved(append([]byte("<meta name=tdm-reservation content=1>"), b...)) {
			t.Error("what stands first was not seen")
		}
	})
}

func BenchmarkMarkupReserved(b *testing.B) {
	body := []byte(strings.Repeat(`<div class="review-card"><p>A well-made kettle - quick, too.</p></div>`, 1500))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if MarkupReserved(body) {
			b.Fatal("reserved")
		}
	}
}
