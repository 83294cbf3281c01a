package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"klank/analysis/language"
)

// debianSource is a kind of file of a Debian package, below the folder into
// which the package was unpacked.
type debianSource struct {
	Package, Language, Files string
	// Most bounds the samples; they are taken evenly from the whole.
	Most   int
	Weight float32
}

// debianSources are openly licensed word lists (dictionaries of spelling
// checkers) and prose (quotations, and manuals where there are none). The
// licence of each stands in its package's copyright file; the model holds
// weights, no text.
var debianSources = []debianSource{
	{"wfrench", "fr", "usr/share/dict/french", 12000, wordWeight},
	{"wspanish", "es", "usr/share/dict/spanish", 12000, wordWeight},
	{"witalian", "it", "usr/share/dict/italian", 12000, wordWeight},
	{"wportuguese", "pt", "usr/share/dict/portuguese", 12000, wordWeight},
	{"wngerman", "de", "usr/share/dict/ngerman", 12000, wordWeight},
	{"wdutch", "nl", "usr/share/dict/dutch", 30000, wordWeight},
	{"wamerican", "en", "usr/share/dict/american-english", 20000, wordWeight},
	{"hunspell-af", "af", "usr/share/hunspell/af_ZA.dic", 20000, wordWeight},
	{"maint-guide-fr", "fr", "usr/share/doc/maint-guide-fr/maint-guide.fr.txt.gz", 4000, 1},
	{"debian-faq-fr", "fr", "usr/share/doc/debian/FAQ/debian-faq.fr.txt.gz", 4000, 1},
	{"fortunes-es", "es", "usr/share/games/fortunes/es/*.fortunes", 4000, 1},
	{"fortunes-it", "it", "usr/share/games/fortunes/it/*.u8", 4000, 1},
	{"fortunes-br", "pt", "usr/share/games/fortunes/brasil", 4000, 1},
	{"fortunes-de", "de", "usr/share/games/fortunes/de/zitate", 4000, 1},
}

// wordWeight is what one word of a word list counts against a line of prose.
const wordWeight = 0.1

// readDebian gives the lines of the sources, those of one package after the
// other.
func readDebian(dir string) ([]language.Sample, error) {
	if dir == "" {
		return nil, fmt.Errorf("-debian is missing: name the folder with the unpacked packages")
	}
	var out []language.Sample
	for _, s := range debianSources {
		names, err := filepath.Glob(filepath.Join(dir, s.Files))
		if err != nil || len(names) == 0 {
			return nil, fmt.Errorf("no %s in %s; unpack Debian's package %s there", s.Files, dir, s.Package)
		}
		var lines []string
		for _, name := range names {
			more, err := prose(name)
			if err != nil {
				return nil, err
			}
			lines = append(lines, more...)
		}
		step := max(1, len(lines)/s.Most)
		for i := 0; i < len(lines); i += step {
			out = append(out, language.Sample{Language: s.Language, Text: lines[i], Weight: s.Weight})
			out = append(out, pairs(s.Language, lines[i], s.Weight*pairWeight)...)
		}
	}
	return out, nil
}

// prose gives the lines of a file, packed or not, that are mostly letters.
func prose(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "/") // of a dictionary: what endings it takes
		if line = strings.TrimSpace(line); !utf8.ValidString(line) {
			continue
		}
		letters := 0
		for _, r := range line {
			if unicode.IsLetter(r) || r == ' ' || r == '\'' {
				letters++
			}
		}
		if letters > 2 && letters*10 > utf8.RuneCountInString(line)*9 {
			out = append(out, line)
		}
	}
	return out, nil
}
