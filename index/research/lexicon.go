package research

import (
	_ "embed"
	"strings"
	"sync"

	"klank/index/text"
)

//go:embed words.txt
var wordList string

// lexicon is words.txt by stems of both languages.
type lexicon struct {
	stop, weak, hedge, deny, lack, judge, place, flaw, able, joint map[string]bool
	topics                                                         map[string]topic
	// spelled are the words of each topic, to search with.
	spelled map[int][]string
	// sided are the topics with two sides.
	sided map[int]bool
}

// topic is what a word speaks of: a line of words.txt and its side (0 or 1; 2 is
// neither).
type topic struct{ line, side int }

var lexiconOf = sync.OnceValue(func() *lexicon {
	set := func() map[string]bool { return map[string]bool{} }
	l := &lexicon{stop: set(), weak: set(), hedge: set(), deny: set(), lack: set(), judge: set(), place: set(), flaw: set(), able: set(), joint: set(), topics: map[string]topic{}, spelled: map[int][]string{}, sided: map[int]bool{}}
	sets := map[string]map[string]bool{"stop": l.stop, "weak": l.weak, "hedge": l.hedge, "deny": l.deny, "lack": l.lack, "judge": l.judge, "place": l.place, "flaw": l.flaw, "able": l.able, "joint": l.joint}
	var st text.Stemmer
	for n, line := range strings.Split(wordList, "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		side := 0
		for _, w := range strings.Fields(rest) {
			switch set := sets[kind]; {
			case w == "|":
				side++
				l.sided[n] = true
			case set != nil && kind != "weak" && kind != "hedge": // as written: stems of such short words collide
				set[w] = true
			case set != nil:
				for _, lang := range text.Stemmed {
					set[st.Stem(w, lang)] = true
				}
			case kind == "topic":
				l.spelled[n] = append(l.spelled[n], w)
				for _, lang := range text.Stemmed {
					l.topics[st.Stem(w, lang)] = topic{n, side}
				}
				l.topics[w] = topic{n, side}
			}
		}
	}
	return l
})
