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
	switch c := ctx.(type) {
	case *Scope:
		return c.Err()
	case *Task:
		return c.Err()
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
		*err = l.hooks.Panicked(v, debug.Stack())
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

// whenEnded arranges for who to be told on the loop when ctx ends.
func (l *Loop) whenEnded(ctx context.Context, who scoped) (stop func() bool) {
	stop, err := AfterFunc(l, ctx, func() {
		l.post(action(func() { l.deliver(who, l.endOf(ctx)) }))
	})
	if err != nil {
		l.post(action(func() { l.deliver(who, &Request{Origin: OriginContext, Cause: err}) }))
	}
	return stop
}

// AfterFunc is context.AfterFunc. With the error of a panic of ctx's f is never called.
func AfterFunc(l *Loop, ctx context.Context, f func()) (stop func() bool, err error) {
	stop = func() bool { return false }
	defer l.panicked(&err)
	return context.AfterFunc(&foreign{ctx, ctx.Done(), l}, f), nil
}

// foreign is such a context as the standard library is to see it.
type foreign struct {
	context.Context
	done <-chan struct{}
	loop *Loop
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
