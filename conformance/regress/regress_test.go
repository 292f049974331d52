// Small programs that once went wrong, and fit no promise by name.
package regress_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// A scope ends with the context it was derived from, also if the request that has
// ended that was taken back before the loop heard of it.
func TestScopeEndsWithAContextWhoseRequestWasTakenBack(t *testing.T) {
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		scope, cancel := asyncio.WithCancel(ctx)
		defer cancel()
		self := asyncio.CurrentTask(ctx)
		back := make(chan struct{})
		go func() {
			defer close(back)
			self.Cancel()
			self.Uncancel()
		}()
		<-back // before the loop can take in the request
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			t.Errorf("a request that was taken back was delivered: %v", err)
		}
		if ctx.Err() == nil || scope.Err() == nil {
			t.Errorf("the context: %v, the scope: %v", ctx.Err(), scope.Err())
		}
		return nil
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
}

// selfishError panics when it is asked what it is.
type selfishError struct{}

func (selfishError) Error() string { return "selfish" }
func (selfishError) Unwrap() error { panic("do not ask") }

func TestErrorWhoseMethodsPanicIsAFailure(t *testing.T) {
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		f := asyncio.NewFuture[int](ctx)
		if err := f.SetErr(selfishError{}); err != nil || !f.Done() || f.Cancelled() {
			t.Errorf("%v, %v", err, f)
		}
		task := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 0, selfishError{} })
		if _, err := task.Await(ctx); err != (selfishError{}) || task.Cancelled() { //nolint:errorlint // it cannot be asked
			t.Errorf("%v, %v", err, task)
		}
		_ = f.Err()
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// The cause of a task's context is the first request, whether or not somebody had
// looked at the context before the second.
func TestCauseIsTheFirstRequest(t *testing.T) {
	for _, look := range []bool{false, true} {
		_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
			var inner context.Context
			task := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				inner = ctx
				return 0, asyncio.Sleep(ctx, time.Hour)
			})
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			if look {
				_ = inner.Done()
			}
			task.Cancel("first")
			task.Cancel("second")
			if got := context.Cause(inner).Error(); got != "asyncio: cancelled: first" {
				t.Errorf("looked before: %v: %s", look, got)
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A defer that panics on the way does not turn Goexit into something else.
func TestGoexitWithADeferThatPanicsExitsRun(t *testing.T) {
	exited := make(chan bool)
	go func() {
		returned := false
		defer func() { exited <- !returned }()
		_, _ = asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error {
			defer func() { panic("in a defer") }()
			runtime.Goexit()
			return nil
		}), asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
		returned = true
	}()
	if !<-exited {
		t.Error("Run returned")
	}
}

// TestConditionOfClosedLoop: a task that loses its loop while it waits in a Condition
// does not release a lock that another holds by then.
func TestConditionOfClosedLoop(t *testing.T) {
	for _, kind := range []string{"task", "Go task"} {
		t.Run(kind, func(t *testing.T) {
			create := asyncio.CreateTask[asyncio.None]
			if kind == "Go task" {
				create = asyncio.Go[asyncio.None]
			}
			cond := asyncio.NewCondition(nil)
			l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
			left := make(chan struct{})
			create(l.Context(), asyncio.Void(func(ctx context.Context) error {
				defer close(left)
				return cond.With(ctx, func() error { return cond.Wait(ctx) })
			}))
			looker := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				for cond.Locked() || cond.String() != "<Condition [unlocked, waiters:1]>" {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						return err
					}
				}
				return nil
			}))
			if err := l.RunUntilComplete(looker); err != nil {
				t.Fatal(err)
			}
			if !cond.TryAcquire() {
				t.Fatal("the lock is not free")
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			<-left
			if !cond.Locked() {
				t.Error("the lock was released for us")
			}
			if err := cond.Release(); err != nil {
				t.Error(err)
			}
			if cond.Locked() || cond.Release() == nil {
				t.Error("the lock is not free in the end")
			}
		})
	}
}

// TestGatherLeftByScope: a Gather that a scope has ended does not report later what
// its futures come to; whoever awaits those hears of it.
func TestGatherLeftByScope(t *testing.T) {
	gathers := map[string]func(ctx context.Context, f *asyncio.Future[int]) error{
		"Gather": func(ctx context.Context, f *asyncio.Future[int]) error {
			_, err := asyncio.Gather(ctx, f)
			return err
		},
		"GatherAll": func(ctx context.Context, f *asyncio.Future[int]) error {
			_, err := asyncio.GatherAll(ctx, f)
			return err
		},
	}
	for name, gather := range gathers {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error { // which expects no report
				f := asyncio.NewFuture[int](ctx)
				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				defer cancel()
				if err := gather(scope, f); !errors.Is(err, asyncio.ErrTimeout) {
					t.Errorf("%v, want a timeout", err)
				}
				boom := errors.New("boom")
				if err := f.SetErr(boom); err != nil {
					return err
				}
				if _, err := f.Await(ctx); !errors.Is(err, boom) {
					t.Errorf("%v, want boom", err)
				}
				return asyncio.Sleep(ctx, time.Second)
			})
		})
	}
}

// TestReleasesInOneStep: to wake many waiters one by one, in one step, looks at each
// once; this would not end if it looked at all of them for each.
func TestReleasesInOneStep(t *testing.T) {
	many := testutil.Scaled(300_000)
	testutil.Succeed(t, func(ctx context.Context) error {
		sem := asyncio.NewSemaphore(0)
		entered := 0
		for i := range many {
			task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := sem.Acquire(ctx)
				if err == nil {
					entered++
				}
				return err
			}))
			if i%2 == 1 {
				asyncio.RunningLoop(ctx).CallSoon(func() { task.Cancel() })
			}
		}
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		for range many / 2 {
			if err := sem.Release(); err != nil {
				return err
			}
			if sem.TryAcquire() {
				t.Fatal("a place was had before those who wait")
			}
		}
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		if entered != many/2 {
			t.Errorf("%d have entered, want %d", entered, many/2)
		}
		return nil
	})
}

// TestRetryUnderADeadline: who tries again after a timeout of its own does not take
// the cancellation by a timeout around it, or by a group, for that.
func TestRetryUnderADeadline(t *testing.T) {
	retry := func(ctx context.Context) (tries int, err error) {
		for tries < 20 {
			tries++
			_, err = asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1)), 30*time.Millisecond)
			if !errors.Is(err, asyncio.ErrTimeout) {
				break
			}
		}
		return tries, err
	}
	boom := errors.New("boom")
	arounds := map[string]func(ctx context.Context, body func(ctx context.Context) error) error{
		"Timeout": func(ctx context.Context, body func(ctx context.Context) error) error {
			err := asyncio.Timeout(ctx, 100*time.Millisecond, func(ctx context.Context) error {
				return body(ctx)
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			return nil
		},
		"WaitFor": func(ctx context.Context, body func(ctx context.Context) error) error {
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(body)), 100*time.Millisecond)
			testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			return nil
		},
		"WithTimeout": func(ctx context.Context, body func(ctx context.Context) error) error {
			scope, cancel := asyncio.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			_, err := asyncio.CreateTask(scope, asyncio.Void(body)).Await(ctx)
			testutil.ExpectIs(t, "Await", err, context.DeadlineExceeded)
			return nil
		},
		"a group that ends by a timeout": func(ctx context.Context, body func(ctx context.Context) error) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(body))
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
						return err
					}
					return errors.Join(asyncio.ErrTimeout, boom)
				}))
				return nil
			})
			testutil.ExpectIs(t, "WithTaskGroup", err, boom)
			return nil
		},
	}
	for name, around := range arounds {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				return around(ctx, func(ctx context.Context) error {
					tries, err := retry(ctx)
					testutil.ExpectIs(t, "the last try", err, asyncio.ErrCancelled)
					if tries != 4 || errors.Is(err, asyncio.ErrTimeout) || errors.Is(err, boom) {
						t.Errorf("%d tries, want 4; last: %v", tries, err)
					}
					return err
				})
			})
		})
	}
}

// The errors that nobody has retrieved keep their loop, and the loop its exception
// handler, which may know the tasks that have failed.
func TestClosedLoopIsCollected(t *testing.T) {
	for _, retrieve := range []bool{false, true} {
		known := func() weak.Pointer[[64]byte] {
			known := new([64]byte)
			var failed *asyncio.Task[asyncio.None]
			l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
				func(*asyncio.Loop, asyncio.ExceptionContext) {
					known[0]++
					failed.SetName("reported")
				}))
			failed = asyncio.CreateTask(l.Context(), testutil.Fail(testutil.ErrTest))
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			if err := l.RunForever(); err != nil {
				t.Error(err)
			}
			if retrieve {
				testutil.ExpectIs(t, "Err", failed.Err(), testutil.ErrTest)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if reported := known[0] == 1; reported == retrieve {
				t.Errorf("reported %d times, retrieved: %t", known[0], retrieve)
			}
			return weak.Make(known)
		}()
		testutil.Until(t, "what the handler knows is collected", func() bool {
			runtime.GC()
			return known.Value() == nil
		})
	}
}
