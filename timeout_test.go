package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestTimeoutScopes(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "ends what is in it, in the order in which it came",
			Want: []string{
				"a sleeps", "b sleeps", "c sleeps",
				"5ms a gets cancelled", "5ms b gets asyncio: timeout", "5ms c gets cancelled", "5ms main gets asyncio: timeout",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(5))
				defer cancel()
				asyncio.CreateTask(scope, tr.Sleeper("a", 100))
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					tr.Add("b sleeps")
					tr.Nap(scope, "b", 100)
					return nil
				}))
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					c := asyncio.CreateTask(scope, tr.Sleeper("c", 100))
					c.Await(ctx)
					return nil
				}))
				tr.Sleep(ctx, 1)
				tr.Nap(scope, "main", 100)
				return nil
			},
		},
		{
			Name: "what ends before it is not touched",
			Want: []string{"a sleeps", "3ms a wakes", "3ms main gets a", "10ms end"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(5))
				a := asyncio.CreateTask(scope, tr.Sleeper("a", 3))
				v, err := a.Await(scope)
				tr.Add("main gets %s", testutil.Outcome(v, err))
				cancel()
				tr.Sleep(ctx, 7)
				tr.Add("end")
				return nil
			},
		},
		{
			Name: "nested: the inner first",
			Want: []string{"2ms inner asyncio: timeout", "5ms outer asyncio: timeout"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, testutil.Millis(5))
				defer cancel()
				inner, cancel := asyncio.WithTimeout(outer, testutil.Millis(2))
				defer cancel()
				tr.Add("inner %s", testutil.Show(asyncio.Sleep(inner, time.Second)))
				tr.Add("outer %s", testutil.Show(asyncio.Sleep(outer, time.Second)))
				return nil
			},
		},
		{
			Name: "nested: the outer ends the inner",
			Want: []string{"2ms inner asyncio: timeout", "2ms inner has context deadline exceeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, testutil.Millis(2))
				defer cancel()
				inner, cancel := asyncio.WithTimeout(outer, testutil.Millis(5))
				defer cancel()
				tr.Add("inner %s", testutil.Show(asyncio.Sleep(inner, time.Second)))
				tr.Add("inner has %v", inner.Err())
				return nil
			},
		},
		{
			Name: "nested through a standard scope",
			Want: []string{"2ms inner context deadline exceeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				outer, cancel := asyncio.WithTimeout(ctx, testutil.Millis(2))
				defer cancel()
				middle, cancel := context.WithCancel(outer)
				defer cancel()
				inner, cancel := asyncio.WithCancel(middle)
				defer cancel()
				// The future never comes: see the top of the file.
				err := errors.New("nothing")
				if _, e := asyncio.NewFuture[asyncio.None](ctx).Await(inner); errors.Is(e, context.DeadlineExceeded) {
					err = context.DeadlineExceeded
				}
				tr.Add("inner %v", err)
				return nil
			},
		},
		{
			Name: "a tie with what it awaits goes to who was first",
			Want: []string{"1ms result", "2ms asyncio: timeout"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Loop.CallLater(testutil.Millis(1), func() { f.SetResult("result") })
				scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(1))
				defer cancel()
				tr.Add("%s", testutil.Outcome(f.Await(scope)))

				g := asyncio.NewFuture[string](ctx)
				scope, cancel = asyncio.WithTimeout(ctx, testutil.Millis(1))
				defer cancel()
				tr.Loop.CallLater(testutil.Millis(1), func() { g.SetResult("result") })
				tr.Add("%s", testutil.Outcome(g.Await(scope)))
				return nil
			},
		},
		{
			Name: "ends when its task is cancelled",
			Want: []string{"a sleeps", "b sleeps", "1ms a gets cancelled(why)", "1ms b gets cancelled(why)"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					scope, cancel := asyncio.WithCancel(ctx)
					defer cancel()
					asyncio.CreateTask(scope, tr.Sleeper("b", 100))
					return tr.Sleeper("a", 100)(ctx)
				})
				tr.Sleep(ctx, 1)
				a.Cancel("why")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
	t.Run("as a context", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			start := l.Time()
			outer, cancel := asyncio.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			inner, cancel := asyncio.WithTimeout(context.WithValue(outer, testutil.Key{}, 1), time.Hour)
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
			if inner.Value(testutil.Key{}) != 1 {
				t.Error("Value:", inner.Value(testutil.Key{}))
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
				testutil.ExpectIs(t, name+": Cause", context.Cause(c), context.DeadlineExceeded)
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
		testutil.Succeed(t, func(ctx context.Context) error {
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
			testutil.ExpectIs(t, "Sleep", asyncio.Sleep(inner, time.Second), context.Canceled)
			return nil
		})
	})
	t.Run("in a context that ended before", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			std, cancel := context.WithCancelCause(ctx)
			cancel(testutil.ErrTest)
			scope, end := asyncio.WithTimeout(std, time.Hour)
			defer end()
			// At once, not when the loop comes to it.
			if scope.Err() != context.Canceled || !isClosed(scope.Done()) {
				t.Error("not over:", scope.Err())
			}
			testutil.ExpectIs(t, "Sleep", asyncio.Sleep(scope, time.Second), testutil.ErrTest)
			a := asyncio.CreateTask(std, asyncio.Void(func(context.Context) error {
				t.Error("a task in a context that ended before ran")
				return nil
			}))
			a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
			return nil
		})
	})
	t.Run("cancel may be called often and from anywhere", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			a := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
			asyncio.Sleep(ctx, 0)
			testutil.Elsewhere(func() {
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
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			var tasks []*asyncio.Task[asyncio.None]
			for range 50 {
				tasks = append(tasks, asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					scope, cancel := asyncio.WithCancel(ctx)
					go cancel()
					_, err := asyncio.NewFuture[asyncio.None](ctx).Await(scope)
					testutil.ExpectIs(t, "Await", err, context.Canceled)
					scope, cancel = asyncio.WithTimeout(ctx, time.Second)
					defer cancel()
					testutil.ExpectIs(t, "Sleep", asyncio.Sleep(scope, time.Hour), asyncio.ErrTimeout)
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
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				testutil.Elsewhere(func() { asyncio.CurrentTask(ctx).Cancel("why") })
				scope, cancel := asyncio.WithCancel(ctx)
				defer cancel()
				if scope.Err() == nil {
					t.Error("the scope is not over")
				}
				return asyncio.Sleep(scope, time.Hour)
			}))
			_, err := a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
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
			testutil.Succeed(t, func(ctx context.Context) error {
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

var errRollback = errors.New("rollback failed")

// wrappedError is a user's type around an error.
type wrappedError struct {
	op  string
	err error
}

func (e *wrappedError) Error() string { return e.op + ": " + e.err.Error() }
func (e *wrappedError) Unwrap() error { return e.err }

// joins are ways in which a body joins the cancellation it was given with its own error.
var joins = map[string]func(err error) error{
	"joined":             func(err error) error { return errors.Join(err, errRollback) },
	"joined, last":       func(err error) error { return errors.Join(errRollback, err) },
	"formatted":          func(err error) error { return fmt.Errorf("%w, and %w", err, errRollback) },
	"joined and wrapped": func(err error) error { return fmt.Errorf("saving: %w", errors.Join(err, errRollback)) },
	"of a type":          func(err error) error { return &wrappedError{"save", errors.Join(err, errRollback)} },
	"joined twice":       func(err error) error { return errors.Join(errors.Join(err, err), errRollback) },
	"with the standard library's word": func(err error) error {
		return errors.Join(context.Canceled, err, errRollback)
	},
}

// expectRollback checks that an error is the clean-up's, and target, and no cancellation.
func expectRollback(t *testing.T, what string, err, target error) {
	t.Helper()
	testutil.ExpectIs(t, what, err, errRollback)
	if target != nil {
		testutil.ExpectIs(t, what, err, target)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, asyncio.ErrCancelled) {
		t.Errorf("%s: %v is a cancellation", what, err)
	}
}

func TestCleanUpErrorOfWhatAScopeHasStopped(t *testing.T) {
	for name, join := range joins {
		t.Run(name, func(t *testing.T) {
			stopped := func(ctx context.Context) error { return join(asyncio.Sleep(ctx, time.Hour)) }
			testutil.Succeed(t, func(ctx context.Context) error {
				loop := asyncio.RunningLoop(ctx)
				expectRollback(t, "Timeout", asyncio.Timeout(ctx, time.Second, stopped), asyncio.ErrTimeout)
				at := loop.Time().Add(time.Second)
				expectRollback(t, "TimeoutAt", asyncio.TimeoutAt(ctx, at, stopped), asyncio.ErrTimeout)

				_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(stopped)), time.Second)
				expectRollback(t, "WaitFor", err, asyncio.ErrTimeout)
				a := asyncio.CreateTask(ctx, asyncio.Void(stopped))
				asyncio.Sleep(ctx, 0)
				_, err = asyncio.WaitFor(ctx, a, 0)
				expectRollback(t, "WaitFor of no time", err, asyncio.ErrTimeout)

				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				err = stopped(scope)
				cancel()
				testutil.ExpectIs(t, "WithTimeout", err, asyncio.ErrTimeout)
				testutil.ExpectIs(t, "WithTimeout", err, errRollback)

				// A body that its group has stopped, by a failing task and by Cancel.
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
					return stopped(ctx)
				})
				expectRollback(t, "the body of a group", err, testutil.ErrTest)
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Cancel()
					return stopped(ctx)
				})
				expectRollback(t, "the body of a cancelled group", err, nil)

				// A task of it.
				err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(stopped))
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						return testutil.ErrTest
					}))
					return nil
				})
				expectRollback(t, "a task of a group", err, testutil.ErrTest)

				// A group in a timeout.
				err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(stopped))
						return nil
					})
				})
				expectRollback(t, "a group in a Timeout", err, nil)
				if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 {
					t.Errorf("cancelling %d", n)
				}
				return nil
			})
		})
	}
}

func TestCleanUpErrorKeepsWhatItIs(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			return errors.Join(&wrappedError{"save", errors.Join(err, errRollback)}, testutil.ErrTest)
		})
		var w *wrappedError
		if !errors.As(err, &w) || w.op != "save" {
			t.Errorf("%v lost its type", err)
		}
		var c *asyncio.CancelledError
		if !errors.As(err, &c) || c.Origin != asyncio.OriginTimeout {
			t.Errorf("%v does not say why the body was stopped", err)
		}
		testutil.ExpectIs(t, "beside it", err, testutil.ErrTest)
		return nil
	})
}

// Who was cancelled by somebody else, too, has not timed out: nothing is taken out.
func TestCleanUpErrorOfWhatSomebodyElseHasStopped(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
				return errors.Join(asyncio.Sleep(ctx, 2*time.Hour), errRollback)
			})
		}))
		asyncio.Sleep(ctx, time.Second)
		a.Cancel("by hand")
		_, err := a.Await(ctx)
		testutil.ExpectIs(t, "Await", err, errRollback)
		testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
		if errors.Is(err, asyncio.ErrTimeout) {
			t.Errorf("%v is a timeout", err)
		}
		return nil
	})
}

// byHand runs f in a task that is cancelled after a second, by a callback that was set
// before f was called or after.
func byHand(ctx context.Context, before bool, f func(ctx context.Context) error) error {
	loop := asyncio.RunningLoop(ctx)
	var a *asyncio.Task[asyncio.None]
	cancel := func() { a.Cancel("by hand") }
	a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		if before {
			loop.CallLater(time.Second, cancel)
		}
		return f(ctx)
	}))
	asyncio.Sleep(ctx, 0)
	if !before {
		loop.CallLater(time.Second, cancel)
	}
	_, err := a.Await(ctx)
	return err
}

func TestCancelInTheTurnOfAScopesEndWins(t *testing.T) {
	long := func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) }
	for name, f := range map[string]func(ctx context.Context) error{
		"Timeout": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, long)
		},
		"Timeout, wrapped": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				return fmt.Errorf("body: %w", long(ctx))
			})
		},
		"TimeoutAt": func(ctx context.Context) error {
			at := asyncio.RunningLoop(ctx).Time().Add(time.Second)
			return asyncio.TimeoutAt(ctx, at, long)
		},
		"two timeouts": func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				return asyncio.Timeout(ctx, time.Second, long)
			})
		},
		"WaitFor": func(ctx context.Context) error {
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(long)), time.Second)
			return err
		},
		"WithTimeout": func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			return long(scope)
		},
		"a group that is cancelled": func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.RunningLoop(ctx).CallLater(time.Second, func() { tg.Cancel() })
				return long(ctx)
			})
		},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, before %t", name, before), func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					err := byHand(ctx, before, f)
					var c *asyncio.CancelledError
					if !errors.As(err, &c) || c.Message != "by hand" || c.Origin != asyncio.OriginCancel {
						t.Errorf("%v, want one by hand", err)
					}
					return nil
				})
			})
		}
	}
}

func TestTimeoutContext(t *testing.T) {
	pass := func(ctx context.Context, tm *asyncio.TimeoutScope) error {
		return tm.Reschedule(asyncio.RunningLoop(ctx).Time())
	}
	t.Run("ends with the deadline for the standard library, and the task's stays open", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				tm := asyncio.NewTimeout(time.Hour)
				err := tm.Do(ctx, func(c context.Context) error {
					due, ok := c.Deadline()
					if !ok || due != tm.When() {
						t.Errorf("deadline %v %t, want %v", due, ok, tm.When())
					}
					blocked := asyncio.Go(c, asyncio.Void(func(context.Context) error {
						<-c.Done()
						return context.Cause(c)
					}))
					pass(ctx, tm)
					if due, _ := c.Deadline(); due != tm.When() || !tm.When().Equal(asyncio.RunningLoop(ctx).Time()) {
						t.Errorf("deadline %v, want %v", due, tm.When())
					}
					err := testutil.Forever(c)
					testutil.ExpectIs(t, "the body's await", err, asyncio.ErrCancelled)
					if c.Err() != context.DeadlineExceeded || ctx.Err() != nil {
						t.Errorf("its ctx %v, the task's %v", c.Err(), ctx.Err())
					}
					_, e := blocked.Await(ctx)
					testutil.ExpectIs(t, "the Go task", e, context.DeadlineExceeded)
					return err
				})
				testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
				testutil.ExpectIs(t, "Timeout", err, context.DeadlineExceeded)
				if errors.Is(err, asyncio.ErrCancelled) || errors.Is(err, context.Canceled) {
					t.Error("it is a cancellation")
				}
				testutil.ExpectUncancelled(ctx, t)
				return nil
			})
		})
	})
	t.Run("ends with the body", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var c context.Context
			err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
				c = ctx
				return nil
			})
			<-c.Done()
			if c.Err() != context.Canceled {
				t.Errorf("%v", c.Err())
			}
			testutil.ExpectUncancelled(ctx, t)
			return err
		})
	})
	t.Run("is for awaits and new tasks the one around it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var free *asyncio.Task[asyncio.None]
			err := asyncio.Timeout(context.WithValue(ctx, testutil.Key{}, "v"), time.Second, func(c context.Context) error {
				if c.Value(testutil.Key{}) != "v" {
					t.Error("no value")
				}
				free = asyncio.CreateTask(c, testutil.Sleepy(time.Minute))
				err := testutil.Forever(c)
				// Past the deadline awaits work as ever.
				if err := asyncio.Sleep(c, time.Second); err != nil {
					t.Errorf("an await of the clean-up: %v", err)
				}
				return err
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			_, err = free.Await(ctx)
			return err
		})
	})
	t.Run("gives scopes derived from it an end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(c context.Context) error {
				std, cancel := context.WithCancel(c)
				defer cancel()
				child := asyncio.CreateTask(std, asyncio.Void(testutil.Forever))
				err := testutil.Forever(c)
				child.Await(ctx)
				testutil.ExpectState(t, "a task in it", child, "cancelled")
				return err
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("ends whatever is derived from it, for the standard library", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(c context.Context) error {
				own, cancel := asyncio.WithCancel(c)
				defer cancel()
				return asyncio.WithTaskGroup(c, func(tg *asyncio.TaskGroup) error {
					err := testutil.Forever(ctx)
					for name, derived := range map[string]context.Context{"a scope": own, "a group": tg} {
						if derived.Err() == nil {
							t.Errorf("%s has not ended", name)
						}
					}
					return err
				})
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("of a nested one ends with the outer", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.NewTimeout(time.Second)
			err := a.Do(ctx, func(outer context.Context) error {
				b := asyncio.NewTimeout(time.Hour)
				err := b.Do(outer, func(inner context.Context) error {
					if x, _ := inner.Deadline(); x != a.When() {
						t.Errorf("deadline %v, want %v", x, a.When())
					}
					err := testutil.Forever(inner)
					if inner.Err() != context.DeadlineExceeded || !a.Expired() || b.Expired() {
						t.Errorf("%v, expired %t %t", inner.Err(), a.Expired(), b.Expired())
					}
					return err
				})
				testutil.ExpectIs(t, "the inner", err, asyncio.ErrCancelled)
				return err
			})
			testutil.ExpectIs(t, "the outer", err, asyncio.ErrTimeout)
			testutil.ExpectUncancelled(ctx, t)
			a = asyncio.NewTimeout(time.Hour)
			err = a.Do(ctx, func(outer context.Context) error {
				err := asyncio.Timeout(outer, time.Second, testutil.Forever)
				testutil.ExpectIs(t, "the inner", err, asyncio.ErrTimeout)
				if outer.Err() != nil || a.Expired() {
					t.Errorf("the outer has ended: %v", outer.Err())
				}
				return asyncio.Sleep(outer, time.Second)
			})
			testutil.ExpectUncancelled(ctx, t)
			return err
		})
	})
	t.Run("in a Go task lets go of what blocks", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					for name, end := range map[string]func(c context.Context) error{
						"with the standard library's error": func(c context.Context) error { return c.Err() },
						"with that of its next await":       func(c context.Context) error { return asyncio.Sleep(c, 0) },
					} {
						tm := asyncio.NewTimeout(time.Hour)
						err := tm.Do(ctx, func(c context.Context) error {
							pass(ctx, tm)
							<-c.Done()
							if ctx.Err() != nil {
								t.Errorf("the task's ctx: %v", ctx.Err())
							}
							return end(c)
						})
						testutil.ExpectIs(t, name, err, asyncio.ErrTimeout)
						testutil.ExpectIs(t, name, err, context.DeadlineExceeded)
						testutil.ExpectUncancelled(ctx, t)
					}
					return nil
				}))
				return err
			})
		})
	})
	t.Run("in a goroutine ends its awaits", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			f := asyncio.NewFuture[int](l.Context())
			for name, wait := range map[string]func(c context.Context) error{
				"Sleep": func(c context.Context) error { return asyncio.Sleep(c, time.Hour) },
				"Await": func(c context.Context) error { _, err := f.Await(c); return err },
				"Done":  func(c context.Context) error { <-c.Done(); return context.Cause(c) },
			} {
				tm := asyncio.NewTimeout(time.Millisecond)
				err := tm.Do(l.Context(), func(c context.Context) error {
					err := wait(c)
					if !tm.Expired() {
						t.Errorf("%s: not expired", name)
					}
					return err
				})
				testutil.ExpectIs(t, name, err, asyncio.ErrTimeout)
			}
			f.Cancel()
			if err := asyncio.Timeout(l.Context(), time.Hour, func(c context.Context) error {
				return asyncio.Sleep(c, 0)
			}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestTimeoutScopeBeforeDo: its time has not begun, and what could not begin does not count.
func TestTimeoutScopeBeforeDo(t *testing.T) {
	noBody := func(context.Context) error {
		t.Error("the body runs")
		return nil
	}
	closed := asyncio.NewLoop()
	closed.Close()
	testutil.Succeed(t, func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		at := loop.Time().Add(time.Hour)
		fixed, tm := asyncio.NewTimeoutAt(at), asyncio.NewTimeout(time.Minute)
		if !fixed.When().Equal(at) || !tm.When().IsZero() || tm.Expired() || tm.String() != "<Timeout [created]>" {
			t.Error(fixed.When(), tm.When(), tm.Expired(), tm)
		}
		testutil.ExpectIs(t, "Do on a closed loop", tm.Do(closed.Context(), noBody), asyncio.ErrLoopClosed)
		asyncio.Sleep(ctx, time.Hour)
		err := tm.Do(ctx, func(ctx context.Context) error {
			if want := loop.Time().Add(time.Minute); !tm.When().Equal(want) {
				t.Errorf("when %v, want %v", tm.When(), want)
			}
			return asyncio.Sleep(ctx, time.Hour)
		})
		testutil.ExpectIs(t, "Do", err, asyncio.ErrTimeout)
		testutil.ExpectIs(t, "Do of one whose time has passed", fixed.Do(ctx, testutil.Forever), asyncio.ErrTimeout)
		return nil
	})
}

// TestTimeoutScopeIsForOneCall of Do, whoever comes first.
func TestTimeoutScopeIsForOneCall(t *testing.T) {
	testutil.NoLeaks(t)
	testutil.Succeed(t, func(ctx context.Context) error {
		for range 50 {
			var calls atomic.Int32
			tm := asyncio.NewTimeout(time.Hour)
			var tasks []*asyncio.Task[asyncio.None]
			for range 3 {
				tasks = append(tasks, asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = tm.Reschedule(time.Time{})
					_, _ = tm.When(), tm.String()
					return tm.Do(ctx, func(context.Context) error { calls.Add(1); return nil })
				})))
			}
			refused := 0
			for _, a := range tasks {
				if _, err := a.Await(ctx); err != nil {
					refused++
				}
			}
			if n := calls.Load(); n != 1 || refused != 2 {
				t.Fatalf("%d calls of the body, %d refused", n, refused)
			}
		}
		return nil
	})
}
