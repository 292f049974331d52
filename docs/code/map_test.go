package code_test

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio"
)

func Example_map() {
	download := func(_ context.Context, page string) (int, error) { return len(page), nil } // blocks
	run(func(ctx context.Context) error {
		pages := []string{"index", "news", "contact"}
		sizes, err := asyncio.Map(ctx, pages, 8, func(ctx context.Context, page string) (int, error) {
			return asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
				return download(ctx, page) // on a goroutine: the loop is free
			})
		})
		fmt.Println(sizes, err) // in the order of pages
		return nil
	})
	// Output: [5 4 7] <nil>
}
