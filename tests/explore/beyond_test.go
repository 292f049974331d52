package explore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
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

// However a supervised group ends, all of its tasks have, and each failure was told once.
func TestExploreSupervise(t *testing.T) {
	for _, cancel := range []int{0, 2} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			c.task("group", func(ctx context.Context) error {
				failed, told, inside := 0, 0, 0
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Supervise(func(_ asyncio.AnyTask, err error) { told++ })
					for i := range 3 {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							inside++
							defer func() { inside-- }()
							if err := yield(ctx); err != nil {
								return err
							}
							if i == 1 {
								failed++
								return testutil.ErrTest
							}
							return yield(ctx)
						}), asyncio.WithName(fmt.Sprint("child", i)))
					}
					return yield(ctx)
				})
				if inside != 0 || failed != told || errors.Is(err, testutil.ErrTest) {
					return fmt.Errorf("%d inside, %d failed, %d told: %s", inside, failed, told, testutil.Show(err))
				}
				return err
			})
			return c.ended()
		})
	}
}

// A task that Start does not return for has ended; one that it does is of the group.
func TestExploreStart(t *testing.T) {
	for _, fails := range []bool{false, true} {
		for _, cancel := range []int{0, 2} {
			explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
				c.task("group", func(ctx context.Context) error {
					began, inside, ready := false, false, false
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						_, err := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
							began, inside = true, true
							defer func() { inside = false }()
							err := yield(ctx)
							if err == nil && fails {
								return testutil.ErrTest
							}
							if err == nil {
								ready = true
								started(1)
							}
							_ = yield(ctx)
							return err
						}, asyncio.WithName("child"))
						switch {
						case err != nil && inside:
							return fmt.Errorf("the task is there still: %s", testutil.Show(err))
						case err == nil && !ready:
							return errors.New("it was not ready")
						case errors.Is(err, testutil.ErrTest):
							return nil // told here, and nowhere else
						}
						return err
					})
					if inside || began && errors.Is(err, testutil.ErrTest) {
						return fmt.Errorf("inside %t: %s", inside, testutil.Show(err))
					}
					return err
				})
				return c.ended()
			})
		}
	}
}

// Never are more places taken than there are, none is lost, and who waits is served in its turn.
func TestExploreSemaphoreN(t *testing.T) {
	const places = 3
	for _, cancel := range []int{0, 1, 3} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			sem := asyncio.NewBoundedSemaphore(places)
			taken := 0
			var line, served []string
			for i := range 4 {
				n := 1 + i%places
				c.task(fmt.Sprint("worker", i), func(ctx context.Context) error {
					for round := range 2 {
						me := fmt.Sprint(i, ".", round)
						line = append(line, me)
						if err := sem.AcquireN(ctx, n); err != nil {
							line = slices.DeleteFunc(line, func(s string) bool { return s == me })
							return err
						}
						served = append(served, me)
						if taken += n; taken > places {
							return fmt.Errorf("%d of %d places are taken", taken, places)
						}
						err := yield(ctx)
						taken -= n
						if e := sem.ReleaseN(n); e != nil {
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
			// Several who were let in together may run in another order.
			slices.Sort(line)
			slices.Sort(served)
			if !slices.Equal(line, served) || sem.Free() != places || testutil.Queued(sem) != 0 {
				return fmt.Errorf("came %v, served %v; %v", line, served, sem)
			}
			return nil
		})
	}
}

// One writes, or many read, and in the end the lock is free.
func TestExploreRWLock(t *testing.T) {
	for _, cancel := range []int{0, 1, 3} {
		explore(t, asynciotest.Options{Cancel: cancel}, func(ctx context.Context, c *crew) error {
			var lock asyncio.RWLock
			readers, writers := 0, 0
			for i := range 4 {
				with, inside := lock.WithRead, &readers
				if i%2 == 1 {
					with, inside = lock.With, &writers
				}
				c.task(fmt.Sprint("visitor", i), func(ctx context.Context) error {
					for range 2 {
						err := with(ctx, func() error {
							*inside++
							defer func() { *inside-- }()
							if writers > 1 || writers == 1 && readers > 0 {
								return fmt.Errorf("%d write, %d read", writers, readers)
							}
							return yield(ctx)
						})
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
			if lock.Locked() || !lock.TryAcquire() {
				return fmt.Errorf("in the end: %v", &lock)
			}
			return nil
		})
	}
}
