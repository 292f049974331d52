package goroutines

import (
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var memory = measure.Workloads{
	// They cannot be ended: the worker is to end instead.
	"mem_suspended": func(m *measure.M) error {
		return measure.Memory(m, func(all []struct{}) error {
			var began sync.WaitGroup
			began.Add(len(all))
			for range all {
				go func() {
					began.Done()
					time.Sleep(time.Hour)
				}()
			}
			began.Wait()
			return nil
		})
	},

	"mem_timer": func(m *measure.M) error {
		var kept []*time.Timer
		err := measure.Memory(m, func(timers []*time.Timer) error {
			kept = timers
			for i := range timers {
				timers[i] = time.AfterFunc(time.Hour, func() {})
			}
			return nil
		})
		for _, t := range kept {
			t.Stop()
		}
		return err
	},
}
