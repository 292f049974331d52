package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestWaitForEnds(t *testing.T) {
	t.Run("when a job that ignores the request of its caller has ended", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			exited := false
			job := asyncio.CreateTask(ctx, waitForSlow(&exited))
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.WaitFor(ctx, job, 400*time.Millisecond)
				return err
			}))
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			a.Cancel()
			if _, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{}); err != nil {
				return err
			}
			if d := elapsed(ctx, begin); !exited || d != 200*time.Millisecond {
				t.Errorf("the job has ended: %t, after %v", exited, d)
			}
			return nil
		})
	})
	t.Run("when a job that ignores the timeout has ended, with its result", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			exited := false
			job := asyncio.CreateTask(ctx, waitForSlow(&exited))
			_, err := asyncio.WaitFor(ctx, job, 100*time.Millisecond)
			if d := elapsed(ctx, begin); err != nil || !exited || d != 200*time.Millisecond {
				t.Errorf("%v, the job has ended: %t, after %v", err, exited, d)
			}
			if n := job.Cancelling(); n != 1 {
				t.Errorf("the job was asked %d times", n)
			}
			return nil
		})
	})
	t.Run("at once for a future that is done", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			if err := f.SetResult("done"); err != nil {
				return err
			}
			for _, d := range []time.Duration{0, -time.Second} {
				if v, err := asyncio.WaitFor(ctx, f, d); v != "done" || err != nil {
					t.Errorf("%q, %v", v, err)
				}
			}
			return nil
		})
	})
	t.Run("with a future that a callback sets", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			asyncio.RunningLoop(ctx).CallSoon(func() {
				if err := f.SetResult("ok"); err != nil {
					t.Error(err)
				}
			})
			v, err := asyncio.WaitFor(ctx, f, 200*time.Millisecond)
			if v != "ok" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
			return nil
		})
	})
	// No timeout, which is None in Python, is an Await here, or all the time there is.
	t.Run("with the result if there is no timeout", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for name, wait := range waitForUnlimited {
				v, err := wait(ctx, asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "done")))
				if v != "done" || err != nil {
					t.Errorf("%s: %q, %v", name, v, err)
				}
			}
			return nil
		})
	})
}

func TestWaitForTimesOut(t *testing.T) {
	t.Run("after the task's clean-up, which has an await, and shows the cancellation", func(t *testing.T) {
		const instant = 100 * time.Microsecond
		for _, c := range []struct{ before, timeout time.Duration }{
			{0, instant}, {instant, 0}, {instant, -1}, {0, 100 * time.Millisecond},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				clean := false
				inner := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					err := asyncio.Sleep(ctx, 10*time.Second)
					if e := asyncio.Sleep(ctx, instant); e != nil {
						return "", e
					}
					clean = true
					return "done", err
				})
				if c.before > 0 {
					if err := asyncio.Sleep(ctx, c.before); err != nil {
						return err
					}
				}
				_, err := asyncio.WaitFor(ctx, inner, c.timeout)
				testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
				var cancelled *asyncio.CancelledError
				if !errors.As(err, &cancelled) || cancelled.Origin != asyncio.OriginTimeout {
					t.Errorf("behind it stands %v", cancelled)
				}
				if !clean || !inner.Cancelled() {
					t.Errorf("%v, clean %t", inner, clean)
				}
				if d, want := elapsed(ctx, begin), c.before+max(0, c.timeout)+instant; d != want {
					t.Errorf("took %v, want %v", d, want)
				}
				return nil
			})
		}
	})
}

func TestWaitForIsCancelled(t *testing.T) {
	t.Run("and so is what it waits for, with a timeout or without", func(t *testing.T) {
		waits := map[string]waitForWay{
			"a minute": func(ctx context.Context, a *asyncio.Task[string]) (string, error) {
				return asyncio.WaitFor(ctx, a, time.Minute)
			},
		}
		for name, wait := range waitForUnlimited {
			waits[name] = wait
		}
		for name, wait := range waits {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				inner := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					return asyncio.NewFuture[string](ctx).Await(ctx)
				})
				outer := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					return wait(ctx, inner)
				})
				asyncio.RunningLoop(ctx).CallSoon(func() { outer.Cancel() })
				_, err := outer.Await(ctx)
				testutil.ExpectIs(t, name, err, asyncio.ErrCancelled)
				if errors.Is(err, asyncio.ErrTimeout) || !inner.Cancelled() {
					t.Errorf("%s: %v, the inner task is %v", name, err, inner)
				}
				if d := elapsed(ctx, begin); d != 0 {
					t.Errorf("%s: took %v", name, d)
				}
				return nil
			})
		}
	})
	t.Run("when it has its result, and the next await hears of it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			inner := asyncio.CreateTask(ctx, func(context.Context) (string, error) { return "done", nil })
			var waited string
			reached := false
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) (err error) {
				if waited, err = asyncio.WaitFor(ctx, inner, 100*time.Second); err != nil {
					return err
				}
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				reached = true
				return nil
			}))
			if a.Done() {
				t.Error("it is done before it has run")
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			a.Cancel()
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			v, err := inner.Result()
			if v != "done" || err != nil || waited != "done" || reached {
				t.Errorf("inner %q, %v; waited for %q; the end is reached: %t", v, err, waited, reached)
			}
			return nil
		})
	})
}

func TestWaitForShield(t *testing.T) {
	t.Run("has no time, and the task goes on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(10*time.Millisecond, "done"))
			shielded := asyncio.CreateTask(ctx, waitForShielding(a))
			_, err := asyncio.WaitFor(ctx, shielded, 0)
			testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			if a.Done() || a.Cancelled() || !shielded.Cancelled() {
				t.Errorf("%v, %v", a, shielded)
			}
			if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			if v, err := a.Result(); v != "done" || err != nil {
				t.Errorf("the task: %q, %v", v, err)
			}
			return nil
		})
	})
	t.Run("has no timeout, and waits to the end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for name, wait := range waitForUnlimited {
				begin := asyncio.RunningLoop(ctx).Time()
				a := asyncio.CreateTask(ctx, asyncio.Delay(100*time.Millisecond, "done"))
				v, err := wait(ctx, asyncio.CreateTask(ctx, waitForShielding(a)))
				if v != "done" || err != nil || !a.Done() || elapsed(ctx, begin) != 100*time.Millisecond {
					t.Errorf("%s: %q, %v, %v after %v", name, v, err, a, elapsed(ctx, begin))
				}
				if v, err := a.Await(ctx); v != "done" || err != nil {
					t.Errorf("%s: the task: %q, %v", name, v, err)
				}
			}
			return nil
		})
	})
	t.Run("has too little time, and the task goes on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			a := asyncio.CreateTask(ctx, asyncio.Delay(100*time.Millisecond, "done"))
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, waitForShielding(a)), 10*time.Millisecond)
			testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			if d := elapsed(ctx, begin); d != 10*time.Millisecond || a.Done() || a.Cancelled() {
				t.Errorf("%v after %v", a, d)
			}
			if v, err := a.Await(ctx); v != "done" || err != nil {
				t.Errorf("the task: %q, %v", v, err)
			}
			return nil
		})
	})
}

type waitForWay = func(ctx context.Context, a *asyncio.Task[string]) (string, error)

// waitForUnlimited is the ways to wait without a timeout.
var waitForUnlimited = map[string]waitForWay{
	"Await": func(ctx context.Context, a *asyncio.Task[string]) (string, error) { return a.Await(ctx) },
	"all time": func(ctx context.Context, a *asyncio.Task[string]) (string, error) {
		return asyncio.WaitFor(ctx, a, 1<<63-1)
	},
}

// waitForShielding is a coroutine that waits for a task behind a shield.
func waitForShielding(a *asyncio.Task[string]) asyncio.Coroutine[string] {
	return func(ctx context.Context) (string, error) { return asyncio.Shield(ctx, a) }
}

// waitForSlow takes 200 ms whatever is asked of it.
func waitForSlow(exited *bool) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		for end := loop.Time().Add(200 * time.Millisecond); loop.Time().Before(end); {
			err := asyncio.Sleep(ctx, end.Sub(loop.Time()))
			if err != nil && !errors.Is(err, asyncio.ErrCancelled) {
				return err
			}
		}
		*exited = true
		return nil
	})
}
