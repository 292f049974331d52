package engine

import (
	"errors"
	"runtime"
	"sync"
	"testing"
)

// A loop that was stuck when it was asked may have gone on since.
func TestHolderOfALoopThatHasFallenAsleepIsNobody(t *testing.T) {
	l := newLoop(t, NewWall())
	if err := l.acquire(); err != nil {
		t.Fatal(err)
	}
	if _, held := l.Holder(); !held {
		t.Error("nobody holds a loop that somebody owns")
	}
	l.asleep.Store(true)
	if h, held := l.Holder(); held {
		t.Errorf("%+v holds a loop that is asleep", h)
	}
	l.asleep.Store(false)
	l.release()
	if h, held := l.Holder(); held {
		t.Errorf("%+v holds a loop that nobody owns", h)
	}
}

// Who looks from outside may see a task of which not all was written yet, one that has
// just ended, and one that waits for nothing any more.
func TestTasksThatChangeWhileTheyAreLookedAt(t *testing.T) {
	l := newLoop(t, NewWall())
	l.current = &Task{}
	if k := l.currentSeen(); k != nil {
		t.Errorf("%v was seen before it was made", k)
	}
	l.current = nil
	ended := &Task{}
	ended.publish(Succeeded, nil)
	if s := ended.stackFromOutside(); s != nil {
		t.Errorf("%v is the stack of a task that has ended", s)
	}
	on, off := &fiber{task: &Task{}}, &Task{}
	if n := off.above(on); n != 0 {
		t.Errorf("%d are above a task that waits for nothing", n)
	}
}

// In a program that was built with -trimpath files are named by their packages.
func TestStandardLibraryOfATrimmedProgram(t *testing.T) {
	defer func(was string) { goroot = was }(goroot)
	goroot = ""
	for f, want := range map[runtime.Frame]bool{
		{File: "strings/strings.go", Function: "strings.Count"}:                     true,
		{File: "net/http/server.go", Function: "net/http.(*Server).Serve"}:          true,
		{File: "example.com/me/strings/s.go", Function: "example.com/me/strings.F"}: false,
		{File: "me/main.go", Function: "main.main"}:                                 false,
		{File: "main.go", Function: "main.main"}:                                    false,
	} {
		if got := ofStandard(f); got != want {
			t.Errorf("%s in %s: of the standard library: %t", f.Function, f.File, got)
		}
	}
}

// Who has come to Close before the loop was closed has nothing left to do.
func TestCloseByManyAtOnce(t *testing.T) {
	l := newLoop(t, NewWall())
	start(l, false, func(*Task) error { return nil })
	reports := 0
	l.Hooks.Report = func(*Loop, Report) { reports++ }
	l.mu.Lock()
	l.owner = borrowed
	l.mu.Unlock()
	const closers = 8
	errs := make([]error, closers)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = l.Close() })
	}
	for waiting := 0; waiting < closers; runtime.Gosched() {
		l.mu.Lock()
		waiting = l.heirs
		l.mu.Unlock()
	}
	l.enter()
	l.release()
	all.Wait()
	closed := 0
	for _, err := range errs {
		if err == nil {
			closed++
		} else if !errors.Is(err, ErrLoopRunning) { // somebody is at it
			t.Error(err)
		}
	}
	if closed == 0 || !l.Closed() || reports != 1 {
		t.Errorf("%d of %d have closed it, with %d reports: %t", closed, closers, reports, l.Closed())
	}
	checkUnowned(t, l)
}
