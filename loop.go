package asyncio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Loop is an event loop: it runs callbacks and the steps of tasks, one at a time,
// first in, first out. Every method may be called from any goroutine. Most
// programs use [Run] and never see it. (asyncio.AbstractEventLoop)
type Loop struct {
	l       *engine.Loop
	grace   time.Duration
	drain   time.Duration
	signals []os.Signal // that end Run

	observers []Observer
	stop      stopNode
	handler   atomic.Pointer[func(*Loop, ExceptionContext)]
	log       errorLog
	factory   atomic.Pointer[TaskFactory]
}

// NewLoop makes a loop. Close it in the end. (asyncio.new_event_loop)
func NewLoop(opts ...Option) *Loop {
	o := options{grace: DefaultGrace}
	o.UnheardAfter = DefaultUnheardAfter
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.Driver == nil {
		o.Driver = engine.NewWall()
	}
	l := &Loop{grace: o.grace, drain: o.drain, signals: o.signals, observers: o.observers}
	o.Face = l
	o.Values = context.Background()
	o.Hooks = engine.Hooks{
		Cancelled:   cancelledBy,
		AsCancelled: asCancelled,
		Panicked:    panicked,
		Panic:       isPanic,
		Report:      l.report,
		Slow:        l.heldUp,
		Still:       logStill,
	}
	o.Witness = l.witness()
	l.l = engine.New(o.Config)
	l.SetExceptionHandler(o.handler)
	l.SetTaskFactory(o.factory)
	return l
}

// RunningLoop returns the loop that ctx leads to. Without one it panics.
// (asyncio.get_running_loop)
func RunningLoop(ctx context.Context) *Loop {
	l, _ := engine.Located(ctx)
	return l.Face().(*Loop)
}

// core returns the engine's loop, which a zero Loop does not have.
func (l *Loop) core() *engine.Loop {
	if l.l == nil {
		panic("asyncio: a zero Loop: make one with NewLoop")
	}
	return l.l
}

// Context returns the context that leads to the loop: the scope for CreateTask
// and NewFuture outside of tasks. It ends when the loop is closed. (not in asyncio, where
// the loop itself is given)
func (l *Loop) Context() context.Context { return l.core().Root() }

// CallSoon has f called on the loop, on its next turn, after what is ready. f must
// not block or await. On a closed loop the handle comes back cancelled.
// (loop.call_soon, loop.call_soon_threadsafe)
func (l *Loop) CallSoon(f func()) *Handle {
	h := l.newHandle(f)
	h.h.Soon()
	return h
}

// CallLater has f called on the loop after d. Callbacks of the same moment run in
// the order in which they were set. (loop.call_later)
func (l *Loop) CallLater(d time.Duration, f func()) *Handle {
	h := l.newHandle(f)
	h.h.At(l.core().Deadline(d))
	return h
}

// CallAt has f called on the loop at a moment of its clock. (loop.call_at)
func (l *Loop) CallAt(when time.Time, f func()) *Handle {
	h := l.newHandle(f)
	h.h.At(l.core().Since(when))
	return h
}

// RunForever runs the loop on the calling goroutine until Stop. It returns
// ErrLoopRunning or ErrLoopClosed if it cannot run, and ErrThreadLocked if tasks wait
// on it that cannot go on on this goroutine. (loop.run_forever)
//
// A loop that runs on a goroutine which is locked to its thread (runtime.LockOSThread, or
// C has called it) runs its tasks on that thread. They can only go on there: the next run
// has to be on the same goroutine, locked as often. A callback must not lock the loop's
// goroutine, nor must a task lock its own over an await: for that the Go runtime ends the
// process.
//
// If a task or a callback calls runtime.Goexit, as t.FailNow does, RunForever gives
// up the loop and exits its goroutine as well.
//
// A loop that is to run in the background is a [Runner]'s, by Start: what ends this one is
// Stop, which leaves the tasks where they are, and then Close, which destroys them.
func (l *Loop) RunForever() error { return l.core().Run(nil) }

// RunUntilComplete runs the loop on the calling goroutine until f is done and
// returns f's error; the value is in f.Result. It returns ErrLoopStopped if Stop
// came first, and ErrLoopRunning, ErrLoopClosed or ErrThreadLocked if the loop cannot
// run: see [Loop.RunForever].
// (loop.run_until_complete)
func (l *Loop) RunUntilComplete(f AnyFuture) error {
	if coreOf(f).Loop() != l.core() {
		return errors.New("asyncio: RunUntilComplete of a future that belongs to another loop")
	}
	if err := l.core().Run(f.core); err != nil {
		return err
	}
	if !f.Done() {
		return ErrLoopStopped
	}
	return f.Err()
}

// Stop makes RunForever return at the end of the current turn; callbacks that are
// scheduled for it still run, those scheduled by them wait for the next
// RunForever. A loop that does not run stops after one turn of the next run.
// (loop.stop)
func (l *Loop) Stop() { l.core().Stop() }

// Close ends the loop for good. Tasks that are pending are reported to the
// exception handler; loop tasks are unwound so that their defers run, and end as
// cancelled. Errors that nobody retrieved are reported. It returns ErrLoopRunning
// if the loop runs, and does nothing if it was closed. If tasks wait on it that were
// started on a locked thread, and this is not the goroutine that has run them, it closes
// the loop all the same and returns ErrThreadLocked: what they have deferred cannot run.
// Otherwise it does not matter whether the caller is locked to a thread. [Run] ends more
// gently, and so do [Runner.Shutdown] and Runner.Close. (loop.close)
func (l *Loop) Close() error { return l.core().Close() }

// IsRunning reports whether the loop runs. (loop.is_running)
func (l *Loop) IsRunning() bool { return l.core().Running() }

// IsClosed reports whether the loop was closed. (loop.is_closed)
func (l *Loop) IsClosed() bool { return l.core().Closed() }

// String shows whether the loop runs, is closed and is in debug mode.
func (l *Loop) String() string {
	if l.l == nil {
		return "<Loop>"
	}
	return fmt.Sprintf("<Loop running=%t closed=%t debug=%t>", l.IsRunning(), l.IsClosed(), l.Debug())
}

// GoString is String.
func (l *Loop) GoString() string { return l.String() }
