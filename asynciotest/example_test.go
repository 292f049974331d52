package asynciotest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// In a test this is asynciotest.Run(t, func...), which fails the test.
func ExampleCheck() {
	failure := asynciotest.Check(func(ctx context.Context) error {
		start := asynciotest.Now(ctx)
		if err := asyncio.Sleep(ctx, 365*24*time.Hour); err != nil {
			return err
		}
		fmt.Println(start.Format(time.DateOnly), asynciotest.Now(ctx).Format(time.DateOnly))
		return nil
	})
	fmt.Println(failure == nil)
	// Output:
	// 2000-01-01 2000-12-31
	// true
}

func ExampleRun() {
	var t *testing.T // of a test

	test := func() {
		asynciotest.Run(t, func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
				return asyncio.Sleep(ctx, 59*time.Minute)
			})
		})
	}
	_ = test
}

// Two tasks add one to a number that they have read before an await. In the loop's own
// order the second reads it when the first is through.
func ExampleSearch() {
	pause := func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }
	report := asynciotest.Search(asynciotest.Options{}, func(ctx context.Context) error {
		total := 0
		add := func(pauses int) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for range pauses {
					if err := pause(ctx); err != nil {
						return err
					}
				}
				seen := total
				if err := pause(ctx); err != nil {
					return err
				}
				total = seen + 1
				return nil
			}))
		}
		if _, err := asyncio.Gather(ctx, add(0), add(2)); err != nil {
			return err
		}
		if total != 2 {
			return fmt.Errorf("total is %d", total)
		}
		return nil
	})
	fmt.Println(report.Failure.Kind, report.Failure.Err, "by", report.Failure.Departures, "departures")
	// Output:
	// error total is 1 by 2 departures
}

func ExampleExplore() {
	var t *testing.T // of a test

	// Under every schedule, and with a task cancelled at any one of its await points.
	test := func(transfer func(context.Context) error) {
		asynciotest.Explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context) error {
			task := asyncio.CreateTask(ctx, asyncio.Void(transfer))
			if _, err := task.Await(ctx); err != nil && !errors.Is(err, asyncio.ErrCancelled) {
				return err
			}
			return nil // or an error, if what must hold does not
		})
	}
	_ = test
}

// All schedules of a small program, each once.
func ExampleOptions() {
	orders := map[string]bool{}
	report := asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Exhaustive}, func(ctx context.Context) error {
		var order string
		say := func(word string) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				order += word
				return nil
			}))
		}
		_, err := asyncio.Gather(ctx, say("a"), say("b"), say("c"))
		orders[order] = true
		return err
	})
	fmt.Println(report.Schedules, "schedules, complete:", report.Complete, "orders:", len(orders))
	// Output:
	// 6 schedules, complete: true orders: 6
}

func ExampleSettle() {
	_ = asynciotest.Check(func(ctx context.Context) error {
		jobs := asyncio.NewQueue[string](0)
		worker := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for job, err := range jobs.All(ctx) {
				if err != nil {
					return err
				}
				fmt.Println("did", job)
			}
			return nil
		}))
		_ = jobs.PutNoWait("this")
		_ = jobs.PutNoWait("that")
		err := asynciotest.Settle(ctx)
		fmt.Println("everybody waits")
		worker.Cancel()
		return err
	})
	// Output:
	// did this
	// did that
	// everybody waits
}

func ExampleAdvance() {
	_ = asynciotest.Check(func(ctx context.Context) error {
		asyncio.RunningLoop(ctx).CallLater(time.Minute, func() { fmt.Println("expired") })
		if err := asynciotest.Advance(ctx, 59*time.Second); err != nil {
			return err
		}
		fmt.Println("not yet")
		return asynciotest.Advance(ctx, time.Second)
	})
	// Output:
	// not yet
	// expired
}

func ExampleTrace() {
	var tr asynciotest.Trace
	_ = asynciotest.Check(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			tr.Add("task")
			return nil
		}))
		tr.Add("main")
		_, err := task.Await(ctx)
		return err
	})
	fmt.Println(tr.Check("task", "main"))
	// Output:
	// the events are not as expected:
	// 	- task
	// 	+ main
	// 	- main
	// 	+ task
	// (- expected, + happened)
}

func ExampleNewClock() {
	// cache is code that is given a clock.
	type cache struct {
		now     func() time.Time
		expires time.Time
	}
	_ = asynciotest.Check(func(ctx context.Context) error {
		clock := asynciotest.NewClock(ctx)
		c := cache{now: clock.Now, expires: clock.Now().Add(time.Hour)}
		if err := asynciotest.Advance(ctx, 2*time.Hour); err != nil {
			return err
		}
		fmt.Println(c.now().After(c.expires))
		return nil
	})
	// Output:
	// true
}
