// What the toolbox promises holds in every order in which tasks may go on, and with
// cancellations at any of their awaits. A wake-up that is lost shows as a deadlock, a
// place or a task that is lost as what is left in the end.
package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/coro"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// crew is the tasks of an explored program. Those whose names begin with "safe" are
// not cancelled.
type crew struct {
	ctx   context.Context
	tasks []*asyncio.Task[asyncio.None]
}

func explore(t *testing.T, o asynciotest.Options, f func(ctx context.Context, c *crew) error) {
	t.Helper()
	o.Schedules = 3000
	switch {
	case coro.Portable("id"): // each question who is running takes microseconds
		o.Schedules = 50
	case testutil.RaceEnabled:
		o.Schedules = 500
	}
	o.CancelWho = func(a asyncio.AnyTask) bool { return !strings.HasPrefix(a.Name(), "safe") }
	asynciotest.Explore(t, o, func(ctx context.Context) error { return f(ctx, &crew{ctx: ctx}) })
}

func (c *crew) task(name string, f func(ctx context.Context) error) *asyncio.Task[asyncio.None] {
	c.tasks = append(c.tasks, asyncio.CreateTask(c.ctx, asyncio.Void(f), asyncio.WithName(name)))
	return c.tasks[len(c.tasks)-1]
}

func (c *crew) thread(name string, f func(ctx context.Context) error) *asyncio.Task[asyncio.None] {
	c.tasks = append(c.tasks, asyncio.Go(c.ctx, asyncio.Void(f), asyncio.WithName(name)))
	return c.tasks[len(c.tasks)-1]
}

// ended waits for all tasks and returns the first error that is no cancellation.
func (c *crew) ended() error {
	if _, _, err := asyncio.Wait(c.ctx, c.tasks, asyncio.WaitOptions{}); err != nil {
		return err
	}
	var first error
	for _, a := range c.tasks {
		if _, err := a.Result(); err != nil && !errors.Is(err, asyncio.ErrCancelled) && first == nil {
			first = fmt.Errorf("%s: %w", a.Name(), err)
		}
	}
	return first
}

// yield lets others go on, and is a place for a cancellation.
func yield(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }

// However a group ends, its children have ended before it, and never more than the limit
// were there.
func TestExploreTaskGroup(t *testing.T) {
	const limit = 2
	for _, fails := range []bool{false, true} {
		for _, cancel := range []int{0, 2} {
			explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
				c.task("group", func(ctx context.Context) error {
					running, ran, most := 0, 0, 0
					cancelled := asyncio.CurrentTask(ctx).Cancelling
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tg.SetLimit(limit)
						for i := range 5 {
							child := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
								running++
								ran++
								most = max(most, running)
								defer func() { running-- }()
								if err := yield(ctx); err != nil {
									_ = yield(ctx) // cleans up
									return err
								}
								if fails && i == 1 {
									return testutil.ErrTest
								}
								return nil
							}), asyncio.WithName(fmt.Sprint("child", i)))
							if child.Done() {
								return child.Err() // the group takes no more
							}
						}
						return yield(tg)
					})
					if running != 0 {
						return fmt.Errorf("the group has ended with %d children", running)
					}
					switch {
					case most > limit:
						return fmt.Errorf("%d children at a time, with a limit of %d", most, limit)
					case cancelled() > 0 && err == nil:
						return errors.New("the cancellation is lost")
					case err == nil && !fails && cancel == 0 && ran != 5:
						return fmt.Errorf("%d children ran, want 5", ran)
					case errors.Is(err, testutil.ErrTest) && fails:
						return nil
					}
					return err
				})
				return c.ended()
			})
		}
	}
}

// Timeout gives a result or says that it is a timeout, also when both are due at once
// with a cancellation, and takes its own cancellation back, but no other.
func TestExploreTimeout(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		for i := range 3 {
			f := asyncio.NewFuture[int](ctx)
			asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult(1) })
			c.task(fmt.Sprint("task", i), func(ctx context.Context) error {
				var got error
				v := 0
				err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					v, got = f.Await(ctx)
					return got
				})
				requests := asyncio.CurrentTask(ctx).Cancelling()
				switch {
				case err == nil && (v != 1 || got != nil || requests > 0):
					return fmt.Errorf("the result is %d, %s with %d cancellations", v, testutil.Show(got), requests)
				case errors.Is(err, asyncio.ErrTimeout) && (got == nil || requests > 0):
					return fmt.Errorf("a timeout, %d, %s with %d cancellations", v, testutil.Show(got), requests)
				case err != nil && !errors.Is(err, asyncio.ErrTimeout) && requests != 1:
					return fmt.Errorf("%s with %d cancellations", testutil.Show(err), requests)
				case err != nil && !errors.Is(err, asyncio.ErrTimeout):
					return err
				}
				// No cancellation is left over for the next await.
				if err := yield(ctx); err != nil && asyncio.CurrentTask(ctx).Cancelling() == 0 {
					return fmt.Errorf("late: %s", testutil.Show(err))
				}
				return nil
			})
		}
		victim := c.tasks[0]
		c.task("safe canceller", func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Second)
			victim.Cancel()
			return err
		})
		return c.ended()
	})
}

// Of two timeouts one in the other that are due at once, each is taken for what it is:
// the outer one's is not the inner one's, and none is left over.
func TestExploreNestedTimeouts(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		for i := range 2 {
			c.task(fmt.Sprint("task", i), func(ctx context.Context) error {
				var inner, after error
				in, out := asyncio.NewTimeout(time.Second), asyncio.NewTimeout(time.Second)
				outer := out.Do(ctx, func(ctx context.Context) error {
					inner = in.Do(ctx, func(ctx context.Context) error {
						return asyncio.Sleep(ctx, time.Minute)
					})
					after = yield(ctx)
					return errors.Join(inner, after)
				})
				requests := asyncio.CurrentTask(ctx).Cancelling()
				if requests > 0 {
					return outer
				}
				if !in.Expired() && !out.Expired() || inner == nil || outer == nil {
					return fmt.Errorf("inner %s, then %s, outer %s", testutil.Show(inner), testutil.Show(after), testutil.Show(outer))
				}
				if errors.Is(inner, asyncio.ErrTimeout) && !in.Expired() {
					return fmt.Errorf("the inner timeout has not expired, and returned %s", testutil.Show(inner))
				}
				if err := yield(ctx); err != nil && asyncio.CurrentTask(ctx).Cancelling() == 0 {
					return fmt.Errorf("late: %s", testutil.Show(err))
				}
				return nil
			})
		}
		return c.ended()
	})
}

// WaitFor gives a result or says that it is a timeout, and when it returns what it has
// waited for has ended.
func TestExploreWaitFor(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		for i := range 3 {
			c.task(fmt.Sprint("task", i), func(ctx context.Context) error {
				aw := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						_ = yield(ctx) // cleans up
						return 0, err
					}
					return 1, nil
				}, asyncio.WithName(fmt.Sprint("safe work", i)))
				v, err := asyncio.WaitFor(ctx, aw, time.Second)
				requests := asyncio.CurrentTask(ctx).Cancelling()
				if !aw.Done() {
					return errors.New("returned before the end")
				}
				switch r, e := aw.Result(); {
				case err == nil:
					if v != 1 || r != 1 || requests > 0 {
						return fmt.Errorf("the result is %d of %d, with %d cancellations", v, r, requests)
					}
				case errors.Is(err, asyncio.ErrTimeout):
					if v != r || requests > 0 {
						return fmt.Errorf("a timeout beside %d of %d, %s, with %d cancellations", v, r, testutil.Show(e), requests)
					}
				case requests != 1:
					return fmt.Errorf("%s with %d cancellations", testutil.Show(err), requests)
				default:
					return err
				}
				return nil
			})
		}
		return c.ended()
	})
}

// Gather gives all values in the order given, or an error that one of them has had.
func TestExploreGather(t *testing.T) {
	for _, cancel := range []int{0, 2} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var all []*asyncio.Task[int]
			for i := range 4 {
				all = append(all, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
					for range i {
						if err := yield(ctx); err != nil {
							return 0, err
						}
					}
					return i, nil
				}, asyncio.WithName(fmt.Sprint("child", i))))
			}
			c.task("gatherer", func(ctx context.Context) error {
				vs, err := asyncio.Gather(ctx, all...)
				cancelled := asyncio.CurrentTask(ctx).Cancelling() > 0
				undone := slices.ContainsFunc(all, func(a *asyncio.Task[int]) bool { return !a.Done() })
				early := slices.ContainsFunc(all, (*asyncio.Task[int]).Cancelled) // its error is Gather's at once
				switch {
				case undone && !early:
					return errors.New("returned before all had ended")
				case err != nil && !cancelled && !early:
					return fmt.Errorf("%s, and nobody was cancelled", testutil.Show(err))
				case err == nil && !slices.Equal(vs, []int{0, 1, 2, 3}):
					return fmt.Errorf("values %v", vs)
				}
				return err
			})
			err := c.ended()
			_, _, _ = asyncio.Wait(ctx, all, asyncio.WaitOptions{})
			return err
		})
	}
}

// Wait returns when enough have ended, with each in one of its lists.
func TestExploreWait(t *testing.T) {
	for _, when := range []asyncio.ReturnWhen{asyncio.AllCompleted, asyncio.FirstCompleted, asyncio.FirstException} {
		explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
			for i := range 3 {
				c.task(fmt.Sprint("child", i), func(ctx context.Context) error {
					for range i + 1 {
						if err := yield(ctx); err != nil {
							return err
						}
					}
					if i == 1 {
						return testutil.ErrTest
					}
					return nil
				})
			}
			children := slices.Clone(c.tasks)
			done, pending, err := asyncio.Wait(ctx, children, asyncio.WaitOptions{ReturnWhen: when})
			if err != nil {
				return err
			}
			enough := len(pending) == 0
			for _, a := range done {
				enough = enough || when == asyncio.FirstCompleted ||
					when == asyncio.FirstException && !a.Cancelled() && a.Err() != nil
			}
			if !enough || len(done)+len(pending) != len(children) {
				return fmt.Errorf("done %v, pending %v", done, pending)
			}
			for _, a := range children {
				if (slices.Contains(done, a) != a.Done()) || slices.Contains(pending, a) == a.Done() {
					return fmt.Errorf("%v is in the wrong list", a)
				}
			}
			if err := c.ended(); err != nil && !errors.Is(err, testutil.ErrTest) {
				return err
			}
			return nil
		})
	}
}

// What is shielded ends by itself, whatever becomes of those who wait.
func TestExploreShield(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
		inner := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			for range 3 {
				if err := yield(ctx); err != nil {
					return 0, err
				}
			}
			return 1, nil
		}, asyncio.WithName("safe inner"))
		for i := range 3 {
			c.task(fmt.Sprint("waiter", i), func(ctx context.Context) error {
				v, err := asyncio.Shield(ctx, inner)
				cancelled := asyncio.CurrentTask(ctx).Cancelling() > 0
				if (err != nil) != cancelled || err == nil && v != 1 {
					return fmt.Errorf("%d, %s, cancelled %t", v, testutil.Show(err), cancelled)
				}
				return err
			})
		}
		if err := c.ended(); err != nil {
			return err
		}
		v, err := inner.Await(ctx)
		if v != 1 || err != nil {
			return fmt.Errorf("the inner task: %d, %w", v, err)
		}
		return nil
	})
}

// Race returns what one of them gives, when all have ended.
func TestExploreRace(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		c.task("race", func(ctx context.Context) error {
			var all []*asyncio.Task[int]
			for i := range 3 {
				all = append(all, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
					for range 2 {
						if err := yield(ctx); err != nil {
							_ = yield(ctx) // cleans up
							return 0, err
						}
					}
					return i, nil
				}, asyncio.WithName(fmt.Sprint("safe runner", i))))
			}
			v, err := asyncio.Race(ctx, all...)
			if slices.ContainsFunc(all, func(a *asyncio.Task[int]) bool { return !a.Done() }) {
				return errors.New("returned before all had ended")
			}
			if err == nil {
				if r, e := all[v].Result(); r != v || e != nil {
					return fmt.Errorf("%d has won, and has %d, %s", v, r, testutil.Show(e))
				}
			}
			return err
		})
		return c.ended()
	})
}

// FirstSuccess returns what one that has not failed gives, when all have ended.
func TestExploreFirstSuccess(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
		c.task("first", func(ctx context.Context) error {
			var all []*asyncio.Task[int]
			failed := 0
			for i := range 3 {
				name := fmt.Sprint("runner", i)
				if i == 2 {
					name = "safe runner"
				}
				all = append(all, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
					if err := yield(ctx); err != nil {
						_ = yield(ctx) // cleans up
						return 0, err
					}
					if i == 0 {
						failed++
						return 0, testutil.ErrTest
					}
					return i, nil
				}, asyncio.WithName(name)))
			}
			v, err := asyncio.FirstSuccess(ctx, all...)
			if slices.ContainsFunc(all, func(a *asyncio.Task[int]) bool { return !a.Done() }) {
				return errors.New("returned before all had ended")
			}
			if err == nil {
				if r, e := all[v].Result(); r != v || e != nil {
					return fmt.Errorf("%d has won, and has %d, %s", v, r, testutil.Show(e))
				}
			}
			if failed > 0 {
				_ = all[0].Err() // also if it failed after the success, or the caller was cancelled
			}
			return err
		})
		return c.ended()
	})
}

// Go tasks and tasks of the loop stand in the same lines.
func TestExploreGoTasks(t *testing.T) {
	for _, cancel := range []int{0, 2} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var lock asyncio.Lock
			q := asyncio.NewQueue[int](1)
			inside, sum, want := 0, 0, 0
			worker := func(ctx context.Context) error {
				if err := lock.Acquire(ctx); err != nil {
					return err
				}
				if inside++; inside != 1 {
					return fmt.Errorf("%d hold the lock", inside)
				}
				err := q.Put(ctx, 1)
				if err == nil {
					want++
				}
				inside--
				if e := lock.Release(); e != nil {
					return e
				}
				return err
			}
			for i := range 2 {
				c.task(fmt.Sprint("task", i), worker)
				c.thread(fmt.Sprint("Go task", i), worker)
			}
			workers := c.tasks
			c.thread("safe getter", func(ctx context.Context) error {
				for v, err := range q.All(ctx) {
					if err != nil {
						return err
					}
					sum += v
				}
				return nil
			})
			if _, _, err := asyncio.Wait(ctx, workers, asyncio.WaitOptions{}); err != nil {
				return err
			}
			q.Shutdown()
			if err := c.ended(); err != nil {
				return err
			}
			if sum != want || lock.Locked() {
				return fmt.Errorf("%d of %d; %v", sum, want, &lock)
			}
			return nil
		})
	}
}
