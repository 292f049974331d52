package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"weak"
)

// This file finds circles that go through locks, of a loop on which nothing moves. They
// are no errors, as those of awaits are: anybody may release a lock, a goroutine that
// the loop knows nothing of as well. So it is said, and nothing else happens.

// tangle is who waits for whom on a loop, through awaits and locks.
type tangle struct {
	loop  *Loop
	nodes map[any]*strand // by *Future, or by the primitive
	todo  []*strand
	tasks []*strand // in creation order, then others
}

// strand is a future, or a primitive in whose queue somebody waits.
type strand struct {
	knot  // f is nil of a primitive
	queue Resource
	about About     // of the queue
	below []*strand // what it waits for
	walk  int       // in which it was met
}

// tangle draws the picture. What waits for something that is neither a task of this loop
// nor held by one is free: it may come from anywhere.
func (l *Loop) tangle() *tangle {
	g := &tangle{loop: l, nodes: map[any]*strand{}}
	for t := range l.tasks.all {
		g.future(&t.Future)
	}
	for len(g.todo) > 0 {
		x := g.todo[len(g.todo)-1]
		g.todo = g.todo[:len(g.todo)-1]
		if x.queue != nil {
			g.holders(x)
		} else {
			g.awaits(x)
		}
	}
	var free []*knot
	for _, x := range g.nodes {
		if x.needs == 0 {
			free = append(free, &x.knot)
		}
	}
	loosen(free)
	return g
}

func (g *tangle) future(f *Future) *strand {
	return g.strand(f, strand{knot: knot{f: f}})
}

func (g *tangle) strand(key any, s strand) *strand {
	x := g.nodes[key]
	if x == nil {
		x = &s
		g.nodes[key] = x
		g.todo = append(g.todo, x)
		if x.isTask() {
			g.tasks = append(g.tasks, x)
		}
	}
	return x
}

func (x *strand) isTask() bool { return x.f != nil && x.f.kind == kindTask }

func (x *strand) tie(y *strand) {
	x.below = append(x.below, y)
	y.above = append(y.above, &x.knot)
}

// awaits ties a future to what it waits for: all of it has to end, or one.
func (g *tangle) awaits(x *strand) {
	f := x.f
	if f.loop != g.loop {
		return
	}
	if f.kind == kindTask {
		t := f.task()
		if th := t.threadOf(); t.timesOut() || th != nil && !th.visits {
			return // somebody else's clock ends it; it is at work
		}
		if w := t.waitOn; w != nil && w.kind == kindWaiter && !w.Finished() {
			if r, ok := w.waiter().unwound.(Resource); ok {
				x.tie(g.strand(r.Of(), strand{queue: r}))
				x.needs = 1
			}
			return
		}
	}
	some := f.kind == kindJoint && f.joint().Need == Any
	if some && f.joint().ends() {
		return
	}
	for y := range f.leadsTo().all {
		x.tie(g.future(y))
	}
	if x.needs = len(x.below); some {
		x.needs = min(x.needs, 1)
	}
}

// holders ties a primitive to those one of whom has to let it go. One that has ended is
// free as any other that waits for nothing: it has left that to somebody else.
func (g *tangle) holders(x *strand) {
	x.about = x.queue.About()
	if !x.about.Whole {
		return
	}
	for _, t := range x.about.Holders {
		x.tie(g.future(&t.Future))
		x.needs = 1
	}
}

// circles returns those of the circles that go through a lock, without what they have in
// common with others: each from a task on, in the order in which they wait.
func (g *tangle) circles() (all [][]*strand) {
	for i, start := range g.tasks {
		var path []*strand
		x := start
		for !x.free && x.walk == 0 {
			x.walk = i + 1
			path = append(path, x)
			x = x.next()
		}
		if x.free || x.walk != i+1 {
			continue
		}
		path = path[slices.Index(path, x):]
		// A lock is held by a task, so if there is one there is the other.
		if slices.ContainsFunc(path, func(y *strand) bool { return y.queue != nil }) {
			first := slices.IndexFunc(path, (*strand).isTask)
			all = append(all, slices.Concat(path[first:], path[:first]))
		}
	}
	return all
}

// next returns the first of those below that is not free: there is one as long as x is not.
func (x *strand) next() *strand {
	return x.below[slices.IndexFunc(x.below, func(y *strand) bool { return !y.free })]
}

// accused tells a circle from others: the first of its tasks, and the next. It does not
// keep them.
type accused [2]weak.Pointer[Task]

// mostCircles bounds how many are told of at one time.
const mostCircles = 10

// still reports, to the owner, whether only another goroutine can make anything go on. A
// loop under test has verdicts of its own.
func (l *Loop) still() bool {
	return !l.observed && l.timers.next() == Never && l.busy == 0 && l.ready.n == 0 &&
		!l.pending.Load() && l.inRun && !l.stopping && !l.closed.Load()
}

// lookForCircles reports the circles through locks, each once as long as it is there. It is
// for the owner of a loop that is still.
func (l *Loop) lookForCircles() {
	g := l.tangle()
	var there []accused
	var news [][]*strand
	for _, c := range g.circles() {
		var who accused
		n := 0
		for _, x := range c {
			if x.isTask() && n < len(who) {
				who[n] = weak.Make(x.f.task())
				n++
			}
		}
		known := slices.Contains(l.accused, who)
		if !known && len(news) == mostCircles {
			continue
		}
		if there = append(there, who); !known {
			news = append(news, c)
		}
	}
	l.accused = there
	for _, c := range news {
		t := c[0].f.task()
		l.Report(Report{
			Message: "tasks wait for each other through locks",
			Err:     fmt.Errorf("%w, unless somebody else releases a lock: %s", ErrDeadlock, story(c)),
			Task:    t,
			At:      t.Where(),
		})
	}
}

// story says of each task of a circle what it waits for, where, and who holds that.
func story(circle []*strand) string {
	var tasks []int
	for i, x := range circle {
		if x.isTask() {
			tasks = append(tasks, i)
		}
	}
	var parts []string
	for n, i := range tasks {
		if n == maxNamed {
			parts = append(parts, fmt.Sprintf("and %d more", len(tasks)-n))
			break
		}
		t := circle[i].f.task()
		next := circle[tasks[(n+1)%len(tasks)]].f.task()
		where := ""
		if frames := t.Where(); len(frames) > 0 {
			where = " at " + Chain(frames)
		}
		if p := circle[(i+1)%len(circle)]; p.queue != nil {
			parts = append(parts, fmt.Sprintf("%s waits in %s of %s%s, held by %s",
				t.label(), p.about.Op, p.about.State, where, p.about.HeldBy()))
		} else {
			parts = append(parts, fmt.Sprintf("%s awaits %s%s", t.label(), next.label(), where))
		}
	}
	return strings.Join(parts, "; ")
}

// HeldBy names the holders, "" if none is known.
func (a *About) HeldBy() string {
	var names []string
	for i, t := range a.Holders {
		if i == maxNamed {
			names = append(names, fmt.Sprintf("%d more", len(a.Holders)-i))
			break
		}
		names = append(names, t.label())
	}
	return strings.Join(names, ", ")
}

// A loop that the patrol does not visit looks by itself, whenever it has nothing to do.
// If that is often, with many tasks, it must not cost more than the rest: a look takes
// from a budget, which each time it has nothing to do adds a little to.
const (
	lookBudget = 1 << 20 // in tasks
	lookIncome = 1 << 8
)

// lookBySelf is called when the loop is about to wait for other goroutines alone.
func (l *Loop) lookBySelf() {
	l.looked = max(0, l.looked-lookIncome)
	if l.looked > lookBudget {
		return
	}
	for range l.tasks.all {
		l.looked++
	}
	l.lookForCircles()
}

// lookAround is called by the owner when nothing has moved on the loop for so long: once
// after quietBeats, and once after stillBeats, until something moves again.
func (l *Loop) lookAround(quiet time.Duration) {
	switch {
	case quiet < stillBeats*beat:
		if l.still() {
			l.lookForCircles()
		}
	case l.debug.Load() && l.Hooks.Still != nil && !l.tasks.empty():
		l.Hooks.Still(quiet, l.Remaining(maxNamed, func(*Task) bool { return true }))
	}
}
