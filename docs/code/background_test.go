package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// every calls f, and again each time that d has passed, until the task is asked to stop.
func every(ctx context.Context, d time.Duration, f func(ctx context.Context) error) error {
	stop := asyncio.Stopping(ctx)
	for {
		if err := f(ctx); err != nil {
			return err
		}
		err := asyncio.Timeout(ctx, d, stop.Wait)
		if !errors.Is(err, asyncio.ErrTimeout) {
			return err // nil: it is time to stop
		}
	}
}

func Example_background() {
	r := asyncio.NewRunner(asyncio.WithDrain(10 * time.Second)) // asks before it cancels
	scope, err := r.Start()                                     // on a goroutine of its own
	if err != nil {
		fmt.Println(err)
		return
	}
	called := make(chan bool, 1)
	refresh := asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error { // from any goroutine
		return every(ctx, time.Minute, func(context.Context) error {
			called <- true
			return nil
		})
	}))
	<-called

	within, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err = r.Shutdown(within) // asks, cancels, waits, closes
	fmt.Println(err, refresh.Done(), refresh.Err())
	// Output: <nil> true <nil>
}
