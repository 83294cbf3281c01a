package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"klank/configs"
	"klank/web"
)

// fresh tells whether nobody has set klank up here: there is no configuration,
// none was asked for, and nothing was collected.
func (e *env) fresh() bool {
	if e.configSet {
		return false
	}
	for _, file := range []string{e.config, filepath.Join(e.data, indexFile), filepath.Join(e.data, frontierFile)} {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// setup is a set-up under way, and the service that follows.
type setup struct {
	e            *env
	cfg          *configs.Config // what holds until there is a file
	token        string
	allowPrivate bool
	finder       *placeFinder

	mu      sync.Mutex
	service *service
	ui      *web.Server
	done    chan struct{} // the service has ended
}

// runSetup leads through the set-up in a browser, then goes on as klank run does
// with the configuration that was written.
func runSetup(ctx context.Context, e *env, cfg *configs.Config, allowPrivate bool) (err error) {
	token, err := accessToken(ctx, e, cfg)
	if err != nil {
		return err
	}
	ln, err := listen(cfg.Web.Addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	ctx, cancel := context.WithCancel(ctx)
	s := &setup{e: e, cfg: cfg, token: token, allowPrivate: allowPrivate, done: make(chan struct{}),
		finder: &placeFinder{cfg: cfg, reader: &pageReader{cfg: cfg, allowPrivate: allowPrivate}}}
	defer func() {
		cancel()
		err = errors.Join(err, s.close())
	}()
	v, _ := version()
	wc := web.Config{Addr: cfg.Web.Addr, Token: token, Version: v, Log: e.log(), Setup: s.web(ctx, cancel), Ready: func(context.Context) error {
		return errors.New("klank is not set up yet")
	}}
	if e.hasDesk() { // users were added before
		d, err := e.newDesk(ctx, cfg)
		if err != nil {
			return err
		}
		defer d.Close()
		wc.Desk = d
	}
	srv, err := web.New(wc)
	if err != nil {
		return err
	}
	e.announce(cfg, ln)
	fmt.Fprintf(e.err, "klank: there is no %s yet; open that address in a browser to set klank up\n", clean(e.config))
	err = srv.Serve(ctx, ln)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// hasDesk tells whether people have added something already, such as users.
func (e *env) hasDesk() bool {
	_, err := os.Stat(filepath.Join(e.data, deskFile))
	return err == nil
}

// web gives the set-up in the words of the UI. What it starts ends with ctx;
// stop ends that.
func (s *setup) web(ctx context.Context, stop context.CancelFunc) *web.Setup {
	file := s.e.config
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return &web.Setup{File: file, Find: s.finder.find,
		Draft: func(a web.Answers) (string, error) { return draft(s.e.config, a) },
		Start: func(text string) (http.Handler, error) { return s.start(ctx, stop, text) }}
}

// start writes the configuration and begins to collect with it.
func (s *setup) start(ctx context.Context, stop context.CancelFunc, text string) (http.Handler, error) {
	if err := writeNew(s.e.config, text); err != nil {
		return nil, err
	}
	// From here on the file is there: whatever fails now is told, and klank run
	// goes on with it.
	v, srv, err := s.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s is written, but: %w; put that right and start klank run again", s.e.config, err)
	}
	s.mu.Lock()
	s.service, s.ui = v, srv
	s.mu.Unlock()
	go func() {
		defer close(s.done)
		defer stop() // a service that has ended takes its UI along
		v.run(ctx)
	}()
	return srv.Handler(), nil
}

// open makes the service of the configuration that was written.
func (s *setup) open(ctx context.Context) (*service, *web.Server, error) {
	cfg, err := configs.Load(s.e.config)
	if err != nil {
		return nil, nil, err
	}
	cfg.Web.Addr = s.cfg.Web.Addr
	jobs, err := scheduledJobs(cfg, s.e.log())
	if err != nil {
		return nil, nil, err
	}
	asked := s.finder.close() // the service asks from now on, and waits its turn
	v, err := newService(ctx, s.e, cfg, jobs, s.allowPrivate)
	if err != nil {
		return nil, nil, err
	}
	for _, key := range asked {
		v.collector.client.Touch(key)
	}
	srv, err := newWebServer(s.e, cfg, v.w, s.token, v.desk)
	if err != nil {
		return nil, nil, errors.Join(err, v.close())
	}
	return v, srv, nil
}

// close ends what has been started; its context has ended.
func (s *setup) close() error {
	s.finder.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service == nil {
		return nil
	}
	<-s.done
	s.ui.Close()
	return s.service.close()
}

// writeNew writes a file that only its owner may read, whole or not at all. One
// that is there already is never touched: then the error is fs.ErrExist.
func writeNew(file, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".klank-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("set-up: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("set-up: %w", err)
	}
	if err := os.Link(tmp.Name(), file); err != nil { // refuses a name that is taken
		return fmt.Errorf("set-up: %w", err)
	}
	return nil
}
