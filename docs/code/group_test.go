package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_group() {
	ping := func(ctx context.Context, host string) error {
		if host == "b" {
			return errors.New("connection refused")
		}
		return asyncio.Sleep(ctx, time.Hour)
	}
	run(func(ctx context.Context) error {
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(10)
			for _, host := range []string{"a", "b", "c"} {
				tg.CreateTask(func(ctx context.Context) error {
					return ping(ctx, host)
				}, asyncio.WithName(host))
			}
			return nil // and wait for them
		})
		var failed *asyncio.TaskError
		if errors.As(err, &failed) { // the others were cancelled, and have ended
			fmt.Println(failed.Name, "-", failed.Err)
		}
		return nil
	})
	// Output: b - connection refused
}
