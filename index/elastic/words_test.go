package elastic_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"klank/index/text"
)

// wordsCompared is how many words each language sends through both, at least.
const wordsCompared = 25_000

// hardWords are what tokenizers differ on most.
var hardWords = []string{
	"De foto’s van opa's café: cafe\u0301, naïef, coo\u0308peratie, ge\u00ADlijk, 3,5 en 1.000,00 euro; www.winkel.nl, jan@winkel.nl, e-mail, wi-fi!",
	"👍👍🏽 👩‍👩‍👧 🇳🇱 1️⃣ ☕ ★★★★☆ ❤️ top… “mooi” ‘fijn’ don't rock 'n' roll o'clock l'été _under_ snake_case C++ C# 24/7 50% €10 #fail @klant",
	"Straße İstanbul ΣΊΣΥΦΟΣ Ελλάδα Москва 北京 こんにちは カタカナ 한국어 สวัสดี שלום ٣٤ ½ ² Ⅷ ﬁets ǅ",
	"teleurgesteld teleurstellingen klantvriendelijkheid terugbetaalbeleid geïnstalleerd ruïne zeeën ideeën bezorgd bezorging leveringen",
	"happily deliveries delivering generously ties cries skies dying news inning proceed exceeding fluently communism gently only",
}

// comparison is of the words that both readings of texts give.
type comparison struct {
	t               *testing.T
	index, language string
	stemmer         text.Stemmer
	words, differ   int
	distinct        map[string]bool
	listed          map[string]string // what differs, ours to theirs
}

func newComparison(t *testing.T, index, language string) *comparison {
	return &comparison{t: t, index: index, language: language, distinct: map[string]bool{}, listed: map[string]string{}}
}

// read sends a text through both: as it is cut, and as it is stemmed.
func (c *comparison) read(s string) {
	c.t.Helper()
	var plain, stems []string
	for _, token := range text.Tokens(s) {
		plain = append(plain, token.Word)
		stems = append(stems, c.stemmer.Stem(token.Word, c.language))
		c.distinct[token.Word] = true
	}
	c.words += len(plain)
	c.compare(plain, analyzed(c.t, c.index, "klank_plain", s))
	c.compare(stems, analyzed(c.t, c.index, "klank_"+c.language, s))
}

// compare notes the words that differ between two readings of a text. Where
// one has more words they are put side by side from both ends.
func (c *comparison) compare(ours, theirs []string) {
	for len(ours) > 0 && len(theirs) > 0 && ours[0] == theirs[0] {
		ours, theirs = ours[1:], theirs[1:]
	}
	for len(ours) > 0 && len(theirs) > 0 && ours[len(ours)-1] == theirs[len(theirs)-1] {
		ours, theirs = ours[:len(ours)-1], theirs[:len(theirs)-1]
	}
	if len(ours) != len(theirs) {
		c.differ += max(len(ours), len(theirs))
		c.listed[strings.Join(ours, " ")] = strings.Join(theirs, " ")
		return
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			c.differ++
			c.listed[ours[i]] = theirs[i]
		}
	}
}

// hold lists what differs, and asks that it is at most one word in a thousand.
func (c *comparison) hold() {
	c.t.Helper()
	c.t.Logf("%s: %d words, %d distinct, %d differ", c.language, c.words, len(c.distinct), c.differ)
	for _, ours := range slices.Sorted(maps.Keys(c.listed)) {
		c.t.Logf("  %q is %q there", ours, c.listed[ours])
	}
	if c.differ*1000 > c.words {
		c.t.Errorf("%s: %d of %d words differ; at most one in a thousand may", c.language, c.differ, c.words)
	}
}

// TestWordsAreCutAndStemmedAsInGo sends klank's own corpus, and what is hard to
// cut, through the cluster's analyzers and through package text.
func TestWordsAreCutAndStemmedAsInGo(t *testing.T) {
	cfg := config(t)
	open(t, cfg)
	for _, language := range text.Stemmed {
		c := newComparison(t, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions", language)
		for _, s := range hardWords {
			c.read(s)
		}
		var part strings.Builder
		eachText(t, "../../analysis/train/corpus/"+language+".jsonl", func(s string) bool {
			part.WriteString(s + "\n")
			if part.Len() > 20_000 {
				c.read(part.String())
				part.Reset()
			}
			return true
		})
		c.read(part.String())
		c.hold()
		if c.words < wordsCompared {
			t.Errorf("%s: %d words are compared, not %d", language, c.words, wordsCompared)
		}
	}
}

// TestDistinctWordsOfReviewsAreStemmedAsInGo does it with 50,000 different words
// of people's reviews.
func TestDistinctWordsOfReviewsAreStemmedAsInGo(t *testing.T) {
	cfg := config(t)
	open(t, cfg)
	left := 2 * wordsCompared
	for _, of := range [][2]string{{"nl", "nl_thuisbezorgd"}, {"en", "en_imdb_train"}} {
		language, file := of[0], "../../../shared/corpora/train/"+of[1]+".jsonl.gz"
		if _, err := os.Stat(file); err != nil {
			t.Skip("skipped: ../shared/corpora/train is not beside this checkout")
		}
		c := newComparison(t, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions", language)
		known := map[string]bool{}
		var part []string
		eachText(t, file, func(s string) bool {
			for _, w := range text.Words(s) {
				if !known[w] {
					known[w] = true
					part = append(part, w)
				}
			}
			if len(part) > 2000 {
				c.read(strings.Join(part, "\n"))
				part = nil
			}
			return c.words < left
		})
		c.hold()
		left -= c.words
	}
	if left > 0 {
		t.Errorf("%d words too few were compared", left)
	}
}

// eachText calls fn with the texts of a file of JSON lines, until that is false.
func eachText(t *testing.T, file string, fn func(s string) bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	for dec := json.NewDecoder(r); dec.More(); {
		var line struct{ Text string }
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if !fn(line.Text) {
			return
		}
	}
}

// analyzed returns the words that an analyzer of an index makes of a text.
func analyzed(t *testing.T, index, analyzer, s string) []string {
	t.Helper()
	b, err := json.Marshal(map[string]string{"analyzer": analyzer, "text": s})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(index+"/_analyze", "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Tokens []struct {
			Token    string
			Position int
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("_analyze: status %d, %v", res.StatusCode, err)
	}
	out := make([]string, len(answer.Tokens))
	for i, token := range answer.Tokens {
		out[i] = token.Token
	}
	return slices.Clip(out)
}
