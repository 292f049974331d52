package asyncio

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// RWLock is a lock that one may hold to write or any number to read: sync.RWMutex for tasks and
// goroutines. They stand in one line, first come, first served: who waits to write stops those who
// come to read after it, and those who wait to read one behind the other go in together. Its zero value
// is free. As a [Lock] it may be held across awaits, and released by another than who acquired it. Who
// reads cannot go on to write without a release: it would wait for itself. Every method may be called from any
// goroutine. It must not be copied after first use. (not in asyncio)
type RWLock struct {
	monitor
	writing bool // somebody holds it to write, or is woken to
	readers int  // as many hold it to read, or are woken to
	writer  context.Context
	reading holders
	waiters waitQueue
}

// Acquire waits until nobody holds the lock and takes it to write. It is an await point if it is
// held, or if others wait; otherwise it returns at once. (not in asyncio)
//
// If the caller is cancelled while it waits, it leaves the line and Acquire returns the
// *CancelledError; if ctx is a scope that ends, its cause. The lock is not held then. It
// returns ErrNotInTask in a callback, and ErrLoopClosed once the loop is closed.
func (l *RWLock) Acquire(ctx context.Context) error {
	l.lock()
	if l.take() {
		l.writer = ctx
		l.unlock()
		return nil
	}
	err := l.wait(ctx, false)
	if err == nil {
		l.writer = ctx
	}
	l.unlock()
	return err
}

// AcquireRead waits until nobody holds the lock to write, or has come before to do so, and takes it to
// read. All else is as of [RWLock.Acquire]: it is an await point as that is. (not in asyncio)
func (l *RWLock) AcquireRead(ctx context.Context) error {
	l.lock()
	var err error
	if !l.takeRead() {
		err = l.wait(ctx, true)
	}
	if err == nil {
		l.reading.add(ctx)
	}
	l.unlock()
	return err
}

// wait waits until it is told that the lock is its own, with the monitor locked before and after.
func (l *RWLock) wait(ctx context.Context, reads bool) error {
	w, err := l.waiters.enter(ctx, &l.monitor, l)
	if err != nil {
		return err
	}
	w.reads = reads
	l.unlock()
	err = w.Wait(ctx)
	l.waiters.leave(w, err)
	return err
}

// TryAcquire takes the lock to write if it is free and nobody waits for it, and reports whether
// it did. It never blocks. (not in asyncio)
func (l *RWLock) TryAcquire() bool {
	l.lock()
	defer l.unlock()
	return l.take()
}

// TryAcquireRead takes the lock to read if AcquireRead would not have to wait, and reports whether
// it did. It never blocks. (not in asyncio)
func (l *RWLock) TryAcquireRead() bool {
	l.lock()
	defer l.unlock()
	return l.takeRead()
}

func (l *RWLock) take() bool {
	if l.writing || l.readers > 0 || l.waiters.first() != nil {
		return false
	}
	l.writing = true
	return true
}

func (l *RWLock) takeRead() bool {
	if l.writing || l.waiters.first() != nil {
		return false
	}
	l.readers++
	return true
}

// serve hands the lock to those at the head of the line who can have it.
func (l *RWLock) serve() {
	for !l.writing {
		switch w := l.waiters.first(); {
		case w == nil:
			return
		case w.reads:
			l.readers++
			l.wake(w)
		case l.readers > 0:
			return
		default:
			l.writing = true
			l.wake(w)
		}
	}
}

func (l *RWLock) gaveUp(w *waiter) {
	switch {
	case !w.woken:
	case w.reads:
		l.readers--
	default:
		l.writing = false
	}
	l.serve() // also if it was not its turn: those behind it may have waited for it alone
}

func (l *RWLock) about() engine.About {
	l.lock()
	a := engine.About{Of: l, Op: "RWLock.Acquire"}
	if t := engine.TaskOf(l.writer); t != nil {
		a.Holders, a.Whole = []*engine.Task{t}, true
	} else if !l.writing {
		a.Holders, a.Whole = l.reading.all(l.readers)
	}
	l.unlock()
	a.State = l.String()
	return a
}

// Release frees a lock that is held to write; the first in line will have it. It returns
// ErrNotAcquired if nobody holds it so. (not in asyncio)
func (l *RWLock) Release() error {
	l.lock()
	defer l.unlock()
	if !l.writing {
		return fmt.Errorf("%w: RWLock.Release", ErrNotAcquired)
	}
	l.writing, l.writer = false, nil
	l.serve()
	return nil
}

// ReleaseRead ends what an AcquireRead began; after the last of them the first in line will have the
// lock. It returns ErrNotAcquired if nobody holds it to read. (not in asyncio)
func (l *RWLock) ReleaseRead() error {
	l.lock()
	defer l.unlock()
	if l.readers == 0 {
		return fmt.Errorf("%w: RWLock.ReleaseRead", ErrNotAcquired)
	}
	l.readers--
	l.reading.remove()
	l.serve()
	return nil
}

// With calls f while it holds the lock to write: see [Lock.With]. (not in asyncio)
func (l *RWLock) With(ctx context.Context, f func() error) error { return with(ctx, l, f) }

// WithRead calls f while it holds the lock to read: see [Lock.With]. (not in asyncio)
func (l *RWLock) WithRead(ctx context.Context, f func() error) error {
	return with(ctx, (*readSide)(l), f)
}

// readSide is the lock to who reads.
type readSide RWLock

func (r *readSide) Acquire(ctx context.Context) error { return (*RWLock)(r).AcquireRead(ctx) }
func (r *readSide) Release() error                    { return (*RWLock)(r).ReleaseRead() }

// Locked reports whether somebody holds the lock, to write or to read. (not in asyncio)
func (l *RWLock) Locked() bool {
	l.lock()
	defer l.unlock()
	return l.writing || l.readers > 0
}

// String shows who holds the lock and how many wait for it.
func (l *RWLock) String() string {
	l.lock()
	defer l.unlock()
	state := lockedWord(l.writing)
	if l.readers > 0 {
		state = fmt.Sprintf("locked, readers:%d", l.readers)
	}
	return describe("RWLock", state, &l.waiters)
}

// GoString is String.
func (l *RWLock) GoString() string { return l.String() }
