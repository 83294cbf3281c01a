package main

import (
	"fmt"
	"slices"
	"strings"

	"klank/configs"
)

// describeAlerts says whether each channel can be used here, and what goes over
// it.
func describeAlerts(p *printer, cfg *configs.Config) error {
	missing := 0
	for i := range cfg.Alerts.Channels {
		c := &cfg.Alerts.Channels[i]
		var carries []string
		for _, r := range cfg.Alerts.Rules {
			if slices.Contains(r.Send, c.Name) {
				carries = append(carries, r.Name)
			}
		}
		if slices.Contains(cfg.Digest.Send, c.Name) {
			carries = append(carries, configs.DigestName)
		}
		p.linef("%-24s %s: %s", "alerts to "+clean(c.Name), c.Type, clean(strings.Join(carries, ", ")))
		if _, err := newChannel(&cfg.Alerts.SMTP, c); err != nil {
			missing++
			p.linef("%-24s cannot be used: %s", "", clean(strings.TrimPrefix(err.Error(), "configuration: ")))
		}
	}
	for i := range cfg.Alerts.Rules {
		if names := cfg.SavedElsewhere(&cfg.Alerts.Rules[i]); len(names) > 0 {
			p.linef("%-24s asks for what must be saved in the UI, as it is not in queries: %s", "alert "+clean(cfg.Alerts.Rules[i].Name), clean(strings.Join(names, ", ")))
		}
	}
	if missing > 0 {
		return partialError{fmt.Sprintf("%s of alerts cannot be used", counted(missing, "channel"))}
	}
	return nil
}
