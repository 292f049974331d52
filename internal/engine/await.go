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
	default:
		return t.pause(f, 0, at.interrupts(t, ctx))
	}
}

// Doze begins the common case of a sleep, that of a loop task with its own context, and
// returns the task, for which Rest does the rest; nil if it is another case, which is
// for Sleep. Zero or less lets the rest of the turn go first.
func Doze(ctx context.Context, d time.Duration) *Task {
	t, ok := ctx.(*Task)
	if !ok || !t.runs() || t.loop.closed.Load() {
		return nil
	}
	t.doze(d)
	return t
}

// Sleep suspends the calling task, or blocks the calling goroutine, for d of the
// loop's time, where Doze has returned nil.
func Sleep(ctx context.Context, d time.Duration) error {
	at := locate(ctx)
	t, err := caller(at, at.loop)
	switch {
	case err != nil:
		return err
	case t == nil:
		f := &Future{loop: at.loop}
		h := &Handle{}
		h.Init(at.loop, func() {
			if f.Claim() {
				f.Settle(Succeeded, nil)
			}
		}, nil)
		h.At(at.loop.Deadline(d))
		defer h.Cancel()
		return f.block(ctx)
	default:
		return t.pause(nil, d, at.interrupts(t, ctx))
	}
}

// pause is a wait of a task for f, of its loop, or if that is nil for d, that is
// interrupted if end comes first.
func (t *Task) pause(f *Future, d time.Duration, end context.Context) error {
	if t.thread {
		return t.visit(&visit{t: t, f: f, d: d, end: end})
	}
	if err := t.mayWait(end); err != nil {
		return err
	}
	t.beginBound(f, d, end)
	return t.Rest()
}

// beginBound enters such a wait.
func (t *Task) beginBound(f *Future, d time.Duration, end context.Context) {
	if f != nil {
		t.begin(f)
	} else {
		t.doze(d)
	}
	if end != nil && t.waitOn != nil { // else its next step is in the ready queue already
		t.fiber.interruptible().link.join(t.loop, end)
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
	if f.kind >= kindTask && (t.waiters != nil || f == &t.Future) {
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

// doze enters a wait for the task's own timer, or for the rest of the turn.
func (t *Task) doze(d time.Duration) {
	if d <= 0 {
		t.loop.ready.push(t)
		return
	}
	w := t.fiber.waiting()
	w.fut.err = nil
	w.fut.state = uint32(Pending)
	t.loop.timers.add(&w.timer, t.loop.Deadline(d))
	t.begin(&w.fut)
}

// run is the end of a sleep: its time has come.
func (w *wait) run(l *Loop) {
	w.timer.fired = false
	if w.fut.state == uint32(Pending) {
		w.fut.state = uint32(Succeeded)
		w.fut.schedule(l)
	}
}

// resumed ends a wait on the task's side: it returns what the task is told.
// The rules are CPython's. A cancellation requested since the wait ended replaces
// a result or failure, but not the cancellation of what was waited for.
func (t *Task) resumed() error {
	f := t.waitOn
	t.waitOn = nil
	var err error
	if w := t.fiber.wait; w != nil && w.bound != nil {
		err = w.bound.end()
	}
	if t.due != nil {
		return t.cancelled(f)
	}
	if f != nil {
		err = f.retrieve()
		if f.kind == kindSleep {
			t.loop.timers.remove(&t.fiber.wait.timer)
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
			t.loop.timers.remove(&t.fiber.wait.timer)
		}
		err := f.Peek()
		if f.State() == Cancelled || err != nil && t.loop.hooks.AsCancelled(err, nil) != nil {
			return f.retrieve() // a gather fails with the cancellation of one of its own
		}
		f.Missed()
	}
	return t.loop.hooks.Cancelled(r)
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
		t.loop.timers.remove(&t.fiber.wait.timer)
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

// awaitAbroad waits for a future of another loop. A cancellation is passed on to
// it as if it were of the same one.
func (t *Task) awaitAbroad(f *Future, ctx context.Context) error {
	here := t.loop.mirror(f)
	defer here.leave()
	if err := here.Await(ctx); err != nil {
		return err
	}
	if !f.Finished() {
		return ErrLoopClosed
	}
	return f.retrieve()
}

// block waits on a goroutine that is no task.
func (f *Future) block(ctx context.Context) error {
	if f.loop.closed.Load() {
		return ErrLoopClosed
	}
	over := ctx.Done() // before there is anything to take back: it is users' code
	done := make(chan struct{})
	w := &prompt{tell: func() { close(done) }}
	f.loop.addWaiter(f, w)
	select {
	case <-done:
		return f.retrieve()
	case <-over:
	case <-f.loop.root.Done():
	}
	if f.Finished() {
		return f.retrieve()
	}
	f.loop.dropWaiter(f, w)
	if f.loop.closed.Load() {
		return ErrLoopClosed
	}
	return causeOf(ctx)
}
