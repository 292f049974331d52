package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// TestFailureOfABodyIsNotLostToALateCancellation: a group that was cancelled, whose body
// then failed, and whose caller is cancelled while the tasks are ending, returns the failure;
// the cancellation is delivered at the caller's next await.
func TestFailureOfABodyIsNotLostToALateCancellation(t *testing.T) {
	boom := errors.New("clean-up failed")
	succeed(t, func(ctx context.Context) error {
		var left, next error
		leaving := asyncio.NewFuture[int](ctx)
		w := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			left = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.Sleep(ctx, time.Hour)
					_ = leaving.SetResult(1)
					return asyncio.Sleep(ctx, time.Second) // cleans up
				}))
				_ = asyncio.Sleep(tg, time.Second)
				tg.Cancel()
				return boom
			})
			next = asyncio.Sleep(ctx, 0)
			return next
		}))
		if _, err := leaving.Await(ctx); err != nil {
			return err
		}
		w.Cancel("late")
		_, err := w.Await(ctx)
		if !errors.Is(left, boom) {
			t.Errorf("the group returned %v", left)
		}
		if c := (*asyncio.CancelledError)(nil); !errors.As(next, &c) || c.Message != "late" {
			t.Errorf("the next await returned %v", next)
		}
		if !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("the caller ended with %v", err)
		}
		return nil
	})
}
