package mention

import (
	"strconv"
	"time"
)

// Run records one run of one source.
type Run struct {
	ID      string    `json:"id"`
	Source  string    `json:"source"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	// Status is running, done, failed, suspect or interrupted.
	Status string `json:"status"`
	Pages  int    `json:"pages"`
	Bytes  int64  `json:"bytes"`
	Errors int    `json:"errors"`
}

// Coverage says how much of what a source declares about an item a run
// collected. Declared is nil where the source declares nothing ("unknown").
type Coverage struct {
	Run    string `json:"run,omitempty"`
	Source string `json:"source"`
	// Item is the item's name or URL; empty for the whole source.
	Item      string `json:"item,omitempty"`
	Declared  *int   `json:"declared,omitempty"`
	Collected int    `json:"collected"`
	// Blocked counts pages that robots.txt or a directive kept out.
	Blocked int `json:"blocked,omitempty"`
	// Capped says that the run stopped at a limit (pages, depth) of ours.
	Capped bool   `json:"capped,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
