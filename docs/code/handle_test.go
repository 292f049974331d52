package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_handle() {
	run(func(ctx context.Context) error {
		job := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "a report"), asyncio.WithName("report"))
		_ = asyncio.Sleep(ctx, time.Minute)
		fmt.Println(job.Name(), "done:", job.Done())

		job.Cancel("nobody wants it any more")
		_, err := job.Await(ctx)
		var c *asyncio.CancelledError
		if errors.As(err, &c) {
			fmt.Println(c.Origin, "by", c.By.Name(), "-", c.Message)
		}
		return nil
	})
	// Output:
	// report done: false
	// Cancel by Task-1 - nobody wants it any more
}
