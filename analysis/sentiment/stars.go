package sentiment

// starPoints maps scores to stars, monotone and linear in between; the points
// are quantiles of rated reviews.
var starPoints = [...]struct{ score, stars float64 }{
	{-1, 1}, {-0.5, 1.3}, {0, 2.8}, {0.4, 4}, {0.8, 4.7}, {1, 5},
}

func stars(score float64) float64 {
	for i := 1; i < len(starPoints); i++ {
		a, b := starPoints[i-1], starPoints[i]
		if score <= b.score {
			return round(a.stars + (score-a.score)/(b.score-a.score)*(b.stars-a.stars))
		}
	}
	return 5
}
