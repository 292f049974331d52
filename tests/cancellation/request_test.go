package cancellation_test

import (
	"context"
	"errors"
	"runtime/debug"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// chain makes tasks each of which waits for the next by one of these ways in turn, the last
// for a sleep.
func chain(ctx context.Context, n int, ways ...func(context.Context, *asyncio.Task[asyncio.None]) error) []*asyncio.Task[asyncio.None] {
	tasks := make([]*asyncio.Task[asyncio.None], n)
	for i := range tasks {
		tasks[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if i == n-1 {
				return asyncio.Sleep(ctx, time.Hour)
			}
			return ways[i%len(ways)](ctx, tasks[i+1])
		}))
	}
	return tasks
}

var passing = []func(context.Context, *asyncio.Task[asyncio.None]) error{
	func(ctx context.Context, a *asyncio.Task[asyncio.None]) error { _, err := a.Await(ctx); return err },
	func(ctx context.Context, a *asyncio.Task[asyncio.None]) error {
		_, err := asyncio.Gather(ctx, a)
		return err
	},
	func(ctx context.Context, a *asyncio.Task[asyncio.None]) error {
		_, err := asyncio.GatherAll(ctx, a)
		return err
	},
	func(ctx context.Context, a *asyncio.Task[asyncio.None]) error {
		_, err := asyncio.WaitFor(ctx, a, 2*time.Hour)
		return err
	},
}

// expectOnce checks that all have been cancelled, by one request each.
func expectOnce(t *testing.T, tasks []*asyncio.Task[asyncio.None]) {
	t.Helper()
	for i, a := range tasks {
		if n := a.Cancelling(); n != 1 || !a.Cancelled() {
			t.Fatalf("task %d of %d: %d requests, %s", i, len(tasks), n, testutil.State(a))
		}
	}
}

// A request goes down without recursion: Go's stack would not do for a million.
func TestRequestGoesDownAChainOfAMillion(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(8 << 20)) // nor here for a tenth
	n := testutil.Scaled(1_000_000)
	t.Run("by Cancel", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			tasks := chain(ctx, n, passing...)
			asyncio.Sleep(ctx, time.Second)
			tasks[0].Cancel()
			tasks[0].Await(ctx)
			expectOnce(t, tasks)
			return nil
		})
	})
	t.Run("by the end of Run", func(t *testing.T) {
		var tasks []*asyncio.Task[asyncio.None]
		testutil.PlainRun(t, func(ctx context.Context) error {
			tasks = chain(ctx, n/5, passing[0])
			return asyncio.Sleep(ctx, time.Second)
		})
		expectOnce(t, tasks)
	})
	t.Run("by a group", func(t *testing.T) {
		var tasks []*asyncio.Task[asyncio.None]
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tasks = chain(tg, n/5, passing[0])
				asyncio.Sleep(ctx, time.Second)
				tg.Cancel()
				return nil
			})
		})
		expectOnce(t, tasks)
	})
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"by a scope": asyncio.WithCancel, "by a context": context.WithCancel,
	} {
		t.Run(name, func(t *testing.T) {
			testutil.PlainRun(t, func(ctx context.Context) error {
				scope, cancel := derive(ctx)
				tasks := chain(scope, n/10, passing[0])
				asyncio.Sleep(ctx, time.Second)
				cancel()
				tasks[0].Await(ctx)
				tasks[len(tasks)-1].Await(ctx)
				for _, a := range tasks {
					if !a.Cancelled() {
						t.Fatal("one was not cancelled")
					}
				}
				return nil
			})
		})
	}
	t.Run("of scopes", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				last := ctx
				for range n {
					last, _ = asyncio.WithCancel(last)
				}
				_, err := asyncio.CreateTask(last, testutil.Noop).Await(ctx)
				asyncio.CurrentTask(ctx).Cancel()
				if last.Err() == nil {
					t.Error("the innermost scope has not ended")
				}
				return err
			}))
			a.Await(ctx)
			return nil
		})
	})
}

// To find that an await closes no circle takes no time that grows with what waits, or is
// waited for, in whichever order they come to wait.
func TestAwaitsOfManyAreLinear(t *testing.T) {
	n := testutil.Scaled(100_000)
	for name, start := range map[string]func(i int) int{
		"the first first":  func(i int) int { return i },
		"the last first":   func(i int) int { return n - i },
		"odds, then evens": func(i int) int { return i%2*n + i },
		"two halves":       func(i int) int { return i % (n / 2) },
	} {
		t.Run(name, func(t *testing.T) {
			testutil.PlainRun(t, func(ctx context.Context) error {
				tasks := make([]*asyncio.Task[asyncio.None], n)
				for i := range tasks {
					tasks[i] = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						if i == n-1 {
							return asyncio.Sleep(ctx, time.Duration(3*n))
						}
						asyncio.Sleep(ctx, time.Duration(start(i)))
						_, err := tasks[i+1].Await(ctx)
						return err
					}))
				}
				_, err := tasks[0].Await(ctx)
				return err
			})
		})
	}
	t.Run("many who wait for one that waits for many", func(t *testing.T) {
		testutil.PlainRun(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				hub := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						for range n {
							asyncio.CreateTask(tg, asyncio.Delay(time.Second, asyncio.None{}))
						}
						return nil
					})
				}))
				asyncio.Sleep(ctx, 0)
				for range n {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error { _, err := hub.Await(ctx); return err }))
				}
				return nil
			})
		})
	})
	t.Run("AsCompleted of many, one of whom waits for it", func(t *testing.T) {
		testutil.PlainRun(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				fs := []asyncio.AnyFuture{asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, _, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{a}, asyncio.WaitOptions{})
					return err
				}))}
				for i := range n {
					fs = append(fs, asyncio.CreateTask(ctx, asyncio.Delay(time.Duration(i), asyncio.None{})))
				}
				left := n
				for range asyncio.AsCompleted(ctx, fs) {
					if left--; left == 0 {
						break
					}
				}
				return nil
			}))
			_, err := a.Await(ctx)
			return err
		})
	})
}

// The leaf of a lattice is asked once, however many ways lead to it.
func TestRequestVisitsEachTaskOnce(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		refused := 0
		leaf := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for range 2 {
				if err := asyncio.Sleep(ctx, time.Hour); err != nil {
					refused++
				}
			}
			return nil
		}))
		layer := []*asyncio.Task[asyncio.None]{leaf}
		for range 60 {
			deps := layer
			need := asyncio.Void(func(ctx context.Context) error { _, err := asyncio.Gather(ctx, deps...); return err })
			layer = []*asyncio.Task[asyncio.None]{asyncio.CreateTask(ctx, need), asyncio.CreateTask(ctx, need)}
		}
		asyncio.Sleep(ctx, time.Second)
		for i := range 2 {
			layer[0].Cancel()
			asyncio.Sleep(ctx, time.Second)
			if leaf.Cancelling() != i+1 || refused != i+1 {
				t.Errorf("after %d requests the leaf has %d, and was told of %d", i+1, leaf.Cancelling(), refused)
			}
		}
		_, err := layer[0].Await(ctx)
		if !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("the top: %v", err)
		}
		return nil
	})
}

// Of two requests that come while the children end, who waits is told the first.
func TestFirstRequestIsTold(t *testing.T) {
	stubborn := func(ctx context.Context) *asyncio.Task[asyncio.None] {
		return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for range 3 {
				asyncio.Sleep(ctx, time.Hour)
			}
			return nil
		}))
	}
	for name, wait := range map[string]func(ctx context.Context) error{
		"GatherAll": func(ctx context.Context) error {
			_, err := asyncio.GatherAll(ctx, stubborn(ctx))
			return err
		},
		"Gather": func(ctx context.Context) error {
			_, err := asyncio.Gather(ctx, stubborn(ctx))
			return err
		},
		"Race": func(ctx context.Context) error {
			_, err := asyncio.Race(ctx, stubborn(ctx))
			return err
		},
		"FirstSuccess": func(ctx context.Context) error {
			_, err := asyncio.FirstSuccess(ctx, stubborn(ctx))
			return err
		},
		"the end of a group": func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				stubborn(tg)
				return nil
			})
		},
		"the end of a group that cancels its tasks": func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				stubborn(tg)
				asyncio.Sleep(ctx, time.Millisecond)
				tg.Cancel()
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(wait))
				asyncio.Sleep(ctx, time.Second)
				for _, message := range []string{"first", "second"} {
					a.Cancel(message)
					asyncio.Sleep(ctx, time.Second)
				}
				_, err := a.Await(ctx)
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "first" || c.Origin != asyncio.OriginCancel {
					t.Errorf("%v, want the first request", err)
				}
				return nil
			})
		})
	}
}

// A request that was told once already, and is delivered again by a group, is heard by who
// has refused it before.
func TestRequestIsHeardAgainWhenItIsDeliveredAgain(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		told := 0
		helper := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for range 2 {
				if asyncio.Sleep(ctx, time.Hour) != nil {
					told++
				}
			}
			return nil
		}))
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, 2*time.Hour)
					return testutil.ErrTest
				}))
				_, err := asyncio.Gather(ctx, helper, asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, asyncio.None{})))
				return err
			})
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			_, err = helper.Await(ctx)
			return err
		}))
		asyncio.Sleep(ctx, time.Second)
		a.Cancel()
		a.Await(ctx)
		if told != 2 {
			t.Errorf("told %d times, want 2", told)
		}
		return nil
	})
}
