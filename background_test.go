package asyncio_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// started is a runner whose loop runs in the background.
func started(t *testing.T, opts ...asyncio.Option) (*asyncio.Runner, context.Context) {
	t.Helper()
	r := asyncio.NewRunner(opts...)
	scope, err := r.Start()
	if err != nil {
		t.Fatal(err)
	}
	return r, scope
}

// expectClosed checks that the loop is closed and says so.
func expectClosed(t *testing.T, r *asyncio.Runner) {
	t.Helper()
	if !r.Loop().IsClosed() || r.Loop().IsRunning() {
		t.Errorf("%v", r)
	}
	testutil.ExpectIs(t, "the cause of scope", context.Cause(r.Loop().Context()), asyncio.ErrLoopClosed)
	_, err := asyncio.CreateTask(r.Loop().Context(), testutil.Noop).Await(context.Background())
	testutil.ExpectIs(t, "a new task", err, asyncio.ErrLoopClosed)
	_, err = r.Start()
	testutil.ExpectIs(t, "Start", err, asyncio.ErrLoopClosed)
}

func TestLoopInTheBackground(t *testing.T) {
	t.Run("does what other goroutines ask for", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		var all sync.WaitGroup
		n := 0 // of the loop alone
		for range 8 {
			all.Go(func() {
				for range 100 {
					_, _ = asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
						n++
						return asyncio.Sleep(ctx, 0)
					})).Await(context.Background())
				}
			})
		}
		all.Wait()
		if err := r.Shutdown(context.Background()); err != nil || n != 800 {
			t.Error(err, n)
		}
		expectClosed(t, r)
	})
	t.Run("is ended gently: asked, loop tasks, Go tasks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var j asynciotest.Trace
			r, scope := started(t, asyncio.WithDrain(time.Minute))
			asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Stopping(ctx).Wait(ctx)
				j.Add("one is asked: %v", err)
				return err
			}))
			asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				j.Add("one is %v", err)
				_ = asyncio.Sleep(context.WithoutCancel(ctx), time.Second)
				j.Add("and has cleaned up")
				return err
			}), asyncio.WithName("other"))
			asyncio.Go(scope, asyncio.Void(func(ctx context.Context) error {
				<-ctx.Done()
				j.Add("a Go task is %v", context.Cause(ctx))
				return context.Cause(ctx)
			}), asyncio.WithName("goroutine"))
			synctest.Wait()
			began := time.Now()
			if err := r.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if d := time.Since(began); d != time.Minute+time.Second {
				t.Errorf("took %v", d)
			}
			j.Expect(t,
				"one is asked: <nil>",
				"one is asyncio: cancelled by loop shutdown",
				"and has cleaned up",
				"a Go task is asyncio: cancelled by loop shutdown")
			expectClosed(t, r)
		})
	})
	t.Run("Stop leaves the tasks for another Start, or a RunOn", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		f := asyncio.NewFuture[int](scope)
		task := asyncio.CreateTask(scope, func(ctx context.Context) (int, error) { return f.Await(ctx) })
		r.Loop().Stop()
		testutil.Until(t, "the loop has stopped", func() bool { return !r.Loop().IsRunning() })
		if _, err := asyncio.RunOn(r, context.Background(), testutil.Noop); err != nil || task.Done() {
			t.Error(err, task)
		}
		if _, err := r.Start(); err != nil {
			t.Error(err)
		}
		_ = f.SetResult(7)
		if v, err := task.Await(context.Background()); v != 7 || err != nil {
			t.Error(v, err)
		}
		r.Loop().Stop()
		testutil.Until(t, "the loop has stopped", func() bool { return !r.Loop().IsRunning() })
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		expectClosed(t, r)
	})
	t.Run("one at a time runs", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		_, err := r.Start()
		testutil.ExpectIs(t, "Start", err, asyncio.ErrLoopRunning)
		_, err = asyncio.RunOn(r, context.Background(), testutil.Noop)
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "RunForever", r.Loop().RunForever(), asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "Loop.Close", r.Loop().Close(), asyncio.ErrLoopRunning)
		if _, err := asyncio.CreateTask(scope, testutil.Noop).Await(scope); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("not beside a RunOn, which Shutdown leaves alone", func(t *testing.T) {
		testutil.NoLeaks(t)
		r := asyncio.NewRunner()
		_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				testutil.Elsewhere(func() {
					_, err := r.Start()
					testutil.ExpectIs(t, "Start", err, asyncio.ErrLoopRunning)
					testutil.ExpectIs(t, "Shutdown", r.Shutdown(context.Background()), asyncio.ErrLoopRunning)
				})
				return nil
			}))
			return err
		}))
		if err != nil {
			t.Error(err)
		}
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownWithinItsContext(t *testing.T) {
	// deaf is a runner with a task that does not listen, and one that does.
	deaf := func(t *testing.T, opts ...asyncio.Option) (*asyncio.Runner, *testutil.Reports, *asynciotest.Trace) {
		testutil.CaptureLog(t, nil)
		var j asynciotest.Trace
		reports := &testutil.Reports{}
		r, scope := started(t, append(opts, reports.Option())...)
		asyncio.CreateTask(scope, asyncio.Void(deafTo), asyncio.WithName("deaf"))
		asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
			err := testutil.Forever(ctx)
			j.Add("%v", err)
			return err
		}), asyncio.WithName("good"))
		synctest.Wait()
		return r, reports, &j
	}
	took := func(t *testing.T, want time.Duration, f func() error) error {
		t.Helper()
		began := time.Now()
		err := f()
		if d := time.Since(began); d != want {
			t.Errorf("took %v", d)
		}
		return err
	}
	const byShutdown = "asyncio: cancelled by loop shutdown"
	t.Run("who does not end is given up and named when it ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, reports, j := deaf(t, asyncio.WithGrace(time.Second))
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			err := took(t, 5*time.Second, func() error { return r.Shutdown(ctx) })
			expectLate(t, err, "(context deadline exceeded)", "deaf (loop task sleeps for ever at ")
			testutil.ExpectIs(t, "Shutdown", err, context.DeadlineExceeded)
			if strings.Contains(err.Error(), "good") {
				t.Errorf("%v: names one that has ended", err)
			}
			j.Expect(t, byShutdown)
			reports.Expect(t, "destroyed … deaf")
			expectClosed(t, r)
			if again := r.Shutdown(context.Background()); again != err { //nolint:errorlint // it is the same one
				t.Errorf("again %v", again)
			}
		})
	})
	t.Run("one that cannot end gives them the grace, and so does Close", func(t *testing.T) {
		for _, end := range []func(*asyncio.Runner) error{
			(*asyncio.Runner).Close,
			func(r *asyncio.Runner) error { return r.Shutdown(context.Background()) },
		} {
			synctest.Test(t, func(t *testing.T) {
				r, reports, j := deaf(t, asyncio.WithGrace(7*time.Second))
				expectLate(t, took(t, 7*time.Second, func() error { return end(r) }), "grace of 7s: deaf")
				j.Expect(t, byShutdown)
				reports.Expect(t, "destroyed … deaf")
			})
		}
	})
	t.Run("a signal ends it, which does not take the grace", func(t *testing.T) {
		testutil.CaptureLog(t, nil)
		opts := []asyncio.Option{asyncio.WithGrace(7 * time.Second), asyncio.WithVirtualClock(),
			asyncio.WithSignals(os.Interrupt), new(testutil.Reports).Option()}
		r, scope := started(t, opts...)
		asyncio.CreateTask(scope, asyncio.Void(deafTo), asyncio.WithName("deaf"))
		expectLate(t, r.Close(), "grace of 7s: deaf")

		r, scope = started(t, opts...)
		asyncio.Go(scope, asyncio.Void(func(ctx context.Context) error { // it holds the clock
			<-ctx.Done() // Shutdown has taken the signal by then
			me, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = me.Signal(os.Interrupt)
			}
			<-t.Context().Done()
			return err
		}), asyncio.WithName("deaf"))
		err := r.Shutdown(context.Background())
		expectLate(t, err, "(signal: interrupt)", "deaf")
		var signal *asyncio.SignalError
		if !errors.As(err, &signal) {
			t.Error(err)
		}
	})
	t.Run("when it has ended already they have one turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, reports, j := deaf(t, asyncio.WithDrain(time.Minute))
			ctx, cancel := context.WithCancelCause(context.Background())
			why := errors.New("no time")
			cancel(why)
			err := took(t, 0, func() error { return r.Shutdown(ctx) })
			expectLate(t, err, "(no time)", "deaf")
			testutil.ExpectIs(t, "Shutdown", err, why)
			j.Expect(t, byShutdown)
			reports.Expect(t, "destroyed … deaf")
		})
	})
	t.Run("so when it ends while they are asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, reports, j := deaf(t, asyncio.WithDrain(time.Hour))
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			expectLate(t, took(t, time.Minute, func() error { return r.Shutdown(ctx) }), "deadline", "deaf")
			j.Expect(t, byShutdown)
			reports.Expect(t, "destroyed … deaf")
		})
	})
	t.Run("nobody is late if all end in time, or in that turn", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, d := range []time.Duration{0, time.Second} {
				r, scope := started(t)
				task := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
				synctest.Wait()
				ctx, cancel := context.WithTimeout(context.Background(), d)
				if err := r.Shutdown(ctx); err != nil || !task.Cancelled() {
					t.Error(err, task)
				}
				cancel()
			}
		})
	})
	t.Run("the first to end hurries all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := deaf(t)
			var all sync.WaitGroup
			errs := make([]error, 3)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			all.Go(func() { errs[0] = r.Shutdown(context.Background()) })
			all.Go(func() { errs[1] = r.Shutdown(ctx) })
			all.Go(func() { errs[2] = r.Close() })
			_ = took(t, time.Second, func() error { all.Wait(); return nil })
			for _, err := range errs {
				expectLate(t, err, "deadline", "deaf")
			}
		})
	})
	t.Run("Go tasks are asked, also if loop tasks took all the time", func(t *testing.T) {
		const moment = 100 * time.Millisecond
		for _, give := range []time.Duration{0, time.Second} {
			for _, opts := range [][]asyncio.Option{nil, {asyncio.WithDrain(time.Hour)}} {
				for _, stubborn := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						r, _, j := deaf(t, opts...)
						scope := r.Loop().Context()
						good := asyncio.Go(scope, asyncio.Void(func(ctx context.Context) error {
							<-ctx.Done()
							return context.Cause(ctx)
						}), asyncio.WithName("listens"))
						if stubborn {
							asyncio.Go(scope, asyncio.Void(func(context.Context) error {
								time.Sleep(time.Hour)
								return nil
							}), asyncio.WithName("stubborn"))
						}
						abandoned := asyncio.Go(scope, asyncio.Void(func(context.Context) error {
							time.Sleep(time.Hour)
							return nil
						}), asyncio.Abandon())
						synctest.Wait()
						ctx, cancel := context.WithTimeout(context.Background(), give)
						defer cancel()
						want := give
						if stubborn {
							want += moment
						}
						err := took(t, want, func() error { return r.Shutdown(ctx) })
						expectLate(t, err, "deadline", "deaf", "left to itself")
						if strings.Contains(err.Error(), "listens") || strings.Contains(err.Error(), "stubborn (") != stubborn {
							t.Error(err)
						}
						testutil.ExpectState(t, "who listens", good, "cancelled")
						testutil.ExpectState(t, "who may be left", abandoned, "cancelled")
						j.Expect(t, byShutdown)
						expectClosed(t, r)
						time.Sleep(time.Hour)
					})
				}
			}
		}
	})
	t.Run("a Go task at work does not hold it up with a virtual clock", func(t *testing.T) {
		testutil.CaptureLog(t, nil)
		r, scope := started(t, asyncio.WithVirtualClock(), new(testutil.Reports).Option())
		asyncio.CreateTask(scope, asyncio.Void(deafTo), asyncio.WithName("deaf"))
		release := make(chan struct{})
		defer close(release)
		goes := asyncio.Go(scope, asyncio.Void(func(context.Context) error { <-release; return nil }), asyncio.WithName("goes"))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		expectLate(t, r.Shutdown(ctx), "deaf", "goes")
		if goes.Cancelling() != 1 {
			t.Errorf("%v was asked %d times", goes, goes.Cancelling())
		}
	})
	t.Run("a stuck loop is said to be, and closed later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			testutil.CaptureLog(t, nil)
			r, scope := started(t)
			release := make(chan struct{})
			asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error {
				<-release
				return nil
			}), asyncio.WithName("blocks"))
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			err := took(t, 1200*time.Millisecond, func() error { return r.Shutdown(ctx) })
			expectLate(t, err, "deadline", "the loop is stuck: blocks")
			close(release)
			if err := r.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			expectClosed(t, r)
		})
	})
}

func TestShutdownAtOddTimes(t *testing.T) {
	t.Run("before Start", func(t *testing.T) {
		testutil.NoLeaks(t)
		r := asyncio.NewRunner()
		task := asyncio.CreateTask(r.Loop().Context(), testutil.Noop)
		if err := r.Shutdown(context.Background()); err != nil || !task.Cancelled() {
			t.Error(err, task)
		}
		expectClosed(t, r)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("on the locked goroutine that has run the loop", func(t *testing.T) {
		for _, startFirst := range []bool{false, true} {
			for _, end := range []func(*asyncio.Runner) error{
				(*asyncio.Runner).Close,
				func(r *asyncio.Runner) error { return r.Shutdown(context.Background()) },
				func(r *asyncio.Runner) error {
					ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
					defer cancel()
					return r.Shutdown(ctx)
				},
			} {
				testutil.NoLeaks(t)
				testutil.Elsewhere(func() {
					runtime.LockOSThread()
					defer runtime.UnlockOSThread()
					r := asyncio.NewRunner()
					if startFirst {
						_, err := r.Start()
						testutil.ExpectIs(t, "Start", err, nil)
						r.Loop().Stop()
						testutil.Until(t, "the loop has stopped", func() bool { return !r.Loop().IsRunning() })
					}
					deferred := false
					task := asyncio.CreateTask(r.Loop().Context(), asyncio.Void(func(ctx context.Context) error {
						defer func() { deferred = true }()
						return testutil.Forever(ctx)
					}))
					testutil.ExpectIs(t, "Run", r.Run(context.Background(), func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }), nil)
					_, err := r.Start()
					testutil.ExpectIs(t, "Start beside the tasks", err, asyncio.ErrThreadLocked)
					if err := end(r); err != nil || !deferred {
						t.Errorf("%v, deferred %v", err, deferred)
					}
					testutil.ExpectState(t, "task", task, "cancelled")
					expectClosed(t, r)
				})
			}
		}
	})
	t.Run("on another goroutine than the locked one", func(t *testing.T) {
		testutil.CaptureLog(t, nil)
		testutil.Elsewhere(func() {
			runtime.LockOSThread() // and the end of this goroutine is that of the thread
			r := asyncio.NewRunner(new(testutil.Reports).Option())
			asyncio.CreateTask(r.Loop().Context(), asyncio.Void(testutil.Forever))
			testutil.ExpectIs(t, "Run", r.Run(context.Background(), func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }), nil)
			testutil.Elsewhere(func() {
				testutil.ExpectIs(t, "Shutdown", r.Shutdown(context.Background()), asyncio.ErrThreadLocked)
			})
			expectClosed(t, r)
		})
	})
	t.Run("after Close", func(t *testing.T) {
		r := asyncio.NewRunner()
		_ = r.Close()
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		expectClosed(t, r)
	})
	t.Run("in a task of its own, of either kind, and a callback", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		end := asyncio.Void(func(context.Context) error {
			testutil.ExpectIs(t, "Close", r.Close(), asyncio.ErrLoopRunning)
			return r.Shutdown(context.Background())
		})
		_, err := asyncio.CreateTask(scope, end).Await(context.Background())
		testutil.ExpectIs(t, "in a loop task", err, asyncio.ErrLoopRunning)
		_, err = asyncio.Go(scope, end).Await(context.Background())
		testutil.ExpectIs(t, "in a Go task", err, asyncio.ErrLoopRunning)
		called := make(chan error, 1)
		r.Loop().CallSoon(func() { called <- r.Shutdown(context.Background()) })
		testutil.ExpectIs(t, "in a callback", <-called, asyncio.ErrLoopRunning)
		if !r.Loop().IsRunning() {
			t.Error("has ended the loop all the same")
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("in a thread of a task of another loop", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (asyncio.None, error) {
			return asyncio.ToThread(ctx, asyncio.Void(r.Shutdown))
		})
		if err != nil {
			t.Error(err)
		}
		expectClosed(t, r)
	})
	t.Run("misuse", func(t *testing.T) {
		r, _ := started(t)
		var none context.Context
		testutil.ExpectPanic(t, func() { _ = r.Shutdown(none) }, "asyncio: Runner.Shutdown", "nil context")
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		testutil.ExpectPanic(t, func() { _, _ = (&asyncio.Runner{}).Start() }, "NewRunner")
		testutil.ExpectPanic(t, func() { _ = (&asyncio.Runner{}).Shutdown(context.Background()) }, "NewRunner")
	})
}

func TestGoexitAndPanicsInTheBackground(t *testing.T) {
	t.Run("Goexit ends the loop, and nobody hangs", func(t *testing.T) {
		testutil.NoLeaks(t)
		var reports testutil.Reports
		r, scope := started(t, reports.Option())
		other := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
		f := asyncio.NewFuture[int](scope)
		waits := make(chan error)
		go func() {
			_, err := f.Await(context.Background())
			waits <- err
		}()
		_, err := asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error {
			runtime.Goexit()
			return nil
		})).Await(context.Background())
		testutil.ExpectIs(t, "the task", err, asyncio.ErrGoexit)
		_, err = other.Await(context.Background())
		testutil.ExpectIs(t, "another", err, asyncio.ErrCancelled)
		testutil.ExpectIs(t, "who waits for a future", <-waits, asyncio.ErrLoopClosed)
		<-scope.Done()
		testutil.ExpectIs(t, "Shutdown", r.Shutdown(context.Background()), asyncio.ErrGoexit)
		testutil.ExpectIs(t, "Close", r.Close(), asyncio.ErrGoexit)
		reports.Expect(t, "the loop of Runner.Start ends … Goexit")
		expectClosed(t, r)
	})
	t.Run("so in a callback", func(t *testing.T) {
		testutil.NoLeaks(t)
		var reports testutil.Reports
		r, scope := started(t, reports.Option())
		r.Loop().CallSoon(runtime.Goexit)
		<-scope.Done()
		testutil.ExpectIs(t, "Shutdown", r.Shutdown(context.Background()), asyncio.ErrGoexit)
		reports.Expect(t, "the loop of Runner.Start ends … Goexit")
	})
	t.Run("in a clean-up the others have theirs", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		var j asynciotest.Trace
		for i := range 3 {
			asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				j.Add("%d cleans up", i)
				if i == 1 {
					runtime.Goexit()
				}
				return err
			}))
		}
		_, _ = asyncio.CreateTask(scope, testutil.Noop).Await(scope)
		testutil.ExpectIs(t, "Shutdown", r.Shutdown(context.Background()), asyncio.ErrGoexit)
		j.Expect(t, "0 cleans up", "1 cleans up", "2 cleans up")
		expectClosed(t, r)
	})
	t.Run("a panic is the task's", func(t *testing.T) {
		testutil.NoLeaks(t)
		r, scope := started(t)
		_, err := asyncio.CreateTask(scope, func(context.Context) (int, error) { panic("so") }).Await(context.Background())
		var p *asyncio.PanicError
		if !errors.As(err, &p) {
			t.Error(err)
		}
		if v, err := asyncio.CreateTask(scope, asyncio.Delay(0, 1)).Await(context.Background()); v != 1 || err != nil {
			t.Error(v, err)
		}
		if err := r.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
