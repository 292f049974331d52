package engine

import (
	"context"
	"runtime"
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
//	          goroutine may have begun it already, see places
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
// among its waiters; a suspended task whose waitOn is nil or done is in the ready
// queue exactly once, or if a Go task possibly in that for places; due is only ever set on a pending task.
type Task struct {
	Future

	// Written once.
	body   Body
	values context.Context
	id     uint64

	// Owner.
	due        *Request // is to be delivered at the next step; see requests
	fiber      *fiber
	waitOn     *Future
	prev, next *Task

	extra atomic.Pointer[extra]
}

// extra is what few tasks have.
type extra struct {
	// Written once.
	member  *membership // nil unless created in a scope
	created *Creation   // where, in debug mode

	// Any goroutine.
	name atomic.Pointer[string]
	std  atomic.Pointer[stdContext] // the context's end; see Task.std
	requests

	// Owner.
	links links // scopes derived from this task's context
}

func (t *Task) more() *extra {
	if x := t.extra.Load(); x != nil {
		return x
	}
	t.extra.CompareAndSwap(nil, &extra{})
	return t.extra.Load()
}

func (t *Task) member() *membership {
	if x := t.extra.Load(); x != nil {
		return x.member
	}
	return nil
}

// task returns the task that f is the future of.
func (f *Future) task() *Task {
	return (*Task)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}

// Mode is how a task starts.
type Mode uint8

// The modes.
const (
	Eager Mode = 1 << iota // the first step is taken at once if the loop is running
)

// Start makes t a task that runs body, in the scope of ctx.
func (t *Task) Start(ctx context.Context, body Body, m Mode) {
	if parent, ok := ctx.(*Task); ok {
		// Not the parent itself for values, which would keep it alive.
		t.start(parent.loop, parent.values, parent, nil, body, m)
		return
	}
	at := locate(ctx)
	bound := at.membership()
	if at.task != nil && bound == nil {
		ctx = valuesOf(ctx, at.task)
	}
	t.start(at.loop, ctx, at.task, bound, body, m)
}

// NeverStart makes t a task of l that comes back done, with why it could not start.
func (t *Task) NeverStart(l *Loop, body Body, s State, err error) {
	t.loop, t.kind, t.body, t.phase = l, kindTask, body, destroyed
	t.publish(s, err)
	l.do(action(func() { t.schedule(l) }))
}

// StartOn is Start for a context that need not lead to l. If it can end, it is
// the task's scope; that it has ended is for HearEnd to tell.
func (t *Task) StartOn(l *Loop, ctx context.Context, body Body) {
	if ctx == nil {
		panic(nilContext)
	}
	var bound *membership
	if ctx.Done() != nil {
		bound = &membership{ends: ctx, hears: true}
	}
	t.start(l, ctx, nil, bound, body, 0)
}

// start is Start with whose context it is, nil if no task's, and what binds the task, nil
// for nothing but its loop.
func (t *Task) start(l *Loop, ctx context.Context, creator *Task, bound *membership, body Body, m Mode) {
	t.loop = l
	t.kind = kindTask
	t.body = body
	t.values = ctx
	owned := l.owned()
	if bound == nil && m == 0 && !t.thread && owned && !l.sites.Load() && !l.closed.Load() {
		// The common case of what follows.
		t.count()
		l.tasks.add(t)
		l.ready.push(t)
		return
	}
	if l.tooLate(creator) {
		t.refused(ErrLoopClosed)
		return
	}
	if !owned {
		t.count() // whether it is refused is not known here
	}
	if bound != nil {
		t.enroll(bound)
	}
	if l.sites.Load() {
		t.more().created = Callers()
	}
	if m&Eager != 0 {
		l.do((*adoptedEagerly)(t))
	} else {
		l.do((*adopted)(t))
	}
}

// SetLeaving has the loop take, or not any more, no further tasks but those of its own
// tasks and callbacks, since it is about to end: created by them, or with the context of
// a pending one. Others could keep it busy for ever. They are refused on the spot, without
// a word to the loop.
func (l *Loop) SetLeaving(on bool) { l.leaving.Store(on) }

// tooLate reports whether a task that the caller creates with the context of creator,
// nil if with no task's, is to be refused at once.
func (l *Loop) tooLate(creator *Task) bool {
	switch {
	case l.owned():
		return false // adopt decides
	case l.closed.Load():
		return true
	case !l.leaving.Load() || creator != nil && !creator.Finished():
		return false
	}
	self := hereWorker()
	return self == nil || self.loop != l
}

// refused ends a new task that comes too late.
func (t *Task) refused(err error) {
	t.phase = destroyed
	t.publish(Failed, err)
	x := t.err.(*failure)
	x.watched = true
	if n := t.loop.refusals.Add(1); n <= 100 || n&(n-1) == 0 {
		x.follow(&t.Future) // of a flood some reports are enough
	}
}

// count gives the task its number, as CPython, which counts only the tasks it names.
func (t *Task) count() {
	if t.id == 0 && t.Name() == "" {
		t.id = t.loop.ids.Add(1)
	}
}

// adopted is a new task on its way to its loop.
type adopted Task

func (a *adopted) run(l *Loop) {
	if t := (*Task)(a); l.adopt(t) {
		l.ready.push(t)
	}
}

// adoptedEagerly is one that is to start when it has arrived.
type adoptedEagerly Task

func (a *adoptedEagerly) run(l *Loop) {
	t := (*Task)(a)
	if !l.inRun {
		(*adopted)(t).run(l)
		return
	}
	m := t.member()
	if m != nil {
		m.late = true // behind those who come to watch in the first step, as in CPython
	}
	if l.adopt(t) {
		l.runEagerly(t)
		if m != nil {
			m.watchEnd()
			t.joined()
		}
	}
}

// adopt takes a new task in, or ends it and reports false.
func (l *Loop) adopt(t *Task) bool {
	m := t.member()
	if m != nil || l.closed.Load() {
		if err := l.refuse(t, m); err != nil {
			t.phase = destroyed
			t.publish(Failed, err)
			t.schedule(l)
			return false
		}
	}
	t.count()
	l.tasks.add(t)
	if m != nil {
		m.enter()
	}
	return true
}

// refuse returns why a task cannot start, nil if it can.
func (l *Loop) refuse(t *Task, m *membership) error {
	switch {
	case l.closed.Load():
		return ErrLoopClosed
	case m == nil || m.group == nil:
		return nil
	}
	err := m.group.keeper.Admit(t)
	if err == nil && !m.late {
		m.watchEnd()
	}
	return err
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
	if x := t.extra.Load(); x != nil {
		if s := x.name.Load(); s != nil {
			return *s
		}
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
		t.end(Cancelled, l.hooks.Cancelled(t.handOver()))
	case t.thread:
		l.dispatch(t)
	case t.phase == fresh:
		l.startTask(t)
	default:
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
		t.end(Cancelled, t.loop.hooks.Cancelled(t.handOver()))
	default:
		t.end(Succeeded, nil)
	}
}

// unwound is finish when the loop is closed.
func (t *Task) unwound(err error) {
	defer t.end(Cancelled, t.loop.destroyedError()) // also if a handler exits this goroutine
	if err != ErrGoexit {
		t.loop.report(Report{Message: "task failed while it was destroyed", Err: err, Task: t})
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
	c := t.loop.hooks.AsCancelled(err, t.heeded())
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
	if s == Succeeded && t.loop.debug.Load() {
		err = &failure{loop: t.loop} // to tell if nobody has awaited the task
	}
	t.publish(s, err)
	t.loop.tasks.remove(t)
	if m := t.member(); m != nil {
		m.leave()
	}
	t.schedule(t.loop)
}

func (l *Loop) destroyedError() error {
	return l.hooks.Cancelled(&Request{Origin: OriginShutdown, Cause: ErrLoopClosed})
}

// destroyAll ends the pending tasks of a closing loop.
func (l *Loop) destroyAll() {
	for len(l.doomed) > 0 {
		t := l.doomed[0]
		l.doomed = l.doomed[1:]
		r := &Request{Origin: OriginShutdown, Cause: ErrLoopClosed}
		message, at := l.obituary(t), t.Where()
		t.endContext(r)
		l.endAll(&t.more().links)
		l.carry(r, 0, false)
		l.report(Report{Message: message, Task: t, At: at})
	}
	for t := l.tasks.head; t != nil; t = l.tasks.head {
		l.destroy(t)
	}
	l.forsakeLeft()
}

// ignored says what has become of a request for cancellation of a task that is still
// there, if there was one.
func (t *Task) ignored() string {
	switch f := t.waitOn; {
	case t.endedBy() == nil:
		return ""
	case t.due != nil || t.phase == fresh || t.phase == parked || f != nil && f.State() == Cancelled:
		return ": it was cancelled, and has not run since"
	case f != nil && f.kind == kindTask && f.task().endedBy() != nil:
		return ": it was cancelled, and so was the task that it waits for"
	}
	return ": it was cancelled, and went on"
}

// destroy ends one. Unwinding it may end others: those on the same stack.
func (l *Loop) destroy(t *Task) {
	l.tasks.remove(t)
	if t.thread {
		l.letGo(t)
		return
	}
	switch f := t.fiber; {
	case f == nil:
		t.end(Cancelled, l.destroyedError())
	case l.stranded:
		t.leaveBehind()
	default:
		l.ask(f, runtime.Goexit)
	}
}

func (l *Loop) obituary(t *Task) string {
	message := "task was destroyed but it is pending"
	switch {
	case t.thread && t.threadOf().claim.Load() >= waitingToGoOn:
		message = "Go task is left running"
	case l.stranded && t.fiber != nil && !t.thread:
		message += ", and what it has deferred does not run: it was started on a thread that " +
			"runtime.LockOSThread had locked, and the loop was closed on another"
	}
	return message + t.ignored()
}

// taskList holds the pending tasks in creation order.
type taskList struct{ head, tail *Task }

func (k *taskList) add(t *Task) {
	publish(t)
	t.prev = k.tail
	if k.tail == nil {
		k.head = t
	} else {
		k.tail.next = t
	}
	k.tail = t
}

func (k *taskList) remove(t *Task) {
	switch {
	case t.prev != nil:
		t.prev.next = t.next
	case k.head == t:
		k.head = t.next
	default:
		return // not in the list
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		k.tail = t.prev
	}
	t.prev, t.next = nil, nil
}

// Tasks returns the pending tasks in creation order. If the loop is stuck in a step,
// those are the ones that can be seen from outside.
func (l *Loop) Tasks() []*Task {
	return Ask(l, l.listed, l.listedFromOutside)
}

func (l *Loop) listed() (all []*Task) {
	for t := l.tasks.head; t != nil; t = t.next {
		all = append(all, t)
	}
	return all
}
