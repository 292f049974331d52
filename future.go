package asyncio

import (
	"context"
	"errors"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Future is a result to come, set by whoever holds it. Every method may be
// called from any goroutine. (asyncio.Future)
type Future[T any] struct {
	f     engine.Future
	value T // readable once done
}

// NewFuture makes a pending future on the loop of scope: the ctx of a coroutine,
// loop.Context(), or anything derived from them; any other context is a mistake
// and panics. The future does not end with the scope. (loop.create_future)
func NewFuture[T any](scope context.Context) *Future[T] {
	f := &Future[T]{}
	f.f.Init(scope)
	return f
}

// SetResult completes the future with a value, or returns ErrInvalidState if it
// is done. Who awaits it goes on from the loop's next turn. (Future.set_result)
func (f *Future[T]) SetResult(v T) error {
	_ = f.f.Loop() // not that of a zero Future
	if !f.f.Claim() {
		return errDoneAlready
	}
	f.value = v
	f.f.Settle(engine.Succeeded, nil)
	return nil
}

// SetErr completes the future with an error, or returns ErrInvalidState if it is
// done. With a *CancelledError the future is cancelled. nil is no error to set: an
// error says so, and the future stays pending. (Future.set_exception)
func (f *Future[T]) SetErr(err error) error {
	if err == nil {
		return errors.New("asyncio: SetErr(nil): use SetResult for success")
	}
	_ = f.f.Loop() // as above
	state := engine.Failed
	if asCancelled(err, nil) != nil { // before Claim: it calls methods of the user's error
		state = engine.Cancelled
	}
	if !f.f.Claim() {
		return errDoneAlready
	}
	f.f.Settle(state, err)
	return nil
}

// Await waits until the future is done and returns its result. It is an await
// point: a task is suspended, any other goroutine is blocked. It returns at once
// if the future is done. (await future)
//
// If the awaiting task is cancelled, so is the future. If ctx is a scope that ends
// first, Await returns its cause and the future stays as it is. It returns
// ErrNotInTask in a callback and ErrLoopClosed if the loop was closed first.
func (f *Future[T]) Await(ctx context.Context) (T, error) {
	var err error
	if w := f.f.Enter(ctx); w != nil {
		err = w.Rest()
	} else {
		err = f.f.AwaitFrom(ctx)
	}
	if !f.f.Finished() {
		var zero T
		return zero, err
	}
	return f.value, err
}

// Cancel ends the future as cancelled and reports whether it was still pending.
// At most one message is used. (Future.cancel)
func (f *Future[T]) Cancel(msg ...string) bool { return cancel(&f.f, msg) }

// Done reports whether the future has a result, an error or was cancelled.
// (Future.done)
func (f *Future[T]) Done() bool { return f.f.Finished() }

// Cancelled reports whether the future was cancelled. (Future.cancelled)
func (f *Future[T]) Cancelled() bool { return f.f.State() == engine.Cancelled }

// Result returns the value and the error, or ErrInvalidState while the future is
// pending. It never blocks. (Future.result)
func (f *Future[T]) Result() (T, error) {
	err := f.f.Outcome()
	if !f.f.Finished() {
		var zero T
		return zero, err
	}
	return f.value, err
}

// ResultAny is as of [Task.ResultAny]. (Future.result)
func (f *Future[T]) ResultAny() (any, error) { return resultAny(f.Result()) }

// Err returns the error of Result. (Future.exception)
func (f *Future[T]) Err() error { return f.f.Outcome() }

// AddDoneCallback is as for tasks: see [Task.AddDoneCallback].
// (Future.add_done_callback, Future.remove_done_callback)
func (f *Future[T]) AddDoneCallback(call func(*Future[T])) (remove func() bool) {
	return addDoneCallback(f, &f.f, call)
}

// OnDone is as of [Task.OnDone]. (Future.add_done_callback)
func (f *Future[T]) OnDone(call func()) (remove func() bool) { return onDone(&f.f, call) }

// DoneChan is as of [Task.DoneChan]. A future that nobody completes any more,
// since its loop is closed for example, is never done: select beside it what ends the wait.
// (not in asyncio)
func (f *Future[T]) DoneChan() <-chan struct{} { return f.f.DoneChan() }

// Loop returns the future's loop. (Future.get_loop)
func (f *Future[T]) Loop() *Loop { return f.f.Loop().Face().(*Loop) }

func (f *Future[T]) String() string { return "<Future " + f.f.State().String() + ">" }

// GoString is String.
func (f *Future[T]) GoString() string { return f.String() }

func (f *Future[T]) core() *engine.Future {
	if f == nil {
		return nil
	}
	return &f.f
}
