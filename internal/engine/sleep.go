package engine

import (
	"context"
	"time"
)

// nap is a sleep of a fiber's task, for one after the other.
type nap struct {
	fut   Future
	timer timer // completes it
}

// freshNap returns the fiber's nap with its timer free. If the last sleep was cancelled
// after its timer had fired, that entry is still in the ready queue and must not complete
// another.
func (f *fiber) freshNap() *nap {
	if f.nap == nil || f.nap.timer.fired {
		n := &nap{}
		n.timer.fires = n
		n.fut.loop, n.fut.kind = f.task.loop, kindSleep
		f.nap = n
	}
	return f.nap
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
	}
	return wait{t: t, d: d, end: at.interrupts(t, ctx)}.do()
}

// doze enters a wait for the task's own timer, or for the rest of the turn.
func (t *Task) doze(d time.Duration) {
	if d <= 0 {
		t.loop.ready.push(t)
		return
	}
	n := t.fiber.freshNap()
	n.fut.err = nil
	n.fut.state = uint32(Pending)
	t.loop.timers.add(&n.timer, t.loop.Deadline(d))
	t.begin(&n.fut)
}

// run is the end of a sleep: its time has come.
func (n *nap) run(l *Loop) {
	n.timer.fired = false
	if n.fut.state == uint32(Pending) {
		n.fut.state = uint32(Succeeded)
		n.fut.schedule(l)
	}
}
