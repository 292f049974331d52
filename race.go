package asyncio

import (
	"context"
	"errors"
	"slices"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Race waits until the first is done, failed or cancelled too, cancels the others, and
// returns what the first has ended with when all have ended. For the first that succeeds
// see [FirstSuccess]. It is an await point. Tasks, Go
// tasks and futures can be mixed as []Awaitable[T]. An error of the others that is no
// cancellation stays with them, to be asked for or reported. (No single name in
// asyncio: wait with FIRST_COMPLETED, cancel, wait.)
//
// If the caller is cancelled or ctx is a scope that ends, all are cancelled, and when
// they have ended Race returns the *CancelledError or the cause. It returns an error
// if there is nothing to wait for, ErrNotInTask in a callback, and ErrLoopClosed once
// the loop is closed.
func Race[A Awaitable[T], T any](ctx context.Context, aws ...A) (v T, err error) {
	if len(aws) == 0 {
		return v, errors.New("asyncio: Race of nothing: give it at least one task or future")
	}
	fs := cores(aws)
	w, err := race(ctx, fs, FirstCompleted)
	if err != nil {
		return v, err
	}
	for i, f := range fs {
		if f == w.first {
			return aws[i].Result()
		}
	}
	return v, ErrLoopClosed
}

// race waits for one that has ended as until says, then cancels the others and waits for them. All
// of them are so in the end, whatever it returns, unless no more can be waited for.
func race(ctx context.Context, fs []*engine.Future, until ReturnWhen) (w *waiting, err error) {
	// It needs all, since it waits for the ends of the others too.
	w = newWaitingFor(fs, until, engine.Never, engine.All)
	w.hears = hearsFirst
	if err = w.await(ctx); err == ErrNotInTask || errors.Is(err, ErrDeadlock) { //nolint:errorlint // not one that a context has for its cause
		return w, err
	}
	for _, f := range fs {
		if !f.Finished() {
			f.Cancel(overtaken(f, err))
		}
	}
	if err = untilEnded(ctx, fs, err); err != nil {
		w.unheard()
	}
	return w, err
}

// overtaken is why f, which somebody has raced, is to end, given with what error the race has.
func overtaken(f *engine.Future, err error) *engine.Request {
	r := &engine.Request{By: f.Loop().Self()}
	c, cancelled := err.(*CancelledError) //nolint:errorlint // as the engine has made it
	switch {
	case err == nil:
		r.Message = "another has finished first"
	case cancelled:
		r.Message, r.Origin, r.Cause = c.Message, engine.Origin(c.Origin), c.Cause
	default:
		r.Origin, r.Cause = engine.OriginContext, err
	}
	return r
}

// untilEnded waits for the ends of those that were asked to end, whatever happens meanwhile. It returns
// what the caller is told, who goes with err.
func untilEnded(ctx context.Context, fs []*engine.Future, err error) error {
	for err != ErrLoopClosed && pending(fs) { //nolint:errorlint // not one that a context has for its cause
		if err != nil {
			ctx = engine.Unscoped(ctx)
		}
		rest := newWaiting(fs, WaitOptions{})
		rest.hears = hearsNone
		e := rest.await(ctx)
		switch {
		case errors.Is(e, ErrDeadlock):
			return e
		case e != nil && (err == nil || isCancellation(e, false) && !isCancellation(err, false)):
			err = e // the first, unless that was a scope and no cancellation
		}
	}
	return err
}

func pending(fs []*engine.Future) bool {
	return slices.ContainsFunc(fs, func(f *engine.Future) bool { return !f.Finished() })
}
