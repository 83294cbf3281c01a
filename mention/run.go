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
	// Deep says of a run that has ended whether every page of the source was
	// visited in it, and of an open one whether that is the intention.
	Deep bool `json:"deep,omitempty"`
	// NotDue counts the known pages that were left out because they seldom
	// change. Skipped counts what else was left out: pages of lists, and lists
	// cut short, because nothing new stands before them, and pages that were
	// read before and may not be asked for any more.
	NotDue  int `json:"not_due,omitempty"`
	Skipped int `json:"skipped,omitempty"`
	// Removed counts the mentions that were found to be gone from the site, by
	// this run and the good ones before it.
	Removed int `json:"removed,omitempty"`
	// Fields counts what the run read, to be compared with other runs; nil
	// where nothing was read.
	Fields *FieldCounts `json:"fields,omitempty"`
	// Access is "api" where the key to an official API was the permission, and
	// "ignore" where robots.txt was left out for AccessReason; empty where
	// robots.txt was asked.
	Access       string `json:"access,omitempty"`
	AccessReason string `json:"access_reason,omitempty"`
	// Reason says in words why Status is not done.
	Reason string `json:"reason,omitempty"`
}

// FieldCounts says what a parser found on pages: how much there was, and how
// much of it has the fields that readers look for.
type FieldCounts struct {
	// Pages were handled; a crawler counts them.
	Pages int `json:"pages"`
	// Items are products, threads and the like; Mentions were found, of
	// which so many have an author, a rating, a date and a text.
	Items    int `json:"items"`
	Mentions int `json:"mentions"`
	Author   int `json:"author"`
	Rating   int `json:"rating"`
	Date     int `json:"date"`
	Text     int `json:"text"`
}

// Add returns the sums.
func (f FieldCounts) Add(g FieldCounts) FieldCounts {
	return FieldCounts{
		Pages: f.Pages + g.Pages, Items: f.Items + g.Items, Mentions: f.Mentions + g.Mentions,
		Author: f.Author + g.Author, Rating: f.Rating + g.Rating, Date: f.Date + g.Date, Text: f.Text + g.Text,
	}
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
