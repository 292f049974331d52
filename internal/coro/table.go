package coro

import (
	"sync"
	"sync/atomic"
)

// Self is a goroutine that can be found in a [Table]. Whoever is to be found embeds it
// as its first field.
type Self struct {
	G    uintptr // its identity; not changed while it is in a table
	next *Self   // in a bucket; under the lock of the shard
}

// Table finds what belongs to the running goroutine. To enter, to leave and to look
// take the same short time however many there are. The zero table is empty.
type Table struct {
	shards [64]shard
}

// shard is a hash table with chains that run through what is in it, so that to enter
// allocates nothing but now and then the buckets.
type shard struct {
	mu      sync.Mutex
	buckets []*Self      // length is a power of two, or zero
	n       atomic.Int64 // written with mu held
	_       [24]byte     // no two in one cache line
}

// shard returns where g belongs.
func (t *Table) shard(g uintptr) (k *shard, hash uint64) {
	hash = hashOf(g)
	return &t.shards[hash>>58], hash
}

// hashOf mixes upwards: the upper bits are those to go by.
func hashOf(g uintptr) uint64 { return uint64(g) * 0x9E3779B97F4A7C15 }

// Enter has Here find s on the goroutine s.G, the caller. If that is in the table already,
// who was there first stays the one to be found.
func (t *Table) Enter(s *Self) {
	k, hash := t.shard(s.G)
	k.mu.Lock()
	if int(k.n.Load()) >= len(k.buckets) {
		k.resize(max(8, 2*len(k.buckets)))
	}
	at := k.bucket(hash)
	for *at != nil && (*at).G != s.G {
		at = &(*at).next
	}
	if *at == nil {
		*at = s
		k.n.Add(1)
		note(s.G)
	}
	k.mu.Unlock()
}

// Leave takes s out if it is there.
func (t *Table) Leave(s *Self) {
	k, hash := t.shard(s.G)
	k.mu.Lock()
	if k.n.Load() > 0 {
		for at := k.bucket(hash); *at != nil; at = &(*at).next {
			if *at == s {
				*at, s.next = s.next, nil
				k.n.Add(-1)
				forget(s.G)
				break
			}
		}
		if len(k.buckets) > 64 && int(k.n.Load()) < len(k.buckets)/8 {
			k.resize(len(k.buckets) / 2) // do not keep the memory of a burst
		}
	}
	k.mu.Unlock()
}

// Here returns who belongs to the running goroutine, nil if nobody does.
func (t *Table) Here() *Self {
	g := G()
	k, hash := t.shard(g)
	if k.n.Load() == 0 { // who is in there has entered by itself, and would know
		return nil
	}
	k.mu.Lock()
	var s *Self
	if len(k.buckets) > 0 {
		s = *k.bucket(hash)
	}
	for s != nil && s.G != g {
		s = s.next
	}
	k.mu.Unlock()
	return s
}

// Len returns how many there are.
func (t *Table) Len() (n int) {
	for i := range t.shards {
		k := &t.shards[i]
		k.mu.Lock()
		n += int(k.n.Load())
		k.mu.Unlock()
	}
	return n
}

func (k *shard) bucket(hash uint64) **Self {
	return &k.buckets[hash<<6>>32&uint64(len(k.buckets)-1)]
}

func (k *shard) resize(n int) {
	old := k.buckets
	k.buckets = make([]*Self, n)
	for _, s := range old {
		for s != nil {
			next := s.next
			at := k.bucket(hashOf(s.G))
			s.next, *at = *at, s
			s = next
		}
	}
}
