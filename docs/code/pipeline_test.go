package code_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/asyncio-go/asyncio"
)

// stage has n tasks call f for what comes from in, and returns the queue of what f returns. That
// is shut down when they have ended.
func stage[A, B any](
	tg *asyncio.TaskGroup, n int, in *asyncio.Queue[A], f func(ctx context.Context, a A) (B, error),
) *asyncio.Queue[B] {
	out, left := asyncio.NewQueue[B](n), n
	for range n {
		worker := tg.CreateTask(func(ctx context.Context) error {
			for a, err := range in.All(ctx) {
				if err != nil {
					return err
				}
				b, err := f(ctx, a)
				if err != nil {
					return err // ends the group, and so all stages
				}
				if err := out.Put(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
		worker.OnDone(func() { // however it has ended
			if left--; left == 0 {
				out.Shutdown()
			}
		})
	}
	return out
}

func Example_pipeline() {
	run(func(ctx context.Context) error {
		words := 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			lines := asyncio.NewQueue[string](100)
			tg.Go(func(ctx context.Context) error { // reads, and so blocks
				defer lines.Shutdown()
				for line := range strings.Lines("to be or not\nto be\n") {
					if err := lines.Put(ctx, line); err != nil {
						return err
					}
				}
				return nil
			})
			counts := stage(tg, 4, lines, func(_ context.Context, line string) (int, error) {
				return len(strings.Fields(line)), nil
			})
			for n, err := range counts.All(ctx) {
				if err != nil {
					return err
				}
				words += n
			}
			return nil
		})
		fmt.Println(words, err)
		return nil
	})
	// Output: 6 <nil>
}
