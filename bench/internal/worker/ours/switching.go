package ours

import (
	"context"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var switching = measure.Workloads{
	// The tasks are made before the measured part and run in it. Ten yields each
	// are the least, so that their first step does not count for much.
	"switch": onLoop(func(ctx context.Context, m *measure.M) error {
		yields := max(10, m.Rounds(m.Size))
		tasks := make([]*asyncio.Task[asyncio.None], m.Size)
		for i := range tasks {
			tasks[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for range yields {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		m.Start()
		for _, t := range tasks {
			if _, err := t.Await(ctx); err != nil {
				return err
			}
		}
		m.Stop(m.Size * yields)
		return nil
	}),

	"queue": onLoop(func(ctx context.Context, m *measure.M) error {
		q := asyncio.NewQueue[int](m.Size)
		m.Start()
		producer := asyncio.CreateTask(ctx, put(q, m.Ops))
		sum := 0
		for range m.Ops {
			v, err := q.Get(ctx)
			if err != nil {
				return err
			}
			sum += v
		}
		if _, err := producer.Await(ctx); err != nil {
			return err
		}
		m.Stop(m.Ops)
		return measure.Equal(sum, m.Ops)
	}),

	"fan_in": onLoop(func(ctx context.Context, m *measure.M) error {
		const producers = 100
		each := m.Rounds(producers)
		q := asyncio.NewQueue[int](100)
		tasks := make([]*asyncio.Task[int], producers)
		m.Start()
		for i := range tasks {
			tasks[i] = asyncio.CreateTask(ctx, put(q, each))
		}
		sum := 0
		for range producers * each {
			v, err := q.Get(ctx)
			if err != nil {
				return err
			}
			sum += v
		}
		if _, err := gather(ctx, tasks); err != nil {
			return err
		}
		m.Stop(producers * each)
		return measure.Equal(sum, producers*each)
	}),

	"fan_out": onLoop(func(ctx context.Context, m *measure.M) error {
		const consumers = 100
		q := asyncio.NewQueue[int](100)
		tasks := make([]*asyncio.Task[int], consumers)
		m.Start()
		for i := range tasks {
			tasks[i] = asyncio.CreateTask(ctx, func(ctx context.Context) (sum int, err error) {
				for v, err := range q.All(ctx) {
					if err != nil {
						return 0, err
					}
					sum += v
				}
				return sum, nil
			})
		}
		if _, err := put(q, m.Ops)(ctx); err != nil {
			return err
		}
		q.Shutdown()
		sum, err := gather(ctx, tasks)
		if err != nil {
			return err
		}
		m.Stop(m.Ops)
		return measure.Equal(sum, m.Ops)
	}),

	"lock": onLoop(func(ctx context.Context, m *measure.M) error {
		each := m.Rounds(2)
		var lock asyncio.Lock
		taking := func(ctx context.Context) (int, error) {
			for range each {
				if err := lock.Acquire(ctx); err != nil {
					return 0, err
				}
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
				if err := lock.Release(); err != nil {
					return 0, err
				}
			}
			return each, nil
		}
		m.Start()
		sum, err := gather(ctx, []*asyncio.Task[int]{asyncio.CreateTask(ctx, taking), asyncio.CreateTask(ctx, taking)})
		if err != nil {
			return err
		}
		m.Stop(2 * each)
		return measure.Equal(sum, 2*each)
	}),
}

// put is the coroutine that puts 1 into a queue n times.
func put(q *asyncio.Queue[int], n int) asyncio.Coroutine[int] {
	return func(ctx context.Context) (int, error) {
		for range n {
			if err := q.Put(ctx, 1); err != nil {
				return 0, err
			}
		}
		return n, nil
	}
}
