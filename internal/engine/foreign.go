package engine

import (
	"context"
	"runtime/debug"
)

// A foreign context is one whose type is somebody else's. Its methods are users' code,
// and may panic where the loop, or the standard library on a goroutine of its own, asks
// it. One that does has ended, by that panic: what is bound to it ends with the panic's
// error for the reason.

// errOf is ctx.Err.
func (l *Loop) errOf(ctx context.Context) (err error) {
	switch ctx.(type) {
	case *Scope, *Task:
		return ctx.Err()
	}
	defer l.panicked(&err)
	return ctx.Err()
}

// causeOf is context.Cause of one that has ended.
func (l *Loop) causeOf(ctx context.Context) (err error) {
	defer l.panicked(&err)
	return stdCause(ctx)
}

func (l *Loop) panicked(err *error) {
	if v := recover(); v != nil {
		*err = l.Hooks.Panicked(v, debug.Stack())
	}
}

// hasDeadline reports whether ctx has one.
func (l *Loop) hasDeadline(ctx context.Context) (has bool) {
	defer func() { _ = recover() }()
	_, has = ctx.Deadline()
	return has
}

// endOf is the request that the end of ctx makes.
func (l *Loop) endOf(ctx context.Context) *Request {
	if of := doneOf(ctx); l.ending.of != of || of == nil {
		if r := movedEnd(ctx, of); r != nil {
			return r
		}
		late := l.errOf(ctx) == context.DeadlineExceeded
		l.ending = ending{of, &Request{Origin: OriginContext, Cause: l.causeOf(ctx), late: late}}
	}
	return l.ending.by
}

// doneOf is ctx.Done.
func doneOf(ctx context.Context) (done <-chan struct{}) {
	defer func() { _ = recover() }()
	return ctx.Done()
}

// ending is the latest end of a foreign context. Of many who wait for it each is told on
// its own, all of them by one request.
type ending struct {
	of <-chan struct{}
	by *Request
}

// lookout waits for the end of a foreign context on behalf of one who ends with it.
type lookout struct {
	foreign
	who    scoped
	panic  error // of ctx, when it was asked for its end
	over   bool  // who has ended, or needs it no more
	unhook func() bool
}

// lookOut has who told on the loop when ctx has ended.
func (l *Loop) lookOut(ctx context.Context, who scoped) *lookout {
	w := &lookout{foreign: foreign{Context: ctx, loop: l}, who: who}
	if w.unhook, w.panic = w.afterFunc(func() { l.post(w) }); w.panic != nil {
		l.post(w)
	}
	return w
}

func (w *lookout) run(l *Loop) {
	switch {
	case w.over:
	case w.panic != nil:
		l.deliver(w.who, &Request{Origin: OriginContext, Cause: w.panic})
	default:
		l.deliver(w.who, l.endOf(w.Context))
	}
}

func (w *lookout) leave() {
	w.over = true
	w.unhook()
}

// AfterFunc is context.AfterFunc. With the error of a panic of ctx's f is never called.
func AfterFunc(l *Loop, ctx context.Context, f func()) (stop func() bool, err error) {
	return (&foreign{Context: ctx, loop: l}).afterFunc(f)
}

// foreign is such a context as the standard library is to see it.
type foreign struct {
	context.Context
	done <-chan struct{}
	loop *Loop
}

func (f *foreign) afterFunc(do func()) (stop func() bool, err error) {
	stop = func() bool { return false }
	defer f.loop.panicked(&err)
	f.done = f.Context.Done()
	return context.AfterFunc(f, do), nil
}

func (f *foreign) Done() <-chan struct{} { return f.done }

// Err is not nil once Done is closed: the standard library ends the process for it.
func (f *foreign) Err() error {
	err := f.loop.errOf(f.Context)
	if err == nil {
		select {
		case <-f.done:
			err = context.Canceled
		default:
		}
	}
	return err
}

func (f *foreign) Value(key any) (v any) {
	defer func() { _ = recover() }()
	return f.Context.Value(key)
}
