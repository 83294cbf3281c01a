package crawler

import (
	"context"
	"time"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
)

// leastRest is the default of Config.LeastRest.
const leastRest = 5 * time.Minute

// plan is what a run of the source asks for.
func (c Config) plan(r *run) frontier.Plan {
	p := frontier.Plan{Generation: r.generation, Deep: r.src.Deep, DeepEvery: c.DeepEvery, LeastRest: c.LeastRest}
	if r.src.Afresh { // what is known is no reason to leave a page out
		p.Generation = ""
	}
	return p
}

// Forecast says what a run of the source would ask for that an Engine with the
// configuration began now; of that it needs Frontier, Generation, DeepEvery and
// LeastRest. It asks nobody and changes nothing: what robots.txt kept out
// before counts as kept out.
func Forecast(ctx context.Context, c Config, src *Source) (frontier.Forecast, error) {
	setDefault(&c.LeastRest, leastRest)
	return c.Frontier.Forecast(ctx, src.Name, c.plan(newRun(src, c.Generation)), string(fetch.Robots), classScope)
}
