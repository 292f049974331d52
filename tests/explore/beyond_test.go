package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// What was sent on a channel is received once, by tasks and Go tasks, whoever is cancelled.
func TestExploreChannels(t *testing.T) {
	for _, size := range []int{0, 1} {
		for _, cancel := range []int{0, 2} {
			explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
				ch := make(chan int, size)
				var sent, got []int
				for i := range 3 {
					start := c.task
					if i == 2 {
						start = c.thread
					}
					start(fmt.Sprint("sender", i), func(ctx context.Context) error {
						for n := range 2 {
							if err := asyncio.Send(ctx, ch, 10*i+n); err != nil {
								return err
							}
							sent = append(sent, 10*i+n)
						}
						return nil
					})
				}
				senders := c.tasks
				for _, name := range []string{"receiver", "safe receiver"} {
					c.task(name, func(ctx context.Context) error {
						for {
							v, err := asyncio.Receive(ctx, ch)
							if errors.Is(err, asyncio.ErrChannelClosed) {
								return nil
							}
							if err != nil {
								return err
							}
							got = append(got, v)
						}
					})
				}
				if _, _, err := asyncio.Wait(ctx, senders, asyncio.WaitOptions{}); err != nil {
					return err
				}
				close(ch)
				if err := c.ended(); err != nil {
					return err
				}
				slices.Sort(sent)
				slices.Sort(got)
				if !slices.Equal(sent, got) {
					return fmt.Errorf("sent %v, got %v", sent, got)
				}
				return nil
			})
		}
	}
}
