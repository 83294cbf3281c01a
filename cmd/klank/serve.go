package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/mention"
	"klank/web"
)

func newServe(e *env) *cobra.Command {
	var addr string
	var allowPrivate bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the web UI and the API",
		Long: `serve answers in a browser and under /api/v1. It binds 127.0.0.1, where everything
is open as long as nobody may log in. For another address add users (klank user), or
set an access token in the environment variable or file that web.token_env or
web.token_file name, or a proxy that knows its users (web.trusted_proxy). With web.tls
it speaks HTTPS.

In a folder with neither klank.yaml nor data it leads through a set-up in the browser,
and goes on as klank run does.`,
		Example: `  klank serve
  klank user add anna --role operator && klank serve --addr 0.0.0.0:8417`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.loadServing(cmd, addr)
			if err != nil {
				return err
			}
			if e.fresh() && !cmd.Flags().Changed("data") {
				return runSetup(cmd.Context(), e, cfg, allowPrivate)
			}
			return runServe(cmd.Context(), e, cfg, allowPrivate)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", configs.Default().Web.Addr, "HOST:PORT to listen on")
	cmd.Flags().BoolVar(&allowPrivate, "allow-private", false, "permit loopback and private addresses when somebody tries a page")
	return cmd
}

// loadServing reads the configuration of a command that serves; its flag --addr
// wins over the address there.
func (e *env) loadServing(cmd *cobra.Command, addr string) (*configs.Config, error) {
	cfg, err := e.loadConfig()
	if err == nil && cmd.Flags().Changed("addr") {
		cfg.Web.Addr = addr
	}
	return cfg, err
}

func runServe(ctx context.Context, e *env, cfg *configs.Config, allowPrivate bool) error {
	token, err := accessToken(ctx, e, cfg)
	if err != nil {
		return err
	}
	ix, err := e.openIndex(ctx, cfg) // without data: say so instead of serving nothing
	if err != nil {
		return err
	}
	if err := ix.Close(); err != nil {
		return err
	}
	w, err := e.openWorkspace(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Close()
	ln, err := listen(cfg.Web.Addr)
	if err != nil {
		return err
	}
	d := newCrawlDesk(cfg, w, allowPrivate)
	defer d.reader.close()
	return serveWorkspace(ctx, e, cfg, w, ln, token, d)
}

// accessToken reads the token of UI and API, and checks that the address may
// be served: with it, with users, or behind a proxy.
func accessToken(ctx context.Context, e *env, cfg *configs.Config) (string, error) {
	token, err := cfg.Web.Token()
	if err != nil {
		return "", usageError{err}
	}
	guarded := token != "" || cfg.Web.TrustedProxy.Header != ""
	if !guarded {
		if guarded, err = e.hasUsers(ctx, cfg); err != nil {
			return "", err
		}
	}
	if err := web.CheckAddr(cfg.Web.Addr, guarded); err != nil {
		return "", usageError{err}
	}
	return token, nil
}

func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with --addr", err)
	}
	return ln, nil
}

// serveWorkspace serves on ln, which it closes, until ctx ends.
func serveWorkspace(ctx context.Context, e *env, cfg *configs.Config, w *workspace, ln net.Listener, token string, d *crawlDesk) error {
	defer ln.Close()
	srv, err := newWebServer(e, cfg, w, token, d)
	if err != nil {
		return err
	}
	e.announce(cfg, ln)
	err = srv.Serve(ctx, ln)
	if errors.Is(err, context.Canceled) || errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// newWebServer makes the UI and API of a workspace.
func newWebServer(e *env, cfg *configs.Config, w *workspace, token string, d *crawlDesk) (*web.Server, error) {
	v, _ := version()
	var names []string
	for _, b := range cfg.Brands {
		names = append(names, b.Name)
	}
	language, err := cfg.Language()
	if err != nil {
		return nil, err
	}
	proxies, err := cfg.Web.TrustedProxy.Networks()
	if err != nil {
		return nil, usageError{err}
	}
	labels := newLabeller(e, cfg, w)
	return web.New(web.Config{
		Index: w.index, Language: language, Addr: cfg.Web.Addr, Token: token, Brands: names, Reports: researchConfig(cfg, w.index), Version: v, Log: e.log(),
		Desk: w.desk, Register: registerOf(cfg), RateLimit: cfg.Web.RateLimit, AuditFor: cfg.Retention.AuditFor(), TLS: web.TLS(cfg.Web.TLS),
		Proxy:    web.Proxy{From: proxies, Header: cfg.Web.TrustedProxy.Header, RoleHeader: cfg.Web.TrustedProxy.RoleHeader},
		Snapshot: func(_ context.Context, locator string) (*mention.Page, error) { return w.snapshots.Get(locator) },
		Status:   d.status,
		Crawl:    d.web(),
		Alerts:   webAlerts(cfg, w, e.log()),
		Relabel:  labels.relabel,
		Explain:  labels.explain,
		Gatherer: newMetrics(w.frontier, d.hosts),
	})
}

// announce says where the UI is.
func (e *env) announce(cfg *configs.Config, ln net.Listener) {
	url := fmt.Sprintf("http://%s/", ln.Addr())
	if cfg.Web.TLS.Used() {
		url = fmt.Sprintf("https://%s/", ln.Addr())
	}
	if e.logFormat == "json" {
		e.log().Info("serving", "url", url)
	} else {
		fmt.Fprintf(e.err, "klank: %s (Ctrl-C stops)\n", url)
	}
}
