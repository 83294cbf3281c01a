package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"klank/configs"
)

func TestCheckTellsWhetherTheCertificateHolds(t *testing.T) {
	dir := t.TempDir()
	cfg := configs.Default()
	cfg.Web.TLS = configs.TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	check := func(now time.Time) (string, error) {
		t.Helper()
		var out bytes.Buffer
		err := describeWeb(t.Context(), &env{data: dir}, &printer{w: &out}, cfg, now)
		return out.String(), err
	}
	if _, err := check(time.Now()); err == nil || !strings.Contains(err.Error(), "web.tls") {
		t.Errorf("without the files: %v", err)
	}

	ts := httptest.NewTLSServer(nil)
	defer ts.Close()
	key, err := x509.MarshalPKCS8PrivateKey(ts.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cfg.Web.TLS.Cert: {Type: "CERTIFICATE", Bytes: ts.Certificate().Raw},
		cfg.Web.TLS.Key: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ends := ts.Certificate().NotAfter
	if out, err := check(ends.AddDate(0, -2, 0)); err != nil || !strings.HasPrefix(out, "HTTPS with a certificate for example.com, ") || !strings.Contains(out, "until "+ends.UTC().Format(time.DateOnly)) {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := check(ends.AddDate(0, 0, -9)); err != nil || !strings.Contains(out, "ends within 21 days") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := check(ends.AddDate(0, 0, 1)); err == nil || !strings.Contains(err.Error(), "renew it") {
		t.Errorf("past its end: %v", err)
	}
	cfg.Web.Addr = "0.0.0.0:8417"
	if _, err := check(time.Now()); err == nil || !strings.Contains(err.Error(), "klank user add") {
		t.Errorf("with nobody to log in: %v", err)
	}
	cfg.Web.TLS, cfg.Web.TrustedProxy.Header = configs.TLS{}, "X-User"
	if out, err := check(time.Now()); err != nil || !strings.Contains(out, "in the clear") {
		t.Errorf("without TLS: %q, %v", out, err)
	}
}
