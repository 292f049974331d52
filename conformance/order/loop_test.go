package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// These drive a loop themselves, and stop it; a program of the scenario language is one run.
// Their traces are CPython's too.
func TestOrderOfLoopRuns(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "stop lets the turn finish",
			Want: []string{
				"before", "stopper", "after", "stopped", "next run", "next run too", "stopped again",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
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
			Name: "stop before the run lets one turn run",
			Want: []string{
				"first turn", "timer due", "stopped", "second turn", "stopped again", "5ms timer",
				"10ms stopped at last",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
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
			Name: "stop from a task and go on",
			Want: []string{
				"a 1", "b 1", "stopped", "a 2", "b 2", "b 3", "10ms a 3", "10ms stopped, a is a",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
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
			Name: "run until complete stopped before done",
			Want: []string{
				"5ms same turn", "5ms stopped before done", "9ms f is late",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
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
			Name: "run until complete ends with the turn of its callback",
			Want: []string{
				"5ms callback 1", "5ms callback 2", "5ms same turn as the end", "5ms ended", "5ms next run",
				"5ms ended at once",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
				f := asyncio.NewFuture[string](l.Context())
				f.AddDoneCallback(func(*asyncio.Future[string]) { tr.Add("callback 1") })
				l.CallLater(testutil.Millis(5), func() {
					f.SetResult("f")
					l.CallSoon(tr.Say("same turn as the end"))
					l.CallSoon(func() { l.CallSoon(tr.Say("next run")) })
				})
				l.CallSoon(func() { f.AddDoneCallback(func(*asyncio.Future[string]) { tr.Add("callback 2") }) })
				l.RunUntilComplete(f)
				tr.Add("ended")
				l.RunUntilComplete(f)
				tr.Add("ended at once")
			},
		},
		{
			Name: "run until complete twice with a task that goes on",
			Want: []string{
				"background sleeps", "first sleeps", "5ms first wakes", "5ms between", "5ms second sleeps",
				"7ms second wakes", "7ms between", "10ms background wakes", "10ms end",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
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
			Name: "run until complete of a failed task",
			Want: []string{
				"1ms callback", "1ms ended with boom",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
				a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
					tr.Sleep(ctx, 1)
					return "", errors.New("boom")
				})
				a.AddDoneCallback(func(*asyncio.Task[string]) { tr.Add("callback") })
				tr.Add("ended with %s", testutil.Show(l.RunUntilComplete(a)))
			},
		},
		{
			Name: "tasks made before the run",
			Want: []string{
				"nothing has run", "soon", "a 1", "b awaits", "a 2", "b gets a", "b is a",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
				l.CallSoon(tr.Say("soon"))
				a := asyncio.CreateTask(l.Context(), tr.Steps("a", 2))
				b := asyncio.CreateTask(l.Context(), tr.Wait("b", a))
				tr.Add("nothing has run")
				l.RunUntilComplete(b)
				tr.Add("b is %s", testutil.Outcome(b.Result()))
			},
		},
		{
			Name: "an eager task made before the run",
			Want: []string{
				"nothing has run, done false", "a 1", "a 2", "a is a",
			},
			Loop: func(l *asyncio.Loop, tr *testutil.Trace) {
				a := asyncio.CreateTask(l.Context(), tr.Steps("a", 2), asyncio.Eager())
				tr.Add("nothing has run, done %t", a.Done())
				l.RunUntilComplete(a)
				tr.Add("a is %s", testutil.Outcome(a.Result()))
			},
		},
	})
}
