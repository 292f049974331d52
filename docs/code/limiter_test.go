package code_test

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// limiter lets one caller pass each time, and after a pause a few at once. It is for loop
// tasks, and so it needs no lock.
type limiter struct {
	each  time.Duration
	burst int
	next  time.Time // when the next may pass
}

// wait returns when it is the caller's turn.
func (l *limiter) wait(ctx context.Context) error {
	now := asyncio.RunningLoop(ctx).Time()
	if rested := now.Add(-time.Duration(l.burst-1) * l.each); l.next.Before(rested) {
		l.next = rested
	}
	turn := l.next
	l.next = turn.Add(l.each)
	return asyncio.Sleep(ctx, turn.Sub(now))
}

func Example_rateLimit() {
	run(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		limit, start := &limiter{each: 100 * time.Millisecond, burst: 2}, loop.Time()
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for n := range 4 {
				tg.CreateTask(func(ctx context.Context) error {
					if err := limit.wait(ctx); err != nil {
						return err
					}
					fmt.Println("call", n, "at", loop.Time().Sub(start))
					return nil
				})
			}
			return nil
		})
	})
	// Output:
	// call 0 at 0s
	// call 1 at 0s
	// call 2 at 100ms
	// call 3 at 200ms
}
