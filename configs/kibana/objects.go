// Package kibana holds the data views, saved searches and dashboards by which
// analysts look at klank's index in Kibana 8.9 or later, and puts them there
// by the saved objects API
// (https://www.elastic.co/guide/en/kibana/8.19/saved-objects-api.html).
//
// The objects are built here rather than exported from a Kibana, so that a
// field that is renamed in the index is renamed in one place. Their ids are
// fixed: who installs them again gets the same objects.
package kibana

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The types of saved objects.
const (
	dataView  = "index-pattern"
	search    = "search"
	lens      = "lens"
	dashboard = "dashboard"
)

// versions are those of the attributes below: Kibana migrates them from there
// to its own. Those of 8.9 are the oldest that Kibana 8.9 and all after it
// take as they are.
var versions = map[string]string{dataView: "8.0.0", search: "7.9.3", lens: "8.9.0", dashboard: "8.7.0"}

// coreVersion is that of the envelope; it has not changed since Kibana 8.8.
const coreVersion = "8.8.0"

// Object is a saved object as Kibana exports and imports it.
type Object struct {
	Type                 string         `json:"type"`
	ID                   string         `json:"id"`
	Attributes           map[string]any `json:"attributes"`
	References           []Reference    `json:"references"`
	CoreMigrationVersion string         `json:"coreMigrationVersion"`
	TypeMigrationVersion string         `json:"typeMigrationVersion"`
}

// Reference names another object; Name is where the object that has it uses it.
type Reference struct {
	Name string `json:"name"`
	Type string `json:"type"`
	ID   string `json:"id"`
}

func newObject(kind, id string, attributes map[string]any, refs ...Reference) Object {
	if refs == nil {
		refs = []Reference{}
	}
	return Object{Type: kind, ID: id, Attributes: attributes, References: refs,
		CoreMigrationVersion: coreVersion, TypeMigrationVersion: versions[kind]}
}

type object = map[string]any

// text is a value as the JSON text that Kibana keeps in many attributes.
func text(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // of maps, slices and texts: it cannot fail
	return string(bytes.TrimSpace(b.Bytes()))
}

func kql(query string) object { return object{"query": query, "language": "kuery"} }

// view is an index pattern; time is its field for the time filter, or "".
type view struct{ id, pattern, name, time string }

func (v view) object() Object {
	a := object{"title": v.pattern, "name": v.name, "fieldAttrs": "{}", "fieldFormatMap": "{}", "fields": "[]",
		"runtimeFieldMap": "{}", "sourceFilters": "[]", "typeMeta": "{}"}
	if v.time != "" {
		a["timeFieldName"] = v.time
	}
	return newObject(dataView, v.id, a)
}

// list is a saved search: documents that match, in columns.
type list struct {
	id, title, about, query string
	view                    view
	columns                 []string
	sort                    string
	ascending               bool
}

func (l list) object() Object {
	const ref = "kibanaSavedObjectMeta.searchSourceJSON.index"
	direction := "desc"
	if l.ascending {
		direction = "asc"
	}
	return newObject(search, l.id, object{
		"title": l.title, "description": l.about, "columns": l.columns, "sort": [][]string{{l.sort, direction}}, "grid": object{},
		"hideChart": false, "isTextBasedQuery": false, "timeRestore": false,
		"kibanaSavedObjectMeta": object{"searchSourceJSON": text(object{
			"highlightAll": true, "version": true, "query": kql(l.query), "filter": []any{}, "indexRefName": ref})},
	}, Reference{ref, dataView, l.view.id})
}

// chart is a Lens visualisation of one layer.
type chart struct {
	id, title, about, query string
	view                    view
	columns                 []column
	// kind is lnsMetric, lnsXY, lnsHeatmap or lnsDatatable; state is what it
	// says besides its layer.
	kind  string
	state object
}

// layer is the id of the one layer of a chart.
const layer = "layer"

func (c chart) object() Object {
	columns, order := object{}, make([]string, len(c.columns))
	for i, col := range c.columns {
		columns[col.id], order[i] = col.def, col.id
	}
	visual := c.state
	if c.kind != "lnsXY" {
		visual["layerId"], visual["layerType"] = layer, "data"
	}
	return newObject(lens, c.id, object{
		"title": c.title, "description": c.about, "visualizationType": c.kind,
		"state": object{
			"datasourceStates": object{"formBased": object{"layers": object{layer: object{
				"columns": columns, "columnOrder": order, "incompleteColumns": object{}, "sampling": 1}}}},
			"visualization": visual, "query": kql(c.query), "filters": []any{},
			"internalReferences": []any{}, "adHocDataViews": object{}},
	}, Reference{"indexpattern-datasource-layer-" + layer, dataView, c.view.id})
}

// column is one of a chart's, as the data source of Lens spells it.
type column struct {
	id  string
	def object
}

// measure is a number: count, or an operation (average, sum, max,
// unique_count) on a field. With a query it is of the documents that match.
func measure(id, label, operation, field, query string) column {
	d := object{"label": label, "customLabel": true, "dataType": "number", "isBucketed": false, "scale": "ratio",
		"operationType": operation, "sourceField": field, "params": object{"emptyAsNull": true}}
	if query != "" {
		d["filter"] = kql(query)
	}
	return column{id, d}
}

func count(id, label, query string) column {
	return measure(id, label, "count", "___records___", query)
}

// values are the most frequent values of a field by a measure of the chart.
func values(id, label, field string, size int, by string) column {
	return column{id, object{"label": label, "customLabel": true, "dataType": "string", "isBucketed": true, "scale": "ordinal",
		"operationType": "terms", "sourceField": field, "params": object{
			"size": size, "orderBy": object{"type": "column", "columnId": by}, "orderDirection": "desc",
			"otherBucket": false, "missingBucket": false, "parentFormat": object{"id": "terms"},
			"include": []any{}, "exclude": []any{}, "includeIsRegex": false, "excludeIsRegex": false}}}
}

func overTime(id, field string) column {
	return column{id, object{"label": field, "dataType": "date", "isBucketed": true, "scale": "interval",
		"operationType": "date_histogram", "sourceField": field, "params": object{"interval": "auto", "includeEmptyRows": true, "dropPartials": false}}}
}

// The states of the charts that are used.

func metricOf(id string) object { return object{"metricAccessor": id} }

// bars stand over x, split by another column where split is not "".
func bars(series, x, split string, accessors ...string) object {
	l := object{"layerId": layer, "layerType": "data", "seriesType": series, "xAccessor": x, "accessors": accessors}
	if split != "" {
		l["splitAccessor"] = split
	}
	return object{"legend": object{"isVisible": true, "position": "right"}, "valueLabels": "hide", "fittingFunction": "None",
		"preferredSeriesType": series, "layers": []any{l}}
}

func heatmap(x, y, value string) object {
	return object{"shape": "heatmap", "xAccessor": x, "yAccessor": y, "valueAccessor": value,
		"legend":     object{"type": "heatmap_legend", "isVisible": true, "position": "right"},
		"gridConfig": object{"type": "heatmap_grid", "isCellLabelVisible": true, "isXAxisLabelVisible": true, "isYAxisLabelVisible": true, "isXAxisTitleVisible": false, "isYAxisTitleVisible": false}}
}

func table(columns ...string) object {
	var all []any
	for _, c := range columns {
		all = append(all, object{"columnId": c})
	}
	return object{"columns": all}
}

// panel is a place on a dashboard, 48 columns wide.
type panel struct {
	object     Object
	x, y, w, h int
}

// board is a dashboard. controls are fields to choose values of, of its view.
type board struct {
	id, title, about string
	view             view
	controls         []control
	from             string // of the time range, e.g. now-1y
	panels           []panel
}

type control struct{ field, title string }

func (b board) object() Object {
	var panels []any
	var refs []Reference
	for i, p := range b.panels {
		index := fmt.Sprint(i + 1)
		panels = append(panels, object{"type": p.object.Type, "panelIndex": index, "panelRefName": "panel_" + index,
			"gridData":         object{"x": p.x, "y": p.y, "w": p.w, "h": p.h, "i": index},
			"embeddableConfig": object{"enhancements": object{}}})
		refs = append(refs, Reference{index + ":panel_" + index, p.object.Type, p.object.ID})
	}
	controls := object{}
	for i, c := range b.controls {
		id := "control-" + fmt.Sprint(i+1)
		controls[id] = object{"type": "optionsListControl", "order": i, "width": "medium", "grow": true,
			"explicitInput": object{"id": id, "fieldName": c.field, "title": c.title, "enhancements": object{}}}
		refs = append(refs, Reference{"controlGroup_" + id + ":optionsListDataView", dataView, b.view.id})
	}
	a := object{"title": b.title, "description": b.about, "version": 1, "timeRestore": b.from != "",
		"panelsJSON":            text(panels),
		"optionsJSON":           text(object{"useMargins": true, "syncColors": true, "syncCursor": true, "syncTooltips": false, "hidePanelTitles": false}),
		"kibanaSavedObjectMeta": object{"searchSourceJSON": text(object{"query": kql(""), "filter": []any{}})}}
	if b.from != "" {
		a["timeFrom"], a["timeTo"] = b.from, "now"
		a["refreshInterval"] = object{"pause": true, "value": 60000}
	}
	if len(b.controls) > 0 {
		a["controlGroupInput"] = object{"controlStyle": "oneLine", "chainingSystem": "HIERARCHICAL", "panelsJSON": text(controls),
			"ignoreParentSettingsJSON": text(object{"ignoreFilters": false, "ignoreQuery": false, "ignoreTimerange": false, "ignoreValidations": false})}
	}
	return newObject(dashboard, b.id, a, refs...)
}
