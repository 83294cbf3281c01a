package fetch

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

const (
	dialTimeout  = 10 * time.Second
	idleTimeout  = 30 * time.Second
	maxIdleConns = 512
	// writeBuffer is enough for most requests; each connection has one.
	writeBuffer = 1 << 10
	// maxHeader is what browsers take, too.
	maxHeader = 256 << 10
)

// newTransport returns the transport at the bottom of the stack. It dials
// guarded addresses only, and knows no proxy: a proxy would resolve names
// behind the guard's back.
func newTransport(c Config, dialer *net.Dialer) *http.Transport {
	dialer.Timeout = min(dialTimeout, c.Timeout)
	if !c.AllowPrivate {
		dialer.Control = newGuard()
	}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    min(dialTimeout, c.Timeout),
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           maxIdleConns,
		MaxIdleConnsPerHost:    8, // more than one only where no rate limit holds
		IdleConnTimeout:        idleTimeout,
		WriteBufferSize:        writeBuffer,
		DisableCompression:     true, // limits.go decompresses, and counts
		ForceAttemptHTTP2:      true,
	}
}

// newGuard returns a net.Dialer.Control that lets public addresses pass. It
// sees the address that is dialled, after the name was resolved: a name that
// resolves to a private address, at first or later, and a redirect to one
// are refused like the address itself. Loopback, private, link-local (so the
// cloud's metadata), multicast, NAT64 and other special ranges are refused,
// on any port.
func newGuard() func(network, address string, _ syscall.RawConn) error {
	guardian := ssrf.New(ssrf.WithAnyPort())
	return func(network, address string, c syscall.RawConn) error {
		if err := guardian.Safe(network, address, c); err != nil {
			return &addressError{address}
		}
		return nil
	}
}

// addressError says that the guard refused an address (host:port).
type addressError struct{ address string }

func (e *addressError) Error() string {
	kind := "not a public one"
	if ap, err := netip.ParseAddrPort(e.address); err == nil {
		ip := ap.Addr().Unmap()
		if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
			kind = "private"
		}
		return fmt.Sprintf("the address %s is %s; pass --allow-private to crawl it", ap.Addr(), kind)
	}
	return fmt.Sprintf("the address %s is %s; pass --allow-private to crawl it", e.address, kind)
}
