package asyncio

import "context"

// This file looks through wrapping as errors.Is and errors.As do, for errors that a user
// has made: without recursion, and to an end. What an error's own methods do wrong, as to
// panic or to unwrap to itself, makes it one in which nothing is found.

// An error that wraps itself has no end: mostWrapped bounds how many are looked at,
// deepest how far in. So a circle takes a moment, and not a second.
const (
	mostWrapped = 1 << 20
	deepest     = 1 << 17
)

// walk calls visit with err and what it wraps, in the order of errors.Is, as long as that
// asks for more: deeper to look into the error too, on to go on with the next. It reports
// false if it was not visit that has ended it.
func walk(err error, visit func(error) (deeper, on bool)) (whole bool) {
	defer func() {
		if recover() != nil {
			whole = false
		}
	}()
	type layer struct {
		error
		depth int
	}
	rest := append(make([]layer, 0, 8), layer{err, 0})
	for n := 0; len(rest) > 0; n++ {
		err, depth := rest[len(rest)-1].error, rest[len(rest)-1].depth+1
		if n == mostWrapped || depth > deepest {
			return false
		}
		rest = rest[:len(rest)-1]
		deeper, on := visit(err)
		if !on {
			return true
		}
		if !deeper {
			continue
		}
		switch x := err.(type) { //nolint:errorlint // this is the walk
		case interface{ Unwrap() error }:
			if inner := x.Unwrap(); inner != nil {
				rest = append(rest, layer{inner, depth})
			}
		case interface{ Unwrap() []error }:
			all := x.Unwrap()
			for i := len(all) - 1; i >= 0; i-- {
				rest = append(rest, layer{all[i], depth})
			}
		}
	}
	return true
}

// is is errors.Is.
func is(err, target error) (found bool) {
	whole := walk(err, func(err error) (deeper, on bool) {
		found = matches(err, target)
		return true, !found
	})
	return found && whole
}

// matches is errors.Is without looking deeper.
func matches(err, target error) bool {
	if err == target { //nolint:errorlint // this is the walk
		return true
	}
	x, ok := err.(interface{ Is(error) bool })
	return ok && x.Is(target)
}

// find is errors.As for an error of the library's, which is not asked for by As methods.
func find[E error](err error) (e E, found bool) {
	walk(err, func(err error) (deeper, on bool) {
		e, found = err.(E) //nolint:errorlint // this is the walk
		return true, !found
	})
	return e, found
}

// asCancellation tells a cancellation from a failure. requested says whether
// context.Canceled is one. Of several errors joined, all must be cancellations: one that is
// not must not be lost. c is the first that the library has made, nil if there is none.
func asCancellation(err error, requested bool) (c *CancelledError, cancelled bool) {
	cancelled = true
	whole := walk(err, func(err error) (deeper, on bool) {
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
			cancelled = requested && matches(err, context.Canceled)
		default:
			cancelled = requested && matches(err, context.Canceled)
		}
		return false, cancelled
	})
	return c, cancelled && whole
}

func isCancellation(err error, requested bool) bool {
	_, is := asCancellation(err, requested)
	return is
}
