package asyncio

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
	"github.com/asyncio-go/asyncio/internal/errwalk"
)

// TimeoutScope is the deadline of a [Timeout] that is going on. Every method may be
// called from any goroutine. (asyncio.Timeout)
type TimeoutScope struct {
	// Written once.
	loop       *engine.Loop
	task       *engine.Task  // who is in it, nil for a goroutine that is no task
	window     engine.Window // its own deadline is this one
	cancelling int           // requests to cancel the task that were there before

	// Written by the owner of the loop, read by any goroutine.
	state atomic.Uint32 // a timeoutState

	// Owner of the loop.
	timer *engine.Handle  // nil if none is set
	first engine.Handle   // the first timer, here so that a timeout is one allocation
	moved bool            // there has been one
	own   *engine.Request // by which it has cancelled the task
}

// timeoutState is where a timeout is.
//
//	active → finished                body has returned in time
//	active → expiring → expired      the task was cancelled; body has returned
type timeoutState uint32

const (
	timeoutActive timeoutState = iota
	timeoutExpiring
	timeoutExpired
	timeoutFinished
)

func (s timeoutState) String() string {
	return [...]string{"active", "expiring", "expired", "finished"}[s]
}

// Timeout calls body and cancels the calling task if body takes longer than d on the
// loop's clock: the await that body is in, or comes to next, returns a
// *CancelledError whose Origin is OriginTimeout. When body has returned that, also
// wrapped, Timeout returns an error that is ErrTimeout and context.DeadlineExceeded,
// and not a cancellation, for errors.Is; errors.As finds the *CancelledError. If body has
// joined it with an error of its clean-up, the error is ErrTimeout and that one. Any
// other error of body is returned as it is, and so is nil. If the task was cancelled
// by somebody else as well, also in the same turn, that cancellation is returned. Zero or less expires
// before body's first await is over. (async with asyncio.timeout)
//
// The ctx that body is given ends with the deadline for the standard library. For
// the loop it is ctx: tasks created with it are independent, as in asyncio, and not
// cancelled by the timeout unless they are awaited. For a scope see [WithTimeout].
//
// It is as much of an await point as body. It returns ErrNotInTask in a callback and
// ErrLoopClosed once the loop is closed, without a call of body, and panics without a loop in ctx. In a goroutine that is no task, which cannot be
// cancelled, awaits with the ctx of body end at the deadline.
func Timeout(ctx context.Context, d time.Duration, body func(ctx context.Context, tm *TimeoutScope) error) error {
	loop, _ := engine.Located(ctx)
	now := loop.Now()
	return timeout(ctx, loop, now, engine.After(now, d), body)
}

// TimeoutAt is [Timeout] with a moment on the loop's clock. The zero time is no
// deadline, until Reschedule sets one. (async with asyncio.timeout_at)
func TimeoutAt(ctx context.Context, when time.Time, body func(ctx context.Context, tm *TimeoutScope) error) error {
	loop, _ := engine.Located(ctx)
	return timeout(ctx, loop, loop.Now(), sinceEpoch(loop, when), body)
}

func sinceEpoch(l *engine.Loop, when time.Time) time.Duration {
	if when.IsZero() {
		return engine.Never
	}
	return l.Since(when)
}

func timeout(ctx context.Context, loop *engine.Loop, now, due time.Duration, body func(context.Context, *TimeoutScope) error) error {
	if body == nil {
		panic("asyncio: Timeout of a nil body")
	}
	task, err := engine.Caller(ctx)
	if err != nil {
		return err
	}
	if loop.Closed() {
		return ErrLoopClosed // its deadline would never come
	}
	tm := &TimeoutScope{loop: loop, task: task}
	tm.window.Init(loop, ctx)
	if task != nil {
		tm.cancelling = task.Cancelling()
	}
	if loop.Owned() {
		tm.set(now, due)
	} else {
		loop.Call(func() { tm.set(now, due) })
	}
	unwinding := true
	defer func() {
		if unwinding {
			_ = tm.leave(nil) // a panic or Goexit goes on
		}
	}()
	err = body(&tm.window, tm)
	unwinding = false
	return tm.leave(err)
}

// set has the owner set the timer.
func (tm *TimeoutScope) set(now, due time.Duration) {
	if tm.timer != nil {
		tm.timer.Cancel()
		tm.timer = nil
	}
	tm.window.SetDeadline(due)
	if due == engine.Never {
		return
	}
	tm.timer = &tm.first
	if tm.moved {
		tm.timer = &engine.Handle{} // the first may be about to run
	}
	tm.moved = true
	tm.timer.InitTo(tm.loop, (*timeoutDeadline)(tm))
	if due <= now {
		tm.timer.Soon()
	} else {
		tm.timer.At(due)
	}
}

// timeoutDeadline is what a timeout's timer is called.
type timeoutDeadline TimeoutScope

func (d *timeoutDeadline) String() string {
	if d.task == nil {
		return "the deadline of a Timeout"
	}
	return "the deadline of a Timeout of " + taskName(d.task)
}

// LoopClosed is for when the deadline will not come.
func (d *timeoutDeadline) LoopClosed() { d.window.LoopClosed() }

// Fire is the deadline.
func (d *timeoutDeadline) Fire() {
	tm := (*TimeoutScope)(d)
	tm.timer = nil
	tm.state.Store(uint32(timeoutExpiring))
	if tm.task != nil {
		tm.own = &engine.Request{Origin: engine.OriginTimeout}
		tm.task.Interrupt(tm.own)
	}
	tm.window.Expire()
}

// leave is CPython's __aexit__, with the error of body.
func (tm *TimeoutScope) leave(err error) error {
	late, unheard := tm.end()
	switch {
	case !late:
		return err
	case tm.task != nil && tm.task.Uncancel() > tm.cancelling:
		return bySomebodyElse(tm.task, err, tm.own)
	case err == nil && unheard:
		return &expiredError{} // body could not be told
	case err == nil:
		return nil // body made nothing of it
	}
	return asTimeout(err)
}

// bySomebodyElse returns err, by which a task leaves a scope that has cancelled it, or if
// that is the scope's own request, the cancellation by who else has asked for one.
func bySomebodyElse(t *engine.Task, err error, own *engine.Request) error {
	if r := t.Standing(); r != nil {
		if c, cancelled := asCancellation(err, true); cancelled && c != nil && c.request == own {
			return newCancelledError(r)
		}
	}
	return err
}

// end has the owner end it, and reports whether that was too late, and whether body
// could not be told.
func (tm *TimeoutScope) end() (late, unheard bool) {
	if !tm.loop.Owned() {
		return tm.endFromOutside()
	}
	unheard = tm.task != nil && tm.task.Unheard()
	if tm.timer != nil {
		tm.timer.Cancel()
		tm.timer = nil
	}
	state := timeoutFinished
	if timeoutState(tm.state.Load()) == timeoutExpiring {
		state, late = timeoutExpired, true
	}
	tm.state.Store(uint32(state))
	tm.window.End(leftTimeout)
	return late, unheard
}

func (tm *TimeoutScope) endFromOutside() (late, unheard bool) {
	tm.loop.Call(func() { late, unheard = tm.end() })
	return late, unheard
}

var leftTimeout = &engine.Request{Origin: engine.OriginContext, Cause: context.Canceled, Shared: true}

// asTimeout makes a timeout of the error by which a body shows that it was stopped. What
// is joined with that stays.
func asTimeout(err error) error {
	if isCancellation(err, true) {
		return newExpiredError(err)
	}
	switch taken, left := withoutCancellations(err); {
	case left == nil:
		return newExpiredError(err)
	case taken:
		return fmt.Errorf("%w: %w", newExpiredError(err), left)
	case errwalk.Is(err, context.DeadlineExceeded) && !errwalk.Is(err, ErrTimeout):
		return fmt.Errorf("%w: %w", ErrTimeout, err) // the standard library saw it first
	}
	return err
}

func newExpiredError(err error) error {
	c, _ := errwalk.Find[*CancelledError](err)
	return &expiredError{c}
}

// expiredError is ErrTimeout with the cancellation that it took the place of. It
// must not be a cancellation for errors.Is: who returns it has not been cancelled.
type expiredError struct{ cancelled *CancelledError }

func (e *expiredError) Error() string   { return ErrTimeout.Error() }
func (e *expiredError) Timeout() bool   { return true }
func (e *expiredError) Temporary() bool { return true }

func (e *expiredError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

func (e *expiredError) As(target any) bool {
	p, ok := target.(**CancelledError)
	if ok && e.cancelled != nil {
		*p = e.cancelled
		return true
	}
	return false
}

// Reschedule moves the deadline to a moment on the loop's clock, also one that has
// passed; the zero time is none. It returns an error once the timeout has expired or
// is over. From another goroutine it waits for the current step of the loop.
// (Timeout.reschedule)
func (tm *TimeoutScope) Reschedule(when time.Time) (err error) {
	tm.made().Call(func() {
		if s := timeoutState(tm.state.Load()); s != timeoutActive {
			err = fmt.Errorf("asyncio: Reschedule of a timeout that is %v", s)
			return
		}
		tm.set(tm.loop.Now(), sinceEpoch(tm.loop, when))
	})
	return err
}

// made returns the loop of a scope that Timeout has made.
func (tm *TimeoutScope) made() *engine.Loop {
	if tm.loop == nil {
		panic("asyncio: a zero TimeoutScope: use the one that Timeout gives to its body")
	}
	return tm.loop
}

// When returns the deadline, the zero time if there is none. (Timeout.when)
func (tm *TimeoutScope) When() time.Time {
	loop, due := tm.made(), tm.window.OwnDeadline()
	if due == engine.Never {
		return time.Time{}
	}
	return loop.Moment(due)
}

// Expired reports whether the deadline has come while body was running.
// (Timeout.expired)
func (tm *TimeoutScope) Expired() bool {
	s := timeoutState(tm.state.Load())
	return s == timeoutExpiring || s == timeoutExpired
}

// String shows the state, and the deadline while it is active.
func (tm *TimeoutScope) String() string {
	s := timeoutState(tm.state.Load())
	if s != timeoutActive {
		return fmt.Sprintf("<Timeout [%v]>", s)
	}
	when := "none"
	if tm.loop == nil {
		return "<Timeout>"
	}
	if w := tm.When(); !w.IsZero() {
		when = w.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("<Timeout [%v] when=%s>", s, when)
}

// GoString is String.
func (tm *TimeoutScope) GoString() string { return tm.String() }
