package index

import "time"

// maxBuckets is up to where FillGaps fills.
const maxBuckets = 5000

// FillGaps puts the empty intervals between those of a histogram, which
// ascend. A stray date centuries away would make millions of them: past
// thousands they are left out.
func FillGaps(buckets []TimeBucket, interval string) []TimeBucket {
	var out []TimeBucket
	for i, b := range buckets {
		if i > 0 {
			for gap := nextInterval(buckets[i-1].Start, interval); gap.Before(b.Start) && len(out) < maxBuckets; gap = nextInterval(gap, interval) {
				out = append(out, TimeBucket{Start: gap})
			}
		}
		out = append(out, b)
	}
	return out
}

// IntervalStart is the start of the interval of a histogram that holds a day
// (UTC).
func IntervalStart(day time.Time, interval string) time.Time {
	y, m, d := day.Date()
	switch interval {
	case "week":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "month":
		d = 1
	case "year":
		m, d = 1, 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func nextInterval(t time.Time, interval string) time.Time {
	switch interval {
	case "day":
		return t.AddDate(0, 0, 1)
	case "week":
		return t.AddDate(0, 0, 7)
	case "month":
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(1, 0, 0)
}
