package order_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// What CPython shows by the chain of its errors.
func TestTimeoutReplacesTheCancellation(t *testing.T) {
	var seen, out error
	testutil.Succeed(t, func(ctx context.Context) error {
		out = asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context) error {
			seen = asyncio.Sleep(ctx, testutil.Millis(100))
			return fmt.Errorf("wrapped: %w", seen)
		})
		return nil
	})
	var cancelled, replaced *asyncio.CancelledError
	if !errors.As(seen, &cancelled) || !errors.Is(seen, asyncio.ErrCancelled) {
		t.Errorf("the body got %v", seen)
	}
	for _, target := range []error{asyncio.ErrTimeout, context.DeadlineExceeded} {
		testutil.ExpectIs(t, "the timeout", out, target)
	}
	if errors.Is(out, asyncio.ErrCancelled) || errors.Is(out, context.Canceled) {
		t.Errorf("the timeout is a cancellation: %v", out)
	}
	if !errors.As(out, &replaced) || replaced != cancelled {
		t.Errorf("the timeout replaces %v, want %v", replaced, cancelled)
	}
}
