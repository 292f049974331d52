package asyncio

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// DefaultGrace is how long Run waits at its end unless WithGrace says otherwise. (not in
// asyncio, which waits for ever)
const DefaultGrace = time.Minute

// WithGrace sets how long Run and Runner.Close wait, on the loop's clock, for tasks that
// were asked to end; without it that is DefaultGrace. It begins when the ctx of Run ends or main is done,
// whichever is first, and the time that WithDrain gives is not counted. Those still there
// when it is over are named in the error of Run, which is [ErrGraceExceeded], reported to
// the exception handler, and left behind: loop tasks, main too, are unwound so that
// their defers run, Go tasks go on until they return. If others took all the time before
// they were asked, they are cancelled all the same: loop tasks have one turn of the loop to
// end, Go tasks a tenth of a second.
func WithGrace(d time.Duration) Option {
	return func(o *options) { o.grace = d }
}

// ending is how the end of a run comes: when its context has ended main has the grace to
// end too, and what the grace leaves is for the others.
type ending struct {
	loop *Loop
	who  string // runs, for the log

	main    *engine.Task // nil if there is none
	closing atomic.Bool  // all are asked to end, and not main alone
	vigil   vigil

	// Written once. Of a Shutdown: it may be hurried, and the time is somebody's context's.
	apart, bounded bool

	// Owner of the loop, or the caller of Run while nobody runs it.
	drained  bool // the tasks were asked to stop: see WithDrain
	begun    bool
	until    time.Duration // the end of the grace, which has begun
	limit    *engine.Handle
	settled  bool   // the run of main is over
	over     bool   // there is no waiting any more
	late     bool   // because of the grace
	mainLate bool   // it was main that did not end
	left     string // who was left then

	// Owner of the loop.
	running bool  // a run of the end is under way, which hurry can end
	hurried error // why the end is to come now, nil unless it is
	cause   error // the same, as far as it was heeded: then there was no grace
}

// await has the grace begin when the context of main ends, until the run is over.
func (e *ending) await(ctx context.Context) (stop func()) {
	l := e.loop.l
	unwatch, err := engine.AfterFunc(l, ctx, func() {
		e.watch() // not on the loop, which may be stuck
		l.Do(func() {
			if e.settled {
				return
			}
			e.main.HearEnd() // in the same turn, or a virtual clock could jump in between
			e.begin()
			e.limit = &engine.Handle{}
			e.limit.Init(l, func() {
				e.exceed()
				l.Stop()
			}, nil)
			e.limit.At(e.until)
		})
	})
	return func() {
		if err != nil || unwatch() {
			return
		}
		l.Call(func() {
			e.settled = true
			if e.limit != nil {
				e.limit.Cancel()
			}
		})
	}
}

func (e *ending) begin() {
	switch {
	case e.begun:
	case e.bounded:
		e.begun, e.until = true, engine.Never
	default:
		e.begun, e.until = true, e.loop.l.Deadline(e.loop.grace)
	}
}

// hurry has the end come now. Any goroutine may call it, also when it is over.
func (e *ending) hurry(why error) {
	l := e.loop.l
	l.Do(func() {
		if e.hurried == nil {
			e.hurried = why
		}
		if e.running && !e.over {
			e.over, e.cause = true, e.hurried
			l.Stop()
		}
	})
}

// run is a run of the end. One that begins when it is to be over takes one turn.
func (e *ending) run(prepare func() *engine.Future) error {
	l := e.loop.l
	if !e.apart {
		return l.Run(prepare)
	}
	defer l.Call(func() { e.running = false })
	return l.Run(func() *engine.Future {
		e.running = true
		f := prepare()
		if e.hurried != nil {
			e.over, e.cause = true, e.hurried
			l.Stop()
		}
		return f
	})
}

// hastened reports whether the end is to come now, when no run of it is under way.
func (e *ending) hastened() bool {
	if !e.apart {
		return false
	}
	e.loop.l.Call(func() {
		if e.hurried != nil {
			e.over, e.cause = true, e.hurried
		}
	})
	return e.over
}

// exceed is the end of the grace.
func (e *ending) exceed() {
	e.over, e.late = true, true
	e.left = whoIsLeft(e.loop.l, e.asked)
}

// asked reports whether a task was asked to end.
func (e *ending) asked(t *engine.Task) bool {
	return e.closing.Load() || t == e.main || t.Cancelling() > 0
}

// watch has the log name whom is waited for.
func (e *ending) watch() { e.vigil.begin(e.loop, e.who, e.asked) }

// outcome is what a run that would return err returns.
func (e *ending) outcome(err error) error {
	if !e.late {
		return err
	}
	late := fmt.Errorf("%w of %v: %s", ErrGraceExceeded, e.loop.grace, e.left)
	if e.cause != nil {
		late = fmt.Errorf("%w (%w): %s", ErrGraceExceeded, e.cause, e.left)
	}
	if err == nil || e.mainLate {
		return late
	}
	return &endedLate{main: err, late: late}
}

// endedLate is the error of a main that has ended with one, when others have not ended.
type endedLate struct{ main, late error }

func (e *endedLate) Error() string   { return e.main.Error() + "\n" + e.late.Error() }
func (e *endedLate) Unwrap() []error { return []error{e.main, e.late} }

// close ends the tasks, and then the loop.
func (e *ending) close() (err error) {
	e.loop.l.Apart(func() { err = e.closeHere() })
	return err
}

func (e *ending) closeHere() (err error) {
	l := e.loop.l
	if l.Closed() {
		return nil
	}
	// Deferred, so that the loop is closed also if a clean-up calls Goexit.
	defer func() {
		if err = l.Close(); err != nil {
			l.SetLeaving(false)
		}
		e.vigil.end()
	}()
	e.closing.Store(true)
	e.over = false // if main was late, the others have not been asked yet
	e.endAll()
	return nil
}

// endAll ends all tasks: loop tasks before Go tasks, and what these have created.
func (e *ending) endAll() {
	finished := false
	defer func() {
		if !finished {
			e.endAll() // a clean-up has called Goexit; the others still have theirs
		}
	}()
	l := e.loop.l
	if !e.drained {
		e.drained = true
		before := l.Now()
		e.drain()
		if e.begun {
			e.until = engine.After(e.until, l.Now()-before)
		}
		e.over = false // hurried: they have not been asked to end
	}
	e.begin()
	l.SetLeaving(true)
	e.end(false)
	// CPython runs two empty coroutines here; their turns are part of its order.
	for range 2 {
		_ = l.RunEmpty()
		for !e.over && !l.Empty() {
			e.end(true)
			e.end(false)
		}
	}
	if e.over {
		e.askTheRest()
	}
	e.late = e.late || e.cause != nil && !l.Empty()
	if e.late {
		if left := whoIsLeft(l, e.asked); left != "" {
			e.left = left
		}
		e.late = e.left != "" // else the last has ended after all
	}
	finished = true
}

// mostRounds bounds how often in a row end goes for tasks of one kind that have come up
// meanwhile, while those of the other kind, which may be making them, have not been asked
// to end.
const mostRounds = 10

// end cancels the loop tasks, or the Go tasks, in creation order and awaits them; also
// those that its own tasks make meanwhile: others are refused by then, or there might
// never be a last round. With Go tasks it waits for goroutines that were left.
func (e *ending) end(threads bool) {
	l := e.loop.l
	for round := 0; !e.over; round++ {
		tasks, left := l.Pending(threads)
		if len(tasks) == 0 && !left || threads && e.hastened() {
			return
		}
		if others, _ := l.Pending(!threads); round >= mostRounds && len(others) > 0 {
			return
		}
		e.watch()
		if e.run(func() *engine.Future { return e.cancel(tasks, threads) }) != nil {
			e.over = true // somebody else runs the loop, or has closed it
		}
		e.reportFailed(tasks)
	}
}

// askTheRest cancels those that nobody has asked when there is no waiting any more, since
// others took all the time. Loop tasks have one turn for it. A goroutine does not hear in
// which turn it is asked: Go tasks have lastMoment.
func (e *ending) askTheRest() {
	l := e.loop.l
	for _, threads := range []bool{false, true} {
		tasks, _ := l.Pending(threads)
		tasks = slices.DeleteFunc(tasks, func(t *engine.Task) bool { return t.Cancelling() > 0 })
		if len(tasks) == 0 {
			continue
		}
		e.until = l.Now()
		if threads {
			e.until = l.Deadline(lastMoment)
			// A virtual clock stands while they are at work.
			defer time.AfterFunc(lastMoment, l.Stop).Stop()
		}
		if l.Run(func() *engine.Future { return e.cancel(tasks, false) }) != nil {
			return // somebody else runs the loop, or has closed it
		}
		e.reportFailed(tasks)
	}
}

// lastMoment is less than giveUpWithin: Shutdown is not to take that for a loop that is stuck.
const lastMoment = giveUpWithin / 2

func (e *ending) reportFailed(tasks []*engine.Task) {
	for _, t := range tasks {
		if t.State() == engine.Failed {
			e.loop.l.Report(engine.Report{
				Message: "unhandled error during shutdown of the loop",
				Err:     t.Outcome(),
				Task:    t,
			})
		}
	}
}

// cancel returns a future that is completed when all tasks are done, and with Go tasks
// all goroutines back, or it is time to give up.
func (e *ending) cancel(tasks []*engine.Task, threads bool) *engine.Future {
	l := e.loop.l
	r := &engine.Request{Origin: engine.OriginShutdown}
	for _, t := range tasks {
		t.Cancel(r)
	}
	all := &engine.Future{}
	all.Init(l.Root())
	settle := func() {
		if all.Claim() {
			all.Settle(engine.Succeeded, nil)
		}
	}
	limit := &engine.Handle{}
	limit.Init(l, func() {
		e.over, e.late = true, true
		settle()
	}, nil)
	limit.At(e.until)
	left := 1
	ended := func() {
		if left--; left == 0 {
			limit.Cancel()
			settle()
		}
	}
	for _, t := range tasks {
		left++
		h := &engine.Handle{}
		h.Init(l, ended, nil)
		h.After(&t.Future)
	}
	if threads && l.WhenAllBack(ended) {
		left++
	}
	ended()
	return all
}

// drain is the first step of the end, with [WithDrain].
func (e *ending) drain() {
	r := e.loop
	l := r.l
	if r.drain <= 0 || len(l.Tasks()) == 0 {
		return
	}
	e.watch()
	until := l.Deadline(r.drain)
	for tasks := l.Tasks(); len(tasks) > 0; tasks = l.Tasks() {
		if l.Now() >= until {
			for _, t := range tasks {
				reportIgnored(l, t, r.drain)
			}
			return
		}
		fs := make([]*engine.Future, len(tasks))
		for i, t := range tasks {
			fs[i] = &t.Future
		}
		var w *waiting
		if e.run(func() *engine.Future {
			r.stop.ask()
			w = newWaiting(fs, WaitOptions{Deadline: l.Moment(until)})
			return &w.Future
		}) != nil {
			return // somebody else runs the loop, or has closed it
		}
		l.Do(w.end)
		if e.over {
			return
		}
	}
}
