package imports

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"klank/mention"
)

var now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// read reads a file whole.
func read(t *testing.T, file string, o Options) (*Reader, []mention.Mention, []*RowError) {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	r, err := Open(strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	var all []mention.Mention
	var bad []*RowError
	for {
		m, err := r.Next()
		var row *RowError
		switch {
		case errors.As(err, &row):
			bad = append(bad, row)
		case errors.Is(err, io.EOF):
			return r, all, bad
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, *m)
		}
	}
}

// roles are those of a mapping, in the order of the columns.
func roles(m Mapping) string {
	var out []string
	for _, c := range m {
		out = append(out, string(c.Role))
	}
	return strings.Join(out, " ")
}

const googleForms = `"Tijdstempel","E-mailadres","Hoe waarschijnlijk is het dat u ons aanbeveelt aan vrienden?","Hoe tevreden bent u over de levering?","Wat kunnen we beter doen?"
"2026/03/14 9:12:44 a.m. CET","an@huis.example","9","6","Sneller antwoorden op mails."
"2026/03/15 10:02:10 p.m. CET","bo@huis.example","0","7","Niets, prima zo
Echt!"
"2026/03/16 8:00:00 a.m. CET","","7","1",""
`

func TestASurveyOfGoogleFormsIsReadByItsQuestions(t *testing.T) {
	r, all, bad := read(t, googleForms, Options{Name: "forms", Language: "nl"})
	if got := roles(r.Mapping); got != "date email nps csat text" || r.Format != CSV {
		t.Fatalf("columns are read as %s of %s", got, r.Format)
	}
	if len(all) != 3 || len(bad) != 0 {
		t.Fatalf("%d answers, refused %v", len(all), bad)
	}
	m := all[0]
	if m.Kind != mention.Survey || m.Source != (mention.Source{Name: "forms", Type: "import", Host: "forms"}) ||
		m.Text != "Sneller antwoorden op mails." || m.Published.Format(time.DateOnly) != "2026-03-14" || m.Author.Name != "" ||
		len(m.Ratings) != 2 || m.Ratings[0] != (mention.SubRating{Name: "NPS", Value: 9, Best: 10, Score: 0.9}) || m.Ratings[1].Best != 7 {
		t.Errorf("the first answer is %+v", m)
	}
	if m := all[1]; m.Rating == nil || m.Rating.Score != 0 || m.Text != "Niets, prima zo Echt!" && m.Text != "Niets, prima zo\n\nEcht!" {
		t.Errorf("0 of 10 is read as %+v, with %q", m.Rating, m.Text)
	}
}

func TestASecondLineOfHeadersIsJoined(t *testing.T) {
	r, all, bad := read(t, `Respondent ID,Collector ID,Start Date,End Date,IP Address,How likely is it that you would recommend us?,How satisfied are you with,,Anything else?
,,,,,,Delivery,Price,Open-Ended Response
118,9,03/14/2026 10:00:01 AM,03/14/2026 10:04:11 AM,192.0.2.7,8,Very satisfied,Dissatisfied,Too many e-mails afterwards
119,9,03/15/2026 11:00:01 AM,03/15/2026 11:02:00 AM,192.0.2.8,10,Satisfied,,
`, Options{Name: "monkey"})
	if got := roles(r.Mapping); got != "id ignore ignore date ignore nps csat csat text" {
		t.Fatalf("columns are read as %s: %+v", got, r.Mapping)
	}
	if len(all) != 2 || len(bad) != 0 {
		t.Fatalf("%d answers, refused %v", len(all), bad)
	}
	m := all[0]
	if m.NativeID != "118" || m.Published.Format(time.DateOnly) != "2026-03-14" || len(m.Ratings) != 3 || m.Ratings[2].Name != "How satisfied are you with: Price" ||
		m.Ratings[2].Value != 2 || m.Text != "Too many e-mails afterwards" {
		t.Errorf("the first answer is %+v", m)
	}
	if b, _ := json.Marshal(all); bytes.Contains(b, []byte("192.0.2")) {
		t.Errorf("an address is kept: %s", b)
	}
}

func TestTrustpilotsExportHasTheIdsOfItsInterface(t *testing.T) {
	_, all, bad := read(t, `Review Created (UTC),Review Username,Review User Email,Review Id,Review Title,Review Content,Review Stars,Source Of Review,Review Language,Company Reply,Company Reply Date (UTC),Reference Id
2026-02-03 12:00:00,Jo,jo@x.example,65f0aa,Snel,"Snel geleverd, nette doos",5,Organic,nl,Dank je,2026-02-04 09:00:00,1001
`, Options{Name: "tp"})
	if len(all) != 1 || len(bad) != 0 {
		t.Fatalf("%d reviews, refused %v", len(all), bad)
	}
	m := all[0]
	same := mention.Mention{NativeID: "65f0aa", Source: mention.Source{Host: "api.trustpilot.com"}}
	same.SetID("")
	if m.ID != same.ID || m.Kind != mention.Review || m.Title != "Snel" || m.Author.Name != "Jo" || m.Rating.Best != 5 || m.Rating.Score != 1 ||
		m.Reply.Text != "Dank je" || m.Reply.Published.IsZero() || m.Language != "nl" {
		t.Errorf("the review is %+v", m)
	}
}

func TestFilesOfSpreadsheetsAreReadInTheirEncodings(t *testing.T) {
	const file = "Naam;Datum;Cijfer;Toelichting\r\nZoë;14-03-2026;8,5;Één keer gebeld, meteen geregeld\r\n"
	latin, err := charmap.Windows1252.NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(file)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(file))
	z.Close()
	for name, b := range map[string]string{"utf-8": file, "with a mark": "\xef\xbb\xbf" + file, "windows-1252": latin, "utf-16": wide, "gzip": zipped.String(),
		"tabs": strings.ReplaceAll(file, ";", "\t")} {
		_, all, bad := read(t, b, Options{Name: "blad", Language: "nl"})
		if len(all) != 1 || len(bad) != 0 || all[0].Author.Name != "Zoë" || all[0].Text != "Één keer gebeld, meteen geregeld" || all[0].Rating.Value != 8.5 || all[0].Rating.Best != 10 {
			t.Errorf("%s is read as %+v, %v", name, all, bad)
		}
	}
}

func TestABadRowIsNamedAndTheNextOnesAreRead(t *testing.T) {
	_, all, bad := read(t, `id,date,stars,review
1,2026-01-01,5,fine
2,2026-13-45,4,wrong date
3,2026-01-03,9,wrong grade
4,2026-01-04,3
5,2026-01-05,,
6,2029-01-05,4,from the future
7,2026-01-07,2,good again
8,2026-01-08,2,one,two,three
`, Options{Name: "x", Columns: map[string]string{"stars": "rating/5"}})
	if len(all) != 3 || all[1].NativeID != "4" || all[2].NativeID != "7" {
		t.Errorf("read %+v", all)
	}
	want := map[int]string{3: `"2026-13-45" is no date`, 4: `"9" is no grade up to 5`, 6: "no text and no grade", 7: "future", 9: "more cells"}
	for _, b := range bad {
		if w := want[b.Line]; w == "" || !strings.Contains(b.Err.Error(), w) || b.Row == nil {
			t.Errorf("line %d: %v (%v), want %q", b.Line, b.Err, b.Row, w)
		}
		delete(want, b.Line)
	}
	if len(want) > 0 {
		t.Errorf("not refused: %v", want)
	}
}

func TestDatesThatCanBeReadInTwoWaysAreAskedFor(t *testing.T) {
	const file = "datum,opmerking\n03/06/2026,goed\n04/07/2026,slecht\n"
	if _, err := Open(strings.NewReader(file), Options{}); err == nil || !strings.Contains(err.Error(), "--lang nl") {
		t.Errorf("it says %v", err)
	}
	_, all, _ := read(t, file, Options{Language: "nl"})
	if all[0].Published.Month() != time.June {
		t.Errorf("with the day first it is %s", all[0].Published)
	}
	_, all, _ = read(t, file+"5/23/2026,fine\n", Options{})
	if len(all) != 3 || all[0].Published.Month() != time.March {
		t.Errorf("where another date tells, it is %+v", all)
	}
}

func TestTheSameFileGivesTheSameIdsAndEveryAnswerItsOwn(t *testing.T) {
	const file = "vraag: waarom?\nGoed\nGoed\nSlecht want laat\nGoed\n"
	ids := map[string]bool{}
	for range 2 {
		_, all, _ := read(t, file, Options{Name: "nps", Columns: map[string]string{"vraag: waarom?": "text"}})
		for _, m := range all {
			ids[m.ID] = true
			if m.NativeID != "" {
				t.Errorf("a made-up native id is kept: %q", m.NativeID)
			}
		}
	}
	if len(ids) != 4 {
		t.Errorf("%d ids of four answers", len(ids))
	}
}

func TestWhatKlankExportsComesBackAsItWas(t *testing.T) {
	_, all, bad := read(t, `{"id":"abc","kind":"review","source":{"name":"shop","type":"site","host":"shop.example"},"author":{"key":"k1"},"text":"Fine","rating":{"value":4,"best":5,"score":0.75},"published":"2026-01-02T00:00:00Z","evidence":{}}
{"kind":"gossip","source":{"name":"shop"},"text":"x"}
{"text":"flat among others","rating":3}
not json
`, Options{Name: "back"})
	if len(all) != 2 || all[0].ID != "abc" || all[0].Source.Name != "shop" || all[0].Author.Key != "k1" || all[0].Rating.Score != 0.75 || all[1].Text != "flat among others" {
		t.Errorf("read %+v", all)
	}
	if len(bad) != 2 || !strings.Contains(bad[0].Err.Error(), `"gossip"`) || bad[1].Line != 4 {
		t.Errorf("refused %v", bad)
	}
}

const mails = `From MAILER Sat Mar 14 10:00:00 2026
From: Shop Reviews <noreply@reviews.example>
Subject: =?utf-8?q?Nieuwe_beoordeling_=E2=98=85=E2=98=85?=
Date: Sat, 14 Mar 2026 10:00:00 +0100
Message-ID: <m1@reviews.example>
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Iemand gaf 2 van 5 sterren.

"Het pakket kwam te laat en de bezorger was b=F3s."

Bekijk: https://reviews.example/r/1
--b--

From MAILER Sun Mar 15 10:00:00 2026
From: Shop Reviews <noreply@reviews.example>
Subject: Your invoice
Date: Sun, 15 Mar 2026 10:00:00 +0100
Message-ID: <m2@reviews.example>

Please find it attached.
>From us all.
`

func TestEmailsOfNewReviewsAreReviews(t *testing.T) {
	r, all, bad := read(t, mails, Options{Name: "mail"})
	if r.Format != Mbox || len(all) != 1 || len(bad) != 1 {
		t.Fatalf("%s: %+v, refused %v", r.Format, all, bad)
	}
	m := all[0]
	if m.Text != "Het pakket kwam te laat en de bezorger was bós." || m.Rating.Value != 2 || m.Rating.Best != 5 || m.NativeID != "m1@reviews.example" ||
		m.Source.Host != "reviews.example" || m.Published.Hour() != 9 {
		t.Errorf("the review is %+v", m)
	}
	if bad[0].Line != 19 || bad[0].Row != "Your invoice" {
		t.Errorf("the other mail is %+v", bad[0])
	}
}

func TestAnHTMLEmailIsReadLikeAPage(t *testing.T) {
	html := "From x Sat Mar 14 10:00:00 2026\nFrom: a@b.example\nSubject: s\nContent-Type: text/html\n\n<p>4/5</p>\n"
	_, all, _ := read(t, html, Options{Name: "mail", Pages: func(p *mention.Page) []mention.Mention {
		if !strings.Contains(string(p.Body), "<p>4/5</p>") || p.URL != "https://b.example/" {
			t.Errorf("the page is %q at %s", p.Body, p.URL)
		}
		return []mention.Mention{{ID: "1", Text: "as found"}}
	}})
	if len(all) != 1 || all[0].Text != "as found" || all[0].Source.Name != "mail" {
		t.Errorf("read %+v", all)
	}
}

func TestFilesWithoutAnythingToReadAreRefusedWithAdvice(t *testing.T) {
	for file, want := range map[string]string{
		"":                                    "empty",
		"a,b\n":                               "no rows",
		"alpha,beta\nx,y\n":                   "--column",
		"\x1f\x8bnot gzip":                    "gzip",
		"name,comment\nx,\"never closed\n":    "",
		"id,stars\n1,many\n2,several words\n": "--column",
	} {
		_, err := Open(strings.NewReader(file), Options{})
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q gives %v, want %q", file, err, want)
		}
	}
	if _, err := Open(strings.NewReader("a,b\n1,2\n"), Options{Columns: map[string]string{"c": "text"}}); err == nil || !strings.Contains(err.Error(), `no column "c"`) {
		t.Errorf("a wrong column gives %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{googleForms, mails, "id,text\n1,\"a\n", `{"text":"x","rating":3}`, `{"source":{},"kind":"review","text":"x"}`, "a;b\r\n\xff;\x00\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r, err := Open(strings.NewReader(file), Options{Name: "fuzz", Now: now})
		if err != nil {
			return
		}
		for range strings.Count(file, "\n") + 3 {
			m, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && (m.ID == "" && r.Format != Mbox) {
				t.Errorf("a mention without an id: %+v", m)
			}
			var row *RowError
			if err != nil && !errors.As(err, &row) {
				return
			}
		}
		t.Errorf("more comes out of %q than there are lines", file)
	})
}
