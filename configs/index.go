package configs

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"klank/index/query"
)

// Index says where mentions are kept: in index.db in the data folder, unless
// Elasticsearch names a cluster.
type Index struct {
	Elasticsearch Elasticsearch `yaml:"elasticsearch"`
}

// Elasticsearch names a cluster of version 8, and how to get in. Its secrets
// stand in environment variables.
type Elasticsearch struct {
	// URLs are the nodes; or CloudID names an Elastic Cloud deployment.
	URLs    []string `yaml:"urls"`
	CloudID string   `yaml:"cloud_id"`
	// APIKeyEnv names the environment variable with an API key (as the cluster
	// encodes it); or Username and PasswordEnv are a user.
	APIKeyEnv   string `yaml:"api_key_env"`
	Username    string `yaml:"username"`
	PasswordEnv string `yaml:"password_env"`
	// CAFile is the authority that signed the nodes' certificates, as PEM.
	CAFile string `yaml:"ca_file"`
	// Prefix begins the names of all indices, templates and aliases.
	Prefix string `yaml:"prefix"`
	// Replicas are the copies of each index beside the first.
	Replicas int `yaml:"replicas"`
}

// Used tells whether a cluster is named.
func (e *Elasticsearch) Used() bool { return len(e.URLs) > 0 || e.CloudID != "" }

// Secrets reads the API key or the password from the environment.
func (e *Elasticsearch) Secrets() (apiKey, password string, err error) {
	if apiKey, err = secret("index.elasticsearch.api_key_env", e.APIKeyEnv); err != nil {
		return "", "", err
	}
	password, err = secret("index.elasticsearch.password_env", e.PasswordEnv)
	return apiKey, password, err
}

// secret reads an environment variable that a field names; empty for none.
func secret(field, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	value := os.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("configuration: %s: the environment variable %s is not set", field, name)
	}
	return value, nil
}

// SavedQuery is a query with a name, by which others use it: saved:name.
type SavedQuery struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"`
}

// Language is the question language with the saved queries and synonyms of the
// configuration.
func (c *Config) Language() (*query.Language, error) {
	saved := map[string]string{}
	for _, q := range c.Queries {
		saved[q.Name] = q.Query
	}
	return query.NewLanguage(saved, c.Synonyms)
}

var indexPrefix = regexp.MustCompile(`^[a-z][a-z0-9-]{0,49}$`)

func (v *validator) index(c *Config) {
	const path = "index.elasticsearch"
	e := &c.Index.Elasticsearch
	for i, u := range e.URLs {
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") || strings.Contains(u, "@") {
			v.fail(fmt.Sprintf("%s.urls[%d]", path, i), "%q is not the URL of a node without a password; give one such as https://es1.example:9200", u)
		}
	}
	switch {
	case len(e.URLs) > 0 && e.CloudID != "":
		v.fail(path+".cloud_id", "urls are given too; give one of them")
	case !e.Used() && e.APIKeyEnv+e.Username+e.PasswordEnv+e.CAFile != "":
		v.fail(path, "no cluster is named; give urls or cloud_id")
	}
	if e.APIKeyEnv != "" && (e.Username != "" || e.PasswordEnv != "") {
		v.fail(path+".api_key_env", "a user is given too; give one of them")
	}
	if (e.Username == "") != (e.PasswordEnv == "") {
		v.fail(path+".username", "username and password_env go together")
	}
	if !indexPrefix.MatchString(e.Prefix) {
		v.fail(path+".prefix", "%q is not allowed; allowed are up to 50 of a-z, 0-9 and -, beginning with a letter", e.Prefix)
	}
	if e.Replicas < 0 || e.Replicas > 10 {
		v.fail(path+".replicas", "%d is out of range; allowed is 0 to 10", e.Replicas)
	}
	v.language(c)
}

func (v *validator) language(c *Config) {
	at := map[string]int{}
	for i, q := range c.Queries {
		path := fmt.Sprintf("queries[%d]", i)
		key := strings.ToLower(q.Name)
		if _, twice := at[key]; twice {
			v.fail(path+".name", "%q stands twice", q.Name)
		}
		at[key] = i
		if strings.TrimSpace(q.Name) == "" {
			v.fail(path+".name", "missing; every saved query needs a name")
		}
		if strings.TrimSpace(q.Query) == "" {
			v.fail(path+".query", "missing; give the query")
		}
	}
	for i, group := range c.Synonyms {
		if len(group) < 2 {
			v.fail(fmt.Sprintf("synonyms[%d]", i), "a group of words that mean the same has at least two")
		}
	}
	_, err := c.Language()
	for _, err := range joined(err) {
		if se, ok := errors.AsType[*query.SavedError](err); ok {
			v.fail(fmt.Sprintf("queries[%d].query", at[strings.ToLower(se.Name)]), "%v", se.Err)
		}
	}
}

// joined are the errors that errors.Join has joined.
func joined(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return nil
}
