package engine

import (
	"sync/atomic"
	"time"
)

// Never is the moment of a timer that does not fire.
const Never = time.Duration(1<<63 - 1)

// Driver is the engine's only source of time and its only way to wait.
type Driver interface {
	// Epoch is the moment from which Now counts.
	Epoch() time.Time
	// Now is the time since Epoch. Any goroutine may ask.
	Now() time.Duration
	// Wait returns when w.Until has come or after Wake, whichever is first; too
	// early is harmless. Only the owner of the loop calls it.
	Wait(w Waiting)
	// Wake makes a Wait in progress, or else the next one, return. Any goroutine
	// may call it.
	Wake()
}

// Waiting says what a loop with nothing to do is waiting for.
type Waiting struct {
	// Until is when the first timer is due, Never if there is none.
	Until time.Duration
	// Busy is the number of Go tasks at work. Before it gets less the loop is woken.
	Busy int
	// Steps is how many steps are ready, which wait for the Go tasks at work to come to
	// rest: see Explore. The driver may also return when it sees that they are blocked.
	Steps int
	// Woken reports whether another goroutine has called in, for drivers that
	// wait for a condition instead of a signal.
	Woken func() bool
}

// wall drives a loop by the machine's monotonic clock.
type wall struct {
	epoch time.Time
	bell
	timer *time.Timer
}

// NewWall returns the driver for real time.
func NewWall() Driver {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &wall{epoch: time.Now(), bell: newBell(), timer: t}
}

func (w *wall) Epoch() time.Time   { return w.epoch }
func (w *wall) Now() time.Duration { return time.Since(w.epoch) }

func (w *wall) Wait(x Waiting) {
	if x.Until == Never {
		<-w.bell
		return
	}
	d := x.Until - w.Now()
	if d <= 0 {
		return
	}
	w.timer.Reset(d)
	select {
	case <-w.bell:
		w.timer.Stop()
	case <-w.timer.C:
	}
}

// bell wakes one who waits for it, or else the next. It holds one ring at the most.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

// Wake rings it.
func (b bell) Wake() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// virtual drives a loop by a clock that jumps to the next timer when nothing can
// run. Go tasks at work hold it: they take no virtual time, but must finish first.
type virtual struct {
	epoch time.Time
	now   atomic.Int64
	bell
}

// NewVirtual returns a driver whose clock starts at epoch and never waits for
// real time.
func NewVirtual(epoch time.Time) Driver {
	return &virtual{epoch: epoch, bell: newBell()}
}

func (v *virtual) Epoch() time.Time   { return v.epoch }
func (v *virtual) Now() time.Duration { return time.Duration(v.now.Load()) }

func (v *virtual) Wait(x Waiting) {
	if x.Busy > 0 || x.Until == Never {
		<-v.bell
		return
	}
	v.now.Store(int64(max(x.Until, v.Now())))
}
