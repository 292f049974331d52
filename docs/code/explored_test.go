package code_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// explore runs a recipe in every order, with a task cancelled at any of its awaits. It returns
// nil or what must not be; a cancellation may.
func explore(t *testing.T, f func(ctx context.Context) error) {
	t.Helper()
	asynciotest.Explore(t, asynciotest.Options{Cancel: 1, Schedules: 300}, func(ctx context.Context) error {
		main := asyncio.CreateTask(ctx, asyncio.Void(f), asyncio.WithName("recipe"))
		if _, err := main.Await(ctx); err != nil && !errors.Is(err, asyncio.ErrCancelled) {
			return err
		}
		return nil
	})
}

func TestLimiterInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		limit, passed := &limiter{each: time.Second, burst: 2}, []time.Time{}
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range 4 {
				tg.CreateTask(func(ctx context.Context) error {
					err := limit.wait(ctx)
					if err == nil {
						passed = append(passed, asyncio.RunningLoop(ctx).Time())
					}
					return err
				})
			}
			return nil
		})
		for i := 2; i < len(passed); i++ {
			if d := passed[i].Sub(passed[i-2]); d < time.Second {
				return fmt.Errorf("three passed within %v", d)
			}
		}
		return err
	})
}

func TestRetryInAnyOrder(t *testing.T) {
	down := errors.New("down")
	explore(t, func(ctx context.Context) error {
		calls := 0
		_, err := retry(ctx, 3, func(ctx context.Context) (int, error) {
			calls++
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return 0, err
			}
			return 0, down
		})
		if errors.Is(err, down) && calls != 3 {
			return fmt.Errorf("%d calls, and %w", calls, err)
		}
		if errors.Is(err, down) {
			return nil
		}
		return err
	})
}

// Whoever is cancelled, who is not gets the answer, of one call.
func TestFlightsInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		calls, pages := 0, flights{}
		var asked []*asyncio.Task[string]
		for range 3 {
			asked = append(asked, asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				return pages.do(ctx, "/", func(ctx context.Context) (string, error) {
					calls++
					return "a page", asyncio.Sleep(ctx, time.Second)
				})
			}))
		}
		outcomes, err := asyncio.GatherAll(ctx, asked...)
		if err != nil {
			return err
		}
		cancelled := 0
		for _, o := range outcomes {
			if errors.Is(o.Err, asyncio.ErrCancelled) {
				cancelled++
			} else if o.Err != nil || o.Value != "a page" {
				return fmt.Errorf("%q, %w", o.Value, o.Err)
			}
		}
		if cancelled == 0 && calls != 1 {
			return fmt.Errorf("%d calls", calls)
		}
		return nil
	})
}

func TestEveryInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		calls := 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				return every(ctx, time.Minute, func(ctx context.Context) error {
					calls++
					return asyncio.Sleep(ctx, time.Second)
				})
			})
			err := asyncio.Sleep(ctx, 90*time.Second)
			tg.Shutdown(time.Hour)
			return err
		})
		if err == nil && calls > 2 {
			return fmt.Errorf("%d calls in a minute and a half", calls)
		}
		return err
	})
}

func TestSessionInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		hello, said := false, false
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return session(ctx, func(ctx context.Context) error {
				hello = true
				return asyncio.Sleep(ctx, time.Second)
			}, func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Second)
				said = err == nil
				return err
			})
		}))
		err := asyncio.Sleep(ctx, time.Second)
		task.Cancel()
		if _, e := asyncio.GatherAll(ctx, task); err == nil {
			err = e
		}
		if task.Done() && hello && !said {
			return errors.New("it has not said goodbye")
		}
		return err
	})
}

func TestPipelineInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		sum := 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			in := asyncio.NewQueue[int](2)
			tg.CreateTask(func(ctx context.Context) error {
				defer in.Shutdown()
				for n := range 5 {
					if err := in.Put(ctx, n); err != nil {
						return err
					}
				}
				return nil
			}, asyncio.WithName("source"))
			double := func(ctx context.Context, n int) (int, error) { return 2 * n, asyncio.Sleep(ctx, time.Second) }
			for n, err := range stage(tg, 2, in, double).All(ctx) {
				if err != nil {
					return err
				}
				sum += n
			}
			return nil
		})
		if sum > 20 { // what a task has in hand when it is cancelled is lost
			return fmt.Errorf("the sum is %d", sum)
		}
		return err
	})
}

func TestTopicInAnyOrder(t *testing.T) {
	explore(t, func(ctx context.Context) error {
		var news topic[int]
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range 2 {
				q := news.subscribe(1)
				reader := tg.CreateTask(func(ctx context.Context) error {
					want := 0
					for n, err := range q.All(ctx) {
						if err != nil {
							return err
						}
						if n != want {
							return fmt.Errorf("read %d, want %d", n, want)
						}
						if want++; want == 3 {
							return nil
						}
					}
					return nil
				})
				reader.OnDone(func() { q.Shutdown(true) })
			}
			for n := range 4 {
				if err := news.publish(ctx, n); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
