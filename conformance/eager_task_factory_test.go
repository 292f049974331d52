package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestEagerFactory(t *testing.T) {
	t.Run("makes tasks like others", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).SetTaskFactory(asyncio.EagerTaskFactory)
			ran := false
			a := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { ran = true; return nil }))
			if !ran {
				t.Error("the factory is not used")
			}
			if !strings.HasPrefix(a.Name(), "Task-") || a.Loop() != asyncio.RunningLoop(ctx) {
				t.Errorf("made %v", a)
			}
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("a task sets a future in its first step", func(t *testing.T) {
		eagerSucceed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			set := func(context.Context) error { return f.SetResult("my message") }
			a := asyncio.CreateTask(ctx, asyncio.Void(set))
			if !a.Done() || !f.Done() {
				t.Errorf("made %v, %v", a, f)
			}
			if v, err := f.Await(ctx); v != "my message" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
			return a.Err()
		})
	})
	t.Run("a task that blocks is not done", func(t *testing.T) {
		eagerSucceed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			a := asyncio.CreateTask(ctx, asyncio.Delay(100*time.Millisecond, "finished"))
			if a.Done() {
				t.Error("it is done at once")
			}
			v, err := a.Await(ctx)
			if v != "finished" || err != nil || !a.Done() || elapsed(ctx, begin) != 100*time.Millisecond {
				t.Errorf("%q, %v, %v after %v", v, err, a, elapsed(ctx, begin))
			}
			return nil
		})
	})
	t.Run("a task that blocks can be cancelled", func(t *testing.T) {
		eagerSucceed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			a := asyncio.CreateTask(ctx, asyncio.Delay(100*time.Millisecond, "finished"))
			a.Cancel("message")
			if n := a.Cancelling(); n != 1 || a.Done() {
				t.Errorf("cancelling %d, %v", n, a)
			}
			_, err := a.Await(ctx)
			var cancelled *asyncio.CancelledError
			if !errors.As(err, &cancelled) || cancelled.Message != "message" {
				t.Errorf("out comes %v", err)
			}
			if d := elapsed(ctx, begin); d != 0 || !a.Cancelled() {
				t.Errorf("%v after %v", a, d)
			}
			return nil
		})
	})
	t.Run("a task is current in its first step and after it", func(t *testing.T) {
		eagerSucceed(t, func(ctx context.Context) error {
			me := asyncio.CurrentTask(ctx)
			var first, second asyncio.AnyTask
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				first = asyncio.CurrentTask(ctx)
				err := asyncio.Sleep(ctx, 100*time.Millisecond)
				second = asyncio.CurrentTask(ctx)
				return err
			}))
			if first != asyncio.AnyTask(a) || asyncio.CurrentTask(ctx) != me {
				t.Errorf("current was %v, is %v", first, asyncio.CurrentTask(ctx))
			}
			if _, err := a.Await(ctx); err != nil || second != first {
				t.Errorf("%v, current was %v, then %v", err, first, second)
			}
			return nil
		})
	})
	t.Run("what a task puts into its context is not its creator's", func(t *testing.T) {
		type key struct{}
		eagerSucceed(t, func(ctx context.Context) error {
			lines := []string{}
			look := func(ctx context.Context, who string) {
				lines = append(lines, fmt.Sprint(who, " ", ctx.Value(key{})))
			}
			ctx = context.WithValue(ctx, key{}, 1)
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				look(ctx, "child")
				ctx = context.WithValue(ctx, key{}, 2)
				look(ctx, "child")
				err := asyncio.Sleep(ctx, 100*time.Millisecond)
				look(ctx, "child")
				ctx = context.WithValue(ctx, key{}, 3)
				look(ctx, "child")
				return err
			}))
			look(ctx, "parent")
			_, err := a.Await(ctx)
			look(ctx, "parent")
			testutil.ExpectLines(t, lines, "child 1", "child 2", "parent 1", "child 2", "child 3", "parent 1")
			return err
		})
	})
	t.Run("a task that is done holds nothing that its coroutine held", func(t *testing.T) {
		eagerSucceed(t, func(ctx context.Context) error {
			held, a := eagerHolder(ctx)
			if !a.Done() {
				t.Errorf("made %v", a)
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			runtime.GC()
			if held.Value() != nil {
				t.Error("it does")
			}
			if name := a.Coro().Function; !strings.Contains(name, "eagerHolder") {
				t.Errorf("its coroutine was %q", name)
			}
			return nil
		})
	})
}

// A factory counts the tasks, and those that have not begun when it has made them.
func TestTaskFactoryCounts(t *testing.T) {
	const width, depth, all = 5, 4, 1 + 5 + 5*5 + 5*5*5 + 5*5*5*5
	var chain func(ctx context.Context, depth int) (int, error)
	chain = func(ctx context.Context, depth int) (int, error) {
		if depth == 0 {
			return 0, nil
		}
		n, err := chain(ctx, depth-1)
		return n + 1, err
	}
	var groups func(depth int) asyncio.Coroutine[asyncio.None]
	groups = func(depth int) asyncio.Coroutine[asyncio.None] {
		return asyncio.Void(func(ctx context.Context) error {
			if depth == 0 {
				return nil
			}
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				for range width {
					asyncio.CreateTask(tg, groups(depth-1))
				}
				return nil
			})
		})
	}
	var gathers func(depth int) asyncio.Coroutine[asyncio.None]
	gathers = func(depth int) asyncio.Coroutine[asyncio.None] {
		return asyncio.Void(func(ctx context.Context) error {
			if depth == 0 {
				return nil
			}
			tasks := make([]*asyncio.Task[asyncio.None], width)
			for i := range tasks {
				tasks[i] = asyncio.CreateTask(ctx, gathers(depth-1))
			}
			_, err := asyncio.Gather(ctx, tasks...)
			return err
		})
	}
	for _, c := range []struct {
		name string
		root asyncio.Coroutine[asyncio.None]
		made int
	}{
		{"one for calls of coroutines", asyncio.Void(func(ctx context.Context) error {
			n, err := chain(ctx, 100)
			if n != 100 {
				t.Errorf("%d calls", n)
			}
			return err
		}), 1},
		{"one for each in groups in groups", groups(depth), all},
		{"one for each in gathers in gathers", gathers(depth), all},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, eager := range []bool{false, true} {
				made, late := eagerCount(t, c.root, eager)
				want := c.made
				if eager {
					want = 0
				}
				if made != c.made || late != want {
					t.Errorf("eager %t: %d made, %d not begun, want %d, %d", eager, made, late, c.made, want)
				}
			}
		})
	}
}

// eagerSucceed is succeed with the eager factory.
func eagerSucceed(t *testing.T, main func(ctx context.Context) error) {
	t.Helper()
	testutil.Succeed(t, main, asyncio.WithTaskFactory(asyncio.EagerTaskFactory))
}

// eagerHolder makes a task whose coroutine has captured something.
func eagerHolder(ctx context.Context) (weak.Pointer[[64]byte], *asyncio.Task[byte]) {
	held := new([64]byte)
	c := func(context.Context) (byte, error) { return held[0], nil }
	return weak.Make(held), asyncio.CreateTask(ctx, c)
}

// eagerCount runs a coroutine as a task that a callback makes, and counts all tasks and
// those that had not begun when they were made.
func eagerCount(t *testing.T, c asyncio.Coroutine[asyncio.None], eager bool) (made, late int) {
	t.Helper()
	var r testutil.Reports
	factory := func(_ *asyncio.Loop, create func(opts ...asyncio.TaskOption) asyncio.AnyTask) {
		var opts []asyncio.TaskOption
		if eager {
			opts = append(opts, asyncio.Eager())
		}
		made++
		if a := create(opts...); !a.Done() && a.Stack() == nil {
			late++
		}
	}
	l := testutil.NewLoop(t, &r, asyncio.WithTaskFactory(factory))
	ended := asyncio.NewFuture[asyncio.None](l.Context())
	l.CallSoon(func() {
		root := asyncio.CreateTask(l.Context(), c)
		root.AddDoneCallback(func(root *asyncio.Task[asyncio.None]) {
			if err := root.Err(); err != nil {
				t.Error(err)
			}
			if err := ended.SetResult(asyncio.None{}); err != nil {
				t.Error(err)
			}
		})
	})
	if err := l.RunUntilComplete(ended); err != nil {
		t.Error(err)
	}
	r.Expect(t)
	return made, late
}
