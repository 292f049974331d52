package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Scope is a context that ends on the loop: by its deadline, by End, or with what it was
// derived from. What that means for what is made with it is in its location: one of
// NewScope cancels tasks and interrupts awaits, a group leaves both to its keeper and to
// what it was derived from, and that of a window does neither.
type Scope struct {
	// Written once.
	loop   *Loop
	parent context.Context
	at     location
	keeper Keeper // of a group, nil of others

	// Any goroutine.
	due
	std stdContext

	// Owner.
	over    *Request // nil until the end was processed
	timer   timer
	link    link // to what it was derived from
	links   list
	members list // of a group: those that are pending
}

// NewScope derives a scope from ctx that binds what is made in it. A timeout is a
// deadline on the loop's clock; Never is none.
func NewScope(ctx context.Context, timeout time.Duration) *Scope {
	at := locate(ctx)
	s := &Scope{}
	due := Never
	if timeout != Never {
		due = at.loop.Deadline(timeout)
		s.timer.fires = (*expiry)(s)
	}
	s.init(ctx, at, due)
	s.at.ends, s.at.binds = s, s
	s.enter(at.from)
	return s
}

func (s *Scope) init(ctx context.Context, at location, due time.Duration) {
	s.loop, s.parent = at.loop, ctx
	s.link.who = s
	s.at = at
	s.at.from = s
	s.SetDeadline(due)
}

// enter has the owner open the scope.
func (s *Scope) enter(from context.Context) {
	if s.loop.owned() {
		s.open(from)
	} else {
		s.loop.post(action(func() { s.open(from) }))
	}
}

// open attaches the scope to what it was derived from.
func (s *Scope) open(from context.Context) {
	if s.over != nil {
		return
	}
	if s.loop.closed.Load() {
		s.loop.deliver(s, loopClosed())
		return
	}
	s.link.join(s.loop, from)
	if s.over == nil && s.timer.fires != nil {
		s.loop.timers.add(&s.timer, s.OwnDeadline())
	}
}

// scopeOf returns the scope that is ctx, or does for it on the loop; nil if there is none.
func scopeOf(ctx context.Context) *Scope {
	switch c := ctx.(type) {
	case *Scope:
		return c
	case *Window:
		return c.made()
	}
	return nil
}

type expiry Scope

func (e *expiry) run(*Loop) { (*Scope)(e).End(expired()) }

// LoopClosed ends a scope whose deadline will not come any more.
func (e *expiry) LoopClosed() { (*Scope)(e).ends(loopClosed()) }

// The ends by a deadline, and of what depends on a loop that is closed.
func expired() *Request    { return &Request{Origin: OriginTimeout, late: true} }
func loopClosed() *Request { return &Request{Origin: OriginShutdown, Cause: ErrLoopClosed} }

// End ends the scope; later calls do nothing. Done is closed when it returns,
// the loop's side follows at once on the loop and on its next turn otherwise.
func (s *Scope) End(r *Request) {
	if s.std.end(r.err(), s.loop.cause(r)) || s.keeper != nil {
		if s.loop.owned() {
			s.ends(r)
		} else {
			s.loop.post(action(func() { s.ends(r) }))
		}
	}
}

// ends is the end on the loop, with all that ends with it.
func (s *Scope) ends(r *Request) {
	if s.over != nil {
		return
	}
	if !s.members.empty() || !s.links.empty() {
		r = r.own()
	}
	base := len(s.loop.legs)
	s.scopeEnded(r)
	s.over = r
	if x := s.members.first(); x != nil { // before the links, so that all of them are told in creation order
		s.loop.legs = append(s.loop.legs, leg{links: &s.members, member: x})
	}
	s.loop.carry(r, base, false)
}

// scopeEnded is the end of the scope by that of what it was derived from, or its own. That
// of a group is not over by the first: its members have their keeper to decide for them.
func (s *Scope) scopeEnded(r *Request) {
	if s.keeper == nil {
		s.over = r
	}
	s.std.end(r.err(), s.loop.cause(r))
	s.loop.timers.remove(&s.timer)
	s.link.remove()
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
		return l.Hooks.Cancelled(r)
	}
}

// Loop returns the scope's loop.
func (s *Scope) Loop() *Loop { return s.loop }

// Deadline is the nearest one of this scope and those above it.
func (s *Scope) Deadline() (time.Time, bool) { return s.nearest(s.loop, s.parent) }

// due is the moment that a context has for its own deadline, since the loop's epoch; Never
// for none. Any goroutine may ask.
type due struct{ when atomic.Int64 }

// SetDeadline sets the deadline that the context shows, Never for none of its own.
func (d *due) SetDeadline(at time.Duration) { d.when.Store(int64(at)) }

// OwnDeadline returns what SetDeadline has set.
func (d *due) OwnDeadline() time.Duration { return time.Duration(d.when.Load()) }

// nearest is the deadline of a context with this one that was derived from parent.
func (d *due) nearest(l *Loop, parent context.Context) (time.Time, bool) {
	at, ok := parent.Deadline()
	if due := d.OwnDeadline(); due != Never {
		if own := l.Moment(due); !ok || own.Before(at) {
			return own, true
		}
	}
	return at, ok
}

// Done returns a channel that closes when the scope ends.
func (s *Scope) Done() <-chan struct{} { return s.std.ctx().Done() }

// Err returns context.Canceled or context.DeadlineExceeded once it has ended.
func (s *Scope) Err() error {
	kind, _ := s.std.ended()
	return kind
}

// Value returns the values of the context it was derived from.
func (s *Scope) Value(key any) any {
	switch key {
	case nodeKey{}:
		return s
	case cancelKey:
		return s.std.ctx().Value(key)
	}
	return s.parent.Value(key)
}
