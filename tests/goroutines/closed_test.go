package goroutines_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestClosedLoopRefuses(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.StrictLoop(t)
	ctx := l.Context()
	done := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
	if err := l.RunUntilComplete(done); err != nil {
		t.Fatal(err)
	}
	pending := asyncio.NewFuture[int](ctx)
	timer := l.CallLater(time.Hour, func() { t.Error("CallLater") })
	scope, cancelScope := asyncio.WithTimeout(ctx, time.Hour)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	timer.Cancel()
	cancelScope()
	if !timer.Cancelled() || scope.Err() == nil {
		t.Error("timers outlive the loop")
	}
	check := func(from context.Context) {
		for kind, create := range creators {
			task := create(ctx, asyncio.Delay(0, 1))
			if _, err := task.Await(from); !errors.Is(err, asyncio.ErrLoopClosed) || !task.Done() {
				t.Errorf("%s: %v", kind, err)
			}
			called := task.AddDoneCallback(func(*asyncio.Task[int]) { t.Error("callback of a closed loop") })
			called()
			if task.Cancel() || task.Cancelled() || task.Stack() != nil || task.Cancelling() != 0 || task.Uncancel() != 0 {
				t.Errorf("%v", task)
			}
		}
		for what, err := range map[string]error{
			"RunForever":       l.RunForever(),
			"RunUntilComplete": l.RunUntilComplete(pending),
			"Sleep":            asyncio.Sleep(ctx, 0),
		} {
			// On another loop it may be turned down for that.
			if !errors.Is(err, asyncio.ErrLoopClosed) && !errors.Is(err, asyncio.ErrLoopRunning) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		for _, h := range []*asyncio.Handle{
			l.CallSoon(func() { t.Error("CallSoon") }),
			l.CallLater(0, func() { t.Error("CallLater") }),
			l.CallAt(l.Time(), func() { t.Error("CallAt") }),
		} {
			if h.Cancel(); !h.Cancelled() {
				t.Error("a handle of a closed loop is alive")
			}
		}
		l.Stop()
		if !l.IsClosed() || l.IsRunning() || len(asyncio.AllTasks(l)) > 0 || ctx.Err() == nil {
			t.Error("not closed")
		}
		scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
		if scope.Err() == nil {
			t.Error("a scope of a closed loop is alive")
		}
		cancel()
		if v, err := done.Await(from); v != 1 || err != nil {
			t.Errorf("a done task: %d, %v", v, err)
		}
		f := asyncio.NewFuture[int](ctx)
		if f.SetResult(4) != nil {
			t.Error("SetResult")
		}
		if v, err := f.Await(from); v != 4 || err != nil {
			t.Errorf("a done future: %d, %v", v, err)
		}
	}
	check(context.Background())
	check(ctx)
	if _, err := pending.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("a pending future: %v", err)
	}
	other := testutil.RunningLoop(t)
	for _, create := range creators {
		if _, err := create(other.Context(), func(own context.Context) (int, error) {
			check(own)
			return 0, nil
		}).Await(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestCloseEndsAwaitOfGoroutines(t *testing.T) {
	testutil.LeaveNothing(t)
	l := asyncio.NewLoop()
	f := asyncio.NewFuture[int](l.Context())
	var wg sync.WaitGroup
	for range stressors {
		wg.Go(func() {
			if _, err := f.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Error(err)
			}
			if err := asyncio.Sleep(l.Context(), time.Hour); !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Errorf("on a closed loop: %v", err)
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// Whatever is made while a loop is being closed is done in the end, and nothing
// runs once it is closed.
func TestCloseRacesWithEverything(t *testing.T) {
	testutil.LeaveNothing(t)
	for range 50 {
		l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
		var closed atomic.Bool
		tasks := make([][]*asyncio.Task[int], stressors)
		run := func(context.Context) (int, error) {
			if closed.Load() {
				t.Error("a task begins on a closed loop")
			}
			return 0, nil
		}
		var wg, running sync.WaitGroup
		running.Go(func() { _ = l.RunForever() })
		for i := range tasks {
			wg.Go(func() {
				for range 20 {
					task := asyncio.CreateTask(l.Context(), run)
					tasks[i] = append(tasks[i], task)
					l.CallSoon(func() {
						if closed.Load() {
							t.Error("a callback runs on a closed loop")
						}
					})
					task.AddDoneCallback(func(*asyncio.Task[int]) {})
					if i%2 == 0 {
						task.Cancel()
					}
				}
			})
		}
		wg.Go(func() {
			l.Stop()
			running.Wait()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			closed.Store(true)
		})
		wg.Wait()
		for i := range tasks {
			for _, task := range tasks[i] {
				if err := task.Err(); errors.Is(err, asyncio.ErrInvalidState) {
					t.Errorf("%v", task)
				} else if err != nil && !task.Cancelled() && !errors.Is(err, asyncio.ErrLoopClosed) {
					t.Error(err)
				}
			}
		}
	}
}

func TestGoTaskEndsAfterClose(t *testing.T) {
	before := runtime.NumGoroutine()
	var reports atomic.Int32
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { reports.Add(1) }))
	release, begun := make(chan struct{}), make(chan struct{})
	sum := make(chan error, 3)
	task := asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		close(begun)
		<-release
		sum <- ctx.Err()
		sum <- asyncio.Sleep(ctx, 0)
		_, err := asyncio.CreateTask(ctx, asyncio.Delay(0, 0)).Await(ctx)
		sum <- err
		return 5, nil
	})
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	<-begun
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if task.Done() || reports.Load() != 1 {
		t.Errorf("%v, %d reports, want 1", task, reports.Load())
	}
	if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("Await: %v", err)
	}
	close(release)
	if err := <-sum; !errors.Is(err, context.Canceled) {
		t.Errorf("its context: %v", err)
	}
	for range 2 {
		if err := <-sum; !errors.Is(err, asyncio.ErrLoopClosed) {
			t.Errorf("its await: %v", err)
		}
	}
	testutil.GoroutinesEnd(before)
	if v, err := task.Result(); v != 5 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestAwaitOfClosedLoopEnds(t *testing.T) {
	testutil.LeaveNothing(t)
	for _, before := range []bool{true, false} {
		for kind, create := range creators {
			other := testutil.StrictLoop(t)
			f := asyncio.NewFuture[int](other.Context())
			if before {
				_ = other.Close()
			}
			_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
				begun := make(chan struct{})
				waiter := create(ctx, func(ctx context.Context) (int, error) {
					close(begun)
					return f.Await(ctx)
				})
				if err := asyncio.Sleep(ctx, 0); err != nil {
					t.Error(err)
				}
				<-begun
				byAnother(func() { _ = other.Close() })
				return waiter.Await(ctx)
			})
			if !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Errorf("%s, closed before %v: %v", kind, before, err)
			}
		}
	}
}

func TestGoTaskSleepsWhileLoopIsClosed(t *testing.T) {
	testutil.LeaveNothing(t)
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
	got := make(chan error, 2)
	asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		// In its visit, or about to be.
		l.CallSoon(func() { l.CallSoon(l.Stop) })
		got <- asyncio.Sleep(ctx, time.Hour)
		return 0, nil
	})
	loopTask := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
		scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
		defer cancel()
		return 0, asyncio.Sleep(scope, time.Hour)
	})
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-got; !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("Go task: %v", err)
	}
	if !loopTask.Cancelled() {
		t.Errorf("loop task: %v", loopTask.Err())
	}
}
