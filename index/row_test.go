package index_test

import (
	"testing"

	"klank/index"
	"klank/mention"
)

func TestRankIsThatOfTheFirstPageOfAList(t *testing.T) {
	for list, first := range map[string]bool{
		"https://shop.example/p/kettle": true, "https://shop.example/p/kettle?page=1&sort=new": true, "https://shop.example/p/kettle?offset=0": true,
		"https://shop.example/t/1?pagina=2": false, "https://shop.example/t/1?blz=2": false, "https://shop.example/page/3/": false, "https://shop.example/page/1": true,
		"https://api.example/timeline?max_id=12": false, "https://shop.example/p?start=20": false, "": false, "://": false,
	} {
		m := mention.Mention{Evidence: mention.Evidence{List: list, Rank: 3}}
		if rank, ok := index.Number(&m, "rank"); ok != first || ok && rank != 3 {
			t.Errorf("%q: rank %v, %v; want %v", list, rank, ok, first)
		}
	}
}
