package research

import (
	"math"
	"slices"
)

// z95 is the standard normal quantile of a 95 % interval.
const z95 = 1.959963984540054

// wilson is the score interval of a share k/n (E. B. Wilson, "Probable
// inference, the law of succession, and statistical inference", 1927).
func wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	p, N := float64(k)/float64(n), float64(n)
	d := 1 + z95*z95/N
	mid := (p + z95*z95/(2*N)) / d
	half := z95 / d * math.Sqrt(p*(1-p)/N+z95*z95/(4*N*N))
	return max(0, mid-half), min(1, mid+half)
}

// newcombe is the interval of a difference of two shares, a/m - b/n (R. G.
// Newcombe, "Interval estimation for the difference between independent
// proportions", 1998, method 10).
func newcombe(a, m, b, n int) (low, high float64) {
	p, q := float64(a)/float64(m), float64(b)/float64(n)
	l1, u1 := wilson(a, m)
	l2, u2 := wilson(b, n)
	return p - q - math.Hypot(p-l1, u2-q), p - q + math.Hypot(u1-p, q-l2)
}

// mean sums values in thousandths, so that no order of adding changes it.
type mean struct {
	n            int
	sum, squares int64
}

func (m *mean) add(v float64) {
	t := int64(math.Round(v * 1000))
	m.n++
	m.sum += t
	m.squares += t * t
}

func (m mean) value() float64 {
	if m.n == 0 {
		return 0
	}
	return float64(m.sum) / float64(m.n) / 1000
}

// variance is that of the sample.
func (m mean) variance() float64 {
	if m.n < 2 {
		return 0
	}
	n, sum := float64(m.n), float64(m.sum)/1000
	return max(0, (float64(m.squares)/1e6-sum*sum/n)/(n-1))
}

// interval is the normal interval of the mean.
func (m mean) interval() (low, high float64) {
	half := z95 * math.Sqrt(m.variance()/float64(max(m.n, 1)))
	return m.value() - half, m.value() + half
}

// bayesWeight is how many grades the prior mean counts for.
const bayesWeight = 10

// bayes draws a mean towards a prior mean, as if bayesWeight more grades of it
// had been given.
func bayes(m mean, prior float64) float64 {
	return (bayesWeight*prior + float64(m.sum)/1000) / (bayesWeight + float64(m.n))
}

// halfLife is after how many days a grade counts half in the recency-weighted
// mean.
const halfLife = 180

// recent is the mean of the grades of each day (days since 1970), weighted by
// 2^(-age/halfLife) on the day asOf, with its interval by the effective number
// (Σw)²/Σw².
func recent(days map[int64]*mean, asOf int64) (value, low, high float64) {
	var w, wx, wxx, ww float64
	order := make([]int64, 0, len(days))
	for d := range days {
		order = append(order, d)
	}
	slices.Sort(order)
	for _, d := range order {
		f := math.Exp2(-float64(max(0, asOf-d)) / halfLife)
		m := days[d]
		w += f * float64(m.n)
		ww += f * f * float64(m.n)
		wx += f * float64(m.sum) / 1000
		wxx += f * float64(m.squares) / 1e6
	}
	if w == 0 {
		return 0, 0, 0
	}
	value = wx / w
	n := w * w / ww
	half := z95 * math.Sqrt(max(0, wxx/w-value*value)/max(n-1, 1))
	return value, value - half, value + half
}

// median sorts vs.
func median(vs []float64) float64 {
	if len(vs) == 0 {
		return 0
	}
	slices.Sort(vs)
	if h := len(vs) / 2; len(vs)%2 == 1 {
		return vs[h]
	} else {
		return (vs[h-1] + vs[h]) / 2
	}
}

// percentile is that of sorted values, by linear interpolation.
func percentile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// anomalous is the |z| from which a bucket of a series is told.
const anomalous = 3.5

// robustZ compares counts with their baseline: z = 0.6745 (r - median r) / MAD,
// where r = 2√x - 2√b is nearly normal with variance 1 for counts (Anscombe),
// so that the MAD is at least 0.6745 (B. Iglewicz, D. Hoaglin, "How to detect
// and handle outliers", 1993).
func robustZ(counts []int, baseline []float64) []float64 {
	r := make([]float64, len(counts))
	for i, x := range counts {
		r[i] = 2*math.Sqrt(float64(x)) - 2*math.Sqrt(baseline[i])
	}
	mid := median(slices.Clone(r))
	off := make([]float64, len(r))
	for i := range r {
		off[i] = math.Abs(r[i] - mid)
	}
	mad := max(median(off), 0.6745)
	for i := range r {
		r[i] = 0.6745 * (r[i] - mid) / mad
	}
	return r
}

// seasonal is the baseline of each bucket: of the median of the buckets at the
// same place of other seasons, and of that of the season of buckets around it,
// the one it is nearer to. So a jump is far from both, and one that comes back
// every year, or a level that moved, is none. period is the number of buckets
// in a season.
func seasonal(counts []int, period int) []float64 {
	out := make([]float64, len(counts))
	for i := range counts {
		var same, around []float64
		for j, x := range counts {
			if j == i {
				continue
			}
			if (j-i)%period == 0 {
				same = append(same, float64(x))
			}
			if d := j - i; -period/2 <= d && d <= period/2 {
				around = append(around, float64(x))
			}
		}
		out[i] = median(around)
		if x := float64(counts[i]); len(same) > 0 && math.Abs(median(same)-x) < math.Abs(out[i]-x) {
			out[i] = median(same)
		}
	}
	return out
}

// unusual is how much more usual a word is in the foreground, where fg of fn
// mentions hold it, than in the background (bg of bn): the absolute times the
// relative change of its share. It is 0 unless at least three mentions hold it
// and chance is an unlikely reason (log-likelihood ratio above 10.83, p < .001;
// T. Dunning, "Accurate methods for the statistics of surprise and
// coincidence", 1993).
func unusual(fg, fn, bg, bn int) float64 {
	if fg < 3 || fn == 0 || bn == 0 {
		return 0
	}
	p, q := float64(fg)/float64(fn), (float64(bg)+0.5)/(float64(bn)+1)
	if p <= q || logLikelihood(fg, fn, bg, bn) < 10.83 {
		return 0
	}
	return (p - q) * p / q
}

func logLikelihood(a, m, b, n int) float64 {
	part := func(k, of int, p float64) float64 {
		out := 0.0
		if k > 0 {
			out += float64(k) * math.Log(float64(k)/(float64(of)*p))
		}
		if k < of {
			out += float64(of-k) * math.Log(float64(of-k)/(float64(of)*(1-p)))
		}
		return out
	}
	p := float64(a+b) / float64(m+n)
	if p == 0 || p == 1 {
		return 0
	}
	return 2 * (part(a, m, p) + part(b, n, p))
}

func hypot(a, b float64) float64 { return math.Hypot(a, b) }
