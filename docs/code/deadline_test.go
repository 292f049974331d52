package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// client does with a ctx what that of gRPC does: what is left of the time goes along with the
// request, and a call whose ctx ends returns.
type client struct{}

func (client) Get(ctx context.Context, name string) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		fmt.Println("grpc-timeout:", time.Until(deadline).Round(time.Second))
	}
	return "the page of " + name, ctx.Err()
}

func Example_deadline() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Timeout(ctx, 20*time.Second, func(ctx context.Context) error {
			page, err := asyncio.ToThread(ctx, func(ctx context.Context) (string, error) {
				return client{}.Get(ctx, "ada")
			})
			fmt.Println(page)
			return err
		})
	}))
	fmt.Println(err)
	// Output:
	// grpc-timeout: 20s
	// the page of ada
	// <nil>
}
