package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a certificate with that serial number for 127.0.0.1,
// and its key.
func writeCertificate(t *testing.T, files TLS, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "klank test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{files.Cert: {Type: "CERTIFICATE", Bytes: cert}, files.Key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func testTLS(t *testing.T) TLS {
	dir := t.TempDir()
	files := TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	writeCertificate(t, files, 1)
	return files
}

func TestServeSpeaksTLSOfTodayOnly(t *testing.T) {
	s, err := New(Config{Index: newTestIndex(t), TLS: testTLS(t)})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	ask := func(most uint16) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: most}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		res, err := (&http.Client{Transport: transport}).Get("https://" + ln.Addr().String() + "/healthz")
		if err == nil {
			res.Body.Close()
		}
		return res, err
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		res, err := ask(version)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") != "max-age=31536000" || res.ProtoMajor != 2 {
			t.Errorf("%s: %v %v", tls.VersionName(version), res, err)
		}
	}
	if _, err := ask(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, plain := newTestServer(t, Config{Index: newTestIndex(t)})
	if res, _ := get(t, plain, "/healthz", "X-Forwarded-Proto", "https"); res.Header.Get("Strict-Transport-Security") != "" {
		t.Error("a server without TLS asks for it")
	}
}

func TestACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	files := testTLS(t)
	c, err := newCertificate(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		c.looked = time.Time{}
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	if serial() != 1 {
		t.Error("the certificate is another one")
	}
	key, err := os.ReadFile(files.Key)
	if err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, files, 22)
	newKey, err := os.ReadFile(files.Key)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(file string, data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Duration(len(data)) * time.Second) // as file systems are coarse
		if err := os.Chtimes(file, later, later); err != nil {
			t.Fatal(err)
		}
	}
	replace(files.Key, key)
	if serial() != 1 {
		t.Error("a certificate with another's key is served")
	}
	replace(files.Key, append(newKey, '\n'))
	if serial() != 22 {
		t.Error("the new certificate is not served")
	}
	if _, err := New(Config{Index: newTestIndex(t), TLS: TLS{Cert: files.Cert, Key: "no.pem"}}); err == nil {
		t.Error("a missing key went unnoticed")
	}
}
