package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestOrderOfFutures(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a result wakes the waiter on the next turn",
			want: []string{
				"turn 1", "a awaits", "main set f", "turn 2", "a gets v", "soon", "main", "turn 3", "turn 4",
				"turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Tick(5)
				asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				f.SetResult("v")
				tr.Loop.CallSoon(tr.Say("soon"))
				tr.Add("main set f")
				tr.Sleep(ctx, 0)
				tr.Add("main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await a future that is done",
			want: []string{
				"main gets v", "main gets boom", "main gets cancelled(stop)", "main gets v", "soon", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g, h := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				f.SetResult("v")
				g.SetErr(errors.New("boom"))
				h.Cancel("stop")
				tr.Loop.CallSoon(tr.Say("soon"))
				for _, x := range []*future{f, g, h, f} {
					tr.Get(ctx, "main", x)
				}
				tr.Sleep(ctx, 0)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "futures set by callback timer and task",
			want: []string{
				"turn 1", "turn 2", "main gets callback", "turn 3", "turn 4", "turn 5", "10ms main gets timer",
				"10ms main gets task",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g, h := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				tr.Tick(5)
				tr.Loop.CallLater(testutil.Millis(10), func() { g.SetResult("timer") })
				asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleep(ctx, 5)
					return "", h.SetErr(errors.New("task"))
				})
				tr.Loop.CallSoon(func() { f.SetResult("callback") })
				for _, x := range []*future{f, g, h} {
					tr.Get(ctx, "main", x)
				}
				return nil
			},
		},
		{
			name: "two tasks await one future",
			want: []string{
				"turn 1", "a awaits", "b awaits", "c awaits", "d awaits", "turn 2", "b gets boom",
				"d gets boom", "a gets v", "c gets v", "main gets v", "main gets boom", "main gets v",
				"main gets boom", "main gets v", "turn 3", "turn 4", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				tr.Tick(6)
				tasks := []*task{
					asyncio.CreateTask(ctx, tr.Wait("a", f)),
					asyncio.CreateTask(ctx, tr.Wait("b", g)),
					asyncio.CreateTask(ctx, tr.Wait("c", f)),
					asyncio.CreateTask(ctx, tr.Wait("d", g)),
				}
				tr.Sleep(ctx, 0)
				g.SetErr(errors.New("boom"))
				f.SetResult("v")
				tr.Sleep(ctx, 0)
				for _, t := range tasks {
					tr.Get(ctx, "main", t)
				}
				tr.Get(ctx, "main", f)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "waiters and callbacks share one line",
			want: []string{
				"a awaits", "b awaits", "soon before", "callback 1", "a gets v", "callback 2", "b gets v",
				"callback 3", "soon after", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				f.AddDoneCallback(func(*future) { tr.Add("callback 1") })
				asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Loop.CallSoon(func() { f.AddDoneCallback(func(*future) { tr.Add("callback 2") }) })
				asyncio.CreateTask(ctx, tr.Wait("b", f))
				tr.Sleep(ctx, 0)
				f.AddDoneCallback(func(*future) { tr.Add("callback 3") })
				tr.Loop.CallSoon(tr.Say("soon before"))
				f.SetResult("v")
				tr.Loop.CallSoon(tr.Say("soon after"))
				tr.Sleep(ctx, 0)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "a future is set once",
			want: []string{
				"invalid state", "set no error", "set again invalid state", "fail invalid state",
				"cancel false", "v", "cancel true", "cancel false", "set invalid state",
				"main gets cancelled(why)",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				tr.Add("%s", testutil.Outcome(f.Result()))
				tr.Add("set %s", testutil.Show(f.SetResult("v")))
				tr.Add("set again %s", testutil.Show(f.SetResult("w")))
				tr.Add("fail %s", testutil.Show(f.SetErr(errors.New("boom"))))
				tr.Add("cancel %t", f.Cancel())
				tr.Add("%s", testutil.Outcome(f.Result()))
				tr.Add("cancel %t", g.Cancel("why"))
				tr.Add("cancel %t", g.Cancel())
				tr.Add("set %s", testutil.Show(g.SetResult("v")))
				tr.Get(ctx, "main", g)
				return nil
			},
		},
		{
			name: "a cancelled future cancels its waiters",
			want: []string{
				"turn 1", "a awaits", "b awaits", "main cancelled f", "turn 2", "callback",
				"a gets cancelled(gone)", "b gets cancelled(gone)", "turn 3", "main gets cancelled(gone)",
				"cancelled true cancelling 0", "main gets cancelled(gone)", "cancelled true cancelling 0",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				b := asyncio.CreateTask(ctx, tr.Wait("b", f))
				f.AddDoneCallback(func(*future) { tr.Add("callback") })
				tr.Sleep(ctx, 0)
				f.Cancel("gone")
				tr.Add("main cancelled f")
				for _, t := range []*task{a, b} {
					tr.Get(ctx, "main", t)
					tr.Add("cancelled %t cancelling %d", t.Cancelled(), t.Cancelling())
				}
				return nil
			},
		},
		{
			name: "a waiter goes on after its future was cancelled",
			want: []string{
				"3ms a gets cancelled", "3ms a sleeps", "8ms a wakes", "8ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Get(ctx, "a", f)
					return tr.Sleeper("a", 5)(ctx)
				})
				tr.Loop.CallLater(testutil.Millis(3), func() { f.Cancel() })
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "a callback sets a future that a task awaits since this turn",
			want: []string{
				"turn 1", "turn 2", "f is done", "a gets f", "turn 3", "turn 4", "g is done", "a gets g",
				"turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				tr.Tick(6)
				asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Get(ctx, "a", f)
					tr.Loop.CallSoon(func() { g.SetResult("g") })
					tr.Get(ctx, "a", g)
					return "", nil
				})
				f.AddDoneCallback(func(*future) { tr.Add("f is done") })
				g.AddDoneCallback(func(*future) { tr.Add("g is done") })
				tr.Loop.CallSoon(func() { f.SetResult("f") })
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a task awaits a future set earlier in the turn",
			want: []string{
				"main 1", "before awaits", "setter", "after awaits", "after gets v", "main 2", "callback",
				"before gets v", "setter again", "main 3", "main 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				asyncio.CreateTask(ctx, tr.Wait("before", f))
				asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Add("setter")
					f.SetResult("v")
					tr.Sleep(ctx, 0)
					tr.Add("setter again")
					return "", nil
				})
				asyncio.CreateTask(ctx, tr.Wait("after", f))
				f.AddDoneCallback(func(*future) { tr.Add("callback") })
				_, err := tr.Steps("main", 4)(ctx)
				return err
			},
		},
	})
}

func TestOrderOfDoneCallbacks(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "done callbacks run in order on the next turn",
			want: []string{
				"main set f", "soon before", "callback 0", "callback 1", "callback 2", "soon after", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				for n := range 3 {
					f.AddDoneCallback(func(*future) { tr.Add("callback %d", n) })
				}
				tr.Loop.CallSoon(tr.Say("soon before"))
				f.SetResult("v")
				tr.Loop.CallSoon(tr.Say("soon after"))
				tr.Add("main set f")
				tr.Sleep(ctx, 0)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "a callback added to a done future runs on the next turn",
			want: []string{
				"main added it", "soon", "callback v", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				f.SetResult("v")
				tr.Loop.CallSoon(tr.Say("soon"))
				f.AddDoneCallback(func(f *future) { tr.Add("callback %s", testutil.Outcome(f.Result())) })
				tr.Add("main added it")
				tr.Sleep(ctx, 0)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "removed callbacks",
			want: []string{
				"removed true", "removed true", "removed false", "removed false", "callback 1", "callback 3",
				"removed false",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				var remove []func() bool
				for n := range 4 {
					remove = append(remove, f.AddDoneCallback(func(*future) { tr.Add("callback %d", n) }))
				}
				for _, n := range []int{0, 2, 0} {
					tr.Add("removed %t", remove[n]())
				}
				f.SetResult("v")
				tr.Add("removed %t", remove[1]())
				tr.Sleep(ctx, 0)
				tr.Add("removed %t", remove[3]())
				return nil
			},
		},
		{
			name: "a callback cannot remove the next one",
			want: []string{
				"callback 1 removed false", "callback 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				var removeSecond func() bool
				f.AddDoneCallback(func(*future) { tr.Add("callback 1 removed %t", removeSecond()) })
				removeSecond = f.AddDoneCallback(func(*future) { tr.Add("callback 2") })
				f.SetResult("v")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "callbacks added by a callback",
			want: []string{
				"turn 1", "callback 1", "callback 2", "turn 2", "callback 3", "callback 4", "turn 3",
				"callback 5", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Tick(4)
				f.AddDoneCallback(func(*future) {
					tr.Add("callback 1")
					f.AddDoneCallback(func(*future) {
						tr.Add("callback 3")
						f.AddDoneCallback(func(*future) { tr.Add("callback 5") })
					})
					f.AddDoneCallback(func(*future) { tr.Add("callback 4") })
				})
				f.AddDoneCallback(func(*future) { tr.Add("callback 2") })
				f.SetResult("v")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a failing callback does not stop the rest",
			want: []string{
				"a awaits", "callback 1", "callback 2 fails", "handler boom", "callback 3", "a gets v",
				"1ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				asyncio.CreateTask(ctx, tr.Wait("a", f))
				f.AddDoneCallback(func(*future) { tr.Add("callback 1") })
				f.AddDoneCallback(func(*future) {
					tr.Add("callback 2 fails")
					panic("boom")
				})
				f.AddDoneCallback(func(*future) { tr.Add("callback 3") })
				tr.Sleep(ctx, 0)
				f.SetResult("v")
				tr.Sleep(ctx, 1)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "callbacks see the outcome",
			want: []string{
				"c sleeps", "a 1", "cancelled", "result a", "error boom", "1ms c gets cancelled",
				"1ms cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				see := func(t *task) {
					switch err := t.Err(); {
					case t.Cancelled():
						tr.Add("cancelled")
					case err != nil:
						tr.Add("error %v", err)
					default:
						tr.Add("result %s", testutil.Outcome(t.Result()))
					}
				}
				c := asyncio.CreateTask(ctx, tr.Sleeper("c", 9))
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				b := asyncio.CreateTask(ctx, func(context.Context) (string, error) { return "", errors.New("boom") })
				f := asyncio.NewFuture[string](ctx)
				f.AddDoneCallback(func(*future) {
					if f.Cancelled() {
						tr.Add("cancelled")
					}
				})
				for _, t := range []*task{a, b, c} {
					t.AddDoneCallback(see)
				}
				f.Cancel()
				tr.Sleep(ctx, 1)
				c.Cancel()
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "futures linked by callbacks take a turn each",
			want: []string{
				"turn 1", "turn 2", "turn 3", "turn 4", "turn 5", "main gets xxxx", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				var fs []*future
				for n := range 4 {
					fs = append(fs, asyncio.NewFuture[string](ctx))
					if n > 0 {
						fs[n-1].AddDoneCallback(func(f *future) { fs[n].SetResult(testutil.Outcome(f.Result()) + "x") })
					}
				}
				tr.Tick(6)
				tr.Loop.CallSoon(func() { fs[0].SetResult("x") })
				tr.Get(ctx, "main", fs[3])
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}

// What the library will offer later, built by hand from futures and callbacks.
func TestOrderOfThingsBuiltByHand(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "ping pong over futures",
			want: []string{
				"turn 1", "ping gets ball 0", "turn 2", "pong gets ball 1", "turn 3", "ping gets ball 2",
				"turn 4", "pong gets ball 3", "turn 5", "ping gets ball 4", "turn 6", "pong gets ball 5",
				"turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				var fs []*future
				for range 6 {
					fs = append(fs, asyncio.NewFuture[string](ctx))
				}
				player := func(who string, start int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := start; n < len(fs); n += 2 {
							tr.Get(ctx, who, fs[n])
							if n+1 < len(fs) {
								fs[n+1].SetResult(fmt.Sprintf("ball %d", n+1))
							}
						}
						return "", nil
					}
				}
				asyncio.CreateTask(ctx, player("ping", 0))
				asyncio.CreateTask(ctx, player("pong", 1))
				tr.Sleep(ctx, 0)
				tr.Tick(8)
				fs[0].SetResult("ball 0")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather by hand",
			want: []string{
				"turn 1", "a 1", "b 1", "c sleeps", "turn 2", "a 2", "b is done", "turn 3", "a 3", "turn 4",
				"a is done", "5ms c wakes", "5ms c is done", "5ms main gets a b c",
			},
			main: func(ctx context.Context, tr *trace) error {
				allDone := asyncio.NewFuture[string](ctx)
				tr.Tick(4)
				tasks := []*task{
					asyncio.CreateTask(ctx, tr.Steps("a", 3)),
					asyncio.CreateTask(ctx, tr.Steps("b", 1)),
					asyncio.CreateTask(ctx, tr.Sleeper("c", 5)),
				}
				left := len(tasks)
				for _, t := range tasks {
					t.AddDoneCallback(func(t *task) {
						left--
						tr.Add("%s is done", testutil.Outcome(t.Result()))
						if left == 0 {
							var results []string
							for _, t := range tasks {
								results = append(results, testutil.Outcome(t.Result()))
							}
							allDone.SetResult(strings.Join(results, " "))
						}
					})
				}
				tr.Get(ctx, "main", allDone)
				return nil
			},
		},
		{
			name: "gather by hand cancels all on the first error",
			want: []string{
				"a sleeps", "c sleeps", "d sleeps", "5ms a wakes", "5ms b fails", "5ms c wakes",
				"5ms one is done: a", "5ms one failed: boom", "5ms one is done: c", "5ms d gets cancelled",
				"5ms main gets boom", "5ms one is cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				out := asyncio.NewFuture[string](ctx)
				tasks := []*task{
					asyncio.CreateTask(ctx, tr.Sleeper("a", 5)),
					asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
						tr.Sleep(ctx, 5)
						tr.Add("b fails")
						return "", errors.New("boom")
					}),
					asyncio.CreateTask(ctx, tr.Sleeper("c", 5)),
					asyncio.CreateTask(ctx, tr.Sleeper("d", 9)),
				}
				for _, t := range tasks {
					t.AddDoneCallback(func(t *task) {
						switch err := t.Err(); {
						case t.Cancelled():
							tr.Add("one is cancelled")
						case err != nil:
							tr.Add("one failed: %v", err)
							for _, t := range tasks {
								t.Cancel()
							}
							out.SetErr(err)
						default:
							tr.Add("one is done: %s", testutil.Outcome(t.Result()))
						}
					})
				}
				tr.Get(ctx, "main", out)
				tr.Sleep(ctx, 5)
				return nil
			},
		},
		{
			name: "first of two by hand",
			want: []string{
				"a sleeps", "b sleeps", "5ms b wakes", "5ms b came in", "5ms main has the first",
				"5ms remove true cancel true", "5ms remove false cancel false", "5ms a gets cancelled",
				"5ms main gets cancelled", "5ms main gets b",
			},
			main: func(ctx context.Context, tr *trace) error {
				first := asyncio.NewFuture[*task](ctx)
				tasks := []*task{
					asyncio.CreateTask(ctx, tr.Sleeper("a", 10)),
					asyncio.CreateTask(ctx, tr.Sleeper("b", 5)),
				}
				var remove []func() bool
				for _, t := range tasks {
					remove = append(remove, t.AddDoneCallback(func(t *task) {
						tr.Add("%s came in", testutil.Outcome(t.Result()))
						if !first.Done() {
							first.SetResult(t)
						}
					}))
				}
				first.Await(ctx)
				tr.Add("main has the first")
				for n, t := range tasks {
					tr.Add("remove %t cancel %t", remove[n](), t.Cancel())
				}
				for _, t := range tasks {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "a lock by hand is first come first served",
			want: []string{
				"a 1", "a 2", "a 3", "b 1", "c 1", "c 2", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				var queue []*future
				locked := false
				user := func(who string, steps int) *task {
					return asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
						if locked {
							f := asyncio.NewFuture[string](ctx)
							queue = append(queue, f)
							f.Await(ctx)
						}
						locked = true
						tr.Steps(who, steps)(ctx)
						if len(queue) > 0 {
							queue[0].SetResult("yours")
							queue = queue[1:]
						} else {
							locked = false
						}
						return "", nil
					})
				}
				for _, t := range []*task{user("a", 3), user("b", 1), user("c", 2)} {
					t.Await(ctx)
				}
				tr.Add("main")
				return nil
			},
		},
		{
			name: "a channel by hand",
			want: []string{
				"put 0", "got 0", "put 1", "got 1", "5ms put 2", "5ms got 2", "5ms put 3", "5ms got 3",
				"5ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				var items []int
				var reader *future
				consumer := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					for range 4 {
						for len(items) == 0 {
							reader = asyncio.NewFuture[string](ctx)
							reader.Await(ctx)
						}
						tr.Add("got %d", items[0])
						items = items[1:]
					}
					return "", nil
				})
				producer := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					for n := range 4 {
						items = append(items, n)
						tr.Add("put %d", n)
						if reader != nil && !reader.Done() {
							reader.SetResult("more")
						}
						if n == 1 {
							tr.Sleep(ctx, 5)
						}
						tr.Sleep(ctx, 0)
					}
					return "", nil
				})
				producer.Await(ctx)
				consumer.Await(ctx)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "an event by hand wakes all before new waiters",
			want: []string{
				"5ms fire", "5ms a woken 0", "5ms b woken 0", "5ms c woken 0", "5ms fire", "5ms a woken 1",
				"5ms c woken 1", "6ms fire",
			},
			main: func(ctx context.Context, tr *trace) error {
				var waiters []*future
				waiter := func(who string, times int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range times {
							f := asyncio.NewFuture[string](ctx)
							waiters = append(waiters, f)
							f.Await(ctx)
							tr.Add("%s woken %d", who, n)
						}
						return "", nil
					}
				}
				fire := func() {
					tr.Add("fire")
					woken := waiters
					waiters = nil
					for _, f := range woken {
						f.SetResult("now")
					}
				}
				asyncio.CreateTask(ctx, waiter("a", 2))
				asyncio.CreateTask(ctx, waiter("b", 1))
				asyncio.CreateTask(ctx, waiter("c", 2))
				tr.Loop.CallLater(testutil.Millis(5), fire)
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.Loop.CallSoon(fire) })
				tr.Loop.CallLater(testutil.Millis(6), fire)
				tr.Sleep(ctx, 10)
				return nil
			},
		},
	})
}
