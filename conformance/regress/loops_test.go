package regress_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// otherLoop makes a loop that runs on a goroutine of its own until the test ends.
func otherLoop(t *testing.T, r *testutil.Reports) *asyncio.Loop {
	t.Helper()
	l := testutil.NewLoop(t, r)
	var ran sync.WaitGroup
	ran.Go(func() {
		if err := l.RunForever(); err != nil {
			t.Errorf("RunForever: %v", err)
		}
	})
	t.Cleanup(func() {
		l.CallSoon(l.Stop)
		ran.Wait()
	})
	return l
}

// AsCompleted ends, and AsCompletedWithin says ErrLoopClosed, when the loop is closed
// before all are done, be that before or meanwhile, and whoever's loop it is.
func TestAsCompletedEndsWithTheLoopOfWhatItWaitsFor(t *testing.T) {
	type futures = []*asyncio.Future[int]
	for name, check := range map[string]func(t *testing.T, ctx context.Context, fs futures){
		"AsCompletedWithin": func(t *testing.T, ctx context.Context, fs futures) {
			var errs []error
			for _, err := range asyncio.AsCompletedWithin(ctx, fs, endless) {
				errs = append(errs, err)
			}
			if len(errs) != 1 || errs[0] != asyncio.ErrLoopClosed { //nolint:errorlint // bare
				t.Errorf("it gives %v, want ErrLoopClosed", errs)
			}
		},
		"AsCompleted": func(t *testing.T, ctx context.Context, fs futures) {
			for f := range asyncio.AsCompleted(ctx, fs) {
				t.Errorf("it yields %v", f)
			}
		},
	} {
		t.Run(name+", closed before", func(t *testing.T) {
			l := asyncio.NewLoop()
			fs := futures{asyncio.NewFuture[int](l.Context())}
			l.Close()
			testutil.Within(t, func() { check(t, context.Background(), fs) })
		})
		t.Run(name+", closed meanwhile", func(t *testing.T) {
			l := asyncio.NewLoop()
			fs := futures{asyncio.NewFuture[int](l.Context())}
			testutil.Within(t, func() {
				check(t, newLastMinute(t.Context(), func() { l.Close() }), fs)
				if !l.IsClosed() {
					t.Error("the loop is open: the test tests nothing")
				}
			})
		})
		t.Run(name+", another loop closed meanwhile", func(t *testing.T) {
			other := asyncio.NewLoop()
			fs := futures{asyncio.NewFuture[int](other.Context())}
			testutil.Within(t, func() {
				testutil.Succeed(t, func(ctx context.Context) error {
					asyncio.RunningLoop(ctx).CallLater(time.Second, func() { other.Close() })
					check(t, ctx, fs)
					return nil
				})
			})
		})
	}
}

// Whatever waits for several says ErrLoopClosed if the loop of one is closed before
// that is done, and what it has waited with is no failure that nobody has seen.
func TestWaitForSeveralEndsWithAnotherLoop(t *testing.T) {
	type futures = []*asyncio.Future[int]
	for name, wait := range map[string]func(ctx context.Context, fs futures) error{
		"Wait": func(ctx context.Context, fs futures) error {
			_, _, err := asyncio.Wait(ctx, fs, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
			return err
		},
		"Race": func(ctx context.Context, fs futures) error {
			_, err := asyncio.Race(ctx, fs...)
			return err
		},
		"FirstSuccess": func(ctx context.Context, fs futures) error {
			_, err := asyncio.FirstSuccess(ctx, fs...)
			return err
		},
		"AsCompletedWithin": func(ctx context.Context, fs futures) (err error) {
			for _, err = range asyncio.AsCompletedWithin(ctx, fs, endless) {
			}
			return err
		},
		"Gather": func(ctx context.Context, fs futures) error {
			_, err := asyncio.Gather(ctx, fs...)
			return err
		},
	} {
		for _, before := range []bool{true, false} {
			when := "meanwhile"
			if before {
				when = "before"
			}
			t.Run(name+", closed "+when, func(t *testing.T) {
				other := asyncio.NewLoop()
				theirs := asyncio.NewFuture[int](other.Context())
				if before {
					other.Close()
				}
				testutil.Within(t, func() {
					testutil.Succeed(t, func(ctx context.Context) error { // which expects no report
						asyncio.RunningLoop(ctx).CallLater(time.Second, func() { other.Close() })
						err := wait(ctx, futures{asyncio.NewFuture[int](ctx), theirs})
						testutil.ExpectIs(t, name, err, asyncio.ErrLoopClosed)
						return nil
					})
				})
			})
		}
	}
}

// A cancelled GatherAll of another loop's tasks cancels them there, and its caller
// is cancelled.
func TestGatherOfAnotherLoopIsCancelledThere(t *testing.T) {
	testutil.NoLeaks(t)
	var r testutil.Reports
	other := otherLoop(t, &r)
	for range 20 {
		testutil.Succeed(t, func(ctx context.Context) error {
			var ts []*asyncio.Task[asyncio.None]
			for range 20 {
				ts = append(ts, asyncio.CreateTask(other.Context(), asyncio.Void(testutil.Forever)))
			}
			k := asyncio.CreateTask(ctx, func(ctx context.Context) ([]asyncio.Outcome[asyncio.None], error) {
				return asyncio.GatherAll(ctx, ts...)
			})
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			k.Cancel()
			_, err := k.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
			testutil.ExpectState(t, "the caller", k, "cancelled")
			for _, task := range ts {
				testutil.ExpectState(t, "a task", task, "cancelled")
			}
			return nil
		})
	}
	r.Expect(t)
}
