package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestGroupLimit(t *testing.T) {
	t.Run("is how many are at work, first come first served", func(t *testing.T) {
		for _, x := range []struct {
			limit, most int
			took        time.Duration
		}{{1, 1, 10 * time.Second}, {3, 3, 4 * time.Second}, {10, 10, time.Second}, {0, 10, time.Second}, {-1, 10, time.Second}} {
			for kind, create := range map[string]func(context.Context, asyncio.Coroutine[asyncio.None], ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
				"loop tasks": asyncio.CreateTask[asyncio.None], "Go tasks": asyncio.Go[asyncio.None],
			} {
				testutil.Succeed(t, func(ctx context.Context) error {
					var mu sync.Mutex
					var c crowd
					var began []int
					err := testutil.Took(ctx, t, x.took, func() error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tg.SetLimit(7)
							tg.SetLimit(x.limit) // the last one counts
							for i := range 10 {
								create(tg, asyncio.Void(func(ctx context.Context) error {
									mu.Lock()
									began = append(began, i)
									c.enter()
									mu.Unlock()
									err := asyncio.Sleep(ctx, time.Second)
									mu.Lock()
									c.leave()
									mu.Unlock()
									return err
								}))
							}
							return nil
						})
					})
					if kind == "Go tasks" {
						slices.Sort(began) // those of one second have no order
					}
					if c.most != x.most || !slices.Equal(began, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
						t.Errorf("%s, limit %d: %d at once, begun %v", kind, x.limit, c.most, began)
					}
					return err
				})
			}
		}
	})
	t.Run("serves creators in the order in which they came", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lines []string
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, testutil.Sleepy(time.Second))
				for i := range 5 {
					asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							lines = append(lines, fmt.Sprint("child ", i))
							return asyncio.Sleep(ctx, time.Second)
						}))
						lines = append(lines, fmt.Sprint("creator ", i))
						return nil
					}))
				}
				return asyncio.Sleep(ctx, time.Hour)
			})
			testutil.ExpectLines(t, lines, "creator 0", "child 0", "creator 1", "child 1", "creator 2", "child 2",
				"creator 3", "child 3", "creator 4", "child 4")
			return err
		})
	})
	t.Run("a creator is cancelled while it waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, testutil.Sleepy(time.Minute))
				creator := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }),
						asyncio.WithName("a"))
					testutil.ExpectState(t, "the task", a, "cancelled")
					if a.Name() != "a" {
						t.Errorf("named %s", a.Name())
					}
					err := asyncio.Sleep(ctx, 0)
					var c *asyncio.CancelledError
					if !errors.As(err, &c) || c.Message != "enough" {
						t.Errorf("the creator's next await: %v", err)
					}
					if err := asyncio.Sleep(ctx, 0); err != nil {
						t.Errorf("and the one after it: %v", err)
					}
					return err
				}))
				asyncio.Sleep(ctx, time.Second)
				creator.Cancel("enough")
				creator.Await(ctx)
				testutil.ExpectState(t, "the creator", creator, "cancelled")
				return nil
			})
		})
	})
	t.Run("the scope of a create ends while it waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return testutil.Took(ctx, t, time.Minute+time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(1)
					asyncio.CreateTask(tg, testutil.Sleepy(time.Minute))
					scope, cancel := asyncio.WithTimeout(tg, time.Second)
					defer cancel()
					a := asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
					testutil.ExpectIs(t, "the task's error", a.Err(), asyncio.ErrTimeout)
					if strings.Contains(a.Name(), "Task-0") {
						t.Errorf("named %s", a.Name())
					}
					testutil.ExpectUncancelled(ctx, t)
					asyncio.CreateTask(tg, testutil.Sleepy(time.Second))
					return nil
				})
			})
		})
	})
	t.Run("the group fails while its body waits in a create", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					return testutil.ErrTest
				}))
				a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
				if !a.Done() || a.Err() == nil {
					t.Errorf("the task is %s", testutil.State(a))
				}
				testutil.ExpectIs(t, "the body's next await", asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
				return nil
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest)
			testutil.ExpectUncancelled(ctx, t)
			return nil
		})
	})
	t.Run("the group ends while many wait in a create", func(t *testing.T) {
		for name, end := range map[string]func(tg *asyncio.TaskGroup) asyncio.Coroutine[asyncio.None]{
			"failing": func(*asyncio.TaskGroup) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					return testutil.ErrTest
				})
			},
			"by Cancel": func(tg *asyncio.TaskGroup) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					tg.Cancel()
					return nil
				})
			},
		} {
			t.Run(name, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					var creators []*asyncio.Task[asyncio.None]
					asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tg.SetLimit(1)
						asyncio.CreateTask(tg, end(tg))
						for range 3 {
							creators = append(creators, asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
								a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
								testutil.ExpectIs(t, "the task's error", a.Err(), asyncio.ErrGroupClosed)
								return nil
							})))
						}
						return asyncio.Sleep(ctx, time.Hour)
					})
					asyncio.Sleep(ctx, time.Second)
					for i, c := range creators {
						testutil.ExpectState(t, fmt.Sprint("creator ", i), c, "succeeded")
					}
					return nil
				})
			})
		}
	})
	t.Run("children create children, to any depth", func(t *testing.T) {
		for _, x := range []struct {
			limit, depth int
			awaits       bool
		}{{1, 1, false}, {1, 2, false}, {1, 3, false}, {2, 3, false}, {3, 3, false}, {1, 1, true}, {2, 1, true}, {100, 3, true}} {
			for kind, opts := range map[string][]asyncio.TaskOption{"in turn": nil, "eagerly": {asyncio.Eager()}} {
				t.Run(fmt.Sprintf("limit %d, depth %d, awaits %t, %s", x.limit, x.depth, x.awaits, kind), func(t *testing.T) {
					var c crowd
					ran := 0
					testutil.Within(t, func() {
						testutil.Succeed(t, func(ctx context.Context) error {
							return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
								tg.SetLimit(x.limit)
								var node func(depth int) asyncio.Coroutine[asyncio.None]
								node = func(depth int) asyncio.Coroutine[asyncio.None] {
									return asyncio.Void(func(ctx context.Context) error {
										ran++
										c.enter()
										defer c.leave()
										asyncio.Sleep(ctx, time.Millisecond)
										for range 3 {
											if depth == 0 {
												break
											}
											c.leave() // it may have to lend its place
											child := asyncio.CreateTask(tg, node(depth-1), opts...)
											c.enter()
											if x.awaits {
												c.leave() // who is awaited may lend its place to others
												child.Await(ctx)
												c.enter()
											}
										}
										return asyncio.Sleep(ctx, time.Millisecond)
									})
								}
								asyncio.CreateTask(tg, node(x.depth), opts...)
								return nil
							})
						})
					})
					want := 1
					for n, d := 1, 0; d < x.depth; d++ {
						n *= 3
						want += n
					}
					if ran != want || c.most > x.limit || x.limit < 4 && c.most < x.limit && !x.awaits {
						t.Errorf("%d of %d ran, %d at once", ran, want, c.most)
					}
				})
			}
		}
	})
	t.Run("children that are awaited create children", func(t *testing.T) {
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(1)
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						_, err := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							_, err := asyncio.CreateTask(tg, testutil.Noop).Await(ctx)
							return err
						})).Await(ctx)
						return err
					}))
					return nil
				})
			})
		})
	})
	t.Run("a child that waits in a create is cancelled", func(t *testing.T) {
		// It has lent its place, and must neither lose nor double it.
		testutil.Succeed(t, func(ctx context.Context) error {
			var c crowd
			work := asyncio.Void(func(ctx context.Context) error {
				c.enter()
				defer c.leave()
				return asyncio.Sleep(ctx, time.Second)
			})
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				creator := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(tg, work)
					testutil.ExpectState(t, "its second", asyncio.CreateTask(tg, work), "cancelled")
					return asyncio.Sleep(ctx, time.Second)
				}))
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second/2)
					creator.Cancel()
					return nil
				}))
				for range 5 {
					asyncio.CreateTask(tg, work)
				}
				creator.Await(ctx)
				testutil.ExpectState(t, "the creator", creator, "cancelled")
				return nil
			})
			if c.most != 1 {
				t.Errorf("%d at once", c.most)
			}
			return err
		})
	})
	t.Run("from everywhere", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			var now, most atomic.Int32
			work := asyncio.Void(func(ctx context.Context) error {
				most.Store(max(most.Load(), now.Add(1))) // on the loop alone
				defer now.Add(-1)
				return asyncio.Sleep(ctx, 0)
			})
			var ran atomic.Int32
			err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(2)
				var wg sync.WaitGroup
				create := func(ctx context.Context) error {
					for range 50 {
						if _, err := asyncio.CreateTask(tg, work).Await(ctx); err != nil {
							t.Error(err)
						}
						ran.Add(1)
					}
					return nil
				}
				for range 3 {
					wg.Go(func() { create(context.Background()) })
					asyncio.Go(l.Context(), asyncio.Void(create))
					asyncio.Go(tg, asyncio.Void(create))
					asyncio.CreateTask(l.Context(), asyncio.Void(create))
					asyncio.CreateTask(tg, asyncio.Void(create))
				}
				wg.Wait()
				for ran.Load() < 15*50 { // not all of those who create are in the group
					asyncio.Sleep(l.Context(), 0)
				}
				return nil
			})
			if err != nil || most.Load() > 2 || most.Load() < 1 {
				t.Errorf("%v, %d at once", err, most.Load())
			}
		})
	})
	t.Run("from a callback, which cannot wait", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.RunningLoop(ctx).CallSoon(func() {
					first, second := asyncio.CreateTask(tg, testutil.Noop), asyncio.CreateTask(tg, testutil.Noop)
					testutil.ExpectState(t, "the first", first, "pending")
					testutil.ExpectIs(t, "the second's error", second.Err(), asyncio.ErrNotInTask)
				})
				return asyncio.Sleep(ctx, time.Second)
			})
		})
	})
	t.Run("with very many tasks", func(t *testing.T) {
		many := testutil.Scaled(1_000_000)
		for _, limit := range []int{1, 100} {
			testutil.Succeed(t, func(ctx context.Context) error {
				n := 0
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(limit)
					for range many / 2 {
						asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { n++; return nil }))
					}
					return nil
				})
				if n != many/2 {
					t.Errorf("%d ran", n)
				}
				return err
			})
		}
	})
}

// A limit may be changed at any time: see SetLimit.
func TestGroupLimitChanges(t *testing.T) {
	// crowd is a group with so many tasks to be created, each of which works until it is let go.
	type crowd struct {
		tg            *asyncio.TaskGroup
		working, ends int
		gate          *asyncio.Semaphore
	}
	work := func(c *crowd) asyncio.Coroutine[asyncio.None] {
		return asyncio.Void(func(ctx context.Context) error {
			c.working++
			defer func() { c.working--; c.ends++ }()
			return c.gate.Acquire(ctx)
		})
	}
	with := func(t *testing.T, f func(ctx context.Context, c *crowd) error) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				return f(ctx, &crowd{tg: tg, gate: asyncio.NewSemaphore(0)})
			})
		})
	}
	create := func(ctx context.Context, c *crowd, n int) {
		asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			for range n {
				asyncio.CreateTask(c.tg, work(c))
			}
			return nil
		}))
	}
	expect := func(ctx context.Context, t *testing.T, c *crowd, working int) {
		t.Helper()
		if asyncio.Sleep(ctx, time.Second); c.working != working {
			t.Errorf("%d work, want %d", c.working, working)
		}
	}
	// free lets n of them end.
	free := func(c *crowd, n int) {
		for range n {
			c.gate.Release()
		}
	}
	t.Run("to more: those who wait go on", func(t *testing.T) {
		with(t, func(ctx context.Context, c *crowd) error {
			c.tg.SetLimit(1)
			create(ctx, c, 6)
			expect(ctx, t, c, 1)
			c.tg.SetLimit(3)
			expect(ctx, t, c, 3)
			c.tg.SetLimit(0)
			expect(ctx, t, c, 6)
			free(c, 6)
			return nil
		})
	})
	t.Run("to less: nobody is stopped", func(t *testing.T) {
		with(t, func(ctx context.Context, c *crowd) error {
			c.tg.SetLimit(3)
			create(ctx, c, 8)
			expect(ctx, t, c, 3)
			c.tg.SetLimit(1)
			expect(ctx, t, c, 3)
			for _, working := range []int{2, 1, 1} {
				free(c, 1)
				expect(ctx, t, c, working)
			}
			c.tg.SetLimit(2)
			expect(ctx, t, c, 2)
			free(c, 8)
			expect(ctx, t, c, 0)
			if c.ends != 8 {
				t.Error(c.ends)
			}
			return nil
		})
	})
	t.Run("the first, when there are tasks", func(t *testing.T) {
		with(t, func(ctx context.Context, c *crowd) error {
			for range 3 {
				asyncio.CreateTask(c.tg, work(c))
			}
			c.tg.SetLimit(2)
			create(ctx, c, 2)
			expect(ctx, t, c, 3)
			for _, working := range []int{2, 2, 2, 1, 0} {
				free(c, 1)
				expect(ctx, t, c, working)
			}
			return nil
		})
	})
	t.Run("while a task waits for what it has lent", func(t *testing.T) {
		with(t, func(ctx context.Context, c *crowd) error {
			c.tg.SetLimit(1)
			back := false
			asyncio.CreateTask(c.tg, asyncio.Void(func(context.Context) error {
				asyncio.CreateTask(c.tg, work(c))
				back = true
				return nil
			}))
			if expect(ctx, t, c, 1); back {
				t.Error("it has its place, which is another's")
			}
			c.tg.SetLimit(2)
			if expect(ctx, t, c, 1); !back {
				t.Error("it waits, and there is room")
			}
			free(c, 1)
			return nil
		})
	})
	t.Run("from other goroutines, while others create", func(t *testing.T) {
		testutil.Within(t, func() {
			const many = 2000
			var working, most, ends atomic.Int32
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 4 {
						asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
							for range many / 4 {
								asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
									most.Store(max(most.Load(), working.Add(1)))
									err := asyncio.Sleep(ctx, 0)
									working.Add(-1)
									ends.Add(1)
									return err
								}))
							}
							return nil
						}))
					}
					for i := range 200 {
						if _, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { tg.SetLimit(1 + i%7); return nil })); err != nil {
							return err
						}
					}
					for ends.Load() < many {
						asyncio.Sleep(ctx, time.Millisecond)
					}
					// The account is right in the end.
					tg.SetLimit(2)
					most.Store(0)
					for range 20 {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							most.Store(max(most.Load(), working.Add(1)))
							defer working.Add(-1)
							return asyncio.Sleep(ctx, time.Millisecond)
						}))
					}
					return nil
				})
			}))
			if err != nil || most.Load() != 2 || ends.Load() != many {
				t.Errorf("%v, %d at once, %d ended", err, most.Load(), ends.Load())
			}
		})
	})
}
