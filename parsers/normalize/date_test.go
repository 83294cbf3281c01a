package normalize

import (
	"testing"
	"time"

	"klank/mention"
)

var fetched = time.Date(2026, 3, 31, 10, 20, 30, 0, time.UTC)

func TestDatesAreReadInTheSpellingsOfThePages(t *testing.T) {
	for _, c := range []struct {
		in, lang, want string
		precision      mention.Precision
	}{
		{"2021-03-04T05:06:07Z", "", "2021-03-04T05:06:07Z", mention.Second},
		{"2021-03-04T05:06:07.123+02:00", "", "2021-03-04T03:06:07Z", mention.Second},
		{"2021-03-04T05:06:07+0200", "", "2021-03-04T03:06:07Z", mention.Second},
		{"2021-03-04T00:00:00+02:00", "", "2021-03-04T00:00:00Z", mention.Day},
		{"2021-03-04T00:00:00+0200", "", "2021-03-04T00:00:00Z", mention.Day},
		{"2021-03-04T00:30:00+02:00", "", "2021-03-03T22:30:00Z", mention.Second},
		{"2021-03-04 05:06:07 UTC", "", "2021-03-04T05:06:07Z", mention.Second},
		{"2021-03-04T05:06", "", "2021-03-04T05:06:00Z", mention.Minute},
		{"2021-3-4", "", "2021-03-04T00:00:00Z", mention.Day},
		{"2021/03/04", "", "2021-03-04T00:00:00Z", mention.Day},
		{"20210304", "", "2021-03-04T00:00:00Z", mention.Day},
		{"20210304T050607Z", "", "2021-03-04T05:06:07Z", mention.Second},
		{"2021-03", "", "2021-03-01T00:00:00Z", mention.Month},
		{"03/2021", "", "2021-03-01T00:00:00Z", mention.Month},
		{"2021", "", "2021-01-01T00:00:00Z", mention.Year},
		{"1614834367", "", "2021-03-04T05:06:07Z", mention.Second},
		{"1614834367000", "", "2021-03-04T05:06:07Z", mention.Second},
		{"Thu, 04 Mar 2021 05:06:07 +0100", "", "2021-03-04T04:06:07Z", mention.Second},
		{"Thu, 4 Mar 2021 05:06:07 EST", "", "2021-03-04T10:06:07Z", mention.Second},
		{"Thu Mar 04 2021 05:06:07 GMT+0100 (CET)", "en", "2021-03-04T04:06:07Z", mention.Second},
		{"Thu Mar  4 05:06:07 UTC 2021", "en", "2021-03-04T05:06:07Z", mention.Second},
		{"3 juni 2026", "nl", "2026-06-03T00:00:00Z", mention.Day},
		{"3 JUNI 2026 om 14:05 uur", "nl", "2026-06-03T14:05:00Z", mention.Minute},
		{"woensdag 3 juni 2026, 14.05 uur", "nl", "2026-06-03T14:05:00Z", mention.Minute},
		{"09:47 PM on April 25th, 2015", "en", "2015-04-25T21:47:00Z", mention.Minute},
		{"12 mrt. '21", "nl", "2021-03-12T00:00:00Z", mention.Day},
		{"Sept. 4, 2019", "en", "2019-09-04T00:00:00Z", mention.Day},
		{"June 2019", "en", "2019-06-01T00:00:00Z", mention.Month},
		{"4th of July 2019 at 4pm", "en", "2019-07-04T16:00:00Z", mention.Minute},
		{"1er août 2020", "fr", "2020-08-01T00:00:00Z", mention.Day},
		{"3 de agosto de 2020", "es", "2020-08-03T00:00:00Z", mention.Day},
		{"Geplaatst door Jan op 3 mei 2020", "nl", "2020-05-03T00:00:00Z", mention.Day},
		{"03-06-2026", "nl", "2026-06-03T00:00:00Z", mention.Day},
		{"03/06/2026", "nl", "2026-06-03T00:00:00Z", mention.Day},
		{"03/06/2026", "en", "2026-03-06T00:00:00Z", mention.Day},
		{"03/06/2026", "en-GB", "2026-06-03T00:00:00Z", mention.Day},
		{"3.6.2026", "", "2026-06-03T00:00:00Z", mention.Day},
		{"25/03/2026", "", "2026-03-25T00:00:00Z", mention.Day},
		{"04-25-2015, 09:47 PM", "en", "2015-04-25T21:47:00Z", mention.Minute},
		{"03-06-26", "nl", "2026-06-03T00:00:00Z", mention.Day},
		{"2026年6月3日に日本で", "ja", "2026-06-03T00:00:00Z", mention.Day},
		{"3 weken geleden", "nl", "2026-03-10T00:00:00Z", mention.Day},
		{"een maand geleden", "nl", "2026-02-01T00:00:00Z", mention.Month},
		{"meer dan 2 jaar geleden", "nl", "2024-01-01T00:00:00Z", mention.Year},
		{"gisteren om 14:05", "nl", "2026-03-30T14:05:00Z", mention.Minute},
		{"vandaag", "nl", "2026-03-31T00:00:00Z", mention.Day},
		{"2 days ago", "en", "2026-03-29T00:00:00Z", mention.Day},
		{"an hour ago", "en", "2026-03-31T00:00:00Z", mention.Day},
		{"Reviewed 5 minutes ago", "en", "2026-03-31T10:15:00Z", mention.Minute},
		{"a couple of weeks ago", "en", "2026-03-17T00:00:00Z", mention.Day},
		{"last month", "en", "2026-02-01T00:00:00Z", mention.Month},
		{"vor 3 Tagen", "de", "2026-03-28T00:00:00Z", mention.Day},
		{"il y a 3 jours", "fr", "2026-03-28T00:00:00Z", mention.Day},
		{"hace 3 días", "es", "2026-03-28T00:00:00Z", mention.Day},
		{"för 3 dagar sedan", "sv", "2026-03-28T00:00:00Z", mention.Day},
		{"for to uker siden", "nb", "2026-03-17T00:00:00Z", mention.Day},
		{"3 dni temu", "pl", "2026-03-28T00:00:00Z", mention.Day},
		{"3 дня назад", "ru", "2026-03-28T00:00:00Z", mention.Day},
		{"2 wkn geleden", "nl", "2026-03-17T00:00:00Z", mention.Day},
		{"3 jr. geleden", "nl", "2023-01-01T00:00:00Z", mention.Year},
		{"vor 2 Std.", "de", "2026-03-31T00:00:00Z", mention.Day},
		{"gisteravond 21:30", "nl", "2026-03-30T21:30:00Z", mention.Minute},
		{"i går", "da", "2026-03-30T00:00:00Z", mention.Day},
		{"wczoraj", "pl", "2026-03-30T00:00:00Z", mention.Day},
		{"hier", "fr", "2026-03-30T00:00:00Z", mention.Day},
		{"avant-hier", "fr", "2026-03-29T00:00:00Z", mention.Day},
		{"l'altro ieri", "it", "2026-03-29T00:00:00Z", mention.Day},
		{"the day before yesterday", "en", "2026-03-29T00:00:00Z", mention.Day},
		{"la semaine dernière", "fr", "2026-03-24T00:00:00Z", mention.Day},
		{"le mois dernier", "fr", "2026-02-01T00:00:00Z", mention.Month},
		{"la semana pasada", "es", "2026-03-24T00:00:00Z", mention.Day},
		{"3. kesäkuuta 2026", "fi", "2026-06-03T00:00:00Z", mention.Day},
		{"3. června 2026", "cs", "2026-06-03T00:00:00Z", mention.Day},
		{"2026. június 3.", "hu", "2026-06-03T00:00:00Z", mention.Day},
		{"3 Haziran 2026", "tr", "2026-06-03T00:00:00Z", mention.Day},
		{"3 iunie 2026", "ro", "2026-06-03T00:00:00Z", mention.Day},
		{"3 червня 2026", "uk", "2026-06-03T00:00:00Z", mention.Day},
		{"3-6-'26", "nl", "2026-06-03T00:00:00Z", mention.Day},
		{"/Date(1614834367000+0100)/", "", "2021-03-04T05:06:07Z", mention.Second},
		{"1614834367.25", "", "2021-03-04T05:06:07Z", mention.Second},
		{"3d", "", "2026-03-28T00:00:00Z", mention.Day},
		{"4 juni", "nl", "2025-06-04T00:00:00Z", mention.Day},
		{"Mar 4", "en", "2026-03-04T00:00:00Z", mention.Day},
	} {
		got, p, ok := Date(c.in, c.lang, fetched)
		if !ok || got.Format(time.RFC3339Nano) != c.want || p != c.precision {
			t.Errorf("Date(%q, %q) = %s %s %v, want %s %s", c.in, c.lang, got.Format(time.RFC3339Nano), p, ok, c.want, c.precision)
		}
	}
}

func TestNoDateIsMadeUp(t *testing.T) {
	for _, c := range []struct{ in, lang string }{
		{"", "nl"}, {"Verified Purchase", "nl"}, {"31 February 2026", "en"}, {"2021-02-30", ""}, {"2021-13-01", ""},
		{"0000-00-00", ""}, {"0001-01-01T00:00:00", ""}, {"03/06/2026", ""}, {"03-06-2026", "en-CA"}, {"2021-01-01T25:00:00", ""},
		{"4 out of 5", "en"}, {"5 stars", "en"}, {"May I help you?", "en"}, {"123", ""}, {"3 weken", "nl"}, {"4,6 van 5", "nl"},
		{"00/00/2020", "nl"}, {"hier kocht ik 3 leden", "nl"}, {"8 leden in 2020", "nl"}, {"a few days ago", "en"},
	} {
		if got, p, ok := Date(c.in, c.lang, fetched); ok {
			t.Errorf("Date(%q, %q) = %s %s, want none", c.in, c.lang, got, p)
		}
	}
	for _, in := range []string{"3 weken geleden", "yesterday", "4 juni", "just now"} {
		if got, _, ok := Date(in, "nl", time.Time{}); ok {
			t.Errorf("Date(%q) without a time of fetching = %s, want none", in, got)
		}
	}
}

func TestRelativeDatesAreKnownAsSuch(t *testing.T) {
	for in, want := range map[string]bool{"3 weken geleden": true, "yesterday": true, "2021-03-04": false, "3 juni 2026": false, "x": false} {
		if got := Relative(in, "nl"); got != want {
			t.Errorf("Relative(%q) = %v", in, got)
		}
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2021-03-04T05:06:07Z", "3 juni 2026 14:05", "03/06/2026", "2 days ago", "2026年6月3日", "Thu, 4 Mar 2021 05:06:07 EST", "1614834367"} {
		f.Add(s, "nl")
	}
	f.Fuzz(func(t *testing.T, s, lang string) {
		got, p, ok := Date(s, lang, fetched)
		if !ok {
			return
		}
		if got.Location() != time.UTC || p == "" || got.Year() < 900 || got.Year() > 2101 {
			t.Errorf("Date(%q, %q) = %s %q", s, lang, got, p)
		}
	})
}
