// What is printed of tasks, contexts and loops: their text, their stacks, and the lines of
// users' code in a report. To print shows nothing of the insides, and races with nothing.
package printed_test

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// printables returns one of everything that has state inside, made in a task, and
// contexts derived from those that are contexts.
func printables(ctx, window context.Context, tg *asyncio.TaskGroup, tm *asyncio.TimeoutScope) []any {
	l := asyncio.RunningLoop(ctx)
	type key struct{}
	var all []any
	scope, cancel := asyncio.WithCancel(ctx)
	timed, stop := asyncio.WithTimeout(ctx, time.Hour)
	l.CallSoon(func() { cancel(); stop() })
	for _, c := range []context.Context{ctx, tg, window, scope, timed, l.Context()} {
		std, cancel := context.WithCancel(c)
		l.CallSoon(cancel)
		all = append(all, c, context.WithValue(c, key{}, 1), std)
	}
	return append(all, l, &asyncio.Runner{}, tg, tm, asyncio.CurrentTask(ctx), asyncio.NewFuture[int](ctx), l.CallLater(time.Hour, func() {}),
		&asyncio.Lock{}, &asyncio.RWLock{}, &asyncio.Event{}, asyncio.NewCondition(nil), asyncio.NewSemaphore(1), asyncio.NewBoundedSemaphore(1),
		asyncio.NewBarrier(2), asyncio.NewQueue[int](1), asyncio.NewLifoQueue[int](1),
		asyncio.NewPriorityQueue(1, func(a, b int) bool { return a < b }))
}

// work has a task do what changes the insides of what is printed.
func work(ctx context.Context, tg *asyncio.TaskGroup, all []any) error {
	for i := range 20 {
		for _, x := range all {
			switch x := x.(type) {
			case *asyncio.Lock:
				if err := x.With(ctx, func() error { return asyncio.Sleep(ctx, 0) }); err != nil {
					return err
				}
			case *asyncio.Queue[int]:
				if err := x.Put(ctx, i); err != nil {
					return err
				}
				_, _ = x.GetNoWait()
			}
		}
		asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
			asyncio.CurrentTask(ctx).SetName(fmt.Sprint("named ", i))
			return asyncio.Sleep(ctx, time.Microsecond)
		}))
		if err := asyncio.Sleep(ctx, time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}

// Whatever of the library is printed, with whichever verb, by any goroutine while loops
// run, races with nothing (under -race) and shows nothing of what is inside.
func TestPrintingShowsNothingInsideAndRacesWithNothing(t *testing.T) {
	inside := regexp.MustCompile(`0x[0-9a-f]{6}|engine\.|sync\.|atomic|\{\{|waiters:\(`)
	var printing sync.WaitGroup
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tm := asyncio.NewTimeout(time.Hour)
			return tm.Do(ctx, func(window context.Context) error {
				all := printables(ctx, window, tg, tm)
				for _, x := range all {
					for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
						text := fmt.Sprintf(verb, x)
						if verb == "%#v" && strings.HasPrefix(fmt.Sprintf("%T", x), "*context.") {
							continue // the standard library's affair
						}
						if inside.MatchString(text) || text == "" || len(text) > 300 {
							t.Errorf("%T with %s: %s", x, verb, text)
						}
					}
				}
				stop := make(chan asyncio.None)
				defer printing.Wait()
				defer close(stop)
				for range 2 {
					printing.Go(func() {
						log := slog.New(slog.NewTextHandler(&strings.Builder{}, nil))
						for {
							for _, x := range all {
								_ = fmt.Sprintf("%v %+v %s", x, x, x)
								if !strings.HasPrefix(fmt.Sprintf("%T", x), "*context.") {
									_ = fmt.Sprintf("%#v", x)
								}
								log.Info("x", "x", x)
							}
							select {
							case <-stop:
								return
							default:
							}
						}
					})
				}
				return work(ctx, tg, all)
			})
		})
	}))
	if err != nil {
		t.Error(err)
	}
}

// A context is named after its task, and a derived one after what it was derived from.
func TestContextsAreNamed(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).SetName("main")
		scope, cancel := asyncio.WithCancel(ctx)
		defer cancel()
		inner, cancel := context.WithCancel(scope)
		defer cancel()
		timed, cancel := asyncio.WithTimeout(inner, time.Hour)
		defer cancel()
		window := ""
		if err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
			window = fmt.Sprint(ctx)
			return nil
		}); err != nil {
			return err
		}
		shield := ""
		if err := asyncio.WithShield(ctx, time.Hour, func(ctx context.Context) error {
			shield = fmt.Sprintf("%v %#v", ctx, ctx)
			return nil
		}); err != nil {
			return err
		}
		until := asyncio.RunningLoop(ctx).Time().Add(time.Hour).Format(time.RFC3339Nano)
		testutil.ExpectLines(t, []string{
			fmt.Sprint(ctx), fmt.Sprint(scope), fmt.Sprint(inner), fmt.Sprint(timed), window, shield,
			fmt.Sprint(asyncio.RunningLoop(ctx).Context()),
		},
			"asyncio.Task(main)",
			"asyncio.Task(main).WithCancel",
			"asyncio.Task(main).WithCancel.WithCancel",
			"asyncio.Task(main).WithTimeout("+until+")",
			"asyncio.Task(main).Timeout("+until+")",
			"asyncio.Task(main).WithShield asyncio.Task(main).WithShield",
			"asyncio.Loop")
		return nil
	})
}

// What a waiting task waits for stands in its String.
func TestStringSaysWhatATaskWaitsFor(t *testing.T) {
	var lock asyncio.Lock
	testutil.Succeed(t, func(ctx context.Context) error {
		var f *asyncio.Future[int] // another for each, since a cancellation ends it
		q := asyncio.NewQueue[int](0)
		if err := lock.Acquire(ctx); err != nil {
			return err
		}
		sleeper := func() *asyncio.Task[int] {
			return asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 0), asyncio.WithName("sleeper"))
		}
		never := asyncio.Void(func(ctx context.Context) error { _, err := f.Await(ctx); return err })
		for _, x := range []struct {
			f    func(ctx context.Context) error
			want string
		}{
			{func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) }, "<Sleep until=2000-01-01T01:00:00"},
			{func(ctx context.Context) error { _, err := f.Await(ctx); return err }, "<Future pending>"},
			{func(ctx context.Context) error { _, err := sleeper().Await(ctx); return err }, "<Task pending name=sleeper>"},
			{lock.Acquire, "<Lock.Acquire of <Lock [locked, waiters:1]>>"},
			{func(ctx context.Context) error { _, err := q.Get(ctx); return err }, "<Queue.Get of <Queue maxsize=0 items=0 getters=1>>"},
			{func(ctx context.Context) error { _, err := asyncio.Gather(ctx, f); return err }, "<Gather>"},
			{func(ctx context.Context) error {
				_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{f}, asyncio.WaitOptions{})
				return err
			}, "<Wait>"},
			{func(ctx context.Context) error { _, err := asyncio.Shield(ctx, f); return err }, "<Shield>"},
			{func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, never)
					return nil
				})
			}, "<TaskGroup>"},
		} {
			for _, create := range []func() *asyncio.Task[asyncio.None]{
				func() *asyncio.Task[asyncio.None] { return asyncio.CreateTask(ctx, asyncio.Void(x.f)) },
				func() *asyncio.Task[asyncio.None] { return asyncio.Go(ctx, asyncio.Void(x.f)) },
			} {
				f = asyncio.NewFuture[int](ctx)
				task := create()
				for n := 0; !strings.Contains(task.String(), "wait_for="); n++ {
					if n == 1000 {
						return fmt.Errorf("%v, want %s", task, x.want)
					}
					if err := asyncio.Sleep(ctx, time.Nanosecond); err != nil {
						return err
					}
				}
				if s := task.String(); !strings.Contains(s, " wait_for="+x.want) || !strings.HasSuffix(s, ">>") {
					t.Errorf("%s, want %s", s, x.want)
				}
				task.Cancel()
				_, _ = task.Await(ctx)
			}
		}
		if s := fmt.Sprint(asyncio.CurrentTask(ctx)); strings.Contains(s, "wait_for") {
			t.Errorf("the running task: %s", s)
		}
		lock.Release()
		return testutil.EndAll(ctx)
	})
}

// String never waits: from outside it shows what a task waits for while the loop has
// time, and while nobody runs it, and leaves it out while the loop is stuck.
func TestStringDoesNotWaitForTheLoop(t *testing.T) {
	var r testutil.Reports
	l := asyncio.NewLoop(r.Option())
	task := asyncio.CreateTask(l.Context(), asyncio.Delay(time.Hour, 0))
	if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(0, 0))); err != nil {
		t.Fatal(err)
	}
	if s := task.String(); !strings.Contains(s, "wait_for=<Sleep until=") {
		t.Errorf("while nobody runs the loop: %s", s)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
	})
	testutil.Until(t, "the loop sleeps", func() bool { return strings.Contains(task.String(), "wait_for=<Sleep until=") })
	stuck, free := make(chan asyncio.None), make(chan asyncio.None)
	l.CallSoon(func() { close(stuck); <-free })
	testutil.Wait(t, stuck)
	if s := task.String(); strings.Contains(s, "wait_for") || !strings.Contains(s, "pending") {
		t.Errorf("while the loop is stuck: %s", s)
	}
	testutil.Within(t, func() { // were it to ask each time, this would take long
		for range 1000 {
			_ = task.String()
		}
	})
	close(free)
	l.Stop()
	running.Wait()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r.Expect(t, "destroyed")
}

func TestTextOfATaskThatIsCancelled(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		expect := func(a fmt.Stringer, state string) {
			t.Helper()
			if !strings.HasPrefix(a.String(), "<Task "+state+" name=") {
				t.Errorf("%v, want %s", a, state)
			}
		}
		refuses := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			self := asyncio.CurrentTask(ctx)
			testutil.Forever(ctx)
			expect(self.(fmt.Stringer), "cancelling") // until it takes that back
			self.Uncancel()
			expect(self.(fmt.Stringer), "pending")
			self.Cancel()
			testutil.Forever(ctx)
			return nil
		}))
		asyncio.Sleep(ctx, 0)
		expect(refuses, "pending")
		refuses.Cancel()
		expect(refuses, "cancelling")
		if _, err := refuses.Await(ctx); err != nil {
			return err
		}
		expect(refuses, "finished") // with a request that was not taken back
		if refuses.Cancelling() != 1 {
			t.Error(refuses.Cancelling())
		}
		return nil
	})
}
