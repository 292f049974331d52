package asyncio

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
	"github.com/asyncio-go/asyncio/internal/errwalk"
)

// anchor makes a TaskGroup the context that CreateTask recognises.
type anchor = engine.Anchor

// TaskGroup is tasks that are waited for together: see [WithTaskGroup]. It is a
// context.Context: CreateTask(tg, c) and Go(tg, c) make a task of the group. As the
// ctx of an await it is like the context that the group was made with. To the
// standard library it ends when the group cancels its tasks, when that context
// ends, and when the group is finished. The ctx of a task of the group ends when that task is
// asked to end, and not before: if the calling task is cancelled, that is when the body has
// returned. Every method may be called from any
// goroutine. (asyncio.TaskGroup)
type TaskGroup struct {
	anchor

	// Written once.
	loop       *engine.Loop
	scope      engine.Scope
	parent     *engine.Task // whose body it is, nil if that is no task
	cancelling engine.Asked // requests to cancel the parent that were there before
	outer      *stopNode    // where it belongs to be asked to stop

	slots atomic.Pointer[slots] // of SetLimit, nil before; written by the owner, read by who creates

	stop stopNode

	// Owner of the loop.
	phase      groupPhase
	tasks      int                             // not taken note of yet as ended
	aborting   bool                            // the tasks were cancelled
	requested  *engine.Request                 // so was the parent, by this, which will take it back; nil if not
	errs       []*TaskError                    // in the order in which they ended
	supervised bool                            // see Supervise
	onFailure  func(AnyTask, error)            // nil to keep failures
	starting   map[*engine.Task]*engine.Future // by Start: who has not said yet, or was not heard, that it has started
	completed  *engine.Members                 // what the parent waits for at the end, nil if it does not
	first      engine.Members                  // the first such, here to save an allocation

	shutdown atomic.Pointer[groupShutdown] // nil until Shutdown is called

	// Owner, then who leaves the group.
	propagate, failure error // the body's cancellation, or failure
	late               error // the first cancellation by somebody else while the tasks are ending
}

// groupPhase is where the body of a group is.
//
//	inBody → leaving → finished
type groupPhase uint8

const (
	inBody groupPhase = iota
	leaving
	finished
)

// WithTaskGroup calls body with a new group, and returns when body has returned and
// all tasks of the group are done. It is an await point, unless the group has no
// task then. (async with asyncio.TaskGroup())
//
// When a task fails, or body returns an error, the other tasks are cancelled in the
// order in which they were created, and so is the body if it has not returned: its
// next await returns a *CancelledError. When all have ended, WithTaskGroup returns a
// *GroupError with what has failed. A task that was cancelled by somebody else is
// no failure.
//
// If the calling task is cancelled, the tasks are cancelled once body has returned
// that error, and WithTaskGroup returns the *CancelledError, unless something failed:
// then that, and the cancellation is delivered again at the caller's next await. A
// body that refuses, and returns nil, has its tasks waited for. If ctx is a
// scope that ends, its cause is taken for an error of the body. Of an error in which a body
// or task that was cancelled has joined the cancellation with a failure of its clean-up,
// the failure is taken. A panic or Goexit in
// body goes on when all tasks have been cancelled and have ended.
//
// A task of the group that waits, directly or not, for the calling task has its await
// ended by ErrDeadlock once body has returned, and that is its failure unless it refuses.
//
// It returns ErrNotInTask in a callback, and panics without a loop in ctx. On a loop that
// is closed it returns ErrLoopClosed without a call of body, and it does if the loop is
// closed meanwhile. A goroutine that is no task cannot be
// cancelled: of its body only awaits with tg are interrupted.
func WithTaskGroup(ctx context.Context, body func(tg *TaskGroup) error) error {
	if body == nil {
		panic("asyncio: WithTaskGroup of a nil body")
	}
	parent, err := engine.Caller(ctx)
	if err != nil {
		return err
	}
	loop, _ := engine.Located(ctx)
	if loop.Closed() {
		return ErrLoopClosed
	}
	tg := &TaskGroup{loop: loop, parent: parent}
	if parent != nil {
		tg.cancelling = parent.Asked()
	}
	tg.scope.InitGroup(ctx, (*groupKeeper)(tg))
	tg.anchor = engine.AnchorTo(&tg.scope)
	tg.outer = stopNodeOf(ctx)
	tg.outer.add(&tg.stop)

	unwinding := true
	defer func() {
		if unwinding {
			// The errors of tasks have no other way to anybody.
			if e, ok := errwalk.Find[*GroupError](tg.leave(ctx, errUnwound)); ok {
				for _, err := range e.tasks {
					loop.Report(engine.Report{Message: "task failed in a group whose body panicked or exited", Err: err})
				}
			}
		}
	}()
	err = body(tg)
	unwinding = false
	return tg.leave(ctx, err)
}

var errUnwound = errors.New("asyncio: unwound by a panic or runtime.Goexit")

// leave is the end of the group: CPython's __aexit__, with the body's error.
func (tg *TaskGroup) leave(ctx context.Context, err error) error {
	defer tg.outer.remove(&tg.stop)
	tg.own((*TaskGroup).bodyEnded, err)
	for tg.own((*TaskGroup).complete, nil); tg.completed != nil; tg.own((*TaskGroup).complete, nil) {
		e := tg.completed.Await(ctx)
		if e == nil {
			continue
		}
		if tg.loop.Closed() {
			if x := tg.shutdown.Load(); x != nil {
				x.vigil.stop()
			}
			return e
		}
		ctx = engine.Unscoped(ctx) // if it is a scope that is over, nothing waits in it
		tg.own((*TaskGroup).interrupted, e)
		if engine.Over(ctx) { // the goroutine of a Go task that was left: see Abandon
			break
		}
	}
	tg.own((*TaskGroup).finish, nil)
	return tg.outcome()
}

// own has the owner of the loop call f.
func (tg *TaskGroup) own(f func(*TaskGroup, error), err error) {
	if tg.loop.Owned() {
		f(tg, err)
	} else {
		tg.loop.Call(func() { f(tg, err) })
	}
}

func (tg *TaskGroup) bodyEnded(err error) {
	switch {
	case err == nil:
	case isCancellation(err, tg.aborting || tg.parent != nil && tg.parent.Asked().Count > 0):
		tg.propagate = err
	case tg.aborting || tg.parent != nil && tg.parent.Asked().Count > 0:
		tg.failure = cleanUpError(err) // the group's is its own affair, another is delivered again
	default:
		tg.failure = err
	}
	tg.phase = leaving
	if err != nil && !tg.aborting {
		tg.abort(err, "")
	}
}

// complete makes what to wait for, none if all tasks have ended.
func (tg *TaskGroup) complete(error) {
	switch {
	case tg.tasks == 0:
		tg.completed = nil
		return
	case tg.completed == nil:
		tg.completed = &tg.first
	default:
		tg.completed = &engine.Members{}
	}
	tg.completed.Init(&tg.scope)
	tg.completed.Play(engine.Grouped)
}

// interrupted is the end of the wait by an error.
func (tg *TaskGroup) interrupted(err error) {
	cancelled := isCancellation(err, false)
	switch {
	case tg.aborting && cancelled:
		own := tg.requested != nil && tg.parent != nil && tg.parent.Asked().Count <= tg.cancelling.Count+1
		if tg.late == nil && !own {
			tg.late = err
		}
	case tg.aborting:
	case cancelled:
		tg.propagate = err
		tg.abort(err, "")
	default:
		tg.failure = err
		tg.abort(err, "")
	}
}

func (tg *TaskGroup) finish(error) {
	tg.phase = finished
	if x := tg.shutdown.Load(); x != nil {
		x.takeBack()
		x.vigil.stop()
	}
	tg.scope.End(groupFinished)
}

var groupFinished = &engine.Request{Origin: engine.OriginContext, Cause: ErrGroupClosed, Shared: true}

// outcome is what the group returns.
func (tg *TaskGroup) outcome() error {
	propagate := tg.propagate
	switch {
	case tg.requested == nil:
	case tg.parent == nil || !tg.parent.TakeBack(tg.cancelling):
		propagate = nil // it was the group's own
	case propagate != nil:
		propagate = bySomebodyElse(tg.parent, propagate, tg.requested)
	case propagate == nil:
		propagate = tg.late // somebody else's came too, after the group's
	}
	switch {
	case len(tg.errs) > 0:
	case propagate != nil && tg.failure == nil:
		return propagate
	case tg.failure == nil:
		return nil
	case tg.loop.Closed() && Except(tg.failure, ErrLoopClosed):
		return tg.failure // as its own wait would have told
	}
	if tg.parent != nil {
		tg.parent.Redeliver(false) // if it was cancelled by somebody else
	}
	return newGroupError(tg.errs, tg.failure)
}

// abort cancels the tasks.
func (tg *TaskGroup) abort(why error, message string) {
	tg.aborting = true
	tg.scope.End(tg.request(why, message))
}

func (tg *TaskGroup) request(why error, message string) *engine.Request {
	return &engine.Request{Origin: engine.OriginGroup, By: tg.loop.Self(), Cause: why, Message: message}
}

// interrupt cancels the parent on behalf of the group.
func (tg *TaskGroup) interrupt(why error, message string) {
	if tg.requested != nil {
		return
	}
	tg.requested = tg.request(why, message)
	if tg.parent != nil {
		tg.parent.Interrupt(tg.requested, tg.cancelling)
	}
}

// made returns the loop of a group that WithTaskGroup has made.
func (tg *TaskGroup) made() *engine.Loop {
	if tg.loop == nil {
		panic("asyncio: a zero TaskGroup: use the one that WithTaskGroup gives to its body")
	}
	return tg.loop
}

// groupKeeper is a group as the engine calls it.
type groupKeeper TaskGroup

// Admit takes a new task in.
func (k *groupKeeper) Admit(t *engine.Task) (err error) {
	tg := (*TaskGroup)(k)
	switch {
	case tg.phase == finished, tg.phase == leaving && tg.tasks == 0:
		err = fmt.Errorf("%w: it is finished", ErrGroupClosed)
	case tg.aborting:
		err = fmt.Errorf("%w: it is cancelling its tasks", ErrGroupClosed)
	default:
		tg.tasks++
	}
	if s := tg.slots.Load(); s != nil {
		s.admitted(err == nil)
	}
	return err
}

// Ended takes note of a task's end.
func (k *groupKeeper) Ended(t *engine.Task) {
	tg := (*TaskGroup)(k)
	if s := tg.slots.Load(); s != nil {
		s.giveBack(t)
	}
	told := tg.starting != nil && tg.toStarter(t)
	failed := !told && t.State() == engine.Failed && tg.phase != finished // else it is as any error that nobody has asked for
	if !failed {
		tg.oneLess()
		return
	}
	err := t.Peek() // who leaves the group tells of it, if that is not unwound
	if t.Cancelling() > 0 {
		err = cleanUpError(err)
	}
	if tg.onFailure != nil {
		defer tg.oneLess() // it may create another in the place of this one
		tg.tell(t, err)
		return
	}
	tg.oneLess()
	tg.errs = append(tg.errs, newTaskError(t.Face().(AnyTask), err))
	if !tg.supervised && !tg.aborting && tg.requested == nil {
		tg.abort(err, "")
		tg.interrupt(err, "")
	}
}

// oneLess takes note that there is one task less.
func (tg *TaskGroup) oneLess() {
	if tg.tasks--; tg.tasks == 0 && tg.completed != nil && tg.completed.Claim() {
		tg.completed.Settle(engine.Succeeded, nil)
	}
}

// Counts is for the engine, which explores orders: whether Ended would only count.
func (k *groupKeeper) Counts(t *engine.Task) bool {
	return k.slots.Load() == nil && k.starting == nil && k.tasks > 1 && t.State() != engine.Failed
}

// Completion is for the engine's picture of who waits for whom.
func (k *groupKeeper) Completion() *engine.Future {
	if k.completed == nil {
		return nil
	}
	return &k.completed.Future
}

// Cancel ends the group: its tasks are cancelled, and so is the body if it has not
// returned; their *CancelledError has this message. WithTaskGroup then returns nil, unless
// something really failed. It does not block, and does nothing to a group that is finished. At
// most one message is used. (TaskGroup.cancel)
func (tg *TaskGroup) Cancel(msg ...string) {
	message := ""
	if len(msg) > 0 {
		message = msg[0]
	}
	tg.made().Do(func() { tg.cancel(message) })
}

func (tg *TaskGroup) cancel(message string) {
	if tg.phase == finished {
		return
	}
	if !tg.aborting {
		tg.abort(nil, message)
	}
	tg.interrupt(nil, message)
}

// Shutdown ends the group in two steps. First it asks: the event that [Stopping]
// gives to the tasks of the group, and of groups inside it, is set. When grace has
// passed on the loop's clock, those of the group that are still there are reported
// by name to the exception handler and the group is cancelled as by Cancel. It does
// not block; WithTaskGroup returns as soon as body and tasks have ended. As long as that takes a warning in
// slog.Default names who is left and where, after a second on the machine's clock and each time that has
// doubled. A later call replaces the grace that is left.
func (tg *TaskGroup) Shutdown(grace time.Duration) {
	x := tg.shutdown.Load()
	if x == nil {
		tg.shutdown.CompareAndSwap(nil, &groupShutdown{})
		x = tg.shutdown.Load()
		x.vigil.begin(tg.made().Face().(*Loop), "TaskGroup.Shutdown", tg.asked)
	}
	tg.stop.ask()
	tg.loop.Do(func() {
		x.takeBack()
		if tg.phase == finished {
			x.vigil.stop()
			return
		}
		x.deadline = &engine.Handle{}
		x.deadline.Init(tg.loop, func() {
			tg.scope.Members(func(t *engine.Task) { reportIgnored(tg.loop, t, grace) })
			if tg.phase == inBody && tg.parent != nil {
				reportIgnored(tg.loop, tg.parent, grace)
			}
			tg.cancel("")
		}, nil)
		x.deadline.At(tg.loop.Deadline(grace))
	})
}

// groupShutdown is what a group has that is asked to stop.
type groupShutdown struct {
	deadline *engine.Handle // owner of the loop
	vigil    vigil
}

func (x *groupShutdown) takeBack() {
	if x.deadline != nil {
		x.deadline.Cancel()
	}
}

// asked reports whether the end of a task is what the end of the group waits for.
func (tg *TaskGroup) asked(t *engine.Task) bool {
	return t.KeptBy((*groupKeeper)(tg)) || t == tg.parent && tg.loop.Owned() && tg.phase == inBody
}

func reportIgnored(l *engine.Loop, t *engine.Task, grace time.Duration) {
	l.Report(engine.Report{
		Message: fmt.Sprintf("task was asked to stop, is still there after %v and is cancelled", grace),
		Task:    t,
	})
}

// Stopping returns the event that is set when the group, or one around it, is asked
// to stop: see [TaskGroup.Shutdown]. (not in asyncio)
func (tg *TaskGroup) Stopping() *Event { return &tg.stop.asked }

// String shows how many tasks there are, how many failed, and what the group is
// doing. It may be called from any goroutine, and never waits: a group is a context, and
// loggers print contexts. While the loop is in a step it shows how that has left things
// so far.
//
// It reads words that the owner may be writing: see the engine's outside.go.
//
//go:norace
func (tg *TaskGroup) String() string {
	if tg.loop == nil {
		return "<TaskGroup>"
	}
	tasks, errs := tg.tasks, len(tg.errs)
	state := "entered"
	switch {
	case tg.phase == finished:
		state = "finished"
	case tg.aborting:
		state = "cancelling"
	}
	return describeGroup(tasks, errs, state)
}

// GoString is String.
func (tg *TaskGroup) GoString() string { return tg.String() }

func describeGroup(tasks, errs int, state string) string {
	s := "<TaskGroup"
	if tasks > 0 {
		s += fmt.Sprintf(" tasks=%d", tasks)
	}
	if errs > 0 {
		s += fmt.Sprintf(" errors=%d", errs)
	}
	return s + " " + state + ">"
}
