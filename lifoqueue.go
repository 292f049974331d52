package asyncio

import "context"

// LifoQueue is a queue that gives the latest item first. Its zero value is one without
// bound. (asyncio.LifoQueue)
type LifoQueue[T any] struct {
	Queue[T]
	made bool // by NewLifoQueue; written once
}

// NewLifoQueue makes a queue that holds at most max items, without bound with zero
// or less.
func NewLifoQueue[T any](max int) *LifoQueue[T] {
	q := &LifoQueue[T]{made: true}
	q.init(max, &lifo[T]{})
	return q
}

// Put is as of [Queue.Put].
func (q *LifoQueue[T]) Put(ctx context.Context, v T) error {
	q.ready()
	return q.Queue.Put(ctx, v)
}

// PutNoWait is as of [Queue.PutNoWait].
func (q *LifoQueue[T]) PutNoWait(v T) error {
	q.ready()
	return q.Queue.PutNoWait(v)
}

func (q *LifoQueue[T]) ready() {
	if !q.made {
		q.prepare()
	}
}

func (q *LifoQueue[T]) prepare() {
	q.lock()
	defer q.unlock()
	if q.items == nil {
		q.items = &lifo[T]{}
	}
}

// String is as of [Queue.String].
func (q *LifoQueue[T]) String() string { return q.describe("LifoQueue") }

// GoString is String.
func (q *LifoQueue[T]) GoString() string { return q.String() }

// lifo is a stack.
type lifo[T any] struct{ items []T }

func (l *lifo[T]) push(v T) { l.items = append(l.items, v) }

func (l *lifo[T]) pop() T {
	var zero T
	last := len(l.items) - 1
	v := l.items[last]
	l.items[last] = zero
	l.items = l.items[:last]
	return v
}

func (l *lifo[T]) len() int { return len(l.items) }

func (l *lifo[T]) clear() { *l = lifo[T]{} }
