package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
						func(ctx context.Context) error {
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
	return asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
		_, err := asyncio.Gather(ctx, tasks...)
		return err
	})
}
