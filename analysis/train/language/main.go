// Command language trains the model of analysis/language:
//
//	go run ./analysis/train/language -to analysis/language/model.bin -lexicons ../shared/corpora/lexicons -corpus analysis/train/corpus -debian DIR ../shared/corpora/language/train/*.tsv
//
// The files hold lines of a language code, a tab and a text. DIR is a folder
// into which the packages of debianSources were unpacked (apt-get download
// PACKAGE; dpkg -x PACKAGE.deb DIR): word lists and fortunes, for the
// languages that the files do not have. The words of the sentiment lexicons
// (see analysis/train/lexicon) are read too, at a small weight: they are the
// Dutch and English that reviews are written in. The same files give the same
// bytes.
package main

import (
	"bufio"
	"encoding/json"
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
	corpus := flag.String("corpus", "analysis/train/corpus", "folder of klank's own corpus")
	debian := flag.String("debian", "", "folder with the unpacked Debian packages")
	flag.Parse()
	var samples []language.Sample
	add := func(more []language.Sample, err error) {
		if err != nil {
			log.Fatal("language: ", err)
		}
		samples = append(samples, more...)
	}
	for _, name := range flag.Args() {
		add(read(name))
	}
	add(readLexicons(*lexicons))
	add(readCorpus(*corpus))
	add(readDebian(*debian))
	if err := os.WriteFile(*to, language.Train(samples), 0o644); err != nil {
		log.Fatal("language: ", err)
	}
	fmt.Printf("%d samples\n", len(samples))
}

// read gives the lines of a file of codes and texts, whole and in pairs of
// words.
func read(name string) ([]language.Sample, error) {
	var out []language.Sample
	err := eachLine(name, func(line string) error {
		if code, text, ok := strings.Cut(line, "\t"); ok {
			out = append(out, language.Sample{Language: code, Text: text, Weight: 1})
			out = append(out, pairs(code, text, pairWeight)...)
		}
		return nil
	})
	return out, err
}

// pairs cuts a text of more than two words into pairs of words, for reviews of
// two words are many.
func pairs(code, text string, weight float32) []language.Sample {
	var out []language.Sample
	words := strings.Fields(text)
	for i := 0; i+1 < len(words) && len(words) > 2; i += 2 {
		out = append(out, language.Sample{Language: code, Text: words[i] + " " + words[i+1], Weight: weight})
	}
	return out
}

func eachLine(name string, do func(line string) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := do(lines.Text()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
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

// corpusWeight is what one text of our own corpus counts: there are many.
// pairWeight is what two words of a text count against the whole.
const (
	corpusWeight = 0.5
	pairWeight   = 0.1
)

// readCorpus gives the texts of klank's own corpus.
func readCorpus(dir string) ([]language.Sample, error) {
	var out []language.Sample
	for _, code := range []string{"nl", "en"} {
		err := eachLine(filepath.Join(dir, code+".jsonl"), func(line string) error {
			var row struct{ Text string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				return err
			}
			out = append(out, language.Sample{Language: code, Text: row.Text, Weight: corpusWeight})
			out = append(out, pairs(code, row.Text, corpusWeight*pairWeight)...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
