package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func Example_firstSuccess() {
	fetch := func(ctx context.Context, mirror string) (string, error) {
		if err := asyncio.Sleep(ctx, 300*time.Millisecond); err != nil {
			return "", err
		}
		if mirror == "a" {
			return "", errors.New("connection refused")
		}
		return "a page from " + mirror, nil
	}
	run(func(ctx context.Context) error {
		var calls []*asyncio.Task[string]
		for n, mirror := range []string{"a", "b", "c"} {
			calls = append(calls, asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				// The next is asked when the one before has not answered for a while.
				if err := asyncio.Sleep(ctx, time.Duration(n)*200*time.Millisecond); err != nil {
					return "", err
				}
				return fetch(ctx, mirror)
			}))
		}
		page, err := asyncio.FirstSuccess(ctx, calls...)
		fmt.Println(page, err, "- c is cancelled:", calls[2].Cancelled())
		return nil
	})
	// Output: a page from b <nil> - c is cancelled: true
}
