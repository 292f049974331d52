package order_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// The traces of gather, wait, as_completed, wait_for, shield, groups, timeouts and
// eager tasks are CPython's too. Where 3.14 differs from 3.13 they are 3.14's. Sets
// of tasks were iterated in the order in which they were filled, as here.

// tell is show with words for what comes out of groups and timeouts.
func tell(err error) string {
	var group *asyncio.GroupError
	switch {
	case err == nil, errors.Is(err, asyncio.ErrCancelled):
		return testutil.Show(err)
	case errors.As(err, &group):
		all := make([]string, len(group.Errs))
		for i, e := range group.Errs {
			all[i] = tell(e)
		}
		return "group(" + strings.Join(all, ", ") + ")"
	case errors.Is(err, asyncio.ErrTimeout):
		return "timeout"
	case errors.Is(err, asyncio.ErrGroupClosed):
		return "group closed"
	}
	return testutil.Show(err)
}

func told(v string, err error) string {
	if err != nil {
		return tell(err)
	}
	return v
}

// spawn makes a task in a scope, which may be a group.
func (tr *trace) spawn(scope context.Context, c coroutine) *task {
	return asyncio.CreateTask(scope, c)
}

// named is spawn with a name.
func (tr *trace) named(scope context.Context, who string, c coroutine) *task {
	return asyncio.CreateTask(scope, c, asyncio.WithName(who))
}

// hear calls, adds the outcome, and goes on either way.
func (tr *trace) hear(ctx context.Context, who string, c coroutine) {
	tr.Add("%s gets %s", who, told(c(ctx)))
}

// call is a coroutine that calls another and ends the same way.
func (tr *trace) call(who string, c coroutine) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s awaits", who)
		v, err := c(ctx)
		tr.Add("%s gets %s", who, told(v, err))
		return v, err
	}
}

// left adds how a block was left, and passes that on.
func (tr *trace) left(who string, err error) error {
	if err != nil {
		tr.Add("%s leaves with %s", who, tell(err))
	} else {
		tr.Add("%s leaves", who)
	}
	return err
}

// doze is a sleeper of whom only the error is wanted.
func (tr *trace) doze(ctx context.Context, who string, ms int) error {
	_, err := tr.Sleeper(who, ms)(ctx)
	return err
}

// failer is a coroutine that sleeps, then fails.
func (tr *trace) failer(who string, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.doze(ctx, who, ms); err != nil {
			return "", err
		}
		return "", errors.New("boom " + who)
	}
}

// sour is a sleeper that fails when it is cancelled.
func (tr *trace) sour(who string, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.doze(ctx, who, ms); err != nil {
			return "", errors.New("boom " + who)
		}
		return who, nil
	}
}

// cleaner is a sleeper that takes its time when it is cancelled.
func (tr *trace) cleaner(who string, ms, clean int) coroutine {
	return func(ctx context.Context) (string, error) {
		if err := tr.doze(ctx, who, ms); err != nil {
			tr.Sleep(ctx, clean)
			tr.Add("%s is clean", who)
			return "", err
		}
		return who, nil
	}
}

// watch adds the end of tasks, on the turn after it.
func (tr *trace) watch(tasks ...*task) {
	for _, t := range tasks {
		t.AddDoneCallback(func(t *task) { tr.Add("%s is done", t.Name()) })
	}
}

func (tr *trace) later(ms int, f func()) { tr.Loop.CallLater(testutil.Millis(ms), f) }

// three makes sleepers a, b and c; one fails where the time is negative.
func (tr *trace) three(ctx context.Context, times ...int) []*task {
	tasks := make([]*task, len(times))
	for i, ms := range times {
		who := string(rune('a' + i))
		if ms < 0 {
			tasks[i] = tr.named(ctx, who, tr.failer(who, -ms))
		} else {
			tasks[i] = tr.named(ctx, who, tr.Sleeper(who, ms))
		}
	}
	return tasks
}

// retrieve asks for the errors, so that nobody is told that nobody has.
func retrieve(tasks []*task) {
	for _, t := range tasks {
		_ = t.Err()
	}
}

func names(tasks []*task) string {
	all := make([]string, len(tasks))
	for i, t := range tasks {
		all[i] = t.Name()
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, " ")
}

// gathering is a coroutine that gathers and joins the results.
func gathering[A asyncio.Awaitable[string]](aws ...A) coroutine {
	return func(ctx context.Context) (string, error) {
		vs, err := asyncio.Gather(ctx, aws...)
		return strings.Join(vs, " "), err
	}
}

func gatheringAll(tasks ...*task) coroutine {
	return func(ctx context.Context) (string, error) {
		outcomes, err := asyncio.GatherAll(ctx, tasks...)
		all := make([]string, len(outcomes))
		for i, o := range outcomes {
			all[i] = told(o.Value, o.Err)
		}
		return strings.Join(all, " "), err
	}
}

func shielding[A asyncio.Awaitable[string]](aw A) coroutine {
	return func(ctx context.Context) (string, error) { return asyncio.Shield(ctx, aw) }
}

func limited[A asyncio.Awaitable[string]](aw A, ms int) coroutine {
	return func(ctx context.Context) (string, error) { return asyncio.WaitFor(ctx, aw, testutil.Millis(ms)) }
}

func TestOrderOfGather(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "gather gives the results in the order of its arguments",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "20ms c wakes", "30ms a wakes",
				"30ms main gets a b c",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Sleeper("a", 30)), tr.spawn(ctx, tr.Sleeper("b", 10)), tr.spawn(ctx, tr.Sleeper("c", 20))
				tr.hear(ctx, "main", gathering(a, b, c))
				return nil
			},
		},
		{
			name: "gather wakes two turns after the last child",
			want: []string{
				"turn 1", "a 1", "b 1", "c 1", "turn 2", "b 2", "c 2", "turn 3", "b 3", "turn 4", "turn 5",
				"main gets a b c", "turn 6", "turn 7",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(7)
				a, b, c := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.Steps("b", 3)), tr.spawn(ctx, tr.Steps("c", 2))
				tr.hear(ctx, "main", gathering(a, b, c))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather of one child",
			want: []string{
				"turn 1", "a 1", "turn 2", "turn 3", "main gets a", "turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				tr.hear(ctx, "main", gathering(tr.spawn(ctx, tr.Steps("a", 1))))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the first failure ends the gather and nothing else",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "d sleeps", "10ms a wakes", "20ms b wakes",
				"20ms main gets boom b", "20ms main sees d done false", "25ms c wakes", "30ms d wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 10))
				b := tr.spawn(ctx, tr.failer("b", 20))
				c := tr.spawn(ctx, tr.failer("c", 25))
				d := tr.spawn(ctx, tr.Sleeper("d", 30))
				tr.hear(ctx, "main", gathering(a, b, c, d))
				tr.Add("main sees d done %t", d.Done())
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "two children fail in one turn",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms c wakes", "10ms main gets boom b",
				"10ms main gets boom b", "20ms a wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.failer("a", 20))
				b := tr.spawn(ctx, tr.failer("b", 10))
				c := tr.spawn(ctx, tr.failer("c", 10))
				tr.Sleep(ctx, 0)
				tr.hear(ctx, "main", gathering(c, b, a))
				tr.hear(ctx, "main", gathering(a, b, c))
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "a child of a gather is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "10ms b gets cancelled(b only)", "10ms main gets cancelled(b only)",
				"10ms main cancelling 0", "30ms a wakes", "30ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Sleeper("a", 30)), tr.spawn(ctx, tr.Sleeper("b", 30))
				tr.later(10, func() { b.Cancel("b only") })
				tr.hear(ctx, "main", gathering(a, b))
				tr.Add("main cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "the caller of a gather is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "p awaits", "5ms b wakes", "5ms b is done",
				"10ms cancelling p 1 a 1 c 1", "10ms turn 1", "10ms a gets cancelled(stop)",
				"10ms c gets cancelled(stop)", "10ms turn 2", "10ms a is done", "10ms c is done",
				"10ms turn 3", "10ms p gets cancelled(stop)", "10ms turn 4", "10ms p is done",
				"10ms main gets cancelled(stop)", "10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.named(ctx, "a", tr.Sleeper("a", 50)), tr.named(ctx, "b", tr.Sleeper("b", 5)), tr.named(ctx, "c", tr.Sleeper("c", 50))
				p := tr.named(ctx, "p", tr.call("p", gathering(a, b, c)))
				tr.watch(a, b, c, p)
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				p.Cancel("stop")
				tr.Add("cancelling p %d a %d c %d", p.Cancelling(), a.Cancelling(), c.Cancelling())
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a gather is cancelled before its children start",
			want: []string{
				"turn 1", "p awaits", "turn 2", "turn 3", "turn 4", "p gets cancelled(early)", "turn 5",
				"main gets cancelled(early)", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					return tr.call("p", gathering(tr.spawn(ctx, tr.Steps("never", 1)), tr.spawn(ctx, tr.Steps("never", 1))))(ctx)
				})
				tr.Loop.CallSoon(func() { p.Cancel("early") })
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a task with a request pending gathers",
			want: []string{
				"turn 1", "p awaits", "turn 2", "turn 3", "turn 4", "p gets cancelled(first)", "turn 5",
				"main gets cancelled(first)", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("first")
					return tr.call("p", gathering(tr.spawn(ctx, tr.Steps("never", 1)), tr.spawn(ctx, tr.Sleeper("never", 1))))(ctx)
				})
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the children of a cancelled gather refuse",
			want: []string{
				"p awaits", "10ms a gets cancelled", "10ms b gets cancelled", "15ms a wakes", "20ms b wakes",
				"20ms p gets cancelled", "20ms main gets cancelled", "20ms p cancelled true a a b b",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.napper("a", 100, 5)), tr.spawn(ctx, tr.napper("b", 100, 10))
				p := tr.spawn(ctx, tr.call("p", gathering(a, b)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.Add("p cancelled %t a %s b %s", p.Cancelled(), told(a.Result()), told(b.Result()))
				return nil
			},
		},
		{
			name: "one child of a cancelled gather refuses",
			want: []string{
				"a sleeps", "p awaits", "10ms turn 1", "10ms a gets cancelled(stop)",
				"10ms b gets cancelled(stop)", "10ms turn 2", "10ms turn 3", "10ms p gets cancelled(stop)",
				"10ms turn 4", "10ms main gets cancelled(stop)", "15ms b wakes", "15ms main gets b",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Sleeper("a", 100)), tr.spawn(ctx, tr.napper("b", 100, 5))
				p := tr.spawn(ctx, tr.call("p", gathering(a, b)))
				tr.Sleep(ctx, 10)
				tr.Tick(4)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.hear(ctx, "main", b.Await)
				return nil
			},
		},
		{
			name: "a child fails while its gather is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "p awaits", "10ms a gets cancelled(stop)",
				"10ms b gets cancelled(stop)", "10ms p gets boom a", "10ms main gets boom a", "10ms a sleeps",
				"10ms b sleeps", "10ms p awaits", "20ms b gets cancelled(stop)", "20ms a gets cancelled(stop)",
				"20ms p gets cancelled(stop)", "20ms main gets cancelled(stop)",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, swap := range []bool{false, true} {
					ts := []*task{tr.spawn(ctx, tr.sour("a", 100)), tr.spawn(ctx, tr.Sleeper("b", 100))}
					if swap {
						slices.Reverse(ts)
					}
					p := tr.spawn(ctx, tr.call("p", gathering(ts...)))
					tr.Sleep(ctx, 10)
					p.Cancel("stop")
					tr.hear(ctx, "main", p.Await)
					tr.Sleep(ctx, 0)
				}
				return nil
			},
		},
		{
			name: "the children of a cancelled gather clean up",
			want: []string{
				"a sleeps", "b sleeps", "p awaits", "10ms a gets cancelled", "10ms b gets cancelled",
				"15ms b is clean", "15ms p gets cancelled", "15ms main gets cancelled", "20ms a is clean",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.cleaner("a", 100, 10)), tr.spawn(ctx, tr.cleaner("b", 100, 5))
				p := tr.spawn(ctx, tr.call("p", gathering(a, b)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 10)
				return nil
			},
		},
		{
			name: "a gather is cancelled twice",
			want: []string{
				"p awaits", "10ms a gets cancelled", "10ms b gets cancelled", "15ms b wakes",
				"20ms cancelling p 2 a 2 b 1", "20ms a gets cancelled", "25ms a wakes",
				"25ms p gets cancelled", "25ms main gets cancelled", "25ms a a b b",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.napper("a", 100, 100, 5)), tr.spawn(ctx, tr.napper("b", 100, 5))
				p := tr.spawn(ctx, tr.call("p", gathering(a, b)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.Add("cancelling p %d a %d b %d", p.Cancelling(), a.Cancelling(), b.Cancelling())
				tr.hear(ctx, "main", p.Await)
				tr.Add("a %s b %s", told(a.Result()), told(b.Result()))
				return nil
			},
		},
		{
			name: "gather of duplicates",
			want: []string{
				"turn 1", "a 1", "b 1", "turn 2", "a 2", "turn 3", "turn 4", "main gets a b a a b", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(5)
				a, b := tr.spawn(ctx, tr.Steps("a", 2)), tr.spawn(ctx, tr.Steps("b", 1))
				tr.hear(ctx, "main", gathering(a, b, a, a, b))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather of what is done",
			want: []string{
				"a 1", "b 1", "main gets b a", "main goes on", "turn 1", "turn 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.Steps("b", 1))
				tr.Sleep(ctx, 0)
				tr.Tick(2)
				tr.hear(ctx, "main", gathering(b, a))
				tr.Add("main goes on")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather of what has failed and what goes on",
			want: []string{
				"a sleeps", "b sleeps", "5ms b wakes", "5ms main gets boom b", "5ms main gets cancelled(c)",
				"5ms main goes on", "5ms turn 1", "5ms turn 2", "10ms a wakes", "10ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Sleeper("a", 10)), tr.spawn(ctx, tr.failer("b", 5)), tr.spawn(ctx, tr.Sleeper("never", 10))
				c.Cancel("c")
				tr.Sleep(ctx, 5)
				tr.Sleep(ctx, 0)
				tr.Tick(2)
				tr.hear(ctx, "main", gathering(a, b, c))
				tr.hear(ctx, "main", gathering(a, c, b))
				tr.Add("main goes on")
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "gather of one done and one to come",
			want: []string{
				"a 1", "b 1", "b 2", "turn 1", "b 3", "turn 2", "turn 3", "main gets a b", "turn 4", "turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.Steps("b", 3))
				tr.Sleep(ctx, 0)
				tr.Tick(5)
				tr.hear(ctx, "main", gathering(a, b))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "gather of nothing",
			want: []string{
				"main gets 0", "main gets 0", "turn 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(1)
				vs, _ := asyncio.Gather[*task](ctx)
				tr.Add("main gets %d", len(vs))
				outcomes, _ := asyncio.GatherAll[*task](ctx)
				tr.Add("main gets %d", len(outcomes))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "nested gathers",
			want: []string{
				"turn 1", "x awaits", "turn 2", "xl awaits", "xr awaits", "turn 3", "xll 1", "xlr 1", "xrl 1",
				"xrr 1", "turn 4", "turn 5", "xl gets xll! xlr!", "xr gets xrl! xrr!", "turn 6", "turn 7",
				"x gets xll! xlr! xrl! xrr!", "turn 8", "main gets xll! xlr! xrl! xrr!", "turn 9",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(who string, depth int) coroutine
				node = func(who string, depth int) coroutine {
					return func(ctx context.Context) (string, error) {
						if depth == 0 {
							v, err := tr.Steps(who, 1)(ctx)
							return v + "!", err
						}
						l, r := tr.spawn(ctx, node(who+"l", depth-1)), tr.spawn(ctx, node(who+"r", depth-1))
						return tr.call(who, gathering(l, r))(ctx)
					}
				}
				tr.Tick(9)
				tr.hear(ctx, "main", tr.spawn(ctx, node("x", 2)).Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "nested gathers are cancelled",
			want: []string{
				"x awaits", "xl awaits", "xr awaits", "xll sleeps", "xlr sleeps", "xrl sleeps", "xrr sleeps",
				"10ms turn 1", "10ms xll gets cancelled(stop)", "10ms xlr gets cancelled(stop)",
				"10ms xrl gets cancelled(stop)", "10ms xrr gets cancelled(stop)", "10ms turn 2", "10ms turn 3",
				"10ms xl gets cancelled(stop)", "10ms xr gets cancelled(stop)", "10ms turn 4", "10ms turn 5",
				"10ms x gets cancelled(stop)", "10ms turn 6", "10ms main gets cancelled(stop)", "10ms turn 7",
				"10ms turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				var node func(who string, depth int) coroutine
				node = func(who string, depth int) coroutine {
					return func(ctx context.Context) (string, error) {
						if depth == 0 {
							return tr.Sleeper(who, 100)(ctx)
						}
						l, r := tr.spawn(ctx, node(who+"l", depth-1)), tr.spawn(ctx, node(who+"r", depth-1))
						return tr.call(who, gathering(l, r))(ctx)
					}
				}
				x := tr.spawn(ctx, node("x", 2))
				tr.Sleep(ctx, 10)
				tr.Tick(8)
				x.Cancel("stop")
				tr.hear(ctx, "main", x.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "nested gathers and a failure",
			want: []string{
				"a sleeps", "b sleeps", "l awaits", "c sleeps", "d sleeps", "r awaits", "10ms a wakes",
				"20ms c wakes", "20ms r gets boom c", "20ms main gets boom c", "30ms b wakes",
				"30ms l gets a b", "30ms main gets a b", "40ms d wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				l := tr.spawn(ctx, tr.call("l", gathering(tr.spawn(ctx, tr.Sleeper("a", 10)), tr.spawn(ctx, tr.Sleeper("b", 30)))))
				r := tr.spawn(ctx, tr.call("r", gathering(tr.spawn(ctx, tr.failer("c", 20)), tr.spawn(ctx, tr.Sleeper("d", 40)))))
				tr.hear(ctx, "main", gathering(l, r))
				tr.hear(ctx, "main", l.Await)
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "gather of tasks and futures",
			want: []string{
				"a sleeps", "10ms a wakes", "20ms main gets f a g",
			},
			main: func(ctx context.Context, tr *trace) error {
				f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
				a := tr.spawn(ctx, tr.Sleeper("a", 10))
				tr.later(20, func() { f.SetResult("f") })
				tr.later(5, func() { g.SetResult("g") })
				tr.hear(ctx, "main", gathering[asyncio.Awaitable[string]](f, a, g))
				return nil
			},
		},
		{
			name: "two gathers share a child",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "p awaits", "q awaits", "10ms turn 1",
				"10ms a gets cancelled", "10ms b gets cancelled", "10ms turn 2", "10ms turn 3",
				"10ms p gets cancelled", "10ms q gets cancelled", "10ms turn 4", "10ms main gets cancelled",
				"10ms cancelled p true q true cancelling q 0", "50ms c wakes", "50ms main gets c",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Sleeper("a", 50)), tr.spawn(ctx, tr.Sleeper("b", 50)), tr.spawn(ctx, tr.Sleeper("c", 50))
				p, q := tr.spawn(ctx, tr.call("p", gathering(a, b))), tr.spawn(ctx, tr.call("q", gathering(b, c)))
				tr.Sleep(ctx, 10)
				tr.Tick(4)
				p.Cancel()
				tr.hear(ctx, "main", q.Await)
				tr.Add("cancelled p %t q %t cancelling q %d", p.Cancelled(), q.Cancelled(), q.Cancelling())
				tr.hear(ctx, "main", c.Await)
				return nil
			},
		},
		{
			name: "the caller is cancelled after its gather has failed",
			want: []string{
				"b sleeps", "a sleeps", "10ms a wakes", "10ms p gets boom a", "10ms p sleeps",
				"20ms p gets cancelled", "20ms main gets cancelled", "30ms b wakes", "30ms main gets b",
			},
			main: func(ctx context.Context, tr *trace) error {
				b := tr.spawn(ctx, tr.Sleeper("b", 30))
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					tr.hear(ctx, "p", gathering(tr.spawn(ctx, tr.failer("a", 10)), b))
					return tr.Sleeper("p", 50)(ctx)
				})
				tr.Sleep(ctx, 20)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.hear(ctx, "main", b.Await)
				return nil
			},
		},
		{
			name: "the caller is cancelled when all children are done",
			want: []string{
				"a sleeps", "b sleeps", "p awaits", "10ms main sees done false false false",
				"10ms a gets cancelled(late)", "10ms b gets cancelled(late)", "10ms turn 1", "10ms turn 2",
				"10ms p gets cancelled(late)", "10ms turn 3", "10ms main gets cancelled(late)",
				"10ms p cancelled true", "10ms turn 4", "11ms a sleeps", "11ms b sleeps", "11ms p awaits",
				"21ms a wakes", "21ms b wakes", "21ms turn 1", "21ms main sees done true true false",
				"21ms turn 2", "21ms p gets cancelled(late)", "21ms turn 3", "21ms main gets cancelled(late)",
				"21ms p cancelled true", "21ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 2 {
					a, b := tr.spawn(ctx, tr.Sleeper("a", 10)), tr.spawn(ctx, tr.Sleeper("b", 10))
					p := tr.spawn(ctx, tr.call("p", gathering(a, b)))
					tr.Sleep(ctx, 10)
					tr.Tick(4)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Add("main sees done %t %t %t", a.Done(), b.Done(), p.Done())
					p.Cancel("late")
					tr.hear(ctx, "main", p.Await)
					tr.Add("p cancelled %t", p.Cancelled())
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "gather all gives every outcome",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "d 1", "10ms b wakes", "15ms c gets cancelled",
				"20ms a wakes", "20ms main gets a boom b cancelled d boom b",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c, d := tr.spawn(ctx, tr.Sleeper("a", 20)), tr.spawn(ctx, tr.failer("b", 10)),
					tr.spawn(ctx, tr.Sleeper("c", 30)), tr.spawn(ctx, tr.Steps("d", 1))
				tr.later(15, func() { c.Cancel() })
				tr.hear(ctx, "main", gatheringAll(a, b, c, d, b))
				return nil
			},
		},
		{
			name: "gather all of what is done",
			want: []string{
				"a 1", "b sleeps", "b wakes", "main gets a boom b cancelled", "turn 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.failer("b", 0)), tr.spawn(ctx, tr.Steps("never", 1))
				c.Cancel()
				tr.Sleep(ctx, 0)
				tr.Sleep(ctx, 0)
				tr.Tick(1)
				tr.hear(ctx, "main", gatheringAll(a, b, c))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the caller of a gather all is cancelled",
			want: []string{
				"a sleeps", "c sleeps", "p awaits", "10ms a gets cancelled(stop)",
				"10ms b gets cancelled(stop)", "10ms c gets cancelled(stop)", "15ms b wakes",
				"20ms c is clean", "20ms p gets cancelled(stop)", "20ms p is done",
				"20ms main gets cancelled(stop)", "20ms a boom a b b cancelled c true",
				"20ms p cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.sour("a", 100)), tr.spawn(ctx, tr.napper("b", 100, 5)), tr.spawn(ctx, tr.cleaner("c", 100, 10))
				p := tr.named(ctx, "p", tr.call("p", gatheringAll(a, b, c)))
				tr.watch(p)
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Add("a %s b %s cancelled c %t", told(a.Result()), told(b.Result()), c.Cancelled())
				tr.Add("p cancelled %t cancelling %d", p.Cancelled(), p.Cancelling())
				return nil
			},
		},
		{
			name: "the children of a cancelled gather all all refuse",
			want: []string{
				"p awaits", "10ms a gets cancelled", "10ms b gets cancelled", "15ms a wakes", "20ms b wakes",
				"20ms p gets cancelled", "20ms main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.napper("a", 100, 5)), tr.spawn(ctx, tr.napper("b", 100, 10))
				p := tr.spawn(ctx, tr.call("p", gatheringAll(a, b)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
		{
			name: "the caller of a gather all refuses",
			want: []string{
				"a sleeps", "b sleeps", "10ms a gets cancelled", "10ms b gets cancelled",
				"10ms p gets cancelled", "10ms c sleeps", "10ms d sleeps", "15ms d wakes", "20ms c wakes",
				"20ms p gets c boom d", "20ms main gets p",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					tr.hear(ctx, "p", gatheringAll(tr.spawn(ctx, tr.Sleeper("a", 50)), tr.spawn(ctx, tr.Sleeper("b", 50))))
					tr.hear(ctx, "p", gatheringAll(tr.spawn(ctx, tr.Sleeper("c", 10)), tr.spawn(ctx, tr.failer("d", 5))))
					return "p", nil
				})
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
	})
}

// waits waits, adds what came of it, and returns the error.
func (tr *trace) waits(ctx context.Context, who string, tasks []*task, o asyncio.WaitOptions) error {
	done, pending, err := asyncio.Wait(ctx, tasks, o)
	if err != nil {
		tr.Add("%s gets %s", who, tell(err))
		return err
	}
	tr.Add("%s has done %s pending %s", who, names(done), names(pending))
	return nil
}

// waiter is a coroutine that waits.
func (tr *trace) waiter(who string, tasks []*task, o asyncio.WaitOptions) coroutine {
	return func(ctx context.Context) (string, error) { return "", tr.waits(ctx, who, tasks, o) }
}

func TestOrderOfWait(t *testing.T) {
	var (
		all     asyncio.WaitOptions
		first   = asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted}
		failure = asyncio.WaitOptions{ReturnWhen: asyncio.FirstException}
	)
	limit := func(o asyncio.WaitOptions, ms int) asyncio.WaitOptions {
		o.Timeout = testutil.Millis(ms)
		return o
	}
	runScenarios(t, []script{
		{
			name: "wait for all",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "20ms c wakes", "30ms a wakes",
				"30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 30, -10, 20)
				tr.waits(ctx, "main", ts, all)
				retrieve(ts)
				return nil
			},
		},
		{
			name: "wait for all where one is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "15ms b gets cancelled", "20ms c wakes",
				"20ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 30, 20)
				tr.later(15, func() { ts[1].Cancel() })
				return tr.waits(ctx, "main", ts, all)
			},
		},
		{
			name: "wait for the first",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms main has done b pending a c",
				"20ms c wakes", "20ms main has done c pending a", "30ms a wakes",
				"30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 30, -10, 20)
				tr.waits(ctx, "main", ts, first)
				tr.waits(ctx, "main", []*task{ts[2], ts[0]}, first)
				tr.waits(ctx, "main", ts, all)
				retrieve(ts)
				return nil
			},
		},
		{
			name: "two are first in one turn",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms c wakes",
				"10ms main has done b c pending a", "20ms a wakes", "20ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 20, 10, 10)
				tr.waits(ctx, "main", ts, first)
				return tr.waits(ctx, "main", ts, all)
			},
		},
		{
			name: "one ends between the first and the return",
			want: []string{
				"turn 1", "a 1", "b 1", "c 1", "turn 2", "a 2", "b 2", "c 2", "turn 3", "b 3", "c 3", "turn 4",
				"main has done b a pending c", "c 4", "turn 5", "c 5", "turn 6",
				"main has done c b a pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				a := tr.named(ctx, "a", tr.Steps("a", 2))
				b := tr.named(ctx, "b", tr.Steps("b", 3))
				c := tr.named(ctx, "c", tr.Steps("c", 5))
				tr.waits(ctx, "main", []*task{c, b, a}, first)
				tr.waits(ctx, "main", []*task{c, b, a}, all)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "wait for the first failure",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "20ms c wakes",
				"20ms main has done b c pending a", "30ms a wakes", "30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 30, 10, -20)
				tr.waits(ctx, "main", ts, failure)
				tr.waits(ctx, "main", ts, all)
				retrieve(ts)
				return nil
			},
		},
		{
			name: "a cancellation is no failure to wait for",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b gets cancelled", "20ms a wakes", "30ms c wakes",
				"30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 20, 50, 30)
				tr.later(10, func() { ts[1].Cancel() })
				return tr.waits(ctx, "main", ts, failure)
			},
		},
		{
			name: "wait with a timeout",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "8ms main has done none pending a b c", "10ms a wakes",
				"10ms main has done a pending b c", "18ms main has done a pending b c", "20ms c wakes",
				"30ms b wakes", "30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 30, -20)
				for _, o := range []asyncio.WaitOptions{all, first, failure} {
					tr.waits(ctx, "main", ts, limit(o, 8))
				}
				tr.waits(ctx, "main", ts, limit(all, 100))
				retrieve(ts)
				return nil
			},
		},
		{
			name: "wait whose timeout comes with the end",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms main has done none pending a b c", "10ms a wakes",
				"10ms b wakes", "20ms c wakes", "20ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 10, 20)
				tr.waits(ctx, "main", ts, limit(all, 10))
				return tr.waits(ctx, "main", ts, limit(all, 10))
			},
		},
		{
			name: "wait whose timeout comes just before the end",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "9ms main has done none pending a b c", "9ms turn 1",
				"9ms turn 2", "9ms turn 3", "10ms a wakes", "10ms b wakes", "10ms c wakes",
				"10ms main has done a b c pending none", "10ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 10, 10)
				tr.waits(ctx, "main", ts, limit(all, 9))
				tr.Tick(3)
				tr.waits(ctx, "main", ts, limit(all, 1))
				return tr.waits(ctx, "main", ts, all)
			},
		},
		{
			name: "futures are set in the turn of the timeout",
			want: []string{
				"10ms done 1 pending 1 f true", "20ms done 1 pending 1 f true",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					f, g := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
					set := func() { f.SetResult("f") }
					if before {
						tr.later(10, set)
					}
					var done, pending []*future
					w := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) (err error) {
						done, pending, err = asyncio.Wait(ctx, []*future{f, g}, limit(first, 10))
						return err
					}))
					tr.Sleep(ctx, 0)
					if !before {
						tr.later(10, set)
					}
					w.Await(ctx)
					tr.Add("done %d pending %d f %t", len(done), len(pending), len(done) > 0 && done[0] == f)
				}
				return nil
			},
		},
		{
			name: "wait when the time has passed already",
			want: []string{
				"turn 1", "a 1", "b 1", "turn 2", "b 2", "main has done a pending b", "turn 3", "b 3",
				"turn 4", "main has done a b pending none", "turn 5", "turn 6",
				"main has done a b pending none", "turn 7", "turn 8",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(8)
				ts := []*task{tr.named(ctx, "a", tr.Steps("a", 1)), tr.named(ctx, "b", tr.Steps("b", 3))}
				tr.waits(ctx, "main", ts, limit(all, -1))
				tr.waits(ctx, "main", ts, limit(all, -1))
				tr.waits(ctx, "main", ts, limit(all, -1))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "wait for what is done takes its turns",
			want: []string{
				"a 1", "b sleeps", "c 1", "b wakes", "turn 1", "turn 2", "main has done a b c pending none",
				"turn 3", "turn 4", "1ms turn 1", "1ms turn 2", "1ms main has done a b c pending none",
				"1ms turn 3", "1ms turn 4", "2ms turn 1", "2ms turn 2", "2ms main has done a b c pending none",
				"2ms turn 3", "2ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := []*task{tr.named(ctx, "a", tr.Steps("a", 1)), tr.named(ctx, "b", tr.failer("b", 0)), tr.named(ctx, "c", tr.Steps("c", 1))}
				tr.Sleep(ctx, 0)
				tr.Sleep(ctx, 0)
				for _, o := range []asyncio.WaitOptions{all, first, failure} {
					tr.Tick(4)
					tr.waits(ctx, "main", ts, o)
					tr.Sleep(ctx, 1)
				}
				retrieve(ts)
				return nil
			},
		},
		{
			name: "wait for the first where one is done",
			want: []string{
				"a 1", "b 1", "c 1", "b 2", "c 2", "turn 1", "b 3", "c 3", "turn 2",
				"main has done a c pending b", "b 4", "turn 3", "b 5", "turn 4", "b 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := []*task{tr.named(ctx, "a", tr.Steps("a", 1)), tr.named(ctx, "b", tr.Steps("b", 6)), tr.named(ctx, "c", tr.Steps("c", 3))}
				tr.Sleep(ctx, 0)
				tr.Tick(4)
				tr.waits(ctx, "main", ts, first)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "who waits is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms turn 1", "10ms p gets cancelled(stop)",
				"10ms turn 2", "10ms main gets cancelled(stop)", "10ms turn 3", "15ms b wakes", "20ms a wakes",
				"30ms c wakes", "30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 20, -15, 30)
				p := tr.spawn(ctx, tr.waiter("p", ts, limit(all, 50)))
				tr.Sleep(ctx, 10)
				tr.Tick(3)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.waits(ctx, "main", ts, all)
				retrieve(ts)
				return nil
			},
		},
		{
			name: "who waits is cancelled when all are done",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms main sees done false false", "10ms a wakes",
				"10ms b wakes", "10ms c wakes", "10ms turn 1", "10ms p gets cancelled(late)", "10ms turn 2",
				"10ms main gets cancelled(late)", "10ms turn 3", "11ms a sleeps", "11ms b sleeps",
				"11ms c sleeps", "21ms a wakes", "21ms b wakes", "21ms c wakes",
				"21ms main sees done true false", "21ms turn 1", "21ms p gets cancelled(late)", "21ms turn 2",
				"21ms main gets cancelled(late)", "21ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 2 {
					ts := tr.three(ctx, 10, 10, 10)
					p := tr.spawn(ctx, tr.waiter("p", ts, all))
					tr.Sleep(ctx, 10)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Tick(3)
					tr.Add("main sees done %t %t", ts[2].Done(), p.Done())
					p.Cancel("late")
					tr.hear(ctx, "main", p.Await)
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "who waits is cancelled in the turn of the timeout",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms p gets cancelled(before)",
				"10ms main gets cancelled(before)", "50ms a wakes", "50ms b wakes", "50ms c wakes",
				"50ms main has done a b c pending none", "50ms a sleeps", "50ms b sleeps", "50ms c sleeps",
				"60ms p gets cancelled(after)", "60ms main gets cancelled(after)", "100ms a wakes",
				"100ms b wakes", "100ms c wakes", "100ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					ts := tr.three(ctx, 50, 50, 50)
					p := tr.spawn(ctx, tr.waiter("p", ts, limit(all, 10)))
					if before {
						tr.later(10, func() { p.Cancel("before") })
					}
					tr.Sleep(ctx, 0)
					if !before {
						tr.later(10, func() { p.Cancel("after") })
					}
					tr.hear(ctx, "main", p.Await)
					tr.waits(ctx, "main", ts, all)
				}
				return nil
			},
		},
		{
			name: "wait for duplicates",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has done a pending b",
				"20ms b wakes", "20ms main has done b a pending none", "30ms c wakes",
				"30ms main has done c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 20, 30)
				a, b, c := ts[0], ts[1], ts[2]
				tr.waits(ctx, "main", []*task{b, a, b, a}, first)
				tr.waits(ctx, "main", []*task{b, a, b, a}, all)
				return tr.waits(ctx, "main", []*task{c}, all)
			},
		},
		{
			name: "two tasks wait for the same",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms p has done a pending b c",
				"20ms b wakes", "30ms c wakes", "30ms q has done b c pending none",
				"30ms main has done a b c p q pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 20, 30)
				p, q := tr.named(ctx, "p", tr.waiter("p", ts, first)), tr.named(ctx, "q", tr.waiter("q", ts[1:], all))
				return tr.waits(ctx, "main", []*task{ts[0], ts[1], ts[2], p, q}, all)
			},
		},
	})
}

// each goes through tasks as they end; slow is how long it takes with each of
// them, and limit how long it takes at most, or zero.
func (tr *trace) each(ctx context.Context, who string, tasks []*task, slow, limit int) error {
	has := func(t *task) {
		tr.Add("%s has %s: %s", who, t.Name(), told(t.Result()))
		if slow > 0 {
			tr.left(who, asyncio.Sleep(ctx, testutil.Millis(slow)))
		}
	}
	if limit == 0 {
		for t := range asyncio.AsCompleted(ctx, tasks) {
			has(t)
		}
	} else {
		for t, err := range asyncio.AsCompletedWithin(ctx, tasks, testutil.Millis(limit)) {
			if err != nil {
				tr.Add("%s gets %s", who, tell(err))
				return err
			}
			has(t)
		}
	}
	tr.Add("%s has all", who)
	return nil
}

func TestOrderOfAsCompleted(t *testing.T) {
	var all asyncio.WaitOptions
	runScenarios(t, []script{
		{
			name: "as completed in the order of the ends",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms main has b: boom b",
				"15ms c gets cancelled(c)", "15ms main has c: cancelled(c)", "30ms a wakes",
				"30ms main has a: a", "30ms main has all",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 30, -10, 20)
				tr.later(15, func() { ts[2].Cancel("c") })
				return tr.each(ctx, "main", ts, 0, 0)
			},
		},
		{
			name: "as completed with ends in one turn",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms b wakes", "10ms c wakes", "10ms main has b: b",
				"10ms main has c: c", "20ms a wakes", "20ms main has a: a", "20ms main has all",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 20, 10, 10)
				return tr.each(ctx, "main", []*task{ts[2], ts[1], ts[0]}, 0, 0)
			},
		},
		{
			name: "as completed of what is done",
			want: []string{
				"a 1", "b 1", "c 1", "b 2", "turn 1", "b 3", "turn 2", "main has a: a", "main has c: c",
				"turn 3", "main has b: b", "main has all", "turn 4", "turn 5", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := []*task{tr.named(ctx, "a", tr.Steps("a", 1)), tr.named(ctx, "b", tr.Steps("b", 3)), tr.named(ctx, "c", tr.Steps("c", 1))}
				tr.Sleep(ctx, 0)
				tr.Tick(6)
				tr.each(ctx, "main", ts, 0, 0)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "as completed of duplicates",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a: a", "20ms b wakes",
				"20ms main has b: b", "30ms c wakes", "30ms main has c: c", "30ms main has all",
				"30ms main has b: b", "30ms main has a: a", "30ms main has all",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 20, 30)
				a, b, c := ts[0], ts[1], ts[2]
				tr.each(ctx, "main", []*task{b, a, b, c, a}, 0, 0)
				return tr.each(ctx, "main", []*task{b, a, b}, 0, 10)
			},
		},
		{
			name: "as completed with a slow body",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a: a", "20ms b wakes",
				"35ms main leaves", "35ms main has b: b", "60ms c wakes", "60ms main leaves",
				"60ms main has c: c", "85ms main leaves", "85ms main has all",
			},
			main: func(ctx context.Context, tr *trace) error {
				return tr.each(ctx, "main", tr.three(ctx, 10, 20, 60), 25, 0)
			},
		},
		{
			name: "as completed runs out of time",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a: a", "20ms c wakes",
				"20ms main has c: boom c", "25ms main gets timeout", "25ms main leaves with timeout",
				"30ms b wakes", "30ms main gets b",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 30, -20)
				tr.left("main", tr.each(ctx, "main", ts, 0, 25))
				tr.hear(ctx, "main", ts[1].Await)
				return nil
			},
		},
		{
			name: "as completed within the time",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a: a", "20ms c wakes",
				"20ms main has c: c", "30ms b wakes", "30ms main has b: b", "30ms main has all",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.each(ctx, "main", tr.three(ctx, 10, 30, 20), 0, 40)
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "as completed runs out of time in a slow body",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a: a", "12ms b wakes",
				"40ms main leaves", "40ms main has b: b", "50ms c wakes", "70ms main leaves",
				"70ms main gets timeout", "70ms main leaves with timeout", "70ms main gets c",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 12, 50)
				tr.left("main", tr.each(ctx, "main", ts, 30, 15))
				tr.hear(ctx, "main", ts[2].Await)
				return nil
			},
		},
		{
			name: "as completed whose timeout comes with an end",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms main gets timeout", "10ms main leaves with timeout",
				"10ms a wakes", "10ms b wakes", "20ms c wakes", "20ms main has done a b c pending none",
				"20ms a sleeps", "20ms b sleeps", "20ms c sleeps", "30ms a wakes", "30ms b wakes",
				"30ms main gets timeout", "30ms main leaves with timeout", "40ms c wakes",
				"40ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 10, 20)
				tr.left("main", tr.each(ctx, "main", ts, 0, 10))
				tr.waits(ctx, "main", ts, all)
				ts = tr.three(ctx, 10, 10, 20)
				tr.Sleep(ctx, 0)
				tr.left("main", tr.each(ctx, "main", ts, 0, 10))
				return tr.waits(ctx, "main", ts, all)
			},
		},
		{
			name: "who iterates as completed is cancelled",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms p has a: a", "20ms turn 1",
				"20ms p gets cancelled(stop)", "20ms turn 2", "20ms main gets cancelled(stop)",
				"20ms p cancelling 1", "20ms turn 3", "30ms b wakes", "40ms c wakes",
				"40ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 30, 40)
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) { return "", tr.each(ctx, "p", ts, 0, 100) })
				tr.Sleep(ctx, 20)
				tr.Tick(3)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Add("p cancelling %d", p.Cancelling())
				return tr.waits(ctx, "main", ts, all)
			},
		},
		{
			name: "as completed is left early",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms main has a", "20ms b wakes",
				"30ms c wakes", "30ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, -20, 30)
				for t := range asyncio.AsCompleted(ctx, ts) {
					tr.Add("main has %s", t.Name())
					break
				}
				tr.waits(ctx, "main", ts, all)
				retrieve(ts)
				return nil
			},
		},
		{
			// In CPython the loop itself raises the cancellation.
			name: "the cancellation comes after the loop over as completed",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms a wakes", "10ms p has a",
				"20ms p is out of the loop", "20ms p gets cancelled(stop)", "20ms p cancelling 1",
				"20ms main gets cancelled(stop)", "30ms b wakes", "40ms c wakes",
				"40ms main has done a b c pending none",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := tr.three(ctx, 10, 30, 40)
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					for t := range asyncio.AsCompleted(ctx, ts) {
						tr.Add("p has %s", t.Name())
					}
					tr.Add("p is out of the loop")
					err := asyncio.Sleep(ctx, testutil.Millis(5))
					tr.Add("p gets %s", tell(err))
					tr.Add("p cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
					return "", err
				})
				tr.Sleep(ctx, 20)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				return tr.waits(ctx, "main", ts, all)
			},
		},
	})
}

func TestOrderOfWaitFor(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "wait for a result in time",
			want: []string{
				"a sleeps", "10ms a wakes", "10ms main gets a", "10ms b sleeps", "20ms b wakes",
				"20ms main gets boom b",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.Sleeper("a", 10)), 20))
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.failer("b", 10)), 20))
				tr.Sleep(ctx, 50)
				return nil
			},
		},
		{
			name: "wait for and its turns",
			want: []string{
				"turn 1", "a 1", "turn 2", "a 2", "turn 3", "main gets a", "turn 4", "b 1", "turn 5",
				"main gets b", "turn 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(6)
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.Steps("a", 2)), 20))
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.Steps("b", 1)), 20))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "wait for a result that is late",
			want: []string{
				"a sleeps", "10ms turn 1", "10ms a gets cancelled", "10ms turn 2", "10ms a is done",
				"10ms main gets timeout", "10ms a cancelled true main cancelling 0", "10ms turn 3",
				"10ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.named(ctx, "a", tr.Sleeper("a", 20))
				tr.watch(a)
				tr.later(10, func() { tr.Tick(4) })
				tr.hear(ctx, "main", limited(a, 10))
				tr.Add("a cancelled %t main cancelling %d", a.Cancelled(), asyncio.CurrentTask(ctx).Cancelling())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a result and the timeout in one turn",
			want: []string{
				"10ms main gets timeout", "10ms f v cancelling 0", "20ms too late", "20ms main gets timeout",
				"20ms f cancelled cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					f := asyncio.NewFuture[string](ctx)
					deliver := func() {
						if f.SetResult("v") != nil {
							tr.Add("too late")
						}
					}
					if before {
						tr.later(10, deliver)
					}
					p := tr.spawn(ctx, limited(f, 10))
					tr.Sleep(ctx, 0)
					if !before {
						tr.later(10, deliver)
					}
					tr.hear(ctx, "main", p.Await)
					tr.Add("f %s cancelling %d", told(f.Result()), p.Cancelling())
				}
				return nil
			},
		},
		{
			name: "a task and the timeout in one turn",
			want: []string{
				"a sleeps", "10ms a gets cancelled", "10ms main gets timeout",
				"10ms cancelled true cancelling 1", "10ms a sleeps", "20ms a gets cancelled",
				"20ms main gets timeout", "20ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					a := tr.spawn(ctx, tr.Sleeper("a", 10))
					if first {
						tr.Sleep(ctx, 0)
					}
					tr.hear(ctx, "main", limited(a, 10))
					tr.Add("cancelled %t cancelling %d", a.Cancelled(), a.Cancelling())
				}
				return nil
			},
		},
		{
			name: "a task is cancelled otherwise in the turn of the timeout",
			want: []string{
				"b awaits", "10ms b gets cancelled(f)", "10ms main gets timeout",
				"10ms b cancelling 1 p cancelled false", "10ms b awaits", "20ms b gets cancelled",
				"20ms main gets timeout", "20ms b cancelling 1 p cancelled false",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					f := asyncio.NewFuture[string](ctx)
					b := tr.spawn(ctx, tr.Wait("b", f))
					tr.Sleep(ctx, 0)
					if first {
						tr.later(10, func() { f.Cancel("f") })
					}
					p := tr.spawn(ctx, limited(b, 10))
					tr.Sleep(ctx, 0)
					if !first {
						tr.later(10, func() { f.Cancel("f") })
					}
					tr.hear(ctx, "main", p.Await)
					tr.Add("b cancelling %d p cancelled %t", b.Cancelling(), p.Cancelled())
				}
				return nil
			},
		},
		{
			name: "wait for nothing that is done",
			want: []string{
				"a 1", "b sleeps", "b wakes", "main gets a", "main gets boom b", "main gets cancelled(c)",
				"main gets a", "turn 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.failer("b", 0)), tr.spawn(ctx, tr.Steps("never", 1))
				c.Cancel("c")
				tr.Sleep(ctx, 0)
				tr.Sleep(ctx, 0)
				tr.Tick(1)
				for _, t := range []*task{a, b, c} {
					tr.hear(ctx, "main", limited(t, 0))
				}
				tr.hear(ctx, "main", limited(a, -5))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "no time for a task that has not started",
			want: []string{
				"turn 1", "turn 2", "turn 3", "main gets timeout", "cancelled true", "turn 4", "1ms turn 1",
				"1ms turn 2", "1ms turn 3", "1ms main gets timeout", "1ms cancelled true", "1ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{0, -1} {
					tr.Tick(4)
					a := tr.spawn(ctx, tr.Steps("never", 1))
					tr.hear(ctx, "main", limited(a, ms))
					tr.Add("cancelled %t", a.Cancelled())
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "no time for a task that has started",
			want: []string{
				"a sleeps", "5ms turn 1", "5ms a gets cancelled", "5ms turn 2", "5ms turn 3",
				"5ms main gets timeout", "5ms cancelled true", "5ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 10))
				tr.Sleep(ctx, 5)
				tr.Tick(4)
				tr.hear(ctx, "main", limited(a, 0))
				tr.Add("cancelled %t", a.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "no time for a task that cleans up",
			want: []string{
				"a sleeps", "5ms a gets cancelled", "15ms a is clean", "15ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.cleaner("a", 100, 10))
				tr.Sleep(ctx, 5)
				tr.hear(ctx, "main", limited(a, 0))
				return nil
			},
		},
		{
			name: "no time for a task that refuses or fails",
			want: []string{
				"b sleeps", "5ms a gets cancelled", "15ms a wakes", "15ms main gets a",
				"15ms b gets cancelled", "15ms main gets boom b",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.napper("a", 100, 10)), tr.spawn(ctx, tr.sour("b", 100))
				tr.Sleep(ctx, 5)
				tr.hear(ctx, "main", limited(a, 0))
				tr.hear(ctx, "main", limited(b, 0))
				return nil
			},
		},
		{
			name: "no time for a future",
			want: []string{
				"turn 1", "turn 2", "main gets timeout", "f cancelled true", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				tr.Tick(3)
				tr.hear(ctx, "main", limited(f, 0))
				tr.Add("f cancelled %t", f.Cancelled())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "cancelled while it waits for a clean up without time",
			want: []string{
				"a sleeps", "5ms p awaits", "5ms a gets cancelled", "15ms turn 1",
				"15ms p gets cancelled(stop)", "15ms turn 2", "15ms main gets cancelled(stop)",
				"15ms a done false cancelling 1", "15ms turn 3", "25ms a is clean", "25ms main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.cleaner("a", 100, 20))
				tr.Sleep(ctx, 5)
				p := tr.spawn(ctx, tr.call("p", limited(a, 0)))
				tr.Sleep(ctx, 10)
				tr.Tick(3)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Add("a done %t cancelling %d", a.Done(), a.Cancelling())
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "the task refuses to end at the deadline",
			want: []string{
				"10ms a gets cancelled", "30ms a wakes", "30ms main gets a", "30ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.napper("a", 100, 20))
				tr.hear(ctx, "main", limited(a, 10))
				tr.Add("main cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
				return nil
			},
		},
		{
			name: "the task fails at the deadline",
			want: []string{
				"a sleeps", "10ms a gets cancelled", "10ms main gets boom a", "10ms b sleeps",
				"20ms b gets cancelled", "25ms b is clean", "25ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.sour("a", 100)), 10))
				tr.hear(ctx, "main", limited(tr.spawn(ctx, tr.cleaner("b", 100, 5)), 10))
				return nil
			},
		},
		{
			name: "who waits for a task is cancelled",
			want: []string{
				"a sleeps", "p awaits", "10ms turn 1", "10ms a gets cancelled(stop)", "10ms turn 2",
				"10ms p gets cancelled(stop)", "10ms turn 3", "10ms main gets cancelled(stop)",
				"10ms p cancelling 1", "10ms turn 4", "10ms p awaits", "20ms turn 1",
				"20ms b gets cancelled(stop)", "20ms turn 2", "20ms turn 3", "20ms turn 4", "25ms b wakes",
				"25ms p gets b", "25ms main gets b", "25ms p cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Sleeper("a", 100)), tr.spawn(ctx, tr.napper("b", 100, 5))
				for _, t := range []*task{a, b} {
					p := tr.spawn(ctx, tr.call("p", limited(t, 50)))
					tr.Sleep(ctx, 10)
					tr.Tick(4)
					p.Cancel("stop")
					tr.hear(ctx, "main", p.Await)
					tr.Add("p cancelling %d", p.Cancelling())
				}
				return nil
			},
		},
		{
			name: "the awaited task is cancelled by another",
			want: []string{
				"a sleeps", "p awaits", "5ms a gets cancelled(a only)", "5ms p gets cancelled(a only)",
				"5ms main gets cancelled(a only)", "5ms p cancelled true cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 100))
				tr.later(5, func() { a.Cancel("a only") })
				p := tr.spawn(ctx, tr.call("p", limited(a, 50)))
				tr.hear(ctx, "main", p.Await)
				tr.Add("p cancelled %t cancelling %d", p.Cancelled(), p.Cancelling())
				return nil
			},
		},
		{
			name: "cancelled in the turn of the deadline",
			want: []string{
				"a sleeps", "p awaits", "10ms a gets cancelled(before)", "10ms p gets cancelled(before)",
				"10ms main gets cancelled(before)", "10ms p cancelled true cancelling 1 a cancelling 2",
				"10ms a sleeps", "10ms p awaits", "20ms a gets cancelled", "20ms p gets cancelled(after)",
				"20ms main gets cancelled(after)", "20ms p cancelled true cancelling 1 a cancelling 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					a := tr.spawn(ctx, tr.Sleeper("a", 100))
					p := tr.spawn(ctx, tr.call("p", limited(a, 10)))
					if before {
						tr.later(10, func() { p.Cancel("before") })
					}
					tr.Sleep(ctx, 0)
					if !before {
						tr.later(10, func() { p.Cancel("after") })
					}
					tr.hear(ctx, "main", p.Await)
					tr.Add("p cancelled %t cancelling %d a cancelling %d", p.Cancelled(), p.Cancelling(), a.Cancelling())
				}
				return nil
			},
		},
		{
			name: "cancelled in the turn of the result",
			want: []string{
				"p awaits", "10ms too late", "10ms p gets cancelled(before)",
				"10ms main gets cancelled(before)", "10ms f cancelled(before)", "10ms p awaits",
				"20ms p gets cancelled(after)", "20ms main gets cancelled(after)", "20ms f v",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					f := asyncio.NewFuture[string](ctx)
					p := tr.spawn(ctx, tr.call("p", limited(f, 20)))
					if before {
						tr.later(10, func() { p.Cancel("before") })
					}
					tr.later(10, func() {
						if f.SetResult("v") != nil {
							tr.Add("too late")
						}
					})
					if !before {
						tr.later(10, func() { p.Cancel("after") })
					}
					tr.hear(ctx, "main", p.Await)
					tr.Add("f %s", told(f.Result()))
				}
				return nil
			},
		},
		{
			name: "wait for within wait for",
			want: []string{
				"a sleeps", "p awaits", "10ms a gets cancelled", "10ms p gets timeout",
				"10ms main gets timeout", "10ms p cancelled false cancelling 0 a 1", "10ms a sleeps",
				"10ms p awaits", "20ms a gets cancelled", "20ms p gets cancelled", "20ms main gets timeout",
				"20ms p cancelled true cancelling 1 a 1", "20ms a sleeps", "20ms p awaits",
				"30ms a gets cancelled", "30ms p gets cancelled", "30ms main gets timeout",
				"30ms p cancelled true cancelling 1 a 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range [][2]int{{10, 20}, {20, 10}, {10, 10}} {
					a := tr.spawn(ctx, tr.Sleeper("a", 50))
					p := tr.spawn(ctx, tr.call("p", limited(a, ms[0])))
					tr.hear(ctx, "main", limited(p, ms[1]))
					tr.Add("p cancelled %t cancelling %d a %d", p.Cancelled(), p.Cancelling(), a.Cancelling())
				}
				return nil
			},
		},
		{
			name: "wait for in a row",
			want: []string{
				"10ms main gets timeout", "20ms main gets timeout", "100ms a wakes", "120ms a gets cancelled",
				"220ms a wakes", "220ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.napper("a", 100, 100, 100))
				tr.hear(ctx, "main", limited(tr.spawn(ctx, shielding(a)), 10))
				tr.hear(ctx, "main", limited(tr.spawn(ctx, shielding(a)), 10))
				tr.hear(ctx, "main", limited(a, 100))
				return nil
			},
		},
	})
}

func TestOrderOfShield(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a shield passes on what comes",
			want: []string{
				"turn 1", "a 1", "turn 2", "turn 3", "main gets a", "turn 4", "b sleeps", "turn 5", "b wakes",
				"turn 6", "turn 7", "main gets boom b", "turn 8", "turn 9",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(9)
				tr.hear(ctx, "main", shielding(tr.spawn(ctx, tr.Steps("a", 1))))
				tr.hear(ctx, "main", shielding(tr.spawn(ctx, tr.failer("b", 0))))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a shield around what is done",
			want: []string{
				"a 1", "b sleeps", "b wakes", "main gets a", "main gets boom b", "main gets cancelled(c)",
				"turn 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b, c := tr.spawn(ctx, tr.Steps("a", 1)), tr.spawn(ctx, tr.failer("b", 0)), tr.spawn(ctx, tr.Steps("never", 1))
				c.Cancel("c")
				tr.Sleep(ctx, 0)
				tr.Sleep(ctx, 0)
				tr.Tick(1)
				for _, t := range []*task{a, b, c} {
					tr.hear(ctx, "main", shielding(t))
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a shield keeps the cancellation away",
			want: []string{
				"a sleeps", "p awaits", "10ms turn 1", "10ms p gets cancelled(stop)", "10ms turn 2",
				"10ms main gets cancelled(stop)", "10ms cancelling p 1 a 0", "10ms turn 3", "20ms a wakes",
				"20ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 20))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.Sleep(ctx, 10)
				tr.Tick(3)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.Add("cancelling p %d a %d", p.Cancelling(), a.Cancelling())
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "what is behind the shield is cancelled",
			want: []string{
				"a sleeps", "p awaits", "10ms turn 1", "10ms a gets cancelled", "10ms turn 2", "10ms turn 3",
				"10ms p gets cancelled", "10ms turn 4", "10ms main gets cancelled",
				"10ms p cancelled true cancelling 0", "10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 20))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				a.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.Add("p cancelled %t cancelling %d", p.Cancelled(), p.Cancelling())
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			// 3.13 says nothing here, 3.14 calls the exception handler: see the guide.
			name: "what was behind the shield fails later",
			want: []string{
				"a sleeps", "p awaits", "10ms p gets cancelled", "10ms main gets cancelled", "20ms a wakes",
				"30ms handler boom a", // at the end: nobody has asked
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.failer("a", 20))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			// 3.14 calls the exception handler, although somebody hears of the error: see the guide.
			name: "what was behind the shield fails and somebody else awaits it",
			want: []string{
				"a sleeps", "q awaits", "p awaits", "10ms p gets cancelled", "10ms main gets cancelled",
				"20ms a wakes", "20ms turn 1", "20ms q gets boom a",
				"20ms main gets boom a", "20ms main gets boom a", "20ms turn 2", "20ms turn 3", "20ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.failer("a", 20))
				q := tr.spawn(ctx, tr.Wait("q", a))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.later(10, func() { tr.Tick(4) })
				tr.hear(ctx, "main", a.Await)
				tr.hear(ctx, "main", q.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			// 3.14 calls the exception handler once, for both: see the guide.
			name: "two shields around one task that fails later",
			want: []string{
				"a sleeps", "p awaits", "q awaits", "r awaits", "10ms p gets cancelled",
				"10ms r gets cancelled", "20ms a wakes", "20ms q gets boom a",
				"20ms main gets boom a", "20ms main gets cancelled", "20ms main gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.failer("a", 20))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				q := tr.spawn(ctx, tr.call("q", shielding(a)))
				r := tr.spawn(ctx, tr.call("r", shielding(a)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				r.Cancel()
				for _, t := range []*task{q, r, p} {
					tr.hear(ctx, "main", t.Await)
				}
				return nil
			},
		},
		{
			name: "what was behind the shield is cancelled later",
			want: []string{
				"a sleeps", "p awaits", "10ms p gets cancelled(p)", "10ms main gets cancelled(p)",
				"20ms a gets cancelled(a)", "20ms main gets cancelled(a)",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 100))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.Sleep(ctx, 10)
				p.Cancel("p")
				tr.hear(ctx, "main", p.Await)
				tr.Sleep(ctx, 10)
				a.Cancel("a")
				tr.hear(ctx, "main", a.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "both sides of a shield are cancelled in one turn",
			want: []string{
				"a sleeps", "p awaits", "10ms turn 1", "10ms a gets cancelled(a)", "10ms p gets cancelled(p)",
				"10ms turn 2", "10ms main gets cancelled(p)", "10ms turn 3", "10ms turn 4", "11ms a sleeps",
				"11ms p awaits", "21ms turn 1", "21ms p gets cancelled(p)", "21ms a gets cancelled(a)",
				"21ms turn 2", "21ms main gets cancelled(p)", "21ms turn 3", "21ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					a := tr.spawn(ctx, tr.Sleeper("a", 100))
					p := tr.spawn(ctx, tr.call("p", shielding(a)))
					tr.Sleep(ctx, 10)
					tr.Tick(4)
					if first {
						a.Cancel("a")
						p.Cancel("p")
					} else {
						p.Cancel("p")
						a.Cancel("a")
					}
					tr.hear(ctx, "main", p.Await)
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "a shield is cancelled when the task is done",
			want: []string{
				"a sleeps", "p awaits", "10ms main sees done false false", "10ms a wakes", "10ms turn 1",
				"10ms p gets cancelled(late)", "10ms turn 2", "10ms main gets cancelled(late)",
				"10ms main gets a", "10ms turn 3", "11ms a sleeps", "11ms p awaits", "21ms a wakes",
				"21ms main sees done true false", "21ms turn 1", "21ms p gets cancelled(late)", "21ms turn 2",
				"21ms main gets cancelled(late)", "21ms main gets a", "21ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 2 {
					a := tr.spawn(ctx, tr.Sleeper("a", 10))
					p := tr.spawn(ctx, tr.call("p", shielding(a)))
					tr.Sleep(ctx, 10)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Tick(3)
					tr.Add("main sees done %t %t", a.Done(), p.Done())
					p.Cancel("late")
					tr.hear(ctx, "main", p.Await)
					tr.hear(ctx, "main", a.Await)
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "a task waits on behind the shield",
			want: []string{
				"a sleeps", "10ms p gets cancelled(1)", "20ms p gets cancelled(2)", "50ms a wakes",
				"50ms p gets a", "50ms main gets p", "50ms cancelling 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 50))
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					for range 3 {
						tr.hear(ctx, "p", shielding(a))
					}
					return "p", nil
				})
				for _, n := range []string{"1", "2"} {
					tr.Sleep(ctx, 10)
					p.Cancel(n)
				}
				tr.hear(ctx, "main", p.Await)
				tr.Add("cancelling %d", p.Cancelling())
				return nil
			},
		},
		{
			name: "a shielded clean up",
			want: []string{
				"p sleeps", "10ms p gets cancelled(one)", "10ms clean up sleeps", "20ms p is cancelled again",
				"30ms clean up wakes", "30ms main gets cancelled(two)",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "p", 100)
					a := tr.spawn(ctx, tr.Sleeper("clean up", 20))
					if _, again := asyncio.Shield(ctx, a); again != nil {
						tr.Add("p is cancelled again")
						a.Await(ctx)
						err = again
					}
					return "", err
				})
				tr.Sleep(ctx, 10)
				p.Cancel("one")
				tr.Sleep(ctx, 10)
				p.Cancel("two")
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
		{
			name: "a shield in a gather",
			want: []string{
				"a sleeps", "b sleeps", "s awaits", "p awaits", "10ms turn 1", "10ms s gets cancelled(stop)",
				"10ms b gets cancelled(stop)", "10ms turn 2", "10ms turn 3", "10ms p gets cancelled(stop)",
				"10ms turn 4", "10ms main gets cancelled(stop)", "10ms turn 5", "30ms a wakes",
				"30ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				a, b := tr.spawn(ctx, tr.Sleeper("a", 30)), tr.spawn(ctx, tr.Sleeper("b", 30))
				s := tr.spawn(ctx, tr.call("s", shielding(a)))
				p := tr.spawn(ctx, tr.call("p", gathering(s, b)))
				tr.Sleep(ctx, 10)
				tr.Tick(5)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "wait for a shield",
			want: []string{
				"a sleeps", "p awaits", "10ms p gets cancelled", "10ms main gets timeout",
				"20ms a gets cancelled", "20ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 20))
				p := tr.spawn(ctx, tr.call("p", shielding(a)))
				tr.hear(ctx, "main", limited(p, 10))
				tr.hear(ctx, "main", limited(a, 10))
				return nil
			},
		},
		{
			name: "a shielded future",
			want: []string{
				"p awaits", "q awaits", "10ms p gets cancelled", "10ms main gets cancelled", "10ms turn 1",
				"10ms turn 2", "10ms q gets v", "10ms turn 3", "10ms main gets v", "10ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				f := asyncio.NewFuture[string](ctx)
				p, q := tr.spawn(ctx, tr.call("p", shielding(f))), tr.spawn(ctx, tr.call("q", shielding(f)))
				tr.Sleep(ctx, 10)
				p.Cancel()
				tr.hear(ctx, "main", p.Await)
				tr.Tick(4)
				f.SetResult("v")
				tr.hear(ctx, "main", q.Await)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}
