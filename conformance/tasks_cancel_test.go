package conformance_test

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

func TestTasksAreCancelled(t *testing.T) {
	t.Run("before they start, with the requests counted", func(t *testing.T) {
		l, now := taskLoop(t)
		ran := false
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			ran = true
			return asyncio.Sleep(ctx, 10*time.Second)
		}))
		for n := range 3 {
			if a.Cancelling() != n {
				t.Errorf("%d requests, want %d", a.Cancelling(), n)
			}
			if !a.Cancel() {
				t.Error("Cancel is false")
			}
		}
		taskEnds(t, l, a, "")
		if ran || now() != 0 {
			t.Errorf("ran: %t, after %v", ran, now())
		}
	})
	t.Run("by a callback in their sleep", func(t *testing.T) {
		l, now := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), taskSleep(10*time.Second))
		l.CallSoon(func() { a.Cancel() })
		taskEnds(t, l, a, "")
		if now() != 0 {
			t.Errorf("after %v", now())
		}
	})
	t.Run("in a sleep of nothing", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			t.Error("the first sleep ends well")
			return asyncio.Sleep(ctx, 0)
		}))
		taskTick(l)
		a.Cancel()
		taskEnds(t, l, a, "")
	})
	t.Run("when what they await is", func(t *testing.T) {
		for name, cancel := range map[string]func(f *asyncio.Future[asyncio.None], a *asyncio.Task[asyncio.None]){
			"the future alone": func(f *asyncio.Future[asyncio.None], _ *asyncio.Task[asyncio.None]) { f.Cancel() },
			"the task alone":   func(_ *asyncio.Future[asyncio.None], a *asyncio.Task[asyncio.None]) { a.Cancel() },
			"both in one turn": func(f *asyncio.Future[asyncio.None], a *asyncio.Task[asyncio.None]) {
				if !f.Cancel() || !a.Cancel() {
					t.Error("Cancel is false")
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				l, _ := taskLoop(t)
				f := asyncio.NewFuture[asyncio.None](l.Context())
				a := asyncio.CreateTask(l.Context(), f.Await)
				taskTick(l)
				cancel(f, a)
				if !f.Cancelled() {
					t.Error("the future is not cancelled at once")
				}
				taskEnds(t, l, a, "")
				if a.Stack() != nil {
					t.Errorf("still in %v", a.Stack())
				}
			})
		}
	})
	t.Run("unless they catch it", func(t *testing.T) {
		l, _ := taskLoop(t)
		f, g := asyncio.NewFuture[asyncio.None](l.Context()), asyncio.NewFuture[asyncio.None](l.Context())
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			if _, err := f.Await(ctx); err != nil {
				return 0, err
			}
			_, err := g.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
			return 42, nil
		})
		taskTick(l)
		f.SetResult(asyncio.None{})
		taskTick(l)
		a.Cancel()
		if f.Cancelled() || !g.Cancelled() {
			t.Errorf("cancelled: first %t, second %t", f.Cancelled(), g.Cancelled())
		}
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != 42 || err != nil || a.Cancelled() {
			t.Error(v, err)
		}
	})
	t.Run("unless they swallow it and wait on", func(t *testing.T) {
		l, _ := taskLoop(t)
		f, g := asyncio.NewFuture[asyncio.None](l.Context()), asyncio.NewFuture[asyncio.None](l.Context())
		h := asyncio.NewFuture[int](l.Context())
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			if _, err := f.Await(ctx); err != nil {
				return 0, err
			}
			_, err := g.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
			return h.Await(ctx)
		})
		taskTick(l)
		f.SetResult(asyncio.None{})
		taskTick(l)
		a.Cancel()
		taskTick(l)
		if !g.Cancelled() || h.Cancelled() || a.Done() {
			t.Errorf("cancelled: second %t, third %t; done %t", g.Cancelled(), h.Cancelled(), a.Done())
		}
		h.SetResult(42)
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != 42 || err != nil || a.Cancelled() || h.Cancelled() {
			t.Error(v, err)
		}
	})
	t.Run("by themselves at the next await, once", func(t *testing.T) {
		l, now := taskLoop(t)
		var a *asyncio.Task[asyncio.None]
		a = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			a.Cancel()
			err := asyncio.Sleep(ctx, 100*time.Second)
			if now() != 0 {
				t.Errorf("cancelled after %v", now())
			}
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				t.Errorf("again: %v", err)
			}
			return err
		}))
		taskEnds(t, l, a, "")
		if now() != time.Second {
			t.Errorf("cleaned up until %v", now())
		}
	})
	t.Run("by themselves at their end", func(t *testing.T) {
		l, _ := taskLoop(t)
		var a *asyncio.Task[int]
		a = asyncio.CreateTask(l.Context(), func(context.Context) (int, error) {
			a.Cancel()
			return 12, nil
		})
		taskEnds(t, l, a, "")
	})
	t.Run("with the task that they await and what that awaits", func(t *testing.T) {
		l, _ := taskLoop(t)
		f := asyncio.NewFuture[asyncio.None](l.Context())
		var a, nested *asyncio.Task[asyncio.None]
		a = asyncio.CreateTask(l.Context(), func(ctx context.Context) (asyncio.None, error) {
			nested = asyncio.CreateTask(ctx, f.Await)
			asyncio.Sleep(ctx, 0)
			a.Cancel()
			return nested.Await(ctx)
		})
		taskEnds(t, l, a, "")
		if !nested.Cancelled() || !f.Cancelled() {
			t.Errorf("cancelled: nested %t, future %t", nested.Cancelled(), f.Cancelled())
		}
	})
	t.Run("in what they call", func(t *testing.T) {
		l, _ := taskLoop(t)
		waiter := asyncio.NewFuture[asyncio.None](l.Context())
		proof := 0
		inner := func(ctx context.Context) error {
			_, err := waiter.Await(ctx)
			if errors.Is(err, asyncio.ErrCancelled) {
				proof++
			}
			return err
		}
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			if err := inner(ctx); errors.Is(err, asyncio.ErrCancelled) {
				proof += 100
			}
			return nil
		}))
		taskTick(l)
		a.Cancel()
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if proof != 101 || !waiter.Cancelled() || a.Cancelled() {
			t.Errorf("proof %d, waiter cancelled: %t", proof, waiter.Cancelled())
		}
	})
	t.Run("while others sleep on", func(t *testing.T) {
		l, now := taskLoop(t)
		child := asyncio.CreateTask(l.Context(), taskSleep(5000*time.Second))
		parent := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
			_, err := child.Await(ctx)
			if !errors.Is(err, asyncio.ErrCancelled) {
				return "", err
			}
			return "cancelled", nil
		})
		l.CallLater(100*time.Millisecond, func() { child.Cancel() })
		if err := l.RunUntilComplete(parent); err != nil {
			t.Error(err)
		}
		if v, _ := parent.Result(); v != "cancelled" || now() != 100*time.Millisecond {
			t.Errorf("%q after %v", v, now())
		}
	})
	t.Run("and their timer with them", func(t *testing.T) {
		l, now := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, 10*time.Second)
			if now() != 0 {
				t.Errorf("cancelled after %v", now())
			}
			if err := asyncio.Sleep(ctx, 100*time.Second); err != nil || now() != 100*time.Second {
				t.Errorf("%v after %v", err, now()) // nothing wakes it after the ten seconds
			}
			return err
		}))
		taskTick(l)
		a.Cancel()
		taskEnds(t, l, a, "")
	})
	t.Run("or panic, which is their failure", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			if err := asyncio.Sleep(ctx, 10*time.Second); errors.Is(err, asyncio.ErrCancelled) {
				panic(testutil.ErrTest)
			}
			return nil
		}))
		taskTick(l)
		a.Cancel()
		err := l.RunUntilComplete(a)
		var p *asyncio.PanicError
		if !errors.As(err, &p) || p.Value != any(testutil.ErrTest) {
			t.Errorf("%v", err)
		}
		if !a.Done() || a.Cancelled() || !errors.Is(a.Err(), testutil.ErrTest) {
			t.Errorf("cancelled: %t, %v", a.Cancelled(), a.Err())
		}
	})
	t.Run("in a loop that was stopped meanwhile", func(t *testing.T) {
		l, _ := taskLoop(t)
		wakes := 0
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			for wakes < 10 {
				if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
					return err
				}
				if wakes++; wakes == 2 {
					l.Stop()
				}
			}
			return nil
		}))
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(a), asyncio.ErrLoopStopped)
		if a.Done() || wakes != 2 {
			t.Errorf("done: %t, %d wakes", a.Done(), wakes)
		}
		a.Cancel()
		taskEnds(t, l, a, "")
		if wakes != 2 {
			t.Errorf("%d wakes", wakes)
		}
	})
}

func TestTasksCancelMessage(t *testing.T) {
	t.Run("is in the error, whatever it was", func(t *testing.T) {
		for _, msg := range [][]string{{}, {""}, {"my message"}, {"5"}} {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, taskSleep(10*time.Second))
				asyncio.Sleep(ctx, 0)
				a.Cancel(msg...)
				asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{a}, asyncio.WaitOptions{})
				_, err := a.Result()
				for _, err := range []error{err, a.Err()} {
					taskCancellation(t, err, strings.Join(msg, ""))
					if next := errors.Unwrap(err); next != nil {
						t.Errorf("it wraps %v", next)
					}
				}
				return nil
			})
		}
	})
	t.Run("is in the error of a task that has not started", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ran := false
			a := asyncio.CreateTask(ctx, func(context.Context) (asyncio.None, error) { ran = true; return asyncio.None{}, nil })
			a.Cancel("my message")
			done, pending, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{a}, asyncio.WaitOptions{})
			if len(done) != 1 || len(pending) != 0 || err != nil || ran {
				t.Errorf("%d done, %d pending, %v, ran: %t", len(done), len(pending), err, ran)
			}
			taskCancellation(t, a.Err(), "my message")
			return nil
		})
	})
	t.Run("comes when the cancellation does", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), taskSleep(0))
		testutil.ExpectIs(t, "Err before", a.Err(), asyncio.ErrInvalidState)
		a.Cancel("my message")
		testutil.ExpectIs(t, "Err after the request", a.Err(), asyncio.ErrInvalidState)
		taskEnds(t, l, a, "my message")
	})
	t.Run("is under the error that wraps it", func(t *testing.T) {
		l, _ := taskLoop(t)
		wrapped := errors.New("nothing was awaited")
		parent := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			child := asyncio.CreateTask(ctx, taskSleep(10*time.Second))
			asyncio.Sleep(ctx, 0)
			child.Cancel("msg")
			if _, err := child.Await(ctx); err != nil {
				wrapped = fmt.Errorf("cancelled: %w", err)
			}
			return wrapped
		}))
		err := l.RunUntilComplete(parent)
		if err != wrapped { //nolint:errorlint // it is to be the same
			t.Errorf("%v, want %v", err, wrapped)
		}
		cause, ok := errors.Unwrap(err).(*asyncio.CancelledError) //nolint:errorlint // one level down
		if !ok || cause.Message != "msg" || errors.Unwrap(cause) != nil {
			t.Errorf("it wraps %v", errors.Unwrap(err))
		}
	})
	t.Run("arrives at who awaits", func(t *testing.T) {
		l, now := taskLoop(t)
		parent := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			child := asyncio.CreateTask(ctx, taskSleep(10*time.Second))
			asyncio.Sleep(ctx, 0)
			child.Cancel("msg")
			_, err := child.Await(ctx)
			return err
		}))
		taskEnds(t, l, parent, "msg")
		if now() != 0 {
			t.Errorf("after %v", now())
		}
	})
}

func TestTasksUncancel(t *testing.T) {
	expect := func(t *testing.T, a asyncio.AnyTask, cancelling int, done bool) {
		t.Helper()
		if a.Cancelling() != cancelling || a.Done() != done {
			t.Errorf("cancelling %d, done %t; want %d, %t", a.Cancelling(), a.Done(), cancelling, done)
		}
	}
	t.Run("takes a request back, and the next one counts", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, 10*time.Second)
			testutil.ExpectIs(t, "the first sleep", err, asyncio.ErrCancelled)
			asyncio.CurrentTask(ctx).Uncancel()
			return asyncio.Sleep(ctx, 10*time.Second)
		}))
		taskTick(l)
		expect(t, a, 0, false)
		a.Cancel()
		expect(t, a, 1, false)
		taskTick(l)
		expect(t, a, 0, false)
		a.Cancel()
		expect(t, a, 1, false)
		taskEnds(t, l, a, "")
		expect(t, a, 1, true)
		if a.Uncancel() != 0 || !a.Cancelled() {
			t.Error("a task that is done is cancelled no more")
		}
	})
	t.Run("before the step drops the request", func(t *testing.T) {
		l, _ := taskLoop(t)
		f := asyncio.NewFuture[int](l.Context())
		a := asyncio.CreateTask(l.Context(), f.Await)
		taskTick(l)
		f.SetResult(42)
		if !a.Cancel() {
			t.Error("Cancel is false")
		}
		expect(t, a, 1, false)
		if n := a.Uncancel(); n != 0 {
			t.Errorf("%d requests left", n)
		}
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != 42 || err != nil {
			t.Error(v, err)
		}
		expect(t, a, 0, true)
	})
	t.Run("makes a timeout by hand", func(t *testing.T) {
		// limited runs a block and cancels its task if that takes longer than d.
		limited := func(ctx context.Context, d time.Duration, block func() error) error {
			self, expired := asyncio.CurrentTask(ctx), false
			h := asyncio.RunningLoop(ctx).CallLater(d, func() { expired = self.Cancel() })
			defer h.Cancel()
			err := block()
			if expired && self.Uncancel() == 0 && errors.Is(err, asyncio.ErrCancelled) {
				return testutil.ErrTest
			}
			return err
		}
		for _, test := range []struct {
			sleep, limit time.Duration
			completes    bool
		}{
			{sleep: time.Second, limit: 100 * time.Millisecond},
			{sleep: 100 * time.Millisecond, limit: time.Second, completes: true},
		} {
			l, now := taskLoop(t)
			completed, after := false, false
			a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				err := limited(ctx, test.limit, func() error {
					err := asyncio.Sleep(ctx, test.sleep)
					completed = err == nil
					return err
				})
				if (err == nil) != test.completes || !test.completes && !errors.Is(err, testutil.ErrTest) {
					t.Errorf("%v", err)
				}
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				after = true
				return nil
			}))
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			if completed != test.completes || !after || now() != min(test.sleep, test.limit) {
				t.Errorf("block completed: %t, after it: %t, at %v", completed, after, now())
			}
			expect(t, a, 0, true)
		}
	})
}

func taskCancellation(t *testing.T, err error, message string) {
	t.Helper()
	var e *asyncio.CancelledError
	if !errors.As(err, &e) || e.Message != message {
		t.Errorf("%v, want a cancellation with message %q", err, message)
	}
}
