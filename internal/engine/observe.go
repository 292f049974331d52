package engine

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultSlow is how long a step may take in debug mode.
const DefaultSlow = 100 * time.Millisecond

// observer watches the steps of a loop, in debug mode or with a watchdog. Without
// either it costs the loop nothing but the check of held.
type observer struct {
	// Any goroutine.
	debug     atomic.Bool
	sites     atomic.Bool  // tasks remember where they were created: in debug mode, and see Trace
	accounts  atomic.Bool  // semaphores keep account of who holds them: in debug mode, and under test
	slow      atomic.Int64 // what debug mode takes for a slow step, nanoseconds
	threshold atomic.Int64 // of the watchdog, 0 for none: then debug mode's

	// Owner; while a step is timed, read by the watchdog.
	step   atomic.Uint64 // counts the beginnings and ends of steps: odd within one
	begun  atomic.Int64  // when the step began, since the zero time of base
	task   atomic.Pointer[Task]
	handle atomic.Pointer[Handle]

	// Owner.
	halt chan struct{}   // closed to end the watchdog, nil without one
	dogs *sync.WaitGroup // those there were in this run
}

var base = time.Now()

// Slow describes a step that holds up the loop.
type Slow struct {
	Task   *Task   // whose step it is, nil for a callback
	Handle *Handle // whose callback it is, also of one inside which Task is started
	For    time.Duration
	Ended  bool            // it is over; otherwise the loop is stuck in it now
	Stack  []runtime.Frame // where it is stuck, innermost first
}

// Debug reports whether the loop is in debug mode.
func (l *Loop) Debug() bool { return l.debug.Load() }

// SetDebug sets the debug mode: tasks remember where they were created, those that
// nobody awaits are reported, and so are slow steps.
func (l *Loop) SetDebug(on bool) {
	l.debug.Store(on)
	l.sites.Store(on)
	l.accounts.Store(on || l.observed)
	l.do(action(l.observe))
}

// SetSlow sets how long a step may take in debug mode.
func (l *Loop) SetSlow(d time.Duration) {
	l.slow.Store(int64(d))
	l.do(action(l.observe))
}

// patience returns after how long the watchdog speaks up, 0 for never.
func (l *Loop) patience() time.Duration {
	d := l.threshold.Load()
	if d == 0 && l.debug.Load() {
		d = l.slow.Load()
	}
	return time.Duration(d)
}

// observe begins and ends the observation as it is called for.
func (l *Loop) observe() {
	if l.halt != nil {
		close(l.halt)
		l.halt = nil
	}
	l.held &^= timed
	if d := l.patience(); l.inRun && (d > 0 || l.debug.Load()) {
		l.held |= timed
		if d > 0 {
			halt := make(chan struct{})
			l.halt = halt
			if l.dogs == nil {
				l.dogs = &sync.WaitGroup{}
			}
			l.dogs.Go(func() { l.watchdog(d, halt) })
		}
	}
}

// timed runs an entry of the ready queue under observation.
func (l *Loop) timed(r runnable) {
	t, _ := r.(*Task)
	h, _ := r.(*Handle)
	start := time.Since(base)
	l.begun.Store(int64(start))
	l.task.Store(t)
	l.handle.Store(h)
	l.step.Add(1)
	defer func() {
		l.step.Add(1)
		l.task.Store(nil)
		l.handle.Store(nil)
		took := time.Since(base) - start
		if slow := time.Duration(l.slow.Load()); l.debug.Load() && took >= slow {
			l.Hooks.Slow(Slow{Task: t, Handle: h, For: took, Ended: true})
		}
	}()
	r.run(l)
}

// watchdog tells of a step while the loop is stuck in it: once it takes longer
// than patience, and again each time that has doubled.
func (l *Loop) watchdog(patience time.Duration, halt <-chan struct{}) {
	tick := time.NewTicker(max(patience/4, time.Millisecond))
	defer tick.Stop()
	var seen uint64
	next := patience
	for {
		select {
		case <-halt:
			return
		case <-tick.C:
		}
		step := l.step.Load()
		if step != seen {
			seen, next = step, patience
		}
		took := time.Since(base) - time.Duration(l.begun.Load())
		if step%2 == 0 || took < next {
			continue
		}
		h, _ := l.Holder()
		s := Slow{Task: l.task.Load(), Handle: l.handle.Load(), For: took, Stack: h.Stack}
		if l.step.Load() == step {
			next = 2 * took
			l.Hooks.Slow(s)
		}
	}
}

// users picks the frames of users' code from the top of a stack of the loop, down to
// where the loop has called it.
func users(frames []runtime.Frame) []runtime.Frame {
	for i, f := range frames {
		name, inside := strings.CutPrefix(f.Function, modulePath)
		if inside && slices.ContainsFunc(calling, func(by string) bool { return strings.HasSuffix(name, by) }) {
			return Users(frames[:i])
		}
	}
	return Users(frames)
}

// calling is where the loop calls users' code, and where it is called by them.
var calling = []string{"(*fiber).execute", "(*Loop).timed", "(*Loop).runTurns", "(*Loop).drain", "(*Loop).Run", "(*Loop).Close"}

// Callers returns where a task or a handle is being created.
func Callers() *Creation {
	c := &Creation{}
	c.n = runtime.Callers(3, c.pcs[:])
	return c
}

// Creation is where a task or a handle was created.
type Creation struct {
	pcs [32]uintptr
	n   int
}

// Created returns the frames where the task was created, innermost first; nil
// unless the loop was in debug mode.
func (t *Task) Created() []runtime.Frame {
	if c := t.known().created; c != nil {
		return c.Frames()
	}
	return nil
}

// Frames returns the frames of users' code, innermost first, up to where the engine has
// called it.
func (c *Creation) Frames() []runtime.Frame {
	var frames []runtime.Frame
	called := false
	for it := runtime.CallersFrames(c.pcs[:c.n]); ; {
		f, more := it.Next()
		inside := strings.HasPrefix(f.Function, modulePath)
		if inside && called {
			return Users(frames)
		}
		if !inside {
			called = called || !ofLibrary(f)
			frames = append(frames, f)
		}
		if !more {
			return Users(frames)
		}
	}
}

// facePath is how the names of the module's functions begin, but not those of its
// examples and tests.
const facePath = "github.com/asyncio-go/asyncio."
