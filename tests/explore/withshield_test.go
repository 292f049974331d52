package explore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// No cancellation comes into a shield, whenever it was asked for, nor is it lost: a task that
// was cancelled ends so, or has it delivered after the shield.
func TestExploreWithShield(t *testing.T) {
	for _, cancel := range []int{1, 3} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var lock asyncio.Lock
			for i := range 3 {
				c.task(fmt.Sprint("worker", i), func(ctx context.Context) error {
					before := yield(ctx)
					asked := asyncio.CurrentTask(ctx).Cancelling()
					err := asyncio.WithShield(ctx, time.Hour, func(ctx context.Context) error {
						if ctx.Err() != nil {
							return fmt.Errorf("the ctx in a shield: %w", context.Cause(ctx))
						}
						if err := shielded(ctx, &lock); err != nil {
							return fmt.Errorf("in a shield: %s", err.Error()) // as a failure, whatever it is
						}
						return nil
					})
					if err != nil {
						return err
					}
					if before != nil {
						return before
					}
					held := asyncio.CurrentTask(ctx).Cancelling() > asked
					if after := yield(ctx); held && !errors.Is(after, asyncio.ErrCancelled) {
						return fmt.Errorf("a cancellation was lost: %s", fmt.Sprint(after))
					} else if after != nil {
						return after
					}
					return nil
				})
			}
			if err := c.ended(); err != nil {
				return err
			}
			if lock.Locked() {
				return errors.New("nobody holds the lock, and it is locked")
			}
			return nil
		})
	}
}

// shielded awaits in each kind of way, and scopes in it do their work.
func shielded(ctx context.Context, lock *asyncio.Lock) error {
	if err := lock.Acquire(ctx); err != nil {
		return err
	}
	if err := errors.Join(yield(ctx), lock.Release()); err != nil {
		return err
	}
	err := asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context) error {
		return asyncio.Sleep(ctx, time.Minute)
	})
	if !errors.Is(err, asyncio.ErrTimeout) {
		return fmt.Errorf("a Timeout: %w", err)
	}
	boom := errors.New("boom")
	err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.CreateTask(yield, asyncio.WithName("safe member"))
		tg.CreateTask(func(ctx context.Context) error { return errors.Join(yield(ctx), boom) }, asyncio.WithName("safe failing"))
		return asyncio.Sleep(tg, time.Minute)
	})
	var failed *asyncio.GroupError
	if !errors.As(err, &failed) || !errors.Is(err, boom) {
		return fmt.Errorf("a group: %w", err)
	}
	return yield(ctx)
}

// A shield that is over lets through what it held, once: none is left over and none is lost.
func TestExploreWithShieldThatIsOver(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
		for i := range 2 {
			task := c.task
			if i == 1 {
				task = c.thread
			}
			task(fmt.Sprint("worker", i), func(ctx context.Context) error {
				self := asyncio.CurrentTask(ctx)
				told := 0
				hear := func(err error) {
					if errors.Is(err, asyncio.ErrCancelled) {
						told++
					}
				}
				for n := range 3 {
					hear(asyncio.WithShield(ctx, time.Duration(n)*time.Millisecond, func(ctx context.Context) error {
						hear(asyncio.Sleep(ctx, 2*time.Millisecond))
						return nil
					}))
				}
				hear(yield(ctx))
				hear(yield(ctx))
				if asked := self.Cancelling(); asked > 0 && told == 0 {
					return fmt.Errorf("asked %d times and not told", asked)
				} else if asked == 0 && told > 0 {
					return fmt.Errorf("told %d times and not asked", told)
				}
				return nil
			})
		}
		return c.ended()
	})
}
