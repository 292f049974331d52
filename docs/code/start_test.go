package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_start() {
	// server says where it listens as soon as it does.
	server := func(ctx context.Context, started func(addr string)) error {
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err // before started: Start returns it
		}
		started("127.0.0.1:8080")
		return asyncio.Sleep(ctx, time.Hour)
	}
	run(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			addr, err := asyncio.Start(ctx, tg, server)
			if err != nil {
				return err
			}
			fmt.Println("listens on", addr)
			tg.Cancel() // which is how it ends
			return nil
		})
	})
	// Output: listens on 127.0.0.1:8080
}
