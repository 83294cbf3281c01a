package fetch

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
)

func newTLSServer(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of every refused handshake
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// speak serves answers that net/http would not write: robots.txt and
// tdmrep.json do not exist, and answer writes what comes for any other request.
func speak(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				if req.URL.Path == "/robots.txt" || req.URL.Path == tdmPath {
					io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
					return
				}
				answer(c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// dialFunc does something before it dials.
func dialFunc(before func(), dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		before()
		return dial(ctx, network, address)
	}
}

func refuse(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

// writeUntyped answers without a Content-Type.
func writeUntyped(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, body)
	}
}
