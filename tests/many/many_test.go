// Large numbers: a million tasks, long chains, many who wait or call in. Each is done in linear
// time, without recursion, and holds up nobody else.
package many_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// TestEndOfRunIsReachedHoweverManyCallIn: goroutines that never stop asking things of a
// loop cannot keep Run from its end, nor Close.
func TestEndOfRunIsReachedHoweverManyCallIn(t *testing.T) {
	const callers = 8
	nothing := asyncio.Void(func(context.Context) error { return nil })
	for name, call := range map[string]func(ctx context.Context, l *asyncio.Loop){
		"CreateTask with the context of main": func(ctx context.Context, _ *asyncio.Loop) {
			asyncio.CreateTask(ctx, nothing)
		},
		"CreateTask with that of the loop": func(_ context.Context, l *asyncio.Loop) {
			asyncio.CreateTask(l.Context(), nothing)
		},
		"CreateTask, eager": func(_ context.Context, l *asyncio.Loop) {
			asyncio.CreateTask(l.Context(), nothing, asyncio.Eager())
		},
		"Go":       func(_ context.Context, l *asyncio.Loop) { asyncio.Go(l.Context(), nothing) },
		"CallSoon": func(_ context.Context, l *asyncio.Loop) { l.CallSoon(func() {}) },
		"AllTasks": func(_ context.Context, l *asyncio.Loop) { asyncio.AllTasks(l) },
	} {
		t.Run(name, func(t *testing.T) {
			var over atomic.Bool
			var called atomic.Int32
			var calling sync.WaitGroup
			defer calling.Wait()
			defer over.Store(true)
			testutil.Within(t, func() {
				_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					l := asyncio.RunningLoop(ctx)
					begin := make(chan asyncio.None)
					for range callers {
						calling.Go(func() {
							<-begin
							call(ctx, l)
							called.Add(1)
							for !over.Load() {
								call(ctx, l)
							}
						})
					}
					asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						err := asyncio.Sleep(ctx, time.Hour)
						var late *asyncio.Task[asyncio.None]
						testutil.Elsewhere(func() { late = asyncio.CreateTask(l.Context(), nothing) })
						if !late.Done() || late.Err() == nil {
							t.Errorf("a task from elsewhere is taken at the end: %v", late)
						}
						for called.Load() < callers { // the end is not over before all are there
							_ = asyncio.Sleep(ctx, 0)
						}
						return err
					}))
					_ = asyncio.Sleep(ctx, 0)
					close(begin) // not before, or they would be ahead of the loop by then
					return nil
				}), asyncio.WithGrace(time.Hour), asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
				if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestTasksOfTheLoopMayCreateTasksUntilTheyAreDone: what its own tasks create at the end
// of Run, also by goroutines that use their context, is cancelled and awaited; what others
// create then comes back failed.
func TestTasksOfTheLoopMayCreateTasksUntilTheyAreDone(t *testing.T) {
	var outside *asyncio.Loop
	var late, byThread, byHelper, byStranger error
	r := testutil.RunReporting(t, func(ctx context.Context) error {
		outside = asyncio.RunningLoop(ctx)
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				late = asyncio.Sleep(ctx, time.Hour)
				return late
			}))
			return err
		}))
		asyncio.Go(ctx, func(ctx context.Context) (asyncio.None, error) {
			<-ctx.Done()              // in the round after that of the loop tasks
			_ = asyncio.Sleep(ctx, 0) // is told of its cancellation
			_, byThread = asyncio.CreateTask(ctx, asyncio.Delay(0, 1)).Await(ctx)
			testutil.Elsewhere(func() {
				_, byHelper = asyncio.CreateTask(ctx, asyncio.Delay(0, 1)).Await(context.Background())
			})
			testutil.Elsewhere(func() {
				_, byStranger = asyncio.CreateTask(outside.Context(), asyncio.Delay(0, 1)).Await(context.Background())
			})
			return asyncio.None{}, nil
		})
		return asyncio.Sleep(ctx, 0)
	}, asyncio.WithGrace(time.Hour))
	r.Expect(t)
	if late == nil || byThread != nil || byHelper != nil {
		t.Errorf("late %v, by the Go task %v, by a goroutine with its context %v", late, byThread, byHelper)
	}
	testutil.ExpectIs(t, "by a stranger", byStranger, asyncio.ErrLoopClosed)
}

// TestGoTaskThatMakesLoopTasksIsAskedToEnd: also if it makes them faster than they end.
func TestGoTaskThatMakesLoopTasksIsAskedToEnd(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		asyncio.Go(ctx, func(ctx context.Context) (asyncio.None, error) {
			for ctx.Err() == nil {
				_, _ = asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { return nil })).Await(context.Background())
			}
			return asyncio.None{}, nil
		})
		for range 10 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		return nil
	}, asyncio.WithGrace(time.Hour))
}

// TestEndDoesNotGoInRoundsForAGoTask that makes a new loop task for each that ends.
func TestEndDoesNotGoInRoundsForAGoTask(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		var there asyncio.Event
		more, made, over := make(chan asyncio.None), make(chan asyncio.None), make(chan asyncio.None)
		ends := asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			select {
			case more <- asyncio.None{}:
				<-made
			case <-over:
			}
			return err
		})
		asyncio.Go(ctx, func(ctx context.Context) (asyncio.None, error) {
			defer close(over)
			asyncio.CreateTask(ctx, ends)
			there.Set()
			for {
				select {
				case <-more:
					asyncio.CreateTask(ctx, ends)
					made <- asyncio.None{}
				case <-ctx.Done():
					return asyncio.None{}, nil
				}
			}
		})
		return there.Wait(ctx)
	}, asyncio.WithGrace(time.Hour))
}

// TestRefusedInTheCallerCostsTheLoopNothing: nobody is told of a task that a closed loop
// is given but who gives it, and who does not look at it is reported.
func TestRefusedInTheCallerIsReportedIfNobodyLooks(t *testing.T) {
	var r testutil.Reports
	l := asyncio.NewLoop(r.Option())
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	func() {
		asyncio.CreateTask(l.Context(), asyncio.Delay(0, 1), asyncio.WithName("dropped"))
		_, err := asyncio.CreateTask(l.Context(), asyncio.Delay(0, 1)).Result()
		testutil.ExpectIs(t, "the other", err, asyncio.ErrLoopClosed)
	}()
	testutil.Until(t, "the dropped one is reported", func() bool { runtime.GC(); return r.Len() > 0 })
	r.Expect(t, "dropped … never retrieved")
}

// TestNestedCreatorsInALimitedGroupTakeLinearTime: each gives up its place to the task
// that it creates, and gets it back from the one that ends next.
func TestNestedCreatorsInALimitedGroupTakeLinearTime(t *testing.T) {
	n := testutil.Scaled(40_000)
	deepest := 0
	testutil.Succeed(t, func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(1)
			var nest func(depth int) asyncio.Coroutine[asyncio.None]
			nest = func(depth int) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error {
					deepest = max(deepest, depth)
					if depth < n {
						asyncio.CreateTask(tg, nest(depth+1))
					}
					return nil
				})
			}
			asyncio.CreateTask(tg, nest(1))
			return nil
		})
	})
	if deepest != n {
		t.Errorf("%d deep, want %d", deepest, n)
	}
}

// TestCloseOverManyWaitersIsLinear: they leave one future one by one.
func TestCloseOverManyWaitersIsLinear(t *testing.T) {
	n := testutil.Scaled(100_000)
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
	f := asyncio.NewFuture[asyncio.None](l.Context())
	unwound := 0
	for range n {
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer func() { unwound++ }()
			_, err := f.Await(ctx)
			return err
		}))
	}
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil || unwound != n {
		t.Errorf("%v, %d unwound, want %d", err, unwound, n)
	}
}

// TestSettingDebugModeLeavesNothingBehind: not in memory either, however often it is set
// during one run.
func TestSettingDebugModeLeavesNothingBehind(t *testing.T) {
	n := testutil.Scaled(50_000)
	testutil.Succeed(t, func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		heap := func() int {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return int(m.HeapAlloc)
		}
		goroutines, before := testutil.SettledGoroutines(), heap()
		for range n {
			l.SetDebug(true)
			// Who watched until now goes first: what the runtime has of a goroutine it keeps.
			testutil.Until(t, "one watches", func() bool { return runtime.NumGoroutine() <= goroutines+1 })
		}
		l.SetDebug(false)
		if grown := heap() - before; grown > 64*n {
			t.Errorf("%d bytes for %d times, want none", grown, n)
		}
		return nil
	})
}

// TestStackBesideManyIsBounded: where a Go task is can be asked beside more suspended
// tasks than can be looked at one by one, and asking again and again does not hold up the
// process.
func TestStackBesideManyIsBounded(t *testing.T) {
	n := testutil.Scaled(100_000)
	testutil.Succeed(t, func(ctx context.Context) error {
		for range n {
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
		}
		begun, release := make(chan asyncio.None), make(chan asyncio.None)
		working := asyncio.Go(ctx, func(context.Context) (asyncio.None, error) { return blockedHere(begun, release), nil })
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		<-begun
		// Where it is if there is the time, else at least in which function.
		for range 100 {
			stack := working.Stack()
			if len(stack) == 0 || !strings.Contains(stack[0].Function+stack[len(stack)-1].Function, "TestStackBesideMany") &&
				!slices.ContainsFunc(stack, func(f runtime.Frame) bool { return strings.HasSuffix(f.Function, ".blockedHere") }) {
				t.Errorf("stack: %v", stack)
				break
			}
		}
		close(release)
		if _, err := working.Await(ctx); err != nil {
			return err
		}
		return testutil.EndAll(ctx)
	})
}

func blockedHere(begun, release chan asyncio.None) asyncio.None {
	close(begun)
	return <-release
}

func TestAMillion(t *testing.T) {
	many := testutil.Scaled(1_000_000)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	// flat checks that the loop, still running, keeps nothing of what has ended:
	// a task or a handle that it kept would be a hundred bytes at the least.
	flat := func(t *testing.T, before uint64) {
		t.Helper()
		if after := heap(); after > before+4<<20+uint64(20*many) {
			t.Errorf("the heap has grown from %d to %d KB", before>>10, after>>10)
		}
	}
	t.Run("tasks one by one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			before := heap()
			sum := 0
			for i := range many {
				v, err := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return i, nil }).Await(ctx)
				if err != nil {
					return err
				}
				sum += v
			}
			if sum != many*(many-1)/2 {
				t.Error("sum", sum)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("tasks at once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			before := heap()
			done := 0
			for range many {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { done++; return nil }))
			}
			asyncio.Sleep(ctx, 0)
			if done != many {
				t.Errorf("%d done", done)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("tasks cancelled before they start", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			before := heap()
			for range many {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					t.Error("it ran")
					return nil
				})).Cancel()
			}
			asyncio.Sleep(ctx, 0)
			if n := len(asyncio.AllTasks(asyncio.RunningLoop(ctx))); n != 1 {
				t.Errorf("%d tasks left", n)
			}
			flat(t, before)
			return nil
		})
	})
	t.Run("timers set and cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			before := heap()
			for range many {
				l.CallLater(time.Hour, func() { t.Error("it ran") }).Cancel()
			}
			handles := make([]*asyncio.Handle, many)
			for i := range handles {
				handles[i] = l.CallLater(time.Duration(i%1000)*time.Second, func() { t.Error("it ran") })
			}
			for _, h := range handles {
				if !h.Cancel() {
					t.Error("too late")
				}
			}
			clear(handles)
			flat(t, before)
			// They are gone from the clock too: it has nothing to stop at.
			return asyncio.Sleep(ctx, 24*time.Hour)
		})
	})
	t.Run("sleepers", func(t *testing.T) {
		n := testutil.Scaled(200_000) // a million takes 3 GB and 15 seconds
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			woken := 0
			for i := range n {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, time.Duration(1+i%1000)*time.Second)
					woken++
					return err
				}))
			}
			asyncio.Sleep(ctx, time.Hour)
			if woken != n {
				t.Errorf("%d of %d woke", woken, n)
			}
			return nil
		})
	})
}

// Others may call in faster than the loop can do what they want. Timers come in between
// all the same, or the end of a main that sleeps would never come.
func TestTimersComeBetweenManyCallsFromOutside(t *testing.T) {
	const n = 1 << 16 // above that the caller would be held up
	l := asyncio.NewLoop(asyncio.WithVirtualClock())
	defer l.Close()
	var got []int
	timer := -1
	l.CallSoon(func() {
		l.CallLater(0, func() { timer = len(got) })
		filled := make(chan struct{})
		go func() {
			defer close(filled)
			for i := range n {
				l.CallSoon(func() {
					if got = append(got, i); len(got) == n {
						l.Stop()
					}
				})
			}
		}()
		<-filled
	})
	l.RunForever()
	for i, x := range got {
		if x != i {
			t.Fatalf("call %d came as number %d", x, i)
		}
	}
	if timer < 0 || timer > n/2 {
		t.Errorf("the timer went off after %d of %d calls", timer, n)
	}
}

// Who calls in while 65,536 calls wait lets the loop go first for a moment, not more,
// or what the loop is behind would have no bound.
func TestWhoCallsInFasterThanTheLoopLetsItGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, more = 1 << 16, 10
		l := asyncio.NewLoop()
		defer l.Close()
		n := 0
		timed := func(calls int) time.Duration {
			start := time.Now()
			for range calls {
				l.CallSoon(func() { n++ })
			}
			return time.Since(start)
		}
		l.CallSoon(func() {
			if d := timed(most + more); d != 0 {
				t.Errorf("the loop itself was held up for %v", d)
			}
			testutil.Elsewhere(func() {
				if d := timed(most); d != 0 {
					t.Errorf("for what the loop can bear the caller was held up for %v", d)
				}
				if d := timed(more); d != more*100*time.Microsecond {
					t.Errorf("for %d calls more the caller was held up for %v", more, d)
				}
			})
			l.CallLater(time.Millisecond, l.Stop)
		})
		if err := l.RunForever(); err != nil {
			t.Fatal(err)
		}
		if n != 2*(most+more) {
			t.Errorf("%d of %d calls were made", n, 2*(most+more))
		}
	})
}
