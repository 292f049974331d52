package engine

import (
	"math"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// This file is the seam for tests that try other orders than the loop's own. With a
// chooser every step of the loop is its decision, within what a correct program has to
// bear:
//
//   - Steps of tasks, and callbacks of timers that are due, may come in any order.
//   - Other callbacks come in the order in which they became ready, and what becomes
//     ready after one does not come before it.
//   - Go tasks work one at a time, from one await to the next. What they ask of the
//     loop arrives in the order in which they have asked, at any later moment.
//
// The end of a sleep runs no code of the user's and is no step: it goes before the
// step of the task that it wakes.

// Chooser decides which of several steps comes next.
type Chooser interface {
	// Choose returns the index of one of the steps, of which there is at least one, in
	// the order in which they became ready: 0 is the loop's own order.
	Choose(steps []Step) int
	// Waits is told of a task whose step has ended with an await.
	Waits(t *Task)
}

// Step is what a loop may do next.
type Step struct {
	Task    *Task   // that goes on, nil if it is a callback
	Handle  *Handle // of a callback, nil for one of the library's own
	Arrival bool    // what Task, a Go task, has asked of the loop

	entry runnable
	at    int  // its place in the ready queue
	sleep *nap // in that place is the end of Task's sleep
}

// explorer is a loop's side of it. All is of the owner.
type explorer struct {
	chooser Chooser
	steps   []Step
	pool    *Pool

	// Of Go tasks: what the one at work has asked for, and how many have asked for
	// something that they wait for.
	asked   []runnable
	waiting int
	quiet   int // with so many at work the driver has seen that they are blocked
}

// Drive replaces the driver of a loop that was not used yet, which is then under test.
func (l *Loop) Drive(d Driver) {
	l.Driver, l.observed, l.outposts.looks = d, true, true
	l.accounts.Store(true)
}

// Trace has tasks remember where they were created, as in debug mode.
func (l *Loop) Trace() { l.sites.Store(true) }

// Started reports whether the task's function was called.
func (t *Task) Started() bool { return t.phase == started }

// Status is what the runtime says a Go task's goroutine is doing, "" if that is not
// known.
func (t *Task) Status() string { return coro.StatusOf(t.goroutine()) }

// Working reports whether a Go task at work is not blocked in the runtime, on a channel
// or a lock. Only the owner may call it.
func (l *Loop) Working() bool {
	var gs []uintptr
	for _, k := range [2]*taskList{&l.tasks, &l.left} {
		for t := range k.all {
			if t.thread && t.phase == started && !t.threadOf().visits {
				gs = append(gs, t.goroutine()) // with 0 it has not begun, or has ended and is about to say so
			}
		}
	}
	return coro.Working(gs, "(*thread).run")
}

// Explore has c choose from now on. It is called before the loop runs, with a pool that
// loops which run one after the other may share.
func (l *Loop) Explore(c Chooser, p *Pool) {
	l.explorer = &explorer{chooser: c, pool: p, steps: p.steps[:0]}
	l.held |= explored
	l.baton = &p.baton
}

// Pool is coroutines, and other memory, that a loop leaves for the next: to make them
// takes longer than a short program.
type Pool struct {
	fibers []*fiber
	baton  coro.Baton // of those and the loop's
	steps  []Step
}

func (p *Pool) lend(l *Loop) {
	n := len(p.fibers)
	if len(l.fibers) > 0 || n == 0 {
		return
	}
	f := p.fibers[n-1]
	p.fibers = p.fibers[:n-1]
	if f.nap != nil {
		f.nap.fut.loop = l
	}
	l.fibers = append(l.fibers, f)
}

func (p *Pool) takeBack(l *Loop) {
	p.fibers = append(p.fibers, l.fibers...)
	l.fibers = nil
	p.steps = l.explorer.steps
}

// Close ends the coroutines.
func (p *Pool) Close() {
	p.baton.Holder = &coro.Coro{}
	for _, f := range p.fibers {
		p.baton.End(&f.Coro)
	}
	p.fibers = nil
}

// step does the next step.
func (x *explorer) step(l *Loop) {
	x.settle(l)
	if l.outpostsWait() {
		l.survey()
	}
	x.count(l)
	if l.batch == 0 {
		return // what there is comes after the next turn's timers, or after Stop
	}
	x.list(l)
	l.batch--
	if len(x.steps) == 0 {
		l.ready.pop().run(l) // none of the user's
		l.batch = min(l.batch, l.ready.n)
		return
	}
	s := x.steps[x.chooser.Choose(x.steps)]
	r := l.ready.remove(s.at)
	if s.sleep != nil {
		r.run(l)
		r = l.ready.remove(l.ready.n - 1)
	}
	l.batch = min(l.batch, l.ready.n)
	r.run(l)
	if t := s.Task; t != nil && !s.Arrival && !t.Finished() && t.phase == started && (!t.thread || t.threadOf().visits) {
		x.chooser.Waits(t)
	}
}

// list finds the steps that there are: none if the first entry is not one.
func (x *explorer) list(l *Loop) {
	x.steps = x.steps[:0]
	for i := range l.ready.n {
		s := Step{entry: l.ready.at(i), at: i}
		ordered := false
		switch r := s.entry.(type) {
		case *Task:
			if r.phase == started && !r.thread && r.fiber == nil {
				ordered = true // unwound by Goexit while it waited
			} else {
				s.Task = r
			}
		case *nap:
			t, _ := r.fut.listeners.(*Task)
			if i > 0 && (t == nil || r.fut.state != uint32(Pending)) {
				continue
			}
			s.Task, s.sleep, ordered = t, r, i == 0
		case *arrival:
			s.Task, s.Arrival = r.from, true
		case *Handle:
			s.Handle = r
			if r.Dropped() {
				if i == 0 {
					return
				}
				continue
			}
			ordered = !r.timer.fired
		case *expiry, *Shield:
		default:
			ordered = true
		}
		if ordered && i == 0 && s.Handle == nil {
			return // the library's own, and nothing may come before it
		}
		x.steps = append(x.steps, s)
		if ordered {
			return
		}
	}
}

// count lets the watches that only count do so: it is no step, and whenever it comes
// nobody sees a difference. But not before one that does more: it may be of the same
// group, for example, and must not become the last to be counted.
func (x *explorer) count(l *Loop) {
	for i := 0; i < l.ready.n; i++ {
		w, ok := l.ready.at(i).(*Watch)
		if !ok {
			continue
		}
		if !w.counts() {
			return
		}
		l.ready.remove(i)
		w.run(l)
		if i < l.batch {
			l.batch--
		}
		i--
	}
}

// remove takes out an entry by its place.
func (r *ring) remove(i int) runnable {
	x := r.at(i)
	mask := len(r.buf) - 1
	for ; i > 0; i-- { // those before it move up
		r.buf[(r.head+i)&mask] = r.buf[(r.head+i-1)&mask]
	}
	r.pop()
	return x
}

func (r *ring) at(i int) runnable { return r.buf[(r.head+i)&(len(r.buf)-1)] }

// arrival is what a Go task has asked of the loop until it has come to wait.
type arrival struct {
	from  *Task // nil if unknown
	posts []runnable
}

func (a *arrival) run(l *Loop) {
	r := a.posts[0]
	a.posts = a.posts[1:]
	if len(a.posts) > 0 {
		l.ready.push(a)
	} else {
		l.explorer.waiting--
	}
	r.run(l)
}

// arrive takes in what another goroutine has asked for. Of a goroutine that is no
// task nothing is known, and it is done at once.
func (x *explorer) arrive(l *Loop, r runnable) {
	if l.busy == x.waiting { // no task is at work
		r.run(l)
		return
	}
	var from *Task
	switch p := r.(type) {
	case *wait:
		from = p.t
	case *threadEnded:
		from = (*Task)(p)
	case *asked:
	default:
		x.asked = append(x.asked, r)
		return
	}
	x.waiting++
	x.quiet = 0
	l.ready.push(&arrival{from, append(x.asked, r)})
	x.asked = nil
}

// settle waits until the Go tasks at work have come to wait or are blocked.
func (x *explorer) settle(l *Loop) {
	if x.quiet > 0 && l.Working() {
		x.quiet = 0 // what was blocked goes on
	}
	for l.busy > x.waiting && l.busy-x.waiting != x.quiet {
		if l.pending.Load() {
			l.drain(math.MaxInt)
			continue
		}
		if !l.wait(Waiting{Until: Never, Busy: l.busy - x.waiting, Steps: l.ready.n}) {
			continue
		}
		if !l.pending.Load() && l.ready.n > 0 {
			x.quiet = l.busy - x.waiting
		}
		if l.stopping {
			return
		}
	}
}

// flush does at once what has arrived, at the end of the loop.
func (x *explorer) flush(l *Loop) {
	for i := range l.ready.n {
		if a, ok := l.ready.at(i).(*arrival); ok {
			x.waiting--
			for _, r := range a.posts {
				r.run(l)
			}
		}
	}
}
