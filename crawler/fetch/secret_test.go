package fetch

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

const key = "s3cret/ key"

// keyed is a request with a key as a query parameter.
func keyed(u string) Request {
	return Request{URL: u, Access: AccessAPI, Query: url.Values{"key": {key}}, Secrets: []string{key}}
}

func TestKeysInTheQueryAreSentAndNeverSeen(t *testing.T) {
	escaped := url.QueryEscape(key)
	var first sync.Once // as the client tries again what hangs up
	var asked string
	u := site(t, func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() { asked = r.URL.RawQuery })
		self := "http://" + r.Host + r.URL.Path
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/list?"+r.URL.RawQuery, http.StatusFound)
		case "/hidden":
			http.Redirect(w, r, "/by-key/"+url.PathEscape(key), http.StatusFound)
		case "/bad":
			w.Header().Set("Location", "http://[::1"+key)
			w.WriteHeader(http.StatusFound)
		case "/hangup":
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Link", "<"+self+"?page=2&key="+escaped+`>; rel="next"`)
			w.Header().Set("ETag", `"`+key+`"`)
			body, _ := json.Marshal(map[string]string{"next": self + "?key=" + escaped + "&page=2", "last": self + "?page=9&key=" + escaped, "only": self + "?key=" + escaped, "you": key})
			w.Write(body)
			io.WriteString(w, "<a href='?key="+escaped+"&amp;page=3'>")
		}
	})
	c := client(t, nil)
	r, err := c.Fetch(t.Context(), keyed(u+"/list?page=1&key=old"))
	if err != nil {
		t.Fatal(err)
	}
	if asked != "page=1&key="+escaped {
		t.Errorf("asked %q", asked)
	}
	p := r.Page
	for _, s := range []string{string(p.Body), strings.Join(p.Link, ""), p.ETag, p.URL} {
		if strings.Contains(s, key) || strings.Contains(s, escaped) {
			t.Errorf("the key is in %q", s)
		}
	}
	for _, want := range []string{`/list?page=2"`, `/list?page=9"`, `/list"`, "'?page=3'", `"you":"[key]"`} {
		if !strings.Contains(string(p.Body), want) {
			t.Errorf("%s is not in %s", want, p.Body)
		}
	}
	if len(p.Link) != 1 || !strings.Contains(p.Link[0], "/list?page=2>") {
		t.Errorf("Link %q", p.Link)
	}
	if r, err = c.Fetch(t.Context(), keyed(u+"/moved?page=4")); err != nil || r.Redirect != u+"/list?page=4" {
		t.Errorf("redirect %+v, %v", r, err)
	}
	for _, path := range []string{"/hidden", "/bad", "/hangup"} {
		_, err := c.Fetch(t.Context(), keyed(u+path))
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "s3cret") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := c.Stream(t.Context(), keyed(u+"/list")); err == nil {
		t.Error("streamed with a key")
	}
}

func TestKeysAreStruckHoweverTheyAreWritten(t *testing.T) {
	x := &exchange{Request: Request{Secrets: []string{`a/b<c"d&e+f g`}}}
	for _, spelled := range []string{
		`a/b<c"d&e+f g`, `a\/b<c"d&e+f g`, `a/b\u003cc\"d\u0026e+f g`, `a/b&lt;c&#34;d&amp;e+f g`,
		`a%2Fb%3Cc%22d%26e%2Bf+g`, `a%2fb%3cc%22d%26e%2bf+g`, `a%2Fb%3Cc%22d&e+f%20g`, `a%2fb%3cc%22d&e+f%20g`,
	} {
		if got := string(x.strike([]byte("<" + spelled + ">"))); got != "<[key]>" {
			t.Errorf("%s became %s", spelled, got)
		}
	}
	if got := string((&exchange{}).strike([]byte("a"))); got != "a" {
		t.Errorf("got %q without a key", got)
	}
}

func TestKeysInAHeaderAreStruckFromAnswers(t *testing.T) {
	u := site(t, func(w http.ResponseWriter, r *http.Request) {
		write("application/json", `{"you": "`+r.Header.Get("Authorization")+`"}`)(w, r)
	})
	r, err := client(t, nil).Fetch(t.Context(), Request{URL: u + "/", Access: AccessAPI, Header: http.Header{"Authorization": {"Bearer " + key}}, Secrets: []string{key}})
	if err != nil || string(r.Page.Body) != `{"you": "Bearer [key]"}` {
		t.Errorf("%v, %v", r, err)
	}
}
