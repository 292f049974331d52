package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_events() {
	run(func(ctx context.Context) error {
		events := asyncio.NewQueue[string](0)
		_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error { // a ticker
				for {
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
					_ = events.PutNoWait("tick") // there is always room
				}
			})
			tg.Go(func(context.Context) error { // a goroutine, which may block
				return events.PutNoWait("a line was typed")
			})
			for range 3 {
				event, err := events.Get(ctx)
				if err != nil {
					return err
				}
				fmt.Println(event)
			}
			tg.Cancel() // ends the group, and is no error
			return nil
		})
		return nil
	})
	// Output:
	// a line was typed
	// tick
	// tick
}
