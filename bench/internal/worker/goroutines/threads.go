package goroutines

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var threads = measure.Workloads{
	"go_batch": measure.Each(batch),

	// What is posted goes through a channel to one goroutine, which calls it.
	"post": func(m *measure.M) error {
		each := m.Rounds(m.Size)
		calls := make(chan func(), 128)
		called := 0
		call := func() { called++ }
		var begin sync.WaitGroup
		begin.Add(1)
		for range m.Size {
			go func() {
				begin.Wait()
				for range each {
					calls <- call
				}
			}()
		}
		m.Start()
		begin.Done()
		for range m.Size * each {
			f := <-calls
			f()
		}
		m.Stop(m.Size * each)
		return measure.Equal(called, m.Size*each)
	},

	"wake": func(m *measure.M) error {
		posts := make(chan time.Time)
		took := make([]time.Duration, m.Ops)
		m.Start()
		go func() {
			for range m.Ops {
				time.Sleep(200 * time.Microsecond) // the other blocks meanwhile
				posts <- time.Now()
			}
		}()
		for i := range took {
			posted := <-posts
			took[i] = time.Since(posted)
		}
		m.Latencies(took)
		return nil
	},

	// As many goroutines as cores, each of which starts others and waits for them.
	"loops": func(m *measure.M) error {
		cores := runtime.GOMAXPROCS(0)
		each := m.Rounds(cores)
		var loops errgroup.Group
		m.Start()
		for range cores {
			loops.Go(func() error {
				results := []int{0}
				sum := 0
				for range each {
					results[0] = 0
					_ = batch(results) // cannot fail
					sum += results[0]
				}
				return measure.Equal(sum, each)
			})
		}
		if err := loops.Wait(); err != nil {
			return err
		}
		m.Stop(cores * each)
		return nil
	},
}
