package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Go makes a task that runs c on a goroutine of its own: parallel to the loop and
// free to block. In everything else it is a task like those of [CreateTask]: it
// starts when the loop comes to it, has the same handle, and is cancelled in the
// same way. Its ctx is done at the first Cancel, which is what calls of the
// standard library stop on; an await in it returns the cancellation.
//
// State shared with loop tasks needs a lock, or must be passed through results. When c
// has returned, its goroutine may run other Go tasks of the loop that have not begun:
// a c that locks the goroutine to its thread, or sets its profiler labels, has to undo
// that.
//
// It is not an await point but in a group with a limit, may be called from any
// goroutine, and panics without a loop in scope. (loop.run_in_executor)
func Go[T any](scope context.Context, c Coroutine[T], opts ...TaskOption) *Task[T] {
	// In one allocation.
	x := &struct {
		Task[T]
		thread engine.Thread
	}{}
	t := &x.Task
	t.init(c)
	t.t.OnThread(&x.thread)
	l, keeper := engine.Located(scope)
	if err := t.start(scope, l, keeper, opts); err != nil {
		redeliver(scope, err)
	}
	return t
}

// ToThread runs f on its own goroutine and awaits it. It is an await point; see
// [Go] and [Task.Await]. (asyncio.to_thread)
func ToThread[T any](ctx context.Context, f Coroutine[T]) (T, error) {
	return Go(ctx, f).Await(ctx)
}
