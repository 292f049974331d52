package coro

import (
	"math/rand/v2"
	"testing"
)

// longest returns the length of the longest chain in a table.
func (t *Table) longest() (most int) {
	for i := range t.shards {
		for _, s := range t.shards[i].buckets {
			n := 0
			for ; s != nil; s = s.next {
				n++
			}
			most = max(most, n)
		}
	}
	return most
}

// buckets returns for how many a table has memory.
func (t *Table) buckets() (n int) {
	for i := range t.shards {
		n += len(t.shards[i].buckets)
	}
	return n
}

// TestLookingUpDoesNotDependOnHowMany: neither on how many there are, nor on how many
// there were.
func TestLookingUpDoesNotDependOnHowMany(t *testing.T) {
	const n = 100_000
	for name, identity := range map[string]func(i int) uintptr{
		"addresses": func(i int) uintptr { return 0xc000002000 + uintptr(i)*448 },
		"numbers":   func(i int) uintptr { return uintptr(i) + 1 },
	} {
		var table Table
		all := make([]Self, n)
		for i := range all {
			all[i].G = identity(i)
			table.Enter(&all[i])
		}
		if longest := table.longest(); longest > 24 || table.Len() != n {
			t.Errorf("%s: a chain of %d among %d, want short ones and %d", name, longest, table.Len(), n)
		}
		for _, i := range rand.Perm(n) {
			table.Leave(&all[i])
		}
		if table.Len() != 0 || table.buckets() > 64*64 {
			t.Errorf("%s: %d are left, with memory for %d", name, table.Len(), table.buckets())
		}
	}
}

// TestHereFindsWhoEnteredFirst: several may be entered on one goroutine, and leave in any
// order.
func TestHereFindsWhoEnteredFirst(t *testing.T) {
	var table Table
	first, second := &Self{G: G()}, &Self{G: G()}
	expect := func(what string, want *Self) {
		t.Helper()
		if got := table.Here(); got != want {
			t.Errorf("%s: %p, want %p", what, got, want)
		}
	}
	expect("empty", nil)
	table.Leave(first)
	table.Enter(first)
	table.Enter(second)
	expect("both", first)
	table.Leave(second)
	expect("the second has left, which was not in", first)
	done := make(chan struct{})
	go func() {
		defer close(done)
		expect("another goroutine", nil)
	}()
	<-done
	table.Leave(first)
	expect("both have left", nil)
	table.Enter(second)
	expect("the second again", second)
}
