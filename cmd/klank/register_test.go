package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"klank/configs"
	"klank/web"
)

func TestTheRegisterNamesRecipientsWithoutTheirSecrets(t *testing.T) {
	cfg, err := configs.Parse("klank.yaml", []byte(`
sources:
  - {name: winkel, urls: [https://winkel.example/], terms: gevraagd en toegestaan, retention: 30d, snapshots: drop}
  - {name: yelp-lumo, type: yelp, urls: ["https://api.yelp.com/v3/businesses/lumo/reviews"], key_env: YELP}
index:
  elasticsearch: {urls: ["https://es.lumo.example:9200"]}
frontier: {postgres_env: KLANK_POSTGRES}
privacy:
  register: {controller: Lumo B.V., basis: artikel 6 lid 1 f}
alerts:
  smtp: {host: mail.lumo.example, from: klank@lumo.example}
  channels:
    - {name: team, type: email, to: [a@lumo.example, b@lumo.example]}
    - {name: crm, type: webhook, url: "https://crm.lumo.example/in?key=geheim"}
    - {name: chat, type: slack, url_env: KLANK_CHAT_URL}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := registerOf(cfg)
	want := []web.Recipient{{Kind: "elasticsearch", Where: "es.lumo.example:9200"}, {Kind: "postgres", Where: "$KLANK_POSTGRES"},
		{Kind: "email", Where: "a@lumo.example, b@lumo.example"}, {Kind: "webhook", Where: "crm.lumo.example"}, {Kind: "slack", Where: "chat"}}
	if d := cmp.Diff(want, r.Recipients); d != "" {
		t.Error(d)
	}
	if r.Controller != "Lumo B.V." || r.Purpose != "" || len(r.Sources) != 2 || r.Sources[0].Days() != 30 || r.Sources[0].Pages ||
		!strings.HasPrefix(r.Sources[1].Terms, "https://") || r.Sources[1].Days() == 0 {
		t.Errorf("%+v", r)
	}
}
