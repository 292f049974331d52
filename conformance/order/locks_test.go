package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// acquirer is a lock, a condition or a semaphore of either kind.
type acquirer interface {
	Acquire(ctx context.Context) error
	TryAcquire() bool
	Release() error
	Locked() bool
}

// word is an error by the name that it has in the traces of the primitives, where
// CPython's RuntimeError and ValueError are a refusal.
func word(err error) string {
	switch {
	case errors.Is(err, asyncio.ErrCancelled):
		return testutil.Show(err)
	case errors.Is(err, asyncio.ErrTimeout):
		return "timeout"
	case errors.Is(err, asyncio.ErrNotAcquired):
		return "refused"
	case errors.Is(err, asyncio.ErrBrokenBarrier):
		return "broken"
	case errors.Is(err, asyncio.ErrQueueEmpty):
		return "empty"
	case errors.Is(err, asyncio.ErrQueueFull):
		return "full"
	case errors.Is(err, asyncio.ErrQueueShutDown):
		return "shut down"
	}
	return testutil.Show(err)
}

// ask acquires and keeps.
func (tr *trace) ask(ctx context.Context, who string, l acquirer) error {
	tr.Add("%s asks", who)
	if err := l.Acquire(ctx); err != nil {
		tr.Add("%s gets %s", who, word(err))
		return err
	}
	tr.Add("%s has it", who)
	return nil
}

// release adds also how it is refused.
func (tr *trace) release(who string, l acquirer) {
	tr.Add("%s releases", who)
	if err := l.Release(); err != nil {
		tr.Add("%s is %s", who, word(err))
	}
}

// asker is a coroutine that acquires and keeps.
func (tr *trace) asker(who string, l acquirer) coroutine {
	return func(ctx context.Context) (string, error) { return who, tr.ask(ctx, who, l) }
}

// holder is a coroutine that acquires, sleeps unless ms is negative, and releases.
func (tr *trace) holder(who string, l acquirer, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.ask(ctx, who, l); err != nil {
			return "", err
		}
		defer tr.release(who, l)
		if ms < 0 {
			return who, nil
		}
		if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
			tr.Add("%s gets %s", who, word(err))
			return "", err
		}
		return who, nil
	}
}

func (tr *trace) lookLock(l acquirer) { tr.Add("locked %t", l.Locked()) }

func (tr *trace) try(who string, l acquirer) { tr.Add("%s tries %t", who, l.TryAcquire()) }

// inTime is a coroutine that runs another in its place, in a timeout.
func (tr *trace) inTime(who string, ms int, c coroutine) coroutine {
	return func(ctx context.Context) (string, error) {
		err := asyncio.Timeout(ctx, testutil.Millis(ms), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := c(ctx)
			return err
		})
		if errors.Is(err, asyncio.ErrTimeout) {
			tr.Add("%s gets %s", who, word(err))
			return who, nil
		}
		return who, err
	}
}

// eventWaiter is a coroutine that waits for an event.
func (tr *trace) eventWaiter(who string, e *asyncio.Event) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s waits", who)
		if err := e.Wait(ctx); err != nil {
			tr.Add("%s gets %s", who, word(err))
			return "", err
		}
		tr.Add("%s goes on, set %t", who, e.IsSet())
		return who, nil
	}
}

// condWaiter is a coroutine that waits once with the lock held, then holds it for
// ms more unless that is negative.
func (tr *trace) condWaiter(who string, c *asyncio.Condition, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.ask(ctx, who, c); err != nil {
			return "", err
		}
		defer tr.release(who, c)
		tr.Add("%s waits", who)
		err := c.Wait(ctx)
		if err == nil {
			tr.Add("%s goes on, locked %t", who, c.Locked())
			if ms >= 0 {
				err = asyncio.Sleep(ctx, testutil.Millis(ms))
			}
		}
		if err != nil {
			tr.Add("%s gets %s, locked %t", who, word(err), c.Locked())
		}
		return who, err
	}
}

// condWaiterFor is a coroutine that waits for a predicate and adds what it sees.
func (tr *trace) condWaiterFor(who string, c *asyncio.Condition, pred func() bool) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.ask(ctx, who, c); err != nil {
			return "", err
		}
		defer tr.release(who, c)
		tr.Add("%s waits", who)
		err := c.WaitFor(ctx, func() bool {
			ok := pred()
			tr.Add("%s looks: %t", who, ok)
			return ok
		})
		if err != nil {
			tr.Add("%s gets %s", who, word(err))
			return "", err
		}
		tr.Add("%s goes on", who)
		return who, nil
	}
}

// notify notifies all if n is negative.
func (tr *trace) notify(who string, c *asyncio.Condition, n int) {
	tr.Add("%s notifies %d", who, n)
	var err error
	if n < 0 {
		err = c.NotifyAll()
	} else {
		err = c.Notify(n)
	}
	if err != nil {
		tr.Add("%s is %s", who, word(err))
	}
}

// notifier is a coroutine that notifies with the lock held.
func (tr *trace) notifier(who string, c *asyncio.Condition, n int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.ask(ctx, who, c); err != nil {
			return "", err
		}
		tr.notify(who, c, n)
		tr.release(who, c)
		return who, nil
	}
}

func TestOrderOfLocks(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "an uncontended lock takes no turn",
			want: []string{
				"locked false", "a asks", "a has it", "a releases", "b asks", "b has it", "b releases",
				"c asks", "c has it", "c releases", "locked false", "main asks", "main has it", "locked true",
				"turn 1", "turn 2", "turn 3", "1ms main releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.Tick(3)
				tr.lookLock(lock)
				for _, who := range []string{"a", "b", "c"} {
					tr.holder(who, lock, -1)(ctx)
				}
				tr.lookLock(lock)
				tr.ask(ctx, "main", lock)
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				tr.release("main", lock)
				return nil
			},
		},
		{
			name: "a lock goes on first come first served",
			want: []string{
				"a asks", "a has it", "b asks", "c asks", "d asks", "e asks", "5ms a releases", "5ms b has it",
				"10ms b releases", "10ms c has it", "12ms locked true", "12ms main asks", "15ms c releases",
				"15ms d has it", "20ms d releases", "20ms e has it", "25ms e releases", "25ms main has it",
				"30ms main releases", "30ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				for _, who := range []string{"a", "b", "c", "d", "e"} {
					asyncio.CreateTask(ctx, tr.holder(who, lock, 5))
				}
				tr.Sleep(ctx, 12)
				tr.lookLock(lock)
				tr.holder("main", lock, 5)(ctx)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a chain of releases takes a turn each",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "c asks", "d asks", "main releases",
				"locked false", "turn 1", "a has it", "a releases", "turn 2", "b has it", "b releases",
				"turn 3", "c has it", "c releases", "turn 4", "d has it", "d releases", "turn 5", "turn 6",
				"1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				for _, who := range []string{"a", "b", "c", "d"} {
					asyncio.CreateTask(ctx, tr.holder(who, lock, -1))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				tr.release("main", lock)
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "who releases and asks again goes to the end",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "main releases", "main asks", "turn 1",
				"a has it", "turn 2", "a releases", "turn 3", "b has it", "turn 4", "b releases", "turn 5",
				"main has it", "main releases", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.holder("a", lock, 0))
				asyncio.CreateTask(ctx, tr.holder("b", lock, 0))
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				tr.release("main", lock)
				tr.holder("main", lock, -1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a newcomer does not overtake who is woken",
			want: []string{
				"main asks", "main has it", "a asks", "main releases", "new asks", "turn 1", "a has it",
				"a releases", "locked false", "turn 2", "new has it", "new releases", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.holder("new", lock, -1))
				tr.Tick(4)
				tr.release("main", lock)
				tr.Loop.CallSoon(func() { tr.lookLock(lock) })
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a lock that is not held refuses release",
			want: []string{
				"main releases", "main is refused", "main asks", "main has it", "a asks", "main releases",
				"main releases", "main is refused", "locked false", "a has it", "locked true", "main releases",
				"locked false", "a releases", "a is refused",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.release("main", lock)
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.holder("a", lock, 0))
				tr.Sleep(ctx, 0)
				tr.release("main", lock)
				tr.release("main", lock)
				tr.lookLock(lock)
				tr.Sleep(ctx, 0)
				tr.lookLock(lock)
				tr.release("main", lock)
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the first waiter of a lock is cancelled",
			want: []string{
				"holder asks", "holder has it", "a asks", "b asks", "c asks", "2ms a gets cancelled(first)",
				"2ms main gets cancelled(first)", "5ms holder releases", "5ms b has it", "6ms b releases",
				"6ms c has it", "6ms main gets b", "7ms c releases", "7ms main gets c",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				asyncio.CreateTask(ctx, tr.holder("holder", lock, 5))
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, lock, 1)))
				}
				tr.Sleep(ctx, 2)
				ts[0].Cancel("first")
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "the middle waiter of a lock is cancelled",
			want: []string{
				"holder asks", "holder has it", "a asks", "b asks", "c asks", "2ms b gets cancelled(middle)",
				"5ms holder releases", "5ms a has it", "6ms a releases", "6ms c has it", "6ms main gets a",
				"6ms main gets cancelled(middle)", "7ms c releases", "7ms main gets c",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				asyncio.CreateTask(ctx, tr.holder("holder", lock, 5))
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, lock, 1)))
				}
				tr.Sleep(ctx, 2)
				ts[1].Cancel("middle")
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "the last waiter of a lock is cancelled",
			want: []string{
				"holder asks", "holder has it", "a asks", "b asks", "c asks", "2ms c gets cancelled(last)",
				"2ms d asks", "5ms holder releases", "5ms a has it", "6ms a releases", "6ms b has it",
				"7ms b releases", "7ms d has it", "8ms d releases", "8ms main gets d", "8ms main gets a",
				"8ms main gets b", "8ms main gets cancelled(last)",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				asyncio.CreateTask(ctx, tr.holder("holder", lock, 5))
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, lock, 1)))
				}
				tr.Sleep(ctx, 2)
				ts[2].Cancel("last")
				d := asyncio.CreateTask(ctx, tr.holder("d", lock, 1))
				tr.Get(ctx, "main", d)
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "a lock waiter cancelled in the step before the release",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "main releases", "locked false", "turn 1",
				"a gets cancelled(a)", "turn 2", "b has it", "b releases", "turn 3", "turn 4", "turn 5",
				"1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				a.Cancel("a")
				tr.release("main", lock)
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a lock waiter cancelled in the step after the release",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "main releases", "locked false", "turn 1",
				"a gets cancelled(a)", "turn 2", "b has it", "b releases", "turn 3", "turn 4", "turn 5",
				"1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.release("main", lock)
				a.Cancel("a")
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a woken lock waiter cancelled by one that runs before it",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "main releases", "a gets cancelled(too late?)",
				"turn 1", "b has it", "b releases", "main gets cancelled(too late?)", "turn 2", "turn 3",
				"turn 4", "1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Loop.CallSoon(func() { a.Cancel("too late?") })
				tr.release("main", lock)
				tr.Tick(4)
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "the second waiter cancelled while the first is woken",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "c asks", "main releases", "turn 1",
				"a has it", "a releases", "b gets cancelled", "turn 2", "c has it", "c releases", "turn 3",
				"turn 4", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				b := asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				asyncio.CreateTask(ctx, tr.holder("c", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				tr.release("main", lock)
				b.Cancel()
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "two woken lock waiters cancelled one after the other",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "c asks", "d asks", "main releases", "turn 1",
				"a gets cancelled(a)", "locked false", "turn 2", "b gets cancelled(b)", "turn 3", "c has it",
				"c releases", "turn 4", "d has it", "d releases", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, lock, -1)))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				tr.release("main", lock)
				ts[0].Cancel("a")
				tr.Sleep(ctx, 0)
				ts[1].Cancel("b")
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a newcomer takes the lock when all waiters are cancelled",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "main releases", "main asks", "main has it",
				"turn 1", "a gets cancelled(a)", "b gets cancelled(b)", "main releases", "locked false",
				"turn 2", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				b := asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				a.Cancel("a")
				b.Cancel("b")
				tr.release("main", lock)
				tr.holder("main", lock, 0)(ctx)
				tr.lookLock(lock)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a newcomer waits when one waiter is left",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "c asks", "main releases", "main asks",
				"turn 1", "a gets cancelled(a)", "c gets cancelled(c)", "turn 2", "b has it", "b releases",
				"turn 3", "main has it", "main releases", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, lock, -1)))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				ts[0].Cancel("a")
				ts[2].Cancel("c")
				tr.release("main", lock)
				tr.holder("main", lock, -1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a cancelled woken waiter passes the lock to a newcomer",
			want: []string{
				"main asks", "main has it", "a asks", "main releases", "main asks", "turn 1",
				"a gets cancelled(a)", "turn 2", "main has it", "turn 3", "main releases", "turn 4",
				"1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				tr.release("main", lock)
				a.Cancel("a")
				tr.holder("main", lock, 0)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a lock released by callbacks and timers",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "c asks", "soon releases", "a has it",
				"5ms timer 1 releases", "5ms timer 2 releases", "5ms timer 2 is refused", "5ms b has it",
				"5ms turn 1", "5ms turn 2", "5ms turn 3", "6ms timer 3 releases", "6ms c has it",
				"10ms locked true",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.asker("a", lock))
				asyncio.CreateTask(ctx, tr.asker("b", lock))
				asyncio.CreateTask(ctx, tr.asker("c", lock))
				tr.Loop.CallSoon(func() { tr.release("soon", lock) })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.release("timer 1", lock) })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.release("timer 2", lock) })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.Tick(3) })
				tr.Loop.CallLater(testutil.Millis(6), func() { tr.release("timer 3", lock) })
				tr.Sleep(ctx, 10)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a lock released at the moment of the waiters timeout",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "10ms timer releases", "10ms a gets cancelled",
				"10ms a gets timeout", "10ms b has it", "10ms b releases", "20ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.release("timer", lock) })
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.holder("a", lock, 2)))
				asyncio.CreateTask(ctx, tr.holder("b", lock, 0))
				tr.Sleep(ctx, 20)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a lock waiters timeout at the moment of the release",
			want: []string{
				"main asks", "main has it", "a asks", "b asks", "10ms timer releases", "10ms a gets cancelled",
				"10ms a gets timeout", "10ms turn 1", "10ms b has it", "10ms turn 2", "10ms b releases",
				"10ms turn 3", "10ms turn 4", "20ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.holder("a", lock, 2)))
				asyncio.CreateTask(ctx, tr.holder("b", lock, 0))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.release("timer", lock) })
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.Tick(4) })
				tr.Sleep(ctx, 20)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "who holds the lock is cancelled",
			want: []string{
				"a asks", "a has it", "b asks", "5ms locked true", "5ms turn 1",
				"5ms a gets cancelled(enough)", "5ms a releases", "5ms turn 2", "5ms b has it", "5ms turn 3",
				"5ms turn 4", "6ms b releases", "10ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, 100))
				asyncio.CreateTask(ctx, tr.holder("b", lock, 1))
				tr.Sleep(ctx, 5)
				tr.Tick(4)
				a.Cancel("enough")
				tr.lookLock(lock)
				tr.Sleep(ctx, 5)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "a cancelled task takes a free lock but does not wait for one",
			want: []string{
				"main asks", "main has it", "a asks", "a has it", "a asks", "turn 1", "a gets cancelled(me)",
				"turn 2", "main gets cancelled(me)", "locked true", "main releases", "locked false", "turn 3",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock, other := &asyncio.Lock{}, &asyncio.Lock{}
				tr.ask(ctx, "main", other)
				a := func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("me")
					if err := tr.ask(ctx, "a", lock); err != nil {
						return "", err
					}
					if _, err := tr.holder("a", other, -1)(ctx); err != nil {
						return "", err
					}
					return "a", nil
				}
				t := asyncio.CreateTask(ctx, a)
				tr.Tick(4)
				tr.Get(ctx, "main", t)
				tr.lookLock(lock)
				tr.release("main", other)
				tr.lookLock(other)
				return nil
			},
		},
		{
			name: "who refuses a cancellation queues again",
			want: []string{
				"main asks", "main has it", "s 1 asks", "b asks", "s 1 gets cancelled(one)", "s 2 asks",
				"c asks", "s 2 gets cancelled(two)", "s 3 asks", "5ms main releases", "5ms b has it",
				"6ms b releases", "6ms c has it", "7ms c releases", "7ms s 3 has it", "7ms s 3 releases",
				"7ms main gets s",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.ask(ctx, "main", lock)
				stubborn := func(ctx context.Context) (string, error) {
					for _, who := range []string{"s 1", "s 2", "s 3"} {
						tr.holder(who, lock, -1)(ctx)
					}
					return "s", nil
				}
				s := asyncio.CreateTask(ctx, stubborn)
				asyncio.CreateTask(ctx, tr.holder("b", lock, 1))
				tr.Sleep(ctx, 0)
				s.Cancel("one")
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.holder("c", lock, 1))
				tr.Sleep(ctx, 0)
				s.Cancel("two")
				tr.Sleep(ctx, 5)
				tr.release("main", lock)
				tr.Get(ctx, "main", s)
				return nil
			},
		},
		{
			name: "a task that waits for its own lock times out",
			want: []string{
				"a asks", "a has it", "a asks", "b asks", "5ms a gets cancelled", "5ms a gets timeout",
				"5ms a releases", "5ms b has it", "6ms b releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				a := func(ctx context.Context) (string, error) {
					if err := tr.ask(ctx, "a", lock); err != nil {
						return "", err
					}
					if _, err := tr.inTime("a", 5, tr.asker("a", lock))(ctx); err != nil {
						return "", err
					}
					tr.release("a", lock)
					return "a", nil
				}
				asyncio.CreateTask(ctx, a)
				asyncio.CreateTask(ctx, tr.holder("b", lock, 1))
				tr.Sleep(ctx, 10)
				return nil
			},
		},
		{
			name: "three tasks hand two locks round",
			want: []string{
				"a has one, 0", "a has two, 0", "x asks", "3ms x has it", "3ms a has none, 0",
				"3ms b has one, 0", "8ms x releases", "8ms b has two, 0", "8ms b has none, 0",
				"8ms c has one, 0", "8ms c has two, 0", "9ms c has none, 0", "9ms a has one, 1",
				"9ms a has two, 1", "12ms a has none, 1", "12ms b has one, 1", "12ms b has two, 1",
				"12ms b has none, 1", "12ms c has one, 1", "12ms c has two, 1", "13ms c has none, 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				one, two := &asyncio.Lock{}, &asyncio.Lock{}
				both := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 2 {
							err := one.With(ctx, func() error {
								tr.Add("%s has one, %d", who, n)
								err := two.With(ctx, func() error {
									tr.Add("%s has two, %d", who, n)
									return asyncio.Sleep(ctx, testutil.Millis(ms))
								})
								if err != nil {
									return err
								}
								return asyncio.Sleep(ctx, 0)
							})
							if err != nil {
								return "", err
							}
							tr.Add("%s has none, %d", who, n)
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, both("a", 3))
				asyncio.CreateTask(ctx, both("b", 0))
				asyncio.CreateTask(ctx, tr.holder("x", two, 5))
				asyncio.CreateTask(ctx, both("c", 1))
				tr.Sleep(ctx, 30)
				return nil
			},
		},
		{
			name: "a body that fails releases the lock",
			want: []string{
				"locked true", "b asks", "2ms b has it", "2ms main gets boom", "2ms locked true",
				"3ms b releases", "7ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				a := func(ctx context.Context) (string, error) {
					err := lock.With(ctx, func() error {
						tr.lookLock(lock)
						if err := asyncio.Sleep(ctx, testutil.Millis(2)); err != nil {
							return err
						}
						return errors.New("boom")
					})
					if err != nil {
						return "", err
					}
					return "a", nil
				}
				t := asyncio.CreateTask(ctx, a)
				asyncio.CreateTask(ctx, tr.holder("b", lock, 1))
				tr.Get(ctx, "main", t)
				tr.lookLock(lock)
				tr.Sleep(ctx, 5)
				tr.lookLock(lock)
				return nil
			},
		},
		{
			name: "trying a lock",
			want: []string{
				"main tries true", "main tries false", "a asks", "main releases", "locked false",
				"main tries false", "a has it", "a releases", "main tries true", "b asks", "main releases",
				"main tries true", "main gets a", "main releases", "b gets cancelled(b)",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.try("main", lock)
				tr.try("main", lock)
				a := asyncio.CreateTask(ctx, tr.holder("a", lock, -1))
				tr.Sleep(ctx, 0)
				tr.release("main", lock)
				tr.lookLock(lock)
				tr.try("main", lock)
				tr.Sleep(ctx, 0)
				tr.try("main", lock)
				b := asyncio.CreateTask(ctx, tr.holder("b", lock, -1))
				tr.Sleep(ctx, 0)
				b.Cancel("b")
				tr.release("main", lock)
				tr.try("main", lock)
				tr.Get(ctx, "main", a)
				tr.release("main", lock)
				return nil
			},
		},
		{
			name: "the end of run finds lock waiters",
			want: []string{
				"a asks", "a has it", "b asks", "c asks", "5ms main ends", "5ms a gets cancelled",
				"5ms a releases", "5ms b gets cancelled", "5ms c gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.holder(who, lock, 50))
				}
				tr.Sleep(ctx, 5)
				tr.Add("main ends")
				return nil
			},
		},
	})
}

func TestOrderOfEvents(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a set event takes no turn",
			want: []string{
				"set false", "main waits", "main goes on, set true", "main waits", "main goes on, set true",
				"set false", "turn 1", "turn 2", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				tr.Add("set %t", ev.IsSet())
				ev.Set()
				tr.Tick(3)
				tr.eventWaiter("main", ev)(ctx)
				tr.eventWaiter("main", ev)(ctx)
				ev.Clear()
				tr.Add("set %t", ev.IsSet())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "setting an event wakes all in order",
			want: []string{
				"a waits", "b waits", "c waits", "5ms main has set it", "5ms main waits",
				"5ms main goes on, set true", "5ms d waits", "5ms d goes on, set true", "5ms turn 1",
				"5ms a goes on, set true", "5ms b goes on, set true", "5ms c goes on, set true", "5ms e waits",
				"5ms e goes on, set true", "5ms turn 2", "5ms turn 3", "5ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.eventWaiter(who, ev))
				}
				tr.Sleep(ctx, 5)
				asyncio.CreateTask(ctx, tr.eventWaiter("d", ev))
				tr.Tick(4)
				ev.Set()
				tr.Add("main has set it")
				asyncio.CreateTask(ctx, tr.eventWaiter("e", ev))
				tr.eventWaiter("main", ev)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an event cleared before the wake up",
			want: []string{
				"a waits", "b waits", "turn 1", "a goes on, set false", "b goes on, set false", "new waits",
				"turn 2", "turn 3", "turn 4", "5ms main sets it again", "5ms new goes on, set true",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.eventWaiter(who, ev))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				ev.Set()
				ev.Clear()
				asyncio.CreateTask(ctx, tr.eventWaiter("new", ev))
				tr.Sleep(ctx, 5)
				tr.Add("main sets it again")
				ev.Set()
				ev.Set()
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an event set cleared and set in one step",
			want: []string{
				"a waits", "b waits", "b goes on, set true", "turn 1", "a goes on, set true", "c waits",
				"c goes on, set true", "d waits", "turn 2", "turn 3", "turn 4", "5ms d goes on, set true",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				asyncio.CreateTask(ctx, tr.eventWaiter("a", ev))
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.eventWaiter("b", ev))
				tr.Tick(4)
				ev.Set()
				ev.Clear()
				ev.Set()
				asyncio.CreateTask(ctx, tr.eventWaiter("c", ev))
				tr.Loop.CallSoon(func() { ev.Clear() })
				asyncio.CreateTask(ctx, tr.eventWaiter("d", ev))
				tr.Sleep(ctx, 5)
				ev.Set()
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "waiters that clear the event and wait again",
			want: []string{
				"a waits", "b waits", "c waits", "5ms main sets it 0", "5ms a goes on, set true",
				"5ms a waits", "5ms b goes on, set false", "5ms b waits", "5ms c goes on, set false",
				"5ms c waits", "10ms main sets it 1", "10ms a goes on, set true", "10ms a waits",
				"10ms b goes on, set false", "10ms b waits", "10ms c goes on, set false", "10ms c waits",
				"15ms main sets it 2", "15ms a goes on, set true", "15ms b goes on, set false",
				"15ms c goes on, set false", "20ms main sets it 3", "25ms set true",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				again := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						for range 3 {
							if _, err := tr.eventWaiter(who, ev)(ctx); err != nil {
								return "", err
							}
							ev.Clear()
						}
						return who, nil
					}
				}
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, again(who))
				}
				for n := range 4 {
					tr.Sleep(ctx, 5)
					tr.Add("main sets it %d", n)
					ev.Set()
				}
				tr.Sleep(ctx, 5)
				tr.Add("set %t", ev.IsSet())
				return nil
			},
		},
		{
			name: "event waiters cancelled before and after the set",
			want: []string{
				"a waits", "b waits", "c waits", "d waits", "e waits", "1ms a gets cancelled(first)",
				"2ms main gets cancelled(first)", "2ms turn 1", "2ms c gets cancelled(middle)",
				"2ms b goes on, set true", "2ms d goes on, set true", "2ms e gets cancelled(last)",
				"2ms turn 2", "2ms main gets b", "2ms main gets cancelled(middle)", "2ms main gets d",
				"2ms main gets cancelled(last)", "2ms turn 3", "2ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d", "e"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.eventWaiter(who, ev)))
				}
				tr.Sleep(ctx, 1)
				ts[0].Cancel("first")
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				ts[2].Cancel("middle")
				ev.Set()
				ts[4].Cancel("last")
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "an event set at the moment of the timeouts",
			want: []string{
				"a waits", "b waits", "c waits", "10ms a gets cancelled", "10ms a gets timeout",
				"10ms b gets cancelled", "10ms b gets timeout", "10ms c goes on, set true", "10ms turn 1",
				"10ms turn 2", "10ms turn 3", "10ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				ev := &asyncio.Event{}
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.eventWaiter("a", ev)))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), func() { ev.Set() })
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.Tick(4) })
				asyncio.CreateTask(ctx, tr.inTime("b", 10, tr.eventWaiter("b", ev)))
				asyncio.CreateTask(ctx, tr.eventWaiter("c", ev))
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "two events play ping pong",
			want: []string{
				"a waits", "b waits", "turn 1", "a goes on, set true", "a waits", "turn 2",
				"b goes on, set true", "b waits", "turn 3", "a goes on, set true", "a waits", "turn 4",
				"b goes on, set true", "b waits", "turn 5", "a goes on, set true", "turn 6",
				"b goes on, set true", "turn 7", "turn 8", "5ms ping true pong false",
			},
			main: func(ctx context.Context, tr *trace) error {
				ping, pong := &asyncio.Event{}, &asyncio.Event{}
				player := func(who string, mine, other *asyncio.Event) coroutine {
					return func(ctx context.Context) (string, error) {
						for range 3 {
							if _, err := tr.eventWaiter(who, mine)(ctx); err != nil {
								return "", err
							}
							mine.Clear()
							other.Set()
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, player("a", ping, pong))
				asyncio.CreateTask(ctx, player("b", pong, ping))
				tr.Sleep(ctx, 0)
				tr.Tick(8)
				ping.Set()
				tr.Sleep(ctx, 5)
				tr.Add("ping %t pong %t", ping.IsSet(), pong.IsSet())
				return nil
			},
		},
	})
}

func TestOrderOfConditions(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a condition needs its lock",
			want: []string{
				"main notifies 1", "main is refused", "main notifies -1", "main is refused", "main releases",
				"main is refused", "locked false", "main asks", "main has it", "locked true",
				"main notifies 1", "main releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				tr.notify("main", cond, 1)
				tr.notify("main", cond, -1)
				tr.release("main", cond)
				tr.lookLock(cond)
				tr.ask(ctx, "main", cond)
				tr.lookLock(cond)
				tr.notify("main", cond, 1)
				tr.release("main", cond)
				return nil
			},
		},
		{
			name: "notify wakes one after the other",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "5ms main asks", "5ms main has it", "5ms main notifies 1", "5ms main releases",
				"5ms a goes on, locked true", "5ms a releases", "10ms main asks", "10ms main has it",
				"10ms main notifies 1", "10ms main releases", "10ms b goes on, locked true", "10ms b releases",
				"15ms main asks", "15ms main has it", "15ms main notifies 1", "15ms main releases",
				"15ms c goes on, locked true", "15ms c releases", "20ms main asks", "20ms main has it",
				"20ms main notifies 1", "20ms main releases", "21ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1))
				}
				for range 4 {
					tr.Sleep(ctx, 5)
					tr.notifier("main", cond, 1)(ctx)
				}
				tr.Sleep(ctx, 1)
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "notify all hands the lock down the line",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "d asks", "d has it", "d waits", "5ms main asks", "5ms main has it",
				"5ms main notifies -1", "10ms main releases", "10ms turn 1", "10ms a goes on, locked true",
				"10ms turn 2", "10ms turn 3", "12ms a releases", "12ms b goes on, locked true",
				"14ms b releases", "14ms c goes on, locked true", "16ms c releases",
				"16ms d goes on, locked true", "18ms d releases", "30ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				for _, who := range []string{"a", "b", "c", "d"} {
					asyncio.CreateTask(ctx, tr.condWaiter(who, cond, 2))
				}
				tr.Sleep(ctx, 5)
				tr.ask(ctx, "main", cond)
				tr.notify("main", cond, -1)
				tr.Sleep(ctx, 5)
				tr.Tick(3)
				tr.release("main", cond)
				tr.Sleep(ctx, 20)
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "notify all within one turn",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "main asks", "main has it", "main notifies -1", "main releases", "turn 1",
				"a goes on, locked true", "a releases", "b goes on, locked true", "b releases",
				"c goes on, locked true", "c releases", "turn 2", "turn 3", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.notifier("main", cond, -1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "notify two of four and ten of two",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "d asks", "d has it", "d waits", "5ms main asks", "5ms main has it",
				"5ms main notifies 0", "5ms main releases", "6ms main asks", "6ms main has it",
				"6ms main notifies 2", "6ms main releases", "6ms a goes on, locked true", "6ms a releases",
				"6ms b goes on, locked true", "6ms b releases", "7ms main asks", "7ms main has it",
				"7ms main notifies 10", "7ms main releases", "7ms c goes on, locked true", "7ms c releases",
				"7ms d goes on, locked true", "7ms d releases", "8ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				for _, who := range []string{"a", "b", "c", "d"} {
					asyncio.CreateTask(ctx, tr.condWaiter(who, cond, 0))
				}
				tr.Sleep(ctx, 5)
				tr.notifier("main", cond, 0)(ctx)
				tr.Sleep(ctx, 1)
				tr.notifier("main", cond, 2)(ctx)
				tr.Sleep(ctx, 1)
				tr.notifier("main", cond, 10)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "notifications to nobody are lost",
			want: []string{
				"main asks", "main has it", "main notifies 3", "main releases", "a asks", "a has it",
				"a waits", "5ms main asks", "5ms main has it", "5ms main notifies 1", "5ms main notifies 1",
				"5ms main releases", "5ms a goes on, locked true", "5ms a releases", "5ms b asks",
				"5ms b has it", "5ms b waits", "10ms main ends", "10ms b gets cancelled, locked true",
				"10ms b releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				tr.notifier("main", cond, 3)(ctx)
				asyncio.CreateTask(ctx, tr.condWaiter("a", cond, -1))
				tr.Sleep(ctx, 5)
				tr.ask(ctx, "main", cond)
				tr.notify("main", cond, 1)
				tr.notify("main", cond, 1)
				tr.release("main", cond)
				asyncio.CreateTask(ctx, tr.condWaiter("b", cond, -1))
				tr.Sleep(ctx, 5)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "a lock waiter goes before who was notified",
			want: []string{
				"a asks", "a has it", "a waits", "main asks", "main has it", "x asks", "main notifies 1",
				"y asks", "z asks", "1ms main releases", "1ms x has it", "2ms x releases", "2ms y has it",
				"3ms y releases", "3ms a goes on, locked true", "4ms a releases", "4ms z has it",
				"5ms z releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				asyncio.CreateTask(ctx, tr.condWaiter("a", cond, 1))
				tr.Sleep(ctx, 0)
				tr.ask(ctx, "main", cond)
				asyncio.CreateTask(ctx, tr.holder("x", cond, 1))
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.holder("y", cond, 1))
				tr.notify("main", cond, 1)
				asyncio.CreateTask(ctx, tr.holder("z", cond, 1))
				tr.Sleep(ctx, 1)
				tr.release("main", cond)
				tr.Sleep(ctx, 10)
				return nil
			},
		},
		{
			name: "a newcomer takes the lock before who was notified",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "main asks", "main has it",
				"main notifies 2", "main releases", "main asks", "main has it", "main releases",
				"a goes on, locked true", "a releases", "turn 1", "b goes on, locked true", "b releases",
				"turn 2", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				asyncio.CreateTask(ctx, tr.condWaiter("a", cond, -1))
				asyncio.CreateTask(ctx, tr.condWaiter("b", cond, -1))
				tr.Sleep(ctx, 0)
				tr.ask(ctx, "main", cond)
				tr.notify("main", cond, 2)
				tr.release("main", cond)
				tr.holder("main", cond, 0)(ctx)
				tr.Tick(4)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "anybody may notify while the lock is held",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "2ms main notifies 1", "2ms c asks",
				"5ms timer notifies 1", "10ms b releases", "10ms a goes on, locked true", "10ms a releases",
				"10ms c has it", "10ms c waits", "22ms c gets cancelled, locked true", "22ms c releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				asyncio.CreateTask(ctx, tr.condWaiter("a", cond, -1))
				asyncio.CreateTask(ctx, tr.holder("b", cond, 10))
				tr.Sleep(ctx, 2)
				tr.notify("main", cond, 1)
				tr.Loop.CallLater(testutil.Millis(3), func() { tr.notify("timer", cond, 1) })
				asyncio.CreateTask(ctx, tr.condWaiter("c", cond, -1))
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "a condition waiter is cancelled and gets the lock first",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "1ms h asks", "1ms h has it", "3ms b done false", "11ms h releases",
				"11ms b gets cancelled(b), locked true", "11ms b releases", "11ms a goes on, locked true",
				"11ms main gets cancelled(b)", "11ms main asks", "12ms a releases", "12ms main has it",
				"12ms main notifies 1", "12ms main releases", "12ms c goes on, locked true", "13ms c releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, 1)))
				}
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.holder("h", cond, 10))
				tr.Sleep(ctx, 1)
				ts[1].Cancel("b")
				tr.Sleep(ctx, 1)
				tr.Add("b done %t", ts[1].Done())
				tr.Get(ctx, "main", ts[1])
				tr.notifier("main", cond, 1)(ctx)
				tr.Sleep(ctx, 5)
				return nil
			},
		},
		{
			name: "a cancelled condition waiter wakes another for nothing",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "1ms turn 1", "1ms a gets cancelled(a), locked true", "1ms a releases",
				"1ms turn 2", "1ms b goes on, locked true", "1ms b releases", "1ms turn 3", "1ms turn 4",
				"1ms turn 5", "2ms turn 1", "2ms c gets cancelled(c), locked true", "2ms c releases",
				"2ms turn 2", "2ms turn 3", "2ms turn 4", "2ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				ts[2].Cancel("c")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a notified waiter cancelled before it runs passes it on",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "1ms main asks", "1ms main has it", "1ms main notifies 1", "1ms main releases",
				"1ms turn 1", "1ms a gets cancelled(a), locked true", "1ms a releases", "1ms turn 2",
				"1ms b goes on, locked true", "1ms b releases", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"2ms locked false", "2ms c gets cancelled, locked true", "2ms c releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.notifier("main", cond, 1)(ctx)
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "a waiter cancelled before the notify is passed over",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "d asks", "d has it", "d waits", "1ms main asks", "1ms main has it",
				"1ms main notifies 1", "1ms main releases", "1ms turn 1",
				"1ms a gets cancelled(a), locked true", "1ms a releases", "1ms b goes on, locked true",
				"1ms b releases", "1ms turn 2", "1ms c goes on, locked true", "1ms c releases", "1ms turn 3",
				"1ms turn 4", "1ms turn 5", "1ms turn 6", "2ms locked false",
				"2ms d gets cancelled, locked true", "2ms d releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				ts[0].Cancel("a")
				tr.notifier("main", cond, 1)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "a waiter cancelled while it gets its lock back passes it on",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "c asks", "c has it",
				"c waits", "1ms main asks", "1ms main has it", "1ms main notifies 1", "4ms main releases",
				"4ms turn 1", "4ms a gets cancelled(two), locked true", "4ms a releases", "4ms turn 2",
				"4ms b goes on, locked true", "4ms b releases", "4ms turn 3", "4ms turn 4", "4ms turn 5",
				"5ms main gets cancelled(two)", "5ms c gets cancelled, locked true", "5ms c releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1)))
				}
				tr.Sleep(ctx, 1)
				tr.ask(ctx, "main", cond)
				tr.notify("main", cond, 1)
				tr.Sleep(ctx, 1)
				ts[0].Cancel("one")
				tr.Sleep(ctx, 1)
				ts[0].Cancel("two")
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.release("main", cond)
				tr.Sleep(ctx, 1)
				tr.Get(ctx, "main", ts[0])
				return nil
			},
		},
		{
			name: "a cancelled waiter is cancelled again with the lock coming",
			want: []string{
				"a asks", "a has it", "a waits", "b asks", "b has it", "b waits", "1ms main asks",
				"1ms main has it", "2ms main releases", "2ms turn 1", "2ms a gets cancelled(two), locked true",
				"2ms a releases", "2ms turn 2", "2ms b goes on, locked true", "2ms b releases", "2ms turn 3",
				"2ms turn 4", "2ms turn 5", "3ms main gets cancelled(two)", "3ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.condWaiter(who, cond, -1)))
				}
				tr.Sleep(ctx, 1)
				tr.ask(ctx, "main", cond)
				ts[0].Cancel("one")
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.release("main", cond)
				ts[0].Cancel("two")
				tr.Sleep(ctx, 1)
				tr.Get(ctx, "main", ts[0])
				tr.lookLock(cond)
				return nil
			},
		},
		{
			name: "two conditions share a lock",
			want: []string{
				"odd 1 asks", "odd 1 has it", "odd 1 waits", "even 1 asks", "even 1 has it", "even 1 waits",
				"odd 2 asks", "odd 2 has it", "odd 2 waits", "even 2 asks", "even 2 has it", "even 2 waits",
				"1ms main asks", "1ms main has it", "1ms main notifies 1", "1ms main notifies -1",
				"1ms locked true", "1ms main releases", "1ms locked false", "1ms even 1 goes on, locked true",
				"2ms even 1 releases", "2ms odd 1 goes on, locked true", "3ms odd 1 releases",
				"3ms odd 2 goes on, locked true", "4ms odd 2 releases", "11ms main asks", "11ms main has it",
				"11ms main notifies -1", "11ms main releases", "11ms even 2 goes on, locked true",
				"12ms even 2 releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				odd, even := asyncio.NewCondition(lock), asyncio.NewCondition(lock)
				asyncio.CreateTask(ctx, tr.condWaiter("odd 1", odd, 1))
				asyncio.CreateTask(ctx, tr.condWaiter("even 1", even, 1))
				asyncio.CreateTask(ctx, tr.condWaiter("odd 2", odd, 1))
				asyncio.CreateTask(ctx, tr.condWaiter("even 2", even, 1))
				tr.Sleep(ctx, 1)
				tr.ask(ctx, "main", lock)
				tr.notify("main", even, 1)
				tr.notify("main", odd, -1)
				tr.lookLock(odd)
				tr.release("main", even)
				tr.lookLock(lock)
				tr.Sleep(ctx, 10)
				tr.notifier("main", even, -1)(ctx)
				tr.Sleep(ctx, 5)
				return nil
			},
		},
		{
			name: "waiting for a predicate",
			want: []string{
				"a asks", "a has it", "a waits", "a looks: false", "b asks", "b has it", "b waits",
				"b looks: false", "c asks", "c has it", "c waits", "c looks: true", "c goes on", "c releases",
				"1ms main asks", "1ms main has it", "1ms main notifies -1", "1ms main releases",
				"1ms a looks: false", "1ms b looks: false", "2ms main asks", "2ms main has it",
				"2ms main notifies -1", "2ms main releases", "2ms a looks: false", "2ms b looks: true",
				"2ms b goes on", "2ms b releases", "3ms main asks", "3ms main has it", "3ms main notifies 1",
				"3ms main releases", "3ms turn 1", "3ms a looks: true", "3ms a goes on", "3ms a releases",
				"3ms turn 2", "3ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				level := 0
				asyncio.CreateTask(ctx, tr.condWaiterFor("a", cond, func() bool { return level >= 2 }))
				asyncio.CreateTask(ctx, tr.condWaiterFor("b", cond, func() bool { return level >= 1 }))
				asyncio.CreateTask(ctx, tr.condWaiterFor("c", cond, func() bool { return level == 0 }))
				tr.Sleep(ctx, 1)
				tr.notifier("main", cond, -1)(ctx)
				tr.Sleep(ctx, 1)
				level = 1
				tr.notifier("main", cond, -1)(ctx)
				tr.Sleep(ctx, 1)
				tr.Tick(3)
				level = 2
				tr.notifier("main", cond, 1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a predicate with a timeout and a cancellation",
			want: []string{
				"a asks", "a has it", "a waits", "a looks: false", "b asks", "b has it", "b waits",
				"b looks: false", "c asks", "c has it", "c waits", "c looks: false", "5ms a gets cancelled",
				"5ms a releases", "5ms a gets timeout", "5ms b looks: false", "7ms b gets cancelled(b)",
				"7ms b releases", "7ms c looks: false", "8ms main asks", "8ms main has it",
				"8ms main notifies -1", "8ms main releases", "8ms c looks: true", "8ms c goes on",
				"8ms c releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				cond := asyncio.NewCondition(nil)
				ready := false
				asyncio.CreateTask(ctx, tr.inTime("a", 5, tr.condWaiterFor("a", cond, func() bool { return ready })))
				b := asyncio.CreateTask(ctx, tr.condWaiterFor("b", cond, func() bool { return ready }))
				asyncio.CreateTask(ctx, tr.condWaiterFor("c", cond, func() bool { return ready }))
				tr.Sleep(ctx, 7)
				b.Cancel("b")
				tr.Sleep(ctx, 1)
				ready = true
				tr.notifier("main", cond, -1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a condition makes a bounded buffer",
			want: []string{
				"p puts 0, level 1", "p notifies 1", "p puts 1, level 2", "p notifies 1", "x takes 0, level 1",
				"x notifies 1", "q puts 0, level 2", "q notifies 1", "y takes 0, level 1", "y notifies 1",
				"p puts 2, level 2", "p notifies 1", "y takes 1, level 1", "y notifies 1", "q puts 1, level 2",
				"q notifies 1", "y takes 2, level 1", "y notifies 1", "q puts 2, level 2", "q notifies 1",
				"2ms x takes 1, level 1", "2ms x notifies 1", "4ms x takes 2, level 0", "4ms x notifies 1",
				"20ms level 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				room, stock := asyncio.NewCondition(lock), asyncio.NewCondition(lock)
				level := 0
				producer := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 3 {
							err := room.With(ctx, func() error {
								if err := room.WaitFor(ctx, func() bool { return level < 2 }); err != nil {
									return err
								}
								level++
								tr.Add("%s puts %d, level %d", who, n, level)
								tr.notify(who, stock, 1)
								return nil
							})
							if err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				consumer := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 3 {
							err := stock.With(ctx, func() error {
								if err := stock.WaitFor(ctx, func() bool { return level > 0 }); err != nil {
									return err
								}
								level--
								tr.Add("%s takes %d, level %d", who, n, level)
								tr.notify(who, room, 1)
								return nil
							})
							if err != nil {
								return "", err
							}
							if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, producer("p"))
				asyncio.CreateTask(ctx, consumer("x", 2))
				asyncio.CreateTask(ctx, producer("q"))
				asyncio.CreateTask(ctx, consumer("y", 0))
				tr.Sleep(ctx, 20)
				tr.Add("level %d", level)
				return nil
			},
		},
	})
}

func TestOrderOfSemaphores(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a semaphore of two for five",
			want: []string{
				"locked false", "a asks", "a has it", "b asks", "b has it", "c asks", "d asks", "e asks",
				"2ms locked true", "5ms a releases", "5ms b releases", "5ms c has it", "5ms d has it",
				"10ms c releases", "10ms d releases", "10ms e has it", "12ms locked false", "12ms main asks",
				"12ms main has it", "12ms main releases", "12ms turn 1", "12ms turn 2",
				"13ms e gets cancelled", "13ms e releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(2)
				for _, who := range []string{"a", "b", "c", "d", "e"} {
					asyncio.CreateTask(ctx, tr.holder(who, s, 5))
				}
				tr.lookLock(s)
				tr.Sleep(ctx, 2)
				tr.lookLock(s)
				tr.Sleep(ctx, 10)
				tr.lookLock(s)
				tr.Tick(2)
				tr.holder("main", s, -1)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a semaphore of nothing is released three times",
			want: []string{
				"a asks", "b asks", "c asks", "d asks", "1ms main releases", "1ms locked true",
				"1ms main releases", "1ms locked true", "1ms main releases", "1ms locked true", "1ms turn 1",
				"1ms a has it", "1ms b has it", "1ms c has it", "1ms turn 2", "1ms turn 3",
				"2ms main releases", "2ms locked true", "2ms main releases", "2ms locked true", "2ms d has it",
				"3ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				for _, who := range []string{"a", "b", "c", "d"} {
					asyncio.CreateTask(ctx, tr.asker(who, s))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(3)
				for range 3 {
					tr.release("main", s)
					tr.lookLock(s)
				}
				tr.Sleep(ctx, 1)
				tr.release("main", s)
				tr.lookLock(s)
				tr.release("main", s)
				tr.lookLock(s)
				tr.Sleep(ctx, 1)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a semaphore grows by releases",
			want: []string{
				"main releases", "main releases", "a asks", "a has it", "b asks", "b has it", "c asks",
				"c has it", "d asks", "turn 1", "turn 2", "turn 3", "1ms a releases", "1ms b releases",
				"1ms c releases", "1ms d has it", "2ms d releases", "5ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(1)
				tr.release("main", s)
				tr.release("main", s)
				for _, who := range []string{"a", "b", "c", "d"} {
					asyncio.CreateTask(ctx, tr.holder(who, s, 1))
				}
				tr.Tick(3)
				tr.Sleep(ctx, 5)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a bounded semaphore refuses to grow",
			want: []string{
				"main releases", "main is refused", "main asks", "main has it", "main releases",
				"main releases", "main is refused", "a asks", "a has it", "b asks", "b has it", "c asks",
				"1ms main releases", "1ms c has it", "2ms main releases", "2ms main releases",
				"2ms locked false", "5ms a releases", "5ms a is refused", "5ms b releases", "5ms b is refused",
				"6ms c releases", "6ms c is refused", "12ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewBoundedSemaphore(2)
				tr.release("main", s)
				tr.ask(ctx, "main", s)
				tr.release("main", s)
				tr.release("main", s)
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.holder(who, s, 5))
				}
				tr.Sleep(ctx, 1)
				tr.release("main", s)
				tr.Sleep(ctx, 1)
				tr.release("main", s)
				tr.release("main", s)
				tr.lookLock(s)
				tr.Sleep(ctx, 10)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "the place goes to who is woken not to a newcomer",
			want: []string{
				"main asks", "main has it", "a asks", "main releases", "locked true", "main asks", "new asks",
				"turn 1", "a has it", "a releases", "turn 2", "main has it", "main releases", "turn 3",
				"new has it", "new releases", "turn 4", "turn 5", "1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(1)
				tr.ask(ctx, "main", s)
				asyncio.CreateTask(ctx, tr.holder("a", s, -1))
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.holder("new", s, -1))
				tr.Tick(5)
				tr.release("main", s)
				tr.lookLock(s)
				tr.holder("main", s, -1)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a newcomer queues though a place is free",
			want: []string{
				"a asks", "main releases", "main releases", "locked true", "main asks", "turn 1", "a has it",
				"turn 2", "main has it", "main releases", "main asks", "main has it", "turn 3",
				"main releases", "turn 4", "turn 5", "2ms a releases", "5ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				asyncio.CreateTask(ctx, tr.holder("a", s, 2))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.release("main", s)
				tr.release("main", s)
				tr.lookLock(s)
				tr.holder("main", s, -1)(ctx)
				tr.holder("main", s, 0)(ctx)
				tr.Sleep(ctx, 5)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "semaphore waiters cancelled at each place",
			want: []string{
				"holder asks", "holder has it", "a asks", "b asks", "c asks", "d asks", "e asks",
				"1ms a gets cancelled(first)", "2ms c gets cancelled(middle)",
				"3ms main gets cancelled(first)", "3ms e gets cancelled(last)", "5ms holder releases",
				"5ms b has it", "7ms b releases", "7ms d has it", "7ms main gets b",
				"7ms main gets cancelled(middle)", "9ms d releases", "9ms main gets d",
				"9ms main gets cancelled(last)", "9ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(1)
				asyncio.CreateTask(ctx, tr.holder("holder", s, 5))
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d", "e"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, s, 2)))
				}
				tr.Sleep(ctx, 1)
				ts[0].Cancel("first")
				tr.Sleep(ctx, 1)
				ts[2].Cancel("middle")
				tr.Sleep(ctx, 1)
				ts[4].Cancel("last")
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a semaphore waiter cancelled in the step before the release",
			want: []string{
				"a asks", "b asks", "main releases", "locked true", "turn 1", "a gets cancelled(a)",
				"b has it", "b releases", "turn 2", "turn 3", "turn 4", "turn 5", "1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				a := asyncio.CreateTask(ctx, tr.holder("a", s, -1))
				asyncio.CreateTask(ctx, tr.holder("b", s, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				a.Cancel("a")
				tr.release("main", s)
				tr.lookLock(s)
				tr.Sleep(ctx, 1)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a semaphore waiter cancelled in the step after the release",
			want: []string{
				"a asks", "b asks", "main releases", "locked true", "turn 1", "a gets cancelled(a)", "turn 2",
				"b has it", "b releases", "turn 3", "turn 4", "turn 5", "1ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				a := asyncio.CreateTask(ctx, tr.holder("a", s, -1))
				asyncio.CreateTask(ctx, tr.holder("b", s, -1))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.release("main", s)
				tr.lookLock(s)
				a.Cancel("a")
				tr.Sleep(ctx, 1)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "two woken semaphore waiters and one is cancelled",
			want: []string{
				"a asks", "b asks", "c asks", "d asks", "main releases", "main releases", "turn 1",
				"a gets cancelled(a)", "b has it", "new asks", "turn 2", "c has it", "turn 3", "turn 4",
				"turn 5", "1ms main releases", "1ms d gets cancelled(d)", "1ms new has it", "1ms new releases",
				"2ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.asker(who, s)))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.release("main", s)
				tr.release("main", s)
				ts[0].Cancel("a")
				asyncio.CreateTask(ctx, tr.holder("new", s, -1))
				tr.Sleep(ctx, 1)
				tr.release("main", s)
				ts[3].Cancel("d")
				tr.Sleep(ctx, 1)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a newcomer takes a place when all waiters are cancelled",
			want: []string{
				"a asks", "b asks", "main releases", "locked false", "main asks", "main has it", "turn 1",
				"a gets cancelled(all)", "b gets cancelled(all)", "main releases", "locked false", "turn 2",
				"turn 3", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, s, -1)))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				for _, t := range ts {
					t.Cancel("all")
				}
				tr.release("main", s)
				tr.lookLock(s)
				tr.holder("main", s, 0)(ctx)
				tr.lookLock(s)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "all woken waiters cancelled leave their places",
			want: []string{
				"a asks", "b asks", "main releases", "main releases", "locked true", "main asks", "turn 1",
				"a gets cancelled(woken)", "b gets cancelled(woken)", "turn 2", "main has it", "main releases",
				"locked false", "main asks", "main has it", "turn 3", "main releases", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, s, -1)))
				}
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				for _, t := range ts {
					tr.release("main", s)
					t.Cancel("woken")
				}
				tr.lookLock(s)
				tr.holder("main", s, -1)(ctx)
				tr.lookLock(s)
				tr.holder("main", s, 0)(ctx)
				return nil
			},
		},
		{
			name: "a semaphore released at the moment of the timeouts",
			want: []string{
				"a asks", "b asks", "c asks", "10ms timer releases", "10ms a gets cancelled",
				"10ms a gets timeout", "10ms b gets cancelled", "10ms b gets timeout", "10ms turn 1",
				"10ms c has it", "10ms turn 2", "10ms turn 3", "10ms turn 4", "20ms locked true",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(0)
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.asker("a", s)))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.release("timer", s) })
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.Tick(4) })
				asyncio.CreateTask(ctx, tr.inTime("b", 10, tr.asker("b", s)))
				asyncio.CreateTask(ctx, tr.asker("c", s))
				tr.Sleep(ctx, 20)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "a semaphore as a rate limit",
			want: []string{
				"a works", "b works", "c works", "1ms a asks", "1ms b asks", "1ms c asks", "10ms d works",
				"10ms e works", "10ms a has it", "10ms b has it", "10ms c has it", "11ms d asks",
				"11ms d has it", "11ms e asks", "11ms e has it", "100ms locked false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(3)
				job := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						err := s.With(ctx, func() error {
							tr.Add("%s works", who)
							tr.Loop.CallLater(testutil.Millis(10), func() { s.Release() })
							if err := asyncio.Sleep(ctx, testutil.Millis(1)); err != nil {
								return err
							}
							return tr.ask(ctx, who, s)
						})
						if err != nil {
							return "", err
						}
						return who, nil
					}
				}
				for _, who := range []string{"a", "b", "c", "d", "e"} {
					asyncio.CreateTask(ctx, job(who))
				}
				tr.Sleep(ctx, 100)
				tr.lookLock(s)
				return nil
			},
		},
		{
			name: "trying a semaphore",
			want: []string{
				"one tries true", "two tries true", "three tries false", "a asks", "main releases",
				"main releases", "four tries false", "a has it", "a releases", "main gets a",
				"five tries true", "six tries true", "seven tries false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(2)
				for _, who := range []string{"one", "two", "three"} {
					tr.try(who, s)
				}
				a := asyncio.CreateTask(ctx, tr.holder("a", s, -1))
				tr.Sleep(ctx, 0)
				tr.release("main", s)
				tr.release("main", s)
				tr.try("four", s)
				tr.Get(ctx, "main", a)
				for _, who := range []string{"five", "six", "seven"} {
					tr.try(who, s)
				}
				return nil
			},
		},
		{
			name: "who holds a place is cancelled",
			want: []string{
				"a asks", "a has it", "b asks", "b has it", "c asks", "d asks", "5ms turn 1",
				"5ms b gets cancelled(b)", "5ms b releases", "5ms a gets cancelled(a)", "5ms a releases",
				"5ms turn 2", "5ms c has it", "5ms d has it", "5ms turn 3", "5ms turn 4", "10ms locked true",
				"10ms main ends", "10ms c gets cancelled", "10ms c releases", "10ms d gets cancelled",
				"10ms d releases",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewBoundedSemaphore(2)
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.holder(who, s, 100)))
				}
				tr.Sleep(ctx, 5)
				tr.Tick(4)
				ts[1].Cancel("b")
				ts[0].Cancel("a")
				tr.Sleep(ctx, 5)
				tr.lookLock(s)
				tr.Add("main ends")
				return nil
			},
		},
	})
}
