package blocks

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"klank/parsers/blocks/element"
	"klank/parsers/terms"
)

// hint is what a name says a block is.
type hint uint8

const (
	noHint hint = iota
	reviewHint
	commentHint
	postHint
	questionHint
	answerHint
)

// plainer returns the hint that says more: a "post-comment" is a comment, a
// "comment-review" a review.
func plainer(a, b hint) hint {
	order := [...]int{noHint: 0, postHint: 1, commentHint: 2, questionHint: 3, answerHint: 4, reviewHint: 5}
	if order[b] > order[a] {
		return b
	}
	return a
}

// hintWords are whole words of names; hintStems occur within words written
// together ("userreview", "klantbeoordelingen").
var hintWords = map[string]hint{
	"review": reviewHint, "reviews": reviewHint, "recensie": reviewHint, "recensies": reviewHint, "ervaring": reviewHint,
	"ervaringen": reviewHint, "waarderingen": reviewHint, "testimonial": reviewHint, "testimonials": reviewHint, "avis": reviewHint, "opinion": reviewHint,
	"opinions": reviewHint, "opinie": reviewHint, "feedback": reviewHint, "klacht": reviewHint, "klachten": reviewHint, "complaint": reviewHint, "complaints": reviewHint, "rezension": reviewHint, "rezensionen": reviewHint,
	"comment": commentHint, "comments": commentHint, "reactie": commentHint, "reacties": commentHint, "reply": commentHint,
	"replies": commentHint, "commentaar": commentHint,
	"post": postHint, "posts": postHint, "postbit": postHint, "postbitlegacy": postHint, "forumpost": postHint, "postrow": postHint,
	"message": postHint, "messages": postHint, "bericht": postHint, "berichten": postHint, "beitrag": postHint, "postcontainer": postHint, "blockpost": postHint, "postitem": postHint, "postid": postHint,
	"postblock": postHint, "postbox": postHint,
	"question": questionHint, "vraag": questionHint, "frage": questionHint,
	"answer": answerHint, "answers": answerHint, "antwoord": answerHint, "antwoorden": answerHint, "antwort": answerHint, "antworten": answerHint,
}

var hintStems = []struct {
	stem string
	hint hint
}{
	{"review", reviewHint}, {"beoordeling", reviewHint}, {"bewertung", reviewHint}, {"recensie", reviewHint}, {"testimonial", reviewHint},
	{"comment", commentHint}, {"kommentar", commentHint}, {"meinung", reviewHint}, {"mening", reviewHint}, {"erfahrung", reviewHint}, {"ervaring", reviewHint}, {"recension", reviewHint}, {"temoign", reviewHint}, {"avaliac", reviewHint}, {"comentari", commentHint}, {"gastenboek", commentHint}, {"guestbook", commentHint}, {"gaestebuch", commentHint}, {"reactie", commentHint},
}

func wordHint(w string) hint {
	if h := hintWords[w]; h != noHint {
		return h
	}
	if len(w) > 30 {
		return noHint
	}
	for _, s := range hintStems {
		if i := strings.Index(w, s.stem); i >= 0 && !(i > 0 && s.stem == "review" && w[i-1] == 'p') { // no preview
			return s.hint
		}
	}
	return noHint
}

// trait is what else a name says of an element, a set of bits.
type trait uint32

const (
	// author names a writer for certain, person perhaps; named says "name".
	authorTrait trait = 1 << iota
	personTrait
	nameTrait
	dateTrait
	titleTrait
	bodyTrait
	// noise is what stands in a block but is not the author's text.
	noiseTrait
	// shop is what only things for sale have.
	shopTrait
	ownerTrait
	replyTrait
	verifiedTrait
	listTrait
	countTrait
	starTrait
	// meta is what tells about a text: "comment-footer" is no text.
	metaTrait
	// postText is certainly the text of a post in a thread.
	postTextTrait
	// partBody is a body by a word that is no name of whole blocks: "text", and
	// not "comment".
	partBodyTrait
)

var traitWords = map[trait]string{
	authorTrait: "author auteur autor username nickname nick unterschrift byline reviewer verfasser fn commenter commentauthor bigusername screenname " +
		"displayname schrijver afzender creator contributor wie poster-name reviewauthor authorname userlogin",
	personTrait: "user member customer consumer klant person profile poster avatar guest gast visitor bezoeker buyer koper traveler traveller reiziger gebruiker lid naam name owner kunde vcard",
	nameTrait:   "name naam username consumername customername fullname",
	dateTrait:   "date datum time timestamp timeago posted published geplaatst when wanneer tijd tijdstip pubdate datetime created age",
	titleTrait:  "title titel heading headline subject summary kop onderwerp betreff titre",
	bodyTrait:   "text body content message description desc tekst inhoud bericht cooked copy quote comment opinion postcontent postbody postmsg messagecontent inner review restore",
	noiseTrait: "actions action buttons button btn share sharing vote votes voting likes like helpful useful report flag badge badges signature sig " +
		"handtekening knoppen knop toolbar menu nav breadcrumb breadcrumbs pagination tooltip social edit edited lastedit login form ad ads advert sponsored controls permalink says thumbs " +
		"attachments attachment ratingcount count counter footer-links readmore toggle print lastmodified",
	shopTrait: "price prijs preis prix prices pricing cart basket addtocart winkelwagen winkelmand warenkorb panier sku stock voorraad checkout bestellen " +
		"tile teaser related upsell crosssell promo",
	ownerTrait:    "owner merchant seller vendor company business shop store staff bedrijf winkel developer official webshop admin manager brand",
	replyTrait:    "reply response reactie antwoord answer respons antwort reponse weerwoord",
	verifiedTrait: "verified geverifieerd verifiziert geverifieerde",
	listTrait:     "list lijst section area wrapper container holder thread wall feed overview comments reviews reacties beoordelingen recensies waarderingen testimonials answers messages kommentare bewertungen gastenboek guestbook gaestebuch commentlist reviewlist replies ervaringen tree",
	countTrait:    "count counter total number aantal summary",
	metaTrait:     "meta metadata header footer head foot kop voet attribution submitted",
	postTextTrait: "posttekst berichttekst beitragstext postbody postmsg postcontent postmessage posttext messagetext messagebody messagecontent",
}

// traitsOf is traitWords turned round; built once, never changed.
var traitsOf = func() map[string]trait {
	out := map[string]trait{}
	for t, words := range traitWords {
		for w := range strings.FieldsSeq(words) {
			out[w] |= t
		}
	}
	return out
}()

// name is what the class, id and itemprop of an element say, worked out once
// for all elements of the same name but for digits in the id.
type name struct {
	hint   hint
	traits trait
	// units are the class names that carry a hint.
	units []unit
	// part says that a class is that of a part of a block: "review-author".
	part bool
	// shape is all of it without its digits.
	shape string
}

// unit is a class name without its digits, and the hint of that.
type unit struct {
	name string
	hint hint
}

// nameless is the name of all that are called nothing.
var nameless name

// maxTokens bounds the class names of one element that are looked at.
const maxTokens = 16

// meaning is what one name says.
type meaning struct {
	hint   hint
	traits trait
	// part says that it is the name of a part of a block.
	part bool
}

// vocabulary remembers what names say, for one page after another: pages of a
// site share most of theirs.
type vocabulary struct {
	tokens map[string]meaning
	// classes are the names of elements that have nothing but a class, which
	// most are; names those of the others.
	classes map[string]*name
	names   map[called]*name
	// size is about how many bytes the names take.
	size int
}

// called is what an element is called by its attributes.
type called struct{ class, id, prop, hook string }

// maxVocabulary bounds the tokens that are remembered, maxNames the bytes of
// the names.
const (
	maxVocabulary = 20_000
	maxNames      = 1 << 19
)

var vocabularies = sync.Pool{New: func() any {
	return &vocabulary{tokens: map[string]meaning{}, classes: map[string]*name{}, names: map[called]*name{}}
}}

func (v *vocabulary) look(token string) meaning {
	m, ok := v.tokens[token]
	if !ok {
		if !utilityClass(token) {
			var room [8]string
			words := element.AppendWords(room[:0], token)
			m.hint, m.traits = says(words)
			m.part = m.hint != noHint && partOf(words)
		}
		if len(v.tokens) >= maxVocabulary {
			clear(v.tokens)
		}
		v.tokens[strings.Clone(token)] = m // the page must not be kept
	}
	return m
}

// name returns what an element is called, which nobody may change.
func (v *vocabulary) name(c called) *name {
	if c == (called{}) {
		return &nameless
	}
	c = called{clip(c.class), clip(c.id), clip(c.prop), clip(c.hook)}
	only := c == called{class: c.class}
	n := v.classes[c.class]
	if !only {
		n = v.names[c]
	}
	if n != nil {
		return n
	}
	// The page must not be kept.
	c = called{strings.Clone(c.class), strings.Clone(c.id), strings.Clone(c.prop), strings.Clone(c.hook)}
	if v.size > maxNames {
		v.size = 0
		clear(v.classes)
		clear(v.names)
	}
	n = v.read(c)
	v.size += len(c.class) + len(c.id) + len(c.prop) + len(c.hook) + len(n.shape) + 200
	if only {
		v.classes[c.class] = n
	} else {
		v.names[c] = n
	}
	return n
}

// read reads the class names, the id, the itemprop and the hook for tests of
// an element. itemprop does not say what a block is; it is read elsewhere,
// where it is complete.
func (v *vocabulary) read(c called) *name {
	n := &name{}
	var room [maxTokens + 1]unit
	units := room[:0]
	class, id, prop, hook := c.class, c.id, c.prop, c.hook
	n.shape = shapeOf(class, id, prop+hook)
	tokens := 0
	for token := range strings.FieldsSeq(class) {
		if tokens++; tokens > maxTokens {
			break
		}
		m := v.look(token)
		n.hint, n.traits = plainer(n.hint, m.hint), n.traits|m.traits
		if m.part {
			n.part = true
		} else if m.hint != noHint {
			units = append(units, unitOf(stem(token)))
		}
	}
	if id != "" {
		// Ids are of parts and wholes alike: id="edit12" may be a whole post.
		m := v.look(id)
		n.hint, n.traits = plainer(n.hint, m.hint), n.traits|m.traits&^(noiseTrait|shopTrait|verifiedTrait)
		if hintWords[id] != noHint {
			n.traits |= listTrait // there is one of it on the page
		}
	}
	if hook != "" {
		m := v.look(hook)
		n.hint, n.traits = plainer(n.hint, m.hint), n.traits|m.traits
		if m.hint != noHint && !m.part && strings.IndexByte(hook, ' ') < 0 {
			units = append(units, unitOf(hook))
		}
	}
	if prop != "" && prop != "name" { // of whom or what?
		n.traits |= v.look(prop).traits
	}
	n.units = append(n.units, units...)
	return n
}

// shapeOf is all that an element is called, without digits.
func shapeOf(class, id, others string) string {
	shape := stem(withoutPlace(class))
	for _, more := range []string{id, others} {
		if more != "" {
			shape += " " + stem(more)
		}
	}
	return strings.TrimSpace(shape)
}

// withoutPlace drops the class names that say where in its list an element
// stands.
func withoutPlace(class string) string {
	if !strings.Contains(class, "odd") && !strings.Contains(class, "even") && !strings.Contains(class, "st") && !strings.Contains(class, "alt") &&
		!strings.Contains(class, "ml-") && !strings.Contains(class, "pl-") && !strings.Contains(class, "ms-") && !strings.Contains(class, "ps-") {
		return class
	}
	var room [maxTokens]string
	out := room[:0]
	for token := range strings.FieldsSeq(class) {
		switch strings.ToLower(token) {
		case "odd", "even", "oneven", "first", "last", "alt":
		default:
			if !indents(token) {
				out = append(out, token)
			}
		}
	}
	return strings.Join(out, " ")
}

// indents tells utility classes that move an element to the right, as replies
// are: "ml-12".
func indents(token string) bool {
	side, size, ok := strings.Cut(token, "-")
	switch side {
	case "ml", "pl", "ms", "ps":
		return ok && strings.Trim(size, "0123456789") == ""
	}
	return false
}

func clip(s string) string { return s[:min(len(s), 1000)] }

// says returns what the words of one name say.
func says(words []string) (h hint, traits trait) {
	person := false // does the word before name one?
	for _, w := range words {
		h = plainer(h, wordHint(w))
		said := traitsOf[w]
		if strings.HasSuffix(w, "title") && w != "subtitle" && w != "usertitle" {
			said |= titleTrait
		}
		if person && said&titleTrait != 0 { // of the person, not of the text
			said = said&^titleTrait | nameTrait
		}
		if person {
			said &^= shopTrait // "avatar-stock"
		}
		person = person && wordHint(w) == noHint || said&(personTrait|authorTrait) != 0
		traits |= said
		if said&bodyTrait != 0 && wordHint(w) == noHint {
			traits |= partBodyTrait
		}
		if element.StarWord(w) {
			traits |= starTrait
		}
		if strings.HasSuffix(w, "content") || strings.HasSuffix(w, "body") || strings.HasSuffix(w, "tekst") || strings.HasSuffix(w, "text") && w != "smalltext" {
			traits |= bodyTrait | partBodyTrait
		}
		if strings.HasSuffix(w, "author") || strings.HasSuffix(w, "username") || strings.HasSuffix(w, "nickname") || strings.HasSuffix(w, "screenname") {
			traits |= authorTrait
		}
		if strings.HasSuffix(w, "date") && w != "update" || strings.HasSuffix(w, "datum") {
			traits |= dateTrait
		}
	}
	return h, traits
}

// utilityClass tells names that only lay out, of Bootstrap and its like, and
// hooks for scripts.
func utilityClass(token string) bool {
	if strings.HasPrefix(token, "js-") {
		return true
	}
	for _, p := range []string{"text-", "content-", "list-", "order-", "fw-", "col-", "flex-", "justify-", "align-"} {
		if rest, ok := strings.CutPrefix(token, p); ok {
			switch rest {
			case "body", "content", "block", "full", "long", "original", "wrapper", "container", "wrap", "inner", "item", "text":
				return false
			}
			return !strings.ContainsAny(rest, "-_") || p == "text-" && strings.Trim(rest[strings.LastIndexByte(rest, '-')+1:], "0123456789") == "" || strings.HasPrefix(rest, "md-") || strings.HasPrefix(rest, "sm-") || strings.HasPrefix(rest, "lg-")
		}
	}
	return false
}

// partOf tells whether a name with a hint, in its words, is that of a part of a
// block:
// "review-author" and "message-user" are, "user-review" is not.
func partOf(words []string) bool {
	hinted := false
	for _, w := range words {
		if wordHint(w) != noHint {
			hinted = true
		} else if hinted && traitsOf[w]&(authorTrait|personTrait|dateTrait|titleTrait|noiseTrait) != 0 {
			return true
		}
	}
	return false
}

func (n *name) is(t trait) bool { return n.traits&t != 0 }

// stem drops the digits of a name, so that post12 and post13 are one.
func stem(s string) string {
	if !element.Digit(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// hintHeads are what every name with a hint contains, in lower case.
var hintHeads = terms.New("review", "comment", "post", "message", "beoordel", "reactie", "recensie", "ervaring", "testimonial", "avis",
	"opini", "feedback", "recensi", "meinung", "erfahrung", "temoign", "avaliac", "comentari", "gastenboek", "guestbook", "gaestebuch", "rezension", "bewertung", "kommentar", "repl", "bericht", "beitrag", "question", "answer", "vraag", "antwo", "waardering", "star", "rating", "mening", "klacht", "complaint")

// gradeSigns are what pages show grades by whose names say nothing, and how they
// ask what a review was worth.
var gradeSigns = [][]byte{[]byte("★"), []byte("sterren"), []byte(" of 5"), []byte("van 5"), []byte("de 5 "), []byte("/5<"), []byte("/10<"), []byte("/5\""), []byte("/10\""), []byte("nuttig?"), []byte("helpful?")}

// controlHeads are in what one can do with a comment.
var controlHeads = terms.New("reply", "beantwoord", "reage", "antwort", "répondre", "nuttig", "helpful", "hilfreich", "utile")

// hasHint tells, without a DOM, whether the name of any tag hints at blocks,
// a heading or button does, or the page shows grades: the cheap look at a page
// that has none.
func hasHint(body []byte) bool {
	return namesHint(body) || slices.ContainsFunc(gradeSigns, func(sign []byte) bool { return bytes.Contains(body, sign) })
}

// namesHint tells whether the name of any tag, a heading or a button hints at
// blocks.
func namesHint(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '<')
		if i < 0 || i+1 >= len(body) {
			return false
		}
		body = body[i+1:]
		if !letter(body[0]) {
			continue
		}
		end := bytes.IndexByte(body, '>')
		if end < 0 {
			end = len(body)
		}
		tag := body[:end]
		if terms.Hold(tag, hintHeads) {
			return true
		}
		body = body[end:]
		switch {
		case len(tag) > 1 && tag[0]|0x20 == 'h' && '1' <= tag[1] && tag[1] <= '6', len(tag) == 5 && strings.EqualFold(string(tag), "title"):
			if t := textAfter(body); terms.Hold(t, hintHeads) || said(string(t)) != noHint {
				return true
			}
		case bytes.Contains(tag, []byte("button")):
			if terms.Hold(textAfter(body), controlHeads) {
				return true
			}
		}
	}
}

// textAfter is the text behind the ">" of a tag, or within the tags that follow
// it at once, up to the next; none where much else stands before it.
func textAfter(body []byte) []byte {
	body = body[:min(len(body), 300)]
	for {
		end := bytes.IndexByte(body, '>')
		if end < 0 {
			return nil
		}
		body = bytes.TrimSpace(body[end+1:])
		if next := bytes.IndexByte(body, '<'); next > 0 {
			return body[:next]
		} else if next < 0 {
			return body
		}
	}
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
