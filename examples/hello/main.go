// Command hello is the first program of the README.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() {
	asyncio.Main(func(ctx context.Context) error {
		near := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "a page"))
		far := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "the same page"))
		page, err := asyncio.Race(ctx, near, far) // and cancel the other
		fmt.Println(page, near, far)
		return err
	})
}
