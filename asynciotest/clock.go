package asynciotest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// Epoch is where the clock of every test starts: midnight of 2000-01-01 UTC, as in a
// bubble of testing/synctest.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Now returns the time on the clock of the test. It may be called from any goroutine.
// (loop.time)
func Now(ctx context.Context) time.Time { return asyncio.RunningLoop(ctx).Time() }

// Settle waits until nothing else can run before the clock moves: every other task
// waits, and no Go task is at work. It is an await point. It returns the
// *CancelledError of a cancellation, and must be called by a task of a test. (The
// counterpart of synctest.Wait)
func Settle(ctx context.Context) error {
	c := clockOf(ctx)
	quiet := asyncio.NewFuture[asyncio.None](ctx)
	c.settlers = append(c.settlers, quiet)
	_, err := quiet.Await(ctx)
	return err
}

// Advance lets d pass on the clock of the test: every timer that is due on the way
// fires at its moment, and all that follows runs, before Advance returns. It is an await
// point, with the errors of Settle. To wait for something, await that: the clock moves
// by itself when nothing can run.
func Advance(ctx context.Context, d time.Duration) error {
	if err := asyncio.Sleep(ctx, d); err != nil {
		return err
	}
	return Settle(ctx)
}

// Clock is the clock of a test, for code that is given one instead of using package
// time. Its methods may be called from any goroutine.
type Clock struct{ loop *asyncio.Loop }

// NewClock returns the clock of the test that ctx belongs to.
func NewClock(ctx context.Context) Clock { return Clock{asyncio.RunningLoop(ctx)} }

// Now returns the time on the clock.
func (c Clock) Now() time.Time { return c.loop.Time() }

// Since returns how long ago t was.
func (c Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until returns how far off t is.
func (c Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// Sleep is asyncio.Sleep. It is an await point.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error { return asyncio.Sleep(ctx, d) }

// AfterFunc has f called on the loop when d has passed, if stop is not called before;
// stop reports whether it was in time. f must not block.
func (c Clock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return c.loop.CallLater(d, f).Cancel
}

// clock drives the loop of a test: it jumps to the next timer when nothing can run, and
// knows when nothing ever can.
type clock struct {
	now  atomic.Int64 // since Epoch
	wake chan struct{}

	// Of the loop's owner.
	settlers []*asyncio.Future[asyncio.None]
	// stalled is called when only another goroutine can go on, and returns when one has
	// or is given up.
	stalled func(engine.Waiting)
}

func newClock() *clock { return &clock{wake: make(chan struct{}, 1)} }

func clockOf(ctx context.Context) *clock {
	l, _ := engine.Located(ctx)
	if c, ok := l.Driver.(*clock); ok {
		return c
	}
	panic("asynciotest: this context is not of a test: pass the ctx that Run or Explore has given, or one of a task made in it")
}

// Epoch, Now, Wait and Wake are for the engine.

func (c *clock) Epoch() time.Time   { return Epoch }
func (c *clock) Now() time.Duration { return time.Duration(c.now.Load()) }

func (c *clock) Wait(w engine.Waiting) {
	if w.Busy == 0 && w.Steps == 0 && c.pass(w.Until) {
		return
	}
	select {
	case <-c.wake: // it may be old
	default:
	}
	if !w.Woken() {
		c.stalled(w)
	}
}

func (c *clock) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// pass goes on when nothing can run before the clock moves, and reports whether it could:
// who waits for that moment is told, or the clock moves to the next timer.
func (c *clock) pass(until time.Duration) bool {
	if len(c.settlers) > 0 {
		f := c.settlers[0]
		c.settlers = c.settlers[1:]
		_ = f.SetResult(asyncio.None{}) // it fails if who waited was cancelled
		return true
	}
	if until == engine.Never {
		return false
	}
	c.now.Store(int64(max(until, c.Now())))
	return true
}
