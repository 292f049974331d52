package engine

import (
	"context"
	"time"
	"unsafe"
)

// Outpost waits on behalf of a task for what only a goroutine can wait for, such as a channel, while
// the task waits for its Waiter. It holds nothing: to the loop the task waits as any other.
//
// On the machine's clock it is a goroutine from the first moment on. On another one, which jumps when
// nothing can run, what has come must be seen before that, and always in the same order. So there the
// owner looks by itself, at each turn, in the order in which they were stationed; goroutines stand
// there only while the driver waits for other goroutines, and are recalled after that.
//
// Whoever recalls one is told whether it has done what it was to do: nothing is done in between.
// All but the goroutine itself is for the owner.
type Outpost struct {
	item // in its loop's outposts

	// Written once, before it is stationed.
	loop *Loop
	task *Task
	who  Mission

	done     bool // or has panicked
	panicked any

	// The goroutine, nil if there is none.
	recall chan struct{}
	back   chan report
}

// report is what a goroutine has to say in the end.
type report struct {
	done     bool
	panicked any
}

// Mission is what an Outpost does. Try and Stay may panic.
type Mission interface {
	// Try does it if that takes no wait, and reports whether it did.
	Try() bool
	// Stay waits until it is done, or returns false when one of them is closed.
	Stay(recalled, over <-chan struct{}) bool
	// Place is what those who can do it together have in common, 0 for none.
	Place() uintptr
	// Meet does it together with another of that place, if it can.
	Meet(other Mission) bool
	// Done wakes who waits for it.
	Done()
}

// outposts are those of a loop, in the order in which they were stationed.
type outposts struct {
	list
	looks bool // the owner looks by itself; written before the loop runs
}

func outpostAt(x *item) *Outpost { return (*Outpost)(unsafe.Pointer(x)) } // item is the first field

// Station sends it out. The task is about to wait.
func (o *Outpost) Station(t *Task, who Mission) {
	o.loop, o.task, o.who = t.loop, t, who
	t.loop.do((*stationed)(o))
}

// Recall ends it, and reports whether it was done, or has panicked, first.
func (o *Outpost) Recall() (done bool) {
	if o.loop != nil {
		o.loop.Call(func() {
			o.takeBack()
			done = o.done
		})
	}
	return done
}

// Panicked returns with what Try or Stay has panicked, nil if it has not. It is for who has recalled it.
func (o *Outpost) Panicked() any { return o.panicked }

type stationed Outpost

func (s *stationed) run(l *Loop) {
	o := (*Outpost)(s)
	if l.closed.Load() || o.task.due != nil && !o.task.thread {
		return // it will not have to wait; of a Go task the request may be taken back before it does
	}
	l.outposts.add(&o.item)
	if !l.outposts.looks {
		o.arm()
	}
}

// run is the arrival of what its goroutine has done.
func (o *Outpost) run(*Loop) { o.takeBack() }

func (o *Outpost) takeBack() {
	o.disarm()
	o.remove()
}

// ended takes a report.
func (o *Outpost) ended(r report) {
	if r.done || r.panicked != nil {
		o.done, o.panicked = true, r.panicked
		o.remove()
		o.who.Done()
	}
}

// look looks by itself.
func (o *Outpost) look() {
	var r report
	defer func() {
		r.panicked = recover()
		o.ended(r)
	}()
	r.done = o.who.Try()
}

// arm sends a goroutine.
func (o *Outpost) arm() {
	o.recall, o.back = make(chan struct{}), make(chan report, 1)
	go o.stay(o.recall, o.back)
}

func (o *Outpost) stay(recall <-chan struct{}, back chan<- report) {
	var r report
	defer func() {
		r.panicked = recover()
		back <- r
		switch {
		case !r.done && r.panicked == nil:
		case o.loop.outposts.looks:
			o.loop.nudge()
		default:
			o.loop.post(o)
		}
	}()
	r.done = o.who.Stay(recall, nil)
}

// disarm recalls the goroutine.
func (o *Outpost) disarm() {
	if o.recall == nil {
		return
	}
	close(o.recall)
	r := <-o.back
	o.recall, o.back = nil, nil
	o.ended(r)
}

// survey recalls the goroutines and looks, and reports whether anything was done.
func (l *Loop) survey() (done bool) {
	before := l.ready.n
	l.eachOutpost((*Outpost).disarm)
	var alone map[uintptr][]*Outpost // of those who can meet, in the order in which they have come
	l.eachOutpost(func(o *Outpost) {
		if f := o.task.waitOn; f == nil || f.Finished() {
			return // nothing is taken for one who was cancelled
		}
		if o.look(); o.done {
			return
		}
		at := o.who.Place()
		if at == 0 {
			return
		}
		if there := alone[at]; len(there) > 0 && o.who.Meet(there[0].who) { // the others want the same as the first
			alone[at] = there[1:]
			there[0].ended(report{done: true})
			o.ended(report{done: true})
			return
		}
		if alone == nil {
			alone = map[uintptr][]*Outpost{}
		}
		alone[at] = append(alone[at], o)
	})
	return l.ready.n > before
}

func (l *Loop) eachOutpost(f func(*Outpost)) {
	for x := l.outposts.first(); x != nil; {
		o := outpostAt(x)
		x = l.outposts.after(x) // before o leaves
		f(o)
	}
}

// surveyAndGuard is survey for who has nothing else to do until then, with so many Go tasks at work. If
// nothing was done, and only other goroutines can go on, those of the outposts are among them.
func (l *Loop) surveyAndGuard(until time.Duration, busy int) (done bool) {
	if l.survey() {
		return true
	}
	if busy > 0 || until == Never {
		l.eachOutpost((*Outpost).arm)
	}
	return false
}

// outpostsWait reports whether the owner has to look.
func (l *Loop) outpostsWait() bool { return l.outposts.looks && !l.outposts.empty() }

// recallAll is the end of the loop: nobody is woken any more, but a Go task asks what was done.
func (l *Loop) recallAll() {
	l.eachOutpost(func(o *Outpost) {
		if o.recall != nil {
			close(o.recall)
			r := <-o.back
			o.recall, o.done, o.panicked = nil, r.done || r.panicked != nil, r.panicked
		}
		o.remove()
	})
}

// Survey is for a driver that waits, and has found that nobody can go on: it reports whether
// somebody has since.
func (l *Loop) Survey() bool { return l.outpostsWait() && l.survey() }

// nudge makes the driver return.
func (l *Loop) nudge() {
	l.mu.Lock()
	l.pending.Store(true)
	l.mu.Unlock()
	l.Driver.Wake()
}

// Self returns the task whose code calls it, nil for a goroutine that is none, whatever its
// context, and ErrNotInTask in a callback.
func Self(ctx context.Context) (*Task, error) {
	at := lookup(ctx)
	return caller(at, at.loop)
}

// Guard has a goroutine that is no task wait by itself.
func Guard(ctx context.Context, m Mission) error {
	at := lookup(ctx)
	var closed <-chan struct{}
	if at.loop != nil {
		closed = at.loop.root.Done()
	}
	if m.Stay(ctx.Done(), closed) {
		return nil
	}
	return at.loop.endOfBlock(ctx)
}
