package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"klank/configs"
	"klank/mention"
	"klank/web"
)

// drafter writes a configuration line by line, with comments in one language.
type drafter struct {
	b     strings.Builder
	dutch bool
	names map[string]bool // of sources
}

// draft is the configuration that the answers make, as a person would write it.
// The strict loader has read it: file is its name in complaints.
func draft(file string, a web.Answers) (string, error) {
	d := &drafter{dutch: a.Language == "nl", names: map[string]bool{}}
	d.say("wat klank volgt, en hoe; klank check zegt of het klopt", "what klank follows, and how; klank check says whether it is right")
	d.say("alle velden: configs/klank.example.yaml", "all fields: configs/klank.example.yaml")
	d.gap()
	d.say("wie is te bereiken als een site vragen heeft? gaat met elk verzoek mee", "whom can the owner of a site reach? goes along with every request")
	d.line("contact: %s", quoted(a.Contact))
	d.gap()
	d.say("hoe vaak elke bron wordt gevraagd", "how often each source is asked")
	d.line("schedule: %s", a.Every)
	d.gap()
	d.line("crawl:")
	d.line("  rate: 1         # %s", d.words("hoogstens zoveel verzoeken per seconde per host", "requests a second per host, at most"))
	d.line("  max_pages: 200  # %s", d.words("per bron per ronde; 0 = geen grens", "per source and run; 0 = no bound"))
	d.gap()
	d.brands(a)
	d.gap()
	d.line("sources:")
	d.sites(a)
	d.others(a)
	d.keyed(a)
	text := d.b.String()
	cfg, err := configs.Parse(file, []byte(text))
	switch {
	case err != nil:
		return text, err
	case len(cfg.Sources) == 0:
		return text, fmt.Errorf("%s", d.words("alles wat is gekozen wacht op een sleutel; kies ook een plek die klank nu al kan lezen",
			"all that was chosen waits for a key; choose a place, too, that klank can read now"))
	}
	return text, nil
}

func (d *drafter) words(nl, en string) string {
	if d.dutch {
		return nl
	}
	return en
}

func (d *drafter) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }
func (d *drafter) gap()                            { d.b.WriteByte('\n') }
func (d *drafter) say(nl, en string)               { d.line("# %s", d.words(nl, en)) }

// quoted is a string as YAML reads it: JSON is a part of YAML 1.2.
func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // of a string: cannot fail
	return strings.TrimSpace(b.String())
}

func quotedAll(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quoted(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (d *drafter) brands(a web.Answers) {
	d.line("brands:")
	d.line("  - name: %s", quoted(a.Brand))
	if len(a.Aliases) > 0 {
		d.line("    aliases: %s", quotedAll(a.Aliases))
	}
	d.line("    # products: [...]  %s", d.words("wie een product noemt, noemt het merk", "who mentions a product, mentions the brand"))
	for _, r := range a.Rivals {
		d.line("  - name: %s", quoted(r))
		d.line("    rival: true")
	}
}

// name makes a name for a source that no other has.
func (d *drafter) name(base string) string {
	base = strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r == '_' || r == ':' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, base)
	name := strings.TrimLeft(base, ".-_:")
	for n := 2; name == "" || d.names[name]; n++ {
		name = fmt.Sprintf("%s-%d", strings.TrimLeft(base, ".-_:"), n)
		if name[0] == '-' {
			name = "source" + name
		}
	}
	d.names[name] = true
	return name
}

// sites writes one source for the chosen pages of each site, those that are all
// about the own brand apart from the others.
func (d *drafter) sites(a web.Answers) {
	type site struct {
		host           string
		own            bool
		urls, sitemaps []string
	}
	var sites []*site
	for _, p := range a.Places {
		if p.Kind == web.PlaceFeed || p.Kind == web.PlacePlatform {
			continue
		}
		host := mention.Host(p.URL)
		i := slices.IndexFunc(sites, func(s *site) bool { return s.host == host && s.own == p.Own })
		if i < 0 {
			i = len(sites)
			sites = append(sites, &site{host: host, own: p.Own})
		}
		if p.Kind == web.PlaceSitemap {
			sites[i].sitemaps = append(sites[i].sitemaps, p.URL)
		} else {
			sites[i].urls = append(sites[i].urls, p.URL)
		}
	}
	for _, s := range sites {
		d.line("  - name: %s", quoted(d.name(s.host)))
		d.line("    type: site")
		if len(s.urls) > 0 {
			d.line("    urls: %s", quotedAll(s.urls))
		}
		if len(s.sitemaps) > 0 {
			d.line("    sitemaps: %s", quotedAll(s.sitemaps))
		}
		if s.own {
			d.line("    brand: %s", quoted(a.Brand))
		}
	}
}

// others writes the feeds, and the platforms that answer without a key.
func (d *drafter) others(a web.Answers) {
	for _, p := range a.Places {
		if p.Kind != web.PlaceFeed && p.Kind != web.PlacePlatform || p.May == web.MayKey {
			continue
		}
		d.line("  - name: %s", quoted(d.name(cmp.Or(p.Type, "feed")+"-"+mention.Host(p.URL))))
		d.line("    type: %s", cmp.Or(p.Type, "feed"))
		d.line("    urls: %s", quotedAll([]string{p.URL}))
		if p.Own {
			d.line("    brand: %s", quoted(a.Brand))
		}
	}
}

// keyed writes, as comments, what answers only with a key: an example to be
// completed.
func (d *drafter) keyed(a web.Answers) {
	first := true
	for _, p := range a.Places {
		if p.May != web.MayKey {
			continue
		}
		if first {
			d.gap()
			d.say("deze antwoorden alleen met een sleutel: vul het adres aan, zet de sleutel in de", "these answer only with a key: complete the address, put the key into the")
			d.say("omgeving (nooit hier), en haal de # weg", "environment (never here), and take the # away")
			first = false
		}
		api := (&configs.Source{Type: p.Type}).API()
		d.line("  # %s: %s (%s)", p.Platform, quoted(p.URL), api.Docs)
		d.line("  # - name: %s", quoted(d.name(p.Type+"-"+mention.Host(p.URL))))
		d.line("  #   type: %s", p.Type)
		d.line("  #   urls: [%s]", quoted(exampleURL(p.Type)))
		d.line("  #   key_env: %s_KEY", strings.ToUpper(p.Type))
	}
}

// exampleURL is where the API of a platform is asked, with words in capitals
// for what is to be filled in.
func exampleURL(platform string) string {
	for _, p := range platforms {
		if p.kind == platform {
			return p.example
		}
	}
	return ""
}
