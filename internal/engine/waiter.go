package engine

import (
	"context"
	"unsafe"
)

// Waiter is one caller in a queue of those who wait for a signal. A
// loop task is suspended, any other goroutine is blocked. It goes
//
//	PrepareTask, or else Prepare → Wait → PrepareTask → …
//
// with one Wake, by anybody, between Prepare and the next one; but not after a
// Wait that has failed while a Wake was on its way: then it is left to the
// collector.
//
// Of a task it is a future of the task's loop that only the owner touches, so that
// a switch between two tasks of a loop needs no atomic operation.
type Waiter struct {
	Future
	task   *Task   // nil if no task waits
	ashore *ashore // made for the first goroutine that is no task
	// unwound is told if the task is unwound while it waits; Wait does not return then.
	unwound Unwinder
}

// ashore is what a goroutine that is no task waits for.
type ashore struct {
	told chan struct{} // has room for one
	loop *Loop         // that its context leads to, nil if to none
}

// Unwinder is told that a Wait will not return.
type Unwinder interface{ Unwound() }

// OnUnwind sets who is told. It is called once.
func (w *Waiter) OnUnwind(u Unwinder) { w.unwound, w.kind = u, kindWaiter }

// PrepareTask is Prepare for the common case, a loop task with its own context. It
// reports whether that is so.
func (w *Waiter) PrepareTask(ctx context.Context) bool {
	w.state = uint32(Pending)
	w.err = nil
	t, ok := ctx.(*Task)
	if !ok || !t.runs() {
		return false
	}
	w.task, w.loop = t, t.loop
	return true
}

// Prepare finds out who is calling, by asking the context, whatever that is. It
// returns ErrNotInTask in a callback.
func (w *Waiter) Prepare(ctx context.Context) error {
	at := lookup(ctx)
	t, err := caller(at, at.loop)
	if err != nil {
		return err
	}
	w.task, w.loop = t, nil
	if t != nil {
		w.loop = t.loop
		return nil
	}
	if w.ashore == nil {
		w.ashore = &ashore{told: make(chan struct{}, 1)}
	}
	w.ashore.loop = at.loop
	return nil
}

// Forget lets go of who has waited.
func (w *Waiter) Forget() {
	if w.task == nil {
		w.ashore.loop = nil
	}
	w.task, w.loop = nil, nil
}

// Wait waits for Wake. It fails as Await does: by a cancellation, with the cause
// of a scope that ended, or with ErrLoopClosed.
func (w *Waiter) Wait(ctx context.Context) error {
	if t := w.Enter(ctx); t != nil {
		return t.Rest()
	}
	return w.WaitFrom(ctx)
}

// Enter is to Wait what it is to Await of a future: the common case.
func (w *Waiter) Enter(ctx context.Context) *Task {
	t, ok := ctx.(*Task)
	if !ok || t != w.task || t.thread || t.loop.closed.Load() {
		return nil
	}
	w.listeners, t.waitOn = t, &w.Future
	if t.due != nil {
		t.passOn(&w.Future)
	}
	return t
}

// WaitFrom is Wait where Enter has returned nil. What ctx is asked, to find what may interrupt
// the wait, is users' code: if that panics, who is in the queue of a primitive will not leave
// it by itself.
func (w *Waiter) WaitFrom(ctx context.Context) (err error) {
	asked := false
	defer func() {
		if !asked {
			w.unwound.Unwound()
		}
	}()
	if a := w.ashore; w.task == nil {
		if !toldFirst(a.told, ctx.Done(), a.loop) {
			err = a.loop.endOfBlock(ctx)
		}
		asked = true
		return err
	}
	at := lookup(ctx)
	asked = true
	return wait{t: w.task, f: &w.Future, end: at.interrupts(w.task, ctx)}.do()
}

// Wake ends the wait. From another goroutine it may come before Wait, and it may come
// after the wait has ended in another way.
func (w *Waiter) Wake() {
	switch l := w.loop; {
	case l == nil:
		w.ashore.told <- struct{}{} // it has room: there is one Wake for each Prepare
	case l.owned():
		w.end(Succeeded)
	default:
		l.post((*woken)(w))
	}
}

type woken Waiter

func (w *woken) run(*Loop) { (*Waiter)(w).end(Succeeded) }

// Outside reports whether it is a goroutine that waits and no task.
func (w *Waiter) Outside() bool { return w.task == nil }

// Cancelled reports whether a task of this loop was waiting and is cancelled, but
// has not run since. Who is not on that loop cannot tell.
func (w *Waiter) Cancelled() bool {
	return w.loop != nil && w.loop.owned() && State(w.state) == Cancelled
}

// end is for the owner.
func (w *Waiter) end(s State) {
	if State(w.state) != Pending {
		return
	}
	w.state = uint32(s)
	if t, ok := w.listeners.(*Task); ok { // nobody else waits here
		w.listeners = nil
		w.loop.wake(t)
	}
}

func (f *Future) cancelWaiter(r *Request) bool {
	if State(f.state) != Pending {
		return false
	}
	f.err = f.loop.Hooks.Cancelled(r)
	f.waiter().end(Cancelled)
	return true
}

// unwinder returns who is to be told if a task that waits for f is unwound, nil if f is
// not a Waiter's.
func (f *Future) unwinder() Unwinder {
	if f.kind != kindWaiter {
		return nil
	}
	return f.waiter().unwound
}

func (f *Future) waiter() *Waiter {
	return (*Waiter)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}
