package order_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// eager makes a task that starts at once.
func (tr *trace) eager(scope context.Context, c coroutine) *task {
	return asyncio.CreateTask(scope, c, asyncio.Eager())
}

// eagerly is eager with a name.
func (tr *trace) eagerly(scope context.Context, who string, c coroutine) *task {
	return asyncio.CreateTask(scope, c, asyncio.WithName(who), asyncio.Eager())
}

// me adds whose code calls it.
func (tr *trace) me(ctx context.Context, where string) {
	who := "nobody"
	if t := asyncio.CurrentTask(ctx); t != nil {
		who = t.Name()
	}
	tr.Add("in %s %s", where, who)
}

// ending is a coroutine that ends at once.
func ending(v string, err error) coroutine {
	return func(context.Context) (string, error) { return v, err }
}

func TestOrderOfEagerTasks(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "an eager task finishes at once",
			want: []string{
				"main before", "a 1", "main sees done true: a", "main gets a", "main goes on", "turn 1",
				"turn 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(2)
				tr.Add("main before")
				a := tr.eager(ctx, tr.Steps("a", 1))
				tr.Add("main sees done %t: %s", a.Done(), told(a.Result()))
				tr.hear(ctx, "main", a.Await)
				tr.Add("main goes on")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task suspends",
			want: []string{
				"a 1", "main sees done false", "turn 1", "a 2", "turn 2", "a 3", "turn 3", "main gets a",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a := tr.eager(ctx, tr.Steps("a", 3))
				tr.Add("main sees done %t", a.Done())
				tr.hear(ctx, "main", a.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task sleeps",
			want: []string{
				"a sleeps", "c sleeps", "main goes on", "b sleeps", "10ms a wakes", "10ms c wakes",
				"10ms b wakes", "10ms main gets a", "10ms main gets b", "10ms main gets c",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.eager(ctx, tr.Sleeper("a", 10))
				b := tr.spawn(ctx, tr.Sleeper("b", 10))
				c := tr.eager(ctx, tr.Sleeper("c", 10))
				tr.Add("main goes on")
				for _, t := range []*task{a, b, c} {
					tr.hear(ctx, "main", t.Await)
				}
				return nil
			},
		},
		{
			name: "an eager task fails at once",
			want: []string{
				"a fails", "main sees done true cancelled false", "main gets boom", "turn 1", "turn 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(2)
				a := tr.eager(ctx, func(context.Context) (string, error) {
					tr.Add("a fails")
					return "", errors.New("boom")
				})
				tr.Add("main sees done %t cancelled %t", a.Done(), a.Cancelled())
				tr.hear(ctx, "main", a.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task ends with a cancellation at once",
			want: []string{
				"main sees done true cancelled true cancelling 0", "main gets cancelled(own)",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.eager(ctx, ending("", &asyncio.CancelledError{Message: "own"}))
				tr.Add("main sees done %t cancelled %t cancelling %d", a.Done(), a.Cancelled(), a.Cancelling())
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "eager and other tasks round robin",
			want: []string{
				"b 1", "d 1", "main 1", "a 1", "b 2", "c 1", "d 2", "main 2", "a 2", "b 3", "c 2", "d 3",
				"main 3", "a 3", "c 3", "main 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.spawn(ctx, tr.Steps("a", 3))
				tr.eager(ctx, tr.Steps("b", 3))
				tr.spawn(ctx, tr.Steps("c", 3))
				tr.eager(ctx, tr.Steps("d", 3))
				_, err := tr.Steps("main", 4)(ctx)
				return err
			},
		},
		{
			name: "who is current in an eager task",
			want: []string{
				"in main Task-1", "in the child child", "in main Task-1", "b 1", "in main Task-1",
				"in the child child", "in main Task-1", "names child Task-2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.me(ctx, "main")
				a := tr.eagerly(ctx, "child", func(ctx context.Context) (string, error) {
					tr.me(ctx, "the child")
					tr.Sleep(ctx, 0)
					tr.me(ctx, "the child")
					return "", nil
				})
				tr.me(ctx, "main")
				b := tr.eager(ctx, tr.Steps("b", 1))
				tr.me(ctx, "main")
				tr.Sleep(ctx, 0)
				tr.me(ctx, "main")
				tr.Add("names %s %s", a.Name(), b.Name())
				return nil
			},
		},
		{
			name: "who is current in an eager task made in a callback",
			want: []string{
				"main 1", "in the callback nobody", "in the child child", "in the callback nobody", "main 2",
				"in the child child", "main 3", "main 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallSoon(func() {
					tr.me(tr.Loop.Context(), "the callback")
					tr.eagerly(tr.Loop.Context(), "child", func(ctx context.Context) (string, error) {
						tr.me(ctx, "the child")
						tr.Sleep(ctx, 0)
						tr.me(ctx, "the child")
						return "", nil
					})
					tr.me(tr.Loop.Context(), "the callback")
				})
				_, err := tr.Steps("main", 4)(ctx)
				return err
			},
		},
		{
			name: "all tasks in an eager task",
			want: []string{
				"in a: main z a", "in b: main z a b", "in a: main z a", "in main: main z a", "z 1",
				"in a: main a", "in main: main",
			},
			main: func(ctx context.Context, tr *trace) error {
				all := func(who string) {
					var names []string
					for _, t := range asyncio.AllTasks(tr.Loop) {
						names = append(names, t.Name())
					}
					tr.Add("in %s: %s", who, strings.Join(names, " "))
				}
				asyncio.CurrentTask(ctx).SetName("main")
				tr.named(ctx, "z", tr.Steps("z", 1))
				tr.eagerly(ctx, "a", func(ctx context.Context) (string, error) {
					all("a")
					tr.eagerly(ctx, "b", func(context.Context) (string, error) {
						all("b")
						return "", nil
					})
					all("a")
					tr.Sleep(ctx, 0)
					all("a")
					return "", nil
				})
				all("main")
				tr.Sleep(ctx, 0)
				tr.Sleep(ctx, 0)
				all("main")
				return nil
			},
		},
		{
			name: "an eager task is cancelled by its creator",
			want: []string{
				"a sleeps", "cancel true done false", "turn 1", "a gets cancelled(stop)", "turn 2",
				"a is done", "main gets cancelled(stop)", "b sleeps", "turn 3", "b gets cancelled(zero)",
				"turn 4", "main gets cancelled(zero)", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := tr.eagerly(ctx, "a", tr.Sleeper("a", 100))
				tr.watch(a)
				tr.Add("cancel %t done %t", a.Cancel("stop"), a.Done())
				tr.hear(ctx, "main", a.Await)
				b := tr.eager(ctx, tr.Sleeper("b", 0))
				b.Cancel("zero")
				tr.hear(ctx, "main", b.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task is done and cannot be cancelled",
			want: []string{
				"a 1", "cancel false cancelled false cancelling 0", "main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.eager(ctx, tr.Steps("a", 1))
				tr.Add("cancel %t cancelled %t cancelling %d", a.Cancel(), a.Cancelled(), a.Cancelling())
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "an eager task cancels its creator",
			want: []string{
				"child cancels: true", "parent goes on", "parent awaits", "child gets cancelled(by child)",
				"parent gets child", "main gets child", "cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx)
					a := tr.eager(ctx, func(ctx context.Context) (string, error) {
						tr.Add("child cancels: %t", me.Cancel("by child"))
						return tr.napper("child", 5)(ctx)
					})
					tr.Add("parent goes on")
					return tr.call("parent", a.Await)(ctx)
				})
				tr.hear(ctx, "main", p.Await)
				tr.state(p)
				return nil
			},
		},
		{
			name: "an eager task cancels itself",
			want: []string{
				"child goes on", "main sees done true cancelled true", "main gets cancelled(own)",
				"child goes on", "child sleeps", "main sees done false cancelled false", "turn 1",
				"child gets cancelled(own)", "turn 2", "main gets cancelled(own)", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				for n := range 2 {
					a := tr.eager(ctx, func(ctx context.Context) (string, error) {
						asyncio.CurrentTask(ctx).Cancel("own")
						tr.Add("child goes on")
						if n > 0 {
							return tr.Sleeper("child", 5)(ctx)
						}
						return "child", nil
					})
					tr.Add("main sees done %t cancelled %t", a.Done(), a.Cancelled())
					tr.hear(ctx, "main", a.Await)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task of a creator with a request pending",
			want: []string{
				"a 1", "cancelling parent 1 a 0", "a 2", "parent gets cancelled(pending)", "parent gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx)
					me.Cancel("pending")
					a := tr.eager(ctx, tr.Steps("a", 2))
					tr.Add("cancelling parent %d a %d", me.Cancelling(), a.Cancelling())
					tr.Nap(ctx, "parent", 5)
					tr.hear(ctx, "parent", a.Await)
					return "", nil
				})
				p.Await(ctx)
				return nil
			},
		},
		{
			name: "eager tasks create eager tasks",
			want: []string{
				"x", "xl", "xll", "xlr", "xl has made true true", "xr", "xrl", "xrr", "xr has made true true",
				"x has made true false", "main sees done true", "main 1", "xr again", "main 2", "main 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(who string, depth int) coroutine
				node = func(who string, depth int) coroutine {
					return func(ctx context.Context) (string, error) {
						tr.Add("%s", who)
						if depth > 0 {
							l, r := tr.eager(ctx, node(who+"l", depth-1)), tr.eager(ctx, node(who+"r", depth-1))
							tr.Add("%s has made %t %t", who, l.Done(), r.Done())
							if who == "xr" {
								tr.Sleep(ctx, 0)
								tr.Add("%s again", who)
							}
						}
						return who, nil
					}
				}
				x := tr.eager(ctx, node("x", 2))
				tr.Add("main sees done %t", x.Done())
				_, err := tr.Steps("main", 3)(ctx)
				return err
			},
		},
		{
			name: "eager tasks await eager tasks",
			want: []string{
				"xx awaits", "x awaits", "turn 1", "turn 2", "xx gets xxx", "turn 3", "x gets xxx", "turn 4",
				"main gets xxx", "yy awaits", "yy gets yyy", "y awaits", "y gets yyy", "main gets yyy",
				"turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(who string, n int) coroutine
				node = func(who string, n int) coroutine {
					return func(ctx context.Context) (string, error) {
						if n > 0 {
							return tr.call(who, tr.eager(ctx, node(who+"x", n-1)).Await)(ctx)
						}
						tr.Sleep(ctx, 0)
						return who, nil
					}
				}
				tr.Tick(6)
				tr.hear(ctx, "main", tr.eager(ctx, node("x", 2)).Await)
				var atOnce func(who string, n int) coroutine
				atOnce = func(who string, n int) coroutine {
					return func(ctx context.Context) (string, error) {
						if n > 0 {
							return tr.call(who, tr.eager(ctx, atOnce(who+"y", n-1)).Await)(ctx)
						}
						return who, nil
					}
				}
				tr.hear(ctx, "main", tr.eager(ctx, atOnce("y", 2)).Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task and its callbacks",
			want: []string{
				"a 1", "b 1", "main goes on", "turn 1", "b 2", "a is done", "soon", "main", "turn 2",
				"b is done", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a, b := tr.eagerly(ctx, "a", tr.Steps("a", 1)), tr.eagerly(ctx, "b", tr.Steps("b", 2))
				tr.watch(a, b)
				tr.Loop.CallSoon(tr.Say("soon"))
				tr.Add("main goes on")
				tr.Sleep(ctx, 0)
				tr.Add("main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task awaits a future that its creator sets",
			want: []string{
				"a awaits", "main has set it", "turn 1", "b awaits", "b gets v", "a gets v", "turn 2",
				"main gets v", "main gets v", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				f := asyncio.NewFuture[string](ctx)
				a, b := tr.eager(ctx, tr.Wait("a", f)), tr.spawn(ctx, tr.Wait("b", f))
				f.SetResult("v")
				tr.Add("main has set it")
				tr.hear(ctx, "main", a.Await)
				tr.hear(ctx, "main", b.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task sets what its creator awaits",
			want: []string{
				"child has set it", "main gets v", "main sees done true", "turn 1", "turn 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(2)
				f := asyncio.NewFuture[string](ctx)
				a := tr.eager(ctx, func(context.Context) (string, error) {
					f.SetResult("v")
					tr.Add("child has set it")
					return "", nil
				})
				tr.hear(ctx, "main", f.Await)
				tr.Add("main sees done %t", a.Done())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an eager task made before the run",
			want: []string{
				"nothing has run, done false", "a 1", "a 2", "a is a",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				a := tr.eager(l.Context(), tr.Steps("a", 2))
				tr.Add("nothing has run, done %t", a.Done())
				l.RunUntilComplete(a)
				tr.Add("a is %s", told(a.Result()))
			},
		},
		{
			name: "an eager task goes on after mains end",
			want: []string{
				"b 1", "main ends", "a gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.eager(ctx, tr.napper("a", 100))
				tr.eager(ctx, tr.Steps("b", 1))
				tr.Add("main ends")
				return nil
			},
		},
	})
}

func TestOrderOfEagerTasksAndOthers(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "gather of eager tasks",
			want: []string{
				"a 1", "b 1", "c 1", "main gets a b c", "d 1", "e 1", "turn 1", "e 2", "turn 2", "turn 3",
				"main gets d e", "turn 4", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				a, b, c := tr.eager(ctx, tr.Steps("a", 1)), tr.eager(ctx, tr.Steps("b", 1)), tr.eager(ctx, tr.Steps("c", 1))
				tr.hear(ctx, "main", gathering(a, b, c))
				d, e := tr.eager(ctx, tr.Steps("d", 1)), tr.eager(ctx, tr.Steps("e", 2))
				tr.hear(ctx, "main", gathering(d, e))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather of eager tasks that fail",
			want: []string{
				"a 1", "main gets boom b", "main gets boom b boom c", "turn 1", "a 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(1)
				a := tr.eager(ctx, tr.Steps("a", 2))
				b, c := tr.eager(ctx, ending("", errors.New("boom b"))), tr.eager(ctx, ending("", errors.New("boom c")))
				tr.hear(ctx, "main", gathering(a, b, c))
				tr.hear(ctx, "main", gatheringAll(b, c))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "wait for eager tasks",
			want: []string{
				"a 1", "b 1", "c 1", "turn 1", "b 2", "turn 2", "b 3", "main has done a c pending b", "turn 3",
				"b 4", "turn 4", "b 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				ts := []*task{tr.eagerly(ctx, "a", tr.Steps("a", 1)), tr.eagerly(ctx, "b", tr.Steps("b", 5)), tr.eagerly(ctx, "c", tr.Steps("c", 1))}
				tr.waits(ctx, "main", ts, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "as completed of eager tasks",
			want: []string{
				"a 1", "b 1", "c 1", "turn 1", "a 2", "turn 2", "main has b", "main has c", "main has a",
				"turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				ts := []*task{tr.eagerly(ctx, "a", tr.Steps("a", 2)), tr.eagerly(ctx, "b", tr.Steps("b", 1)), tr.eagerly(ctx, "c", tr.Steps("c", 1))}
				for t := range asyncio.AsCompleted(ctx, ts) {
					tr.Add("main has %s", t.Name())
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "no time for an eager task",
			want: []string{
				"a 1", "main gets a", "b sleeps", "turn 1", "b gets cancelled", "turn 2", "turn 3",
				"main gets timeout", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				tr.hear(ctx, "main", limited(tr.eager(ctx, tr.Steps("a", 1)), 0))
				tr.hear(ctx, "main", limited(tr.eager(ctx, tr.Sleeper("b", 1)), 0))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a timeout in an eager task",
			want: []string{
				"body sleeps", "main goes on", "10ms body gets cancelled", "10ms a leaves with timeout",
				"10ms main gets timeout", "10ms cancelled false cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.eager(ctx, tr.leave("a", timeout("a", 10, body(tr.Sleeper("body", 100)))))
				tr.Add("main goes on")
				tr.hear(ctx, "main", a.Await)
				tr.state(a)
				return nil
			},
		},
		{
			name: "eager tasks in a group",
			want: []string{
				"a 1", "b 1", "c 1", "body ends", "turn 1", "b 2", "turn 2", "turn 3", "main leaves", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				tr.Tick(4)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Steps("a", 1))
					tr.spawn(tg, tr.Steps("b", 2))
					tr.spawn(tg, tr.Steps("c", 1))
					tr.Add("body ends")
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			// 3.13 takes no turn here, 3.14 does.
			name: "eager tasks that are done in a group",
			want: []string{
				"a 1", "body sees done true", "turn 1", "turn 2", "main leaves", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(3)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a := tr.eager(tg, tr.Steps("a", 1))
					tr.Add("body sees done %t", a.Done())
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			// In 3.13 the group hears of it at once, in 3.14 on the next turn.
			name: "an eager task fails at once in a group",
			want: []string{
				"b sleeps", "a fails", "body sees done true", "c sleeps", "turn 1", "turn 2",
				"b gets cancelled", "c gets cancelled", "turn 3", "turn 4", "main leaves with group(boom)",
				"main cancelling 0", "turn 5", "1ms main wakes", "1ms b sleeps", "1ms a fails",
				"1ms body sees done true", "1ms c sleeps", "1ms body sleeps", "1ms turn 1",
				"1ms body gets cancelled", "1ms turn 2", "1ms b gets cancelled", "1ms c gets cancelled",
				"1ms turn 3", "1ms turn 4", "1ms main leaves with group(boom)", "1ms main cancelling 0",
				"1ms turn 5", "2ms main wakes", "2ms b sleeps", "2ms a fails", "2ms body sees done true",
				"2ms c sleeps", "2ms body sleeps", "2ms turn 1", "2ms turn 2", "2ms b gets cancelled",
				"2ms c gets cancelled", "2ms body gets cancelled", "2ms turn 3", "2ms turn 4",
				"2ms main leaves with group(boom)", "2ms main cancelling 0", "2ms turn 5", "3ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				for _, ms := range []int{-1, 0, 10} {
					tr.Tick(5)
					tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.Sleeper("b", 100))
						a := tr.spawn(tg, func(context.Context) (string, error) {
							tr.Add("a fails")
							return "", errors.New("boom")
						})
						tr.Add("body sees done %t", a.Done())
						tr.spawn(tg, tr.Sleeper("c", 100))
						if ms < 0 {
							return nil
						}
						return tr.doze(tg, "body", ms)
					}))
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 1)
				}
				return nil
			},
		},
		{
			name: "an eager group in an eager task",
			want: []string{
				"b 1", "c sleeps", "body ends", "main goes on", "b 2", "5ms c wakes", "5ms a leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.eager(ctx, tr.leave("a", group("a", func(tg *asyncio.TaskGroup) error {
					tr.eager(tg, tr.Steps("b", 2))
					tr.eager(tg, tr.Sleeper("c", 5))
					tr.Add("body ends")
					return nil
				})))
				tr.Add("main goes on")
				a.Await(ctx)
				return nil
			},
		},
		{
			name: "an eager child creates in its group",
			want: []string{
				"child 2", "child 1", "child 0", "child 0 ends", "child 1 ends", "child 2 ends", "body ends",
				"turn 1", "turn 2", "main leaves", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(3)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					var child func(n int) coroutine
					child = func(n int) coroutine {
						return func(context.Context) (string, error) {
							tr.Add("child %d", n)
							if n > 0 {
								tr.eager(tg, child(n-1))
							}
							tr.Add("child %d ends", n)
							return "", nil
						}
					}
					tr.eager(tg, child(2))
					tr.Add("body ends")
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "eager children that create are cancelled in the order of creation",
			want: []string{
				"axx sleeps", "ax sleeps", "a sleeps", "bx sleeps", "b sleeps", "10ms a gets cancelled",
				"10ms ax gets cancelled", "10ms axx gets cancelled", "10ms b gets cancelled",
				"10ms bx gets cancelled", "10ms main leaves with group(boom body)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					var child func(who string, n int) coroutine
					child = func(who string, n int) coroutine {
						return func(ctx context.Context) (string, error) {
							if n > 0 {
								tr.eager(tg, child(who+"x", n-1))
							}
							return tr.Sleeper(who, 100)(ctx)
						}
					}
					tr.eager(tg, child("a", 2))
					tr.eager(tg, child("b", 1))
					tr.Sleep(tg, 10)
					return errors.New("boom body")
				}))
				return nil
			},
		},
		{
			name: "an eager group is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "body sleeps", "main cancels p", "body gets cancelled(stop)", "turn 1",
				"a gets cancelled", "b gets cancelled", "turn 2", "turn 3", "p leaves with group(boom b)",
				"turn 4", "main gets group(boom b)", "cancelled false cancelling 1", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.sour("b", 100))
					return tr.doze(tg, "body", 100)
				})))
				tr.Add("main cancels p")
				p.Cancel("stop")
				tr.Tick(5)
				tr.hear(ctx, "main", p.Await)
				tr.state(p)
				return nil
			},
		},
		{
			name: "the eager factory",
			want: []string{
				"main has made a", "b 1", "main has made b", "main has made c", "main 1", "a 1", "b 2", "c 1",
				"main 2", "a 2", "c 2", "main 3", "main 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.spawn(ctx, tr.Steps("a", 2))
				tr.Add("main has made a")
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				tr.spawn(ctx, tr.Steps("b", 2))
				tr.Add("main has made b")
				tr.Loop.SetTaskFactory(nil)
				tr.spawn(ctx, tr.Steps("c", 2))
				tr.Add("main has made c")
				_, err := tr.Steps("main", 4)(ctx)
				return err
			},
		},
		{
			// In 3.13 the name comes after the first step, in 3.14 before it.
			name: "names under the eager factory",
			want: []string{
				"child is named", "child is Task-2", "child is inner", "child is Task-3",
				"main is Task-1, they are named Task-3",
			},
			main: func(ctx context.Context, tr *trace) error {
				var child coroutine
				child = func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx).Name()
					tr.Add("child is %s", me)
					if me == "named" {
						tr.spawn(ctx, child)
						tr.named(ctx, "inner", child)
					}
					return "", nil
				}
				tr.Loop.SetTaskFactory(asyncio.EagerTaskFactory)
				a, b := tr.named(ctx, "named", child), tr.spawn(ctx, child)
				tr.Add("main is %s, they are %s %s", asyncio.CurrentTask(ctx).Name(), a.Name(), b.Name())
				return nil
			},
		},
	})
}
