package contexts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestBorrowedContexts(t *testing.T) {
	t.Run("a loop task that waits with its parent's", func(t *testing.T) {
		testutil.RunScenarios(t, []testutil.Scenario{{
			Name: "is suspended itself, and interrupted when the parent is cancelled",
			Want: []string{"child waits", "1ms parent goes on", "2ms child wakes", "3ms parent gets cancelled",
				"3ms child gets cancelled", "3ms child waits with its own", "4ms child wakes", "4ms future is pending"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				f := asyncio.NewFuture[string](ctx)
				parent := asyncio.CreateTask(ctx, asyncio.Void(func(outer context.Context) error {
					asyncio.CreateTask(outer, asyncio.Void(func(ctx context.Context) error {
						tr.Add("child waits")
						tr.Nap(outer, "child", 2)
						tr.Get(outer, "child", f)
						tr.Add("child waits with its own")
						tr.Nap(ctx, "child", 1)
						return nil
					}))
					tr.Sleep(outer, 1)
					tr.Add("parent goes on")
					tr.Nap(outer, "parent", 100)
					return nil
				}))
				tr.Sleep(ctx, 3)
				parent.Cancel()
				tr.Sleep(ctx, 1)
				tr.Sleep(ctx, 0)
				tr.Add("future is %s", testutil.State(f))
				return nil
			},
		}})
	})
	t.Run("after the task is done", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			old, err := asyncio.CreateTask(ctx, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
			if err != nil {
				return err
			}
			if err := asyncio.Sleep(old, time.Second); err != nil {
				t.Error("Sleep:", err)
			}
			_, err = asyncio.CreateTask(old, testutil.Noop).Await(old)
			return err
		})
	})
	t.Run("by goroutines", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			f, g := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				go func() {
					if asyncio.CurrentTask(ctx).Name() != "lender" {
						t.Error("CurrentTask is another")
					}
					v, err := f.Await(ctx)
					if err != nil {
						t.Error("Await:", err)
					}
					g.SetResult(v + 1)
				}()
				return testutil.Forever(ctx)
			}), asyncio.WithName("lender"))
			asyncio.Sleep(ctx, time.Second)
			f.SetResult(1)
			if v, err := g.Await(ctx); v != 2 || err != nil {
				t.Error(v, err)
			}
			// The task had no part in it.
			testutil.ExpectState(t, "the lender", a, "pending")

			unset, told := asyncio.NewFuture[int](ctx), asyncio.NewFuture[error](ctx)
			b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				go func() {
					_, err := unset.Await(ctx)
					told.SetResult(err)
				}()
				return testutil.Forever(ctx)
			}))
			asyncio.Sleep(ctx, time.Second)
			b.Cancel("lender is gone")
			err, _ := told.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "lender is gone" {
				t.Errorf("%#v", err)
			}
			testutil.ExpectState(t, "the future", unset, "pending")
			return testutil.EndAll(ctx)
		})
	})
	t.Run("any context at all in a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			ended, cancel := context.WithCancelCause(context.Background())
			cancel(testutil.ErrTest)
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				testutil.Elsewhere(func() {
					_, err := f.Await(ended)
					testutil.ExpectIs(t, "Await", err, testutil.ErrTest)
				})
				f.SetResult(1)
				testutil.Elsewhere(func() {
					if v, err := f.Await(ended); v != 1 || err != nil {
						t.Error("Await of what is done:", v, err)
					}
				})
				return nil
			}))
			return err
		})
	})
	t.Run("any context at all in a loop task", func(t *testing.T) {
		testutil.RunScenarios(t, []testutil.Scenario{{
			Name: "suspends it as its own does",
			Want: []string{"tick", "1ms tick", "1ms background x", "2ms tick", "2ms loop x", "3ms loop sleep",
				"3ms cancelled(in the loop's)", "3ms test error"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for range 3 {
						tr.Add("tick")
						tr.Sleep(ctx, 1)
					}
					return nil
				}))
				tr.Sleep(ctx, 0)
				a := asyncio.CreateTask(ctx, asyncio.Delay(testutil.Millis(1), "x"))
				v, err := a.Await(context.Background())
				tr.Add("background %s", testutil.Outcome(v, err))
				loop := tr.Loop.Context()
				v, err = asyncio.CreateTask(loop, asyncio.Delay(testutil.Millis(1), "x")).Await(loop)
				tr.Add("loop %s", testutil.Outcome(v, err))
				tr.Sleep(loop, 1)
				tr.Add("loop sleep")
				// Whatever the context, Cancel reaches the task that waits.
				self := asyncio.CurrentTask(ctx)
				if asyncio.CurrentTask(loop) != self {
					tr.Add("another task")
				}
				self.Cancel("in the loop's")
				tr.Add("%s", testutil.Show(asyncio.Sleep(loop, time.Second)))
				ended, cancel := context.WithCancelCause(context.Background())
				cancel(testutil.ErrTest)
				_, err = asyncio.NewFuture[string](ctx).Await(ended)
				tr.Add("%s", testutil.Show(err))
				return nil
			},
		}})
	})
	t.Run("of another loop", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.PlainRun(t, func(outer context.Context) error {
			f := asyncio.NewFuture[int](outer)
			unset := asyncio.NewFuture[int](outer)
			a := asyncio.Go(outer, asyncio.Void(func(outer context.Context) error {
				_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					// A task of this loop awaits a future of the other.
					f.SetResult(1)
					if v, err := f.Await(ctx); v != 1 || err != nil {
						t.Error(v, err)
					}
					later := asyncio.CreateTask(asyncio.RunningLoop(outer).Context(), func(context.Context) (int, error) {
						return 2, nil
					})
					if v, err := later.Await(ctx); v != 2 || err != nil {
						t.Error(v, err)
					}
					// Cancelled, it cancels what it awaits there.
					b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						_, err := unset.Await(ctx)
						return err
					}))
					asyncio.Sleep(ctx, time.Second)
					b.Cancel()
					b.Await(ctx)
					testutil.ExpectState(t, "the task", b, "cancelled")
					return nil
				}), asyncio.WithVirtualClock())
				return err
			}))
			if _, err := a.Await(outer); err != nil {
				return err
			}
			_, err := unset.Await(outer)
			testutil.ExpectIs(t, "the future", err, asyncio.ErrCancelled)
			return nil
		})
	})
}
