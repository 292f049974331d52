package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// restart calls f again whenever it fails, after a pause that grows.
func restart(ctx context.Context, f func(ctx context.Context) error) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		fmt.Println("again in", pause, "-", err)
		if err := asyncio.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func Example_supervisor() {
	tries := 0
	feed := func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("connection lost")
		}
		return nil
	}
	run(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.Supervise(func(t asyncio.AnyTask, err error) {
				fmt.Println(t.Name(), "has failed:", err) // the others go on
			})
			tg.CreateTask(func(ctx context.Context) error { return restart(ctx, feed) })
			tg.CreateTask(func(context.Context) error {
				return errors.New("no such table")
			}, asyncio.WithName("report"))
			return nil
		})
	})
	// Output:
	// again in 1s - connection lost
	// report has failed: no such table
	// again in 2s - connection lost
}
