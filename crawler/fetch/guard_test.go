package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestAddressesThatAreNotPublicAreRefused(t *testing.T) {
	asked := atomic.Int32{}
	local := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	c := client(t, func(cfg *Config) { cfg.AllowPrivate = false })
	for url, address := range map[string]string{
		local + "/":                               "127.0.0.1",
		"http://10.1.2.3/":                        "10.1.2.3",
		"http://172.16.0.1/":                      "172.16.0.1",
		"http://192.168.1.1:8080/":                "192.168.1.1",
		"http://169.254.169.254/latest/meta-data": "169.254.169.254",
		"http://0.0.0.0/":                         "0.0.0.0",
		"http://100.64.0.1/":                      "100.64.0.1",
		"http://224.0.0.1/":                       "224.0.0.1",
		"http://[::1]/":                           "::1",
		"http://[::]/":                            "::",
		"http://[::ffff:127.0.0.1]/":              "127.0.0.1",
		"http://[fe80::1]/":                       "fe80::1",
		"http://[fd00:ec2::254]/":                 "fd00:ec2::254",
		"http://[64:ff9b::7f00:1]/":               "64:ff9b::7f00:1",
		"http://[2002:7f00:1::]/":                 "2002:7f00:1::",
		"http://[ff02::1]/":                       "ff02::1",
		"http://2130706433/":                      "127.0.0.1", // the same address, as one number
		"http://0x7f.1/":                          "127.0.0.1",
		"http://localhost:1/":                     "",
	} {
		e := failure(t, c, url, Address)
		if !strings.Contains(e.Error(), "the address "+address) || !strings.Contains(e.Error(), "--allow-private") || e.Retryable() {
			t.Errorf("%s: got %v", url, e)
		}
	}
	if asked.Load() > 0 {
		t.Error("the private server was asked")
	}
}

func TestErrorSaysWhatToDoAboutAPrivateAddress(t *testing.T) {
	c := client(t, func(cfg *Config) { cfg.AllowPrivate = false })
	e := failure(t, c, "http://127.0.0.1:8000/", Address)
	want := "fetch http://127.0.0.1:8000/: address: the address 127.0.0.1 is private; pass --allow-private to crawl it"
	if e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}

func TestPublicAddressesPassOnAnyPort(t *testing.T) {
	guard := newGuard()
	for _, a := range []string{"93.184.215.14:80", "93.184.215.14:8443", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443"} {
		network := "tcp4"
		if a[0] == '[' {
			network = "tcp6"
		}
		if err := guard(network, a, nil); err != nil {
			t.Error(err)
		}
	}
}

// nameServer answers every question about IPv4 with the next of addresses,
// on loopback, and returns a dialer that asks it.
func nameServer(t *testing.T, addresses ...[4]byte) *net.Dialer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for n := 0; ; {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:size]) != nil {
				continue
			}
			q := m.Questions[0]
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			switch {
			case len(addresses) == 0:
				m.RCode = dnsmessage.RCodeNameError
			case q.Type == dnsmessage.TypeA:
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: addresses[min(n, len(addresses)-1)]},
				}}
				n++
			}
			if out, err := m.Pack(); err == nil {
				conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}}
}

func TestNameIsJudgedByTheAddressItResolvesToWhenDialled(t *testing.T) {
	local := serve(t, write("text/html", "secret"))
	port := local[strings.LastIndexByte(local, ':'):]
	// Each dial resolves anew, and each is judged: documentation addresses
	// (TEST-NET-1) are not public either, but cannot leak anything.
	c := newClient(Config{Rate: -1, Timeout: 3 * time.Second}, nameServer(t, [4]byte{192, 0, 2, 1}, [4]byte{127, 0, 0, 1}))
	defer c.Close()
	failure(t, c, "http://rebind.example"+port+"/", Address)
	e := failure(t, c, "http://rebind.example"+port+"/", Address)
	if !strings.Contains(e.Error(), "127.0.0.1") {
		t.Errorf("got %v", e)
	}
}

func TestRedirectToAPrivateAddressIsRefusedWhenItIsFetched(t *testing.T) {
	private := serve(t, write("text/html", "secret"))
	public := site(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, private+"/", http.StatusFound) })
	r := get(t, client(t, nil), public+"/")
	failure(t, client(t, func(c *Config) { c.AllowPrivate = false }), r.Redirect, Address)
}

func TestRobotsRedirectToAPrivateAddressIsRefused(t *testing.T) {
	asked := atomic.Int32{}
	private := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	// 127.0.0.1 plays the public host: the guard here lets only it pass.
	public := serve(t, http.RedirectHandler(strings.Replace(private, "127.0.0.1", "127.0.0.2", 1)+"/robots.txt", http.StatusFound))
	c := client(t, nil)
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "127.0.0.2:") {
			return nil, &addressError{address}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	e := failure(t, c, public+"/", Robots)
	if !e.Temporary || !strings.Contains(e.Error(), "the address 127.0.0.2 is private") || asked.Load() > 0 {
		t.Errorf("got %v, asked %d times", e, asked.Load())
	}
}

func TestNameThatDoesNotExist(t *testing.T) {
	c := newClient(Config{Rate: -1, Timeout: 3 * time.Second}, nameServer(t))
	defer c.Close()
	e := failure(t, c, "http://nowhere.example/", DNS)
	if !strings.Contains(e.Error(), "the host nowhere.example does not exist") {
		t.Errorf("got %v", e)
	}
}

func TestRefusedConnectionsAndBrokenTLSHaveTheirClass(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String() + "/"
	l.Close()
	c := client(t, nil)
	if e := failure(t, c, closed, Conn); !e.Retryable() {
		t.Errorf("got %v", e)
	}
	secure := newTLSServer(t, write("text/html", "x"))
	if e := failure(t, c, secure.URL+"/", TLS); e.Retryable() {
		t.Errorf("got %v", e)
	}
	plain := serve(t, write("text/html", "x"))
	failure(t, c, strings.Replace(plain, "http:", "https:", 1)+"/", TLS)
}

func TestAnswersThatAreNoHTTP(t *testing.T) {
	for answer, want := range map[string]Class{
		"220 smtp.example ESMTP\r\n": Protocol,
		"HTTP/1.1 abc\r\n\r\n":       Protocol,
		"":                           Conn,
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("x: y\r\n", 100000): TooLarge,
	} {
		url := speak(t, func(c net.Conn) { fmt.Fprint(c, answer) })
		if e := failure(t, client(t, nil), url+"/", want); e.Status != 0 {
			t.Errorf("got %+v", e)
		}
	}
}
