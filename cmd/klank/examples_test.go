package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"klank/configs"
)

// TestTheServiceExamplesStartKlankAsItIs reads the examples for systemd and
// Kubernetes and holds the command lines in them against klank's own.
func TestTheServiceExamplesStartKlankAsItIs(t *testing.T) {
	started := map[string][]string{}
	for _, name := range []string{"klank.service", "klank-crawl.service"} {
		b, err := os.ReadFile("../../configs/systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if command, ok := strings.CutPrefix(line, "ExecStart=/usr/local/bin/klank "); ok {
				started[name] = strings.Fields(command)
			}
		}
	}
	for _, name := range []string{"cronjob.yaml", "deployment.yaml", "volume.yaml"} {
		for _, doc := range readManifests(t, filepath.Join("../../configs/kubernetes", name)) {
			if doc["apiVersion"] == nil || doc["kind"] == nil {
				t.Errorf("%s: a document without apiVersion and kind", name)
			}
			if args := containerArgs(doc); args != nil {
				started[name] = args
			}
		}
	}
	for name, want := range map[string]string{"klank.service": "run", "klank-crawl.service": "crawl", "cronjob.yaml": "crawl", "deployment.yaml": "run"} {
		args := started[name]
		if len(args) == 0 || args[0] != want {
			t.Errorf("%s starts klank with %q, want %s", name, args, want)
			continue
		}
		cmd, rest, err := newRoot(&env{in: strings.NewReader(""), out: io.Discard, err: io.Discard}).Find(args)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := cmd.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if left := cmd.Flags().Args(); len(left) > 0 {
			t.Errorf("%s: %q is no flag", name, left)
		}
	}
}

// TestTheExampleShowsEveryKindOfSource holds that klank check passes on the
// example, where its keys are.
func TestTheExampleShowsEveryKindOfSource(t *testing.T) {
	const file = "../../configs/klank.example.yaml"
	cfg, err := configs.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]bool{}
	for _, s := range cfg.Sources {
		types[s.Type] = true
		if s.KeyEnv != "" {
			t.Setenv(s.KeyEnv, "a-key-for-"+s.Name)
		}
	}
	t.Setenv(cfg.Alerts.SMTP.PasswordEnv, "a-password")
	for _, c := range cfg.Alerts.Channels {
		for _, name := range []string{c.URLEnv, c.SecretEnv} {
			if name != "" {
				t.Setenv(name, "https://hooks.example/a-secret")
			}
		}
	}
	for _, want := range configs.SourceTypes {
		if !types[want] {
			t.Errorf("no source of type %s", want)
		}
	}
	var out, errOut bytes.Buffer
	if status := execute(t.Context(), []string{"check", "--config", file, "--data", t.TempDir()}, strings.NewReader(""), &out, &errOut); status != exitDone {
		t.Errorf("klank check: exit status %d\n%s%s", status, &out, &errOut)
	}
}

// readManifests reads the documents of a YAML file; a key that stands twice
// is an error.
func readManifests(t *testing.T, file string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var docs []map[string]any
	for dec := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var doc map[string]any
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return docs
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		docs = append(docs, doc)
	}
}

// containerArgs finds the args of the first container below a value.
func containerArgs(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		if list, ok := v["args"].([]any); ok {
			var args []string
			for _, a := range list {
				args = append(args, a.(string))
			}
			return args
		}
		for _, below := range v {
			if args := containerArgs(below); args != nil {
				return args
			}
		}
	case []any:
		for _, below := range v {
			if args := containerArgs(below); args != nil {
				return args
			}
		}
	}
	return nil
}
