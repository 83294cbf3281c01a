package moments

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Weights is one linear model for each label: a label is given where its bias
// and the weights of a sentence's features add up to more than nothing.
type Weights struct {
	Labels []LabelWeights
}

// LabelWeights is the model of one label of Finder.Labels.
type LabelWeights struct {
	Label    string
	Bias     float32
	Features map[uint32]float32
}

// model is Weights for reading: a table from a feature to the labels for
// which it has a weight.
type model struct {
	bias  []float32
	scale []float32
	// slots is an open table; a slot is a feature's hash and its place in
	// entries, empty where the place is 0. seen has a bit for every feature,
	// so that the many that have no weight seldom reach the table.
	slots []slot
	seen  []uint64
	// entries holds at each place the number of weights, as a label, and then
	// these.
	entries []entry
}

// entry is the weight that a feature has for a label.
type entry struct {
	label  uint8
	weight int8
}

type slot struct{ feature, place uint32 }

const (
	modelMagic = "klank labels 1\n"
	seenBits   = 19
)

// Encode packs weights into a model file: the magic line; the number of labels
// and for each its name, its bias and the size of a step (little-endian
// float32); the number of features and for each, in order, its distance from
// the one before, the number of its weights, and label and weight in steps
// (one signed byte) of each. Numbers without a size are unsigned varints.
// Weights that round to nothing are left out.
func (w Weights) Encode() []byte {
	out := []byte(modelMagic)
	out = binary.AppendUvarint(out, uint64(len(w.Labels)))
	rows := map[uint32][]byte{}
	for i, l := range w.Labels {
		var most float32
		for _, x := range l.Features {
			most = max(most, x, -x)
		}
		step := max(most/127, 1e-9)
		out = binary.AppendUvarint(out, uint64(len(l.Label)))
		out = append(out, l.Label...)
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(l.Bias))
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(step))
		for f, x := range l.Features {
			if q := int8(math.RoundToEven(float64(x / step))); q != 0 {
				rows[f] = append(rows[f], byte(i), byte(q))
			}
		}
	}
	out = binary.AppendUvarint(out, uint64(len(rows)))
	last := uint32(0)
	for _, f := range slices.Sorted(maps.Keys(rows)) {
		out = binary.AppendUvarint(out, uint64(f-last))
		out = binary.AppendUvarint(out, uint64(len(rows[f])/2))
		out = append(out, rows[f]...)
		last = f
	}
	return out
}

var errModel = errors.New("moments: the model file is damaged: train it again")

// readModel reads a model file; its labels must be those given.
func readModel(file []byte, labels []string) (*model, error) {
	r := bytes.NewReader(bytes.TrimPrefix(file, []byte(modelMagic)))
	if r.Len() == len(file) {
		return nil, errModel
	}
	m := &model{entries: make([]entry, 1, len(file)/2), seen: make([]uint64, 1<<seenBits/64)}
	if n, err := binary.ReadUvarint(r); err != nil || n != uint64(len(labels)) || n > maxLabels {
		return nil, fmt.Errorf("moments: the model has other labels than the taxonomy: train it again")
	}
	for _, want := range labels {
		n, err := binary.ReadUvarint(r)
		if err != nil || n != uint64(len(want)) {
			return nil, errModel
		}
		name, numbers := make([]byte, n), [2]float32{}
		if _, err := r.Read(name); err != nil || string(name) != want {
			return nil, errModel
		}
		if err := binary.Read(r, binary.LittleEndian, &numbers); err != nil {
			return nil, errModel
		}
		m.bias, m.scale = append(m.bias, numbers[0]), append(m.scale, numbers[1])
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > uint64(r.Len()) {
		return nil, errModel
	}
	size := 1
	for size < int(n)*2 {
		size *= 2
	}
	m.slots = make([]slot, size)
	feature := uint32(0)
	for range n {
		delta, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, errModel
		}
		count, err := binary.ReadUvarint(r)
		if err != nil || count > uint64(len(labels)) {
			return nil, errModel
		}
		feature += uint32(delta)
		m.add(feature, uint32(len(m.entries)))
		m.entries = append(m.entries, entry{label: uint8(count)})
		for range count {
			label, err1 := r.ReadByte()
			weight, err2 := r.ReadByte()
			if err1 != nil || err2 != nil || int(label) >= len(labels) {
				return nil, errModel
			}
			m.entries = append(m.entries, entry{label, int8(weight)})
		}
	}
	return m, nil
}

func (m *model) add(feature, place uint32) {
	m.seen[feature>>(32-seenBits)/64] |= 1 << (feature >> (32 - seenBits) % 64)
	at := feature & uint32(len(m.slots)-1)
	for m.slots[at].place != 0 {
		at = (at + 1) & uint32(len(m.slots)-1)
	}
	m.slots[at] = slot{feature, place}
}

// sift keeps those of the features that may have weights; nearly all of those
// have. It does without a branch: there is no telling which way one would go.
func (m *model) sift(features []uint32) []uint32 {
	n := 0
	for _, f := range features {
		features[n] = f
		at := f >> (32 - seenBits)
		n += int(m.seen[at/64] >> (at % 64) & 1)
	}
	return features[:n]
}

// place returns the place of the weights of a feature, 0 for none.
func (m *model) place(feature uint32) uint32 {
	for at := feature & uint32(len(m.slots)-1); ; at = (at + 1) & uint32(len(m.slots)-1) {
		if s := m.slots[at]; s.place == 0 || s.feature == feature {
			return s.place
		}
	}
}

// places turns features into the places of their weights, and leaves out most of
// those that have none. The processor waits for all of them together, as it could
// not if the weights of one were added up before the next was looked for.
func (m *model) places(features []uint32) []uint32 {
	found := m.sift(features)
	for i, f := range found {
		found[i] = m.place(f)
	}
	return found
}

// at returns the weights at a place; at 0 there are none.
func (m *model) at(place uint32) []entry {
	first := place + 1
	return m.entries[first : first+uint32(m.entries[place].label)]
}

// maxLabels bounds the labels of a model. It is a multiple of four.
const maxLabels = 32

// tally is the sum of weights of each label.
type tally [maxLabels]int32

// add adds weights.
func (t *tally) add(row []entry) {
	for _, x := range row {
		t[x.label%maxLabels] += int32(x.weight)
	}
}

// row is what a word weighs for all labels, four to a number with 16 bits each:
// most words weigh something for many labels, and eight additions are quicker than
// going from one to the next. Each has noWeight added, so that none is below 0.
type row [maxLabels / 4]uint64

const (
	noWeight = mostOwn << 7 // what mostOwn weights can take away
	fourNone = noWeight<<48 | noWeight<<32 | noWeight<<16 | noWeight
	mostRows = (1<<16 - 1) / (2 * noWeight) // that can be added up
)

// add adds weights.
func (r *row) add(weights []entry) {
	for _, x := range weights {
		r[x.label%maxLabels/4] += uint64(int64(x.weight)) << (x.label % 4 * 16)
	}
}

// rowSum adds up rows.
type rowSum struct {
	row
	n int
}

// add adds a row; if there are too many it puts them into a tally first.
func (s *rowSum) add(r *row, to *tally) {
	if s.n == mostRows {
		s.put(to)
	}
	for i := range r {
		s.row[i] += r[i]
	}
	s.n++
}

// put adds the sums to a tally, and begins anew.
func (s *rowSum) put(to *tally) {
	for i := range to {
		to[i] += int32(s.row[i/4]>>(i%4*16)&(1<<16-1)) - int32(s.n*noWeight)
	}
	*s = rowSum{}
}

// labels returns the labels that a sentence with these sums is given.
func (m *model) labels(t *tally) Labels {
	var out Labels
	for i, b := range m.bias {
		if b+float32(t[i])*m.scale[i] > 0 {
			out |= 1 << i
		}
	}
	return out
}

// sum returns the weights of some features for one label; they are sifted.
func (m *model) sum(features []uint32, label int) float32 {
	var sum int32
	for _, place := range m.places(features) {
		for _, x := range m.at(place) {
			if int(x.label) == label {
				sum += int32(x.weight)
			}
		}
	}
	return float32(sum) * m.scale[label]
}
