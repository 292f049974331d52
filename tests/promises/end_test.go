package promises_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestPromise6NothingIsLost(t *testing.T) {
	t.Run("the loop keeps every task alive", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			done := 0
			for range 10 {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					f := asyncio.NewFuture[asyncio.None](ctx)
					asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult(asyncio.None{}) })
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
	collected := func(t *testing.T, ctx context.Context, r *testutil.Reports) {
		t.Helper()
		testutil.Until(t, "the error is reported", func() bool {
			runtime.GC()
			asyncio.Sleep(ctx, 0)
			return r.Len() > 0
		})
	}
	for _, test := range []struct {
		name string
		make func(ctx context.Context)
		want string
	}{
		{"a task that becomes unreachable", func(ctx context.Context) {
			asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("lost"))
		}, "lost … never retrieved … test error"},
		{"a Go task that becomes unreachable", func(ctx context.Context) {
			asyncio.Go(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("lost"))
		}, "lost … never retrieved … test error"},
		{"a future that becomes unreachable", func(ctx context.Context) {
			asyncio.NewFuture[asyncio.None](ctx).SetErr(testutil.ErrTest)
		}, "future … never retrieved … test error"},
		{"Done and Cancelled do not count", func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("asked"))
			for !a.Done() || a.Cancelled() {
				asyncio.Sleep(ctx, 0)
			}
		}, "asked … never retrieved … test error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r testutil.Reports
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				test.make(ctx)
				collected(t, ctx, &r)
				return nil
			}), r.Option())
			if err != nil {
				t.Error(err)
			}
			r.Expect(t, test.want) // and not again when the loop closed
		})
	}
	t.Run("on a closed loop", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		l.Close()
		asyncio.CreateTask(l.Context(), testutil.Noop)
		testutil.Until(t, "the error is reported", func() bool {
			runtime.GC()
			return r.Len() > 0
		})
		r.Expect(t, "never retrieved … event loop is closed")
	})
	t.Run("when the loop closes, in the order of failure", func(t *testing.T) {
		var r testutil.Reports
		var held []*asyncio.Task[asyncio.None]
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			for i := range 3 {
				held = append(held, asyncio.CreateTask(ctx, testutil.Fail(fmt.Errorf("error %d", i))))
			}
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.Option())
		r.Expect(t,
			"Task-2 … never retrieved … error 0",
			"Task-3 … never retrieved … error 1",
			"Task-4 … never retrieved … error 2")
		runtime.KeepAlive(held)
	})
	t.Run("not what was retrieved", func(t *testing.T) {
		for name, retrieve := range map[string]func(ctx context.Context, a *asyncio.Task[asyncio.None]){
			"Result": func(_ context.Context, a *asyncio.Task[asyncio.None]) { a.Result() },
			"Err":    func(_ context.Context, a *asyncio.Task[asyncio.None]) { a.Err() },
			"Await":  func(ctx context.Context, a *asyncio.Task[asyncio.None]) { a.Await(ctx) },
			"Await elsewhere": func(_ context.Context, a *asyncio.Task[asyncio.None]) {
				testutil.Elsewhere(func() { a.Await(context.Background()) })
			},
			// asyncio takes it that who cancels a done task has dealt with it.
			"Cancel": func(_ context.Context, a *asyncio.Task[asyncio.None]) { a.Cancel() },
		} {
			t.Run(name, func(t *testing.T) {
				var held *asyncio.Task[asyncio.None]
				testutil.Succeed(t, func(ctx context.Context) error { // which expects no report
					held = asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest))
					asyncio.Sleep(ctx, 0)
					retrieve(ctx, held)
					return nil
				})
				runtime.KeepAlive(held)
			})
		}
	})
	t.Run("not a cancellation", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)).Cancel()
			asyncio.NewFuture[asyncio.None](ctx).Cancel()
			return asyncio.Sleep(ctx, 0)
		})
	})
	t.Run("errors during the end of Run", func(t *testing.T) {
		var r testutil.Reports
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				testutil.Forever(ctx)
				return testutil.ErrTest
			}), asyncio.WithName("late"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.Option())
		r.Expect(t, "shutdown … late … test error")
	})
}

func TestPromise9RunLeavesNothingBehind(t *testing.T) {
	t.Run("remaining tasks are cancelled and awaited in creation order, then Go tasks", func(t *testing.T) {
		testutil.NoLeaks(t)
		var j asynciotest.Trace
		testutil.PlainRun(t, func(ctx context.Context) error {
			asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				j.Add("Go task is cancelled")
				return err
			}))
			for i, cleanUp := range []int{3, 1, 2} {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					j.Add("%d is cancelled", i)
					asyncio.Sleep(ctx, testutil.Millis(cleanUp))
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
		testutil.NoLeaks(t)
		var j asynciotest.Trace
		testutil.PlainRun(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					j.Add("second generation: %s", testutil.Show(err))
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
		testutil.NoLeaks(t)
		var j asynciotest.Trace
		testutil.PlainRun(t, func(ctx context.Context) error {
			asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					j.Add("cancelled, not destroyed: %s", testutil.Show(err))
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
		testutil.NoLeaks(t)
		testutil.PlainRun(t, func(ctx context.Context) error {
			for range 200 {
				asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				asyncio.Go(ctx, asyncio.Void(testutil.Forever))
				asyncio.CreateTask(ctx, testutil.Noop)
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("also when main fails, panics or is cancelled", func(t *testing.T) {
		testutil.NoLeaks(t)
		for _, end := range []func() error{
			func() error { return testutil.ErrTest },
			func() error { panic("boom") },
			func() error { return &asyncio.CancelledError{} },
		} {
			cleaned := false
			err := testutil.Run(t, func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
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
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		l := testutil.NewLoop(t, &r)
		var all []*asyncio.Task[asyncio.None]
		for i := range 3 {
			all = append(all, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				defer func() { j.Add("%d: outer defer", i) }()
				defer func() { j.Add("%d: await: %v", i, testutil.Forever(ctx)) }()
				testutil.Forever(ctx)
				j.Add("%d: went on", i)
				return nil
			})))
		}
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop))
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
		r.Expect(t,
			"destroyed … pending … Task-1", "destroyed … pending … Task-2",
			"destroyed … pending … Task-3", "destroyed … pending … Task-5")
		for _, a := range all {
			testutil.ExpectState(t, a.Name(), a, "cancelled")
			testutil.ExpectIs(t, a.Name(), a.Err(), asyncio.ErrLoopClosed)
		}
	})
	t.Run("Close unwinds tasks that await each other", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		l := testutil.NewLoop(t, &r)
		var chain func(n int) asyncio.Coroutine[asyncio.None]
		chain = func(n int) asyncio.Coroutine[asyncio.None] {
			return asyncio.Void(func(ctx context.Context) error {
				defer j.Add("%d", n)
				if n == 3 {
					return testutil.Forever(ctx)
				}
				_, err := asyncio.CreateTask(ctx, chain(n+1)).Await(ctx)
				j.Add("%d went on", n)
				return err
			})
		}
		asyncio.CreateTask(l.Context(), chain(1))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, asyncio.None{})))
		l.Close()
		// Each from the top of its stack, which may be shared.
		testutil.ExpectLines(t, testutil.Sorted(&j), "1", "2", "3")
		if r.Len() != 3 {
			t.Errorf("%d reports, want 3", r.Len())
		}
	})
	t.Run("Close unwinds what holds scopes and timers", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		l := testutil.NewLoop(t, &r)
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer j.Add("unwound")
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			defer cancel()
			defer asyncio.RunningLoop(ctx).CallLater(time.Hour, func() {}).Cancel()
			return testutil.Forever(scope)
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop))
		l.Close()
		j.Expect(t, "unwound")
		r.Expect(t, "destroyed … pending … Task-1")
	})
	t.Run("a panic while unwinding is reported", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer explode()
			return testutil.Forever(ctx)
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop))
		l.Close()
		if !a.Done() {
			t.Error("the task is pending")
		}
		r.Expect(t, "destroyed … pending", "test error")
	})
	t.Run("a task that refuses for ever", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
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
		}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(10*time.Second))
		testutil.ExpectIs(t, "Run", err, asyncio.ErrGraceExceeded)
		if requests != 1 || !unwound || took != 10*time.Second {
			t.Errorf("%d requests, unwound %v after %v", requests, unwound, took)
		}
		r.Expect(t, "destroyed … stubborn")
	})
	t.Run("a Go task that ignores its context", func(t *testing.T) {
		testutil.NoLeaks(t)
		// The virtual clock would wait for the task, so it is the bubble's.
		synctest.Test(t, func(t *testing.T) {
			var r testutil.Reports
			release := make(chan struct{})
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				working := asyncio.NewFuture[asyncio.None](ctx)
				asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					working.SetResult(asyncio.None{})
					<-release
					return nil
				}), asyncio.WithName("deaf"))
				_, err := working.Await(ctx)
				return err
			}), r.Option(), asyncio.WithGrace(time.Minute))
			testutil.ExpectIs(t, "Run", err, asyncio.ErrGraceExceeded)
			r.Expect(t, "Go task … deaf")
			close(release) // the bubble sees to it that it ends
		})
	})
	t.Run("a Go task that refuses for ever in awaits", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		ended := make(chan struct{})
		testutil.Within(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					defer close(ended)
					for {
						err := asyncio.Sleep(ctx, time.Hour)
						j.Add("%s", testutil.Show(err))
						if errors.Is(err, asyncio.ErrLoopClosed) {
							return err
						}
					}
				}), asyncio.WithName("stubborn"))
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(time.Minute))
		})
		testutil.Wait(t, ended)
		j.Expect(t, "cancelled", asyncio.ErrLoopClosed.Error())
		r.Expect(t, "Go task … stubborn")
	})
}

func TestPromise10MisuseIsAnErrorNeverAHang(t *testing.T) {
	t.Run("awaiting oneself", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := a.Await(ctx)
				return err
			}), asyncio.WithName("narcissus"))
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrDeadlock)
			if !strings.Contains(fmt.Sprint(err), "narcissus") {
				t.Errorf("%v does not name the task", err)
			}
			return nil
		})
	})
	t.Run("awaiting from a closed loop", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		ctx := l.Context()
		_, err := asyncio.NewFuture[asyncio.None](ctx).Await(ctx)
		testutil.ExpectIs(t, "Await", err, asyncio.ErrLoopClosed)
		testutil.ExpectIs(t, "Sleep", asyncio.Sleep(ctx, time.Hour), asyncio.ErrLoopClosed)
	})
	t.Run("awaiting what is on a closed loop from another", func(t *testing.T) {
		other := asyncio.NewLoop(asyncio.WithVirtualClock())
		f := asyncio.NewFuture[asyncio.None](other.Context())
		other.Close()
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrLoopClosed)
				return nil
			})
		})
	})
	t.Run("awaiting what is on another loop that closes meanwhile", func(t *testing.T) {
		var r testutil.Reports
		other := testutil.NewLoop(t, &r)
		f := asyncio.NewFuture[asyncio.None](other.Context())
		a := asyncio.CreateTask(other.Context(), asyncio.Void(testutil.Forever))
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				asyncio.RunningLoop(ctx).CallLater(time.Second, func() { other.Close() })
				b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				}))
				_, err := f.Await(ctx)
				testutil.ExpectIs(t, "Await of the future", err, asyncio.ErrLoopClosed)
				_, err = b.Await(ctx)
				testutil.ExpectIs(t, "Await of the task", err, asyncio.ErrLoopClosed)
				return nil
			})
		})
	})
	t.Run("Result before done", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			f := asyncio.NewFuture[asyncio.None](ctx)
			for _, x := range []asyncio.Awaitable[asyncio.None]{a, f} {
				_, err := x.Result()
				testutil.ExpectIs(t, "Result", err, asyncio.ErrInvalidState)
				testutil.ExpectIs(t, "Err", x.Err(), asyncio.ErrInvalidState)
			}
			return nil
		})
	})
}
