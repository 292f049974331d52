package asyncio_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Small programs that once went wrong, and fit no promise by name.

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
