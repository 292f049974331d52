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
	task *Task // nil while idle
	wait *wait // nil until first needed
}

// wait is what a wait may need beside the future that is waited for.
type wait struct {
	// For a sleep: the future, and the timer that completes it.
	fut   Future
	timer timer
	// For a wait that can be interrupted.
	bound *bound
}

// bound is what few waits have: an end other than that of what is waited for.
type bound struct {
	fiber *fiber
	cause error // why the wait was interrupted or refused
	link  link  // to the context by whose end it is interrupted
	// queue is where the task has its place still, if the wait for a Waiter was
	// interrupted: it leaves when it goes on.
	queue Unwinder
}

func (f *fiber) interruptible() *bound {
	w := f.waiting()
	if w.bound == nil {
		w.bound = &bound{fiber: f}
		w.bound.link.who = w.bound
	}
	return w.bound
}

// waiting returns the fiber's wait with its timer free.
func (f *fiber) waiting() *wait {
	old := f.wait
	if old != nil && !old.timer.fired {
		return old
	}
	w := &wait{}
	w.timer.fires = w
	w.fut.loop, w.fut.kind = f.task.loop, kindSleep
	if old != nil {
		// The last sleep was cancelled after its timer had fired: that entry is
		// still in the ready queue and must not complete another.
		w.bound = old.bound
	}
	f.wait = w
	return w
}

// startTask runs a fresh loop task on an idle coroutine or a new one.
func (l *Loop) startTask(t *Task) {
	if l.explorer != nil {
		l.explorer.pool.lend(l)
	}
	if !l.seat(t) {
		f := &fiber{}
		coro.Init(f)
		f.take(t)
	}
	l.lend(t.fiber)
}

func (f *fiber) take(t *Task) {
	f.task = t
	t.fiber = f
	t.phase = started
}

// lend gives control to a coroutine until it comes back here: when there is nothing to
// do that a coroutine can pass on by itself, or at its next wait if it is held.
func (l *Loop) lend(f *fiber) {
	here, base := l.baton.Holder, l.base
	l.base, here.Lent = here, true
	l.current = f.task
	coro.Set(&l.g, f.G) // of a coroutine that is entered for the first time Main corrects it
	l.baton.Pass(&f.Coro)
	l.base, here.Lent = base, false
	if f := l.ended; f != nil {
		l.ended = nil
		l.baton.End(&f.Coro)
	}
}

// next finds who is to have control after a coroutine that has nothing more to do: the
// one of the task that the loop would run next, or else who has lent control.
func (l *Loop) next() *coro.Coro {
	if l.held == 0 && l.ready.n > 0 && (l.batch > 0 || l.nextTurn()) {
		if t, ok := l.ready.peek().(*Task); ok && (t.phase == started && !t.thread && t.fiber != nil || l.seat(t)) {
			l.entry = l.take()
			l.current = t
			coro.Set(&l.g, t.fiber.G)
			return &t.fiber.Coro
		}
	}
	l.current = nil
	coro.Set(&l.g, l.base.G)
	return l.base
}

// seat gives a fresh task an idle coroutine, if there is one, and reports whether it did.
func (l *Loop) seat(t *Task) bool {
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

// nextTurn begins the next turn, unless the loop is to stop before.
func (l *Loop) nextTurn() bool {
	if l.stopping {
		return false
	}
	l.current = nil
	l.beginTurn()
	return true
}

// Coroutine is for coro.Init.
func (f *fiber) Coroutine() *coro.Coro { return &f.Coro }

// Main is the coroutine: task after task until it is told to end.
func (f *fiber) Main() {
	coro.Set(&f.task.loop.g, f.G)
	coroutines.Enter(&f.Self)
	l := f.task.loop
	returned := false
	defer func() {
		coroutines.Leave(&f.Self)
		if !returned && !f.Exiting && !l.closed.Load() {
			// A panic on the way has hidden from execute that this is Goexit.
			l.held |= exiting
		}
		if !f.Ending {
			l.ended, l.current = f, nil
			coro.Set(&l.g, l.base.G)
			l.baton.Pass(l.base)
		}
	}()
	for !f.Ending {
		l = f.task.loop // another than before, if loops share a pool
		f.execute(nil)
		for t := l.takeFresh(); t != nil; t = l.takeFresh() {
			f.take(t)
			l.current = t
			f.execute(nil)
		}
		if len(l.fibers) >= maxIdleFibers || l.closed.Load() {
			break
		}
		to := l.next() // before others may have this one: what it brings in may start at once
		l.fibers = append(l.fibers, f)
		l.baton.Pass(to)
	}
	returned = true
}

// takeFresh takes what the loop would run next if it is a first step that a
// coroutine can do by itself.
func (l *Loop) takeFresh() *Task {
	if l.ready.n == 0 {
		return nil
	}
	t, ok := l.ready.peek().(*Task)
	if !ok || t.phase != fresh || !l.isNext(t) || !t.startable() {
		return nil // beginning the turn may have brought its cancellation
	}
	l.take()
	return t
}

// startable reports whether the task's next step is to call its function here.
func (t *Task) startable() bool {
	return t.phase == fresh && !t.thread && t.due == nil && !t.member().over()
}

// maxNested bounds how many tasks run on one stack.
const maxNested = 16

// nest runs a fresh task that is next in line, and that the fiber's task awaits,
// on top of it. The order of events is the same and no switch is needed; if the
// new task suspends, both do, and the one below could not run before the other's
// end anyway. One thing differs: Goexit in the upper task unwinds the lower too.
//
// A task of a group could run before: its wait ends if it is for the group's parent and
// that comes to wait for the group, see refuse. So nothing is put on top of one.
func (f *fiber) nest(t *Task) {
	below := f.task
	f.Depth++
	f.take(t)
	t.loop.current = t
	f.execute(below)
}

// nestNext does so if it can with the future that t has begun to await.
func (t *Task) nestNext(f *Future) {
	if f.kind != kindTask || t.waitOn != f || t.fiber.Depth == maxNested {
		return
	}
	if c := f.task(); c.phase == fresh && !t.grouped() && t.loop.isNext(c) && c.startable() {
		t.loop.take()
		t.fiber.nest(c)
	}
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
		}
		if !returned {
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
	if w := t.fiber.wait; w != nil && w.bound != nil {
		queue = w.bound.queue
		_ = w.bound.end()
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
	err := t.loop.hooks.Panicked(v, debug.Stack())
	if t.loop.panicsCrash {
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

// ask has a suspended coroutine call do on its own stack.
func (l *Loop) ask(f *fiber, do func()) {
	current := l.current
	l.asked, f.Asked = do, true
	l.lend(f)
	l.asked, l.current = nil, current
}

// disturbed is for a coroutine that has got control for another reason than that its
// task is to go on, until it is.
func (f *fiber) disturbed(l *Loop) {
	for l.baton.Forward(&f.Coro); f.Asked; l.baton.Pass(l.base) {
		f.Asked = false
		l.asked()
		l.current = nil
		coro.Set(&l.g, l.base.G)
	}
}

// runEagerly takes the first step of t at once, inside whatever runs now, and
// returns when that is over. On its own coroutine, since the two part ways if it
// suspends.
func (l *Loop) runEagerly(t *Task) {
	current, entry, before := l.current, l.entry, l.held
	l.held |= eager
	if before.has(watched) {
		defer l.task.Store(l.task.Swap(t))
	}
	defer func() {
		l.current, l.entry = current, entry
		if !before.has(eager) {
			l.held &^= eager
		}
	}()
	l.current = nil
	t.run(l)
}

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
