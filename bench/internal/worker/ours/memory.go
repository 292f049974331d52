package ours

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var memory = measure.Workloads{
	// A yield after every hundred tasks lets them begin to sleep, so that there is
	// never a long queue of tasks to begin, whose memory would count too.
	"mem_suspended": onLoop(func(ctx context.Context, m *measure.M) error {
		sleeper := asyncio.Delay(time.Hour, 1)
		return measure.Memory(m, func(tasks []*asyncio.Task[int]) error {
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, sleeper)
				if i%100 == 99 {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						return err
					}
				}
			}
			return asyncio.Sleep(ctx, 0)
		})
	}),

	"mem_finished": onLoop(func(ctx context.Context, m *measure.M) error {
		return measure.Memory(m, func(tasks []*asyncio.Task[int]) error {
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, one)
				if _, err := tasks[i].Await(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}),

	"mem_timer": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		fire := func() {}
		return measure.Memory(m, func(handles []*asyncio.Handle) error {
			for i := range handles {
				handles[i] = loop.CallLater(time.Hour, fire)
			}
			return nil
		})
	}),
}
