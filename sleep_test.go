package asyncio_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

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
			f := asyncio.NewFuture[asyncio.None](ctx)
			go func() {
				if err := asyncio.Sleep(ctx, d); err != nil {
					f.SetErr(err)
				}
				f.SetResult(asyncio.None{})
			}()
			_, err := f.Await(ctx)
			return err
		},
	}
	for who, sleep := range waits {
		t.Run("sleeps of a "+who+" that are over at once", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
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
			testutil.NoLeaks(t)
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return sleep(ctx, math.MaxInt64)
				}))
				// Long after, it still sleeps.
				asyncio.Sleep(ctx, 100*365*24*time.Hour)
				testutil.ExpectState(t, "the sleeper", a, "pending")
				a.Cancel()
				a.Await(ctx)
				testutil.ExpectState(t, "the sleeper", a, "cancelled")
				return nil
			})
		})
	}
	testutil.RunScenarios(t, []testutil.Scenario{{
		Name: "callbacks of the past and of the far future",
		Want: []string{"past", "negative", "earlier", "now", "1ms later"},
		Main: func(ctx context.Context, tr *testutil.Trace) error {
			l := tr.Loop
			never := tr.Say("never")
			handles := []*asyncio.Handle{
				l.CallAt(time.Date(1_000_000, 1, 1, 0, 0, 0, 0, time.UTC), never),
				l.CallLater(math.MaxInt64, never),
				l.CallLater(math.MaxInt64-1, never),
			}
			l.CallLater(0, tr.Say("now"))
			l.CallLater(-1, tr.Say("earlier"))
			l.CallAt(time.Time{}, tr.Say("past"))
			l.CallLater(math.MinInt64, tr.Say("negative"))
			tr.Loop.CallLater(time.Millisecond, tr.Say("later"))
			tr.Sleep(ctx, 1)
			for _, h := range handles {
				if !h.Cancel() {
					tr.Add("too late")
				}
			}
			return nil
		},
	}})
	t.Run("timeouts", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, d := range []time.Duration{0, -1, math.MinInt64} {
				scope, cancel := asyncio.WithTimeout(ctx, d)
				testutil.ExpectIs(t, "a sleep in a scope without time", asyncio.Sleep(scope, time.Second), asyncio.ErrTimeout)
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
		testutil.Succeed(t, func(ctx context.Context) error {
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

// A sleep with the context of another loop suspends the task that sleeps, on its
// own loop's clock, whether the other runs or not.
func TestSleepWithAnotherLoopsContext(t *testing.T) {
	other := asyncio.NewLoop()
	defer other.Close()
	var got []string
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		tick := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Second)
			got = append(got, "tick")
			return err
		}))
		err := asyncio.Sleep(other.Context(), 2*time.Second)
		got = append(got, "slept")
		_, _ = tick.Await(ctx)
		return err
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"tick", "slept"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
