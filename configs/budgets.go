package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"klank/mention"
)

// Budget has several hosts share one budget, as they are one machine or one
// owner's: of all of them together one is asked at a time, at the one rate.
type Budget struct {
	Name string `yaml:"name"`
	// Hosts are host names without a port (but for loopback ones); "*.x"
	// stands for every host below x, and not for x itself.
	Hosts []string `yaml:"hosts"`
	// Rate is requests per second over all of them, if slower than crawl.rate;
	// 0 keeps that.
	Rate float64 `yaml:"rate"`
}

// key is the budget's key: no host is called so.
func (b *Budget) key() string { return "budget:" + b.Name }

// holds tells whether a host draws on the budget by this entry of Hosts.
func holds(entry, host string) bool {
	if domain, wild := strings.CutPrefix(entry, "*"); wild {
		return strings.HasSuffix(host, domain)
	}
	return entry == host
}

// BudgetKey names the budget that a host (mention.Host) draws on: its own,
// unless one of Budgets names it. A name in full goes before a pattern, and a
// longer pattern before a shorter.
func (c *Config) BudgetKey(host string) string {
	best, key := "", host
	for i := range c.Budgets {
		for _, entry := range c.Budgets[i].Hosts {
			if holds(entry, host) && (entry == host || best != host && len(entry) > len(best)) {
				best, key = entry, c.Budgets[i].key()
			}
		}
	}
	return key
}

// BudgetVersion changes whenever BudgetKey does; empty without budgets.
func (c *Config) BudgetVersion() string {
	var lines []string
	for i := range c.Budgets {
		for _, entry := range c.Budgets[i].Hosts {
			lines = append(lines, c.Budgets[i].Name+" "+entry)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// BudgetInterval is the spacing of requests on a budget that its own rate asks
// for; 0 where it has none.
func (c *Config) BudgetInterval(key string) time.Duration {
	for i := range c.Budgets {
		if b := &c.Budgets[i]; b.key() == key && b.Rate > 0 {
			return time.Duration(float64(time.Second) / b.Rate)
		}
	}
	return 0
}

var budgetName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (v *validator) budgets(budgets []Budget) {
	names, hosts := map[string]bool{}, map[string]string{}
	for i := range budgets {
		b := &budgets[i]
		path := fmt.Sprintf("budgets[%d]", i)
		switch {
		case !budgetName.MatchString(b.Name):
			v.fail(path+".name", "%q is not a name; allowed are letters, digits and . _ -", b.Name)
		case names[b.Name]:
			v.fail(path+".name", "%q stands twice", b.Name)
		}
		names[b.Name] = true
		if len(b.Hosts) == 0 {
			v.fail(path+".hosts", "missing; name the hosts that share the budget")
		}
		if b.Rate < 0 {
			v.fail(path+".rate", "%g is negative; 0 keeps crawl.rate", b.Rate)
		}
		for j, h := range b.Hosts {
			at := fmt.Sprintf("%s.hosts[%d]", path, j)
			name := strings.TrimPrefix(h, "*.")
			switch {
			case name == "" || mention.Host("http://"+name) != name:
				v.fail(at, "%q is not a host; give a name in small letters without scheme, port and path, such as shop.example or *.shop.example", h)
			case hosts[h] != "":
				v.fail(at, "%q stands in the budget %q already", h, hosts[h])
			}
			hosts[h] = b.Name
		}
	}
}
