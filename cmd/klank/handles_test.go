package main

import (
	"strings"
	"testing"
	"time"

	"klank/configs"
	"klank/mention"
)

// hidden is what is stored of a text with that way of keeping authors.
func hidden(t *testing.T, authors, text string) mention.Mention {
	t.Helper()
	cfg := configs.Default()
	cfg.Privacy.Authors = authors
	cfg.Brands = []configs.Brand{{Name: "Lumo Licht", Aliases: []string{"Lumo"}}}
	p, err := newPipeline(cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.secret = []byte("secret")
	m := mention.Mention{Kind: mention.Comment, Source: mention.Source{Host: "social.example"}, Title: "@ann", Text: text, Reply: &mention.Reply{Author: "Kees", Text: "@ann hallo"}}
	p.label(&m, time.Now(), "")
	return m
}

func TestAccountsOfPeopleAreStoredAsKeysAndThoseOfBrandsAsPublished(t *testing.T) {
	const text = "@ann ik mailde @LumoHelpt en help@lumo.example, zie https://social.example/@ann/12 en @ben@other.example"
	m := hidden(t, "pseudonym", text)
	key := "@" + mention.AuthorKey([]byte("secret"), "social.example", "ann")
	want := key + " ik mailde @LumoHelpt en help@lumo.example, zie " + key + " en @" + mention.AuthorKey([]byte("secret"), "other.example", "ben")
	if m.Text != want || m.Title != key || m.Reply.Text != key+" hallo" || m.Reply.Author != "" {
		t.Errorf("stored is %q, %q, %+v, want %q", m.Title, m.Text, m.Reply, want)
	}
	if again := hidden(t, "pseudonym", m.Text); again.Text != m.Text {
		t.Errorf("stored again it is %q", again.Text)
	}
	if m := hidden(t, "drop", text); !strings.HasPrefix(m.Text, "@… ik mailde @LumoHelpt") || m.Reply.Author != "" {
		t.Errorf("without authors it is %q, %+v", m.Text, m.Reply)
	}
	if m := hidden(t, "name", text); m.Text != text || m.Reply.Author != "Kees" {
		t.Errorf("with names it is %q, %+v", m.Text, m.Reply)
	}
}
