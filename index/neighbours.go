package index

import (
	"math/bits"

	"klank/mention"
)

// Neighbours finds near keys among many that pass by. Keys that differ in some
// bits agree in one of eight bands of eight bits, mostly: asked keys are filed
// by their bands, and a passing key is compared with a thirtieth of them.
//
// It takes about 100 bytes an asked key.
type Neighbours struct {
	keys  []uint64
	bands [8][256][]int32
}

// NewNeighbours files the keys that are asked for; those that are 0 are left
// out.
func NewNeighbours(keys []uint64) *Neighbours {
	n := &Neighbours{keys: keys}
	for i, k := range keys {
		for b := range n.bands {
			if k != 0 {
				at := &n.bands[b][byte(k>>(8*b))]
				*at = append(*at, int32(i))
			}
		}
	}
	return n
}

// Near calls fn with the places of the asked keys that key is near to, each
// once.
func (n *Neighbours) Near(key uint64, fn func(asked int)) {
	for b := range n.bands {
		for _, i := range n.bands[b][byte(key>>(8*b))] {
			x := n.keys[i] ^ key
			if bits.OnesCount64(x) <= mention.NearBits && firstBand(x) == b {
				fn(int(i))
			}
		}
	}
}

// firstBand is the first band in which two keys, of which x is the difference,
// agree.
func firstBand(x uint64) int {
	for b := 0; b < 8; b++ {
		if byte(x>>(8*b)) == 0 {
			return b
		}
	}
	return -1
}
