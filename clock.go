package asyncio

import (
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Time returns the time of the loop's clock, the one that CallAt and timeouts go
// by. (loop.time)
func (l *Loop) Time() time.Time { return l.core().Time() }

// WithVirtualClock runs the loop on a clock of its own instead of the machine's. It
// starts at midnight of 2000-01-01 UTC and stands still while anything can run; when
// nothing can, it jumps to the next timer. So a program that sleeps for a year ends at
// once, with the order of events it has in real time, the same in every run: for
// tests and simulations. (not in asyncio)
//
// Go tasks at work hold the clock until they await or end. Other goroutines do not:
// what they ask of the loop may come after a jump. A loop with nothing left to do and
// no timer waits for them, as on the machine's clock. The Deadline of a ctx in a [Timeout] is a
// moment of this clock too: package net, which holds it against the machine's, finds it long past.
func WithVirtualClock() Option {
	return func(o *options) {
		o.Driver = engine.NewVirtual(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
}
