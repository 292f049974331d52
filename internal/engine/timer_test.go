package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// modelTimer is a timer as a slow but obvious queue would hold it.
type modelTimer struct {
	timer
	when time.Duration
	seq  int
}

func byMoment(a, b *modelTimer) int {
	return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.seq, b.seq))
}

// check verifies that the heap is one and that every timer knows its place.
func (h *timers) check(t *testing.T) {
	t.Helper()
	for i := range h.heap {
		k := &h.heap[i]
		if int(k.t.at) != i+1 {
			t.Fatalf("timer at %d believes to be at %d", i, k.t.at-1)
		}
		if i > 0 && k.before(&h.heap[(i-1)/4]) {
			t.Fatalf("timer at %d is before its parent", i)
		}
	}
}

func TestTimersAgainstModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var h timers
	var model []*modelTimer
	now := time.Duration(0)
	for seq := range 3000 {
		switch n := rng.IntN(10); {
		case n < 5:
			m := &modelTimer{when: now + time.Duration(rng.IntN(50)), seq: seq}
			h.add(&m.timer, m.when)
			i, _ := slices.BinarySearchFunc(model, m, byMoment)
			model = slices.Insert(model, i, m)
		case n < 8 && len(model) > 0:
			i := rng.IntN(len(model))
			h.remove(&model[i].timer)
			h.remove(&model[i].timer) // the second does nothing
			model = slices.Delete(model, i, i+1)
		default:
			now += time.Duration(rng.IntN(20))
			for got := h.due(now); got != nil; got = h.due(now) {
				if want := model[0]; got != &want.timer || !got.fired || got.at != 0 {
					t.Fatalf("fired another than %v of %d", want.when, want.seq)
				}
				model = model[1:]
			}
			if len(model) > 0 && model[0].when <= now {
				t.Fatalf("%v is due at %v and does not fire", model[0].when, now)
			}
		}
		h.check(t)
		want := Never
		if len(model) > 0 {
			want = model[0].when
		}
		if h.next() != want || len(h.heap) != len(model) {
			t.Fatalf("%d timers, next at %v, want %d and %v", len(h.heap), h.next(), len(model), want)
		}
	}
}

func TestTimersOfOneMomentFireInOrder(t *testing.T) {
	var h timers
	ts := make([]timer, 1000)
	for i := range ts {
		h.add(&ts[i], time.Duration(i%3))
	}
	for moment := range 3 {
		for i := moment; i < len(ts); i += 3 {
			if got := h.due(time.Duration(moment)); got != &ts[i] {
				t.Fatalf("moment %d: timer %d is not the next", moment, i)
			}
		}
	}
}

func TestTimerIsRemovedFromAnyPlace(t *testing.T) {
	for n := 1; n <= 40; n++ {
		for at := range n {
			var h timers
			ts := make([]timer, n)
			for i := range ts {
				h.add(&ts[i], time.Duration(i*7%n))
			}
			gone := h.heap[at].t
			h.remove(gone)
			h.check(t)
			if gone.at != 0 || len(h.heap) != n-1 {
				t.Fatalf("%d of %d is still there", at, n)
			}
			last := time.Duration(-1)
			for len(h.heap) > 0 {
				when := h.next()
				if got := h.due(Never); got == gone || when < last {
					t.Fatalf("without %d of %d: wrong order", at, n)
				}
				last = when
			}
		}
	}
}

func TestTimersGiveMemoryBack(t *testing.T) {
	var h timers
	ts := make([]timer, 1<<16)
	for i := range ts {
		h.add(&ts[i], time.Duration(i%100))
	}
	for i := range ts {
		if i == len(ts)-100 {
			h.check(t)
		}
		h.remove(&ts[i])
	}
	if len(h.heap) != 0 || cap(h.heap) > 1<<12 {
		t.Errorf("%d timers, room for %d", len(h.heap), cap(h.heap))
	}
}

func TestMillionTimers(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var h timers
	n := 1_000_000
	if testing.Short() {
		n /= 10
	}
	ts := make([]timer, n)
	for i := range ts {
		h.add(&ts[i], time.Duration(rng.Uint64N(1<<40)))
	}
	for i := 0; i < len(ts); i += 2 {
		h.remove(&ts[i])
	}
	last, fired := time.Duration(-1), 0
	for ; len(h.heap) > 0; fired++ {
		when := h.next()
		if when < last {
			t.Fatalf("%v after %v", when, last)
		}
		last = when
		h.due(when)
	}
	if fired != n/2 {
		t.Errorf("%d have fired, want %d", fired, n/2)
	}
}
