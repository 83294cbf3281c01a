package main

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"klank/configs"
	"klank/crawler"
	"klank/index"
	"klank/mention"
)

func TestWhatASiteSaysItselfIsNotStored(t *testing.T) {
	cfg := configs.Default()
	p, err := newPipeline(cfg, slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var stored []mention.Mention
	p.store = func(_ context.Context, ms []mention.Mention, _ []index.Sighting) ([]index.Change, error) {
		stored = append(stored, ms...)
		return make([]index.Change, len(ms)), nil
	}
	body := `<script type="application/ld+json">[{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Does it boil?","acceptedAnswer":{"@type":"Answer","text":"It does."}}]},
{"@type":"Product","name":"Kettle","review":{"@type":"Review","author":"Ann","reviewBody":"It boils.","reviewRating":{"ratingValue":4}}}]</script>`
	outs, errs := p.Handle(t.Context(), &crawler.Source{}, []*mention.Page{{URL: "https://www.example.com/k", Status: 200, ContentType: "text/html", Body: []byte(body)}})
	if errs[0] != nil || len(stored) != 1 || stored[0].Kind != mention.Review || outs[0].Fields.Mentions != 1 {
		t.Errorf("stored %+v, outcome %+v, %v", stored, outs[0], errs[0])
	}
}
