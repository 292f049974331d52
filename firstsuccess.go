package asyncio

import (
	"context"
	"errors"
)

// FirstSuccess waits until the first succeeds, cancels the others, and returns the first's
// value when all have ended. It is an await point. Tasks, Go tasks and futures can be mixed as
// []Awaitable[T]. [Race] is for the first that is done, in whatever way. (not in asyncio, whose
// staggered_race is private; Promise.any of JavaScript)
//
// If none succeeds it returns a *GroupError with the errors of those that have failed, in the
// order in which they ended; or if there is none, since all were cancelled, the *CancelledError
// of the first given. The errors that came before the success, or before the caller was cancelled
// while others were still trying, count as seen, but for a panic; one that answers the cancellation
// stays with its task, to be asked for or reported.
//
// If the caller is cancelled or ctx is a scope that ends, all are cancelled, and when
// they have ended FirstSuccess returns the *CancelledError or the cause. It returns an error
// if there is nothing to wait for, ErrDeadlock if one of them waits for the caller, ErrNotInTask
// in a callback, and ErrLoopClosed once the loop is closed.
func FirstSuccess[A Awaitable[T], T any](ctx context.Context, aws ...A) (v T, err error) {
	if len(aws) == 0 {
		return v, errors.New("asyncio: FirstSuccess of nothing: give it at least one task or future")
	}
	aws = distinct(aws) // or an error would be told twice
	fs := cores(aws)
	w, err := race(ctx, fs, firstSuccess)
	if err != nil {
		return v, err
	}
	for i, f := range fs {
		if f == w.first {
			return aws[i].Result()
		}
	}
	if len(w.asked) == 0 {
		return aws[0].Result()
	}
	e := &GroupError{what: "none has succeeded"}
	for _, i := range w.asked {
		e.add(aws[i])
	}
	return v, e
}
