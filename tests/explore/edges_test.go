package explore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// In whichever order tasks come to wait for each other, the await that closes a circle
// is an error, and all end.
func TestExploreCircles(t *testing.T) {
	type task = *asyncio.Task[asyncio.None]
	ways := []func(ctx context.Context, next, other task) error{
		func(ctx context.Context, next, _ task) error { _, err := next.Await(ctx); return err },
		func(ctx context.Context, next, _ task) error { _, err := asyncio.Shield(ctx, next); return err },
		func(ctx context.Context, next, _ task) error {
			_, err := asyncio.WaitFor(ctx, next, time.Hour)
			return err
		},
		func(ctx context.Context, next, other task) error {
			_, err := asyncio.Gather(ctx, next, other)
			return err
		},
		func(ctx context.Context, next, other task) error {
			_, _, err := asyncio.Wait(ctx, []task{next, other}, asyncio.WaitOptions{})
			return err
		},
		func(ctx context.Context, next, other task) error {
			_, err := asyncio.GatherAll(ctx, other, next)
			return err
		},
		func(ctx context.Context, next, _ task) error { _, err := asyncio.Race(ctx, next); return err },
		func(ctx context.Context, next, _ task) error { _, err := asyncio.FirstSuccess(ctx, next); return err },
		func(ctx context.Context, next, _ task) (err error) {
			defer func() { err, _ = recover().(error) }() // it has no other way to say it
			for range asyncio.AsCompleted(ctx, []task{next}) {
			}
			return yield(ctx)
		},
		func(ctx context.Context, next, _ task) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					_, err := next.Await(ctx)
					return err
				}), asyncio.WithName("safe member"))
				return nil
			})
		},
	}
	for i, way := range ways {
		for _, cancel := range []int{0, 2} {
			explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
				const n = 3
				var all [n]task
				found := false
				for k := range n {
					f := ways[0]
					if k == 0 {
						f = way
					}
					all[k] = c.task(fmt.Sprint("task", k), func(ctx context.Context) error {
						if err := yield(ctx); err != nil {
							return err
						}
						err := f(ctx, all[(k+1)%n], all[(k+2)%n])
						found = found || errors.Is(err, asyncio.ErrDeadlock)
						return nil
					})
				}
				if err := c.ended(); err != nil {
					return err
				}
				cancelled := false
				for _, a := range all {
					cancelled = cancelled || a.Cancelling() > 0 || a.Cancelled()
				}
				if !found && !cancelled {
					return fmt.Errorf("way %d: nobody is told of the circle", i)
				}
				return nil
			})
		}
	}
}

// A request goes to each task once, over as many ways as lead there, and what is asked
// once is counted once.
func TestExploreRequestsThroughLayers(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		leaf := c.task("safe leaf", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
		below := leaf
		for layer := range 3 {
			under := below
			below = c.task(fmt.Sprint("safe layer", layer), func(ctx context.Context) error {
				_, err := asyncio.GatherAll(ctx, under, under, leaf)
				return err
			})
		}
		top := below
		c.task("canceller", func(ctx context.Context) error {
			err := yield(ctx)
			top.Cancel("once")
			return err
		})
		if _, _, err := asyncio.Wait(ctx, c.tasks, asyncio.WaitOptions{}); err != nil {
			return err
		}
		for _, a := range c.tasks[:len(c.tasks)-1] {
			if a.Cancelling() > 1 {
				return fmt.Errorf("%s was asked %d times", a.Name(), a.Cancelling())
			}
		}
		return nil
	})
}

// A body that joins its cancellation with an error of its clean-up has timed out with
// that error, or was cancelled by somebody else: never one for the other.
func TestExploreCleanUpErrors(t *testing.T) {
	errRollback := errors.New("rollback failed")
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		for i := range 2 {
			c.task(fmt.Sprint("task", i), func(ctx context.Context) error {
				err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, time.Duration(i+1)*time.Second)
					if err == nil {
						return nil
					}
					return errors.Join(err, errRollback)
				})
				asked := asyncio.CurrentTask(ctx).Cancelling() > 0
				timedOut := errors.Is(err, asyncio.ErrTimeout)
				switch {
				case err != nil && !errors.Is(err, errRollback):
					return fmt.Errorf("the clean-up's error is lost: %w", err)
				case timedOut && errors.Is(err, context.Canceled) && !asked:
					return fmt.Errorf("a timeout and a cancellation: %s", testutil.Show(err))
				case err != nil && !timedOut && !asked:
					return fmt.Errorf("neither: %s", testutil.Show(err))
				}
				return nil
			})
		}
		return c.ended()
	})
}

// Who awaits what may be left goes on at once with its cancellation, and what was left
// ends by its ctx, in every order.
func TestExploreAbandon(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
		begun, back := 0, 0
		listens := func(ctx context.Context) (int, error) {
			begun++
			err := asyncio.Sleep(ctx, time.Hour)
			back++
			return 1, err
		}
		ways := []func(ctx context.Context) error{
			func(ctx context.Context) error { _, err := asyncio.ToThread(ctx, listens); return err },
			func(ctx context.Context) error {
				return asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_, err := asyncio.ToThread(ctx, listens)
					return err
				})
			},
			func(ctx context.Context) error {
				_, err := asyncio.WaitFor(ctx, asyncio.Go(ctx, listens, asyncio.Abandon()), time.Second)
				return err
			},
		}
		for i, way := range ways {
			c.task(fmt.Sprint("task", i), func(ctx context.Context) error {
				err := way(ctx)
				switch asked := asyncio.CurrentTask(ctx).Cancelling() > 0; {
				case err == nil:
					return fmt.Errorf("way %d has a value", i)
				case !asked && !errors.Is(err, asyncio.ErrTimeout):
					return fmt.Errorf("way %d: %s", i, testutil.Show(err))
				}
				return nil
			})
		}
		forever := c.tasks[0] // it has no timeout of its own
		c.task("safe canceller", func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Minute)
			forever.Cancel()
			return err
		})
		if err := c.ended(); err != nil {
			return err
		}
		if err := asyncio.Sleep(ctx, 2*time.Hour); err != nil {
			return err
		}
		if begun != back {
			return fmt.Errorf("%d have begun, %d are back", begun, back)
		}
		return nil
	})
}
