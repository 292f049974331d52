package heard_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// This file is about who is cancelled between the failure of what it awaits and its own next
// step: it is told of the cancellation, and the error by that to nobody.

type task = *asyncio.Task[asyncio.None]

func is(err error) bool { return errors.Is(err, testutil.ErrTest) }

// waits are the ways to wait for a task; other does not end by itself. Each reports whether
// it was told of the error.
var waits = map[string]func(ctx context.Context, x, other task) bool{
	"Await": func(ctx context.Context, x, _ task) bool {
		_, err := x.Await(ctx)
		return is(err)
	},
	"Await in a Timeout": func(ctx context.Context, x, _ task) bool {
		return is(asyncio.Timeout(ctx, time.Minute, func(ctx context.Context) error {
			_, err := x.Await(ctx)
			return err
		}))
	},
	"Await in a group": func(ctx context.Context, x, other task) bool {
		return is(asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			_, err := x.Await(tg)
			return err
		}))
	},
	"WaitFor": func(ctx context.Context, x, _ task) bool {
		_, err := asyncio.WaitFor(ctx, x, time.Minute)
		return is(err)
	},
	"Shield": func(ctx context.Context, x, _ task) bool {
		_, err := asyncio.Shield(ctx, x)
		return is(err)
	},
	"Gather": func(ctx context.Context, x, other task) bool {
		_, err := asyncio.Gather(ctx, other, x)
		return is(err)
	},
	"GatherAll": func(ctx context.Context, x, _ task) bool {
		all, err := asyncio.GatherAll(ctx, x)
		return err == nil && is(all[0].Err)
	},
	"GatherAll with one that is there": func(ctx context.Context, x, other task) bool {
		all, err := asyncio.GatherAll(ctx, x, other)
		return err == nil && is(all[0].Err)
	},
	"Wait": func(ctx context.Context, x, _ task) bool {
		_, _, err := asyncio.Wait(ctx, []task{x}, asyncio.WaitOptions{})
		return err == nil && is(x.Err())
	},
	"Wait for a failure": func(ctx context.Context, x, other task) bool {
		o := asyncio.WaitOptions{ReturnWhen: asyncio.FirstException}
		_, _, err := asyncio.Wait(ctx, []task{other, x}, o)
		return err == nil
	},
	"Race": func(ctx context.Context, x, other task) bool {
		_, err := asyncio.Race(ctx, other, x)
		return is(err)
	},
	"FirstSuccess": func(ctx context.Context, x, _ task) bool {
		_, err := asyncio.FirstSuccess(ctx, x)
		return is(err)
	},
	"AsCompleted": func(ctx context.Context, x, other task) (told bool) {
		for f := range asyncio.AsCompleted(ctx, []task{x, other}) {
			told = told || f == x && is(f.Err())
		}
		return told
	},
}

// awaiters are who may wait.
var awaiters = map[string]func(ctx context.Context, f func(ctx context.Context)) task{
	"task": func(ctx context.Context, f func(ctx context.Context)) task {
		return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { f(ctx); return nil }))
	},
	"Go task": func(ctx context.Context, f func(ctx context.Context)) task {
		return asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error { f(ctx); return nil }))
	},
	"Go task that may be left": func(ctx context.Context, f func(ctx context.Context)) task {
		return asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error { f(ctx); return nil }), asyncio.Abandon())
	},
}

// later calls f so many turns after this one, within the turn behind what is ready for it.
func later(l *asyncio.Loop, turns int, f func()) {
	if turns == 0 {
		f()
	} else {
		l.CallSoon(func() { later(l, turns-1, f) })
	}
}

// between has a task fail, and who waits for it cancelled so many turns later. It returns the
// task, when all that has been dealt with, and whether who waits was told of the error.
func between(t *testing.T, ctx context.Context, turns int, fail asyncio.Coroutine[asyncio.None],
	awaiter func(context.Context, func(context.Context)) task, wait func(ctx context.Context, x, other task) bool,
) (x task, told bool) {
	l := asyncio.RunningLoop(ctx)
	begin := asyncio.NewFuture[asyncio.None](ctx)
	var a task
	x = asyncio.CreateTask(ctx, func(ctx context.Context) (asyncio.None, error) {
		begin.Await(ctx)
		later(l, turns, func() { a.Cancel() })
		return fail(ctx)
	}, asyncio.WithName("x"))
	other := asyncio.CreateTask(ctx, testutil.Sleepy(time.Hour))
	ended := make(chan struct{})
	a = awaiter(ctx, func(ctx context.Context) {
		defer close(ended)
		told = wait(ctx, x, other)
	})
	settle(ctx) // a waits
	begin.SetResult(asyncio.None{})
	asyncio.Wait(ctx, []task{a}, asyncio.WaitOptions{})
	asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { testutil.Wait(t, ended); return nil }))
	other.Cancel()
	settle(ctx)
	return x, told
}

// settle lets all go on that can, on a virtual clock also Go tasks.
func settle(ctx context.Context) {
	for range 20 {
		asyncio.Sleep(ctx, 0)
	}
	asyncio.Sleep(ctx, time.Millisecond)
}

// eachMoment calls f for each way to wait, who waits, and turn in which that is cancelled. f
// returns whether who waits was told of the error; in one turn at least it is not.
func eachMoment(t *testing.T, f func(t *testing.T, turns int, awaiter func(context.Context, func(context.Context)) task,
	wait func(ctx context.Context, x, other task) bool) (told bool),
) {
	for who, awaiter := range awaiters {
		for how, wait := range waits {
			t.Run(who+"/"+how, func(t *testing.T) {
				missed := 0
				for turns := range 5 {
					if !f(t, turns, awaiter, wait) {
						missed++
					}
				}
				if missed == 0 {
					t.Error("was told of the error whenever it was cancelled")
				}
			})
		}
	}
}

func TestErrorThatACancelledAwaiterIsNotToldOfIsHeard(t *testing.T) {
	eachMoment(t, func(t *testing.T, turns int, awaiter func(context.Context, func(context.Context)) task,
		wait func(ctx context.Context, x, other task) bool,
	) (told bool) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			_, told = between(t, ctx, turns, testutil.Fail(testutil.ErrTest), awaiter, wait)
			return nil
		})
		if told {
			r.Expect(t)
		} else {
			r.Expect(t, "x … error was never retrieved … test error")
		}
		return told
	})
}

func TestErrorThatACancelledAwaiterIsNotToldOfMayStillBeAskedFor(t *testing.T) {
	eachMoment(t, func(t *testing.T, turns int, awaiter func(context.Context, func(context.Context)) task,
		wait func(ctx context.Context, x, other task) bool,
	) (told bool) {
		testutil.PlainRun(t, func(ctx context.Context) error {
			var x task
			x, told = between(t, ctx, turns, testutil.Fail(testutil.ErrTest), awaiter, wait)
			testutil.ExpectIs(t, "Err", x.Err(), testutil.ErrTest)
			return nil
		})
		return told
	})
}

func TestPanicThatACancelledAwaiterIsNotToldOfIsHeardAtOnce(t *testing.T) {
	explodes := asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) })
	eachMoment(t, func(t *testing.T, turns int, awaiter func(context.Context, func(context.Context)) task,
		wait func(ctx context.Context, x, other task) bool,
	) (told bool) {
		var r testutil.Reports
		testutil.Within(t, func() {
			asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				var x task
				x, told = between(t, ctx, turns, explodes, awaiter, wait)
				want := 1
				if told {
					want = 0
				}
				if r.Len() != want {
					t.Errorf("%d turns later: heard %d times, want %d", turns, r.Len(), want)
				}
				_ = x.Err()
				return nil
			}), asyncio.WithVirtualClock(), r.Option())
		})
		if !told {
			r.Expect(t, "x … panicked and nobody awaits it … test error")
		}
		return told
	})
}

// Who else waits is told, so there is nothing to report, also of a panic.
func TestErrorThatOneOfTwoAwaitersIsToldOfIsNotReported(t *testing.T) {
	explodes := asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) })
	for how, second := range waits {
		for _, first := range []bool{false, true} { // which is not cancelled
			t.Run(fmt.Sprint(how, "/", first), func(t *testing.T) {
				testutil.PlainRun(t, func(ctx context.Context) error {
					told := false
					both := func(ctx context.Context, x, other task) bool {
						b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							told = second(ctx, x, other)
							return nil
						}))
						if first {
							asyncio.Sleep(ctx, 0)
						}
						x.Await(ctx)
						_, err := b.Await(context.WithoutCancel(ctx))
						return err == nil
					}
					between(t, ctx, 1, explodes, awaiters["task"], both)
					if !told {
						t.Error("the other was not told")
					}
					return nil
				})
			})
		}
	}
}

// With time the others are heard of too, while somebody keeps the task, or when it is gone.
func TestErrorThatACancelledAwaiterIsNotToldOfIsHeardInTime(t *testing.T) {
	for _, how := range []string{"Await", "Gather", "Shield", "Wait for a failure", "AsCompleted"} {
		turns := 2
		if how == "Await" {
			turns = 1
		}
		t.Run("kept/"+how, func(t *testing.T) {
			t.Parallel()
			var r testutil.Reports
			told := make(chan struct{}, 10)
			var kept task
			testutil.Within(t, func() {
				_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
					kept, _ = between(t, ctx, turns, testutil.Fail(testutil.ErrTest), awaiters["task"], waits[how])
					_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
						testutil.Wait(t, told)
						return nil
					}))
					return err
				}), asyncio.WithUnheardAfter(time.Millisecond), asyncio.WithExceptionHandler(
					func(l *asyncio.Loop, c asyncio.ExceptionContext) {
						r.Add(l, c)
						told <- struct{}{}
					}))
				if err != nil {
					t.Error(err)
				}
			})
			r.Expect(t, "x … has failed … ago and nobody has asked")
			runtime.KeepAlive(kept)
		})
		t.Run("dropped/"+how, func(t *testing.T) {
			var r testutil.Reports
			testutil.Succeed(t, func(ctx context.Context) error {
				func() { between(t, ctx, turns, testutil.Fail(testutil.ErrTest), awaiters["task"], waits[how]) }()
				testutil.Until(t, "it is collected", func() bool {
					runtime.GC()
					asyncio.Sleep(ctx, 0)
					return r.Len() > 0
				})
				return nil
			}, r.Option())
			r.Expect(t, "x … never retrieved")
		})
	}
}

// A future is as a task, and so is one of two that a request has come to on its way.
func TestRequestOnItsWayHasNotAskedForAnError(t *testing.T) {
	for how, wait := range map[string]func(ctx context.Context, x, other *asyncio.Future[int]) error{
		"Await": func(ctx context.Context, x, _ *asyncio.Future[int]) error { _, err := x.Await(ctx); return err },
		"Gather": func(ctx context.Context, x, other *asyncio.Future[int]) error {
			_, err := asyncio.GatherAll(ctx, x, other)
			return err
		},
		"Go task": func(ctx context.Context, x, _ *asyncio.Future[int]) error {
			_, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) { return x.Await(ctx) })
			return err
		},
	} {
		t.Run(how, func(t *testing.T) {
			testutil.RunReporting(t, func(ctx context.Context) error {
				x, other := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return wait(ctx, x, other) }))
				asyncio.Sleep(ctx, time.Second)
				x.SetErr(testutil.ErrTest)
				a.Cancel()
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
				asyncio.Sleep(ctx, time.Second)
				return nil
			}).Expect(t, "future … never retrieved … test error")
		})
	}
}

// What else Gather and Race have waited for, and the caller of which is not told.
func TestErrorsOfTheOthersAreHeard(t *testing.T) {
	fails := func(ctx context.Context, d time.Duration) task {
		return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			asyncio.Sleep(ctx, d)
			return testutil.ErrTest
		}), asyncio.WithName(fmt.Sprint("x", d)))
	}
	t.Run("of a Gather that was told of one, as seen", func(t *testing.T) {
		testutil.PlainRun(t, func(ctx context.Context) error {
			_, err := asyncio.Gather(ctx, fails(ctx, 1), fails(ctx, 1), fails(ctx, 2))
			testutil.ExpectIs(t, "Gather", err, testutil.ErrTest)
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("of a Gather that was told of none", func(t *testing.T) {
		testutil.RunReporting(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			var a task
			a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				l.CallLater(1, func() { later(l, 3, func() { a.Cancel() }) })
				_, err := asyncio.Gather(ctx, fails(ctx, 1), fails(ctx, 1), fails(ctx, 2))
				return err
			}))
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Gather", err, asyncio.ErrCancelled)
			return asyncio.Sleep(ctx, time.Second)
		}).Expect(t, "x1ns … never", "x1ns … never", "x2ns … never")
	})
	t.Run("of a GatherAll, as its answers to the cancellation", func(t *testing.T) {
		testutil.RunReporting(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.GatherAll(ctx, fails(ctx, time.Hour))
				return err
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "GatherAll", err, asyncio.ErrCancelled)
			return nil
		}).Expect(t, "x1h0m0s … never")
	})
	t.Run("of a Race, a panic at once", func(t *testing.T) {
		var r testutil.Reports
		testutil.Succeed(t, func(ctx context.Context) error {
			loser := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				testutil.Forever(ctx)
				panic(testutil.ErrTest)
			}))
			_, err := asyncio.Race(ctx, asyncio.CreateTask(ctx, testutil.Noop), loser)
			asyncio.Sleep(ctx, time.Second)
			if r.Len() != 1 {
				t.Errorf("heard %d times", r.Len())
			}
			_ = loser.Err()
			return err
		}, r.Option())
		r.Expect(t, "panicked and nobody awaits it")
	})
}

// While it waits for its place among WithMaxThreads, a Go task is not told yet.
func TestErrorThatAGoTaskGoesOnWithLaterIsHeard(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		t.Run(fmt.Sprint("cancelled ", cancel), func(t *testing.T) {
			r := testutil.RunReporting(t, func(ctx context.Context) error {
				f := asyncio.NewFuture[int](ctx)
				ended := make(chan error, 1)
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := f.Await(ctx)
					ended <- err
					return nil
				}), asyncio.Abandon())
				asyncio.Sleep(ctx, time.Second) // a awaits, and has no place
				working, release := asyncio.NewFuture[asyncio.None](ctx), make(chan struct{})
				b := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(asyncio.None{})
					<-release
					return nil
				}))
				working.Await(ctx)
				f.SetErr(testutil.ErrTest)
				asyncio.Sleep(ctx, 0) // a is to go on, when b ends
				asyncio.Sleep(ctx, 0)
				if cancel {
					a.Cancel()
				}
				close(release)
				asyncio.Wait(ctx, []task{a, b}, asyncio.WaitOptions{})
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
					if err := <-ended; is(err) == cancel {
						t.Errorf("told %v", err)
					}
					return nil
				}))
				return err
			}, asyncio.WithMaxThreads(1))
			if cancel {
				r.Expect(t, "future … never retrieved")
			} else {
				r.Expect(t)
			}
		})
	}
}

// A goroutine whose ctx ends together with what it awaits is told of one of the two.
func TestErrorThatAGoroutineIsNotToldOfIsHeard(t *testing.T) {
	for range testutil.Scaled(200) {
		told := false
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			x := asyncio.NewFuture[int](ctx)
			here, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, err := x.Await(here)
					told = is(err)
				}()
				go cancel()
				x.SetErr(testutil.ErrTest)
				testutil.Wait(t, done)
				return nil
			}))
			return err
		})
		if told {
			r.Expect(t)
		} else {
			r.Expect(t, "future … never retrieved … test error")
		}
	}
}

func TestErrorOfAnotherLoopThatACancelledAwaiterIsNotToldOfIsHeard(t *testing.T) {
	for _, fail := range []asyncio.Coroutine[asyncio.None]{
		testutil.Fail(testutil.ErrTest),
		asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) }),
	} {
		var there testutil.Reports
		begin, failed, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
		xs := make(chan task, 1)
		go testutil.Within(t, func() {
			defer close(over)
			asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				x := asyncio.CreateTask(ctx, func(ctx context.Context) (asyncio.None, error) {
					asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { <-begin; return nil }))
					asyncio.RunningLoop(ctx).CallSoon(func() { close(failed) })
					return fail(ctx)
				}, asyncio.WithName("x"))
				xs <- x
				asyncio.Wait(ctx, []task{x}, asyncio.WaitOptions{})
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), there.Option())
		})
		x := <-xs
		testutil.PlainRun(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := x.Await(ctx)
				return err
			}))
			asyncio.Sleep(ctx, time.Second)
			close(begin)
			testutil.Wait(t, failed) // this loop has been told, and has not got to it
			a.Cancel()
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
			_, err = asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { testutil.Wait(t, over); return nil }))
			return err
		})
		there.Expect(t, "x … test error")
	}
}

// A group that its own task does not come to the end of has told nobody.
func TestErrorInAGroupThatIsUnwoundIsHeard(t *testing.T) {
	var r testutil.Reports
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), r.Option())
	asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest), asyncio.WithName("x"))
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				testutil.Forever(ctx) // the cancellation by the group
				return testutil.Forever(ctx)
			}))
			return nil
		})
	}))
	l.CallLater(time.Second, l.Stop)
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r.Expect(t, "destroyed", "destroyed", "x … never retrieved … test error")
}

// listError is an error that cannot be compared.
type listError []string

func (e listError) Error() string { return strings.Join(e, ", ") }

func TestGatherOfAnErrorThatCannotBeCompared(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		_, err := asyncio.Gather(ctx, asyncio.CreateTask(ctx, testutil.Fail(listError{"a", "b"})))
		var got listError
		if !errors.As(err, &got) || !slices.Equal(got, listError{"a", "b"}) {
			t.Errorf("Gather: %v", err)
		}
		return nil
	})
}
