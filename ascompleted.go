package asyncio

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// AsCompleted returns a sequence of the tasks and futures, each once, in the order in
// which they are done. Each step is an await point. Mixed kinds are given as []AnyFuture.
// (async for f in asyncio.as_completed)
//
// If the caller is cancelled, or ctx is a scope that ends, the sequence ends early, and what
// is not done goes on. A cancellation is not swallowed by that: it is delivered again at the
// caller's next await. It has one value each, and no error beside it, so that whoever ranges
// over one value is never handed a nil task; [AsCompletedWithin] says why it ends. In a
// callback, which cannot wait, it panics, and with an error that is ErrDeadlock where all that
// are not done wait, directly or not, for the caller.
func AsCompleted[F AnyFuture](ctx context.Context, fs []F) iter.Seq[F] {
	return func(yield func(F) bool) {
		for f, err := range asCompleted(ctx, fs, 0) {
			if err == ErrNotInTask { //nolint:errorlint // not one that a context has for its cause
				panic("asyncio: AsCompleted in a callback, which cannot wait: create a task in it")
			}
			if errors.Is(err, ErrDeadlock) {
				panic(fmt.Errorf("asyncio: AsCompleted, which has no error to return: %w", err))
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
// passed already. Each step is an await point. If the time has passed before all are done,
// the last pair has ErrTimeout; if the caller is cancelled, the *CancelledError; if ctx is a
// scope that ends, its cause; in a callback ErrNotInTask; once a loop is closed
// ErrLoopClosed. (asyncio.as_completed(timeout=))
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
		c := &completing{}
		c.init(cores(fs), engine.Completed)
		loop := c.Loop()
		stop := context.AfterFunc(loop.Root(), func() { loop.Do(func() { c.close(ErrLoopClosed) }) })
		defer stop()
		loop.Do(func() { c.begin(d) })
		defer loop.Do(c.end)
		for range fs {
			i, err := c.next(ctx)
			if err != nil {
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

// completing hands out futures as they end. It is what who asks for the next waits for if
// there is none yet.
type completing struct {
	watching
	left  int
	timer *engine.Handle
	ended []int // the indices of those that have ended, without those that were handed out
	asked bool  // somebody waits for the next
	why   error // there will be no more
}

// next waits for the next to end, and returns its index.
func (c *completing) next(ctx context.Context) (i int, err error) {
	for {
		there := false
		ask := func() { i, there, err = c.ask() }
		if loop := c.Loop(); loop.Owned() {
			ask()
		} else {
			loop.Call(ask)
		}
		if there {
			return i, err
		}
		if err := c.Await(ctx); err != nil {
			return 0, err
		}
	}
}

// ask takes the next of those that have ended, or else makes it possible to wait for it.
func (c *completing) ask() (i int, there bool, err error) {
	switch {
	case len(c.ended) > 0:
		i, c.ended = c.ended[0], c.ended[1:]
		c.each[i].near = nil // the caller is told
		return i, true, nil
	case c.why != nil:
		return 0, true, c.why
	}
	c.Again()
	c.asked = true
	return 0, false, nil
}

// tell ends the wait for the next.
func (c *completing) tell() {
	if c.asked {
		c.asked = false
		c.complete(nil)
	}
}

func (c *completing) begin(d time.Duration) {
	c.Need = engine.Any
	if d != 0 {
		c.Need = engine.Nothing
	}
	c.left = len(c.Parts)
	for i := range c.each {
		x := c.find(i)
		x.Start(x.near, c, i)
	}
	if d != 0 {
		c.timer = &engine.Handle{}
		c.timer.Init(c.Loop(), func() {
			c.end()
			c.close(ErrTimeout)
		}, nil)
		c.timer.At(c.Loop().Deadline(max(d, 0)))
	}
}

// FutureDone is the end of one.
func (c *completing) FutureDone(i int) {
	if !c.each[i].f.Finished() {
		c.close(ErrLoopClosed)
		return
	}
	c.ended = append(c.ended, i)
	c.tell()
	c.Strike(i)
	if c.left--; c.left == 0 && c.timer != nil {
		c.timer.Cancel()
	}
}

// close has it end for this reason, once what has ended was handed out.
func (c *completing) close(why error) {
	if c.why == nil {
		c.why = why
	}
	c.tell()
}

func (c *completing) end() {
	if c.timer != nil {
		c.timer.Cancel()
	}
	for i := range c.each {
		c.letGo(i)
	}
}
