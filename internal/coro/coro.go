// Package coro provides stackful coroutines over [iter.Pull] that hand control to
// each other, and tells which goroutine is running.
//
// A coroutine is a goroutine that runs only while it holds a [Baton]. Control changes
// hands without the Go scheduler, which is what makes a switch several times cheaper
// than a channel.
package coro

import "iter"

// Baton is what coroutines, and one goroutine from outside, pass to each other. Whoever
// holds it runs, and all others are blocked.
//
// Invariant: each coroutine brings a seat. Whoever passes the baton takes the seat of
// who gets it. So all are seated but the holder, though seldom in the seat that they
// have brought.
type Baton struct {
	// Holder is who runs; only it may read or set this. The goroutine from outside
	// comes in by setting it to a Coro of its own that Init was not called for.
	Holder *Coro
}

// Coro is one of those who pass a baton.
type Coro struct {
	Self // G of a coroutine is 0 before it has started

	// The seat is what iter.Pull makes: a place in which one goroutine is blocked, and
	// two functions that both exchange the caller, whoever it is, with the one there.
	// They want to be called by turns.
	Next  func() (struct{}, bool)
	Yield func(struct{}) bool
	Inner bool // it is Yield's turn

	// Asked is for others to set before a Pass that is no end of the wait, and for
	// the body to check and clear when it gets the baton.
	Asked bool
	// Ending says that the body is to return.
	Ending bool
	// Depth, Lent and Exiting are for whoever uses the package.
	Depth   uint8
	Lent    bool
	Exiting bool

	in *Coro // in whose seat it sits, or has sat last
}

// swap blocks the caller in the seat of c and wakes who sits there.
func (c *Coro) swap() {
	if c.Inner {
		c.Next()
	} else {
		c.Yield(struct{}{})
	}
}

// Body is what a coroutine runs, and where it is. It is an interface, not a
// function, so that it costs no closure.
type Body interface {
	Coroutine() *Coro
	// Main returns, or exits its goroutine, only when Ending says so. It does not panic.
	Main()
}

// exited is what a call of runtime.Goexit becomes where it would end another goroutine.
type exited struct{ *Coro }

// Init readies a coroutine that runs body from when it first gets the baton.
func Init(body Body) {
	c := body.Coroutine()
	c.in = c
	if portableSeat {
		exchange(c, body)
		return
	}
	c.Next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c := body.Coroutine()
		c.Yield = yield
		c.G = G()
		returned := false
		defer func() {
			if returned {
				return
			}
			v := recover()
			if v == nil {
				// Goexit, which iter.Pull would pass on to the goroutine in End. A panic
				// in place of it can be recovered there.
				v = exited{c}
			}
			panic(v)
		}()
		body.Main()
		returned = true
	})
}

// Pass gives the baton to another and returns when the caller has it again.
//
// The processor mispredicts every return that follows a switch, which for each frame
// between the caller and the switch costs as much as a tenth of the switch. Where that
// counts, in place of Pass(to) stands
//
//	if s := b.Seat(to); s.Inner {
//		s.Next()
//	} else {
//		s.Yield(struct{}{})
//	}
//	if b.Holder != from {
//		b.Forward(from)
//	}
func (b *Baton) Pass(to *Coro) {
	from := b.Holder
	b.Seat(to).swap()
	b.Forward(from)
}

// Seat begins a Pass and returns in whose seat the caller is to be blocked.
func (b *Baton) Seat(to *Coro) *Coro {
	s := to.in
	b.Holder.in = s
	b.Holder = to
	s.Inner = !s.Inner
	return s
}

// Forward ends a Pass: who was woken only because another has ended, as in End, wakes
// who is to have the baton.
func (b *Baton) Forward(c *Coro) {
	for b.Holder != c {
		c.in = b.Holder.in
		c.in.Inner = !c.in.Inner
		c.in.swap()
	}
}

// End ends a coroutine that has nothing to do or wants to end, and returns when its
// goroutine has ended.
func (b *Baton) End(c *Coro) {
	here := b.Holder
	c.Ending = true
	defer func() {
		b.Holder = here
		if v := recover(); v != nil && v != (exited{c}) {
			panic(v)
		}
	}()
	// When a coroutine ends, the runtime wakes who sits in its seat, which therefore
	// has to be the caller. Who sits there now takes the place of c, and wakes it.
	b.Holder, here.in = c, c
	c.Inner = !c.Inner
	c.swap()
}
