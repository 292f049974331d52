package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_timeout() {
	run(func(ctx context.Context) error {
		page := asyncio.CreateTask(ctx, asyncio.Delay(time.Minute, "a page"))

		// Go's way: the wait ends, and what was waited for goes on.
		scope, cancel := asyncio.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := page.Await(scope)
		fmt.Println(err, page.Done())

		// asyncio's way: what the body waits for is cancelled.
		err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
			_, err := page.Await(ctx)
			return err
		})
		fmt.Println(err, page.Cancelled(), errors.Is(err, context.DeadlineExceeded))
		return nil
	})
	// Output:
	// asyncio: timeout false
	// asyncio: timeout true true
}
