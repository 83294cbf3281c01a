// Command words makes the lists of ordinary words by which analysis/brands
// knows that a name is one:
//
//	go run ./analysis/train/words -to analysis/brands/words -debian DIR
//
// DIR is a folder into which Debian's packages hunspell-nl and hunspell-en-us
// were unpacked (apt-get download PACKAGE; dpkg -x PACKAGE.deb DIR). Kept are
// the base forms of two to eight letters. The same files give the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var short = regexp.MustCompile(`^[a-z]{2,8}$`)

func main() {
	log.SetFlags(0)
	to := flag.String("to", "analysis/brands/words", "folder to write to")
	debian := flag.String("debian", "", "folder with the unpacked Debian packages")
	flag.Parse()
	for name, dictionary := range map[string]string{"nl.gz": "nl.dic", "en.gz": "en_US.dic"} {
		words, err := read(filepath.Join(*debian, "usr/share/hunspell", dictionary))
		if err != nil {
			log.Fatal("words: ", err)
		}
		if err := write(filepath.Join(*to, name), words); err != nil {
			log.Fatal("words: ", err)
		}
		fmt.Println(name, len(words), "words")
	}
}

// read gives the short words of a hunspell dictionary, sorted.
func read(name string) ([]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w; unpack Debian's hunspell-nl and hunspell-en-us there", err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "/") // of what follows: the endings it takes
		if short.MatchString(word) {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func write(name string, words []string) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, w := range words {
		fmt.Fprintln(z, w)
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}
