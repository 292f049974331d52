package ours

import (
	"context"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var spawning = measure.Workloads{
	"spawn_await":      onLoop(oneByOne),
	"spawn_await_heap": measure.WithHeap(onLoop(oneByOne)),

	"spawn_gather": onLoop(func(ctx context.Context, m *measure.M) error {
		rounds := m.Rounds(m.Size)
		tasks := make([]*asyncio.Task[int], m.Size)
		sum := 0
		m.Start()
		for range rounds {
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, one)
			}
			v, err := gather(ctx, tasks)
			if err != nil {
				return err
			}
			sum += v
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(sum, rounds*m.Size)
	}),

	"group": onLoop(func(ctx context.Context, m *measure.M) error {
		tasks := make([]*asyncio.Task[int], m.Size)
		sum := 0
		m.Start()
		for range m.Ops {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				for i := range tasks {
					tasks[i] = asyncio.CreateTask(tg, one)
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, t := range tasks {
				v, err := t.Result()
				if err != nil {
					return err
				}
				sum += v
			}
		}
		m.Stop(m.Ops)
		return measure.Equal(sum, m.Ops*m.Size)
	}),

	"callbacks": onLoop(func(ctx context.Context, m *measure.M) error {
		const each = 10
		rounds := m.Rounds(each)
		called := 0
		count := func(*asyncio.Future[int]) { called++ }
		m.Start()
		for range rounds {
			f := asyncio.NewFuture[int](ctx)
			for range each {
				f.AddDoneCallback(count)
			}
			if err := f.SetResult(1); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, 0); err != nil { // they run here
				return err
			}
		}
		m.Stop(rounds * each)
		return measure.Equal(called, rounds*each)
	}),
}

func oneByOne(ctx context.Context, m *measure.M) error {
	m.Start()
	sum, err := spawnAwait(ctx, m.Ops)
	m.Stop(m.Ops)
	if err != nil {
		return err
	}
	return measure.Equal(sum, m.Ops)
}

// spawnAwait makes n tasks, each when the one before has ended, and returns the
// sum of their results.
func spawnAwait(ctx context.Context, n int) (sum int, err error) {
	for range n {
		v, err := asyncio.CreateTask(ctx, one).Await(ctx)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return sum, nil
}
