package order_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

type (
	task      = asyncio.Task[string]
	future    = asyncio.Future[string]
	coroutine = asyncio.Coroutine[string]
)

func TestOrderOfSteps(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "first step on a later turn",
			want: []string{
				"main goes on", "a 1", "main sees done true", "main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				tr.Add("main goes on")
				tr.Sleep(ctx, 0)
				tr.Add("main sees done %t", a.Done())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "first steps in creation order",
			want: []string{
				"a 1", "b 1", "callback", "c 1", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CreateTask(ctx, tr.Steps("a", 1))
				asyncio.CreateTask(ctx, tr.Steps("b", 1))
				tr.Loop.CallSoon(tr.Say("callback"))
				asyncio.CreateTask(ctx, tr.Steps("c", 1))
				tr.Sleep(ctx, 0)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "sleep 0 round robin",
			want: []string{
				"main 1", "a 1", "b 1", "c 1", "main 2", "a 2", "b 2", "c 2", "main 3", "a 3", "b 3", "c 3",
				"main 4", "main 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.Steps(who, 3))
				}
				_, err := tr.Steps("main", 5)(ctx)
				return err
			},
		},
		{
			name: "tasks created by tasks run breadth first",
			want: []string{
				"main 1", "x", "main 2", "xl", "xr", "x again", "main 3", "xll", "xlr", "xl again", "xrl",
				"xrr", "xr again", "main 4", "xll again", "xlr again", "xrl again", "xrr again", "main 5",
				"main 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(name string, depth int) coroutine
				node = func(name string, depth int) coroutine {
					return func(ctx context.Context) (string, error) {
						tr.Add("%s", name)
						if depth > 0 {
							asyncio.CreateTask(ctx, node(name+"l", depth-1))
							asyncio.CreateTask(ctx, node(name+"r", depth-1))
						}
						tr.Sleep(ctx, 0)
						tr.Add("%s again", name)
						return name, nil
					}
				}
				asyncio.CreateTask(ctx, node("x", 2))
				_, err := tr.Steps("main", 6)(ctx)
				return err
			},
		},
		{
			name: "call soon runs on the next turn",
			want: []string{
				"main 1", "first", "first ends", "second", "main 2", "third", "fourth", "main 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallSoon(func() {
					tr.Add("first")
					tr.Loop.CallSoon(tr.Say("third"))
					tr.Loop.CallSoon(tr.Say("fourth"))
					tr.Add("first ends")
				})
				tr.Loop.CallSoon(tr.Say("second"))
				_, err := tr.Steps("main", 3)(ctx)
				return err
			},
		},
		{
			name: "await a task that is done",
			want: []string{
				"turn 1", "a 1", "main gets a", "main gets a", "turn 2", "turn 3", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				tr.Sleep(ctx, 0)
				tr.Get(ctx, "main", a)
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await a fresh task",
			want: []string{
				"turn 1", "a 1", "b 1", "turn 2", "main gets a", "b 2", "turn 3", "b 3", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				asyncio.CreateTask(ctx, tr.Steps("b", 3))
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await a fresh task that is last in line",
			want: []string{
				"turn 1", "b 1", "a 1", "turn 2", "b 2", "main gets a", "turn 3", "b 3", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				asyncio.CreateTask(ctx, tr.Steps("b", 3))
				tr.Get(ctx, "main", asyncio.CreateTask(ctx, tr.Steps("a", 1)))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await a fresh task that creates and awaits",
			want: []string{
				"turn 1", "other 1", "p", "turn 2", "other 2", "px", "turn 3", "other 3", "pxx", "turn 4",
				"other 4", "px gets pxx", "turn 5", "other 5", "p gets px", "turn 6", "other 6", "main gets p",
				"turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				var parent func(name string, depth int) coroutine
				parent = func(name string, depth int) coroutine {
					return func(ctx context.Context) (string, error) {
						tr.Add("%s", name)
						if depth > 0 {
							tr.Get(ctx, name, asyncio.CreateTask(ctx, parent(name+"x", depth-1)))
						}
						return name, nil
					}
				}
				tr.Tick(8)
				asyncio.CreateTask(ctx, tr.Steps("other", 6))
				tr.Get(ctx, "main", asyncio.CreateTask(ctx, parent("p", 2)))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await a pending task",
			want: []string{
				"turn 1", "a 1", "turn 2", "a 2", "turn 3", "a 3", "turn 4", "main gets a", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 3))
				tr.Sleep(ctx, 0)
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "await failed and cancelled tasks",
			want: []string{
				"turn 1", "fails", "turn 2", "main gets boom", "turn 3", "fails", "turn 4",
				"main gets cancelled", "turn 5", "fails", "main gets again", "main gets cancelled", "turn 6",
				"turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				fail := func(err error) *task {
					return asyncio.CreateTask(ctx, func(context.Context) (string, error) {
						tr.Add("fails")
						return "", err
					})
				}
				tr.Tick(8)
				tr.Get(ctx, "main", fail(errors.New("boom")))
				tr.Get(ctx, "main", fail(&asyncio.CancelledError{}))
				a := fail(errors.New("again"))
				b := asyncio.CreateTask(ctx, tr.Steps("never", 1))
				b.Cancel()
				tr.Sleep(ctx, 0)
				tr.Get(ctx, "main", a)
				tr.Get(ctx, "main", b)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "chain of awaits takes a turn for each link",
			want: []string{
				"turn 1", "a 1", "b awaits", "c awaits", "d awaits", "turn 2", "a 2", "turn 3", "b gets a",
				"turn 4", "c gets a", "turn 5", "d gets a", "turn 6", "main gets a", "turn 7",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(7)
				last := asyncio.CreateTask(ctx, tr.Steps("a", 2))
				for _, who := range []string{"b", "c", "d"} {
					last = asyncio.CreateTask(ctx, tr.Wait(who, last))
				}
				tr.Get(ctx, "main", last)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "chain of awaits created from the top",
			want: []string{
				"turn 1", "link 3", "turn 2", "link 2", "turn 3", "link 1", "turn 4", "link 0", "turn 5",
				"turn 6", "link 1 gets link 0", "turn 7", "link 2 gets link 1", "turn 8", "link 3 gets link 2",
				"turn 9", "main gets link 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				var link func(n int) coroutine
				link = func(n int) coroutine {
					return func(ctx context.Context) (string, error) {
						me := "link " + strconv.Itoa(n)
						tr.Add("%s", me)
						if n == 0 {
							tr.Sleep(ctx, 0)
						} else {
							tr.Get(ctx, me, asyncio.CreateTask(ctx, link(n-1)))
						}
						return me, nil
					}
				}
				tr.Tick(9)
				tr.Get(ctx, "main", asyncio.CreateTask(ctx, link(3)))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "three tasks await one task",
			want: []string{
				"turn 1", "a 1", "x awaits", "y awaits", "z awaits", "turn 2", "a 2", "turn 3", "x gets a",
				"y gets a", "z gets a", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 2))
				for _, who := range []string{"x", "y", "z"} {
					asyncio.CreateTask(ctx, tr.Wait(who, a))
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "done callbacks of a task and its waiters in order",
			want: []string{
				"turn 1", "a 1", "x awaits", "y awaits", "turn 2", "a 2", "turn 3", "callback 1",
				"main gets a", "main goes on", "x gets a", "callback 2", "y gets a", "turn 4", "callback 3",
				"turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 2))
				a.AddDoneCallback(func(*task) { tr.Add("callback 1") })
				asyncio.CreateTask(ctx, tr.Wait("x", a))
				tr.Loop.CallSoon(func() {
					a.AddDoneCallback(func(*task) { tr.Add("callback 2") })
				})
				asyncio.CreateTask(ctx, tr.Wait("y", a))
				tr.Get(ctx, "main", a)
				a.AddDoneCallback(func(*task) { tr.Add("callback 3") })
				tr.Add("main goes on")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "task created in a callback",
			want: []string{
				"main 1", "callback", "main 2", "a 1", "after a's first step", "main 3", "a 2", "main 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallSoon(func() {
					tr.Add("callback")
					asyncio.CreateTask(tr.Loop.Context(), tr.Steps("a", 2))
					tr.Loop.CallSoon(tr.Say("after a's first step"))
				})
				_, err := tr.Steps("main", 4)(ctx)
				return err
			},
		},
		{
			name: "task created in a done callback",
			want: []string{
				"turn 1", "a 1", "turn 2", "main gets a", "turn 3", "b 1", "turn 4", "b is done", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a := asyncio.CreateTask(ctx, tr.Steps("a", 1))
				a.AddDoneCallback(func(*task) {
					b := asyncio.CreateTask(tr.Loop.Context(), tr.Steps("b", 1))
					b.AddDoneCallback(func(*task) { tr.Add("b is done") })
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "awaiting oneself fails on the next turn",
			want: []string{
				"turn 1", "a awaits a", "turn 2", "callback", "a gets deadlock", "turn 3", "main", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				var a *task
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
			name: "current task in tasks and callbacks",
			want: []string{
				"main is main", "callback is none", "child is kid", "child is kid", "done callback is none",
				"main is main", "1ms main is main",
			},
			main: func(ctx context.Context, tr *trace) error {
				main := asyncio.CurrentTask(ctx)
				name := func(ctx context.Context) string {
					switch t := asyncio.CurrentTask(ctx); t {
					case nil:
						return "none"
					case main:
						return "main"
					default:
						return t.Name()
					}
				}
				tr.Loop.CallSoon(func() { tr.Add("callback is %s", name(tr.Loop.Context())) })
				kid := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Add("child is %s", name(ctx))
					tr.Sleep(ctx, 0)
					tr.Add("child is %s", name(ctx))
					return "", nil
				}, asyncio.WithName("kid"))
				kid.AddDoneCallback(func(*task) { tr.Add("done callback is %s", name(tr.Loop.Context())) })
				tr.Add("main is %s", name(ctx))
				_, err := kid.Await(ctx)
				tr.Add("main is %s", name(ctx))
				tr.Sleep(ctx, 1)
				tr.Add("main is %s", name(ctx))
				return err
			},
		},
		{
			name: "all tasks in creation order",
			want: []string{
				"main", "main c a b", "c 1", "a 1", "b 1", "main c b", "c 2", "b 2", "main b", "b 3", "main",
			},
			main: func(ctx context.Context, tr *trace) error {
				addAll := func() {
					var names []string
					for _, t := range asyncio.AllTasks(tr.Loop) {
						if t == asyncio.CurrentTask(ctx) {
							names = append(names, "main")
						} else {
							names = append(names, t.Name())
						}
					}
					tr.Add("%s", strings.Join(names, " "))
				}
				addAll()
				asyncio.CreateTask(ctx, tr.Steps("c", 2), asyncio.WithName("c"))
				asyncio.CreateTask(ctx, tr.Steps("a", 1), asyncio.WithName("a"))
				asyncio.CreateTask(ctx, tr.Steps("b", 3), asyncio.WithName("b"))
				addAll()
				for range 3 {
					tr.Sleep(ctx, 0)
					addAll()
				}
				return nil
			},
		},
		{
			name: "task names",
			want: []string{
				"Task-1", "Task-2 bob Task-3", "a 1", "b 1", "c 1", "Task-2 bob carol",
			},
			main: func(ctx context.Context, tr *trace) error {
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
	})
}

func TestOrderOfTimersAndHandles(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "timers with equal deadlines fire in creation order",
			want: []string{
				"main sleeps", "7ms early", "10ms timer 1", "10ms timer 2", "10ms timer 5", "10ms timer 6",
				"10ms timer 7", "10ms timer 8", "10ms call_at", "10ms made at 8", "10ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				l := tr.Loop
				l.CallLater(testutil.Millis(7), tr.Say("early"))
				var timers []*asyncio.Handle
				for i := range 9 {
					timers = append(timers, l.CallLater(testutil.Millis(10), func() { tr.Add("timer %d", i) }))
				}
				l.CallLater(testutil.Millis(8), func() { l.CallLater(testutil.Millis(2), tr.Say("made at 8")) })
				l.CallAt(l.Time().Add(testutil.Millis(10)), tr.Say("call_at"))
				for _, i := range []int{0, 3, 4} {
					timers[i].Cancel()
				}
				_, err := tr.Sleeper("main", 10)(ctx)
				return err
			},
		},
		{
			name: "sleeps with equal deadlines wake in order",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "5ms c wakes", "5ms d sleeps", "10ms timer 1",
				"10ms timer 2", "10ms a wakes", "10ms b wakes", "10ms d wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallLater(testutil.Millis(10), tr.Say("timer 1"))
				asyncio.CreateTask(ctx, tr.Sleeper("a", 10))
				asyncio.CreateTask(ctx, tr.Sleeper("b", 10))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), tr.Say("timer 2"))
				tr.Sleep(ctx, 0)
				asyncio.CreateTask(ctx, tr.Sleeper("c", 5))
				tr.Sleep(ctx, 5)
				asyncio.CreateTask(ctx, tr.Sleeper("d", 5))
				tr.Sleep(ctx, 10)
				return nil
			},
		},
		{
			name: "a timer without delay comes after what is ready",
			want: []string{
				"soon", "a 1", "main", "later -5", "later 0", "a 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallLater(0, tr.Say("later 0"))
				tr.Loop.CallLater(testutil.Millis(-5), tr.Say("later -5"))
				tr.Loop.CallSoon(tr.Say("soon"))
				asyncio.CreateTask(ctx, tr.Steps("a", 2))
				tr.Sleep(ctx, 0)
				tr.Add("main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a timer without delay made by a timer runs next turn",
			want: []string{
				"10ms first", "10ms second", "10ms soon", "10ms third",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallLater(testutil.Millis(10), func() {
					tr.Add("first")
					tr.Loop.CallLater(0, tr.Say("third"))
					tr.Loop.CallSoon(tr.Say("soon"))
				})
				tr.Loop.CallLater(testutil.Millis(10), tr.Say("second"))
				tr.Sleep(ctx, 11)
				return nil
			},
		},
		{
			name: "busy turns hold the clock",
			want: []string{
				"main 1", "main 2", "main 3", "main 4", "1ms timer", "1ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallLater(testutil.Millis(1), tr.Say("timer"))
				_, err := tr.Steps("main", 4)(ctx)
				tr.Sleep(ctx, 1)
				tr.Add("main")
				return err
			},
		},
		{
			name: "ready callbacks come before timers that fall due",
			want: []string{
				"main sleeps", "10ms timer 1", "10ms soon", "10ms main wakes", "10ms soon 2", "10ms timer 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				at10 := tr.Start.Add(testutil.Millis(10))
				tr.Loop.CallAt(at10, func() {
					tr.Add("timer 1")
					tr.Loop.CallSoon(func() {
						tr.Add("soon")
						tr.Loop.CallAt(at10, tr.Say("timer 2"))
						tr.Loop.CallSoon(tr.Say("soon 2"))
					})
				})
				_, err := tr.Sleeper("main", 10)(ctx)
				tr.Sleep(ctx, 1)
				return err
			},
		},
		{
			name: "a timer wakes a task one turn later",
			want: []string{
				"b sleeps", "10ms timer sets f", "10ms timer 2", "10ms main gets f", "10ms soon",
				"10ms b wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Loop.CallLater(testutil.Millis(10), func() {
					tr.Add("timer sets f")
					f.SetResult("f")
					tr.Loop.CallSoon(tr.Say("soon"))
				})
				tr.Loop.CallLater(testutil.Millis(10), tr.Say("timer 2"))
				asyncio.CreateTask(ctx, tr.Sleeper("b", 10))
				tr.Get(ctx, "main", f)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "delay gives its value",
			want: []string{
				"turn 1", "turn 2", "turn 3", "main gets zero", "main gets minus five", "10ms main gets ten",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(3)
				a := asyncio.CreateTask(ctx, asyncio.Delay(testutil.Millis(10), "ten"))
				b := asyncio.CreateTask(ctx, asyncio.Delay(0, "zero"))
				c := asyncio.CreateTask(ctx, asyncio.Delay(testutil.Millis(-5), "minus five"))
				tr.Get(ctx, "main", b)
				tr.Get(ctx, "main", c)
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			name: "cancelled soon handles",
			want: []string{
				"false", "true", "main 1", "canceller", "runs", "too late", "main 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				h := tr.Loop.CallSoon(tr.Say("never"))
				tr.Add("%t", h.Cancelled())
				h.Cancel()
				tr.Add("%t", h.Cancelled())
				var victim, late *asyncio.Handle
				tr.Loop.CallSoon(func() {
					tr.Add("canceller")
					victim.Cancel()
				})
				victim = tr.Loop.CallSoon(tr.Say("cancelled in the same turn"))
				late = tr.Loop.CallSoon(tr.Say("runs"))
				tr.Loop.CallSoon(func() {
					tr.Add("too late")
					late.Cancel()
				})
				_, err := tr.Steps("main", 2)(ctx)
				return err
			},
		},
		{
			name: "cancelled timers",
			want: []string{
				"10ms canceller", "10ms runs", "30ms last", "30ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Loop.CallLater(testutil.Millis(5), tr.Say("never")).Cancel()
				h := tr.Loop.CallLater(testutil.Millis(20), tr.Say("never"))
				var victim *asyncio.Handle
				tr.Loop.CallLater(testutil.Millis(10), func() {
					tr.Add("canceller")
					h.Cancel()
					victim.Cancel()
				})
				victim = tr.Loop.CallLater(testutil.Millis(10), tr.Say("cancelled in the same turn"))
				tr.Loop.CallLater(testutil.Millis(10), tr.Say("runs"))
				tr.Loop.CallLater(testutil.Millis(30), tr.Say("last"))
				tr.Sleep(ctx, 30)
				tr.Add("main")
				return nil
			},
		},
		{
			name: "failing callbacks go to the handler",
			want: []string{
				"fails soon", "handler soon", "goes on", "5ms fails later", "5ms handler later", "5ms goes on",
				"10ms main",
			},
			main: func(ctx context.Context, tr *trace) error {
				fail := func(s string) func() {
					return func() {
						tr.Add("fails %s", s)
						panic(s)
					}
				}
				tr.Loop.CallSoon(fail("soon"))
				tr.Loop.CallSoon(tr.Say("goes on"))
				tr.Loop.CallLater(testutil.Millis(5), fail("later"))
				tr.Loop.CallLater(testutil.Millis(5), tr.Say("goes on"))
				tr.Sleep(ctx, 10)
				tr.Add("main")
				return nil
			},
		},
	})
}

func TestOrderAtTheEndOfRun(t *testing.T) {
	// left sleeps until it is cancelled and then cleans up for a while.
	left := func(tr *trace, who string, cleanup int, err error) coroutine {
		return func(ctx context.Context) (string, error) {
			_, cancelled := tr.Sleeper(who, 1000)(ctx)
			tr.Sleep(ctx, cleanup)
			if err != nil {
				tr.Add("%s fails", who)
				return "", err
			}
			tr.Add("%s cleaned up", who)
			return "", cancelled
		}
	}
	runScenarios(t, []script{
		{
			name: "run cancels what is left in creation order",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "5ms main ends", "5ms a gets cancelled",
				"5ms b gets cancelled", "5ms c gets cancelled", "5ms b cleaned up", "15ms c cleaned up",
				"25ms a cleaned up",
			},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CreateTask(ctx, left(tr, "a", 20, nil))
				asyncio.CreateTask(ctx, left(tr, "b", 0, nil))
				asyncio.CreateTask(ctx, left(tr, "c", 10, nil))
				tr.Sleep(ctx, 5)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "run reports errors of the clean up",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "5ms main ends", "5ms a gets cancelled",
				"5ms b gets cancelled", "5ms c gets cancelled", "5ms b fails", "15ms c fails", "25ms a fails",
				"25ms handler a boom", "25ms handler b boom", "25ms handler c boom",
			},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CreateTask(ctx, left(tr, "a", 20, errors.New("a boom")))
				asyncio.CreateTask(ctx, left(tr, "b", 0, errors.New("b boom")))
				asyncio.CreateTask(ctx, left(tr, "c", 10, errors.New("c boom")))
				tr.Sleep(ctx, 5)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "run awaits tasks that refuse to end",
			want: []string{
				"b awaits", "10ms main ends", "10ms a gets cancelled", "110ms a wakes", "110ms a is done: a",
				"110ms b gets a", "110ms b is cancelled: false",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Nap(ctx, "a", 100)
					tr.Nap(ctx, "a", 100)
					return "a", nil
				})
				a.AddDoneCallback(func(a *task) { tr.Add("a is done: %s", testutil.Outcome(a.Result())) })
				b := asyncio.CreateTask(ctx, tr.Wait("b", a))
				b.AddDoneCallback(func(b *task) { tr.Add("b is cancelled: %t", b.Cancelled()) })
				tr.Sleep(ctx, 10)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "run ends with the turn after mains last",
			want: []string{
				"main ends", "a 1", "soon creates b", "a cancelled true", "b cancelled true",
			},
			main: func(ctx context.Context, tr *trace) error {
				create := func(who string) {
					asyncio.CreateTask(tr.Loop.Context(), tr.Steps(who, 2)).AddDoneCallback(func(t *task) {
						tr.Add("%s cancelled %t", who, t.Cancelled())
					})
				}
				create("a")
				tr.Loop.CallSoon(func() {
					tr.Add("soon creates b")
					create("b")
				})
				tr.Loop.CallLater(testutil.Millis(1), tr.Say("a timer nobody waits for"))
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "run when main fails",
			want: []string{
				"a sleeps", "1ms main fails", "1ms a gets cancelled", "run ends with boom",
			},
			main: func(ctx context.Context, tr *trace) error {
				asyncio.CreateTask(ctx, tr.Sleeper("a", 100))
				tr.Sleep(ctx, 1)
				tr.Add("main fails")
				return errors.New("boom")
			},
		},
		{
			name: "run when main is cancelled by a task",
			want: []string{
				"main sleeps", "5ms a cancels main", "5ms a sleeps", "5ms main gets cancelled(enough)",
				"5ms a gets cancelled", "run ends with cancelled(enough)",
			},
			main: func(ctx context.Context, tr *trace) error {
				main := asyncio.CurrentTask(ctx)
				asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					tr.Sleep(ctx, 5)
					tr.Add("a cancels main")
					main.Cancel("enough")
					return tr.Sleeper("a", 100)(ctx)
				})
				_, err := tr.Sleeper("main", 50)(ctx)
				return err
			},
		},
	})
}

func TestOrderOfLoopRuns(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "stop lets the turn finish",
			want: []string{
				"before", "stopper", "after", "stopped", "next run", "next run too", "stopped again",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				l.CallSoon(tr.Say("before"))
				l.CallSoon(func() {
					tr.Add("stopper")
					l.CallSoon(tr.Say("next run"))
					l.Stop()
					l.CallSoon(tr.Say("next run too"))
				})
				l.CallSoon(tr.Say("after"))
				l.RunForever()
				tr.Add("stopped")
				l.CallSoon(l.Stop)
				l.RunForever()
				tr.Add("stopped again")
			},
		},
		{
			name: "stop before the run lets one turn run",
			want: []string{
				"first turn", "timer due", "stopped", "second turn", "stopped again", "5ms timer",
				"10ms stopped at last",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				l.CallSoon(func() {
					tr.Add("first turn")
					l.CallSoon(tr.Say("second turn"))
				})
				l.CallLater(testutil.Millis(5), tr.Say("timer"))
				l.CallLater(0, tr.Say("timer due"))
				l.Stop()
				l.RunForever()
				tr.Add("stopped")
				l.Stop()
				l.RunForever()
				tr.Add("stopped again")
				l.CallLater(testutil.Millis(10), l.Stop)
				l.RunForever()
				tr.Add("stopped at last")
			},
		},
		{
			name: "stop from a task and go on",
			want: []string{
				"a 1", "b 1", "stopped", "a 2", "b 2", "b 3", "10ms a 3", "10ms stopped, a is a",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
					tr.Add("a 1")
					l.Stop()
					tr.Sleep(ctx, 0)
					tr.Add("a 2")
					tr.Sleep(ctx, 10)
					tr.Add("a 3")
					l.Stop()
					return "a", nil
				})
				asyncio.CreateTask(l.Context(), tr.Steps("b", 3))
				l.RunForever()
				tr.Add("stopped")
				l.RunForever()
				tr.Add("stopped, a is %s", testutil.Outcome(a.Result()))
			},
		},
		{
			name: "run until complete stopped before done",
			want: []string{
				"5ms same turn", "5ms stopped before done", "9ms f is late",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				f := asyncio.NewFuture[string](l.Context())
				l.CallLater(testutil.Millis(5), l.Stop)
				l.CallLater(testutil.Millis(5), tr.Say("same turn"))
				l.CallLater(testutil.Millis(9), func() { f.SetResult("late") })
				if l.RunUntilComplete(f) != nil {
					tr.Add("stopped before done")
				}
				l.RunUntilComplete(f)
				tr.Add("f is %s", testutil.Outcome(f.Result()))
			},
		},
		{
			name: "run until complete ends with the turn of its callback",
			want: []string{
				"5ms callback 1", "5ms callback 2", "5ms same turn as the end", "5ms ended", "5ms next run",
				"5ms ended at once",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				f := asyncio.NewFuture[string](l.Context())
				f.AddDoneCallback(func(*future) { tr.Add("callback 1") })
				l.CallLater(testutil.Millis(5), func() {
					f.SetResult("f")
					l.CallSoon(tr.Say("same turn as the end"))
					l.CallSoon(func() { l.CallSoon(tr.Say("next run")) })
				})
				l.CallSoon(func() { f.AddDoneCallback(func(*future) { tr.Add("callback 2") }) })
				l.RunUntilComplete(f)
				tr.Add("ended")
				l.RunUntilComplete(f)
				tr.Add("ended at once")
			},
		},
		{
			name: "run until complete twice with a task that goes on",
			want: []string{
				"background sleeps", "first sleeps", "5ms first wakes", "5ms between", "5ms second sleeps",
				"7ms second wakes", "7ms between", "10ms background wakes", "10ms end",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				background := asyncio.CreateTask(l.Context(), tr.Sleeper("background", 10))
				l.RunUntilComplete(asyncio.CreateTask(l.Context(), tr.Sleeper("first", 5)))
				tr.Add("between")
				l.RunUntilComplete(asyncio.CreateTask(l.Context(), tr.Sleeper("second", 2)))
				tr.Add("between")
				l.RunUntilComplete(background)
				tr.Add("end")
			},
		},
		{
			name: "run until complete of a failed task",
			want: []string{
				"1ms callback", "1ms ended with boom",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
					tr.Sleep(ctx, 1)
					return "", errors.New("boom")
				})
				a.AddDoneCallback(func(*task) { tr.Add("callback") })
				tr.Add("ended with %s", testutil.Show(l.RunUntilComplete(a)))
			},
		},
		{
			name: "tasks made before the run",
			want: []string{
				"nothing has run", "soon", "a 1", "b awaits", "a 2", "b gets a", "b is a",
			},
			loop: func(l *asyncio.Loop, tr *trace) {
				l.CallSoon(tr.Say("soon"))
				a := asyncio.CreateTask(l.Context(), tr.Steps("a", 2))
				b := asyncio.CreateTask(l.Context(), tr.Wait("b", a))
				tr.Add("nothing has run")
				l.RunUntilComplete(b)
				tr.Add("b is %s", testutil.Outcome(b.Result()))
			},
		},
	})
}
