package engine

import (
	"context"
	"runtime"
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
	// Panic reports whether err is one that Panicked has made.
	Panic func(err error) bool
	// Report hands over what nobody else will hear of. It must not panic.
	Report func(*Loop, Report)
	// Slow hands over a step that holds up the loop. It must not panic.
	Slow func(Slow)
	// Still hands over who is there when nothing has moved for so long, in debug mode. It
	// must not panic.
	Still func(time.Duration, Remains)
}

// Config is written once, before the loop is used.
type Config struct {
	Hooks       Hooks
	Driver      Driver
	MaxThreads  int  // bound of Go tasks at work; 0 means none
	PanicsCrash bool // a panic in a task ends the process
	Debug       bool
	Watchdog    time.Duration // how long a step may take outside of debug mode; 0 for no limit
	Values      context.Context
	Face        any
	// UnheardAfter is after how long it is reported that nobody has asked for an error
	// whose future somebody keeps; 0 for not before the end.
	UnheardAfter time.Duration
}

// Loop is an event loop.
type Loop struct {
	// Written once.
	hooks        Hooks
	driver       Driver
	maxThreads   int
	panicsCrash  bool
	face         any
	root         Scope
	observed     bool          // under test: see Drive
	bubble       bool          // made in one of testing/synctest
	onPatrol     bool          // on the machine's clock, and not in a bubble
	unheardAfter time.Duration // see Config

	stage

	// Owner.
	ready    ring
	batch    int  // entries left in this turn
	turned   bool // a turn has begun since Run was entered
	timers   timers
	legs     []leg   // of the request that is on its way; see walk.go
	quits    []*Task // by that; see abandoned
	ending   ending
	seeker   *seeker // kept for the next search; see closes
	tasks    taskList
	left     taskList // ended, but their goroutines have not returned; see leave
	allBack  func()   // called when left becomes empty
	stopping bool
	inRun    bool         // between the beginning and the end of Run
	busy     int          // Go tasks at work
	spare    []runnable   // the inbox's other buffer
	locking  coro.Locking // of the tasks that wait from one run to the next
	stranded bool         // by Close: they cannot be resumed
	bereft   []bereft     // by Close: what its timers will not end any more
	doomed   []*Task      // by Close: those it has to report still
	rest     []runnable   // what was drained from the inbox and is still to be done
	explorer *explorer    // nil unless the order is explored
	visited  bool         // by the patrol, in the wait that is going on
	accused  []accused    // circles that were reported and are still there
	looked   int          // how much was looked at: see lookBySelf

	// Any goroutine.
	ids      atomic.Uint64
	closed   atomic.Bool
	leaving  atomic.Bool   // see SetLeaving
	refusals atomic.Uint64 // tasks that came too late
	queued   places        // Go tasks waiting for a place among maxThreads
	starts   starts        // those that have one and wait for a goroutine
	pending  atomic.Bool   // inbox is not empty
	asleep   atomic.Bool   // the owner is in driver.Wait, or about to be
	quiet    atomic.Int32  // the patrol's beats that it has slept through; above 0 only if it runs
	said     atomic.Int64  // when sayStuck has, since base
	unheard  unheard
	observer

	// Under mu.
	mu      sync.Mutex
	free    sync.Cond // signalled when ownership is given up
	waiting int       // goroutines that wait for that, to run the loop
	owner   ownership
	inbox   []runnable
	bell    chan struct{} // of an owner in attend, nil without one

	// Under thePatrol.mu.
	patrolled patrolled
}

// maxIdleFibers bounds the coroutines kept for reuse while a loop runs.
const maxIdleFibers = 1024

// New makes a loop.
func New(c Config) *Loop {
	coro.Warn()
	l := &Loop{
		hooks:       c.Hooks,
		driver:      c.Driver,
		maxThreads:  c.MaxThreads,
		panicsCrash: c.PanicsCrash,
		face:        c.Face,
	}
	l.free.L = &l.mu
	l.baton, l.base = &coro.Baton{}, &l.main.Coro
	l.main.loop = l
	l.starts.work = func() { l.work(l.starts.begin()) }
	_, machine := c.Driver.(*wall)
	l.bubble = coro.InBubble()
	l.onPatrol = machine && !l.bubble
	l.unheardAfter = c.UnheardAfter
	l.root.loop = l
	l.root.parent = c.Values
	l.debug.Store(c.Debug)
	l.sites.Store(c.Debug)
	l.accounts.Store(c.Debug)
	l.slow.Store(int64(DefaultSlow))
	l.threshold.Store(int64(c.Watchdog))
	l.root.SetDeadline(Never)
	l.root.at = location{loop: l, from: &l.root, ends: &l.root}
	return l
}

// Face returns what the face registered for this loop.
func (l *Loop) Face() any { return l.face }

// Root returns the context that leads to this loop and no task.
func (l *Loop) Root() context.Context { return &l.root }

// Time returns the loop's clock. Any goroutine may ask.
func (l *Loop) Time() time.Time { return l.Moment(l.Now()) }

// Now returns the time since the epoch of the loop's clock.
func (l *Loop) Now() time.Duration { return l.driver.Now() }

// Moment returns the time of a duration since the epoch.
func (l *Loop) Moment(d time.Duration) time.Time { return l.driver.Epoch().Add(d) }

// Closed reports whether Close was called.
func (l *Loop) Closed() bool { return l.closed.Load() }

// Running reports whether some goroutine is in Run.
func (l *Loop) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner == running
}

// Run runs turns until Stop. prepare, if not nil, is called first, as the owner;
// if it returns a future, Run also ends with the turn after the one in which that
// was completed: a callback of its own stops the loop, as in CPython. If a task or
// a callback calls runtime.Goexit, Run gives up the loop and exits the calling
// goroutine too.
func (l *Loop) Run(prepare func() *Future) error {
	if hereLoop() != nil {
		return ErrLoopRunning // a loop on a loop would hold up the one below
	}
	l.waitForReporter()
	if err := l.acquire(); err != nil {
		return err
	}
	l.waitForReporter() // who has begun in between
	if l.closed.Load() {
		l.release()
		return ErrLoopClosed
	}
	if !l.mayResume() {
		l.release()
		return ErrThreadLocked
	}
	thePatrol.runs(l, true)
	defer l.leave()
	if prepare != nil {
		if f := prepare(); f != nil {
			s := &stopper{}
			l.addWaiter(f, s)
			defer func() {
				f.drop(s)
				s.over = true // it may be in the ready queue already, for a turn of the next run
			}()
		}
	}
	l.turned = false
	l.inRun = true
	l.observe()
	for l.runTurns() {
	}
	return nil
}

// leave ends Run, also when a callback's Goexit is ending its goroutine.
func (l *Loop) leave() {
	l.stopping = false
	l.batch = 0
	l.inRun = false
	exit := l.held.has(exiting)
	l.held &^= exiting
	l.observe()
	dogs := l.dogs
	l.dogs = nil
	l.dropFibers()
	l.keepLocking()
	l.ready.shrink()
	l.entry = nil
	thePatrol.runs(l, false)
	l.release()
	if dogs != nil {
		dogs.Wait() // not while the loop is ours: what the watchdog tells may ask the loop something
	}
	if exit {
		runtime.Goexit()
	}
}

// stopper stops the loop when it runs, unless the run that it is to end is over.
type stopper struct{ over bool }

func (s *stopper) done(l *Loop) { l.wake(s) }

func (s *stopper) run(l *Loop) {
	if !s.over {
		l.stopping = true
	}
}

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
		// nil is a callback that has called Goexit: this goroutine is going away
		// whatever we do.
		if v := recover(); v != nil {
			l.current = nil
			l.callbackPanicked(v)
			again = true
		}
	}()
	for {
		for l.batch > 0 {
			if l.held != 0 {
				if l.held.has(exiting) {
					break
				}
				if l.explorer != nil {
					l.explorer.step(l)
				} else {
					l.timed(l.take())
				}
				continue
			}
			l.entry = l.take()
			if t, ok := l.entry.(*Task); ok && t.phase == started && !t.thread {
				f := t.fiber
				if f == nil {
					continue // unwound by Goexit while it waited
				}
				l.lend(f)
				continue
			}
			l.entry.run(l)
		}
		if l.stopping && l.turned || l.held.has(exiting) {
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
	l.takeIn()
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

// idle waits until a timer is due or another goroutine calls in.
func (l *Loop) idle() {
	until := l.timers.next()
	if until <= l.driver.Now() && until != Never {
		return
	}
	l.ready.shrink()
	l.entry = nil // what it holds may be unreachable otherwise
	l.ending = ending{}
	if l.busy > 0 && !l.pending.Load() {
		// Go tasks that the loop has just started are behind it in the Go
		// scheduler's queue. Letting them go first takes in many ends at once,
		// instead of one for each time the loop falls asleep.
		runtime.Gosched()
	}
	if l.quiet.Load() > 0 {
		l.stir()
	}
	if l.bubble {
		(*hearing)(l).run(l)
		if l.ready.n > 0 {
			return
		}
	}
	if !l.onPatrol && l.still() {
		l.lookBySelf()
		if l.ready.n > 0 || l.stopping {
			return
		}
		until = l.timers.next()
	}
	l.visited = false
	l.wait(until)
	for l.visited && l.ready.n == 0 && !l.stopping && until > l.driver.Now() {
		l.visited = false // a visit of the patrol's is no movement
		until = l.timers.next()
		l.wait(until)
	}
}

// wait lets the driver wait for a moment or for the inbox, and takes that in.
func (l *Loop) wait(until time.Duration) {
	l.asleep.Store(true)
	if !l.pending.Load() {
		l.driver.Wait(Waiting{Until: until, Busy: l.busy, Woken: l.pending.Load})
	}
	l.asleep.Store(false)
	l.takeIn()
}

// Deadline returns the moment d from now.
func (l *Loop) Deadline(d time.Duration) time.Duration { return After(l.driver.Now(), d) }

// After returns the moment d from now, Never if that is beyond all time.
func After(now, d time.Duration) time.Duration {
	if d > Never-now {
		return Never
	}
	return now + d // before now for a negative d, as in CPython
}

// Since returns how far t is from the epoch of the loop's clock.
func (l *Loop) Since(t time.Time) time.Duration { return t.Sub(l.driver.Epoch()) }

// wake makes r ready, unless the loop is closed.
func (l *Loop) wake(r runnable) {
	if !l.closed.Load() {
		l.ready.push(r)
	}
}

// Close destroys what is left and refuses everything from then on. It does not
// wait for Go tasks.
func (l *Loop) Close() (err error) {
	l.Apart(func() { err = l.close() })
	return err
}

func (l *Loop) close() error {
	if l.closed.Load() {
		return nil
	}
	l.waitForReporter()
	if err := l.acquire(); err != nil {
		if l.closed.Load() {
			return nil // somebody else is closing it
		}
		return err
	}
	l.waitForReporter() // who has begun in between
	defer l.release()
	if l.closed.Swap(true) {
		return nil
	}
	l.stranded = !l.mayResume()
	if l.explorer != nil {
		l.explorer.flush(l)
	}
	l.ready = ring{}
	l.bereft = l.timers.clear()
	l.queued.clear()
	l.doomed = l.listed()
	l.wreck()
	if l.stranded {
		return ErrThreadLocked
	}
	return nil
}

// wreck is the rest of Close. It goes on if a handler exits the goroutine.
func (l *Loop) wreck() {
	finished := false
	defer func() {
		if !finished {
			l.wreck()
		}
	}()
	l.destroyAll()
	l.dropFibers()
	l.reportFailures()
	l.root.End(loopClosed())
	for _, x := range l.bereft {
		x.LoopClosed()
	}
	l.bereft = nil
	finished = true
}
