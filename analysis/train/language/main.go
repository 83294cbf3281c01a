// Command language trains the model of analysis/language:
//
//	go run ./analysis/train/language -to analysis/language/model.bin -lexicons ../shared/corpora/lexicons ../shared/corpora/language/train/*.tsv
//
// The files hold lines of a language code, a tab and a text. The words of the
// sentiment lexicons (see analysis/train/lexicon) are read too, at a small
// weight: they are the Dutch and English that reviews are written in. The same
// files give the same bytes.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"klank/analysis/language"
)

func main() {
	log.SetFlags(0)
	to := flag.String("to", "analysis/language/model.bin", "file to write")
	lexicons := flag.String("lexicons", "../shared/corpora/lexicons", "folder of the published lexicons")
	flag.Parse()
	var samples []language.Sample
	for _, name := range flag.Args() {
		more, err := read(name)
		if err != nil {
			log.Fatal("language: ", err)
		}
		samples = append(samples, more...)
	}
	words, err := readLexicons(*lexicons)
	if err != nil {
		log.Fatal("language: ", err)
	}
	samples = append(samples, words...)
	if len(samples) == 0 {
		log.Fatal("language: no samples: name the files to train from")
	}
	if err := os.WriteFile(*to, language.Train(samples), 0o644); err != nil {
		log.Fatal("language: ", err)
	}
	fmt.Printf("%d samples\n", len(samples))
}

func read(name string) ([]language.Sample, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []language.Sample
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if code, text, ok := strings.Cut(lines.Text(), "\t"); ok {
			out = append(out, language.Sample{Language: code, Text: text, Weight: 1})
		}
	}
	return out, lines.Err()
}

// lexiconWeight is what one word of a lexicon counts against a sample.
const lexiconWeight = 0.05

// readLexicons gives the words of the sentiment lexicons, sorted by file.
func readLexicons(dir string) ([]language.Sample, error) {
	form := regexp.MustCompile(`form="([^"]+)"`)
	word := regexp.MustCompile(`(?m)^(\pL{3,})\t`)
	var out []language.Sample
	for _, f := range []struct {
		name, language string
		words          *regexp.Regexp
	}{
		{"nl-sentiment.xml", "nl", form}, {"glender_dict.tsv", "nl", word},
		{"en-sentiment.xml", "en", form}, {"vader_lexicon.txt", "en", word},
	} {
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, m := range f.words.FindAllStringSubmatch(string(data), -1) {
			if w := m[1]; !seen[w] {
				seen[w] = true
				out = append(out, language.Sample{Language: f.language, Text: w, Weight: lexiconWeight})
			}
		}
	}
	return out, nil
}
