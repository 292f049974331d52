package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// A counter that tasks of one loop share: they need no lock, whoever calls.
func ExampleRunner_Start() {
	r := asyncio.NewRunner()
	scope, err := r.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	hits := 0
	hit := func(context.Context) (int, error) {
		hits++
		return hits, nil
	}
	// From any goroutine:
	n, err := asyncio.CreateTask(scope, hit).Await(context.Background())
	fmt.Println(n, err)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(r.Shutdown(ctx))
	// Output:
	// 1 <nil>
	// <nil>
}

func ExampleRunner_Shutdown() {
	r := asyncio.NewRunner(asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
		fmt.Println(c.Message, "-", c.Task.Name())
	}))
	scope, _ := r.Start()
	asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
		err := asyncio.Sleep(ctx, time.Hour)
		fmt.Println("saved what it had:", err)
		return err
	}))
	stubborn := asyncio.Void(func(ctx context.Context) error {
		for {
			_ = asyncio.Sleep(ctx, time.Hour) // refuses every cancellation
		}
	})
	asyncio.CreateTask(scope, stubborn, asyncio.WithName("stubborn"))
	_, _ = asyncio.CreateTask(scope, asyncio.Delay(0, 0)).Await(scope) // by then the others are under way

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := r.Shutdown(ctx)
	fmt.Println(errors.Is(err, asyncio.ErrGraceExceeded), errors.Is(err, context.DeadlineExceeded))
	// Output:
	// saved what it had: asyncio: cancelled by loop shutdown
	// task was destroyed but it is pending: it was cancelled, and went on - stubborn
	// true true
}

// What an HTTP handler does: r.Context() is the request's, and ends when the client goes away.
func ExampleWithLoop() {
	r := asyncio.NewRunner()
	defer r.Close()
	_, _ = r.Start()
	visits := map[string]int{} // of the loop's tasks alone: no lock

	handle := func(request context.Context, who string) (int, error) {
		ctx := asyncio.WithLoop(request, r.Loop())
		return asyncio.CreateTask(ctx, func(context.Context) (int, error) {
			visits[who]++
			return visits[who], nil
		}).Await(ctx)
	}
	fmt.Println(handle(context.Background(), "ada"))
	fmt.Println(handle(context.Background(), "ada"))

	gone, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("the client has gone away"))
	fmt.Println(handle(gone, "ada"))
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 0 the client has gone away
}
