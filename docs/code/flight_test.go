package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// flights are the calls that are under way, by key. Only loop tasks use it, and so it needs
// no lock.
type flights map[string]*asyncio.Task[string]

// do calls f, or waits for the call with this key that somebody else has begun.
func (fs flights) do(ctx context.Context, key string, f asyncio.Coroutine[string]) (string, error) {
	call := fs[key]
	if call == nil {
		call = asyncio.CreateTask(context.WithoutCancel(ctx), f) // nobody's scope ends it
		call.OnDone(func() { delete(fs, key) })
		fs[key] = call
	}
	return asyncio.Shield(ctx, call) // who is cancelled leaves, and the others get the answer
}

func Example_singleflight() {
	run(func(ctx context.Context) error {
		calls, pages := 0, flights{}
		load := func(ctx context.Context) (string, error) {
			calls++
			return "a page", asyncio.Sleep(ctx, time.Second)
		}
		ask := func() *asyncio.Task[string] {
			return asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				return pages.do(ctx, "/", load)
			})
		}
		first, second := ask(), ask()
		_ = asyncio.Sleep(ctx, 0) // they have asked
		first.Cancel()
		page, err := second.Await(ctx)
		fmt.Println(page, err, "- calls:", calls)
		return nil
	})
	// Output: a page <nil> - calls: 1
}
