package asyncio

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WaitFor is aw.Await for at most d on the loop's clock. After that aw is cancelled,
// and when it has ended WaitFor returns an error that is ErrTimeout. If aw answers
// the cancellation with a value or an error of its own, that is returned instead.
// With zero or less aw has no time at all: if it is not done it is cancelled. It is
// an await point unless aw is done. To leave aw running use [Shield] inside
// [Timeout], or [Wait]. (asyncio.wait_for)
//
// If aw is done in the very turn in which the time is over, the one that comes first
// in that turn does not matter: the error is ErrTimeout, as in CPython, and if aw has
// a value that is returned beside it.
//
// If the caller is cancelled, so is aw, and WaitFor returns when that has ended, with
// the *CancelledError, or aw's value if it has refused; a cancellation that comes
// together with the timeout is returned instead of it. If ctx is a scope that ends,
// WaitFor returns its cause and aw goes on. It returns ErrNotInTask in a callback, and
// ErrLoopClosed once the loop is closed. Without a loop in ctx it panics.
func WaitFor[A Awaitable[T], T any](ctx context.Context, aw A, d time.Duration) (v T, err error) {
	f := coreOf(aw)
	switch {
	case d <= 0 && !f.Finished():
		if err := cancelAndWait(ctx, f); err != nil {
			return v, err
		}
		if v, err = aw.Result(); err != nil {
			err = asTimeout(err)
		}
	case d <= 0:
		return aw.Result()
	default:
		err = Timeout(ctx, d, func(ctx context.Context) error {
			v, err = aw.Await(ctx)
			return err
		})
	}
	return v, err
}

// cancelAndWait returns when f has ended. If the caller is cancelled meanwhile, that
// has no further effect on f.
func cancelAndWait(ctx context.Context, f *engine.Future) error {
	if err := engine.Closes(ctx, f); err != nil {
		return err // before the request comes back to the caller
	}
	w := newWaiting([]*engine.Future{f}, WaitOptions{})
	f.Cancel(&engine.Request{Origin: engine.OriginTimeout, By: f.Loop().Self()})
	return w.await(ctx)
}
