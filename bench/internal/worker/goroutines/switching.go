package goroutines

import (
	"runtime"
	"sync"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var switching = measure.Workloads{
	// The goroutines are there before the measured part and wait for it.
	"switch": func(m *measure.M) error {
		yields := max(10, m.Rounds(m.Size))
		var begin, ended sync.WaitGroup
		begin.Add(1)
		ended.Add(m.Size)
		for range m.Size {
			go func() {
				begin.Wait()
				for range yields {
					runtime.Gosched()
				}
				ended.Done()
			}()
		}
		m.Start()
		begin.Done()
		ended.Wait()
		m.Stop(m.Size * yields)
		return nil
	},

	"queue":            func(m *measure.M) error { return channel(m, m.Size) },
	"queue_unbuffered": func(m *measure.M) error { return channel(m, 0) },

	"fan_in": func(m *measure.M) error {
		const producers = 100
		each := m.Rounds(producers)
		items := make(chan int, 100)
		m.Start()
		for range producers {
			go put(items, each)
		}
		sum := 0
		for range producers * each {
			sum += <-items
		}
		m.Stop(producers * each)
		return measure.Equal(sum, producers*each)
	},

	"fan_out": func(m *measure.M) error {
		const consumers = 100
		items := make(chan int, 100)
		sums := make([]int, consumers)
		var wg sync.WaitGroup
		wg.Add(consumers)
		m.Start()
		for i := range consumers {
			go func() {
				for v := range items {
					sums[i] += v
				}
				wg.Done()
			}()
		}
		put(items, m.Ops)
		close(items)
		wg.Wait()
		m.Stop(m.Ops)
		sum := 0
		for _, v := range sums {
			sum += v
		}
		return measure.Equal(sum, m.Ops)
	},

	"lock": func(m *measure.M) error {
		each := m.Rounds(2)
		taken := 0
		var mu sync.Mutex
		var wg sync.WaitGroup
		wg.Add(2)
		m.Start()
		for range 2 {
			go func() {
				for range each {
					mu.Lock()
					taken++
					runtime.Gosched()
					mu.Unlock()
				}
				wg.Done()
			}()
		}
		wg.Wait()
		m.Stop(2 * each)
		return measure.Equal(taken, 2*each)
	},
}

// channel passes items from one goroutine to another.
func channel(m *measure.M, room int) error {
	items := make(chan int, room)
	m.Start()
	go put(items, m.Ops)
	sum := 0
	for range m.Ops {
		sum += <-items
	}
	m.Stop(m.Ops)
	return measure.Equal(sum, m.Ops)
}

func put(items chan<- int, n int) {
	for range n {
		items <- 1
	}
}
