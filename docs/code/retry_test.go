package code_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asyncio-go/asyncio"
)

// retry calls f until it succeeds, as many times at most. In between it waits: up to a second, then up
// to two, and so on. The random part keeps those that failed together from coming back together.
func retry[T any](ctx context.Context, times int, f asyncio.Coroutine[T]) (T, error) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		v, err := f(ctx)
		times--
		if err == nil || times <= 0 || ctx.Err() != nil { // cancelled, or out of time
			return v, err
		}
		if err := asyncio.Sleep(ctx, wait/2+rand.N(wait/2)); err != nil {
			return v, err
		}
	}
}

func Example_retry() {
	run(func(ctx context.Context) error {
		calls := 0
		page, err := retry(ctx, 5, func(ctx context.Context) (string, error) {
			if calls++; calls < 3 {
				return "", errors.New("connection refused")
			}
			return "a page", nil
		})
		fmt.Println(page, err, "- calls:", calls)

		// All of it within a time of its own.
		err = asyncio.Timeout(ctx, 10*time.Second, func(ctx context.Context) error {
			_, err := retry(ctx, 100, func(context.Context) (string, error) {
				return "", errors.New("connection refused")
			})
			return err
		})
		fmt.Println(err)
		return nil
	})
	// Output:
	// a page <nil> - calls: 3
	// asyncio: timeout
}
