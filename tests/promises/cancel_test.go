package promises_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestPromise3CancelIsARequest(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "delivered once at the current await",
			Want: []string{"a sleeps", "a gets cancelled", "1ms a wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Add("a sleeps")
					tr.Nap(ctx, "a", 5)
					tr.Nap(ctx, "a", 1)
					return nil
				}))
				tr.Sleep(ctx, 0)
				a.Cancel()
				_, err := a.Await(ctx)
				return err
			},
		},
		{
			Name: "delivered once at the next await",
			Want: []string{"a goes on", "a gets cancelled", "1ms a wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.CurrentTask(ctx).Cancel()
					tr.Add("a goes on")
					tr.Nap(ctx, "a", 5)
					tr.Nap(ctx, "a", 1)
					return nil
				})).Await(ctx)
				return err
			},
		},
		{
			Name: "the coroutine cleans up with further awaits",
			Want: []string{"a gets cancelled", "3ms cleaned up", "3ms a is cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, time.Hour)
					tr.Add("a gets %s", testutil.Show(err))
					tr.Sleep(ctx, 3)
					tr.Add("cleaned up")
					return err
				}))
				tr.Sleep(ctx, 0)
				a.Cancel()
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "who suppresses goes on and Cancelling stays up until Uncancel",
			Want: []string{"a gets cancelled", "cancelling 1", "1ms a wakes", "1ms cancelling 1",
				"1ms left 0", "1ms cancelling 0", "1ms left 0", "1ms a is succeeded"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					self := asyncio.CurrentTask(ctx)
					tr.Nap(ctx, "a", 100)
					tr.Add("cancelling %d", self.Cancelling())
					tr.Nap(ctx, "a", 1)
					tr.Add("cancelling %d", self.Cancelling())
					tr.Add("left %d", self.Uncancel())
					tr.Add("cancelling %d", self.Cancelling())
					tr.Add("left %d", self.Uncancel()) // never below none
					return nil
				}))
				tr.Sleep(ctx, 0)
				a.Cancel()
				a.Await(ctx)
				tr.Add("a is %s", testutil.State(a))
				return nil
			},
		},
		{
			Name: "cancelling who awaits a future cancels the future",
			Want: []string{"a awaits", "future is cancelled", "a gets cancelled(why)"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				a.Cancel("why")
				tr.Add("future is %s", testutil.State(f))
				a.Await(ctx)
				return nil
			},
		},
		{
			Name: "cancelling who awaits a task cancels that task",
			Want: []string{"a awaits", "b sleeps", "b gets cancelled(why)", "a gets cancelled(why)"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				b := asyncio.CreateTask(ctx, tr.Sleeper("b", 10))
				a := asyncio.CreateTask(ctx, tr.Wait("a", b))
				tr.Sleep(ctx, 0)
				slices.Sort(tr.Lines) // b was first, which is not the point
				a.Cancel("why")
				a.Await(ctx)
				return nil
			},
		},
		{
			Name: "each request is delivered",
			Want: []string{"a gets cancelled(one)", "a gets cancelled(two)", "cancelling 2"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Nap(ctx, "a", 100)
					tr.Nap(ctx, "a", 100)
					tr.Add("cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
					return nil
				}))
				tr.Sleep(ctx, 0)
				a.Cancel("one")
				tr.Sleep(ctx, 0)
				a.Cancel("two")
				_, err := a.Await(ctx)
				return err
			},
		},
	})
	t.Run("Cancel on a done task returns false", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for name, c := range map[string]asyncio.Coroutine[asyncio.None]{
				"succeeded": testutil.Noop,
				"failed":    testutil.Fail(testutil.ErrTest),
				"cancelled": testutil.Fail(&asyncio.CancelledError{}),
			} {
				a := asyncio.CreateTask(ctx, c)
				if !a.Cancel() {
					t.Error("Cancel of a pending task is false")
				}
				a.Uncancel()
				a.Await(ctx)
				testutil.ExpectState(t, "the task", a, name)
				if a.Cancel() {
					t.Errorf("Cancel of a task that has %s is true", name)
				}
				if a.Cancelling() != 0 {
					t.Errorf("Cancel of a task that has %s counts", name)
				}
			}
			return nil
		})
	})
}

func TestPromise4CancelledFailedSucceeded(t *testing.T) {
	cancelled := &asyncio.CancelledError{Message: "mine"}
	get := &url.Error{Op: "Get", URL: "http://example.com", Err: context.Canceled} // as net/http's
	tests := []struct {
		name      string
		err       error
		state     string // without a requested cancellation
		requested string // with one
	}{
		{"nil", nil, "succeeded", "succeeded"},
		{"an error", testutil.ErrTest, "failed", "failed"},
		{"*CancelledError", cancelled, "cancelled", "cancelled"},
		{"*CancelledError wrapped", fmt.Errorf("while at it: %w", cancelled), "cancelled", "cancelled"},
		{"*CancelledError wrapped twice", fmt.Errorf("b: %w", fmt.Errorf("a: %w", cancelled)), "cancelled", "cancelled"},
		{"ErrCancelled", asyncio.ErrCancelled, "cancelled", "cancelled"},
		{"context.Canceled", context.Canceled, "failed", "cancelled"},
		{"context.Canceled as net/http wraps it", get, "failed", "cancelled"},
		{"context.Canceled wrapped", fmt.Errorf("read: %w", context.Canceled), "failed", "cancelled"},
		{"context.DeadlineExceeded", context.DeadlineExceeded, "failed", "failed"},
		{"ErrTimeout", asyncio.ErrTimeout, "failed", "failed"},
		{"cancellation joined with an error", errors.Join(cancelled, testutil.ErrTest), "failed", "failed"},
		{"error joined with a cancellation", errors.Join(testutil.ErrTest, cancelled), "failed", "failed"},
		{"context.Canceled joined with an error", errors.Join(context.Canceled, testutil.ErrTest), "failed", "failed"},
		{"both wrapped by one %w each", fmt.Errorf("%w after %w", testutil.ErrTest, cancelled), "failed", "failed"},
		{"a join with an error, wrapped", fmt.Errorf("x: %w", errors.Join(cancelled, testutil.ErrTest)), "failed", "failed"},
		{"a join with an error, joined", errors.Join(cancelled, errors.Join(cancelled, testutil.ErrTest)), "failed", "failed"},
		{"a join of cancellations", errors.Join(cancelled, fmt.Errorf("x: %w", cancelled)), "cancelled", "cancelled"},
		{"a join of both kinds of cancellation", errors.Join(cancelled, context.Canceled), "failed", "cancelled"},
		{"a join of one", errors.Join(cancelled, nil), "cancelled", "cancelled"},
	}
	check := func(t *testing.T, a *asyncio.Task[asyncio.None], want string, err error) {
		t.Helper()
		testutil.ExpectState(t, "the task", a, want)
		got := a.Err()
		if err == nil {
			return
		}
		testutil.ExpectIs(t, "nothing is lost: error", got, err)
		if want == "failed" && any(got) != any(err) {
			t.Errorf("error %v, want it as it was returned", got)
		}
		if want == "cancelled" {
			var e *asyncio.CancelledError
			if !errors.As(got, &e) {
				t.Errorf("error %v is no *CancelledError", got)
			}
			testutil.ExpectIs(t, "error", got, context.Canceled)
			testutil.ExpectIs(t, "error", got, asyncio.ErrCancelled)
		}
	}
	for _, test := range tests {
		// The task that has received the request goes on, and returns the error.
		refuse := func(ctx context.Context) error {
			if asyncio.Sleep(ctx, time.Hour) == nil {
				t.Error("not interrupted")
			}
			return test.err
		}
		t.Run(test.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, testutil.Fail(test.err))
				a.Await(ctx)
				check(t, a, test.state, test.err)
				return nil
			})
		})
		t.Run(test.name+" when cancelled", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(refuse))
				asyncio.Sleep(ctx, 0)
				a.Cancel("please")
				a.Await(ctx)
				check(t, a, test.requested, test.err)
				return nil
			})
		})
		t.Run(test.name+" in a Go task when cancelled", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.Go(ctx, asyncio.Void(refuse))
				asyncio.Sleep(ctx, time.Millisecond)
				a.Cancel("please")
				a.Await(ctx)
				check(t, a, test.requested, test.err)
				return nil
			})
		})
	}

	t.Run("the standard library's cancellation is given the reason", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Sleep(ctx, time.Hour)
				return get
			}))
			asyncio.Sleep(ctx, 0)
			a.Cancel("please")
			_, err := a.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "please" || !errors.Is(e.Cause, get) {
				t.Errorf("%#v, want the message and %v as the cause", err, get)
			}
			return nil
		})
	})
	// A request counts from when Cancel returned, also if the loop has not come
	// to it: the task may have seen it through its context.
	t.Run("requested from another goroutine during the step", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				testutil.Elsewhere(func() { asyncio.CurrentTask(ctx).Cancel() })
				<-ctx.Done()
				return ctx.Err()
			}))
			a.Await(ctx)
			check(t, a, "cancelled", context.Canceled)
			return nil
		})
	})
	t.Run("a Go task that stops as soon as its context does", func(t *testing.T) {
		for range 200 {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				}))
				go a.Cancel()
				a.Await(asyncio.RunningLoop(ctx).Context())
				check(t, a, "cancelled", context.Canceled)
				return nil
			})
		}
	})

	relations := []struct {
		name        string
		err, target error
		want        bool
	}{
		{"*CancelledError is context.Canceled", cancelled, context.Canceled, true},
		{"*CancelledError is ErrCancelled", cancelled, asyncio.ErrCancelled, true},
		{"ErrCancelled is context.Canceled", asyncio.ErrCancelled, context.Canceled, true},
		{"context.Canceled is not ErrCancelled", context.Canceled, asyncio.ErrCancelled, false},
		{"*CancelledError is not another", &asyncio.CancelledError{}, cancelled, false},
		{"*CancelledError is not a timeout", cancelled, context.DeadlineExceeded, false},
		{"*CancelledError is its cause", &asyncio.CancelledError{Cause: testutil.ErrTest}, testutil.ErrTest, true},
		{"ErrTimeout is context.DeadlineExceeded", asyncio.ErrTimeout, context.DeadlineExceeded, true},
		{"ErrTimeout is os.ErrDeadlineExceeded's opposite", context.DeadlineExceeded, asyncio.ErrTimeout, false},
		{"ErrTimeout is no cancellation", asyncio.ErrTimeout, context.Canceled, false},
	}
	for _, r := range relations {
		t.Run(r.name, func(t *testing.T) {
			if errors.Is(r.err, r.target) != r.want {
				t.Errorf("errors.Is(%v, %v) is %v", r.err, r.target, !r.want)
			}
		})
	}
}

func TestPromise5EveryCancellationSaysWhy(t *testing.T) {
	// why awaits a's end and returns its cancellation.
	why := func(t *testing.T, ctx context.Context, a asyncio.Awaitable[asyncio.None]) *asyncio.CancelledError {
		t.Helper()
		_, err := a.Await(ctx)
		var e *asyncio.CancelledError
		if !errors.As(err, &e) {
			t.Errorf("%v is no *CancelledError", err)
			return &asyncio.CancelledError{}
		}
		return e
	}
	t.Run("a call to Cancel", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			asyncio.Sleep(ctx, 0)
			a.Cancel("enough")
			e := why(t, ctx, a)
			if e.Message != "enough" || e.Origin != asyncio.OriginCancel || e.By != asyncio.CurrentTask(ctx) || e.Cause != nil {
				t.Errorf("%#v", e)
			}
			if e.Error() != "asyncio: cancelled: enough" {
				t.Error(e)
			}
			return nil
		})
	})
	t.Run("a call to Cancel from another goroutine or a callback", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, from := range []func(f func()){
				testutil.Elsewhere,
				func(f func()) { asyncio.RunningLoop(ctx).CallSoon(f) },
			} {
				a := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				asyncio.Sleep(ctx, 0)
				from(func() { a.Cancel() })
				if e := why(t, ctx, a); e.By != nil || e.Origin != asyncio.OriginCancel {
					t.Errorf("%#v", e)
				}
			}
			return nil
		})
	})
	t.Run("through a chain of awaits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := a.Await(ctx)
				return err
			}))
			asyncio.Sleep(ctx, 0)
			b.Cancel("down")
			for _, x := range []*asyncio.Task[asyncio.None]{a, b} {
				if e := why(t, ctx, x); e.Message != "down" || e.By != asyncio.CurrentTask(ctx) {
					t.Errorf("%#v", e)
				}
			}
			return nil
		})
	})
	t.Run("a future", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			f.Cancel("enough")
			if e := why(t, ctx, f); e.Message != "enough" || e.Origin != asyncio.OriginCancel {
				t.Errorf("%#v", e)
			}
			return nil
		})
	})
	t.Run("a timeout", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			e := why(t, ctx, asyncio.CreateTask(scope, asyncio.Void(testutil.Forever)))
			if e.Origin != asyncio.OriginTimeout || e.By != nil {
				t.Errorf("%#v", e)
			}
			if e.Error() != "asyncio: cancelled by timeout" {
				t.Error(e)
			}
			return nil
		})
	})
	t.Run("a context", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := context.WithCancelCause(ctx)
			a := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
			asyncio.Sleep(ctx, 0)
			cancel(testutil.ErrTest)
			e := why(t, ctx, a)
			if e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, testutil.ErrTest) {
				t.Errorf("%#v", e)
			}
			if e.Error() != "asyncio: cancelled by context: test error" {
				t.Error(e)
			}
			return nil
		})
	})
	t.Run("the end of Run", func(t *testing.T) {
		var a *asyncio.Task[asyncio.None]
		testutil.PlainRun(t, func(ctx context.Context) error {
			a = asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			return asyncio.Sleep(ctx, 0)
		})
		if e := why(t, context.Background(), a); e.Origin != asyncio.OriginShutdown || e.By != nil {
			t.Errorf("%#v", e)
		}
	})
	t.Run("the close of a loop", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(testutil.Forever))
		l.Close()
		e := why(t, context.Background(), a)
		if e.Origin != asyncio.OriginShutdown || !errors.Is(e.Cause, asyncio.ErrLoopClosed) {
			t.Errorf("%#v", e)
		}
		r.Expect(t, "destroyed … pending")
	})
	t.Run("origins have names", func(t *testing.T) {
		var names []string
		for o := asyncio.OriginCancel; o <= asyncio.OriginShutdown+1; o++ {
			names = append(names, o.String())
		}
		testutil.ExpectLines(t, names, "Cancel", "timeout", "task group", "context", "loop shutdown", "Origin(5)")
	})
}
