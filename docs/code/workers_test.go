package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_workers() {
	work := func(ctx context.Context, _ int) error { return asyncio.Sleep(ctx, time.Second) }
	run(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		start, done := loop.Time(), 0
		jobs := asyncio.NewQueue[int](10)
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range 3 {
				tg.CreateTask(func(ctx context.Context) error { // tg.Go if it blocks
					for job, err := range jobs.All(ctx) {
						if err != nil {
							return err
						}
						if err := work(ctx, job); err != nil {
							return err // ends the group
						}
						done++
					}
					return nil
				})
			}
			for job := range 9 {
				if err := jobs.Put(ctx, job); err != nil {
					return err
				}
			}
			jobs.Shutdown() // the workers end when nothing is left
			return nil
		})
		fmt.Println(done, "jobs in", loop.Time().Sub(start), err)
		return nil
	})
	// Output: 9 jobs in 3s <nil>
}
