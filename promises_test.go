package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// One test for each promise of the design, in its order, with a subtest for each
// of its sentences. The order tests hold promise 1 to CPython in detail.

func TestPromise1Order(t *testing.T) {
	runScenarios(t, []scenario{
		{
			name: "ready callbacks first in first out",
			want: []string{"a", "b", "c", "from a", "from b"},
			main: func(ctx context.Context, tr *trace) error {
				for _, who := range []string{"a", "b"} {
					tr.loop.CallSoon(func() {
						tr.Add("%s", who)
						tr.loop.CallSoon(tr.say("from " + who))
					})
				}
				tr.loop.CallSoon(tr.say("c"))
				tr.sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "turns of a first step, a done callback and a wake-up",
			// asyncio gives the same: CPython 3.13.
			want: []string{"turn 1", "task", "turn 2", "callback", "main", "turn 3"},
			main: func(ctx context.Context, tr *trace) error {
				tr.tick(3)
				a := asyncio.CreateTask(ctx, func(context.Context) (string, error) {
					tr.Add("task")
					return "", nil
				})
				a.AddDoneCallback(func(*task) { tr.Add("callback") })
				a.Await(ctx)
				tr.Add("main")
				tr.sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "timers with equal deadlines in the order they were made",
			want: []string{"1ms a", "1ms b", "1ms c", "1ms d", "1ms main wakes"},
			main: func(ctx context.Context, tr *trace) error {
				at := tr.loop.Time().Add(time.Millisecond)
				tr.loop.CallAt(at, tr.say("a"))
				tr.loop.CallLater(time.Millisecond, tr.say("b"))
				tr.loop.CallAt(at, tr.say("c"))
				tr.loop.CallLater(time.Millisecond, tr.say("d"))
				tr.nap(ctx, "main", 1)
				return nil
			},
		},
	})
	t.Run("nothing depends on map iteration", func(t *testing.T) {
		// A program with many tasks, callbacks, waiters and timers is the same
		// each time it runs.
		program := func() []string {
			return traceRun(func(ctx context.Context, tr *trace) error {
				shared := asyncio.NewFuture[string](ctx)
				for i := range 20 {
					who := fmt.Sprint("t", i)
					a := asyncio.CreateTask(ctx, tr.wait(who, shared), asyncio.WithName(who))
					a.AddDoneCallback(func(*task) { tr.Add("%s done", who) })
					asyncio.CreateTask(ctx, tr.sleeper(fmt.Sprint("s", i), 5))
				}
				for _, a := range asyncio.AllTasks(tr.loop) {
					tr.Add("%s", a.Name())
				}
				tr.sleep(ctx, 1)
				shared.SetResult("x")
				return nil
			})
		}
		first := program()
		for range 10 {
			expectLines(t, program(), first...)
		}
	})
}

func TestPromise2ATaskStartsOnALaterTurn(t *testing.T) {
	t.Run("not before CreateTask returns", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			started := false
			a := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				started = true
				return nil
			}))
			if started {
				t.Error("started at once")
			}
			_, err := a.Await(ctx)
			if !started {
				t.Error("did not start")
			}
			return err
		})
	})

	// Each makes a task, cancels it before its first step and gives the loop the
	// chance to run it in its own way.
	ways := []struct {
		name string
		do   func(ctx context.Context, create func(context.Context) *asyncio.Task[none])
	}{
		{"cancelled at once", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			a := create(ctx)
			a.Cancel()
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled at once and awaited", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			a := create(ctx)
			a.Cancel()
			a.Await(ctx)
		}},
		{"cancelled by a callback in its turn", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			var a *asyncio.Task[none]
			asyncio.RunningLoop(ctx).CallSoon(func() { a.Cancel() })
			a = create(ctx)
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled by its awaiter's end", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			self := asyncio.CurrentTask(ctx)
			a := create(ctx)
			self.Cancel()
			a.Await(ctx)
			self.Uncancel()
		}},
		// The request is in the loop's inbox when the turn begins in which the task
		// would start: on the loop, on the stack of who awaits it, or on the stack
		// of a task that has just ended.
		{"cancelled from another goroutine", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			a := create(ctx)
			elsewhere(func() { a.Cancel() })
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled from another goroutine and awaited", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			a := create(ctx)
			elsewhere(func() { a.Cancel() })
			a.Await(ctx)
		}},
		{"cancelled from another goroutine as another task ends", func(ctx context.Context, create func(context.Context) *asyncio.Task[none]) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				a := create(ctx)
				elsewhere(func() { a.Cancel() })
				return nil
			}))
			asyncio.Sleep(ctx, time.Millisecond)
		}},
	}
	for _, w := range ways {
		for _, kind := range []string{"loop task", "Go task"} {
			t.Run(kind+" "+w.name, func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					var a *asyncio.Task[none]
					w.do(ctx, func(ctx context.Context) *asyncio.Task[none] {
						body := asyncio.Void(func(context.Context) error {
							t.Error("the function ran")
							return nil
						})
						if kind == "Go task" {
							a = asyncio.Go(ctx, body)
						} else {
							a = asyncio.CreateTask(ctx, body)
						}
						return a
					})
					asyncio.Sleep(ctx, time.Millisecond)
					expectState(t, "the task", a, "cancelled")
					return nil
				})
			})
		}
	}
}

func TestPromise3CancelIsARequest(t *testing.T) {
	runScenarios(t, []scenario{
		{
			name: "delivered once at the current await",
			want: []string{"a sleeps", "a gets cancelled", "1ms a wakes"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Add("a sleeps")
					tr.nap(ctx, "a", 5)
					tr.nap(ctx, "a", 1)
					return nil
				}))
				tr.sleep(ctx, 0)
				a.Cancel()
				_, err := a.Await(ctx)
				return err
			},
		},
		{
			name: "delivered once at the next await",
			want: []string{"a goes on", "a gets cancelled", "1ms a wakes"},
			main: func(ctx context.Context, tr *trace) error {
				_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.CurrentTask(ctx).Cancel()
					tr.Add("a goes on")
					tr.nap(ctx, "a", 5)
					tr.nap(ctx, "a", 1)
					return nil
				})).Await(ctx)
				return err
			},
		},
		{
			name: "the coroutine cleans up with further awaits",
			want: []string{"a gets cancelled", "3ms cleaned up", "3ms a is cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, time.Hour)
					tr.Add("a gets %s", show(err))
					tr.sleep(ctx, 3)
					tr.Add("cleaned up")
					return err
				}))
				tr.sleep(ctx, 0)
				a.Cancel()
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "who suppresses goes on and Cancelling stays up until Uncancel",
			want: []string{"a gets cancelled", "cancelling 1", "1ms a wakes", "1ms cancelling 1",
				"1ms left 0", "1ms cancelling 0", "1ms left 0", "1ms a is succeeded"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					self := asyncio.CurrentTask(ctx)
					tr.nap(ctx, "a", 100)
					tr.Add("cancelling %d", self.Cancelling())
					tr.nap(ctx, "a", 1)
					tr.Add("cancelling %d", self.Cancelling())
					tr.Add("left %d", self.Uncancel())
					tr.Add("cancelling %d", self.Cancelling())
					tr.Add("left %d", self.Uncancel()) // never below none
					return nil
				}))
				tr.sleep(ctx, 0)
				a.Cancel()
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "cancelling who awaits a future cancels the future",
			want: []string{"a awaits", "future is cancelled", "a gets cancelled(why)"},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.wait("a", f))
				tr.sleep(ctx, 0)
				a.Cancel("why")
				tr.Add("future is %s", state(f))
				a.Await(ctx)
				return nil
			},
		},
		{
			name: "cancelling who awaits a task cancels that task",
			want: []string{"a awaits", "b sleeps", "b gets cancelled(why)", "a gets cancelled(why)"},
			main: func(ctx context.Context, tr *trace) error {
				b := asyncio.CreateTask(ctx, tr.sleeper("b", 10))
				a := asyncio.CreateTask(ctx, tr.wait("a", b))
				tr.sleep(ctx, 0)
				slices.Sort(tr.lines) // b was first, which is not the point
				a.Cancel("why")
				a.Await(ctx)
				return nil
			},
		},
		{
			name: "each request is delivered",
			want: []string{"a gets cancelled(one)", "a gets cancelled(two)", "cancelling 2"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.nap(ctx, "a", 100)
					tr.nap(ctx, "a", 100)
					tr.Add("cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
					return nil
				}))
				tr.sleep(ctx, 0)
				a.Cancel("one")
				tr.sleep(ctx, 0)
				a.Cancel("two")
				_, err := a.Await(ctx)
				return err
			},
		},
	})
	t.Run("Cancel on a done task returns false", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			for name, c := range map[string]asyncio.Coroutine[none]{
				"succeeded": noop,
				"failed":    fail(errTest),
				"cancelled": fail(&asyncio.CancelledError{}),
			} {
				a := asyncio.CreateTask(ctx, c)
				if !a.Cancel() {
					t.Error("Cancel of a pending task is false")
				}
				a.Uncancel()
				a.Await(ctx)
				expectState(t, "the task", a, name)
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
		{"an error", errTest, "failed", "failed"},
		{"*CancelledError", cancelled, "cancelled", "cancelled"},
		{"*CancelledError wrapped", fmt.Errorf("while at it: %w", cancelled), "cancelled", "cancelled"},
		{"*CancelledError wrapped twice", fmt.Errorf("b: %w", fmt.Errorf("a: %w", cancelled)), "cancelled", "cancelled"},
		{"ErrCancelled", asyncio.ErrCancelled, "cancelled", "cancelled"},
		{"context.Canceled", context.Canceled, "failed", "cancelled"},
		{"context.Canceled as net/http wraps it", get, "failed", "cancelled"},
		{"context.Canceled wrapped", fmt.Errorf("read: %w", context.Canceled), "failed", "cancelled"},
		{"context.DeadlineExceeded", context.DeadlineExceeded, "failed", "failed"},
		{"ErrTimeout", asyncio.ErrTimeout, "failed", "failed"},
		{"cancellation joined with an error", errors.Join(cancelled, errTest), "failed", "failed"},
		{"error joined with a cancellation", errors.Join(errTest, cancelled), "failed", "failed"},
		{"context.Canceled joined with an error", errors.Join(context.Canceled, errTest), "failed", "failed"},
		{"both wrapped by one %w each", fmt.Errorf("%w after %w", errTest, cancelled), "failed", "failed"},
		{"a join with an error, wrapped", fmt.Errorf("x: %w", errors.Join(cancelled, errTest)), "failed", "failed"},
		{"a join with an error, joined", errors.Join(cancelled, errors.Join(cancelled, errTest)), "failed", "failed"},
		{"a join of cancellations", errors.Join(cancelled, fmt.Errorf("x: %w", cancelled)), "cancelled", "cancelled"},
		{"a join of both kinds of cancellation", errors.Join(cancelled, context.Canceled), "failed", "cancelled"},
		{"a join of one", errors.Join(cancelled, nil), "cancelled", "cancelled"},
	}
	check := func(t *testing.T, a *asyncio.Task[none], want string, err error) {
		t.Helper()
		expectState(t, "the task", a, want)
		got := a.Err()
		if err == nil {
			return
		}
		expectIs(t, "nothing is lost: error", got, err)
		if want == "failed" && any(got) != any(err) {
			t.Errorf("error %v, want it as it was returned", got)
		}
		if want == "cancelled" {
			var e *asyncio.CancelledError
			if !errors.As(got, &e) {
				t.Errorf("error %v is no *CancelledError", got)
			}
			expectIs(t, "error", got, context.Canceled)
			expectIs(t, "error", got, asyncio.ErrCancelled)
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
			succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, fail(test.err))
				a.Await(ctx)
				check(t, a, test.state, test.err)
				return nil
			})
		})
		t.Run(test.name+" when cancelled", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(refuse))
				asyncio.Sleep(ctx, 0)
				a.Cancel("please")
				a.Await(ctx)
				check(t, a, test.requested, test.err)
				return nil
			})
		})
		t.Run(test.name+" in a Go task when cancelled", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
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
		succeed(t, func(ctx context.Context) error {
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
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				elsewhere(func() { asyncio.CurrentTask(ctx).Cancel() })
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
			succeed(t, func(ctx context.Context) error {
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
		{"*CancelledError is its cause", &asyncio.CancelledError{Cause: errTest}, errTest, true},
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
	why := func(t *testing.T, ctx context.Context, a asyncio.Awaitable[none]) *asyncio.CancelledError {
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
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(forever))
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
		succeed(t, func(ctx context.Context) error {
			for _, from := range []func(f func()){
				elsewhere,
				func(f func()) { asyncio.RunningLoop(ctx).CallSoon(f) },
			} {
				a := asyncio.CreateTask(ctx, asyncio.Void(forever))
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
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(forever))
			b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := a.Await(ctx)
				return err
			}))
			asyncio.Sleep(ctx, 0)
			b.Cancel("down")
			for _, x := range []*asyncio.Task[none]{a, b} {
				if e := why(t, ctx, x); e.Message != "down" || e.By != asyncio.CurrentTask(ctx) {
					t.Errorf("%#v", e)
				}
			}
			return nil
		})
	})
	t.Run("a future", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[none](ctx)
			f.Cancel("enough")
			if e := why(t, ctx, f); e.Message != "enough" || e.Origin != asyncio.OriginCancel {
				t.Errorf("%#v", e)
			}
			return nil
		})
	})
	t.Run("a timeout", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			e := why(t, ctx, asyncio.CreateTask(scope, asyncio.Void(forever)))
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
		succeed(t, func(ctx context.Context) error {
			scope, cancel := context.WithCancelCause(ctx)
			a := asyncio.CreateTask(scope, asyncio.Void(forever))
			asyncio.Sleep(ctx, 0)
			cancel(errTest)
			e := why(t, ctx, a)
			if e.Origin != asyncio.OriginContext || !errors.Is(e.Cause, errTest) {
				t.Errorf("%#v", e)
			}
			if e.Error() != "asyncio: cancelled by context: test error" {
				t.Error(e)
			}
			return nil
		})
	})
	t.Run("the end of Run", func(t *testing.T) {
		var a *asyncio.Task[none]
		plainRun(t, func(ctx context.Context) error {
			a = asyncio.CreateTask(ctx, asyncio.Void(forever))
			return asyncio.Sleep(ctx, 0)
		})
		if e := why(t, context.Background(), a); e.Origin != asyncio.OriginShutdown || e.By != nil {
			t.Errorf("%#v", e)
		}
	})
	t.Run("the close of a loop", func(t *testing.T) {
		var r reports
		l := newLoop(t, &r)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(forever))
		l.Close()
		e := why(t, context.Background(), a)
		if e.Origin != asyncio.OriginShutdown || !errors.Is(e.Cause, asyncio.ErrLoopClosed) {
			t.Errorf("%#v", e)
		}
		r.expect(t, "destroyed … pending")
	})
	t.Run("origins have names", func(t *testing.T) {
		var names []string
		for o := asyncio.OriginCancel; o <= asyncio.OriginShutdown+1; o++ {
			names = append(names, o.String())
		}
		expectLines(t, names, "Cancel", "timeout", "task group", "context", "loop shutdown", "Origin(5)")
	})
}

func TestPromise6NothingIsLost(t *testing.T) {
	t.Run("the loop keeps every task alive", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			done := 0
			for range 10 {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					f := asyncio.NewFuture[none](ctx)
					asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult(none{}) })
					_, err := f.Await(ctx)
					done++
					return err
				}))
			}
			asyncio.Sleep(ctx, 0)
			runtime.GC()
			runtime.GC()
			asyncio.Sleep(ctx, 2*time.Second)
			if done != 10 {
				t.Errorf("%d of 10 tasks came to their end", done)
			}
			return nil
		})
	})

	// collected runs the garbage collector and the loop until there was a report.
	collected := func(t *testing.T, ctx context.Context, r *reports) {
		t.Helper()
		until(t, "the error is reported", func() bool {
			runtime.GC()
			asyncio.Sleep(ctx, 0)
			return r.len() > 0
		})
	}
	for _, test := range []struct {
		name string
		make func(ctx context.Context)
		want string
	}{
		{"a task that becomes unreachable", func(ctx context.Context) {
			asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("lost"))
		}, "lost … never retrieved … test error"},
		{"a Go task that becomes unreachable", func(ctx context.Context) {
			asyncio.Go(ctx, fail(errTest), asyncio.WithName("lost"))
		}, "lost … never retrieved … test error"},
		{"a future that becomes unreachable", func(ctx context.Context) {
			asyncio.NewFuture[none](ctx).SetErr(errTest)
		}, "future … never retrieved … test error"},
		{"Done and Cancelled do not count", func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("asked"))
			for !a.Done() || a.Cancelled() {
				asyncio.Sleep(ctx, 0)
			}
		}, "asked … never retrieved … test error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r reports
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				test.make(ctx)
				collected(t, ctx, &r)
				return nil
			}), r.option())
			if err != nil {
				t.Error(err)
			}
			r.expect(t, test.want) // and not again when the loop closed
		})
	}
	t.Run("on a closed loop", func(t *testing.T) {
		var r reports
		l := newLoop(t, &r)
		l.Close()
		asyncio.CreateTask(l.Context(), noop)
		until(t, "the error is reported", func() bool {
			runtime.GC()
			return r.len() > 0
		})
		r.expect(t, "never retrieved … event loop is closed")
	})
	t.Run("when the loop closes, in the order of failure", func(t *testing.T) {
		var r reports
		var held []*asyncio.Task[none]
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			for i := range 3 {
				held = append(held, asyncio.CreateTask(ctx, fail(fmt.Errorf("error %d", i))))
			}
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.option())
		r.expect(t,
			"Task-2 … never retrieved … error 0",
			"Task-3 … never retrieved … error 1",
			"Task-4 … never retrieved … error 2")
		runtime.KeepAlive(held)
	})
	t.Run("not what was retrieved", func(t *testing.T) {
		for name, retrieve := range map[string]func(ctx context.Context, a *asyncio.Task[none]){
			"Result": func(_ context.Context, a *asyncio.Task[none]) { a.Result() },
			"Err":    func(_ context.Context, a *asyncio.Task[none]) { a.Err() },
			"Await":  func(ctx context.Context, a *asyncio.Task[none]) { a.Await(ctx) },
			"Await elsewhere": func(_ context.Context, a *asyncio.Task[none]) {
				elsewhere(func() { a.Await(context.Background()) })
			},
			// asyncio takes it that who cancels a done task has dealt with it.
			"Cancel": func(_ context.Context, a *asyncio.Task[none]) { a.Cancel() },
		} {
			t.Run(name, func(t *testing.T) {
				var held *asyncio.Task[none]
				succeed(t, func(ctx context.Context) error { // which expects no report
					held = asyncio.CreateTask(ctx, fail(errTest))
					asyncio.Sleep(ctx, 0)
					retrieve(ctx, held)
					return nil
				})
				runtime.KeepAlive(held)
			})
		}
	})
	t.Run("not a cancellation", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(forever)).Cancel()
			asyncio.NewFuture[none](ctx).Cancel()
			return asyncio.Sleep(ctx, 0)
		})
	})
	t.Run("errors during the end of Run", func(t *testing.T) {
		var r reports
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				forever(ctx)
				return errTest
			}), asyncio.WithName("late"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.option())
		r.expect(t, "shutdown … late … test error")
	})
}

func explode() { panic(errTest) }

func TestPromise7Panics(t *testing.T) {
	kinds := map[string]func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none]{
		"loop task": func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none] {
			return asyncio.CreateTask(ctx, c, asyncio.WithName("bad"))
		},
		"Go task": func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none] {
			return asyncio.Go(ctx, c, asyncio.WithName("bad"))
		},
	}
	for kind, create := range kinds {
		t.Run(kind+" ends with a PanicError", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				a := create(ctx, asyncio.Void(func(context.Context) error {
					explode()
					return nil
				}))
				_, err := a.Await(ctx)
				var p *asyncio.PanicError
				if !errors.As(err, &p) {
					t.Errorf("%v is no *PanicError", err)
					return nil
				}
				expectState(t, "the task", a, "failed")
				if p.Value != any(errTest) {
					t.Errorf("value %v", p.Value)
				}
				expectIs(t, "what it unwraps to", err, errTest)
				if !strings.Contains(string(p.Stack), "asyncio_test.explode") {
					t.Errorf("the stack is not where it was raised:\n%s", p.Stack)
				}
				return nil
			})
		})
		t.Run(kind+" with a value that is no error", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				_, err := create(ctx, asyncio.Void(func(context.Context) error { panic(42) })).Await(ctx)
				var p *asyncio.PanicError
				if !errors.As(err, &p) || p.Value != 42 || p.Unwrap() != nil {
					t.Errorf("%v", err)
				}
				return nil
			})
		})
		t.Run(kind+" after an await", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				_, err := create(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					explode()
					return nil
				})).Await(ctx)
				expectIs(t, "Await", err, errTest)
				return nil
			})
		})
		t.Run(kind+" that panics with a cancellation", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				a := create(ctx, asyncio.Void(func(context.Context) error { panic(&asyncio.CancelledError{}) }))
				a.Await(ctx)
				expectState(t, "the task", a, "failed") // a panic is a bug, whatever its value
				return nil
			})
		})
		t.Run(kind+" is reported if nobody retrieves it", func(t *testing.T) {
			var r reports
			var held *asyncio.Task[none]
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				held = create(ctx, asyncio.Void(func(context.Context) error { panic("boom") }))
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.option())
			r.expect(t, "bad … panicked and nobody awaits it … boom")
			runtime.KeepAlive(held)
		})
	}
	t.Run("main", func(t *testing.T) {
		expectIs(t, "Run", run(t, func(context.Context) error { panic(errTest) }), errTest)
	})

	t.Run("in a callback go to the handler and the loop goes on", func(t *testing.T) {
		for name, set := range map[string]func(ctx context.Context, l *asyncio.Loop, f func()){
			"CallSoon":  func(_ context.Context, l *asyncio.Loop, f func()) { l.CallSoon(f) },
			"CallLater": func(_ context.Context, l *asyncio.Loop, f func()) { l.CallLater(time.Millisecond, f) },
			"a task's done callback": func(ctx context.Context, _ *asyncio.Loop, f func()) {
				asyncio.CreateTask(ctx, noop).AddDoneCallback(func(*asyncio.Task[none]) { f() })
			},
			"a future's done callback": func(ctx context.Context, _ *asyncio.Loop, f func()) {
				x := asyncio.NewFuture[none](ctx)
				x.AddDoneCallback(func(*asyncio.Future[none]) { f() })
				x.SetResult(none{})
			},
		} {
			t.Run(name, func(t *testing.T) {
				var r reports
				_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					l := asyncio.RunningLoop(ctx)
					after := false
					set(ctx, l, explode)
					set(ctx, l, func() { after = true })
					asyncio.Sleep(ctx, time.Second)
					if !after {
						t.Error("the next callback did not run")
					}
					return nil
				}), asyncio.WithVirtualClock(), r.option())
				if err != nil {
					t.Error(err)
				}
				r.expect(t, "panic in callback … test error")
			})
		}
	})

	for _, kind := range []string{"loop task", "Go task", "nested task"} {
		t.Run("PanicsCrash in a "+kind, func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestPanicsCrashProcess$")
			c.Env = append(os.Environ(), "ASYNCIO_TEST_CRASH="+kind)
			out, err := c.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("did not crash: %v\n%s", err, out)
			}
			for _, want := range []string{"panic: ", "test error", "asyncio_test.explode"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("crash without %q:\n%s", want, out)
				}
			}
			if strings.Contains(string(out), "went on") {
				t.Errorf("the program went on:\n%s", out)
			}
		})
	}
}

// TestPanicsCrashProcess is the process that crashes; by itself it does nothing.
func TestPanicsCrashProcess(t *testing.T) {
	kind := os.Getenv("ASYNCIO_TEST_CRASH")
	if kind == "" {
		return
	}
	bad := asyncio.Void(func(context.Context) error {
		explode()
		return nil
	})
	asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		switch kind {
		case "loop task":
			asyncio.CreateTask(ctx, bad)
			asyncio.Sleep(ctx, 0)
		case "Go task":
			asyncio.Go(ctx, bad).Await(ctx)
		case "nested task":
			asyncio.CreateTask(ctx, bad).Await(ctx)
		}
		fmt.Println("went on")
		return nil
	}), asyncio.PanicsCrash())
	fmt.Println("went on")
}

// goexit runs f on a goroutine of its own and reports whether it returned, which
// Goexit prevents.
func goexit(t *testing.T, f func()) (returned bool) {
	t.Helper()
	within(t, func() {
		f()
		returned = true
	})
	return returned
}

func TestPromise7Goexit(t *testing.T) {
	exit := asyncio.Void(func(context.Context) error {
		runtime.Goexit()
		return nil
	})
	places := map[string]func(ctx context.Context){
		"main": func(context.Context) { runtime.Goexit() },
		"main after an await": func(ctx context.Context) {
			asyncio.Sleep(ctx, time.Second)
			runtime.Goexit()
		},
		"a child": func(ctx context.Context) {
			asyncio.CreateTask(ctx, exit)
			forever(ctx)
		},
		"a child that is awaited": func(ctx context.Context) { asyncio.CreateTask(ctx, exit).Await(ctx) },
		"a child that is awaited, after an await": func(ctx context.Context) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Sleep(ctx, time.Second)
				runtime.Goexit()
				return nil
			})).Await(ctx)
		},
		"a child's child": func(ctx context.Context) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, exit).Await(ctx)
				return err
			})).Await(ctx)
		},
		"a callback": func(ctx context.Context) {
			asyncio.RunningLoop(ctx).CallSoon(runtime.Goexit)
			forever(ctx)
		},
		"a timer": func(ctx context.Context) {
			asyncio.RunningLoop(ctx).CallLater(time.Second, runtime.Goexit)
			forever(ctx)
		},
		"a done callback": func(ctx context.Context) {
			asyncio.CreateTask(ctx, noop).AddDoneCallback(func(*asyncio.Task[none]) { runtime.Goexit() })
			forever(ctx)
		},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			var r reports
			var j asynciotest.Trace
			returned := goexit(t, func() {
				asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						err := forever(ctx)
						asyncio.Sleep(ctx, time.Second)
						j.Add("other task cleaned up after %s", show(err))
						return err
					}))
					asyncio.Sleep(ctx, 0)
					// Runs as it does when a Goexit unwinds a goroutine, or when a
					// cancellation ends main.
					defer j.Add("main unwound")
					place(ctx)
					return nil
				}), asyncio.WithVirtualClock(), r.option())
			})
			if returned {
				t.Error("Run returned")
			}
			// Which is first depends on the place.
			expectLines(t, sorted(&j), "main unwound", "other task cleaned up after cancelled")
		})
	}
	t.Run("main unwinds with an await in its defers", func(t *testing.T) {
		// The awaits of clean-up work also while Goexit unwinds, and the others are
		// cancelled as ever.
		for name, place := range places {
			t.Run(name, func(t *testing.T) {
				noLeaks(t)
				var r reports
				var j asynciotest.Trace
				returned := goexit(t, func() {
					asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
						asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							err := forever(ctx)
							asyncio.Sleep(ctx, time.Hour)
							j.Add("other task cleaned up after %s", show(err))
							return err
						}))
						asyncio.Sleep(ctx, 0)
						defer j.Add("main unwound")
						defer asyncio.Sleep(ctx, time.Second)
						place(ctx)
						return nil
					}), asyncio.WithVirtualClock(), r.option(), asyncio.WithGrace(24*time.Hour))
				})
				if returned {
					t.Error("Run returned")
				}
				j.Expect(t, "main unwound", "other task cleaned up after cancelled")
			})
		}
	})
	t.Run("the task has ErrGoexit", func(t *testing.T) {
		var r reports
		var a *asyncio.Task[none]
		goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				a = asyncio.CreateTask(ctx, exit)
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.option())
		})
		expectIs(t, "the task's error", a.Err(), asyncio.ErrGoexit)
	})
	t.Run("from RunForever and RunUntilComplete", func(t *testing.T) {
		for name, drive := range map[string]func(l *asyncio.Loop){
			"RunForever": func(l *asyncio.Loop) { l.RunForever() },
			"RunUntilComplete": func(l *asyncio.Loop) {
				l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Void(forever)))
			},
		} {
			var r reports
			l := newLoop(t, &r)
			asyncio.CreateTask(l.Context(), exit)
			if goexit(t, func() { drive(l) }) {
				t.Errorf("%s returned", name)
			}
			// It has given up the loop, which can run again.
			if l.IsRunning() {
				t.Error("the loop says it is running")
			}
			if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), noop)); err != nil {
				t.Error(err)
			}
			l.Close()
		}
	})
	t.Run("in a Go task fails the task and Run goes on", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, exit)
			_, err := a.Await(ctx)
			expectIs(t, "Await", err, asyncio.ErrGoexit)
			expectState(t, "the task", a, "failed")
			return asyncio.Sleep(ctx, time.Second)
		})
	})
}

func TestPromise8WhatCannotStartComesBackDone(t *testing.T) {
	for name, create := range map[string]func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none]{
		"CreateTask": func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none] {
			return asyncio.CreateTask(ctx, c)
		},
		"Go": func(ctx context.Context, c asyncio.Coroutine[none]) *asyncio.Task[none] {
			return asyncio.Go(ctx, c)
		},
	} {
		t.Run(name+" on a closed loop", func(t *testing.T) {
			a := create(closedLoop(t).Context(), asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			expectState(t, "the task", a, "failed")
			_, err := a.Result()
			expectIs(t, "Result", err, asyncio.ErrLoopClosed)
			_, err = a.Await(context.Background())
			expectIs(t, "Await", err, asyncio.ErrLoopClosed)
		})
		t.Run(name+" without a loop in the context", func(t *testing.T) {
			expectPanic(t, func() { create(context.Background(), noop) }, "no event loop", "pass the ctx")
		})
	}
	t.Run("without a loop in the context", func(t *testing.T) {
		bg := context.Background()
		for name, f := range map[string]func(){
			"NewFuture":   func() { asyncio.NewFuture[none](bg) },
			"Sleep":       func() { asyncio.Sleep(bg, 0) },
			"RunningLoop": func() { asyncio.RunningLoop(bg) },
			"CurrentTask": func() { asyncio.CurrentTask(bg) },
			"WithCancel":  func() { asyncio.WithCancel(bg) },
			"WithTimeout": func() { asyncio.WithTimeout(bg, time.Second) },
			"ToThread":    func() { asyncio.ToThread(bg, noop) },
		} {
			t.Run(name, func(t *testing.T) { expectPanic(t, f, "no event loop", "pass the ctx") })
		}
	})
}

func TestPromise9RunLeavesNothingBehind(t *testing.T) {
	t.Run("remaining tasks are cancelled and awaited in creation order, then Go tasks", func(t *testing.T) {
		noLeaks(t)
		var j asynciotest.Trace
		plainRun(t, func(ctx context.Context) error {
			asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				j.Add("Go task is cancelled")
				return err
			}))
			for i, cleanUp := range []int{3, 1, 2} {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					j.Add("%d is cancelled", i)
					asyncio.Sleep(ctx, millis(cleanUp))
					j.Add("%d has cleaned up", i)
					return err
				}))
			}
			asyncio.Sleep(ctx, time.Second)
			j.Add("main ends")
			return nil
		})
		j.Expect(t, "main ends", "0 is cancelled", "1 is cancelled", "2 is cancelled",
			"1 has cleaned up", "2 has cleaned up", "0 has cleaned up", "Go task is cancelled")
	})
	t.Run("tasks that come up meanwhile", func(t *testing.T) {
		noLeaks(t)
		var j asynciotest.Trace
		plainRun(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					j.Add("second generation: %s", show(err))
					return err
				}))
				// With one step to begin before it is cancelled.
				asyncio.Sleep(ctx, 0)
				return err
			}))
			return asyncio.Sleep(ctx, 0)
		})
		j.Expect(t, "second generation: cancelled")
	})
	t.Run("tasks that a Go task leaves at the end", func(t *testing.T) {
		noLeaks(t)
		var j asynciotest.Trace
		plainRun(t, func(ctx context.Context) error {
			asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					j.Add("cancelled, not destroyed: %s", show(err))
					return err
				}))
				asyncio.Sleep(ctx, time.Second)
				return err
			}))
			return asyncio.Sleep(ctx, time.Second)
		})
		j.Expect(t, "cancelled, not destroyed: cancelled")
	})
	t.Run("many goroutines", func(t *testing.T) {
		noLeaks(t)
		plainRun(t, func(ctx context.Context) error {
			for range 200 {
				asyncio.CreateTask(ctx, asyncio.Void(forever))
				asyncio.Go(ctx, asyncio.Void(forever))
				asyncio.CreateTask(ctx, noop)
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("also when main fails, panics or is cancelled", func(t *testing.T) {
		noLeaks(t)
		for _, end := range []func() error{
			func() error { return errTest },
			func() error { panic("boom") },
			func() error { return &asyncio.CancelledError{} },
		} {
			cleaned := false
			err := run(t, func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					cleaned = true
					return err
				}))
				asyncio.Sleep(ctx, 0)
				return end()
			})
			if err == nil || !cleaned {
				t.Errorf("error %v, cleaned up %v", err, cleaned)
			}
		}
	})
	t.Run("Close with tasks pending", func(t *testing.T) {
		noLeaks(t)
		var r reports
		var j asynciotest.Trace
		l := newLoop(t, &r)
		var all []*asyncio.Task[none]
		for i := range 3 {
			all = append(all, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				defer func() { j.Add("%d: outer defer", i) }()
				defer func() { j.Add("%d: await: %v", i, forever(ctx)) }()
				forever(ctx)
				j.Add("%d: went on", i)
				return nil
			})))
		}
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), noop))
		fresh := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
			t.Error("a task that never started ran")
			return nil
		}))
		all = append(all, fresh)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		closed := asyncio.ErrLoopClosed.Error()
		j.Expect(t,
			"0: await: "+closed, "0: outer defer",
			"1: await: "+closed, "1: outer defer",
			"2: await: "+closed, "2: outer defer")
		r.expect(t,
			"destroyed … pending … Task-1", "destroyed … pending … Task-2",
			"destroyed … pending … Task-3", "destroyed … pending … Task-5")
		for _, a := range all {
			expectState(t, a.Name(), a, "cancelled")
			expectIs(t, a.Name(), a.Err(), asyncio.ErrLoopClosed)
		}
	})
	t.Run("Close unwinds tasks that await each other", func(t *testing.T) {
		noLeaks(t)
		var r reports
		var j asynciotest.Trace
		l := newLoop(t, &r)
		var chain func(n int) asyncio.Coroutine[none]
		chain = func(n int) asyncio.Coroutine[none] {
			return asyncio.Void(func(ctx context.Context) error {
				defer j.Add("%d", n)
				if n == 3 {
					return forever(ctx)
				}
				_, err := asyncio.CreateTask(ctx, chain(n+1)).Await(ctx)
				j.Add("%d went on", n)
				return err
			})
		}
		asyncio.CreateTask(l.Context(), chain(1))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, none{})))
		l.Close()
		// Each from the top of its stack, which may be shared.
		expectLines(t, sorted(&j), "1", "2", "3")
		if r.len() != 3 {
			t.Errorf("%d reports, want 3", r.len())
		}
	})
	t.Run("Close unwinds what holds scopes and timers", func(t *testing.T) {
		noLeaks(t)
		var r reports
		var j asynciotest.Trace
		l := newLoop(t, &r)
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer j.Add("unwound")
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			defer cancel()
			defer asyncio.RunningLoop(ctx).CallLater(time.Hour, func() {}).Cancel()
			return forever(scope)
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), noop))
		l.Close()
		j.Expect(t, "unwound")
		r.expect(t, "destroyed … pending … Task-1")
	})
	t.Run("a panic while unwinding is reported", func(t *testing.T) {
		noLeaks(t)
		var r reports
		l := newLoop(t, &r)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer explode()
			return forever(ctx)
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), noop))
		l.Close()
		if !a.Done() {
			t.Error("the task is pending")
		}
		r.expect(t, "destroyed … pending", "test error")
	})
	t.Run("a task that refuses for ever", func(t *testing.T) {
		noLeaks(t)
		var r reports
		requests, unwound := 0, false
		var took time.Duration
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			end := l.Time().Add(time.Second)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				defer func() { unwound, took = true, l.Time().Sub(end) }()
				for {
					if asyncio.Sleep(ctx, time.Second) != nil {
						requests++
					}
				}
			}), asyncio.WithName("stubborn"))
			return asyncio.Sleep(ctx, time.Second)
		}), asyncio.WithVirtualClock(), r.option(), asyncio.WithGrace(10*time.Second))
		expectIs(t, "Run", err, asyncio.ErrGraceExceeded)
		if requests != 1 || !unwound || took != 10*time.Second {
			t.Errorf("%d requests, unwound %v after %v", requests, unwound, took)
		}
		r.expect(t, "destroyed … stubborn")
	})
	t.Run("a Go task that ignores its context", func(t *testing.T) {
		noLeaks(t)
		// The virtual clock would wait for the task, so it is the bubble's.
		synctest.Test(t, func(t *testing.T) {
			var r reports
			release := make(chan struct{})
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				working := asyncio.NewFuture[none](ctx)
				asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(none{})
					<-release
					return nil
				}), asyncio.WithName("deaf"))
				_, err := working.Await(ctx)
				return err
			}), r.option(), asyncio.WithGrace(time.Minute))
			expectIs(t, "Run", err, asyncio.ErrGraceExceeded)
			r.expect(t, "Go task … deaf")
			close(release) // the bubble sees to it that it ends
		})
	})
	t.Run("a Go task that refuses for ever in awaits", func(t *testing.T) {
		noLeaks(t)
		var r reports
		var j asynciotest.Trace
		ended := make(chan struct{})
		within(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					defer close(ended)
					for {
						err := asyncio.Sleep(ctx, time.Hour)
						j.Add("%s", show(err))
						if errors.Is(err, asyncio.ErrLoopClosed) {
							return err
						}
					}
				}), asyncio.WithName("stubborn"))
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.option(), asyncio.WithGrace(time.Minute))
		})
		wait(t, ended)
		j.Expect(t, "cancelled", asyncio.ErrLoopClosed.Error())
		r.expect(t, "Go task … stubborn")
	})
}

func TestPromise10MisuseIsAnErrorNeverAHang(t *testing.T) {
	t.Run("awaiting oneself", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
			a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := a.Await(ctx)
				return err
			}), asyncio.WithName("narcissus"))
			_, err := a.Await(ctx)
			expectIs(t, "Await", err, asyncio.ErrDeadlock)
			if !strings.Contains(fmt.Sprint(err), "narcissus") {
				t.Errorf("%v does not name the task", err)
			}
			return nil
		})
	})
	t.Run("awaiting from a closed loop", func(t *testing.T) {
		l := closedLoop(t)
		ctx := l.Context()
		_, err := asyncio.NewFuture[none](ctx).Await(ctx)
		expectIs(t, "Await", err, asyncio.ErrLoopClosed)
		expectIs(t, "Sleep", asyncio.Sleep(ctx, time.Hour), asyncio.ErrLoopClosed)
	})
	t.Run("awaiting what is on a closed loop from another", func(t *testing.T) {
		other := asyncio.NewLoop(asyncio.WithVirtualClock())
		f := asyncio.NewFuture[none](other.Context())
		other.Close()
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				expectIs(t, "Await", err, asyncio.ErrLoopClosed)
				return nil
			})
		})
	})
	t.Run("awaiting what is on another loop that closes meanwhile", func(t *testing.T) {
		var r reports
		other := newLoop(t, &r)
		f := asyncio.NewFuture[none](other.Context())
		a := asyncio.CreateTask(other.Context(), asyncio.Void(forever))
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				asyncio.RunningLoop(ctx).CallLater(time.Second, func() { other.Close() })
				b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				}))
				_, err := f.Await(ctx)
				expectIs(t, "Await of the future", err, asyncio.ErrLoopClosed)
				_, err = b.Await(ctx)
				expectIs(t, "Await of the task", err, asyncio.ErrLoopClosed)
				return nil
			})
		})
	})
	t.Run("Result before done", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, noop)
			f := asyncio.NewFuture[none](ctx)
			for _, x := range []asyncio.Awaitable[none]{a, f} {
				_, err := x.Result()
				expectIs(t, "Result", err, asyncio.ErrInvalidState)
				expectIs(t, "Err", x.Err(), asyncio.ErrInvalidState)
			}
			return nil
		})
	})
}
