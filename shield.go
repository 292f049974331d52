package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Shield waits until aw is done and returns its result, like its Await, but a
// cancellation of the caller does not reach aw: Shield returns the *CancelledError
// at once and aw goes on. If aw fails after that, its error waits to be asked for, as
// that of any other task. It is an await point unless aw is done. (asyncio.shield)
//
// If aw is cancelled by somebody else, Shield returns its *CancelledError. If ctx is a
// scope that ends, it returns its cause. It returns ErrNotInTask in a callback, and
// ErrLoopClosed once the loop is closed.
func Shield[A Awaitable[T], T any](ctx context.Context, aw A) (T, error) {
	inner := coreOf(aw)
	if inner.Finished() {
		return aw.Result()
	}
	s := &shield{inner: inner}
	s.parts[0] = inner
	s.loop = s.inner.Loop()
	s.outer.Init(s.loop)
	s.outer.Parts = s.parts[:]
	s.outer.Play(engine.Shielded)
	s.loop.Do(func() { s.Start(s.inner, s, 0) })
	if err := s.outer.Await(ctx); err != nil || !aw.Done() {
		s.outer.Cancel(&engine.Request{}) // if it was a scope that ended the wait
		s.loop.Do(func() { s.Stop(s.inner) })
		var zero T
		return zero, err
	}
	return aw.Result()
}

// shield stands between two futures.
type shield struct {
	engine.Watch
	outer engine.Joint
	inner *engine.Future
	parts [1]*engine.Future // that one
	loop  *engine.Loop
}

// Completes is for the engine's picture of who waits for whom.
func (s *shield) Completes() *engine.Future { return &s.outer.Future }

// FutureDone is the end of the inner future.
func (s *shield) FutureDone(int) {
	if !s.outer.Claim() {
		return
	}
	if s.inner.State() == engine.Cancelled {
		s.outer.Settle(engine.Cancelled, s.inner.Peek())
	} else {
		s.outer.Settle(engine.Succeeded, nil)
	}
}
