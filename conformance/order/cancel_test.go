package order_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// napper is a coroutine that takes its naps whatever happens, and returns its name.
func (tr *trace) napper(who string, naps ...int) coroutine {
	return func(ctx context.Context) (string, error) {
		for _, ms := range naps {
			tr.Nap(ctx, who, ms)
		}
		return who, nil
	}
}

// state adds what is known of a task.
func (tr *trace) state(t *task) {
	tr.Add("cancelled %t cancelling %d", t.Cancelled(), t.Cancelling())
}

func TestOrderWhereACancellationLands(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "cancel before the first step",
			want: []string{
				"cancel true done false", "turn 1", "turn 2", "done callback", "main gets cancelled(early)",
				"cancelled true", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, tr.Steps("never", 1))
				a.AddDoneCallback(func(*task) { tr.Add("done callback") })
				tr.Add("cancel %t done %t", a.Cancel("early"), a.Done())
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel a sleeping task",
			want: []string{
				"a sleeps", "10ms main sees done false cancelling 1", "10ms turn 1",
				"10ms a gets cancelled(wake up)", "10ms turn 2", "10ms main gets cancelled(wake up)",
				"10ms turn 3", "10ms turn 4", "11ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 1000))
				tr.Sleep(ctx, 10)
				tr.Tick(4)
				a.Cancel("wake up")
				tr.Add("main sees done %t cancelling %d", a.Done(), a.Cancelling())
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "cancel a task in sleep 0",
			want: []string{
				"turn 1", "a sleeps", "turn 2", "a gets cancelled(zero)", "turn 3",
				"main gets cancelled(zero)", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 0))
				tr.Sleep(ctx, 0)
				a.Cancel("zero")
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel a task that awaits a future",
			want: []string{
				"a awaits", "f done true", "turn 1", "a gets cancelled(why)", "f cancelled true", "turn 2",
				"main gets cancelled(why)", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				f.AddDoneCallback(func(f *future) { tr.Add("f cancelled %t", f.Cancelled()) })
				a.Cancel("why")
				tr.Add("f done %t", f.Done())
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and return",
			want: []string{
				"turn 1", "a returns", "turn 2", "main gets cancelled(bye)", "cancelled true", "turn 3",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("bye")
					tr.Add("a returns")
					return "a", nil
				})
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and fail",
			want: []string{
				"main gets boom", "cancelled false",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel()
					return "", errors.New("boom")
				})
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "cancel oneself and await what is done",
			want: []string{
				"a gets v", "a gets v", "a sleeps", "turn 1", "a gets cancelled(later)", "turn 2",
				"main gets cancelled(later)", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					f := asyncio.NewFuture[string](ctx)
					f.SetResult("v")
					asyncio.CurrentTask(ctx).Cancel("later")
					tr.Get(ctx, "a", f)
					tr.Get(ctx, "a", f)
					return tr.Sleeper("a", 10)(ctx)
				})
				tr.Tick(4)
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and await a pending future",
			want: []string{
				"turn 1", "a goes on", "a awaits", "turn 2", "f cancelled true", "a gets cancelled(now)",
				"turn 3", "main gets cancelled(now)", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("now")
					tr.Add("a goes on")
					return tr.Wait("a", f)(ctx)
				})
				f.AddDoneCallback(func(f *future) { tr.Add("f cancelled %t", f.Cancelled()) })
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and await a fresh task",
			want: []string{
				"turn 1", "a awaits", "turn 2", "turn 3", "a gets cancelled(now)", "turn 4",
				"main gets cancelled(now)", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("now")
					return tr.Wait("a", asyncio.CreateTask(ctx, tr.Steps("never", 1)))(ctx)
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and sleep 0",
			want: []string{
				"turn 1", "a sleeps", "turn 2", "soon", "a gets cancelled(now)", "turn 3",
				"main gets cancelled(now)", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("now")
					tr.Loop.CallSoon(tr.Say("soon"))
					return tr.Sleeper("a", 0)(ctx)
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel oneself and await oneself",
			want: []string{
				"turn 1", "turn 2", "a gets cancelled(self)", "turn 3", "turn 4", "5ms a wakes",
				"5ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				var a *task
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
		{
			name: "cancel from a done callback",
			want: []string{
				"a 1", "b sleeps", "turn 1", "a 2", "turn 2", "callback cancels b", "turn 3",
				"b gets cancelled(by callback)", "turn 4", "b is done", "main gets cancelled(by callback)",
				"turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 2))
				b := asyncio.CreateTask(ctx, tr.Sleeper("b", 100))
				tr.Tick(6)
				a.AddDoneCallback(func(*task) {
					tr.Add("callback cancels b")
					b.Cancel("by callback")
				})
				b.AddDoneCallback(func(*task) { tr.Add("b is done") })
				tr.Get(ctx, "main", b)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "several tasks cancelled in one turn",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "d sleeps", "b gets cancelled", "turn 1",
				"d gets cancelled", "a gets cancelled", "c gets cancelled", "turn 2", "d is done", "turn 3",
				"1ms true true true true true",
			},
			main: func(ctx context.Context, tr *trace) error {
				tasks := []*task{
					asyncio.CreateTask(ctx, tr.Sleeper("a", 100)),
					asyncio.CreateTask(ctx, tr.Sleeper("b", 0)),
					asyncio.CreateTask(ctx, tr.Sleeper("c", 50)),
					asyncio.CreateTask(ctx, tr.Sleeper("d", 70)),
				}
				tasks[3].AddDoneCallback(func(*task) { tr.Add("d is done") })
				tr.Sleep(ctx, 0)
				tr.Tick(3)
				tasks = append(tasks, asyncio.CreateTask(ctx, tr.Steps("never", 1)))
				for _, n := range []int{3, 1, 4, 0, 2} {
					tasks[n].Cancel()
				}
				tr.Sleep(ctx, 1)
				var cancelled []any
				for _, t := range tasks {
					cancelled = append(cancelled, t.Cancelled())
				}
				tr.Add("%t %t %t %t %t", cancelled...)
				return nil
			},
		},
		{
			name: "done callbacks of a cancelled task",
			want: []string{
				"a sleeps", "b awaits", "1ms turn 1", "1ms a gets cancelled", "1ms main sees done true",
				"1ms turn 2", "1ms callback 0 cancelled true", "1ms callback 1 cancelled true",
				"1ms b gets cancelled", "1ms turn 3", "1ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 100))
				for n := range 2 {
					a.AddDoneCallback(func(a *task) { tr.Add("callback %d cancelled %t", n, a.Cancelled()) })
				}
				asyncio.CreateTask(ctx, tr.Wait("b", a))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				a.Cancel()
				tr.Sleep(ctx, 0)
				tr.Add("main sees done %t", a.Done())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}

func TestOrderOfCancellationsAndChildren(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "cancel goes down to the awaited task",
			want: []string{
				"child sleeps", "parent awaits", "10ms cancelling parent 1 child 1", "10ms turn 1",
				"10ms child gets cancelled(stop)", "10ms turn 2", "10ms parent gets cancelled(stop)",
				"10ms turn 3", "10ms main gets cancelled(stop)", "10ms cancelled child true", "10ms turn 4",
				"10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, tr.Sleeper("child", 100))
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				parent.Cancel("stop")
				tr.Add("cancelling parent %d child %d", parent.Cancelling(), child.Cancelling())
				tr.Get(ctx, "main", parent)
				tr.Add("cancelled child %t", child.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel goes down a chain and comes up link by link",
			want: []string{
				"a sleeps", "b awaits", "c awaits", "d awaits", "10ms cancelling 1 1 1 1", "10ms turn 1",
				"10ms a gets cancelled(top)", "10ms turn 2", "10ms b gets cancelled(top)", "10ms turn 3",
				"10ms c gets cancelled(top)", "10ms turn 4", "10ms d gets cancelled(top)", "10ms turn 5",
				"10ms main gets cancelled(top)", "10ms turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 100))
				b := asyncio.CreateTask(ctx, tr.Wait("b", a))
				c := asyncio.CreateTask(ctx, tr.Wait("c", b))
				d := asyncio.CreateTask(ctx, tr.Wait("d", c))
				tr.Sleep(ctx, 10)
				tr.Tick(6)
				d.Cancel("top")
				tr.Add("cancelling %d %d %d %d", a.Cancelling(), b.Cancelling(), c.Cancelling(), d.Cancelling())
				tr.Get(ctx, "main", d)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel reaches a child before its first step",
			want: []string{
				"turn 1", "parent creates child", "parent awaits", "turn 2", "turn 3",
				"parent gets cancelled(early)", "turn 4", "main gets cancelled(early)", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				parent := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Add("parent creates child")
					return tr.Wait("parent", asyncio.CreateTask(ctx, tr.Steps("never", 1)))(ctx)
				})
				tr.Loop.CallSoon(func() { parent.Cancel("early") })
				tr.Get(ctx, "main", parent)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel reaches a child in sleep 0",
			want: []string{
				"turn 1", "child sleeps", "parent awaits", "turn 2", "child gets cancelled(zero)", "turn 3",
				"parent gets cancelled(zero)", "turn 4", "main gets cancelled(zero)", "turn 5", "turn 6",
				"turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(8)
				child := asyncio.CreateTask(ctx, tr.Sleeper("child", 0))
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 0)
				parent.Cancel("zero")
				tr.Get(ctx, "main", parent)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a child refuses and returns a value",
			want: []string{
				"parent awaits", "10ms turn 1", "10ms child gets cancelled", "10ms turn 2",
				"10ms parent gets child", "10ms turn 3", "10ms main gets child",
				"10ms cancelled false cancelling 1", "10ms turn 4", "10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, tr.napper("child", 100))
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				parent.Cancel()
				tr.Get(ctx, "main", parent)
				tr.state(parent)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a child replaces the error",
			want: []string{
				"child sleeps", "parent awaits", "10ms turn 1", "10ms child gets cancelled", "10ms turn 2",
				"10ms parent gets replaced", "10ms turn 3", "10ms main gets replaced",
				"10ms cancelled false cancelling 1", "10ms turn 4", "10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleeper("child", 100)(ctx)
					return "", errors.New("replaced")
				})
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				parent.Cancel()
				tr.Get(ctx, "main", parent)
				tr.state(parent)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a child refuses once and is cancelled twice",
			want: []string{
				"parent awaits", "10ms child gets cancelled(one)", "10ms child sleeps",
				"20ms main sees done false cancelling 1 1", "20ms child gets cancelled(two)",
				"20ms parent gets cancelled(two)", "20ms main gets cancelled(two)", "20ms cancelling 2 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Nap(ctx, "child", 100)
					return tr.Sleeper("child", 100)(ctx)
				})
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 10)
				parent.Cancel("one")
				tr.Sleep(ctx, 10)
				tr.Add("main sees done %t cancelling %d %d", parent.Done(), parent.Cancelling(), child.Cancelling())
				parent.Cancel("two")
				tr.Get(ctx, "main", parent)
				tr.Add("cancelling %d %d", parent.Cancelling(), child.Cancelling())
				return nil
			},
		},
		{
			name: "a child cleans up before its parent",
			want: []string{
				"child sleeps", "parent awaits", "10ms child gets cancelled(stop)",
				"10ms child cleanup sleeps", "15ms child cleanup wakes", "15ms parent gets cancelled(stop)",
				"15ms parent cleanup sleeps", "20ms parent cleanup wakes", "20ms main gets cancelled(stop)",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					defer tr.Sleeper("child cleanup", 5)(ctx)
					return tr.Sleeper("child", 100)(ctx)
				})
				parent := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					defer tr.Sleeper("parent cleanup", 5)(ctx)
					return tr.Wait("parent", child)(ctx)
				})
				tr.Sleep(ctx, 10)
				parent.Cancel("stop")
				tr.Get(ctx, "main", parent)
				return nil
			},
		},
		{
			name: "a parent survives the cancellation of its child",
			want: []string{
				"child sleeps", "10ms child gets cancelled(only you)", "10ms parent gets cancelled(only you)",
				"10ms parent sleeps", "15ms parent wakes", "15ms main gets parent", "15ms cancelling 0 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, tr.Sleeper("child", 100))
				parent := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Get(ctx, "parent", child)
					return tr.Sleeper("parent", 5)(ctx)
				})
				tr.Sleep(ctx, 10)
				child.Cancel("only you")
				tr.Get(ctx, "main", parent)
				tr.Add("cancelling %d %d", parent.Cancelling(), child.Cancelling())
				return nil
			},
		},
		{
			name: "a child that cancels itself cancels its parent",
			want: []string{
				"turn 1", "child sleeps", "parent awaits", "turn 2", "child gets cancelled(me)", "turn 3",
				"parent gets cancelled(me)", "turn 4", "main gets cancelled(me)",
				"cancelled true cancelling 0", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				child := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("me")
					return tr.Sleeper("child", 5)(ctx)
				})
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Get(ctx, "main", parent)
				tr.state(parent)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a fresh child cancels its parent",
			want: []string{
				"parent awaits", "turn 1", "child cancels parent: true", "turn 2",
				"parent gets cancelled(by child)", "turn 3", "main gets cancelled(by child)", "cancelling 1",
				"turn 4", "1ms parent awaits", "1ms turn 1", "1ms child cancels parent: true",
				"1ms child sleeps", "1ms turn 2", "1ms child gets cancelled(by child)", "1ms turn 3",
				"1ms parent gets cancelled(by child)", "1ms turn 4", "1ms main gets cancelled(by child)",
				"1ms cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{0, 5} {
					var parent *task
					child := func(ctx context.Context) (string, error) {
						tr.Add("child cancels parent: %t", parent.Cancel("by child"))
						if ms > 0 {
							return tr.Sleeper("child", ms)(ctx)
						}
						return "child", nil
					}
					parent = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
						return tr.Wait("parent", asyncio.CreateTask(ctx, child))(ctx)
					})
					tr.Tick(4)
					tr.Get(ctx, "main", parent)
					tr.Add("cancelling %d", parent.Cancelling())
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "cancel comes back through a task that awaits the canceller",
			want: []string{
				"b awaits", "1ms cancelling 1 1", "1ms a gets cancelled(round trip)", "1ms main gets a",
				"1ms b gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					b := asyncio.CreateTask(ctx, tr.Wait("b", a))
					tr.Sleep(ctx, 1)
					b.Cancel("round trip")
					tr.Add("cancelling %d %d", a.Cancelling(), b.Cancelling())
					tr.Nap(ctx, "a", 5)
					return "a", nil
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a shared future is cancelled for all",
			want: []string{
				"a awaits", "b awaits", "c awaits", "turn 1", "a gets cancelled(b only)",
				"b gets cancelled(b only)", "c gets cancelled(b only)", "turn 2",
				"main gets cancelled(b only)", "cancelled true cancelling 0", "main gets cancelled(b only)",
				"cancelled true cancelling 1", "main gets cancelled(b only)", "cancelled true cancelling 0",
				"turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				b := asyncio.CreateTask(ctx, tr.Wait("b", f))
				c := asyncio.CreateTask(ctx, tr.Wait("c", f))
				tr.Sleep(ctx, 0)
				tr.Tick(3)
				b.Cancel("b only")
				for _, t := range []*task{a, b, c} {
					tr.Get(ctx, "main", t)
					tr.state(t)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a shared task is cancelled for all",
			want: []string{
				"child sleeps", "a awaits", "b awaits", "10ms turn 1", "10ms child gets cancelled",
				"10ms turn 2", "10ms a gets cancelled", "10ms b gets cancelled", "10ms turn 3",
				"10ms main gets cancelled", "10ms cancelled true cancelling 1", "10ms main gets cancelled",
				"10ms cancelled true cancelling 0", "10ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, tr.Sleeper("child", 100))
				a := asyncio.CreateTask(ctx, tr.Wait("a", child))
				b := asyncio.CreateTask(ctx, tr.Wait("b", child))
				tr.Sleep(ctx, 10)
				tr.Tick(4)
				a.Cancel()
				for _, t := range []*task{a, b} {
					tr.Get(ctx, "main", t)
					tr.state(t)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel through a tree of waiters",
			want: []string{
				"a awaits", "b awaits", "c awaits", "d awaits", "1ms turn 1", "1ms a gets cancelled",
				"1ms d gets cancelled", "1ms turn 2", "1ms b gets cancelled", "1ms c gets cancelled",
				"1ms main gets cancelled", "1ms main gets cancelled", "1ms main gets cancelled",
				"1ms main gets cancelled", "1ms turn 3", "1ms turn 4", "1ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				b := asyncio.CreateTask(ctx, tr.Wait("b", a))
				c := asyncio.CreateTask(ctx, tr.Wait("c", a))
				d := asyncio.CreateTask(ctx, tr.Wait("d", f))
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				c.Cancel()
				for _, t := range []*task{a, b, c, d} {
					tr.Get(ctx, "main", t)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}

func TestOrderOfCancelAgainstComplete(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "cancel after the outcome was set wins",
			want: []string{
				"a awaits", "b awaits", "cancel true true", "turn 1", "a gets cancelled(wins)",
				"b gets cancelled(wins)", "turn 2", "main gets cancelled(wins)", "main gets cancelled(wins)",
				"lost and lost too", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				a, b := asyncio.CreateTask(ctx, tr.Wait("a", f)), asyncio.CreateTask(ctx, tr.Wait("b", g))
				tr.Sleep(ctx, 0)
				tr.Tick(3)
				f.SetResult("lost")
				g.SetErr(errors.New("lost too"))
				tr.Add("cancel %t %t", a.Cancel("wins"), b.Cancel("wins"))
				tr.Get(ctx, "main", a)
				tr.Get(ctx, "main", b)
				tr.Add("%s and %s", testutil.Outcome(f.Result()), testutil.Outcome(g.Result()))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel when the child is done but the parent not woken",
			want: []string{
				"turn 1", "child 1", "parent awaits", "turn 2", "child 2", "turn 3", "callback cancels",
				"parent gets cancelled(callback)", "turn 4", "main gets cancelled(callback)", "child is child",
				"turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				var parent *task
				child := asyncio.CreateTask(ctx, tr.Steps("child", 2))
				child.AddDoneCallback(func(*task) {
					tr.Add("callback cancels")
					parent.Cancel("callback")
				})
				parent = asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Get(ctx, "main", parent)
				tr.Add("child is %s", testutil.Outcome(child.Result()))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel before the result is set wins",
			want: []string{
				"a awaits", "main gets invalid state", "a gets cancelled(wins)", "main gets cancelled(wins)",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				a.Cancel("wins")
				tr.Add("main gets %s", testutil.Show(f.SetResult("lost")))
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "cancel after the future was cancelled",
			want: []string{
				"a awaits", "cancel true cancelling 1", "a gets cancelled(future)",
				"main gets cancelled(future)",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				f.Cancel("future")
				tr.Add("cancel %t cancelling %d", a.Cancel("task"), a.Cancelling())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "cancel in the turn of the last step before it",
			want: []string{
				"a sleeps", "5ms cancel", "5ms a gets cancelled(just in time)",
				"5ms main gets cancelled(just in time)", "5ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				tr.Loop.CallLater(testutil.Millis(5), func() {
					tr.Add("cancel")
					a.Cancel("just in time")
				})
				a = asyncio.CreateTask(ctx, tr.Sleeper("a", 5))
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "cancel in the turn of the last step after the timer",
			want: []string{
				"a sleeps", "5ms cancel", "5ms a gets cancelled(still in time)",
				"5ms main gets cancelled(still in time)", "5ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 5))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(5), func() {
					tr.Add("cancel")
					a.Cancel("still in time")
				})
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "cancel and last step in one turn",
			want: []string{
				"a awaits", "b awaits", "turn 1", "a gets v", "cancel false", "cancel true",
				"b gets cancelled(now)", "turn 2", "main gets v", "main gets cancelled(now)", "turn 3",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				a, b := asyncio.CreateTask(ctx, tr.Wait("a", f)), asyncio.CreateTask(ctx, tr.Wait("b", g))
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				f.SetResult("v")
				tr.Loop.CallSoon(func() { tr.Add("cancel %t", a.Cancel("now")) })
				tr.Loop.CallSoon(func() { tr.Add("cancel %t", b.Cancel("now")) })
				g.SetResult("v")
				tr.Get(ctx, "main", a)
				tr.Get(ctx, "main", b)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancel ahead of a step and behind it",
			want: []string{
				"a 1", "ahead", "a gets cancelled(ahead)", "a wakes", "a 1", "a wakes", "behind",
				"a gets cancelled(behind)",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				stepper := func(ctx context.Context) (string, error) {
					tr.Add("a 1")
					return tr.napper("a", 0, 0)(ctx)
				}
				canceller := func(msg string) func() {
					return func() {
						tr.Loop.CallSoon(func() {
							tr.Add("%s", msg)
							a.Cancel(msg)
						})
					}
				}
				tr.Loop.CallSoon(canceller("ahead"))
				a = asyncio.CreateTask(ctx, stepper)
				a.Await(ctx)
				a = asyncio.CreateTask(ctx, stepper)
				tr.Loop.CallSoon(canceller("behind"))
				a.Await(ctx)
				return nil
			},
		},
		{
			name: "cancel a done task",
			want: []string{
				"a 1", "cancel false cancelling 0", "main gets a", "cancel false cancelling 0",
				"main gets boom", "cancel false cancelling 1", "main gets cancelled(once)",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				b := asyncio.CreateTask(ctx, func(context.Context) (string, error) { return "", errors.New("boom") })
				c := asyncio.CreateTask(ctx, tr.Steps("c", 1))
				c.Cancel("once")
				tr.Sleep(ctx, 0)
				for _, t := range []*task{a, b, c} {
					tr.Add("cancel %t cancelling %d", t.Cancel("late"), t.Cancelling())
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "siblings cancel each other while asleep",
			want: []string{
				"a sleeps", "b sleeps", "10ms a wakes", "10ms a cancels b: true", "10ms a sleeps",
				"10ms b gets cancelled", "10ms a wakes", "10ms main gets a", "10ms main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				tasks := map[string]*task{}
				rival := func(me, other string) coroutine {
					return func(ctx context.Context) (string, error) {
						if _, err := tr.Sleeper(me, 10)(ctx); err != nil {
							return "", err
						}
						tr.Add("%s cancels %s: %t", me, other, tasks[other].Cancel())
						return tr.Sleeper(me, 0)(ctx)
					}
				}
				tasks["a"] = asyncio.CreateTask(ctx, rival("a", "b"))
				tasks["b"] = asyncio.CreateTask(ctx, rival("b", "a"))
				tr.Get(ctx, "main", tasks["a"])
				tr.Get(ctx, "main", tasks["b"])
				return nil
			},
		},
		{
			name: "cancelled during its last step",
			want: []string{
				"a asks", "main gets cancelled(last step)", "cancelled true", "a asks", "main gets boom",
				"cancelled false", "a asks", "main gets cancelled(own)", "cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, end := range []error{nil, errors.New("boom"), &asyncio.CancelledError{Message: "own"}} {
					a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
						tr.Sleep(ctx, 0)
						tr.Add("a asks")
						asyncio.CurrentTask(ctx).Cancel("last step")
						return "a", end
					})
					tr.Get(ctx, "main", a)
					tr.Add("cancelled %t", a.Cancelled())
				}
				return nil
			},
		},
	})
}

func TestOrderOfRepeatedCancellations(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "the first of two messages arrives from a future",
			want: []string{
				"1ms a gets cancelled(one)", "6ms a wakes", "6ms main gets a", "6ms cancelling 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.napper("a", 100, 5))
				tr.Sleep(ctx, 1)
				a.Cancel("one")
				a.Cancel("two")
				tr.Get(ctx, "main", a)
				tr.Add("cancelling %d", a.Cancelling())
				return nil
			},
		},
		{
			name: "the last of two messages arrives otherwise",
			want: []string{
				"a sleeps", "a gets cancelled(two)", "main gets cancelled(two)", "main gets cancelled(two)",
				"main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 0))
				tr.Sleep(ctx, 0)
				b := asyncio.CreateTask(ctx, tr.Steps("never", 1))
				c := asyncio.CreateTask(ctx, tr.Steps("never", 1))
				for _, t := range []*task{a, b, c} {
					t.Cancel("one")
					t.Cancel("two")
				}
				c.Cancel()
				for _, t := range []*task{a, b, c} {
					tr.Get(ctx, "main", t)
				}
				return nil
			},
		},
		{
			name: "cancelled twice while awaiting a child",
			want: []string{
				"child sleeps", "parent awaits", "1ms cancelling 2 2", "1ms child gets cancelled(one)",
				"1ms parent gets cancelled(one)", "1ms main gets cancelled(one)",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := asyncio.CreateTask(ctx, tr.Sleeper("child", 100))
				parent := asyncio.CreateTask(ctx, tr.Wait("parent", child))
				tr.Sleep(ctx, 1)
				parent.Cancel("one")
				parent.Cancel("two")
				tr.Add("cancelling %d %d", parent.Cancelling(), child.Cancelling())
				tr.Get(ctx, "main", parent)
				return nil
			},
		},
		{
			name: "cancelled on consecutive turns",
			want: []string{
				"1ms a gets cancelled(turn 0)", "1ms a gets cancelled(turn 1)", "1ms cancelling 3",
				"1ms a gets cancelled(turn 2)", "1ms main gets a", "1ms cancelling 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.napper("a", 100, 100, 100))
				tr.Sleep(ctx, 1)
				for n := range 3 {
					tr.Loop.CallSoon(func() { a.Cancel(fmt.Sprintf("turn %d", n)) })
					tr.Sleep(ctx, 0)
				}
				tr.Add("cancelling %d", a.Cancelling())
				tr.Get(ctx, "main", a)
				tr.Add("cancelling %d", a.Cancelling())
				return nil
			},
		},
		{
			name: "a task may end with a cancellation of its own",
			want: []string{
				"a sleeps", "1ms a gets cancelled(yours)", "1ms main gets cancelled(mine)",
				"1ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleeper("a", 100)(ctx)
					return "", &asyncio.CancelledError{Message: "mine"}
				})
				tr.Sleep(ctx, 1)
				a.Cancel("yours")
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "clean up awaits run",
			want: []string{
				"a sleeps", "1ms a gets cancelled(stop)", "1ms a cleanup sleeps", "6ms a cleanup wakes",
				"6ms helper 1", "6ms helper 2", "6ms a cleanup gets helper", "6ms main gets cancelled(stop)",
				"6ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					_, err := tr.Sleeper("a", 100)(ctx)
					tr.Sleeper("a cleanup", 5)(ctx)
					tr.Get(ctx, "a cleanup", asyncio.CreateTask(ctx, tr.Steps("helper", 2)))
					return "", err
				})
				tr.Sleep(ctx, 1)
				a.Cancel("stop")
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "cancelled again during the clean up",
			want: []string{
				"a sleeps", "1ms a gets cancelled(one)", "1ms a cleanup sleeps",
				"6ms a cleanup gets cancelled(two)", "6ms main gets cancelled(two)", "6ms cancelling 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleeper("a", 100)(ctx)
					return tr.Sleeper("a cleanup", 50)(ctx)
				})
				tr.Sleep(ctx, 1)
				a.Cancel("one")
				tr.Sleep(ctx, 5)
				a.Cancel("two")
				tr.Get(ctx, "main", a)
				tr.Add("cancelling %d", a.Cancelling())
				return nil
			},
		},
		{
			name: "refuse and go on sleeping",
			want: []string{
				"1ms a gets cancelled", "1ms a sleeps", "11ms a wakes", "11ms a cancelling 1",
				"11ms main gets a", "11ms cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Nap(ctx, "a", 100)
					tr.Sleeper("a", 10)(ctx)
					tr.Sleep(ctx, 0)
					tr.Add("a cancelling %d", a.Cancelling())
					return "a", nil
				})
				tr.Sleep(ctx, 1)
				a.Cancel()
				tr.Get(ctx, "main", a)
				tr.state(a)
				return nil
			},
		},
		{
			name: "an error wins over the cancellation",
			want: []string{
				"a sleeps", "1ms a gets cancelled", "3ms done cancelled false", "3ms main gets boom",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleeper("a", 100)(ctx)
					tr.Sleep(ctx, 2)
					return "", errors.New("boom")
				})
				a.AddDoneCallback(func(a *task) { tr.Add("done cancelled %t", a.Cancelled()) })
				tr.Sleep(ctx, 1)
				a.Cancel()
				tr.Get(ctx, "main", a)
				return nil
			},
		},
	})
}

func TestOrderOfUncancel(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "counts of requests",
			want: []string{
				"a sleeps", "1ms 0 uncancel 0", "1ms 2 uncancel 1", "1ms a gets cancelled",
				"1ms main gets cancelled", "1ms 1 uncancel 0 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 100))
				tr.Sleep(ctx, 1)
				tr.Add("%d uncancel %d", a.Cancelling(), a.Uncancel())
				a.Cancel()
				a.Cancel()
				tr.Add("%d uncancel %d", a.Cancelling(), a.Uncancel())
				tr.Get(ctx, "main", a)
				tr.Add("%d uncancel %d %d", a.Cancelling(), a.Uncancel(), a.Uncancel())
				return nil
			},
		},
		{
			name: "uncancel before the first step",
			want: []string{
				"uncancel 0", "a 1", "a 2", "main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 2))
				a.Cancel("never arrives")
				tr.Add("uncancel %d", a.Uncancel())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "uncancel of one request of two",
			want: []string{
				"uncancel 1", "main gets cancelled(two)",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("never", 2))
				a.Cancel("one")
				a.Cancel("two")
				tr.Add("uncancel %d", a.Uncancel())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "uncancel in sleep 0",
			want: []string{
				"a sleeps", "uncancel 0", "a wakes", "main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 0))
				tr.Sleep(ctx, 0)
				a.Cancel("never arrives")
				tr.Add("uncancel %d", a.Uncancel())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "uncancel cannot save the awaited future",
			want: []string{
				"a sleeps", "1ms uncancel 0", "1ms a gets cancelled(too late)",
				"1ms main gets cancelled(too late)", "1ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Sleeper("a", 100))
				tr.Sleep(ctx, 1)
				a.Cancel("too late")
				tr.Add("uncancel %d", a.Uncancel())
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "uncancel saves a result that is on its way",
			want: []string{
				"a awaits", "a gets saved", "main gets saved",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				a := asyncio.CreateTask(ctx, tr.Wait("a", f))
				tr.Sleep(ctx, 0)
				f.SetResult("saved")
				a.Cancel()
				a.Uncancel()
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "uncancel oneself before the next await",
			want: []string{
				"cancelling 1 uncancel 0", "a sleeps", "5ms a wakes", "5ms main gets cancelled(b)",
				"5ms cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					a.Cancel("a")
					tr.Add("cancelling %d uncancel %d", a.Cancelling(), a.Uncancel())
					tr.Sleeper("a", 5)(ctx)
					a.Cancel("b")
					return "a", nil
				})
				tr.Get(ctx, "main", a)
				tr.Add("cancelled %t", a.Cancelled())
				return nil
			},
		},
		{
			name: "a timeout by hand",
			want: []string{
				"limited 5 sleeps", "5ms limited 5 wakes", "5ms after sleeps", "10ms after wakes",
				"10ms main gets 5 ok", "10ms limited 15 sleeps", "20ms limited 15 gets cancelled(timeout)",
				"20ms left 0", "20ms after sleeps", "25ms after wakes", "25ms main gets 15 ok",
				"25ms limited 10 sleeps", "35ms limited 10 gets cancelled(timeout)", "35ms left 0",
				"35ms after sleeps", "40ms after wakes", "40ms main gets 10 ok",
			},
			main: func(ctx context.Context, tr *trace) error {
				limited := func(ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						me := asyncio.CurrentTask(ctx).(*task)
						h := tr.Loop.CallLater(testutil.Millis(10), func() { me.Cancel("timeout") })
						if _, err := tr.Sleeper(fmt.Sprintf("limited %d", ms), ms)(ctx); err != nil {
							tr.Add("left %d", me.Uncancel())
						}
						h.Cancel()
						tr.Sleeper("after", 5)(ctx)
						return fmt.Sprintf("%d ok", ms), nil
					}
				}
				for _, ms := range []int{5, 15, 10} {
					tr.Get(ctx, "main", asyncio.CreateTask(ctx, limited(ms)))
				}
				return nil
			},
		},
	})
}
