package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Shield waits until aw is done and returns its result, like its Await, but a
// cancellation of the caller does not reach aw: Shield returns the *CancelledError
// at once and aw goes on. If aw fails after that, its error goes to the exception
// handler. It is an await point unless aw is done. (asyncio.shield)
//
// If aw is cancelled by somebody else, Shield returns its *CancelledError. If ctx is a
// scope that ends, it returns its cause. It returns ErrNotInTask in a callback, and
// ErrLoopClosed once the loop is closed.
func Shield[A Awaitable[T], T any](ctx context.Context, aw A) (T, error) {
	if aw.Done() {
		return aw.Result()
	}
	s := &shield{inner: aw.core(), named: aw}
	s.loop = s.inner.Loop()
	s.outer.Init(s.loop.Root())
	s.outer.Play(engine.Shielded)
	s.loop.Do(func() { s.Start(s.inner, s) })
	if err := s.outer.Await(ctx); err != nil || !aw.Done() {
		s.outer.Cancel(&engine.Request{}) // if it was a scope that ended the wait
		s.loop.Do(s.watchOn)
		var zero T
		return zero, err
	}
	return aw.Result()
}

// shield stands between two futures.
type shield struct {
	engine.Watch
	outer engine.Future
	inner *engine.Future
	named AnyFuture
	loop  *engine.Loop
}

// Completes is for the engine's picture of who waits for whom.
func (s *shield) Completes() *engine.Future { return &s.outer }

// FutureDone is the end of the inner future.
func (s *shield) FutureDone() {
	if !s.outer.Claim() {
		return
	}
	err := s.inner.Outcome() // who waits has seen it, as in CPython, also if a cancellation comes before it runs
	if s.inner.State() == engine.Cancelled {
		s.outer.Settle(engine.Cancelled, err)
	} else {
		s.outer.Settle(engine.Succeeded, nil)
	}
}

// watchOn is for when nobody waits for the inner future here any more.
func (s *shield) watchOn() {
	if s.inner.Finished() {
		return
	}
	s.Stop(s.inner)
	if old := s.inner.Find(func(w engine.Watcher) bool { _, ok := w.(*shieldLog); return ok }); old != nil {
		old.Stop(s.inner) // one report is enough
	}
	log := &shieldLog{inner: s.inner, named: s.named}
	log.Start(s.inner, log)
}

// shieldLog reports the error of a future that a cancelled Shield has left.
type shieldLog struct {
	engine.Watch
	inner *engine.Future
	named AnyFuture
}

// FutureDone is the end of the future.
func (l *shieldLog) FutureDone() {
	if l.inner.State() != engine.Failed {
		return
	}
	c := ExceptionContext{Message: "error after the Shield around it was cancelled", Err: l.inner.Outcome(), Future: l.named}
	c.Task, _ = l.named.(AnyTask)
	l.named.Loop().CallExceptionHandler(c)
}
