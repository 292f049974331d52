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

// timeoutShort is the time of a timeout that is to expire.
const timeoutShort = 10 * time.Millisecond

func TestTimeoutExpires(t *testing.T) {
	t.Run("at once if it has no time or less", func(t *testing.T) {
		for _, c := range []struct{ timeout, sleep time.Duration }{
			{0, 10 * time.Second}, {0, 0}, {-11 * time.Second, 0},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				tm := asyncio.NewTimeout(c.timeout)
				err := tm.Do(ctx, func(ctx context.Context) error {
					return asyncio.Sleep(ctx, c.sleep)
				})
				testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
				if !tm.Expired() || !tm.When().Equal(begin.Add(c.timeout)) {
					t.Errorf("expired %t, when %v", tm.Expired(), tm.When())
				}
				if d := elapsed(ctx, begin); d != 0 {
					t.Errorf("took %v", d)
				}
				return nil
			})
		}
	})
	t.Run("and an error that the body makes of that is not lost", func(t *testing.T) {
		errDivision, errKey := errors.New("division by zero"), errors.New("key")
		for name, answer := range map[string]func(err error) error{
			"instead of it": func(error) error { return errDivision },
			"beside it":     func(err error) error { return errors.Join(err, errDivision) },
			"from handlers": func(err error) error {
				return fmt.Errorf("%w after %w: %w", errDivision, errKey, err)
			},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				var answered error
				body := func(ctx context.Context) error {
					answered = answer(asyncio.Sleep(ctx, 10*time.Second))
					return answered
				}
				tm := asyncio.NewTimeout(timeoutShort)
				err := tm.Do(ctx, body)
				if !errors.Is(err, errDivision) || errors.Is(err, asyncio.ErrCancelled) ||
					errors.Is(err, asyncio.ErrTimeout) != errors.Is(answered, asyncio.ErrCancelled) {
					t.Errorf("%s: out comes %v", name, err)
				}
				if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 || !tm.Expired() {
					t.Errorf("%s: cancelling %d, expired %t", name, n, tm.Expired())
				}
				return nil
			})
		}
	})
	t.Run("in the clean-up of another, each with a cancellation of its own", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var inner error
			outer := asyncio.Timeout(ctx, timeoutShort, func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Second)
				inner = asyncio.Timeout(ctx, timeoutShort, func(ctx context.Context) error {
					return asyncio.Sleep(ctx, 10*time.Second)
				})
				return err
			})
			testutil.ExpectIs(t, "the inner", inner, asyncio.ErrTimeout)
			testutil.ExpectIs(t, "the outer", outer, asyncio.ErrTimeout)
			var one, two *asyncio.CancelledError
			if !errors.As(inner, &one) || !errors.As(outer, &two) || one == two {
				t.Errorf("behind them stand %v and %v", one, two)
			}
			if d := elapsed(ctx, begin); d != 20*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("after a request that the task has refused", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			me := timeoutRefuser(ctx, t)
			err := asyncio.Timeout(ctx, 0, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Second)
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			if n := me.Cancelling(); n != 1 {
				t.Errorf("cancelling %d", n)
			}
			return nil
		})
	})
	// What keeps the loop busy until a deadline has passed does not do so on a virtual
	// clock. Deadlines of the past stand for it: they have come, and nobody knows yet.
	t.Run("while the loop was busy, and only the outer is due", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var inner error
			passed, ahead := begin.Add(-8*time.Millisecond), begin.Add(90*time.Millisecond)
			out, in := asyncio.NewTimeoutAt(passed), asyncio.NewTimeoutAt(ahead)
			outer := out.Do(ctx, func(ctx context.Context) error {
				inner = in.Do(ctx, func(ctx context.Context) error {
					return asyncio.Sleep(ctx, time.Second)
				})
				return inner
			})
			testutil.ExpectIs(t, "the outer", outer, asyncio.ErrTimeout)
			testutil.ExpectIs(t, "the inner", inner, asyncio.ErrCancelled)
			if in.Expired() || !out.Expired() {
				t.Errorf("expired: inner %t, outer %t", in.Expired(), out.Expired())
			}
			if d := elapsed(ctx, begin); d != 0 {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("while the loop was busy, and both are due", func(t *testing.T) {
		for _, innerFirst := range []bool{true, false} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				at, passed := begin, begin.Add(-90*time.Millisecond)
				if innerFirst {
					at = time.Time{}
				}
				out, in := asyncio.NewTimeoutAt(at), asyncio.NewTimeoutAt(passed)
				outer := out.Do(ctx, func(ctx context.Context) error {
					inner := in.Do(ctx, func(ctx context.Context) error {
						if innerFirst {
							if err := out.Reschedule(begin); err != nil {
								return err
							}
						}
						return asyncio.Sleep(ctx, time.Second)
					})
					if !errors.Is(inner, asyncio.ErrTimeout) {
						return inner
					}
					return asyncio.Sleep(ctx, 10*time.Second)
				})
				testutil.ExpectIs(t, "the outer", outer, asyncio.ErrTimeout)
				if !in.Expired() || !out.Expired() {
					t.Errorf("expired: inner %t, outer %t", in.Expired(), out.Expired())
				}
				if d := elapsed(ctx, begin); d > time.Second {
					t.Errorf("took %v", d)
				}
				return nil
			})
		}
	})
}

func TestTimeoutDoesNotExpire(t *testing.T) {
	t.Run("when the task cancels itself, though it has refused before", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			me := timeoutRefuser(ctx, t)
			tm := asyncio.NewTimeout(time.Second)
			err := tm.Do(ctx, func(ctx context.Context) error {
				me.Cancel()
				return asyncio.Sleep(ctx, 2*time.Second)
			})
			testutil.ExpectIs(t, "out", err, asyncio.ErrCancelled)
			if errors.Is(err, asyncio.ErrTimeout) || tm.Expired() {
				t.Errorf("out comes %v, expired %t", err, tm.Expired())
			}
			if d := elapsed(ctx, begin); d != 0 {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("in a callback, where it does not begin", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var err error
			tm := asyncio.NewTimeout(timeoutShort)
			asyncio.RunningLoop(ctx).CallSoon(func() {
				err = tm.Do(ctx, func(context.Context) error {
					t.Error("the body runs")
					return nil
				})
			})
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrNotInTask)
			timeoutRefuses(t, "Reschedule", tm.Reschedule(asyncio.RunningLoop(ctx).Time()), "not been entered")
			return nil
		})
	})
}

func TestTimeoutIsEnteredOnce(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		tm := asyncio.NewTimeout(timeoutShort)
		timeoutRefuses(t, "Reschedule before", tm.Reschedule(asyncio.RunningLoop(ctx).Time()), "not been entered")
		body := func(context.Context) error {
			t.Error("the body runs again")
			return nil
		}
		err := tm.Do(ctx, func(ctx context.Context) error {
			timeoutRefuses(t, "Do inside", tm.Do(ctx, body), "already been entered")
			return nil
		})
		timeoutRefuses(t, "Do after", tm.Do(ctx, body), "already been entered")
		return err
	})
}

// timeoutRefuses checks that an error says why a timeout cannot do what it is asked.
func timeoutRefuses(t *testing.T, what string, err error, word string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), word) {
		t.Errorf("%s: %v, want an error with %q", what, err, word)
	}
}

func TestTimeoutReschedule(t *testing.T) {
	t.Run("moves the deadline and takes it away", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			one, two := begin.Add(10*time.Second), begin.Add(30*time.Second)
			entered := asyncio.NewFuture[*asyncio.TimeoutScope](ctx)
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				tm := asyncio.NewTimeoutAt(one)
				return tm.Do(ctx, func(ctx context.Context) error {
					if err := entered.SetResult(tm); err != nil {
						return err
					}
					return asyncio.Sleep(ctx, 50*time.Second)
				})
			}))
			tm, err := entered.Await(ctx)
			if err != nil {
				return err
			}
			if !tm.When().Equal(one) {
				t.Errorf("at first %v, want %v", tm.When(), one)
			}
			for _, when := range []time.Time{two, {}} {
				if err := tm.Reschedule(when); err != nil || !tm.When().Equal(when) {
					t.Errorf("%v, moved to %v, want %v", err, tm.When(), when)
				}
			}
			a.Cancel()
			_, err = a.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			if tm.Expired() || errors.Is(err, asyncio.ErrTimeout) {
				t.Errorf("%v, expired %t", err, tm.Expired())
			}
			if d := elapsed(ctx, begin); d != 0 {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	refused := func(t *testing.T, ctx context.Context, tm *asyncio.TimeoutScope, word string) {
		t.Helper()
		when := tm.When()
		timeoutRefuses(t, "Reschedule", tm.Reschedule(asyncio.RunningLoop(ctx).Time().Add(20*time.Millisecond)), word)
		if !tm.When().Equal(when) {
			t.Errorf("now at %v", tm.When())
		}
	}
	t.Run("is refused when the body has ended, in time or not", func(t *testing.T) {
		for sleep, word := range map[time.Duration]string{0: "finished", time.Second: "expired"} {
			testutil.Succeed(t, func(ctx context.Context) error {
				tm := asyncio.NewTimeout(timeoutShort)
				err := tm.Do(ctx, func(ctx context.Context) error {
					return asyncio.Sleep(ctx, sleep)
				})
				if errors.Is(err, asyncio.ErrTimeout) != (sleep > 0) {
					t.Errorf("out comes %v", err)
				}
				refused(t, ctx, tm, word)
				return asyncio.Sleep(ctx, time.Second)
			})
		}
	})
	t.Run("is refused while it expires, which the body may ignore", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			tm := asyncio.NewTimeout(timeoutShort)
			err := tm.Do(ctx, func(ctx context.Context) error {
				testutil.ExpectIs(t, "the body", asyncio.Sleep(ctx, time.Second), asyncio.ErrCancelled)
				refused(t, ctx, tm, "expiring")
				return nil
			})
			if err != nil {
				t.Errorf("out comes %v", err)
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
}

func TestTimeoutString(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		due := asyncio.RunningLoop(ctx).Time().Add(10*time.Second + 5*time.Millisecond)
		look := func(when time.Time, sleep time.Duration) (begun, told, after string) {
			tm := asyncio.NewTimeoutAt(when)
			err := tm.Do(ctx, func(ctx context.Context) error {
				begun = tm.String()
				err := asyncio.Sleep(ctx, sleep)
				told = tm.String()
				return err
			})
			if errors.Is(err, asyncio.ErrTimeout) != (sleep == time.Hour) {
				t.Errorf("out comes %v", err)
			}
			return begun, told, tm.String()
		}
		unlimited, _, _ := look(time.Time{}, 0)
		active, _, finished := look(due, 0)
		_, expiring, expired := look(due, time.Hour)
		testutil.ExpectLines(t, []string{unlimited, active, finished, expiring, expired},
			"<Timeout [active] when=none>",
			"<Timeout [active] when=2000-01-01T00:00:10.005Z>",
			"<Timeout [finished]>",
			"<Timeout [expiring]>",
			"<Timeout [expired]>")
		return nil
	})
}

// timeoutRefuser cancels the current task, which makes nothing of it.
func timeoutRefuser(ctx context.Context, t *testing.T) asyncio.AnyTask {
	t.Helper()
	me := asyncio.CurrentTask(ctx)
	me.Cancel()
	testutil.ExpectIs(t, "the refused request", asyncio.Sleep(ctx, time.Second), asyncio.ErrCancelled)
	if n := me.Cancelling(); n != 1 {
		t.Errorf("cancelling %d", n)
	}
	return me
}
