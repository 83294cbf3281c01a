package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// classify says what kind of failure an error of the transport is, and words
// it for a person. ctx is the caller's context, without the time limit of
// the single request.
func classify(ctx context.Context, err error) (Class, error) {
	if ctx.Err() != nil {
		return Canceled, context.Cause(ctx)
	}
	var (
		address *addressError
		dns     *net.DNSError
		timeout net.Error
	)
	switch {
	case errors.As(err, &address):
		return Address, address
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return DNS, fmt.Errorf("the host %s does not exist (no such host): %w", dns.Name, err)
		}
		return DNS, fmt.Errorf("the host %s could not be looked up: %w", dns.Name, err)
	case errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return Timeout, fmt.Errorf("no complete answer in time: %w", err)
	case isTLS(err):
		return TLS, err
	case strings.Contains(err.Error(), "server response headers exceeded"): // net/http has no value for it
		return TooLarge, err
	case isConn(err):
		return Conn, err
	}
	return Protocol, err
}

func isTLS(err error) bool {
	var (
		record    tls.RecordHeaderError
		alert     tls.AlertError
		unproven  *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &unproven) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) ||
		errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "tls: ")
}

// isConn tells failures of the connection from answers that are no HTTP. An
// HTTP/2 stream that the server reset is the former; net/http keeps the types
// of those errors to itself.
func isConn(err error) bool {
	var (
		op    *net.OpError
		errno syscall.Errno
	)
	return errors.As(err, &op) || errors.As(err, &errno) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.HasPrefix(err.Error(), "http2: ") || strings.HasPrefix(err.Error(), "stream error: ")
}
