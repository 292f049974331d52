package cancellation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// inLine is a primitive that two wait for: a task that is unwound, and a goroutine.
type inLine struct {
	name  string
	wait  func(ctx context.Context) error
	wake  func() // the next in line
	state func() string
	two   string // is in state when both wait
}

func lines() []inLine {
	any := context.Background()
	return []inLine{
		func() inLine {
			l := &asyncio.Lock{}
			l.TryAcquire()
			return inLine{"Lock", l.Acquire, func() { _ = l.Release() }, l.String, "waiters:2"}
		}(),
		func() inLine {
			s := asyncio.NewSemaphore(0)
			return inLine{"Semaphore", s.Acquire, func() { _ = s.Release() }, s.String, "waiters:2"}
		}(),
		func() inLine {
			c := asyncio.NewCondition(nil)
			wait := func(ctx context.Context) error {
				return c.With(ctx, func() error { return c.Wait(ctx) })
			}
			wake := func() {
				_ = c.With(any, func() error { return c.Notify(1) })
			}
			return inLine{"Condition", wait, wake, c.String, "unlocked, waiters:2"} // unlocked, or wake could not
		}(),
		func() inLine {
			q := asyncio.NewQueue[int](0)
			wait := func(ctx context.Context) error {
				_, err := q.Get(ctx)
				return err
			}
			return inLine{"Queue.Get", wait, func() { _ = q.PutNoWait(1) }, q.String, "getters=2"}
		}(),
		func() inLine {
			q := asyncio.NewQueue[int](1)
			_ = q.PutNoWait(1)
			wait := func(ctx context.Context) error { return q.Put(ctx, 1) }
			return inLine{"Queue.Put", wait, func() { _, _ = q.GetNoWait() }, q.String, "putters=2"}
		}(),
	}
}

// TestWhoIsUnwoundHasLeftTheLine, whatever has become of its wait before Close: the
// wake-up goes to the next.
func TestWhoIsUnwoundHasLeftTheLine(t *testing.T) {
	for _, before := range []struct {
		name  string
		woken bool
		f     func(k *asyncio.Task[asyncio.None], endScope, wake func())
	}{
		{"waits", false, func(*asyncio.Task[asyncio.None], func(), func()) {}},
		{"is cancelled", false, func(k *asyncio.Task[asyncio.None], _, _ func()) { k.Cancel() }},
		{"has a scope that ended", false, func(_ *asyncio.Task[asyncio.None], end, _ func()) { end() }},
		{"is cancelled, its scope ended", false, func(k *asyncio.Task[asyncio.None], end, _ func()) { k.Cancel(); end() }},
		{"has a scope that ended, is cancelled", false, func(k *asyncio.Task[asyncio.None], end, _ func()) { end(); k.Cancel() }},
		{"is woken", true, func(_ *asyncio.Task[asyncio.None], _, wake func()) { wake() }},
		{"is woken, its scope ended", true, func(_ *asyncio.Task[asyncio.None], end, wake func()) { wake(); end() }},
		{"has a scope that ended, is woken", true, func(_ *asyncio.Task[asyncio.None], end, wake func()) { end(); wake() }},
		{"is woken, is cancelled", true, func(k *asyncio.Task[asyncio.None], _, wake func()) { wake(); k.Cancel() }},
	} {
		for i := range lines() {
			for _, nested := range []bool{false, true} {
				x := lines()[i]
				t.Run(fmt.Sprintf("%s, who %s, nested=%v", x.name, before.name, nested), func(t *testing.T) {
					unwindInLine(t, x, nested, before.woken, before.f)
				})
			}
		}
	}
}

func unwindInLine(t *testing.T, x inLine, nested, woken bool, before func(*asyncio.Task[asyncio.None], func(), func())) {
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), (&testutil.Reports{}).Option())
	scope, endScope := asyncio.WithCancel(l.Context())
	defer endScope()
	waiting := func(context.Context) error { return x.wait(scope) }
	k := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		if nested {
			_, err := asyncio.CreateTask(ctx, asyncio.Void(waiting)).Await(ctx)
			return err
		}
		return waiting(ctx)
	}))
	turns := func(f func()) {
		l.CallSoon(func() {
			l.CallSoon(func() {
				f()
				l.Stop()
			})
		})
		_ = l.RunForever()
	}
	turns(func() {})
	passed := make(chan error, 1)
	go func() { passed <- x.wait(context.Background()) }()
	testutil.Until(t, "both wait", func() bool { return strings.Contains(x.state(), x.two) })
	turns(func() { before(k, endScope, x.wake) })
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if !woken {
		x.wake()
	}
	testutil.Within(t, func() {
		if err := <-passed; err != nil {
			t.Errorf("who came after: %v", err)
		}
	})
	if !k.Done() {
		t.Error("the task has not ended")
	}
}

// TestLockOwedByAConditionIsNotWaitedFor: who was notified, and is unwound while it waits
// for the lock, leaves that line too.
func TestLockOwedByAConditionIsNotWaitedFor(t *testing.T) {
	var lock asyncio.Lock
	c := asyncio.NewCondition(&lock)
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), (&testutil.Reports{}).Option())
	asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		return c.With(ctx, func() error { return c.Wait(ctx) })
	}))
	asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		if !lock.TryAcquire() || c.NotifyAll() != nil { // and keeps the lock
			t.Error("could not notify")
		}
		for range 3 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		l.Stop()
		return nil
	}))
	_ = l.RunForever()
	if got := lock.String(); !strings.Contains(got, "locked, waiters:1") {
		t.Fatalf("the task does not wait for the lock: %s", got)
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	// The task owes a Release, which came with its defers and did nothing; the lock is the
	// other's still.
	if err := lock.Release(); err != nil {
		t.Errorf("Release: %v", err)
	}
	testutil.Within(t, func() { testutil.ExpectIs(t, "Acquire", lock.Acquire(context.Background()), nil) })
	if got := lock.String(); got != "<Lock [locked]>" {
		t.Errorf("the lock is %s", got)
	}
}

// TestUnwoundCreatorLeavesTheLineForAPlace in a group with a limit.
func TestUnwoundCreatorLeavesTheLineForAPlace(t *testing.T) {
	testutil.Within(t, func() {
		l := asyncio.NewLoop(asyncio.WithVirtualClock(), (&testutil.Reports{}).Option())
		left := 0
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				for range 3 {
					asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
						defer func() { left++ }()
						asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
						return nil
					}))
				}
				return testutil.Forever(ctx)
			})
		}))
		l.CallLater(1, l.Stop)
		_ = l.RunForever()
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if left != 3 {
			t.Errorf("%d creators have ended, want 3", left)
		}
	})
}
