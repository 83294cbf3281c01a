package crawler

import (
	"hash/maphash"
	"sync"

	"klank/crawler/frontier"
)

// maxSeen bounds the links a seenSet remembers, at about 50 bytes each; when
// it is full it begins anew.
const maxSeen = 1 << 17

// seenSet remembers links that the frontier has for a source, so that the menu
// of a site is not offered to it with every page. It may forget; it never
// claims to have seen what it has not (two 64-bit hashes agree by chance once
// in 10^29 pairs).
type seenSet struct {
	seeds [2]maphash.Seed
	mu    sync.Mutex
	m     map[[2]uint64]seenLink
}

type seenLink struct {
	depth    int32
	priority frontier.Priority
}

func newSeenSet() *seenSet {
	return &seenSet{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, m: map[[2]uint64]seenLink{}}
}

func (s *seenSet) key(source, url string) (k [2]uint64) {
	for i, seed := range s.seeds {
		k[i] = maphash.Comparable(seed, [2]string{source, url})
	}
	return k
}

// has tells whether the frontier has the link, from as near and as good.
func (s *seenSet) has(source string, l frontier.Link) bool {
	k := s.key(source, l.URL)
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.m[k]
	return ok && int(known.depth) <= l.Depth && known.priority <= l.Priority
}

// add notes links after the frontier has taken them.
func (s *seenSet) add(source string, links []frontier.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range links {
		if len(s.m) >= maxSeen {
			clear(s.m)
		}
		s.m[s.key(source, l.URL)] = seenLink{depth: int32(l.Depth), priority: l.Priority}
	}
}
