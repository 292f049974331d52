package asyncio

import (
	"context"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Start creates a task of tg that runs f, and waits until that calls started; it returns the value
// which started was given. That is how to wait until a server listens, say, and to have its address. It is
// an await point. The first call of started counts, which may come from any goroutine; after
// it the task is one of the group as any other. (not in asyncio; trio's Nursery.start)
//
// If the task ends before, Start returns its error, or ErrNotStarted if it has none; that does not
// end the group. If the caller is cancelled before it goes on, or ctx is a scope that ends, the task is
// cancelled, and Start returns the *CancelledError or the cause when it has ended; but if it has failed then,
// and not said before that it has started, its error, and a cancellation is delivered again. It returns
// ErrGroupClosed if the group takes no more tasks, ErrNotInTask in a callback, and ErrLoopClosed once the
// loop is closed. In a group with a limit it waits for room first, as CreateTask does.
func Start[T any](ctx context.Context, tg *TaskGroup, f func(ctx context.Context, started func(T)) error, opts ...TaskOption) (v T, err error) {
	if f == nil {
		panic("asyncio: Start of a nil function")
	}
	if _, err := engine.Self(ctx); err != nil {
		return v, err
	}
	l := tg.made()
	ready := NewFuture[T](tg)
	t := newTask(Void(func(ctx context.Context) error {
		return f(ctx, func(v T) { _ = ready.SetResult(v) })
	}))
	t.pc = **(**uintptr)(unsafe.Pointer(&f)) // the user's function, not this one
	l.Call(func() { tg.willStart(&t.t, ready.core()) })
	if err := t.create(tg, l.Face().(*Loop).factory.Load(), l, (*groupKeeper)(tg), opts); err != nil {
		l.Call(func() { tg.toStarter(&t.t) })
		return v, t.Err()
	}
	w := newWaiting([]*engine.Future{ready.core(), t.core()}, WaitOptions{ReturnWhen: FirstCompleted})
	w.hears = hearsNone
	err = w.await(ctx)
	l.Call(func() { ready.Cancel() }) // unless it was first: from here on it is not heard any more
	started := !ready.Cancelled()
	if err == nil && started {
		return ready.Result()
	}
	if err != nil {
		t.Cancel("who has started it does not wait any more")
		err = untilEnded(ctx, []*engine.Future{t.core()}, err)
	}
	switch {
	case started || !t.Done() || t.Cancelled() && err != nil:
		return v, err
	case t.Err() != nil:
		if err != nil {
			redeliver(ctx, err)
		}
		return v, t.Err()
	case err != nil:
		return v, err
	}
	return v, ErrNotStarted
}

// willStart has the failure of t told to who has started it, if it comes before ready.
func (tg *TaskGroup) willStart(t *engine.Task, ready *engine.Future) {
	if tg.starting == nil {
		tg.starting = map[*engine.Task]*engine.Future{}
	}
	tg.starting[t] = ready
}

// toStarter takes note of the end of t, and reports whether that is told to who has started it.
func (tg *TaskGroup) toStarter(t *engine.Task) bool {
	ready, ok := tg.starting[t]
	if !ok {
		return false
	}
	delete(tg.starting, t)
	ready.Cancel(&engine.Request{})
	return ready.State() != engine.Succeeded
}
