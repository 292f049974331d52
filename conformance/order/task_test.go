package order_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// The scenario language names tasks itself. The traces are CPython's too.
func TestTaskNames(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "task names",
			Want: []string{
				"Task-1", "Task-2 bob Task-3", "a 1", "b 1", "c 1", "Task-2 bob carol",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				// Numbers count from main's, wherever that stands.
				main := asyncio.CurrentTask(ctx)
				number := func(name string) (int, bool) {
					digits, ok := strings.CutPrefix(name, "Task-")
					n, err := strconv.Atoi(digits)
					return n, ok && err == nil
				}
				first, _ := number(main.Name())
				name := func(t asyncio.AnyTask) string {
					if n, ok := number(t.Name()); ok {
						return fmt.Sprintf("Task-%d", n-first+1)
					}
					return t.Name()
				}
				tr.Add("%s", name(main))
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				b := asyncio.CreateTask(ctx, tr.Steps("b", 1), asyncio.WithName("bob"))
				c := asyncio.CreateTask(ctx, tr.Steps("c", 1))
				tr.Add("%s %s %s", name(a), name(b), name(c))
				c.SetName("carol")
				tr.Sleep(ctx, 0)
				tr.Add("%s %s %s", name(a), name(b), name(c))
				return nil
			},
		},
		{
			Name: "names of children",
			Want: []string{
				"yolo Task-2", "yolo runs", "yola runs", "main leaves",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				child := func(ctx context.Context) (string, error) {
					tr.Add("%s runs", asyncio.CurrentTask(ctx).Name())
					tr.Sleep(ctx, 0)
					return "", nil
				}
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a, b := asyncio.CreateTask(tg, child, asyncio.WithName("yolo")), asyncio.CreateTask(tg, child)
					tr.Add("%s %s", a.Name(), b.Name())
					b.SetName("yola")
					return nil
				})
				tr.Add("main leaves")
				return err
			},
		},
		{
			// In 3.13 the name comes after the first step, in 3.14 before it.
			Name: "names under the eager factory",
			Want: []string{
				"child is named", "child is Task-2", "child is inner", "child is Task-3",
				"main is Task-1, they are named Task-3",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				var child asyncio.Coroutine[string]
				child = func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx).Name()
					tr.Add("child is %s", me)
					if me == "named" {
						asyncio.CreateTask(ctx, child)
						asyncio.CreateTask(ctx, child, asyncio.WithName("inner"))
					}
					return "", nil
				}
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				a, b := asyncio.CreateTask(ctx, child, asyncio.WithName("named")), asyncio.CreateTask(ctx, child)
				tr.Add("main is %s, they are %s %s", asyncio.CurrentTask(ctx).Name(), a.Name(), b.Name())
				return nil
			},
		},
	})
}

// CPython refuses this, if not more; the scenario language goes by the library's rules, on
// both sides.
func TestAwaitingOneself(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "awaiting oneself fails on the next turn",
			Want: []string{
				"turn 1", "a awaits a", "turn 2", "callback", "a gets deadlock", "turn 3", "main", "turn 4",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				tr.Tick(4)
				var a *asyncio.Task[string]
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Loop.CallSoon(tr.Say("callback"))
					tr.Add("a awaits a")
					tr.Get(ctx, "a", a)
					return "a", nil
				})
				_, err := a.Await(ctx)
				tr.Add("main")
				tr.Sleep(ctx, 1)
				return err
			},
		},
		{
			Name: "cancel oneself and await oneself",
			Want: []string{
				"turn 1", "turn 2", "a gets cancelled(self)", "turn 3", "turn 4", "5ms a wakes",
				"5ms main gets a",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				tr.Tick(4)
				var a *asyncio.Task[string]
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					a.Cancel("self")
					tr.Get(ctx, "a", a)
					tr.Nap(ctx, "a", 5)
					return "a", nil
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}
