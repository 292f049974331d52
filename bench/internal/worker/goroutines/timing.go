package goroutines

import (
	"context"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var timing = measure.Workloads{
	"sleep_cancel": func(m *measure.M) error {
		asleep := make(chan struct{})
		cancelled := 0
		sleep := func(ctx context.Context, wg *sync.WaitGroup) {
			defer wg.Done()
			t := time.NewTimer(time.Hour)
			defer t.Stop()
			asleep <- struct{}{}
			select {
			case <-t.C:
			case <-ctx.Done():
				cancelled++
			}
		}
		m.Start()
		for range m.Ops {
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Add(1)
			go sleep(ctx, &wg)
			<-asleep
			cancel()
			wg.Wait()
		}
		m.Stop(m.Ops)
		return measure.Equal(cancelled, m.Ops)
	},

	"timers": func(m *measure.M) error {
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, 0, 10*time.Millisecond)
		m.Start()
		for range rounds {
			var fired sync.WaitGroup
			fired.Add(m.Size)
			for _, d := range delays {
				time.AfterFunc(d, fired.Done)
			}
			fired.Wait()
		}
		m.Stop(rounds * m.Size)
		return nil
	},

	"timers_cancel": func(m *measure.M) error {
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, time.Hour, 2*time.Hour)
		order := measure.Order(m.Size)
		timers := make([]*time.Timer, m.Size)
		fire := func() { panic("a stopped timer fired") }
		stopped := 0
		m.Start()
		for range rounds {
			for i, d := range delays {
				timers[i] = time.AfterFunc(d, fire)
			}
			for _, i := range order {
				if timers[i].Stop() {
					stopped++
				}
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(stopped, rounds*m.Size)
	},

	"timeout":      contextTimeout,
	"with_timeout": contextTimeout,
}

func contextTimeout(m *measure.M) error {
	m.Start()
	for range m.Ops {
		_, cancel := context.WithTimeout(context.Background(), time.Hour)
		cancel()
	}
	m.Stop(m.Ops)
	return nil
}
