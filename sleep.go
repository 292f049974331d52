package asyncio

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Sleep suspends the calling task for d on the loop's clock; a Go task or another
// goroutine is blocked. Zero or less lets everything that is ready go first. It is
// an await point. It returns a *CancelledError if the task is cancelled, the cause
// of a scope that ends first, ErrNotInTask in a callback and ErrLoopClosed once the
// loop is closed. Without a loop in ctx it panics. (asyncio.sleep)
func Sleep(ctx context.Context, d time.Duration) error {
	if t := engine.Doze(ctx, d); t != nil {
		return t.Rest()
	}
	return engine.Sleep(ctx, d)
}

// Delay is the coroutine that sleeps for d and returns v.
// (asyncio.sleep(d, result=v))
func Delay[T any](d time.Duration, v T) Coroutine[T] {
	return func(ctx context.Context) (T, error) {
		if err := Sleep(ctx, d); err != nil {
			var zero T
			return zero, err
		}
		return v, nil
	}
}
