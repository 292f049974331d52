package asyncio

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Queue hands items from producers to consumers: first in, first out if [NewQueue] has made
// it, in another order if [NewLifoQueue] or [NewPriorityQueue] has. The zero value is one of
// NewQueue without bound. Every method may be called from any goroutine. Unlike a channel it
// suspends a loop task instead of blocking the loop, waiting can be cancelled, and it knows
// when all items have been dealt with. (asyncio.Queue)
type Queue[T any] struct {
	monitor
	items    store[T]
	n        int // items that anybody may have: those not promised
	max      int
	putters  waitQueue
	getters  waitQueue
	joiners  waitQueue
	unjoined int // items put that TaskDone was not called for
	closed   bool

	// A loop task that is woken competes for the item or the room with those that
	// come before it runs, as in CPython. To others it is promised: it takes long
	// until they run, and one goroutine would wait for the other at every item.
	promisedRoom int
}

// store keeps the items of a queue in the order in which they are to be had.
type store[T any] interface {
	push(T)
	pop() T
	len() int
	clear()
	kind() string // what the queue is called when it is printed
}

// NewQueue makes a queue that holds at most max items; with zero or less it has no
// bound.
func NewQueue[T any](max int) *Queue[T] {
	return &Queue[T]{max: max, items: &fifo[T]{}}
}

// Put waits until there is room and adds v. It is an await point if the queue is
// full; otherwise it returns at once. (Queue.put)
//
// As in CPython, who finds room does not stand in line: a task that was woken in Put for
// there being room may find it taken by one that came before it ran, and waits again.
//
// It returns ErrQueueShutDown once Shutdown was called, also while it waits. If the
// caller is cancelled while it waits it returns the *CancelledError, if ctx is a
// scope that ends, its cause; v was not added then. It returns ErrNotInTask in a
// callback and ErrLoopClosed once the loop is closed.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	q.lock()
	for !q.closed && q.full() {
		w, err := q.putters.enter(ctx, &q.monitor, (*putting[T])(q))
		q.unlock()
		if err != nil {
			return err
		}
		if t := w.Enter(ctx); t != nil {
			err = t.Rest()
		} else {
			err = w.WaitFrom(ctx)
		}
		q.putters.leave(w, err)
		if err != nil {
			q.unlock()
			return err
		}
		if w.promised {
			q.promisedRoom--
			break
		}
	}
	defer q.unlock() // less may panic
	if q.closed {
		return ErrQueueShutDown
	}
	q.add(v)
	return nil
}

// putting is a queue to those who wait for room.
type putting[T any] Queue[T]

func (p *putting[T]) gaveUp(w *waiter) {
	q := (*Queue[T])(p)
	if w.promised {
		q.promisedRoom--
	}
	if w.woken && !q.full() {
		q.wakePutter()
	}
}

// PutNoWait adds v if there is room. It returns ErrQueueFull if there is none, and
// ErrQueueShutDown once Shutdown was called. It never blocks. (Queue.put_nowait)
func (q *Queue[T]) PutNoWait(v T) error {
	q.lock()
	defer q.unlock()
	switch {
	case q.closed:
		return ErrQueueShutDown
	case q.full():
		return ErrQueueFull
	}
	q.add(v)
	return nil
}

func (q *Queue[T]) add(v T) {
	if q.items == nil {
		q.items = &fifo[T]{} // of the zero Queue
	}
	q.items.push(v)
	q.unjoined++
	q.n++
	q.wakeGetter()
}

func (q *Queue[T]) wakeGetter() {
	if q.getters.n == 0 {
		return
	}
	if w := q.getters.popNext(&q.monitor); w != nil && w.Outside() {
		w.promised = true
		q.n--
	}
}

func (q *Queue[T]) wakePutter() {
	if q.putters.n == 0 {
		return
	}
	if w := q.putters.popNext(&q.monitor); w != nil && w.Outside() {
		w.promised = true
		q.promisedRoom++
	}
}

// Get waits until there is an item and takes it. It is an await point if the queue
// is empty; otherwise it returns at once. (Queue.get)
//
// As with [Queue.Put], who finds an item does not stand in line behind those who wait.
//
// It returns ErrQueueShutDown once Shutdown was called and no item is left, also
// while it waits. If the caller is cancelled while it waits it returns the
// *CancelledError, if ctx is a scope that ends, its cause; no item was taken then.
// It returns ErrNotInTask in a callback and ErrLoopClosed once the loop is closed.
func (q *Queue[T]) Get(ctx context.Context) (v T, err error) {
	q.lock()
	for q.n == 0 && !q.over() {
		w, err := q.getters.enter(ctx, &q.monitor, (*getting[T])(q))
		q.unlock()
		if err != nil {
			return v, err
		}
		if t := w.Enter(ctx); t != nil {
			err = t.Rest()
		} else {
			err = w.WaitFrom(ctx)
		}
		q.getters.leave(w, err)
		if err != nil {
			q.unlock()
			return v, err
		}
		if w.promised {
			if q.left() > 0 { // else thrown away by Shutdown
				q.n++
			}
			break
		}
	}
	defer q.unlock() // less may panic
	return q.get()
}

// getting is a queue to those who wait for an item.
type getting[T any] Queue[T]

func (g *getting[T]) gaveUp(w *waiter) {
	q := (*Queue[T])(g)
	if w.promised && q.left() > 0 {
		q.n++
	}
	if w.woken && q.n > 0 {
		q.wakeGetter()
	}
}

// GetNoWait takes an item if there is one. It returns ErrQueueEmpty if there is
// none, ErrQueueShutDown if moreover Shutdown was called. It never blocks.
// (Queue.get_nowait)
func (q *Queue[T]) GetNoWait() (T, error) {
	q.lock()
	defer q.unlock()
	return q.get()
}

func (q *Queue[T]) get() (v T, err error) {
	if q.n == 0 {
		if q.over() {
			return v, ErrQueueShutDown
		}
		return v, ErrQueueEmpty
	}
	v = q.items.pop()
	q.n--
	if q.over() {
		q.wakeGetters() // who waited for what might come back
	}
	if !q.full() { // as it may be after an item that was promised
		q.wakePutter()
	}
	return v, nil
}

// All returns a sequence that gets one item after another until the queue is shut
// down and empty. If a Get fails otherwise, by a cancellation for example, the last
// pair has its error. Each step is an await point; TaskDone is for the body of the
// loop to call. (async for, as it is commonly written around Queue.get)
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.Get(ctx)
			if err == ErrQueueShutDown && q.ended() { //nolint:errorlint // not a cancellation with that cause
				return
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// TaskDone says that one item which was taken has been dealt with: Join waits for
// as many of them as there were items. It returns an error if it is called more
// often than that. (Queue.task_done)
func (q *Queue[T]) TaskDone() error {
	q.lock()
	defer q.unlock()
	if q.unjoined == 0 {
		return errors.New("asyncio: TaskDone was called more often than items were put")
	}
	q.unjoined--
	q.joined()
	return nil
}

// joined wakes those in Join if it is time.
func (q *Queue[T]) joined() {
	if q.unjoined == 0 {
		q.joiners.wakeAll(&q.monitor, math.MaxInt)
	}
}

// Join waits until TaskDone was called for every item that was put. It is an await
// point if there are such items; otherwise it returns at once. (Queue.join)
//
// If the caller is cancelled while it waits it returns the *CancelledError, if ctx
// is a scope that ends, its cause. It returns ErrNotInTask in a callback and
// ErrLoopClosed once the loop is closed.
func (q *Queue[T]) Join(ctx context.Context) error {
	q.lock()
	if q.unjoined == 0 {
		q.unlock()
		return nil
	}
	w, err := q.joiners.enter(ctx, &q.monitor, (*joining[T])(q))
	q.unlock()
	if err != nil {
		return err
	}
	err = w.Wait(ctx)
	q.joiners.leave(w, err)
	q.unlock()
	return err
}

func (p *putting[T]) about() engine.About { return (*Queue[T])(p).about("Queue.Put") }
func (g *getting[T]) about() engine.About { return (*Queue[T])(g).about("Queue.Get") }
func (j *joining[T]) about() engine.About { return (*Queue[T])(j).about("Queue.Join") }

func (q *Queue[T]) about(op string) engine.About {
	return engine.About{Of: q, Op: op, State: q.String()}
}

// joining is a queue to those in Join.
type joining[T any] Queue[T]

func (*joining[T]) gaveUp(*waiter) {}

// Shutdown closes the queue: Put returns ErrQueueShutDown from now on, and so does
// Get once no item is left. With Shutdown(true) the items are thrown away, and
// count as done for Join. It does not block. At most one argument is used.
// (Queue.shutdown)
func (q *Queue[T]) Shutdown(immediate ...bool) {
	q.lock()
	defer q.unlock()
	q.closed = true
	if len(immediate) > 0 && immediate[0] {
		q.unjoined = max(q.unjoined-q.left(), 0)
		if q.items != nil {
			q.items.clear()
		}
		q.n = 0
		q.joined()
	}
	q.wakeGetters()
	for q.putters.n > 0 {
		q.putters.popNext(&q.monitor)
	}
}

func (q *Queue[T]) ended() bool {
	q.lock()
	defer q.unlock()
	return q.over()
}

// over reports whether no item will ever be had. One that was promised may come back.
func (q *Queue[T]) over() bool { return q.closed && q.left() == 0 }

// left is how many items there are, also those that were promised.
func (q *Queue[T]) left() int {
	if q.items == nil {
		return 0
	}
	return q.items.len()
}

func (q *Queue[T]) wakeGetters() {
	for q.getters.n > 0 {
		q.getters.popNext(&q.monitor)
	}
}

// Len returns the number of items, but for those that a goroutine was woken for and
// has not taken yet. (Queue.qsize)
func (q *Queue[T]) Len() int {
	q.lock()
	defer q.unlock()
	return q.n
}

// MaxSize returns the bound the queue was made with. (Queue.maxsize)
func (q *Queue[T]) MaxSize() int { return q.max }

// Empty reports whether there is no item. (Queue.empty)
func (q *Queue[T]) Empty() bool { return q.Len() == 0 }

// Full reports whether there is no room. (Queue.full)
func (q *Queue[T]) Full() bool {
	q.lock()
	defer q.unlock()
	return q.full()
}

func (q *Queue[T]) full() bool { return q.max > 0 && q.n+q.promisedRoom >= q.max }

// String shows the kind, the bound, the number of items, who waits, and how many items were
// not dealt with.
func (q *Queue[T]) String() string {
	q.lock()
	defer q.unlock()
	kind := "Queue"
	if q.items != nil {
		kind = q.items.kind()
	}
	s := fmt.Sprintf("<%s maxsize=%d items=%d", kind, q.max, q.n)
	if q.getters.n > 0 {
		s += fmt.Sprintf(" getters=%d", q.getters.n)
	}
	if q.putters.n > 0 {
		s += fmt.Sprintf(" putters=%d", q.putters.n)
	}
	if q.unjoined > 0 {
		s += fmt.Sprintf(" tasks=%d", q.unjoined)
	}
	if q.closed {
		s += " shutdown"
	}
	return s + ">"
}

// GoString is String.
func (q *Queue[T]) GoString() string { return q.String() }

// fifo is a ring that grows by doubling.
type fifo[T any] struct {
	buf  []T // its length is a power of two, or zero
	head int
	n    int
}

func (f *fifo[T]) push(v T) {
	if f.n == len(f.buf) {
		buf := make([]T, max(8, 2*f.n))
		n := copy(buf, f.buf[f.head:])
		copy(buf[n:], f.buf[:f.head])
		f.buf, f.head = buf, 0
	}
	f.buf[(f.head+f.n)&(len(f.buf)-1)] = v
	f.n++
}

func (f *fifo[T]) pop() T {
	var zero T
	v := f.buf[f.head]
	f.buf[f.head] = zero
	f.head = (f.head + 1) & (len(f.buf) - 1)
	if f.n--; f.n == 0 && len(f.buf) > 1<<10 {
		f.buf, f.head = nil, 0 // do not keep the memory of a burst
	}
	return v
}

func (f *fifo[T]) len() int { return f.n }

func (f *fifo[T]) clear() { *f = fifo[T]{} }

func (f *fifo[T]) kind() string { return "Queue" }
