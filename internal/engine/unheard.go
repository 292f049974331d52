package engine

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// This file sees to it that an error is heard: what nobody asks for is reported.
//
//   - A panic that nobody waits for when its task ends: at once.
//   - An error whose task or future has become unreachable: when the collector finds
//     out, which the patrol sees to.
//   - An error that nobody has asked for, while somebody keeps the task: after a time.
//   - All others: when the loop is closed.

// failure is the error of a failed future until somebody has asked for it. In
// debug mode the success of a task is one too, without an error.
//
// It is among its loop's unheard from the end of the future until somebody has asked or
// it was reported. Then nothing leads to it but the future, whose error can be asked for
// again: the two go in one collection.
type failure struct {
	item // in its loop's unheard, under mu of that
	err  error
	loop *Loop

	retrieved atomic.Bool

	// Owner.
	minded bool

	// Written once, before it is listed.
	since time.Duration // its time, since base
	lost  Lost

	// Under mu of the loop's unheard, once it is listed.
	//
	// audience is how many were waiting or had left a callback, or have come since, but for
	// those who have not listened: see Missed. As long as there is one there is no need to
	// say that nobody has asked.
	audience int
	passed   bool          // its time to be asked for has passed, with an audience
	kept     time.Duration // after which it was found that nobody has asked; 0 if not so
	panicked bool          // nobody was waiting for a task that has panicked
	// It keeps the failure and so the loop, and all that the loop's exception handler
	// knows, which may be the future itself: it must be stopped, or they keep each other
	// for ever.
	cleanup runtime.Cleanup
}

func (x *failure) Error() string { return fmt.Sprint(x.err) }

// unheard is the failures of a loop that nobody has asked for.
type unheard struct {
	reporter atomic.Pointer[reporter] // nil unless somebody else than the owner reports

	mu      sync.Mutex
	list    list       // in the order of failure
	late    *failure   // the first whose time to be asked for has not passed
	found   []runnable // what is to be reported, and is not in the list any more
	coming  bool       // somebody is coming for that
	errands []runnable // see Errand
	known   bool       // to the patrol
}

// mind sees to it that the failure is reported if nobody retrieves it.
func (l *Loop) mind(f *Future, x *failure) {
	x.audience = f.audience()
	if x.err == nil && x.audience > 0 {
		x.retrieved.Store(true)
	}
	if x.retrieved.Load() {
		return
	}
	x.about(f)
	if x.untold() && x.lost.Task && l.Hooks.Panic(x.err) {
		x.panicked = true
		l.find(x)
		return
	}
	var cleanup runtime.Cleanup
	if !f.awaitedByTask() { // a task is about to retrieve it
		cleanup = runtime.AddCleanup(f, collected, x)
	}
	u := &l.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	x.cleanup = cleanup
	if x.retrieved.Load() {
		x.cleanup.Stop()
		return
	}
	u.add(x)
	u.know(l)
}

// untold reports whether it is an error that nobody is told of.
func (x *failure) untold() bool { return x.err != nil && x.audience == 0 }

// Missed takes note, for the owner, that one who was to be told how f has ended has not
// listened: it was cancelled first, or asks for no more. If it was the last, an error is
// like any other that nobody has asked for.
func (f *Future) Missed() {
	if !f.Finished() {
		return
	}
	x, ok := f.err.(*failure)
	if !ok || !x.minded || x.retrieved.Load() {
		return
	}
	panicked := x.lost.Task && f.loop.Hooks.Panic(x.err)
	u := &f.loop.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	if !x.listed() {
		return
	}
	if x.cleanup == (runtime.Cleanup{}) { // a task was about to retrieve it
		x.cleanup = runtime.AddCleanup(f, collected, x)
	}
	x.audience--
	switch {
	case !x.untold():
	case panicked:
		x.panicked = true
		u.find(f.loop, x)
	case x.passed:
		u.late = x
	}
}

// expected takes note of one more who is to be told.
func (x *failure) expected() {
	u := &x.loop.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	x.audience++
}

// follow has the failure reported when the future becomes unreachable, and not before.
func (x *failure) follow(f *Future) {
	x.about(f)
	x.cleanup = runtime.AddCleanup(f, collected, x)
}

// listLate is for one that has failed on a loop which is closed: nobody runs it any more, and
// the patrol sees to it. Without it, on another clock, or if what is kept is not to be
// reported before the end, which was, the failure is followed alone.
func (x *failure) listLate(f *Future) {
	l := x.loop
	x.follow(f)
	if !l.onPatrol || l.UnheardAfter <= 0 {
		return
	}
	u := &l.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(x)
	u.know(l)
}

func (x *failure) about(f *Future) {
	x.since, x.lost.err = time.Since(base), x.err
	if f.kind == kindTask {
		x.lost.of(f.task())
	}
}

// know lets the patrol know that there is something here; with mu held.
func (u *unheard) know(l *Loop) {
	if l.onPatrol && !u.known {
		u.known = true
		thePatrol.fails(l, true)
	}
}

// awaited takes note that somebody waits for the end of a task, if not for its
// value, which is enough for a success.
func (x *failure) awaited() {
	if x.err == nil {
		x.heard()
	}
}

// heard takes note that somebody has asked. Any goroutine may call it.
func (x *failure) heard() {
	if x.retrieved.Load() || x.retrieved.Swap(true) {
		return
	}
	u := &x.loop.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	if x.listed() {
		u.remove(x)
		x.cleanup.Stop()
	}
}

func (u *unheard) add(x *failure) {
	u.list.add(&x.item)
	if u.late == nil {
		u.late = x
	}
}

func (u *unheard) remove(x *failure) {
	if u.late == x {
		u.late = u.after(x)
	}
	x.remove()
}

// after returns the failure that came after x, nil if none did.
func (u *unheard) after(x *failure) *failure { return failureAt(u.list.after(&x.item)) }

func failureAt(x *item) *failure { return (*failure)(unsafe.Pointer(x)) } // item is the first field

// collected is the clean-up of a future. The runtime calls it on a goroutine that all
// clean-ups of the process share: it only takes note.
func collected(x *failure) { x.loop.find(x) }

// find takes note of a failure that is to be reported.
func (l *Loop) find(x *failure) {
	u := &l.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	u.find(l, x)
}

func (u *unheard) find(l *Loop, x *failure) {
	if x.listed() {
		u.remove(x)
	}
	u.found = append(u.found, x)
	u.call(l)
}

// beat is for the patrol. It reports whether there may be failures whose futures are
// unreachable, for the collector to find.
func (u *unheard) beat(l *Loop) (collect bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Since(base)
	for u.late != nil && l.UnheardAfter > 0 && now-u.late.since >= l.UnheardAfter {
		x := u.late
		u.late = u.after(x)
		if x.passed = true; x.untold() {
			u.remove(x)
			x.kept = now - x.since
			u.found = append(u.found, x)
		}
	}
	u.found = append(u.found, u.errands...)
	u.errands = nil
	if len(u.found) > 0 {
		u.call(l)
	}
	if u.list.empty() {
		u.known = false
		thePatrol.fails(l, false)
		return false
	}
	return now-failureAt(u.list.root.prev).since < collecting
}

// collecting is for how long after a failure the collector is set to work for it.
const collecting = time.Minute
