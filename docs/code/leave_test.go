package code_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// within returns what body returns, or ErrTimeout.
func within[T any](ctx context.Context, d time.Duration, body asyncio.Coroutine[T]) (v T, err error) {
	err = asyncio.Timeout(ctx, d, func(ctx context.Context) (err error) {
		v, err = body(ctx)
		return err
	})
	return v, err
}

// errFound ends a search from inside.
var errFound = errors.New("found")

func Example_leave() {
	run(func(ctx context.Context) error {
		var lock asyncio.Lock
		shelf := map[string][]string{"a": nil, "b": {"this", "that"}}
		for _, key := range []string{"a", "b", "c"} {
			err := lock.With(ctx, func() error {
				books, err := within(ctx, time.Second, func(ctx context.Context) ([]string, error) {
					return shelf[key], asyncio.Sleep(ctx, time.Millisecond)
				})
				if err != nil || len(books) == 0 {
					return err // continue, if it is nil
				}
				fmt.Println("found", books[0])
				return errFound // break
			})
			switch {
			case errors.Is(err, errFound):
				return nil // and return, behind the block
			case err != nil:
				return err
			}
		}
		return errors.New("nothing found")
	})
	// Output: found this
}
