package asyncio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Start runs the loop of r on a goroutine of its own, as [Loop.RunForever], and returns
// when it runs. scope leads to it: it is the loop's Context, for CreateTask and the like from
// any goroutine, and ends when the loop is closed. Shutdown, or Close, ends it. This is
// the loop of a service, whose own goroutines are elsewhere: see [WithLoop].
//
// It returns ErrLoopRunning while the loop runs, also by an earlier Start,
// ErrLoopClosed after Shutdown or Close has begun, and ErrThreadLocked if a RunOn has left tasks
// on a locked thread: see [Loop.RunForever]. [RunOn] returns ErrLoopRunning meanwhile.
// After [Loop.Stop] the tasks stay where they are, and Start or RunOn go on with them.
//
// A task that calls runtime.Goexit, as t.FailNow does, ends the run, as it would [Run]: the
// exception handler is told, and the other tasks are ended as by Close. A panic in a task is that
// task's error, or with [PanicsCrash] the end of the process. Signals are not taken, also with
// [WithSignals]: who starts a service knows when to call Shutdown. (loop.run_forever in a thread)
func (r *Runner) Start() (scope context.Context, err error) {
	l := r.Loop()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end != nil {
		return nil, ErrLoopClosed
	}
	b := &background{done: make(chan struct{})}
	b.quit.Init(l.Context())
	began := make(chan error, 1)
	go r.background(b, began)
	if err := <-began; err != nil {
		return nil, err
	}
	r.back = b
	return l.Context(), nil
}

// background is a run of Start.
type background struct {
	quit   engine.Future // ends it
	exited bool          // it was ended by runtime.Goexit; readable once done is closed
	done   chan struct{} // closed when the goroutine has nothing more to do but to end
}

// background is the goroutine of Start. began is told when the loop runs, or why not.
func (r *Runner) background(b *background, began chan<- error) {
	runs, returned := false, false
	defer func() {
		if returned {
			return
		}
		b.exited = true
		close(b.done)
		r.mu.Lock()
		e, begins := r.conclude("the end of the loop by Goexit", true, nil)
		r.mu.Unlock()
		if begins {
			go e.carryOut(r, b)
		}
	}()
	err := r.loop.l.Run(func() *engine.Future {
		runs = true
		began <- nil
		return &b.quit
	})
	returned = true
	close(b.done)
	if !runs {
		began <- err
	}
}

// Shutdown ends the loop of r within ctx, closes it, and returns when that is done and the
// goroutine of Start is gone. First it asks the tasks to stop, and waits, as long as
// [WithDrain] says; then it cancels those that are left, loop tasks before Go tasks, and waits
// for them, as the end of [Run] does. When ctx ends it gives up: a loop task that was not asked
// yet is cancelled and has one more turn of the loop, a Go task a tenth of a second. The error then is
// ErrGraceExceeded with the cause of ctx, and names those that have not ended; they are reported, and
// left behind as by [WithGrace]. A ctx that cannot end gives them the time of WithGrace. Only a step that
// holds up the loop cannot be given up: Shutdown returns soon after the end of ctx, says where the loop
// is stuck, and the loop is closed when that step is over.
//
// It may be called from any goroutine but the loop's own tasks and callbacks, where it
// returns ErrLoopRunning; before Start and also twice: each call waits for the same end and
// returns its error, and the first ctx to end ends it. It blocks: a task of another loop
// calls it by [ToThread]. Tasks that are created meanwhile by others come back
// with ErrLoopClosed. If the loop runs by [RunOn] or RunForever, it returns ErrLoopRunning and
// does nothing; if a task had ended the loop by runtime.Goexit, it returns ErrGoexit. It returns
// ErrThreadLocked as [Loop.Close] does, if a RunOn has left tasks on a locked thread and this is
// another goroutine; on that one it ends them itself, and a step that holds it up it cannot leave.
// (not in asyncio, where one writes it with run_coroutine_threadsafe)
func (r *Runner) Shutdown(ctx context.Context) error { return r.shutdown(ctx, "Runner.Shutdown") }

func (r *Runner) shutdown(ctx context.Context, who string) error {
	l := r.Loop().l
	if t, err := engine.Caller(l.Root()); l.Owned() || err != nil || t != nil && t.Loop() == l {
		return fmt.Errorf("%w: %s in a task of the loop would wait for itself: call it on another goroutine",
			ErrLoopRunning, who)
	}
	if ctx == nil {
		panic("asyncio: " + who + " with a nil context: context.Background() gives it the grace")
	}
	patient := ctx.Done() == nil
	ctx, restore := r.loop.heedSignals(ctx)
	defer restore()
	var over error
	if ctx.Err() != nil {
		over = context.Cause(ctx)
	}
	r.mu.Lock()
	e, begins := r.conclude(who, patient, over)
	back := r.back
	r.mu.Unlock()
	stop, err := engine.AfterFunc(l, ctx, func() { e.hurry(context.Cause(ctx)) })
	if err != nil { // a context that panics has ended by that
		e.hurry(err)
	} else {
		defer stop()
	}
	switch {
	case !begins:
	case l.BoundHere():
		e.carryOut(r, back)
	default:
		go e.carryOut(r, back)
	}
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
	}
	return e.last(context.Cause(ctx))
}

// conclude returns the end of the loop, with mu held, and whether it is the caller who has to
// see to it that it is carried out: within the grace if it is patient, and if over is not nil,
// at once.
func (r *Runner) conclude(who string, patient bool, over error) (e *shutdown, begins bool) {
	if r.end != nil {
		return r.end, false
	}
	r.end = &shutdown{
		ending: ending{loop: r.loop, who: who, apart: true, bounded: !patient, hurried: over},
		done:   make(chan struct{}),
	}
	return r.end, true
}

// shutdown is the end of a Runner's loop: on a goroutine of its own, unless the tasks can
// only go on on that of who asks.
type shutdown struct {
	ending
	done chan struct{} // closed when the loop is closed, or cannot be
	err  error         // readable then
}

// carryOut is the end itself. back is the run that it ends first, nil for none.
func (e *shutdown) carryOut(r *Runner, back *background) {
	defer close(e.done)
	returned := false
	defer func() {
		if !returned || back != nil && back.exited {
			e.err = e.outcome(fmt.Errorf("%w: that has ended the loop", ErrGoexit))
		}
	}()
	if back != nil {
		e.watch()
		if back.quit.Claim() {
			back.quit.Settle(engine.Succeeded, nil)
		}
		<-back.done
		if back.exited {
			r.loop.CallExceptionHandler(ExceptionContext{
				Message: "the loop of Runner.Start ends, since a task or a callback has called runtime.Goexit",
				Err:     ErrGoexit,
			})
		}
	}
	err := e.close()
	returned = true
	if err == nil {
		e.err = e.outcome(nil)
		return
	}
	e.err = err
	if errors.Is(err, ErrLoopRunning) { // somebody else's run, which goes on
		r.mu.Lock()
		r.end = nil
		r.mu.Unlock()
	}
}

// last is the end of Shutdown when its ctx has ended: the loop gives up at once, unless it
// is stuck.
func (e *shutdown) last(cause error) error {
	timer := time.NewTicker(giveUpWithin)
	defer timer.Stop()
	for {
		select {
		case <-e.done:
			return e.err
		case <-timer.C:
		}
		if h, held := e.loop.l.Holder(); held {
			return fmt.Errorf("%w (%w): the loop is stuck: %s", ErrGraceExceeded, cause, describeHolder(&h))
		}
	}
}

// giveUpWithin is how long a loop that does not let go of a step may have been about to.
const giveUpWithin = 200 * time.Millisecond
