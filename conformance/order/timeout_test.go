package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// moment is a time as the traces have it.
func (tr *trace) moment(when time.Time) string {
	if when.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%dms", when.Sub(tr.Start).Milliseconds())
}

// in is the time so many milliseconds from now.
func (tr *trace) in(ms int) time.Time { return tr.Loop.Time().Add(testutil.Millis(ms)) }

// scope adds what is known of a timeout.
func (tr *trace) scope(tm *asyncio.TimeoutScope) {
	words := strings.FieldsFunc(tm.String(), func(r rune) bool { return r < 'a' || r > 'z' })
	state := "unknown"
	for _, w := range words {
		switch w {
		case "active", "expiring", "expired", "finished":
			state = w
		}
	}
	tr.Add("%s expired %t when %s", state, tm.Expired(), tr.moment(tm.When()))
}

// move reschedules, and adds how that went.
func (tr *trace) move(tm *asyncio.TimeoutScope, when time.Time) {
	if err := tm.Reschedule(when); err != nil {
		tr.Add("move refused")
	} else {
		tr.Add("moved to %s", tr.moment(tm.When()))
	}
}

// timeout is a coroutine that is a timeout with a body, and has the name as its
// result.
func timeout(who string, ms int, body func(ctx context.Context, tm *asyncio.TimeoutScope) error) coroutine {
	return func(ctx context.Context) (string, error) { return who, asyncio.Timeout(ctx, testutil.Millis(ms), body) }
}

// body is the body of a timeout that calls a coroutine.
func body(c coroutine) func(context.Context, *asyncio.TimeoutScope) error {
	return func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		_, err := c(ctx)
		return err
	}
}

// kept is body, and tells what timeout it is.
func kept(tm **asyncio.TimeoutScope, c coroutine) func(context.Context, *asyncio.TimeoutScope) error {
	return func(ctx context.Context, scope *asyncio.TimeoutScope) error {
		*tm = scope
		return body(c)(ctx, scope)
	}
}

func TestOrderOfTimeouts(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a timeout expires",
			want: []string{
				"active expired false when 10ms", "body sleeps", "10ms turn 1", "10ms body gets cancelled",
				"10ms expiring expired true when 10ms", "10ms body cancelling 1",
				"10ms main leaves with timeout", "10ms expired expired true when 10ms",
				"10ms main cancelling 0", "10ms turn 2", "10ms turn 3", "15ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.later(10, func() { tr.Tick(3) })
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, scope *asyncio.TimeoutScope) error {
					tm = scope
					tr.scope(tm)
					err := tr.doze(ctx, "body", 100)
					tr.scope(tm)
					tr.cancelling(ctx, "body")
					return err
				}))
				tr.scope(tm)
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "a timeout at a time expires",
			want: []string{
				"5ms body sleeps", "15ms body gets cancelled", "15ms main leaves with timeout",
				"15ms expired expired true when 15ms",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.Sleep(ctx, 5)
				tr.left("main", asyncio.TimeoutAt(ctx, tr.in(10), kept(&tm, tr.Sleeper("body", 100))))
				tr.scope(tm)
				return nil
			},
		},
		{
			name: "a timeout does not expire",
			want: []string{
				"body sleeps", "10ms body wakes", "10ms main leaves", "10ms finished expired false when 20ms",
				"60ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(20), kept(&tm, tr.Sleeper("body", 10))))
				tr.scope(tm)
				tr.Nap(ctx, "main", 50)
				return nil
			},
		},
		{
			name: "a timeout without a deadline",
			want: []string{
				"active expired false when none", "body sleeps", "10ms body wakes", "10ms main leaves",
				"10ms finished expired false when none",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.left("main", asyncio.TimeoutAt(ctx, time.Time{}, func(ctx context.Context, scope *asyncio.TimeoutScope) error {
					tm = scope
					tr.scope(tm)
					return tr.doze(ctx, "body", 10)
				}))
				tr.scope(tm)
				return nil
			},
		},
		{
			name: "a timeout of nothing",
			want: []string{
				"active expired false when 0ms", "body sleeps", "turn 1", "turn 2", "body gets cancelled",
				"main leaves with timeout", "main cancelling 0", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(3)
				tr.left("main", asyncio.Timeout(ctx, 0, func(ctx context.Context, tm *asyncio.TimeoutScope) error {
					tr.scope(tm)
					return tr.doze(ctx, "body", 100)
				}))
				tr.cancelling(ctx, "main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a timeout of nothing and sleep 0",
			want: []string{
				"body sleeps", "turn 1", "body gets cancelled", "main leaves with timeout",
				"main cancelling 0", "turn 2", "turn 3", "1ms body sleeps", "1ms turn 1",
				"1ms body gets cancelled", "1ms main leaves with timeout", "1ms main cancelling 0",
				"1ms turn 2", "1ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{0, -11} {
					tr.Tick(3)
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(ms), body(tr.Sleeper("body", 0))))
					tr.cancelling(ctx, "main")
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "a timeout in the past",
			want: []string{
				"10ms active expired false when 5ms", "10ms body sleeps", "10ms turn 1", "10ms turn 2",
				"10ms body gets cancelled", "10ms main leaves with timeout", "10ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Sleep(ctx, 10)
				tr.Tick(3)
				tr.left("main", asyncio.TimeoutAt(ctx, tr.in(-5), func(ctx context.Context, tm *asyncio.TimeoutScope) error {
					tr.scope(tm)
					return tr.doze(ctx, "body", 100)
				}))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a timeout of nothing around nothing",
			want: []string{
				"body", "body gets v", "active expired false when 0ms", "finished expired false when 0ms",
				"main leaves", "main cancelling 0", "5ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				f := asyncio.NewFuture[string](ctx)
				f.SetResult("v")
				err := asyncio.Timeout(ctx, 0, func(ctx context.Context, scope *asyncio.TimeoutScope) error {
					tm = scope
					tr.Add("body")
					tr.hear(ctx, "body", f.Await)
					tr.scope(tm)
					return nil
				})
				tr.scope(tm)
				tr.left("main", err)
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "the body fails in time",
			want: []string{
				"body sleeps", "5ms body wakes", "5ms main leaves with boom body",
				"5ms finished expired false when 10ms", "5ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, tr.failer("body", 5))))
				tr.scope(tm)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "the body fails when the time is up",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms main leaves with boom body",
				"10ms expired expired true when 10ms", "10ms main cancelling 0", "15ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, tr.sour("body", 100))))
				tr.scope(tm)
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "the body cleans up when the time is up",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "30ms body is clean",
				"30ms main leaves with timeout", "30ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.cleaner("body", 100, 20))))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "the body swallows the timeout",
			want: []string{
				"10ms body gets cancelled", "10ms body cancelling 1", "10ms move refused", "30ms body wakes",
				"30ms expiring expired true when 10ms", "30ms expired expired true when 10ms",
				"30ms move refused", "30ms main leaves", "30ms main cancelling 0", "35ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				err := asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, scope *asyncio.TimeoutScope) error {
					tm = scope
					tr.Nap(ctx, "body", 100)
					tr.cancelling(ctx, "body")
					tr.move(tm, tr.in(40))
					tr.Nap(ctx, "body", 20)
					tr.scope(tm)
					return nil
				})
				tr.scope(tm)
				tr.move(tm, tr.in(20))
				tr.left("main", err)
				tr.cancelling(ctx, "main")
				tr.Nap(ctx, "main", 5)
				return nil
			},
		},
		{
			name: "the end of the body in the turn of the timeout",
			want: []string{
				"body awaits", "10ms body gets cancelled", "10ms main leaves with timeout",
				"10ms expired expired true when 10ms", "10ms main cancelling 0", "15ms main wakes",
				"15ms body awaits", "25ms too late", "25ms body gets cancelled",
				"25ms main leaves with timeout", "25ms expired expired true when 25ms",
				"25ms main cancelling 0", "30ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, first := range []bool{true, false} {
					var tm *asyncio.TimeoutScope
					f := asyncio.NewFuture[string](ctx)
					set := func() {
						if f.SetResult("v") != nil {
							tr.Add("too late")
						}
					}
					if first {
						tr.later(10, set)
					}
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, func(ctx context.Context) (string, error) {
						if !first {
							tr.later(10, set)
						}
						return tr.Wait("body", f)(ctx)
					})))
					tr.scope(tm)
					tr.cancelling(ctx, "main")
					tr.Nap(ctx, "main", 5)
				}
				return nil
			},
		},
		{
			name: "the body awaits a task when the time is up",
			want: []string{
				"body awaits", "a sleeps", "10ms a gets cancelled", "10ms body gets cancelled",
				"10ms main leaves with timeout", "10ms cancelled true cancelling 1", "10ms body awaits",
				"20ms b gets cancelled", "25ms b wakes", "25ms body gets b", "25ms main leaves",
				"25ms cancelled false cancelling 1", "25ms body awaits", "25ms c sleeps",
				"35ms c gets cancelled", "40ms c is clean", "40ms body gets cancelled",
				"40ms main leaves with timeout", "40ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, c := range []coroutine{tr.Sleeper("a", 100), tr.napper("b", 100, 5), tr.cleaner("c", 100, 5)} {
					a := tr.spawn(ctx, c)
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Wait("body", a))))
					tr.state(a)
				}
				return nil
			},
		},
		{
			name: "tasks made in a timeout go on",
			want: []string{
				"body sleeps", "a sleeps", "10ms body gets cancelled", "10ms main leaves with timeout",
				"20ms a wakes", "20ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				var a *task
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(func(ctx context.Context) (string, error) {
					a = tr.spawn(ctx, tr.Sleeper("a", 20))
					return tr.Sleeper("body", 100)(ctx)
				})))
				tr.hear(ctx, "main", a.Await)
				return nil
			},
		},
		{
			name: "a timeout in a task",
			want: []string{
				"body sleeps", "body sleeps", "10ms body gets cancelled", "10ms a leaves with timeout",
				"10ms body gets cancelled", "10ms b leaves with timeout", "10ms main gets a",
				"10ms main gets timeout", "10ms cancelled false false cancelling 0 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					tr.left("a", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper("body", 100))))
					return "a", nil
				})
				b := tr.spawn(ctx, tr.leave("b", timeout("b", 10, body(tr.Sleeper("body", 100)))))
				tr.hear(ctx, "main", a.Await)
				tr.hear(ctx, "main", b.Await)
				tr.Add("cancelled %t %t cancelling %d %d", a.Cancelled(), b.Cancelled(), a.Cancelling(), b.Cancelling())
				return nil
			},
		},
		{
			name: "timeouts in a row",
			want: []string{
				"body 5 sleeps", "5ms body 5 wakes", "5ms main leaves", "5ms main cancelling 0",
				"5ms body 20 sleeps", "15ms body 20 gets cancelled", "15ms main leaves with timeout",
				"15ms main cancelling 0", "15ms body 10 sleeps", "25ms body 10 gets cancelled",
				"25ms main leaves with timeout", "25ms main cancelling 0", "25ms body 15 sleeps",
				"35ms body 15 gets cancelled", "35ms main leaves with timeout", "35ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{5, 20, 10, 15} {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper(fmt.Sprintf("body %d", ms), ms))))
					tr.cancelling(ctx, "main")
				}
				return nil
			},
		},
	})
}

func TestOrderOfTimeoutsAndRequests(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a request from outside in a timeout",
			want: []string{
				"body sleeps", "10ms body gets cancelled(stop)", "10ms p leaves with cancelled(stop)",
				"10ms main gets cancelled(stop)", "10ms finished expired false when 20ms",
				"10ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 20, kept(&tm, tr.Sleeper("body", 100)))))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.scope(tm)
				tr.state(p)
				tr.Sleep(ctx, 20)
				return nil
			},
		},
		{
			name: "a task cancels itself in a timeout",
			want: []string{
				"body sleeps", "body gets cancelled(own)", "p leaves with cancelled(own)",
				"main gets cancelled(own)", "finished expired false when 10ms",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 10, kept(&tm, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("own")
					return tr.Sleeper("body", 100)(ctx)
				}))))
				tr.hear(ctx, "main", p.Await)
				tr.scope(tm)
				return nil
			},
		},
		{
			name: "a request from outside in the turn of the timeout",
			want: []string{
				"body sleeps", "10ms body gets cancelled(before)", "10ms p leaves with cancelled(before)",
				"10ms p cancelling 1", "15ms p wakes", "15ms main gets p",
				"15ms expired expired true when 10ms", "15ms cancelled false cancelling 1", "15ms body sleeps",
				"25ms body gets cancelled", "25ms p leaves with cancelled(after)", "25ms p cancelling 1",
				"30ms p wakes", "30ms main gets p", "30ms expired expired true when 25ms",
				"30ms cancelled false cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					var tm *asyncio.TimeoutScope
					p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
						tr.left("p", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, tr.Sleeper("body", 100))))
						tr.cancelling(ctx, "p")
						return tr.napper("p", 5)(ctx)
					})
					if before {
						tr.later(10, func() { p.Cancel("before") })
					}
					tr.Sleep(ctx, 0)
					if !before {
						tr.later(10, func() { p.Cancel("after") })
					}
					tr.hear(ctx, "main", p.Await)
					tr.scope(tm)
					tr.state(p)
				}
				return nil
			},
		},
		{
			name: "a request from outside during the clean up of a timeout",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms clean up sleeps",
				"20ms clean up gets cancelled(stop)", "20ms p leaves with cancelled(stop)",
				"20ms main gets cancelled(stop)", "20ms expired expired true when 10ms",
				"20ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 10, kept(&tm, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "body", 100)
					if again := tr.doze(ctx, "clean up", 20); again != nil {
						err = again
					}
					return "", err
				}))))
				tr.Sleep(ctx, 20)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.scope(tm)
				tr.state(p)
				return nil
			},
		},
		{
			name: "the time is up during the clean up of a cancellation",
			want: []string{
				"body sleeps", "10ms body gets cancelled(stop)", "10ms clean up sleeps",
				"20ms clean up gets cancelled", "20ms p leaves with cancelled(stop)", "20ms main gets cancelled(stop)",
				"20ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 20, body(func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "body", 100)
					if again := tr.doze(ctx, "clean up", 20); again != nil {
						err = again
					}
					return "", err
				}))))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.state(p)
				return nil
			},
		},
		{
			name: "a request on the turn after the timeout",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms p leaves with timeout", "10ms p cancelling 0",
				"10ms main cancels p", "10ms p gets cancelled(stop)", "15ms p wakes", "15ms body sleeps",
				"25ms body gets cancelled", "25ms p leaves with timeout", "25ms p cancelling 0",
				"25ms main cancels p", "25ms p gets cancelled(stop)", "30ms p wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for turns := range 2 {
					p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
						tr.left("p", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper("body", 100))))
						tr.cancelling(ctx, "p")
						return tr.napper("p", 5, 5)(ctx)
					})
					tr.Sleep(ctx, 0)
					tr.Sleep(ctx, 10)
					for range turns {
						tr.Sleep(ctx, 0)
					}
					tr.Add("main cancels p")
					p.Cancel("stop")
					p.Await(ctx)
				}
				return nil
			},
		},
		{
			name: "a timeout after a request that was swallowed",
			want: []string{
				"p gets cancelled(one)", "p cancelling 1", "body sleeps", "10ms body gets cancelled",
				"10ms p leaves with timeout", "10ms p cancelling 1", "15ms p wakes", "15ms body sleeps",
				"15ms body gets cancelled(two)", "15ms p leaves with cancelled(two)", "15ms p cancelling 2",
				"15ms uncancel 1 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx)
					me.Cancel("one")
					tr.Nap(ctx, "p", 5)
					tr.cancelling(ctx, "p")
					tr.left("p", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper("body", 100))))
					tr.cancelling(ctx, "p")
					tr.Nap(ctx, "p", 5)
					tr.left("p", asyncio.Timeout(ctx, testutil.Millis(10), body(func(ctx context.Context) (string, error) {
						me.Cancel("two")
						return tr.Sleeper("body", 100)(ctx)
					})))
					tr.cancelling(ctx, "p")
					tr.Add("uncancel %d %d", me.Uncancel(), me.Uncancel())
					return "", nil
				})
				p.Await(ctx)
				return nil
			},
		},
		{
			name: "a timeout while a request is pending",
			want: []string{
				"turn 1", "body sleeps", "turn 2", "body gets cancelled(pending)", "p leaves with timeout",
				"p cancelling 1", "turn 3", "turn 4", "5ms p wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel("pending")
					tr.left("p", asyncio.Timeout(ctx, 0, body(tr.Sleeper("body", 100))))
					tr.cancelling(ctx, "p")
					return tr.napper("p", 5)(ctx)
				})
				p.Await(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a request is taken back in a timeout",
			want: []string{
				"uncancel 0", "5ms body wakes", "5ms body gets cancelled(again)", "5ms uncancel 0",
				"5ms body sleeps", "10ms body gets cancelled", "10ms p leaves with timeout",
				"10ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 10, body(func(ctx context.Context) (string, error) {
					me := asyncio.CurrentTask(ctx)
					me.Cancel("pending")
					tr.Add("uncancel %d", me.Uncancel())
					tr.Nap(ctx, "body", 5)
					canceller := tr.spawn(ctx, func(context.Context) (string, error) {
						me.Cancel("again")
						return "", nil
					})
					tr.hear(ctx, "body", canceller.Await)
					tr.Add("uncancel %d", me.Uncancel())
					return tr.Sleeper("body", 100)(ctx)
				}))))
				tr.hear(ctx, "main", p.Await)
				return nil
			},
		},
		{
			name: "the timeout expires and is taken back by the body",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms uncancel 0", "10ms main leaves with timeout",
				"10ms expired expired true when 10ms", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "body", 100)
					tr.Add("uncancel %d", asyncio.CurrentTask(ctx).Uncancel())
					return "", err
				})))
				tr.scope(tm)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
	})
}

// nestedTimeouts adds what comes of a timeout within another. With naps the outer
// body goes on after the inner timeout.
func (tr *trace) nestedTimeouts(ctx context.Context, outer, inner int, c coroutine, naps ...int) {
	var in, out *asyncio.TimeoutScope
	tr.left("outer", asyncio.Timeout(ctx, testutil.Millis(outer), kept(&out, func(ctx context.Context) (string, error) {
		err := tr.left("inner", asyncio.Timeout(ctx, testutil.Millis(inner), kept(&in, c)))
		if len(naps) == 0 {
			return "", err
		}
		return tr.napper("outer", naps...)(ctx)
	})))
	tr.scope(out)
	tr.scope(in)
	tr.cancelling(ctx, "main")
}

func TestOrderOfNestedTimeouts(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "the inner timeout first",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with timeout",
				"10ms outer leaves with timeout", "10ms finished expired false when 20ms",
				"10ms expired expired true when 10ms", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 20, 10, tr.Sleeper("body", 100))
				return nil
			},
		},
		{
			name: "the inner timeout first and then the outer",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with timeout",
				"15ms outer wakes", "20ms outer gets cancelled", "20ms outer leaves",
				"20ms expired expired true when 20ms", "20ms expired expired true when 10ms",
				"20ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 20, 10, tr.Sleeper("body", 100), 5, 100)
				return nil
			},
		},
		{
			name: "the outer timeout first",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with cancelled",
				"10ms outer leaves with timeout", "10ms expired expired true when 10ms",
				"10ms finished expired false when 20ms", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 10, 20, tr.Sleeper("body", 100))
				return nil
			},
		},
		{
			name: "the outer timeout first and then the inner",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "20ms inner leaves with cancelled",
				"20ms outer leaves with timeout", "20ms expired expired true when 10ms",
				"20ms expired expired true when 20ms", "20ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 10, 20, tr.slowCleaner("body", 100, 15))
				return nil
			},
		},
		{
			name: "the inner timeout first and the outer in the clean up",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "20ms inner leaves with cancelled",
				"20ms outer leaves with timeout", "20ms expired expired true when 20ms",
				"20ms expired expired true when 10ms", "20ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 20, 10, tr.slowCleaner("body", 100, 15))
				return nil
			},
		},
		{
			name: "both timeouts in one turn",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with cancelled",
				"10ms outer leaves with timeout", "10ms expired expired true when 10ms",
				"10ms expired expired true when 10ms", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 10, 10, tr.Sleeper("body", 100))
				return nil
			},
		},
		{
			name: "both timeouts in one turn and the inner is swallowed",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with cancelled",
				"15ms outer wakes", "20ms outer wakes", "20ms outer leaves",
				"20ms expired expired true when 10ms", "20ms expired expired true when 10ms",
				"20ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.nestedTimeouts(ctx, 10, 10, tr.Sleeper("body", 100), 5, 5)
				return nil
			},
		},
		{
			name: "both timeouts at once",
			want: []string{
				"body sleeps", "turn 1", "turn 2", "body gets cancelled", "inner leaves with cancelled",
				"outer leaves with timeout", "expired expired true when 0ms", "expired expired true when 0ms",
				"main cancelling 0", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(3)
				tr.nestedTimeouts(ctx, 0, 0, tr.Sleeper("body", 100))
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "both timeouts in one turn the inner before the outer",
			want: []string{
				"moved to 10ms", "body sleeps", "10ms body gets cancelled", "10ms inner leaves with cancelled",
				"10ms outer leaves with timeout", "10ms expired expired true when 10ms",
				"10ms expired expired true when 10ms", "10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				var in, out *asyncio.TimeoutScope
				tr.left("outer", asyncio.Timeout(ctx, testutil.Millis(50), kept(&out, func(ctx context.Context) (string, error) {
					return "", tr.left("inner", asyncio.Timeout(ctx, testutil.Millis(10), kept(&in, func(ctx context.Context) (string, error) {
						tr.move(out, tr.in(10))
						return tr.Sleeper("body", 100)(ctx)
					})))
				})))
				tr.scope(in)
				tr.scope(out)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "three timeouts in one turn",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms timeout 1 leaves with cancelled",
				"10ms timeout 2 leaves with cancelled", "10ms timeout 3 leaves with timeout",
				"10ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				one := tr.leave("timeout 1", timeout("", 10, body(tr.Sleeper("body", 100))))
				two := tr.leave("timeout 2", timeout("", 10, body(one)))
				tr.leave("timeout 3", timeout("", 10, body(two)))(ctx)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "nested timeouts and a request in one turn",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms inner leaves with cancelled",
				"10ms outer leaves with cancelled(stop)", "10ms main gets cancelled(stop)",
				"10ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				inner := tr.leave("inner", timeout("", 10, body(tr.Sleeper("body", 100))))
				p := tr.spawn(ctx, tr.leave("outer", timeout("", 10, body(inner))))
				tr.Sleep(ctx, 0)
				tr.later(10, func() { p.Cancel("stop") })
				tr.hear(ctx, "main", p.Await)
				tr.state(p)
				return nil
			},
		},
		{
			name: "the outer timeout expires before the inner begins",
			want: []string{
				"10ms outer gets cancelled", "10ms outer cancelling 1", "10ms body sleeps",
				"15ms body gets cancelled", "15ms inner leaves with timeout", "15ms outer cancelling 1",
				"15ms outer leaves", "15ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("outer", asyncio.Timeout(ctx, testutil.Millis(10), body(func(ctx context.Context) (string, error) {
					tr.Nap(ctx, "outer", 100)
					tr.cancelling(ctx, "outer")
					tr.left("inner", asyncio.Timeout(ctx, testutil.Millis(5), body(tr.Sleeper("body", 100))))
					tr.cancelling(ctx, "outer")
					return "", nil
				})))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "a timeout in the clean up of a timeout",
			want: []string{
				"body sleeps", "10ms body gets cancelled", "10ms body cancelling 1", "10ms clean up sleeps",
				"20ms clean up gets cancelled", "20ms inner leaves with timeout", "20ms body cancelling 1",
				"20ms outer leaves with timeout", "20ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("outer", asyncio.Timeout(ctx, testutil.Millis(10), body(func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "body", 100)
					tr.cancelling(ctx, "body")
					tr.left("inner", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper("clean up", 100))))
					tr.cancelling(ctx, "body")
					return "", err
				})))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "a timeout in the clean up of a cancelled task",
			want: []string{
				"p sleeps", "10ms p gets cancelled(stop)", "10ms p cancelling 1", "10ms clean up sleeps",
				"20ms clean up gets cancelled", "20ms timeout leaves with timeout", "20ms p cancelling 1",
				"20ms p sleeps", "25ms p wakes", "25ms main gets cancelled(stop)",
				"25ms cancelled true cancelling 1",
			},
			main: func(ctx context.Context, tr *trace) error {
				p := tr.spawn(ctx, func(ctx context.Context) (string, error) {
					err := tr.doze(ctx, "p", 100)
					tr.cancelling(ctx, "p")
					tr.left("timeout", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.Sleeper("clean up", 100))))
					tr.cancelling(ctx, "p")
					tr.Sleeper("p", 5)(ctx)
					return "", err
				})
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.state(p)
				return nil
			},
		},
	})
}

// slowCleaner is cleaner, but for its clean-up to end when that is cancelled too.
func (tr *trace) slowCleaner(who string, ms, clean int) coroutine {
	return func(ctx context.Context) (string, error) {
		err := tr.doze(ctx, who, ms)
		if err == nil {
			return who, nil
		}
		if again := asyncio.Sleep(ctx, testutil.Millis(clean)); again != nil {
			return "", again
		}
		tr.Add("%s is clean", who)
		return "", err
	}
}

func TestOrderOfRescheduling(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a timeout is moved",
			want: []string{
				"moved to 20ms", "body sleeps", "20ms body gets cancelled", "20ms main leaves with timeout",
				"20ms main cancelling 0", "20ms moved to 30ms", "20ms body sleeps", "30ms body gets cancelled",
				"30ms main leaves with timeout", "30ms main cancelling 0", "30ms moved to none",
				"30ms body sleeps", "60ms body wakes", "60ms main leaves", "60ms main cancelling 0",
				"60ms moved to 70ms", "60ms body sleeps", "70ms body gets cancelled",
				"70ms main leaves with timeout", "70ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				at := func(ms int) time.Time {
					if ms == 0 {
						return time.Time{}
					}
					return tr.in(ms)
				}
				for _, ms := range [][2]int{{10, 20}, {20, 10}, {10, 0}, {0, 10}} {
					tr.left("main", asyncio.TimeoutAt(ctx, at(ms[0]), func(ctx context.Context, tm *asyncio.TimeoutScope) error {
						tr.move(tm, at(ms[1]))
						return tr.doze(ctx, "body", 30)
					}))
					tr.cancelling(ctx, "main")
				}
				return nil
			},
		},
		{
			name: "a timeout is moved to now and to the past",
			want: []string{
				"5ms body wakes", "5ms moved to 5ms", "5ms body sleeps", "5ms turn 1",
				"5ms body gets cancelled", "5ms main leaves with timeout", "5ms main cancelling 0",
				"5ms turn 2", "5ms turn 3", "11ms body wakes", "11ms moved to 6ms", "11ms body sleeps",
				"11ms turn 1", "11ms body gets cancelled", "11ms main leaves with timeout",
				"11ms main cancelling 0", "11ms turn 2", "11ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{0, -5} {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, tm *asyncio.TimeoutScope) error {
						tr.Nap(ctx, "body", 5)
						tr.Tick(3)
						tr.move(tm, tr.in(ms))
						if err := tr.doze(ctx, "body", 0); err != nil {
							return err
						}
						tr.Add("never")
						return nil
					}))
					tr.cancelling(ctx, "main")
					tr.Sleep(ctx, 1)
				}
				return nil
			},
		},
		{
			name: "a timeout is moved to now and away",
			want: []string{
				"moved to 0ms", "moved to 20ms", "15ms body wakes", "15ms moved to none", "30ms body wakes",
				"30ms moved to 35ms", "35ms body gets cancelled", "35ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				return tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, tm *asyncio.TimeoutScope) error {
					tr.move(tm, tr.in(0))
					tr.move(tm, tr.in(20))
					tr.Nap(ctx, "body", 15)
					tr.move(tm, time.Time{})
					tr.Nap(ctx, "body", 15)
					tr.move(tm, tr.in(5))
					tr.Nap(ctx, "body", 15)
					return nil
				}))
			},
		},
		{
			name: "a timeout is moved in the turn in which it is due",
			want: []string{
				"body sleeps", "10ms moved to 30ms", "30ms body gets cancelled",
				"30ms main leaves with timeout", "30ms body sleeps", "40ms move refused",
				"40ms body gets cancelled", "40ms main leaves with timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, before := range []bool{true, false} {
					var tm *asyncio.TimeoutScope
					to := tr.in(30)
					late := func() { tr.move(tm, to) }
					if before {
						tr.later(10, late)
					}
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, func(ctx context.Context) (string, error) {
						if !before {
							tr.later(10, late)
						}
						return tr.Sleeper("body", 100)(ctx)
					})))
				}
				return nil
			},
		},
		{
			name: "a timeout is moved by another task",
			want: []string{
				"body sleeps", "5ms moved to 15ms", "10ms moved to 20ms", "15ms moved to 25ms",
				"20ms moved to 30ms", "30ms body gets cancelled", "30ms p leaves with timeout",
				"30ms main gets timeout", "30ms move refused",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 10, kept(&tm, tr.Sleeper("body", 30)))))
				for range 4 {
					tr.Sleep(ctx, 5)
					tr.move(tm, tr.in(10))
				}
				tr.hear(ctx, "main", p.Await)
				tr.move(tm, tr.in(70))
				return nil
			},
		},
		{
			name: "a timeout that has ended does not move",
			want: []string{
				"body sleeps", "5ms body wakes", "5ms main leaves", "5ms move refused",
				"5ms finished expired false when 10ms", "5ms body sleeps", "15ms body gets cancelled",
				"15ms main leaves with timeout", "15ms move refused", "15ms expired expired true when 15ms",
				"115ms main wakes",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range []int{5, 20} {
					var tm *asyncio.TimeoutScope
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), kept(&tm, tr.Sleeper("body", ms))))
					tr.move(tm, tr.in(50))
					tr.scope(tm)
				}
				tr.Nap(ctx, "main", 100)
				return nil
			},
		},
		{
			name: "a timeout without a deadline and a request",
			want: []string{
				"moved to 60ms", "moved to none", "body sleeps", "10ms body gets cancelled(stop)",
				"10ms p leaves with cancelled(stop)", "10ms main gets cancelled(stop)",
				"10ms finished expired false when none",
			},
			main: func(ctx context.Context, tr *trace) error {
				var tm *asyncio.TimeoutScope
				p := tr.spawn(ctx, tr.leave("p", timeout("p", 50, kept(&tm, func(ctx context.Context) (string, error) {
					tr.move(tm, tr.in(60))
					tr.move(tm, time.Time{})
					return tr.Sleeper("body", 100)(ctx)
				}))))
				tr.Sleep(ctx, 10)
				p.Cancel("stop")
				tr.hear(ctx, "main", p.Await)
				tr.scope(tm)
				return nil
			},
		},
	})
}

func TestOrderOfTimeoutsAroundOthers(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a timeout around a gather",
			want: []string{
				"a sleeps", "b sleeps", "5ms a wakes", "10ms b gets cancelled",
				"10ms main leaves with timeout", "10ms main cancelling 0", "10ms d sleeps", "15ms d wakes",
				"20ms c gets cancelled", "25ms c wakes", "25ms main leaves with timeout",
				"25ms main cancelling 0", "25ms e sleeps", "25ms f sleeps", "35ms e gets cancelled",
				"35ms f gets cancelled", "35ms main leaves with boom e", "35ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, cs := range [][2]coroutine{
					{tr.Sleeper("a", 5), tr.Sleeper("b", 100)},
					{tr.napper("c", 100, 5), tr.Sleeper("d", 5)},
					{tr.sour("e", 100), tr.Sleeper("f", 100)},
				} {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(func(ctx context.Context) (string, error) {
						v, err := gathering(tr.spawn(ctx, cs[0]), tr.spawn(ctx, cs[1]))(ctx)
						if err == nil {
							tr.Add("body gets %s", v)
						}
						return v, err
					})))
					tr.cancelling(ctx, "main")
				}
				return nil
			},
		},
		{
			name: "a timeout around a shield",
			want: []string{
				"body awaits", "a sleeps", "10ms body gets cancelled", "10ms main leaves with timeout",
				"10ms body awaits", "15ms a wakes", "15ms body gets a", "15ms main leaves",
				"15ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				a := tr.spawn(ctx, tr.Sleeper("a", 15))
				for range 2 {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(tr.call("body", shielding(a)))))
				}
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "a timeout around a wait",
			want: []string{
				"a sleeps", "b sleeps", "5ms b wakes", "10ms main leaves with timeout", "15ms a wakes",
				"15ms body has a b", "15ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				ts := []*task{tr.named(ctx, "a", tr.Sleeper("a", 15)), tr.named(ctx, "b", tr.Sleeper("b", 5))}
				for range 2 {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
						done, _, err := asyncio.Wait(ctx, ts, asyncio.WaitOptions{})
						if err == nil {
							tr.Add("body has %s", names(done))
						}
						return err
					}))
				}
				return nil
			},
		},
		{
			name: "a timeout around wait for",
			want: []string{
				"body awaits", "a sleeps", "10ms a gets cancelled", "10ms body gets cancelled",
				"10ms main leaves with timeout", "10ms main cancelling 0", "10ms body awaits", "10ms a sleeps",
				"20ms a gets cancelled", "20ms body gets timeout", "20ms main leaves with timeout",
				"20ms main cancelling 0", "20ms body awaits", "20ms a sleeps", "30ms a gets cancelled",
				"30ms body gets cancelled", "30ms main leaves with timeout", "30ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				for _, ms := range [][2]int{{10, 20}, {20, 10}, {10, 10}} {
					tr.left("main", asyncio.Timeout(ctx, testutil.Millis(ms[0]), body(func(ctx context.Context) (string, error) {
						return tr.call("body", func(ctx context.Context) (string, error) {
							return asyncio.WaitFor(ctx, tr.spawn(ctx, tr.Sleeper("a", 50)), testutil.Millis(ms[1]))
						})(ctx)
					})))
					tr.cancelling(ctx, "main")
				}
				return nil
			},
		},
		{
			name: "a timeout around a group that ends in time",
			want: []string{
				"a sleeps", "b sleeps", "10ms a wakes", "20ms b wakes", "20ms main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(30), body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 10))
					tr.spawn(tg, tr.Sleeper("b", 20))
					return nil
				}))))
				tr.Sleep(ctx, 30)
				return nil
			},
		},
		{
			name: "a timeout around a group that waits",
			want: []string{
				"a sleeps", "b sleeps", "5ms a wakes", "10ms turn 1", "10ms turn 2", "10ms b gets cancelled",
				"10ms turn 3", "10ms turn 4", "10ms main leaves with timeout", "10ms main cancelling 0",
				"10ms turn 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.later(10, func() { tr.Tick(5) })
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("a", 5))
					tr.spawn(tg, tr.Sleeper("b", 20))
					return nil
				}))))
				tr.cancelling(ctx, "main")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a timeout that a child swallows",
			want: []string{
				"body ends", "10ms a gets cancelled", "15ms a wakes", "15ms main leaves with timeout",
				"15ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.left("main", asyncio.Timeout(ctx, testutil.Millis(10), body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.napper("a", 100, 5))
					tr.Add("body ends")
					return nil
				}))))
				tr.cancelling(ctx, "main")
				return nil
			},
		},
		{
			name: "groups and timeouts by turns",
			want: []string{
				"a sleeps", "b sleeps", "c sleeps", "10ms c gets cancelled", "10ms three leaves with timeout",
				"10ms b gets cancelled", "15ms b is clean", "15ms two leaves with group(timeout)",
				"15ms a gets cancelled", "25ms a is clean", "25ms one leaves with group(group(timeout))",
				"25ms main cancelling 0",
			},
			main: func(ctx context.Context, tr *trace) error {
				three := tr.leave("three", timeout("", 10, body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, tr.Sleeper("c", 100))
					return nil
				}))))
				two := tr.leave("two", timeout("", 30, body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, three)
					tr.spawn(tg, tr.cleaner("b", 100, 5))
					return nil
				}))))
				tr.leave("one", timeout("", 20, body(group("", func(tg *asyncio.TaskGroup) error {
					tr.spawn(tg, two)
					tr.spawn(tg, tr.cleaner("a", 100, 10))
					return nil
				}))))(ctx)
				tr.cancelling(ctx, "main")
				return nil
			},
		},
	})
}

// What CPython shows by the chain of its errors.
func TestTimeoutReplacesTheCancellation(t *testing.T) {
	var seen, out error
	testutil.Succeed(t, func(ctx context.Context) error {
		out = asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			seen = asyncio.Sleep(ctx, testutil.Millis(100))
			return fmt.Errorf("wrapped: %w", seen)
		})
		return nil
	})
	var cancelled, replaced *asyncio.CancelledError
	if !errors.As(seen, &cancelled) || !errors.Is(seen, asyncio.ErrCancelled) {
		t.Errorf("the body got %v", seen)
	}
	for _, target := range []error{asyncio.ErrTimeout, context.DeadlineExceeded} {
		testutil.ExpectIs(t, "the timeout", out, target)
	}
	if errors.Is(out, asyncio.ErrCancelled) || errors.Is(out, context.Canceled) {
		t.Errorf("the timeout is a cancellation: %v", out)
	}
	if !errors.As(out, &replaced) || replaced != cancelled {
		t.Errorf("the timeout replaces %v, want %v", replaced, cancelled)
	}
}
