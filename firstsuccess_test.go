package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestFirstSuccess(t *testing.T) {
	errA, errB := errors.New("a is down"), errors.New("b is down")
	// after is a task that ends so after d.
	after := func(ctx context.Context, d time.Duration, v string, err error) *asyncio.Task[string] {
		return asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
			if e := asyncio.Sleep(ctx, d); e != nil {
				return "", e
			}
			return v, err
		}, asyncio.WithName(fmt.Sprint("after ", d)))
	}
	t.Run("gives the first that succeeds, when the others were cancelled and have ended", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ended := false
			loser := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				err := testutil.Forever(ctx)
				asyncio.Sleep(ctx, time.Second)
				ended = true
				return "", err
			})
			return testutil.Took(ctx, t, 3*time.Second, func() error {
				v, err := asyncio.FirstSuccess(ctx, after(ctx, time.Second, "", errA), loser, after(ctx, 2*time.Second, "b", nil))
				if v != "b" || !ended || !loser.Cancelled() {
					t.Errorf("%q, the loser has ended: %t, %v", v, ended, loser)
				}
				return err
			})
		})
	})
	t.Run("a cancelled one is no success", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v, err := asyncio.FirstSuccess(ctx, after(ctx, 1, "", asyncio.ErrCancelled), after(ctx, 2, "b", nil))
			if v != "b" {
				t.Errorf("%q", v)
			}
			return err
		})
	})
	t.Run("of none has all errors, and who they are of", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			asyncio.RunningLoop(ctx).CallLater(2, func() { f.SetErr(testutil.ErrTest) })
			gone := after(ctx, 4, "", asyncio.ErrCancelled)
			a, b := after(ctx, 3, "", errA), asyncio.Go(ctx, func(context.Context) (string, error) { return "", errB }, asyncio.WithName("the Go task"))
			_, err := asyncio.FirstSuccess(ctx, []asyncio.Awaitable[string]{a, f, gone, b, a}...)
			for _, e := range []error{errA, errB, testutil.ErrTest} {
				testutil.ExpectIs(t, "FirstSuccess", err, e)
			}
			if errors.Is(err, asyncio.ErrCancelled) {
				t.Errorf("a cancellation: %v", err)
			}
			var g *asyncio.GroupError
			if !errors.As(err, &g) || fmt.Sprint(g.Errs) != "[b is down test error a is down]" {
				t.Fatal(err)
			}
			for _, part := range []string{"asyncio: none has succeeded: 3 errors: the Go task (", "b is down; test error; after 3ns (", ": a is down"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v, without %q", err, part)
				}
			}
			var told *asyncio.TaskError
			if !errors.As(err, &told) || told.Name != "the Go task" {
				t.Error(told)
			}
			return nil
		})
	})
	t.Run("of cancelled ones alone is cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a, b := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
			b.Cancel("b")
			a.Cancel("a")
			_, err := asyncio.FirstSuccess(ctx, a, b)
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "a" {
				t.Error(err)
			}
			return nil
		})
	})
	t.Run("what is left of its error without a cancellation is one of its kind", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			f.SetErr(testutil.ErrTest)
			both := after(ctx, 1, "", errors.Join(errA, asyncio.ErrCancelled))
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					testutil.Forever(ctx)
					_, err := asyncio.FirstSuccess(asyncio.RunningLoop(ctx).Context(), []asyncio.Awaitable[string]{f, both}...)
					return err
				}))
				asyncio.Sleep(ctx, 1)
				tg.Cancel()
				return nil
			})
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			testutil.ExpectIs(t, "the group", err, errA)
			if errors.Is(err, asyncio.ErrCancelled) || !strings.Contains(err.Error(), "none has succeeded: 2 errors: test error; after 1ns") {
				t.Error(err)
			}
			return nil
		})
	})
	t.Run("errors before the success are seen, those after it stay, and a panic is heard", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			panics := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				asyncio.Sleep(ctx, 1)
				panic("oh")
			})
			stubborn := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				testutil.Forever(ctx)
				return "", testutil.ErrTest
			}, asyncio.WithName("stubborn"))
			v, err := asyncio.FirstSuccess(ctx, after(ctx, 1, "", errA), panics, stubborn, after(ctx, 2, "b", nil))
			if v != "b" {
				t.Errorf("%q", v)
			}
			return err
		})
		r.Expect(t, "panicked and nobody awaits it … oh", "stubborn … never retrieved … test error")
	})
	t.Run("can be cancelled, and then has seen what had failed, but for a panic", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			failed, slow := after(ctx, 1, "", errA), after(ctx, time.Hour, "b", nil)
			panics := asyncio.CreateTask(ctx, func(context.Context) (string, error) { panic("oh") })
			first := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) { return asyncio.FirstSuccess(ctx, failed, panics, slow) })
			asyncio.Sleep(ctx, time.Second)
			first.Cancel("enough")
			_, err := first.Await(ctx)
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "enough" || !slow.Cancelled() {
				t.Errorf("%v, %v", err, slow)
			}
			return nil
		})
		r.Expect(t, "panicked and nobody awaits it … oh")
	})
	t.Run("ends with its scope", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			slow := after(ctx, time.Hour, "b", nil)
			_, err := asyncio.FirstSuccess(scope, slow)
			testutil.ExpectIs(t, "FirstSuccess", err, asyncio.ErrTimeout)
			testutil.ExpectState(t, "the task", slow, "cancelled")
			return nil
		})
	})
	t.Run("of nothing is an error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			if _, err := asyncio.FirstSuccess[*asyncio.Task[int]](ctx); err == nil {
				t.Error("none")
			}
			return nil
		})
	})
	t.Run("in a goroutine, and in a Go task", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			try := func(ctx context.Context) (string, error) {
				failed := asyncio.CreateTask(l.Context(), func(context.Context) (string, error) { return "", errA })
				return asyncio.FirstSuccess(ctx, failed, asyncio.CreateTask(l.Context(), asyncio.Delay(1, "b")))
			}
			if v, err := try(context.Background()); v != "b" || err != nil {
				t.Errorf("%q %v", v, err)
			}
			if v, err := asyncio.Go(l.Context(), try).Await(context.Background()); v != "b" || err != nil {
				t.Errorf("in a Go task: %q %v", v, err)
			}
		})
	})
	t.Run("not in a callback, and not on a closed loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.FirstSuccess(ctx, a)
				testutil.ExpectIs(t, "FirstSuccess", err, asyncio.ErrNotInTask)
			})
			asyncio.Sleep(ctx, 0)
			return nil
		})
		f := asyncio.NewFuture[int](testutil.ClosedLoop(t).Context())
		testutil.Within(t, func() {
			_, err := asyncio.FirstSuccess(context.Background(), f)
			testutil.ExpectIs(t, "FirstSuccess", err, asyncio.ErrLoopClosed)
		})
	})
}
