package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Where a context of the standard library ends a wait, the wait is for what never
// comes: the virtual clock does not know that such an end is under way, and would
// jump ahead of it.

type key struct{}

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
			succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					var done <-chan struct{}
					if look == "before" {
						done = ctx.Done()
						if isClosed(done) || ctx.Err() != nil || context.Cause(ctx) != nil {
							t.Error("ended before it was cancelled")
						}
					}
					forever(ctx)
					if look == "after" {
						expectIs(t, "Err", ctx.Err(), context.Canceled)
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
		succeed(t, func(ctx context.Context) error {
			derived, cancel := context.WithCancel(context.WithValue(ctx, key{}, 1))
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
			succeed(t, func(ctx context.Context) error {
				lent := make(chan context.Context, 1)
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					lent <- ctx
					_, err := asyncio.CreateTask(ctx, asyncio.Void(forever)).Await(ctx)
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
		outer, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
		defer cancel(nil)
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				if ctx.Value(key{}) != "value" {
					t.Error("Value:", ctx.Value(key{}))
				}
				return forever(ctx)
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
		succeed(t, func(ctx context.Context) error {
			valued := context.WithValue(ctx, key{}, "outer")
			see := func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil }
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
			if v != "outer" || ctx.Value(key{}) != nil {
				t.Error(v, ctx.Value(key{}))
			}
			return err
		})
	})
	t.Run("a task created with it is independent", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			for name, derive := range map[string]func(ctx context.Context) context.Context{
				"itself":        func(ctx context.Context) context.Context { return ctx },
				"values":        func(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, 1) },
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
				var child *asyncio.Task[none]
				parent := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					child = asyncio.CreateTask(derive(ctx), asyncio.Void(func(ctx context.Context) error {
						return asyncio.Sleep(ctx, time.Hour)
					}))
					return forever(ctx)
				}))
				asyncio.Sleep(ctx, 2*time.Second)
				parent.Cancel()
				if _, err := child.Await(ctx); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				parent.Await(ctx)
				expectState(t, "the parent", parent, "cancelled")
			}
			return nil
		})
	})
	t.Run("clean-up that uses the standard library", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
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
				if _, err := asyncio.ToThread(cleanUp, func(ctx context.Context) (none, error) {
					return none{}, ctx.Err()
				}); err != nil {
					t.Error("ToThread:", err)
				}
				scope, cancel := asyncio.WithTimeout(cleanUp, time.Minute)
				defer cancel()
				if err := asyncio.Sleep(scope, time.Second); err != nil {
					t.Error("Sleep with a timeout:", err)
				}
				expectIs(t, "Sleep beyond the timeout", asyncio.Sleep(scope, time.Hour), asyncio.ErrTimeout)
				return err
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			return nil
		})
	})
	t.Run("stops what a Go task calls", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			calling := asyncio.NewFuture[none](ctx)
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				call, cancel := context.WithCancel(ctx) // as the standard library does
				defer cancel()
				calling.SetResult(none{})
				<-call.Done()
				return call.Err()
			}))
			calling.Await(ctx)
			a.Cancel("hang up")
			_, err := a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "hang up" {
				t.Errorf("%#v", err)
			}
			return nil
		})
	})
	t.Run("AfterFunc", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			called := make(chan struct{})
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				context.AfterFunc(ctx, func() { close(called) })
				return forever(ctx)
			}))
			asyncio.Sleep(ctx, 0)
			a.Cancel()
			wait(t, called)
			return nil
		})
	})
	t.Run("has no deadline unless its scope has", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
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
		return scope, func() { cancel(errTest) }
	}, errTest},
	{"values upon context.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, cancel := context.WithCancel(ctx)
		return context.WithValue(scope, key{}, 1), cancel
	}, context.Canceled},
	{"asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		return asyncio.WithCancel(ctx)
	}, context.Canceled},
	{"values upon asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, cancel := asyncio.WithCancel(ctx)
		return context.WithValue(scope, key{}, 1), cancel
	}, context.Canceled},
	{"asyncio.WithCancel upon context.WithCancelCause", func(ctx context.Context) (context.Context, func()) {
		std, cancel := context.WithCancelCause(ctx)
		scope, _ := asyncio.WithCancel(std)
		return scope, func() { cancel(errTest) }
	}, errTest},
	{"context.WithCancel upon asyncio.WithCancel", func(ctx context.Context) (context.Context, func()) {
		scope, end := asyncio.WithCancel(ctx)
		std, cancel := context.WithCancel(scope)
		return std, func() { end(); cancel() }
	}, context.Canceled},
}

func TestScopes(t *testing.T) {
	for _, s := range scopes {
		t.Run(s.name, func(t *testing.T) {
			noLeaks(t)
			succeed(t, func(ctx context.Context) error {
				scope, end := s.derive(ctx)
				child := asyncio.CreateTask(scope, asyncio.Void(forever))
				thread := asyncio.Go(scope, asyncio.Void(forever))
				grandchild := make(chan *asyncio.Task[none], 1)
				parent := asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
					grandchild <- asyncio.CreateTask(ctx, asyncio.Void(forever))
					return forever(ctx)
				}))
				outside := asyncio.CreateTask(ctx, asyncio.Void(forever))
				unset := asyncio.NewFuture[none](ctx)
				waits := map[string]func(ctx context.Context) error{
					"Await of a task": func(ctx context.Context) error {
						_, err := outside.Await(ctx)
						return err
					},
					"Await of a future": func(ctx context.Context) error {
						_, err := unset.Await(ctx)
						return err
					},
					"Sleep": forever,
				}
				interrupted := map[string]*asyncio.Task[none]{}
				for name, wait := range waits {
					interrupted[name+" in a loop task"] = asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
						return wait(scope)
					}))
					interrupted[name+" in a goroutine"] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						f := asyncio.NewFuture[none](ctx)
						go func() { f.SetErr(wait(scope)) }()
						_, err := f.Await(ctx)
						return err
					}))
				}
				asyncio.Sleep(ctx, time.Second)
				end()
				for name, a := range map[string]*asyncio.Task[none]{"child": child, "Go task": thread, "parent": parent} {
					_, err := a.Await(ctx)
					expectState(t, name, a, "cancelled")
					var e *asyncio.CancelledError
					if !errors.As(err, &e) || e.Origin != asyncio.OriginContext {
						t.Errorf("%s: %#v", name, err)
					}
					expectIs(t, name, err, s.cause)
				}
				for name, a := range interrupted {
					_, err := a.Await(ctx)
					expectIs(t, name, err, s.cause)
					if errors.Is(err, asyncio.ErrCancelled) {
						t.Errorf("%s: %v, as if who waits were cancelled", name, err)
					}
				}
				expectIs(t, "Err of the scope", scope.Err(), context.Canceled)
				// What was awaited goes on, and what the tasks have made is theirs.
				expectState(t, "the awaited task", outside, "pending")
				expectState(t, "the awaited future", unset, "pending")
				expectState(t, "the grandchild", <-grandchild, "pending")
				// A scope that is over starts nothing and waits for nothing, except
				// that what is done needs no wait.
				late := asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error {
					t.Error("a task in a scope that is over ran")
					return nil
				}))
				late.Await(ctx)
				expectState(t, "a task in a scope that is over", late, "cancelled")
				for name, wait := range waits {
					expectIs(t, name+" in a scope that is over", wait(scope), s.cause)
				}
				_, err := child.Await(scope)
				expectIs(t, "Await of what is done in a scope that is over", err, asyncio.ErrCancelled)
				return endAll(ctx)
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
				child := asyncio.CreateTask(scope, asyncio.Void(forever))
				unset := asyncio.NewFuture[none](ctx)
				_, err := unset.Await(scope)
				expectIs(t, "Await", err, context.DeadlineExceeded)
				_, err = child.Await(ctx)
				expectIs(t, "the child", err, context.DeadlineExceeded)
				expectState(t, "the child", child, "cancelled")
				return nil
			}))
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("who awaits and is cancelled itself", func(t *testing.T) {
		// A wait bound to a scope still obeys Cancel, and leaves the scope.
		succeed(t, func(ctx context.Context) error {
			for _, s := range scopes {
				scope, end := s.derive(ctx)
				f := asyncio.NewFuture[none](ctx)
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
				expectState(t, s.name+": the task", a, "cancelled")
				expectState(t, s.name+": the future", f, "cancelled")
				if again != nil {
					t.Errorf("%s: the next wait: %v", s.name, again)
				}
			}
			return nil
		})
	})
}

func TestTimeoutScopes(t *testing.T) {
	runScenarios(t, []scenario{
		{
			name: "ends what is in it, in the order in which it came",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps",
				"5ms a gets cancelled", "5ms b gets asyncio: timeout", "5ms c gets cancelled", "5ms main gets asyncio: timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, millis(5))
				defer cancel()
				asyncio.CreateTask(scope, tr.sleeper("a", 100))
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					tr.Add("b sleeps")
					tr.nap(scope, "b", 100)
					return nil
				}))
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					c := asyncio.CreateTask(scope, tr.sleeper("c", 100))
					c.Await(ctx)
					return nil
				}))
				tr.sleep(ctx, 1)
				tr.nap(scope, "main", 100)
				return nil
			},
		},
		{
			name: "what ends before it is not touched",
			want: []string{"a sleeps", "3ms a wakes", "3ms main gets a", "10ms end"},
			main: func(ctx context.Context, tr *trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, millis(5))
				a := asyncio.CreateTask(scope, tr.sleeper("a", 3))
				v, err := a.Await(scope)
				tr.Add("main gets %s", outcome(v, err))
				cancel()
				tr.sleep(ctx, 7)
				tr.Add("end")
				return nil
			},
		},
		{
			name: "nested: the inner first",
			want: []string{"2ms inner asyncio: timeout", "5ms outer asyncio: timeout"},
			main: func(ctx context.Context, tr *trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, millis(5))
				defer cancel()
				inner, cancel := asyncio.WithTimeout(outer, millis(2))
				defer cancel()
				tr.Add("inner %s", show(asyncio.Sleep(inner, time.Second)))
				tr.Add("outer %s", show(asyncio.Sleep(outer, time.Second)))
				return nil
			},
		},
		{
			name: "nested: the outer ends the inner",
			want: []string{"2ms inner asyncio: timeout", "2ms inner has context deadline exceeded"},
			main: func(ctx context.Context, tr *trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, millis(2))
				defer cancel()
				inner, cancel := asyncio.WithTimeout(outer, millis(5))
				defer cancel()
				tr.Add("inner %s", show(asyncio.Sleep(inner, time.Second)))
				tr.Add("inner has %v", inner.Err())
				return nil
			},
		},
		{
			name: "nested through a standard scope",
			want: []string{"2ms inner context deadline exceeded"},
			main: func(ctx context.Context, tr *trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, millis(2))
				defer cancel()
				middle, cancel := context.WithCancel(outer)
				defer cancel()
				inner, cancel := asyncio.WithCancel(middle)
				defer cancel()
				// The future never comes: see the top of the file.
				err := errors.New("nothing")
				if _, e := asyncio.NewFuture[none](ctx).Await(inner); errors.Is(e, context.DeadlineExceeded) {
					err = context.DeadlineExceeded
				}
				tr.Add("inner %v", err)
				return nil
			},
		},
		{
			name: "a tie with what it awaits goes to who was first",
			want: []string{"1ms result", "2ms asyncio: timeout"},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.loop.CallLater(millis(1), func() { f.SetResult("result") })
				scope, cancel := asyncio.WithTimeout(ctx, millis(1))
				defer cancel()
				tr.Add("%s", outcome(f.Await(scope)))

				g := asyncio.NewFuture[string](ctx)
				scope, cancel = asyncio.WithTimeout(ctx, millis(1))
				defer cancel()
				tr.loop.CallLater(millis(1), func() { g.SetResult("result") })
				tr.Add("%s", outcome(g.Await(scope)))
				return nil
			},
		},
		{
			name: "ends when its task is cancelled",
			want: []string{"a sleeps", "b sleeps", "1ms a gets cancelled(why)", "1ms b gets cancelled(why)"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					scope, cancel := asyncio.WithCancel(ctx)
					defer cancel()
					asyncio.CreateTask(scope, tr.sleeper("b", 100))
					return tr.sleeper("a", 100)(ctx)
				})
				tr.sleep(ctx, 1)
				a.Cancel("why")
				tr.sleep(ctx, 1)
				return nil
			},
		},
	})
	t.Run("as a context", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			start := l.Time()
			outer, cancel := asyncio.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			inner, cancel := asyncio.WithTimeout(context.WithValue(outer, key{}, 1), time.Hour)
			defer cancel()
			std, cancel := context.WithCancel(inner)
			defer cancel()
			stdTimeout, cancel := context.WithTimeout(outer, 100*365*24*time.Hour)
			defer cancel()
			all := map[string]context.Context{"outer": outer, "inner": inner, "std": std, "std with a timeout": stdTimeout}
			for name, c := range all {
				if at, ok := c.Deadline(); !ok || !at.Equal(start.Add(2*time.Second)) {
					t.Errorf("%s: Deadline %v %v", name, at, ok)
				}
				if c.Err() != nil || isClosed(c.Done()) || context.Cause(c) != nil {
					t.Errorf("%s: over", name)
				}
			}
			if inner.Value(key{}) != 1 {
				t.Error("Value:", inner.Value(key{}))
			}
			if _, ok := ctx.Deadline(); ok {
				t.Error("the task's own context has a deadline")
			}
			asyncio.Sleep(ctx, 2*time.Second)
			asyncio.Sleep(ctx, 0)
			for name, c := range all {
				<-c.Done()
				if c.Err() != context.DeadlineExceeded {
					t.Errorf("%s: Err %v", name, c.Err())
				}
				expectIs(t, name+": Cause", context.Cause(c), context.DeadlineExceeded)
				if asyncio.RunningLoop(c) != l {
					t.Errorf("%s: leads to another loop", name)
				}
			}
			if ctx.Err() != nil {
				t.Error("the task's own context is over")
			}
			return nil
		})
	})
	t.Run("ended before use", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			cancel()
			if scope.Err() != context.Canceled || !isClosed(scope.Done()) {
				t.Error("not over:", scope.Err())
			}
			inner, cancel := asyncio.WithTimeout(scope, time.Hour)
			defer cancel()
			if inner.Err() != context.Canceled || !isClosed(inner.Done()) {
				t.Error("a scope in it is not over:", inner.Err())
			}
			expectIs(t, "Sleep", asyncio.Sleep(inner, time.Second), context.Canceled)
			return nil
		})
	})
	t.Run("in a context that ended before", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			std, cancel := context.WithCancelCause(ctx)
			cancel(errTest)
			scope, end := asyncio.WithTimeout(std, time.Hour)
			defer end()
			// At once, not when the loop comes to it.
			if scope.Err() != context.Canceled || !isClosed(scope.Done()) {
				t.Error("not over:", scope.Err())
			}
			expectIs(t, "Sleep", asyncio.Sleep(scope, time.Second), errTest)
			a := asyncio.CreateTask(std, asyncio.Void(func(context.Context) error {
				t.Error("a task in a context that ended before ran")
				return nil
			}))
			a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			return nil
		})
	})
	t.Run("cancel may be called often and from anywhere", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			a := asyncio.CreateTask(scope, asyncio.Void(forever))
			asyncio.Sleep(ctx, 0)
			elsewhere(func() {
				cancel()
				if scope.Err() != context.Canceled || !isClosed(scope.Done()) {
					t.Error("not over when cancel has returned")
				}
				cancel()
			})
			cancel()
			a.Await(ctx)
			if a.Cancelling() != 1 {
				t.Errorf("the task was cancelled %d times", a.Cancelling())
			}
			// Also after its time, and after the end of a child.
			scope, cancel = asyncio.WithTimeout(ctx, time.Second)
			asyncio.Sleep(ctx, 2*time.Second)
			cancel()
			if scope.Err() != context.DeadlineExceeded {
				t.Error("the first end does not stand:", scope.Err())
			}
			return nil
		})
	})
	t.Run("made and ended by goroutines", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			var tasks []*asyncio.Task[none]
			for range 50 {
				tasks = append(tasks, asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					scope, cancel := asyncio.WithCancel(ctx)
					go cancel()
					_, err := asyncio.NewFuture[none](ctx).Await(scope)
					expectIs(t, "Await", err, context.Canceled)
					scope, cancel = asyncio.WithTimeout(ctx, time.Second)
					defer cancel()
					expectIs(t, "Sleep", asyncio.Sleep(scope, time.Hour), asyncio.ErrTimeout)
					return nil
				})))
			}
			for _, a := range tasks {
				if _, err := a.Await(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	})
	t.Run("made right after a cancellation from another goroutine", func(t *testing.T) {
		// The request is still in the loop's inbox.
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				elsewhere(func() { asyncio.CurrentTask(ctx).Cancel("why") })
				scope, cancel := asyncio.WithCancel(ctx)
				defer cancel()
				if scope.Err() == nil {
					t.Error("the scope is not over")
				}
				return asyncio.Sleep(scope, time.Hour)
			}))
			_, err := a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "why" {
				t.Errorf("%#v", err)
			}
			return nil
		})
	})
	t.Run("Err does not go back", func(t *testing.T) {
		// One goroutine makes the Done channel of a context that has ended, while
		// others have seen its end.
		for range 200 {
			succeed(t, func(ctx context.Context) error {
				scope, cancel := asyncio.WithCancel(ctx)
				cancel()
				ended := make(chan bool)
				go func() {
					ended <- isClosed(scope.Done())
				}()
				for range 100 {
					if scope.Err() == nil {
						t.Error("Err is nil again")
						break
					}
				}
				if !isClosed(scope.Done()) || !<-ended {
					t.Error("Done is open")
				}
				return nil
			})
		}
	})
}

func TestBorrowedContexts(t *testing.T) {
	t.Run("a loop task that waits with its parent's", func(t *testing.T) {
		runScenarios(t, []scenario{{
			name: "is suspended itself, and interrupted when the parent is cancelled",
			want: []string{"child waits", "1ms parent goes on", "2ms child wakes", "3ms parent gets cancelled",
				"3ms child gets cancelled", "3ms child waits with its own", "4ms child wakes", "4ms future is pending"},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				parent := asyncio.CreateTask(ctx, asyncio.Void(func(outer context.Context) error {
					asyncio.CreateTask(outer, asyncio.Void(func(ctx context.Context) error {
						tr.Add("child waits")
						tr.nap(outer, "child", 2)
						tr.get(outer, "child", f)
						tr.Add("child waits with its own")
						tr.nap(ctx, "child", 1)
						return nil
					}))
					tr.sleep(outer, 1)
					tr.Add("parent goes on")
					tr.nap(outer, "parent", 100)
					return nil
				}))
				tr.sleep(ctx, 3)
				parent.Cancel()
				tr.sleep(ctx, 1)
				tr.sleep(ctx, 0)
				tr.Add("future is %s", state(f))
				return nil
			},
		}})
	})
	t.Run("after the task is done", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			old, err := asyncio.CreateTask(ctx, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
			if err != nil {
				return err
			}
			if err := asyncio.Sleep(old, time.Second); err != nil {
				t.Error("Sleep:", err)
			}
			_, err = asyncio.CreateTask(old, noop).Await(old)
			return err
		})
	})
	t.Run("by goroutines", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
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
				return forever(ctx)
			}), asyncio.WithName("lender"))
			asyncio.Sleep(ctx, time.Second)
			f.SetResult(1)
			if v, err := g.Await(ctx); v != 2 || err != nil {
				t.Error(v, err)
			}
			// The task had no part in it.
			expectState(t, "the lender", a, "pending")

			unset, told := asyncio.NewFuture[int](ctx), asyncio.NewFuture[error](ctx)
			b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				go func() {
					_, err := unset.Await(ctx)
					told.SetResult(err)
				}()
				return forever(ctx)
			}))
			asyncio.Sleep(ctx, time.Second)
			b.Cancel("lender is gone")
			err, _ := told.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "lender is gone" {
				t.Errorf("%#v", err)
			}
			expectState(t, "the future", unset, "pending")
			return endAll(ctx)
		})
	})
	t.Run("any context at all in a goroutine", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			ended, cancel := context.WithCancelCause(context.Background())
			cancel(errTest)
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				elsewhere(func() {
					_, err := f.Await(ended)
					expectIs(t, "Await", err, errTest)
				})
				f.SetResult(1)
				elsewhere(func() {
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
		runScenarios(t, []scenario{{
			name: "suspends it as its own does",
			want: []string{"tick", "1ms tick", "1ms background x", "2ms tick", "2ms loop x", "3ms loop sleep",
				"3ms cancelled(in the loop's)", "3ms test error"},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for range 3 {
						tr.Add("tick")
						tr.sleep(ctx, 1)
					}
					return nil
				}))
				tr.sleep(ctx, 0)
				a := asyncio.CreateTask(ctx, asyncio.Delay(millis(1), "x"))
				v, err := a.Await(context.Background())
				tr.Add("background %s", outcome(v, err))
				loop := tr.loop.Context()
				v, err = asyncio.CreateTask(loop, asyncio.Delay(millis(1), "x")).Await(loop)
				tr.Add("loop %s", outcome(v, err))
				tr.sleep(loop, 1)
				tr.Add("loop sleep")
				// Whatever the context, Cancel reaches the task that waits.
				self := asyncio.CurrentTask(ctx)
				if asyncio.CurrentTask(loop) != self {
					tr.Add("another task")
				}
				self.Cancel("in the loop's")
				tr.Add("%s", show(asyncio.Sleep(loop, time.Second)))
				ended, cancel := context.WithCancelCause(context.Background())
				cancel(errTest)
				_, err = asyncio.NewFuture[string](ctx).Await(ended)
				tr.Add("%s", show(err))
				return nil
			},
		}})
	})
	t.Run("of another loop", func(t *testing.T) {
		noLeaks(t)
		plainRun(t, func(outer context.Context) error {
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
					expectState(t, "the task", b, "cancelled")
					return nil
				}), asyncio.WithVirtualClock())
				return err
			}))
			if _, err := a.Await(outer); err != nil {
				return err
			}
			_, err := unset.Await(outer)
			expectIs(t, "the future", err, asyncio.ErrCancelled)
			return nil
		})
	})
}

func TestContextOfRun(t *testing.T) {
	t.Run("ended before", func(t *testing.T) {
		noLeaks(t)
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		for range 50 { // main never runs, it is no race
			_, err := asyncio.Run(ctx, asyncio.Void(func(context.Context) error {
				t.Error("main ran")
				return nil
			}), asyncio.WithVirtualClock())
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, errTest) {
				t.Fatalf("%#v", err)
			}
		}
	})
	t.Run("ends during", func(t *testing.T) {
		noLeaks(t)
		outer, cancel := context.WithCancelCause(context.Background())
		cleaned := false
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			cancel(errTest)
			err := forever(ctx)
			if ctx.Err() != context.Canceled {
				t.Error("main's context goes on")
			}
			asyncio.Sleep(ctx, time.Second)
			cleaned = true
			return err
		}), asyncio.WithVirtualClock())
		var e *asyncio.CancelledError
		if !errors.As(err, &e) || e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, errTest) || !cleaned {
			t.Errorf("%#v, cleaned up %v", err, cleaned)
		}
	})
	t.Run("a deadline during", func(t *testing.T) {
		noLeaks(t)
		synctest.Test(t, func(t *testing.T) {
			outer, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := asyncio.Run(outer, asyncio.Void(forever))
			expectIs(t, "Run", err, asyncio.ErrCancelled)
			expectIs(t, "Run", err, context.DeadlineExceeded)
		})
	})
	t.Run("refused", func(t *testing.T) {
		outer, cancel := context.WithCancel(context.Background())
		v, err := asyncio.Run(outer, func(ctx context.Context) (int, error) {
			cancel()
			forever(ctx)
			return 1, asyncio.Sleep(ctx, time.Second)
		}, asyncio.WithVirtualClock())
		if v != 1 || err != nil {
			t.Error(v, err)
		}
	})
	t.Run("ends after", func(t *testing.T) {
		noLeaks(t)
		outer, cancel := context.WithCancel(context.Background())
		var a *asyncio.Task[none]
		_, err := asyncio.Run(outer, asyncio.Void(func(ctx context.Context) error {
			a = asyncio.CreateTask(ctx, noop)
			_, err := a.Await(ctx)
			return err
		}), asyncio.WithVirtualClock())
		if err != nil {
			t.Error(err)
		}
		cancel()
		expectState(t, "a task of that run", a, "succeeded")
	})
	t.Run("is the scope of main alone", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		defer r.Close()
		outer, cancel := context.WithCancel(context.Background())
		var child *asyncio.Task[none]
		_, err := asyncio.RunOn(r, outer, asyncio.Void(func(ctx context.Context) error {
			child = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Hour)
			}))
			cancel()
			return forever(ctx)
		}))
		expectIs(t, "the first run", err, asyncio.ErrCancelled)
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
		noLeaks(t)
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				started := asyncio.NewFuture[none](ctx)
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
						started.SetResult(none{})
						return forever(ctx)
					}), asyncio.WithVirtualClock())
					return err
				}))
				started.Await(ctx)
				a.Cancel()
				a.Await(ctx)
				expectState(t, "the Go task", a, "cancelled")
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
			"with values": context.WithValue(old, key{}, 1),
			"the loop's":  r.Loop().Context(),
		} {
			if _, err := asyncio.RunOn(r, ctx, noop); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
