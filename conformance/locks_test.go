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

func TestLock(t *testing.T) {
	t.Run("String shows whether it is held", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			locksExpect(t, "new", lock.String(), "<Lock [unlocked]>")
			lock.Acquire(ctx)
			locksExpect(t, "held", lock.String(), "<Lock [locked]>")
			return nil
		})
	})
	t.Run("goes to who waits in order and to no newcomer", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			var order locksOrder
			lock.Acquire(ctx)
			t1 := asyncio.CreateTask(ctx, order.after(1, lock.Acquire))
			t2 := asyncio.CreateTask(ctx, order.after(2, lock.Acquire))
			asyncio.Sleep(ctx, 0)
			order.expect(t, "while it is held")
			lock.Release()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "after one release", 1)
			asyncio.Sleep(ctx, 0)
			order.expect(t, "without another", 1)
			t3 := asyncio.CreateTask(ctx, order.after(3, lock.Acquire))
			lock.Release()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "with a newcomer that starts first", 1, 2)
			lock.Release()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "after the last", 1, 2, 3)
			locksSucceeded(t, t1, t2, t3)
			return nil
		})
	})
	t.Run("a cancelled waiter leaves the queue", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			lock.Acquire(ctx)
			waiter := asyncio.CreateTask(ctx, asyncio.Void(lock.Acquire))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", lock.String(), "<Lock [locked, waiters:1]>")
			asyncio.RunningLoop(ctx).CallSoon(func() { waiter.Cancel() })
			_, err := waiter.Await(ctx)
			testutil.ExpectIs(t, "the waiter", err, asyncio.ErrCancelled)
			locksExpect(t, "after", lock.String(), "<Lock [locked]>")
			return nil
		})
	})
	t.Run("a waiter cancelled in the turn of the release lets the next one in", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			gate := asyncio.NewFuture[asyncio.None](ctx)
			with := func(f func(context.Context) error) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					return lock.With(ctx, func() error { return f(ctx) })
				})
			}
			nothing := func(context.Context) error { return nil }
			a := asyncio.CreateTask(ctx, with(func(ctx context.Context) error {
				_, err := gate.Await(ctx)
				return err
			}))
			asyncio.Sleep(ctx, 0)
			b := asyncio.CreateTask(ctx, with(nothing))
			c := asyncio.CreateTask(ctx, with(nothing))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", lock.String(), "<Lock [locked, waiters:2]>")
			gate.SetResult(asyncio.None{})
			b.Cancel()
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "one turn later", lock.Locked(), false)
			locksSucceeded(t, a)
			locksExpect(t, "b is cancelled", b.Cancelled(), true)
			return locksAwait(ctx, c)
		})
	})
	t.Run("a cancellation and a release let one in and not two", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			asked, acquired := 0, 0
			ask := asyncio.Void(func(ctx context.Context) error {
				asked++
				err := lock.Acquire(ctx)
				if err == nil {
					acquired++
				}
				return err
			})
			lock.Acquire(ctx)
			t1 := asyncio.CreateTask(ctx, ask)
			t2 := asyncio.CreateTask(ctx, ask)
			t3 := asyncio.CreateTask(ctx, ask)
			asyncio.Sleep(ctx, 0)
			asyncio.RunningLoop(ctx).CallSoon(func() {
				t1.Cancel()
				lock.Release()
			})
			_, err := t1.Await(ctx)
			testutil.ExpectIs(t, "t1", err, asyncio.ErrCancelled)
			locksExpect(t, "asked", asked, 3)
			locksExpect(t, "acquired", acquired, 1)
			locksSucceeded(t, t2)
			locksExpect(t, "t3 is done", t3.Done(), false)
			t3.Cancel()
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "t3 is cancelled", t3.Cancelled(), true)
			return nil
		})
	})
	t.Run("a newcomer has what a cancelled waiter was to get", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			lock.Acquire(ctx)
			b := asyncio.CreateTask(ctx, asyncio.Void(lock.Acquire))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", lock.String(), "<Lock [locked, waiters:1]>")
			c := asyncio.CreateTask(ctx, asyncio.Void(lock.Acquire))
			b.Cancel()
			lock.Release()
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "after", lock.String(), "<Lock [locked]>")
			locksExpect(t, "b is cancelled", b.Cancelled(), true)
			return locksAwait(ctx, c)
		})
	})
	for _, l := range []struct {
		name string
		of   interface {
			Locked() bool
			With(context.Context, func() error) error
		}
	}{
		{"With holds a lock while f runs", &asyncio.Lock{}},
		{"With holds a condition while f runs", asyncio.NewCondition(nil)},
	} {
		t.Run(l.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				locksExpect(t, "before", l.of.Locked(), false)
				inside := false
				err := l.of.With(ctx, func() error {
					inside = l.of.Locked()
					return nil
				})
				locksExpect(t, "inside", inside, true)
				locksExpect(t, "after", l.of.Locked(), false)
				return err
			})
		})
	}
}

func TestEvent(t *testing.T) {
	t.Run("String shows whether it is set and who waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var ev asyncio.Event
			locksExpect(t, "new", ev.String(), "<Event [unset]>")
			ev.Set()
			locksExpect(t, "after Set", ev.String(), "<Event [set]>")
			ev.Clear()
			waiter := asyncio.CreateTask(ctx, asyncio.Void(ev.Wait))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "with a waiter", ev.String(), "<Event [unset, waiters:1]>")
			waiter.Cancel()
			return nil
		})
	})
	t.Run("a cancelled waiter is gone", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var ev asyncio.Event
			waiter := asyncio.CreateTask(ctx, asyncio.Void(ev.Wait))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", ev.String(), "<Event [unset, waiters:1]>")
			asyncio.RunningLoop(ctx).CallSoon(func() { waiter.Cancel() })
			_, err := waiter.Await(ctx)
			testutil.ExpectIs(t, "the waiter", err, asyncio.ErrCancelled)
			locksExpect(t, "after", ev.String(), "<Event [unset]>")
			return nil
		})
	})
	t.Run("who comes before it is set and runs after it goes before those it wakes", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var ev asyncio.Event
			var order locksOrder
			t1 := asyncio.CreateTask(ctx, order.after(1, ev.Wait))
			t2 := asyncio.CreateTask(ctx, order.after(2, ev.Wait))
			asyncio.Sleep(ctx, 0)
			order.expect(t, "unset")
			t3 := asyncio.CreateTask(ctx, order.after(3, ev.Wait))
			ev.Set()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "a turn later", 3, 1, 2)
			locksSucceeded(t, t1, t2, t3)
			return nil
		})
	})
	t.Run("Clear does not take back what Set has woken", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, again := range []int{0, 2} {
				var ev asyncio.Event
				var order locksOrder
				waiter := asyncio.CreateTask(ctx, order.after(1, ev.Wait))
				asyncio.Sleep(ctx, 0)
				order.expect(t, "unset")
				ev.Set()
				ev.Clear()
				locksExpect(t, "is set", ev.IsSet(), false)
				state := "unset"
				for range again {
					ev.Set()
					state = "set"
				}
				locksExpect(t, "woken", ev.String(), "<Event ["+state+", waiters:1]>")
				asyncio.Sleep(ctx, 0)
				order.expect(t, "a turn later", 1)
				locksExpect(t, "gone", ev.String(), "<Event ["+state+"]>")
				locksSucceeded(t, waiter)
			}
			return nil
		})
	})
}

func TestCondition(t *testing.T) {
	t.Run("String shows the lock and who waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			locksExpect(t, "new", cond.String(), "<Condition [unlocked]>")
			cond.Acquire(ctx)
			locksExpect(t, "held", cond.String(), "<Condition [locked]>")
			cond.Release()
			for _, with := range []string{"waiters:1", "waiters:2"} {
				waiter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return cond.With(ctx, func() error { return cond.Wait(ctx) })
				}))
				defer waiter.Cancel()
				asyncio.Sleep(ctx, 0)
				cond.Acquire(ctx)
				locksExpect(t, "with waiters", cond.String(), "<Condition [locked, "+with+"]>")
				cond.Release()
			}
			return nil
		})
	})
	t.Run("who is notified has to wait for the lock", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			var order locksOrder
			var tasks []*asyncio.Task[asyncio.None]
			for n := range 3 {
				tasks = append(tasks, asyncio.CreateTask(ctx, order.after(n+1, locksHeld(cond, false))))
			}
			asyncio.Sleep(ctx, 0)
			look := func(when string, locked bool, want ...int) {
				t.Helper()
				order.expect(t, when, want...)
				locksExpect(t, when+", locked", cond.Locked(), locked)
			}
			look("all wait", false)
			cond.Acquire(ctx)
			cond.Notify(1)
			asyncio.Sleep(ctx, 0)
			look("notified", true)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			look("released", true, 1)
			cond.Notify(2)
			asyncio.Sleep(ctx, 0)
			look("two notified", true, 1)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			look("released again", true, 1, 2)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			look("released for the last", true, 1, 2, 3)
			locksSucceeded(t, tasks...)
			return nil
		})
	})
	t.Run("a cancelled wait has the lock again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			cond.Acquire(ctx)
			waiter := asyncio.CreateTask(ctx, asyncio.Void(cond.Wait))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", cond.String(), "<Condition [unlocked, waiters:1]>")
			asyncio.RunningLoop(ctx).CallSoon(func() { waiter.Cancel() })
			_, err := waiter.Await(ctx)
			testutil.ExpectIs(t, "the waiter", err, asyncio.ErrCancelled)
			locksExpect(t, "after", cond.String(), "<Condition [locked]>")
			return nil
		})
	})
	t.Run("a wait cancelled while others hold the lock ends with the lock", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			cond.Acquire(ctx)
			released := false
			waiter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := cond.Wait(ctx)
				locksExpect(t, "main has released", released, true)
				locksExpect(t, "locked at the end of Wait", cond.Locked(), true)
				return err
			}))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "while it waits", cond.Locked(), false)
			cond.Acquire(ctx)
			cond.Notify(1)
			asyncio.RunningLoop(ctx).CallSoon(func() { waiter.Cancel() })
			asyncio.RunningLoop(ctx).CallSoon(func() {
				released = true
				cond.Release()
			})
			_, err := waiter.Await(ctx)
			testutil.ExpectIs(t, "the waiter", err, asyncio.ErrCancelled)
			locksExpect(t, "locked at the end", cond.Locked(), true)
			return nil
		})
	})
	t.Run("a cancellation while the lock is acquired again is not lost", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			waited := false
			waiter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return cond.With(ctx, func() error {
					waited = true
					return cond.Wait(ctx)
				})
			}))
			asyncio.Sleep(ctx, 0)
			cond.Acquire(ctx)
			cond.Notify(1)
			asyncio.Sleep(ctx, 0)
			waiter.Cancel()
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "done without the lock", waiter.Done(), false)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "cancelled", waiter.Cancelled(), true)
			locksExpect(t, "waited", waited, true)
			return nil
		})
	})
	t.Run("needs its lock unless there is nothing to wait for", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			holds := func() bool { return true }
			never := func() bool { return false }
			testutil.ExpectIs(t, "Wait", cond.Wait(ctx), asyncio.ErrNotAcquired)
			testutil.ExpectIs(t, "WaitFor", cond.WaitFor(ctx, never), asyncio.ErrNotAcquired)
			testutil.ExpectIs(t, "Notify", cond.Notify(1), asyncio.ErrNotAcquired)
			testutil.ExpectIs(t, "NotifyAll", cond.NotifyAll(), asyncio.ErrNotAcquired)
			return cond.WaitFor(ctx, holds)
		})
	})
	t.Run("WaitFor goes on when the predicate holds", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			var order locksOrder
			holds := false
			waiter := asyncio.CreateTask(ctx, order.after(1, func(ctx context.Context) error {
				return cond.With(ctx, func() error {
					return cond.WaitFor(ctx, func() bool { return holds })
				})
			}))
			asyncio.Sleep(ctx, 0)
			order.expect(t, "at first")
			for _, holds = range []bool{false, true} {
				cond.Acquire(ctx)
				cond.Notify(1)
				cond.Release()
				asyncio.Sleep(ctx, 0)
				if !holds {
					order.expect(t, "notified in vain")
				}
			}
			order.expect(t, "notified", 1)
			locksSucceeded(t, waiter)
			return nil
		})
	})
	t.Run("Notify wakes as many as there are and no more than it says", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			var order locksOrder
			var tasks []*asyncio.Task[asyncio.None]
			for n := range 3 {
				tasks = append(tasks, asyncio.CreateTask(ctx, order.after(n+1, locksHeld(cond, true))))
			}
			asyncio.Sleep(ctx, 0)
			order.expect(t, "at first")
			cond.Acquire(ctx)
			cond.Notify(1)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "one", 1)
			cond.Acquire(ctx)
			cond.Notify(1)
			cond.Notify(2048)
			cond.Release()
			asyncio.Sleep(ctx, 0)
			order.expect(t, "all", 1, 2, 3)
			locksSucceeded(t, tasks...)
			return nil
		})
	})
	t.Run("NotifyAll wakes two in their order, who are done a turn later", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			var order locksOrder
			t1 := asyncio.CreateTask(ctx, order.after(1, locksHeld(cond, true)))
			t2 := asyncio.CreateTask(ctx, order.after(2, locksHeld(cond, true)))
			asyncio.Sleep(ctx, 0)
			locksExpect(t, "before", cond.String(), "<Condition [unlocked, waiters:2]>")
			cond.Acquire(ctx)
			cond.NotifyAll()
			cond.Release()
			order.expect(t, "at once")
			asyncio.Sleep(ctx, 0)
			order.expect(t, "a turn later", 1, 2)
			locksSucceeded(t, t1, t2)
			return nil
		})
	})
	t.Run("shares a lock that it is given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lock asyncio.Lock
			cond := asyncio.NewCondition(&lock)
			look := func(when string, want bool) {
				t.Helper()
				locksExpect(t, when+", lock", lock.Locked(), want)
				locksExpect(t, when+", condition", cond.Locked(), want)
			}
			for _, with := range []func(context.Context, func() error) error{cond.With, lock.With} {
				look("before", false)
				err := with(ctx, func() error {
					look("inside", true)
					fresh := asyncio.NewCondition(nil)
					locksExpect(t, "a condition of its own", fresh.Locked(), false)
					return nil
				})
				if err != nil {
					return err
				}
				look("after", false)
			}
			return nil
		})
	})
	t.Run("tasks of two loops wait for one lock and one condition", func(t *testing.T) {
		var r testutil.Reports
		one, two := testutil.NewLoop(t, &r), testutil.NewLoop(t, &r)
		var lock asyncio.Lock
		cond := asyncio.NewCondition(&lock)
		var order locksOrder
		turn := func(l *asyncio.Loop) {
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			l.RunForever()
		}
		lock.TryAcquire()
		w1 := asyncio.CreateTask(one.Context(), order.after(1, locksHeld(cond, true)))
		turn(one)
		w2 := asyncio.CreateTask(two.Context(), order.after(2, locksHeld(cond, true)))
		turn(two)
		locksExpect(t, "both want the lock", lock.String(), "<Lock [locked, waiters:2]>")
		lock.Release()
		turn(one)
		turn(two)
		locksExpect(t, "both wait", cond.String(), "<Condition [unlocked, waiters:2]>")
		lock.TryAcquire()
		cond.NotifyAll()
		lock.Release()
		turn(two) // whose turn it is has the lock first
		turn(one)
		order.expect(t, "after the notification", 2, 1)
		locksSucceeded(t, w1, w2)
		r.Expect(t)
	})
	t.Run("a wait that times out has the lock again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			cond := asyncio.NewCondition(nil)
			begin := asyncio.RunningLoop(ctx).Time()
			err := cond.With(ctx, func() error {
				wait := asyncio.CreateTask(ctx, asyncio.Void(cond.Wait))
				_, err := asyncio.WaitFor(ctx, wait, 500*time.Millisecond)
				testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
				locksExpect(t, "elapsed", elapsed(ctx, begin), 500*time.Millisecond)
				locksExpect(t, "inside", cond.String(), "<Condition [locked]>")
				return nil
			})
			locksExpect(t, "after", cond.String(), "<Condition [unlocked]>")
			return err
		})
	})
	for _, c := range []struct {
		name      string
		acquiring bool
	}{
		{"WaitFor passes on the cancellation it gets", false},
		{"WaitFor passes on the cancellation it gets while it acquires the lock", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				cond := asyncio.NewCondition(nil)
				wake := false
				var raised error
				task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return cond.With(ctx, func() error {
						raised = cond.WaitFor(ctx, func() bool { return wake })
						return raised
					})
				}))
				asyncio.Sleep(ctx, 0)
				if c.acquiring {
					cond.Acquire(ctx)
					wake = true
					cond.Notify(1)
					asyncio.Sleep(ctx, 0)
				}
				task.Cancel("foo")
				if c.acquiring {
					cond.Release()
				}
				_, err := task.Await(ctx)
				var inside, outside *asyncio.CancelledError
				if !errors.As(raised, &inside) || !errors.As(err, &outside) {
					t.Fatalf("%v inside, %v outside", raised, err)
				}
				locksExpect(t, "message", outside.Message, "foo")
				if inside != outside {
					t.Errorf("%p inside, %p outside", inside, outside)
				}
				return nil
			})
		})
	}
	for _, c := range []struct {
		name      string
		acquiring bool
	}{
		{"a cancelled waiter passes its wake-up on", false},
		{"a waiter cancelled while it acquires the lock passes its wake-up on", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				cond := asyncio.NewCondition(nil)
				state := 0
				consumer := asyncio.Void(func(ctx context.Context) error {
					return cond.With(ctx, func() error {
						for {
							if err := cond.WaitFor(ctx, func() bool { return state != 0 }); err != nil {
								return err
							}
							if state < 0 {
								return nil
							}
							state--
						}
					})
				})
				c0 := asyncio.CreateTask(ctx, consumer)
				c1 := asyncio.CreateTask(ctx, consumer)
				asyncio.Sleep(ctx, 0)
				err := cond.With(ctx, func() error {
					state = 1
					cond.Notify(1)
					if c.acquiring {
						asyncio.Sleep(ctx, 0)
					}
					c0.Cancel()
					err := asyncio.Timeout(ctx, 10*time.Millisecond,
						func(ctx context.Context, _ *asyncio.TimeoutScope) error {
							return cond.WaitFor(ctx, func() bool { return state == 0 })
						})
					testutil.ExpectIs(t, "main, whom nobody notifies", err, asyncio.ErrTimeout)
					locksExpect(t, "left", state, 0)
					locksExpect(t, "consumer 0 is cancelled", c0.Cancelled(), true)
					state = -1
					return cond.NotifyAll()
				})
				if err != nil {
					return err
				}
				return locksAwait(ctx, c1)
			})
		})
	}
}

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

// locksOrder is who has come through, by number.
type locksOrder []int

// after is a coroutine that notes its number once wait has succeeded.
func (o *locksOrder) after(n int, wait func(context.Context) error) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		err := wait(ctx)
		if err == nil {
			*o = append(*o, n)
		}
		return err
	})
}

func (o *locksOrder) expect(t *testing.T, when string, want ...int) {
	t.Helper()
	if !slices.Equal(*o, want) {
		t.Errorf("%s: %v, want %v", when, *o, want)
	}
}

// locksHeld acquires the condition, waits for a notification, and releases it or not.
func locksHeld(cond *asyncio.Condition, release bool) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := cond.Acquire(ctx); err != nil {
			return err
		}
		err := cond.Wait(ctx)
		if err == nil && release {
			err = cond.Release()
		}
		return err
	}
}

// locksExpect compares what is printed, so that values of any kind can be had alike.
func locksExpect(t *testing.T, what string, got, want any) {
	t.Helper()
	if is, should := fmt.Sprint(got), fmt.Sprint(want); is != should {
		t.Errorf("%s: %s, want %s", what, is, should)
	}
}

// locksSucceeded checks that the tasks are done by now, without an error.
func locksSucceeded(t *testing.T, tasks ...*asyncio.Task[asyncio.None]) {
	t.Helper()
	for i, task := range tasks {
		if task == nil || !task.Done() || task.Err() != nil {
			t.Errorf("%d: %v", i, task)
		}
	}
}

// locksAwait waits for all, and a second at most: what hangs is an error.
func locksAwait(ctx context.Context, tasks ...*asyncio.Task[asyncio.None]) error {
	return asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		_, err := asyncio.Gather(ctx, tasks...)
		return err
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
