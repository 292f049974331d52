package engine

import (
	"context"
	"strconv"
	"time"
)

// Await waits until f is done and returns its error. A loop task is suspended; a
// Go task or any other goroutine is blocked. If ctx is a scope that ends first,
// Await returns its cause and f goes on.
func (f *Future) Await(ctx context.Context) error {
	if t := f.Enter(ctx); t != nil {
		return t.Rest()
	}
	return f.AwaitFrom(ctx)
}

// Enter begins the common case of Await, that of a loop task with its own context, and
// returns the task, for which Rest does the rest; nil if it is another case, which is
// for AwaitFrom. They are apart so that Rest is called in as few frames as can be: see
// [coro.Baton.Pass].
func (f *Future) Enter(ctx context.Context) *Task {
	t, ok := ctx.(*Task)
	if !ok || t.loop != f.loop || f.Finished() || !t.runs() || t.loop.closed.Load() {
		return nil
	}
	t.begin(f)
	t.nestNext(f)
	return t
}

// runs reports whether the caller is t, a loop task.
func (t *Task) runs() bool {
	return t.loop.owned() && t.loop.current == t
}

// AwaitFrom is Await where Enter has returned nil.
func (f *Future) AwaitFrom(ctx context.Context) error {
	if f.Finished() {
		if f.State() == Cancelled && !f.loop.owned() && ctx != nil {
			if t, err := caller(lookup(ctx), f.loop); t == nil && err == nil && f.fellWith(ctx.Done()) {
				return causeOf(ctx)
			}
		}
		return f.retrieve()
	}
	at := lookup(ctx)
	t, err := caller(at, f.Loop())
	switch {
	case err != nil:
		return err
	case t == nil:
		return f.block(ctx)
	case t.loop != f.loop:
		return t.awaitAbroad(f, ctx)
	}
	return wait{t: t, f: f, end: at.interrupts(t, ctx)}.do()
}

// wait is one that is not the common case.
type wait struct {
	t   *Task
	f   *Future         // nil if it is a sleep
	d   time.Duration   // of a sleep
	end context.Context // what may interrupt it
}

// do is the wait, for its task. That of a Go task goes by the loop.
func (w wait) do() error {
	if w.t.thread {
		return w.visit()
	}
	if err := w.t.mayWait(w.end); err != nil {
		return err
	}
	w.enter()
	return w.t.Rest()
}

// enter begins it, on the loop. If its next step is in the ready queue already, nothing
// interrupts it.
func (w *wait) enter() {
	if w.f != nil {
		w.t.begin(w.f)
	} else {
		w.t.doze(w.d)
	}
	if w.end != nil && w.t.waitOn != nil {
		w.t.fiber.interruptible().link.join(w.t.loop, w.end)
	}
}

// mayWait refuses waits that could not end: the loop is closed, or what would interrupt
// them is over. A task's own context never is: a cancellation is delivered once.
func (t *Task) mayWait(end context.Context) error {
	switch s, own := end.(*Scope); {
	case t.loop.closed.Load():
		return ErrLoopClosed
	case end == nil:
	case own && s.loop == t.loop:
		if s.over != nil {
			return t.loop.cause(s.over)
		}
	case t.loop.errOf(end) != nil:
		return t.loop.causeOf(end)
	}
	return nil
}

// begin enters the wait for f. One that would never end is, as in CPython, turned
// down on the next turn. Only if somebody waits for t can that be.
func (t *Task) begin(f *Future) {
	if f.kind >= kindTask && (t.listeners != nil || f == &t.Future) {
		if err := t.closes(f); err != nil {
			t.fiber.interruptible().cause = err
			t.loop.ready.push(t)
			return
		}
	}
	f.add(t)
	t.waitOn = f
	if t.due != nil {
		t.passOn(f)
	}
}

// resumed ends a wait on the task's side: it returns what the task is told.
// The rules are CPython's. A cancellation requested since the wait ended replaces
// a result or failure, but not the cancellation of what was waited for.
func (t *Task) resumed() error {
	f := t.waitOn
	t.waitOn = nil
	var err error
	if b := t.fiber.bound; b != nil {
		err = b.end()
	}
	if t.due != nil {
		return t.cancelled(f)
	}
	if f != nil {
		err = f.retrieve()
		if f.kind == kindSleep {
			t.loop.timers.remove(&t.fiber.nap.timer)
		}
	}
	return err
}

// cancelled is how a wait for f, nil if that was broken off, ends if a cancellation is to
// be delivered. It is on its own for the sake of resumed, which every wait comes to.
func (t *Task) cancelled(f *Future) error {
	r := t.handOver()
	if f != nil {
		if f.kind == kindSleep {
			t.loop.timers.remove(&t.fiber.nap.timer)
		}
		err := f.Peek()
		if f.State() == Cancelled || err != nil && t.loop.Hooks.AsCancelled(err, nil) != nil {
			return f.retrieve() // a gather fails with the cancellation of one of its own
		}
		f.Missed()
	}
	return t.loop.Hooks.Cancelled(r)
}

// bound is what few waits have: an end other than that of what is waited for. It is its
// fiber's from the first such wait on, for the owner; between waits link has joined nothing,
// and cause and queue are nil. wait.enter joins the context that may interrupt the wait.
// Whatever does interrupt it, that context (scopeEnded) or a circle, sets cause in breakOff
// and wakes the task; a wait that begins in a circle has its cause at once. However the wait
// has ended, resumed takes all back by end.
type bound struct {
	fiber *fiber
	cause error    // why the wait was interrupted or refused
	link  link     // to the context by whose end it is interrupted
	queue Unwinder // in which the task still is, if it was a Waiter's: it leaves when it goes on
}

func (f *fiber) interruptible() *bound {
	if f.bound == nil {
		f.bound = &bound{fiber: f}
		f.bound.link.who = f.bound
	}
	return f.bound
}

// end unbinds a wait that is over and returns why it was interrupted, if it was.
func (b *bound) end() error {
	b.link.remove()
	err := b.cause
	b.cause, b.queue = nil, nil
	return err
}

// scopeEnded interrupts the wait in progress, unless it has just ended by itself.
func (b *bound) scopeEnded(r *Request) {
	t := b.fiber.task
	if t == nil || t.waitOn == nil || t.waitOn.Finished() {
		return
	}
	t.breakOff(t.loop.cause(r))
}

// breakOff ends the wait in progress, with an error that it returns if that is not nil.
func (t *Task) breakOff(cause error) {
	f, b := t.waitOn, t.fiber.interruptible()
	f.drop(t)
	if f.kind == kindSleep {
		t.loop.timers.remove(&t.fiber.nap.timer)
	}
	t.waitOn = nil
	b.cause, b.queue = cause, f.unwinder()
	t.loop.wake(t)
}

func (t *Task) label() string { return Label(t.Name(), t.id) }

// Label is what a task is called: by its name, or else its number.
func Label(name string, id uint64) string {
	switch {
	case name != "":
		return name
	case id == 0:
		return "refused task"
	}
	return "Task-" + strconv.FormatUint(id, 10)
}

// block waits on a goroutine that is no task.
func (f *Future) block(ctx context.Context) error {
	if f.loop.closed.Load() {
		return ErrLoopClosed
	}
	over := ctx.Done() // before there is anything to take back: it is users' code
	done := make(chan struct{})
	w := &prompt{tell: func() { close(done) }}
	f.loop.addListener(f, w)
	if toldFirst(done, over, f.loop) || f.Finished() {
		if f.fellWith(over) {
			return causeOf(ctx)
		}
		return f.retrieve()
	}
	f.loop.dropListener(f, w)
	return f.loop.endOfBlock(ctx)
}

// fellWith reports whether f was cancelled and the context of a goroutine that awaits it has ended,
// as over says. It may be that which has cancelled f, and has come first: the goroutine is told of
// that, whichever it happens to see.
func (f *Future) fellWith(over <-chan struct{}) bool {
	if f.State() != Cancelled || f.loop.closed.Load() {
		return false
	}
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// toldFirst waits for told, and reports false if over, or the end of the loop, is first. It
// waits for no more than there is: a receive costs less than a select.
func toldFirst(told, over <-chan struct{}, l *Loop) bool {
	var closed <-chan struct{}
	if l != nil {
		closed = l.root.Done()
	}
	if closed == nil && over == nil {
		<-told
		return true
	}
	select {
	case <-told:
		return true
	case <-over:
	case <-closed:
	}
	return false
}

// endOfBlock is why a goroutine that waited with ctx was not told. l may be nil.
func (l *Loop) endOfBlock(ctx context.Context) error {
	if l != nil && l.closed.Load() {
		return ErrLoopClosed
	}
	return causeOf(ctx)
}
