package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

func TestCancelAtEveryMoment(t *testing.T) {
	runScenarios(t, []scenario{
		{
			name: "before the start",
			want: []string{"true", "a is cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.sleeper("a", 1))
				tr.Add("%t", a.Cancel())
				tr.sleep(ctx, 0)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "while running, and it ends without another await",
			// CPython takes the request into account at the end of the coroutine.
			want: []string{"true", "a is cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Add("%t", asyncio.CurrentTask(ctx).Cancel())
					return "result", nil
				})
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "while awaiting",
			want: []string{"a sleeps", "true", "a gets cancelled", "a is cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.sleeper("a", 1))
				tr.sleep(ctx, 0)
				tr.Add("%t", a.Cancel())
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "while its wake-up is ready",
			want: []string{"a awaits", "true", "a gets cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.wait("a", f))
				tr.sleep(ctx, 0)
				f.SetResult("lost to the cancellation, as in CPython")
				tr.Add("%t", a.Cancel())
				a.Await(ctx)
				return nil
			},
		},
		{
			name: "after it is done",
			want: []string{"a 1", "false", "a is succeeded"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.steps("a", 1))
				a.Await(ctx)
				tr.Add("%t", a.Cancel())
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "from its own done callback",
			want: []string{"a 1", "false", "a is succeeded"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.steps("a", 1))
				a.AddDoneCallback(func(a *task) { tr.Add("%t", a.Cancel()) })
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
		{
			name: "from the done callback of what it awaits",
			want: []string{"b awaits", "a 1", "true", "b gets cancelled"},
			main: func(ctx context.Context, tr *trace) error {
				var b *task
				f := asyncio.NewFuture[string](ctx)
				f.AddDoneCallback(func(*future) { tr.Add("%t", b.Cancel()) })
				b = asyncio.CreateTask(ctx, tr.wait("b", f))
				tr.sleep(ctx, 0)
				tr.Add("a 1")
				f.SetResult("x")
				b.Await(ctx)
				return nil
			},
		},
		{
			name: "refused three times",
			want: []string{"refused 1", "refused 2", "refused 3", "1ms a wakes", "1ms a is succeeded"},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for n := 1; asyncio.Sleep(ctx, millis(1)) != nil; n++ {
						tr.Add("refused %d", n)
					}
					tr.Add("a wakes")
					return nil
				}))
				for range 3 {
					tr.sleep(ctx, 0)
					a.Cancel()
				}
				a.Await(ctx)
				tr.Add("a is %s", state(a))
				return nil
			},
		},
	})
	t.Run("taken back before it arrives", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Second)
			}))
			asyncio.Sleep(ctx, 0)
			elsewhere(func() {
				a.Cancel()
				a.Uncancel()
			})
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("from many goroutines at once", func(t *testing.T) {
		const n = 50
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				// Sleeps outlive no request, so this ends when the last was seen.
				for asyncio.CurrentTask(ctx).Cancelling() < n {
					forever(ctx)
				}
				return asyncio.Sleep(ctx, 0)
			}))
			asyncio.Sleep(ctx, 0)
			for range n {
				go a.Cancel()
			}
			a.Await(asyncio.RunningLoop(ctx).Context())
			if a.Cancelling() != n {
				t.Errorf("%d requests", a.Cancelling())
			}
			return nil
		})
	})
}

func TestClosedLoop(t *testing.T) {
	t.Run("futures", func(t *testing.T) {
		l := closedLoop(t)
		f := asyncio.NewFuture[int](l.Context())
		if err := f.SetResult(1); err != nil {
			t.Error(err)
		}
		if v, err := f.Await(context.Background()); v != 1 || err != nil {
			t.Error(v, err)
		}
		if !asyncio.NewFuture[int](l.Context()).Cancel() {
			t.Error("Cancel of a pending future is false")
		}
	})
	t.Run("callbacks", func(t *testing.T) {
		l := closedLoop(t)
		f := func() { t.Error("it ran") }
		for name, h := range map[string]*asyncio.Handle{
			"CallSoon":  l.CallSoon(f),
			"CallLater": l.CallLater(0, f),
			"CallAt":    l.CallAt(l.Time(), f),
		} {
			if !h.Cancelled() {
				t.Errorf("%s: the handle is not cancelled", name)
			}
			if h.Cancel() {
				t.Errorf("%s: Cancel came in time", name)
			}
		}
		x := asyncio.NewFuture[int](l.Context())
		remove := x.AddDoneCallback(func(*asyncio.Future[int]) { f() })
		x.SetResult(1)
		remove() // either answer is right; it must not panic
	})
	t.Run("runs", func(t *testing.T) {
		l := closedLoop(t)
		expectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopClosed)
		expectIs(t, "RunUntilComplete", l.RunUntilComplete(asyncio.NewFuture[int](l.Context())), asyncio.ErrLoopClosed)
		r := asyncio.NewRunner()
		for range 2 {
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
		}
		_, err := asyncio.RunOn(r, context.Background(), noop)
		expectIs(t, "RunOn", err, asyncio.ErrLoopClosed)
	})
	t.Run("questions", func(t *testing.T) {
		l := closedLoop(t)
		if !l.IsClosed() || l.IsRunning() || len(asyncio.AllTasks(l)) != 0 {
			t.Error("it does not look closed")
		}
		l.Stop()
		if err := l.Close(); err != nil {
			t.Error("Close again:", err)
		}
		expectIs(t, "Err of its context", l.Context().Err(), context.Canceled)
		expectIs(t, "Cause of its context", context.Cause(l.Context()), asyncio.ErrLoopClosed)
	})
	t.Run("what was set before", func(t *testing.T) {
		var r reports
		l := newLoop(t, &r)
		timer := l.CallLater(time.Hour, func() {})
		soon := l.CallSoon(func() { t.Error("it ran") })
		scope, cancel := asyncio.WithTimeout(l.Context(), time.Hour)
		f := asyncio.NewFuture[int](l.Context())
		remove := f.AddDoneCallback(func(*asyncio.Future[int]) { t.Error("it ran") })
		l.Close()
		timer.Cancel()
		soon.Cancel()
		cancel()
		remove()
		f.SetResult(1)
		expectIs(t, "a scope", scope.Err(), context.Canceled)
	})
	t.Run("who is waiting is told", func(t *testing.T) {
		noLeaks(t)
		l := asyncio.NewLoop()
		f := asyncio.NewFuture[int](l.Context())
		errs := make(chan error, 2)
		go func() {
			_, err := f.Await(context.Background())
			errs <- err
		}()
		go func() { errs <- asyncio.Sleep(l.Context(), time.Hour) }()
		l.Close()
		for range 2 {
			expectIs(t, "the wait", <-errs, asyncio.ErrLoopClosed)
		}
	})
	t.Run("scopes", func(t *testing.T) {
		scope, cancel := asyncio.WithTimeout(closedLoop(t).Context(), time.Hour)
		defer cancel()
		if scope.Err() == nil {
			t.Error("a scope of a loop that has ended has not")
		}
	})
}

func TestCyclesOfAwaits(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}} {
		for _, way := range []string{"at once", "one by one"} {
			t.Run(strings.Join(names, " awaits ")+" "+way, func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					tasks := make([]*asyncio.Task[none], len(names))
					for i, name := range names {
						tasks[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							if way == "one by one" {
								asyncio.Sleep(ctx, time.Duration(i)*time.Second)
							}
							_, err := tasks[(i+1)%len(names)].Await(ctx)
							return err
						}), asyncio.WithName(name))
					}
					for i, a := range tasks {
						_, err := a.Await(ctx)
						expectIs(t, names[i], err, asyncio.ErrDeadlock)
						for _, name := range names {
							if err == nil || !strings.Contains(err.Error(), name) {
								t.Errorf("%v does not name %s", err, name)
							}
						}
					}
					return nil
				})
			})
		}
	}
	t.Run("who is refused may go on", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			main := asyncio.CurrentTask(ctx).(*asyncio.Task[none])
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := main.Await(ctx)
				expectIs(t, "Await", err, asyncio.ErrDeadlock)
				return nil
			}))
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("of Go tasks", func(t *testing.T) {
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				var a, b *asyncio.Task[none]
				a = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := b.Await(ctx)
					return err
				}))
				b = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				}))
				_, err := a.Await(ctx)
				expectIs(t, "Await", err, asyncio.ErrDeadlock)
				b.Await(ctx)
				return nil
			})
		})
	})
	t.Run("through a scope", func(t *testing.T) {
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				var a *asyncio.Task[none]
				a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					scope, cancel := asyncio.WithCancel(ctx)
					defer cancel()
					_, err := a.Await(scope)
					return err
				}))
				_, err := a.Await(ctx)
				expectIs(t, "Await", err, asyncio.ErrDeadlock)
				return nil
			})
		})
	})
}

func TestAwaitInACallback(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		done := asyncio.NewFuture[none](ctx)
		l.CallSoon(func() {
			defer done.SetResult(none{})
			f := asyncio.NewFuture[none](ctx)
			for _, c := range []context.Context{ctx, l.Context(), context.Background()} {
				_, err := f.Await(c)
				expectIs(t, "Await", err, asyncio.ErrNotInTask)
			}
			expectIs(t, "Sleep", asyncio.Sleep(ctx, 0), asyncio.ErrNotInTask)
			_, err := asyncio.ToThread(ctx, noop)
			expectIs(t, "ToThread", err, asyncio.ErrNotInTask)
			// What is done needs no wait.
			f.SetResult(none{})
			if _, err := f.Await(ctx); err != nil {
				t.Error(err)
			}
			if asyncio.CurrentTask(ctx) != nil {
				t.Error("a callback has a task")
			}
			if err := l.RunForever(); !errors.Is(err, asyncio.ErrLoopRunning) {
				t.Error("RunForever:", err)
			}
		})
		_, err := done.Await(ctx)
		return err
	})
}

func TestNil(t *testing.T) {
	var r reports
	l := newLoop(t, &r)
	ctx := l.Context()
	var noCtx context.Context
	f := asyncio.NewFuture[none](ctx)
	a := asyncio.CreateTask(ctx, noop)
	l.RunUntilComplete(a)
	for name, test := range map[string]struct {
		do   func()
		word string
	}{
		"CreateTask":             {func() { asyncio.CreateTask[none](ctx, nil) }, "nil coroutine"},
		"Go":                     {func() { asyncio.Go[none](ctx, nil) }, "nil coroutine"},
		"Run":                    {func() { asyncio.Run[none](context.Background(), nil) }, "nil coroutine"},
		"CallSoon":               {func() { l.CallSoon(nil) }, "nil callback"},
		"CallLater":              {func() { l.CallLater(time.Second, nil) }, "nil callback"},
		"CallAt":                 {func() { l.CallAt(l.Time(), nil) }, "nil callback"},
		"Task.AddDoneCallback":   {func() { a.AddDoneCallback(nil) }, "nil callback"},
		"Future.AddDoneCallback": {func() { f.AddDoneCallback(nil) }, "nil callback"},

		"CreateTask in nil":  {func() { asyncio.CreateTask(noCtx, noop) }, "nil context: pass"},
		"Go in nil":          {func() { asyncio.Go(noCtx, noop) }, "nil context: pass"},
		"NewFuture in nil":   {func() { asyncio.NewFuture[none](noCtx) }, "nil context: pass"},
		"Sleep in nil":       {func() { asyncio.Sleep(noCtx, 0) }, "nil context: pass"},
		"Await in nil":       {func() { f.Await(noCtx) }, "nil context: pass"},
		"Run in nil":         {func() { asyncio.Run(noCtx, noop) }, "nil context: pass"},
		"WithCancel of nil":  {func() { asyncio.WithCancel(noCtx) }, "nil context: pass"},
		"WithTimeout of nil": {func() { asyncio.WithTimeout(noCtx, time.Second) }, "nil context: pass"},
		"RunningLoop of nil": {func() { asyncio.RunningLoop(noCtx) }, "nil context: pass"},

		"WithMaxThreads of none": {func() { asyncio.WithMaxThreads(0) }, "positive"},
	} {
		t.Run(name, func(t *testing.T) { expectPanic(t, test.do, test.word) })
	}
	// None of it has harmed the loop.
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	r.expect(t)
}

func TestRunOnALoop(t *testing.T) {
	runner := asyncio.NewRunner(asyncio.WithVirtualClock())
	defer runner.Close()
	l := runner.Loop()
	_, err := asyncio.RunOn(runner, context.Background(), asyncio.Void(func(ctx context.Context) error {
		done := asyncio.CreateTask(ctx, noop)
		done.Await(ctx)
		other := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.Sleep(ctx, time.Second)
		}))
		_, err := asyncio.Run(ctx, noop)
		expectIs(t, "Run", err, asyncio.ErrLoopRunning)
		_, err = asyncio.RunOn(runner, ctx, noop)
		expectIs(t, "RunOn", err, asyncio.ErrLoopRunning)
		expectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopRunning)
		expectIs(t, "RunUntilComplete", l.RunUntilComplete(other), asyncio.ErrLoopRunning)
		expectIs(t, "RunUntilComplete of what is done", l.RunUntilComplete(done), asyncio.ErrLoopRunning)
		expectIs(t, "Loop.Close", l.Close(), asyncio.ErrLoopRunning)
		expectIs(t, "Runner.Close", runner.Close(), asyncio.ErrLoopRunning)
		// None of it has stopped the loop or touched the tasks.
		_, err = other.Await(ctx)
		return err
	}))
	if err != nil {
		t.Error("RunOn:", err)
	}
}

func TestRunOfALoopThatRunsElsewhere(t *testing.T) {
	for name, try := range map[string]func(l *asyncio.Loop, r *asyncio.Runner) error{
		"RunForever": func(l *asyncio.Loop, _ *asyncio.Runner) error { return l.RunForever() },
		"RunUntilComplete of what is done": func(l *asyncio.Loop, _ *asyncio.Runner) error {
			f := asyncio.NewFuture[none](l.Context())
			f.SetResult(none{})
			return l.RunUntilComplete(f)
		},
		"RunUntilComplete of what is pending": func(l *asyncio.Loop, _ *asyncio.Runner) error {
			return l.RunUntilComplete(asyncio.NewFuture[none](l.Context()))
		},
		"RunOn": func(_ *asyncio.Loop, r *asyncio.Runner) error {
			_, err := asyncio.RunOn(r, context.Background(), noop)
			return err
		},
		"Loop.Close":   func(l *asyncio.Loop, _ *asyncio.Runner) error { return l.Close() },
		"Runner.Close": func(_ *asyncio.Loop, r *asyncio.Runner) error { return r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			r := asyncio.NewRunner(asyncio.WithVirtualClock())
			l := r.Loop()
			stopped := make(chan error, 1)
			started := make(chan struct{})
			l.CallSoon(func() { close(started) })
			go func() { stopped <- l.RunForever() }()
			<-started
			a := asyncio.CreateTask(l.Context(), asyncio.Void(forever))
			expectIs(t, name, try(l, r), asyncio.ErrLoopRunning)
			// The loop has not noticed. A few turns are enough for a stop to show.
			within(t, func() {
				asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
					for range 10 {
						asyncio.Sleep(ctx, 0)
					}
					return nil
				})).Await(context.Background())
			})
			expectState(t, "a task of the loop", a, "pending")
			l.Stop()
			if err := <-stopped; err != nil {
				t.Error("RunForever:", err)
			}
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
		})
	}
}

func TestRunUntilComplete(t *testing.T) {
	var r reports
	l := newLoop(t, &r)
	t.Run("another loop's future", func(t *testing.T) {
		other := newLoop(t, &r)
		err := l.RunUntilComplete(asyncio.NewFuture[none](other.Context()))
		if err == nil || !strings.Contains(err.Error(), "another loop") {
			t.Error(err)
		}
	})
	t.Run("an error", func(t *testing.T) {
		expectIs(t, "RunUntilComplete", l.RunUntilComplete(asyncio.CreateTask(l.Context(), fail(errTest))), errTest)
	})
	t.Run("a future that is done", func(t *testing.T) {
		f := asyncio.NewFuture[none](l.Context())
		f.SetResult(none{})
		if err := l.RunUntilComplete(f); err != nil {
			t.Error(err)
		}
	})
	t.Run("stopped before it is done", func(t *testing.T) {
		f := asyncio.NewFuture[none](l.Context())
		l.CallSoon(l.Stop)
		expectIs(t, "RunUntilComplete", l.RunUntilComplete(f), asyncio.ErrLoopStopped)
		// Its end does not stop a later run.
		f.SetResult(none{})
		if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, none{}))); err != nil {
			t.Error(err)
		}
	})
	t.Run("stopped before it runs", func(t *testing.T) {
		turns := 0
		l.CallSoon(func() { turns++; l.CallSoon(func() { turns++ }) })
		l.Stop()
		if err := l.RunForever(); err != nil || turns != 1 {
			t.Errorf("error %v, %d turns", err, turns)
		}
	})
	t.Run("main stopped before it is done", func(t *testing.T) {
		err := run(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).Stop()
			return asyncio.Sleep(ctx, time.Second)
		})
		expectIs(t, "Run", err, asyncio.ErrLoopStopped)
	})
	r.expect(t)
}

func TestFutureSetOnce(t *testing.T) {
	ends := map[string]struct {
		end   func(f *asyncio.Future[int]) error
		state string
	}{
		"SetResult": {func(f *asyncio.Future[int]) error { return f.SetResult(1) }, "succeeded"},
		"SetErr":    {func(f *asyncio.Future[int]) error { return f.SetErr(errTest) }, "failed"},
		"SetErr of a cancellation": {func(f *asyncio.Future[int]) error {
			return f.SetErr(&asyncio.CancelledError{})
		}, "cancelled"},
		"Cancel": {func(f *asyncio.Future[int]) error {
			if !f.Cancel() {
				return asyncio.ErrInvalidState
			}
			return nil
		}, "cancelled"},
	}
	for first, a := range ends {
		for second, b := range ends {
			t.Run(first+" then "+second, func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					f := asyncio.NewFuture[int](ctx)
					if err := a.end(f); err != nil {
						t.Error(err)
					}
					expectIs(t, second, b.end(f), asyncio.ErrInvalidState)
					expectState(t, "the future", f, a.state)
					return nil
				})
			})
		}
	}
	t.Run("SetErr of nil", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			if err := f.SetErr(nil); err == nil || !strings.Contains(err.Error(), "SetResult") {
				t.Errorf("%v does not name the fix", err)
			}
			expectState(t, "the future", f, "pending")
			return nil
		})
	})
	t.Run("by many goroutines", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			var won atomic.Int32
			var winner atomic.Int32
			for i := range 50 {
				asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					if f.SetResult(i) == nil {
						won.Add(1)
						winner.Store(int32(i))
					}
					return nil
				}))
			}
			for _, a := range asyncio.AllTasks(asyncio.RunningLoop(ctx)) {
				if g, ok := a.(*asyncio.Task[none]); ok && a != asyncio.CurrentTask(ctx) {
					g.Await(ctx)
				}
			}
			v, err := f.Await(ctx)
			if won.Load() != 1 || v != int(winner.Load()) || err != nil {
				t.Errorf("%d winners, result %d of %d, %v", won.Load(), v, winner.Load(), err)
			}
			return nil
		})
	})
}

func TestEdgesOfTime(t *testing.T) {
	waits := map[string]func(ctx context.Context, d time.Duration) error{
		"loop task": asyncio.Sleep,
		"Go task": func(ctx context.Context, d time.Duration) error {
			_, err := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, d)
			})).Await(ctx)
			return err
		},
		"goroutine": func(ctx context.Context, d time.Duration) error {
			f := asyncio.NewFuture[none](ctx)
			go func() {
				if err := asyncio.Sleep(ctx, d); err != nil {
					f.SetErr(err)
				}
				f.SetResult(none{})
			}()
			_, err := f.Await(ctx)
			return err
		},
	}
	for who, sleep := range waits {
		t.Run("sleeps of a "+who+" that are over at once", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				l := asyncio.RunningLoop(ctx)
				before := l.Time()
				for _, d := range []time.Duration{0, -1, -time.Hour, math.MinInt64} {
					if err := sleep(ctx, d); err != nil {
						t.Errorf("Sleep(%d): %v", d, err)
					}
				}
				if took := l.Time().Sub(before); took != 0 {
					t.Errorf("took %v", took)
				}
				return nil
			})
		})
		t.Run("a sleep of a "+who+" beyond all time", func(t *testing.T) {
			noLeaks(t)
			succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return sleep(ctx, math.MaxInt64)
				}))
				// Long after, it still sleeps.
				asyncio.Sleep(ctx, 100*365*24*time.Hour)
				expectState(t, "the sleeper", a, "pending")
				a.Cancel()
				a.Await(ctx)
				expectState(t, "the sleeper", a, "cancelled")
				return nil
			})
		})
	}
	runScenarios(t, []scenario{{
		name: "callbacks of the past and of the far future",
		want: []string{"past", "negative", "earlier", "now", "1ms later"},
		main: func(ctx context.Context, tr *trace) error {
			l := tr.loop
			never := tr.say("never")
			handles := []*asyncio.Handle{
				l.CallAt(time.Date(1_000_000, 1, 1, 0, 0, 0, 0, time.UTC), never),
				l.CallLater(math.MaxInt64, never),
				l.CallLater(math.MaxInt64-1, never),
			}
			l.CallLater(0, tr.say("now"))
			l.CallLater(-1, tr.say("earlier"))
			l.CallAt(time.Time{}, tr.say("past"))
			l.CallLater(math.MinInt64, tr.say("negative"))
			tr.loop.CallLater(time.Millisecond, tr.say("later"))
			tr.sleep(ctx, 1)
			for _, h := range handles {
				if !h.Cancel() {
					tr.Add("too late")
				}
			}
			return nil
		},
	}})
	t.Run("timeouts", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			for _, d := range []time.Duration{0, -1, math.MinInt64} {
				scope, cancel := asyncio.WithTimeout(ctx, d)
				expectIs(t, "a sleep in a scope without time", asyncio.Sleep(scope, time.Second), asyncio.ErrTimeout)
				cancel()
			}
			scope, cancel := asyncio.WithTimeout(ctx, math.MaxInt64)
			defer cancel()
			if err := asyncio.Sleep(scope, 100*365*24*time.Hour); err != nil {
				t.Error("a sleep in a scope with all time:", err)
			}
			return nil
		})
	})
	t.Run("When", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			at := l.Time().Add(time.Hour)
			if h := l.CallAt(at, func() {}); !h.When().Equal(at) {
				t.Error("CallAt:", h.When())
			}
			if h := l.CallLater(time.Hour, func() {}); !h.When().Equal(at) {
				t.Error("CallLater:", h.When())
			}
			if h := l.CallSoon(func() {}); !h.When().IsZero() {
				t.Error("CallSoon:", h.When())
			}
			return nil
		})
	})
}

func TestAMillion(t *testing.T) {
	many := scaled(1_000_000)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	// flat checks that the loop, still running, keeps nothing of what has ended:
	// a task or a handle that it kept would be a hundred bytes at the least.
	flat := func(t *testing.T, before uint64) {
		t.Helper()
		if after := heap(); after > before+4<<20+uint64(20*many) {
			t.Errorf("the heap has grown from %d to %d KB", before>>10, after>>10)
		}
	}
	t.Run("tasks one by one", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			before := heap()
			sum := 0
			for i := range many {
				v, err := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return i, nil }).Await(ctx)
				if err != nil {
					return err
				}
				sum += v
			}
			if sum != many*(many-1)/2 {
				t.Error("sum", sum)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("tasks at once", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			before := heap()
			done := 0
			for range many {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { done++; return nil }))
			}
			asyncio.Sleep(ctx, 0)
			if done != many {
				t.Errorf("%d done", done)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("tasks cancelled before they start", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			before := heap()
			for range many {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					t.Error("it ran")
					return nil
				})).Cancel()
			}
			asyncio.Sleep(ctx, 0)
			if n := len(asyncio.AllTasks(asyncio.RunningLoop(ctx))); n != 1 {
				t.Errorf("%d tasks left", n)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("timers set and cancelled", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			before := heap()
			for range many {
				l.CallLater(time.Hour, func() { t.Error("it ran") }).Cancel()
			}
			handles := make([]*asyncio.Handle, many)
			for i := range handles {
				handles[i] = l.CallLater(time.Duration(i%1000)*time.Second, func() { t.Error("it ran") })
			}
			for _, h := range handles {
				if !h.Cancel() {
					t.Error("too late")
				}
			}
			clear(handles)
			flat(t, before)
			// They are gone from the clock too: it has nothing to stop at.
			return asyncio.Sleep(ctx, 24*time.Hour)
		})
	})
	t.Run("sleepers", func(t *testing.T) {
		n := scaled(200_000) // a million takes 3 GB and 15 seconds
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			woken := 0
			for i := range n {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, time.Duration(1+i%1000)*time.Second)
					woken++
					return err
				}))
			}
			asyncio.Sleep(ctx, time.Hour)
			if woken != n {
				t.Errorf("%d of %d woke", woken, n)
			}
			return nil
		})
	})
}

func TestDeepChains(t *testing.T) {
	deep, coroutines := scaled(200_000), scaled(100_000)
	var chain func(n int, end asyncio.Coroutine[int]) asyncio.Coroutine[int]
	chain = func(n int, end asyncio.Coroutine[int]) asyncio.Coroutine[int] {
		if n == 0 {
			return end
		}
		return func(ctx context.Context) (int, error) {
			v, err := asyncio.CreateTask(ctx, chain(n-1, end)).Await(ctx)
			return v + 1, err
		}
	}
	// apart has every task on a stack of its own: it starts before it is awaited.
	var apart func(n int) asyncio.Coroutine[int]
	apart = func(n int) asyncio.Coroutine[int] {
		return func(ctx context.Context) (int, error) {
			if n == 0 {
				asyncio.Sleep(ctx, time.Second)
				return 0, nil
			}
			a := asyncio.CreateTask(ctx, apart(n-1))
			asyncio.Sleep(ctx, 0)
			v, err := a.Await(ctx)
			return v + 1, err
		}
	}
	for name, test := range map[string]struct {
		n int
		c asyncio.Coroutine[int]
	}{
		"each awaits a fresh one":               {deep, chain(deep, asyncio.Delay(0, 0))},
		"each awaits a fresh one, which sleeps": {deep, chain(deep, asyncio.Delay(time.Second, 0))},
		"each awaits one that has started":      {coroutines, apart(coroutines)},
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			succeed(t, func(ctx context.Context) error {
				v, err := asyncio.CreateTask(ctx, test.c).Await(ctx)
				if v != test.n {
					t.Errorf("%d, want %d", v, test.n)
				}
				return err
			})
		})
	}
	t.Run("cancelled from the top", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, chain(deep, asyncio.Delay(time.Duration(math.MaxInt64), 0)))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("down")
			_, err := a.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "down" {
				t.Error(err)
			}
			return nil
		})
	})
	t.Run("closed over", func(t *testing.T) {
		noLeaks(t)
		var r reports
		l := newLoop(t, &r)
		asyncio.CreateTask(l.Context(), chain(1000, asyncio.Delay(time.Hour, 0)))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, 0)))
		l.Close()
		if r.len() != 1001 {
			t.Errorf("%d reports", r.len())
		}
	})
}

func TestMaxThreads(t *testing.T) {
	t.Run("never more at work, and as many", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var working atomic.Int32
			both := make(chan struct{})
			var tasks []*asyncio.Task[none]
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
		succeed(t, func(ctx context.Context) error {
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
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
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
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
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
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				working, release := asyncio.NewFuture[none](ctx), make(chan struct{})
				a := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(none{})
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
		var queued *asyncio.Task[none]
		blocked(t, func(ctx context.Context) {
			queued = asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			asyncio.Sleep(ctx, 0) // now it is in the queue
			queued.Cancel()
			queued.Await(ctx) // and need not wait for a place
			expectState(t, "the task", queued, "cancelled")
		}, func(ctx context.Context) { asyncio.Sleep(ctx, 0) })
	})
	t.Run("cancelled in the queue and taken back", func(t *testing.T) {
		ran := 0
		var queued *asyncio.Task[none]
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
			expectState(t, "the task", queued, "succeeded")
			if ran != 1 {
				t.Errorf("ran %d times", ran)
			}
			// The place is free again, and only one.
			if _, err := asyncio.ToThread(ctx, noop); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("cancelled while its wake-up waits for a place", func(t *testing.T) {
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				f := asyncio.NewFuture[int](ctx)
				var first, second error
				a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					_, first = f.Await(ctx)
					second = asyncio.Sleep(ctx, time.Second)
					return second
				}))
				asyncio.Sleep(ctx, time.Second) // a awaits, and has no place
				working, release := asyncio.NewFuture[none](ctx), make(chan struct{})
				b := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(none{})
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
				expectState(t, "the task", a, "cancelled")
				if (first == nil) == (second == nil) {
					t.Errorf("told %v and %v: not once", first, second)
				}
				return nil
			}, asyncio.WithMaxThreads(1))
		})
	})
}

func TestGoTasks(t *testing.T) {
	t.Run("cancelled in a wait", func(t *testing.T) {
		for name, sleep := range map[string]func(ctx context.Context) error{
			"Sleep": forever,
			"Await": func(ctx context.Context) error {
				_, err := asyncio.NewFuture[none](ctx).Await(ctx)
				return err
			},
			"Await of a task": func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, asyncio.Void(forever)).Await(ctx)
				return err
			},
			"Await of a Go task": func(ctx context.Context) error {
				_, err := asyncio.Go(ctx, asyncio.Void(forever)).Await(ctx)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				noLeaks(t)
				succeed(t, func(ctx context.Context) error {
					a := asyncio.Go(ctx, asyncio.Void(sleep))
					asyncio.Sleep(ctx, time.Second)
					if !a.Cancel("stop") {
						t.Error("Cancel is false")
					}
					_, err := a.Await(ctx)
					expectState(t, "the task", a, "cancelled")
					var e *asyncio.CancelledError
					if !errors.As(err, &e) || e.Message != "stop" {
						t.Error(err)
					}
					return nil
				})
			})
		}
	})
	t.Run("suppresses and waits again", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				first := forever(ctx)
				second := asyncio.Sleep(ctx, time.Second)
				return show(first) + ", " + show(second), nil
			})
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			v, err := a.Await(ctx)
			if v != "cancelled, no error" {
				t.Error(v)
			}
			if a.Cancelling() != 1 {
				t.Errorf("Cancelling is %d", a.Cancelling())
			}
			return err
		})
	})
	t.Run("cancelled at work", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			working := asyncio.NewFuture[none](ctx)
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				working.SetResult(none{})
				<-ctx.Done()
				// It has not been told by an await yet, so the next one does, once.
				first := asyncio.Sleep(ctx, time.Second)
				second := asyncio.Sleep(ctx, time.Second)
				return show(first) + ", " + show(second), nil
			})
			working.Await(ctx)
			a.Cancel()
			v, err := a.Await(ctx)
			if v != "cancelled, no error" {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("awaits with the context of the task outside", func(t *testing.T) {
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
					return asyncio.Sleep(ctx, time.Second)
				}))
				return err
			})
		})
	})
	t.Run("done callbacks run on the loop", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			called := asyncio.NewFuture[bool](ctx)
			asyncio.Go(ctx, noop).AddDoneCallback(func(a *asyncio.Task[none]) {
				// Only on the loop an await is refused.
				err := asyncio.Sleep(ctx, 0)
				called.SetResult(a.Done() && errors.Is(err, asyncio.ErrNotInTask))
			})
			ok, err := called.Await(ctx)
			if !ok {
				t.Error("elsewhere, or before the end")
			}
			return err
		})
	})
	t.Run("awaited by a goroutine", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, func(context.Context) (int, error) { return 42, nil })
			got := make(chan int, 1)
			go func() {
				v, _ := a.Await(context.Background())
				got <- v
			}()
			if _, err := a.Await(ctx); err != nil {
				return err
			}
			v, err := asyncio.ToThread(ctx, func(context.Context) (int, error) { return <-got, nil })
			if v != 42 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("awaits in a closed loop's clean-up", func(t *testing.T) {
		noLeaks(t)
		var r reports
		l := newLoop(t, &r)
		release, ended := make(chan struct{}), make(chan struct{})
		started := asyncio.NewFuture[none](l.Context())
		asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer close(ended)
			started.SetResult(none{})
			<-release
			if ctx.Err() == nil {
				t.Error("its context goes on")
			}
			expectIs(t, "Sleep", asyncio.Sleep(ctx, time.Second), asyncio.ErrLoopClosed)
			_, err := asyncio.ToThread(ctx, noop)
			expectIs(t, "ToThread", err, asyncio.ErrLoopClosed)
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			expectIs(t, "Sleep in a scope", asyncio.Sleep(scope, time.Second), asyncio.ErrLoopClosed)
			return nil
		}))
		l.RunUntilComplete(started)
		l.Close()
		close(release)
		wait(t, ended)
		r.expect(t, "Go task")
	})
}

func TestTextOfATaskThatIsCancelled(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		expect := func(a fmt.Stringer, state string) {
			t.Helper()
			if !strings.HasPrefix(a.String(), "<Task "+state+" name=") {
				t.Errorf("%v, want %s", a, state)
			}
		}
		refuses := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			self := asyncio.CurrentTask(ctx)
			forever(ctx)
			expect(self.(fmt.Stringer), "cancelling") // until it takes that back
			self.Uncancel()
			expect(self.(fmt.Stringer), "pending")
			self.Cancel()
			forever(ctx)
			return nil
		}))
		asyncio.Sleep(ctx, 0)
		expect(refuses, "pending")
		refuses.Cancel()
		expect(refuses, "cancelling")
		if _, err := refuses.Await(ctx); err != nil {
			return err
		}
		expect(refuses, "finished") // with a request that was not taken back
		if refuses.Cancelling() != 1 {
			t.Error(refuses.Cancelling())
		}
		return nil
	})
}
