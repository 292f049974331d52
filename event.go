package asyncio

import (
	"context"
	"math"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Event is a flag that tasks and goroutines can wait for. Its zero value is unset.
// Every method may be called from any goroutine. It must not be copied after first
// use. (asyncio.Event)
type Event struct {
	monitor
	set     bool
	waiters waitQueue
}

// Wait waits until the flag is set. It is an await point if the flag is not set;
// otherwise it returns at once. Who was woken by Set returns also if Clear follows
// before it has run. (Event.wait)
//
// If the caller is cancelled while it waits, Wait returns the *CancelledError; if
// ctx is a scope that ends, its cause. It returns ErrNotInTask in a callback, and
// ErrLoopClosed once the loop is closed.
func (e *Event) Wait(ctx context.Context) error {
	e.lock()
	if e.set {
		e.unlock()
		return nil
	}
	w, err := e.waiters.enter(ctx, &e.monitor, e)
	e.unlock()
	if err != nil {
		return err
	}
	err = w.Wait(ctx)
	e.waiters.leave(w, err)
	e.unlock()
	return err
}

func (e *Event) gaveUp(*waiter) {}

func (e *Event) about() engine.About {
	return engine.About{Of: e, Op: "Event.Wait", State: e.String()}
}

// Set sets the flag and wakes all that wait, in the order in which they came.
// (Event.set)
func (e *Event) Set() {
	e.lock()
	defer e.unlock()
	if !e.set {
		e.set = true
		e.waiters.wakeAll(&e.monitor, math.MaxInt)
	}
}

// Clear resets the flag. (Event.clear)
func (e *Event) Clear() {
	e.lock()
	defer e.unlock()
	e.set = false
}

// IsSet reports whether the flag is set. (Event.is_set)
func (e *Event) IsSet() bool {
	e.lock()
	defer e.unlock()
	return e.set
}

// String shows whether the event is set and how many wait for it.
func (e *Event) String() string {
	e.lock()
	defer e.unlock()
	state := "unset"
	if e.set {
		state = "set"
	}
	return describe("Event", state, &e.waiters)
}

// GoString is String.
func (e *Event) GoString() string { return e.String() }
