package engine

import "runtime"

// Run runs turns until Stop. prepare, if not nil, is called first, as the owner;
// if it returns a future, Run also ends with the turn after the one in which that
// was completed: a callback of its own stops the loop, as in CPython. If a task or
// a callback calls runtime.Goexit, Run gives up the loop and exits the calling
// goroutine too.
func (l *Loop) Run(prepare func() *Future) error {
	if hereLoop() != nil {
		return ErrLoopRunning // a loop on a loop would hold up the one below
	}
	if err := l.acquire(); err != nil {
		return err
	}
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
			l.addListener(f, s)
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
	l.calling = nil
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
			l.take().run(l)
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
	if l.outpostsWait() {
		l.survey()
	}
	if len(l.timers.heap) > 0 {
		now := l.Driver.Now()
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
	if until <= l.Driver.Now() && until != Never {
		return
	}
	l.ready.shrink()
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
	for again := true; again; until = l.timers.next() {
		l.passed = false
		l.wait(Waiting{Until: until, Busy: l.busy})
		l.takeIn()
		// A visit of the patrol's is no movement.
		again = l.passed && l.ready.n == 0 && !l.stopping && until > l.Driver.Now()
	}
}

// wait lets the driver wait, for a moment or for the inbox. It reports false if there was no need, since
// an outpost has seen something.
func (l *Loop) wait(w Waiting) bool {
	if l.outpostsWait() && l.surveyAndGuard(w.Until, w.Busy) {
		return false
	}
	l.asleep.Store(true)
	if !l.pending.Load() {
		w.Woken = l.pending.Load
		l.Driver.Wait(w)
	}
	l.asleep.Store(false)
	return true
}

// wake makes r ready, unless the loop is closed.
func (l *Loop) wake(r runnable) {
	if !l.closed.Load() {
		l.ready.push(r)
	}
}
