// Package coro provides stackful coroutines over [iter.Pull] and tells which
// goroutine is running.
//
// A coroutine is a goroutine that runs only between a call to [Coro.Resume] and
// the [Coro.Suspend] that answers it. Control changes hands without the Go
// scheduler, which is what makes a switch several times cheaper than a channel.
package coro

import (
	"iter"
)

// Coro is a coroutine. Its owner calls Init and Resume, its body calls Suspend.
//
// Resume and Suspend are small enough to be inlined, because the processor
// mispredicts every return that follows a switch: a frame between the caller and
// the switch costs as much as a tenth of the switch.
type Coro struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool

	// state is written by whichever side holds control, and read by the other
	// after the switch.
	state State
	// Asked is for the owner to set before a Resume that is no end of the wait,
	// and for the body to check and clear after Suspend.
	Asked bool
	// Depth, Exiting and Hosted are for the body's use.
	Depth   uint8
	Exiting bool
	Hosted  bool
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

// Body is what a coroutine runs, and where it is. It is an interface, not a
// function, so that it costs no closure.
type Body interface {
	Coroutine() *Coro
	Main()
}

// Exited is what Resume panics with when the body has called runtime.Goexit.
type Exited struct{ Coro *Coro }

func (Exited) String() string { return "coroutine called runtime.Goexit" }

// Init readies a coroutine that runs body at the first Resume. A panic in the
// body is re-raised by Resume with the bare value, so a body that cares for the
// stack recovers by itself.
func Init(body Body) {
	body.Coroutine().next, _ = iter.Pull(func(yield func(struct{}) bool) {
		c := body.Coroutine()
		c.yield = yield
		returned := false
		defer func() {
			c.state = Done
			if v := recover(); v != nil {
				panic(v)
			}
			if !returned {
				// Goexit: iter.Pull would end the goroutine that called Resume
				// too. A panic takes its place there, and can be recovered.
				panic(Exited{c})
			}
		}()
		body.Main()
		returned = true
	})
}

// Resume runs the coroutine until its next Suspend or its end.
func (c *Coro) Resume() {
	c.state = Running
	c.next()
}

// Suspend hands control back to Resume. Only the body calls it.
func (c *Coro) Suspend() {
	c.state = Suspended
	c.yield(struct{}{})
}

// State returns where the coroutine is. Only the side in control may ask.
func (c *Coro) State() State { return c.state }
