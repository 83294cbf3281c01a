package configs

import (
	"fmt"
	"maps"
	"slices"

	"klank/mention"
	"klank/parsers/imports"
)

// imports checks how files are to be read.
func (v *validator) imports(all []Import, brands map[string]bool) {
	seen := map[string]bool{}
	for i, im := range all {
		path := fmt.Sprintf("imports[%d]", i)
		switch {
		case !sourceName.MatchString(im.Name):
			v.fail(path+".name", "%q is not a name; allowed are letters, digits and . _ : -", im.Name)
		case seen[im.Name]:
			v.fail(path+".name", "%q stands twice", im.Name)
		}
		seen[im.Name] = true
		if im.Kind != "" {
			v.oneOf(path+".kind", im.Kind, kindNames())
		}
		if im.Brand != "" && !brands[im.Brand] {
			v.fail(path+".brand", "%q is not one of the configured brands", im.Brand)
		}
		for _, header := range slices.Sorted(maps.Keys(im.Columns)) {
			if _, _, err := imports.ParseRole(im.Columns[header]); err != nil {
				v.fail(path+".columns", "%q: %v", header, err)
			}
		}
	}
}

func kindNames() []string {
	var out []string
	for _, k := range mention.Kinds {
		out = append(out, string(k))
	}
	return out
}
