package language

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// Sample is a text, the language (one of Classes) it is written in, and how
// much it counts.
type Sample struct {
	Language, Text string
	Weight         float32
}

// The constants of training.
const (
	epochs    = 10
	learnRate = 0.3
	decay     = 1e-5
	trainSeed = 7
)

// Train fits a multinomial logistic regression over features by AdaGrad and
// returns the model file: the scale as a little-endian float32, then one
// signed byte for each bucket and class. The same samples give the same bytes.
func Train(samples []Sample) []byte {
	weights := make([][len(Classes)]float32, buckets)
	squares := make([][len(Classes)]float32, buckets)
	random := rand.New(rand.NewPCG(trainSeed, trainSeed))
	order := random.Perm(len(samples))
	for range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			step(weights, squares, samples[i])
		}
	}
	return pack(weights)
}

func step(weights, squares [][len(Classes)]float32, sample Sample) {
	counts := map[uint32]float32{}
	var used []uint32
	total := float32(0)
	var buffer [maxGrams]uint32
	text := words{s: head(sample.Text)}
	for word := text.next(); word != nil; word = text.next() {
		for _, b := range grams(buffer[:0], word) {
			if counts[b] == 0 {
				used = append(used, b)
			}
			counts[b]++
			total++
		}
	}
	if total == 0 {
		return
	}
	norm := float32(1 / math.Sqrt(float64(total)))
	var sums [len(Classes)]float32
	for _, b := range used {
		for c := range sums {
			sums[c] += weights[b][c] * counts[b] * norm
		}
	}
	p := softmax(sums)
	for c, name := range Classes {
		gradient := p[c]
		if name == sample.Language {
			gradient--
		}
		gradient *= sample.Weight
		for _, b := range used {
			g := gradient*counts[b]*norm + decay*weights[b][c]
			squares[b][c] += g * g
			weights[b][c] -= learnRate * g / float32(math.Sqrt(float64(squares[b][c])+1e-6))
		}
	}
}

func softmax(sums [len(Classes)]float32) [len(Classes)]float32 {
	top := sums[0]
	for _, x := range sums {
		top = max(top, x)
	}
	total := float32(0)
	for c, x := range sums {
		sums[c] = float32(math.Exp(float64(x - top)))
		total += sums[c]
	}
	for c := range sums {
		sums[c] /= total
	}
	return sums
}

// pack rounds the weights to a byte each; the few above six standard
// deviations are cut.
func pack(weights [][len(Classes)]float32) []byte {
	square := 0.0
	for _, w := range weights {
		for _, x := range w {
			square += float64(x * x)
		}
	}
	scale := float32(6 * math.Sqrt(square/float64(buckets*len(Classes))) / 127)
	out := binary.LittleEndian.AppendUint32(nil, math.Float32bits(scale))
	for _, w := range weights {
		for _, x := range w {
			out = append(out, byte(int8(max(-127, min(127, math.Round(float64(x/scale)))))))
		}
	}
	return out
}
