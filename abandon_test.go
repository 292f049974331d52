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
	"github.com/asyncio-go/asyncio/internal/coro"
)

func TestAbandonToThread(t *testing.T) {
	// Each ends while the function is blocked.
	for name, c := range map[string]struct {
		call func(ctx context.Context, f asyncio.Coroutine[int]) error
		want error
		took time.Duration
	}{
		"a Timeout around it ends it": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			return asyncio.Timeout(ctx, 100*time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
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
			cancel(errTest)
			_, err := asyncio.ToThread(ctx, f)
			return err
		}, errTest, 0},
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
				return errTest
			})
			return err
		}, errTest, time.Second},
		"WaitFor of a Go task with Abandon": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			_, err := asyncio.WaitFor(ctx, asyncio.Go(ctx, f, asyncio.Abandon()), time.Second)
			return err
		}, asyncio.ErrTimeout, time.Second},
		"a group with such a Go task": {func(ctx context.Context, f asyncio.Coroutine[int]) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.Go(tg, f, asyncio.Abandon())
				asyncio.Sleep(ctx, time.Second)
				return errTest
			})
		}, errTest, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			succeed(t, func(ctx context.Context) error {
				release := make(chan struct{})
				defer close(release)
				ended := make(chan error, 1)
				var began atomic.Bool
				err := took(ctx, t, c.took, func() error {
					return c.call(ctx, func(ctx context.Context) (int, error) {
						began.Store(true)
						<-ctx.Done()
						ended <- ctx.Err()
						<-release
						return 42, nil
					})
				})
				expectIs(t, "the error", err, c.want)
				if c.took == 0 {
					if began.Load() {
						t.Error("a function that was not to be called was")
					}
					return nil
				}
				expectIs(t, "the function's ctx", <-ended, context.Canceled)
				if all := asyncio.AllTasks(asyncio.RunningLoop(ctx)); len(all) != 1 {
					t.Errorf("AllTasks lists %v", all)
				}
				return nil
			})
		})
	}

	t.Run("gives what the function returns in time, refusal or not", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			v, err := asyncio.ToThread(ctx, func(context.Context) (int, error) { return 42, nil })
			if v != 42 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
			v, err = asyncio.Go(ctx, func(context.Context) (int, error) { return 42, errTest }, asyncio.Abandon()).Await(ctx)
			if v != 42 || !errors.Is(err, errTest) {
				t.Errorf("%v, %v", v, err)
			}
			_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { panic(errTest) })
			expectIs(t, "a panic", err, errTest)
			_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			expectIs(t, "Goexit", err, asyncio.ErrGoexit)
			return nil
		})
	})
	t.Run("in a callback it is not called", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.ToThread(ctx, func(context.Context) (int, error) {
					t.Error("called")
					return 0, nil
				})
				expectIs(t, "in a callback", err, asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("the function sees values and deadline", func(t *testing.T) {
		type key struct{}
		succeed(t, func(ctx context.Context) error {
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
		noLeaks(t)
		plainRun(t, func(main context.Context) error {
			over := asyncio.NewFuture[none](main)
			go func() {
				ctx, cancel := context.WithCancelCause(asyncio.RunningLoop(main).Context())
				began, release := make(chan struct{}), make(chan struct{})
				go func() {
					<-began
					cancel(errTest)
				}()
				_, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
					close(began)
					<-ctx.Done()
					<-release
					return 0, nil
				})
				expectIs(t, "the error", err, errTest)
				over.SetResult(none{})
				close(release)
			}()
			_, err := over.Await(main)
			return err
		})
	})
}

func TestAbandonIsNoTaskOfTheGroup(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		went := false
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(1)
			other := asyncio.CreateTask(tg, asyncio.Delay(time.Second, 1))
			_, err := asyncio.ToThread(tg, asyncio.Void(func(context.Context) error { return errTest }))
			expectIs(t, "ToThread", err, errTest)
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
		"an error is reported as late": {func(context.Context) (int, error) { return 1, errTest }, []string{late + "test error"}},
		"a panic is reported as late":  {func(context.Context) (int, error) { panic("oh") }, []string{late + "panic: oh"}},
		"so is a joined cancellation":  {func(ctx context.Context) (int, error) { return 1, errors.Join(ctx.Err(), errTest) }, []string{late + "test error"}},
		"and a circle of awaits ends": {func(ctx context.Context) (int, error) {
			return asyncio.CurrentTask(ctx).(*asyncio.Task[int]).Await(ctx)
		}, nil},
		"a group in it waits for nobody": {func(ctx context.Context) (int, error) {
			return 1, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error { // refuses
					_ = forever(ctx)
					return asyncio.Sleep(ctx, time.Second)
				}))
				return nil
			})
		}, nil},
		"nor does a Condition": {func(ctx context.Context) (int, error) {
			c := asyncio.NewCondition(nil)
			if !c.TryAcquire() {
				return 1, errTest
			}
			defer func() { _ = c.Release() }()
			return 1, c.Wait(ctx)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			var r reports
			succeed(t, func(ctx context.Context) error {
				a, release := left(ctx, c.end)
				expectState(t, "at once", a, "cancelled")
				release()
				asyncio.Sleep(ctx, time.Minute)
				expectState(t, "when the goroutine has returned", a, "cancelled")
				if v, err := a.Result(); v != 0 || !errors.Is(err, asyncio.ErrCancelled) {
					t.Errorf("result %v, %v", v, err)
				}
				return nil
			}, r.option())
			r.expect(t, c.want...)
		})
	}
}

func TestAbandonInAnAwait(t *testing.T) {
	var lock asyncio.Lock
	for name, wait := range map[string]func(ctx context.Context, child *asyncio.Task[none]) error{
		"a sleep":  func(ctx context.Context, _ *asyncio.Task[none]) error { return forever(ctx) },
		"a turn":   func(ctx context.Context, _ *asyncio.Task[none]) error { return asyncio.Sleep(ctx, 0) },
		"a lock":   func(ctx context.Context, _ *asyncio.Task[none]) error { return lock.Acquire(ctx) },
		"a task":   func(ctx context.Context, c *asyncio.Task[none]) error { _, err := c.Await(ctx); return err },
		"a gather": func(ctx context.Context, c *asyncio.Task[none]) error { _, err := asyncio.Gather(ctx, c); return err },
		"a scope's wait": func(ctx context.Context, _ *asyncio.Task[none]) error {
			s, _ := asyncio.WithCancel(ctx)
			return forever(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			succeed(t, func(ctx context.Context) error {
				lock = asyncio.Lock{}
				if err := lock.Acquire(ctx); err != nil {
					return err
				}
				child := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = forever(ctx)
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
				expectState(t, "the task", a, "cancelled")
				if err := lock.Release(); err != nil {
					return err
				}
				if err := took(ctx, t, 0, func() error { return lock.Acquire(ctx) }); err != nil {
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
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			_, release := left(ctx, func(context.Context) (int, error) { return 0, nil })
			next := asyncio.Go(ctx, noop)
			never := asyncio.Go(ctx, func(context.Context) (int, error) {
				t.Error("one that was cancelled in the queue ran")
				return 0, nil
			}, asyncio.Abandon())
			asyncio.Sleep(ctx, time.Hour)
			expectState(t, "the next", next, "pending")
			never.Cancel()
			_ = took(ctx, t, 0, func() error { _, err := never.Await(ctx); return err })
			expectState(t, "one in the queue", never, "cancelled")
			release()
			_, err := next.Await(ctx)
			return err
		}, asyncio.WithMaxThreads(1))
	})
	t.Run("and one that waits gets one to go on with", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			told := make(chan error, 1)
			for _, ready := range []bool{false, true} {
				f := asyncio.NewFuture[none](ctx)
				waits := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
					_, err := f.Await(ctx)
					told <- err
					return 0, nil
				}, asyncio.Abandon())
				asyncio.Sleep(ctx, time.Second)
				_, release := left(ctx, func(context.Context) (int, error) { return 0, nil })
				if ready {
					f.SetResult(none{})
					asyncio.Sleep(ctx, 0)
					asyncio.Sleep(ctx, 0) // it is in the queue for a place
				}
				waits.Cancel()
				expectState(t, "at once", waits, "cancelled")
				asyncio.Sleep(ctx, time.Second)
				if len(told) != 0 {
					t.Error("it went on without a place")
				}
				release()
				asyncio.Sleep(ctx, time.Second)
				expectIs(t, "its await", <-told, asyncio.ErrCancelled)
			}
			return nil
		}, asyncio.WithMaxThreads(1))
	})
}

func TestAbandonAtClose(t *testing.T) {
	noLeaks(t)
	var r reports
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithMaxThreads(1), r.option())
	block, began, told := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	a := asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		close(began)
		<-block
		told <- asyncio.Sleep(ctx, time.Hour)
		return 0, nil
	}, asyncio.Abandon(), asyncio.WithName("left"))
	b := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		elsewhere(func() { <-began })
		a.Cancel()
		return nil
	}))
	if err := l.RunUntilComplete(b); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r.expect(t, "goroutine is left running … left")
	close(block)
	expectIs(t, "an await on the closed loop", <-told, asyncio.ErrCancelled)
}

func TestAbandonMany(t *testing.T) {
	noLeaks(t)
	n := 10_000
	if raceEnabled || coro.Portable("id") {
		n = 1000
	}
	plainRun(t, func(ctx context.Context) error {
		release := make(chan struct{})
		begun := asyncio.NewFuture[none](ctx)
		var left atomic.Int32
		left.Store(int32(n))
		var tasks []*asyncio.Task[int]
		for range n {
			tasks = append(tasks, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				return asyncio.ToThread(ctx, func(context.Context) (int, error) {
					if left.Add(-1) == 0 {
						begun.SetResult(none{})
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
	succeed(t, func(ctx context.Context) error {
		expectPanic(t, func() { asyncio.CreateTask(ctx, noop, asyncio.Abandon()) }, "option of Go")
		return nil
	})
}
