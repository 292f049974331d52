package cancellation_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// Among bounded Go tasks a goroutine that has ended one takes up the next by
// itself. What its task has asked for just before must not be overtaken by that.
func TestPlaceIsNotPassedOnToACancelledTask(t *testing.T) {
	for _, way := range []struct {
		name string
		stop func(b *asyncio.Task[int], end context.CancelFunc)
	}{
		{"by Cancel", func(b *asyncio.Task[int], _ context.CancelFunc) { b.Cancel() }},
		{"by its scope", func(_ *asyncio.Task[int], end context.CancelFunc) { end() }},
	} {
		for _, derive := range []func(context.Context) (context.Context, context.CancelFunc){
			asyncio.WithCancel, context.WithCancel,
		} {
			t.Run(way.name, func(t *testing.T) {
				for range 100 {
					_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
						scope, end := derive(ctx)
						defer end()
						var second *asyncio.Task[int]
						held := make(chan struct{})
						first := asyncio.Go(ctx, func(context.Context) (int, error) {
							<-held
							way.stop(second, end)
							return 0, nil
						})
						second = asyncio.Go(scope, func(context.Context) (int, error) {
							t.Error("it ran")
							return 0, nil
						})
						for range 3 { // the second is in the queue by then
							if err := asyncio.Sleep(ctx, 0); err != nil {
								return err
							}
						}
						close(held)
						if _, err := first.Await(ctx); err != nil {
							return err
						}
						_, _ = second.Await(ctx)
						if !second.Cancelled() {
							t.Errorf("%v", second)
						}
						return nil
					}), asyncio.WithMaxThreads(1))
					if err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// Every task gets its place once, also those that are cancelled in the queue and
// then taken back while places change hands.
func TestPlacesUnderCancelAndUncancel(t *testing.T) {
	const many = 300
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		ran := make([]int, many) // each task touches its own
		tasks := make([]*asyncio.Task[int], many)
		for i := range tasks {
			tasks[i] = asyncio.Go(ctx, func(ctx context.Context) (int, error) {
				ran[i]++
				return i, asyncio.Sleep(ctx, 0)
			})
		}
		for round := range 10 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			for i, task := range tasks {
				if (i+round)%3 == 0 && task.Cancel() {
					task.Uncancel()
				}
			}
		}
		for i, task := range tasks {
			_, _ = task.Await(ctx)
			if ran[i] > 1 || ran[i] == 0 && !task.Cancelled() {
				t.Errorf("%d ran %d times: %v", i, ran[i], task)
			}
		}
		return nil
	}), asyncio.WithMaxThreads(2))
	if err != nil {
		t.Fatal(err)
	}
}
