package contexts_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// closedContexts are contexts that lead to a loop which is closed: the loop's own, that
// of a task that had ended before, and one that never ends by itself.
func closedContexts(t *testing.T) map[string]context.Context {
	t.Helper()
	var own context.Context
	r := asyncio.NewRunner(asyncio.WithVirtualClock())
	if _, err := asyncio.RunOn(r, t.Context(), asyncio.Void(func(ctx context.Context) error {
		own = ctx
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string]context.Context{
		"loop":          r.Loop().Context(),
		"task":          own,
		"WithoutCancel": context.WithoutCancel(own),
	}
}

// TestContextOfAClosedLoopIsOver: what would wait for its clock says so at once.
func TestContextOfAClosedLoopIsOver(t *testing.T) {
	for name, ctx := range closedContexts(t) {
		t.Run(name, func(t *testing.T) {
			testutil.Within(t, func() {
				scopes := map[string]func() (context.Context, context.CancelFunc){
					"WithTimeout": func() (context.Context, context.CancelFunc) { return asyncio.WithTimeout(ctx, time.Millisecond) },
					"WithCancel":  func() (context.Context, context.CancelFunc) { return asyncio.WithCancel(ctx) },
				}
				for what, make := range scopes {
					scope, cancel := make()
					<-scope.Done()
					testutil.ExpectIs(t, what, context.Cause(scope), asyncio.ErrLoopClosed)
					cancel()
				}
				called := false
				testutil.ExpectIs(t, "Timeout", asyncio.Timeout(ctx, time.Millisecond, func(context.Context) error {
					called = true
					return nil
				}), asyncio.ErrLoopClosed)
				testutil.ExpectIs(t, "WithTaskGroup", asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error {
					called = true
					return nil
				}), asyncio.ErrLoopClosed)
				if called {
					t.Error("a body was called")
				}
				testutil.ExpectIs(t, "Sleep", asyncio.Sleep(ctx, time.Millisecond), asyncio.ErrLoopClosed)
				_, err := asyncio.NewFuture[int](ctx).Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrLoopClosed)
				_, err = asyncio.CreateTask(ctx, testutil.Noop).Await(ctx)
				testutil.ExpectIs(t, "CreateTask", err, asyncio.ErrLoopClosed)
				_, err = asyncio.Go(ctx, testutil.Noop).Await(ctx)
				testutil.ExpectIs(t, "Go", err, asyncio.ErrLoopClosed)
				if !asyncio.RunningLoop(ctx).CallLater(1, func() {}).Cancelled() {
					t.Error("CallLater was not refused")
				}
				for what, wait := range waits() {
					testutil.ExpectIs(t, what, wait(ctx), asyncio.ErrLoopClosed)
				}
			})
		})
	}
}

// waits are waits that nobody ends.
func waits() map[string]func(context.Context) error {
	var lock asyncio.Lock
	lock.TryAcquire()
	var event asyncio.Event
	cond := asyncio.NewCondition(nil)
	cond.TryAcquire()
	return map[string]func(context.Context) error{
		"Lock":      lock.Acquire,
		"Semaphore": asyncio.NewSemaphore(0).Acquire,
		"Event":     event.Wait,
		"Condition": cond.Wait,
		"Queue": func(ctx context.Context) error {
			_, err := asyncio.NewQueue[int](0).Get(ctx)
			return err
		},
		"Barrier": func(ctx context.Context) error {
			_, err := asyncio.NewBarrier(2).Wait(ctx)
			return err
		},
	}
}

// TestLoopClosedUnderAWait of a goroutine that is no task: it ends, whichever context of
// the loop it has waited with.
func TestLoopClosedUnderAWait(t *testing.T) {
	for _, of := range []string{"loop", "task"} {
		for what, wait := range waits() {
			t.Run(what+" with the context of a "+of, func(t *testing.T) {
				l := asyncio.NewLoop(asyncio.WithVirtualClock())
				ctx := l.Context()
				if of == "task" {
					k := asyncio.CreateTask(l.Context(), func(own context.Context) (asyncio.None, error) {
						ctx = own
						return asyncio.None{}, nil
					})
					if err := l.RunUntilComplete(k); err != nil {
						t.Fatal(err)
					}
				}
				waited := make(chan error, 1)
				go func() { waited <- wait(ctx) }()
				if err := l.Close(); err != nil {
					t.Error(err)
				}
				testutil.Within(t, func() { testutil.ExpectIs(t, what, <-waited, asyncio.ErrLoopClosed) })
			})
		}
	}
}

// TestDeadlinesEndWithTheLoop: those that will not come any more, also of a scope that
// hangs on a task which has ended.
func TestDeadlinesEndWithTheLoop(t *testing.T) {
	l := asyncio.NewLoop(asyncio.WithVirtualClock())
	var own context.Context
	k := asyncio.CreateTask(l.Context(), func(ctx context.Context) (asyncio.None, error) {
		own = ctx
		return asyncio.None{}, nil
	})
	if err := l.RunUntilComplete(k); err != nil {
		t.Fatal(err)
	}
	scope, cancel := asyncio.WithTimeout(own, time.Hour)
	defer cancel()
	inside, left := make(chan context.Context), make(chan error, 1)
	go func() {
		left <- asyncio.Timeout(own, time.Hour, func(ctx context.Context) error {
			inside <- ctx
			<-ctx.Done() // as the standard library waits
			return context.Cause(ctx)
		})
	}()
	body := <-inside
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	testutil.Within(t, func() {
		<-scope.Done()
		testutil.ExpectIs(t, "WithTimeout", context.Cause(scope), asyncio.ErrLoopClosed)
		<-body.Done()
		testutil.ExpectIs(t, "Timeout", <-left, asyncio.ErrLoopClosed)
	})
}
