package engine

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// whole returns how many listeners a future has.
func (f *Future) whole() (n int) {
	switch w := f.listeners.(type) {
	case nil:
	case *several:
		for _, x := range w.list {
			if x != nil {
				n++
			}
		}
	default:
		n = 1
	}
	return n
}

// TestLeavingIsLinear: those who give up a future find their place in it at once, in
// whatever order they leave. With a search it would take a minute.
func TestLeavingIsLinear(t *testing.T) {
	n := 100_000
	if coro.Portable("id") {
		n /= 20 // each question who is running takes microseconds
	}
	orders := map[string]func(i int) int{
		"the first first": func(i int) int { return i },
		"the last first":  func(i int) int { return n - 1 - i },
		"at random":       func() func(i int) int { p := rand.Perm(n); return func(i int) int { return p[i] } }(),
	}
	for name, at := range orders {
		l := newLoop(t, NewWall())
		f := &Future{loop: l}
		all := make([]listener, n)
		for i := range all {
			all[i] = &prompt{}
			if i%2 == 0 {
				all[i] = &Watch{}
			}
			l.addListener(f, all[i])
		}
		for i := range n - 10 {
			switch w := all[at(i)].(type) {
			case *Watch:
				w.Stop(f)
			default:
				l.dropListener(f, w)
			}
			s, ok := f.listeners.(*several)
			if i%1000 == 0 && ok && len(s.list) > 2*(n-i)+2 {
				t.Fatalf("%s: %d places for %d", name, len(s.list), n-i-1)
			}
			if _, searched := all[at(i)].(*prompt); searched && ok && len(s.list) > 100 && s.left > 0 && s.index == nil {
				t.Fatalf("%s: one was searched for among %d", name, len(s.list))
			}
		}
		if got := f.whole(); got != 10 {
			t.Errorf("%s: %d are left, want 10", name, got)
		}
		_ = l.Close()
	}
}

// TestWhoStaysKeepsItsPlace: whoever leaves a future, and comes back, those who are left
// are told in the order in which they came.
func TestWhoStaysKeepsItsPlace(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := newLoop(t, NewWall())
		f := &Future{loop: l}
		var want []*prompt
		var got []*prompt
		for range 1 + rng.IntN(200) {
			if len(want) > 0 && rng.IntN(2) == 0 {
				i := rng.IntN(len(want))
				p := want[i]
				want = slices.Delete(want, i, i+1)
				l.dropListener(f, p)
				if rng.IntN(3) > 0 {
					continue
				}
				want = append(want, p)
				l.addListener(f, p)
				continue
			}
			p := &prompt{}
			p.tell = func() { got = append(got, p) }
			want = append(want, p)
			l.addListener(f, p)
		}
		f.Claim()
		f.Settle(Succeeded, nil)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d told, want %d", seed, len(got), len(want))
		}
		_ = l.Close()
	}
}

// TestGoroutinesLeaveTheTables: nothing is known any more of goroutines that have ended,
// however they did.
func TestGoroutinesLeaveTheTables(t *testing.T) {
	known := func() int { return runners.Len() + coroutines.Len() + workers.Len() }
	before := known()
	l := newLoop(t, NewWall())
	start(l, false, func(ctx *Task) error {
		for i := range 100 {
			var g *job
			g = start(l, true, func(*Task) error {
				if hereWorker() != &g.Task || hereLoop() != nil {
					t.Error("a Go task is not found on its goroutine")
				}
				if i%3 == 0 {
					runtime.Goexit()
				}
				return nil
			})
			start(l, false, func(ctx *Task) error { return Sleep(ctx, 1) })
			if err := g.Await(ctx); err != nil && i%3 > 0 {
				t.Error(err)
			}
		}
		if hereLoop() != l || hereWorker() != nil {
			t.Error("a loop is not found on its coroutine")
		}
		return nil
	})
	runAll(t, l)
	if hereLoop() != nil {
		t.Error("a loop is found where it does not run any more")
	}
	for known() > before {
		// Those of Go tasks are about to end. What hangs here was forgotten.
		runtime.Gosched()
	}
}
