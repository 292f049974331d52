package engine

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Hooks is what the engine asks of the face above it, whose types it does not
// know.
type Hooks struct {
	// Cancelled makes the error of a cancellation.
	Cancelled func(*Request) error
	// AsCancelled returns the error to store if err, returned by a coroutine,
	// means that it was cancelled, and nil if it is a failure. requested is the
	// request that the task has received, nil if none.
	AsCancelled func(err error, requested *Request) error
	// Panicked makes the error of a panic.
	Panicked func(value any, stack []byte) error
	// Report hands over what nobody else will hear of. It must not panic.
	Report func(*Loop, Report)
}

// Report describes an event for the exception handler.
type Report struct {
	Message string
	Err     error
	Task    *Task
	Handle  *Handle
}

// Config is written once, before the loop is used.
type Config struct {
	Hooks       Hooks
	Driver      Driver
	MaxThreads  int  // bound of Go tasks at work; 0 means none
	PanicsCrash bool // a panic in a task ends the process
	Values      context.Context
	Face        any
}

// ownership says who may touch the state of a loop.
//
//	unowned → running  → unowned    Run and Close
//	unowned → borrowed → unowned    another goroutine, for one operation
//
// It is never unowned while the inbox holds something.
type ownership uint8

const (
	unowned ownership = iota
	borrowed
	running
)

// Loop is an event loop.
type Loop struct {
	// Written once.
	hooks       Hooks
	driver      Driver
	maxThreads  int
	panicsCrash bool
	face        any
	root        Scope

	// g is the goroutine on which the owner is running right now, 0 if none.
	// Written by the owner with plain stores, read through coro.Is.
	g uintptr

	// Owner.
	runner   uintptr // the goroutine in Run
	current  *Task
	ready    ring
	batch    int  // entries left in this turn
	turned   bool // a turn has begun since Run was entered
	timers   timers
	tasks    taskList
	fibers   []*fiber // idle, the most recently used last
	stopping bool
	exit     exitRequest
	busy     int        // Go tasks at work
	queued   places     // Go tasks waiting for a place among maxThreads
	failures []*failure // not retrieved when last looked at
	asked    func()     // see ask
	entry    runnable   // what the turn is running, for reports
	spare    []runnable // the inbox's other buffer

	// Any goroutine.
	ids     atomic.Uint64
	closed  atomic.Bool
	roster  roster
	pending atomic.Bool // inbox is not empty
	asleep  atomic.Bool // the owner is in driver.Wait, or about to be

	// Under mu.
	mu    sync.Mutex
	free  sync.Cond // signalled when ownership is given up
	owner ownership
	inbox []runnable
}

// exitRequest is set when a task or callback called runtime.Goexit, which then
// unwinds the goroutine in Run too.
type exitRequest bool

// maxIdleFibers bounds the coroutines kept for reuse while a loop runs.
const maxIdleFibers = 1024

// New makes a loop.
func New(c Config) *Loop {
	l := &Loop{
		hooks:       c.Hooks,
		driver:      c.Driver,
		maxThreads:  c.MaxThreads,
		panicsCrash: c.PanicsCrash,
		face:        c.Face,
	}
	l.free.L = &l.mu
	l.root.loop = l
	l.root.parent = c.Values
	return l
}

// Face returns what the face registered for this loop.
func (l *Loop) Face() any { return l.face }

// Root returns the context that leads to this loop and no task.
func (l *Loop) Root() context.Context { return &l.root }

// Time returns the loop's clock. Any goroutine may ask.
func (l *Loop) Time() time.Time { return l.driver.Epoch().Add(l.driver.Now()) }

// Closed reports whether Close was called.
func (l *Loop) Closed() bool { return l.closed.Load() }

// Running reports whether some goroutine is in Run.
func (l *Loop) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner == running
}

// owned reports whether the caller owns the loop.
func (l *Loop) owned() bool { return coro.Is(&l.g) }

// do performs r now if the caller owns the loop, and posts it otherwise.
func (l *Loop) do(r runnable) {
	if l.owned() {
		r.run(l)
		return
	}
	l.post(r)
}

// post puts r in the inbox. If nobody owns the loop, the caller borrows it and
// does what is there.
func (l *Loop) post(r runnable) {
	l.mu.Lock()
	l.inbox = append(l.inbox, r)
	if l.owner != unowned {
		first := len(l.inbox) == 1
		if first {
			l.pending.Store(true)
		}
		l.mu.Unlock()
		if first && l.asleep.Load() {
			l.driver.Wake()
		}
		return
	}
	l.owner = borrowed
	l.mu.Unlock()
	l.g = coro.G()
	l.release()
}

// call runs f as the owner and returns when it has run. For another goroutine
// that means waiting for the current step of the loop to end.
func (l *Loop) call(f func()) {
	if l.owned() {
		f()
		return
	}
	if own := lively.here(); own != nil {
		// The other loop may be asking this one: answer while waiting.
		var done atomic.Bool
		l.post(action(func() {
			f()
			done.Store(true)
			own.post(action(func() {}))
		}))
		for !done.Load() {
			own.wait(Never)
		}
		return
	}
	done := make(chan struct{})
	l.post(action(func() {
		defer close(done)
		f()
	}))
	<-done
}

// action is a posted function.
type action func()

func (a action) run(*Loop) { a() }

// release gives up ownership once the inbox is empty, also if a handler that an
// operation has called exits its goroutine.
func (l *Loop) release() {
	released := false
	defer func() {
		if !released {
			l.release()
		}
	}()
	for !released {
		l.drain()
		l.mu.Lock()
		if len(l.inbox) == 0 {
			l.g = 0
			if l.owner == running {
				lively.remove(l)
			}
			l.owner = unowned
			l.free.Broadcast()
			released = true
		}
		l.mu.Unlock()
	}
}

// acquire makes the caller the running owner.
func (l *Loop) acquire() error {
	if l.owned() {
		return ErrLoopRunning
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.owner == borrowed {
		l.free.Wait()
	}
	if l.owner == running {
		return ErrLoopRunning
	}
	l.owner = running
	l.g = coro.G()
	l.runner = l.g
	lively.add(l)
	return nil
}

// lively holds the loops that run, to find the one that a goroutine is on. Runs
// are few, and the loops that run at one time too.
var lively runningLoops

type runningLoops struct {
	mu    sync.Mutex
	loops []*Loop
}

func (r *runningLoops) add(l *Loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loops = append(r.loops, l)
}

func (r *runningLoops) remove(l *Loop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loops = slices.DeleteFunc(r.loops, func(x *Loop) bool { return x == l })
}

// here returns the one that the caller runs on, nil if none.
func (r *runningLoops) here() *Loop {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.loops, (*Loop).owned); i >= 0 {
		return r.loops[i]
	}
	return nil
}

// drain does what other goroutines asked for, in order of arrival.
func (l *Loop) drain() {
	l.mu.Lock()
	work := l.inbox
	l.inbox = l.spare[:0]
	l.spare = nil
	l.pending.Store(false)
	l.mu.Unlock()
	next := 0
	defer func() {
		if next < len(work) {
			// An exception handler exits its goroutine; the rest is not lost.
			l.mu.Lock()
			l.inbox = append(work[next:], l.inbox...)
			l.pending.Store(true)
			l.mu.Unlock()
			return
		}
		if cap(work) <= 1<<14 { // more is from a burst; do not keep its memory
			l.spare = work
		}
	}()
	for next < len(work) {
		r := work[next]
		work[next] = nil
		next++
		r.run(l)
	}
}

// Run runs turns until Stop. prepare, if not nil, is called first, as the owner;
// if it returns a future, Run also ends with the turn after the one in which that
// was completed: a callback of its own stops the loop, as in CPython. If a task or
// a callback calls runtime.Goexit, Run gives up the loop and exits the calling
// goroutine too.
func (l *Loop) Run(prepare func() *Future) error {
	if lively.here() != nil {
		return ErrLoopRunning // a loop on a loop would hold up the one below
	}
	if err := l.acquire(); err != nil {
		return err
	}
	if l.closed.Load() {
		l.release()
		return ErrLoopClosed
	}
	defer l.leave()
	if prepare != nil {
		if f := prepare(); f != nil {
			s := &stopper{}
			l.addWaiter(f, s)
			defer f.drop(s)
		}
	}
	l.turned = false
	for l.runTurns() {
	}
	return nil
}

// leave ends Run, also when a callback's Goexit is ending its goroutine.
func (l *Loop) leave() {
	l.stopping = false
	l.batch = 0
	exit := l.exit
	l.exit = false
	l.dropFibers()
	l.ready.shrink()
	l.entry = nil
	l.release()
	if exit {
		runtime.Goexit()
	}
}

// stopper stops the loop when it runs. It is not empty so that each has an
// address of its own.
type stopper struct{ _ byte }

func (*stopper) run(l *Loop) { l.stopping = true }

// Stop makes Run return at the end of the turn in which it takes effect: the
// current one, or the next for another goroutine or a loop that does not run.
func (l *Loop) Stop() { l.do(&stopper{}) }

// RunEmpty runs the two turns that CPython needs to run an empty coroutine.
func (l *Loop) RunEmpty() error {
	return l.Run(func() *Future {
		l.ready.push(action(func() { l.ready.push(&stopper{}) }))
		return nil
	})
}

// runTurns runs turns until it is time to leave Run, or returns true after a
// panic, to be called again for the rest.
func (l *Loop) runTurns() (again bool) {
	leaving := false
	defer func() {
		if leaving {
			return
		}
		switch v := recover(); v {
		case nil:
			// A callback has called Goexit, and this goroutine is going away
			// whatever we do.
		case coro.Exited{}:
			// A task has; exit is set.
			l.current, l.g = nil, l.runner
			again = true
		default:
			l.current, l.g = nil, l.runner
			l.callbackPanicked(v)
			again = true
		}
	}()
	for {
		for l.batch > 0 && !bool(l.exit) {
			l.entry = l.take()
			if t, ok := l.entry.(*Task); ok && t.phase == started && !t.thread {
				// Written out, not in a function: see Coro.
				f := t.fiber
				if f == nil {
					continue // unwound by Goexit while it waited
				}
				l.current, l.g = f.task, f.g
				f.Resume()
				l.current, l.g = nil, l.runner
				continue
			}
			l.entry.run(l)
		}
		if l.stopping && l.turned || bool(l.exit) {
			leaving = true
			return false
		}
		if l.ready.n == 0 && !l.stopping {
			l.idle()
		}
		l.beginTurn()
	}
}

// beginTurn takes in what has come from outside and from the clock, and sets how
// much runs before the next turn.
func (l *Loop) beginTurn() {
	if l.pending.Load() {
		l.drain()
	}
	if len(l.timers.heap) > 0 {
		now := l.driver.Now()
		for t := l.timers.due(now); t != nil; t = l.timers.due(now) {
			l.ready.push(t.fires)
		}
	}
	l.batch = l.ready.n
	l.turned = true
}

// take removes the next entry of the turn.
func (l *Loop) take() runnable {
	l.batch--
	return l.ready.pop()
}

// isNext reports whether r is what the loop would run next. If that is so on the
// next turn, it begins that turn. A coroutine which is about to hand control to
// the loop asks it, to save the switches there and back.
func (l *Loop) isNext(r runnable) bool {
	if l.ready.n == 0 || l.ready.peek() != r || bool(l.exit) {
		return false
	}
	if l.batch == 0 {
		if l.stopping {
			return false
		}
		// What this adds comes behind r.
		l.current = nil
		l.beginTurn()
	}
	return true
}

// idle waits until a timer is due or another goroutine calls in.
func (l *Loop) idle() {
	until := l.timers.next()
	if until <= l.driver.Now() && until != Never {
		return
	}
	l.ready.shrink()
	l.entry = nil // what it holds may be unreachable otherwise
	if l.busy > 0 && !l.pending.Load() {
		// Go tasks that the loop has just started are behind it in the Go
		// scheduler's queue. Letting them go first takes in many ends at once,
		// instead of one for each time the loop falls asleep.
		runtime.Gosched()
	}
	l.wait(until)
}

// wait lets the driver wait for a moment or for the inbox, and takes that in.
func (l *Loop) wait(until time.Duration) {
	l.asleep.Store(true)
	if !l.pending.Load() {
		l.driver.Wait(Waiting{Until: until, Busy: l.busy, Woken: l.pending.Load})
	}
	l.asleep.Store(false)
	if l.pending.Load() {
		l.drain()
	}
}

// Deadline returns the moment d from now, Never if that is beyond all time.
func (l *Loop) Deadline(d time.Duration) time.Duration {
	now := l.driver.Now()
	if d > Never-now {
		return Never
	}
	return now + d // before now for a negative d, as in CPython
}

// Since returns how far t is from the epoch of the loop's clock.
func (l *Loop) Since(t time.Time) time.Duration { return t.Sub(l.driver.Epoch()) }

// prompt is a waiter that is not of the loop: it is told at once, also by a loop
// that does not run.
type prompt struct{ tell func() }

func (p *prompt) run(*Loop) { p.tell() }

// wake makes a waiter ready.
func (l *Loop) wake(w runnable) {
	if p, ok := w.(*prompt); ok {
		p.tell()
		return
	}
	if l.closed.Load() {
		return
	}
	if c, ok := w.(*Handle); ok && !c.commit() {
		return
	}
	l.ready.push(w)
}

// Close destroys what is left and refuses everything from then on. It does not
// wait for Go tasks.
func (l *Loop) Close() error {
	if l.closed.Load() {
		return nil
	}
	if err := l.acquire(); err != nil {
		if l.closed.Load() {
			return nil // somebody else is closing it
		}
		return err
	}
	defer l.release()
	if l.closed.Swap(true) {
		return nil
	}
	l.ready = ring{}
	l.timers.clear()
	l.destroyAll()
	l.queued.clear()
	l.dropFibers()
	l.reportFailures()
	l.root.End(&Request{Origin: OriginShutdown, Cause: ErrLoopClosed})
	return nil
}
