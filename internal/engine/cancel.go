package engine

import (
	"context"
	"sync"
	"sync/atomic"
)

// Origin is the kind of thing that asked for a cancellation.
type Origin uint8

// The origins of a cancellation.
const (
	OriginCancel   Origin = iota // a call to Cancel
	OriginTimeout                // a deadline on the loop's clock
	OriginGroup                  // a task group that ends its tasks
	OriginContext                // a context that ended
	OriginShutdown               // the end of the loop
)

// Request is one request for cancellation, which tasks know it by: each takes it once,
// by whatever ways it comes. What it says is not changed once it was made.
type Request struct {
	Message string
	Origin  Origin
	Shared  bool  // it is used more than once, and does not go to tasks: see own
	late    bool  // it is the end of a scope by its deadline
	By      *Task // who asked, nil if it was no task of this loop
	Cause   error // what a context or the loop gave as the reason

	abroad atomic.Pointer[abroad] // nil unless it has gone to other loops
}

// abroad is to whom on other loops a request has gone.
type abroad struct {
	mu   sync.Mutex
	seen map[*Future]struct{}
}

// Deadline reports whether the request is the end of a scope by its deadline.
func (r *Request) Deadline() bool { return r.late }

func (r *Request) err() error {
	if r.late {
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// own returns the request, or another that says the same if r is used more than once.
func (r *Request) own() *Request {
	if !r.Shared {
		return r
	}
	return r.again()
}

// again returns another request that says the same.
func (r *Request) again() *Request {
	return &Request{Message: r.Message, Origin: r.Origin, late: r.late, By: r.By, Cause: r.Cause}
}

// leaves reports whether the request has not gone to f, from another loop, before.
func (r *Request) leaves(f *Future) bool {
	if r.abroad.Load() == nil {
		r.abroad.CompareAndSwap(nil, &abroad{seen: map[*Future]struct{}{}})
	}
	a := r.abroad.Load()
	a.mu.Lock()
	defer a.mu.Unlock()
	_, before := a.seen[f]
	a.seen[f] = struct{}{}
	return !before
}

// Self returns the task that is running on l if the caller runs there too.
func (l *Loop) Self() *Task {
	if l.owned() {
		return l.current
	}
	return nil
}

// Cancel asks the task to end. It reports false if the task was done already.
func (t *Task) Cancel(r *Request) bool {
	l := t.loop
	if l.owned() {
		base := len(l.legs)
		return l.carry(r, base, l.reach(t, r))
	}
	if t.Finished() {
		return false
	}
	t.take(r)
	l.post(&delivery{t, r, false})
	return true
}

// take counts a request, and ends the task's context.
func (t *Task) take(r *Request) {
	t.cancels.Add(1)
	t.endContext(r)
	t.more().standing.CompareAndSwap(nil, r)
}

// Interrupt is Cancel by one who will take the request back with Uncancel: the
// task's context, which could not open again, does not end by it.
func (t *Task) Interrupt(r *Request) {
	if t.Finished() {
		return
	}
	t.cancels.Add(1)
	t.more().request.Store(r)
	if l := t.loop; l.owned() {
		base := len(l.legs)
		l.pass(t, r, true)
		l.carry(r, base, false)
	} else {
		l.post(&delivery{t, r, true})
	}
}

// Redeliver has a request delivered once more, at the next await: the first that was not
// taken back. unheard says that the task's own code has not been told yet.
func (t *Task) Redeliver(unheard bool) {
	t.loop.do(action(func() {
		if t.cancels.Load() > 0 && !t.Finished() {
			if r := t.more().standing.Load(); r != nil {
				// Not one that was taken back since; and another one, since who has
				// refused the first is to hear of this.
				t.more().request.Store(r.again())
			}
			t.mustCancel = true
			t.marks &^= untold
			if unheard {
				t.marks |= untold
			}
		}
	}))
}

// Unheard reports, to the owner, whether a request that the task's own code has not
// been told of is to be delivered.
func (t *Task) Unheard() bool { return t.mustCancel && t.marks&untold != 0 }

// delivery is a request from another goroutine. One that was taken back by
// Uncancel before it arrived is not delivered.
type delivery struct {
	t         *Task
	r         *Request
	temporary bool // it is an interruption
}

func (d *delivery) run(l *Loop) {
	base := len(l.legs)
	switch {
	case d.t.cancels.Load() > 0 && !d.t.Finished():
		if d.temporary || !l.abandoned(d.t) {
			l.pass(d.t, d.r, d.temporary)
		}
	case !d.temporary:
		l.endAll(&d.t.more().links) // those are contexts, which do not open again
	}
	l.carry(d.r, base, false)
}

// request returns the latest request, nil if there was none.
func (t *Task) request() *Request {
	if x := t.extra.Load(); x != nil {
		return x.request.Load()
	}
	return nil
}

// KeptBy reports whether t was created in a group of k.
func (t *Task) KeptBy(k Keeper) bool {
	m := t.member()
	return m != nil && m.keeper != nil && m.keeper.keeper == k
}

// requested is request without one that was taken back, unless that has ended the
// task's context: then it is the one that did.
func (t *Task) requested() *Request {
	x := t.extra.Load()
	switch {
	case x == nil:
		return nil
	case t.cancels.Load() == 0:
		return x.first.Load()
	default:
		return x.request.Load()
	}
}

// Standing returns the first request since there was none that was not taken back, but
// for those of Interrupt; nil if there is none. It is for whom a request has gone to.
func (t *Task) Standing() *Request { return t.more().standing.Load() }

// Cancelling returns how many requests were made and not taken back.
func (t *Task) Cancelling() int { return int(t.cancels.Load()) }

// Uncancel takes one request back and returns how many are left. At none, a
// request that was not delivered yet is dropped.
func (t *Task) Uncancel() int {
	for {
		n := t.cancels.Load()
		if n == 0 {
			return 0
		}
		if t.cancels.CompareAndSwap(n, n-1) {
			if n == 1 {
				t.more().standing.Store(nil)
				t.loop.do((*uncancelled)(t))
			}
			return int(n - 1)
		}
	}
}

type uncancelled Task

func (u *uncancelled) run(*Loop) {
	if u.cancels.Load() == 0 {
		u.mustCancel = false
	}
}
