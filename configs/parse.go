package configs

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"klank/analysis/moments"
	"klank/crawler/schedule"
	"klank/index/query"
	"klank/mention"
	"klank/parsers"
	"klank/parsers/loadmore"
	"klank/parsers/selectors"
)

// Error is one complaint about a configuration file.
type Error struct {
	File string
	// Line and Column are 1-based; 0 when the place is unknown.
	Line, Column int
	// Field is the path of the field, e.g. "sources[0].type".
	Field string
	Msg   string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Parse reads a configuration; file is its name in messages.
func Parse(file string, b []byte) (*Config, error) {
	c := Default()
	v := &validator{file: file}
	var err error
	if v.tree, err = parser.ParseBytes(b, 0); err != nil {
		return nil, decodeError(file, b, err)
	}
	if empty(v.tree) {
		return c, nil
	}
	v.durations("", reflect.TypeFor[Config]())
	if len(v.errs) > 0 {
		return nil, errors.Join(v.errs...)
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(c); err != nil {
		return nil, decodeError(file, b, err)
	}
	v.check(c)
	return c, errors.Join(v.errs...)
}

// empty tells whether a file holds nothing but comments.
func empty(f *ast.File) bool {
	for _, d := range f.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType && d.Body.Type() != ast.CommentType {
			return false
		}
	}
	return true
}

// durations checks the durations before the decoder does, whose complaints
// about them name no place.
func (v *validator) durations(path string, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if path != "" {
			name = path + "." + name
		}
		switch {
		case f.Type == reflect.TypeFor[time.Duration]():
			n := v.node(name)
			if n == nil {
				continue
			}
			if _, err := time.ParseDuration(n.GetToken().Value); err != nil {
				v.fail(name, `%q is not a duration such as "30s" or "2m"`, n.GetToken().Value)
			}
		case f.Type.Kind() == reflect.Struct:
			v.durations(name, f.Type)
		}
	}
}

// decodeError turns the YAML library's errors into ours: place, field, and
// what is allowed instead.
func decodeError(file string, b []byte, err error) error {
	e := &Error{File: file, Msg: err.Error()}
	var yerr yaml.Error
	if !errors.As(err, &yerr) {
		return e
	}
	e.Msg = yerr.GetMessage()
	if tk := yerr.GetToken(); tk != nil && tk.Position != nil {
		e.Line, e.Column = tk.Position.Line, tk.Position.Column
	}
	var unknown *yaml.UnknownFieldError
	var typ *yaml.TypeError
	var node *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &unknown):
		name := unknown.Token.Value
		e.Msg = fmt.Sprintf("unknown field %q", name)
		if near := query.Nearest(name, fieldNames(reflect.TypeFor[Config]())); near != "" {
			e.Msg += fmt.Sprintf("; did you mean %q?", near)
		}
	case errors.As(err, &node):
		e.Msg = fmt.Sprintf("%q is not %s", node.Token.Value, nodeWords(node.Expected))
	case errors.As(err, &typ):
		e.Msg = fmt.Sprintf("%q is not %s", typ.Token.Value, typeWords(typ.DstType))
	case reserved.Match(line(b, e.Line)):
		e.Msg += "; put a value that begins with * or @ in quotes"
	}
	return e
}

// reserved is a value that YAML takes for something else: a schedule may begin
// so, or an alias of a brand.
var reserved = regexp.MustCompile(`(^|[\s\[,:-])[*@]`)

// line is the nth line of a file, counted from 1.
func line(b []byte, n int) []byte {
	for i, l := range bytes.Split(b, []byte("\n")) {
		if i+1 == n {
			return l
		}
	}
	return nil
}

func nodeWords(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType:
		return "a set of fields"
	}
	return "of the right type"
}

func typeWords(t reflect.Type) string {
	if t == nil {
		return "of the right type"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a set of fields"
	}
	return "text"
}

// fieldNames lists the YAML names of all fields below t.
func fieldNames(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fieldNames(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" {
			names = append(names, name)
		}
		names = append(names, fieldNames(t.Field(i).Type)...)
	}
	return names
}

// validator collects everything that is wrong with a configuration.
type validator struct {
	file string
	tree *ast.File
	errs []error
}

// node finds the value at path, or nil.
func (v *validator) node(path string) ast.Node {
	p, err := yaml.PathString("$." + path)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(v.tree)
	if err != nil || n == nil || n.GetToken() == nil {
		return nil
	}
	return n
}

// fail records a complaint about the field at path, e.g. "sources[0].type",
// with the place of the nearest field that is there.
func (v *validator) fail(path, format string, args ...any) {
	e := &Error{File: v.file, Field: path, Msg: fmt.Sprintf(format, args...)}
	for p := path; p != ""; p = parentPath(p) {
		if n := v.node(p); n != nil {
			e.Line, e.Column = n.GetToken().Position.Line, n.GetToken().Position.Column
			break
		}
	}
	v.errs = append(v.errs, e)
}

func parentPath(p string) string {
	if i := strings.LastIndexAny(p, ".["); i >= 0 {
		return p[:i]
	}
	return ""
}

func (v *validator) check(c *Config) {
	if strings.ContainsAny(c.Contact, "\r\n()") {
		v.fail("contact", "%q cannot stand in a User-Agent; give one e-mail address or URL", c.Contact)
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		zone = time.UTC
		v.fail("timezone", "%q is not a time zone; give one such as Europe/Amsterdam", c.Timezone)
	}
	v.schedule("schedule", c.Schedule, zone)
	v.crawl(&c.Crawl)
	if c.Frontier.Lease < time.Second || c.Frontier.Lease > time.Hour {
		v.fail("frontier.lease", `%s is out of range; allowed is "1s" to "1h"`, c.Frontier.Lease)
	}
	v.index(c)
	v.budgets(c.Budgets)
	names := v.brands(c.Brands)
	v.labels(c.Labels)
	seen := map[string]bool{}
	for i := range c.Sources {
		path := fmt.Sprintf("sources[%d]", i)
		v.source(path, &c.Sources[i], names, seen)
		v.schedule(path+".schedule", c.Sources[i].Schedule, zone)
	}
	v.imports(c.Imports, names)
	v.alerts(c, zone)
	v.oneOf("privacy.authors", c.Privacy.Authors, AuthorModes)
	if _, err := parseRetention(c.Retention.Pages); err != nil {
		v.fail("retention.pages", "%q is not a time; %v", c.Retention.Pages, err)
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Retention.Mentions)) {
		if !slices.Contains(mention.Kinds, kind) {
			v.fail("retention.mentions", "%q is no kind of mention; there are %s", kind, strings.Join(kindNames(), ", "))
		}
		if _, err := parseRetention(c.Retention.Mentions[kind]); err != nil {
			v.fail("retention.mentions."+string(kind), "%q is not a time; %v", c.Retention.Mentions[kind], err)
		}
	}
	if _, err := parseRetention(c.Retention.Audit); err != nil {
		v.fail("retention.audit", "%q is not a time; %v", c.Retention.Audit, err)
	}
	v.web(&c.Web)
}

func (v *validator) schedule(path, spec string, zone *time.Location) {
	if spec == "" {
		return
	}
	if _, err := schedule.Parse(spec, zone); err != nil {
		v.fail(path, "%s", strings.TrimPrefix(err.Error(), "schedule: "))
	}
}

func (v *validator) crawl(c *Crawl) {
	if c.Rate <= 0 || c.Rate > 50 {
		v.fail("crawl.rate", "%g is out of range; allowed are requests per second above 0, up to 50", c.Rate)
	}
	if c.Workers < 1 || c.Workers > 1024 {
		v.fail("crawl.workers", "%d is out of range; allowed is 1 to 1024", c.Workers)
	}
	if c.MaxPages < 0 {
		v.fail("crawl.max_pages", "%d is negative; 0 means no bound", c.MaxPages)
	}
	if c.Timeout <= 0 {
		v.fail("crawl.timeout", `%s is not above 0; give a duration such as "30s"`, c.Timeout)
	}
	if c.MaxBody < 1024 {
		v.fail("crawl.max_body", "%d is too small; allowed are 1024 bytes and more", c.MaxBody)
	}
	if c.MaxCrawlDelay <= 0 {
		v.fail("crawl.max_crawl_delay", `%s is not above 0; give a duration such as "60s"`, c.MaxCrawlDelay)
	}
	v.oneOf("crawl.over_max_delay", c.OverMaxDelay, OverMaxDelays)
	if c.DeepEvery < 0 {
		v.fail("crawl.deep_every", `%s is negative; give a duration such as "720h", or 0s for never`, c.DeepEvery)
	}
	if c.RemovedAfterRuns < 1 || c.RemovedAfterRuns > 100 {
		v.fail("crawl.removed_after_runs", "%d is out of range; allowed is 1 to 100", c.RemovedAfterRuns)
	}
}

// labels reads the patterns as the analysis will.
func (v *validator) labels(l Labels) {
	for _, p := range l.Patterns() {
		if err := moments.Check(p); err != nil {
			v.fail(p.Name, "%v", err)
		}
	}
}

func (v *validator) brands(brands []Brand) map[string]bool {
	names := map[string]bool{}
	for i, b := range brands {
		path := fmt.Sprintf("brands[%d].name", i)
		switch {
		case strings.TrimSpace(b.Name) == "":
			v.fail(path, "missing; every brand needs a name")
		case names[b.Name]:
			v.fail(path, "%q stands twice", b.Name)
		}
		names[b.Name] = true
	}
	return names
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

// minReason is the least length of a reason in words.
const minReason = 15

func (v *validator) urls(path string, urls []string, example string) {
	for i, u := range urls {
		if _, err := mention.CanonicalURL("", u); err != nil {
			v.fail(fmt.Sprintf("%s[%d]", path, i), "%q: %v; write it in full, e.g. %s", u, err, example)
		}
	}
}

func (v *validator) source(path string, s *Source, brands, seen map[string]bool) {
	switch {
	case !sourceName.MatchString(s.Name):
		v.fail(path+".name", "%q is not a name; allowed are letters, digits and . _ : -", s.Name)
	case seen[s.Name]:
		v.fail(path+".name", "%q stands twice", s.Name)
	}
	seen[s.Name] = true
	if s.Type == "" {
		s.Type = "site"
	}
	v.oneOf(path+".type", s.Type, SourceTypes)
	if len(s.URLs) == 0 && len(s.Sitemaps) == 0 {
		v.fail(path+".urls", "missing; give at least one URL to start from")
	}
	v.urls(path+".urls", s.URLs, "https://example.com/reviews")
	sitemaps, robots := s.SitemapURLs()
	v.urls(path+".sitemaps", sitemaps, "https://example.com/sitemap.xml")
	if robots && (len(s.URLs) == 0 || s.Type == "sitemap") {
		v.fail(path+".sitemaps", "robots.txt of which host? give at least one of its pages in urls, or write the sitemaps in full")
	}
	if s.StopAfterKnown < 0 {
		v.fail(path+".stop_after_known", "%d is negative; 0 reads every page of a list", s.StopAfterKnown)
	}
	if s.IgnoreRobots != "" && len(s.IgnoreRobots) < minReason {
		v.fail(path+".ignore_robots", "%q is no reason; write in words why robots.txt may be left out, it stands in every report", s.IgnoreRobots)
	}
	if s.Brand != "" && !brands[s.Brand] {
		v.fail(path+".brand", "%q is not one of the configured brands", s.Brand)
	}
	if s.Depth < 0 {
		v.fail(path+".depth", "%d is negative; 0 means no bound", s.Depth)
	}
	if s.MaxPages < 0 {
		v.fail(path+".max_pages", "%d is negative; 0 keeps crawl.max_pages", s.MaxPages)
	}
	if s.Rate < 0 {
		v.fail(path+".rate", "%g is negative; 0 keeps crawl.rate", s.Rate)
	}
	for name, list := range map[string][]string{"allow": s.Allow, "deny": s.Deny} {
		for i, re := range list {
			if _, err := regexp.Compile(re); err != nil {
				v.fail(fmt.Sprintf("%s.%s[%d]", path, name, i), "%q is not a regular expression: %v", re, err)
			}
		}
	}
	v.api(path, s)
	if s.Parser != "" {
		v.oneOf(path+".parser", s.Parser, parsers.New().Names())
	}
	if s.Selectors != nil {
		if _, err := selectors.Compile(selectors.Rules(*s.Selectors)); err != nil {
			v.fail(path+".selectors", "%v", err)
		}
	}
	v.loadMore(path+".load_more", s)
}

func (v *validator) loadMore(path string, s *Source) {
	if len(s.LoadMore) > 0 && (s.Type == "feed" || s.IsAPI()) {
		v.fail(path, "a source of type %s has no pages with buttons; load_more is for those that have", s.Type)
	}
	for i, r := range s.LoadMore {
		_, err := loadmore.Compile(r)
		if e, ok := errors.AsType[*loadmore.Error](err); ok && e.Value != "" {
			v.fail(fmt.Sprintf("%s[%d].%s", path, i, e.Field), "%q: %s", e.Value, e.Reason)
		} else if ok {
			v.fail(fmt.Sprintf("%s[%d].%s", path, i, e.Field), "%s", e.Reason)
		}
	}
}

func (v *validator) oneOf(path, value string, allowed []string) {
	if slices.Contains(allowed, value) {
		return
	}
	msg := fmt.Sprintf("%q is not allowed; allowed are %s", value, strings.Join(allowed, ", "))
	if near := query.Nearest(value, allowed); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	v.fail(path, "%s", msg)
}
