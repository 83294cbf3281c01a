package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"klank/configs"
	"klank/web"
)

// certWarns is how long before its end a certificate is spoken of.
const certWarns = 21 * 24 * time.Hour

// describeWeb says who can reach the UI, and with what it is guarded.
func describeWeb(ctx context.Context, e *env, p *printer, cfg *configs.Config, now time.Time) error {
	w := &cfg.Web
	if w.TLS.Used() {
		cert, err := w.TLS.Certificate()
		if err != nil {
			return usageError{err}
		}
		names := append([]string(nil), cert.DNSNames...)
		for _, ip := range cert.IPAddresses {
			names = append(names, ip.String())
		}
		p.linef("HTTPS with a certificate for %s, until %s", clean(cmp.Or(strings.Join(names, ", "), "no name at all")), cert.NotAfter.UTC().Format(time.DateOnly))
		switch {
		case now.Before(cert.NotBefore), now.After(cert.NotAfter):
			return fmt.Errorf("the certificate in %s does not hold today; renew it", clean(w.TLS.Cert))
		case now.After(cert.NotAfter.Add(-certWarns)):
			p.linef("the certificate ends within %s: renew it; klank reads the new one by itself", keptWords(certWarns))
		}
	}
	if web.CheckAddr(w.Addr, false) == nil {
		return nil // only this machine can reach it
	}
	if _, err := accessToken(ctx, e, cfg); err != nil {
		return err
	}
	if !w.TLS.Used() && len(w.TrustedProxy.From) == 0 {
		p.linef("passwords and tokens go over the network in the clear: set web.tls, or put a proxy with HTTPS in front (docs/access.md)")
	}
	return nil
}
