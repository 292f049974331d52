package asyncio

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
	"github.com/asyncio-go/asyncio/internal/errwalk"
)

// TimeoutScope is a [Timeout] that one has in hand: [NewTimeout] makes it, Do is the block
// that it limits, and meanwhile Reschedule moves its deadline. Every method may be called from
// any goroutine. (asyncio.Timeout)
type TimeoutScope struct {
	// Written once.
	plan       *timeoutPlan  // what Do is to do, nil in one of Timeout, which nobody has in hand
	loop       *engine.Loop  // this and what follows by Do, before it is active
	task       *engine.Task  // who is in it, nil for a goroutine that is no task
	window     engine.Window // its own deadline is this one
	cancelling engine.Asked  // requests to cancel the task that were there before

	// Written by the owner of the loop, and by Do as it begins; read by any goroutine.
	state atomic.Uint32 // a timeoutState

	// Owner of the loop.
	moved bool            // there has been a timer; beside state, or the object would be bigger
	timer *engine.Handle  // nil if none is set
	first engine.Handle   // the first timer, here so that a timeout is one allocation
	own   *engine.Request // by which it has cancelled the task
}

// timeoutPlan is the deadline of a timeout that has not begun.
type timeoutPlan struct {
	after time.Duration
	at    time.Time
	fixed bool // at counts
}

// timeoutState is where a timeout is.
//
//	created → entering → active      Do has been called
//	active → finished                body has returned in time
//	active → expiring → expired      the task was cancelled; body has returned
//
// The first is active, where one of Timeout begins.
type timeoutState uint32

const (
	timeoutActive timeoutState = iota
	timeoutExpiring
	timeoutExpired
	timeoutFinished
	timeoutCreated
	timeoutEntering
)

func (s timeoutState) String() string {
	return [...]string{"active", "expiring", "expired", "finished", "created", "created"}[s]
}

// Timeout calls body and cancels the calling task if body takes longer than d on the loop's
// clock: the await that body is in, or comes to next, returns a *CancelledError whose Origin
// is OriginTimeout. When body has returned that, also wrapped, Timeout returns an error that
// is ErrTimeout and context.DeadlineExceeded, and not a cancellation, for errors.Is; errors.As
// finds the *CancelledError. If body has joined it with an error of its clean-up, the error is
// ErrTimeout and that one. Any other error of body is returned as it is, and so is nil. If the
// task was cancelled by somebody else as well, also in the same turn, that cancellation is
// returned. Zero or less expires before body's first await is over. That it was this time, and
// none of a task in a group in body, is a question for [Except]. To move the deadline
// meanwhile see [NewTimeout]. (async with asyncio.timeout)
//
// The ctx that body is given ends with the deadline for the standard library, and has it as its
// Deadline, which net/http and gRPC look at; so do the tasks of groups inside. For
// the loop it is ctx: tasks created with it are independent, as in asyncio, and not
// cancelled by the timeout unless they are awaited. For a scope see [WithTimeout].
//
// It is as much of an await point as body. It returns ErrNotInTask in a callback and
// ErrLoopClosed once the loop is closed, without a call of body, and panics without a loop in
// ctx. In a goroutine that is no task, which cannot be cancelled, awaits with the ctx of body
// end at the deadline.
func Timeout(ctx context.Context, d time.Duration, body func(ctx context.Context) error) error {
	loop, _ := engine.Located(ctx)
	now := loop.Now()
	return timeout(ctx, loop, now, engine.After(now, d), &TimeoutScope{}, body)
}

// TimeoutAt is [Timeout] with a moment on the loop's clock. The zero time is no
// deadline. (async with asyncio.timeout_at)
func TimeoutAt(ctx context.Context, when time.Time, body func(ctx context.Context) error) error {
	loop, _ := engine.Located(ctx)
	return timeout(ctx, loop, loop.Now(), sinceEpoch(loop, when), &TimeoutScope{}, body)
}

// NewTimeout makes a timeout whose deadline can be moved: Do calls the body, and d counts
// from then, not from here. It is for one call of Do. (async with asyncio.timeout(d) as tm)
func NewTimeout(d time.Duration) *TimeoutScope { return newTimeoutScope(&timeoutPlan{after: d}) }

// NewTimeoutAt is [NewTimeout] with a moment on the loop's clock. The zero time is no
// deadline, until Reschedule sets one. (async with asyncio.timeout_at(when) as tm)
func NewTimeoutAt(when time.Time) *TimeoutScope {
	return newTimeoutScope(&timeoutPlan{at: when, fixed: true})
}

func newTimeoutScope(p *timeoutPlan) *TimeoutScope {
	tm := &TimeoutScope{plan: p}
	tm.state.Store(uint32(timeoutCreated))
	return tm
}

// Do is [Timeout] with this deadline: its errors are those of Timeout, and it is as much of an
// await point. A second call returns an error without a call of body, also while the first
// goes on; one that could not begin, in a callback or on a closed loop, does not count.
// (Timeout.__aenter__, Timeout.__aexit__)
func (tm *TimeoutScope) Do(ctx context.Context, body func(ctx context.Context) error) error {
	p := tm.planned()
	loop, _ := engine.Located(ctx)
	now := loop.Now()
	due := engine.After(now, p.after)
	if p.fixed {
		due = sinceEpoch(loop, p.at)
	}
	return timeout(ctx, loop, now, due, tm, body)
}

func sinceEpoch(l *engine.Loop, when time.Time) time.Duration {
	if when.IsZero() {
		return engine.Never
	}
	return l.Since(when)
}

// timeout is Timeout and Do.
func timeout(ctx context.Context, loop *engine.Loop, now, due time.Duration, tm *TimeoutScope, body func(context.Context) error) error {
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
	if tm.plan != nil && !tm.state.CompareAndSwap(uint32(timeoutCreated), uint32(timeoutEntering)) {
		return errEntered
	}
	tm.loop, tm.task = loop, task
	tm.window.Init(loop, ctx)
	if task != nil {
		tm.cancelling = task.Asked()
	}
	if loop.Owned() {
		tm.set(now, due)
	} else {
		loop.Call(func() { tm.set(now, due) })
	}
	if tm.plan != nil {
		tm.state.Store(uint32(timeoutActive))
	}
	unwinding := true
	defer func() {
		if unwinding {
			_ = tm.leave(nil) // a panic or Goexit goes on
		}
	}()
	err = body(&tm.window)
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
		tm.task.Interrupt(tm.own, tm.cancelling)
	}
	tm.window.Expire()
}

// leave is CPython's __aexit__, with the error of body.
func (tm *TimeoutScope) leave(err error) error {
	late, unheard := tm.end()
	switch {
	case !late:
		return err
	case tm.task != nil && tm.task.TakeBack(tm.cancelling):
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

var errEntered = errors.New("asyncio: Do of a timeout that has already been entered: make one with NewTimeout for each call")

// Reschedule moves the deadline to a moment on the loop's clock, also one that has
// passed; the zero time is none. It returns an error before Do, and once the timeout has expired or
// is over. From another goroutine it waits for the current step of the loop.
// (Timeout.reschedule)
func (tm *TimeoutScope) Reschedule(when time.Time) (err error) {
	tm.planned()
	if s := timeoutState(tm.state.Load()); s >= timeoutCreated {
		return errors.New("asyncio: Reschedule of a timeout that has not been entered: call it in the body of Do")
	}
	tm.loop.Call(func() {
		if s := timeoutState(tm.state.Load()); s != timeoutActive {
			err = fmt.Errorf("asyncio: Reschedule of a timeout that is %v", s)
			return
		}
		tm.set(tm.loop.Now(), sinceEpoch(tm.loop, when))
	})
	return err
}

// planned returns the plan of a scope that was made by a function.
func (tm *TimeoutScope) planned() *timeoutPlan {
	if tm.plan == nil {
		panic("asyncio: a zero TimeoutScope: make one with NewTimeout or NewTimeoutAt")
	}
	return tm.plan
}

// When returns the deadline, the zero time if there is none. Before Do there is only
// one of NewTimeoutAt. (Timeout.when)
func (tm *TimeoutScope) When() time.Time {
	p := tm.planned()
	if timeoutState(tm.state.Load()) >= timeoutCreated {
		return p.at
	}
	due := tm.window.OwnDeadline()
	if due == engine.Never {
		return time.Time{}
	}
	return tm.loop.Moment(due)
}

// Expired reports whether the deadline has come while body was running.
// (Timeout.expired)
func (tm *TimeoutScope) Expired() bool {
	s := timeoutState(tm.state.Load())
	return s == timeoutExpiring || s == timeoutExpired
}

// String shows the state, and the deadline while it is active.
func (tm *TimeoutScope) String() string {
	if tm.plan == nil {
		return "<Timeout>"
	}
	s := timeoutState(tm.state.Load())
	if s != timeoutActive {
		return fmt.Sprintf("<Timeout [%v]>", s)
	}
	when := "none"
	if w := tm.When(); !w.IsZero() {
		when = w.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("<Timeout [%v] when=%s>", s, when)
}

// GoString is String.
func (tm *TimeoutScope) GoString() string { return tm.String() }
