// Command lexicon writes the embedded word lists of analysis/sentiment from
// the published lexicons:
//
//	go run ./analysis/train/lexicon -from ../shared/corpora/lexicons -to analysis/sentiment/data
//
// It reads nl-sentiment.xml and en-sentiment.xml (pattern), vader_lexicon.txt,
// emoji_utf8_lexicon.txt (VADER) and glender_dict.tsv, and writes nl.tsv,
// en.tsv and emoji.tsv: a form, a tab, and its valence in hundredths. The same
// input gives the same bytes. Licences: analysis/sentiment/data/NOTICE.
package main

import (
	"bufio"
	"encoding/xml"
	"flag"
	"fmt"
	"log"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"klank/analysis/text"
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "../shared/corpora/lexicons", "folder of the published lexicons")
	to := flag.String("to", "analysis/sentiment/data", "folder to write into")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		log.Fatal("lexicon: ", err)
	}
}

func run(from, to string) error {
	nl, err := dutch(from)
	if err != nil {
		return err
	}
	en, err := english(from)
	if err != nil {
		return err
	}
	emoji, err := pictographs(from, en)
	if err != nil {
		return err
	}
	for name, words := range map[string]map[string]float64{"nl.tsv": nl, "en.tsv": en, "emoji.tsv": emoji} {
		var b strings.Builder
		for _, w := range slices.Sorted(maps.Keys(words)) {
			if v := math.Round(words[w] * 100); v != 0 {
				fmt.Fprintf(&b, "%s\t%d\n", w, int(v))
			}
		}
		if err := os.WriteFile(filepath.Join(to, name), []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// weakest drops polarities that say nothing.
const weakest = 0.1

// dutch merges pattern (adjectives, with their inflections) and Glender (any
// part of speech). Where both know a word its valence is the mean.
func dutch(from string) (map[string]float64, error) {
	pattern, err := readPattern(filepath.Join(from, "nl-sentiment.xml"))
	if err != nil {
		return nil, err
	}
	glender, err := readTable(filepath.Join(from, "glender_dict.tsv"), 2)
	if err != nil {
		return nil, err
	}
	base := map[string]float64{}
	for w, v := range pattern {
		base[w] = v
		if g, ok := glender[w]; ok {
			base[w] = (v + g*0.7) / 2
		}
	}
	out := map[string]float64{}
	for w, v := range base {
		if math.Abs(v) < weakest {
			continue
		}
		for _, form := range adjectiveForms(w) {
			put(out, form, v)
		}
	}
	for w, v := range glender {
		if _, ok := pattern[w]; ok || math.Abs(v) < 1 || strings.ContainsAny(w, " -") {
			continue // Glender's weaker half is mostly topics
		}
		for _, form := range glenderForms(w) {
			put(out, form, v*0.45)
		}
	}
	for w, v := range base { // a base form is never overridden by an inflection
		if math.Abs(v) < weakest {
			delete(out, text.Normalize(w))
		} else {
			out[text.Normalize(w)] = v
		}
	}
	return out, nil
}

// put adds a form unless a base form or an earlier inflection stands there.
func put(out map[string]float64, form string, v float64) {
	form = text.Normalize(form)
	if old, ok := out[form]; !ok || math.Abs(v) < math.Abs(old) || math.Abs(v) == math.Abs(old) && v < old {
		out[form] = v
	}
}

// english merges VADER with pattern's adjectives and their adverbs; VADER wins.
func english(from string) (map[string]float64, error) {
	vader, err := readTable(filepath.Join(from, "vader_lexicon.txt"), 4)
	if err != nil {
		return nil, err
	}
	pattern, err := readPattern(filepath.Join(from, "en-sentiment.xml"))
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for w, v := range pattern {
		if math.Abs(v) < 2*weakest || strings.ContainsAny(w, " -") {
			continue
		}
		put(out, w, v*0.6)
		if strings.HasSuffix(w, "y") {
			put(out, w[:len(w)-1]+"ily", v*0.6)
		} else {
			put(out, w+"ly", v*0.6)
		}
	}
	for w, v := range vader {
		if isWord(w) {
			out[text.Normalize(w)] = v
		}
	}
	return out, nil
}

// pictographs scores each emoji by the words of its description.
func pictographs(from string, en map[string]float64) (map[string]float64, error) {
	out := map[string]float64{}
	err := eachLine(filepath.Join(from, "emoji_utf8_lexicon.txt"), func(fields []string) error {
		sum := 0.0
		for _, w := range strings.Fields(fields[1]) {
			sum += en[text.Normalize(strings.Trim(w, ":,"))]
		}
		key := strings.NewReplacer("\ufe0f", "", "\ufe0e", "").Replace(fields[0])
		if sum != 0 && shows(fields[1]) && !strings.ContainsRune(key, '\u200d') && !strings.Contains(fields[1], "skin tone") {
			out[key] = max(-1, min(1, sum))
		}
		return nil
	})
	return out, err
}

// shows tells whether an emoji shows a feeling; of the others (a game die, an
// evergreen tree) the words of the description say nothing.
func shows(description string) bool {
	return strings.Contains(description, "face") || strings.Contains(description, "heart") || strings.Contains(description, "cat ")
}

// readPattern gives the mean polarity over a word's senses.
func readPattern(file string) (map[string]float64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Words []struct {
			Form     string  `xml:"form,attr"`
			Polarity float64 `xml:"polarity,attr"`
		} `xml:"word"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	sum, n := map[string]float64{}, map[string]float64{}
	for _, w := range doc.Words {
		sum[w.Form] += w.Polarity
		n[w.Form]++
	}
	for w := range sum {
		sum[w] /= n[w]
	}
	return sum, nil
}

// readTable reads word<TAB>score and brings the scores to [-1, 1].
func readTable(file string, top float64) (map[string]float64, error) {
	out := map[string]float64{}
	err := eachLine(file, func(fields []string) error {
		v, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			if len(out) == 0 { // the heading
				return nil
			}
			return err
		}
		out[fields[0]] = v / top
		return nil
	})
	return out, err
}

func eachLine(file string, each func(fields []string) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 2 {
			continue
		}
		if err := each(fields); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return lines.Err()
}

func isWord(w string) bool {
	var d text.Doc
	d.Parse(w)
	return len(d.Tokens) == 1 && d.Tokens[0].Kind == text.Word
}
