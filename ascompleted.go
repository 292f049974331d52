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
// If the caller is cancelled, or ctx is a scope that ends, the sequence ends early,
// and what is not done goes on. A cancellation is not swallowed by that: it is
// delivered again at the caller's next await. [AsCompletedWithin] says why it ends. In
// a callback, which cannot wait, it panics, and with an error that is ErrDeadlock where
// all that are not done wait, directly or not, for the caller.
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
		c := &completing{Joint: engine.Joint{Parts: cores(fs)}}
		c.loop = c.Parts[0].Loop()
		stop := context.AfterFunc(c.loop.Root(), func() { c.loop.Do(func() { c.close(ErrLoopClosed) }) })
		defer stop()
		c.loop.Do(func() { c.begin(d) })
		defer c.loop.Do(c.end)
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

// completing hands out futures as they end. It belongs to the loop of the first, and is
// for its owner: it is what who asks for the next waits for if there is none yet.
type completing struct {
	engine.Joint
	loop  *engine.Loop
	each  []completed
	left  int
	timer *engine.Handle
	ended []int // the indices of those that have ended, without those that were handed out
	asked bool  // somebody waits for the next
	why   error // there will be no more
}

type completed struct {
	engine.Watch
	in    *completing
	i     int
	f     *engine.Future // as it was given
	near  *engine.Future
	leave func()
	given bool // to the caller
}

// next waits for the next to end, and returns its index.
func (c *completing) next(ctx context.Context) (i int, err error) {
	for {
		there := false
		ask := func() { i, there, err = c.ask() }
		if c.loop.Owned() {
			ask()
		} else {
			c.loop.Call(ask)
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
		c.each[i].given = true
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
	if c.asked && c.Claim() {
		c.asked = false
		c.Settle(engine.Succeeded, nil)
	}
}

func (c *completing) begin(d time.Duration) {
	c.Init(c.loop)
	c.Play(engine.Completed)
	c.Need = engine.Any
	if d != 0 {
		c.Need = engine.Nothing
	}
	c.left = len(c.Parts)
	c.each = make([]completed, len(c.Parts))
	for i, f := range c.Parts {
		x := &c.each[i]
		x.in, x.i, x.f = c, i, f
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
func (x *completed) Completes() *engine.Future { return &x.in.Future }

// FutureDone is the end of one.
func (x *completed) FutureDone() {
	c := x.in
	if !x.f.Finished() {
		c.close(ErrLoopClosed)
		return
	}
	c.ended = append(c.ended, x.i)
	c.tell()
	c.Strike(x.i)
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
		x := &c.each[i]
		if x.given {
			continue
		}
		x.Stop(x.near)
		if x.leave != nil {
			x.leave()
		}
	}
}
