package text

// Distance is the optimal string alignment distance of two words: letters
// added, left out, replaced or swapped with their neighbour count one each.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(y)]
}

// Resembles tells whether a word is at most so many typing errors (see
// Distance) away from another, with the same first letter.
func Resembles(word, other string, errors int) bool {
	x, y := []rune(word), []rune(other)
	if len(x) == 0 || len(y) == 0 || x[0] != y[0] || len(x)-len(y) > errors || len(y)-len(x) > errors {
		return false
	}
	return Distance(word, other) <= errors
}
