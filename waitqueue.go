package asyncio

import (
	"context"
	"sync"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// monitor guards a primitive against other goroutines. Those whom it wakes are
// told once it is unlocked, because that may take a loop.
type monitor struct {
	mu          sync.Mutex
	first, last *waiter // to be told, linked by then
}

func (m *monitor) lock() { m.mu.Lock() }

func (m *monitor) unlock() {
	if m.first == nil {
		m.mu.Unlock()
	} else {
		m.tell()
	}
}

// tell unlocks when there is somebody to be told.
func (m *monitor) tell() {
	w := m.first
	m.first, m.last = nil, nil
	m.mu.Unlock()
	for w != nil {
		next := w.then
		w.then = nil
		w.Wake() // from here on w may be in use again
		w = next
	}
}

// waiter is one who waits in a waitQueue.
type waiter struct {
	engine.Waiter
	prev, next *waiter
	then       *waiter
	woken      bool   // is or will be told that its turn has come
	left       bool   // not in the queue any more
	promised   bool   // by a Queue: see there
	reads      bool   // of a RWLock
	more       int32  // of a Semaphore: the places that it wants beside the first
	loan       uint64 // in a group with a limit: see slots
	q          *waitQueue
	m          *monitor
	of         primitive
}

// ready reports whether the wait is over, though the waiter need not have run.
func (w *waiter) ready() bool { return w.woken || w.Cancelled() }

// waitQueue is the one queue in which everybody waits, for every primitive: first
// in, first out, and any of them may leave. A waiter stays in it until it has run,
// as in CPython, unless who wakes it takes it out. Its methods are called with the
// monitor locked, but leave, which locks it.
type waitQueue struct {
	head, tail *waiter
	n          int
	woken      int     // how many of them are woken
	waiting    *waiter // nobody before it waits still; see first
	free       *waiter // the last to leave, for the next to come
}

// primitive is what a waitQueue needs of the one it belongs to.
type primitive interface {
	// gaveUp is called with the monitor locked when w has left the queue without
	// its turn, or cannot use it: what it was given is to be passed on.
	gaveUp(w *waiter)
	// about is called without the monitor.
	about() engine.About
}

// About is for the engine's picture of who waits for whom.
func (w *waiter) About() engine.About { return w.of.about() }

// Of is what it is the about of.
func (w *waiter) Of() any { return w.of }

// enter puts the caller in the queue of p. It fails in a callback, which cannot
// wait. What follows is unlock, Wait, and leave.
func (q *waitQueue) enter(ctx context.Context, m *monitor, p primitive) (*waiter, error) {
	w := q.free
	if w == nil {
		w = &waiter{}
		w.OnUnwind(w)
	} else {
		q.free = nil
	}
	if !w.PrepareTask(ctx) {
		if err := w.prepare(ctx, m); err != nil {
			return nil, err
		}
	}
	w.woken, w.left, w.promised = false, false, false
	w.q, w.m, w.of = q, m, p
	q.push(w)
	return w, nil
}

// prepare asks a context of any kind who is calling. That may be nil, or panic.
func (w *waiter) prepare(ctx context.Context, m *monitor) error {
	returned := false
	defer func() {
		if !returned {
			m.unlock()
		}
	}()
	err := w.Prepare(ctx)
	returned = true
	return err
}

// leave ends a wait that has returned err. It locks the monitor.
func (q *waitQueue) leave(w *waiter, err error) {
	w.m.lock()
	if !w.left {
		q.remove(w)
	}
	if err != nil {
		w.of.gaveUp(w)
	} else {
		w.Forget()
		q.free = w // it was told, so nobody is about to
	}
}

// Unwound is for the engine: the task is being unwound and will not call leave.
func (w *waiter) Unwound() {
	w.q.leave(w, errUnwound)
	w.m.unlock()
}

func (q *waitQueue) push(w *waiter) {
	w.prev = q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
	if q.waiting == nil {
		q.waiting = w
	}
	q.n++
}

func (q *waitQueue) remove(w *waiter) {
	w.left = true
	if q.waiting == w {
		q.waiting = w.next
	}
	if w.woken {
		q.woken--
	}
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	q.n--
}

// wake makes it w's turn.
func (m *monitor) wake(w *waiter) {
	w.woken = true
	if !w.left {
		w.q.woken++
	}
	if m.last == nil {
		m.first = w
	} else {
		m.last.then = w
	}
	m.last = w
}

// first returns the first that still waits, nil if none does. Who is passed over is
// not looked at again, or many waiters would take quadratic time.
func (q *waitQueue) first() *waiter {
	for q.waiting != nil && q.waiting.ready() {
		q.waiting = q.waiting.next
	}
	return q.waiting
}

// wakeNext wakes the first of those that still wait and reports whether there was
// one.
func (q *waitQueue) wakeNext(m *monitor) bool {
	w := q.first()
	if w == nil {
		return false
	}
	m.wake(w)
	return true
}

// wakeHead wakes the first in the queue, and nobody if its wait is over already.
func (q *waitQueue) wakeHead(m *monitor) {
	if w := q.head; w != nil && !w.ready() {
		m.wake(w)
	}
}

// wakeAll wakes all that still wait, at most n of them.
func (q *waitQueue) wakeAll(m *monitor, n int) {
	for ; n > 0 && q.wakeNext(m); n-- {
	}
}

// popNext is wakeNext, and takes those it passes out of the queue. It returns whom it
// has woken, nil for nobody.
func (q *waitQueue) popNext(m *monitor) *waiter {
	for w := q.head; w != nil; w = q.head {
		q.remove(w)
		if !w.ready() {
			m.wake(w)
			return w
		}
	}
	return nil
}

// claimed reports whether somebody waits who is not cancelled: one who is woken
// but has not run yet has a claim too.
func (q *waitQueue) claimed() bool { return q.woken > 0 || q.first() != nil }
