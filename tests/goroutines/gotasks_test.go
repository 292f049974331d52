package goroutines_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestGoTasks(t *testing.T) {
	t.Run("cancelled in a wait", func(t *testing.T) {
		for name, sleep := range map[string]func(ctx context.Context) error{
			"Sleep": testutil.Forever,
			"Await": func(ctx context.Context) error {
				_, err := asyncio.NewFuture[asyncio.None](ctx).Await(ctx)
				return err
			},
			"Await of a task": func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)).Await(ctx)
				return err
			},
			"Await of a Go task": func(ctx context.Context) error {
				_, err := asyncio.Go(ctx, asyncio.Void(testutil.Forever)).Await(ctx)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				testutil.NoLeaks(t)
				testutil.Succeed(t, func(ctx context.Context) error {
					a := asyncio.Go(ctx, asyncio.Void(sleep))
					asyncio.Sleep(ctx, time.Second)
					if !a.Cancel("stop") {
						t.Error("Cancel is false")
					}
					_, err := a.Await(ctx)
					testutil.ExpectState(t, "the task", a, "cancelled")
					var e *asyncio.CancelledError
					if !errors.As(err, &e) || e.Message != "stop" {
						t.Error(err)
					}
					return nil
				})
			})
		}
	})
	t.Run("suppresses and waits again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				first := testutil.Forever(ctx)
				second := asyncio.Sleep(ctx, time.Second)
				return testutil.Show(first) + ", " + testutil.Show(second), nil
			})
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			v, err := a.Await(ctx)
			if v != "cancelled, no error" {
				t.Error(v)
			}
			if a.Cancelling() != 1 {
				t.Errorf("Cancelling is %d", a.Cancelling())
			}
			return err
		})
	})
	t.Run("cancelled at work", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			working := asyncio.NewFuture[asyncio.None](ctx)
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				working.SetResult(asyncio.None{})
				<-ctx.Done()
				// It has not been told by an await yet, so the next one does, once.
				first := asyncio.Sleep(ctx, time.Second)
				second := asyncio.Sleep(ctx, time.Second)
				return testutil.Show(first) + ", " + testutil.Show(second), nil
			})
			working.Await(ctx)
			a.Cancel()
			v, err := a.Await(ctx)
			if v != "cancelled, no error" {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("awaits with the context of the task outside", func(t *testing.T) {
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
					return asyncio.Sleep(ctx, time.Second)
				}))
				return err
			})
		})
	})
	t.Run("done callbacks run on the loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			called := asyncio.NewFuture[bool](ctx)
			asyncio.Go(ctx, testutil.Noop).AddDoneCallback(func(a *asyncio.Task[asyncio.None]) {
				// Only on the loop an await is refused.
				err := asyncio.Sleep(ctx, 0)
				called.SetResult(a.Done() && errors.Is(err, asyncio.ErrNotInTask))
			})
			ok, err := called.Await(ctx)
			if !ok {
				t.Error("elsewhere, or before the end")
			}
			return err
		})
	})
	t.Run("awaited by a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, func(context.Context) (int, error) { return 42, nil })
			got := make(chan int, 1)
			go func() {
				v, _ := a.Await(context.Background())
				got <- v
			}()
			if _, err := a.Await(ctx); err != nil {
				return err
			}
			v, err := asyncio.ToThread(ctx, func(context.Context) (int, error) { return <-got, nil })
			if v != 42 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("awaits in a closed loop's clean-up", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		release, ended := make(chan struct{}), make(chan struct{})
		started := asyncio.NewFuture[asyncio.None](l.Context())
		asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer close(ended)
			started.SetResult(asyncio.None{})
			<-release
			if ctx.Err() == nil {
				t.Error("its context goes on")
			}
			testutil.ExpectIs(t, "Sleep", asyncio.Sleep(ctx, time.Second), asyncio.ErrLoopClosed)
			_, err := asyncio.ToThread(ctx, testutil.Noop)
			testutil.ExpectIs(t, "ToThread", err, asyncio.ErrLoopClosed)
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			testutil.ExpectIs(t, "Sleep in a scope", asyncio.Sleep(scope, time.Second), asyncio.ErrLoopClosed)
			return nil
		}))
		l.RunUntilComplete(started)
		l.Close()
		close(release)
		testutil.Wait(t, ended)
		r.Expect(t, "Go task")
	})
}
