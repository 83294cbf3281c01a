package elastic

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// live is the index behind the aliases.
type live struct {
	name string
	meta meta
}

// meta stands in the mapping of an index of mentions.
type meta struct {
	Layout     int    `json:"layout"`
	Generation string `json:"generation"`
}

// errNotSetUp says that there is no index yet.
var errNotSetUp = errors.New("elasticsearch: there is no index yet; run klank index setup")

// live finds the index behind the aliases.
func (ix *Index) live(ctx context.Context) (*live, error) {
	var answer map[string]struct {
		Mappings struct {
			Meta meta `json:"_meta"`
		} `json:"mappings"`
	}
	err := ix.call(ctx, "read the mapping", esapi.IndicesGetMappingRequest{Index: []string{ix.name(readAlias)}}, &answer)
	if isStatus(err, http.StatusNotFound) {
		return nil, errNotSetUp
	}
	if err != nil {
		return nil, err
	}
	if len(answer) != 1 {
		return nil, fmt.Errorf("elasticsearch: the alias %s stands for %d indices, not for one; a reindex by hand may have been left half done", ix.name(readAlias), len(answer))
	}
	for name, a := range answer {
		if a.Mappings.Meta.Generation == "" {
			return nil, fmt.Errorf("elasticsearch: %s is not an index that klank has made; choose another prefix", name)
		}
		return &live{name, a.Mappings.Meta}, nil
	}
	return nil, errNotSetUp
}

// Setup makes the templates and the first index where they are not, and
// returns what it made, in words. An index of an earlier layout is an error
// that asks for Reindex, one of a later layout for a later klank.
func (ix *Index) Setup(ctx context.Context) (made []string, err error) {
	l, err := ix.live(ctx)
	if errors.Is(err, errNotSetUp) {
		if made, err = ix.makeFirst(ctx); err == nil {
			l, err = ix.live(ctx)
		}
	}
	if err != nil {
		return made, err
	}
	if err := l.check(); err != nil {
		return made, err
	}
	ix.generation.Store(&l.meta.Generation)
	return made, nil
}

// ready asks once whether there is an index to write to: whatever else is
// written before would make indices without a mapping.
func (ix *Index) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil || ix.generation.Load() != nil {
		return err
	}
	return ix.patiently(ctx, func() error {
		l, err := ix.live(ctx)
		if err == nil {
			ix.generation.Store(&l.meta.Generation)
		}
		return err
	})
}

// check tells whether this klank can write to an index.
func (l *live) check() error {
	switch {
	case l.meta.Layout < layoutVersion:
		return fmt.Errorf("elasticsearch: %s has layout %d, and this klank writes %d; run klank index reindex", l.name, l.meta.Layout, layoutVersion)
	case l.meta.Layout > layoutVersion:
		return fmt.Errorf("elasticsearch: %s has layout %d, and this klank knows %d; use the klank that made it", l.name, l.meta.Layout, layoutVersion)
	}
	return nil
}

// Templates writes the component and index templates, over earlier ones: they
// hold for indices that are made from now on.
func (ix *Index) Templates(ctx context.Context) error {
	settings := object{"index": object{"number_of_shards": 1, "number_of_replicas": ix.cfg.Replicas}}
	for name, template := range map[string]object{
		"settings": {"settings": settings},
		"mention":  {"settings": object{"analysis": analysis(ix.cfg.Synonyms)}, "mappings": strict(mentionMapping())},
	} {
		if err := ix.call(ctx, "write the component template "+name, esapi.ClusterPutComponentTemplateRequest{Name: ix.name(name),
			Body: body(object{"template": template, "version": layoutVersion})}, nil); err != nil {
			return err
		}
	}
	if err := ix.template(ctx, readAlias, ix.name(readAlias)+"-0*", []string{"settings", "mention"}, nil); err != nil {
		return err
	}
	for name, k := range kept() {
		pattern := ix.name(name)
		if k.sliced {
			pattern += "-*"
		}
		if err := ix.template(ctx, name, pattern, []string{"settings"}, object{"mappings": strict(k.mapping)}); err != nil {
			return err
		}
	}
	return nil
}

// strict refuses fields that a mapping does not name, so that none is guessed.
func strict(mapping object) object {
	mapping["dynamic"] = "strict"
	return mapping
}

func (ix *Index) template(ctx context.Context, name, pattern string, composed []string, own object) error {
	for i := range composed {
		composed[i] = ix.name(composed[i])
	}
	t := object{"index_patterns": []string{pattern}, "composed_of": composed, "priority": 200, "version": layoutVersion}
	if own != nil {
		t["template"] = own
	}
	return ix.call(ctx, "write the index template "+name, esapi.IndicesPutIndexTemplateRequest{Name: ix.name(name), Body: body(t)}, nil)
}

// makeFirst makes the templates and the first index. Another process may be
// doing the same: the first one wins.
func (ix *Index) makeFirst(ctx context.Context) ([]string, error) {
	var info struct {
		Version struct {
			Number string `json:"number"`
		} `json:"version"`
	}
	if err := ix.call(ctx, "ask for the version", esapi.InfoRequest{}, &info); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(info.Version.Number, "8.") {
		return nil, fmt.Errorf("elasticsearch: the cluster is version %q; klank needs version 8", info.Version.Number)
	}
	if err := ix.Templates(ctx); err != nil {
		return nil, err
	}
	first := ix.name(readAlias) + "-000001"
	err := ix.makeIndex(ctx, first, meta{layoutVersion, rand.Text()}, object{ix.name(readAlias): object{}, ix.name(writeAlias): object{}})
	var e *Error
	if errors.As(err, &e) && e.Type == "resource_already_exists_exception" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	made := []string{"the index " + first, "the aliases " + ix.name(readAlias) + " and " + ix.name(writeAlias), "the templates " + ix.cfg.Prefix + "-*"}
	slices.Sort(made)
	return made, nil
}

// makeIndex makes an index of mentions from the templates.
func (ix *Index) makeIndex(ctx context.Context, name string, m meta, aliases object) error {
	return ix.call(ctx, "make the index "+name, esapi.IndicesCreateRequest{Index: name,
		Body: body(object{"mappings": object{"_meta": m}, "aliases": aliases})}, nil)
}
