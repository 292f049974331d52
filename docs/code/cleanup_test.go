package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// session works until it is cancelled or fails, and always says goodbye.
func session(ctx context.Context, work, goodbye func(ctx context.Context) error) error {
	err := work(ctx)
	// Joined, it is a cancellation still, if goodbye has not failed.
	return errors.Join(err, asyncio.WithShield(ctx, 5*time.Second, goodbye))
}

func Example_cleanUp() {
	run(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return session(ctx, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Hour)
			}, func(ctx context.Context) error {
				defer fmt.Println("said goodbye", ctx.Err())
				return asyncio.Sleep(ctx, 2*time.Second)
			})
		}))
		_ = asyncio.Sleep(ctx, time.Minute)
		task.Cancel("not needed any more")
		_ = asyncio.Sleep(ctx, time.Second)
		task.Cancel("hurry up") // does not come in between
		_, err := task.Await(ctx)
		fmt.Println(err, "- cancelled:", task.Cancelled())
		return nil
	})
	// Output:
	// said goodbye <nil>
	// asyncio: cancelled: not needed any more - cancelled: true
}
