package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Window is a context that ends for the standard library alone: on the loop it is what
// it was derived from. Few are ever asked for more than that, so the scope that ends is
// made when it is.
type Window struct {
	// Written once.
	loop   *Loop
	parent context.Context

	// Any goroutine.
	due
	scope atomic.Pointer[Scope]
	over  atomic.Pointer[Request] // its end, which comes before it is looked whether there is a scope
}

// Init derives the window from ctx, which leads to l.
func (w *Window) Init(l *Loop, ctx context.Context) {
	w.loop, w.parent = l, ctx
	w.SetDeadline(Never)
}

// made returns the scope, which ends with the window. Whichever of it and End comes
// second sees what the first has stored.
func (w *Window) made() *Scope {
	if s := w.scope.Load(); s != nil {
		return s
	}
	at := lookup(w.parent)
	s := &Scope{}
	s.init(w.parent, at, Never)
	if !w.scope.CompareAndSwap(nil, s) {
		return w.scope.Load()
	}
	s.enter(at.from)
	if r := w.over.Load(); r != nil {
		s.End(r)
	}
	return s
}

// End ends the window; later calls do nothing.
func (w *Window) End(r *Request) {
	if !w.over.CompareAndSwap(nil, r) {
		return
	}
	if s := w.scope.Load(); s != nil {
		s.End(r)
	}
}

// Expire is End by the deadline.
func (w *Window) Expire() { w.End(expired()) }

// LoopClosed ends a window whose deadline will not come any more.
func (w *Window) LoopClosed() { w.End(loopClosed()) }

// Deadline is the nearest one of this window and of what is above it.
func (w *Window) Deadline() (time.Time, bool) { return w.nearest(w.loop, w.parent) }

// Done returns a channel that closes when the window ends.
func (w *Window) Done() <-chan struct{} { return w.made().Done() }

// Err returns context.Canceled or context.DeadlineExceeded once it has ended.
func (w *Window) Err() error { return w.made().Err() }

// Value returns the values of the context it was derived from.
func (w *Window) Value(key any) any {
	switch key {
	case nodeKey{}:
		return w
	case cancelKey:
		return w.made().Value(key)
	}
	return w.parent.Value(key)
}
