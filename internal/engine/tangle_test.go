package engine

import (
	"testing"
	"time"
)

func TestStillLoopIsDescribedInDebugMode(t *testing.T) {
	for _, debug := range []bool{true, false} {
		told := make(chan Remains, 4)
		l := newLoop(t, NewWall())
		l.debug.Store(debug)
		l.Hooks.Slow = func(Slow) {} // the machine may be
		l.Hooks.Still = func(quiet time.Duration, r Remains) {
			if quiet < 5*time.Second {
				t.Errorf("told after %v", quiet)
			}
			told <- r
		}
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_ = l.Run(nil)
		}()
		var all []*job
		l.Call(func() {
			l.lookAround(stillBeats * beat)
			for range maxNamed + 2 {
				all = append(all, start(l, false, func(ctx *Task) error { return Sleep(ctx, Never) }))
			}
		})
		untilAsleep(l)
		l.Call(func() {
			l.lookAround(quietBeats * beat)
			if len(told) > 0 {
				t.Error("told too early, or of no tasks")
			}
			l.lookAround(stillBeats * beat)
		})
		if want := map[bool]int{true: 1}[debug]; len(told) != want {
			t.Errorf("debug %t: told %d times", debug, len(told))
		}
		if len(told) > 0 {
			if r := <-told; r.All != len(all) || len(r.First) != maxNamed {
				t.Errorf("%d, of which %d are named", r.All, len(r.First))
			}
		}
		l.Stop()
		<-gone
		l.Hooks.Report = func(*Loop, Report) {} // of the tasks that are left
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// heldBy is a place in the queue of something that a task holds.
type heldBy struct {
	Waiter
	*Task
}

func (h *heldBy) Unwound() {}
func (h *heldBy) Of() any  { return h }
func (h *heldBy) About() About {
	return About{Of: h, Op: "Acquire", Holders: []*Task{h.Task}, Whole: true}
}

// lockedUp is a loop on the machine's clock on which n tasks each wait for what the next
// one holds, and how often that was reported so far.
func lockedUp(t *testing.T, n int) (reports *int) {
	t.Helper()
	l := newLoop(t, NewWall())
	reports = new(int)
	l.Hooks.Report = func(*Loop, Report) { *reports++ }
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = l.Run(nil)
	}()
	l.Call(func() {
		places := make([]*heldBy, n)
		for i := range places {
			h := &heldBy{}
			h.OnUnwind(h)
			places[i] = h
		}
		for i := range places {
			places[(i+1)%n].Task = &start(l, false, func(ctx *Task) error {
				if err := places[i].Prepare(ctx); err != nil {
					return err
				}
				return places[i].Wait(ctx)
			}).Task
		}
	})
	untilAsleep(l)
	l.Call(func() {
		for range 3 {
			l.lookAround(quietBeats * beat)
		}
		l.Hooks.Report = func(*Loop, Report) {} // of the tasks that are left
	})
	l.Stop()
	<-gone
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	return reports
}

func TestPatrolFindsACircleThroughLocks(t *testing.T) {
	for _, n := range []int{2, 10_000} {
		if got := *lockedUp(t, n); got != 1 {
			t.Errorf("%d tasks: %d reports, want 1", n, got)
		}
	}
}

// A wait for one of several of which one has ended, on another loop that has not told yet,
// is about to end.
func TestCircleIsNoneIfOneWayOutIsOpen(t *testing.T) {
	l, other := newLoop(t, NewWall()), newLoop(t, NewWall())
	idle := func(*Task) error { return nil }
	a, b := start(l, false, idle), start(l, false, idle)
	ended := &Future{loop: other}
	j := &Joint{Need: Any, Parts: []*Future{&b.Future, ended}}
	j.Init(l)
	a.waitOn, b.waitOn = &j.Future, &a.Future
	stuck := func() bool {
		g := l.tangle()
		return !g.nodes[&a.Future].free && !g.nodes[&b.Future].free
	}
	if stuck() {
		t.Error("nobody can end what another loop has")
	}
	j.Parts[1] = &b.Future
	if !stuck() {
		t.Error("they do not wait for each other")
	}
	j.Parts[1] = ended
	ended.publish(Succeeded, nil)
	if stuck() {
		t.Error("what has ended does not end the wait")
	}
	a.waitOn, b.waitOn = nil, nil
	l.Hooks.Report = func(*Loop, Report) {} // of the tasks that are left
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A loop that has looked much lately lets some of the times go by.
func TestLoopDoesNotLookForEver(t *testing.T) {
	l := newLoop(t, NewWall())
	for range 3 {
		start(l, false, func(*Task) error { return nil })
	}
	l.looked = lookBudget + 3*lookIncome
	for _, want := range []int{lookBudget + 2*lookIncome, lookBudget + lookIncome, lookBudget + 3, lookBudget + 6 - lookIncome} {
		if l.lookBySelf(); l.looked != want {
			t.Errorf("it has looked at %d, want %d", l.looked, want)
		}
	}
	l.Hooks.Report = func(*Loop, Report) {} // of the tasks that are left
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
