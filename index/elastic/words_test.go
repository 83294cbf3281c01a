package elastic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"klank/index/text"
)

// wordsCompared is how many words each language sends through both.
const wordsCompared = 25_000

// hardWords are what tokenizers differ on most.
var hardWords = []string{
	"De foto’s van opa's café: cafe\u0301, naïef, coo\u0308peratie, ge\u00ADlijk, 3,5 en 1.000,00 euro; www.winkel.nl, jan@winkel.nl, e-mail, wi-fi!",
	"👍👍🏽 👩‍👩‍👧 🇳🇱 1️⃣ ☕ ★★★★☆ ❤️ top… “mooi” ‘fijn’ don't rock 'n' roll o'clock l'été _under_ snake_case C++ C# 24/7 50% €10 #fail @klant",
	"Straße İstanbul ΣΊΣΥΦΟΣ Ελλάδα Москва 北京 こんにちは カタカナ 한국어 สวัสดี שלום ٣٤ ½ ² Ⅷ ﬁets ǅ",
	"teleurgesteld teleurstellingen klantvriendelijkheid terugbetaalbeleid geïnstalleerd ruïne zeeën ideeën bezorgd bezorging leveringen",
	"happily deliveries delivering generously ties cries skies dying news inning proceed exceeding fluently communism gently only",
}

// TestWordsAreCutAndStemmedAsInGo sends texts through the cluster's analyzers
// and through package text: at most one word in a thousand may differ, and
// those that do are listed.
func TestWordsAreCutAndStemmedAsInGo(t *testing.T) {
	cfg := config(t)
	open(t, cfg)
	for _, language := range text.Stemmed {
		var st text.Stemmer
		words, differ := 0, map[string]string{}
		for _, part := range append(corpusTexts(t, "../../analysis/train/corpus/"+language+".jsonl"), hardWords...) {
			tokens := text.Tokens(part)
			var plain, stems []string
			for _, token := range tokens {
				plain = append(plain, token.Word)
				stems = append(stems, st.Stem(token.Word, language))
			}
			words += len(tokens)
			compare(differ, plain, analyzed(t, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions", "klank_plain", part))
			compare(differ, stems, analyzed(t, cfg.URLs[0]+"/"+cfg.Prefix+"-mentions", "klank_"+language, part))
		}
		t.Logf("%s: %d words, %d differ", language, words, len(differ))
		for ours, theirs := range differ {
			t.Logf("  %q is %q there", ours, theirs)
		}
		if words < wordsCompared || len(differ)*1000 > words {
			t.Errorf("%s: %d of %d words differ; at most one in a thousand of %d or more may", language, len(differ), words, wordsCompared)
		}
	}
}

// compare notes the words that differ between two readings of a text. Where
// one has more words they are put side by side from both ends.
func compare(differ map[string]string, ours, theirs []string) {
	for len(ours) > 0 && len(theirs) > 0 && ours[0] == theirs[0] {
		ours, theirs = ours[1:], theirs[1:]
	}
	for len(ours) > 0 && len(theirs) > 0 && ours[len(ours)-1] == theirs[len(theirs)-1] {
		ours, theirs = ours[:len(ours)-1], theirs[:len(theirs)-1]
	}
	if len(ours) != len(theirs) {
		differ[strings.Join(ours, " ")] = strings.Join(theirs, " ")
		return
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			differ[ours[i]] = theirs[i]
		}
	}
}

// corpusTexts returns texts of klank's own corpus, joined to some hundreds of
// words each, until there are enough.
func corpusTexts(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	var part strings.Builder
	words := 0
	for s := bufio.NewScanner(f); s.Scan() && words < wordsCompared+500; {
		var line struct{ Text string }
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		part.WriteString(line.Text + "\n")
		words += len(text.Words(line.Text))
		if part.Len() > 20_000 {
			out = append(out, part.String())
			part.Reset()
		}
	}
	return append(out, part.String())
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
