package asyncio

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
)

var (
	// ErrCancelled is what every *CancelledError is for errors.Is. Returning it
	// from a coroutine ends the task as cancelled. (asyncio.CancelledError)
	ErrCancelled error = &CancelledError{}

	// ErrTimeout is returned when a deadline on the loop's clock has passed. It is
	// context.DeadlineExceeded for errors.Is. (asyncio.TimeoutError)
	ErrTimeout = engine.ErrTimeout

	// ErrInvalidState is returned by Result and Err before the end, and by
	// SetResult and SetErr after it. (asyncio.InvalidStateError)
	ErrInvalidState = engine.ErrInvalidState

	// ErrLoopClosed is returned by whatever needs the loop after Close; tasks
	// created from then on come back failed with it. (RuntimeError: Event loop is closed)
	ErrLoopClosed = engine.ErrLoopClosed

	// ErrLoopRunning is returned by Run, RunForever, RunUntilComplete and Close
	// while the loop runs, and by Run when the caller is itself on a loop: create a
	// task instead. (the RuntimeError of asyncio.run and of loop.run_forever)
	ErrLoopRunning = engine.ErrLoopRunning

	// ErrLoopStopped is returned by Run and RunUntilComplete when Stop came before
	// the end of what they ran. (the RuntimeError of loop.run_until_complete)
	ErrLoopStopped = errors.New("asyncio: event loop was stopped before the task was done")

	// ErrGraceExceeded is returned by Run, RunOn and Runner.Close when tasks that were
	// asked to end have not ended within the grace: see [WithGrace]. The text names them, says
	// where they are and what they wait for. What main has returned is joined to it. (not in
	// asyncio, which waits for ever)
	ErrGraceExceeded = errors.New("asyncio: not all ended within the grace")

	// ErrThreadLocked is returned by RunOn, RunForever, RunUntilComplete and Close when
	// tasks wait on the loop that can only go on on a goroutine which is locked to its
	// thread (runtime.LockOSThread) as the one was that has run the loop before. Call
	// them on that goroutine, or lock none while the loop has tasks. (not in asyncio)
	ErrThreadLocked = engine.ErrThreadLocked

	// ErrDeadlock is returned by an await that would close a circle, and so never end: of
	// oneself, or of tasks that wait, directly or not, for the caller, by whatever
	// combinator, in a group, on whichever loops. The text names the tasks. A wait that
	// ends by itself, or by one of several that can still end, closes no circle; nor do
	// futures, locks and queues, which anybody may complete. Who waits for the end of a group
	// cannot leave it: there the tasks of the group that wait for it are told instead.
	ErrDeadlock = engine.ErrDeadlock

	// ErrNotInTask is returned by an await in a callback, which would block the
	// loop. Create a task in the callback instead.
	ErrNotInTask = engine.ErrNotInTask

	// ErrNotAcquired is returned by Release of what is not held, or not by anybody
	// any more, and by Wait and Notify of a Condition whose lock is free. (the
	// RuntimeError, or ValueError, of those methods)
	ErrNotAcquired = errors.New("asyncio: not acquired: call Acquire first, and Release once for each")

	// ErrBrokenBarrier is returned by Barrier.Wait when the barrier was aborted, or
	// reset while the caller waited. (asyncio.BrokenBarrierError)
	ErrBrokenBarrier = errors.New("asyncio: barrier is broken")

	// ErrQueueEmpty is returned by GetNoWait of a queue without items.
	// (asyncio.QueueEmpty)
	ErrQueueEmpty = errors.New("asyncio: queue is empty")

	// ErrQueueFull is returned by PutNoWait of a queue that has its maximum.
	// (asyncio.QueueFull)
	ErrQueueFull = errors.New("asyncio: queue is full")

	// ErrQueueShutDown is returned by Put after Shutdown, and by Get once the items
	// that were left are gone. (asyncio.QueueShutDown)
	ErrQueueShutDown = errors.New("asyncio: queue is shut down")

	// ErrGroupClosed is the error of a task created in a group that is finished, or
	// is cancelling its tasks. (the RuntimeError of TaskGroup.create_task)
	ErrGroupClosed = errors.New("asyncio: task group takes no more tasks")

	// ErrGoexit is the error of a task that called runtime.Goexit, as t.FailNow
	// does. Of a Go task that is all; a loop task's Goexit ends Run as well, and the
	// other tasks are cancelled. (not in asyncio, where SystemExit comes closest)
	ErrGoexit = engine.ErrGoexit
)

var errDoneAlready = fmt.Errorf("%w: done already", ErrInvalidState)

// Origin is the kind of thing that asked for a cancellation. (not in asyncio)
type Origin uint8

// The origins of a cancellation. (not in asyncio)
const (
	OriginCancel   = Origin(engine.OriginCancel)   // a call to Cancel
	OriginTimeout  = Origin(engine.OriginTimeout)  // a deadline on the loop's clock
	OriginGroup    = Origin(engine.OriginGroup)    // a task group that ends its tasks
	OriginContext  = Origin(engine.OriginContext)  // a context that ended
	OriginShutdown = Origin(engine.OriginShutdown) // the end of Run, or Close
)

func (o Origin) String() string {
	switch o {
	case OriginCancel:
		return "Cancel"
	case OriginTimeout:
		return "timeout"
	case OriginGroup:
		return "task group"
	case OriginContext:
		return "context"
	case OriginShutdown:
		return "loop shutdown"
	default:
		return fmt.Sprintf("Origin(%d)", uint8(o))
	}
}

// CancelledError is what an await returns when the task that awaits, or what it
// awaits, was cancelled. It is ErrCancelled and context.Canceled for errors.Is, and
// wraps Cause, but never ErrTimeout or the failure that has ended a task group: who
// asks for such an error of its own must not find somebody else's.
// (asyncio.CancelledError)
//
// A coroutine that receives one cleans up and returns it, as it is or wrapped.
type CancelledError struct {
	// Message is what Cancel was given, if anything.
	Message string
	// Origin is the kind of thing that asked.
	Origin Origin
	// By is the task that asked, nil if none on this loop did.
	By AnyTask
	// Cause is the reason that a context, a group or the loop gave, or the error of
	// the standard library by which the coroutine showed that it was cancelled. Of a
	// scope's deadline it is context.DeadlineExceeded.
	Cause error

	request *engine.Request // of which it tells, nil if it is not the library's
}

func (e *CancelledError) Error() string {
	var b strings.Builder
	b.WriteString("asyncio: cancelled")
	if e.Origin != OriginCancel {
		b.WriteString(" by " + e.Origin.String())
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Cause != nil && e.Origin != OriginTimeout { // that one says it already
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Is makes every cancellation ErrCancelled and context.Canceled.
func (e *CancelledError) Is(target error) bool {
	return target == ErrCancelled || target == context.Canceled
}

// Timeout reports whether it was a deadline, as net.Error has it.
func (e *CancelledError) Timeout() bool { return e.Origin == OriginTimeout }

// Unwrap returns Cause, nil if the origin is a group.
func (e *CancelledError) Unwrap() error {
	if e.Origin == OriginGroup {
		return nil
	}
	return e.Cause
}

// cancelledBy is newCancelledError for the engine.
func cancelledBy(r *engine.Request) error { return newCancelledError(r) }

func newCancelledError(r *engine.Request) *CancelledError {
	e := &CancelledError{Message: r.Message, Origin: Origin(r.Origin), Cause: r.Cause, request: r}
	if r.Origin == engine.OriginTimeout && r.Deadline() {
		e.Cause = context.DeadlineExceeded
	}
	if r.By != nil {
		e.By = r.By.Face().(AnyTask)
	}
	return e
}

// asCancelled tells a cancellation from a failure by what the coroutine returned;
// see the package's rule on errors.
func asCancelled(err error, requested *engine.Request) error {
	if _, ok := err.(*CancelledError); ok { //nolint:errorlint // the common case of what follows
		return err
	}
	switch found, is := asCancellation(err, requested != nil); {
	case !is:
		return nil
	case found != nil:
		return err
	}
	// The standard library's word for it; give it the reason it could not know.
	c := newCancelledError(requested)
	if c.Cause == nil {
		c.Cause = err
	} else {
		c.Cause = fmt.Errorf("%w: %w", c.Cause, err)
	}
	return c
}

func isPanic(err error) bool {
	_, ok := err.(*PanicError) //nolint:errorlint // not one that the task was told of by another
	return ok
}
