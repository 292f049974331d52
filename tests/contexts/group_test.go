package contexts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestGroupIsAContext(t *testing.T) {
	t.Run("that passes values and the deadline", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(context.WithValue(ctx, testutil.Key{}, "v"), time.Hour)
			defer cancel()
			return asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
				due, ok := scope.Deadline()
				for _, c := range []context.Context{tg, context.WithValue(tg, asyncio.None{}, 1)} {
					if d, has := c.Deadline(); c.Value(testutil.Key{}) != "v" || d != due || has != ok || !ok {
						t.Errorf("%v: value %v, deadline %v %t", c, c.Value(testutil.Key{}), d, has)
					}
				}
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if ctx.Value(testutil.Key{}) != "v" {
						t.Error("the child lacks the value")
					}
					return nil
				}))
				return nil
			})
		})
	})
	ends := map[string]struct {
		end   func(ctx context.Context, tg *asyncio.TaskGroup)
		cause error
	}{
		"when it fails": {func(_ context.Context, tg *asyncio.TaskGroup) {
			asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
		}, asyncio.ErrCancelled},
		"by Cancel": {func(_ context.Context, tg *asyncio.TaskGroup) { tg.Cancel() }, asyncio.ErrCancelled},
		"when the parent is cancelled": {func(ctx context.Context, _ *asyncio.TaskGroup) {
			asyncio.CurrentTask(ctx).Cancel()
		}, asyncio.ErrCancelled},
	}
	for name, x := range ends {
		t.Run("that ends "+name, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Within(t, func() {
				testutil.Succeed(t, func(ctx context.Context) error {
					var end error
					a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							if tg.Err() != nil {
								t.Errorf("ended before: %v", tg.Err())
							}
							asyncio.Go(ctx, asyncio.Void(func(context.Context) error { // not of the group
								<-tg.Done()
								end = context.Cause(tg)
								return nil
							})).AddDoneCallback(func(*asyncio.Task[asyncio.None]) {})
							asyncio.Sleep(ctx, 0)
							x.end(ctx, tg)
							err := testutil.Forever(ctx)
							if tg.Err() != context.Canceled { //nolint:errorlint // the very value
								t.Errorf("Err: %v", tg.Err())
							}
							return err
						})
					}))
					a.Await(ctx)
					for len(asyncio.AllTasks(asyncio.RunningLoop(ctx))) > 1 {
						asyncio.Sleep(ctx, 0)
					}
					testutil.ExpectIs(t, "the cause", end, x.cause)
					return nil
				})
			})
		})
	}
	t.Run("that ends with the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			var derived context.Context
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				var cancel func()
				derived, cancel = context.WithCancel(tg)
				_ = cancel
				return nil
			})
			for _, c := range []context.Context{group, derived} {
				<-c.Done()
				if c.Err() != context.Canceled || !errors.Is(context.Cause(c), asyncio.ErrGroupClosed) {
					t.Errorf("%v %v", c.Err(), context.Cause(c))
				}
			}
			testutil.ExpectUncancelled(ctx, t)
			return err
		})
	})
	t.Run("in which the body awaits, like with its own", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a := asyncio.CreateTask(tg, asyncio.Delay(1, "a"))
				if v, err := a.Await(tg); v != "a" || err != nil {
					t.Errorf("%q %v", v, err)
				}
				tg.Cancel()
				err := asyncio.Sleep(tg, 0)
				testutil.ExpectIs(t, "Sleep", err, asyncio.ErrCancelled)
				if err := asyncio.Sleep(tg, 1); err != nil {
					t.Errorf("the next await: %v", err)
				}
				return nil
			})
		})
	})
	t.Run("from which scopes are derived", func(t *testing.T) {
		for name, derive := range map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
			"context.WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Hour)
			},
			"context.WithCancel": context.WithCancel,
			"asyncio.WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return asyncio.WithTimeout(ctx, time.Hour)
			},
			"asyncio.WithCancel": asyncio.WithCancel,
			"asyncio.WithCancel of WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return asyncio.WithCancel(context.WithValue(ctx, testutil.Key{}, 1))
			},
			"context.WithCancel of asyncio.WithCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
				own, _ := asyncio.WithCancel(ctx)
				return context.WithCancel(own)
			},
		} {
			t.Run(name+", whose end cancels the child and fails nobody", func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						a := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
						b := asyncio.CreateTask(tg, testutil.Sleepy(time.Second))
						asyncio.Sleep(ctx, 0)
						cancel()
						a.Await(ctx)
						testutil.ExpectState(t, "the child", a, "cancelled")
						if _, err := b.Await(ctx); err != nil {
							t.Errorf("another child: %v", err)
						}
						if err := asyncio.Sleep(scope, time.Hour); err == nil {
							t.Error("an await in the scope that has ended")
						}
						return nil
					})
				})
			})
			t.Run(name+", whose child is waited for and cancelled once", func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					var a *asyncio.Task[asyncio.None]
					times := 0
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						_ = cancel // the group is to do it
						a = asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
							for range 5 {
								if asyncio.Sleep(ctx, time.Second) != nil {
									times++
								}
							}
							return nil
						}))
						asyncio.Sleep(ctx, 0)
						asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
						return nil
					})
					testutil.ExpectGroupError(t, err, testutil.ErrTest)
					testutil.ExpectState(t, "the child", a, "succeeded")
					if times != 1 || a.Cancelling() != 1 {
						t.Errorf("cancelled %d times, cancelling %d", times, a.Cancelling())
					}
					return nil
				})
			})
			t.Run(name+", whose child fails the group", func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					testutil.ExpectGroupError(t, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						defer cancel()
						asyncio.CreateTask(scope, testutil.Fail(testutil.ErrTest))
						return testutil.Forever(ctx)
					}), testutil.ErrTest)
					testutil.ExpectUncancelled(ctx, t)
					return nil
				})
			})
			t.Run(name+", whose end during an await of the body is its error", func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						asyncio.RunningLoop(ctx).CallSoon(cancel)
						return testutil.Forever(scope)
					})
					testutil.ExpectIs(t, "the group", err, context.Canceled)
					var g *asyncio.GroupError
					if !errors.As(err, &g) {
						t.Errorf("%v is no failure", err)
					}
					testutil.ExpectUncancelled(ctx, t)
					return nil
				})
			})
		}
	})
	t.Run("children in scopes are cancelled in the order in which all were created", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lines []string
			child := func(who string) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					lines = append(lines, who)
					return err
				})
			}
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				scope, cancel := asyncio.WithCancel(tg)
				defer cancel()
				asyncio.CreateTask(tg, child("a"))
				asyncio.CreateTask(scope, child("b"))
				asyncio.CreateTask(tg, child("c"))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return testutil.Forever(ctx)
			})
			testutil.ExpectLines(t, lines, "a", "b", "c")
			return err
		})
	})
	t.Run("with values it is the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(context.WithValue(tg, testutil.Key{}, "v"), asyncio.Void(func(ctx context.Context) error {
					if ctx.Value(testutil.Key{}) != "v" {
						t.Error("no value")
					}
					return testutil.Forever(ctx)
				}))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return nil
			})
			testutil.ExpectState(t, "the child", a, "cancelled")
			return err
		})
	})
	t.Run("without its end it makes independent tasks", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(context.WithoutCancel(tg), testutil.Sleepy(time.Second))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return nil
			})
			if a.Done() {
				t.Error("it was waited for")
			}
			if _, err := a.Await(ctx); err != nil {
				t.Error(err)
			}
			return err
		})
	})
	t.Run("a child's own ctx makes independent tasks", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var free *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					free = asyncio.CreateTask(ctx, testutil.Sleepy(time.Second))
					return nil
				}))
				return nil
			})
			testutil.ExpectState(t, "the task", free, "pending")
			free.Await(ctx)
			return err
		})
	})
	t.Run("when the scope around it ends, that is the body's failure", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			ended := 0
			child := asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				ended++
				return err
			})
			for _, waits := range []func(context.Context) error{testutil.Forever, func(context.Context) error { return nil }} {
				scope := scope
				if ended > 0 {
					scope, cancel = asyncio.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				err := testutil.Took(ctx, t, time.Second, func() error {
					return asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, child)
						return waits(tg)
					})
				})
				testutil.ExpectGroupError(t, err, asyncio.ErrTimeout)
				testutil.ExpectUncancelled(ctx, t)
			}
			if ended != 2 {
				t.Errorf("%d children cancelled", ended)
			}
			return nil
		})
	})
}
