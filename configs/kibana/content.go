package kibana

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// set is all that is installed, for the indices of one prefix.
type set struct {
	mentions, runs, coverage view
	prefix                   string
	all                      []Object
}

// Objects returns the saved objects for the indices that begin with prefix
// (klank, where it is not configured otherwise), each after those it refers to.
func Objects(prefix string) []Object {
	s := &set{prefix: prefix}
	s.mentions = view{s.id("mentions"), prefix + "-mentions", "klank: mentions", "published"}
	s.runs = view{s.id("runs"), prefix + "-runs-*", "klank: runs", "started"}
	s.coverage = view{s.id("coverage"), prefix + "-coverage-*", "klank: coverage", ""}
	for _, v := range []view{s.mentions, s.runs, s.coverage} {
		s.add(v.object())
	}
	s.brand()
	s.moments()
	s.respond()
	s.sources()
	return s.all
}

// NDJSON writes objects as Kibana exports them, a line each.
func NDJSON(objects []Object) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, o := range objects {
		if err := enc.Encode(o); err != nil {
			return nil, fmt.Errorf("kibana: %s %s: %w", o.Type, o.ID, err)
		}
	}
	return b.Bytes(), nil
}

func (s *set) id(name string) string { return s.prefix + "-" + name }

func (s *set) add(o Object) Object {
	s.all = append(s.all, o)
	return o
}

// chart adds a chart of the mentions.
func (s *set) chart(id, title, query, kind string, state object, columns ...column) Object {
	return s.add(chart{id: s.id(id), title: title, query: query, view: s.mentions, kind: kind, state: state, columns: columns}.object())
}

func (s *set) metric(id, title, query string, m column) Object {
	return s.chart(id, title, query, "lnsMetric", metricOf(m.id), m)
}

// list adds a saved search of the mentions, newest first.
func (s *set) list(id, title, about, query string, columns ...string) Object {
	return s.add(list{id: s.id(id), title: title, about: about, query: query, view: s.mentions, columns: columns, sort: "published"}.object())
}

// original leaves out copies of other mentions and what the source took away.
const original = "not duplicate_of: * and not removed: *"

func and(query string) string { return original + " and " + query }

// choices are what every dashboard of mentions can be narrowed by.
func choices() []control {
	return []control{{"brands", "Brand"}, {"source.name", "Source"}, {"analysis.language", "Language"}}
}

func (s *set) brand() {
	n := count("n", "Mentions", "")
	mood := values("mood", "Sentiment", "analysis.sentiment.label", 3, "n")
	panels := []panel{
		{s.metric("volume", "Mentions", original, n), 0, 0, 12, 6},
		{s.metric("authors", "Authors", original, measure("n", "Authors", "unique_count", "author.key", "")), 12, 0, 12, 6},
		{s.metric("grade", "Mean rating, 0 to 1", original, measure("n", "Mean rating", "average", "rating.score", "")), 24, 0, 12, 6},
		{s.metric("feeling", "Mean sentiment, -1 to 1", original, measure("n", "Mean sentiment", "average", "analysis.sentiment.score", "")), 36, 0, 12, 6},
		{s.chart("sentiment-over-time", "Sentiment over time", original, "lnsXY", bars("bar_stacked", "when", "mood", "n"),
			overTime("when", "published"), mood, n), 0, 6, 24, 12},
		{s.chart("share-of-voice", "Share of voice", original, "lnsXY", bars("bar_percentage_stacked", "when", "brand", "n"),
			overTime("when", "published"), values("brand", "Brand", "brands", 10, "n"), n), 24, 6, 24, 12},
		{s.chart("brands", "Brands: volume, rating, what is felt", original, "lnsDatatable", table("brand", "n", "grade", "good", "bad"),
			values("brand", "Brand", "brands", 15, "n"), n, measure("grade", "Mean rating, 0 to 1", "average", "rating.score", ""),
			count("good", "Positive", "analysis.sentiment.label: positive"), count("bad", "Negative", "analysis.sentiment.label: negative")), 0, 18, 24, 11},
		{s.chart("signals", "Signals", original, "lnsXY", bars("bar_horizontal", "signal", "", "n"),
			values("signal", "Signal", "analysis.signals", 10, "n"), n), 24, 18, 12, 11},
		{s.chart("ratings", "Stars as the analysis estimates them", original, "lnsXY", bars("bar", "stars", "", "n"),
			column{"stars", object{"label": "Stars", "customLabel": true, "dataType": "number", "isBucketed": true, "scale": "interval", "operationType": "range",
				"sourceField": "analysis.stars", "params": object{"type": "histogram", "maxBars": "auto", "includeEmptyRows": true,
					"ranges": []any{object{"from": 0, "to": 5, "label": ""}}}}}, n), 36, 18, 12, 11},
		{s.list("all", "klank: all mentions", "Everything that was collected, newest first.", original, "brands", "source.name", "rating.value", "analysis.sentiment.label", "title", "text"), 0, 29, 48, 16},
	}
	s.add(board{id: s.id("brand-overview"), title: "klank: brand overview", about: "How much is said, where, and how it is felt.",
		view: s.mentions, controls: choices(), from: "now-1y", panels: panels}.object())
}

func (s *set) moments() {
	n := count("n", "Mentions", "")
	touched := and("analysis.touchpoints: *")
	panels := []panel{
		{s.chart("moments", "Moments of truth and what is felt", and("analysis.moments: *"), "lnsXY", bars("bar_stacked", "moment", "mood", "n"),
			values("moment", "Moment", "analysis.moments", 5, "n"), values("mood", "Sentiment", "analysis.sentiment.label", 3, "n"), n), 0, 0, 16, 12},
		{s.chart("moment-touchpoints", "Touchpoints and what is felt", touched, "lnsHeatmap", heatmap("mood", "touch", "n"),
			values("touch", "Touchpoint", "analysis.touchpoints", 22, "n"), values("mood", "Sentiment", "analysis.sentiment.label", 3, "n"), n), 16, 0, 16, 24},
		{s.chart("care", "Care, service, support, experience", and("analysis.care: *"), "lnsXY", bars("bar_stacked", "care", "mood", "n"),
			values("care", "Lens", "analysis.care", 4, "n"), values("mood", "Sentiment", "analysis.sentiment.label", 3, "n"), n), 0, 12, 16, 12},
		{s.chart("touchpoints-over-time", "Negative by touchpoint, over time", and("analysis.sentiment.label: negative and analysis.touchpoints: *"), "lnsXY",
			bars("area_stacked", "when", "touch", "n"), overTime("when", "published"), values("touch", "Touchpoint", "analysis.touchpoints", 8, "n"), n), 32, 0, 16, 12},
		{s.chart("touchpoint-brands", "Touchpoints by brand", touched, "lnsHeatmap", heatmap("brand", "touch", "n"),
			values("touch", "Touchpoint", "analysis.touchpoints", 12, "n"), values("brand", "Brand", "brands", 6, "n"), n), 32, 12, 16, 12},
		{s.list("negative", "klank: negative at a touchpoint", "What hurts, and where.", and("analysis.sentiment.label: negative and analysis.touchpoints: *"),
			"brands", "analysis.touchpoints", "analysis.care", "rating.value", "text"), 0, 24, 48, 16},
	}
	s.add(board{id: s.id("moments-of-truth"), title: "klank: moments of truth", about: "Which touchpoints people speak of, and how they felt there.",
		view: s.mentions, controls: choices(), from: "now-1y", panels: panels}.object())
}

func (s *set) respond() {
	open := and("not reply.text: * and (analysis.signals: needs_response or analysis.signals: churn_risk or analysis.signals: question)")
	n := count("n", "Mentions", "")
	panels := []panel{
		{s.metric("open", "Without an answer", open, n), 0, 0, 12, 6},
		{s.metric("open-churn", "Who may leave", open, count("n", "Who may leave", "analysis.signals: churn_risk")), 12, 0, 12, 6},
		{s.metric("open-questions", "Questions", open, count("n", "Questions", "analysis.signals: question")), 24, 0, 12, 6},
		{s.metric("answered", "Answered by the owner", original, count("n", "Answered", "reply.text: *")), 36, 0, 12, 6},
		{s.chart("open-over-time", "Without an answer, by when it was published", open, "lnsXY", bars("bar_stacked", "when", "signal", "n"),
			overTime("when", "published"), values("signal", "Signal", "analysis.signals", 6, "n"), n), 0, 6, 24, 10},
		{s.chart("open-touchpoints", "What it is about", open, "lnsXY", bars("bar_horizontal", "touch", "", "n"),
			values("touch", "Touchpoint", "analysis.touchpoints", 12, "n"), n), 24, 6, 24, 10},
		{s.list("respond", "klank: to be answered", "Complaints, questions and customers who may leave, without an owner's reply.", open,
			"brands", "source.name", "analysis.signals", "analysis.touchpoints", "rating.value", "text", "url"), 0, 16, 48, 18},
		{s.list("advocates", "klank: who recommends", "Authors who recommend, for thanks rather than for answers.", and("analysis.signals: advocate"),
			"brands", "source.name", "author.key", "invited", "text"), 0, 34, 48, 14},
	}
	s.add(board{id: s.id("respond-queue"), title: "klank: to be answered", about: "Who waits for an answer, and on what.",
		view: s.mentions, controls: choices(), from: "now-90d", panels: panels}.object())
}

func (s *set) sources() {
	n := count("n", "Runs", "")
	of := func(v view, id, title, kind string, state object, columns ...column) Object {
		return s.add(chart{id: s.id(id), title: title, view: v, kind: kind, state: state, columns: columns}.object())
	}
	panels := []panel{
		{of(s.runs, "runs-by-status", "Runs by how they ended", "lnsXY", bars("bar_stacked", "when", "status", "n"),
			overTime("when", "started"), values("status", "Status", "status", 6, "n"), n), 0, 0, 24, 12},
		{of(s.runs, "pages", "Pages fetched", "lnsXY", bars("bar_stacked", "when", "source", "pages"),
			overTime("when", "started"), values("source", "Source", "source", 10, "pages"), measure("pages", "Pages", "sum", "pages", "")), 24, 0, 24, 12},
		{of(s.runs, "run-sources", "Sources", "lnsDatatable", table("source", "n", "bad", "pages", "errors", "removed", "last"),
			values("source", "Source", "source", 50, "n"), n, count("bad", "Not done", "not status: done"), measure("pages", "Pages", "sum", "pages", ""),
			measure("errors", "Errors", "sum", "errors", ""), measure("removed", "Removed", "sum", "removed", ""),
			column{"last", object{"label": "Last begun", "customLabel": true, "dataType": "date", "isBucketed": false, "scale": "ratio", "operationType": "max", "sourceField": "started", "params": object{"emptyAsNull": true}}}), 0, 12, 24, 14},
		{of(s.coverage, "coverage", "Collected of what the sources declare", "lnsDatatable", table("source", "declared", "collected", "blocked"),
			values("source", "Source", "source", 50, "declared"), measure("declared", "Declared", "sum", "declared", ""),
			measure("collected", "Collected", "sum", "collected", ""), measure("blocked", "Blocked", "sum", "blocked", "")), 24, 12, 24, 14},
		{s.chart("mention-sources", "Mentions by source", original, "lnsXY", bars("bar_stacked", "when", "source", "n"),
			overTime("when", "collected"), values("source", "Source", "source.name", 12, "n"), count("n", "Mentions", "")), 0, 26, 24, 12},
		{s.add(list{id: s.id("failed-runs"), title: "klank: runs that did not end well", about: "Failed and suspect runs, with the reason.", query: "not status: done",
			view: s.runs, columns: []string{"source", "status", "pages", "errors", "reason", "access", "access_reason"}, sort: "started"}.object()), 24, 26, 24, 12},
	}
	s.add(board{id: s.id("sources-and-crawl"), title: "klank: sources and crawl health", about: "What was collected, how completely, and what went wrong.",
		view: s.runs, controls: []control{{"source", "Source"}}, from: "now-30d", panels: panels}.object())
}
