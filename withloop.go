package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WithLoop returns a context with the values, the deadline and the end of ctx that leads to
// loop: a scope, for what is to happen there on behalf of a request. In an HTTP handler, with
// a loop that runs in the background ([Runner.Start]),
//
//	ctx := asyncio.WithLoop(r.Context(), loop)
//	v, err := asyncio.CreateTask(ctx, c).Await(ctx)
//
// is a call of c on the loop, which blocks the handler's goroutine alone. When the request ends
// Await returns its cause at once, whatever the loop is at, and the task is cancelled (should it
// fail instead, nobody asks for that any more, and the exception handler is told); when the
// loop is closed Await returns ErrLoopClosed. So it is with [Go], [NewFuture], [Sleep], [Timeout],
// [WithTaskGroup], locks, queues and all that takes a ctx. Each task that is created with it ends with
// it; to start one that outlives the request use loop.Context(), or context.WithoutCancel(ctx).
//
// ctx may also be that of a task, or a scope, of another loop. If it leads to loop already it is
// returned as it is. The end of loop does not end the context itself, nor a WithCancel of it. It costs
// one allocation and nothing that would have to be freed. (not in asyncio)
func WithLoop(ctx context.Context, loop *Loop) context.Context {
	if loop == nil {
		panic("asyncio: WithLoop of a nil loop")
	}
	return engine.Moved(ctx, loop.core())
}
