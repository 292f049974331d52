package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// Task groups and timeouts beyond what CPython's have, and as contexts. That they
// are CPython's is for the order tests.

func sleepy(d time.Duration) asyncio.Coroutine[none] {
	return asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, d) })
}

// open checks that nothing of a cancellation is left with the calling task.
func open(ctx context.Context, t *testing.T) {
	t.Helper()
	if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 || ctx.Err() != nil {
		t.Errorf("cancelling %d, ctx %v", n, ctx.Err())
	}
	if err := asyncio.Sleep(ctx, 0); err != nil {
		t.Errorf("the next await: %v", err)
	}
}

func expectGroupError(t *testing.T, err error, want ...error) {
	t.Helper()
	var g *asyncio.GroupError
	if !errors.As(err, &g) || !slices.Equal(g.Errs, want) {
		t.Errorf("group: %v, want %v", err, want)
	}
}

func TestGroupLimit(t *testing.T) {
	t.Run("is how many are at work, first come first served", func(t *testing.T) {
		for _, x := range []struct {
			limit, most int
			took        time.Duration
		}{{1, 1, 10 * time.Second}, {3, 3, 4 * time.Second}, {10, 10, time.Second}, {0, 10, time.Second}, {-1, 10, time.Second}} {
			for kind, create := range map[string]func(context.Context, asyncio.Coroutine[none], ...asyncio.TaskOption) *asyncio.Task[none]{
				"loop tasks": asyncio.CreateTask[none], "Go tasks": asyncio.Go[none],
			} {
				succeed(t, func(ctx context.Context) error {
					var mu sync.Mutex
					var c crowd
					var began []int
					err := took(ctx, t, x.took, func() error {
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
		succeed(t, func(ctx context.Context) error {
			var lines []string
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, sleepy(time.Second))
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
			expectLines(t, lines, "creator 0", "child 0", "creator 1", "child 1", "creator 2", "child 2",
				"creator 3", "child 3", "creator 4", "child 4")
			return err
		})
	})
	t.Run("a creator is cancelled while it waits", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, sleepy(time.Minute))
				creator := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }),
						asyncio.WithName("a"))
					expectState(t, "the task", a, "cancelled")
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
				expectState(t, "the creator", creator, "cancelled")
				return nil
			})
		})
	})
	t.Run("the scope of a create ends while it waits", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return took(ctx, t, time.Minute+time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(1)
					asyncio.CreateTask(tg, sleepy(time.Minute))
					scope, cancel := asyncio.WithTimeout(tg, time.Second)
					defer cancel()
					a := asyncio.CreateTask(scope, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
					expectIs(t, "the task's error", a.Err(), asyncio.ErrTimeout)
					if strings.Contains(a.Name(), "Task-0") {
						t.Errorf("named %s", a.Name())
					}
					open(ctx, t)
					asyncio.CreateTask(tg, sleepy(time.Second))
					return nil
				})
			})
		})
	})
	t.Run("the group fails while its body waits in a create", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					return errTest
				}))
				a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
				if !a.Done() || a.Err() == nil {
					t.Errorf("the task is %s", state(a))
				}
				expectIs(t, "the body's next await", asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
				return nil
			})
			expectGroupError(t, err, errTest)
			open(ctx, t)
			return nil
		})
	})
	t.Run("the group ends while many wait in a create", func(t *testing.T) {
		for name, end := range map[string]func(tg *asyncio.TaskGroup) asyncio.Coroutine[none]{
			"failing": func(*asyncio.TaskGroup) asyncio.Coroutine[none] {
				return asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					return errTest
				})
			},
			"by Cancel": func(tg *asyncio.TaskGroup) asyncio.Coroutine[none] {
				return asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					tg.Cancel()
					return nil
				})
			},
		} {
			t.Run(name, func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					var creators []*asyncio.Task[none]
					asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tg.SetLimit(1)
						asyncio.CreateTask(tg, end(tg))
						for range 3 {
							creators = append(creators, asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
								a := asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
								expectIs(t, "the task's error", a.Err(), asyncio.ErrGroupClosed)
								return nil
							})))
						}
						return asyncio.Sleep(ctx, time.Hour)
					})
					asyncio.Sleep(ctx, time.Second)
					for i, c := range creators {
						expectState(t, fmt.Sprint("creator ", i), c, "succeeded")
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
					within(t, func() {
						succeed(t, func(ctx context.Context) error {
							return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
								tg.SetLimit(x.limit)
								var node func(depth int) asyncio.Coroutine[none]
								node = func(depth int) asyncio.Coroutine[none] {
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
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(1)
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						_, err := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							_, err := asyncio.CreateTask(tg, noop).Await(ctx)
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
		succeed(t, func(ctx context.Context) error {
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
					expectState(t, "its second", asyncio.CreateTask(tg, work), "cancelled")
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
				expectState(t, "the creator", creator, "cancelled")
				return nil
			})
			if c.most != 1 {
				t.Errorf("%d at once", c.most)
			}
			return err
		})
	})
	t.Run("from everywhere", func(t *testing.T) {
		noLeaks(t)
		l := runningLoop(t)
		within(t, func() {
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
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.RunningLoop(ctx).CallSoon(func() {
					first, second := asyncio.CreateTask(tg, noop), asyncio.CreateTask(tg, noop)
					expectState(t, "the first", first, "pending")
					expectIs(t, "the second's error", second.Err(), asyncio.ErrNotInTask)
				})
				return asyncio.Sleep(ctx, time.Second)
			})
		})
	})
	t.Run("cannot be set later", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, noop).Await(ctx)
				asyncio.Sleep(ctx, 0)
				expectPanic(t, func() { tg.SetLimit(1) }, "SetLimit", "first")
				return nil
			})
		})
	})
	t.Run("with very many tasks", func(t *testing.T) {
		many := scaled(1_000_000)
		for _, limit := range []int{1, 100} {
			succeed(t, func(ctx context.Context) error {
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

func TestGroupCancel(t *testing.T) {
	ways := map[string]func(ctx context.Context, tg *asyncio.TaskGroup){
		"the body": func(_ context.Context, tg *asyncio.TaskGroup) { tg.Cancel() },
		"the body, twice": func(_ context.Context, tg *asyncio.TaskGroup) {
			tg.Cancel()
			tg.Cancel()
		},
		"a child": func(_ context.Context, tg *asyncio.TaskGroup) {
			asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a Go child": func(_ context.Context, tg *asyncio.TaskGroup) {
			asyncio.Go(tg, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a task outside": func(ctx context.Context, tg *asyncio.TaskGroup) {
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a callback":        func(ctx context.Context, tg *asyncio.TaskGroup) { asyncio.RunningLoop(ctx).CallSoon(tg.Cancel) },
		"another goroutine": func(_ context.Context, tg *asyncio.TaskGroup) { elsewhere(tg.Cancel) },
	}
	for name, cancel := range ways {
		t.Run("by "+name, func(t *testing.T) {
			for _, children := range []int{0, 1, 3} {
				noLeaks(t)
				succeed(t, func(ctx context.Context) error {
					ended := 0
					err := took(ctx, t, 0, func() error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							for range children {
								asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
									err := forever(ctx)
									if n := asyncio.CurrentTask(ctx).Cancelling(); n == 1 && errors.Is(err, asyncio.ErrCancelled) {
										ended++
									}
									return err
								}))
							}
							asyncio.Sleep(ctx, 0)
							cancel(ctx, tg)
							err := forever(ctx)
							var c *asyncio.CancelledError
							if !errors.As(err, &c) || c.Origin != asyncio.OriginGroup {
								t.Errorf("the body gets %v", err)
							}
							return err
						})
					})
					open(ctx, t)
					if ended != children {
						t.Errorf("%d of %d children were cancelled", ended, children)
					}
					return err
				})
			}
		})
		t.Run("by "+name+", and the body does not wait", func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				err := took(ctx, t, 0, func() error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(forever))
						cancel(ctx, tg)
						return nil
					})
				})
				open(ctx, t)
				return err
			})
		})
	}
	t.Run("a child that has not started never does", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
				tg.Cancel()
				return nil
			})
		})
	})
	t.Run("what fails on being cancelled is an error", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					forever(ctx)
					return errTest
				}))
				asyncio.CreateTask(tg, asyncio.Void(forever))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return forever(ctx)
			})
			expectGroupError(t, err, errTest)
			open(ctx, t)
			return nil
		})
	})
	t.Run("the body's own error is one too", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			expectGroupError(t, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Cancel()
				return errTest
			}), errTest)
			open(ctx, t)
			return nil
		})
	})
	t.Run("with a cancellation from outside at the same time", func(t *testing.T) {
		for _, first := range []string{"group", "task"} {
			succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						self := asyncio.CurrentTask(ctx)
						asyncio.CreateTask(tg, asyncio.Void(forever))
						asyncio.RunningLoop(ctx).CallSoon(func() {
							if first == "task" {
								self.Cancel("outer")
							}
							tg.Cancel()
							if first == "group" {
								self.Cancel("outer")
							}
						})
						return forever(ctx)
					})
					expectIs(t, "the group", err, asyncio.ErrCancelled)
					if n := asyncio.CurrentTask(ctx).Cancelling(); n != 1 {
						t.Errorf("cancelling %d", n)
					}
					return err
				}))
				a.Await(ctx)
				expectState(t, "the task", a, "cancelled")
				return nil
			})
		}
	})
	t.Run("after the end does nothing", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { group = tg; return nil })
			group.Cancel()
			elsewhere(group.Cancel)
			open(ctx, t)
			return err
		})
	})
	t.Run("reaches groups inside", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return took(ctx, t, time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(outer *asyncio.TaskGroup) error {
					asyncio.CreateTask(outer, asyncio.Void(func(ctx context.Context) error {
						return asyncio.WithTaskGroup(ctx, func(inner *asyncio.TaskGroup) error {
							asyncio.CreateTask(inner, asyncio.Void(func(ctx context.Context) error {
								err := forever(ctx)
								asyncio.Sleep(ctx, time.Second)
								return err
							}))
							return nil
						})
					}))
					asyncio.Sleep(ctx, 0)
					outer.Cancel()
					return nil
				})
			})
		})
	})
}

func TestGroupBodyPanics(t *testing.T) {
	for name, kind := range map[string]func(context.Context, asyncio.Coroutine[none], ...asyncio.TaskOption) *asyncio.Task[none]{
		"in a loop task": asyncio.CreateTask[none], "in a Go task": asyncio.Go[none],
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			r := runReporting(t, func(ctx context.Context) error {
				cleaned := false
				a := kind(ctx, asyncio.Void(func(ctx context.Context) error {
					defer func() {
						if v := recover(); v != any(errTest) || !cleaned {
							t.Errorf("recovered %v, children cleaned up: %t", v, cleaned)
						}
						open(ctx, t)
					}()
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							err := forever(ctx)
							asyncio.Sleep(ctx, time.Second)
							cleaned = true
							return err
						}))
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							forever(ctx)
							return errors.New("child's error")
						}))
						asyncio.Sleep(ctx, time.Second)
						explode()
						return nil
					})
				}))
				_, err := a.Await(ctx)
				return err
			})
			r.expect(t, "panicked or exited … child's error")
		})
	}
}

func TestGroupBodyExits(t *testing.T) {
	body := func(j *asynciotest.Trace) func(tg *asyncio.TaskGroup) error {
		return func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				j.Add("child gets %s", show(err))
				j.Add("cleans up: %s", show(asyncio.Sleep(ctx, time.Second)))
				return errors.New("child's error")
			}))
			asyncio.Sleep(tg, time.Second)
			runtime.Goexit()
			return nil
		}
	}
	lines := []string{"child gets cancelled", "cleans up: no error", "unwound"}
	t.Run("in a loop task", func(t *testing.T) {
		noLeaks(t)
		var r reports
		var j asynciotest.Trace
		returned := goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				defer j.Add("unwound")
				return asyncio.WithTaskGroup(ctx, body(&j))
			}), asyncio.WithVirtualClock(), r.option())
		})
		if returned {
			t.Error("Run returned")
		}
		j.Expect(t, lines...)
		r.expect(t, "panicked or exited … child's error")
	})
	t.Run("in a Go task", func(t *testing.T) {
		noLeaks(t)
		var j asynciotest.Trace
		r := runReporting(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				defer j.Add("unwound")
				return asyncio.WithTaskGroup(ctx, body(&j))
			}))
			_, err := a.Await(ctx)
			expectIs(t, "Await", err, asyncio.ErrGoexit)
			return nil
		})
		j.Expect(t, lines...)
		r.expect(t, "panicked or exited … child's error")
	})
	t.Run("in a goroutine", func(t *testing.T) {
		noLeaks(t)
		var j asynciotest.Trace
		var r reports
		l := asyncio.NewLoop(r.option())
		var running sync.WaitGroup
		running.Go(func() { l.RunForever() })
		returned := goexit(t, func() {
			defer j.Add("unwound")
			asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					j.Add("child gets %s", show(err))
					return err
				}))
				runtime.Goexit()
				return nil
			})
		})
		if returned {
			t.Error("it returned")
		}
		l.Stop()
		running.Wait()
		l.Close()
		events := slices.DeleteFunc(j.Events(), func(s string) bool { return s == "child gets cancelled" }) // unless it never started
		expectLines(t, events, "unwound")
		r.expect(t)
	})
}

type groupTestError struct{ code int }

func (e *groupTestError) Error() string { return fmt.Sprint("code ", e.code) }

func TestGroupError(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if i == 0 {
						forever(ctx)
					}
					return &groupTestError{i}
				}))
			}
			asyncio.CreateTask(tg, asyncio.Void(forever)) // a cancellation is not among them
			forever(ctx)
			return errTest
		})
		expectIs(t, "the group", err, errTest)
		if errors.Is(err, asyncio.ErrCancelled) {
			t.Error("it is a cancellation")
		}
		var e *groupTestError
		if !errors.As(err, &e) || e.code != 1 {
			t.Errorf("errors.As finds %v", e)
		}
		var g *asyncio.GroupError
		if !errors.As(err, &g) || len(g.Errs) != 4 || len(g.Unwrap()) != 4 {
			t.Errorf("%v", g)
		}
		open(ctx, t)
		return nil
	})
	t.Run("of a group is a failure of the task that returns it", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error { return errTest })
			}))
			_, err := a.Await(ctx)
			expectIs(t, "Await", err, errTest)
			expectState(t, "the task", a, "failed")
			return nil
		})
	})
}

func TestGroupClosed(t *testing.T) {
	refused := func(t *testing.T, what string, scope context.Context) {
		t.Helper()
		ran := asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil })
		for kind, a := range map[string]*asyncio.Task[none]{
			"CreateTask": asyncio.CreateTask(scope, ran), "eager": asyncio.CreateTask(scope, ran, asyncio.Eager()), "Go": asyncio.Go(scope, ran),
		} {
			if !a.Done() || !errors.Is(a.Err(), asyncio.ErrGroupClosed) {
				t.Errorf("%s, %s: %s %v", what, kind, state(a), a.Err())
			}
			if a.Cancel() {
				t.Errorf("%s, %s: Cancel of what is done", what, kind)
			}
		}
	}
	succeed(t, func(ctx context.Context) error {
		var group *asyncio.TaskGroup
		var scope context.Context
		asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			group, scope = tg, context.WithValue(tg, envKey{}, 1)
			asyncio.CreateTask(tg, fail(errTest))
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				forever(ctx)
				refused(t, "from a child of a group that fails", tg)
				return nil
			}))
			forever(ctx)
			refused(t, "from the body of a group that fails", tg)
			return nil
		})
		refused(t, "in a group that is finished", group)
		refused(t, "in a context derived from it", scope)
		if s := group.String(); !strings.Contains(s, "finished") {
			t.Errorf("the group is %s", s)
		}
		asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.Cancel()
			refused(t, "in a group that was cancelled", tg)
			return nil
		})
		open(ctx, t)
		return nil
	})
}

type envKey struct{}

func TestGroupIsAContext(t *testing.T) {
	t.Run("that passes values and the deadline", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(context.WithValue(ctx, envKey{}, "v"), time.Hour)
			defer cancel()
			return asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
				due, ok := scope.Deadline()
				for _, c := range []context.Context{tg, context.WithValue(tg, none{}, 1)} {
					if d, has := c.Deadline(); c.Value(envKey{}) != "v" || d != due || has != ok || !ok {
						t.Errorf("%v: value %v, deadline %v %t", c, c.Value(envKey{}), d, has)
					}
				}
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if ctx.Value(envKey{}) != "v" {
						t.Error("the child lacks the value")
					}
					return nil
				}))
				return nil
			})
		})
	})
	ends := map[string]struct {
		end   func(ctx context.Context, tg *asyncio.TaskGroup)
		cause error
	}{
		"when it fails": {func(_ context.Context, tg *asyncio.TaskGroup) { asyncio.CreateTask(tg, fail(errTest)) }, asyncio.ErrCancelled},
		"by Cancel":     {func(_ context.Context, tg *asyncio.TaskGroup) { tg.Cancel() }, asyncio.ErrCancelled},
		"when the parent is cancelled": {func(ctx context.Context, _ *asyncio.TaskGroup) {
			asyncio.CurrentTask(ctx).Cancel()
		}, asyncio.ErrCancelled},
	}
	for name, x := range ends {
		t.Run("that ends "+name, func(t *testing.T) {
			noLeaks(t)
			within(t, func() {
				succeed(t, func(ctx context.Context) error {
					var end error
					a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							if tg.Err() != nil {
								t.Errorf("ended before: %v", tg.Err())
							}
							asyncio.Go(ctx, asyncio.Void(func(context.Context) error { // not of the group
								<-tg.Done()
								end = context.Cause(tg)
								return nil
							})).AddDoneCallback(func(*asyncio.Task[none]) {})
							asyncio.Sleep(ctx, 0)
							x.end(ctx, tg)
							err := forever(ctx)
							if tg.Err() != context.Canceled { //nolint:errorlint // the very value
								t.Errorf("Err: %v", tg.Err())
							}
							return err
						})
					}))
					a.Await(ctx)
					for len(asyncio.AllTasks(asyncio.RunningLoop(ctx))) > 1 {
						asyncio.Sleep(ctx, 0)
					}
					expectIs(t, "the cause", end, x.cause)
					return nil
				})
			})
		})
	}
	t.Run("that ends with the group", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			var derived context.Context
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				var cancel func()
				derived, cancel = context.WithCancel(tg)
				_ = cancel
				return nil
			})
			for _, c := range []context.Context{group, derived} {
				<-c.Done()
				if c.Err() != context.Canceled || !errors.Is(context.Cause(c), asyncio.ErrGroupClosed) {
					t.Errorf("%v %v", c.Err(), context.Cause(c))
				}
			}
			open(ctx, t)
			return err
		})
	})
	t.Run("in which the body awaits, like with its own", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a := asyncio.CreateTask(tg, asyncio.Delay(1, "a"))
				if v, err := a.Await(tg); v != "a" || err != nil {
					t.Errorf("%q %v", v, err)
				}
				tg.Cancel()
				err := asyncio.Sleep(tg, 0)
				expectIs(t, "Sleep", err, asyncio.ErrCancelled)
				if err := asyncio.Sleep(tg, 1); err != nil {
					t.Errorf("the next await: %v", err)
				}
				return nil
			})
		})
	})
	t.Run("from which scopes are derived", func(t *testing.T) {
		for name, derive := range map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
			"context.WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Hour)
			},
			"context.WithCancel": context.WithCancel,
			"asyncio.WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return asyncio.WithTimeout(ctx, time.Hour)
			},
			"asyncio.WithCancel": asyncio.WithCancel,
			"asyncio.WithCancel of WithValue": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return asyncio.WithCancel(context.WithValue(ctx, envKey{}, 1))
			},
			"context.WithCancel of asyncio.WithCancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
				own, _ := asyncio.WithCancel(ctx)
				return context.WithCancel(own)
			},
		} {
			t.Run(name+", whose end cancels the child and fails nobody", func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						a := asyncio.CreateTask(scope, asyncio.Void(forever))
						b := asyncio.CreateTask(tg, sleepy(time.Second))
						asyncio.Sleep(ctx, 0)
						cancel()
						a.Await(ctx)
						expectState(t, "the child", a, "cancelled")
						if _, err := b.Await(ctx); err != nil {
							t.Errorf("another child: %v", err)
						}
						if err := asyncio.Sleep(scope, time.Hour); err == nil {
							t.Error("an await in the scope that has ended")
						}
						return nil
					})
				})
			})
			t.Run(name+", whose child is waited for and cancelled once", func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					var a *asyncio.Task[none]
					times := 0
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						_ = cancel // the group is to do it
						a = asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
							for range 5 {
								if asyncio.Sleep(ctx, time.Second) != nil {
									times++
								}
							}
							return nil
						}))
						asyncio.Sleep(ctx, 0)
						asyncio.CreateTask(tg, fail(errTest))
						return nil
					})
					expectGroupError(t, err, errTest)
					expectState(t, "the child", a, "succeeded")
					if times != 1 || a.Cancelling() != 1 {
						t.Errorf("cancelled %d times, cancelling %d", times, a.Cancelling())
					}
					return nil
				})
			})
			t.Run(name+", whose child fails the group", func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					expectGroupError(t, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						defer cancel()
						asyncio.CreateTask(scope, fail(errTest))
						return forever(ctx)
					}), errTest)
					open(ctx, t)
					return nil
				})
			})
			t.Run(name+", whose end during an await of the body is its error", func(t *testing.T) {
				succeed(t, func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						asyncio.RunningLoop(ctx).CallSoon(cancel)
						return forever(scope)
					})
					expectIs(t, "the group", err, context.Canceled)
					var g *asyncio.GroupError
					if !errors.As(err, &g) {
						t.Errorf("%v is no failure", err)
					}
					open(ctx, t)
					return nil
				})
			})
		}
	})
	t.Run("children in scopes are cancelled in the order in which all were created", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var lines []string
			child := func(who string) asyncio.Coroutine[none] {
				return asyncio.Void(func(ctx context.Context) error {
					err := forever(ctx)
					lines = append(lines, who)
					return err
				})
			}
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				scope, cancel := asyncio.WithCancel(tg)
				defer cancel()
				asyncio.CreateTask(tg, child("a"))
				asyncio.CreateTask(scope, child("b"))
				asyncio.CreateTask(tg, child("c"))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return forever(ctx)
			})
			expectLines(t, lines, "a", "b", "c")
			return err
		})
	})
	t.Run("with values it is the group", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(context.WithValue(tg, envKey{}, "v"), asyncio.Void(func(ctx context.Context) error {
					if ctx.Value(envKey{}) != "v" {
						t.Error("no value")
					}
					return forever(ctx)
				}))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return nil
			})
			expectState(t, "the child", a, "cancelled")
			return err
		})
	})
	t.Run("without its end it makes independent tasks", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(context.WithoutCancel(tg), sleepy(time.Second))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return nil
			})
			if a.Done() {
				t.Error("it was waited for")
			}
			if _, err := a.Await(ctx); err != nil {
				t.Error(err)
			}
			return err
		})
	})
	t.Run("a child's own ctx makes independent tasks", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var free *asyncio.Task[none]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					free = asyncio.CreateTask(ctx, sleepy(time.Second))
					return nil
				}))
				return nil
			})
			expectState(t, "the task", free, "pending")
			free.Await(ctx)
			return err
		})
	})
	t.Run("when the scope around it ends, that is the body's failure", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			ended := 0
			child := asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				ended++
				return err
			})
			for _, waits := range []func(context.Context) error{forever, func(context.Context) error { return nil }} {
				scope := scope
				if ended > 0 {
					scope, cancel = asyncio.WithTimeout(ctx, time.Second)
					defer cancel()
				}
				err := took(ctx, t, time.Second, func() error {
					return asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, child)
						return waits(tg)
					})
				})
				expectGroupError(t, err, asyncio.ErrTimeout)
				open(ctx, t)
			}
			if ended != 2 {
				t.Errorf("%d children cancelled", ended)
			}
			return nil
		})
	})
}

func TestGroupOfGoTasks(t *testing.T) {
	t.Run("waits for them and fails with them", func(t *testing.T) {
		noLeaks(t)
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				var ended atomic.Int32
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 3 {
						asyncio.Go(tg, asyncio.Void(func(ctx context.Context) error {
							<-ctx.Done() // blocks
							ended.Add(1)
							return ctx.Err()
						}))
					}
					asyncio.Go(tg, fail(errTest))
					return nil
				})
				expectGroupError(t, err, errTest)
				// Those that had not started never did.
				if n := ended.Load(); n > 3 {
					t.Errorf("%d ended", n)
				}
				open(ctx, t)
				return nil
			})
		})
	})
	t.Run("in a Go task", func(t *testing.T) {
		noLeaks(t)
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(forever))
						asyncio.CreateTask(tg, fail(errTest))
						<-tg.Done() // blocks, and is let go by the failure
						expectIs(t, "the body's next await", asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
						return nil
					})
					expectGroupError(t, err, errTest)
					open(ctx, t)
					return nil
				}))
				return err
			})
		})
	})
	t.Run("in a Go task that is cancelled", func(t *testing.T) {
		noLeaks(t)
		succeed(t, func(ctx context.Context) error {
			var child *asyncio.Task[none]
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					child = asyncio.CreateTask(tg, asyncio.Void(forever))
					return forever(tg)
				})
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			a.Await(ctx)
			expectState(t, "the Go task", a, "cancelled")
			expectState(t, "the child", child, "cancelled")
			return nil
		})
	})
	t.Run("in a goroutine", func(t *testing.T) {
		noLeaks(t)
		l := runningLoop(t)
		within(t, func() {
			err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(forever))
				asyncio.CreateTask(tg, fail(errTest))
				<-tg.Done()
				if err := asyncio.Sleep(l.Context(), 0); err != nil {
					t.Errorf("an await with another context: %v", err)
				}
				if err := asyncio.Sleep(tg, time.Hour); err == nil {
					t.Error("an await with the group's context goes on")
				}
				return nil
			})
			expectGroupError(t, err, errTest)
			sum := 0
			err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				for i := range 100 {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, 0)
						sum += i
						return nil
					}))
				}
				return nil
			})
			if err != nil || sum != 4950 {
				t.Errorf("%v, sum %d", err, sum)
			}
		})
	})
	t.Run("not in a callback", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				err := asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error { t.Error("it ran"); return nil })
				expectIs(t, "WithTaskGroup", err, asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, 0)
		})
	})
}

func TestGroupOfAnotherLoop(t *testing.T) {
	noLeaks(t)
	l := runningLoop(t)
	t.Run("is made by a task", func(t *testing.T) {
		within(t, func() {
			succeedOnTheClock(t, func(ctx context.Context) error {
				sum := 0 // of l
				err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					for i := range 10 {
						a := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error { sum += i; return nil }))
						if a.Loop() != l {
							t.Error("of the wrong loop")
						}
					}
					return nil
				})
				if err != nil || sum != 45 {
					t.Errorf("%v, sum %d", err, sum)
				}
				err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(forever))
					asyncio.CreateTask(tg, fail(errTest))
					return asyncio.Sleep(ctx, 1<<62) // of its own loop
				})
				expectGroupError(t, err, errTest)
				open(ctx, t)
				err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(forever))
					tg.Cancel()
					return nil
				})
				open(ctx, t)
				return err
			})
		})
	})
	t.Run("is used by a task", func(t *testing.T) {
		within(t, func() {
			succeedOnTheClock(t, func(ctx context.Context) error {
				groups := make(chan *asyncio.TaskGroup, 1)
				var end asyncio.Event
				a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tg.SetLimit(1)
						groups <- tg
						return end.Wait(ctx)
					})
				}))
				tg := <-groups
				for i := range 10 {
					v, err := asyncio.CreateTask(tg, func(ctx context.Context) (int, error) {
						return i, asyncio.Sleep(ctx, 0)
					}).Await(ctx)
					if v != i || err != nil {
						t.Errorf("%d %v", v, err)
					}
				}
				end.Set()
				_, err := a.Await(ctx)
				return err
			})
		})
	})
}

// succeedOnTheClock is succeed on the machine's clock: the time of a loop that
// waits for another one must not pass meanwhile.
func succeedOnTheClock(t *testing.T, main func(ctx context.Context) error) {
	t.Helper()
	var r reports
	if _, err := asyncio.Run(context.Background(), asyncio.Void(main), r.option()); err != nil {
		t.Errorf("Run: %v", err)
	}
	r.expect(t)
}

func TestGroupOfMany(t *testing.T) {
	many := scaled(100_000)
	noLeaks(t)
	for name, fails := range map[string]bool{"that succeed": false, "that are cancelled": true} {
		t.Run(name, func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				ended := 0
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range many {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							err := asyncio.Sleep(ctx, time.Second)
							ended++
							return err
						}))
					}
					asyncio.Sleep(ctx, 0)
					if fails {
						return errTest
					}
					return nil
				})
				if ended != many || fails != errors.Is(err, errTest) || !fails && err != nil {
					t.Errorf("%d ended, %v", ended, err)
				}
				open(ctx, t)
				return nil
			})
		})
	}
}

func TestTimeoutContext(t *testing.T) {
	pass := func(ctx context.Context, tm *asyncio.TimeoutScope) error {
		return tm.Reschedule(asyncio.RunningLoop(ctx).Time())
	}
	t.Run("ends with the deadline for the standard library, and the task's stays open", func(t *testing.T) {
		noLeaks(t)
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				err := asyncio.Timeout(ctx, time.Hour, func(c context.Context, tm *asyncio.TimeoutScope) error {
					due, ok := c.Deadline()
					if !ok || due != tm.When() {
						t.Errorf("deadline %v %t, want %v", due, ok, tm.When())
					}
					blocked := asyncio.Go(c, asyncio.Void(func(context.Context) error {
						<-c.Done()
						return context.Cause(c)
					}))
					pass(ctx, tm)
					if due, _ := c.Deadline(); due != tm.When() || !tm.When().Equal(asyncio.RunningLoop(ctx).Time()) {
						t.Errorf("deadline %v, want %v", due, tm.When())
					}
					err := forever(c)
					expectIs(t, "the body's await", err, asyncio.ErrCancelled)
					if c.Err() != context.DeadlineExceeded || ctx.Err() != nil {
						t.Errorf("its ctx %v, the task's %v", c.Err(), ctx.Err())
					}
					_, e := blocked.Await(ctx)
					expectIs(t, "the Go task", e, context.DeadlineExceeded)
					return err
				})
				expectIs(t, "Timeout", err, asyncio.ErrTimeout)
				expectIs(t, "Timeout", err, context.DeadlineExceeded)
				if errors.Is(err, asyncio.ErrCancelled) || errors.Is(err, context.Canceled) {
					t.Error("it is a cancellation")
				}
				open(ctx, t)
				return nil
			})
		})
	})
	t.Run("ends with the body", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var c context.Context
			err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				c = ctx
				return nil
			})
			<-c.Done()
			if c.Err() != context.Canceled {
				t.Errorf("%v", c.Err())
			}
			open(ctx, t)
			return err
		})
	})
	t.Run("is for awaits and new tasks the one around it", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var free *asyncio.Task[none]
			err := asyncio.Timeout(context.WithValue(ctx, envKey{}, "v"), time.Second, func(c context.Context, tm *asyncio.TimeoutScope) error {
				if c.Value(envKey{}) != "v" {
					t.Error("no value")
				}
				free = asyncio.CreateTask(c, sleepy(time.Minute))
				err := forever(c)
				// Past the deadline awaits work as ever.
				if err := asyncio.Sleep(c, time.Second); err != nil {
					t.Errorf("an await of the clean-up: %v", err)
				}
				return err
			})
			expectIs(t, "Timeout", err, asyncio.ErrTimeout)
			_, err = free.Await(ctx)
			return err
		})
	})
	t.Run("gives scopes derived from it an end", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(c context.Context, _ *asyncio.TimeoutScope) error {
				std, cancel := context.WithCancel(c)
				defer cancel()
				child := asyncio.CreateTask(std, asyncio.Void(forever))
				err := forever(c)
				child.Await(ctx)
				expectState(t, "a task in it", child, "cancelled")
				return err
			})
			expectIs(t, "Timeout", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("ends whatever is derived from it, for the standard library", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(c context.Context, _ *asyncio.TimeoutScope) error {
				own, cancel := asyncio.WithCancel(c)
				defer cancel()
				return asyncio.WithTaskGroup(c, func(tg *asyncio.TaskGroup) error {
					err := forever(ctx)
					for name, derived := range map[string]context.Context{"a scope": own, "a group": tg} {
						if derived.Err() == nil {
							t.Errorf("%s has not ended", name)
						}
					}
					return err
				})
			})
			expectIs(t, "Timeout", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("of a nested one ends with the outer", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(outer context.Context, a *asyncio.TimeoutScope) error {
				err := asyncio.Timeout(outer, time.Hour, func(inner context.Context, b *asyncio.TimeoutScope) error {
					if x, _ := inner.Deadline(); x != a.When() {
						t.Errorf("deadline %v, want %v", x, a.When())
					}
					err := forever(inner)
					if inner.Err() != context.DeadlineExceeded || !a.Expired() || b.Expired() {
						t.Errorf("%v, expired %t %t", inner.Err(), a.Expired(), b.Expired())
					}
					return err
				})
				expectIs(t, "the inner", err, asyncio.ErrCancelled)
				return err
			})
			expectIs(t, "the outer", err, asyncio.ErrTimeout)
			open(ctx, t)
			err = asyncio.Timeout(ctx, time.Hour, func(outer context.Context, a *asyncio.TimeoutScope) error {
				err := asyncio.Timeout(outer, time.Second, func(inner context.Context, _ *asyncio.TimeoutScope) error { return forever(inner) })
				expectIs(t, "the inner", err, asyncio.ErrTimeout)
				if outer.Err() != nil || a.Expired() {
					t.Errorf("the outer has ended: %v", outer.Err())
				}
				return asyncio.Sleep(outer, time.Second)
			})
			open(ctx, t)
			return err
		})
	})
	t.Run("in a Go task lets go of what blocks", func(t *testing.T) {
		noLeaks(t)
		within(t, func() {
			succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					for name, end := range map[string]func(c context.Context) error{
						"with the standard library's error": func(c context.Context) error { return c.Err() },
						"with that of its next await":       func(c context.Context) error { return asyncio.Sleep(c, 0) },
					} {
						err := asyncio.Timeout(ctx, time.Hour, func(c context.Context, tm *asyncio.TimeoutScope) error {
							pass(ctx, tm)
							<-c.Done()
							if ctx.Err() != nil {
								t.Errorf("the task's ctx: %v", ctx.Err())
							}
							return end(c)
						})
						expectIs(t, name, err, asyncio.ErrTimeout)
						expectIs(t, name, err, context.DeadlineExceeded)
						open(ctx, t)
					}
					return nil
				}))
				return err
			})
		})
	})
	t.Run("in a goroutine ends its awaits", func(t *testing.T) {
		noLeaks(t)
		l := runningLoop(t)
		within(t, func() {
			f := asyncio.NewFuture[int](l.Context())
			for name, wait := range map[string]func(c context.Context) error{
				"Sleep": func(c context.Context) error { return asyncio.Sleep(c, time.Hour) },
				"Await": func(c context.Context) error { _, err := f.Await(c); return err },
				"Done":  func(c context.Context) error { <-c.Done(); return context.Cause(c) },
			} {
				err := asyncio.Timeout(l.Context(), time.Millisecond, func(c context.Context, tm *asyncio.TimeoutScope) error {
					err := wait(c)
					if !tm.Expired() {
						t.Errorf("%s: not expired", name)
					}
					return err
				})
				expectIs(t, name, err, asyncio.ErrTimeout)
			}
			f.Cancel()
			if err := asyncio.Timeout(l.Context(), time.Hour, func(c context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Sleep(c, 0)
			}); err != nil {
				t.Error(err)
			}
		})
	})
}
