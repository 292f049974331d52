package asyncio

import (
	"context"
	"fmt"
	"reflect"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Receive takes a value from a channel of Go's. It is an await point if there is none; otherwise it
// returns at once. A loop task is suspended, and the loop goes on; a Go task or any other
// goroutine is blocked. It returns ErrChannelClosed once the channel is closed and empty. From a
// nil channel nothing comes. Between loop tasks a [Queue] is cheaper, and its order is that of
// events. (not in asyncio)
//
// If the caller is cancelled while it waits it returns the *CancelledError, if ctx is a scope
// that ends, its cause; nothing was taken from the channel then. A value that comes at the same
// moment is returned with no error, and a cancellation is delivered again at the caller's
// next await. It returns ErrNotInTask in a callback and ErrLoopClosed once the loop is closed, if it
// would have to wait. A task that still waits as the loop is closed is unwound, and a value that has
// come to it by then is lost; the end of [Run] and [Runner.Shutdown] have tasks end first.
//
// As long as a task waits a goroutine stands in for it at the channel, and is gone when Receive
// returns. It goes on while the loop stands: a task that [Loop.Close] unwinds in its wait, or the end of
// [WithGrace], may have taken a value that nobody gets. On a virtual clock the wait does not hold the
// clock: a channel is looked at once a turn, in the order in which tasks have begun to wait, and before
// the clock moves; and if nobody can send, asynciotest says that it is a deadlock.
func Receive[T any](ctx context.Context, ch <-chan T) (T, error) {
	select {
	case v, ok := <-ch:
		return received(v, ok)
	default:
	}
	r := &receiving[T]{ch: ch}
	if err := r.wait(ctx, r, ch); err != nil {
		var zero T
		return zero, err
	}
	return received(r.v, r.ok)
}

func received[T any](v T, ok bool) (T, error) {
	if !ok {
		return v, ErrChannelClosed
	}
	return v, nil
}

// Send sends v on a channel of Go's. It is an await point if there is neither room nor somebody who
// receives; otherwise it returns at once. A loop task is suspended, and the loop goes on; a Go task or
// any other goroutine is blocked. On a closed channel it panics, as Go does, also if the channel is closed
// while it waits. To a nil channel nothing can be sent. (not in asyncio)
//
// If the caller is cancelled while it waits it returns the *CancelledError, if ctx is a scope
// that ends, its cause; v was not sent then (but a task that is unwound in its wait may have sent it). If
// it was sent at the same moment it returns nil, and a cancellation is delivered again at the caller's
// next await. It returns ErrNotInTask in a callback and ErrLoopClosed once the loop is closed, if it would
// have to wait. The rest is as of [Receive].
func Send[T any](ctx context.Context, ch chan<- T, v T) error {
	select {
	case ch <- v:
		return nil
	default:
	}
	s := &sending[T]{ch: ch, v: v}
	return s.wait(ctx, s, ch)
}

// receiving is a Receive.
type receiving[T any] struct {
	channelWait
	ch <-chan T
	v  T
	ok bool
}

func (r *receiving[T]) Try() bool {
	select {
	case r.v, r.ok = <-r.ch:
		return true
	default:
		return false
	}
}

func (r *receiving[T]) Stay(recalled, over <-chan struct{}) bool {
	select {
	case r.v, r.ok = <-r.ch:
		return true
	case <-recalled:
	case <-over:
	}
	return false
}

func (r *receiving[T]) Meet(other engine.Mission) bool {
	s, ok := other.(*sending[T])
	if ok {
		r.v, r.ok = s.v, true
	}
	return ok
}

// sending is a Send.
type sending[T any] struct {
	channelWait
	ch chan<- T
	v  T
}

func (s *sending[T]) Try() bool {
	select {
	case s.ch <- s.v:
		return true
	default:
		return false
	}
}

func (s *sending[T]) Stay(recalled, over <-chan struct{}) bool {
	select {
	case s.ch <- s.v:
		return true
	case <-recalled:
	case <-over:
	}
	return false
}

func (s *sending[T]) Meet(other engine.Mission) bool {
	r, ok := other.(*receiving[T])
	return ok && r.Meet(s)
}

// channelWait is the wait of a task for a channel, by an outpost.
type channelWait struct {
	monitor
	waiters waitQueue // of the one
	outpost engine.Outpost
	ch      reflect.Value
}

// wait waits until m is done, or returns why it is not.
func (c *channelWait) wait(ctx context.Context, m engine.Mission, ch any) error {
	self, err := engine.Self(ctx)
	switch {
	case err != nil:
		return err
	case self == nil:
		return engine.Guard(ctx, m)
	}
	c.ch = reflect.ValueOf(ch)
	c.lock()
	w, err := c.waiters.enter(ctx, &c.monitor, c)
	c.unlock()
	if err != nil {
		return err
	}
	recalled := false
	defer func() {
		if !recalled {
			c.outpost.Recall() // the task is unwound
		}
	}()
	if !c.ch.IsNil() {
		c.outpost.Station(self, m)
	}
	err = w.Wait(ctx)
	c.waiters.leave(w, err)
	c.unlock()
	done := c.outpost.Recall()
	if recalled = true; !done {
		return err
	}
	if err != nil {
		redeliver(ctx, err)
	}
	if v := c.outpost.Panicked(); v != nil {
		panic(v)
	}
	return nil
}

// Done is for the outpost.
func (c *channelWait) Done() {
	c.lock()
	c.waiters.wakeNext(&c.monitor)
	c.unlock()
}

// Place is for the outpost: those who wait at a channel with a buffer meet through that.
func (c *channelWait) Place() uintptr {
	if c.ch.Cap() > 0 {
		return 0
	}
	return c.ch.Pointer()
}

func (c *channelWait) gaveUp(*waiter) {}

func (c *channelWait) about() engine.About {
	op := "Send"
	if c.ch.Type().ChanDir() == reflect.RecvDir {
		op = "Receive"
	}
	state := fmt.Sprintf("<chan %v len=%d cap=%d>", c.ch.Type().Elem(), c.ch.Len(), c.ch.Cap())
	return engine.About{Of: c.ch.Pointer(), Op: op, State: state}
}
