package engine

import "context"

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

// Request is one request for cancellation. It is not changed once it was made.
type Request struct {
	Message string
	Origin  Origin
	By      *Task // who asked, nil if it was no task of this loop
	Cause   error // what a context or the loop gave as the reason

	kind error // what Err of a scope ended by this returns; nil means context.Canceled
}

// Deadline reports whether the request is the end of a scope by its deadline.
func (r *Request) Deadline() bool { return r.kind == context.DeadlineExceeded }

func (r *Request) err() error {
	if r.kind != nil {
		return r.kind
	}
	return context.Canceled
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
	if t.Finished() {
		_ = t.retrieve() // as CPython: the caller has dealt with the error
		return false
	}
	t.cancels.Add(1)
	t.endContext(r)
	t.more().standing.CompareAndSwap(nil, r)
	if l := t.loop; l.owned() {
		if !t.leave() {
			t.deliver(r)
		}
		t.more().links.end(r)
	} else {
		l.post(&delivery{t, r, false})
	}
	return true
}

// Interrupt is Cancel by one who will take the request back with Uncancel: the
// task's context, which could not open again, does not end by it.
func (t *Task) Interrupt(r *Request) {
	if t.Finished() {
		return
	}
	t.cancels.Add(1)
	t.more().request.Store(r)
	if t.loop.owned() {
		t.deliver(r)
	} else {
		t.loop.post(&delivery{t, r, true})
	}
}

// Redeliver has a request delivered once more, at the next await: the first that was not
// taken back. unheard says that the task's own code has not been told yet.
func (t *Task) Redeliver(unheard bool) {
	t.loop.do(action(func() {
		if t.cancels.Load() > 0 && !t.Finished() {
			if r := t.more().standing.Load(); r != nil {
				t.more().request.Store(r) // not one that was taken back since
			}
			t.mustCancel, t.unheard = true, unheard
		}
	}))
}

// Unheard reports, to the owner, whether a request that the task's own code has not
// been told of is to be delivered.
func (t *Task) Unheard() bool { return t.mustCancel && t.unheard }

// delivery is a request from another goroutine. One that was taken back by
// Uncancel before it arrived is not delivered.
type delivery struct {
	t         *Task
	r         *Request
	temporary bool // it is an interruption
}

func (d *delivery) run(*Loop) {
	if d.t.cancels.Load() > 0 && !d.t.Finished() && (d.temporary || !d.t.leave()) {
		d.t.deliver(d.r)
	}
	if !d.temporary {
		d.t.more().links.end(d.r) // those are contexts, which do not open again
	}
}

// deliver passes a request to what the task waits for, or keeps it for the next
// step. The second way is also taken when the wait is over but the task has not
// run yet: then the cancellation wins over the result.
func (t *Task) deliver(r *Request) {
	if t.waitOn == nil || !t.waitOn.Cancel(r) {
		t.mustCancel, t.unheard = true, false
		t.unpark()
	}
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
// for those of Interrupt; nil if there is none.
func (t *Task) Standing() *Request {
	if x := t.extra.Load(); x != nil {
		return x.standing.Load()
	}
	return nil
}

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
