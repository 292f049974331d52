package engine

import "github.com/asyncio-go/asyncio/internal/coro"

// This file is who runs after whom. Control is a baton that goes round among the goroutine
// in Run and the coroutines on which tasks run:
//
//	runTurns  takes an entry of the ready queue; if that is a task, it lends control to
//	          its coroutine until it is given back
//	Rest      a task waits: control goes to next
//	Main      a task has ended: its coroutine takes a fresh one that is next by itself,
//	          with takeFresh, or else control goes to next
//	nestNext  a task waits for a fresh one that is next: that runs on its stack
//	next      is the coroutine of the task that the loop would run next, or base, who
//	          has lent control, for all that is no step of a loop task
//
// So runTurns sees few of the steps of loop tasks: the others follow each other by next.
// Where each is to be seen, that is held up. Two more ways lead into a coroutine and back,
// inside of whatever runs: runEagerly, for a first step, and ask, for its stack. Both lend.

// stage is who runs. All but g is of the owner.
//
// Invariants: whoever gives the baton away has said who gets it, by to or back; base has
// lent control, or nobody has and it is main. back leaves no task current: who has lent in
// the middle of a step sets that again.
type stage struct {
	// g is the goroutine on which the owner is running right now, 0 if none.
	// Written by the owner through coro.Set, read by anyone through coro.Is.
	g uintptr

	baton   *coro.Baton
	main    outsider   // the goroutine that owns the loop
	base    *coro.Coro // who has lent control last, and gets it back
	current *Task      // whose code runs
	calling *Handle    // whose callback runs, for reports
	held    held
	ended   *fiber   // has given control back to end, which is for lend
	asked   func()   // what a coroutine was given control for, if not for its task; see ask
	fibers  []*fiber // idle, the most recently used last
}

// held says why each entry of the ready queue has to go through runTurns, in
// place of the shortcuts by which a coroutine takes up the next one itself.
type held uint8

const (
	// exiting: a task or callback has called runtime.Goexit, which is to unwind the
	// goroutine in Run too.
	exiting held = 1 << iota
	// eager: a task is running its first step inside another's, which goes first.
	eager
	// timed: steps are.
	timed
	// explored: each step is chosen.
	explored
)

func (h held) has(x held) bool { return h&x != 0 }

// Rest gives up control until the task's next step, which is in the ready queue or will
// be, and ends the wait that was begun.
func (t *Task) Rest() error {
	l, f := t.loop, t.fiber
	if to := l.next(); to != &f.Coro {
		if s := l.baton.Seat(to); s.Inner {
			s.Next()
		} else {
			s.Yield(struct{}{})
		}
		if f.Asked || l.baton.Holder != &f.Coro {
			f.disturbed(l)
		}
	}
	return t.resumed()
}

// lend gives control to a coroutine until it comes back here: when there is nothing to
// do that a coroutine can pass on by itself, or at its next wait if it is held.
func (l *Loop) lend(f *fiber) {
	here, base := l.baton.Holder, l.base
	l.base, here.Lent = here, true
	l.to(f.task)
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
		if t, ok := l.ready.peek().(*Task); ok && (t.phase == started && !t.thread && t.fiber != nil || l.equip(t)) {
			l.take()
			return l.to(t)
		}
	}
	return l.back()
}

// to says that t has control now. G of a coroutine that is entered for the first time is
// not known before Main.
func (l *Loop) to(t *Task) *coro.Coro {
	l.current = t
	coro.Set(&l.g, t.fiber.G)
	return &t.fiber.Coro
}

// back says that control is with who has lent it.
func (l *Loop) back() *coro.Coro {
	l.current = nil
	coro.Set(&l.g, l.base.G)
	return l.base
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

// isNext reports whether t is what the loop would run next. If that is so on the next
// turn, it begins that turn. A coroutine which is about to hand control to another asks
// it, to save the switches there and back.
func (l *Loop) isNext(t *Task) bool {
	if l.ready.n == 0 || l.held != 0 {
		return false
	}
	if x, ok := l.ready.peek().(*Task); !ok || x != t {
		return false
	}
	return l.batch > 0 || l.nextTurn() // what this adds comes behind t
}

// maxIdleFibers bounds the coroutines kept for reuse while a loop runs.
const maxIdleFibers = 1024

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
			l.ended = f
			l.baton.Pass(l.back())
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

// maxNested bounds how many tasks run on one stack.
const maxNested = 16

// nestNext runs what t has begun to await on top of it, if that is a fresh task that is next
// in line. The order of events is the same and no switch is needed; if the new task
// suspends, both do, and the one below could not run before the other's end anyway. One
// thing differs: Goexit in the upper task unwinds the lower too.
//
// A task of a group could run before: its wait ends if it is for the group's parent and
// that comes to wait for the group, see refuse. So nothing is put on top of one.
func (t *Task) nestNext(f *Future) {
	if f.kind != kindTask || t.waitOn != f || t.fiber.Depth == maxNested {
		return
	}
	if c, l := f.task(), t.loop; c.phase == fresh && !t.grouped() && l.isNext(c) && c.startable() {
		l.take()
		t.fiber.Depth++
		t.fiber.take(c)
		l.current = c
		c.fiber.execute(t)
	}
}

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
	for l.baton.Forward(&f.Coro); f.Asked; l.baton.Pass(l.back()) {
		f.Asked = false
		l.asked()
	}
}

// runEagerly takes the first step of t at once, inside whatever runs now, and
// returns when that is over. On its own coroutine, since the two part ways if it
// suspends.
func (l *Loop) runEagerly(t *Task) {
	current, before := l.current, l.held
	l.held |= eager
	if before.has(timed) {
		defer l.task.Store(l.task.Swap(t))
	}
	defer func() {
		l.current = current
		if !before.has(eager) {
			l.held &^= eager
		}
	}()
	l.current = nil
	t.run(l)
}
