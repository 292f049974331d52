package asyncio

import (
	"context"
	"errors"
	"fmt"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Lock is a mutual exclusion for tasks and goroutines: first come, first served.
// Its zero value is unlocked. Unlike sync.Mutex, waiting for it suspends a loop
// task instead of blocking the loop, and can be cancelled; it may be held across
// awaits and released by another than who acquired it. Every method may be called
// from any goroutine. It must not be copied after first use. (asyncio.Lock)
//
// With is the way to hold it: it releases whatever happens, and there is no error of
// Release to look at.
type Lock struct {
	monitor
	locked  bool
	holder  context.Context // of the Acquire by which it is locked, nil if by TryAcquire
	owed    int             // calls of Release to come from tasks that do not hold the lock: see owe
	waiters waitQueue
}

// Acquire waits until the lock is free and takes it. It is an await point if the
// lock is not free; otherwise it returns at once. (Lock.acquire)
//
// If the caller is cancelled while it waits, it leaves the line and Acquire returns
// the *CancelledError; if ctx is a scope that ends, its cause. The lock is not held
// then, and goes to the next in line. It returns ErrNotInTask in a callback, and
// ErrLoopClosed once the loop is closed.
func (l *Lock) Acquire(ctx context.Context) error {
	l.lock()
	if l.take() {
		l.holder = ctx
		l.unlock()
		return nil
	}
	w, err := l.waiters.enter(ctx, &l.monitor, l)
	l.unlock()
	if err != nil {
		return err
	}
	err = w.Wait(ctx)
	l.waiters.leave(w, err)
	if err == nil {
		l.locked, l.holder = true, ctx
	}
	l.unlock()
	return err
}

// TryAcquire takes the lock if it is free and nobody waits for it, and reports
// whether it did. It never blocks. (not in asyncio)
func (l *Lock) TryAcquire() bool {
	l.lock()
	defer l.unlock()
	return l.take()
}

func (l *Lock) take() bool {
	if l.locked || l.waiters.claimed() {
		return false
	}
	l.locked = true
	return true
}

func (l *Lock) about() engine.About {
	l.lock()
	holder := l.holder
	l.unlock()
	a := engine.About{Of: l, Op: "Lock.Acquire", State: l.String()}
	if t := engine.TaskOf(holder); t != nil {
		a.Holders, a.Whole = []*engine.Task{t}, true
	}
	return a
}

func (l *Lock) gaveUp(*waiter) {
	if !l.locked {
		l.waiters.wakeHead(&l.monitor)
	}
}

// Release frees the lock; the first in line will have it. It returns
// ErrNotAcquired if the lock is free: a mistake in the program, and an error rather than a panic
// since it mostly comes up in a defer, where a panic would hide what it is about. (Lock.release)
func (l *Lock) Release() error {
	l.lock()
	defer l.unlock()
	switch {
	case l.owed > 0:
		l.owed--
		return nil
	case !l.locked:
		return fmt.Errorf("%w: Lock.Release", ErrNotAcquired)
	}
	l.locked, l.holder = false, nil
	l.waiters.wakeHead(&l.monitor)
	return nil
}

// owe is Acquire for a task that cannot wait any more, because its loop is closed,
// and will call Release all the same. If the lock is not free that call does nothing.
func (l *Lock) owe() {
	l.lock()
	defer l.unlock()
	if !l.take() {
		l.owed++
	}
}

// Locked reports whether somebody holds the lock. (Lock.locked)
func (l *Lock) Locked() bool {
	l.lock()
	defer l.unlock()
	return l.locked
}

// With calls f while it holds the lock, and releases it however f ends. It is an await
// point as Acquire is. It returns the error of Acquire, in which case f was not called,
// or that of f, joined with ErrNotAcquired if the lock was released meanwhile. (async
// with lock)
func (l *Lock) With(ctx context.Context, f func() error) error { return with(ctx, l, f) }

// String shows whether the lock is held and how many wait for it.
func (l *Lock) String() string {
	l.lock()
	defer l.unlock()
	return describe("Lock", lockedWord(l.locked), &l.waiters)
}

// GoString is String.
func (l *Lock) GoString() string { return l.String() }

func lockedWord(locked bool) string {
	if locked {
		return "locked"
	}
	return "unlocked"
}

func describe(kind, state string, q *waitQueue) string {
	if q.n > 0 {
		state += fmt.Sprintf(", waiters:%d", q.n)
	}
	return "<" + kind + " [" + state + "]>"
}

// locker is what has a With.
type locker interface {
	Acquire(ctx context.Context) error
	Release() error
}

func with(ctx context.Context, l locker, f func() error) (err error) {
	if f == nil {
		panic("asyncio: With of a nil function")
	}
	if err := l.Acquire(ctx); err != nil {
		return err
	}
	defer func() {
		switch e := l.Release(); { // it fails if somebody else has released it
		case err == nil:
			err = e
		case e != nil:
			err = errors.Join(err, e)
		}
	}()
	return f()
}
