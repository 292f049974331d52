package engine

import (
	"sync/atomic"
	"time"
)

// answerWithin is how long a question waits for the owner of a loop. A step that
// takes longer is stuck, as far as who asks can tell: then the answer is what can be
// known from outside.
const answerWithin = 200 * time.Millisecond

// asked is something that another goroutine wants the owner to do, and waits for.
type asked struct {
	do   func()
	done chan struct{} // closed when do has returned
	verb bool          // do may change something
	late atomic.Bool   // nobody waits any more
}

func (a *asked) run(*Loop) {
	defer close(a.done)
	if !a.late.Load() {
		a.do()
	}
}

// Ask has the owner of l call inside, which must change nothing, and returns its
// answer. If the owner does not come to that within answerWithin, the caller gets the
// answer of outside, which the caller's goroutine calls itself: see outside.go.
func Ask[T any](l *Loop, inside, outside func() T) T {
	if l.owned() {
		return inside()
	}
	var answer T
	if l.have(&asked{do: func() { answer = inside() }}) {
		return answer
	}
	l.sayStuck()
	return outside()
}

// sayStuck tells where the loop is stuck, as the watchdog would, but not each time
// that somebody asks.
func (l *Loop) sayStuck() {
	now := int64(time.Since(base))
	last := l.said.Load()
	if last != 0 && now-last < int64(sayAgain) || !l.said.CompareAndSwap(last, now) {
		return
	}
	if h, held := l.Holder(); held {
		l.Hooks.Slow(Slow{Task: h.Task, For: answerWithin, Stack: h.Stack})
	}
}

// sayAgain is after how long that is told again.
const sayAgain = 10 * time.Second

// Call has the owner call f, and returns when that has returned: if the loop is stuck
// in a step, with the end of that. From a step of another loop it may answer, inside
// that step, what others want to be done.
func (l *Loop) Call(f func()) {
	if l.owned() {
		f()
		return
	}
	l.have(&asked{do: f, verb: true})
}

// have has the owner do a. It reports false if that has not happened in time, which
// is for ever for a verb.
func (l *Loop) have(a *asked) bool {
	a.done = make(chan struct{})
	l.post(a)
	select {
	case <-a.done: // nobody owned the loop
		return true
	default:
	}
	var late <-chan time.Time
	if !a.verb {
		timer := time.NewTimer(answerWithin)
		defer timer.Stop()
		late = timer.C
	}
	return hereLoop().attend(a, late)
}

// attend waits, inside a step of l, nil for none, for what another loop is to do. That may be
// waiting for this one, so what is asked of l is done meanwhile. All else stays in the
// inbox, in order, for after the step: nothing comes between what a task does before
// and after it has asked. For the same reason verbs stay there too, unless it is a verb
// that l waits for: who waits for a question goes on by itself.
func (l *Loop) attend(a *asked, late <-chan time.Time) bool {
	var bell bell
	if l != nil {
		bell = newBell()
		l.mu.Lock()
		outer := l.bell
		l.bell = bell
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			l.bell = outer
			l.mu.Unlock()
		}()
	}
	for {
		if l != nil {
			l.answer(a.verb)
		}
		select {
		case <-a.done:
			return true
		case <-bell:
		case <-late:
			a.late.Store(true)
			return false
		}
	}
}

// answer does what others wait for.
func (l *Loop) answer(verbs bool) {
	all := l.takeAsked(verbs)
	defer func() {
		if len(all) > 0 { // a handler, called by the way, exits this goroutine
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, x := range all {
				l.inbox = append(l.inbox, x)
			}
			l.pending.Store(true)
		}
	}()
	for len(all) > 0 {
		x := all[0]
		all = all[1:]
		x.run(l)
	}
}

// takeAsked takes what others wait for out of the inbox, and out of what was drained
// from it and is still to be done.
func (l *Loop) takeAsked(verbs bool) (all []*asked) {
	take := func(from []runnable) []runnable {
		kept := from[:0]
		for _, r := range from {
			if a, ok := r.(*asked); ok && (verbs || !a.verb) {
				all = append(all, a)
			} else {
				kept = append(kept, r)
			}
		}
		clear(from[len(kept):])
		return kept
	}
	l.rest = take(l.rest)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inbox = take(l.inbox)
	if len(l.inbox)+len(l.rest) == 0 {
		l.pending.Store(false)
	}
	return all
}
