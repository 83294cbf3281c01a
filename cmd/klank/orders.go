package main

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"klank/configs"
	"klank/index/desk"
)

// order is what klank forget asks of every folder of saved pages.
type order struct {
	Author  string `json:"author,omitempty"`
	Mention string `json:"mention,omitempty"`
	Source  string `json:"source,omitempty"`
	Brand   string `json:"brand,omitempty"`
	// IDs are the mentions that go, Authors the keys of who wrote, Sources those
	// whose pages are looked into, all where there are none.
	IDs     map[string]bool `json:"ids,omitempty"`
	Authors map[string]bool `json:"authors,omitempty"`
	Sources map[string]bool `json:"sources,omitempty"`
}

const (
	// holderFile in the folder of saved pages tells it from others.
	holderFile = "holder"
	// eraseTurn bounds how long others wait for a process that erases.
	eraseTurn = time.Hour
	// orderEvery is how often klank run looks for orders of others.
	orderEvery = time.Minute
)

// join registers the folder of saved pages with all who share the desk, and
// makes sure that they have one secret.
func (w *workspace) join(ctx context.Context, cfg *configs.Config, e *env) error {
	folder := e.snapshotsIn(cfg)
	id, err := readSecret(filepath.Join(folder, holderFile))
	if err != nil {
		return err
	}
	w.holder = hex.EncodeToString(id)
	if cfg.Frontier.PostgresEnv != "" {
		own := hex.EncodeToString(keyFor(w.secret, "print")[:8])
		print, err := w.desk.SecretPrint(ctx, own)
		if err != nil {
			return err
		}
		if print != own {
			return fmt.Errorf("%s differs from the secret of those who share this PostgreSQL, and the same author would get another key here: copy theirs over it",
				filepath.Join(e.data, secretFile))
		}
	}
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	machine, _ := os.Hostname()
	return w.desk.Hold(ctx, w.holder, cmp.Or(machine, "this machine")+":"+folder, time.Now())
}

// keyFor derives a key of the installation's secret for one purpose.
func keyFor(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("klank " + purpose))
	return h.Sum(nil)
}

func orderCipher(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(keyFor(secret, "order"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal makes an order unreadable for all but those who have the secret.
func (o *order) seal(secret []byte) ([]byte, error) {
	plain, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	c, err := orderCipher(secret)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, c.Seal(nil, nil, plain, nil)), nil
}

func openOrder(secret, sealed []byte) (*order, error) {
	packed, err := base64.StdEncoding.AppendDecode(nil, sealed)
	if err != nil {
		return nil, err
	}
	c, err := orderCipher(secret)
	if err != nil {
		return nil, err
	}
	plain, err := c.Open(nil, nil, packed, nil)
	if err != nil {
		return nil, err
	}
	o := &order{}
	return o, json.Unmarshal(plain, o)
}

// errErasing says that another process has the turn.
var errErasing = errors.New("another process is erasing in this data folder; try again when it has ended")

// holders lists the folders of saved pages of all who share the desk.
func (e *env) holders(ctx context.Context, cfg *configs.Config) ([]desk.Holder, error) {
	d, err := e.newDesk(ctx, cfg)
	if err != nil {
		return nil, err
	}
	hs, err := d.Holders(ctx)
	return hs, errors.Join(err, d.Close())
}

// release takes a folder of saved pages out that is no more, named by the
// beginning of its id.
func (w *workspace) release(ctx context.Context, id string) (desk.Holder, error) {
	holders, err := w.desk.Holders(ctx)
	if err != nil {
		return desk.Holder{}, err
	}
	var found []desk.Holder
	for _, h := range holders {
		if id != "" && strings.HasPrefix(h.ID, id) {
			found = append(found, h)
		}
	}
	switch {
	case len(found) != 1:
		return desk.Holder{}, usagef("--release %q names %d folders of saved pages; klank status --json lists their ids", id, len(found))
	case found[0].ID == w.holder:
		return desk.Holder{}, usagef("--release %q is this data folder's", id)
	}
	_, err = w.desk.Release(ctx, found[0].ID)
	return found[0], err
}

// eraseAlone runs fn while no other process erases in this folder.
func (w *workspace) eraseAlone(ctx context.Context, fn func() error) error {
	now := time.Now()
	mine, err := w.desk.Claim(ctx, w.holder, now, now.Add(eraseTurn))
	if err != nil {
		return err
	}
	if !mine {
		return errErasing
	}
	return errors.Join(fn(), w.desk.Unclaim(context.WithoutCancel(ctx), w.holder))
}

// obey carries out, on the saved pages of this folder, what others or a killed
// process have been told to forget.
func (w *workspace) obey(ctx context.Context, cfg *configs.Config, log *slog.Logger) error {
	orders, err := w.desk.Orders(ctx, w.holder)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if len(o.Sealed) > 0 {
			what, err := openOrder(w.secret, o.Sealed)
			if err != nil {
				return fmt.Errorf("order %d to forget: it cannot be read with the secret of this data folder: %w", o.Number, err)
			}
			er, err := w.erasureOf(cfg, what, log)
			if err != nil {
				return err
			}
			if err := er.pages(ctx); err != nil {
				return err
			}
			log.Info("carried out what was to be forgotten", "order", o.Number, "rewritten", er.done.Rewritten, "erased", er.done.Erased)
		}
		if err := w.desk.CarriedOut(ctx, w.holder, o.Number); err != nil {
			return err
		}
	}
	return nil
}

// erasureOf is an erasure of which only the saved pages are left to be done.
func (w *workspace) erasureOf(cfg *configs.Config, o *order, log *slog.Logger) (*erasure, error) {
	er := &erasure{suppression: w.suppression(), f: &forgetFlags{author: o.Author, mention: o.Mention, source: o.Source, brand: o.Brand},
		w: w, ids: o.IDs, authors: o.Authors, sources: o.Sources}
	var err error
	er.pipe, err = newPipeline(cfg, log, nil)
	return er, err
}

// obeyIfFree obeys unless another process is at it. That it fails is logged: it
// is tried again.
func (w *workspace) obeyIfFree(ctx context.Context, cfg *configs.Config, log *slog.Logger) {
	orders, err := w.desk.Orders(ctx, w.holder)
	if err == nil && len(orders) > 0 {
		err = w.eraseAlone(ctx, func() error { return w.obey(ctx, cfg, log) })
	}
	if err != nil && !errors.Is(err, errErasing) && ctx.Err() == nil {
		log.Warn("what was to be forgotten still stands on saved pages", "error", err)
	}
}

// keepObeying does so for as long as ctx lasts.
func keepObeying(ctx context.Context, cfg *configs.Config, w *workspace, log *slog.Logger) {
	tick := time.NewTicker(orderEvery)
	defer tick.Stop()
	for {
		w.obeyIfFree(ctx, cfg, log)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// giveOrder tells every holder, this one too, before anything is erased: what a
// kill leaves undone is done by the next process.
func (er *erasure) giveOrder(ctx context.Context) error {
	o := order{Author: er.f.author, Mention: er.f.mention, Source: er.f.source, Brand: er.f.brand, IDs: er.ids, Authors: er.authors, Sources: er.sources}
	sealed, err := o.seal(er.secret)
	if err != nil {
		return err
	}
	er.number, err = er.w.desk.GiveOrder(ctx, sealed, time.Now())
	return err
}
