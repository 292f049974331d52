package asyncio

import "fmt"

// What has a String is printed by it with %#v too: by reflection that would be all that
// is inside, read while others write it.

// String shows whether the loop runs, is closed and is in debug mode.
func (l *Loop) String() string {
	if l.l == nil {
		return "<Loop>"
	}
	return fmt.Sprintf("<Loop running=%t closed=%t debug=%t>", l.IsRunning(), l.IsClosed(), l.Debug())
}

// String shows the loop.
func (r *Runner) String() string {
	if r.loop == nil {
		return "<Runner>"
	}
	return "<Runner " + r.loop.String() + ">"
}

// GoString is String.
func (l *Loop) GoString() string { return l.String() }

// GoString is String.
func (r *Runner) GoString() string { return r.String() }

// GoString is String.
func (t *Task[T]) GoString() string { return t.String() }

// GoString is String.
func (f *Future[T]) GoString() string { return f.String() }

// GoString is String.
func (h *Handle) GoString() string { return h.String() }

// GoString is String.
func (tg *TaskGroup) GoString() string { return tg.String() }

// GoString is String.
func (tm *TimeoutScope) GoString() string { return tm.String() }

// GoString is String.
func (l *Lock) GoString() string { return l.String() }

// GoString is String.
func (e *Event) GoString() string { return e.String() }

// GoString is String.
func (c *Condition) GoString() string { return c.String() }

// GoString is String.
func (s *Semaphore) GoString() string { return s.String() }

// GoString is String.
func (b *Barrier) GoString() string { return b.String() }

// GoString is String.
func (q *Queue[T]) GoString() string { return q.String() }

// GoString is String.
func (q *PriorityQueue[T]) GoString() string { return q.String() }

// GoString is String.
func (q *LifoQueue[T]) GoString() string { return q.String() }
