package element

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"klank/mention"
	"klank/parsers/normalize"
	"klank/parsers/terms"
)

// Rating reads the grade that an element shows: said in words for screen
// readers ("4 van 5 sterren"), in data attributes, by glyphs, by the width of
// a bar of stars, by full and empty icons, by class ("stars-4", "rating_45")
// or by the name of an image. The plainest evidence wins, the outer element
// before the inner; evidence that contradicts itself is none. It returns nil
// where nothing shows a grade; plain numbers do not.
func Rating(n *html.Node) *mention.Rating {
	var r ratings
	starry := map[*html.Node]bool{}
	walk(n, func(n *html.Node, depth int) bool {
		starry[n] = Starry(n) || starry[n.Parent]
		own := ownText(n)
		if own == "" && starry[n] && n.FirstChild != nil {
			if all := Text(n, 60); strings.ContainsAny(all, "★☆⭐") {
				own = all // one element a star
			}
		}
		r.element(n, own, depth, starry[n])
		return true
	})
	return r.best()
}

// evidence is how plainly a grade is shown; more is plainer.
type evidence int

const (
	byImage evidence = iota + 1
	byFullRow
	byClass
	byIcons
	byWidth
	byGlyphs
	byPhrase
	byData
	byScale
	byValue
)

// guess is one reading of a grade.
type guess struct {
	value, best string
	evidence    evidence
	depth       int
}

// ratings collects the guesses of one subtree.
type ratings struct{ guesses []guess }

func (r *ratings) add(value, best string, e evidence, depth int) {
	if v, err := strconv.ParseFloat(strings.Replace(value, ",", ".", 1), 64); err != nil || v <= 0 {
		return
	}
	r.guesses = append(r.guesses, guess{value, best, e, depth})
}

func (r *ratings) best() *mention.Rating {
	if len(r.guesses) == 0 {
		return nil
	}
	slices.SortStableFunc(r.guesses, func(a, b guess) int {
		if a.evidence != b.evidence {
			return int(b.evidence - a.evidence)
		}
		return a.depth - b.depth
	})
	first := r.guesses[0]
	for _, g := range r.guesses[1:] {
		if g.evidence == first.evidence && g.depth == first.depth && (g.value != first.value || g.best != first.best) {
			return nil // a list of several grades, not one
		}
	}
	return normalize.Rating(first.value, first.best, "")
}

// ownText returns the text directly in n, unless it is long.
func ownText(n *html.Node) string {
	var own strings.Builder
	for c := n.FirstChild; c != nil && own.Len() < 100; c = c.NextSibling {
		if c.Type == html.TextNode {
			own.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(own.String())
}

// element adds what the element n itself shows, own being the text directly
// in it; starry says that it or one above it is called one of stars.
func (r *ratings) element(n *html.Node, own string, depth int, starry bool) {
	var style, class, max string
	for _, a := range n.Attr {
		v := strings.TrimSpace(a.Val)
		switch a.Key {
		case "itemprop":
			if v == "ratingValue" {
				r.add(firstNumber(firstOf(Attr(n, "content"), Text(n, 20))), "", byValue, depth)
			}
		case "aria-label", "title", "alt":
			r.phrase(v, depth)
		case "aria-valuenow":
			if m := Attr(n, "aria-valuemax"); m != "" {
				r.add(v, m, byValue, depth)
			}
		case "value":
			if n.Data == "meter" {
				r.add(v, Attr(n, "max"), byValue, depth)
			}
		case "style":
			style = v
		case "class":
			class = v
		case "src":
			r.image(v, depth)
		case "data-rating", "data-score", "data-stars", "data-star", "data-rating-value", "data-rate", "data-rateit-value", "data-grade", "data-star-rating":
			max = firstOf(Attr(n, "data-max"), Attr(n, "data-best"), Attr(n, "data-rating-max"), Attr(n, "data-rateit-max"), Attr(n, "data-max-rating"))
			r.add(v, max, byData, depth)
		case "data-value":
			if starry {
				r.add(v, Attr(n, "data-max"), byData, depth)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Svg {
			r.drawing(c, depth)
		}
	}
	if starry {
		if pct, ok := Width(style); ok {
			r.add(fromPercent(pct), "5", byWidth, depth)
		}
		if v, best, ok := ClassGrade(class); ok {
			r.add(v, best, byClass, depth)
		}
		r.icons(n, depth)
		if strings.HasPrefix(own, "/") || strings.HasPrefix(own, "van ") || strings.HasPrefix(own, "of ") || strings.HasPrefix(own, "out of ") || strings.HasPrefix(own, "von ") {
			r.phrase(Text(n, 30), depth) // "<b>4</b> / 5"
		}
	} else {
		if starsWithin(n) {
			r.icons(n, depth)
		}
		if pct, ok := Width(style); ok && own != "" && strings.Trim(own, "★⭐") == "" { // full stars cut short
			r.add(fromPercent(pct), "5", byWidth, depth)
		}
	}
	r.text(own, depth)
}

// drawing adds what a drawing of stars says of itself.
func (r *ratings) drawing(svg *html.Node, depth int) {
	r.phrase(Attr(svg, "aria-label"), depth)
	if t := svg.FirstChild; t != nil && t.Data == "title" {
		r.phrase(Text(t, 60), depth)
	}
}

// text adds what a text says in a few words or glyphs.
func (r *ratings) text(s string, depth int) {
	if s == "" || len(s) > 80 {
		return
	}
	r.phrase(s, depth)
	filled, empty := 0, 0
	for _, c := range s {
		switch c {
		case '★', '⭐':
			filled++
		case '☆':
			empty++
		case ' ', '\u00a0', '\t', '\n', '\r', '\ufe0f':
		default:
			return
		}
	}
	switch {
	case filled == 0 || filled+empty > 10:
	case empty > 0 || filled > 1 && filled < 5:
		r.add(strconv.Itoa(filled), strconv.Itoa(max(5, filled+empty)), byGlyphs, depth)
	case filled == 5:
		r.add("5", "5", byFullRow, depth)
	}
}

// maxBeforeStars is how many elements before a row of stars are looked at.
const maxBeforeStars = 8

// starsWithin tells whether one of the first elements in n is called a star, so
// that there may be a row of them.
func starsWithin(n *html.Node) bool {
	seen := 0
	for c := n.FirstChild; c != nil && seen < maxBeforeStars; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		seen++
		class := Attr(c, "class")
		if (strings.Contains(class, "star") || strings.Contains(class, "ster")) && len(class) < 200 && slices.ContainsFunc(Words(class), StarWord) {
			return true
		}
	}
	return false
}

// icons counts child elements that are full, partly full and empty stars.
func (r *ratings) icons(n *html.Node, depth int) {
	var filled float64
	full, half, empty, plain := 0, 0, 0, 0
	awesome := false // in these fonts a star without a state is a full one
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		icon := c
		if f := c.FirstChild; Attr(c, "class") == "" && f != nil && f.Type == html.ElementNode {
			icon = f // a button or item around each star
		}
		class := Attr(icon, "class")
		part, kind := iconFill(firstOf(symbol(icon), ligature(icon, class), class, Attr(icon, "src")))
		switch kind {
		case "full":
			full++
		case "half":
			half++
		case "empty":
			empty++
		case "star":
			plain++
			awesome = strings.Contains(class, "fa-star") || strings.Contains(class, "mdi-star") || strings.Contains(class, "material-")
		}
		filled += part
	}
	switch {
	case empty+half+full == 0 && awesome:
		full, filled = plain, float64(plain)
	case empty == 0 && half == 0:
		empty = plain // <i class="star on"> among <i class="star">
	default:
		full, filled = full+plain, filled+float64(plain)
	}
	total := full + half + empty
	if total != 5 && total != 6 && total != 10 || filled == 0 {
		return
	}
	e := byIcons
	if full == total {
		e = byFullRow
	}
	r.add(strconv.FormatFloat(filled, 'g', -1, 64), strconv.Itoa(total), e, depth)
}

// symbol returns the name of what a drawing shows by reference:
// <svg><use href="#star-full">.
func symbol(svg *html.Node) string {
	if svg.Data != "svg" {
		return ""
	}
	for c := svg.FirstChild; c != nil; c = c.NextSibling {
		if c.Data == "use" {
			_, name, _ := strings.Cut(Attr(c, "href"), "#")
			if part, kind := iconFill(name); kind != "star" || part > 0 {
				return name
			}
			return "" // the state may be in a class
		}
	}
	return ""
}

// ligature returns the name of an icon that a font draws for a word:
// <i class="material-icons">star_border</i>.
func ligature(icon *html.Node, class string) string {
	if !strings.Contains(class, "material-") {
		return ""
	}
	return Text(icon, 20)
}

// iconFill tells how much of an icon is filled and what it is: full, half
// (or any part), empty, a star of no state, or "" for no star. A number
// before the state is a percentage: "star-75-filled".
func iconFill(name string) (part float64, kind string) {
	star, state := false, ""
	words := Words(name)
	percent := -1
	for i, w := range words {
		star = star || StarWord(w) && w != "rating" && w != "score" && w != "waardering" && w != "cijfer"
		s := iconStates[w]
		if s == "" || state != "" && state != "full" {
			continue
		}
		state = s
		if i > 0 && s == "full" {
			if n, err := strconv.Atoi(words[i-1]); err == nil && n <= 100 {
				percent = n
			}
		}
	}
	switch {
	case !star && state == "":
		return 0, ""
	case state == "full" && percent == 0:
		return 0, "empty"
	case state == "full" && percent > 0 && percent < 100:
		return float64(percent) / 100, "half"
	case state == "full":
		return 1, "full"
	case state == "half":
		return 0.5, "half"
	case state == "empty":
		return 0, "empty"
	}
	return 0, "star"
}

// iconStates are the words that tell full stars from empty ones.
var iconStates = map[string]string{
	"full": "full", "filled": "full", "active": "full", "on": "full", "checked": "full", "solid": "full", "selected": "full",
	"gold": "full", "yellow": "full", "fill": "full", "fas": "full", "lit": "full", "vol": "full", "gevuld": "full",
	"half":  "half",
	"empty": "empty", "off": "empty", "outline": "empty", "border": "empty", "o": "empty", "inactive": "empty", "gray": "empty", "grey": "empty",
	"far": "empty", "unchecked": "empty", "leeg": "empty", "unfilled": "empty", "blank": "empty",
}

// phrase adds a grade said in words: with its scale ("4 van 5", "4,6/5"), by
// stars ("4 stars") or announced ("rating: 8").
func (r *ratings) phrase(s string, depth int) {
	if len(s) > 120 || !Digit(s) || strings.IndexByte(s, '/') < 0 && !terms.Hold(s, gradeWords) {
		return
	}
	value, best, e := Phrase(s)
	if value != "" {
		r.add(value, best, e, depth)
	}
}

// Starry tells whether an element is called one of stars or grades.
func Starry(n *html.Node) bool {
	for _, a := range n.Attr {
		if (a.Key == "class" || a.Key == "id") && mayBeStar(a.Val) && slices.ContainsFunc(Words(a.Val), StarWord) {
			return true
		}
	}
	return false
}

// starHeads are what every StarWord of ASCII contains.
var starHeads = terms.New("star", "ster", "etoile", "rating", "rated", "score", "waardering", "cijfer", "estrella", "stelle")

// mayBeStar is a cheap look before the words of a name.
func mayBeStar(name string) bool {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return true
		}
	}
	return terms.Hold(name, starHeads)
}

// StarWord tells words for stars and grades, in class names and in phrases.
func StarWord(w string) bool {
	switch w {
	case "star", "stars", "starred", "ster", "sterren", "stern", "sterne", "sternen", "etoile", "étoile", "etoiles", "étoiles",
		"rating", "ratings", "rated", "score", "waardering", "cijfer", "estrella", "estrellas", "stelle":
		return true
	}
	for _, p := range []string{"user", "star", "review", "product", "customer", "overall", "avg", "average", "item", "small", "big", "five"} {
		if rest, ok := strings.CutPrefix(w, p); ok && (rest == "rating" || rest == "stars" || rest == "star" || rest == "score") {
			return true
		}
	}
	return false
}

// Width returns the percentage of a width in a style.
func Width(style string) (float64, bool) {
	for part := range strings.SplitSeq(style, ";") {
		name, value, ok := strings.Cut(part, ":")
		if !ok || strings.ToLower(strings.TrimSpace(name)) != "width" {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(value), "%")
		if !ok {
			return 0, false
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		return f, err == nil && f > 0 && f <= 100
	}
	return 0, false
}

func fromPercent(pct float64) string {
	return strconv.FormatFloat(float64(int(pct*5+0.5))/100, 'g', -1, 64)
}

// image adds the grade in the name of an image of stars: "stars_3.gif".
func (r *ratings) image(src string, depth int) {
	if len(src) > 500 {
		return
	}
	src, _, _ = strings.Cut(src, "?")
	name := path.Base(src)
	name = strings.TrimSuffix(name, path.Ext(name))
	if !Digit(name) || !mayBeStar(name) {
		return
	}
	words := Words(name)
	if !slices.ContainsFunc(words, StarWord) {
		return
	}
	if v, best, ok := ClassGrade(name); ok {
		r.add(v, best, byImage, depth)
	} else if v, _, ok := ClassGrade("star-" + name); ok && len(words) == 2 { // "4-stars.png"
		r.add(v, "5", byImage, depth)
	}
}

func firstNumber(s string) string {
	for _, t := range phraseTokens(s) {
		if t.number {
			return t.text
		}
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// AttrRating reads a grade off an attribute that is known to hold one.
func AttrRating(attr, value string) *mention.Rating {
	switch attr {
	case "style":
		if pct, ok := Width(value); ok {
			return normalize.Rating(fromPercent(pct), "5", "")
		}
		return nil
	case "class":
		if v, best, ok := ClassGrade(value); ok {
			return normalize.Rating(v, best, "")
		}
	case "src":
		var r ratings
		r.image(value, 0)
		return r.best()
	}
	if v, best, _ := Phrase(value); v != "" {
		return normalize.Rating(v, best, "")
	}
	return normalize.Rating(value, "", "")
}

// Shows tells whether n itself, not what it holds, shows a grade. own is the
// text directly in n, where that is short; starry says that n or its parent
// is called one of stars (see StarWord).
func Shows(n *html.Node, own string, starry bool) bool {
	var r ratings
	r.element(n, own, 0, starry)
	return len(r.guesses) > 0
}
