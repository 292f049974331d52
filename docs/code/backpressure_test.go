package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_backPressure() {
	run(func(ctx context.Context) error {
		frames := asyncio.NewQueue[int](2)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error { // is slow
				for _, err := range frames.All(ctx) {
					if err != nil {
						return err
					}
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
				}
				return nil
			})
			start := asyncio.RunningLoop(ctx).Time()
			for n := range 5 { // who puts waits for room
				if err := frames.Put(ctx, n); err != nil {
					return err
				}
			}
			fmt.Println("put five in", asyncio.RunningLoop(ctx).Time().Sub(start))

			for n := range 3 { // or the oldest goes
				if errors.Is(frames.PutNoWait(n), asyncio.ErrQueueFull) {
					old, err := frames.GetNoWait()
					fmt.Println("dropped", old, err, frames.PutNoWait(n))
				}
			}
			frames.Shutdown()
			return nil
		})
	})
	// Output:
	// put five in 2s
	// dropped 3 <nil> <nil>
	// dropped 4 <nil> <nil>
	// dropped 0 <nil> <nil>
}
