package web

import (
	"fmt"

	"klank/index/research/layout"
)

// Speech is a language of the interface, for reports outside of it.
func Speech(code string) (layout.Language, error) {
	locales, err := loadLocales()
	if err != nil {
		return nil, fmt.Errorf("web: languages: %w", err)
	}
	l := locales[code]
	if l == nil {
		return nil, fmt.Errorf("web: there is no language %q", code)
	}
	return l, nil
}
