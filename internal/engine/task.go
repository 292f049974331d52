package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"unsafe"
)

// Body is what a task runs. The typed face implements it beside its result.
type Body interface {
	// Run calls the coroutine function and keeps its value.
	Run(ctx context.Context) error
	// Face returns the handle that users hold.
	Face() any
	// PC is the address of the coroutine function.
	PC() uintptr
}

// phase is where a pending task is. Its end is the State of its future.
//
//	fresh     made; its first step is in the ready queue
//	started   running, or suspended: waiting for waitOn, or with its next step in
//	          the ready queue because waitOn is done or nil
//	parked    a Go task that waits for its first place among MaxThreads; a finishing
//	          goroutine may have begun it already, see maxthreads.go
//	destroyed the loop was closed over it; its defers may be running
//
//	fresh → started, fresh ⇄ parked, parked → started, any → destroyed
type phase uint8

const (
	fresh phase = iota
	started
	parked
	destroyed
)

// Task is a coroutine wrapped in a future. It is also the context of its
// coroutine and its entry in the ready queue, so that a task is one allocation.
//
// Invariants: waitOn is nil while the task runs; a pending waitOn has the task
// among its listeners; a suspended task whose waitOn is nil or done is in the ready
// queue exactly once, or if a Go task possibly in that for places; due is only ever
// set on a pending task.
type Task struct {
	Future

	// Written once.
	body   Body
	values context.Context
	id     uint64

	// Owner.
	due    *Request // is to be delivered at the next step; see requests
	fiber  *fiber
	waitOn *Future
	item   // among the loop's tasks, or those left

	extra atomic.Pointer[extra]
}

// extra is what few tasks have. Whoever needs it first makes it (more), on any goroutine,
// unless the membership or the thread of a new task brings it along. What is written once
// is there before the task comes to its loop. std is made for who asks for Done, and ended
// by endContext; requests are changed in cancel.go alone; links are joined by scopes made,
// and by waits of others begun, with the task's context, and end with its first request.
type extra struct {
	// Written once.
	member  *membership // nil unless created in a scope
	created *Creation   // where, in debug mode

	// Any goroutine.
	name atomic.Pointer[string]
	std  atomic.Pointer[stdContext] // the context's end; see Task.std
	requests
	shield atomic.Pointer[Shield] // the innermost that the task is in, nil if in none

	// Owner.
	links list
}

func (t *Task) more() *extra {
	if x := t.extra.Load(); x != nil {
		return x
	}
	t.extra.CompareAndSwap(nil, &extra{})
	return t.extra.Load()
}

// nothing is what a task has that has no extra.
var nothing extra

// known is more for who only reads.
func (t *Task) known() *extra {
	if x := t.extra.Load(); x != nil {
		return x
	}
	return &nothing
}

func (t *Task) member() *membership { return t.known().member }

// task returns the task that f is the future of.
func (f *Future) task() *Task {
	return (*Task)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}

// ID is the task's number among the unnamed ones of its loop, from 1; 0 for one
// that was created with a name, or refused at once.
func (t *Task) ID() uint64 { return t.id }

// Face returns the handle that users hold.
func (t *Task) Face() any { return t.body.Face() }

// Threaded reports whether t is a Go task.
func (t *Task) Threaded() bool { return t.thread }

// Name returns the name given by SetName, "" if none.
func (t *Task) Name() string {
	if s := t.known().name.Load(); s != nil {
		return *s
	}
	return ""
}

// SetName names the task.
func (t *Task) SetName(name string) { t.more().name.Store(&name) }

func (t *Task) done(l *Loop) { l.wake(t) }

// run is one step: the first, or the one after what the task waited for.
func (t *Task) run(l *Loop) {
	if t.phase == fresh && t.due == nil && t.member().over() {
		t.HearEnd()
	}
	switch {
	case t.phase == fresh && t.due != nil:
		t.end(Cancelled, l.Hooks.Cancelled(t.handOver()))
	case t.thread:
		l.dispatch(t)
	case t.phase == fresh:
		l.startTask(t)
	case t.fiber != nil: // else it was unwound by Goexit while it waited
		l.lend(t.fiber)
	}
}

// finish ends the task with what its coroutine returned.
func (t *Task) finish(err error) {
	switch {
	case t.phase == destroyed:
		t.unwound(err)
	case err != nil:
		t.fail(err)
	case t.due != nil:
		t.end(Cancelled, t.loop.Hooks.Cancelled(t.handOver()))
	default:
		t.end(Succeeded, nil)
	}
}

// fail ends the task with an error, whose own methods are called to see what it means.
func (t *Task) fail(err error) {
	asked := false
	defer func() {
		if !asked { // they exit the goroutine
			t.end(Failed, err)
		}
	}()
	c := t.loop.Hooks.AsCancelled(err, t.heeded())
	asked = true
	if c != nil {
		t.end(Cancelled, c)
	} else {
		t.end(Failed, err)
	}
}

// end publishes the outcome and lets go of everything.
func (t *Task) end(s State, err error) {
	t.handOver()
	why := err
	if s == Succeeded && t.loop.debug.Load() {
		err = &failure{loop: t.loop} // to tell if nobody has awaited the task
	}
	t.publish(s, err)
	t.remove()
	if m := t.member(); m != nil {
		m.leave()
	}
	if t.loop.Witness != nil {
		t.tellEnded(s, why)
		return
	}
	t.schedule(t.loop)
}

// taskList is tasks in creation order.
type taskList struct{ list }

func (k *taskList) add(t *Task) {
	publish(t)
	k.list.add(&t.item)
}

// all goes through them, but not beyond one that leaves meanwhile.
func (k *taskList) all(yield func(*Task) bool) {
	for x := k.first(); x != nil && yield(taskAt(x)); x = k.after(x) {
	}
}

func taskAt(x *item) *Task {
	return (*Task)(unsafe.Add(unsafe.Pointer(x), -int(unsafe.Offsetof(Task{}.item))))
}

// Tasks returns the pending tasks in creation order. If the loop is stuck in a step,
// those are the ones that can be seen from outside.
func (l *Loop) Tasks() []*Task {
	return Ask(l, l.listed, l.listedFromOutside)
}

func (l *Loop) listed() []*Task { return slices.Collect(l.tasks.all) }
