package code_test

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio"
)

func Example_yield() {
	run(func(ctx context.Context) error {
		var lock asyncio.Lock
		queue := asyncio.NewQueue[int](0)
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for n, err := range queue.All(ctx) {
				if err != nil {
					return err
				}
				fmt.Println("got", n)
			}
			return nil
		}))
		for n := range 3 {
			_ = queue.PutNoWait(n)   // is no await point
			_ = queue.Put(ctx, 10*n) // is one, but there is room
			_ = lock.Acquire(ctx)    // is one, but the lock is free
			_ = lock.Release()
		}
		queue.Shutdown()
		fmt.Println("nobody else has run")
		return asyncio.Sleep(ctx, 0) // now they do
	})
	// Output:
	// nobody else has run
	// got 0
	// got 0
	// got 1
	// got 10
	// got 2
	// got 20
}
