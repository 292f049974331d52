package engine

import (
	"runtime/debug"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// fiber is what a task runs on: a coroutine for a loop task, a goroutine for a Go
// task. Coroutines are pooled; one that has finished a task takes the next fresh
// one from the ready queue by itself, without a switch to the loop and back.
type fiber struct {
	coro.Coro         // Depth counts the tasks on this stack below the running one
	g         uintptr // the coroutine's goroutine

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
	fiber   *fiber
	cause   error // why the wait was interrupted or refused
	link    link  // in the list of a scope
	unwatch func() bool
	// deadline says that what is watched has one, on whichever clock.
	deadline bool
	waits    uint64 // counts them, so that a late interruption misses
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
	if n := len(l.fibers); n > 0 {
		f := l.fibers[n-1]
		l.fibers[n-1] = nil
		l.fibers = l.fibers[:n-1]
		f.enter(t)
		return
	}
	f := &fiber{}
	coro.Init(f)
	f.enter(t)
}

// enter runs a fresh task, and whatever the coroutine takes up after it.
func (f *fiber) enter(t *Task) {
	f.take(t)
	f.proceed()
}

func (f *fiber) take(t *Task) {
	f.task = t
	t.fiber = f
	t.phase = started
}

// handTo and takeBack go around each Resume. What they note of a coroutine that
// is entered for the first time is corrected by Main.
func (l *Loop) handTo(f *fiber) {
	l.current = f.task
	coro.Set(&l.g, f.g)
}

func (l *Loop) takeBack() {
	l.current = nil
	coro.Set(&l.g, l.runner)
}

// proceed gives control to the coroutine until it suspends or is idle.
func (f *fiber) proceed() {
	l := f.task.loop
	l.handTo(f)
	f.Resume()
	l.takeBack()
}

// Coroutine is for coro.Init.
func (f *fiber) Coroutine() *coro.Coro { return &f.Coro }

// Main is the coroutine: task after task until it is told to end.
func (f *fiber) Main() {
	f.g = coro.G()
	coro.Set(&f.task.loop.g, f.g)
	for {
		l := f.task.loop // another than before, if loops share a pool
		f.execute()
		for t := l.takeFresh(); t != nil; t = l.takeFresh() {
			f.take(t)
			l.current = t
			f.execute()
		}
		coro.Set(&l.g, 0) // the identity must not stay behind once this goroutine may end
		if len(l.fibers) >= maxIdleFibers || l.closed.Load() {
			return
		}
		l.fibers = append(l.fibers, f)
		f.Suspend()
		if f.task == nil {
			return
		}
	}
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
	return t.phase == fresh && !t.thread && !t.mustCancel && !t.member().over()
}

// maxNested bounds how many tasks run on one stack.
const maxNested = 16

// nest runs a fresh task that is next in line, and that the fiber's task awaits,
// on top of it. The order of events is the same and no switch is needed; if the
// new task suspends, both do, and the one below could not run before the other's
// end anyway. One thing differs: Goexit in the upper task unwinds the lower too.
func (f *fiber) nest(t *Task) {
	below := f.task
	f.Depth++
	defer func() {
		f.Depth--
		f.task = below
		below.loop.current = below
	}()
	f.take(t)
	t.loop.current = t
	f.execute()
}

// nestNext does so if it can with the future that t has begun to await.
func (t *Task) nestNext(f *Future) {
	if f.kind != kindTask || t.waitOn != f || t.fiber.Depth == maxNested {
		return
	}
	if c := f.task(); c.phase == fresh && t.loop.isNext(c) && c.startable() {
		t.loop.take()
		t.fiber.nest(c)
	}
}

// execute runs the task to its end, whichever way it ends.
func (f *fiber) execute() {
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
		f.task = nil
		t.fiber = nil
		t.finish(err)
		if exited {
			_ = t.retrieve() // Run's goroutine exits too: no need for a report
			if f.Depth == 0 {
				coro.Set(&t.loop.g, 0) // as in Main
			}
		}
	}()
	err = t.body.Run(t)
	returned = true
}

// forsake drops the wait that a task was in when it was unwound.
func (t *Task) forsake() {
	if w := t.fiber.wait; w != nil && w.bound != nil {
		_ = w.bound.end()
	}
	if f := t.waitOn; f != nil {
		f.drop(t)
		t.waitOn = nil
		if f.kind == kindWaiter {
			f.waiter().unwound.Unwound()
		}
	}
}

// panicked turns a panic into the task's error, or ends the process. It must be
// called by the deferred function that recovered it.
func (t *Task) panicked(v any) error {
	err := t.loop.hooks.Panicked(v, debug.Stack())
	if t.loop.panicsCrash {
		// The coroutine would hand the panic to the goroutine that resumed it,
		// without this stack; the error's text has it.
		go panic(err)
		select {}
	}
	return err
}

// rest gives up control until the task's next step, which is in the ready queue
// or will be. The two hottest awaits have it written out: see Coro.
func (f *fiber) rest(t *Task) {
	if !t.loop.goOn(t) {
		f.Suspend()
		if f.Asked {
			f.answer(t.loop)
		}
	}
}

// ask has a suspended coroutine call do on its own stack, and suspend again.
func (l *Loop) ask(f *fiber, do func()) {
	if f.State() != coro.Suspended {
		return
	}
	l.asked, f.Asked = do, true
	defer func() {
		l.asked = nil
		if v := recover(); v != nil && v != (coro.Exited{Coro: &f.Coro}) {
			panic(v)
		}
	}()
	f.Resume()
}

// answer is the coroutine's side of ask.
func (f *fiber) answer(l *Loop) {
	for f.Asked {
		f.Asked = false
		l.asked()
		f.Suspend()
	}
}

// goOn takes the next step of t if it is next in line, or is once those before it
// have had theirs, and reports whether it was.
func (l *Loop) goOn(t *Task) bool {
	if l.isNext(t) {
		l.take()
		l.current = t
		return true
	}
	return l.ready.n > 0 && l.held == 0 && !t.fiber.Hosted && l.host(t)
}

// host does the loop's work on the stack of t, which waits, as long as that is to
// resume suspended tasks, and reports whether it has come to t. To resume another
// from here instead of from the loop saves, when t's turn comes, the switch back to
// it: two tasks that take turns need half the switches. A task that was resumed from
// here does not host: it gives control back here.
func (l *Loop) host(t *Task) (came bool) {
	f := t.fiber
	defer func() {
		if v := recover(); v != nil {
			l.hostedPanicked(f, v)
		}
	}()
	for l.ready.n > 0 && l.held == 0 {
		if l.batch == 0 {
			if l.stopping {
				return false
			}
			l.current = nil
			l.beginTurn()
		}
		next, ok := l.ready.peek().(*Task)
		if !ok || next.phase != started || next.thread {
			return false
		}
		if next == t {
			l.take()
			l.current = t
			return true
		}
		g := next.fiber
		if g == nil {
			return false // for the loop to pass over
		}
		l.entry = l.take()
		g.Hosted = true
		l.handTo(g)
		g.Resume()
		g.Hosted = false
		l.current = nil
		coro.Set(&l.g, f.g)
	}
	return false
}

// hostedPanicked is the end of hosting by a task that has called Goexit, which is
// for Run and not for the host.
func (l *Loop) hostedPanicked(f *fiber, v any) {
	l.current = nil
	coro.Set(&l.g, f.g)
	x, ok := v.(coro.Exited)
	if !ok {
		panic(v)
	}
	x.Coro.Hosted = false
	if !x.Coro.Exiting {
		l.held |= exiting
	}
}

// runEagerly takes the first step of t at once, inside whatever runs now, and
// returns when that is over. On its own coroutine, since the two part ways if it
// suspends.
func (l *Loop) runEagerly(t *Task) {
	current, entry, g, before := l.current, l.entry, coro.G(), l.held
	l.held |= eager
	if before.has(watched) {
		defer l.task.Store(l.task.Swap(t))
	}
	defer func() {
		l.current, l.entry = current, entry
		coro.Set(&l.g, g)
		if !before.has(eager) {
			l.held &^= eager
		}
		switch v := recover().(type) {
		case nil:
		case coro.Exited: // Goexit is for Run, not for who has created the task
			if !v.Coro.Exiting {
				l.held |= exiting
			}
		default:
			panic(v)
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
		f.Resume()
	}
	l.fibers = nil
	coro.Set(&l.g, l.runner)
}
