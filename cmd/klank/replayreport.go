package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/research/layout"
	"klank/mention"
)

// replayExamples is how many differences of each kind the summary shows of a
// source (--json prints all of them), and how many reasons of failure.
const replayExamples = 3

// replayReport counts what a replay changes, and keeps examples.
type replayReport struct {
	json     interface{ Encode(any) error } // nil for text
	counts   map[string]map[index.Change]int
	examples map[string][]difference
}

func newReplayReport(w *bufio.Writer, asJSON bool) *replayReport {
	r := &replayReport{counts: map[string]map[index.Change]int{}, examples: map[string][]difference{}}
	if asJSON {
		r.json = jsonLines(w)
	}
	return r
}

// difference is what a replay makes of one mention.
type difference struct {
	Change index.Change      `json:"change"`
	ID     string            `json:"id"`
	Source string            `json:"source"`
	URL    string            `json:"url,omitempty"`
	Page   string            `json:"page,omitempty"`
	Fields []fieldDifference `json:"fields,omitempty"`
}

// fieldDifference is one field before and after, by its name in the JSON
// record ("analysis.sentiment.label"). One of both may be missing.
type fieldDifference struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old,omitempty"`
	New   json.RawMessage `json:"new,omitempty"`
}

// note counts a mention before and after and tells whether there is a
// difference. Any field counts, labels and evidence too; change tells new and
// withdrawn mentions from the rest.
func (r *replayReport) note(change index.Change, before, after *mention.Mention) (bool, error) {
	fields, err := differences(before, after)
	if err != nil {
		return false, err
	}
	if change == index.Same && len(fields) > 0 {
		change = index.Changed
	}
	m := cmp.Or(after, before)
	source := m.Source.Name
	if r.counts[source] == nil {
		r.counts[source] = map[index.Change]int{}
	}
	r.counts[source][change]++
	if change == index.Same {
		return false, nil
	}
	d := difference{change, m.ID, source, m.URL, m.Page, fields}
	if r.json != nil {
		return true, r.json.Encode(d)
	}
	if r.counts[source][change] <= replayExamples {
		r.examples[source] = append(r.examples[source], d)
	}
	return true, nil
}

// differences compares two mentions field by field; nil stands for none.
func differences(before, after *mention.Mention) ([]fieldDifference, error) {
	a, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(after)
	if err != nil || bytes.Equal(a, b) {
		return nil, err
	}
	old, fresh := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	flatten("", a, old)
	flatten("", b, fresh)
	names := slices.Sorted(maps.Keys(old))
	for _, n := range slices.Sorted(maps.Keys(fresh)) {
		if _, both := old[n]; !both {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	var out []fieldDifference
	for _, n := range names {
		if !bytes.Equal(old[n], fresh[n]) {
			out = append(out, fieldDifference{n, old[n], fresh[n]})
		}
	}
	return out, nil
}

// flatten takes a JSON object apart; lists stay whole.
func flatten(name string, value json.RawMessage, into map[string]json.RawMessage) {
	var object map[string]json.RawMessage
	if len(value) == 0 || value[0] != '{' || json.Unmarshal(value, &object) != nil {
		if name != "" { // null stands for no mention
			into[name] = value
		}
		return
	}
	if name != "" {
		name += "."
	}
	for k, v := range object {
		flatten(name+k, v, into)
	}
}

// replayChanges are the outcomes in the order in which they are told.
var replayChanges = []index.Change{index.New, index.Changed, index.Same, index.Withdrawn}

// print is the summary at the end.
func (r *replay) print(p *printer) {
	total := map[index.Change]int{}
	mentions := 0
	for _, counts := range r.report.counts {
		for c, n := range counts {
			total[c] += n
			mentions += n
		}
	}
	if r.diff {
		p.linef("nothing is stored; without --diff this would change:")
	}
	what := fmt.Sprintf("%d saved page%s read again", r.read, plural(r.read))
	if r.labels {
		what = "labels found again"
	}
	p.linef("%s, %d mention%s: %s; in %s", what, mentions, plural(mentions),
		changeWords(total), time.Since(r.start).Round(100*time.Millisecond))
	for _, source := range sortedKeys(r.report.counts) {
		p.linef("%s: %s", clean(source), changeWords(r.report.counts[source]))
		for _, change := range replayChanges {
			for _, d := range r.report.examples[source] {
				if d.Change == change {
					d.print(p)
				}
			}
			if more := r.report.counts[source][change] - replayExamples; more > 0 && change != index.Same && r.report.json == nil {
				p.linef("  … and %d more %s (--json shows all)", more, change)
			}
		}
	}
	printEnriched(p, r.enriched)
	if len(r.plan.unknown) > 0 {
		var words []string
		for _, source := range sortedKeys(r.plan.unknown) {
			words = append(words, fmt.Sprintf("%s (%d page%s)", clean(source), r.plan.unknown[source], plural(r.plan.unknown[source])))
		}
		p.linef("left as they are, not configured (is --config right?): %s", strings.Join(words, ", "))
	}
	if r.plan.torn > 0 {
		p.linef("torn ends of files, as a kill leaves them (no page was lost by it): %d", r.plan.torn)
	}
}

func changeWords(counts map[index.Change]int) string {
	var words []string
	for _, c := range replayChanges {
		words = append(words, fmt.Sprintf("%d %s", counts[c], c))
	}
	return strings.Join(words, ", ")
}

// verdict is nil, or says what could not be read: exit status 3.
func (r *replay) verdict() error {
	if r.failed+r.plan.damaged == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("saved pages that cannot be read: %d; their mentions stay as they are", r.failed+r.plan.damaged)}
	if r.held {
		lines[0] += ", and nothing is withdrawn, because such a page may hold it (move a damaged file away to go on without it)"
	}
	lines = append(lines, r.plan.examples...)
	return partialError{strings.Join(append(lines, r.reasons...), "\n")}
}

// print shows one difference as a unified diff does.
func (d *difference) print(p *printer) {
	p.linef("  %s %s  %s", d.Change, d.ID, clean(cmp.Or(d.URL, d.Page)))
	for _, f := range d.Fields {
		if d.Change != index.Changed && !slices.Contains(telling, f.Field) {
			continue
		}
		old, fresh := leafWords(f.Old), leafWords(f.New)
		shared := sharedStart(old, fresh)
		if f.Old != nil {
			p.linef("    - %s: %s", clean(f.Field), window(old, shared))
		}
		if f.New != nil {
			p.linef("    + %s: %s", clean(f.Field), window(fresh, shared))
		}
	}
}

// telling are the fields by which a person knows a whole mention.
var telling = []string{"title", "text", "rating.value", "published"}

// leafWords is a JSON value as a person reads it.
func leafWords(v json.RawMessage) []rune {
	var s string
	if json.Unmarshal(v, &s) != nil {
		s = string(v)
	}
	return []rune(s)
}

func sharedStart(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// window shows what stands around the first difference of a long value.
func window(s []rune, shared int) string {
	const before, width = 30, 120
	if shared <= before || len(s) <= width {
		return layout.Shorten(clean(string(s)), width)
	}
	from := min(shared, len(s)) - before
	return "…" + layout.Shorten(clean(string(s[from:])), width)
}
