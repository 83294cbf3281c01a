package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"klank/analysis/sentiment"
	"klank/analysis/text"
	"klank/mention"
)

// set is a file of labelled texts.
type set struct {
	name, language string
	// stated tells that terms are stated under which it may be used.
	stated bool
	// binary tells that it has no neutral texts.
	binary bool
	// share is what all its examples together weigh, so that no set rules by
	// its size.
	share float64
	// parts is what the beginning and the end of a longer text weigh, each as
	// an example of its own, so that short texts are learnt beside long ones.
	// A part in which the rules find nothing is an example of a neutral text.
	parts float64
}

// own is the folder name by which sets of the project's own corpus are known.
const own = "corpus/"

var sets = []set{
	{name: "nl_thuisbezorgd", language: "nl", share: 1.8, parts: 0.4},
	{name: own + "nl", language: "nl", stated: true, share: 0.7, parts: 0.2},
	{name: own + "everyday-nl", language: "nl", stated: true, share: 0.15, parts: 0.2},
	{name: "en_imdb_train", language: "en", stated: true, binary: true, share: 1.2, parts: 0.3},
	{name: "en_sst5_trainfile", language: "en", share: 0.8},
	{name: "en_tweeteval_val", language: "en", share: 0.3},
	{name: "en_uci_amazon_cells", language: "en", stated: true, binary: true, share: 0.3},
	{name: "en_vader_tweets", language: "en", stated: true, share: 0.6},
	{name: own + "en", language: "en", stated: true, share: 1, parts: 0.2},
	{name: own + "everyday-en", language: "en", stated: true, share: 0.3, parts: 0.2},
}

const (
	// mass is what a share of 1 weighs, in examples.
	mass = 10000
	// balance is how far rare labels are lifted: 0 not at all, 1 until all
	// labels of a set weigh the same.
	balance = 0.42
	// silent is what a part without words of sentiment weighs beside another.
	silent = 0.4
	// heldBack is one text in so many.
	heldBack = 10
)

// line is a labelled text as the files hold it.
type line struct {
	Text, Author string
	Label        string  // neg, neu or pos; mixed is not learnt from
	Sentiment    string  // the same in the words of the product
	Rating       int     `json:"stars"`
	Tenths       float64 `json:"stars10"` // of ten
}

func (l *line) stars() int {
	if l.Tenths > 0 {
		return int(math.Ceil(l.Tenths / 2))
	}
	return l.Rating
}

// held tells whether a text is held back: by its author where there is one,
// so that nobody's voice is on both sides.
func (l *line) held() bool {
	by := l.Author
	if by == "" {
		by = l.Text
	}
	h := fnv.New32a()
	io.WriteString(h, by)
	return h.Sum32()%heldBack == 0
}

func readLines(file string) ([]line, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	words := map[string]string{"neg": mention.Negative, "neu": mention.Neutral, "pos": mention.Positive}
	var out []line
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<24)
	for n := 1; s.Scan(); n++ {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
		if l.Sentiment == "" {
			l.Sentiment = words[l.Label]
		}
		if l.Label = l.Sentiment; l.Label != "" {
			out = append(out, l)
		}
	}
	return out, s.Err()
}

// source is where the sets are read from.
type source struct {
	data, corpus string
	rules        *sentiment.Scorer
	doc, none    text.Doc
	work         sentiment.Work
}

// read gives the examples to learn from, and those that are held back.
func (r *source) read(s *set) (learn, held []sentiment.Example, err error) {
	file := filepath.Join(r.data, s.name+".jsonl.gz")
	if name, ok := strings.CutPrefix(s.name, own); ok {
		file = filepath.Join(r.corpus, name+".jsonl")
	}
	lines, err := readLines(file)
	if err != nil {
		return nil, nil, err
	}
	counts := map[string]float64{}
	for i := range lines {
		counts[lines[i].Label]++
	}
	for i := range lines {
		l := &lines[i]
		e := sentiment.Example{Text: l.Text, Label: l.Label, Stars: l.stars(), Binary: s.binary,
			Weight: math.Pow(counts[l.Label], -balance), StarsWeight: 1}
		if l.held() {
			held = append(held, e)
			continue
		}
		learn = append(learn, e)
		if s.parts > 0 {
			for _, part := range r.partsOf(l.Text, i) {
				learn = append(learn, r.part(e, part, s))
			}
		}
	}
	s.weigh(learn)
	s.weigh(held)
	return learn, held, nil
}

// part makes an example of a part of a text.
func (r *source) part(e sentiment.Example, part string, s *set) sentiment.Example {
	e.Text = part
	e.Weight, e.StarsWeight = e.Weight*s.parts, s.parts
	r.doc.Parse(part)
	if loaded := r.rules.Score(&r.work, &r.none, &r.doc, s.language).Loaded; !slices.Contains(loaded, true) {
		e.Label, e.Stars, e.Binary = mention.Neutral, 0, false
		e.Weight, e.StarsWeight = e.Weight*silent, 0
	}
	return e
}

// weigh brings the weights to the set's share.
func (s *set) weigh(examples []sentiment.Example) {
	labels, stars := 0.0, 0.0
	for i := range examples {
		labels += examples[i].Weight
		stars += examples[i].StarsWeight
	}
	for i := range examples {
		examples[i].Weight *= s.share * mass / labels
		examples[i].StarsWeight *= s.share * mass / stars
	}
}

// partsOf gives the beginning and the end of a text of several sentences: one
// to three of them, by the text's place n.
func (r *source) partsOf(whole string, n int) []string {
	r.doc.Parse(whole)
	s := r.doc.Sentences
	k := 1
	switch {
	case len(s) < 2:
		return nil
	case len(s) >= 4:
		k += n % 3
	}
	return []string{whole[:s[k-1].End], whole[s[len(s)-k].Start:]}
}
