package asyncio_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// TestEagerTaskFromOutsideAsATaskEnds: the coroutine of a task that ends is not given to an
// eager task that comes in before it has passed control on.
func TestEagerTaskFromOutsideAsATaskEnds(t *testing.T) {
	plainRun(t, func(ctx context.Context) error {
		over := false
		other := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for !over { // there is always a task that goes on in the next turn
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			return nil
		}))
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		var eager *asyncio.Task[int]
		last := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			posted := make(chan struct{})
			go func() {
				defer close(posted)
				eager = asyncio.CreateTask(other.Loop().Context(), func(ctx context.Context) (int, error) {
					return 7, asyncio.Sleep(ctx, 0)
				}, asyncio.Eager())
			}()
			<-posted
			return nil
		}))
		if _, err := last.Await(ctx); err != nil {
			return err
		}
		v, err := eager.Await(ctx)
		if v != 7 || err != nil {
			t.Errorf("the eager task returned %d, %v", v, err)
		}
		over = true
		_, err = other.Await(ctx)
		return err
	})
}
