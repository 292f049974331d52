// Package floor does what lies underneath a workload and nothing else: what no
// event loop on Go's coroutines and heap can do without.
package floor

import (
	"container/heap"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Workloads are those that have a floor.
var Workloads = measure.Workloads{
	// An allocation of a task's size, and a call of the coroutine.
	"spawn_await": func(m *measure.M) error {
		sum := 0
		m.Start()
		for range m.Ops {
			made = new(record)
			sum += call()
		}
		m.Stop(m.Ops)
		runtime.KeepAlive(made)
		return measure.Equal(sum, m.Ops)
	},

	// Bare coroutines that are resumed in turn.
	"switch": func(m *measure.M) error {
		yields := max(10, m.Rounds(m.Size))
		next := make([]func() (struct{}, bool), m.Size)
		for i := range next {
			var stop func()
			next[i], stop = iter.Pull(yielding)
			defer stop()
		}
		m.Start()
		for range yields {
			for _, resume := range next {
				resume()
			}
		}
		m.Stop(m.Size * yields)
		return nil
	},

	// Two coroutines that share a slice: one fills it, the other empties it. With
	// room for one item that is two round trips for each.
	"queue": func(m *measure.M) error {
		items := make([]int, 0, m.Size)
		sum := 0
		fill, stop := iter.Pull(func(yield func(struct{}) bool) {
			for {
				for len(items) < m.Size {
					items = append(items, 1)
				}
				if !yield(struct{}{}) {
					return
				}
			}
		})
		defer stop()
		drain, stop := iter.Pull(func(yield func(struct{}) bool) {
			for {
				for _, v := range items {
					sum += v
				}
				items = items[:0]
				if !yield(struct{}{}) {
					return
				}
			}
		})
		defer stop()
		rounds := m.Rounds(m.Size)
		m.Start()
		for range rounds {
			fill()
			drain()
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(sum, rounds*m.Size)
	},

	// A heap filled and emptied, with the calls, but without the waiting.
	"timers": func(m *measure.M) error {
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, 0, 10*time.Millisecond)
		var timers timerHeap
		fired := 0
		fire := func() { fired++ }
		m.Start()
		for range rounds {
			for i, d := range delays {
				heap.Push(&timers, key{d, i, &timer{fire: fire}})
			}
			for len(timers) > 0 {
				heap.Pop(&timers).(key).timer.fire()
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(fired, rounds*m.Size)
	},

	"timers_cancel": func(m *measure.M) error {
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, time.Hour, 2*time.Hour)
		order := measure.Order(m.Size)
		handles := make([]*timer, m.Size)
		var timers timerHeap
		fire := func() { panic("a removed timer fired") }
		m.Start()
		for range rounds {
			for i, d := range delays {
				handles[i] = &timer{fire: fire}
				heap.Push(&timers, key{d, i, handles[i]})
			}
			for _, i := range order {
				heap.Remove(&timers, handles[i].place)
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(len(timers), 0)
	},

	"callbacks": func(m *measure.M) error {
		const each = 10
		rounds := m.Rounds(each)
		called := 0
		count := func() { called++ }
		m.Start()
		for range rounds {
			var callbacks []func()
			for range each {
				callbacks = append(callbacks, count)
			}
			for _, f := range callbacks {
				f()
			}
		}
		m.Stop(rounds * each)
		return measure.Equal(called, rounds*each)
	},

	// Appending to a slice under a mutex, from goroutines that wait for the
	// measured part, and in the end the calls.
	"post": func(m *measure.M) error {
		each := m.Rounds(m.Size)
		calls := make([]func(), 0, m.Size*each)
		called := 0
		call := func() { called++ }
		var mu sync.Mutex
		var begin, ended sync.WaitGroup
		begin.Add(1)
		ended.Add(m.Size)
		for range m.Size {
			go func() {
				begin.Wait()
				for range each {
					mu.Lock()
					calls = append(calls, call)
					mu.Unlock()
				}
				ended.Done()
			}()
		}
		m.Start()
		begin.Done()
		ended.Wait()
		for _, f := range calls {
			f()
		}
		m.Stop(m.Size * each)
		return measure.Equal(called, m.Size*each)
	},

	// A bare coroutine that is suspended.
	"mem_suspended": func(m *measure.M) error {
		var kept []func()
		err := measure.Memory(m, func(stops []func()) error {
			kept = stops
			for i := range stops {
				var next func() (struct{}, bool)
				next, stops[i] = iter.Pull(yielding)
				next()
			}
			return nil
		})
		for _, stop := range kept {
			stop()
		}
		return err
	},
}

// record is 160 bytes in which the garbage collector has to look for pointers.
type record [20]*int

var (
	made *record                   // so that the allocations happen
	call = func() int { return 1 } // so that the call happens
)

func yielding(yield func(struct{}) bool) {
	for yield(struct{}{}) {
	}
}

type timer struct {
	place int // in the heap
	fire  func()
}

// A key has what is compared beside it, and the sequence that makes timers of
// the same time go in order.
type key struct {
	when  time.Duration
	seq   int
	timer *timer
}

type timerHeap []key

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	return h[i].when < h[j].when || h[i].when == h[j].when && h[i].seq < h[j].seq
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].timer.place, h[j].timer.place = i, j
}

func (h *timerHeap) Push(x any) {
	k := x.(key)
	k.timer.place = len(*h)
	*h = append(*h, k)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	*h = (*h)[:last]
	return k
}
