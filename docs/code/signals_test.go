package code_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_signals() {
	kill := func() { // somebody presses Ctrl-C
		if p, err := os.FindProcess(os.Getpid()); err == nil {
			_ = p.Signal(os.Interrupt)
		}
	}
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Stopping(ctx).Wait(ctx)
			fmt.Println("finishing what was begun", err)
			return nil
		}))
		asyncio.RunningLoop(ctx).CallSoon(kill)
		err := asyncio.Sleep(ctx, time.Hour)
		fmt.Println("main:", err)
		return err
	}), asyncio.WithSignals(), asyncio.WithDrain(10*time.Second))
	var s *asyncio.SignalError
	fmt.Println(errors.As(err, &s))
	// Output:
	// main: asyncio: cancelled by context: signal: interrupt
	// finishing what was begun <nil>
	// true
}
