package engine

import (
	"context"
	"time"
)

// Scope is a context that ends on the loop: by its deadline, by Cancel, or with
// what it was derived from. Its end cancels the tasks created in it, ends the
// scopes derived from it and interrupts the awaits that use it, in the order in
// which they came.
type Scope struct {
	// Written once.
	loop        *Loop
	parent      context.Context
	task        *Task         // nearest task above, nil if none
	due         time.Duration // when the timer is set for
	when        time.Time     // the nearest deadline, own or inherited
	hasDeadline bool

	// Any goroutine.
	signal signal

	// Owner.
	over  *Request // nil until the end was processed
	timer timer
	link  link // in the parent's list
	stop  func() bool
	links links
}

// NewScope derives a scope from ctx. A positive or zero timeout is a deadline on
// the loop's clock; Never is none.
func NewScope(ctx context.Context, timeout time.Duration) *Scope {
	at := locate(ctx)
	s := &Scope{loop: at.loop, parent: ctx, task: at.task}
	s.link.who = s
	if timeout != Never {
		s.due = at.loop.Deadline(timeout)
		s.timer.fires = (*expiry)(s)
		s.when = at.loop.driver.Epoch().Add(s.due)
		s.hasDeadline = true
	}
	if d, ok := ctx.Deadline(); ok && (!s.hasDeadline || d.Before(s.when)) {
		s.when, s.hasDeadline = d, true
	}
	at.loop.do(action(func() { s.open(at) }))
	return s
}

// open attaches the scope to what it was derived from.
func (s *Scope) open(at place) {
	if s.over != nil {
		return
	}
	switch {
	case at.endless:
	case at.foreign && s.parent.Err() != nil:
		s.finish(endOf(s.parent))
		return
	case at.foreign:
		s.stop = s.loop.whenEnded(s.parent, s.finish)
	case at.scope != nil:
		if r := at.scope.over; r != nil {
			s.finish(r)
			return
		}
		at.scope.links.add(&s.link)
	case at.task.Err() != nil:
		s.finish(at.task.request())
		return
	default:
		at.task.more().links.add(&s.link)
	}
	if s.timer.fires != nil && !s.loop.closed.Load() {
		s.loop.timers.add(&s.timer, s.due)
	}
}

// endOf is the request that a foreign context's end makes.
func endOf(ctx context.Context) *Request {
	return &Request{Origin: OriginContext, Cause: context.Cause(ctx), kind: ctx.Err()}
}

// whenEnded arranges for f to run on the loop when a foreign context ends.
func (l *Loop) whenEnded(ctx context.Context, f func(*Request)) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		l.post(action(func() {
			f(endOf(ctx))
		}))
	})
}

type expiry Scope

func (e *expiry) run(*Loop) {
	(*Scope)(e).End(&Request{Origin: OriginTimeout, kind: context.DeadlineExceeded})
}

// End ends the scope; later calls do nothing. Done is closed when it returns,
// the loop's side follows at once on the loop and on its next turn otherwise.
func (s *Scope) End(r *Request) {
	if s.signal.end(r.err(), s.loop.cause(r)) {
		s.loop.do(action(func() { s.finish(r) }))
	}
}

// finish is the end on the loop.
func (s *Scope) finish(r *Request) {
	if s.over != nil {
		return
	}
	s.over = r
	s.signal.end(r.err(), s.loop.cause(r))
	s.loop.timers.remove(&s.timer)
	s.link.remove()
	if s.stop != nil {
		s.stop()
	}
	s.links.end(r)
}

// cause returns what an await says when its scope has ended.
func (l *Loop) cause(r *Request) error {
	switch r.Origin {
	case OriginTimeout:
		return ErrTimeout
	case OriginContext:
		return r.Cause
	default:
		return l.hooks.Cancelled(r)
	}
}

// Loop returns the scope's loop.
func (s *Scope) Loop() *Loop { return s.loop }

// Deadline is the nearest one of this scope and those above it.
func (s *Scope) Deadline() (time.Time, bool) { return s.when, s.hasDeadline }

// Done returns a channel that closes when the scope ends.
func (s *Scope) Done() <-chan struct{} { return s.signal.ctx().Done() }

// Err returns context.Canceled or context.DeadlineExceeded once it has ended.
func (s *Scope) Err() error { return s.signal.err() }

// Value returns the values of the context it was derived from.
func (s *Scope) Value(key any) any {
	switch key {
	case nodeKey{}:
		return s
	case cancelKey:
		return s.signal.ctx().Value(key)
	}
	return s.parent.Value(key)
}

// link is a place in a list of those who end with something.
type link struct {
	who        scoped // written once
	in         *links
	prev, next *link
}

// scoped is what ends with a scope.
type scoped interface {
	scopeEnded(r *Request)
}

// links is the list, in the order in which they came.
type links struct{ head, tail *link }

func (k *links) add(n *link) {
	n.in, n.prev = k, k.tail
	if k.tail == nil {
		k.head = n
	} else {
		k.tail.next = n
	}
	k.tail = n
}

func (n *link) remove() {
	if n.in == nil {
		return
	}
	if n.prev == nil {
		n.in.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		n.in.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
}

// end empties the list, telling each.
func (k *links) end(r *Request) {
	for n := k.head; n != nil; n = k.head {
		n.remove()
		n.who.scopeEnded(r)
	}
}

func (s *Scope) scopeEnded(r *Request) { s.finish(r) }

func (t *Task) scopeEnded(r *Request) {
	if !t.Finished() { // Cancel would take its error for dealt with
		t.Cancel(r)
	}
}

// enterScope binds a new task to the end of the context it was created with.
func (t *Task) enterScope(m *membership) {
	at := lookup(m.scope)
	if at.loop != t.loop || at.foreign || at.scope == nil {
		if m.scope.Err() != nil {
			t.Cancel(endOf(m.scope))
			return
		}
		m.stop = t.loop.whenEnded(m.scope, t.scopeEnded)
		return
	}
	if r := at.scope.over; r != nil {
		t.Cancel(r)
		return
	}
	at.scope.links.add(&m.link)
}

// membership is a task's place in the scope that it was created in.
type membership struct {
	scope context.Context // written once

	// Owner.
	link link
	stop func() bool
}

// over reports whether the scope has ended, which the loop may not have been told
// yet.
func (m *membership) over() bool { return m != nil && m.scope.Err() != nil }

// leave unbinds a task that has ended.
func (m *membership) leave() {
	m.link.remove()
	if m.stop != nil {
		m.stop()
	}
}
