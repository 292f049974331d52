package asyncio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
)

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
