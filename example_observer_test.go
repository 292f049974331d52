package asyncio_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Counters for a metrics page; the functions of tasks are called on the loop, one at a time.
func ExampleWithObserver() {
	running, failed := 0, map[string]int{}
	count := asyncio.Observer{
		TaskCreated: func(asyncio.TaskCreation) { running++ },
		TaskEnded: func(t asyncio.AnyTask, err error) {
			running--
			switch {
			case t.Cancelled():
				failed["cancelled"]++
			case err != nil:
				failed["failed"]++
			}
		},
	}
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "never"))
		fmt.Println("running:", running)
		slow.Cancel()
		_, err := slow.Await(ctx)
		fmt.Println(err)
		return nil
	}), asyncio.WithObserver(count))
	fmt.Println(err, running, failed)
	// Output:
	// running: 2
	// asyncio: cancelled
	// <nil> 0 map[cancelled:1]
}

// A span for each task, under that of the task which has made it.
func ExampleObserver() {
	depth := map[asyncio.AnyTask]int{}
	trace := asyncio.Observer{
		TaskCreated: func(c asyncio.TaskCreation) {
			if c.By != nil {
				depth[c.Task] = depth[c.By] + 1
			}
			fmt.Printf("%*s%s begins\n", 2*depth[c.Task], "", c.Task.Name())
		},
		TaskAsked: func(t asyncio.AnyTask, why *asyncio.CancelledError) {
			fmt.Printf("%*s%s: %v\n", 2*depth[t], "", t.Name(), why)
		},
		TaskEnded: func(t asyncio.AnyTask, err error) {
			fmt.Printf("%*s%s ends: %v\n", 2*depth[t], "", t.Name(), err)
			delete(depth, t)
		},
	}
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 0), asyncio.WithName("child"))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithObserver(trace))
	// Output:
	// Task-1 begins
	//   child begins
	// Task-1 ends: <nil>
	//   child: asyncio: cancelled by loop shutdown
	//   child ends: asyncio: cancelled by loop shutdown
}

// An alert while a task holds up the loop; the log is told the same.
func ExampleHeldUp() {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	alarm := make(chan asyncio.HeldUp, 1)
	raise := asyncio.Observer{LoopHeldUp: func(h asyncio.HeldUp) {
		select {
		case alarm <- h:
		default:
		}
	}}
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error {
		h := <-alarm // it should not block; until the alarm it does
		fmt.Println(h.Task.Name(), "for more than 10 ms:", h.For > 10*time.Millisecond, len(h.Stack) > 0)
		return nil
	}), asyncio.WithWatchdog(10*time.Millisecond), asyncio.WithObserver(raise))
	// Output: Task-1 for more than 10 ms: true true
}
