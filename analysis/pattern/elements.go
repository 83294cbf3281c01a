package pattern

import (
	"fmt"
	"strings"
)

// choice reads what an element stands for.
func (c *compiler) choice(body string) (choice, error) {
	if known, ok := c.choices[body]; ok {
		return known, nil
	}
	words, phrases, err := c.expand([]string{body})
	if err != nil {
		return choice{}, err
	}
	x := choice{term: termNone, phrases: phrases}
	if len(words) > 0 {
		if x.term, err = c.term(words); err != nil {
			return choice{}, err
		}
	}
	c.choices[body] = x
	return x, nil
}

func isGap(field string) bool { return field == ".." || field == "..." }

// elements cuts a pattern at blanks, but not within a choice.
func elements(line string) ([]string, error) {
	var out []string
	depth, start := 0, -1
	for i := 0; i <= len(line); i++ {
		if i == len(line) || depth == 0 && (line[i] == ' ' || line[i] == '\t') {
			if start >= 0 {
				out = append(out, line[start:i])
			}
			start = -1
			continue
		}
		switch line[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 || depth > maxGaps {
			return nil, fmt.Errorf("pattern %q: choices are ( … ), at most %d in each other", line, maxGaps)
		}
		if start < 0 {
			start = i
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("pattern %q: a choice does not end with )", line)
	}
	return out, nil
}

// expand opens choices and classes and returns their single words and their
// phrases.
func (c *compiler) expand(fields []string) (words []string, phrases [][]string, err error) {
	for _, f := range fields {
		switch {
		case f[0] == '@':
			known, ok := c.classes[f[1:]]
			if !ok {
				return nil, nil, fmt.Errorf("class %q is not known", f)
			}
			words, phrases = append(words, known.words...), append(phrases, known.phrases...)
		case f[0] == '(':
			if !strings.HasSuffix(f, ")") {
				return nil, nil, fmt.Errorf("%q: a choice ends with )", f)
			}
			for _, choice := range splitChoice(f[1 : len(f)-1]) {
				parts, err := elements(choice)
				switch {
				case err != nil:
					return nil, nil, err
				case len(parts) == 0:
					return nil, nil, fmt.Errorf("%q has an empty choice", f)
				case len(parts) > 1 || strings.HasSuffix(parts[0], "?"):
					phrases = append(phrases, parts)
					continue
				}
				w, p, err := c.expand(parts)
				if err != nil {
					return nil, nil, err
				}
				words, phrases = append(words, w...), append(phrases, p...)
			}
		default:
			words = append(words, f)
		}
	}
	return words, phrases, nil
}

// splitChoice cuts the inside of a choice at its own bars.
func splitChoice(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}
