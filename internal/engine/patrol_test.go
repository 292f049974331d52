package engine

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func onPatrol(l *Loop) bool {
	thePatrol.mu.Lock()
	defer thePatrol.mu.Unlock()
	return slices.Contains(thePatrol.loops, l)
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(late) {
			t.Fatal("waited in vain")
		}
	}
}

func TestPatrolKnowsTheLoopsThatRun(t *testing.T) {
	var loops []*Loop
	for range 3 {
		loops = append(loops, New(Config{Driver: NewWall(), Values: context.Background()}))
	}
	gone := make(chan struct{}, len(loops))
	for _, l := range loops {
		go func() {
			_ = l.Run(nil)
			gone <- struct{}{}
		}()
		eventually(t, l.asleep.Load)
		if !onPatrol(l) {
			t.Error("a loop runs and the patrol does not know")
		}
	}
	for i, l := range loops {
		l.Stop()
		<-gone
		for j, x := range loops {
			if onPatrol(x) != (j > i) {
				t.Errorf("loop %d known: %t, after %d have ended", j, onPatrol(x), i+1)
			}
		}
	}
}

// waits counts how often a loop goes to sleep.
type waits struct {
	Driver
	n atomic.Int32
}

func (w *waits) Wait(x Waiting) {
	w.n.Add(1)
	w.Driver.Wait(x)
}

func TestPatrolVisitsALoopTwiceForEachQuiet(t *testing.T) {
	w := &waits{Driver: NewWall()}
	l := New(Config{Driver: w, Values: context.Background()}) // of which the patrol itself does not know
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = l.Run(nil)
	}()
	// wakes waits until the loop has gone to sleep once more than before.
	wakes := func(before int32) {
		t.Helper()
		eventually(t, func() bool { return w.n.Load() == before+1 && l.asleep.Load() })
	}
	wakes(0)
	for range 2 {
		for n := int32(1); n <= stillBeats+2; n++ {
			before := w.n.Load()
			l.beat()
			if n == quietBeats || n == stillBeats {
				wakes(before)
			}
			if q := l.quiet.Load(); q != n {
				t.Errorf("quiet for %d beats, want %d", q, n)
			}
			if w.n.Load() != before && n != quietBeats && n != stillBeats {
				t.Errorf("woken in beat %d", n)
			}
		}
		before := w.n.Load()
		l.Do(func() {})
		wakes(before)
		if q := l.quiet.Load(); q != 0 {
			t.Errorf("quiet for %d beats after something has arrived", q)
		}
	}
	l.Stop()
	<-gone
}

func TestPatrolLeavesOtherClocksAlone(t *testing.T) {
	if l := New(Config{Driver: NewVirtual(time.Now())}); l.onPatrol {
		t.Error("the patrol goes to a loop on a virtual clock")
	}
	synctest.Test(t, func(*testing.T) {
		if l := New(Config{Driver: NewWall()}); l.onPatrol {
			t.Error("the patrol goes to a loop in a bubble")
		}
	})
}
