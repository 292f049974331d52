package engine

import (
	"context"
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
	Witness      *Witness // nil if nobody observes the tasks
}

// Loop is an event loop.
type Loop struct {
	// Written once.
	Config
	root     Scope
	observed bool // under test: see Drive
	bubble   bool // made in one of testing/synctest
	onPatrol bool // on the machine's clock, and not in a bubble

	stage

	// Owner.
	ready    ring
	batch    int  // entries left in this turn
	turned   bool // a turn has begun since Run was entered
	timers   timers
	outposts outposts
	legs     []leg   // of the request that is on its way; see walk.go
	quits    []*Task // by that; see abandoned
	ending   ending
	seeker   *seeker // kept for the next search; see closes
	tasks    taskList
	left     taskList // ended, but their goroutines have not returned; see leave.go
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
	passed   bool         // by the patrol, in the wait that is going on
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
	mu    sync.Mutex
	free  sync.Cond // signalled when ownership is given up
	heirs int       // goroutines that wait for that, to run the loop
	owner ownership
	inbox []runnable
	bell  bell // of an owner in attend, nil without one

	// Under thePatrol.mu.
	patrolled patrolled
}

// New makes a loop.
func New(c Config) *Loop {
	coro.Warn()
	l := &Loop{Config: c, bubble: coro.InBubble()}
	l.free.L = &l.mu
	l.baton, l.base = &coro.Baton{}, &l.main.Coro
	l.main.loop = l
	l.starts.work = func() { l.work(l.starts.begin()) }
	_, machine := c.Driver.(*wall)
	l.onPatrol = machine && !l.bubble
	l.outposts.looks = !machine
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
func (l *Loop) Face() any { return l.Config.Face }

// Root returns the context that leads to this loop and no task.
func (l *Loop) Root() context.Context { return &l.root }

// Time returns the loop's clock. Any goroutine may ask.
func (l *Loop) Time() time.Time { return l.Moment(l.Now()) }

// Now returns the time since the epoch of the loop's clock.
func (l *Loop) Now() time.Duration { return l.Driver.Now() }

// Moment returns the time of a duration since the epoch.
func (l *Loop) Moment(d time.Duration) time.Time { return l.Driver.Epoch().Add(d) }

// Closed reports whether Close was called.
func (l *Loop) Closed() bool { return l.closed.Load() }

// Running reports whether some goroutine is in Run.
func (l *Loop) Running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner == running
}

// Deadline returns the moment d from now.
func (l *Loop) Deadline(d time.Duration) time.Duration { return After(l.Driver.Now(), d) }

// After returns the moment d from now, Never if that is beyond all time.
func After(now, d time.Duration) time.Duration {
	if d > Never-now {
		return Never
	}
	return now + d // before now for a negative d, as in CPython
}

// Since returns how far t is from the epoch of the loop's clock.
func (l *Loop) Since(t time.Time) time.Duration { return t.Sub(l.Driver.Epoch()) }
