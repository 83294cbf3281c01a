package normalize

import "testing"

func BenchmarkDate(b *testing.B) {
	in := []string{"3 weken geleden", "gisteren", "3 juni 2026", "Beoordeeld in Nederland op 3 juni 2026", "2021-03-04T05:06:07Z"}
	for i := 0; b.Loop(); i++ {
		Date(in[i%len(in)], "nl", fetched)
	}
}
