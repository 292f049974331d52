// Who waits for himself, in a circle of tasks, over loops or through locks, hears of it: an
// await that closes a circle is an error, and what only the patrol can see it says once.
package circles_test

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

// awaits are the ways in which a task waits for the ends of others. Each waits for a and
// besides, if it takes several, for a future that nobody completes.
var awaits = []struct {
	name string
	wait func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error
}{
	{"Await", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, err := a.Await(ctx)
		return err
	}},
	{"Gather", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.Gather[asyncio.Awaitable[asyncio.None], asyncio.None](ctx, open, a)
		return err
	}},
	{"GatherAll", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.GatherAll[asyncio.Awaitable[asyncio.None], asyncio.None](ctx, open, a)
		return err
	}},
	{"Wait", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{open, a}, asyncio.WaitOptions{})
		return err
	}},
	{"Wait for the first", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
		return err
	}},
	{"Wait for a failure", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
		return err
	}},
	{"Race", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.Race[asyncio.Awaitable[asyncio.None], asyncio.None](ctx, open, a)
		return err
	}},
	{"FirstSuccess", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], open *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.FirstSuccess[asyncio.Awaitable[asyncio.None], asyncio.None](ctx, open, a)
		return err
	}},
	{"AsCompleted", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = v.(error)
			}
		}()
		for range asyncio.AsCompleted(ctx, []asyncio.AnyFuture{a}) {
		}
		return asyncio.Sleep(ctx, 0)
	}},
	{"WaitFor", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.WaitFor(ctx, a, time.Hour)
		return err
	}},
	{"WaitFor no time", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.WaitFor(ctx, a, 0)
		return err
	}},
	{"Shield", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		_, err := asyncio.Shield(ctx, a)
		return err
	}},
	{"the end of a group", func(ctx context.Context, a asyncio.Awaitable[asyncio.None], _ *asyncio.Future[asyncio.None]) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, func(ctx context.Context) (asyncio.None, error) { return a.Await(ctx) })
			return nil
		})
	}},
}

// expectDeadlock checks that err is the error of a circle with these tasks.
func expectDeadlock(t *testing.T, what string, err error, names ...string) {
	t.Helper()
	testutil.ExpectIs(t, what, err, asyncio.ErrDeadlock)
	for _, n := range names {
		if err == nil || !strings.Contains(err.Error(), n) {
			t.Errorf("%s: %v does not name %s", what, err, n)
		}
	}
}

func spawnAs(ctx context.Context, name string, f func(ctx context.Context) error) *asyncio.Task[asyncio.None] {
	return asyncio.CreateTask(ctx, asyncio.Void(f), asyncio.WithName(name))
}

func TestAwaitOfOneselfIsADeadlock(t *testing.T) {
	for _, w := range awaits {
		t.Run(w.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				open := asyncio.NewFuture[asyncio.None](ctx)
				var a *asyncio.Task[asyncio.None]
				a = spawnAs(ctx, "ann", func(ctx context.Context) error { return w.wait(ctx, a, open) })
				_, err := a.Await(ctx)
				expectDeadlock(t, w.name, err, "ann")
				return nil
			})
		})
	}
}

func TestAwaitThatClosesACircleIsADeadlock(t *testing.T) {
	for _, first := range awaits {
		if first.name == "WaitFor no time" {
			continue // it cancels
		}
		for _, second := range awaits {
			t.Run(first.name+" and "+second.name, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					open := asyncio.NewFuture[asyncio.None](ctx)
					var a, b *asyncio.Task[asyncio.None]
					var closing error
					a = spawnAs(ctx, "ann", func(ctx context.Context) error { return first.wait(ctx, b, open) })
					b = spawnAs(ctx, "bob", func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						closing = second.wait(ctx, a, open)
						return closing
					})
					b.Await(ctx)
					expectDeadlock(t, second.name, closing, "ann", "bob")
					open.SetResult(asyncio.None{})
					a.Await(ctx)
					return nil
				})
			})
		}
	}
}

func TestCircleOfGoTasksAndLoopTasks(t *testing.T) {
	for _, w := range awaits {
		for i, make := range []func(context.Context, asyncio.Coroutine[asyncio.None], ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
			asyncio.CreateTask[asyncio.None], asyncio.Go[asyncio.None],
		} {
			t.Run(fmt.Sprint(w.name, []string{" by a loop task", " by a Go task"}[i]), func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					open := asyncio.NewFuture[asyncio.None](ctx)
					var a, b *asyncio.Task[asyncio.None]
					a = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
						_, err := b.Await(ctx)
						return err
					}), asyncio.WithName("ann"))
					var closing error
					b = make(ctx, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						closing = w.wait(ctx, a, open)
						return closing
					}), asyncio.WithName("bob"))
					b.Await(ctx)
					expectDeadlock(t, w.name, closing, "ann", "bob")
					open.SetResult(asyncio.None{})
					a.Await(ctx)
					return nil
				})
			})
		}
	}
}

// Whoever can go on must not be told that it cannot.
func TestWhatCanGoOnIsNoDeadlock(t *testing.T) {
	// back is a task that waits for main's task, which is about to wait for it.
	back := func(ctx context.Context, main asyncio.AnyFuture) *asyncio.Task[asyncio.None] {
		a := spawnAs(ctx, "back", func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{main}, asyncio.WaitOptions{})
			return err
		})
		asyncio.Sleep(ctx, 0)
		return a
	}
	later := func(ctx context.Context, err error) *asyncio.Task[asyncio.None] {
		return spawnAs(ctx, "later", func(ctx context.Context) error {
			return errors.Join(asyncio.Sleep(ctx, time.Second), err)
		})
	}
	for name, body := range map[string]func(ctx context.Context, self asyncio.AnyFuture) error{
		"the first of several": func(ctx context.Context, self asyncio.AnyFuture) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self), later(ctx, nil)},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
			return err
		},
		"the first of several is there": func(ctx context.Context, self asyncio.AnyFuture) error {
			done := later(ctx, nil)
			done.Await(ctx)
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self), done},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
			return err
		},
		"a failure of several": func(ctx context.Context, self asyncio.AnyFuture) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self), later(ctx, testutil.ErrTest)},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
			return err
		},
		"a Wait with a timeout": func(ctx context.Context, self asyncio.AnyFuture) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self)}, asyncio.WaitOptions{Timeout: time.Second})
			return err
		},
		"AsCompletedWithin": func(ctx context.Context, self asyncio.AnyFuture) error {
			for _, err := range asyncio.AsCompletedWithin(ctx, []asyncio.AnyFuture{back(ctx, self)}, time.Second) {
				testutil.ExpectIs(t, "AsCompletedWithin", err, asyncio.ErrTimeout)
			}
			return nil
		},
		"what AsCompleted comes to first": func(ctx context.Context, self asyncio.AnyFuture) error {
			for range asyncio.AsCompleted(ctx, []asyncio.AnyFuture{back(ctx, self), later(ctx, nil)}) {
				break
			}
			return nil
		},
		"a future that somebody may complete": func(ctx context.Context, self asyncio.AnyFuture) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			back(ctx, self)
			asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult(asyncio.None{}) })
			_, err := f.Await(ctx)
			return err
		},
		"one that waits for somebody's timeout": func(ctx context.Context, self asyncio.AnyFuture) error {
			a := spawnAs(ctx, "patient", func(ctx context.Context) error {
				_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{self}, asyncio.WaitOptions{Timeout: time.Second})
				return err
			})
			asyncio.Sleep(ctx, 0)
			_, err := a.Await(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				var err error
				a := spawnAs(ctx, "self", func(ctx context.Context) error {
					err = body(ctx, asyncio.CurrentTask(ctx))
					return nil
				})
				a.Await(ctx)
				if err != nil {
					t.Errorf("%v", err)
				}
				return testutil.EndAll(ctx)
			})
		})
	}
}

// A wait for any is a deadlock once all that are left lead back, whenever that comes.
func TestCircleThatIsOneLater(t *testing.T) {
	t.Run("what is left of AsCompleted", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			var got []string
			a = spawnAs(ctx, "ann", func(ctx context.Context) (err error) {
				defer func() { err, _ = recover().(error) }()
				fs := []asyncio.AnyFuture{
					spawnAs(ctx, "bob", func(ctx context.Context) error { _, err := a.Await(ctx); return err }),
					spawnAs(ctx, "cid", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) }),
				}
				for f := range asyncio.AsCompleted(ctx, fs) {
					got = append(got, f.(asyncio.AnyTask).Name())
				}
				return nil
			})
			_, err := a.Await(ctx)
			expectDeadlock(t, "AsCompleted", err, "ann", "bob")
			testutil.ExpectLines(t, got, "cid")
			return testutil.EndAll(ctx)
		})
	})
	t.Run("what is left of a Wait for a failure", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			a = spawnAs(ctx, "ann", func(ctx context.Context) (err error) {
				_, _, err = asyncio.Wait(ctx, []asyncio.AnyFuture{
					spawnAs(ctx, "bob", func(ctx context.Context) error { _, err := a.Await(ctx); return err }),
					spawnAs(ctx, "cid", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) }),
				}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
				return err
			})
			_, err := a.Await(ctx)
			expectDeadlock(t, "Wait", err, "ann", "bob")
			return testutil.EndAll(ctx)
		})
	})
	t.Run("a task added to a group that one waits for", func(t *testing.T) {
		for _, opts := range [][]asyncio.TaskOption{nil, {asyncio.Eager()}} {
			testutil.Succeed(t, func(ctx context.Context) error {
				var a *asyncio.Task[asyncio.None]
				var inner error
				a = spawnAs(ctx, "ann", func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							asyncio.Sleep(ctx, time.Second)
							asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
								_, inner = a.Await(ctx)
								return inner
							}), opts...)
							return nil
						}))
						return nil
					})
				})
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "the group", err, asyncio.ErrDeadlock)
				expectDeadlock(t, "Await", inner, "ann")
				return nil
			})
		}
	})
}

// Who waits for the end of a group cannot leave its tasks: those that wait for the parent
// are told.
func TestGroupWhoseTasksWaitForItsParent(t *testing.T) {
	for _, w := range awaits {
		if w.name == "WaitFor no time" {
			continue // it cancels
		}
		t.Run(w.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				open := asyncio.NewFuture[asyncio.None](ctx)
				var a *asyncio.Task[asyncio.None]
				var inner []error
				a = spawnAs(ctx, "ann", func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						for range 3 {
							asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
								err := w.wait(ctx, a, open)
								inner = append(inner, err)
								return err
							}))
						}
						return asyncio.Sleep(ctx, time.Second)
					})
				})
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "the group", err, asyncio.ErrDeadlock)
				if len(inner) != 3 {
					t.Errorf("%d tasks were told, want 3", len(inner))
				}
				for _, err := range inner {
					testutil.ExpectIs(t, w.name, err, asyncio.ErrDeadlock)
				}
				if a.Cancelling() != 0 {
					t.Errorf("the parent has %d requests", a.Cancelling())
				}
				return nil
			})
		})
	}
	t.Run("that try again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			refused := 0
			a = spawnAs(ctx, "ann", func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						for range 10 {
							if _, err := a.Await(ctx); errors.Is(err, asyncio.ErrDeadlock) {
								refused++
							}
						}
						return nil
					}))
					return asyncio.Sleep(ctx, time.Second)
				})
			})
			if _, err := a.Await(ctx); err != nil || refused != 10 {
				t.Errorf("the group: %v after %d refusals", err, refused)
			}
			return nil
		})
	})
}

// A task that has not begun may run on the stack of who awaits it, but not if that is told
// before it ends.
func TestGroupWhoseTaskAwaitsWhatHasNotBegun(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		open := asyncio.NewFuture[asyncio.None](ctx)
		var a, above *asyncio.Task[asyncio.None]
		var inner, outer error
		a = spawnAs(ctx, "ann", func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					_, inner = above.Await(ctx)
					if self := asyncio.CurrentTask(ctx); self == above {
						t.Errorf("%v runs as another", self)
					}
					return inner
				}))
				above = spawnAs(ctx, "above", func(ctx context.Context) error {
					_, outer = a.Await(ctx)
					if self := asyncio.CurrentTask(ctx); self != above {
						t.Errorf("%v runs as %v", above, self)
					}
					return open.SetResult(asyncio.None{})
				})
				return asyncio.Sleep(ctx, time.Second)
			})
		})
		_, err := a.Await(ctx)
		testutil.ExpectIs(t, "the group", err, asyncio.ErrDeadlock)
		testutil.ExpectIs(t, "its task", inner, asyncio.ErrDeadlock)
		if _, err := open.Await(ctx); err != nil {
			return err
		}
		testutil.ExpectIs(t, "the task above", outer, err)
		return nil
	})
}

func TestCyclesOfAwaits(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}} {
		for _, way := range []string{"at once", "one by one"} {
			t.Run(strings.Join(names, " awaits ")+" "+way, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					tasks := make([]*asyncio.Task[asyncio.None], len(names))
					for i, name := range names {
						tasks[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							if way == "one by one" {
								asyncio.Sleep(ctx, time.Duration(i)*time.Second)
							}
							_, err := tasks[(i+1)%len(names)].Await(ctx)
							return err
						}), asyncio.WithName(name))
					}
					for i, a := range tasks {
						_, err := a.Await(ctx)
						testutil.ExpectIs(t, names[i], err, asyncio.ErrDeadlock)
						for _, name := range names {
							if err == nil || !strings.Contains(err.Error(), name) {
								t.Errorf("%v does not name %s", err, name)
							}
						}
					}
					return nil
				})
			})
		}
	}
	t.Run("who is refused may go on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			main := asyncio.CurrentTask(ctx).(*asyncio.Task[asyncio.None])
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := main.Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrDeadlock)
				return nil
			}))
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("of Go tasks", func(t *testing.T) {
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				var a, b *asyncio.Task[asyncio.None]
				a = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := b.Await(ctx)
					return err
				}))
				b = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				}))
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrDeadlock)
				b.Await(ctx)
				return nil
			})
		})
	})
	t.Run("through a scope", func(t *testing.T) {
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				var a *asyncio.Task[asyncio.None]
				a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					scope, cancel := asyncio.WithCancel(ctx)
					defer cancel()
					_, err := a.Await(scope)
					return err
				}))
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrDeadlock)
				return nil
			})
		})
	})
}
