// What a context says and ends that leads to a task, a scope, a group or a loop: also one that
// was lent to somebody else, that carries values, or whose loop is closed.
package contexts_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// scopes are ways to derive a context with an end, which end ends.
var scopes = []struct {
	name   string
	derive func(ctx context.Context) (scope context.Context, end func())
	cause  error
}{
	{"context.WithCancel", func(ctx context.Context) (context.Context, func()) {
		return context.WithCancel(ctx)
	}, context.Canceled},
	{"context.WithCancelCause", func(ctx context.Context) (context.Context, func()) {
		scope, cancel := context.WithCancelCause(ctx)
		return scope, func() { cancel(testutil.ErrTest) }
	}, testutil.ErrTest},
	{"values upon context.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, cancel := context.WithCancel(ctx)
		return context.WithValue(scope, testutil.Key{}, 1), cancel
	}, context.Canceled},
	{"asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		return asyncio.WithCancel(ctx)
	}, context.Canceled},
	{"values upon asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, cancel := asyncio.WithCancel(ctx)
		return context.WithValue(scope, testutil.Key{}, 1), cancel
	}, context.Canceled},
	{"asyncio.WithCancel upon context.WithCancelCause", func(ctx context.Context) (context.Context, func()) {
		std, cancel := context.WithCancelCause(ctx)
		scope, _ := asyncio.WithCancel(std)
		return scope, func() { cancel(testutil.ErrTest) }
	}, testutil.ErrTest},
	{"context.WithCancel upon asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, end := asyncio.WithCancel(ctx)
		std, cancel := context.WithCancel(scope)
		return std, func() { end(); cancel() }
	}, context.Canceled},
}

func TestScopes(t *testing.T) {
	for _, s := range scopes {
		t.Run(s.name, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Succeed(t, func(ctx context.Context) error {
				scope, end := s.derive(ctx)
				child := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
				thread := asyncio.Go(scope, asyncio.Void(testutil.Forever))
				grandchild := make(chan *asyncio.Task[asyncio.None], 1)
				parent := asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
					grandchild <- asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
					return testutil.Forever(ctx)
				}))
				outside := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				unset := asyncio.NewFuture[asyncio.None](ctx)
				waits := map[string]func(ctx context.Context) error{
					"Await of a task": func(ctx context.Context) error {
						_, err := outside.Await(ctx)
						return err
					},
					"Await of a future": func(ctx context.Context) error {
						_, err := unset.Await(ctx)
						return err
					},
					"Sleep": testutil.Forever,
				}
				interrupted := map[string]*asyncio.Task[asyncio.None]{}
				for name, wait := range waits {
					interrupted[name+" in a loop task"] = asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
						return wait(scope)
					}))
					interrupted[name+" in a goroutine"] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						f := asyncio.NewFuture[asyncio.None](ctx)
						go func() { f.SetErr(wait(scope)) }()
						_, err := f.Await(ctx)
						return err
					}))
				}
				asyncio.Sleep(ctx, time.Second)
				end()
				for name, a := range map[string]*asyncio.Task[asyncio.None]{"child": child, "Go task": thread, "parent": parent} {
					_, err := a.Await(ctx)
					testutil.ExpectState(t, name, a, "cancelled")
					var e *asyncio.CancelledError
					if !errors.As(err, &e) || e.Origin != asyncio.OriginContext {
						t.Errorf("%s: %#v", name, err)
					}
					testutil.ExpectIs(t, name, err, s.cause)
				}
				for name, a := range interrupted {
					_, err := a.Await(ctx)
					testutil.ExpectIs(t, name, err, s.cause)
					if errors.Is(err, asyncio.ErrCancelled) {
						t.Errorf("%s: %v, as if who waits were cancelled", name, err)
					}
				}
				testutil.ExpectIs(t, "Err of the scope", scope.Err(), context.Canceled)
				// What was awaited goes on, and what the tasks have made is theirs.
				testutil.ExpectState(t, "the awaited task", outside, "pending")
				testutil.ExpectState(t, "the awaited future", unset, "pending")
				testutil.ExpectState(t, "the grandchild", <-grandchild, "pending")
				// A scope that is over starts nothing and waits for nothing, except
				// that what is done needs no wait.
				late := asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error {
					t.Error("a task in a scope that is over ran")
					return nil
				}))
				late.Await(ctx)
				testutil.ExpectState(t, "a task in a scope that is over", late, "cancelled")
				for name, wait := range waits {
					testutil.ExpectIs(t, name+" in a scope that is over", wait(scope), s.cause)
				}
				_, err := child.Await(scope)
				testutil.ExpectIs(t, "Await of what is done in a scope that is over", err, asyncio.ErrCancelled)
				return testutil.EndAll(ctx)
			})
		})
	}
	t.Run("a deadline of the standard library", func(t *testing.T) {
		// The timer is package time's, of which the loop's clock knows nothing: in a
		// bubble both are on the same.
		synctest.Test(t, func(t *testing.T) {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				scope, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				child := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
				unset := asyncio.NewFuture[asyncio.None](ctx)
				_, err := unset.Await(scope)
				testutil.ExpectIs(t, "Await", err, context.DeadlineExceeded)
				_, err = child.Await(ctx)
				testutil.ExpectIs(t, "the child", err, context.DeadlineExceeded)
				testutil.ExpectState(t, "the child", child, "cancelled")
				return nil
			}))
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("who awaits and is cancelled itself", func(t *testing.T) {
		// A wait bound to a scope still obeys Cancel, and leaves the scope.
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, s := range scopes {
				scope, end := s.derive(ctx)
				f := asyncio.NewFuture[asyncio.None](ctx)
				var again error
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := f.Await(scope)
					end() // too late for that wait, and no business of the next
					again = asyncio.Sleep(ctx, time.Second)
					return err
				}))
				asyncio.Sleep(ctx, time.Second)
				a.Cancel()
				a.Await(ctx)
				testutil.ExpectState(t, s.name+": the task", a, "cancelled")
				testutil.ExpectState(t, s.name+": the future", f, "cancelled")
				if again != nil {
					t.Errorf("%s: the next wait: %v", s.name, again)
				}
			}
			return nil
		})
	})
}

// A context derived from that of a cancelled task is over, and no await may take
// it for the task's own.
func TestContextDerivedAfterCancelIsOver(t *testing.T) {
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).Cancel("gone")
		if err := asyncio.Sleep(ctx, time.Hour); err == nil {
			t.Error("the cancellation was not delivered")
		}
		std, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		own, cancel := asyncio.WithTimeout(ctx, time.Hour)
		defer cancel()
		for i, scope := range []context.Context{std, own} {
			if err := asyncio.Sleep(scope, time.Second); err == nil {
				t.Errorf("%d: slept", i)
			}
			child := asyncio.CreateTask(scope, asyncio.Delay(time.Second, 0))
			_, _ = child.Await(ctx)
			if !child.Cancelled() {
				t.Errorf("%d: a task created in it ran", i)
			}
		}
		free, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := asyncio.Sleep(free, time.Hour); err != asyncio.ErrTimeout { //nolint:errorlint // the very value
			t.Errorf("clean-up with a limit: %v", err)
		}
		return nil
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
}
