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
	// The cancellation was delivered, and so awaits work. The ctx has ended, though, for the
	// standard library: it is given one that has not.
	e := asyncio.Timeout(context.WithoutCancel(ctx), 5*time.Second, goodbye)
	return errors.Join(err, e) // is a cancellation still, if goodbye has not failed
}

func Example_cleanUp() {
	run(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return session(ctx, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Hour)
			}, func(ctx context.Context) error {
				fmt.Println("goodbye", ctx.Err())
				return asyncio.Sleep(ctx, time.Second)
			})
		}))
		_ = asyncio.Sleep(ctx, time.Minute)
		task.Cancel("not needed any more")
		_, err := task.Await(ctx)
		fmt.Println(err, "- cancelled:", task.Cancelled())
		return nil
	})
	// Output:
	// goodbye <nil>
	// asyncio: cancelled: not needed any more - cancelled: true
}
