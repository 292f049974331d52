// Package coro provides stackful coroutines over [iter.Pull] and tells which
// goroutine is running.
//
// A coroutine is a goroutine that runs only between a call to [Coro.Resume] and
// the [Coro.Suspend] that answers it. Control changes hands without the Go
// scheduler, which is what makes a switch several times cheaper than a channel.
package coro

import (
	"iter"
	"runtime"
)

// Coro is a coroutine. Its owner calls New, Resume and Unwind, one at a time;
// its body calls Suspend.
type Coro struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool

	// state moves Idle → Running ⇄ Suspended → Done. Written by whichever side
	// holds control, read by the other after the switch.
	state State
	// exiting is set while a runtime.Goexit called in the body waits, its
	// defers already run, for the goroutine to be let go.
	exiting bool
	// unwind asks the suspended body to run its defers and end.
	unwind bool
}

// State says where a coroutine is in its life.
type State uint8

// The states of a coroutine.
const (
	Idle      State = iota // made, body not entered
	Running                // between Resume and Suspend
	Suspended              // in Suspend, waiting for Resume
	Done                   // body has returned or exited
)

// Init makes c a coroutine that runs body at the first Resume. A panic in the
// body is re-raised by Resume with the bare value, so a body that cares for the
// stack recovers by itself.
func (c *Coro) Init(body func()) {
	c.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		returned := false
		defer func() {
			c.state = Done
			if v := recover(); v != nil {
				panic(v)
			}
			if !returned {
				// Goexit: iter.Pull would end the goroutine that called Resume
				// too. Hand control back first; letGo finishes this one later.
				c.exiting = true
				yield(struct{}{})
			}
		}()
		body()
		returned = true
	})
}

// Resume runs the coroutine until its next Suspend or its end.
func (c *Coro) Resume() {
	c.state = Running
	c.next()
	if c.exiting {
		c.letGo()
	}
}

// Suspend hands control back to Resume. Only the body calls it.
func (c *Coro) Suspend() {
	c.state = Suspended
	c.yield(struct{}{})
	if c.unwind {
		runtime.Goexit()
	}
}

// Unwind ends a suspended coroutine: its deferred calls run, the code after its
// Suspend does not. They may not Suspend again. In any other state it does
// nothing.
func (c *Coro) Unwind() {
	if c.state == Suspended {
		c.unwind = true
		c.Resume()
	}
}

// State returns where the coroutine is. Only the side in control may ask.
func (c *Coro) State() State { return c.state }

// letGo lets the goroutine of a coroutine that called Goexit end. The resume
// that does so exits with it, hence a goroutine made for the purpose.
func (c *Coro) letGo() {
	c.exiting = false
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.next()
	}()
	<-gone
}
