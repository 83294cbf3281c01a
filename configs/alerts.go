package configs

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"klank/crawler/schedule"
	"klank/index/watch"
	"klank/index/watch/deliver"
)

// Alerts say of what klank tells by itself, and how.
type Alerts struct {
	// Schedule is when the rules are checked, beside after each crawl.
	Schedule string `yaml:"schedule"`
	// Language is that of what is sent, one of AlertLanguages.
	Language string    `yaml:"language"`
	Quiet    Quiet     `yaml:"quiet"`
	SMTP     SMTP      `yaml:"smtp"`
	Channels []Channel `yaml:"channels"`
	Rules    []Alert   `yaml:"rules"`
}

// AlertLanguages are the languages of what is sent.
var AlertLanguages = []string{"nl", "en"}

// Quiet are the hours in which nothing is sent, HH:MM in Config.Timezone; what
// they hold back is sent together when they end. Empty: none.
type Quiet struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// Until returns when the quiet hours that hold now end, or the zero time where
// none do. Times that a change of clocks skips are those right after it.
func (q Quiet) Until(now time.Time, zone *time.Location) time.Time {
	from, err1 := clock(q.From)
	to, err2 := clock(q.To)
	if err1 != nil || err2 != nil || from == to {
		return time.Time{}
	}
	now = now.In(zone)
	for _, days := range []int{-1, 0} { // those that began yesterday, too
		begins := at(now, days, from)
		ends := at(now, days, to)
		if to < from {
			ends = at(now, days+1, to)
		}
		if !now.Before(begins) && now.Before(ends) {
			return ends
		}
	}
	return time.Time{}
}

// at is a time of day, in minutes, so many days from that of t.
func at(t time.Time, days, minutes int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+days, minutes/60, minutes%60, 0, 0, t.Location())
}

// clock reads HH:MM as minutes.
func clock(text string) (int, error) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// SMTP is the server that takes e-mail.
type SMTP struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// TLS is one of deliver.TLSModes: encrypted before anything is said (starttls),
	// from the start (tls), or not at all (none).
	TLS string `yaml:"tls"`
	// Username and a password, from an environment variable or a file; empty
	// for a server that asks for none.
	Username     string `yaml:"username"`
	PasswordEnv  string `yaml:"password_env"`
	PasswordFile string `yaml:"password_file"`
	// From is the sender: an address, or "Name <address>".
	From string `yaml:"from"`
	// CAFile is the authority that signed the server's certificate, as PEM.
	CAFile string `yaml:"ca_file"`
}

// Password reads the password; empty where none is configured.
func (s *SMTP) Password() (string, error) {
	return secretOf("alerts.smtp.password", s.PasswordEnv, s.PasswordFile)
}

// secretOf reads a secret from an environment variable or a file; empty where
// neither is named.
func secretOf(field, env, file string) (string, error) {
	if file == "" {
		return secret(field+"_env", env)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("configuration: %s_file: %w", field, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Channel is a way to tell somebody.
type Channel struct {
	Name string `yaml:"name"`
	// Type is one of ChannelTypes.
	Type string `yaml:"type"`
	// To are the addresses of an e-mail.
	To []string `yaml:"to"`
	// URL takes a webhook; URLEnv names the environment variable with it, and
	// URLFile the file, where the address is itself a secret.
	URL     string `yaml:"url"`
	URLEnv  string `yaml:"url_env"`
	URLFile string `yaml:"url_file"`
	// SecretEnv or SecretFile hold the secret that a webhook is signed with.
	SecretEnv  string `yaml:"secret_env"`
	SecretFile string `yaml:"secret_file"`
	// AllowPrivate permits loopback and private addresses.
	AllowPrivate bool `yaml:"allow_private"`
	// Dir is the folder for files.
	Dir string `yaml:"dir"`
}

// ChannelTypes are the allowed values of Channel.Type.
var ChannelTypes = []string{"email", "webhook", "slack", "file"}

// Address reads the URL of a webhook.
func (s *Channel) Address() (string, error) {
	if s.URL != "" {
		return s.URL, nil
	}
	return secretOf("alerts.channels "+s.Name+": url", s.URLEnv, s.URLFile)
}

// Secret reads what a webhook is signed with; empty for none.
func (s *Channel) Secret() (string, error) {
	return secretOf("alerts.channels "+s.Name+": secret", s.SecretEnv, s.SecretFile)
}

// Alert is a rule: of which mentions, on what condition, to whom.
type Alert struct {
	Name string `yaml:"name"`
	// Query finds the mentions; empty is all. saved:name is a saved query.
	Query string `yaml:"query"`
	// When is the condition, one of watch.Conditions.
	When string `yaml:"when"`
	// Edits has a new mention told of again when its words change.
	Edits bool `yaml:"edits"`
	// Over is the count that is told of when it is exceeded.
	Over int `yaml:"over"`
	// Within is the stretch of time of count, sentiment_drop and rating_drop
	// ("24h", "7d"), and the one that surge compares: 1d or 7d.
	Within string `yaml:"within"`
	// Drop is the least change that is told of: of the share of negative
	// mentions (0..1), or of stars.
	Drop float64 `yaml:"drop"`
	// After is for how long a mention waits for a reply, or a source has had no
	// good run.
	After string `yaml:"after"`
	// Sources are those of a rule on sources; empty is all.
	Sources []string `yaml:"sources"`
	// Send names channels; empty only shows it in klank alerts and in the UI.
	Send []string `yaml:"send"`
}

// alertTimes are Alert.Within and Alert.After where they are not given.
var alertTimes = map[string]string{watch.Count: "24h", watch.Surge: "1d", watch.Sentiment: "30d", watch.Rating: "30d", watch.Sources: "3d", watch.Waiting: "48h"}

// Time is how long a rule's condition looks back, or waits.
func (a *Alert) Time() time.Duration {
	d, _ := parseRetention(cmp.Or(a.Within, a.After, alertTimes[a.When], "1h")) // validated
	return d
}

// Digest is the summary that is sent by schedule.
type Digest struct {
	// Schedule is when; empty: only klank digest makes one.
	Schedule string `yaml:"schedule"`
	// Days is how many it tells of.
	Days int `yaml:"days"`
	// Brand narrows it; empty is all of our own.
	Brand string   `yaml:"brand"`
	Send  []string `yaml:"send"`
}

// DigestName is that of the digest where rules are named; no rule may have it.
const DigestName = "digest"

// AlertSchedules are those of the checks and of the digest; zero for none.
func (c *Config) AlertSchedules() (check, digest schedule.Schedule, zone *time.Location, err error) {
	if zone, err = time.LoadLocation(c.Timezone); err != nil {
		return check, digest, nil, err
	}
	if c.Alerts.Schedule != "" {
		check, err = schedule.Parse(c.Alerts.Schedule, zone)
	}
	if c.Digest.Schedule != "" && err == nil {
		digest, err = schedule.Parse(c.Digest.Schedule, zone)
	}
	return check, digest, zone, err
}

func (v *validator) alerts(c *Config, zone *time.Location) {
	a := &c.Alerts
	v.schedule("alerts.schedule", a.Schedule, zone)
	v.oneOf("alerts.language", a.Language, AlertLanguages)
	v.quiet(a.Quiet)
	v.smtp(a)
	channels := map[string]bool{}
	for i := range a.Channels {
		v.channel(fmt.Sprintf("alerts.channels[%d]", i), &a.Channels[i], channels)
	}
	rules := map[string]bool{DigestName: true}
	for i := range a.Rules {
		path := fmt.Sprintf("alerts.rules[%d]", i)
		v.alert(path, &a.Rules[i], rules)
		v.alertQuery(path, c, &a.Rules[i])
		v.send(path+".send", a.Rules[i].Send, channels)
	}
	v.schedule("digest.schedule", c.Digest.Schedule, zone)
	v.send("digest.send", c.Digest.Send, channels)
	if b := c.Digest.Brand; b != "" && !slices.ContainsFunc(c.Brands, func(o Brand) bool { return o.Name == b }) {
		v.fail("digest.brand", "%q is not one of the configured brands", b)
	}
	if c.Digest.Days < 1 || c.Digest.Days > 92 {
		v.fail("digest.days", "%d is out of range; allowed is 1 to 92", c.Digest.Days)
	}
	if c.Web.PublicURL != "" && !httpURL(c.Web.PublicURL) {
		v.fail("web.public_url", "%q is not the address of a site; give one such as https://klank.example", c.Web.PublicURL)
	}
}

func (v *validator) quiet(q Quiet) {
	for path, text := range map[string]string{"alerts.quiet.from": q.From, "alerts.quiet.to": q.To} {
		if _, err := clock(text); err != nil && q != (Quiet{}) {
			v.fail(path, `%q is not a time of day; give one such as "22:00"`, text)
		}
	}
	if q.From == q.To && q.From != "" {
		v.fail("alerts.quiet.to", "the quiet hours end when they begin; leave quiet out where there are none")
	}
}

func (v *validator) smtp(a *Alerts) {
	s := &a.SMTP
	v.oneOf("alerts.smtp.tls", s.TLS, deliver.TLSModes)
	if s.Port < 1 || s.Port > 65535 {
		v.fail("alerts.smtp.port", "%d is out of range; allowed is 1 to 65535", s.Port)
	}
	if (s.Username == "") != (s.PasswordEnv == "" && s.PasswordFile == "") {
		v.fail("alerts.smtp.username", "username goes together with password_env or password_file")
	}
	if s.PasswordEnv != "" && s.PasswordFile != "" {
		v.fail("alerts.smtp.password_file", "password_env is given too; give one of them")
	}
	for _, c := range a.Channels {
		if c.Type == "email" && s.Host == "" {
			v.fail("alerts.smtp.host", "missing; the channel %q sends e-mail, and no server takes it", c.Name)
			break
		}
	}
	if _, err := mail.ParseAddress(s.From); err != nil && (s.From != "" || s.Host != "") {
		v.fail("alerts.smtp.from", "%q is not an e-mail address; give one such as klank@lumo.example", s.From)
	}
}

func (v *validator) channel(path string, s *Channel, seen map[string]bool) {
	v.named(path+".name", s.Name, seen)
	v.oneOf(path+".type", s.Type, ChannelTypes)
	web := s.Type == "webhook" || s.Type == "slack"
	if s.Type == "email" && len(s.To) == 0 {
		v.fail(path+".to", "missing; give at least one e-mail address")
	}
	for i, to := range s.To {
		if _, err := mail.ParseAddress(to); err != nil {
			v.fail(fmt.Sprintf("%s.to[%d]", path, i), "%q is not an e-mail address", to)
		}
	}
	given := 0
	for _, u := range []string{s.URL, s.URLEnv, s.URLFile} {
		if u != "" {
			given++
		}
	}
	switch {
	case web && given != 1:
		v.fail(path+".url", "give one of url, url_env and url_file")
	case s.URL != "" && !httpURL(s.URL):
		v.fail(path+".url", "%q is not the URL of a webhook; give one such as https://hooks.example/klank", s.URL)
	}
	if s.SecretEnv != "" && s.SecretFile != "" {
		v.fail(path+".secret_file", "secret_env is given too; give one of them")
	}
	if s.Type == "file" && s.Dir == "" {
		v.fail(path+".dir", "missing; give the folder for the files")
	}
}

func httpURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// named checks a name of one's own choice that may stand once.
func (v *validator) named(path, name string, seen map[string]bool) {
	switch {
	case !sourceName.MatchString(name):
		v.fail(path, "%q is not a name; allowed are letters, digits and . _ : -", name)
	case seen[name]:
		v.fail(path, "%q stands twice, or is a name of klank's own", name)
	}
	seen[name] = true
}

func (v *validator) send(path string, names []string, channels map[string]bool) {
	for i, name := range names {
		if !channels[name] {
			v.fail(fmt.Sprintf("%s[%d]", path, i), "%q is not one of alerts.channels", name)
		}
	}
}

func (v *validator) alert(path string, a *Alert, seen map[string]bool) {
	v.named(path+".name", a.Name, seen)
	v.oneOf(path+".when", a.When, watch.Conditions)
	for _, f := range []struct {
		name  string
		given bool
		of    []string
	}{
		{"edits", a.Edits, []string{watch.New}},
		{"over", a.Over != 0, []string{watch.Count}},
		{"within", a.Within != "", []string{watch.Count, watch.Surge, watch.Sentiment, watch.Rating}},
		{"drop", a.Drop != 0, []string{watch.Sentiment, watch.Rating}},
		{"after", a.After != "", []string{watch.Sources, watch.Waiting}},
		{"sources", len(a.Sources) > 0, []string{watch.Sources}},
	} {
		if f.given && a.When != "" && !strings.Contains(" "+strings.Join(f.of, " ")+" ", " "+a.When+" ") {
			v.fail(path+"."+f.name, "has no meaning for %q; it is for %s", a.When, strings.Join(f.of, ", "))
		}
	}
	if a.When == watch.Count && a.Over < 1 {
		v.fail(path+".over", "%d is out of range; give the count that is told of when there are more", a.Over)
	}
	for name, text := range map[string]string{"within": a.Within, "after": a.After} {
		if d, err := parseRetention(text); text != "" && (err != nil || d == 0) {
			v.fail(path+"."+name, `%q is not a time; give hours such as "48h" (at least 1h) or days such as "7d"`, text)
		}
	}
	if a.When == watch.Surge && a.Within != "" && a.Within != "1d" && a.Within != "7d" {
		v.fail(path+".within", "%q is not allowed; a surge is one of 1d, 7d", a.Within)
	}
	if a.Drop < 0 || a.When == watch.Sentiment && a.Drop >= 1 || a.Drop > 4 {
		v.fail(path+".drop", "%s is out of range; give a share from 0 to 1, or stars from 0 to 4", strconv.FormatFloat(a.Drop, 'g', -1, 64))
	}
}

// alertQuery reads the query with the saved ones, whose own errors are told of
// where they stand.
func (v *validator) alertQuery(path string, c *Config, a *Alert) {
	if a.When == watch.Sources && a.Query != "" {
		v.fail(path+".query", "has no meaning for %q; name sources", a.When)
	}
	language, err := c.Language()
	if err != nil {
		return
	}
	elsewhere := map[string]string{}
	for _, name := range c.SavedElsewhere(a) {
		elsewhere[name] = "*"
	}
	if language, err = language.With(elsewhere); err == nil {
		_, err = language.Parse(a.Query, time.Time{})
	}
	if err != nil {
		v.fail(path+".query", "%v", err)
	}
	known := map[string]bool{}
	for _, s := range c.Sources {
		known[s.Name] = true
	}
	for i, s := range a.Sources {
		if !known[s] {
			v.fail(fmt.Sprintf("%s.sources[%d]", path, i), "%q is not a configured source", s)
		}
	}
}

// savedName is a saved query in a query.
var savedName = regexp.MustCompile(`(?i)\bsaved:(?:"([^"\\]+)"|([^\s()"]+))`)

// SavedElsewhere returns the saved queries that a rule asks for and that are
// not in the file: people save some in the UI, where only a run can find them.
func (c *Config) SavedElsewhere(a *Alert) []string {
	var out []string
	for _, m := range savedName.FindAllStringSubmatch(a.Query, -1) {
		name := cmp.Or(m[1], m[2])
		if !slices.ContainsFunc(c.Queries, func(q SavedQuery) bool { return strings.EqualFold(q.Name, name) }) {
			out = append(out, name)
		}
	}
	return out
}

// ErrNoRule says that a name is not that of an alert.
var ErrNoRule = errors.New("there is no such rule")

// AlertRule finds a rule by its name; the error names those that there are.
func (c *Config) AlertRule(name string) (*Alert, error) {
	var names []string
	for i := range c.Alerts.Rules {
		if c.Alerts.Rules[i].Name == name {
			return &c.Alerts.Rules[i], nil
		}
		names = append(names, c.Alerts.Rules[i].Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: alerts.rules in klank.yaml is empty", ErrNoRule)
	}
	return nil, fmt.Errorf("%w as %q; there are %s", ErrNoRule, name, strings.Join(names, ", "))
}
