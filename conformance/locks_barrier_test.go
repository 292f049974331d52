package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestBarrier(t *testing.T) {
	const parties = 5
	t.Run("String shows the state", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			var tasks []*asyncio.Task[int]
			arrive := func(n int) {
				for range n {
					tasks = append(tasks, asyncio.CreateTask(ctx, b.Wait))
				}
				asyncio.Sleep(ctx, 0)
			}
			locksExpect(t, "new", b.String(), "<Barrier [filling, waiters:0/5]>")
			arrive(2)
			locksExpect(t, "with two", b.String(), "<Barrier [filling, waiters:2/5]>")
			arrive(3)
			locksExpect(t, "with all", b.String(), "<Barrier [draining, waiters:0/5]>")
			arrive(2)
			b.Reset()
			locksExpect(t, "reset", b.String(), "<Barrier [resetting, waiters:0/5]>")
			arrive(2)
			b.Abort()
			locksExpect(t, "aborted", b.String(), "<Barrier [broken]>")
			locksExpect(t, "Broken", b.Broken(), true)
			outcomes, err := asyncio.GatherAll(ctx, tasks...)
			for i, o := range outcomes {
				if broken := errors.Is(o.Err, asyncio.ErrBrokenBarrier); broken != (i >= parties) || !broken && o.Err != nil {
					t.Errorf("%d: %v", i, o.Err)
				}
			}
			return err
		})
	})
	t.Run("less than one party panics", func(t *testing.T) {
		testutil.ExpectPanic(t, func() { asyncio.NewBarrier(0) }, "at least one")
		testutil.ExpectPanic(t, func() { asyncio.NewBarrier(-4) }, "at least one")
		locksExpect(t, "Parties", asyncio.NewBarrier(parties).Parties(), parties)
	})
	t.Run("With gives everybody a number", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(3)
			var got locksOrder
			locksAll(ctx, t, 3, func(ctx context.Context) error {
				return b.With(ctx, func(i int) error {
					got = append(got, i)
					return nil
				})
			})
			slices.Sort(got)
			got.expect(t, "numbers", 0, 1, 2)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("of one party lets a task after the other through", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(1)
			for range 2 {
				task := asyncio.CreateTask(ctx, b.Wait)
				asyncio.Sleep(ctx, 0)
				locksExpect(t, "done", task.Done(), true)
				index, err := task.Result()
				if index != 0 || err != nil {
					t.Error(index, err)
				}
				locksIdle(t, b, false)
			}
			return nil
		})
	})
	t.Run("counts those who come until the last one releases all", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(3)
			var tasks []*asyncio.Task[int]
			for n := 1; n <= 3; n++ {
				tasks = append(tasks, asyncio.CreateTask(ctx, b.Wait))
				asyncio.Sleep(ctx, 0)
				if n < 3 {
					locksExpect(t, "Waiting", b.Waiting(), n)
					locksExpect(t, "String", b.String(), fmt.Sprintf("<Barrier [filling, waiters:%d/3]>", n))
				}
			}
			_, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: time.Second})
			locksExpect(t, "left inside", len(pending), 0)
			locksIdle(t, b, false)
			return err
		})
	})
	t.Run("can be passed again and gives numbers again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			var first, second locksOrder
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				return b.With(ctx, func(i int) error {
					first = append(first, i)
					return b.With(ctx, func(i int) error {
						second = append(second, i)
						return nil
					})
				})
			})
			slices.Sort(first)
			slices.Sort(second)
			first.expect(t, "first", 0, 1, 2, 3, 4)
			second.expect(t, "second", 0, 1, 2, 3, 4)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("drains until the last one is out", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			var draining []bool
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				return b.With(ctx, func(int) error {
					draining = append(draining, strings.Contains(b.String(), "draining"))
					return nil
				})
			})
			locksExpect(t, "draining", draining, []bool{true, true, true, true, false})
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("who comes back while it drains waits and nobody is locked out", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b, others := asyncio.NewBarrier(parties), asyncio.NewBarrier(3)
			again, met, ended := 2, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				b.Wait(ctx)
				if again > 0 {
					again--
				} else {
					others.Wait(ctx)
					met++
				}
				_, err := b.Wait(ctx)
				ended++
				return err
			})
			locksExpect(t, "met at the other", met, 3)
			locksExpect(t, "ended", ended, 5)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("reset and abort of a new one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(1)
			b.Reset()
			locksIdle(t, b, false)
			b.Abort()
			locksIdle(t, b, true)
			return nil
		})
	})
	t.Run("a reset breaks it for those who wait", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			asyncio.RunningLoop(ctx).CallSoon(func() { // before them, so that they wait when it comes
				asyncio.RunningLoop(ctx).CallSoon(func() {
					locksExpect(t, "Waiting", b.Waiting(), 4)
					b.Reset()
				})
			})
			broken := 0
			locksAll(ctx, t, parties-1, func(ctx context.Context) error {
				if _, err := b.Wait(ctx); errors.Is(err, asyncio.ErrBrokenBarrier) {
					broken++
				}
				return nil
			})
			locksExpect(t, "broken", broken, 4)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("a reset while it drains breaks it for those inside", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			out, broken := 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				_, err := b.Wait(ctx)
				if errors.Is(err, asyncio.ErrBrokenBarrier) {
					broken++
					return nil
				}
				if out++; out == 3 {
					b.Reset()
				}
				return err
			})
			locksExpect(t, "out", out, 3)
			locksExpect(t, "broken", broken, 2)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("a reset while it drains leaves those who wait for the next round", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			out, broken, passed := 0, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				_, err := b.Wait(ctx)
				if errors.Is(err, asyncio.ErrBrokenBarrier) {
					broken++
				} else if out++; out == 3 {
					b.Reset()
				}
				if _, err = b.Wait(ctx); err == nil {
					passed++
				}
				return err
			})
			locksExpect(t, "out", out, 3)
			locksExpect(t, "broken", broken, 2)
			locksExpect(t, "passed", passed, 5)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("those whom a reset broke may wait again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			broken, passed := 0, 0
			var late *asyncio.Task[asyncio.None]
			pass := func(ctx context.Context) error {
				_, err := b.Wait(ctx)
				if err == nil {
					passed++
				}
				return err
			}
			loop := asyncio.RunningLoop(ctx)
			loop.CallSoon(func() { // before them, so that they wait when it comes
				loop.CallSoon(func() {
					locksExpect(t, "Waiting", b.Waiting(), 4)
					b.Reset()
					late = asyncio.CreateTask(ctx, asyncio.Void(pass))
				})
			})
			locksAll(ctx, t, parties-1, func(ctx context.Context) error {
				if err := pass(ctx); errors.Is(err, asyncio.ErrBrokenBarrier) {
					broken++
				}
				return pass(ctx)
			})
			asyncio.Sleep(ctx, 0)
			locksSucceeded(t, late)
			locksExpect(t, "broken", broken, 4)
			locksExpect(t, "passed", passed, 5)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("a reset by the last one out breaks it for nobody", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			out, second, failed, third := 0, 0, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				b.Wait(ctx)
				if out++; out == parties {
					b.Reset()
					if _, err := b.Wait(ctx); err != nil {
						return err
					}
				} else if _, err := b.Wait(ctx); err != nil {
					failed++
				} else {
					second++
				}
				_, err := b.Wait(ctx)
				if err == nil {
					third++
				}
				return err
			})
			locksExpect(t, "passed the second time", second, 4)
			locksExpect(t, "failed", failed, 0)
			locksExpect(t, "passed the third time", third, 5)
			locksIdle(t, b, false)
			return nil
		})
	})
	t.Run("an abort while it drains breaks it for all", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			out, inside, blocked := 0, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				if _, err := b.Wait(ctx); errors.Is(err, asyncio.ErrBrokenBarrier) {
					inside++
					return nil
				}
				if out++; out == 3 {
					b.Abort()
				} else if _, err := b.Wait(ctx); errors.Is(err, asyncio.ErrBrokenBarrier) {
					blocked++
				}
				return nil
			})
			locksExpect(t, "broken inside", inside, 2)
			locksExpect(t, "broken before the next round", blocked, 2)
			locksIdle(t, b, true)
			return nil
		})
	})
	t.Run("an abort by one that fails breaks it for all others", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.NewBarrier(parties)
			second, broken, failed := 0, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				err := b.With(ctx, func(i int) error {
					if i == 2 {
						return testutil.ErrTest
					}
					return nil
				})
				if errors.Is(err, testutil.ErrTest) {
					failed++
					b.Abort()
					return nil
				}
				if err == nil {
					_, err = b.Wait(ctx)
				}
				if errors.Is(err, asyncio.ErrBrokenBarrier) {
					broken++
					return nil
				}
				second++
				return err
			})
			locksExpect(t, "failed", failed, 1)
			locksExpect(t, "passed again", second, 0)
			locksExpect(t, "broken", broken, 4)
			locksIdle(t, b, true)
			return nil
		})
	})
	t.Run("an aborted one can be reset when all have left it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			b, meeting := asyncio.NewBarrier(parties), asyncio.NewBarrier(parties)
			second, broken, passed := 0, 0, 0
			locksAll(ctx, t, parties, func(ctx context.Context) error {
				i, err := b.Wait(ctx)
				if err == nil && i == 2 {
					b.Abort()
				} else {
					if err == nil {
						_, err = b.Wait(ctx)
					}
					if errors.Is(err, asyncio.ErrBrokenBarrier) {
						broken++
					} else {
						second++
					}
				}
				if i, _ = meeting.Wait(ctx); i == 2 {
					locksIdle(t, b, true)
					b.Reset()
				}
				meeting.Wait(ctx)
				if _, err = b.Wait(ctx); err == nil {
					passed++
				}
				return err
			})
			locksExpect(t, "passed again before the reset", second, 0)
			locksExpect(t, "broken", broken, 4)
			locksExpect(t, "passed after the reset", passed, 5)
			locksIdle(t, b, false)
			return nil
		})
	})
}

// locksAll has n tasks call f and checks that all succeed.
func locksAll(ctx context.Context, t *testing.T, n int, f func(context.Context) error) {
	t.Helper()
	var tasks []*asyncio.Task[asyncio.None]
	for range n {
		tasks = append(tasks, asyncio.CreateTask(ctx, asyncio.Void(f)))
	}
	if err := locksAwait(ctx, tasks...); err != nil {
		t.Error(err)
	}
}

// locksIdle checks that nobody is in the barrier, and whether it is broken.
func locksIdle(t *testing.T, b *asyncio.Barrier, broken bool) {
	t.Helper()
	locksExpect(t, "Waiting", b.Waiting(), 0)
	locksExpect(t, "Broken", b.Broken(), broken)
	state := fmt.Sprintf("<Barrier [filling, waiters:0/%d]>", b.Parties())
	if broken {
		state = "<Barrier [broken]>"
	}
	locksExpect(t, "String", b.String(), state)
}
