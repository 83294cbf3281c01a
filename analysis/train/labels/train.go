package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"klank/analysis/moments"
	"klank/analysis/sentiment"
	"klank/analysis/text"
	"klank/mention"
)

// The constants of training.
const (
	epochs    = 12
	learnRate = 0.1
	// damp is added to the root of AdaGrad's sum of squares: a word that was
	// seen once moves little.
	damp = 0.3
	// seldom is in how many texts a feature must stand to be learned from.
	seldom = 2
	// everydayTurns is how often an everyday text comes by in an epoch, and
	// everydayCount how often it counts in the choice of thresholds: they are
	// few in the corpus and most of what is read in the world.
	everydayTurns, everydayCount = 3, 9
	// falseAlarm is how much worse it is to give a touchpoint or a lens wrongly
	// than to miss it: the corpus has more of the rare ones than the world has.
	falseAlarm = 2
	// smooth is over how many tenths of a score, to both sides, the figures are
	// averaged when a threshold is chosen.
	smooth = 5
	// trust is added to what a pattern weighs for its own label, and taken off
	// where it is not found. The corpus has more unusual than usual wordings, so
	// that patterns fail there more often than elsewhere.
	trust = 2.5
)

// example is a text of the corpus as numbers.
type example struct {
	labels    uint64
	part      int
	everyday  bool
	sentences [][]int32 // features, by their place in the vocabulary
}

// trainer learns one logistic regression for each label.
type trainer struct {
	finder     *moments.Finder
	feeler     *sentiment.Scorer
	names      []string
	vocabulary []uint32
	patterns   []int32 // by label: its pattern's place in the vocabulary, or -1
	examples   []example
}

func newTrainer(texts []labelled) (*trainer, error) {
	f, err := moments.Untrained()
	if err != nil {
		return nil, err
	}
	t := &trainer{finder: f, names: f.Labels()}
	if t.feeler, err = sentiment.New(); err != nil {
		return nil, err
	}
	var w moments.Work
	var none, d text.Doc
	var feelings sentiment.Work
	hashes := make([][][]uint32, len(texts))
	stands := map[uint32]int{}
	for i := range texts {
		d.Parse(texts[i].Text)
		felt := t.feeler.Score(&feelings, &none, &d, texts[i].language())
		for n, s := range d.Sentences {
			hashes[i] = append(hashes[i], append([]uint32(nil), f.Features(&w, &d, s, texts[i].language(), felt.Sentences[n])...))
		}
		once := map[uint32]bool{}
		for _, sentence := range hashes[i] {
			for _, h := range sentence {
				if !once[h] {
					once[h] = true
					stands[h]++
				}
			}
		}
	}
	place := map[uint32]int32{}
	for i := range texts {
		e := example{part: part(texts[i].Author), everyday: texts[i].everyday}
		for l, name := range t.names {
			if texts[i].has(name) {
				e.labels |= 1 << l
			}
		}
		for _, sentence := range hashes[i] {
			var x []int32
			for _, h := range sentence {
				if stands[h] < seldom {
					continue
				}
				p, ok := place[h]
				if !ok {
					p = int32(len(t.vocabulary))
					place[h] = p
					t.vocabulary = append(t.vocabulary, h)
				}
				x = append(x, p)
			}
			e.sentences = append(e.sentences, x)
		}
		t.examples = append(t.examples, e)
	}
	for l := range t.names {
		p, ok := place[moments.PatternFeature(l)]
		if !ok {
			p = -1
		}
		t.patterns = append(t.patterns, p)
	}
	return t, nil
}

// regression is the model of one label.
type regression struct {
	bias    float64
	weights []float32
}

func (r *regression) score(x []int32) float64 {
	var sum float32
	for _, f := range x {
		sum += r.weights[f]
	}
	return float64(sum) + r.bias
}

// best is the highest score of a text's sentences, and which one has it.
func (r *regression) best(e *example) (score float64, at int) {
	score = math.Inf(-1)
	for i, x := range e.sentences {
		if s := r.score(x); s > score {
			score, at = s, i
		}
	}
	return score, at
}

// learn fits the model of a label to the texts of all parts but the held back
// and one more. The labels of a text are the union of its sentences': in a
// text of several, the sentence that scores best is taken for the one that a
// label is about, and nothing is learned from the others.
func (t *trainer) learn(label, without int) *regression {
	r := &regression{bias: -2, weights: make([]float32, len(t.vocabulary))}
	squares, biasSquare := make([]float32, len(t.vocabulary)), 0.0
	step := func(x []int32, want float64) {
		g := 1/(1+math.Exp(-r.score(x))) - want
		if math.Abs(g) < 0.005 {
			return
		}
		biasSquare += g * g
		r.bias -= learnRate * g / math.Sqrt(biasSquare)
		for _, f := range x {
			squares[f] += float32(g * g)
			r.weights[f] -= float32(learnRate * g / (math.Sqrt(float64(squares[f])) + damp))
		}
	}
	var order []int
	for i := range t.examples {
		e := &t.examples[i]
		if e.part == 0 || e.part == without {
			continue
		}
		order = append(order, i)
		for range everydayTurns - 1 {
			if e.everyday {
				order = append(order, i)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, uint64(label)))
	mean, meanBias := make([]float32, len(t.vocabulary)), 0.0
	for epoch := range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			e := &t.examples[i]
			switch {
			case e.labels&(1<<label) == 0:
				for _, x := range e.sentences {
					step(x, 0)
				}
			case len(e.sentences) == 1:
				step(e.sentences[0], 1)
			case epoch > 0:
				_, at := r.best(e)
				step(e.sentences[at], 1)
			}
		}
		if epoch >= epochs/2 {
			for f, x := range r.weights {
				mean[f] += x / (epochs - epochs/2)
			}
			meanBias += r.bias / (epochs - epochs/2)
		}
	}
	r.weights, r.bias = mean, meanBias
	r.bias -= trust
	if p := t.patterns[label]; p >= 0 {
		r.weights[p] += 2 * trust
	}
	return r
}

// threshold finds the score from which a label is best given: every part is
// scored by a model that has not seen it.
func (t *trainer) threshold(label int) float64 {
	scores := make([]float64, len(t.examples))
	for p := 1; p < parts; p += 2 {
		r := t.learn(label, p)
		for i := range t.examples {
			if e := &t.examples[i]; e.part == p {
				scores[i], _ = r.best(e)
			}
		}
	}
	var curve []float64
	for x := -4.0; x <= 4; x += 0.1 {
		var c counts
		for i := range t.examples {
			if e := &t.examples[i]; e.part%2 == 1 {
				n := 1
				if e.everyday {
					n = everydayCount
				}
				want := e.labels&(1<<label) != 0
				if !want && !slices.Contains(mention.Signals, t.names[label]) {
					n *= falseAlarm
				}
				c.add(want, scores[i] > x, n)
			}
		}
		curve = append(curve, c.f1())
	}
	best, at := -1.0, 0
	for i := smooth; i < len(curve)-smooth; i++ {
		sum := 0.0
		for _, f := range curve[i-smooth : i+smooth+1] {
			sum += f
		}
		if sum > best {
			best, at = sum, i
		}
	}
	return -4 + 0.1*float64(at)
}

// model learns every label and packs the weights that matter most into a file
// of at most size bytes.
func (t *trainer) model(size int) []byte {
	labels := make([]*regression, len(t.names))
	var all sync.WaitGroup
	for l := range labels {
		all.Go(func() {
			r := t.learn(l, -1)
			r.bias -= t.threshold(l)
			labels[l] = r
		})
	}
	all.Wait()
	for least := float32(0.01); ; least *= 1.1 {
		var w moments.Weights
		for l, r := range labels {
			lw := moments.LabelWeights{Label: t.names[l], Bias: float32(r.bias), Features: map[uint32]float32{}}
			for f, x := range r.weights {
				if x >= least || -x >= least {
					lw.Features[t.vocabulary[f]] = x
				}
			}
			w.Labels = append(w.Labels, lw)
		}
		if file := w.Encode(); len(file) <= size {
			return file
		}
	}
}
