package sentiment

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Model is a linear model of one language: hashed n-grams and the features of
// the rules, each with a weight for three outputs. It is read-only once made.
type Model struct {
	// table has the weights of each n-gram, one byte for each output, as they
	// lie in the file.
	table string
	scale [outputs]float32 // of one step of the table's weights
	dense [denseCount][outputs]float32
	// cuts are where the estimate passes from k to k+1 stars.
	cuts [4]float32
	// slope brings the outputs to probabilities that hold on texts of kinds
	// that were not learnt.
	slope float32
}

// The outputs: how positive, how neutral, and how many stars.
const (
	polarity = iota
	neutrality
	rating
	outputs
)

// sums are the weights of some n-grams added up.
type sums struct {
	words, chars   [outputs]int32
	nWords, nChars int
}

// add adds up the weights of n-grams.
func (m *Model) add(to *[outputs]int32, grams []uint32) {
	var a, b, c int32 // in registers
	for _, i := range grams {
		w := m.table[i*outputs : i*outputs+outputs]
		a += int32(int8(w[0]))
		b += int32(int8(w[1]))
		c += int32(int8(w[2]))
	}
	to[0], to[1], to[2] = to[0]+a, to[1]+b, to[2]+c
}

// sum returns the sums of some n-grams.
func (m *Model) sum(g *grams) sums {
	s := sums{nWords: len(g.words), nChars: len(g.chars)}
	m.add(&s.words, g.words)
	m.add(&s.chars, g.chars)
	return s
}

func (s *sums) join(t *sums) {
	for k := range outputs {
		s.words[k] += t.words[k]
		s.chars[k] += t.chars[k]
	}
	s.nWords += t.nWords
	s.nChars += t.nChars
}

// root is the length of a vector of n ones; a long text is not louder than a
// short one in proportion.
func root(n int) float32 { return float32(1 / math.Sqrt(float64(max(20, n)))) }

// logits are the outputs for some n-grams and features of the rules.
func (m *Model) logits(s *sums, f *dense) [outputs]float32 {
	byWords, byChars := root(s.nWords), root(s.nChars)
	of := func(k int) float32 {
		return m.scale[k] * (byWords*float32(s.words[k]) + byChars*float32(s.chars[k]))
	}
	a, b, c := of(0), of(1), of(2) // in registers
	for i, x := range f {
		if x != 0 { // as few are, of a sentence
			w := &m.dense[i]
			a, b, c = a+x*w[0], b+x*w[1], c+x*w[2]
		}
	}
	return [outputs]float32{a, b, c}
}

// classes are the probabilities of a negative, a neutral and a positive text.
func (m *Model) classes(z [outputs]float32) (negative, neutral, positive float64) {
	p, n := float64(m.slope*z[polarity]), float64(m.slope*z[neutrality])
	return softmax(p, n)
}

func softmax(p, n float64) (negative, neutral, positive float64) {
	top := max(math.Abs(p), n)
	a, b, c := exp(-p-top), exp(n-top), exp(p-top)
	sum := a + b + c
	return a / sum, b / sum, c / sum
}

// exp is math.Exp that knows the most frequent argument.
func exp(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Exp(x)
}

// stars estimates the rating that goes with an output: between the mean and
// the median of the ratings that are likely.
func (m *Model) stars(z [outputs]float32) float64 {
	x := 1.0
	for _, cut := range m.cuts {
		x += sigmoid(starSharpness * float64(z[rating]-cut))
	}
	return x
}

// starSharpness: 1 gives the mean of likely ratings, a high one their median.
const starSharpness = 6

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// The first lines of the files. The older form has, deflated, the header and the
// weights of one output after the other.
const (
	magic      = "klank sentiment model 2\n"
	olderMagic = "klank sentiment model 1\n"
	tableSize  = outputs << tableBits
)

var errModel = errors.New("sentiment: not a model of this version; make it again")

// header is what stands before the table.
type header struct {
	Scale [outputs]float32
	Dense [denseCount][outputs]float32
	Cuts  [4]float32
	Slope float32
}

// finite tells whether all numbers can be reckoned with.
func (h *header) finite() bool {
	numbers := slices.Concat(h.Scale[:], h.Cuts[:], []float32{h.Slope})
	for _, row := range h.Dense {
		numbers = append(numbers, row[:]...)
	}
	return !slices.ContainsFunc(numbers, func(x float32) bool { return !(x >= -largest && x <= largest) })
}

// largest bounds the numbers of a model; what is learnt lies far below.
const largest = 1e6

// Bytes is the model as a file: a line that names the form, the header and the
// table as they are, so that reading is a matter of finding them. The same model
// gives the same bytes.
func (m *Model) Bytes() ([]byte, error) {
	out := bytes.NewBufferString(magic)
	if err := binary.Write(out, binary.LittleEndian, header{m.scale, m.dense, m.cuts, m.slope}); err != nil {
		return nil, fmt.Errorf("sentiment: %w", err)
	}
	out.WriteString(m.table)
	return out.Bytes(), nil
}

// ReadModel reads what Bytes wrote, now or in its older form. Any bytes are
// accepted; what is no model is an error.
func ReadModel(file []byte) (*Model, error) {
	if rest, ok := bytes.CutPrefix(file, []byte(olderMagic)); ok {
		return readOlder(flate.NewReader(bytes.NewReader(rest)))
	}
	return readModel(string(file))
}

// readModel reads a file of which the model keeps the table.
func readModel(file string) (*Model, error) {
	rest, ok := strings.CutPrefix(file, magic)
	if !ok || len(rest) <= tableSize {
		return nil, errModel
	}
	head := strings.NewReader(rest[:len(rest)-tableSize])
	m, err := readHeader(head)
	if err != nil || head.Len() > 0 {
		return nil, errModel
	}
	m.table = rest[len(rest)-tableSize:]
	return m, nil
}

// readHeader reads what stands before the table.
func readHeader(r io.Reader) (*Model, error) {
	var h header
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return nil, fmt.Errorf("%w (%w)", errModel, err)
	}
	if !h.finite() {
		return nil, errModel
	}
	return &Model{scale: h.Scale, dense: h.Dense, cuts: h.Cuts, slope: h.Slope}, nil
}

// readOlder reads the older form, inflated.
func readOlder(r io.Reader) (*Model, error) {
	m, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	planes := make([]byte, tableSize)
	if _, err := io.ReadFull(r, planes); err != nil {
		return nil, fmt.Errorf("%w (%w)", errModel, err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, errModel
	}
	table := make([]byte, tableSize)
	for i, b := range planes {
		table[i%(tableSize/outputs)*outputs+i/(tableSize/outputs)] = b
	}
	m.table = string(table)
	return m, nil
}
