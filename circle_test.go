package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// awaits are the ways in which a task waits for the ends of others. Each waits for a and
// besides, if it takes several, for a future that nobody completes.
var awaits = []struct {
	name string
	wait func(ctx context.Context, a asyncio.Awaitable[none], open *asyncio.Future[none]) error
}{
	{"Await", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, err := a.Await(ctx)
		return err
	}},
	{"Gather", func(ctx context.Context, a asyncio.Awaitable[none], open *asyncio.Future[none]) error {
		_, err := asyncio.Gather[asyncio.Awaitable[none], none](ctx, open, a)
		return err
	}},
	{"GatherAll", func(ctx context.Context, a asyncio.Awaitable[none], open *asyncio.Future[none]) error {
		_, err := asyncio.GatherAll[asyncio.Awaitable[none], none](ctx, open, a)
		return err
	}},
	{"Wait", func(ctx context.Context, a asyncio.Awaitable[none], open *asyncio.Future[none]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{open, a}, asyncio.WaitOptions{})
		return err
	}},
	{"Wait for the first", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
		return err
	}},
	{"Wait for a failure", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
		return err
	}},
	{"Race", func(ctx context.Context, a asyncio.Awaitable[none], open *asyncio.Future[none]) error {
		_, err := asyncio.Race[asyncio.Awaitable[none], none](ctx, open, a)
		return err
	}},
	{"AsCompleted", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = v.(error)
			}
		}()
		for range asyncio.AsCompleted(ctx, []asyncio.AnyFuture{a}) {
		}
		return asyncio.Sleep(ctx, 0)
	}},
	{"WaitFor", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, err := asyncio.WaitFor(ctx, a, time.Hour)
		return err
	}},
	{"WaitFor no time", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, err := asyncio.WaitFor(ctx, a, 0)
		return err
	}},
	{"Shield", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		_, err := asyncio.Shield(ctx, a)
		return err
	}},
	{"the end of a group", func(ctx context.Context, a asyncio.Awaitable[none], _ *asyncio.Future[none]) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, func(ctx context.Context) (none, error) { return a.Await(ctx) })
			return nil
		})
	}},
}

// expectDeadlock checks that err is the error of a circle with these tasks.
func expectDeadlock(t *testing.T, what string, err error, names ...string) {
	t.Helper()
	expectIs(t, what, err, asyncio.ErrDeadlock)
	for _, n := range names {
		if err == nil || !strings.Contains(err.Error(), n) {
			t.Errorf("%s: %v does not name %s", what, err, n)
		}
	}
}

func spawnAs(ctx context.Context, name string, f func(ctx context.Context) error) *asyncio.Task[none] {
	return asyncio.CreateTask(ctx, asyncio.Void(f), asyncio.WithName(name))
}

func TestAwaitOfOneselfIsADeadlock(t *testing.T) {
	for _, w := range awaits {
		t.Run(w.name, func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				open := asyncio.NewFuture[none](ctx)
				var a *asyncio.Task[none]
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
				succeed(t, func(ctx context.Context) error {
					open := asyncio.NewFuture[none](ctx)
					var a, b *asyncio.Task[none]
					var closing error
					a = spawnAs(ctx, "ann", func(ctx context.Context) error { return first.wait(ctx, b, open) })
					b = spawnAs(ctx, "bob", func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						closing = second.wait(ctx, a, open)
						return closing
					})
					b.Await(ctx)
					expectDeadlock(t, second.name, closing, "ann", "bob")
					open.SetResult(none{})
					a.Await(ctx)
					return nil
				})
			})
		}
	}
}

func TestCircleOfGoTasksAndLoopTasks(t *testing.T) {
	for _, w := range awaits {
		for i, make := range []func(context.Context, asyncio.Coroutine[none], ...asyncio.TaskOption) *asyncio.Task[none]{
			asyncio.CreateTask[none], asyncio.Go[none],
		} {
			t.Run(fmt.Sprint(w.name, []string{" by a loop task", " by a Go task"}[i]), func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					open := asyncio.NewFuture[none](ctx)
					var a, b *asyncio.Task[none]
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
					open.SetResult(none{})
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
	back := func(ctx context.Context, main asyncio.AnyFuture) *asyncio.Task[none] {
		a := spawnAs(ctx, "back", func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{main}, asyncio.WaitOptions{})
			return err
		})
		asyncio.Sleep(ctx, 0)
		return a
	}
	later := func(ctx context.Context, err error) *asyncio.Task[none] {
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
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self), later(ctx, errTest)},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
			return err
		},
		"a Wait with a timeout": func(ctx context.Context, self asyncio.AnyFuture) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back(ctx, self)}, asyncio.WaitOptions{Timeout: time.Second})
			return err
		},
		"AsCompletedWithin": func(ctx context.Context, self asyncio.AnyFuture) error {
			for _, err := range asyncio.AsCompletedWithin(ctx, []asyncio.AnyFuture{back(ctx, self)}, time.Second) {
				expectIs(t, "AsCompletedWithin", err, asyncio.ErrTimeout)
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
			f := asyncio.NewFuture[none](ctx)
			back(ctx, self)
			asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult(none{}) })
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
			succeed(t, func(ctx context.Context) error {
				var err error
				a := spawnAs(ctx, "self", func(ctx context.Context) error {
					err = body(ctx, asyncio.CurrentTask(ctx))
					return nil
				})
				a.Await(ctx)
				if err != nil {
					t.Errorf("%v", err)
				}
				return endAll(ctx)
			})
		})
	}
}

// A wait for any is a deadlock once all that are left lead back, whenever that comes.
func TestCircleThatIsOneLater(t *testing.T) {
	t.Run("what is left of AsCompleted", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
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
			expectLines(t, got, "cid")
			return endAll(ctx)
		})
	})
	t.Run("what is left of a Wait for a failure", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
			a = spawnAs(ctx, "ann", func(ctx context.Context) (err error) {
				_, _, err = asyncio.Wait(ctx, []asyncio.AnyFuture{
					spawnAs(ctx, "bob", func(ctx context.Context) error { _, err := a.Await(ctx); return err }),
					spawnAs(ctx, "cid", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) }),
				}, asyncio.WaitOptions{ReturnWhen: asyncio.FirstException})
				return err
			})
			_, err := a.Await(ctx)
			expectDeadlock(t, "Wait", err, "ann", "bob")
			return endAll(ctx)
		})
	})
	t.Run("a task added to a group that one waits for", func(t *testing.T) {
		for _, opts := range [][]asyncio.TaskOption{nil, {asyncio.Eager()}} {
			succeed(t, func(ctx context.Context) error {
				var a *asyncio.Task[none]
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
				expectIs(t, "the group", err, asyncio.ErrDeadlock)
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
			succeed(t, func(ctx context.Context) error {
				open := asyncio.NewFuture[none](ctx)
				var a *asyncio.Task[none]
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
				expectIs(t, "the group", err, asyncio.ErrDeadlock)
				if len(inner) != 3 {
					t.Errorf("%d tasks were told, want 3", len(inner))
				}
				for _, err := range inner {
					expectIs(t, w.name, err, asyncio.ErrDeadlock)
				}
				if a.Cancelling() != 0 {
					t.Errorf("the parent has %d requests", a.Cancelling())
				}
				return nil
			})
		})
	}
	t.Run("that try again", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
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
