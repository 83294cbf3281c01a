package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"klank/configs/kibana"
)

// The environment variables that say who installs into Kibana.
const (
	kibanaKeyEnv      = "KLANK_KIBANA_API_KEY"
	kibanaPasswordEnv = "KLANK_KIBANA_PASSWORD"
)

type kibanaFlags struct {
	out, url, space, user, ca, prefix string
}

func newKibana(e *env) *cobra.Command {
	var f kibanaFlags
	cmd := &cobra.Command{
		Use:   "kibana",
		Short: "Data views, saved searches and dashboards for Kibana",
		Long: `kibana writes the saved objects by which Kibana (8.9 or later) shows klank's
index in Elasticsearch: data views, saved searches, and dashboards for the
brand, the moments of truth, what is to be answered, and the crawl. --import
installs them, over earlier ones, and reads every one of them back.

The API key stands in ` + kibanaKeyEnv + `, or with --user the password in
` + kibanaPasswordEnv + `.`,
		Example: `  klank kibana --out klank.ndjson                to import by hand under Stack Management
  klank kibana --import http://localhost:5601
  klank kibana --import https://kibana.example/base --space marketing --user elastic`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runKibana(cmd.Context(), e, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "file to write the objects to; - is standard output (the default)")
	fl.StringVar(&f.url, "import", "", "URL of the Kibana to install into")
	fl.StringVar(&f.space, "space", "", "space of Kibana to install into; the default one where none is given")
	fl.StringVar(&f.user, "user", "", "user who installs, where there is no API key")
	fl.StringVar(&f.ca, "ca-file", "", "PEM file with the authority that signed Kibana's certificate")
	fl.StringVar(&f.prefix, "prefix", "klank", "what the names of the indices begin with")
	cmd.MarkFlagsMutuallyExclusive("out", "import")
	return cmd
}

func runKibana(ctx context.Context, e *env, f *kibanaFlags) error {
	objects := kibana.Objects(f.prefix)
	if f.url == "" {
		b, err := kibana.NDJSON(objects)
		if err != nil {
			return err
		}
		if f.out == "" || f.out == "-" {
			_, err = e.out.Write(b)
			return err
		}
		if err := os.WriteFile(f.out, b, 0o644); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.err, "%d objects in %s; import them in Kibana under Stack Management, Saved Objects\n", len(objects), f.out)
		return err
	}
	base, err := startURL(f.url)
	if err != nil {
		return err
	}
	client, err := kibanaHTTP(f.ca)
	if err != nil {
		return err
	}
	c := &kibana.Client{URL: base, Space: f.space, APIKey: os.Getenv(kibanaKeyEnv), User: f.user, HTTP: client}
	if f.user != "" {
		c.APIKey = ""
		if c.Password = os.Getenv(kibanaPasswordEnv); c.Password == "" {
			return usagef("--user %s: the environment variable %s is not set", f.user, kibanaPasswordEnv)
		}
	}
	if err := c.Install(ctx, objects); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "%d objects are installed in %s, space %s\n", len(objects), clean(f.url), clean(cmp.Or(f.space, "default")))
	return err
}

// kibanaHTTP is a client that trusts the machine's authorities, or that of a
// file.
func kibanaHTTP(caFile string) (*http.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, usageError{err}
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, usagef("--ca-file %s holds no certificate", caFile)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: t, Timeout: time.Minute}, nil
}
