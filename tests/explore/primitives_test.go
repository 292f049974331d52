package explore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestExploreLock(t *testing.T) {
	for _, cancel := range []int{0, 1, 3} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var lock asyncio.Lock
			inside := 0
			var line, served []string // who has asked, without those who gave up
			for i := range 4 {
				c.task(fmt.Sprint("worker", i), func(ctx context.Context) error {
					for round := range 2 {
						me := fmt.Sprint(i, ".", round)
						line = append(line, me)
						if err := lock.Acquire(ctx); err != nil {
							line = slices.DeleteFunc(line, func(s string) bool { return s == me })
							return err
						}
						served = append(served, me)
						if inside++; inside != 1 {
							return fmt.Errorf("%d hold the lock", inside)
						}
						err := yield(ctx)
						inside--
						if e := lock.Release(); e != nil {
							return e
						}
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err := c.ended(); err != nil {
				return err
			}
			if !slices.Equal(line, served) {
				return fmt.Errorf("came as %v, served as %v", line, served)
			}
			if lock.Locked() {
				return errors.New("nobody holds the lock, and it is locked")
			}
			return nil
		})
	}
}

func TestExploreSemaphore(t *testing.T) {
	const places = 2
	for _, cancel := range []int{0, 1, 3} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			sem := asyncio.NewBoundedSemaphore(places)
			inside := 0
			for i := range 5 {
				c.task(fmt.Sprint("worker", i), func(ctx context.Context) error {
					for range 2 {
						if err := sem.Acquire(ctx); err != nil {
							return err
						}
						if inside++; inside > places {
							return fmt.Errorf("%d hold %d places", inside, places)
						}
						err := yield(ctx)
						inside--
						if e := sem.Release(); e != nil {
							return e
						}
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err := c.ended(); err != nil {
				return err
			}
			for range places {
				if !sem.TryAcquire() {
					return fmt.Errorf("a place is lost: %v", sem)
				}
			}
			if sem.TryAcquire() {
				return errors.New("there is a place too many")
			}
			return nil
		})
	}
}

// Each item is announced to one who waits. Whoever of them is cancelled, before or after
// it was told, nobody waits beside an item.
func TestExploreCondition(t *testing.T) {
	for _, cancel := range []int{0, 1, 2} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			const takers, many = 4, 2
			cond := asyncio.NewCondition(nil)
			items, taken, inside := 0, 0, 0
			for i := range takers {
				c.task(fmt.Sprint("taker", i), func(ctx context.Context) error {
					return cond.With(ctx, func() error {
						inside++
						defer func() { inside-- }()
						for items == 0 {
							inside--
							err := cond.Wait(ctx)
							if inside++; inside != 1 {
								return fmt.Errorf("Wait returned to %d", inside)
							}
							if err != nil {
								return err
							}
						}
						items--
						taken++
						return nil
					})
				})
			}
			give := func(ctx context.Context) error {
				return cond.With(ctx, func() error {
					if inside++; inside != 1 {
						return fmt.Errorf("%d hold the lock", inside)
					}
					defer func() { inside-- }()
					items++
					if err := yield(ctx); err != nil {
						return err
					}
					return cond.Notify(1)
				})
			}
			for i := range many {
				c.task(fmt.Sprint("safe giver", i), give)
			}
			if err := asynciotest.Settle(ctx); err != nil {
				return err
			}
			if items > 0 && testutil.Queued(cond) > 0 {
				return fmt.Errorf("%d items, and %v", items, cond)
			}
			for range takers {
				if err := give(ctx); err != nil {
					return err
				}
			}
			if err := c.ended(); err != nil {
				return err
			}
			if cond.Locked() || items+taken != many+takers {
				return fmt.Errorf("%v, %d items and %d taken of %d", cond, items, taken, many+takers)
			}
			return nil
		})
	}
}

// Set wakes all who wait, also if Clear follows at once, and nobody else.
func TestExploreEvent(t *testing.T) {
	for _, cancel := range []int{0, 2} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var event asyncio.Event
			sets := 0
			for i := range 4 {
				c.task(fmt.Sprint("waiter", i), func(ctx context.Context) error {
					for round := range 2 {
						if err := event.Wait(ctx); err != nil {
							return err
						}
						if sets <= round {
							return fmt.Errorf("woken %d times by %d sets", round+1, sets)
						}
					}
					return nil
				})
			}
			for range 2 {
				if err := asynciotest.Settle(ctx); err != nil {
					return err
				}
				sets++
				event.Set()
				event.Clear()
			}
			if err := c.ended(); err != nil {
				return err
			}
			if event.IsSet() || testutil.Queued(&event) != 0 {
				return fmt.Errorf("in the end: %v", &event)
			}
			return nil
		})
	}
}

// Nobody passes before all have come, and each has a number of its own.
func TestExploreBarrier(t *testing.T) {
	const parties, rounds = 3, 3
	t.Run("rounds", func(t *testing.T) {
		explore(t, asynciotest.Options{}, func(ctx context.Context, c *crew) error {
			barrier := asyncio.NewBarrier(parties)
			var came [rounds]int
			var numbers [rounds][]int
			for i := range parties {
				c.task(fmt.Sprint("party", i), func(ctx context.Context) error {
					for round := range rounds {
						came[round]++
						n, err := barrier.Wait(ctx)
						if err != nil {
							return err
						}
						if came[round] != parties {
							return fmt.Errorf("passed in round %d when %d had come", round, came[round])
						}
						numbers[round] = append(numbers[round], n)
						if err := yield(ctx); err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err := c.ended(); err != nil {
				return err
			}
			for round, got := range numbers {
				if slices.Sort(got); !slices.Equal(got, []int{0, 1, 2}) {
					return fmt.Errorf("numbers %v in round %d", got, round)
				}
			}
			return nil
		})
	})
	// Whoever is cancelled is as if it had not come: in the end fewer than a round are
	// left, and all of them wait.
	t.Run("with cancellations", func(t *testing.T) {
		explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context, c *crew) error {
			barrier := asyncio.NewBarrier(parties)
			passed, broken, cancelled := 0, 0, 0
			for i := range 2 * parties {
				c.task(fmt.Sprint("party", i), func(ctx context.Context) error {
					_, err := barrier.Wait(ctx)
					switch {
					case err == nil:
						passed++
					case errors.Is(err, asyncio.ErrBrokenBarrier):
						broken++
					case errors.Is(err, asyncio.ErrCancelled):
						cancelled++
					default:
						return err
					}
					return nil
				})
			}
			if err := asynciotest.Settle(ctx); err != nil {
				return err
			}
			if n := barrier.Waiting(); n >= parties {
				return fmt.Errorf("%d wait, and nobody passes", n)
			}
			barrier.Abort()
			if err := c.ended(); err != nil {
				return err
			}
			if broken >= parties || barrier.Waiting() != 0 {
				return fmt.Errorf("%d passed, %d cancelled, %d left; %v", passed, cancelled, broken, barrier)
			}
			return nil
		})
	})
}

// What Put has put, and nothing else, is had once; and Join waits until all of it is done
// with.
func TestExploreQueue(t *testing.T) {
	for _, size := range []int{0, 1, 2} {
		for _, cancel := range []int{0, 3} {
			explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
				q := asyncio.NewQueue[testutil.Item](size)
				var put, got []testutil.Item
				for i := range 3 {
					c.task(fmt.Sprint("putter", i), func(ctx context.Context) error {
						for n := range 2 {
							if err := q.Put(ctx, testutil.Item{Producer: i, Seq: n}); err != nil {
								return err
							}
							put = append(put, testutil.Item{Producer: i, Seq: n})
						}
						return nil
					})
				}
				putters := c.tasks
				done := 0
				for _, name := range []string{"getter0", "getter1", "safe getter"} {
					c.task(name, func(ctx context.Context) error {
						for v, err := range q.All(ctx) {
							if err != nil {
								return err
							}
							got = append(got, v)
							err = yield(ctx)
							done++
							if e := q.TaskDone(); e != nil {
								return e
							}
							if err != nil {
								return err
							}
						}
						return nil
					})
				}
				if _, _, err := asyncio.Wait(ctx, putters, asyncio.WaitOptions{}); err != nil {
					return err
				}
				if err := q.Join(ctx); err != nil {
					return err
				}
				if done != len(put) {
					return fmt.Errorf("joined when %d of %d were done", done, len(put))
				}
				q.Shutdown()
				if err := c.ended(); err != nil {
					return err
				}
				if q.Len() != 0 || q.Full() || testutil.Queued(q) != 0 {
					return fmt.Errorf("in the end: %v", q)
				}
				slices.SortFunc(put, compareItems)
				slices.SortFunc(got, compareItems)
				if !slices.Equal(put, got) {
					return fmt.Errorf("put %v, got %v", put, got)
				}
				return nil
			})
		}
	}
}

func compareItems(a, b testutil.Item) int {
	return cmp.Or(cmp.Compare(a.Producer, b.Producer), cmp.Compare(a.Seq, b.Seq))
}

// What one putter puts comes in its order to one getter.
func TestExploreQueueOrder(t *testing.T) {
	explore(t, asynciotest.Options{Cancel: 1}, func(ctx context.Context, c *crew) error {
		q := asyncio.NewQueue[testutil.Item](1)
		for i := range 3 {
			c.task(fmt.Sprint("putter", i), func(ctx context.Context) error {
				for n := range 3 {
					if err := q.Put(ctx, testutil.Item{Producer: i, Seq: n}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		putters := c.tasks
		c.task("safe getter", func(ctx context.Context) error {
			var next [3]int
			for v, err := range q.All(ctx) {
				if err != nil {
					return err
				}
				if v.Seq != next[v.Producer] {
					return fmt.Errorf("got %v, want the one with %d", v, next[v.Producer])
				}
				next[v.Producer]++
			}
			return nil
		})
		if _, _, err := asyncio.Wait(ctx, putters, asyncio.WaitOptions{}); err != nil {
			return err
		}
		q.Shutdown()
		return c.ended()
	})
}
