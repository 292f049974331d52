// Package errwalk looks through wrapping as errors.Is and errors.As do, for errors that a
// user has made: without recursion, and to an end. What an error's own methods do wrong, as
// to panic or to unwrap to itself, makes it one in which nothing is found.
package errwalk

// An error that wraps itself has no end: mostWrapped bounds how many are looked at,
// deepest how far in. So a circle takes a moment, and not a second.
const (
	mostWrapped = 1 << 20
	deepest     = 1 << 17
)

// Walk calls visit with err and what it wraps, in the order of errors.Is, as long as that
// asks for more: deeper to look into the error too, on to go on with the next. It reports
// false if it was not visit that has ended it.
func Walk(err error, visit func(error) (deeper, on bool)) (whole bool) {
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

// Is is errors.Is.
func Is(err, target error) (found bool) {
	whole := Walk(err, func(err error) (deeper, on bool) {
		found = Matches(err, target)
		return true, !found
	})
	return found && whole
}

// Matches is errors.Is without looking deeper.
func Matches(err, target error) bool {
	if err == target { //nolint:errorlint // this is the walk
		return true
	}
	x, ok := err.(interface{ Is(error) bool })
	return ok && x.Is(target)
}

// Find is errors.As for an error of the library's, which is not asked for by As methods.
func Find[E error](err error) (e E, found bool) {
	Walk(err, func(err error) (deeper, on bool) {
		e, found = err.(E) //nolint:errorlint // this is the walk
		return true, !found
	})
	return e, found
}
