package main

import (
	"math"
	"testing"
)

func TestHeapGrowsByRoomOnly(t *testing.T) {
	for live, want := range map[uint64]int{0: gcMost, 5 << 20: gcMost, gcRoom: 100, 1 << 30: gcLeast, math.MaxUint64: gcLeast} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d", live, got, want)
		}
	}
}
