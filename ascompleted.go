package asyncio

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// AsCompleted returns a sequence of the tasks and futures, each once, in the order in
// which they are done. Each step is an await point. Mixed kinds are given as []AnyFuture.
// (async for f in asyncio.as_completed)
//
// If the caller is cancelled, or ctx is a scope that ends, the sequence ends early,
// and what is not done goes on. A cancellation is not swallowed by that: it is
// delivered again at the caller's next await. [AsCompletedWithin] says why it ends. In
// a callback, which cannot wait, it panics.
func AsCompleted[F AnyFuture](ctx context.Context, fs []F) iter.Seq[F] {
	return func(yield func(F) bool) {
		for f, err := range asCompleted(ctx, fs, 0) {
			if err == ErrNotInTask { //nolint:errorlint // not one that a context has for its cause
				panic("asyncio: AsCompleted in a callback, which cannot wait: create a task in it")
			}
			if err != nil {
				redeliver(ctx, err)
				return
			}
			if !yield(f) {
				return
			}
		}
	}
}

// AsCompletedWithin is AsCompleted for at most d on the loop's clock; zero or less has
// passed already. If that has passed before all are done, the last pair has ErrTimeout; if the caller is
// cancelled, the *CancelledError; if ctx is a scope that ends, its cause; in a
// callback ErrNotInTask; once a loop is closed ErrLoopClosed.
// (asyncio.as_completed(timeout=))
func AsCompletedWithin[F AnyFuture](ctx context.Context, fs []F, d time.Duration) iter.Seq2[F, error] {
	if d == 0 {
		d = -1 // zero means none below
	}
	return asCompleted(ctx, fs, d)
}

// asCompleted is both; d is zero for no limit.
func asCompleted[F AnyFuture](ctx context.Context, fs []F, d time.Duration) iter.Seq2[F, error] {
	return func(yield func(F, error) bool) {
		if len(fs) == 0 {
			return
		}
		fs := distinct(fs)
		c := &completing{fs: cores(fs), ended: NewQueue[int](0)}
		c.loop = c.fs[0].Loop()
		stop := context.AfterFunc(c.loop.Root(), func() { c.close(ErrLoopClosed) })
		defer stop()
		c.loop.Do(func() { c.begin(d) })
		defer c.loop.Do(c.end)
		for range fs {
			i, err := c.ended.Get(ctx)
			if err != nil {
				if why := c.why.Load(); why != nil && err == ErrQueueShutDown { //nolint:errorlint // not a cancellation with that cause
					err = *why
				}
				var none F
				yield(none, err)
				return
			}
			if !yield(fs[i], nil) {
				return
			}
		}
	}
}

// completing puts futures into a queue as they end. It belongs to the loop of the
// first; all but the queue is for its owner.
type completing struct {
	loop  *engine.Loop
	fs    []*engine.Future
	each  []completed
	left  int
	timer *engine.Handle
	ended *Queue[int]           // their indices
	why   atomic.Pointer[error] // it was shut down
}

type completed struct {
	engine.Watch
	in    *completing
	i     int
	near  *engine.Future
	leave func()
}

func (c *completing) begin(d time.Duration) {
	c.left = len(c.fs)
	c.each = make([]completed, len(c.fs))
	for i, f := range c.fs {
		x := &c.each[i]
		x.in, x.i = c, i
		x.near, x.leave = c.loop.Near(f)
		x.Start(x.near, x)
	}
	if d != 0 {
		c.timer = &engine.Handle{}
		c.timer.Init(c.loop, func() {
			c.end()
			c.close(ErrTimeout)
		}, nil)
		c.timer.At(c.loop.Deadline(max(d, 0)))
	}
}

// Completes is for the engine's picture of who waits for whom.
func (x *completed) Completes() *engine.Future {
	if w := x.in.ended.getters.head; w != nil {
		return &w.Future
	}
	return nil
}

// FutureDone is the end of one.
func (x *completed) FutureDone() {
	c := x.in
	if !c.fs[x.i].Finished() {
		c.close(ErrLoopClosed)
		return
	}
	_ = c.ended.PutNoWait(x.i) // it is without bound
	if c.left--; c.left == 0 && c.timer != nil {
		c.timer.Cancel()
	}
}

func (c *completing) close(why error) {
	c.why.CompareAndSwap(nil, &why)
	c.ended.Shutdown()
}

func (c *completing) end() {
	if c.timer != nil {
		c.timer.Cancel()
	}
	for i := range c.each {
		x := &c.each[i]
		x.Stop(x.near)
		if x.leave != nil {
			x.leave()
		}
	}
}
