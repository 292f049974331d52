package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/coro"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestAbandonToThread(t *testing.T) {
	// Each ends while the function is blocked.
	for name, c := range map[string]struct {
		call func(ctx context.Context, f asyncio.Coroutine[int]) error
		want error
		took time.Duration
	}{
		"a Timeout around it ends it": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			return asyncio.Timeout(ctx, 100*time.Millisecond, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, f)
				return err
			})
		}, asyncio.ErrTimeout, 100 * time.Millisecond},
		"WaitFor of a task that awaits it ends it": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				return asyncio.ToThread(ctx, f)
			}), time.Second)
			return err
		}, asyncio.ErrTimeout, time.Second},
		"a scope that ends interrupts it": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			ctx, cancel := asyncio.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := asyncio.ToThread(ctx, f)
			return err
		}, asyncio.ErrTimeout, time.Minute},
		"a scope that has ended": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(testutil.ErrTest)
			_, err := asyncio.ToThread(ctx, f)
			return err
		}, testutil.ErrTest, 0},
		"its task is cancelled": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			a := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) { return asyncio.ToThread(ctx, f) })
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("enough")
			_, err := a.Await(ctx)
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "enough" {
				return fmt.Errorf("got %w", err)
			}
			return err
		}, asyncio.ErrCancelled, time.Second},
		"in a Go task that is cancelled": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			a := asyncio.Go(ctx, func(ctx context.Context) (int, error) { return asyncio.ToThread(ctx, f) })
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			_, err := a.Await(ctx)
			return err
		}, asyncio.ErrCancelled, time.Second},
		"in a group that is cancelled": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, func(ctx context.Context) (int, error) { return asyncio.ToThread(ctx, f) })
				asyncio.Sleep(ctx, time.Second)
				return testutil.ErrTest
			})
			return err
		}, testutil.ErrTest, time.Second},
		"WaitFor of a Go task with Abandon": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			_, err := asyncio.WaitFor(ctx, asyncio.Go(ctx, f, asyncio.Abandon()), time.Second)
			return err
		}, asyncio.ErrTimeout, time.Second},
		"a group with such a Go task": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.Go(tg, f, asyncio.Abandon())
				asyncio.Sleep(ctx, time.Second)
				return testutil.ErrTest
			})
		}, testutil.ErrTest, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Succeed(t, func(ctx context.Context) error {
				release := make(chan struct{})
				defer close(release)
				ended := make(chan error, 1)
				var began atomic.Bool
				err := testutil.Took(ctx, t, c.took, func() error {
					return c.call(ctx, func(ctx context.Context) (int, error) {
						began.Store(true)
						<-ctx.Done()
						ended <- ctx.Err()
						<-release
						return 42, nil
					})
				})
				testutil.ExpectIs(t, "the error", err, c.want)
				if c.took == 0 {
					if began.Load() {
						t.Error("a function that was not to be called was")
					}
					return nil
				}
				testutil.ExpectIs(t, "the function's ctx", <-ended, context.Canceled)
				if all := asyncio.AllTasks(asyncio.RunningLoop(ctx)); len(all) != 1 {
					t.Errorf("AllTasks lists %v", all)
				}
				return nil
			})
		})
	}

	t.Run("gives what the function returns in time, refusal or not", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v, err := asyncio.ToThread(ctx, func(context.Context) (int, error) { return 42, nil })
			if v != 42 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
			v, err = asyncio.Go(ctx, func(context.Context) (int, error) { return 42, testutil.ErrTest }, asyncio.Abandon()).Await(ctx)
			if v != 42 || !errors.Is(err, testutil.ErrTest) {
				t.Errorf("%v, %v", v, err)
			}
			_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { panic(testutil.ErrTest) })
			testutil.ExpectIs(t, "a panic", err, testutil.ErrTest)
			_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			testutil.ExpectIs(t, "Goexit", err, asyncio.ErrGoexit)
			return nil
		})
	})
	t.Run("in a callback it is not called", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.ToThread(ctx, func(context.Context) (int, error) {
					t.Error("called")
					return 0, nil
				})
				testutil.ExpectIs(t, "in a callback", err, asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("the function sees values and deadline", func(t *testing.T) {
		type key struct{}
		testutil.Succeed(t, func(ctx context.Context) error {
			ctx, cancel := asyncio.WithTimeout(context.WithValue(ctx, key{}, "v"), time.Hour)
			defer cancel()
			want, _ := ctx.Deadline()
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
				if d, ok := ctx.Deadline(); !ok || !d.Equal(want) {
					t.Errorf("deadline %v %v, want %v", d, ok, want)
				}
				if v := ctx.Value(key{}); v != "v" {
					t.Errorf("value %v", v)
				}
				return nil
			}))
			return err
		})
	})
	t.Run("in a goroutine that is no task", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.PlainRun(t, func(main context.Context) error {
			over := asyncio.NewFuture[asyncio.None](main)
			go func() {
				ctx, cancel := context.WithCancelCause(asyncio.RunningLoop(main).Context())
				began, release := make(chan struct{}), make(chan struct{})
				go func() {
					<-began
					cancel(testutil.ErrTest)
				}()
				_, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
					close(began)
					<-ctx.Done()
					<-release
					return 0, nil
				})
				testutil.ExpectIs(t, "the error", err, testutil.ErrTest)
				over.SetResult(asyncio.None{})
				close(release)
			}()
			_, err := over.Await(main)
			return err
		})
	})
}

func TestAbandonIsNoTaskOfTheGroup(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		went := false
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(1)
			other := asyncio.CreateTask(tg, asyncio.Delay(time.Second, 1))
			_, err := asyncio.ToThread(tg, asyncio.Void(func(context.Context) error { return testutil.ErrTest }))
			testutil.ExpectIs(t, "ToThread", err, testutil.ErrTest)
			if err := asyncio.Sleep(tg, time.Minute); err != nil {
				t.Errorf("the body was told: %v", err)
			}
			went = true
			_, err = other.Await(tg)
			return err
		})
		if !went {
			t.Error("the body did not go on")
		}
		return err
	})
}

// left makes a Go task that is left at work, and ends with what end returns.
func left(ctx context.Context, end func(ctx context.Context) (int, error), opts ...asyncio.TaskOption) (a *asyncio.Task[int], release func()) {
	block, began := make(chan struct{}), make(chan struct{})
	a = asyncio.Go(ctx, func(ctx context.Context) (int, error) {
		close(began)
		<-block
		return end(ctx)
	}, append(opts, asyncio.Abandon(), asyncio.WithName("left"))...)
	asyncio.Sleep(ctx, 0)
	<-began
	a.Cancel()
	return a, func() { close(block) }
}

func TestAbandonLateEnds(t *testing.T) {
	const late = "left … after it was cancelled and left to itself … left … "
	for name, c := range map[string]struct {
		end  func(ctx context.Context) (int, error)
		want []string
	}{
		"a value is dropped":           {func(context.Context) (int, error) { return 42, nil }, nil},
		"a cancellation is as it is":   {func(ctx context.Context) (int, error) { return 1, asyncio.Sleep(ctx, 0) }, nil},
		"so is that of its ctx":        {func(ctx context.Context) (int, error) { return 1, fmt.Errorf("read: %w", ctx.Err()) }, nil},
		"so is Goexit":                 {func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, nil},
		"an error is reported as late": {func(context.Context) (int, error) { return 1, testutil.ErrTest }, []string{late + "test error"}},
		"a panic is reported as late":  {func(context.Context) (int, error) { panic("oh") }, []string{late + "panic: oh"}},
		"so is a joined cancellation":  {func(ctx context.Context) (int, error) { return 1, errors.Join(ctx.Err(), testutil.ErrTest) }, []string{late + "test error"}},
		"and a circle of awaits ends": {func(ctx context.Context) (int, error) {
			return asyncio.CurrentTask(ctx).(*asyncio.Task[int]).Await(ctx)
		}, nil},
		"a group in it waits for nobody": {func(ctx context.Context) (int, error) {
			return 1, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error { // refuses
					_ = testutil.Forever(ctx)
					return asyncio.Sleep(ctx, time.Second)
				}))
				return nil
			})
		}, nil},
		"nor does a Condition": {func(ctx context.Context) (int, error) {
			c := asyncio.NewCondition(nil)
			if !c.TryAcquire() {
				return 1, testutil.ErrTest
			}
			defer func() { _ = c.Release() }()
			return 1, c.Wait(ctx)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			var r testutil.Reports
			testutil.Succeed(t, func(ctx context.Context) error {
				a, release := left(ctx, c.end)
				testutil.ExpectState(t, "at once", a, "cancelled")
				release()
				asyncio.Sleep(ctx, time.Minute)
				testutil.ExpectState(t, "when the goroutine has returned", a, "cancelled")
				if v, err := a.Result(); v != 0 || !errors.Is(err, asyncio.ErrCancelled) {
					t.Errorf("result %v, %v", v, err)
				}
				return nil
			}, r.Option())
			r.Expect(t, c.want...)
		})
	}
}

func TestAbandonInAnAwait(t *testing.T) {
	var lock asyncio.Lock
	for name, wait := range map[string]func(ctx context.Context, child *asyncio.Task[asyncio.None]) error{
		"a sleep": func(ctx context.Context, _ *asyncio.Task[asyncio.None]) error { return testutil.Forever(ctx) },
		"a turn":  func(ctx context.Context, _ *asyncio.Task[asyncio.None]) error { return asyncio.Sleep(ctx, 0) },
		"a lock":  func(ctx context.Context, _ *asyncio.Task[asyncio.None]) error { return lock.Acquire(ctx) },
		"a task":  func(ctx context.Context, c *asyncio.Task[asyncio.None]) error { _, err := c.Await(ctx); return err },
		"a gather": func(ctx context.Context, c *asyncio.Task[asyncio.None]) error {
			_, err := asyncio.Gather(ctx, c)
			return err
		},
		"a scope's wait": func(ctx context.Context, _ *asyncio.Task[asyncio.None]) error {
			s, _ := asyncio.WithCancel(ctx)
			return testutil.Forever(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Succeed(t, func(ctx context.Context) error {
				lock = asyncio.Lock{}
				if err := lock.Acquire(ctx); err != nil {
					return err
				}
				child := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = testutil.Forever(ctx)
					return asyncio.Sleep(ctx, time.Hour) // not waited for
				}))
				asyncio.Sleep(ctx, 0)
				got := make(chan error, 3)
				a := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					got <- wait(ctx, child)
					got <- asyncio.Sleep(ctx, time.Hour)
					_, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
						<-ctx.Done() // what is done would have its value
						return 0, nil
					})
					got <- err
					return 0, nil
				}, asyncio.Abandon())
				if name == "a turn" {
					// Cancelled while its next step is in the ready queue.
					for !a.Done() {
						a.Cancel("now")
						asyncio.Sleep(ctx, 0)
					}
					close(got)
					for range got { // it may have begun, or not
					}
				} else {
					asyncio.Sleep(ctx, time.Second)
					a.Cancel("now")
					asyncio.Sleep(ctx, time.Second) // the goroutine comes to its end meanwhile
					for i := range 3 {
						var c *asyncio.CancelledError
						if err := <-got; !errors.As(err, &c) || c.Message != "now" {
							t.Errorf("await %d of the goroutine: %v", i, err)
						}
					}
				}
				testutil.ExpectState(t, "the task", a, "cancelled")
				if err := lock.Release(); err != nil {
					return err
				}
				if err := testutil.Took(ctx, t, 0, func() error { return lock.Acquire(ctx) }); err != nil {
					return err // nobody swallows the wake-up
				}
				child.Cancel()
				_, _ = child.Await(ctx)
				return nil
			})
		})
	}
}

func TestAbandonWithMaxThreads(t *testing.T) {
	t.Run("one that is left keeps its place until it returns", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			_, release := left(ctx, func(context.Context) (int, error) { return 0, nil })
			next := asyncio.Go(ctx, testutil.Noop)
			never := asyncio.Go(ctx, func(context.Context) (int, error) {
				t.Error("one that was cancelled in the queue ran")
				return 0, nil
			}, asyncio.Abandon())
			asyncio.Sleep(ctx, time.Hour)
			testutil.ExpectState(t, "the next", next, "pending")
			never.Cancel()
			_ = testutil.Took(ctx, t, 0, func() error { _, err := never.Await(ctx); return err })
			testutil.ExpectState(t, "one in the queue", never, "cancelled")
			release()
			_, err := next.Await(ctx)
			return err
		}, asyncio.WithMaxThreads(1))
	})
	t.Run("and one that waits gets one to go on with", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			told := make(chan error, 1)
			for _, ready := range []bool{false, true} {
				f := asyncio.NewFuture[asyncio.None](ctx)
				waits := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					_, err := f.Await(ctx)
					told <- err
					return 0, nil
				}, asyncio.Abandon())
				asyncio.Sleep(ctx, time.Second)
				_, release := left(ctx, func(context.Context) (int, error) { return 0, nil })
				if ready {
					f.SetResult(asyncio.None{})
					asyncio.Sleep(ctx, 0)
					asyncio.Sleep(ctx, 0) // it is in the queue for a place
				}
				waits.Cancel()
				testutil.ExpectState(t, "at once", waits, "cancelled")
				asyncio.Sleep(ctx, time.Second)
				if len(told) != 0 {
					t.Error("it went on without a place")
				}
				release()
				asyncio.Sleep(ctx, time.Second)
				testutil.ExpectIs(t, "its await", <-told, asyncio.ErrCancelled)
			}
			return nil
		}, asyncio.WithMaxThreads(1))
	})
}

func TestAbandonAtClose(t *testing.T) {
	testutil.NoLeaks(t)
	var r testutil.Reports
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithMaxThreads(1), r.Option())
	block, began, told := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	a := asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		close(began)
		<-block
		told <- asyncio.Sleep(ctx, time.Hour)
		return 0, nil
	}, asyncio.Abandon(), asyncio.WithName("left"))
	b := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		testutil.Elsewhere(func() { <-began })
		a.Cancel()
		return nil
	}))
	if err := l.RunUntilComplete(b); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r.Expect(t, "goroutine is left running … left")
	close(block)
	testutil.ExpectIs(t, "an await on the closed loop", <-told, asyncio.ErrCancelled)
}

func TestAbandonMany(t *testing.T) {
	testutil.NoLeaks(t)
	n := 10_000
	if testutil.RaceEnabled || coro.Portable("id") {
		n = 1000
	}
	testutil.PlainRun(t, func(ctx context.Context) error {
		release := make(chan struct{})
		begun := asyncio.NewFuture[asyncio.None](ctx)
		var left atomic.Int32
		left.Store(int32(n))
		var tasks []*asyncio.Task[int]
		for range n {
			tasks = append(tasks, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				return asyncio.ToThread(ctx, func(context.Context) (int, error) {
					if left.Add(-1) == 0 {
						begun.SetResult(asyncio.None{})
					}
					<-release
					return 0, nil
				})
			}))
		}
		begun.Await(ctx)
		for _, a := range tasks {
			a.Cancel()
		}
		all, err := asyncio.GatherAll(ctx, tasks...)
		for _, o := range all {
			if !errors.Is(o.Err, asyncio.ErrCancelled) {
				t.Errorf("got %v", o)
				break
			}
		}
		close(release)
		return err
	})
}

func TestAbandonOfALoopTaskPanics(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		testutil.ExpectPanic(t, func() { asyncio.CreateTask(ctx, testutil.Noop, asyncio.Abandon()) }, "option of Go")
		return nil
	})
}

func TestMaxThreads(t *testing.T) {
	t.Run("never more at work, and as many", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var working atomic.Int32
			both := make(chan struct{})
			var tasks []*asyncio.Task[asyncio.None]
			for range 20 {
				tasks = append(tasks, asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					for range 3 {
						switch n := working.Add(1); {
						case n > 2:
							t.Errorf("%d at work", n)
						case n == 2:
							select {
							case <-both:
							default:
								close(both)
							}
						}
						<-both // two must come to be at work at one time
						for range 10 {
							runtime.Gosched()
						}
						working.Add(-1)
						if err := asyncio.Sleep(ctx, time.Second); err != nil {
							return err
						}
					}
					return nil
				})))
			}
			for _, a := range tasks {
				if _, err := a.Await(ctx); err != nil {
					return err
				}
			}
			return nil
		}, asyncio.WithMaxThreads(2))
	})
	t.Run("places go round in order", func(t *testing.T) {
		var j asynciotest.Trace
		testutil.Succeed(t, func(ctx context.Context) error {
			for i := range 4 {
				asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					j.Add("%d starts", i)
					err := asyncio.Sleep(ctx, time.Second)
					j.Add("%d wakes", i)
					return err
				}))
			}
			return asyncio.Sleep(ctx, time.Minute)
		}, asyncio.WithMaxThreads(1))
		j.Expect(t, "0 starts", "1 starts", "2 starts", "3 starts",
			"0 wakes", "1 wakes", "2 wakes", "3 wakes")
	})
	t.Run("nested under a bound of one", func(t *testing.T) {
		var nested func(n int) asyncio.Coroutine[int]
		nested = func(n int) asyncio.Coroutine[int] {
			return func(ctx context.Context) (int, error) {
				if n == 0 {
					return 0, nil
				}
				v, err := asyncio.ToThread(ctx, nested(n-1))
				return v + 1, err
			}
		}
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				v, err := asyncio.ToThread(ctx, nested(10))
				if v != 10 {
					t.Errorf("%d", v)
				}
				return err
			}, asyncio.WithMaxThreads(1))
		})
	})
	t.Run("nested with the context of the task outside", func(t *testing.T) {
		// A closure that uses its surroundings' ctx is an easy mistake; it must
		// not hang.
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, func(context.Context) (int, error) {
					return asyncio.ToThread(ctx, func(context.Context) (int, error) { return 1, nil })
				})
				return err
			}, asyncio.WithMaxThreads(1))
		})
	})

	// blocked has a Go task hold the only place while f runs.
	blocked := func(t *testing.T, f func(ctx context.Context), after func(ctx context.Context)) {
		t.Helper()
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				working, release := asyncio.NewFuture[asyncio.None](ctx), make(chan struct{})
				a := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(asyncio.None{})
					<-release
					return nil
				}))
				working.Await(ctx)
				f(ctx)
				close(release)
				_, err := a.Await(ctx)
				after(ctx)
				return err
			}, asyncio.WithMaxThreads(1))
		})
	}
	t.Run("cancelled in the queue it never runs", func(t *testing.T) {
		var queued *asyncio.Task[asyncio.None]
		blocked(t, func(ctx context.Context) {
			queued = asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			asyncio.Sleep(ctx, 0) // now it is in the queue
			queued.Cancel()
			queued.Await(ctx) // and need not wait for a place
			testutil.ExpectState(t, "the task", queued, "cancelled")
		}, func(ctx context.Context) { asyncio.Sleep(ctx, 0) })
	})
	t.Run("cancelled in the queue and taken back", func(t *testing.T) {
		ran := 0
		var queued *asyncio.Task[asyncio.None]
		blocked(t, func(ctx context.Context) {
			queued = asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
				ran++
				return nil
			}))
			asyncio.Sleep(ctx, 0)
			queued.Cancel()
			queued.Uncancel()
			asyncio.Sleep(ctx, 0)
		}, func(ctx context.Context) {
			queued.Await(ctx)
			testutil.ExpectState(t, "the task", queued, "succeeded")
			if ran != 1 {
				t.Errorf("ran %d times", ran)
			}
			// The place is free again, and only one.
			if _, err := asyncio.ToThread(ctx, testutil.Noop); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("cancelled while its wake-up waits for a place", func(t *testing.T) {
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				f := asyncio.NewFuture[int](ctx)
				var first, second error
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, first = f.Await(ctx)
					second = asyncio.Sleep(ctx, time.Second)
					return second
				}))
				asyncio.Sleep(ctx, time.Second) // a awaits, and has no place
				working, release := asyncio.NewFuture[asyncio.None](ctx), make(chan struct{})
				b := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(asyncio.None{})
					<-release
					return nil
				}))
				working.Await(ctx)
				f.SetResult(1)
				asyncio.Sleep(ctx, 0) // a is to go on, when b ends
				asyncio.Sleep(ctx, 0)
				a.Cancel()
				close(release)
				b.Await(ctx)
				a.Await(ctx)
				testutil.ExpectState(t, "the task", a, "cancelled")
				if (first == nil) == (second == nil) {
					t.Errorf("told %v and %v: not once", first, second)
				}
				return nil
			}, asyncio.WithMaxThreads(1))
		})
	})
}
