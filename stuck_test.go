package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// heldUp is a loop that somebody holds up, with a task of each kind on it.
type heldUp struct {
	loop    *asyncio.Loop
	main    asyncio.AnyTask
	sleeper *asyncio.Task[asyncio.None]
	outer   *asyncio.Task[asyncio.None] // awaits sleeper
	thread  *asyncio.Task[asyncio.None]
	fresh   *asyncio.Task[asyncio.None]
	group   *asyncio.TaskGroup
	release chan struct{}
	ended   chan struct{}
}

// holdUp blocks a loop in a task, or in a callback, until release is closed.
func holdUp(t *testing.T, inCallback bool) *heldUp {
	t.Helper()
	x := &heldUp{release: make(chan struct{}), ended: make(chan struct{})}
	stuck := make(chan struct{})
	go func() {
		defer close(x.ended)
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				x.loop, x.main, x.group = asyncio.RunningLoop(ctx), asyncio.CurrentTask(ctx), tg
				x.sleeper = asyncio.CreateTask(tg, asyncio.Void(dormant), asyncio.WithName("sleeper"))
				x.outer = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := x.sleeper.Await(ctx)
					return err
				}), asyncio.WithName("outer"))
				begun := make(chan struct{})
				x.thread = asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					close(begun)
					<-x.release
					return nil
				}), asyncio.WithName("thread"))
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				<-begun
				x.fresh = asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("fresh"))
				if inCallback {
					asyncio.RunningLoop(ctx).CallSoon(func() { x.block(stuck) })
					if err := asyncio.Sleep(ctx, time.Hour); err != nil {
						return err
					}
				} else {
					x.block(stuck)
				}
				x.sleeper.Cancel()
				return nil
			})
		}), asyncio.WithVirtualClock())
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	testutil.Wait(t, stuck)
	t.Cleanup(func() {
		close(x.release)
		testutil.Wait(t, x.ended)
	})
	return x
}

func dormant(ctx context.Context) error { return testutil.Forever(ctx) }

func (x *heldUp) block(stuck chan<- struct{}) {
	close(stuck)
	<-x.release
}

func taskNames(tasks []asyncio.AnyTask) (names []string) {
	for _, k := range tasks {
		names = append(names, k.Name())
	}
	return names
}

func TestStuckLoopAnswersFromOutside(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	x := holdUp(t, false)
	testutil.Within(t, func() {
		testutil.ExpectLines(t, taskNames(asyncio.AllTasks(x.loop)), x.main.Name(), "sleeper", "outer", "thread", "fresh")
		if s := x.main.Stack(); !testutil.HasFrame(s, "(*heldUp).block") {
			t.Errorf("the task that is stuck: %v", s)
		}
		if s := x.sleeper.Stack(); !testutil.HasFrame(s, "dormant") || testutil.HasFrame(s, "holdUp") {
			t.Errorf("a suspended task: %v", s)
		}
		if s := x.outer.Stack(); !testutil.HasFrame(s, "holdUp") || testutil.HasFrame(s, "dormant") {
			t.Errorf("a task that awaits another: %v", s)
		}
		if s := x.thread.Stack(); !testutil.HasFrame(s, "holdUp") {
			t.Errorf("a Go task: %v", s)
		}
		if s := x.fresh.Stack(); s != nil {
			t.Errorf("a task that has not begun: %v", s)
		}
		if got, want := x.group.String(), "<TaskGroup tasks=1 entered>"; got != want {
			t.Errorf("the group is %s, want %s", got, want)
		}
		_ = fmt.Sprint(asyncio.AllTasks(x.loop))
	})
}

func TestStuckNamesWhoHoldsTheLoop(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	for _, inCallback := range []bool{false, true} {
		x := holdUp(t, inCallback)
		testutil.Within(t, func() {
			var e *asyncio.StuckError
			err := x.loop.Stuck()
			if !errors.As(err, &e) {
				t.Errorf("Stuck: %v", err)
				return
			}
			if !testutil.HasFrame(e.Stack, "(*heldUp).block") || testutil.HasFrame(e.Stack, "asyncio.Run") {
				t.Errorf("stack: %v", e.Stack)
			}
			want := x.main.Name()
			if inCallback {
				want = "a callback"
			}
			if got := err.Error(); !strings.Contains(got, want) || !strings.Contains(got, "stuck_test.go:") {
				t.Errorf("error %q", got)
			}
			if (e.Task == nil) != inCallback {
				t.Errorf("task %v", e.Task)
			}
		})
	}
}

func TestStuckIsNilWhileTheLoopAnswers(t *testing.T) {
	l := asyncio.NewLoop()
	if err := l.Stuck(); err != nil {
		t.Errorf("before it runs: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.RunForever()
	}()
	testutil.Until(t, "it runs", l.IsRunning)
	if err := l.Stuck(); err != nil {
		t.Errorf("with nothing to do: %v", err)
	}
	l.CallSoon(func() {
		if err := l.Stuck(); err != nil {
			t.Errorf("asked by itself: %v", err)
		}
	})
	l.Stop()
	testutil.Wait(t, ended)
	_ = l.Close()
	if err := l.Stuck(); err != nil {
		t.Errorf("closed: %v", err)
	}
}

// TestStuckLoopAnswersAnotherLoop: also who asks is a step of a loop, which goes on.
func TestStuckLoopAnswersAnotherLoop(t *testing.T) {
	t.Parallel()
	x := holdUp(t, false)
	testutil.PlainRun(t, func(context.Context) error {
		if got := len(asyncio.AllTasks(x.loop)); got != 5 {
			t.Errorf("%d tasks, want 5", got)
		}
		return nil
	})
}

// TestStepIsAtomicWhileItAsksAnotherLoop: what comes meanwhile comes after it, in order.
func TestStepIsAtomicWhileItAsksAnotherLoop(t *testing.T) {
	t.Parallel()
	x := holdUp(t, false)
	for _, ask := range []struct {
		name string
		f    func()
	}{
		{"AllTasks", func() { asyncio.AllTasks(x.loop) }},
		{"Stack", func() { x.sleeper.Stack() }},
		{"String", func() { _ = x.group.String() }},
	} {
		var events []string
		testutil.PlainRun(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			answered := make(chan int, 1)
			testutil.Elsewhere(func() {
				l.CallSoon(func() { events = append(events, "callback") })
				asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
					events = append(events, "eager")
					return nil
				}), asyncio.Eager())
				l.CallSoon(func() { events = append(events, "callback") })
			})
			go func() { answered <- len(asyncio.AllTasks(l)) }()
			ask.f()
			events = append(events, "step")
			select {
			case n := <-answered: // questions are answered meanwhile
				if n != 1 {
					t.Errorf("%d tasks, want 1", n)
				}
			case <-time.After(testutil.Patience):
				t.Error("was not answered")
			}
			return asyncio.Sleep(ctx, time.Second)
		})
		if want := []string{"step", "eager", "callback", "callback"}; !slices.Equal(events, want) {
			t.Errorf("%s: %v, want %v", ask.name, events, want)
		}
	}
}

// TestLoopsThatAskEachOtherAnswer: with questions, and with what changes something.
func TestLoopsThatAskEachOtherAnswer(t *testing.T) {
	for _, verb := range []bool{false, true} {
		var loops [2]*asyncio.Loop
		var timeouts [2]*asyncio.TimeoutScope
		var asked [2]asyncio.Event
		ready := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		side := func(i int) {
			testutil.PlainRun(t, func(ctx context.Context) error {
				tm := asyncio.NewTimeoutAt(time.Time{})
				return tm.Do(ctx, func(ctx context.Context) error {
					loops[i], timeouts[i] = asyncio.RunningLoop(ctx), tm
					close(ready[i])
					<-ready[1-i] // in one step with what follows
					if verb {
						if err := timeouts[1-i].Reschedule(time.Time{}); err != nil {
							t.Errorf("Reschedule: %v", err)
						}
					} else if n := len(asyncio.AllTasks(loops[1-i])); n != 1 {
						t.Errorf("%d tasks, want 1", n)
					}
					asked[i].Set()
					return asked[1-i].Wait(ctx)
				})
			})
		}
		other := make(chan struct{})
		go func() {
			defer close(other)
			side(1)
		}()
		side(0)
		testutil.Wait(t, other)
	}
}
