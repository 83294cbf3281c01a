package research

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 5e-4 {
		t.Errorf("%s is %.4f, want %.4f", what, got, want)
	}
}

// The examples are those of the papers (Newcombe 1998 a, table I; 1998 b,
// table II, method 10).
func TestIntervalsAreThoseOfThePapers(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		low, high := wilson(c.k, c.n)
		near(t, "low", low, c.low)
		near(t, "high", high, c.high)
	}
	low, high := newcombe(56, 70, 48, 80)
	near(t, "low of a difference", low, 0.0524)
	near(t, "high of a difference", high, 0.3339)
}

func TestMeansWithAPriorAndByRecency(t *testing.T) {
	var m mean
	for _, v := range []float64{5, 4, 3, 4} {
		m.add(v)
	}
	near(t, "mean", m.value(), 4)
	near(t, "variance", m.variance(), 2.0/3)
	near(t, "mean with a prior of 3", bayes(m, 3), (30+16)/14.0)
	old, fresh := &mean{}, &mean{}
	old.add(1)
	fresh.add(5)
	value, low, high := recent(map[int64]*mean{1000: fresh, 1000 - halfLife: old}, 1000)
	near(t, "a grade of a half-life ago counts half", value, (5+0.5)/1.5)
	if low >= value || high <= value {
		t.Errorf("%v is not within %v..%v", value, low, high)
	}
}

func TestTheBaselineIsSeasonalAndOneJumpDoesNotHideAnother(t *testing.T) {
	counts := make([]int, 36)
	for i := range counts {
		counts[i] = 30 + i%3
		if i%12 == 11 {
			counts[i] = 120
		}
	}
	counts[16], counts[20] = 90, 85
	z := robustZ(counts, seasonal(counts, 12))
	for i, v := range z {
		if jump := math.Abs(v) >= anomalous; jump != (i == 16 || i == 20) {
			t.Errorf("z of %d is %.1f", i, v)
		}
	}
}

func TestUnusualWordsAreFrequentHereAndRareElsewhere(t *testing.T) {
	everywhere, here, once := unusual(50, 100, 500, 1000), unusual(50, 100, 10, 1000), unusual(2, 100, 0, 1000)
	if everywhere != 0 || here <= 0 || once != 0 || unusual(10, 100, 10, 1000) >= here {
		t.Errorf("everywhere %v, here %v, once %v", everywhere, here, once)
	}
}
