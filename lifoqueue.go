package asyncio

// LifoQueue is a [Queue] that gives the latest item first: [NewLifoQueue] makes one. The
// order is the queue's, not the type's, which is Queue itself: the zero value is a plain
// one, first in, first out. (asyncio.LifoQueue)
type LifoQueue[T any] = Queue[T]

// NewLifoQueue makes a queue that holds at most max items, without bound with zero
// or less.
func NewLifoQueue[T any](max int) *Queue[T] {
	return &Queue[T]{max: max, items: &lifo[T]{}}
}

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

func (l *lifo[T]) kind() string { return "LifoQueue" }
