package asyncio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
	"github.com/asyncio-go/asyncio/internal/errwalk"
)

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
	// Message is what Cancel was given, if anything: Task.Cancel of this task, or of one that has
	// passed it on, and TaskGroup.Cancel. Where a group cancels its tasks since its body was
	// cancelled, that cancellation is Cause, and the message is in there.
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

// asCancellation tells a cancellation from a failure. requested says whether
// context.Canceled is one. Of several errors joined, all must be cancellations: one that is
// not must not be lost. c is the first that the library has made, nil if there is none.
func asCancellation(err error, requested bool) (c *CancelledError, cancelled bool) {
	cancelled = true
	whole := errwalk.Walk(err, func(err error) (deeper, on bool) {
		switch x := err.(type) { //nolint:errorlint // this is the walk
		case *CancelledError:
			if c == nil {
				c = x
			}
			return false, true
		case *PanicError: // whatever its value
			cancelled = false
		case interface{ Unwrap() []error }:
			cancelled = len(x.Unwrap()) > 0
			return true, cancelled
		case interface{ Unwrap() error }:
			if x.Unwrap() != nil {
				return true, true
			}
			cancelled = requested && errwalk.Matches(err, context.Canceled)
		default:
			cancelled = requested && errwalk.Matches(err, context.Canceled)
		}
		return false, cancelled
	})
	return c, cancelled && whole
}

func isCancellation(err error, requested bool) bool {
	_, is := asCancellation(err, requested)
	return is
}

// withoutCancellations returns what is left of an error that joins cancellations with
// others when those are taken out, nil if that is nothing, and whether there were any.
// Whoever has asked for a cancellation, and takes it back, takes it out of what comes
// with it: a clean-up that has failed must not look cancelled.
func withoutCancellations(err error) (taken bool, left error) {
	defer func() {
		if recover() != nil {
			taken, left = false, err // its own methods panic
		}
	}()
	steps := maxWrapping
	return strip(err, &steps)
}

// cleanUpError is withoutCancellations for an error that is no cancellation.
func cleanUpError(err error) error {
	_, left := withoutCancellations(err)
	return cmp.Or(left, err)
}

// maxWrapping is how many errors are looked into. One that leads to itself has no end.
const maxWrapping = 1000

func strip(err error, steps *int) (taken bool, left error) {
	if err == context.Canceled { //nolint:errorlint // this is the walk that errors.Is would do
		return true, nil
	}
	if *steps--; *steps < 0 {
		return false, err
	}
	var inner []error
	switch x := err.(type) { //nolint:errorlint // as above
	case *CancelledError:
		return true, nil
	case *PanicError:
		return false, err // whatever its value
	case *GroupError:
		return x.strip(steps)
	case interface{ Unwrap() []error }:
		inner = x.Unwrap()
	case interface{ Unwrap() error }:
		if e := x.Unwrap(); e != nil {
			inner = []error{e}
		}
	}
	var kept []error
	for _, e := range inner {
		t, l := strip(e, steps)
		taken = taken || t
		if l != nil {
			kept = append(kept, l)
		}
	}
	switch {
	case !taken:
		return false, err
	case kept == nil:
		return true, nil
	case fmt.Sprintf("%T", err) == joinType:
		return true, errors.Join(kept...)
	}
	return true, &strippedError{err, kept}
}

var joinType = fmt.Sprintf("%T", errors.Join(ErrTimeout))

// strippedError is an error that wraps others, without some of them.
type strippedError struct {
	around error // its text, and what it is itself, not what it wraps
	kept   []error
}

func (e *strippedError) Error() string   { return e.around.Error() }
func (e *strippedError) Unwrap() []error { return e.kept }

// Is and As are errors.Is and errors.As as far as around itself goes.
func (e *strippedError) Is(target error) bool {
	if t := reflect.TypeOf(e.around); t.Comparable() && e.around == target {
		return true
	}
	x, ok := e.around.(interface{ Is(error) bool })
	return ok && target != context.Canceled && target != ErrCancelled && x.Is(target)
}

func (e *strippedError) As(target any) bool {
	to := reflect.ValueOf(target).Elem()
	if reflect.TypeOf(e.around).AssignableTo(to.Type()) {
		to.Set(reflect.ValueOf(e.around))
		return true
	}
	x, ok := e.around.(interface{ As(any) bool })
	return ok && x.As(target)
}
