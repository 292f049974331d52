package engine

import (
	"context"
	"sync/atomic"
)

// State is the state of a future or a task as every goroutine may see it. It
// moves once:
//
//	Pending → Settling → Succeeded | Failed | Cancelled
//
// Settling is entered by the one caller that won the right to complete a future;
// it writes the outcome and then publishes the final state. A task is completed
// by its loop alone and goes straight from Pending to its end.
type State uint32

// The states of a future.
const (
	Pending State = iota
	Settling
	Succeeded
	Failed
	Cancelled
)

// Final reports whether s is final.
func (s State) Final() bool { return s > Settling }

func (s State) String() string {
	return [...]string{"pending", "pending", "finished", "failed", "cancelled"}[s]
}

// Future is a value to come. The typed face embeds it beside the value.
//
// Invariants: listeners is nil once the state is final and they were told; err
// is written before the final state is published and never after; a Failed future
// holds a *failure, and in debug mode also a task that has succeeded; but not a joint,
// whose error is that of a part.
type Future struct {
	// Written once.
	loop *Loop

	// Any goroutine, but of a waiter's or a sleep's future only the owner.
	state  uint32     // accessed atomically where not only the owner does
	kind   futureKind // written once
	role   Role       // written once
	phase  phase      // of a task, and the owner's; it is here because here is room
	thread bool       // of a task, that it is a Go task; likewise, but written once
	err    error      // readable once state is final

	// Owner of the loop: nil, the one listener that most futures have, or *several.
	listeners listener
}

type futureKind uint8

const (
	kindFuture  futureKind = iota
	kindSleep              // a fiber's own sleep
	kindWaiter             // embedded in a Waiter
	kindTask               // embedded in a Task; from here on it is the ends of others that end it
	kindJoint              // embedded in a Joint
	kindMembers            // embedded in a Members
)

// Init attaches a new future to the loop of ctx.
func (f *Future) Init(ctx context.Context) {
	f.loop = locate(ctx).loop
}

// Loop returns the future's loop.
func (f *Future) Loop() *Loop {
	if f.loop == nil {
		panic(zeroFuture)
	}
	return f.loop
}

const zeroFuture = "asyncio: this is a zero Task or Future: make one with CreateTask, Go or NewFuture"

// State returns the state as of now.
func (f *Future) State() State { return State(atomic.LoadUint32(&f.state)) }

// Finished reports whether the outcome is there.
func (f *Future) Finished() bool { return f.State().Final() }

// Outcome returns the error of a finished future, nil if it succeeded, and takes
// note that somebody has seen it. Before the end it returns ErrInvalidState.
func (f *Future) Outcome() error {
	if !f.Finished() {
		return errNotDone
	}
	return f.retrieve()
}

// Peek is Outcome for who passes the error on, and is not the one who is told of it: to
// have heard of a success is enough.
func (f *Future) Peek() error {
	if !f.Finished() {
		return errNotDone
	}
	x, ok := f.err.(*failure)
	if !ok {
		return f.err
	}
	x.awaited()
	return x.err
}

func (f *Future) retrieve() error {
	if x, ok := f.err.(*failure); ok {
		x.heard()
		return x.err
	}
	return f.err
}

// Claim wins the right to complete the future. The winner writes its value and
// must then call Settle.
func (f *Future) Claim() bool {
	return atomic.CompareAndSwapUint32(&f.state, uint32(Pending), uint32(Settling))
}

// Settle completes a claimed future. Waiters become ready on the next turn.
func (f *Future) Settle(s State, err error) {
	f.publish(s, err)
	f.loop.do((*settled)(f))
}

func (f *Future) publish(s State, err error) {
	if s == Failed && f.kind != kindJoint {
		err = &failure{err: err, loop: f.loop}
	}
	f.err = err
	atomic.StoreUint32(&f.state, uint32(s))
}

// Cancel completes a pending future as cancelled.
func (f *Future) Cancel(r *Request) bool {
	switch f.kind {
	case kindTask:
		return f.task().Cancel(r)
	case kindWaiter:
		return f.cancelWaiter(r)
	case kindJoint:
		if f.joint().Passes {
			return f.pass(r)
		}
	}
	return f.cancelPlain(r)
}

// cancelPlain is Cancel of one that no others hear of.
func (f *Future) cancelPlain(r *Request) bool {
	if !f.Claim() {
		return false
	}
	f.Settle(Cancelled, f.loop.Hooks.Cancelled(r))
	return true
}

// settled is a completed future on its way to its listeners.
type settled Future

func (s *settled) run(l *Loop) { (*Future)(s).schedule(l) }

// schedule tells every listener, in order. It may be called again: a future
// completed by another goroutine is done before its listeners are scheduled, and
// whoever finds it so on the loop schedules them first.
func (f *Future) schedule(l *Loop) {
	if x, ok := f.err.(*failure); ok && !x.minded {
		x.minded = true
		l.mind(f, x)
	}
	switch w := f.listeners.(type) {
	case nil:
	case *Task: // as below, without the call through the interface: most are tasks
		f.listeners = nil
		l.wake(w)
	default:
		f.listeners = nil
		w.done(l)
	}
}
