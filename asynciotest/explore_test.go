package asynciotest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

var strategies = []asynciotest.Strategy{
	asynciotest.Mixed, asynciotest.Random, asynciotest.PCT, asynciotest.Delay, asynciotest.Exhaustive,
}

func TestEveryStrategyFindsALostUpdate(t *testing.T) {
	pass(t, asynciotest.Check(lostUpdate))
	for _, s := range strategies {
		for seed := range uint64(20) {
			r := asynciotest.Search(asynciotest.Options{Strategy: s, Seed: seed}, lostUpdate)
			expect(t, r.Failure, asynciotest.Error, "total is 1, want 2")
			if r.Failure.Departures != 2 {
				t.Errorf("%v, seed %d: %d departures, want 2\n%s", s, seed, r.Failure.Departures, r.Failure.Story)
			}
		}
	}
}

func TestTheSameSeedTakesTheSameSchedules(t *testing.T) {
	for _, s := range strategies {
		var all []string
		for range 2 {
			r := asynciotest.Search(asynciotest.Options{Strategy: s, Seed: 7}, lostUpdate)
			all = append(all, fmt.Sprint(r.Schedules, r.Distinct, r.Steps, r.Failure.Schedule))
		}
		if all[0] != all[1] {
			t.Errorf("%v: %s, then %s", s, all[0], all[1])
		}
	}
}

// orders collects the traces that a program has under all its schedules.
// With parallel set the loop's own order is a matter of chance.
func orders(t *testing.T, parallel bool, program func(ctx context.Context, event func(string)) error) map[string]int {
	t.Helper()
	all := map[string]int{}
	first := ""
	r := asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Exhaustive}, func(ctx context.Context) error {
		var events []string
		err := program(ctx, func(e string) { events = append(events, e) })
		trace := strings.Join(events, " ")
		if all[trace]++; first == "" {
			first = trace
		}
		return err
	})
	pass(t, r.Failure)
	if !r.Complete {
		t.Fatalf("%d schedules were not all", r.Schedules)
	}
	plain := ""
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return program(ctx, func(e string) { plain = strings.TrimPrefix(plain+" "+e, " ") })
	}), asyncio.WithVirtualClock())
	if err != nil || plain != first && !parallel {
		t.Errorf("the first schedule is not the loop's own order:\n%s\n%s (%v)", first, plain, err)
	}
	return all
}

func total(all map[string]int) (n int) {
	for _, k := range all {
		n += k
	}
	return n
}

func TestExhaustiveTakesEachInterleavingOnce(t *testing.T) {
	binomial := func(n, k int) int {
		x := 1
		for i := range k {
			x = x * (n - i) / (i + 1)
		}
		return x
	}
	for steps := range 5 {
		all := orders(t, false, func(ctx context.Context, event func(string)) error {
			worker := func(name string) *asyncio.Task[none] {
				return spawn(ctx, name, func(ctx context.Context) error {
					for range steps {
						event(name)
						yield(ctx)
					}
					event(name)
					return nil
				})
			}
			a, b := worker("a"), worker("b")
			_, err := asyncio.Gather(ctx, a, b)
			return err
		})
		if want := binomial(2*(steps+1), steps+1); len(all) != want || total(all) != want {
			t.Errorf("%d steps each: %d different orders in %d schedules, want %d", steps+1, len(all), total(all), want)
		}
	}
}

func TestEqualTimersComeInAnyOrder(t *testing.T) {
	all := orders(t, false, func(ctx context.Context, event func(string)) error {
		sleeper := func(name string) *asyncio.Task[none] {
			return spawn(ctx, name, func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Second)
				event(name)
				return err
			})
		}
		a, b := sleeper("a"), sleeper("b")
		_, err := asyncio.Gather(ctx, a, b, spawn(ctx, "c", func(ctx context.Context) error {
			yield(ctx) // so that its timer is set after theirs in every schedule but some
			return nil
		}))
		return err
	})
	for _, want := range []string{"a b", "b a"} {
		if all[want] == 0 {
			t.Errorf("never %s", want)
		}
	}

	all = orders(t, false, func(ctx context.Context, event func(string)) error {
		l := asyncio.RunningLoop(ctx)
		for _, name := range []string{"a", "b", "c"} {
			l.CallLater(time.Second, func() { event(name) })
		}
		return asyncio.Sleep(ctx, 2*time.Second)
	})
	if len(all) != 6 || total(all) != 6 {
		t.Errorf("three callbacks of one moment: %v", all)
	}
}

func TestCallbacksKeepTheirOrder(t *testing.T) {
	all := orders(t, false, func(ctx context.Context, event func(string)) error {
		l := asyncio.RunningLoop(ctx)
		f := asyncio.NewFuture[int](ctx)
		f.AddDoneCallback(func(*asyncio.Future[int]) { event("done1") })
		waiter := spawn(ctx, "waiter", func(ctx context.Context) error {
			_, err := f.Await(ctx)
			event("waiter")
			return err
		})
		for !strings.Contains(waiter.String(), "pending") || len(waiter.Stack()) == 0 {
			yield(ctx) // until it waits
		}
		f.AddDoneCallback(func(*asyncio.Future[int]) { event("done2") })
		_ = f.SetResult(1)
		l.CallSoon(func() { event("soon") })
		_, err := waiter.Await(ctx)
		yield(ctx)
		yield(ctx)
		return err
	})
	for trace := range all {
		events := strings.Fields(trace)
		at := func(e string) int { return slices.Index(events, e) }
		if len(events) != 4 || at("done1") > at("done2") || at("done2") > at("soon") || at("done1") > at("waiter") {
			t.Errorf("%s", trace)
		}
	}
	if len(all) < 2 {
		t.Errorf("the step of the waiter never comes after a callback: %v", all)
	}
}

func TestGoTasksEndInAnyOrder(t *testing.T) {
	all := orders(t, true, func(ctx context.Context, event func(string)) error {
		var tasks []*asyncio.Task[string]
		for _, name := range []string{"a", "b", "c"} {
			tasks = append(tasks, asyncio.Go(ctx, func(context.Context) (string, error) { return name, nil }))
		}
		for done := range asyncio.AsCompleted(ctx, tasks) {
			name, _ := done.Result()
			event(name)
		}
		return nil
	})
	for _, want := range []string{"a b c", "a c b", "b a c", "b c a", "c a b", "c b a"} {
		if all[want] == 0 {
			t.Errorf("never %s", want)
		}
	}
	if len(all) != 6 {
		t.Error(all)
	}
}

// What a Go task asks of the loop comes in its order, and others may come between.
func TestWhatAGoTaskAsksComesInItsOrder(t *testing.T) {
	all := orders(t, true, func(ctx context.Context, event func(string)) error {
		l := asyncio.RunningLoop(ctx)
		g := asyncio.Go(ctx, func(ctx context.Context) (none, error) {
			l.CallSoon(func() { event("1") })
			l.CallSoon(func() { event("2") })
			err := asyncio.Sleep(ctx, time.Second)
			l.CallSoon(func() { event("3") })
			return none{}, err
		})
		other := spawn(ctx, "other", func(ctx context.Context) error {
			event("x")
			return nil
		})
		_, err := asyncio.Gather(ctx, g, other)
		return err
	})
	for _, want := range []string{"x 1 2 3", "1 x 2 3", "1 2 x 3"} {
		if all[want] == 0 {
			t.Errorf("never %s: %v", want, all)
		}
	}
	if len(all) != 3 {
		t.Error(all)
	}
}

func TestAGoTaskBlockedOnALoopTaskIsNotWaitedFor(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{Schedules: 10}, func(ctx context.Context) error {
		c := make(chan int)
		g := asyncio.Go(ctx, func(context.Context) (int, error) { return <-c, nil })
		spawn(ctx, "sender", func(ctx context.Context) error {
			yield(ctx)
			yield(ctx)
			close(c)
			return nil
		})
		_, err := g.Await(ctx)
		return err
	})
	pass(t, r.Failure)
}

func TestWhoSpinsIsOvertaken(t *testing.T) {
	for _, s := range strategies {
		r := asynciotest.Search(asynciotest.Options{Strategy: s, Schedules: 200}, func(ctx context.Context) error {
			ready := false
			spinner := spawn(ctx, "spinner", func(ctx context.Context) error {
				for !ready {
					yield(ctx)
				}
				return nil
			})
			setter := spawn(ctx, "setter", func(context.Context) error {
				ready = true
				return nil
			})
			_, err := asyncio.Gather(ctx, spinner, setter)
			return err
		})
		pass(t, r.Failure)
	}
}

func TestEndless(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{MaxSteps: 1000}, yields(1<<40))
	expect(t, r.Failure, asynciotest.Endless, "1000 steps were not enough")
}

func TestFailuresOfASchedule(t *testing.T) {
	f := func(ctx context.Context, bad func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error {
			ready := false
			a := spawn(ctx, "a", func(ctx context.Context) error {
				ready = true
				return nil
			})
			b := spawn(ctx, "b", func(ctx context.Context) error {
				if !ready {
					return bad(ctx)
				}
				return nil
			})
			_, err := asyncio.Gather(ctx, a, b)
			return err
		}
	}
	cases := map[asynciotest.Kind]func(context.Context) error{
		asynciotest.Error:    func(context.Context) error { return errTest },
		asynciotest.Panic:    func(context.Context) error { panic("boom") },
		asynciotest.Deadlock: func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) },
		asynciotest.Failed:   func(context.Context) error { panicsByGoexit(); return nil },
		asynciotest.Leak: func(ctx context.Context) error {
			spawn(ctx, "lost", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
			return nil
		},
	}
	for kind, bad := range cases {
		t.Run(kind.String(), func(t *testing.T) {
			r := asynciotest.Search(asynciotest.Options{}, f(context.Background(), bad))
			expect(t, r.Failure, kind)
			if r.Failure.Schedule == "" {
				t.Error("no schedule")
			}
			contains(t, r.Failure.Story, "> ", "b starts", "although it was the turn of: a starts")
		})
	}
}

// setFlag sets a flag for the length of a test.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	before := f.Value.String()
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}

func TestExploreReportsAndReplays(t *testing.T) {
	ft := &fakeT{name: "TestAll/of it"}
	asynciotest.Explore(ft, asynciotest.Options{}, lostUpdate)
	contains(t, ft.text(), "schedule ", " of 1000 (mixed) fails", "error: total is 1, want 2",
		"the order departs twice from the loop's own", "> ",
		"although it was the turn of: ", " at helper_test.go:",
		"go test github.com/asyncio-go/asyncio/asynciotest -run '^TestAll$/^of it$' -asyncio.replay=")
	_, schedule, _ := strings.Cut(ft.text(), "-asyncio.replay=")
	setFlag(t, "asyncio.replay", strings.TrimSpace(schedule))

	again := &fakeT{}
	asynciotest.Explore(again, asynciotest.Options{}, lostUpdate)
	contains(t, again.text(), "the schedule fails", "total is 1, want 2", "although it was the turn of")

	changed := &fakeT{}
	asynciotest.Explore(changed, asynciotest.Options{}, func(ctx context.Context) error {
		spawn(ctx, "another", yields(1))
		return lostUpdate(ctx)
	})
	contains(t, changed.text(), "the program is not the one that this schedule is of", "decision")

	setFlag(t, "asyncio.replay", "nonsense")
	if !fatal(func(ft testing.TB) { asynciotest.Explore(ft, asynciotest.Options{}, lostUpdate) }) {
		t.Error("nonsense was replayed")
	}
}

func TestExplorePasses(t *testing.T) {
	ft := &fakeT{}
	r := asynciotest.Explore(ft, asynciotest.Options{Schedules: 50}, yields(3))
	if ft.failed || r.Schedules != 50 || r.Distinct != 1 {
		t.Error(r, ft.text())
	}
	contains(t, ft.text(), "50 schedules pass, 1 of them distinct")
	ft = &fakeT{}
	r = asynciotest.Explore(ft, asynciotest.Options{Strategy: asynciotest.Exhaustive}, yields(3))
	if !r.Complete || r.Schedules != 1 {
		t.Error(r)
	}
	contains(t, ft.text(), "all 1 schedules pass")
}

func TestExploreOfAFunctionThatFailsTheTestItself(t *testing.T) {
	ft := &fakeT{}
	r := asynciotest.Explore(ft, asynciotest.Options{}, func(ctx context.Context) {
		if err := lostUpdate(ctx); err != nil {
			ft.Errorf("%v", err)
		}
	})
	expect(t, r.Failure, asynciotest.Failed)
	contains(t, ft.text(), "total is 1, want 2", "although it was the turn of", "-asyncio.replay=")
}

// transfer moves money between two places, with an await in between.
func transfer(ctx context.Context, safe bool) error {
	from, to := 100, 0
	move := spawn(ctx, "move", func(ctx context.Context) error {
		if safe {
			ctx = context.WithoutCancel(ctx)
		}
		from -= 10
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			if safe {
				from += 10
			}
			return err
		}
		to += 10
		return nil
	})
	_, err := move.Await(ctx)
	if err != nil && !errors.Is(err, asyncio.ErrCancelled) {
		return err
	}
	if from+to != 100 {
		return fmt.Errorf("%d in all, want 100", from+to)
	}
	return nil
}

func TestCancelAtAnAwaitPoint(t *testing.T) {
	unsafe := func(ctx context.Context) error { return transfer(ctx, false) }
	safe := func(ctx context.Context) error { return transfer(ctx, true) }
	for _, s := range strategies {
		pass(t, asynciotest.Search(asynciotest.Options{Strategy: s}, unsafe).Failure)
		r := asynciotest.Search(asynciotest.Options{Strategy: s, Cancel: 1}, unsafe)
		expect(t, r.Failure, asynciotest.Error, "90 in all, want 100")
		contains(t, r.Failure.Story, "> ", "move is cancelled at its await in Sleep at explore_test.go:")
		pass(t, asynciotest.Search(asynciotest.Options{Strategy: s, Cancel: 1}, safe).Failure)
		nobody := func(asyncio.AnyTask) bool { return false }
		pass(t, asynciotest.Search(asynciotest.Options{Strategy: s, Cancel: 1, CancelWho: nobody}, unsafe).Failure)
	}
}

func TestACancellationMayComeWhenTheWaitIsOver(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Exhaustive, Cancel: 1}, func(ctx context.Context) error {
		q := asyncio.NewQueue[int](0)
		got := 0
		taker := spawn(ctx, "taker", func(ctx context.Context) error {
			_, err := q.Get(ctx)
			if err == nil {
				got++
			}
			return err
		})
		if err := asynciotest.Settle(ctx); err != nil {
			return err
		}
		_ = q.PutNoWait(1)
		_, _ = taker.Await(ctx)
		if got+q.Len() != 1 {
			return fmt.Errorf("%d taken, %d left", got, q.Len())
		}
		return nil
	})
	pass(t, r.Failure)
	if !r.Complete || r.Schedules != 3 { // not cancelled, while it waits, after Put
		t.Error(r)
	}
}

func FuzzLostUpdate(f *testing.F) {
	asynciotest.Fuzz(f, asynciotest.Options{}, func(ctx context.Context) error {
		if err := lostUpdate(ctx); err != nil && asynciotest.Now(ctx).IsZero() {
			return err
		}
		return nil
	})
}

func BenchmarkTenSwitches(b *testing.B) {
	b.ReportAllocs()
	r := asynciotest.Search(asynciotest.Options{Schedules: b.N}, func(ctx context.Context) error {
		x, y := spawn(ctx, "x", yields(5)), spawn(ctx, "y", yields(5))
		if _, err := x.Await(ctx); err != nil {
			return err
		}
		_, err := y.Await(ctx)
		return err
	})
	if r.Failure != nil {
		b.Fatal(r.Failure.Text)
	}
	b.ReportMetric(float64(r.Schedules)/b.Elapsed().Seconds(), "schedules/s")
}

func TestTheStoryNamesCallbacks(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{}, func(ctx context.Context) error {
		w := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			return 1, asyncio.Sleep(ctx, time.Second)
		}, asyncio.WithName("worker"))
		w.AddDoneCallback(func(*asyncio.Task[int]) {})
		w.OnDone(func() {})
		asyncio.RunningLoop(ctx).CallLater(time.Second, func() {})
		_, err := asyncio.WaitFor(ctx, w, time.Second)
		return err
	})
	expect(t, r.Failure, asynciotest.Error, "timeout")
	contains(t, r.Failure.Story, "worker starts", "<Handle when=2000-01-01T00:00:01Z callback=",
		"the deadline of a Timeout of Task-1", "worker goes on after Sleep",
		"done callback asynciotest_test.TestTheStoryNamesCallbacks.func1.2 at explore_test.go:",
		"done callback asynciotest_test.TestTheStoryNamesCallbacks.func1.3 at explore_test.go:",
		"Task-1 (main) goes on after WaitFor at explore_test.go:")
}
