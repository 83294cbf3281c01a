package sentiment

// starPoints maps scores to stars, monotone and linear in between; the points
// follow the ratings that authors of such scores gave.
var starPoints = [...]struct{ score, stars float64 }{
	{-1, 1}, {-0.8, 1.4}, {-0.5, 2.1}, {-0.2, 2.8}, {0, 3.2}, {0.3, 4}, {0.6, 4.6}, {0.8, 4.8}, {1, 5},
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
