// Command words makes the word lists by which analysis/brands knows that a name
// is an ordinary word, and analysis/aspects that a word is a noun:
//
//	go run ./analysis/train/words -debian DIR
//
// DIR is a folder into which Debian's packages hunspell-nl and hunspell-en-us
// were unpacked (apt-get download PACKAGE; dpkg -x PACKAGE.deb DIR). The
// endings that a dictionary allows a word tell what it is: a plural a noun, a
// comparative an adjective, a past tense a verb. The same files give the same
// bytes.
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

	"klank/analysis/aspects"
)

// dictionary is a hunspell dictionary, and how its flags tell what a word is.
type dictionary struct {
	language    string
	from        string
	size        int // letters of a flag
	noun, other func(flag string) bool
	compounds   bool // nouns are glued together
}

var dictionaries = []dictionary{
	{"nl", "nl.dic", 2,
		func(f string) bool { return f[0] == 'Z' || f[0] == 'Y' || f == "Ch" },
		func(f string) bool { return f[0] == 'A' || f[0] == 'V' || f[0] == 'P' },
		true,
	},
	{"en", "en_US.dic", 1,
		func(f string) bool { return f == "M" },
		func(f string) bool { return strings.Contains("YPTDGR", f) },
		false,
	},
}

func main() {
	log.SetFlags(0)
	debian := flag.String("debian", "", "folder with the unpacked Debian packages")
	words := flag.String("words", "analysis/brands/words", "folder for the ordinary words")
	nouns := flag.String("nouns", "analysis/aspects/nouns", "folder for the nouns")
	flag.Parse()
	for _, d := range dictionaries {
		kinds, err := d.read(filepath.Join(*debian, "usr/share/hunspell"))
		if err != nil {
			log.Fatal("words: ", err)
		}
		if err := write(filepath.Join(*words, d.language+".gz"), ordinary(kinds)); err != nil {
			log.Fatal("words: ", err)
		}
		if err := writeSet(filepath.Join(*nouns, d.language+".set"), nounsOf(kinds, d.compounds)); err != nil {
			log.Fatal("words: ", err)
		}
	}
}

// kind is what a word is known to be.
type kind struct{ noun, other bool }

var word = regexp.MustCompile(`^[a-z]{2,20}$`)

// read gives the words of the dictionary in the form of text.Normalize, as
// far as they are plain letters.
func (d *dictionary) read(dir string) (map[string]kind, error) {
	data, err := os.ReadFile(filepath.Join(dir, d.from))
	if err != nil {
		return nil, fmt.Errorf("%w; unpack Debian's hunspell-nl and hunspell-en-us there", err)
	}
	out := map[string]kind{}
	for line := range strings.Lines(string(data)) {
		w, flags, _ := strings.Cut(strings.TrimSpace(line), "/")
		w, genitive := strings.CutSuffix(strings.ReplaceAll(w, "ĳ", "ij"), "'s")
		if !word.MatchString(w) {
			continue
		}
		k := out[w]
		k.noun = k.noun || genitive
		for i := 0; i+d.size <= len(flags); i += d.size {
			f := flags[i : i+d.size]
			k.noun, k.other = k.noun || d.noun(f), k.other || d.other(f)
		}
		out[w] = k
	}
	return out, nil
}

// shortest is the length up to which a brand's name may be an ordinary word.
const shortest = 8

func ordinary(kinds map[string]kind) []string {
	var out []string
	for w := range kinds {
		if len(w) <= shortest {
			out = append(out, w)
		}
	}
	return out
}

// nounsOf gives the nouns, those that may be something else with a tilde.
// Where nouns are glued together, compounds of two of them are left out: their
// second part tells.
func nounsOf(kinds map[string]kind, compounds bool) []string {
	var out []string
	for w, k := range kinds {
		switch {
		case !k.noun || compounds && compound(w, kinds):
		case k.other:
			out = append(out, w+"~")
		default:
			out = append(out, w)
		}
	}
	return out
}

func compound(w string, kinds map[string]kind) bool {
	for i := 3; i <= len(w)-4; i++ {
		if kinds[w[i:]].noun && (kinds[w[:i]].noun || kinds[strings.TrimSuffix(w[:i], "s")].noun) {
			return true
		}
	}
	return false
}

// writeSet writes nouns as package aspects reads them.
func writeSet(name string, words []string) error {
	slices.Sort(words)
	set, err := aspects.NounSet(words)
	if err != nil {
		return err
	}
	fmt.Println(name, len(words), "words")
	return os.WriteFile(name, set, 0o644)
}

func write(name string, words []string) error {
	slices.Sort(words)
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
	fmt.Println(name, len(words), "words")
	return os.WriteFile(name, b.Bytes(), 0o644)
}
