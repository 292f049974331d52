package engine

import "testing"

// entry is something in a queue that can be told from others.
type entry int

func (*entry) run(*Loop) {}

func entries(n int) []*entry {
	es := make([]*entry, n)
	for i := range es {
		es[i] = new(entry)
		*es[i] = entry(i)
	}
	return es
}

func TestRingIsFirstInFirstOut(t *testing.T) {
	// Every length at every place, so that it wraps around and grows wherever it
	// can.
	for start := range 64 {
		for n := 1; n <= 130; n += 3 {
			var r ring
			r.grow()
			r.head = start
			es := entries(n)
			for _, e := range es {
				r.push(e)
			}
			if r.n != n || len(r.buf)&(len(r.buf)-1) != 0 {
				t.Fatalf("holds %d in %d places", r.n, len(r.buf))
			}
			for i, e := range es {
				if r.peek() != runnable(e) || r.pop() != runnable(e) {
					t.Fatalf("start %d, length %d: place %d holds another", start, n, i)
				}
			}
			for i, x := range r.buf {
				if x != nil {
					t.Fatalf("place %d still holds something", i)
				}
			}
		}
	}
}

func TestRingShrinksWhenEmpty(t *testing.T) {
	var r ring
	es := entries(1<<14 + 1)
	for round := range 2 {
		for _, e := range es {
			r.push(e)
		}
		r.pop()
		r.shrink() // not while it holds something
		if r.n != len(es)-1 {
			t.Fatalf("round %d: lost entries, %d left", round, r.n)
		}
		for r.n > 0 {
			r.pop()
		}
		r.shrink()
		if len(r.buf) > 1<<14 {
			t.Errorf("round %d: keeps %d places", round, len(r.buf))
		}
	}
	r.push(es[0])
	r.pop()
	r.shrink()
	if len(r.buf) == 0 {
		t.Error("gives up a buffer of common size")
	}
}
