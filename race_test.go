package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestRace(t *testing.T) {
	// loser is a coroutine that adds how it was ended, after a second of clean-up.
	loser := func(ended *int) asyncio.Coroutine[string] {
		return func(ctx context.Context) (string, error) {
			err := testutil.Forever(ctx)
			asyncio.Sleep(ctx, time.Second)
			if errors.Is(err, asyncio.ErrCancelled) {
				*ended++
			}
			return "", err
		}
	}
	fastest := func(err error) asyncio.Coroutine[string] {
		return func(ctx context.Context) (string, error) {
			asyncio.Sleep(ctx, time.Second)
			return "first", err
		}
	}
	t.Run("gives what the first has, when the others were cancelled and have ended", func(t *testing.T) {
		for name, x := range map[string]struct {
			err   error
			value string
		}{"a value": {nil, "first"}, "an error": {testutil.ErrTest, "first"}, "a cancellation": {asyncio.ErrCancelled, "first"}} {
			t.Run(name, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					ended := 0
					var v string
					err := testutil.Took(ctx, t, 2*time.Second, func() (err error) {
						v, err = asyncio.Race(ctx, asyncio.CreateTask(ctx, loser(&ended)),
							asyncio.CreateTask(ctx, fastest(x.err)), asyncio.CreateTask(ctx, loser(&ended)))
						return err
					})
					if !errors.Is(err, x.err) || v != x.value || ended != 2 {
						t.Errorf("%q %v, %d losers ended", v, err, ended)
					}
					return nil
				})
			})
		}
	})
	t.Run("of some who are done takes the first of them as given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(2, "a"))
			b := asyncio.CreateTask(ctx, asyncio.Delay(1, "b"))
			asyncio.Sleep(ctx, time.Second)
			pending := asyncio.NewFuture[string](ctx)
			v, err := asyncio.Race(ctx, []asyncio.Awaitable[string]{pending, a, b}...)
			if v != "a" {
				t.Errorf("%q", v)
			}
			testutil.ExpectState(t, "the future", pending, "cancelled")
			return err
		})
	})
	t.Run("of mixed kinds", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			ended := 0
			blocked := asyncio.Go(ctx, func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
			f := asyncio.NewFuture[string](ctx)
			lost := asyncio.CreateTask(ctx, loser(&ended))
			asyncio.Sleep(ctx, 0)
			asyncio.RunningLoop(ctx).CallSoon(func() { f.SetResult("future") })
			v, err := asyncio.Race(ctx, []asyncio.Awaitable[string]{blocked, f, lost}...)
			if v != "future" || ended != 1 {
				t.Errorf("%q, %d ended", v, ended)
			}
			testutil.ExpectState(t, "the Go task", blocked, "cancelled")
			return err
		})
	})
	t.Run("a loser may refuse, and is waited for", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			stubborn := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				testutil.Forever(ctx)
				return "stubborn", asyncio.Sleep(ctx, time.Minute)
			})
			return testutil.Took(ctx, t, time.Minute+time.Second, func() error {
				v, err := asyncio.Race(ctx, stubborn, asyncio.CreateTask(ctx, fastest(nil)))
				if s, err := stubborn.Result(); v != "first" || s != "stubborn" || err != nil {
					t.Errorf("%q, the other has %q %v", v, s, err)
				}
				return err
			})
		})
	})
	t.Run("a loser's error stays with it", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			fails := func(name string) *asyncio.Task[string] {
				return asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					testutil.Forever(ctx)
					return "", testutil.ErrTest
				}, asyncio.WithName(name))
			}
			asked, lost := fails("asked"), fails("lost")
			v, err := asyncio.Race(ctx, asked, lost, asyncio.CreateTask(ctx, fastest(nil)))
			if v != "first" {
				t.Errorf("%q", v)
			}
			testutil.ExpectIs(t, "asked", asked.Err(), testutil.ErrTest)
			return err
		})
		r.Expect(t, "lost … never retrieved … test error")
	})
	t.Run("can be cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ended := 0
			a, b := asyncio.CreateTask(ctx, loser(&ended)), asyncio.CreateTask(ctx, loser(&ended))
			race := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) { return asyncio.Race(ctx, a, b) })
			asyncio.Sleep(ctx, time.Second)
			race.Cancel("enough")
			err := testutil.Took(ctx, t, time.Second, func() error { _, err := race.Await(ctx); return err })
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "enough" || ended != 2 {
				t.Errorf("%v, %d ended", err, ended)
			}
			return nil
		})
	})
	t.Run("ends with its scope", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ended := 0
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			a, b := asyncio.CreateTask(ctx, loser(&ended)), asyncio.CreateTask(ctx, loser(&ended))
			err := testutil.Took(ctx, t, 2*time.Second, func() error { _, err := asyncio.Race(scope, a, b); return err })
			if !errors.Is(err, asyncio.ErrTimeout) || ended != 2 {
				t.Errorf("%v, %d ended", err, ended)
			}
			return nil
		})
	})
	t.Run("of one, and of the same twice", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, fastest(nil))
			for _, as := range [][]*asyncio.Task[string]{{a}, {a, a}} {
				if v, err := asyncio.Race(ctx, as...); v != "first" || err != nil {
					t.Errorf("%q %v", v, err)
				}
			}
			b := asyncio.CreateTask(ctx, fastest(nil))
			v, err := asyncio.Race(ctx, b, b)
			if v != "first" {
				t.Errorf("%q", v)
			}
			return err
		})
	})
	t.Run("of nothing is an error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			if _, err := asyncio.Race[*asyncio.Task[int]](ctx); err == nil {
				t.Error("none")
			}
			return nil
		})
	})
	t.Run("in a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			ended := 0
			lost := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
				err := testutil.Forever(ctx)
				ended++
				return "", err
			})
			v, err := asyncio.Race(context.Background(), lost, asyncio.CreateTask(l.Context(), asyncio.Delay(0, "first")))
			if v != "first" || err != nil || ended != 1 {
				t.Errorf("%q %v, %d ended", v, err, ended)
			}
		})
	})
	t.Run("not in a callback", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
			asyncio.RunningLoop(ctx).CallSoon(func() {
				_, err := asyncio.Race(ctx, a)
				testutil.ExpectIs(t, "Race", err, asyncio.ErrNotInTask)
			})
			asyncio.Sleep(ctx, 0)
			return nil
		})
	})
	t.Run("on a closed loop", func(t *testing.T) {
		f := asyncio.NewFuture[int](testutil.ClosedLoop(t).Context())
		testutil.Within(t, func() {
			_, err := asyncio.Race(context.Background(), f)
			testutil.ExpectIs(t, "Race", err, asyncio.ErrLoopClosed)
		})
	})
}

func TestRacedTasksAreToldWhyTheCallerGoes(t *testing.T) {
	for name, race := range map[string]func(ctx context.Context, aws ...*asyncio.Task[int]) (int, error){
		"Race":         asyncio.Race[*asyncio.Task[int], int],
		"FirstSuccess": asyncio.FirstSuccess[*asyncio.Task[int], int],
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
				caller := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) { return race(ctx, slow) })
				_ = asyncio.Sleep(ctx, 0)
				caller.Cancel("enough")
				_, _ = caller.Await(ctx)
				_, err := slow.Result()
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "enough" || c.Origin != asyncio.OriginCancel {
					t.Errorf("by Cancel: %#v", err)
				}

				slow = asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
				_ = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_, err := race(ctx, slow)
					return err
				})
				if _, err = slow.Result(); !errors.As(err, &c) || c.Message != "" || c.Origin != asyncio.OriginTimeout {
					t.Errorf("by Timeout: %#v", err)
				}

				slow = asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				defer cancel()
				_, _ = race(scope, slow)
				if _, err = slow.Result(); !errors.As(err, &c) || c.Message != "" || c.Origin != asyncio.OriginContext || !errors.Is(c.Cause, asyncio.ErrTimeout) {
					t.Errorf("by a scope: %#v", err)
				}
				return nil
			})
		})
	}
}
