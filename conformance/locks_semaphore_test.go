package conformance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestSemaphore(t *testing.T) {
	t.Run("of zero is locked", func(t *testing.T) {
		locksExpect(t, "Locked", asyncio.NewSemaphore(0).Locked(), true)
	})
	t.Run("String shows the places and who waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			locksExpect(t, "new", sem.String(), "<Semaphore [unlocked, value:1]>")
			locksExpect(t, "Locked", sem.Locked(), false)
			sem.Acquire(ctx)
			locksExpect(t, "taken", sem.String(), "<Semaphore [locked]>")
			for _, with := range []string{"waiters:1", "waiters:2"} {
				waiter := asyncio.CreateTask(ctx, asyncio.Void(sem.Acquire))
				defer waiter.Cancel()
				asyncio.Sleep(ctx, 0)
				locksExpect(t, "with waiters", sem.String(), "<Semaphore [locked, "+with+"]>")
			}
			return nil
		})
	})
	t.Run("a negative number of places panics", func(t *testing.T) {
		testutil.ExpectPanic(t, func() { asyncio.NewSemaphore(-1) }, "not negative")
	})
	t.Run("is free again after a release that nobody waits for", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			sem.Acquire(ctx)
			locksExpect(t, "taken", sem.Locked(), true)
			sem.Release()
			locksExpect(t, "released", sem.Locked(), false)
			return nil
		})
	})
	t.Run("places that are released go to who waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(3)
			var order locksOrder
			sem.Acquire(ctx)
			sem.Acquire(ctx)
			locksExpect(t, "two taken", sem.String(), "<Semaphore [unlocked, value:1]>")
			t1 := asyncio.CreateTask(ctx, order.after(1, sem.Acquire))
			t2 := asyncio.CreateTask(ctx, order.after(2, sem.Acquire))
			t3 := asyncio.CreateTask(ctx, order.after(3, sem.Acquire))
			asyncio.Sleep(ctx, 0)
			order.expect(t, "one place for three", 1)
			locksSucceeded(t, t1)
			locksExpect(t, "none left", sem.String(), "<Semaphore [locked, waiters:2]>")
			t4 := asyncio.CreateTask(ctx, order.after(4, sem.Acquire))
			sem.Release()
			sem.Release()
			locksExpect(t, "two released", sem.Locked(), true)
			locksExpect(t, "a place to take", sem.TryAcquire(), false)
			asyncio.Sleep(ctx, 0)
			order.expect(t, "two more", 1, 2, 3)
			locksSucceeded(t, t2, t3)
			locksExpect(t, "t4 waits", sem.String(), "<Semaphore [locked, waiters:1]>")
			sem.Release()
			if err := locksAwait(ctx, t4); err != nil {
				return err
			}
			locksExpect(t, "all taken", sem.String(), "<Semaphore [locked]>")
			return nil
		})
	})
	t.Run("a cancelled waiter is gone", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			sem.Acquire(ctx)
			waiter := asyncio.CreateTask(ctx, asyncio.Void(sem.Acquire))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", sem.String(), "<Semaphore [locked, waiters:1]>")
			asyncio.RunningLoop(ctx).CallSoon(func() { waiter.Cancel() })
			_, err := waiter.Await(ctx)
			testutil.ExpectIs(t, "the waiter", err, asyncio.ErrCancelled)
			locksExpect(t, "after", sem.String(), "<Semaphore [locked]>")
			return nil
		})
	})
	for _, c := range []struct {
		name             string
		waiting, cancels int
	}{
		{"two waiters cancelled before the release are passed over", 4, 2},
		{"a waiter cancelled before the release is passed over", 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				sem := asyncio.NewSemaphore(0)
				var tasks []*asyncio.Task[asyncio.None]
				for range c.waiting {
					tasks = append(tasks, asyncio.CreateTask(ctx, asyncio.Void(sem.Acquire)))
				}
				asyncio.Sleep(ctx, 0)
				for _, task := range tasks[:c.cancels] {
					task.Cancel()
				}
				sem.Release()
				asyncio.Sleep(ctx, 0)
				asyncio.Sleep(ctx, 0)
				for i, task := range tasks {
					locksExpect(t, fmt.Sprint(i, " cancelled"), task.Cancelled(), i < c.cancels)
					locksExpect(t, fmt.Sprint(i, " done"), task.Done(), i <= c.cancels)
				}
				locksSucceeded(t, tasks[c.cancels])
				locksExpect(t, "locked", sem.Locked(), true)
				for _, task := range tasks {
					task.Cancel()
				}
				return nil
			})
		})
	}
	t.Run("a woken waiter that is cancelled gives its place back", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			entered := false
			var c2 *asyncio.Task[asyncio.None]
			c1 := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := sem.With(ctx, func() error { return asyncio.Sleep(ctx, 0) })
				c2.Cancel()
				return err
			}))
			c2 = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return sem.With(ctx, func() error {
					entered = true
					return nil
				})
			}))
			outcomes, err := asyncio.GatherAll(ctx, c1, c2)
			if err != nil {
				return err
			}
			if outcomes[0].Err != nil {
				t.Error("c1:", outcomes[0].Err)
			}
			testutil.ExpectIs(t, "c2", outcomes[1].Err, asyncio.ErrCancelled)
			locksExpect(t, "c2 has been inside", entered, false)
			begin := asyncio.RunningLoop(ctx).Time()
			_, err = asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(sem.Acquire)), time.Second)
			locksExpect(t, "elapsed", elapsed(ctx, begin), time.Duration(0))
			return err
		})
	})
	t.Run("who asks again comes after those who wait", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			var got []string
			visit := func(tag string) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					for n := range 2 {
						err := sem.With(ctx, func() error {
							got = append(got, fmt.Sprint(tag, "_", n+1))
							return asyncio.Sleep(ctx, 10*time.Millisecond)
						})
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				for _, tag := range []string{"c1", "c2", "c3"} {
					asyncio.CreateTask(tg, visit(tag))
				}
				return nil
			})
			testutil.ExpectLines(t, got, "c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2")
			return err
		})
	})
	t.Run("who releases and asks again while two places are given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(1)
			var order locksOrder
			t1 := asyncio.CreateTask(ctx, order.after(1, sem.Acquire))
			t2 := asyncio.CreateTask(ctx, order.after(4, func(ctx context.Context) error {
				if _, err := order.after(2, sem.Acquire)(ctx); err != nil {
					return err
				}
				sem.Release()
				return sem.Acquire(ctx)
			}))
			t3 := asyncio.CreateTask(ctx, order.after(3, sem.Acquire))
			asyncio.Sleep(ctx, 0)
			sem.Release()
			sem.Release()
			err := locksAwait(ctx, t1, t2, t3)
			order.expect(t, "order", 1, 2, 3, 4)
			return err
		})
	})
	t.Run("the order without a waiter that is cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(0)
			var order locksOrder
			t1 := asyncio.CreateTask(ctx, order.after(1, sem.Acquire))
			t2 := asyncio.CreateTask(ctx, order.after(2, sem.Acquire))
			t3 := asyncio.CreateTask(ctx, order.after(3, sem.Acquire))
			asyncio.Sleep(ctx, 0)
			t1.Cancel()
			asyncio.Sleep(ctx, 0)
			sem.Release()
			sem.Release()
			err := locksAwait(ctx, t2, t3)
			locksExpect(t, "t1 is cancelled", t1.Cancelled(), true)
			order.expect(t, "order", 2, 3)
			return err
		})
	})
	t.Run("an acquire that succeeds lets in those behind it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			sem := asyncio.NewSemaphore(0)
			var order locksOrder
			var t4 *asyncio.Task[asyncio.None]
			nothing := func(context.Context) error { return nil }
			t1 := asyncio.CreateTask(ctx, order.after(1, func(ctx context.Context) error {
				err := sem.Acquire(ctx)
				// The places went to those behind, so there is none to take.
				locksExpect(t, "t1 finds a place", sem.TryAcquire(), false)
				t4 = asyncio.CreateTask(ctx, order.after(4, nothing))
				return err
			}))
			t2 := asyncio.CreateTask(ctx, order.after(2, func(ctx context.Context) error {
				for range 3 {
					sem.Release()
				}
				locksExpect(t, "locked until t1 wakes", sem.Locked(), true)
				return sem.Acquire(ctx)
			}))
			t3 := asyncio.CreateTask(ctx, order.after(3, func(ctx context.Context) error {
				err := sem.Acquire(ctx)
				locksExpect(t, "locked for t3", sem.Locked(), true)
				return err
			}))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "three wait", sem.String(), "<Semaphore [locked, waiters:3]>")
			asyncio.Sleep(ctx, 0)
			err := locksAwait(ctx, t1, t2, t3, t4)
			order.expect(t, "order", 1, 2, 3, 4)
			locksExpect(t, "nothing is left", sem.String(), "<Semaphore [locked]>")
			return err
		})
	})
}
