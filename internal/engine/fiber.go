package engine

import (
	"fmt"
	"runtime/debug"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// fiber is what a task runs on: a coroutine for a loop task, a goroutine for a Go
// task. Coroutines are pooled; one that has finished a task takes the next fresh
// one from the ready queue by itself, without a switch to the loop and back.
type fiber struct {
	coro.Coro // Depth counts the tasks on this stack below the running one

	// Owner.
	task  *Task  // nil while idle
	nap   *nap   // nil until first needed
	bound *bound // likewise
}

// startTask runs a fresh loop task on an idle coroutine or a new one.
func (l *Loop) startTask(t *Task) {
	if l.explorer != nil {
		l.explorer.pool.lend(l)
	}
	if !l.equip(t) {
		f := &fiber{}
		coro.Init(f)
		f.take(t)
	}
	l.lend(t.fiber)
}

// equip gives a fresh task an idle coroutine, if there is one, and reports whether it did.
func (l *Loop) equip(t *Task) bool {
	n := len(l.fibers)
	if n == 0 || !t.startable() {
		return false
	}
	f := l.fibers[n-1]
	l.fibers[n-1] = nil
	l.fibers = l.fibers[:n-1]
	f.take(t)
	return true
}

func (f *fiber) take(t *Task) {
	f.task = t
	t.fiber = f
	t.phase = started
}

// Coroutine is for coro.Init.
func (f *fiber) Coroutine() *coro.Coro { return &f.Coro }

// startable reports whether the task's next step is to call its function here.
func (t *Task) startable() bool {
	return t.phase == fresh && !t.thread && t.due == nil && !t.member().over()
}

// execute runs the task to its end, whichever way it ends. below is the one that goes
// on then on the same stack, nil if none does.
func (f *fiber) execute(below *Task) {
	t := f.task
	var err error
	returned := false
	defer func() {
		exited := false
		if !returned {
			closed := t.loop.closed.Load()
			if closed {
				t.phase = destroyed
			}
			if v := recover(); v != nil {
				err = t.panicked(v)
			} else {
				exited = true
				err = ErrGoexit
				if !closed && !f.Exiting {
					t.loop.held |= exiting
				}
				f.Exiting = true // the tasks below go on with the same Goexit
			}
			t.forsake()
		}
		f.task = below
		t.fiber = nil
		t.finish(err)
		if below != nil {
			f.Depth--
			t.loop.current = below
		}
		if exited {
			_ = t.retrieve() // Run's goroutine exits too: no need for a report
		}
	}()
	err = t.body.Run(t)
	returned = true
}

// forsake drops the wait that a task was in when it was unwound, and leaves the queue
// that it was waiting in, also if that wait was over and it had only not run since.
func (t *Task) forsake() {
	var queue Unwinder
	if b := t.fiber.bound; b != nil {
		queue = b.queue
		_ = b.end()
	}
	if f := t.waitOn; f != nil {
		f.drop(t)
		t.waitOn = nil
		queue = f.unwinder()
	}
	if queue != nil {
		queue.Unwound()
	}
}

// panicked turns a panic into the task's error, or ends the process. It must be
// called by the deferred function that recovered it.
func (t *Task) panicked(v any) error {
	err := t.loop.Hooks.Panicked(v, debug.Stack())
	if t.loop.PanicsCrash {
		// The coroutine would hand the panic to the goroutine that resumed it,
		// without this stack.
		go panic(crash{err})
		select {}
	}
	return err
}

// crash is the error of a panic as the runtime prints it: with the stack.
type crash struct{ error }

func (c crash) Error() string { return fmt.Sprintf("%+v", c.error) }

// dropFibers ends the idle coroutines.
func (l *Loop) dropFibers() {
	if l.explorer != nil {
		l.explorer.pool.takeBack(l)
	}
	for _, f := range l.fibers {
		l.baton.End(&f.Coro)
	}
	l.fibers = nil
}
