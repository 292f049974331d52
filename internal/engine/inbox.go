package engine

import (
	"runtime"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// This file is the door through which other goroutines come in.

// ownership says who may touch the state of a loop.
//
//	unowned → running  → unowned    Run and Close
//	unowned → borrowed → unowned    another goroutine, for one operation
//	running → borrowed              at the end of Run, see release
//
// It is never unowned while the inbox or its rest holds something, unless somebody waits to run
// it, who then does what is there.
type ownership uint8

const (
	unowned ownership = iota
	borrowed
	running
)

// owned reports whether the caller owns the loop.
func (l *Loop) owned() bool { return coro.Is(&l.g) }

// Owned reports whether the caller owns the loop: what Call and Do call is then called
// at once.
func (l *Loop) Owned() bool { return l.owned() }

// do performs r now if the caller owns the loop, and posts it otherwise.
func (l *Loop) do(r runnable) {
	if l.owned() {
		r.run(l)
		return
	}
	l.post(r)
}

// Others can call in faster than the owner can do what they want, and what it is behind
// would have no bound. So who adds to many lets the owner go first each time: to more than
// aFew by giving up the processor, to a crowd by a moment's sleep. Nobody waits for more,
// for example for a loop that is stuck.
const (
	aFew     = 1 << 10
	crowd    = 1 << 16
	afterYou = 100 * time.Microsecond
)

// post puts r in the inbox. If nobody owns the loop, the caller borrows it and
// does what is there.
func (l *Loop) post(r runnable) {
	l.mu.Lock()
	l.inbox = append(l.inbox, r)
	if l.owner != unowned || l.heirs > 0 {
		waiting := len(l.inbox)
		l.arrived()
		if waiting > aFew && !l.owned() {
			if waiting > crowd {
				time.Sleep(afterYou)
			} else {
				runtime.Gosched()
			}
		}
		return
	}
	l.owner = borrowed
	l.mu.Unlock()
	l.enter()
	l.release()
}

// arrived lets the owner know of what was put in the inbox, and unlocks mu.
func (l *Loop) arrived() {
	first := len(l.inbox) == 1
	if first {
		l.pending.Store(true)
	}
	l.bell.Wake()
	l.mu.Unlock()
	if first && l.asleep.Load() {
		l.Driver.Wake()
	}
}

// tell posts r if the loop runs, or is being closed, and reports whether that is so.
func (l *Loop) tell(r runnable) bool {
	l.mu.Lock()
	if l.owner != running {
		l.mu.Unlock()
		return false
	}
	l.inbox = append(l.inbox, r)
	l.arrived()
	return true
}

// Do has the owner run f: at once if that is the caller, else when it comes to it.
func (l *Loop) Do(f func()) { l.do(action(f)) }

// action is a posted function.
type action func()

func (a action) run(*Loop) { a() }

// release gives up ownership once the inbox is empty, also if a handler that an
// operation has called exits its goroutine. Others may fill it as fast as it is emptied:
// who has done what was there, and what came meanwhile, leaves the rest to a goroutine
// of its own.
func (l *Loop) release() { l.drained(2) }

// drained is release after at most so many rounds.
func (l *Loop) drained(rounds int) {
	released := false
	defer func() {
		if !released {
			l.drained(rounds)
		}
	}()
	for !released {
		l.drain(mostBetween)
		if len(l.rest) == 0 {
			rounds--
		}
		l.mu.Lock()
		empty := len(l.inbox)+len(l.rest) == 0 || l.heirs > 0
		if released = empty || rounds == 0; released {
			coro.Set(&l.g, 0)
			if l.owner == running {
				runners.Leave(&l.main.Self)
			}
		}
		switch {
		case empty:
			l.owner = unowned
			l.free.Broadcast()
		case released:
			l.owner = borrowed
			go func() {
				l.enter()
				l.drained(-1) // without a bound
			}()
		}
		l.mu.Unlock()
	}
}

// acquire makes the caller the running owner.
func (l *Loop) acquire() error {
	if l.owned() {
		return ErrLoopRunning
	}
	l.waitForReporter()
	defer l.waitForReporter() // who has begun in between
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.owner == borrowed {
		l.heirs++
		l.free.Wait()
		l.heirs--
	}
	if l.owner == running {
		return ErrLoopRunning
	}
	l.owner = running
	l.enter()
	runners.Enter(&l.main.Self)
	return nil
}

// enter notes which goroutine the owner is.
func (l *Loop) enter() {
	l.main.G = coro.G()
	coro.Set(&l.g, l.main.G)
	if !l.closed.Load() { // else there are no coroutines, and another loop may have the pool
		l.baton.Holder = &l.main.Coro
	}
}

// mostAtOnce is how much is taken in at the beginning of a turn. Others may call in faster
// than the loop can do what they want: timers, and so the end of Run, come in between.
const mostAtOnce = 1 << 14

// mostBetween is how much is done at once where no turns are: who waits to run the loop
// waits for that.
const mostBetween = 1 << 8

// takeIn does what other goroutines asked for, at the beginning of a turn.
func (l *Loop) takeIn() {
	if l.pending.Load() {
		l.drain(mostAtOnce)
	}
}

// drain does what other goroutines asked for, in order of arrival, but leaves what is
// more than most to the next call.
func (l *Loop) drain(most int) {
	var work []runnable
	if len(l.rest) == 0 {
		l.mu.Lock()
		work = l.inbox
		l.inbox = l.spare[:0]
		l.spare = nil
		l.pending.Store(false)
		l.mu.Unlock()
		l.rest = work
	}
	defer func() {
		if len(l.rest) > 0 { // that was most, or an exception handler exits its goroutine
			l.mu.Lock()
			l.pending.Store(true)
			l.mu.Unlock()
			return
		}
		l.rest = nil
		if work != nil && cap(work) <= 1<<14 { // more is from a burst; do not keep its memory
			l.spare = work
		}
	}()
	for ; len(l.rest) > 0 && most > 0; most-- {
		r := l.rest[0]
		l.rest[0] = nil
		l.rest = l.rest[1:]
		if l.explorer != nil && l.inRun {
			l.explorer.arrive(l, r)
		} else {
			r.run(l)
		}
	}
}
