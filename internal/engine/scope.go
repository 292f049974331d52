package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// scopeKind says what the end of a scope means on the loop. To the standard
// library all are contexts that end.
type scopeKind uint8

const (
	// binding: its end cancels the tasks created in it, ends the scopes derived from
	// it and interrupts the awaits that use it, in the order in which they came.
	binding scopeKind = iota
	// window: nothing; see Window.
	window
	// group: tasks created in it are its keeper's, and cancelled by End, but not by
	// the end of what it was derived from; awaits belong to that.
	group
)

// Scope is a context that ends on the loop: by its deadline, by End, or with what
// it was derived from.
type Scope struct {
	// Written once.
	kind   scopeKind
	loop   *Loop
	parent context.Context
	at     place  // of the scope itself
	keeper Keeper // of a group

	// Any goroutine.
	signal   signal
	deadline atomic.Int64 // its own, since the loop's epoch; Never for none

	// Owner.
	over    *Request // nil until the end was processed
	timer   timer
	link    link // in the parent's list
	stop    func() bool
	links   links
	members links // of a group: those that are pending
}

// Keeper is told by the owner of the loop of the tasks created in its group.
type Keeper interface {
	// Admit is called before anything of the task is done. With an error the task is
	// not started and comes back failed with it.
	Admit(t *Task) error
	// Ended is called one turn after the end of a task that was admitted.
	Ended(t *Task)
	// Completion is what the group's end waits for, nil if it does not.
	Completion() *Future
}

// NewScope derives a scope from ctx that binds what is made in it. A timeout is a
// deadline on the loop's clock; Never is none.
func NewScope(ctx context.Context, timeout time.Duration) *Scope {
	at := locate(ctx)
	s := &Scope{kind: binding}
	due := Never
	if timeout != Never {
		due = at.loop.Deadline(timeout)
		s.timer.fires = (*expiry)(s)
	}
	s.init(ctx, at, due)
	s.enter(at)
	return s
}

// InitGroup derives the scope from ctx, with tasks that are k's.
func (s *Scope) InitGroup(ctx context.Context, k Keeper) {
	s.kind, s.keeper = group, k
	at := locate(ctx)
	s.init(ctx, at, Never)
	s.enter(at)
}

func (s *Scope) init(ctx context.Context, at place, due time.Duration) {
	s.loop, s.parent = at.loop, ctx
	s.link.who = s
	s.at = at
	s.at.near, s.at.window = s, nil
	switch s.kind {
	case binding:
		s.at.scope, s.at.home = s, s
		s.at.away, s.at.endless, s.at.watch = false, false, nil
	case group:
		s.at.home, s.at.keeper, s.at.away = s, s, false
	}
	s.SetDeadline(due)
}

// enter has the owner open the scope.
func (s *Scope) enter(at place) {
	if at.loop.owned() {
		s.open(at)
	} else {
		at.loop.post(action(func() { s.open(at) }))
	}
}

// SetDeadline sets the deadline that the context shows, Never for none of its own.
func (s *Scope) SetDeadline(due time.Duration) { s.deadline.Store(int64(due)) }

// OwnDeadline returns what SetDeadline has set.
func (s *Scope) OwnDeadline() time.Duration { return time.Duration(s.deadline.Load()) }

// open attaches the scope to what it was derived from.
func (s *Scope) open(at place) {
	if s.over != nil {
		return
	}
	away := at.away && !isScope(s.parent) // else that has heard of the end first
	switch {
	case s.loop.closed.Load():
		s.loop.deliver(s, loopClosed())
	case away && s.loop.errOf(s.parent) != nil:
		s.loop.deliver(s, s.loop.endOf(s.parent))
	case away:
		s.stop = s.loop.whenEnded(s.parent, s)
	case at.nearest() != nil:
		near := at.nearest()
		if r := near.over; r != nil {
			s.loop.deliver(s, r)
		} else {
			near.links.add(&s.link)
		}
	case at.endless:
	case at.task.Err() != nil:
		s.loop.deliver(s, at.task.more().first.Load())
	default:
		at.task.more().links.add(&s.link)
	}
	if s.over == nil && s.timer.fires != nil {
		s.loop.timers.add(&s.timer, s.OwnDeadline())
	}
}

// ending is the latest end of a foreign context. Of many who wait for it each is told on
// its own, all of them by one request.
type ending struct {
	of <-chan struct{}
	by *Request
}

type expiry Scope

func (e *expiry) run(*Loop) { (*Scope)(e).Expire() }

// loopClosed is the end of what depends on a loop that is closed.
func loopClosed() *Request { return &Request{Origin: OriginShutdown, Cause: ErrLoopClosed} }

// LoopClosed ends a scope whose deadline will not come any more.
func (e *expiry) LoopClosed() { (*Scope)(e).ends(loopClosed()) }

// Expire is End by the deadline.
func (s *Scope) Expire() { s.End(expired()) }

func expired() *Request {
	return &Request{Origin: OriginTimeout, late: true}
}

// End ends the scope; later calls do nothing. Done is closed when it returns,
// the loop's side follows at once on the loop and on its next turn otherwise.
func (s *Scope) End(r *Request) {
	if s.signal.end(r.err(), s.loop.cause(r)) || s.kind == group {
		if s.loop.owned() {
			s.ends(r)
		} else {
			s.loop.post(action(func() { s.ends(r) }))
		}
	}
}

// ends is the end on the loop, with all that ends with it.
func (s *Scope) ends(r *Request) {
	if s.members.head != nil || s.links.head != nil {
		r = r.own()
	}
	base := len(s.loop.legs)
	s.finish(r)
	s.loop.carry(r, base, false)
}

// finish is the end of the scope itself.
func (s *Scope) finish(r *Request) {
	if s.over != nil {
		return
	}
	s.over = r
	s.signal.end(r.err(), s.loop.cause(r))
	s.loop.timers.remove(&s.timer)
	s.detach()
	s.loop.endAll(&s.links)
	if n := s.members.head; n != nil { // before those, so that all of them are told in creation order
		s.loop.legs = append(s.loop.legs, leg{link: n})
	}
}

func (s *Scope) detach() {
	s.link.remove()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// scopeEnded is the end of what the scope was derived from. The members of a group
// have their keeper to decide for them.
func (s *Scope) scopeEnded(r *Request) {
	if s.kind != group {
		s.finish(r)
		return
	}
	s.signal.end(r.err(), s.loop.cause(r))
	s.detach()
	s.loop.endAll(&s.links)
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

// Members calls f with the tasks of a group that are not done, in creation order.
func (s *Scope) Members(f func(*Task)) {
	for n := s.members.head; n != nil; n = n.next {
		f((*Task)(n.who.(*kept)))
	}
}

// Deadline is the nearest one of this scope and those above it.
func (s *Scope) Deadline() (time.Time, bool) {
	return s.loop.nearer(s.OwnDeadline(), s.parent)
}

// nearer is the deadline of a context derived from another with one of its own.
func (l *Loop) nearer(due time.Duration, parent context.Context) (time.Time, bool) {
	d, ok := parent.Deadline()
	if due != Never {
		if own := l.Moment(due); !ok || own.Before(d) {
			return own, true
		}
	}
	return d, ok
}

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

// scoped is what ends with a scope. What ends with that in turn it adds to the way of the
// request: see Loop.deliver.
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
