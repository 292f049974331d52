package asyncio

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WithCancel derives a scope from ctx that ends when cancel is called or ctx ends.
// Its end cancels the tasks created in it and interrupts the awaits that use it,
// on the loop and in the order in which they came; that is what it has over
// context.WithCancel. Without a loop in ctx it panics. (not in asyncio)
//
// Derived from the ctx of a task that was cancelled, it is over from the start, as
// contexts are; clean-up derives it from context.WithoutCancel(ctx). So it is once the
// loop is closed: context.Cause is ErrLoopClosed then.
func WithCancel(ctx context.Context) (scope context.Context, cancel context.CancelFunc) {
	return derive(ctx, engine.Never)
}

// WithTimeout is WithCancel with a deadline d from now on the loop's clock. An
// await that it interrupts returns ErrTimeout, and scope.Err, which the standard
// library goes by, context.DeadlineExceeded. A task created in the scope ends as
// cancelled, by a *CancelledError that is context.DeadlineExceeded too. Both have
// the deadline as their ctx.Deadline: a moment of the loop's clock, as [Loop.Time]. Call cancel
// to free the timer early. (not in asyncio)
//
// An await with a scope that is over returns at once and lets nobody else run: what
// tries again in a loop must look at scope.Err. To have the task itself cancelled
// when the time is over, as in asyncio, use [Timeout].
func WithTimeout(ctx context.Context, d time.Duration) (scope context.Context, cancel context.CancelFunc) {
	return derive(ctx, d)
}

func derive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	s := engine.NewScope(ctx, d)
	return s, func() {
		s.End(&engine.Request{Origin: engine.OriginContext, Cause: context.Canceled, By: s.Loop().Self()})
	}
}
