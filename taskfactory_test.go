package asyncio_test

import (
	"context"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestTaskFactory(t *testing.T) {
	naming := func(name string) asyncio.TaskFactory {
		return func(_ *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
			create(asyncio.WithName(name))
		}
	}
	t.Run("EagerTaskFactory", func(t *testing.T) {
		eager := func(ctx context.Context) bool {
			ran := false
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { ran = true; return nil }))
			now := ran
			asyncio.Sleep(ctx, 0)
			return now
		}
		testutil.Succeed(t, func(ctx context.Context) error {
			if !eager(ctx) {
				t.Error("not eager by WithTaskFactory")
			}
			asyncio.RunningLoop(ctx).SetTaskFactory(nil)
			if eager(ctx) {
				t.Error("eager after nil")
			}
			asyncio.RunningLoop(ctx).SetTaskFactory(asyncio.EagerTaskFactory)
			if !eager(ctx) {
				t.Error("not eager by SetTaskFactory")
			}
			return nil
		}, asyncio.WithTaskFactory(asyncio.EagerTaskFactory))
	})
	t.Run("options come after those of the call", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("given"), asyncio.Eager())
			if a.Name() != "named" || !a.Done() {
				t.Errorf("%v, done %t", a, a.Done())
			}
			return nil
		}, asyncio.WithTaskFactory(naming("named")))
	})
	t.Run("does not change what the caller has given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			opts := make([]asyncio.TaskOption, 1, 2)
			opts[0] = asyncio.WithName("given")
			asyncio.CreateTask(ctx, testutil.Noop, opts...)
			if opts[:2][1] != nil {
				t.Error("the factory's option was put behind the caller's")
			}
			return nil
		}, asyncio.WithTaskFactory(naming("named")))
	})
	t.Run("keeps the tasks", func(t *testing.T) {
		var kept []asyncio.AnyTask
		var loops []*asyncio.Loop
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, "a"))
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				b := asyncio.CreateTask(tg, testutil.Noop)
				c := asyncio.CreateTask(tg, testutil.Noop)
				if !slices.Equal(kept, []asyncio.AnyTask{a, b, c}) {
					t.Errorf("kept %v", kept)
				}
				if l := asyncio.RunningLoop(ctx); !slices.Equal(loops, []*asyncio.Loop{l, l, l}) {
					t.Errorf("loops %v", loops)
				}
				return nil
			})
		}, asyncio.WithTaskFactory(func(l *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
			loops = append(loops, l)
			kept = append(kept, create())
		}))
	})
	t.Run("is called by CreateTask on its goroutine", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			called := false
			asyncio.RunningLoop(ctx).SetTaskFactory(func(_ *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
				called = true
				create()
			})
			testutil.Elsewhere(func() { asyncio.CreateTask(ctx, testutil.Noop) }) // the loop stands still
			if !called {
				t.Error("it was not")
			}
			return asyncio.Sleep(ctx, 0)
		})
	})
	t.Run("must call create", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			testutil.ExpectPanic(t, func() {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
			}, "TaskFactory", "without")
			asyncio.Sleep(ctx, 0)
			if n := len(asyncio.AllTasks(asyncio.RunningLoop(ctx))); n != 1 {
				t.Errorf("%d tasks", n)
			}
			return nil
		}, asyncio.WithTaskFactory(func(*asyncio.Loop, func(opts ...asyncio.TaskOption) asyncio.AnyTask) {}))
	})
	t.Run("must not call create twice", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ran := 0
			testutil.ExpectPanic(t, func() {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { ran++; return nil }))
			}, "TaskFactory", "twice")
			asyncio.Sleep(ctx, 0)
			if ran != 1 {
				t.Errorf("it ran %d times", ran)
			}
			return nil
		}, asyncio.WithTaskFactory(func(_ *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
			create()
			create()
		}))
	})
	t.Run("has nothing to do with Go tasks", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, err := asyncio.ToThread(ctx, testutil.Noop)
			return err
		}, asyncio.WithTaskFactory(func(_ *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
			t.Error("it was called")
			create()
		}))
	})
}
