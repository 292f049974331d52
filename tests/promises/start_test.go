// One test for each promise of the design, with a subtest for each of its sentences. Package
// order of conformance holds the first, the order of events, to CPython in detail.
package promises_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestPromise1Order(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "ready callbacks first in first out",
			Want: []string{"a", "b", "c", "from a", "from b"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				for _, who := range []string{"a", "b"} {
					tr.Loop.CallSoon(func() {
						tr.Add("%s", who)
						tr.Loop.CallSoon(tr.Say("from " + who))
					})
				}
				tr.Loop.CallSoon(tr.Say("c"))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			Name: "turns of a first step, a done callback and a wake-up",
			// asyncio gives the same: CPython 3.13.
			Want: []string{"turn 1", "task", "turn 2", "callback", "main", "turn 3"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				tr.Tick(3)
				a := asyncio.CreateTask(ctx, func(context.Context) (string, error) {
					tr.Add("task")
					return "", nil
				})
				a.AddDoneCallback(func(*asyncio.Task[string]) { tr.Add("callback") })
				a.Await(ctx)
				tr.Add("main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			Name: "timers with equal deadlines in the order they were made",
			Want: []string{"1ms a", "1ms b", "1ms c", "1ms d", "1ms main wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				at := tr.Loop.Time().Add(time.Millisecond)
				tr.Loop.CallAt(at, tr.Say("a"))
				tr.Loop.CallLater(time.Millisecond, tr.Say("b"))
				tr.Loop.CallAt(at, tr.Say("c"))
				tr.Loop.CallLater(time.Millisecond, tr.Say("d"))
				tr.Nap(ctx, "main", 1)
				return nil
			},
		},
	})
	t.Run("nothing depends on map iteration", func(t *testing.T) {
		// A program with many tasks, callbacks, waiters and timers is the same
		// each time it runs.
		program := func() []string {
			return testutil.TraceRun(func(ctx context.Context, tr *testutil.Trace) error {
				shared := asyncio.NewFuture[string](ctx)
				for i := range 20 {
					who := fmt.Sprint("t", i)
					a := asyncio.CreateTask(ctx, tr.Wait(who, shared), asyncio.WithName(who))
					a.AddDoneCallback(func(*asyncio.Task[string]) { tr.Add("%s done", who) })
					asyncio.CreateTask(ctx, tr.Sleeper(fmt.Sprint("s", i), 5))
				}
				for _, a := range asyncio.AllTasks(tr.Loop) {
					tr.Add("%s", a.Name())
				}
				tr.Sleep(ctx, 1)
				shared.SetResult("x")
				return nil
			})
		}
		first := program()
		for range 10 {
			testutil.ExpectLines(t, program(), first...)
		}
	})
}

func TestPromise2ATaskStartsOnALaterTurn(t *testing.T) {
	t.Run("not before CreateTask returns", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			started := false
			a := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				started = true
				return nil
			}))
			if started {
				t.Error("started at once")
			}
			_, err := a.Await(ctx)
			if !started {
				t.Error("did not start")
			}
			return err
		})
	})

	// Each makes a task, cancels it before its first step and gives the loop the
	// chance to run it in its own way.
	ways := []struct {
		name string
		do   func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None])
	}{
		{"cancelled at once", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			a := create(ctx)
			a.Cancel()
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled at once and awaited", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			a := create(ctx)
			a.Cancel()
			a.Await(ctx)
		}},
		{"cancelled by a callback in its turn", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			var a *asyncio.Task[asyncio.None]
			asyncio.RunningLoop(ctx).CallSoon(func() { a.Cancel() })
			a = create(ctx)
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled by its awaiter's end", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			self := asyncio.CurrentTask(ctx)
			a := create(ctx)
			self.Cancel()
			a.Await(ctx)
			self.Uncancel()
		}},
		// The request is in the loop's inbox when the turn begins in which the task
		// would start: on the loop, on the stack of who awaits it, or on the stack
		// of a task that has just ended.
		{"cancelled from another goroutine", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			a := create(ctx)
			testutil.Elsewhere(func() { a.Cancel() })
			asyncio.Sleep(ctx, 0)
		}},
		{"cancelled from another goroutine and awaited", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			a := create(ctx)
			testutil.Elsewhere(func() { a.Cancel() })
			a.Await(ctx)
		}},
		{"cancelled from another goroutine as another task ends", func(ctx context.Context, create func(context.Context) *asyncio.Task[asyncio.None]) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				a := create(ctx)
				testutil.Elsewhere(func() { a.Cancel() })
				return nil
			}))
			asyncio.Sleep(ctx, time.Millisecond)
		}},
	}
	for _, w := range ways {
		for _, kind := range []string{"loop task", "Go task"} {
			t.Run(kind+" "+w.name, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					var a *asyncio.Task[asyncio.None]
					w.do(ctx, func(ctx context.Context) *asyncio.Task[asyncio.None] {
						body := asyncio.Void(func(context.Context) error {
							t.Error("the function ran")
							return nil
						})
						if kind == "Go task" {
							a = asyncio.Go(ctx, body)
						} else {
							a = asyncio.CreateTask(ctx, body)
						}
						return a
					})
					asyncio.Sleep(ctx, time.Millisecond)
					testutil.ExpectState(t, "the task", a, "cancelled")
					return nil
				})
			})
		}
	}
}

func TestPromise8WhatCannotStartComesBackDone(t *testing.T) {
	for name, create := range map[string]func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None]{
		"CreateTask": func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, c)
		},
		"Go": func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None] {
			return asyncio.Go(ctx, c)
		},
	} {
		t.Run(name+" on a closed loop", func(t *testing.T) {
			a := create(testutil.ClosedLoop(t).Context(), asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			testutil.ExpectState(t, "the task", a, "failed")
			_, err := a.Result()
			testutil.ExpectIs(t, "Result", err, asyncio.ErrLoopClosed)
			_, err = a.Await(context.Background())
			testutil.ExpectIs(t, "Await", err, asyncio.ErrLoopClosed)
		})
		t.Run(name+" without a loop in the context", func(t *testing.T) {
			testutil.ExpectPanic(t, func() { create(context.Background(), testutil.Noop) }, "no event loop", "pass the ctx")
		})
	}
	t.Run("without a loop in the context", func(t *testing.T) {
		bg := context.Background()
		for name, f := range map[string]func(){
			"NewFuture":   func() { asyncio.NewFuture[asyncio.None](bg) },
			"Sleep":       func() { asyncio.Sleep(bg, 0) },
			"RunningLoop": func() { asyncio.RunningLoop(bg) },
			"CurrentTask": func() { asyncio.CurrentTask(bg) },
			"WithCancel":  func() { asyncio.WithCancel(bg) },
			"WithTimeout": func() { asyncio.WithTimeout(bg, time.Second) },
			"ToThread":    func() { asyncio.ToThread(bg, testutil.Noop) },
		} {
			t.Run(name, func(t *testing.T) { testutil.ExpectPanic(t, f, "no event loop", "pass the ctx") })
		}
	})
}
