package asyncio

import (
	"context"
	"fmt"
	"math"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Condition lets tasks and goroutines that hold a lock wait for others to tell
// that something has changed. Make one with [NewCondition]; the zero value has a
// lock of its own. Every method may be called from any goroutine. (asyncio.Condition)
type Condition struct {
	monitor
	held    *Lock // nil for own
	own     Lock
	waiters waitQueue
}

func (c *Condition) lockOf() *Lock {
	if c.held != nil {
		return c.held
	}
	return &c.own
}

// NewCondition makes a condition with this lock, which several may share; nil
// makes a lock for it.
func NewCondition(l *Lock) *Condition {
	return &Condition{held: l}
}

// Acquire is that of the lock: see [Lock.Acquire]. (Condition.acquire)
func (c *Condition) Acquire(ctx context.Context) error { return c.lockOf().Acquire(ctx) }

// TryAcquire is that of the lock: see [Lock.TryAcquire].
func (c *Condition) TryAcquire() bool { return c.lockOf().TryAcquire() }

// Release is that of the lock: see [Lock.Release]. (Condition.release)
func (c *Condition) Release() error { return c.lockOf().Release() }

// Locked reports whether somebody holds the lock. (Condition.locked)
func (c *Condition) Locked() bool { return c.lockOf().Locked() }

// With calls f while it holds the lock: see [Lock.With]. (async with condition)
func (c *Condition) With(ctx context.Context, f func() error) error { return with(ctx, c, f) }

// Wait releases the lock, waits for Notify or NotifyAll, and acquires the lock
// again before it returns. The caller must hold the lock, or Wait returns
// ErrNotAcquired. It is an await point. What the caller waits for may have changed
// again when it returns: check in a loop, or use WaitFor. (Condition.wait)
//
// If the caller is cancelled, or ctx is a scope that ends, Wait returns the
// *CancelledError or the cause, after it has acquired the lock again; another
// cancellation does not keep it from that. A notification it had received goes to
// the next. Once the loop is closed there is no waiting for the lock: Wait returns
// ErrLoopClosed, maybe without it; Release is to be called in any case.
func (c *Condition) Wait(ctx context.Context) error {
	if !c.Locked() {
		return fmt.Errorf("%w: Condition.Wait", ErrNotAcquired)
	}
	c.lock()
	w, err := c.waiters.enter(ctx, &c.monitor, c)
	c.unlock()
	if err != nil {
		return err
	}
	passOn, held := true, false // if the task is unwound
	defer func() {
		if !held {
			c.lockOf().owe()
		}
		if passOn {
			c.lock()
			c.waiters.wakeAll(&c.monitor, 1)
			c.unlock()
		}
	}()
	_ = c.Release()
	err = w.Wait(ctx)
	c.waiters.leave(w, err)
	c.unlock()
	own := engine.Unscoped(ctx)
	for {
		again := c.lockOf().Acquire(own)
		if again == nil {
			held = true
			break
		}
		err = again
		if engine.Over(own) {
			break
		}
	}
	passOn = err != nil
	return err
}

func (c *Condition) gaveUp(*waiter) {}

func (c *Condition) about() engine.About {
	return engine.About{Of: c, Op: "Condition.Wait", State: c.String()}
}

// WaitFor waits until pred holds, asking at once and after every notification, as
// [Condition.Wait] does. It is an await point unless pred holds already. The caller must
// hold the lock, under which pred is called. (Condition.wait_for)
func (c *Condition) WaitFor(ctx context.Context, pred func() bool) error {
	if pred == nil {
		panic("asyncio: Condition.WaitFor of a nil function")
	}
	for !pred() {
		if err := c.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes the first n of those who wait. They go on as they get the lock,
// which the caller must hold and is still to release; without it Notify returns
// ErrNotAcquired. (Condition.notify)
func (c *Condition) Notify(n int) error {
	if !c.Locked() {
		return fmt.Errorf("%w: Condition.Notify", ErrNotAcquired)
	}
	c.lock()
	defer c.unlock()
	c.waiters.wakeAll(&c.monitor, n)
	return nil
}

// NotifyAll is Notify for all who wait. (Condition.notify_all)
func (c *Condition) NotifyAll() error { return c.Notify(math.MaxInt) }

// String shows whether the lock is held and how many wait for a notification.
func (c *Condition) String() string {
	locked := c.Locked()
	c.lock()
	defer c.unlock()
	return describe("Condition", lockedWord(locked), &c.waiters)
}

// GoString is String.
func (c *Condition) GoString() string { return c.String() }
