package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"klank/web/browsertest"
)

func TestALinkFromElsewhereLeadsToThePageForWhoeverIsLoggedIn(t *testing.T) {
	_, ts := newCheapServer(t, Config{Desk: newTestDesk(t, anna)})
	page := ts.URL + "/search?lang=en&q=lamp" // on 127.0.0.1
	mail := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<a id="link" href="%s">look at this</a>`, page)
	}))
	defer mail.Close()
	elsewhere := strings.Replace(mail.URL, "127.0.0.1", "localhost", 1) // another site

	tab := newTab(t, browsertest.Open(t), desktop)
	in := chromedp.WaitVisible("form[action='/logout']")
	tab.run(chromedp.Navigate(elsewhere), chromedp.Click("#link"), chromedp.WaitVisible("#name"))
	tab.run(chromedp.Navigate(page), chromedp.SendKeys("#name", "anna"), chromedp.SendKeys("#password", goodPassword), chromedp.Submit("#password"), in)
	if got := read(tab, chromedp.Location()); got != page {
		t.Errorf("the login leads to %s", got)
	}
	tab.run(chromedp.Navigate(elsewhere), chromedp.Click("#link"), in)
	if got := read(tab, chromedp.Location()); got != page {
		t.Errorf("the link leads to %s", got)
	}
}
