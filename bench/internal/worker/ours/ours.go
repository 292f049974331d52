// Package ours is how the workloads are done with this library.
package ours

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Workloads returns what this library can do, which is everything.
func Workloads() measure.Workloads {
	return measure.Merge(spawning, switching, timing, threads, programs, memory)
}

// Hello runs one task, which prints hello.
func Hello() error {
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		return asyncio.CreateTask(ctx, func(context.Context) (int, error) { return fmt.Println("hello") }).Await(ctx)
	})
	return err
}

// onLoop does a workload in the main task of a new loop.
func onLoop(f func(ctx context.Context, m *measure.M) error) measure.Func {
	return func(m *measure.M) error {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error { return f(ctx, m) }))
		return err
	}
}

// one is the coroutine that is done at once.
func one(context.Context) (int, error) { return 1, nil }

// gather awaits tasks and returns the sum of their results.
func gather(ctx context.Context, tasks []*asyncio.Task[int]) (sum int, err error) {
	results, err := asyncio.Gather(ctx, tasks...)
	for _, v := range results {
		sum += v
	}
	return sum, err
}
