package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleMain() {
	asyncio.Main(func(ctx context.Context) error { // Ctrl-C cancels it
		s, err := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "a page")).Await(ctx)
		fmt.Println(s)
		return err
	})
	// Output: a page
}

func ExampleSignalError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		me, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = me.Signal(os.Interrupt) // somebody presses Ctrl-C
		}
		return errors.Join(err, asyncio.Sleep(ctx, time.Hour))
	}), asyncio.WithSignals())
	var s *asyncio.SignalError
	if errors.As(err, &s) {
		fmt.Println("ended by", s.Signal)
	}
	// Output: ended by interrupt
}

func ExampleAbandon() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		answer := make(chan string) // of somebody who does not know of contexts
		ask := asyncio.Go(ctx, func(context.Context) (string, error) { return <-answer, nil }, asyncio.Abandon())
		_, err := asyncio.WaitFor(ctx, ask, time.Millisecond)
		fmt.Println(errors.Is(err, asyncio.ErrTimeout), ask.Cancelled())
		close(answer) // else the end of Run would wait for the goroutine, within the grace
		return nil
	}))
	// Output: true true
}

func ExampleLoop_Stuck() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		checked := make(chan struct{})
		loop := asyncio.RunningLoop(ctx)
		go func() { // a health check
			defer close(checked)
			var e *asyncio.StuckError
			if errors.As(loop.Stuck(), &e) {
				fmt.Println(e.Task.Name(), "holds up the loop")
			}
		}()
		<-checked // no await: nothing else runs on the loop
		return nil
	}))
	// Output: Task-1 holds up the loop
}

func ExampleWithUnheardAfter() {
	heard := make(chan struct{})
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		kept := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			return errors.New("no route to host")
		}), asyncio.WithName("ping"))
		for { // the task is kept and nobody asks
			select {
			case <-heard:
				fmt.Println(kept.Err())
				return nil
			default:
			}
			if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
	}), asyncio.WithUnheardAfter(10*time.Millisecond),
		asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			fmt.Println(c.Task.Name(), c.Err)
			close(heard)
		}))
	// Output:
	// ping no route to host
	// no route to host
}
