package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// create makes a task in a group and returns how that went.
func (tr *trace) create(tg *asyncio.TaskGroup, c coroutine) string {
	t := tr.spawn(tg, c)
	if !t.Done() {
		return "no error"
	}
	return tell(t.Err())
}

// group is a coroutine that is a group with a body, and has the name as its result.
func group(who string, body func(tg *asyncio.TaskGroup) error) coroutine {
	return func(ctx context.Context) (string, error) { return who, asyncio.WithTaskGroup(ctx, body) }
}

// leave is a coroutine that calls another, and adds how that was left.
func (tr *trace) leave(who string, c coroutine) coroutine {
	return func(ctx context.Context) (string, error) {
		_, err := c(ctx)
		return who, tr.left(who, err)
	}
}

// ended adds how a task has ended, and with how many requests.
func (tr *trace) ended(who string, t *task) {
	tr.Add("%s cancelled %t cancelling %d", who, t.Cancelled(), t.Cancelling())
}

func (tr *trace) cancelling(ctx context.Context, who string) {
	tr.Add("%s cancelling %d", who, asyncio.CurrentTask(ctx).Cancelling())
}

func TestOrderOfTaskGroups(t *testing.T) {
	boom := errors.New("boom body")
	runScenarios(t, []script{
		{
			name: "a group waits for its children",
			want: []string{
				"body ends", "a sleeps", "b sleeps", "10ms a wakes", "20ms b wakes", "20ms a b",
				"20ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a, b *task
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a, b = tr.spawn(tg, tr.Sleeper("a", 10)), tr.spawn(tg, tr.Sleeper("b", 20))
					tr.Add("body ends")
					return nil
				})
				tr.Add("%s %s", told(a.Result()), told(b.Result()))
				return tr.left("main", err)
			},
		},
		{
			name: "a group and its turns",
			want: []string{
				"body ends", "turn 1", "a 1", "b 1", "c 1", "turn 2", "b 2", "c 2", "turn 3", "b 3", "turn 4",
				"turn 5", "main leaves", "turn 6", "turn 7",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(7)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Steps("a", 1))
					tr.spawn(tg, tr.Steps("b", 3))
					tr.spawn(tg, tr.Steps("c", 2))
					tr.Add("body ends")
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a group of nobody takes no turn",
			want: []string{
				"body", "main leaves", "turn 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(1)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error {
					tr.Add("body")
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a group whose children are done takes no turn",
			want: []string{
				"a 1", "body sees done true", "main leaves", "turn 1", "b 1", "body sees done true", "turn 2",
				"turn 1", "main leaves", "turn 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a := tr.spawn(tg, tr.Steps("a", 1))
					tr.Sleep(tg, 0)
					tr.Add("body sees done %t", a.Done())
					tr.Sleep(tg, 0)
					tr.Tick(2)
					return nil
				}))
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					b := tr.spawn(tg, tr.Steps("b", 1))
					tr.Sleep(tg, 0)
					tr.Add("body sees done %t", b.Done())
					tr.Tick(2)
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the body awaits and creates more",
			want: []string{
				"a sleeps", "10ms a wakes", "15ms body wakes", "15ms body gets a", "15ms body ends",
				"15ms b sleeps", "35ms b wakes", "35ms a b", "35ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a, b *task
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a = tr.spawn(tg, tr.Sleeper("a", 10))
					tr.Nap(tg, "body", 15)
					b = tr.spawn(tg, tr.Sleeper("b", 20))
					tr.hear(tg, "body", a.Await)
					tr.Add("body ends")
					return nil
				})
				tr.Add("%s %s", told(a.Result()), told(b.Result()))
				return tr.left("main", err)
			},
		},
		{
			name: "a cancelled child does not fail its group",
			want: []string{
				"a sleeps", "10ms a gets cancelled(only you)", "10ms b sleeps", "20ms b wakes",
				"20ms cancelled true false", "20ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a, b *task
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a = tr.spawn(tg, tr.Sleeper("a", 100))
					tr.Sleep(tg, 10)
					a.Cancel("only you")
					b = tr.spawn(tg, tr.Sleeper("b", 10))
					return nil
				})
				tr.Add("cancelled %t %t", a.Cancelled(), b.Cancelled())
				return tr.left("main", err)
			},
		},
		{
			name: "children create children while the group ends",
			want: []string{
				"body ends", "x sleeps", "10ms x wakes", "10ms x ends", "10ms xl sleeps", "10ms xr sleeps",
				"20ms xl wakes", "20ms xl ends", "20ms xr wakes", "20ms xr ends", "20ms xll sleeps",
				"20ms xlr sleeps", "20ms xrl sleeps", "20ms xrr sleeps", "30ms xll wakes", "30ms xll ends",
				"30ms xlr wakes", "30ms xlr ends", "30ms xrl wakes", "30ms xrl ends", "30ms xrr wakes",
				"30ms xrr ends", "30ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				return tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					var child func(who string, depth int) coroutine
					child = func(who string, depth int) coroutine {
						return func(ctx context.Context) (string, error) {
							if err := tr.doze(ctx, who, 10); err != nil {
								return "", err
							}
							if depth > 0 {
								tr.spawn(tg, child(who+"l", depth-1))
								tr.spawn(tg, child(who+"r", depth-1))
							}
							tr.Add("%s ends", who)
							return who, nil
						}
					}
					tr.spawn(tg, child("x", 2))
					tr.Add("body ends")
					return nil
				}))
			},
		},
		{
			name: "the last child creates one in its last step",
			want: []string{
				"turn 1", "child 3", "turn 2", "child 2", "turn 3", "child 1", "turn 4", "child 0", "turn 5",
				"turn 6", "main leaves", "turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(8)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					var child func(n int) coroutine
					child = func(n int) coroutine {
						return func(context.Context) (string, error) {
							tr.Add("child %d", n)
							if n > 0 {
								tr.spawn(tg, child(n-1))
							}
							return "", nil
						}
					}
					tr.spawn(tg, child(3))
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a callback creates a child in a group that ends",
			want: []string{
				"a sleeps", "5ms b sleeps", "10ms a wakes", "10ms late no error", "10ms c sleeps",
				"15ms c wakes", "25ms b wakes", "25ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				return tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a := tr.spawn(tg, tr.Sleeper("a", 10))
					tr.later(5, func() { tr.spawn(tg, tr.Sleeper("b", 20)) })
					a.AddDoneCallback(func(*task) { tr.Add("late %s", tr.create(tg, tr.Sleeper("c", 5))) })
					return nil
				}))
			},
		},
		{
			name: "a group that has finished is closed",
			want: []string{
				"a 1", "at the end group closed", "main leaves", "after group closed",
			},
			main: func(ctx context.Context, tr *trace) error {
				var closed *asyncio.TaskGroup
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					closed = tg
					a := tr.spawn(tg, tr.Steps("a", 1))
					a.AddDoneCallback(func(*task) { tr.Add("at the end %s", tr.create(tg, tr.Steps("never", 1))) })
					return nil
				}))
				tr.Add("after %s", tr.create(closed, tr.Steps("never", 1)))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "names of children",
			want: []string{
				"yolo Task-2", "yolo runs", "yola runs", "main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := func(ctx context.Context) (string, error) {
					tr.Add("%s runs", asyncio.CurrentTask(ctx).Name())
					tr.Sleep(ctx, 0)
					return "", nil
				}
				return tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a, b := tr.named(tg, "yolo", child), tr.spawn(tg, child)
					tr.Add("%s %s", a.Name(), b.Name())
					b.SetName("yola")
					return nil
				}))
			},
		},
		{
			name: "a child fails and the others are cancelled",
			want: []string{
				"body ends", "a sleeps", "b sleeps", "c sleeps", "10ms turn 1", "10ms b wakes", "10ms turn 2",
				"10ms turn 3", "10ms a gets cancelled", "10ms c gets cancelled", "10ms turn 4", "10ms turn 5",
				"10ms main leaves with group(boom b)", "10ms main cancelling 0", "11ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.later(10, func() { tr.Tick(5) })
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.failer("b", 10))
					tr.spawn(tg, tr.Sleeper("c", 100))
					tr.Add("body ends")
					return nil
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 1)
				return nil
			},
		},
		{
			name: "a child fails and the body is cancelled",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "c sleeps", "10ms turn 1", "10ms a wakes",
				"10ms c wakes", "10ms turn 2", "10ms turn 3", "10ms b gets cancelled",
				"10ms body gets cancelled", "10ms body cancelling 1", "10ms turn 4", "10ms turn 5",
				"10ms main leaves with group(boom a, boom c)", "10ms main cancelling 0", "11ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.later(10, func() { tr.Tick(5) })
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("a", 10))
					tr.spawn(tg, tr.failer("b", 100))
					tr.spawn(tg, tr.failer("c", 10))
					err := tr.doze(tg, "body", 100)
					tr.cancelling(tg, "body")
					return err
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 1)
				return nil
			},
		},
		{
			name: "a child fails before the body awaits",
			want: []string{
				"turn 1", "a sleeps", "turn 2", "a wakes", "body goes on", "turn 3", "body gets cancelled",
				"turn 4", "body wakes", "main leaves with group(boom a)", "turn 5", "turn 6", "turn 7",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(7)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("a", 0))
					tr.Sleep(tg, 0)
					tr.Sleep(tg, 0)
					tr.Add("body goes on")
					tr.Nap(tg, "body", 0)
					tr.Nap(tg, "body", 0)
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the body fails",
			want: []string{
				"a sleeps", "b sleeps", "10ms body fails", "10ms a gets cancelled", "10ms b gets cancelled",
				"15ms b is clean", "15ms main leaves with group(boom body)", "15ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.cleaner("b", 100, 5))
					tr.Sleep(tg, 10)
					tr.Add("body fails")
					return boom
				}))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "the body fails before the children start",
			want: []string{
				"turn 1", "turn 2", "turn 3", "main leaves with group(boom body)", "cancelled true true",
				"turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a, b *task
				tr.Tick(4)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a, b = tr.spawn(tg, tr.Steps("never", 1)), tr.spawn(tg, tr.Steps("never", 1))
					return boom
				}))
				tr.Add("cancelled %t %t", a.Cancelled(), b.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the body fails while children fail",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms a gets cancelled",
				"10ms c gets cancelled", "10ms body gets cancelled",
				"10ms main leaves with group(boom b, boom a, boom c, boom body)", "10ms main cancelling 0",
				"11ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.sour("a", 100))
					tr.spawn(tg, tr.failer("b", 10))
					tr.spawn(tg, tr.sour("c", 100))
					tr.doze(tg, "body", 100)
					return boom
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 1)
				return nil
			},
		},
		{
			name: "the body fails in the turn in which a child does",
			want: []string{
				"a sleeps", "10ms a wakes", "10ms main leaves with group(boom a, boom body)",
				"10ms main cancelling 0", "11ms main wakes", "11ms a sleeps", "21ms a gets cancelled",
				"21ms main leaves with group(boom body)", "21ms main cancelling 0", "22ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.failer("a", 10))
						if first {
							tr.Sleep(tg, 0)
						}
						tr.Sleep(tg, 10)
						return boom
					}))
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 1)
				}
				return nil
			},
		},
		{
			name: "errors in the order of the failures",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "d sleeps", "e sleeps", "10ms e wakes",
				"10ms a gets cancelled", "10ms b gets cancelled", "10ms c gets cancelled",
				"10ms d gets cancelled", "10ms f gets cancelled", "10ms g gets cancelled", "15ms c is clean",
				"15ms main leaves with group(boom e, boom a, boom b, boom d, boom g, boom f)",
			},
			main: func(ctx context.Context, tr *trace) error {
				slow := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						tr.Nap(ctx, who, 100)
						tr.Sleep(ctx, ms)
						return "", errors.New("boom " + who)
					}
				}
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.sour("a", 100))
					tr.spawn(tg, tr.sour("b", 100))
					tr.spawn(tg, tr.cleaner("c", 100, 5))
					tr.spawn(tg, tr.sour("d", 100))
					tr.spawn(tg, tr.failer("e", 10))
					tr.spawn(tg, slow("f", 5))
					tr.spawn(tg, slow("g", 3))
					return nil
				}))
				return nil
			},
		},
		{
			name: "a child refuses to be cancelled",
			want: []string{
				"b sleeps", "10ms b wakes", "10ms a gets cancelled", "10ms body gets cancelled",
				"15ms body wakes", "15ms body ends", "30ms a wakes", "30ms main leaves with group(boom b)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.napper("a", 100, 20))
					tr.spawn(tg, tr.failer("b", 10))
					tr.Nap(tg, "body", 100)
					tr.Nap(tg, "body", 5)
					tr.Add("body ends")
					return nil
				}))
				return nil
			},
		},
		{
			name: "a child of a group that is shutting down creates",
			want: []string{
				"b sleeps", "10ms b wakes", "10ms a gets cancelled", "10ms a creates: group closed",
				"10ms body gets cancelled", "10ms body creates: group closed",
				"10ms main leaves with group(boom b)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, func(ctx context.Context) (string, error) {
						tr.Nap(ctx, "a", 100)
						tr.Add("a creates: %s", tr.create(tg, tr.Steps("never", 1)))
						return "", nil
					})
					tr.spawn(tg, tr.failer("b", 10))
					tr.Nap(tg, "body", 100)
					tr.Add("body creates: %s", tr.create(tg, tr.Steps("never", 1)))
					return nil
				}))
				return nil
			},
		},
		{
			name: "children that double until one fails",
			want: []string{
				"x sleeps", "1ms x wakes", "1ms xl sleeps", "1ms xr sleeps", "3ms xl wakes", "3ms xll sleeps",
				"3ms xlr sleeps", "4ms xr wakes", "4ms xrl sleeps", "4ms xll gets cancelled",
				"4ms xlr gets cancelled", "4ms xrl gets cancelled", "4ms main leaves with group(boom xrr)",
				"4ms 7 were started",
			},
			main: func(ctx context.Context, tr *trace) error {
				n := 0
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					var child func(who string, ms int) coroutine
					child = func(who string, ms int) coroutine {
						return func(ctx context.Context) (string, error) {
							if n++; n == 7 {
								return "", errors.New("boom " + who)
							}
							if err := tr.doze(ctx, who, ms); err != nil {
								return "", err
							}
							tr.spawn(tg, child(who+"l", ms+1))
							tr.spawn(tg, child(who+"r", ms+2))
							return who, nil
						}
					}
					tr.spawn(tg, child("x", 1))
					return nil
				}))
				tr.Add("%d were started", n)
				return nil
			},
		},
		{
			name: "a child that never starts in a group that fails",
			want: []string{
				"turn 1", "a sleeps", "turn 2", "a wakes", "turn 3", "turn 4", "Task-3 is done", "turn 5",
				"main leaves with group(boom a)", "turn 6", "turn 7",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(7)
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("a", 0))
					tr.Sleep(tg, 0)
					tr.Sleep(tg, 0)
					tr.watch(tr.spawn(tg, tr.Steps("never", 1)))
					return nil
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the body awaits a child that fails",
			want: []string{
				"body awaits", "a sleeps", "10ms a wakes", "10ms body gets cancelled",
				"10ms main leaves with group(boom a)", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					_, err := tr.Wait("body", tr.spawn(tg, tr.failer("a", 10)))(tg)
					return err
				}))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "the body awaits a child that is cancelled with its group",
			want: []string{
				"body awaits", "a sleeps", "b sleeps", "10ms b wakes", "10ms a gets cancelled",
				"15ms a is clean", "15ms body gets cancelled", "15ms main leaves with group(boom b)",
				"15ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a := tr.spawn(tg, tr.cleaner("a", 100, 5))
					tr.spawn(tg, tr.failer("b", 10))
					_, err := tr.Wait("body", a)(tg)
					return err
				}))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "children await each other",
			want: []string{
				"a sleeps", "b awaits", "c awaits", "d sleeps", "e awaits", "10ms a wakes",
				"10ms b gets cancelled", "10ms d gets cancelled", "10ms c gets cancelled",
				"10ms e gets cancelled", "10ms main leaves with group(boom a)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a := tr.spawn(tg, tr.failer("a", 10))
					b := tr.spawn(tg, tr.Wait("b", a))
					tr.spawn(tg, tr.Wait("c", b))
					d := tr.spawn(tg, tr.Sleeper("d", 100))
					tr.spawn(tg, tr.Wait("e", d))
					return nil
				}))
				return nil
			},
		},
	})
}

func TestOrderOfCancelledTaskGroups(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a group is cancelled while it waits",
			want: []string{
				"body ends", "a sleeps", "b sleeps", "c sleeps", "10ms turn 1", "10ms turn 2",
				"10ms a gets cancelled", "10ms b gets cancelled", "10ms c gets cancelled", "10ms turn 3",
				"10ms turn 4", "10ms turn 5", "15ms c is clean", "15ms p leaves with cancelled(stop)",
				"15ms main gets cancelled(stop)", "15ms p cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.Sleeper("b", 100))
					tr.spawn(tg, tr.cleaner("c", 100, 5))
					tr.Add("body ends")
					return nil
				})))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "a group is cancelled and its turns",
			want: []string{
				"a sleeps", "b sleeps", "10ms turn 1", "10ms turn 2", "10ms a gets cancelled",
				"10ms b gets cancelled", "10ms turn 3", "10ms turn 4", "10ms p leaves with cancelled(stop)",
				"10ms turn 5", "10ms main gets cancelled(stop)", "10ms turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.Sleeper("b", 100))
					return nil
				})))
				tr.Sleep(ctx, 10)
				tr.Tick(6)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a group is cancelled in its body",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "10ms turn 1", "10ms body gets cancelled(stop)",
				"10ms turn 2", "10ms a gets cancelled", "10ms b gets cancelled", "10ms turn 3", "10ms turn 4",
				"10ms p leaves with cancelled(stop)", "10ms turn 5", "10ms main gets cancelled(stop)",
				"10ms p cancelled true cancelling 1", "10ms turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 100))
					tr.spawn(tg, tr.Sleeper("b", 100))
					return tr.doze(tg, "body", 100)
				})))
				tr.Sleep(ctx, 10)
				tr.Tick(6)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "an empty group is cancelled in its body",
			want: []string{
				"body sleeps", "10ms turn 1", "10ms body gets cancelled(stop)",
				"10ms p leaves with cancelled(stop)", "10ms turn 2", "10ms main gets cancelled(stop)",
				"10ms p cancelled true cancelling 1", "10ms turn 3", "11ms body sleeps", "21ms turn 1",
				"21ms body gets cancelled(stop)", "21ms p leaves with group(boom body)", "21ms turn 2",
				"21ms main gets group(boom body)", "21ms p cancelled false cancelling 1", "21ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, own := range []bool{false, true} {
					p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
						err := tr.doze(tg, "body", 100)
						if own {
							return errors.New("boom body")
						}
						return err
					})))
					tr.Sleep(ctx, 10)
					tr.Tick(3)
					p.Cancel("stop")
					tr.hear(ctx, "main", p.Await)
					tr.ended("p", p)
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "children fail when the group is cancelled",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "c sleeps", "10ms turn 1",
				"10ms body gets cancelled(stop)", "10ms turn 2", "10ms a gets cancelled",
				"10ms b gets cancelled", "10ms c gets cancelled", "10ms turn 3", "10ms turn 4",
				"10ms p leaves with group(boom a, boom b, boom c)", "10ms turn 5",
				"10ms main gets group(boom a, boom b, boom c)", "10ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					for _, who := range []string{"a", "b", "c"} {
						tr.spawn(tg, tr.sour(who, 100))
					}
					return tr.doze(tg, "body", 100)
				})))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			// The request comes again after the group.
			name: "children fail when the group is cancelled at its end",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a gets cancelled", "10ms b gets cancelled",
				"10ms c gets cancelled", "10ms p leaves with group(boom a, boom b, boom c)",
				"10ms p cancelling 1", "10ms p gets cancelled", "20ms p wakes", "20ms main gets p",
				"20ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					tr.left("p", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						for _, who := range []string{"a", "b", "c"} {
							tr.spawn(tg, tr.sour(who, 100))
						}
						return nil
					}))
					tr.cancelling(ctx, "p")
					return tr.napper("p", 10, 10)(ctx)
				})
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "a child fails in the turn of an outside request",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "10ms main cancels p", "10ms a wakes",
				"10ms body gets cancelled", "10ms b gets cancelled", "10ms p leaves with group(boom a)",
				"10ms p cancelling 1", "10ms p gets cancelled", "15ms p wakes", "15ms main gets p",
				"15ms p cancelled false cancelling 1", "15ms body sleeps", "15ms a sleeps", "15ms b sleeps",
				"25ms a wakes", "25ms main cancels p", "25ms body gets cancelled", "25ms b gets cancelled",
				"25ms p leaves with group(boom a)", "25ms p cancelling 1", "25ms p gets cancelled",
				"30ms p wakes", "30ms main gets p", "30ms p cancelled false cancelling 1", "30ms body sleeps",
				"30ms a sleeps", "30ms b sleeps", "40ms a wakes", "40ms main cancels p",
				"40ms b gets cancelled", "40ms body gets cancelled", "40ms p leaves with group(boom a)",
				"40ms p cancelling 1", "40ms p gets cancelled", "45ms p wakes", "45ms main gets p",
				"45ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 3 {
					p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
						tr.left("p", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tr.spawn(tg, tr.failer("a", 10))
							tr.spawn(tg, tr.Sleeper("b", 100))
							return tr.doze(tg, "body", 100)
						}))
						tr.cancelling(ctx, "p")
						return tr.napper("p", 5, 5)(ctx)
					})
					tr.Sleep(ctx, 10)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Add("main cancels p")
					p.Cancel()
					tr.hear(ctx, "main", p.Await)
					tr.ended("p", p)
				}
				return nil
			},
		},
		{
			name: "a child fails in the turn of an outside request at the end",
			want: []string{
				"a sleeps", "b sleeps", "10ms main cancels p", "10ms a wakes", "10ms b gets cancelled",
				"10ms p leaves with group(boom a)", "10ms p cancelling 1", "10ms p gets cancelled",
				"15ms p wakes", "15ms main gets p", "15ms p cancelled false cancelling 1", "15ms a sleeps",
				"15ms b sleeps", "25ms a wakes", "25ms main cancels p", "25ms b gets cancelled",
				"25ms p leaves with group(boom a)", "25ms p cancelling 1", "25ms p gets cancelled",
				"30ms p wakes", "30ms main gets p", "30ms p cancelled false cancelling 1", "30ms a sleeps",
				"30ms b sleeps", "40ms a wakes", "40ms main cancels p", "40ms b gets cancelled",
				"40ms p leaves with group(boom a)", "40ms p cancelling 1", "40ms p gets cancelled",
				"45ms p wakes", "45ms main gets p", "45ms p cancelled false cancelling 1", "45ms a sleeps",
				"45ms b sleeps", "55ms a wakes", "55ms b gets cancelled", "55ms main cancels p",
				"55ms p leaves with group(boom a)", "55ms p cancelling 1", "55ms p gets cancelled",
				"60ms p wakes", "60ms main gets p", "60ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 4 {
					p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
						tr.left("p", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tr.spawn(tg, tr.failer("a", 10))
							tr.spawn(tg, tr.Sleeper("b", 100))
							return nil
						}))
						tr.cancelling(ctx, "p")
						return tr.napper("p", 5, 5)(ctx)
					})
					tr.Sleep(ctx, 10)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Add("main cancels p")
					p.Cancel()
					tr.hear(ctx, "main", p.Await)
					tr.ended("p", p)
				}
				return nil
			},
		},
		{
			name: "the body holds the cancellation back and a child fails",
			want: []string{
				"body sleeps", "a sleeps", "10ms body gets cancelled(stop)", "30ms a wakes",
				"30ms body gets cancelled", "30ms p leaves with group(boom a)", "30ms main gets group(boom a)",
				"30ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("a", 30))
					err := tr.doze(tg, "body", 100)
					tr.Nap(tg, "body", 50)
					return err
				})))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "a task awaits a group that holds the cancellation back",
			want: []string{
				"body sleeps", "r awaits", "a sleeps", "10ms body gets cancelled(stop)", "30ms a wakes",
				"30ms body gets cancelled", "30ms p leaves with group(boom a)", "30ms r gets group(boom a)",
				"30ms main gets group(boom a)", "30ms r cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("a", 30))
					err := tr.doze(tg, "body", 100)
					tr.Nap(tg, "body", 50)
					return err
				})))
				r := tr.spawn(ctx, tr.call("r", p.Await))
				tr.Sleep(ctx, 10)
				r.Cancel("stop")
				tr.hear(ctx, "main", r.Await)
				tr.ended("r", r)
				return nil
			},
		},
		{
			name: "a group is cancelled twice",
			want: []string{
				"b sleeps", "10ms a gets cancelled", "10ms b gets cancelled", "20ms main sees done false",
				"110ms a wakes", "110ms p leaves with cancelled(one)", "110ms main gets cancelled(one)",
				"110ms p cancelled true cancelling 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.napper("a", 100, 100))
					tr.spawn(tg, tr.Sleeper("b", 100))
					return nil
				})))
				tr.Sleep(ctx, 10)
				p.Cancel("one")
				tr.Sleep(ctx, 10)
				tr.Add("main sees done %t", p.Done())
				p.Cancel("two")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "a group is cancelled while it shuts down",
			want: []string{
				"a sleeps", "b sleeps", "10ms a wakes", "10ms b gets cancelled", "30ms b is clean",
				"30ms p leaves with group(boom a)", "30ms p cancelling 1", "30ms p sleeps",
				"30ms p gets cancelled", "30ms main gets cancelled", "30ms p cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					tr.left("p", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.failer("a", 10))
						tr.spawn(tg, tr.cleaner("b", 100, 20))
						return nil
					}))
					tr.cancelling(ctx, "p")
					return tr.Sleeper("p", 5)(ctx)
				})
				tr.Sleep(ctx, 20)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "a group is cancelled before its children start",
			want: []string{
				"turn 1", "body ends", "turn 2", "a 1", "b 1", "turn 3", "turn 4", "a is done", "b is done",
				"turn 5", "p leaves with cancelled(early)", "turn 6", "main gets cancelled(early)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					for _, who := range []string{"a", "b"} {
						tr.watch(tr.named(tg, who, tr.Steps(who, 2)))
					}
					tr.Add("body ends")
					return nil
				})))
				tr.Loop.CallSoon(func() { p.Cancel("early") })
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a task with a request pending opens a group",
			want: []string{
				"turn 1", "body ends", "turn 2", "a 1", "turn 3", "turn 4", "a is done", "turn 5",
				"p leaves with cancelled(first)", "turn 6", "main gets cancelled(first)",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				p := tr.spawn(ctx, tr.leave("p", func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("first")
					return "", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.watch(tr.named(tg, "a", tr.Steps("a", 2)))
						tr.Add("body ends")
						return nil
					})
				}))
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a request pending and an empty group",
			want: []string{
				"body ends", "main leaves", "main gets cancelled(first)", "5ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CurrentTask(ctx).Cancel("first")
				tr.left("main", asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error {
					tr.Add("body ends")
					return nil
				}))
				tr.Nap(ctx, "main", 5)
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "a child cancels its group",
			want: []string{
				"a sleeps", "b sleeps", "10ms a wakes", "10ms a goes on", "10ms a sleeps",
				"10ms a gets cancelled", "10ms b gets cancelled", "10ms p leaves with cancelled(by child)",
				"10ms main gets cancelled(by child)",
			},
			main: func(ctx context.Context, tr *trace) error {
				var p *task
				p = tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, func(ctx context.Context) (string, error) {
						if err := tr.doze(ctx, "a", 10); err != nil {
							return "", err
						}
						p.Cancel("by child")
						tr.Add("a goes on")
						return tr.Sleeper("a", 20)(ctx)
					})
					tr.spawn(tg, tr.Sleeper("b", 100))
					return nil
				})))
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
		{
			name: "the body swallows the cancellation",
			want: []string{
				"a sleeps", "10ms body gets cancelled(stop)", "10ms body ends", "10ms b sleeps",
				"20ms b wakes", "30ms a wakes", "30ms p leaves", "30ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", group("p", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 30))
					tr.Nap(tg, "body", 100)
					tr.spawn(tg, tr.Sleeper("b", 10))
					tr.Add("body ends")
					return nil
				})))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				p.Await(ctx)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "the body raises a cancellation of its own",
			want: []string{
				"a sleeps", "10ms a gets cancelled", "10ms main leaves with cancelled(own)",
				"10ms main cancelling 0", "15ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 30))
					tr.Sleep(tg, 10)
					return &asyncio.CancelledError{Message: "own"}
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "a group in a cleanup",
			want: []string{
				"p sleeps", "10ms p gets cancelled(stop)", "10ms a sleeps", "15ms body wakes", "20ms a wakes",
				"20ms group leaves", "20ms main gets cancelled(stop)",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "p", 100)
					tr.left("group", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.Sleeper("a", 10))
						tr.Nap(tg, "body", 5)
						return nil
					}))
					return "", err
				})
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
		{
			// As the task was cancelled before, the request comes again.
			name: "a group fails in a cleanup",
			want: []string{
				"p sleeps", "10ms p gets cancelled", "10ms a sleeps", "20ms a wakes",
				"20ms body gets cancelled", "20ms group leaves with group(boom a)", "20ms p cancelling 1",
				"20ms p gets cancelled", "25ms p wakes", "25ms main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "p", 100)
					tr.left("group", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.failer("a", 10))
						tr.Nap(tg, "body", 50)
						return nil
					}))
					tr.cancelling(ctx, "p")
					tr.Nap(ctx, "p", 5)
					tr.Nap(ctx, "p", 5)
					return "", err
				})
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
	})
}

// nest is a coroutine with a group within a group.
func (tr *trace) nest(inner, outer []coroutine) coroutine {
	return tr.leave("outer", group("", func(out *asyncio.TaskGroup) error {
		for _, c := range outer {
			tr.spawn(out, c)
		}
		_, err := tr.leave("inner", group("", func(in *asyncio.TaskGroup) error {
			for _, c := range inner {
				tr.spawn(in, c)
			}
			return nil
		}))(out)
		return err
	}))
}

func TestOrderOfNestedTaskGroups(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "an outer child fails",
			want: []string{
				"out sleeps", "in sleeps", "10ms out wakes", "10ms in gets cancelled",
				"10ms inner leaves with cancelled", "10ms outer leaves with group(boom out)",
				"10ms main leaves with group(boom out)", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				_, err := tr.nest([]coroutine{tr.Sleeper("in", 100)}, []coroutine{tr.failer("out", 10)})(ctx)
				tr.left("main", err)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "an inner child fails",
			want: []string{
				"out sleeps", "in sleeps", "10ms in wakes", "10ms inner leaves with group(boom in)",
				"10ms out gets cancelled", "10ms outer leaves with group(group(boom in))",
				"10ms main leaves with group(group(boom in))", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				_, err := tr.nest([]coroutine{tr.failer("in", 10)}, []coroutine{tr.Sleeper("out", 100)})(ctx)
				tr.left("main", err)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "nested groups fail in one turn",
			want: []string{
				"in sleeps", "body sleeps", "out sleeps", "10ms in wakes", "10ms out wakes",
				"10ms body gets cancelled", "10ms inner leaves with group(boom in)", "10ms main cancelling 1",
				"10ms outer leaves with group(boom out)", "10ms main cancelling 0", "11ms main wakes",
				"11ms body sleeps", "11ms out sleeps", "11ms in sleeps", "21ms out wakes", "21ms in wakes",
				"21ms body gets cancelled", "21ms inner leaves with group(boom in)", "21ms main cancelling 1",
				"21ms outer leaves with group(boom out)", "21ms main cancelling 0", "22ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					tr.left("outer", asyncio.WithTaskGroup(ctx, func(out *asyncio.TaskGroup) error {
						if !first {
							tr.spawn(out, tr.failer("out", 10))
						}
						tr.left("inner", asyncio.WithTaskGroup(out, func(in *asyncio.TaskGroup) error {
							tr.spawn(in, tr.failer("in", 10))
							if first {
								tr.Sleep(in, 0)
								tr.spawn(out, tr.failer("out", 10))
							}
							return tr.doze(in, "body", 100)
						}))
						tr.cancelling(ctx, "main")
						return nil
					}))
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 1)
				}
				return nil
			},
		},
		{
			name: "nested groups are cancelled",
			want: []string{
				"out sleeps", "in sleeps", "10ms turn 1", "10ms turn 2", "10ms in gets cancelled",
				"10ms turn 3", "10ms turn 4", "10ms inner leaves with cancelled(stop)", "10ms turn 5",
				"10ms out gets cancelled", "10ms turn 6", "10ms turn 7",
				"10ms outer leaves with cancelled(stop)", "10ms turn 8", "10ms main gets cancelled(stop)",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.nest([]coroutine{tr.Sleeper("in", 100)}, []coroutine{tr.Sleeper("out", 100)}))
				tr.Sleep(ctx, 10)
				tr.Tick(8)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "inner children fail when nested groups are cancelled",
			want: []string{
				"out sleeps", "in 1 sleeps", "in 2 sleeps", "10ms in 1 gets cancelled",
				"10ms in 2 gets cancelled", "10ms inner leaves with group(boom in 1, boom in 2)",
				"10ms out gets cancelled", "10ms outer leaves with group(group(boom in 1, boom in 2))",
				"10ms main gets group(group(boom in 1, boom in 2))", "10ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.nest([]coroutine{tr.sour("in 1", 100), tr.sour("in 2", 100)}, []coroutine{tr.Sleeper("out", 100)}))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "outer children fail when nested groups are cancelled",
			want: []string{
				"out 1 sleeps", "out 2 sleeps", "in sleeps", "10ms in gets cancelled",
				"10ms inner leaves with cancelled(stop)", "10ms out 1 gets cancelled",
				"10ms out 2 gets cancelled", "10ms outer leaves with group(boom out 1, boom out 2)",
				"10ms main gets group(boom out 1, boom out 2)", "10ms p cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.nest([]coroutine{tr.Sleeper("in", 100)}, []coroutine{tr.sour("out 1", 100), tr.sour("out 2", 100)}))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.ended("p", p)
				return nil
			},
		},
		{
			name: "groups in children of groups",
			want: []string{
				"xll sleeps", "xlr sleeps", "xrl sleeps", "xrr sleeps", "10ms xll wakes", "20ms xlr wakes",
				"20ms xl leaves with group(boom xlr)", "20ms xrl gets cancelled", "20ms xrr gets cancelled",
				"20ms xr leaves with cancelled", "20ms x leaves with group(group(boom xlr))",
				"20ms main leaves with group(group(boom xlr))",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(who string, depth int) coroutine
				node = func(who string, depth int) coroutine {
					switch {
					case depth > 0:
						return tr.leave(who, group(who, func(tg *asyncio.TaskGroup) error {
							tr.spawn(tg, node(who+"l", depth-1))
							tr.spawn(tg, node(who+"r", depth-1))
							return nil
						}))
					case who == "xll":
						return tr.Sleeper(who, 10)
					case who == "xlr":
						return tr.failer(who, 20)
					}
					return tr.Sleeper(who, 100)
				}
				_, err := node("x", 2)(ctx)
				tr.left("main", err)
				return nil
			},
		},
		{
			name: "a gather of groups",
			want: []string{
				"a1 sleeps", "a2 sleeps", "b1 sleeps", "b2 sleeps", "10ms a2 wakes", "20ms b1 wakes",
				"20ms b2 gets cancelled", "20ms main gets group(boom b1)", "30ms a1 wakes", "30ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, group("a", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a1", 30))
					tr.spawn(tg, tr.Sleeper("a2", 10))
					return nil
				}))
				b := tr.spawn(ctx, group("b", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.failer("b1", 20))
					tr.spawn(tg, tr.Sleeper("b2", 40))
					return nil
				}))
				tr.hear(ctx, "main", gathering(a, b))
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "a group in a timeout",
			want: []string{
				"body sleeps", "a sleeps", "b sleeps", "10ms body gets cancelled", "10ms a gets cancelled",
				"10ms b gets cancelled", "10ms a is clean", "10ms main leaves with timeout",
				"10ms main cancelling 0", "10ms body sleeps", "10ms a sleeps", "10ms b sleeps",
				"20ms body gets cancelled", "20ms a gets cancelled", "20ms b gets cancelled",
				"25ms a is clean", "25ms main leaves with timeout", "25ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, clean := range []int{0, 5} {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tr.spawn(tg, tr.cleaner("a", 100, clean))
							tr.spawn(tg, tr.Sleeper("b", 100))
							return tr.doze(tg, "body", 100)
						})
					}))
					tr.cancelling(ctx, "main")
				}
				return nil
			},
		},
		{
			name: "a group in a timeout whose child fails when cancelled",
			want: []string{
				"body sleeps", "a sleeps", "10ms body gets cancelled", "10ms a gets cancelled",
				"10ms main leaves with group(boom a)", "10ms main cancelling 0", "15ms main wakes",
				"20ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.sour("a", 100))
						return tr.doze(tg, "body", 100)
					})
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "a child fails with the time of the timeout around its group",
			want: []string{
				"a sleeps", "body sleeps", "10ms body gets cancelled", "10ms a gets cancelled",
				"10ms main leaves with timeout", "10ms main cancelling 0", "15ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.failer("a", 10))
						tr.Sleep(tg, 0)
						return tr.doze(tg, "body", 100)
					})
				}))
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			// The group hears of its child in the turn in which the timeout expires.
			name: "a child fails in the turn of the timeout around its group",
			want: []string{
				"a sleeps", "body sleeps", "10ms a wakes", "10ms body gets cancelled",
				"10ms main leaves with group(boom a)", "10ms main cancelling 0", "15ms main wakes",
				"15ms a sleeps", "15ms body sleeps", "25ms a wakes", "25ms body gets cancelled",
				"25ms main leaves with group(boom a)", "25ms main cancelling 0", "30ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, childFirst := range []bool{true, false} {
					tr.left("main", asyncio.TimeoutAt(ctx, time.Time{}, func(ctx context.Context, tm *asyncio.TimeoutScope) error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							soon := func() { tr.Loop.CallSoon(func() { tm.Reschedule(tr.Loop.Time()) }) }
							if !childFirst {
								tr.later(10, soon)
							}
							tr.spawn(tg, tr.failer("a", 10))
							tr.Sleep(tg, 0)
							if childFirst {
								tr.later(10, soon)
							}
							return tr.doze(tg, "body", 100)
						})
					}))
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 5)
				}
				return nil
			},
		},
		{
			name: "a timeout in a group",
			want: []string{
				"body sleeps", "a sleeps", "10ms body gets cancelled", "10ms a gets cancelled",
				"10ms main leaves with group(timeout)", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 30))
					return asyncio.Timeout(tg, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
						return tr.doze(ctx, "body", 100)
					})
				}))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "a child fails while the body is in a timeout",
			want: []string{
				"body sleeps", "a sleeps", "10ms a wakes", "10ms body gets cancelled",
				"10ms timeout leaves with cancelled", "10ms main leaves with group(boom a)",
				"10ms main cancelling 0", "15ms main wakes", "15ms body sleeps", "15ms a sleeps",
				"25ms body gets cancelled", "25ms timeout leaves with timeout", "25ms a gets cancelled",
				"25ms main leaves with group(timeout)", "25ms main cancelling 0", "30ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{20, 10} {
					tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tr.spawn(tg, tr.failer("a", 10))
						return tr.left("timeout", asyncio.Timeout(tg, testutil.Millis(ms), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
							return tr.doze(ctx, "body", 100)
						}))
					}))
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 5)
				}
				return nil
			},
		},
		{
			name: "children with timeouts",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b gets cancelled", "10ms b leaves with timeout",
				"10ms c gets cancelled", "10ms c leaves with timeout", "10ms a gets cancelled",
				"10ms a leaves with cancelled", "10ms main leaves with group(timeout, timeout)",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := func(who string, ms int) coroutine {
					return tr.leave(who, func(ctx context.Context) (string, error) {
						return who, asyncio.Timeout(ctx, testutil.Millis(ms), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
							return tr.doze(ctx, who, 20)
						})
					})
				}
				tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, child("a", 30))
					tr.spawn(tg, child("b", 10))
					tr.spawn(tg, child("c", 10))
					return nil
				}))
				return nil
			},
		},
	})
}
