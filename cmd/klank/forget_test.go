package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a page of reviews, as markup that names everybody twice.
func told(reviews ...[3]string) string {
	var b strings.Builder
	for i, r := range reviews {
		fmt.Fprintf(&b, `<article itemscope itemtype="https://schema.org/Review" id="r-%s"><a itemprop="url" href="/r/%s">#</a>
<h3 itemprop="author" itemscope itemtype="https://schema.org/Person"><a itemprop="url" href="/u/%s"><span itemprop="name">%s</span></a></h3>
<span itemprop="itemReviewed" itemscope itemtype="https://schema.org/Product"><meta itemprop="name" content="Kettle"></span>
<span itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating"><meta itemprop="ratingValue" content="%d"></span>
<time itemprop="datePublished" datetime="2026-01-0%d"></time><p itemprop="reviewBody">%s</p></article>`,
			r[0], r[0], strings.ReplaceAll(strings.ToLower(r[1]), " ", "-"), strings.ReplaceAll(r[1], "ë", "&euml;"), i%5+1, i+1, strings.ReplaceAll(r[2], " ", "\n <b></b>"))
	}
	return b.String()
}

// findsAnywhere looks for words in every file of a folder, unpacked where it is
// packed; blanks between them do not matter.
func findsAnywhere(t *testing.T, dir string, words ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			if b, err = io.ReadAll(z); err != nil {
				t.Errorf("%s is no whole gzip file: %v", path, err)
			}
		}
		for _, w := range words {
			if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(w))) {
				found = append(found, filepath.Base(path)+": "+w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var reviewsOfThree = [][3]string{
	{"1", "Zoë Janszoon", "Horrible lid fell off"},
	{"2", "Piet Klaver", "Boils quickly and quietly"},
	{"3", "Zoë Janszoon", "Second one leaks dreadfully"},
}

// traces are words that nobody but the erased author has in the shop.
var traces = []string{"janszoon", "zo&euml;", "horrible", "fell off", "dreadfully"}

func TestAForgottenAuthorIsNowhereAlsoAfterTheNextCrawl(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", `<a href="/p">reviews</a>`, "/p", told(reviewsOfThree...), "/u/zoë-janszoon", "profile")
	s.crawl(exitDone)
	if found := findsAnywhere(t, s.dir, "dreadfully", "janszoon"); len(found) < 2 {
		t.Fatalf("before, only %q: the test would prove nothing", found)
	}
	forget := func(args ...string) string {
		t.Helper()
		out, _ := s.run(t.Context(), exitDone, append([]string{"forget", "--config", s.config}, args...)...)
		return out
	}
	if out := forget("--author", "Zoë Janszoon", "--source", "shop", "--dry-run"); !strings.Contains(out, "2 mentions would be erased") {
		t.Errorf("a dry run says %s", out)
	}
	if out, _ := s.run(t.Context(), exitDone, "export"); strings.Count(out, "\n") != 3 {
		t.Errorf("a dry run leaves %s", out)
	}
	if out := forget("--author", "Zoë Janszoon", "--source", "shop"); !strings.Contains(out, "2 mentions erased; 1 saved page rewritten") {
		t.Errorf("it says %s", out)
	}
	check := func(when string) {
		t.Helper()
		if found := findsAnywhere(t, s.dir, traces...); len(found) > 0 {
			t.Errorf("%s: %q", when, found)
		}
		out, _ := s.run(t.Context(), exitDone, "export")
		if strings.Count(out, "\n") != 1 || !strings.Contains(out, "Boils quickly") {
			t.Errorf("%s the index holds %s", when, out)
		}
	}
	check("after it")
	s.shows("/p", told(append(reviewsOfThree, [3]string{"4", "Zoë Janszoon", "Horrible third kettle"})...))
	s.crawl(exitDone, "--deep")
	check("after another crawl")
	s.run(t.Context(), exitDone, "replay", "--config", s.config)
	check("after a replay")
}

func TestAForgottenMentionLeavesTheOthersOfItsAuthor(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", told(reviewsOfThree...))
	s.crawl(exitDone)
	out, _ := s.run(t.Context(), exitDone, "search", "--json", "dreadfully")
	_, id, _ := strings.Cut(out, `{"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	out, _ = s.run(t.Context(), exitDone, "forget", "--config", s.config, "--mention", id, "--json")
	if !strings.Contains(out, `"mentions":1,"pages_rewritten":1,"pages_erased":0`) {
		t.Errorf("it says %s", out)
	}
	s.crawl(exitDone, "--deep")
	for _, found := range findsAnywhere(t, s.dir, "dreadfully", "/r/3") {
		if !strings.HasSuffix(found, ".warc.gz: /r/3") { // its address stays on the page, as a link without words
			t.Errorf("left is %s", found)
		}
	}
	if out, _ = s.run(t.Context(), exitDone, "export"); strings.Count(out, "\n") != 2 || !strings.Contains(out, "Horrible") {
		t.Errorf("the index holds %s", out)
	}
}

func TestAForgottenSourceIsGoneWithItsPages(t *testing.T) {
	s := newLiveShop(t, "", "")
	s.shows("/", told(reviewsOfThree...))
	s.crawl(exitDone)
	out, _ := s.run(t.Context(), exitDone, "forget", "--config", s.config, "--source", "shop")
	if !strings.Contains(out, "3 mentions erased") {
		t.Errorf("it says %s", out)
	}
	if found := findsAnywhere(t, s.dir, append(traces, "klaver", "quietly")...); len(found) > 0 {
		t.Errorf("left is %q", found)
	}
	out, _ = s.run(t.Context(), exitDone, "forget", "--config", s.config, "--author", "Nobody Known")
	if !strings.Contains(out, "nothing was found") {
		t.Errorf("of nobody it says %s", out)
	}
}

func TestMessagesInFoldersThatQuoteWhatIsForgottenGo(t *testing.T) {
	dir := t.TempDir()
	s := newLiveShop(t, "", fmt.Sprintf("alerts:\n  channels: [{name: folder, type: file, dir: %q}]\n  rules: [{name: all, when: new, send: [folder]}]\n", dir))
	s.shows("/", `<a href="/p">reviews</a>`)
	s.crawl(exitDone)
	s.run(t.Context(), exitDone, "alerts", "run", "--config", s.config) // the rule begins
	s.shows("/p", told(reviewsOfThree...))
	s.crawl(exitDone, "--deep")
	s.run(t.Context(), exitDone, "alerts", "run", "--config", s.config)
	if found := findsAnywhere(t, dir, "dreadfully"); len(found) != 1 {
		t.Fatalf("the messages are %q: the test would prove nothing", found)
	}
	if out, _ := s.run(t.Context(), exitDone, "forget", "--config", s.config, "--author", "Nobody Known"); strings.Contains(out, "file") {
		t.Errorf("of nobody it says %s", out)
	}
	if out, _ := s.run(t.Context(), exitDone, "forget", "--config", s.config, "--author", "Zoë Janszoon"); !strings.Contains(out, "1 file that quoted it erased") {
		t.Errorf("it says %s", out)
	}
	if found := findsAnywhere(t, dir, traces...); len(found) > 0 {
		t.Errorf("left is %q", found)
	}
}
