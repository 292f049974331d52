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

	abroad atomic.Pointer[sync.Map] // of the futures of other loops to which it has gone; nil for none
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
		r.abroad.CompareAndSwap(nil, &sync.Map{})
	}
	_, before := r.abroad.Load().LoadOrStore(f, nil)
	return !before
}

// Self returns the task that is running on l if the caller runs there too.
func (l *Loop) Self() *Task {
	if l.owned() {
		return l.current
	}
	return nil
}

// requests is what a task knows of the requests that were made to it. Only this file
// changes it, and due, which is of the task itself, since each step looks at that.
type requests struct {
	// Any goroutine, but of unheard the owner, which has its place for its size.
	cancels  atomic.Int32            // how many were not taken back
	unheard  bool                    // the one that is due was delivered before, to one who could not tell
	binding                          // here because here is room
	first    atomic.Pointer[Request] // of all; it has ended the task's context
	newest   atomic.Pointer[Request] // it is this that the task is not asked again by
	standing atomic.Pointer[Request] // see Standing
}

// What becomes of a request, and CPython's rule for it, in tasks.py where no other file is
// named. Of several that are due the latest is delivered, once. The walk from a task to
// what it waits for is in walk.go.
//
//	the task                            a request, or one that is due        CPython
//	is done                             is refused                           cancel: if self.done(): return False
//	is asked                            is counted, and ends the context     cancel: _num_cancels_requested += 1
//	- and waits for f, which takes it   is f's, and nothing is due           cancel: if _fut_waiter.cancel(): return True
//	- and waits for f, which does not   becomes due                          cancel: _must_cancel = True
//	- and runs, or is about to          becomes due                          cancel: _must_cancel = True
//	- and is in a shield                is held, and then one of the above   not there: see shield.go
//	takes its first step                ends it, nothing was called          __step: coro.throw(exc)
//	goes on, f was cancelled            is told by f's error                 __step: if not isinstance(exc, CancelledError)
//	goes on, f ended otherwise          is told in place of f's end          __step: exc = _make_cancelled_error()
//	begins to wait for f                is f's if f takes it, else due       __step: if _fut_waiter.cancel(): _must_cancel = False
//	returns a value                     ends it as cancelled                 __step: if _must_cancel: super().cancel()
//	returns an error                    is dropped                           __step: super().set_exception(exc)
//	takes the last one back             is dropped                           uncancel: if not _num_cancels_requested
//	is a group's, which had it          becomes due again                    taskgroups.py, __aexit__: uncancel(), cancel()
//
// Without a counterpart: a Go task that returns a value has answered what was due; one that
// may be left ends at once, see leave.go; of one request that comes to a task by several
// ways only the first counts.

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
	l.post(&delivery{t: t, r: r})
	return true
}

// take counts a request, and ends the task's context.
func (t *Task) take(r *Request) {
	x := t.more()
	x.cancels.Add(1)
	t.endContext(r)
	x.standing.CompareAndSwap(nil, r)
}

// endContext ends the task's context, on its first call, and remembers why before that: a
// Go task may stop on it and be done before delivery.
func (t *Task) endContext(r *Request) {
	x := t.more()
	x.newest.Store(r)
	x.first.CompareAndSwap(nil, r)
	if x.std.Load() != nil {
		t.std()
	}
}

// Interrupt is Cancel by one who has begun with since and will take the request back by
// TakeBack: the task's context, which could not open again, does not end by it.
func (t *Task) Interrupt(r *Request, since Asked) {
	if t.Finished() {
		return
	}
	x := t.more()
	x.cancels.Add(1)
	x.newest.Store(r)
	if l := t.loop; l.owned() {
		(&delivery{t, r, true, since.depth}).run(l)
	} else {
		l.post(&delivery{t, r, true, since.depth})
	}
}

// delivery is a request from another goroutine. One that was taken back by
// Uncancel before it arrived is not delivered.
type delivery struct {
	t     *Task
	r     *Request
	brief bool // it is an interruption
	since int32
}

func (d *delivery) run(l *Loop) {
	base := len(l.legs)
	switch {
	case d.t.Cancelling() > 0 && !d.t.Finished():
		l.tellAsked(d.t, d.r)
		l.press(d.t, d.r, d.since, d.brief, 1)
	case !d.brief:
		l.endAll(&d.t.more().links) // those are contexts, which do not open again
	}
	l.carry(d.r, base, false)
}

// keep has r delivered at the next step.
func (t *Task) keep(r *Request) {
	t.due = r
	t.more().unheard = false
	t.unpark()
}

// passOn passes what is due on to what the task has begun to wait for, but not to a task
// that had it before.
func (t *Task) passOn(f *Future) {
	if (f.kind != kindTask || f.task().latest() != t.due) && f.Cancel(t.due) {
		t.due = nil
	}
}

// handOver returns what was due, which is not any more.
func (t *Task) handOver() *Request {
	r := t.due
	t.due = nil
	return r
}

// Redeliver has a request delivered once more, at the next await: the first that was not
// taken back. unheard says that the task's own code has not been told yet.
func (t *Task) Redeliver(unheard bool) {
	t.loop.do(action(func() {
		if t.Asked().Count > 0 && !t.Finished() {
			r := t.again()
			if s := t.known().shield.Load(); s != nil {
				r = s.last
			}
			t.keep(r)
			t.more().unheard = unheard
		}
	}))
}

// again returns a request to be delivered once more: not one that was taken back since; and
// another one, since who has refused the first is to hear of this.
func (t *Task) again() *Request {
	x := t.more()
	if r := x.standing.Load(); r != nil {
		x.newest.Store(r.again())
	}
	return x.newest.Load()
}

// Unheard reports, to the owner, whether a request that the task's own code has not
// been told of is to be delivered.
func (t *Task) Unheard() bool { return t.due != nil && t.more().unheard }

// latest returns the latest request, nil if there was none.
func (t *Task) latest() *Request { return t.known().newest.Load() }

// endedBy returns the first request, which has ended the task's context, nil if there was
// none.
func (t *Task) endedBy() *Request { return t.known().first.Load() }

// heeded is latest without one that was taken back, unless that has ended the task's
// context: then it is the one that did.
func (t *Task) heeded() *Request {
	if t.Cancelling() == 0 {
		return t.endedBy()
	}
	return t.latest()
}

// Standing returns the first request since there was none that was not taken back, but
// for those of Interrupt; nil if there is none, or it may be one that a shield holds. It is
// for whom a request has gone to.
func (t *Task) Standing() *Request {
	if x := t.known(); x.shield.Load() == nil {
		return x.standing.Load()
	}
	return nil
}

// Cancelling returns how many requests were made and not taken back.
func (t *Task) Cancelling() int { return int(t.known().cancels.Load()) }

// Uncancel takes one request back and returns how many are left. At none, a
// request that was not delivered yet is dropped.
func (t *Task) Uncancel() int {
	x := t.more()
	for n := x.cancels.Load(); n > 0; n = x.cancels.Load() {
		if x.cancels.CompareAndSwap(n, n-1) {
			if s := x.shield.Load(); s != nil && s.in.Add(-1) < 0 {
				s.in.Add(1) // it is one from outside
			}
			if n == 1 {
				x.standing.Store(nil)
				t.loop.do((*uncancelled)(t))
			}
			return int(n - 1)
		}
	}
	return 0
}

type uncancelled Task

func (u *uncancelled) run(*Loop) {
	if t := (*Task)(u); t.Cancelling() == 0 {
		t.due = nil
		t.known().shield.Load().forget()
	}
}
