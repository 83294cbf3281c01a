package configs

import (
	"testing"
	"time"
)

func TestHostsShareTheBudgetThatNamesThem(t *testing.T) {
	c, err := Parse("k.yaml", []byte(`
budgets:
  - {name: shops, hosts: [shop.example, "*.shop.example"], rate: 0.5}
  - {name: blogs, hosts: ["*.blog.shop.example", www.shop.example]}
  - {name: local, hosts: ["127.0.0.1:8080", "127.0.0.1:8081"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"shop.example": "budget:shops", "a.shop.example": "budget:shops", "blog.shop.example": "budget:shops",
		"nl.blog.shop.example": "budget:blogs", "www.shop.example": "budget:blogs",
		"127.0.0.1:8081": "budget:local", "127.0.0.1:8082": "127.0.0.1:8082",
		"workshop.example": "workshop.example", "": "",
	} {
		if got := c.BudgetKey(host); got != want {
			t.Errorf("%q draws on %q, want %q", host, got, want)
		}
	}
	if got := c.BudgetInterval("budget:shops"); got != 2*time.Second {
		t.Errorf("an interval of %s", got)
	}
	if got := c.BudgetInterval("budget:blogs") + c.BudgetInterval("x.example"); got != 0 {
		t.Errorf("an interval of %s without a rate", got)
	}
	before := c.BudgetVersion()
	c.Budgets[0].Rate = 0.1
	if c.BudgetVersion() != before {
		t.Error("another rate is another version")
	}
	c.Budgets[1].Hosts = c.Budgets[1].Hosts[1:]
	if after := c.BudgetVersion(); after == before || after == "" {
		t.Errorf("other hosts are the version %q again", after)
	}
	if Default().BudgetVersion() != "" {
		t.Error("no budgets have a version")
	}
}
