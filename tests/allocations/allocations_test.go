//go:build !race

// What the common operations allocate, to the object. The benchmarks cannot notice one more;
// here it has to be written down.
package allocations_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/coro"
)

func TestAllocations(t *testing.T) {
	if coro.Portable("id") || coro.Portable("number") {
		t.Skip("now and then a buffer is made in which to read who is running")
	}
	nothing := func(context.Context) (int, error) { return 0, nil }
	sleeper := asyncio.Delay(time.Hour, 0)
	type fixture struct {
		loop  *asyncio.Loop
		queue *asyncio.Queue[int]
		tasks []*asyncio.Task[int]
	}
	for _, c := range []struct {
		name string
		want float64
		op   func(ctx context.Context, x *fixture)
	}{
		{"a task made and awaited", 1, // itself
			func(ctx context.Context, x *fixture) { _, _ = asyncio.CreateTask(ctx, nothing).Await(ctx) }},
		{"a yield", 0,
			func(ctx context.Context, x *fixture) { _ = asyncio.Sleep(ctx, 0) }},
		{"a sleep", 0,
			func(ctx context.Context, x *fixture) { _ = asyncio.Sleep(ctx, time.Nanosecond) }},
		{"a task put to sleep and cancelled", 4, // the task and what few tasks have, the request, the error
			func(ctx context.Context, x *fixture) {
				k := asyncio.CreateTask(ctx, sleeper)
				_ = asyncio.Sleep(ctx, 0)
				k.Cancel()
				_, _ = k.Await(ctx)
			}},
		{"an item through a queue", 0,
			func(ctx context.Context, x *fixture) { _ = x.queue.Put(ctx, 1); _, _ = x.queue.Get(ctx) }},
		{"an item that is waited for", 2, // the task that puts it and what it has captured
			func(ctx context.Context, x *fixture) {
				p := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) { return 0, x.queue.Put(ctx, 1) })
				_, _ = x.queue.Get(ctx)
				_, _ = p.Await(ctx)
			}},
		{"a future made, set and awaited", 1,
			func(ctx context.Context, x *fixture) {
				f := asyncio.NewFuture[int](ctx)
				_ = f.SetResult(1)
				_, _ = f.Await(ctx)
			}},
		{"a done callback", 3, // the future, the callback, how to remove it
			func(ctx context.Context, x *fixture) {
				f := asyncio.NewFuture[int](ctx)
				f.AddDoneCallback(func(*asyncio.Future[int]) {})
				_ = f.SetResult(1)
				_ = asyncio.Sleep(ctx, 0)
			}},
		{"a done callback of any future", 4, // as above, and where it is defined
			func(ctx context.Context, x *fixture) {
				f := asyncio.NewFuture[int](ctx)
				f.OnDone(func() {})
				_ = f.SetResult(1)
				_ = asyncio.Sleep(ctx, 0)
			}},
		{"a callback", 1,
			func(ctx context.Context, x *fixture) { x.loop.CallSoon(func() {}); _ = asyncio.Sleep(ctx, 0) }},
		{"a timer set and cancelled", 1,
			func(ctx context.Context, x *fixture) { x.loop.CallLater(time.Hour, func() {}).Cancel() }},
		{"a timeout", 1,
			func(ctx context.Context, x *fixture) {
				_ = asyncio.Timeout(ctx, time.Hour, func(context.Context) error { return nil })
			}},
		{"a shield", 1,
			func(ctx context.Context, _ *fixture) {
				_ = asyncio.WithShield(ctx, time.Hour, func(context.Context) error { return nil })
			}},
		{"a timeout whose deadline may be moved", 2, // it, and what is planned
			func(ctx context.Context, x *fixture) {
				_ = asyncio.NewTimeout(time.Hour).Do(ctx, func(context.Context) error { return nil })
			}},
		{"a scope with a deadline", 3, // the scope, its cancel, the request
			func(ctx context.Context, x *fixture) { _, cancel := asyncio.WithTimeout(ctx, time.Hour); cancel() }},
		{"a group of ten", 21, // the group, ten tasks and their memberships
			func(ctx context.Context, x *fixture) {
				_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 10 {
						asyncio.CreateTask(tg, nothing)
					}
					return nil
				})
			}},
		{"ten tasks gathered", 15, // ten tasks, three lists, the gathering and one of its methods
			func(ctx context.Context, x *fixture) {
				for i := range x.tasks {
					x.tasks[i] = asyncio.CreateTask(ctx, nothing)
				}
				_, _ = asyncio.Gather(ctx, x.tasks...)
			}},
		{"a Go task made and awaited", 1, // itself, with its goroutine's side
			func(ctx context.Context, x *fixture) { _, _ = asyncio.Go(ctx, nothing).Await(ctx) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				x := &fixture{
					loop:  asyncio.RunningLoop(ctx),
					queue: asyncio.NewQueue[int](1),
					tasks: make([]*asyncio.Task[int], 10),
				}
				if got := testing.AllocsPerRun(200, func() { c.op(ctx, x) }); got != c.want {
					t.Errorf("%v objects, want %v", got, c.want)
				}
				return nil
			}))
			if err != nil {
				t.Error(err)
			}
		})
	}
}
