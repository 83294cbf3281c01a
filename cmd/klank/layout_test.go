package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStagesDoNotKnowEachOther holds the direction of imports: stages meet in
// this command only.
func TestStagesDoNotKnowEachOther(t *testing.T) {
	forbidden := map[string][]string{
		"klank/mention":  {"klank/crawler", "klank/parsers", "klank/analysis", "klank/index", "klank/web", "klank/configs"},
		"klank/crawler":  {"klank/parsers", "klank/analysis", "klank/index", "klank/web", "klank/configs"},
		"klank/parsers":  {"klank/crawler", "klank/analysis", "klank/index", "klank/web", "klank/configs"},
		"klank/analysis": {"klank/crawler", "klank/parsers", "klank/index", "klank/web", "klank/configs"},
		"klank/index":    {"klank/crawler", "klank/parsers", "klank/analysis", "klank/web", "klank/configs"},
		"klank/web":      {"klank/crawler", "klank/parsers", "klank/analysis", "klank/configs"},
	}
	for stage, not := range forbidden {
		out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", stage+"/...").CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s/...: %v\n%s", stage, err, out)
		}
		for line := range strings.Lines(string(out)) {
			words := strings.Fields(line)
			for _, dep := range words[1:] {
				for _, bad := range not {
					if dep == bad || strings.HasPrefix(dep, bad+"/") {
						t.Errorf("%s imports %s; only cmd/klank joins stages", words[0], dep)
					}
				}
			}
		}
	}
}

// TestMentionUsesTheStandardLibraryOnly keeps the shared words free of
// dependencies.
func TestMentionUsesTheStandardLibraryOnly(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "klank/mention").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for _, dep := range strings.Fields(string(out)) {
		if dep != "klank/mention" {
			t.Errorf("klank/mention imports %s", dep)
		}
	}
}
