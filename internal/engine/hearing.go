package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// This file is how what was found in unheard.go is reported: by the owner of the loop, or
// if there is none by a goroutine of its own, so that whoever finds something goes on.

// reporter is a goroutine that reports for a loop that nobody owns.
type reporter struct {
	g    uintptr
	gone chan struct{}
}

// call has somebody come for what was found; with mu held. To a loop in a bubble nobody
// can be sent from outside: it comes by itself when it has nothing to do.
func (u *unheard) call(l *Loop) {
	switch {
	case u.coming:
	case l.owned() && l.inRun:
		u.coming = true
		l.post((*hearing)(l))
	case !l.bubble:
		u.coming = true
		go l.send()
	}
}

// next returns what is to be reported next, nil if nothing is left.
func (u *unheard) next() runnable {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.found) == 0 {
		u.found, u.coming = nil, false
		return nil
	}
	x := u.found[0]
	u.found[0] = nil
	u.found = u.found[1:]
	return x
}

// hearing is the owner of a loop on its way to what is to be reported.
type hearing Loop

// heardAtOnce bounds how long a step of the loop has to wait for reports.
const heardAtOnce = 256

func (h *hearing) run(l *Loop) {
	over := false
	defer func() {
		if !over {
			l.post(h) // there are more, or the handler is exiting this goroutine
		}
	}()
	for range heardAtOnce {
		x := l.unheard.next()
		if x == nil {
			over = true
			return
		}
		x.run(l)
	}
}

// send has the owner of the loop come, or reports in its place if there is none. A
// handler that blocks here holds up nobody else, and one that exits its goroutine does
// not keep the others from being told.
func (l *Loop) send() {
	if l.tell((*hearing)(l)) {
		return
	}
	me := &reporter{coro.G(), make(chan struct{})}
	l.unheard.reporter.Store(me)
	over := false
	defer func() {
		l.unheard.reporter.CompareAndSwap(me, nil)
		close(me.gone)
		if !over {
			go l.send()
		}
	}()
	for !l.tell((*hearing)(l)) { // somebody may have begun to run it
		x := l.unheard.next()
		if x == nil {
			break
		}
		x.run(l)
	}
	over = true
}

// handlerPatience is how long Run and Close wait for a handler to return that was called
// while nobody owned the loop, so that it is seldom called twice at a time.
const handlerPatience = 200 * time.Millisecond

// waitForReporter is for who is about to own the loop.
func (l *Loop) waitForReporter() {
	r := l.unheard.reporter.Load()
	if r == nil || r.g == coro.G() {
		return
	}
	late := time.NewTimer(handlerPatience)
	defer late.Stop()
	select {
	case <-r.gone:
	case <-late.C:
	}
}

// Errand has f called with the patrol's next beat, as reports are, or at the end of the
// loop. It is for who calls the exception handler.
func (l *Loop) Errand(f func()) {
	u := &l.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	u.errands = append(u.errands, action(f))
	u.know(l)
}

// run reports the failure, once, if it is still unheard of.
func (x *failure) run(l *Loop) {
	if x.retrieved.Swap(true) {
		return
	}
	x.cleanup.Stop()
	r := Report{Kind: "error was never retrieved", Err: x.err}
	after := ""
	switch {
	case x.err == nil:
		r.Kind = "task was never awaited"
	case x.panicked:
		r.Kind = "panicked and nobody awaits it"
	case x.kept > 0:
		r.Kind = "has failed and nobody has asked"
		after = fmt.Sprintf(" %v ago", x.kept.Round(time.Second))
	}
	r.Message = x.lost.String() + ": " + strings.Replace(r.Kind, " and", after+" and", 1)
	if x.lost.Task {
		r.Lost = &x.lost
	}
	l.Report(r)
}

// reportFailures is the end of the loop: what nobody has asked for by now is reported.
func (l *Loop) reportFailures() {
	u := &l.unheard
	u.mu.Lock()
	for !u.list.empty() {
		x := failureAt(u.list.first())
		u.remove(x)
		u.found = append(u.found, x)
	}
	u.coming = true
	if u.known {
		u.known = false
		thePatrol.fails(l, false)
	}
	u.mu.Unlock()
	over := false
	defer func() {
		if !over {
			go l.send()
		}
	}()
	for more := true; more; more = u.runErrands() {
		for x := u.next(); x != nil; x = u.next() {
			x.run(l)
		}
	}
	over = true
}

// runErrands has the errands come next, and reports whether there are any.
func (u *unheard) runErrands() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.found = append(u.found, u.errands...)
	u.errands = nil
	return len(u.found) > 0
}
