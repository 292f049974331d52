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
		l.hooks.Still = func(quiet time.Duration, r Remains) {
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
		l.hooks.Report = func(*Loop, Report) {} // of the tasks that are left
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
