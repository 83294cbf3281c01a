package appstore

import (
	"testing"

	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*", Parse) }

func TestDetectKnowsTheFeedAndConnect(t *testing.T) {
	for body, want := range map[string]bool{
		`{"feed":{"entry":[{"im:rating":{"label":"5"}}]}}`:                                        true,
		`{"data":[{"type":"customerReviews","attributes":{}}]}`:                                   true,
		`<feed xmlns:im="http://itunes.apple.com/rss"><id>x/rss/customerreviews/id=1</id></feed>`: true,
		`<feed xmlns="http://www.w3.org/2005/Atom"></feed>`:                                       false,
		`{"feed":{"entry":[{"title":{"label":"5"}}]}}`:                                            false,
		`{"version":"https://jsonfeed.org/version/1.1","items":[]}`:                               false,
	} {
		if Detect(foundtest.Open("x", []byte(body))) != want {
			t.Errorf("%s: not %v", body, want)
		}
	}
}

func TestTheURLNamesTheApp(t *testing.T) {
	for url, body := range map[string]string{
		"nl/rss/customerreviews/page=1/id=77/sortby=mostrecent/json": `{"feed":{"entry":{"im:rating":{"label":"4"},"title":{"label":"x"}}}}`,
		"v1/apps/77/customerReviews?limit=3":                         `{"data":[{"type":"customerReviews","attributes":{"rating":4}}],"meta":{"paging":{"total":1}}}`,
	} {
		f := Parse(foundtest.Open(url, []byte(body)))
		if len(f.Mentions) != 1 || f.Mentions[0].Item == nil || f.Mentions[0].Item.SKU != "77" || f.Mentions[0].Item.URL != "https://apps.apple.com/app/id77" {
			t.Errorf("%s: %+v", url, f.Mentions)
		}
	}
}

func TestTheAppAtTheHeadOfAnOldFeedIsTheItem(t *testing.T) {
	f := Parse(foundtest.Open("rss/customerreviews/id=77/json", []byte(`{"feed":{"entry":[{"im:name":{"label":"Kompas"},"im:artist":{"label":"Noord BV"}},{"im:rating":{"label":"4"},"title":{"label":"x"}}]}}`)))
	if len(f.Items) != 1 || f.Items[0].Name != "Kompas" || f.Items[0].SKU != "77" || len(f.Mentions) != 1 || f.Mentions[0].Item.Brand != "Noord BV" {
		t.Errorf("items %+v, mentions %+v", f.Items, f.Mentions)
	}
}

func TestHostileAnswersCostLittle(t *testing.T) {
	foundtest.Hostile(t, "data", Parse)
	foundtest.Hostile(t, "feed", Parse)
}

func FuzzParse(f *testing.F) { foundtest.Fuzz(f, "testdata/*", Detect, Parse) }
