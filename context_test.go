package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestTaskContext(t *testing.T) {
	for _, look := range []string{"before", "after"} {
		t.Run("ends at the first Cancel, looked at "+look, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					var done <-chan struct{}
					if look == "before" {
						done = ctx.Done()
						if isClosed(done) || ctx.Err() != nil || context.Cause(ctx) != nil {
							t.Error("ended before it was cancelled")
						}
					}
					testutil.Forever(ctx)
					if look == "after" {
						testutil.ExpectIs(t, "Err", ctx.Err(), context.Canceled)
						done = ctx.Done()
					}
					for range 2 { // it stays as it is
						if !isClosed(done) || ctx.Done() != done {
							t.Error("Done is open, or another")
						}
						if ctx.Err() != context.Canceled {
							t.Error("Err:", ctx.Err())
						}
						var e *asyncio.CancelledError
						if err := context.Cause(ctx); !errors.As(err, &e) || e.Message != "first" {
							t.Errorf("Cause: %#v", err)
						}
						asyncio.CurrentTask(ctx).Cancel("second")
						asyncio.Sleep(ctx, time.Second)
						asyncio.CurrentTask(ctx).Uncancel()
						asyncio.CurrentTask(ctx).Uncancel()
					}
					return nil
				}))
				asyncio.Sleep(ctx, time.Second)
				a.Cancel("first")
				_, err := a.Await(ctx)
				return err
			})
		})
	}
	t.Run("Cause in a context derived from it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			derived, cancel := context.WithCancel(context.WithValue(ctx, testutil.Key{}, 1))
			defer cancel()
			asyncio.CurrentTask(ctx).Cancel("why")
			asyncio.Sleep(ctx, 0)
			<-derived.Done()
			var e *asyncio.CancelledError
			if err := context.Cause(derived); !errors.As(err, &e) || e.Message != "why" {
				t.Errorf("Cause: %#v", err)
			}
			return nil
		})
	})
	t.Run("Cause on the goroutine that cancels", func(t *testing.T) {
		// For the race detector: the request is passed down the chain on the loop
		// while the goroutine reads it.
		for range 20 {
			testutil.Succeed(t, func(ctx context.Context) error {
				lent := make(chan context.Context, 1)
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					lent <- ctx
					_, err := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)).Await(ctx)
					return err
				}))
				asyncio.Sleep(ctx, 0)
				c := <-lent
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
					a.Cancel("why")
					var e *asyncio.CancelledError
					if err := context.Cause(c); !errors.As(err, &e) || e.Message != "why" {
						t.Errorf("Cause: %#v", err)
					}
					return nil
				}))
				a.Await(ctx)
				return err
			})
		}
	})
	t.Run("not Run's cause", func(t *testing.T) {
		// Values come from Run's context, but the end is the task's own.
		outer, cancel := context.WithCancelCause(context.WithValue(context.Background(), testutil.Key{}, "value"))
		defer cancel(nil)
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				if ctx.Value(testutil.Key{}) != "value" {
					t.Error("Value:", ctx.Value(testutil.Key{}))
				}
				return testutil.Forever(ctx)
			}))
			asyncio.Sleep(ctx, 0)
			a.Cancel("mine")
			_, err := a.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "mine" {
				t.Errorf("%#v", err)
			}
			if ctx.Err() != nil || outer.Err() != nil {
				t.Error("a child's end has reached its parent")
			}
			return nil
		}), asyncio.WithVirtualClock())
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("values are inherited", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			valued := context.WithValue(ctx, testutil.Key{}, "outer")
			see := func(ctx context.Context) (any, error) { return ctx.Value(testutil.Key{}), nil }
			for _, scope := range []context.Context{valued, context.WithoutCancel(valued)} {
				for _, a := range []*asyncio.Task[any]{asyncio.CreateTask(scope, see), asyncio.Go(scope, see)} {
					if v, err := a.Await(ctx); v != "outer" || err != nil {
						t.Error(v, err)
					}
				}
			}
			// Also by the tasks of that task, and not beyond.
			v, err := asyncio.CreateTask(valued, func(ctx context.Context) (any, error) {
				return asyncio.CreateTask(ctx, see).Await(ctx)
			}).Await(ctx)
			if v != "outer" || ctx.Value(testutil.Key{}) != nil {
				t.Error(v, ctx.Value(testutil.Key{}))
			}
			return err
		})
	})
	t.Run("a task created with it is independent", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for name, derive := range map[string]func(ctx context.Context) context.Context{
				"itself":        func(ctx context.Context) context.Context { return ctx },
				"values":        func(ctx context.Context) context.Context { return context.WithValue(ctx, testutil.Key{}, 1) },
				"WithoutCancel": context.WithoutCancel,
				"WithoutCancel of a scope": func(ctx context.Context) context.Context {
					scope, cancel := asyncio.WithCancel(ctx)
					asyncio.RunningLoop(ctx).CallLater(time.Second, cancel)
					return context.WithoutCancel(scope)
				},
				"WithoutCancel of a standard scope": func(ctx context.Context) context.Context {
					scope, cancel := context.WithCancel(ctx)
					asyncio.RunningLoop(ctx).CallLater(time.Second, cancel)
					return context.WithoutCancel(scope)
				},
				"the loop's": func(ctx context.Context) context.Context { return asyncio.RunningLoop(ctx).Context() },
			} {
				var child *asyncio.Task[asyncio.None]
				parent := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					child = asyncio.CreateTask(derive(ctx), asyncio.Void(func(ctx context.Context) error {
						return asyncio.Sleep(ctx, time.Hour)
					}))
					return testutil.Forever(ctx)
				}))
				asyncio.Sleep(ctx, 2*time.Second)
				parent.Cancel()
				if _, err := child.Await(ctx); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				parent.Await(ctx)
				testutil.ExpectState(t, "the parent", parent, "cancelled")
			}
			return nil
		})
	})
	t.Run("clean-up that uses the standard library", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				cleanUp := context.WithoutCancel(ctx)
				if cleanUp.Err() != nil || cleanUp.Done() != nil {
					t.Error("the clean-up's context has ended")
				}
				// It still leads to the loop and the task, for awaits of all kinds.
				if asyncio.CurrentTask(cleanUp) != asyncio.CurrentTask(ctx) {
					t.Error("the clean-up's context leads to another task")
				}
				if err := asyncio.Sleep(cleanUp, time.Second); err != nil {
					t.Error("Sleep:", err)
				}
				if _, err := asyncio.ToThread(cleanUp, func(ctx context.Context) (asyncio.None, error) {
					return asyncio.None{}, ctx.Err()
				}); err != nil {
					t.Error("ToThread:", err)
				}
				scope, cancel := asyncio.WithTimeout(cleanUp, time.Minute)
				defer cancel()
				if err := asyncio.Sleep(scope, time.Second); err != nil {
					t.Error("Sleep with a timeout:", err)
				}
				testutil.ExpectIs(t, "Sleep beyond the timeout", asyncio.Sleep(scope, time.Hour), asyncio.ErrTimeout)
				return err
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
			return nil
		})
	})
	t.Run("stops what a Go task calls", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			calling := asyncio.NewFuture[asyncio.None](ctx)
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				call, cancel := context.WithCancel(ctx) // as the standard library does
				defer cancel()
				calling.SetResult(asyncio.None{})
				<-call.Done()
				return call.Err()
			}))
			calling.Await(ctx)
			a.Cancel("hang up")
			_, err := a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "hang up" {
				t.Errorf("%#v", err)
			}
			return nil
		})
	})
	t.Run("AfterFunc", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			called := make(chan struct{})
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				context.AfterFunc(ctx, func() { close(called) })
				return testutil.Forever(ctx)
			}))
			asyncio.Sleep(ctx, 0)
			a.Cancel()
			testutil.Wait(t, called)
			return nil
		})
	})
	t.Run("has no deadline unless its scope has", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			deadline := func(ctx context.Context) (time.Time, error) {
				at, _ := ctx.Deadline()
				return at, nil
			}
			if at, _ := asyncio.CreateTask(ctx, deadline).Await(ctx); !at.IsZero() {
				t.Error(at)
			}
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			defer cancel()
			want := asyncio.RunningLoop(ctx).Time().Add(time.Hour)
			if at, _ := asyncio.CreateTask(scope, deadline).Await(ctx); !at.Equal(want) {
				t.Errorf("%v, want %v", at, want)
			}
			// The scope is that task's, not that of the tasks it makes.
			if at, _ := asyncio.CreateTask(scope, func(ctx context.Context) (time.Time, error) {
				return asyncio.CreateTask(ctx, deadline).Await(ctx)
			}).Await(ctx); !at.IsZero() {
				t.Error(at)
			}
			return nil
		})
	})
}

func TestContextOfRun(t *testing.T) {
	t.Run("ended before", func(t *testing.T) {
		testutil.NoLeaks(t)
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(testutil.ErrTest)
		for range 50 { // main never runs, it is no race
			_, err := asyncio.Run(ctx, asyncio.Void(func(context.Context) error {
				t.Error("main ran")
				return nil
			}), asyncio.WithVirtualClock())
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, testutil.ErrTest) {
				t.Fatalf("%#v", err)
			}
		}
	})
	t.Run("ends during", func(t *testing.T) {
		testutil.NoLeaks(t)
		outer, cancel := context.WithCancelCause(context.Background())
		cleaned := false
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			cancel(testutil.ErrTest)
			err := testutil.Forever(ctx)
			if ctx.Err() != context.Canceled {
				t.Error("main's context goes on")
			}
			asyncio.Sleep(ctx, time.Second)
			cleaned = true
			return err
		}), asyncio.WithVirtualClock())
		var e *asyncio.CancelledError
		if !errors.As(err, &e) || e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, testutil.ErrTest) || !cleaned {
			t.Errorf("%#v, cleaned up %v", err, cleaned)
		}
	})
	t.Run("a deadline during", func(t *testing.T) {
		testutil.NoLeaks(t)
		synctest.Test(t, func(t *testing.T) {
			outer, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := asyncio.Run(outer, asyncio.Void(testutil.Forever))
			testutil.ExpectIs(t, "Run", err, asyncio.ErrCancelled)
			testutil.ExpectIs(t, "Run", err, context.DeadlineExceeded)
		})
	})
	t.Run("refused", func(t *testing.T) {
		outer, cancel := context.WithCancel(context.Background())
		v, err := asyncio.Run(outer, func(ctx context.Context) (int, error) {
			cancel()
			testutil.Forever(ctx)
			return 1, asyncio.Sleep(ctx, time.Second)
		}, asyncio.WithVirtualClock())
		if v != 1 || err != nil {
			t.Error(v, err)
		}
	})
	t.Run("ends after", func(t *testing.T) {
		testutil.NoLeaks(t)
		outer, cancel := context.WithCancel(context.Background())
		var a *asyncio.Task[asyncio.None]
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			a = asyncio.CreateTask(ctx, testutil.Noop)
			_, err := a.Await(ctx)
			return err
		}), asyncio.WithVirtualClock())
		if err != nil {
			t.Error(err)
		}
		cancel()
		testutil.ExpectState(t, "a task of that run", a, "succeeded")
	})
	t.Run("is the scope of main alone", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		defer r.Close()
		outer, cancel := context.WithCancel(context.Background())
		var child *asyncio.Task[asyncio.None]
		_, err := asyncio.RunOn(r, outer, asyncio.Void(func(ctx context.Context) error {
			child = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Hour)
			}))
			cancel()
			return testutil.Forever(ctx)
		}))
		testutil.ExpectIs(t, "the first run", err, asyncio.ErrCancelled)
		_, err = asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
			_, err := child.Await(ctx)
			return err
		}))
		if err != nil {
			t.Error("the second run:", err)
		}
	})
	t.Run("a Go task's", func(t *testing.T) {
		// Run on the goroutine of a Go task ends when that task is cancelled.
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				started := asyncio.NewFuture[asyncio.None](ctx)
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
						started.SetResult(asyncio.None{})
						return testutil.Forever(ctx)
					}), asyncio.WithVirtualClock())
					return err
				}))
				started.Await(ctx)
				a.Cancel()
				a.Await(ctx)
				testutil.ExpectState(t, "the Go task", a, "cancelled")
				return nil
			})
		})
	})
	t.Run("one left over from an earlier run", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		defer r.Close()
		old, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (context.Context, error) {
			return ctx, nil
		})
		if err != nil {
			t.Error(err)
		}
		for name, ctx := range map[string]context.Context{
			"as it is":    old,
			"with values": context.WithValue(old, testutil.Key{}, 1),
			"the loop's":  r.Loop().Context(),
		} {
			if _, err := asyncio.RunOn(r, ctx, testutil.Noop); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
