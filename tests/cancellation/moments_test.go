package cancellation_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestCancelAtEveryMoment(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "before the start",
			Want: []string{"true", "a is cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 1))
				tr.Add("%t", a.Cancel())
				tr.Sleep(ctx, 0)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "while running, and it ends without another await",
			// CPython takes the request into account at the end of the coroutine.
			Want: []string{"true", "a is cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Add("%t", asyncio.CurrentTask(ctx).Cancel())
					return "result", nil
				})
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "while awaiting",
			Want: []string{"a sleeps", "true", "a gets cancelled", "a is cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 1))
				tr.Sleep(ctx, 0)
				tr.Add("%t", a.Cancel())
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "while its wake-up is ready",
			Want: []string{"a awaits", "true", "a gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				f.SetResult("lost to the cancellation, as in CPython")
				tr.Add("%t", a.Cancel())
				a.Await(ctx)
				return nil
			},
		},
		{
			Name: "after it is done",
			Want: []string{"a 1", "false", "a is succeeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				a.Await(ctx)
				tr.Add("%t", a.Cancel())
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "from its own done callback",
			Want: []string{"a 1", "false", "a is succeeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				a.AddDoneCallback(func(a *asyncio.Task[string]) { tr.Add("%t", a.Cancel()) })
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "from the done callback of what it awaits",
			Want: []string{"b awaits", "a 1", "true", "b gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				var b *asyncio.Task[string]
				f := asyncio.NewFuture[string](ctx)
				f.AddDoneCallback(func(*asyncio.Future[string]) { tr.Add("%t", b.Cancel()) })
				b = asyncio.CreateTask(ctx, tr.Wait("b", f))
				tr.Sleep(ctx, 0)
				tr.Add("a 1")
				f.SetResult("x")
				b.Await(ctx)
				return nil
			},
		},
		{
			Name: "refused three times",
			Want: []string{"refused 1", "refused 2", "refused 3", "1ms a wakes", "1ms a is succeeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for n := 1; asyncio.Sleep(ctx, testutil.Millis(1)) != nil; n++ {
						tr.Add("refused %d", n)
					}
					tr.Add("a wakes")
					return nil
				}))
				for range 3 {
					tr.Sleep(ctx, 0)
					a.Cancel()
				}
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
	})
	t.Run("taken back before it arrives", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Second)
			}))
			asyncio.Sleep(ctx, 0)
			testutil.Elsewhere(func() {
				a.Cancel()
				a.Uncancel()
			})
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("from many goroutines at once", func(t *testing.T) {
		const n = 50
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				// Sleeps outlive no request, so this ends when the last was seen.
				for asyncio.CurrentTask(ctx).Cancelling() < n {
					testutil.Forever(ctx)
				}
				return asyncio.Sleep(ctx, 0)
			}))
			asyncio.Sleep(ctx, 0)
			for range n {
				go a.Cancel()
			}
			a.Await(asyncio.RunningLoop(ctx).Context())
			if a.Cancelling() != n {
				t.Errorf("%d requests", a.Cancelling())
			}
			return nil
		})
	})
}
