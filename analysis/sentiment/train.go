package sentiment

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"klank/analysis/text"
	"klank/mention"
)

// Example is a text with what its author felt.
type Example struct {
	Title, Text string
	// Label is negative, neutral or positive.
	Label string
	// Stars is the author's rating, 1..5, or 0.
	Stars int
	// Weight is how much the label counts, StarsWeight how much the stars do.
	Weight, StarsWeight float64
	// Binary tells that its set has no neutral texts, so that nothing is
	// learnt about neutrality from it.
	Binary bool
}

// Training says how a model is learnt.
type Training struct {
	Language string // nl or en
	Examples []Example
	// Held are not learnt from; the slope of the probabilities is fitted to
	// them. Without any, the slope is that of Start, or 1.
	Held []Example
	// Start is a model to start from and stay near to; nil begins anew.
	Start *Model
	// Words is what the words of the lists weigh together, each as an example
	// of its valence: it makes the model trust the rules on texts of kinds
	// that were not learnt, and brings the lists' letters into it.
	Words float64
	// Epochs is how often the examples are read.
	Epochs int
	// Rate is the size of the steps, Decay how much nearer to the start an
	// epoch ends, and Dropout the share of n-grams left out of each reading.
	Rate, Decay, Dropout float64
}

// Train learns a model by stochastic gradient descent (AdaGrad: Duchi, Hazan,
// Singer, JMLR 12, 2011). The same training gives the same model on the same
// kind of processor. The error is that of ctx.
func (s *Scorer) Train(ctx context.Context, t Training) (*Model, error) {
	examples := t.Examples
	if t.Words > 0 {
		examples = slices.Concat(examples, s.wordExamples(t.Language, t.Words))
	}
	l := newLearner(t.Start)
	rows := s.rows(t.Language, examples)
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(1, uint64(len(rows))))
	for epoch := range t.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		l.rate = float32(t.Rate * (1 - 0.8*float64(epoch)/float64(t.Epochs)))
		for n, i := range order {
			if n%256 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			l.learn(&rows[i], &examples[i], t.Dropout, random)
		}
		l.settle(float32(t.Decay))
		if epoch >= t.Epochs/2 {
			l.remember()
		}
	}
	m := l.model()
	if len(t.Held) > 0 {
		m.slope = s.slope(m, t.Language, t.Held)
	}
	return m, nil
}

// strongWord is the valence from which a word is an example by itself.
const strongWord = 0.3

func (s *Scorer) wordExamples(language string, mass float64) []Example {
	from, _ := span(language)
	var out []Example
	for w, v := range s.lexicons[from].words.all() {
		switch {
		case v >= strongWord:
			out = append(out, Example{Text: w, Label: mention.Positive, Binary: true})
		case v <= -strongWord:
			out = append(out, Example{Text: w, Label: mention.Negative, Binary: true})
		}
	}
	for i := range out {
		out[i].Weight = mass / float64(len(out))
	}
	return out
}

// row is an example as the learner sees it.
type row struct {
	grams
	dense dense
}

func (s *Scorer) rows(language string, examples []Example) []row {
	rows := make([]row, len(examples))
	var w Work
	var title, body text.Doc
	for i := range examples {
		title.Parse(examples[i].Title)
		body.Parse(examples[i].Text)
		r := &rows[i]
		s.read(&w, &title, &body, language, func(d *text.Doc, sent text.Sentence) {
			r.sentence(d.Tokens[sent.First:sent.Last], w.tokens)
		})
		r.dense = weigh(w.felt, len(title.Sentences), paramsOf(language))
	}
	return rows
}

// learner holds the weights while they are learnt, and for each the sum of
// its squared gradients.
type learner struct {
	start          *learner
	rate           float32
	table, squares [][outputs]float32
	dense, denseSq [denseCount][outputs]float32
	cuts, cutsSq   [4]float32

	// kept are sums over the epochs that are averaged in the end.
	kept      [][outputs]float32
	keptDense [denseCount][outputs]float32
	keptCuts  [4]float32
	epochs    float32
	slope     float32
}

// firstCuts are those of ratings that are mostly good, as on review sites;
// they stay where no example has stars.
var firstCuts = [4]float32{-1.5, -0.75, 0, 1}

func newLearner(start *Model) *learner {
	l := &learner{
		table: make([][outputs]float32, 1<<tableBits), squares: make([][outputs]float32, 1<<tableBits),
		kept: make([][outputs]float32, 1<<tableBits), cuts: firstCuts, slope: 1,
	}
	if start == nil {
		return l
	}
	l.cuts, l.dense, l.slope = start.cuts, start.dense, start.slope
	for i := range l.table {
		for k := range outputs {
			l.table[i][k] = float32(int8(start.table[i*outputs+k])) * start.scale[k]
		}
	}
	l.start = &learner{table: slices.Clone(l.table), dense: l.dense}
	return l
}

// learn takes one step by one example.
func (l *learner) learn(r *row, e *Example, dropout float64, random *rand.Rand) {
	left := float32(1 - dropout)
	byWords, byChars := root(len(r.words))/left, root(len(r.chars))/left
	salt, limit := random.Uint32()|1, uint32(dropout*(1<<32))
	keeps := func(i uint32) bool { return (i+1)*hashTimes*salt >= limit }
	var z [outputs]float32
	read := func(ids []uint32, x float32) {
		for _, i := range ids {
			if keeps(i) {
				for k, w := range l.table[i] {
					z[k] += x * w
				}
			}
		}
	}
	read(r.words, byWords)
	read(r.chars, byChars)
	for i, x := range r.dense {
		for k, w := range l.dense[i] {
			z[k] += x * w
		}
	}
	g := l.gradient(z, e)
	write := func(ids []uint32, x float32) {
		for _, i := range ids {
			if keeps(i) {
				l.step(&l.table[i], &l.squares[i], &g, x)
			}
		}
	}
	write(r.words, byWords)
	write(r.chars, byChars)
	for i, x := range r.dense {
		l.step(&l.dense[i], &l.denseSq[i], &g, x)
	}
}

// gradient is that of the logistic loss over the classes, by each output.
func (l *learner) gradient(z [outputs]float32, e *Example) (g [outputs]float32) {
	weight := float32(e.Weight)
	negative, neutral, positive := softmax(float64(z[polarity]), float64(z[neutrality]))
	if e.Binary {
		positive = sigmoid(2 * float64(z[polarity]))
		negative, neutral = 1-positive, 0
	}
	g[polarity] = weight * float32(positive-negative)
	g[neutrality] = weight * float32(neutral)
	switch e.Label {
	case mention.Positive:
		g[polarity] -= weight
	case mention.Negative:
		g[polarity] += weight
	case mention.Neutral:
		g[neutrality] -= weight
	}
	l.askStars(&g, z[rating], e)
	return g
}

// guessed is what stars that follow from a label count beside an author's.
const guessed = 0.3

// askStars adds the gradient of the logistic loss over "more than k stars" for
// each k. A label alone leaves some open: praise is at least four stars, blame
// at most two.
func (l *learner) askStars(g *[outputs]float32, z float32, e *Example) {
	least, most, weight := e.Stars, e.Stars, float32(e.StarsWeight)
	if e.Stars == 0 {
		weight = guessed * float32(e.Weight)
		switch e.Label {
		case mention.Positive:
			least, most = 4, 5
		case mention.Negative:
			least, most = 1, 2
		default:
			least, most = 3, 3
		}
	}
	for k := range l.cuts {
		d := weight * float32(sigmoid(float64(z-l.cuts[k])))
		switch {
		case least > k+1:
			d -= weight
		case most > k+1:
			continue
		}
		g[rating] += d
		if e.Stars > 0 {
			l.cutsSq[k] += d * d
			l.cuts[k] += l.rate * d / sqrt(l.cutsSq[k]+smooth)
		}
	}
}

// smooth keeps the first steps small.
const smooth = 1e-2

func (l *learner) step(w, squares, g *[outputs]float32, x float32) {
	for k := range outputs {
		if d := g[k] * x; d != 0 {
			squares[k] += d * d
			w[k] -= l.rate * d / sqrt(squares[k]+smooth)
		}
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// settle moves the weights towards those of the start, or towards none.
func (l *learner) settle(by float32) {
	for i := range l.table {
		var to [outputs]float32
		if l.start != nil {
			to = l.start.table[i]
		}
		for k := range outputs {
			l.table[i][k] += by * (to[k] - l.table[i][k])
		}
	}
	if l.start == nil {
		return
	}
	for i := range l.dense {
		for k := range outputs {
			l.dense[i][k] += by * (l.start.dense[i][k] - l.dense[i][k])
		}
	}
}

// remember adds the weights to those that are averaged in the end.
func (l *learner) remember() {
	l.epochs++
	for i := range l.table {
		for k := range outputs {
			l.kept[i][k] += l.table[i][k]
		}
	}
	for i := range l.dense {
		for k := range outputs {
			l.keptDense[i][k] += l.dense[i][k]
		}
	}
	for k := range l.cuts {
		l.keptCuts[k] += l.cuts[k]
	}
}

// model is the mean of what was remembered, the table in steps of a byte.
func (l *learner) model() *Model {
	m := &Model{slope: l.slope}
	table := make([]byte, tableSize)
	for k := range outputs {
		top := float32(0)
		for i := range l.kept {
			top = max(top, l.kept[i][k], -l.kept[i][k])
		}
		if top == 0 {
			continue
		}
		unit := top / math.MaxInt8
		m.scale[k] = unit / l.epochs
		for i := range l.kept {
			table[i*outputs+k] = byte(int8(math.Round(float64(l.kept[i][k] / unit))))
		}
	}
	for i := range l.dense {
		for k := range outputs {
			m.dense[i][k] = l.keptDense[i][k] / l.epochs
		}
	}
	for k := range l.cuts {
		m.cuts[k] = l.keptCuts[k] / l.epochs
	}
	m.table = string(table)
	return m
}

// slope finds the slope that makes the labels of the held examples likeliest.
func (s *Scorer) slope(m *Model, language string, held []Example) float32 {
	rows := s.rows(language, held)
	outs := make([][outputs]float32, len(rows))
	for i := range rows {
		part := m.sum(&rows[i].grams)
		outs[i] = m.logits(&part, &rows[i].dense)
	}
	best, least := float32(1), math.Inf(1)
	for x := float32(0.3); x <= 2; x += 0.05 {
		loss := 0.0
		for i, z := range outs {
			negative, neutral, positive := softmax(float64(x*z[polarity]), float64(x*z[neutrality]))
			if held[i].Binary {
				positive /= positive + negative
				negative = 1 - positive
			}
			p := map[string]float64{mention.Negative: negative, mention.Neutral: neutral, mention.Positive: positive}[held[i].Label]
			loss -= held[i].Weight * math.Log(max(p, 1e-9))
		}
		if loss < least {
			best, least = x, loss
		}
	}
	return best
}
