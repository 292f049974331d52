package asyncio

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WithShield calls body and keeps cancellations of the calling task out of it, for at most d
// on the loop's clock: for clean-up that has to await. Whoever asks the task to end meanwhile
// (Cancel, a [Timeout] around it, its group, a context, the end of [Run]) is counted by
// Cancelling, and the task's own context ends at once, but awaits in body go on as if nobody
// had asked. So it is with a request that was made before and not delivered yet. What was
// held is delivered at the next await after body, once, the latest if there are several; it
// is dropped if it is taken back with Uncancel before. WithShield returns what body returns.
//
// When d is over and body has not returned, the block is a shield no more: what was held is
// delivered to the await that body is in, or comes to next. A task that was asked before, and
// has heard of it, is told again: a clean-up that hangs takes no longer than d. Nothing
// happens then if nobody has asked, and later requests are delivered as ever; for a limit of
// its own use [Timeout] inside. Zero or less is no shield at all: body is called with ctx.
//
// The ctx that body is given has the values and the loop of ctx. For the standard library it
// is not done before d is over, though ctx be; after that it ends with ctx, and in any case
// when body has returned. If ctx is a scope that ends ([WithTimeout], or somebody else's),
// awaits with the ctx of body are not interrupted before d is over; those with ctx itself are.
// Timeouts, scopes and groups that are made with it work as they do outside. A task created
// with it is what it would be with ctx, and not shielded: independent, cancelled by a scope,
// or one of a group, which may take no more. In body make a group of its own.
//
// Shields may stand in each other: a request from outside is held as long as either holds
// it. A task made with [Abandon] is left when the shield does not hold any more. What ends
// the loop ends shields too: the grace of Run ([WithGrace]), and Close; that they wait for one is
// in the log after a second, as for any other. In a goroutine that is
// no task, which cannot be cancelled, the ctx of body is all there is to it.
//
// It is as much of an await point as body. It returns ErrNotInTask in a callback, without a
// call of body, and panics without a loop in ctx. On a closed loop there is nothing to hold,
// and body is called with ctx. (not in asyncio; trio: CancelScope(shield=True))
func WithShield(ctx context.Context, d time.Duration, body func(ctx context.Context) error) error {
	if body == nil {
		panic("asyncio: WithShield of a nil body")
	}
	task, err := engine.Caller(ctx)
	if err != nil {
		return err
	}
	if loop, _ := engine.Located(ctx); d <= 0 || loop.Closed() {
		return body(ctx)
	}
	s := engine.EnterShield(ctx, task, d)
	defer s.Leave()
	return body(s)
}
