package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Shield holds up the requests that are made to a task while it is in a block, and is the
// context of that block, which does not end with what it was derived from as long as the
// shield holds.
//
// A task has its shields in a stack, the innermost first. A request comes from a depth: that
// of who will take it back, which is inside of so many of them (Asked), or else from none. It
// is held by the outermost of those that hold and are deeper than that, and passed on, by
// press, when that does so no more: its time is over (run), or the block is (Leave). What is
// asked inside of a shield is counted by in, apart from what comes from outside: so scopes
// in the block see only what concerns them.
type Shield struct {
	Scope

	// Written once.
	task  *Task           // whose requests it holds, nil if the caller is none
	from  context.Context // what the context ends with when the shield does not hold any more
	outer *Shield
	depth int32 // from 1

	in atomic.Int32 // requests that have come through since it was entered, and were not taken back

	// Owner.
	last  *Request // the latest of in
	spent bool     // it does not hold any more
	held  *Request // the latest that it has held up, nil if none
	n     int32    // how many it has
	since int32    // the depth that held comes from
	full  bool     // one of them is no interruption
}

// EnterShield has the calling task, nil if it is none, enter a shield for d of the loop's
// time, which is above 0.
func EnterShield(ctx context.Context, t *Task, d time.Duration) *Shield {
	at := locate(ctx)
	s := &Shield{task: t, from: at.from}
	s.init(ctx, at, Never)
	if t != nil {
		s.loop = t.loop // to which that of ctx may be a foreign one
	}
	s.SetDeadline(s.loop.Deadline(d))
	if own, ok := at.ends.(*Task); at.ends != nil && (!ok || own != t) {
		s.at.ends = &s.Scope // else it is only by requests that waits end
	}
	if t != nil {
		if s.outer = t.known().shield.Load(); s.outer != nil {
			s.depth = s.outer.depth
		}
		s.depth++
	}
	if s.loop.owned() {
		s.begin()
	} else {
		s.loop.Call(s.begin)
	}
	return s
}

func (s *Shield) begin() {
	s.link.join(s.loop, &s.loop.root)
	if due := s.OwnDeadline(); s.over == nil && due != Never {
		s.timer.fires = s
		s.loop.timers.add(&s.timer, due)
	}
	if t := s.task; t != nil {
		s.held, s.since = t.handOver(), s.depth-1
		t.more().shield.Store(s)
	}
}

// run is the end of its time. If the task was asked to end before the shield, and has heard
// of it, it is told again: its clean-up has taken as long as it may.
func (s *Shield) run(*Loop) {
	if s.spent {
		return
	}
	s.spent = true
	if t := s.task; t != nil && s.held == nil && t.askedOutside(s) {
		s.held, s.since = t.again(), 0
	}
	s.n = max(s.n, 1) // one was counted by those outside: it comes in now
	s.release()
	s.link.remove()
	s.link.join(s.loop, s.from)
}

// Leave ends the shield, and its context.
func (s *Shield) Leave() {
	if s.loop.owned() {
		s.leave()
	} else {
		s.loop.Call(s.leave)
	}
}

func (s *Shield) leave() {
	s.spent = true
	s.End(leftShield)
	if t := s.task; t != nil {
		t.more().shield.Store(s.outer)
		if n := s.in.Load(); s.outer != nil && n > 0 {
			s.outer.came(n, s.last)
		}
		s.release()
	}
}

var leftShield = &Request{Origin: OriginContext, Cause: context.Canceled, Shared: true}

// release passes on what was held.
func (s *Shield) release() {
	if r := s.held; r != nil {
		n, l := s.n, s.loop
		s.held, s.n = nil, 0
		base := len(l.legs)
		l.press(s.task, r, s.since, !s.full, n)
		l.carry(r, base, false)
	}
}

// Deadline is none before the shield's own.
func (s *Shield) Deadline() (time.Time, bool) {
	due := s.OwnDeadline()
	if due == Never {
		return time.Time{}, false
	}
	at, ok := s.parent.Deadline()
	if own := s.loop.Moment(due); at.Before(own) {
		return own, ok || s.parent.Err() != nil
	}
	return at, ok
}

// String names the shield after the nearest task, or the loop, that it was derived from.
func (s *Shield) String() string { return derivedFrom(s.at.task) + ".WithShield" }

// GoString is String.
func (s *Shield) GoString() string { return s.String() }

// press brings n requests, r as the latest, to a task, or to the shield that holds them.
func (l *Loop) press(t *Task, r *Request, since int32, brief bool, n int32) {
	s := t.known().shield.Load()
	if x := s.holding(since); x != nil {
		x.held, x.since, x.n, x.full = r, since, x.n+n, x.full || !brief
		if !brief {
			l.endAll(&t.more().links) // those are outside
		}
		return
	}
	if s != nil {
		s.came(n, r)
	}
	if brief || !l.abandoned(t) {
		l.pass(t, r, brief)
	}
}

func (s *Shield) came(n int32, r *Request) {
	s.in.Add(n)
	s.last = r
}

// holding returns the shield, of s and those outside of it, that holds a request from a
// depth, nil if none does.
func (s *Shield) holding(since int32) (x *Shield) {
	for ; s != nil && s.depth > since; s = s.outer {
		if !s.spent {
			x = s
		}
	}
	return x
}

// forget is for when all requests were taken back.
func (s *Shield) forget() {
	for ; s != nil; s = s.outer {
		s.held, s.n = nil, 0
	}
}

// askedOutside reports whether there is a request from outside of s, one of the task's
// shields, that was not taken back.
func (t *Task) askedOutside(s *Shield) bool {
	n := int32(t.Cancelling())
	for x := t.known().shield.Load(); x != s.outer; x = x.outer {
		n -= x.in.Load()
	}
	return n > 0
}

// Asked is what a task has heard of when a scope begins that may Interrupt it.
type Asked struct {
	Count int32 // the requests that were not taken back: in a shield, those since it was entered
	depth int32 // in so many shields
}

// Asked is for the task, or the owner of its loop.
func (t *Task) Asked() Asked {
	if s := t.known().shield.Load(); s != nil {
		return Asked{s.in.Load(), s.depth}
	}
	return Asked{Count: int32(t.Cancelling())}
}

// TakeBack is Uncancel by who has begun since, and reports whether others have asked since then.
func (t *Task) TakeBack(since Asked) bool {
	t.Uncancel()
	return t.Asked().Count > since.Count
}
