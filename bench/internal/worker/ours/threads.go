package ours

import (
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

var threads = measure.Workloads{
	"go_batch": onLoop(func(ctx context.Context, m *measure.M) error {
		rounds := m.Rounds(m.Size)
		tasks := make([]*asyncio.Task[int], m.Size)
		sum := 0
		m.Start()
		for range rounds {
			for i := range tasks {
				tasks[i] = asyncio.Go(ctx, one)
			}
			for _, t := range tasks {
				v, err := t.Await(ctx)
				if err != nil {
					return err
				}
				sum += v
			}
		}
		m.Stop(rounds * m.Size)
		return measure.Equal(sum, rounds*m.Size)
	}),

	// The goroutines are there before the measured part and wait for it.
	"post": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		each := m.Rounds(m.Size)
		left := m.Size * each
		done := asyncio.NewFuture[int](ctx)
		call := func() {
			if left--; left == 0 {
				_ = done.SetResult(0) // nobody else does
			}
		}
		var begin sync.WaitGroup
		begin.Add(1)
		for range m.Size {
			go func() {
				begin.Wait()
				for range each {
					loop.CallSoon(call)
				}
			}()
		}
		m.Start()
		begin.Done()
		if _, err := done.Await(ctx); err != nil {
			return err
		}
		m.Stop(m.Size * each)
		return nil
	}),

	// A goroutine sleeps, so that the loop does too, and then posts a call.
	"wake": onLoop(func(ctx context.Context, m *measure.M) error {
		loop := asyncio.RunningLoop(ctx)
		done := asyncio.NewFuture[int](ctx)
		took := make([]time.Duration, 0, m.Ops)
		m.Start()
		go func() {
			for range m.Ops {
				time.Sleep(200 * time.Microsecond)
				posted := time.Now()
				loop.CallSoon(func() {
					took = append(took, time.Since(posted))
					if len(took) == m.Ops {
						_ = done.SetResult(0) // nobody else does
					}
				})
			}
		}()
		if _, err := done.Await(ctx); err != nil {
			return err
		}
		m.Latencies(took)
		return nil
	}),

	// Start and end of the loops are in it; they are as nothing to the tasks.
	"loops": func(m *measure.M) error {
		cores := runtime.GOMAXPROCS(0)
		each := m.Rounds(cores)
		var loops errgroup.Group
		m.Start()
		for range cores {
			loops.Go(func() error {
				sum, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
					return spawnAwait(ctx, each)
				})
				if err != nil {
					return err
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
