package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// deafTo goes on for ever, whatever it is told.
func deafTo(ctx context.Context) error {
	for {
		_ = testutil.Forever(ctx)
	}
}

// expectLate checks that an error is ErrGraceExceeded and has the words in this order.
func expectLate(t *testing.T, err error, words ...string) {
	t.Helper()
	testutil.ExpectIs(t, "the error", err, asyncio.ErrGraceExceeded)
	rest := fmt.Sprint(err)
	for _, w := range words {
		var found bool
		if _, rest, found = strings.Cut(rest, w); !found {
			t.Errorf("%v: without %q", err, w)
		}
	}
}

func TestGraceOfMain(t *testing.T) {
	t.Run("begins when the ctx of Run ends, and ends a main that does not listen", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		ctx, cancel := context.WithCancel(context.Background())
		var l *asyncio.Loop
		began, unwound := time.Time{}, time.Time{}
		_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
			l = asyncio.RunningLoop(ctx)
			began = l.Time()
			defer func() { unwound = l.Time() }()
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				j.Add("the other gets %s, and cleans up", testutil.Show(err))
				return err
			}), asyncio.WithName("child"))
			l.CallLater(time.Minute, cancel)
			return deafTo(ctx)
		}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(10*time.Second))
		expectLate(t, err, "grace of 10s: Task-1 (loop task sleeps for ever at ", "asyncio_test.deafTo ", "ending_test.go:")
		if strings.Contains(err.Error(), "child") {
			t.Errorf("%v: names one that has ended", err)
		}
		if d := unwound.Sub(began); d != 70*time.Second {
			t.Errorf("took %v", d)
		}
		j.Expect(t, "the other gets cancelled, and cleans up")
		r.Expect(t, "destroyed … Task-1")
	})
	t.Run("and one that waits for what does not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			testutil.CaptureLog(t, nil)
			var r testutil.Reports
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			release := make(chan struct{})
			began := time.Now()
			_, err := asyncio.Run(ctx, func(ctx context.Context) (int, error) {
				return asyncio.Go(ctx, func(context.Context) (int, error) {
					<-release
					return 1, nil
				}, asyncio.WithName("deaf")).Await(ctx)
			}, r.Option(), asyncio.WithGrace(time.Minute))
			expectLate(t, err, "Task-1 (loop task awaits deaf at ", "deaf (Go task at work at ")
			if d := time.Since(began); d != 61*time.Second {
				t.Errorf("took %v", d)
			}
			r.Expect(t, "destroyed … Task-1", "left running … deaf")
			close(release)
		})
	})
	t.Run("what main has used of it the others do not get", func(t *testing.T) {
		var r testutil.Reports
		ctx, cancel := context.WithCancel(context.Background())
		var l *asyncio.Loop
		_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
			l = asyncio.RunningLoop(ctx)
			asyncio.CreateTask(ctx, asyncio.Void(deafTo), asyncio.WithName("stubborn"))
			asyncio.Sleep(ctx, 0)
			cancel()
			err := testutil.Forever(ctx)
			asyncio.Sleep(ctx, 6*time.Second)
			return err
		}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(10*time.Second))
		testutil.ExpectIs(t, "Run", err, asyncio.ErrCancelled) // main's own error is there too
		expectLate(t, err, "cancelled by context", "stubborn (loop task sleeps")
		if d := l.Time().Sub(asynciotest.Epoch); d != 10*time.Second {
			t.Errorf("took %v", d)
		}
		r.Expect(t, "destroyed … stubborn")
	})
	t.Run("the time of WithDrain is not counted", func(t *testing.T) {
		var r testutil.Reports
		ctx, cancel := context.WithCancel(context.Background())
		var l *asyncio.Loop
		asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
			l = asyncio.RunningLoop(ctx)
			asyncio.CreateTask(ctx, asyncio.Void(deafTo), asyncio.WithName("stubborn"))
			asyncio.Sleep(ctx, 0)
			cancel()
			return testutil.Forever(ctx)
		}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(10*time.Second), asyncio.WithDrain(time.Minute))
		if d := l.Time().Sub(asynciotest.Epoch); d != 70*time.Second {
			t.Errorf("took %v", d)
		}
		r.Expect(t, "asked to stop … stubborn", "destroyed … stubborn")
	})
	t.Run("who ends within it is no error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		v, err := asyncio.Run(ctx, func(ctx context.Context) (int, error) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_ = testutil.Forever(ctx)
				return asyncio.Sleep(ctx, 3*time.Second)
			}))
			asyncio.Sleep(ctx, 0)
			cancel()
			_ = testutil.Forever(ctx)
			return 42, asyncio.Sleep(ctx, 6*time.Second)
		}, asyncio.WithVirtualClock(), asyncio.WithGrace(10*time.Second))
		if v != 42 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
	})
	t.Run("a ctx that has ended before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(testutil.ErrTest)
		_, err := asyncio.Run(ctx, asyncio.Void(deafTo), asyncio.WithVirtualClock())
		testutil.ExpectIs(t, "Run", err, testutil.ErrTest)
		if errors.Is(err, asyncio.ErrGraceExceeded) {
			t.Error(err)
		}
	})
}

func TestGraceOfTheOthers(t *testing.T) {
	t.Run("main's value comes with the error", func(t *testing.T) {
		var r testutil.Reports
		v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			asyncio.CreateTask(ctx, asyncio.Void(deafTo), asyncio.WithName("stubborn"))
			return 42, asyncio.Sleep(ctx, 0)
		}, asyncio.WithVirtualClock(), r.Option())
		expectLate(t, err, "1m0s: stubborn")
		if v != 42 {
			t.Errorf("value %d", v)
		}
	})
	t.Run("main's error is joined", func(t *testing.T) {
		var r testutil.Reports
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			asyncio.CreateTask(ctx, asyncio.Void(deafTo), asyncio.WithName("stubborn"))
			asyncio.Sleep(ctx, 0)
			return 0, testutil.ErrTest
		}, asyncio.WithVirtualClock(), r.Option())
		testutil.ExpectIs(t, "Run", err, testutil.ErrTest)
		expectLate(t, err, "test error", "1m0s: stubborn")
	})
	t.Run("loop tasks that take it all leave Go tasks a moment", func(t *testing.T) {
		for _, deafMain := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				testutil.CaptureLog(t, nil)
				var r testutil.Reports
				var goes *asyncio.Task[asyncio.None]
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				began := time.Now()
				_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(ctx, asyncio.Void(deafTo), asyncio.WithName("stubborn"))
					goes = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
						<-ctx.Done()
						time.Sleep(50 * time.Millisecond)
						return context.Cause(ctx)
					}), asyncio.WithName("listens"))
					if deafMain {
						cancel()
						return deafTo(ctx)
					}
					return asyncio.Sleep(ctx, 0)
				}), r.Option())
				expectLate(t, err, "1m0s: ", "stubborn")
				if strings.Contains(err.Error(), "listens") {
					t.Error(err)
				}
				testutil.ExpectState(t, "who listens", goes, "cancelled")
				if d := time.Since(began); d != time.Minute+50*time.Millisecond {
					t.Errorf("took %v", d)
				}
			})
		}
	})
	t.Run("nobody is late if the last ends in that moment", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			testutil.CaptureLog(t, nil)
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = testutil.Forever(ctx)
					return asyncio.Sleep(context.WithoutCancel(ctx), time.Minute+20*time.Millisecond)
				}))
				asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(50 * time.Millisecond)
					return nil
				}))
				return asyncio.Sleep(ctx, 0)
			}))
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("of a Runner", func(t *testing.T) {
		testutil.NoLeaks(t)
		var rep testutil.Reports
		r := asyncio.NewRunner(asyncio.WithVirtualClock(), asyncio.WithGrace(time.Second), rep.Option())
		ctx, cancel := context.WithCancel(context.Background())
		unwound := false
		var main asyncio.AnyTask
		_, err := asyncio.RunOn(r, ctx, asyncio.Void(func(ctx context.Context) error {
			defer func() { unwound = true }()
			main = asyncio.CurrentTask(ctx)
			cancel()
			return deafTo(ctx)
		}))
		expectLate(t, err, "Task-1")
		testutil.ExpectState(t, "main", main, "pending")
		if _, err := asyncio.RunOn(r, context.Background(), testutil.Noop); err != nil {
			t.Errorf("the next run: %v", err)
		}
		if unwound {
			t.Error("unwound before Close")
		}
		expectLate(t, r.Close(), "Task-1")
		if !unwound {
			t.Error("not unwound")
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	})
	t.Run("a goroutine that was left has it too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			testutil.CaptureLog(t, nil)
			var r testutil.Reports
			for _, back := range []time.Duration{59 * time.Second, time.Hour} {
				_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
					a := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
						return asyncio.ToThread(ctx, func(context.Context) (int, error) {
							time.Sleep(back)
							return 0, nil
						})
					})
					_, err := asyncio.WaitFor(ctx, a, 0)
					testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
					err = asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
						_, err := asyncio.ToThread(ctx, func(context.Context) (int, error) {
							time.Sleep(back)
							return 0, nil
						})
						return err
					})
					testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
					return 42, nil
				}, r.Option())
				if back < asyncio.DefaultGrace {
					if err != nil {
						t.Error(err)
					}
				} else {
					expectLate(t, err, "cancelled and left to itself, at work in time.Sleep at ", "ending_test.go:")
				}
			}
			r.Expect(t, "left running")
			time.Sleep(time.Hour)
		})
	})
	t.Run("each is named with what it waits for", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var lock asyncio.Lock
		stubborn := func(wait func(ctx context.Context) error) asyncio.Coroutine[asyncio.None] {
			return asyncio.Void(func(ctx context.Context) error {
				for {
					if err := wait(ctx); errors.Is(err, asyncio.ErrLoopClosed) {
						return err
					}
				}
			})
		}
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			create := func(name string, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None] {
				return asyncio.CreateTask(ctx, c, asyncio.WithName(name))
			}
			_ = lock.Acquire(ctx)
			sleeps := create("sleeps", stubborn(testutil.Forever))
			create("awaits", stubborn(func(ctx context.Context) error { _, err := asyncio.Shield(ctx, sleeps); return err }))
			create("locks", stubborn(lock.Acquire))
			create("future", stubborn(func(ctx context.Context) error { _, err := asyncio.Shield(ctx, f); return err }))
			asyncio.Go(ctx, stubborn(func(ctx context.Context) error { return asyncio.Sleep(ctx, 10*time.Hour) }), asyncio.WithName("goes"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.Option())
		expectLate(t, err, "sleeps (loop task sleeps for ever at asyncio_test.", "ending_test.go:",
			"awaits (loop task", "ending_test.go:", "locks (loop task waits in Lock.Acquire of ", "future (loop task", "goes (Go task sleeps for another ")
	})
	t.Run("of many the first ten", func(t *testing.T) {
		var r testutil.Reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			for range 110 {
				asyncio.CreateTask(ctx, asyncio.Void(deafTo))
			}
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.Option())
		expectLate(t, err, "Task-2 ", "Task-11 ", "; and 100 more")
		if len(err.Error()) > 3000 {
			t.Errorf("a text of %d bytes", len(err.Error()))
		}
	})
}
