package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// Whoever waits for what fails, in whichever way, and is cancelled at whichever moment: each
// error is told to somebody, or else reported, once. They are panics, so that this is at once.
func TestExploreErrorsAreToldOrReported(t *testing.T) {
	type task = *asyncio.Task[asyncio.None]
	// Each returns the errors that it was told of, and nil for all.
	ways := []func(ctx context.Context, xs []task) []error{
		func(ctx context.Context, xs []task) []error { _, err := xs[0].Await(ctx); return []error{err} },
		func(ctx context.Context, xs []task) []error {
			_, err := asyncio.Shield(ctx, xs[0])
			return []error{err}
		},
		func(ctx context.Context, xs []task) []error {
			_, err := asyncio.WaitFor(ctx, xs[0], time.Hour)
			return []error{err}
		},
		func(ctx context.Context, xs []task) []error { _, err := asyncio.Race(ctx, xs...); return []error{err} },
		func(ctx context.Context, xs []task) []error {
			_, err := asyncio.FirstSuccess(ctx, xs...)
			return []error{err}
		},
		func(ctx context.Context, xs []task) []error {
			_, err := asyncio.Gather(ctx, xs...)
			if !errors.Is(err, asyncio.ErrCancelled) || slices.ContainsFunc(xs, task.Cancelled) {
				return nil // with the end of one the other counts as seen
			}
			return []error{err}
		},
		func(ctx context.Context, xs []task) []error {
			all, err := asyncio.GatherAll(ctx, xs...)
			told := []error{err}
			for _, o := range all {
				told = append(told, o.Err)
			}
			return told
		},
		func(ctx context.Context, xs []task) []error {
			o := asyncio.WaitOptions{ReturnWhen: asyncio.FirstException}
			done, _, err := asyncio.Wait(ctx, xs, o)
			told := []error{err}
			for _, x := range done {
				told = append(told, x.Err())
			}
			return told
		},
		func(ctx context.Context, xs []task) []error {
			told := []error{asyncio.ErrCancelled}
			for x := range asyncio.AsCompleted(ctx, xs) {
				told = append(told, x.Err())
			}
			return told
		},
	}
	errs := []error{errors.New("first"), errors.New("second")}
	for i, way := range ways {
		for _, k := range slices.Compact([]int{0, i}) {
			explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
				var told, reported [2]int
				asyncio.RunningLoop(ctx).SetExceptionHandler(func(_ *asyncio.Loop, e asyncio.ExceptionContext) {
					for i, err := range errs {
						if errors.Is(e.Err, err) {
							reported[i]++
						}
					}
				})
				var begin asyncio.Event
				var xs []task
				for i, err := range errs {
					xs = append(xs, c.task(fmt.Sprint("x", i), func(ctx context.Context) error {
						for !begin.IsSet() {
							_ = begin.Wait(ctx) // who is cancelled before it waits has nothing to be told of
						}
						for range i {
							_ = yield(ctx)
						}
						panic(err)
					}))
				}
				waits := func(way func(ctx context.Context, xs []task) []error) func(ctx context.Context) error {
					return func(ctx context.Context) error {
						got := way(ctx, xs)
						for i, err := range errs {
							if got == nil || errors.Is(errors.Join(got...), err) {
								told[i]++
							}
						}
						return nil
					}
				}
				c.task("a", waits(way))
				c.task("b", waits(ways[k]))
				if err := asyncio.Sleep(ctx, time.Second); err != nil { // they wait
					return err
				}
				begin.Set()
				if err := asyncio.Sleep(ctx, 2*time.Hour); err != nil { // all has been dealt with
					return err
				}
				for n, x := range xs {
					want := 0
					if told[n] == 0 && !x.Cancelled() {
						want = 1
					}
					if reported[n] != want {
						return fmt.Errorf("ways %d and %d: error %d was told %d times, reported %d times", i, k, n, told[n], reported[n])
					}
					_ = x.Err()
				}
				return nil
			})
		}
	}
}
