package ours

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var timing = measure.Workloads{
	"sleep_cancel": onLoop(func(ctx context.Context, m *measure.M) error {
		sleeper := asyncio.Delay(time.Hour, 1)
		cancelled := 0
		m.Start()
		for range m.Ops {
			t := asyncio.CreateTask(ctx, sleeper)
			if err := asyncio.Sleep(ctx, 0); err != nil { // it sleeps after this
				return err
			}
			t.Cancel()
			if _, err := t.Await(ctx); err != nil && t.Cancelled() {
				cancelled++
			}
		}
		m.Stop(m.Ops)
		return measure.Equal(cancelled, m.Ops)
	}),

	"timers": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, 0, 10*time.Millisecond)
		m.Start()
		for range rounds {
			left := m.Size
			done := asyncio.NewFuture[int](ctx)
			fire := func() {
				if left--; left == 0 {
					_ = done.SetResult(0) // nobody else does
				}
			}
			for _, d := range delays {
				loop.CallLater(d, fire)
			}
			if _, err := done.Await(ctx); err != nil {
				return err
			}
		}
		m.Stop(rounds * m.Size)
		return nil
	}),

	"timers_cancel": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		rounds := m.Rounds(m.Size)
		delays := measure.Delays(m.Size, time.Hour, 2*time.Hour)
		order := measure.Order(m.Size)
		handles := make([]*asyncio.Handle, m.Size)
		fire := func() { panic("a cancelled timer fired") }
		stopped := 0
		m.Start()
		for range rounds {
			for i, d := range delays {
				handles[i] = loop.CallLater(d, fire)
			}
			for _, i := range order {
				if handles[i].Cancel() {
					stopped++
				}
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(stopped, rounds*m.Size)
	}),

	"timeout": onLoop(func(ctx context.Context, m *measure.M) error {
		m.Start()
		for range m.Ops {
			err := asyncio.Timeout(ctx, time.Hour, func(context.Context) error { return nil })
			if err != nil {
				return err
			}
		}
		m.Stop(m.Ops)
		return nil
	}),

	"with_timeout": onLoop(func(ctx context.Context, m *measure.M) error {
		m.Start()
		for range m.Ops {
			_, cancel := asyncio.WithTimeout(ctx, time.Hour)
			cancel()
		}
		m.Stop(m.Ops)
		return nil
	}),
}
