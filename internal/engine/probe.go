package engine

import (
	"slices"
	"sync"
)

// This file finds circles of awaits over several loops, none of which has the whole
// picture. A task that might be part of one sends a probe along what it waits for, from
// loop to loop (the edge chasing of Chandy, Misra and Haas). If that comes back, all that
// it has passed is looked at once more: who has been waiting all the time between the two
// looks has done so at one moment, and the circle is real. Then the await that has sent
// the probe ends with ErrDeadlock. Nobody is blocked by it, and a loop that does not run
// lets the probe drop.
//
// A circle is complete with a wait that begins, or with the mirror of one that arrives,
// whichever is last. Either sends a probe: see closes and reflected.run.

// probe is what is known of a search on all loops.
type probe struct {
	task *Task

	mu   sync.Mutex
	seen map[*Future]struct{}
}

// hop is a task on the way of a probe, and what it waits for.
type hop struct {
	task   *Task
	on     *Future
	before *hop
}

// still reports, to the owner of the task's loop, whether it waits as it did.
func (h *hop) still() bool { return h.task.waitOn == h.on && !h.on.Finished() }

func (p *probe) first(f *Future) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, seen := p.seen[f]
	p.seen[f] = struct{}{}
	return !seen
}

// probing is a task that sends one.
type probing Task

func (x *probing) run(l *Loop) {
	t := (*Task)(x)
	if f := t.waitOn; f != nil && !f.Finished() {
		p := &probe{task: t, seen: map[*Future]struct{}{}}
		(&chase{p, f, &hop{task: t, on: f}}).run(l)
	}
}

// chase has probes sent by all tasks that f leads to and that wait for another loop.
func (l *Loop) chase(f *Future) {
	seen := map[*Future]struct{}{}
	for todo := []*Future{f}; len(todo) > 0; {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, before := seen[x]; before || x.rests() {
			continue
		}
		seen[x] = struct{}{}
		for y := range x.leadsTo().all {
			if y.loop == l {
				todo = append(todo, y)
			}
			if x.kind == kindTask && y.exits(l) {
				l.post((*probing)(x.task()))
			}
		}
	}
}

// exits reports whether f waits for another loop itself.
func (f *Future) exits(l *Loop) bool {
	if f.kind == kindTask {
		return false
	}
	for x := range f.leadsTo().all {
		if x.loop != l {
			return true
		}
	}
	return false
}

// chase is a probe that arrives at a future.
type chase struct {
	*probe
	at   *Future
	path *hop
}

// run follows what the future waits for on this loop. Of what needs one of several it
// knows only if one is left: other loops cannot be asked for an opinion.
func (c *chase) run(l *Loop) {
	if !l.inRun || l.closed.Load() {
		return
	}
	for todo := []*chase{c}; len(todo) > 0; {
		f, path := todo[len(todo)-1].at, todo[len(todo)-1].path
		todo = todo[:len(todo)-1]
		switch {
		case f == &c.task.Future:
			confirm(c.probe, path)
			return
		case f.Finished(), f.rests(), !c.first(f):
			continue
		case f.kind == kindTask:
			path = &hop{f.task(), f.task().waitOn, path}
		}
		next := f.leadsTo()
		if f.kind == kindJoint && f.joint().Need == Any {
			one := next.next()
			if next.next() != nil || f.joint().ends() {
				continue
			}
			next = successors{one: one}
		}
		for y := range next.all {
			if n := (&chase{c.probe, y, path}); y.loop == l {
				todo = append(todo, n)
			} else {
				y.loop.tell(n)
			}
		}
	}
}

// confirmation is the second look, at the tasks in the order in which they wait.
type confirmation struct {
	*probe
	way []*hop // the first is that of the probe's task
	at  int    // the next to be looked at; the first comes last
}

func confirm(p *probe, last *hop) {
	c := &confirmation{probe: p, at: 1}
	for h := last; h != nil; h = h.before {
		c.way = append(c.way, h)
	}
	slices.Reverse(c.way)
	c.next().tell(c)
}

// next is the loop of the next to be looked at.
func (c *confirmation) next() *Loop { return c.way[c.at%len(c.way)].task.loop }

func (c *confirmation) run(l *Loop) {
	if !l.inRun || l.closed.Load() {
		return
	}
	for ; c.at < len(c.way) && c.way[c.at].task.loop == l; c.at++ {
		if !c.way[c.at].still() {
			return
		}
	}
	switch {
	case c.next() != l:
		c.next().tell(c)
	case c.at == len(c.way) && c.way[0].still():
		c.end()
	}
}

// end ends the circle: a wait by which a request was passed on, which it has held up, by
// that, another by ErrDeadlock.
func (c *confirmation) end() {
	t := c.task
	for _, h := range c.way {
		if h.task.loop != t.loop || !h.still() {
			return
		}
		if t = h.task; h.on.kind != kindMembers { // who waits for the end of a group cannot leave its tasks
			break
		}
	}
	if r := t.latest(); r != nil && t.waitOn.hasPassed(r) {
		t.breakOff(nil)
		t.keep(r)
		return
	}
	var names []string
	for _, h := range c.way[:min(len(c.way), maxNamed)] {
		names = append(names, h.task.label())
	}
	t.breakOff(circleError(names, len(c.way)-len(names)))
}

// hasPassed reports whether r has gone on through f.
func (f *Future) hasPassed(r *Request) bool {
	switch f.kind {
	case kindTask:
		return f.task().latest() == r
	case kindJoint:
		return f.joint().request != nil
	}
	return false
}
