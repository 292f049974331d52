package explore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// In every order, and wherever they are cancelled: a callback of OnDone runs once, or was
// removed; the channel of DoneChan is closed when the task is done, and not before.
func TestExploreOnDone(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
		var added, ran, removed int
		work := c.task("work", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) })
		before := work.DoneChan()
		for i := range 2 {
			c.task(fmt.Sprint("who adds ", i), func(ctx context.Context) error {
				added++
				remove := work.OnDone(func() { ran++ })
				defer func() {
					if i == 0 && remove() {
						removed++
					}
				}()
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				if isClosed(before) != work.Done() || isClosed(work.DoneChan()) != work.Done() {
					return fmt.Errorf("closed %t, then %t, of %v", isClosed(before), isClosed(work.DoneChan()), work)
				}
				return nil
			})
		}
		if err := c.ended(); err != nil {
			return err
		}
		if err := yield(ctx); err != nil {
			return err
		}
		if ran+removed != added || !isClosed(before) {
			return fmt.Errorf("%d ran, %d removed, of %d; closed %t", ran, removed, added, isClosed(before))
		}
		return nil
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
