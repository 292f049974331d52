package engine

import (
	"sync/atomic"
	"time"
)

// handleState is the state of a handle. A callback waiting for a future is
// Armed until that is done, then Committed: it will run, and cannot be removed.
//
//	Armed → Committed → Ran
//	Armed → Ran (CallSoon and CallAt), Armed → Dropped
//	Ran → Late
type handleState = uint32

const (
	armed handleState = iota
	committed
	ran
	dropped
	late // Cancel was called when it had run
)

// Handle is a callback that is to run once.
type Handle struct {
	// Written once, then of whoever moves state out of Armed: to call fn, or to let go
	// of it.
	fn   func()
	face any

	// Written once.
	loop  *Loop
	when  time.Duration // of At
	timed bool          // At was called

	// Any goroutine.
	state atomic.Uint32

	// Owner.
	timer timer
}

// Init readies h to call fn on l. face is handed back in reports.
func (h *Handle) Init(l *Loop, fn func(), face any) {
	h.loop, h.fn, h.face = l, fn, face
}

// InitTo is Init with what is called by itself, which spares the closure.
func (h *Handle) InitTo(l *Loop, to Fired) { h.loop, h.face = l, to }

// Fired is what a handle can call. It is also what Face returns, or else what its own
// Face returns.
type Fired interface{ Fire() }

// CodeAt is a handle's face that is the address of its callback, to name it when the handle has let
// go of it.
type CodeAt uintptr

// Face returns what reports are to name.
func (h *Handle) Face() any {
	if f, ok := h.face.(interface{ Face() any }); ok {
		return f.Face()
	}
	return h.face
}

// Soon makes the callback ready.
func (h *Handle) Soon() { h.give() }

// give has the owner set the callback, or drops it if the loop is closed already: who
// asks the handle next is to see that, also if another goroutine owns the loop just now.
func (h *Handle) give() {
	if l := h.loop; l.closed.Load() {
		h.drop()
	} else {
		l.do((*given)(h))
	}
}

// At makes the callback ready at the given time since the loop's epoch.
func (h *Handle) At(when time.Duration) {
	h.when, h.timed = when, true
	h.give()
}

// When returns the moment given to At, the zero time without one.
func (h *Handle) When() time.Time {
	if !h.timed {
		return time.Time{}
	}
	return h.loop.Driver.Epoch().Add(h.when)
}

// After makes the callback ready when f is done.
func (h *Handle) After(f *Future) { h.loop.addListener(f, h) }

// Cancel keeps the callback from running and reports whether it did so.
func (h *Handle) Cancel() bool {
	if h.loop == nil {
		return false // a zero Handle, which will not run
	}
	if !h.drop() {
		h.state.CompareAndSwap(ran, late)
		return false
	}
	h.loop.do((*unset)(h))
	return true
}

// Remove takes back After; it reports false once f is done.
func (h *Handle) Remove(f *Future) bool {
	if f.Finished() || !h.drop() {
		return false
	}
	h.loop.dropListener(f, h)
	return true
}

// drop keeps an armed callback from running, and lets go of what it has captured:
// whoever holds the handle must not hold that too.
func (h *Handle) drop() bool {
	if !h.state.CompareAndSwap(armed, dropped) {
		return false
	}
	h.fn = nil
	return true
}

// Dropped reports whether Cancel or Remove came in time.
func (h *Handle) Dropped() bool { return h.state.Load() == dropped }

// Cancelled reports whether Cancel was called, or the loop has refused the callback.
func (h *Handle) Cancelled() bool {
	s := h.state.Load()
	return s == dropped || s == late
}

// done comes before a Cancel, and then the callback will run, or does nothing.
func (h *Handle) done(l *Loop) {
	if !l.closed.Load() && h.state.CompareAndSwap(armed, committed) {
		l.ready.push(h)
	}
}

func (h *Handle) run(l *Loop) {
	if h.state.CompareAndSwap(armed, ran) || h.state.CompareAndSwap(committed, ran) {
		l.calling = h
		if fn := h.fn; fn != nil {
			h.fn = nil // what it has captured must not outlive it
			fn()
		} else {
			h.face.(Fired).Fire()
		}
		l.calling = nil
	}
}

type given Handle

func (g *given) run(l *Loop) {
	h := (*Handle)(g)
	switch {
	case l.closed.Load():
		h.drop()
	case !h.timed:
		l.ready.push(h)
	case h.state.Load() == armed:
		h.timer.fires = h
		l.timers.add(&h.timer, h.when)
	}
}

type unset Handle

func (s *unset) run(l *Loop) { l.timers.remove(&s.timer) }
