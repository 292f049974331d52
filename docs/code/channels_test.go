package code_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/asyncio-go/asyncio"
)

func Example_channels() {
	// squares knows nothing of loops.
	squares := func(in <-chan int, out chan<- int) {
		defer close(out)
		for n := range in {
			out <- n * n
		}
	}
	run(func(ctx context.Context) error {
		in, out := make(chan int), make(chan int)
		go squares(in, out)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				defer close(in)
				for n := range 3 {
					if err := asyncio.Send(ctx, in, n); err != nil {
						return err
					}
				}
				return nil
			})
			for {
				n, err := asyncio.Receive(ctx, out)
				if errors.Is(err, asyncio.ErrChannelClosed) {
					return nil
				} else if err != nil {
					return err
				}
				fmt.Println(n)
			}
		})
	})
	// Output:
	// 0
	// 1
	// 4
}
