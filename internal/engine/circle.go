package engine

import (
	"context"
	"fmt"
	"strings"
)

// This file finds the await that would close a circle: of oneself, or of what waits,
// through whichever tasks, gathers, groups and the like, for the one who awaits. Of who
// waits for whom there is one picture: what a future waits for is its successors, who
// waits for a future is its predecessors. There is no circle before, so a new one goes
// through the new wait.

// successors are what a future waits for, handed out one by one: there may be many, and
// most searches are over after a few steps.
type successors struct {
	one     *Future
	parts   []*Future
	members *list
	member  *item
}

// leadsTo returns what f, of this loop, waits for: of a task what it awaits, of a joint
// its parts.
func (f *Future) leadsTo() successors {
	switch f.kind {
	case kindTask:
		if w := f.task().waitOn; w != nil {
			return successors{one: w}
		}
	case kindJoint:
		if j := f.joint(); j.Need != Nothing {
			return successors{parts: j.Parts}
		}
	case kindMembers:
		return successors{members: f.members(), member: f.members().first()}
	}
	return successors{}
}

// next returns the next that is not done, nil if there is none.
func (s *successors) next() (f *Future) {
	for {
		switch {
		case s.one != nil:
			f, s.one = s.one, nil
		case len(s.parts) > 0:
			f, s.parts = s.parts[0], s.parts[1:]
		case s.member != nil:
			f, s.member = &linkAt(s.member).who.(*Task).Future, s.members.after(s.member)
		default:
			return nil
		}
		if f != nil && !f.Finished() {
			return f
		}
	}
}

// all goes through them.
func (s successors) all(yield func(*Future) bool) {
	for f := s.next(); f != nil && yield(f); f = s.next() {
	}
}

// predecessors are who waits for a future, handed out likewise.
type predecessors struct {
	one  listener
	list []listener
}

// awaitedBy returns who waits for f, of this loop.
func (f *Future) awaitedBy() predecessors {
	if x, ok := f.listeners.(*several); ok {
		return predecessors{list: x.list}
	}
	return predecessors{one: f.listeners}
}

// next returns the next one, nil if there is none. Others than tasks and joints of this
// loop are passed over; abroad is set if it was a mirror.
func (p *predecessors) next(abroad *bool) *Future {
	for p.one != nil || len(p.list) > 0 {
		w := p.one
		if p.one = nil; w == nil {
			w, p.list = p.list[0], p.list[1:]
		}
		switch w := w.(type) {
		case *Task:
			return &w.Future
		case *Watch:
			if c, ok := w.to.(completer); ok && !w.dropped {
				if f := c.Completes(); f != nil && (f.kind != kindJoint || f.joint().Need != Nothing) {
					return f
				}
			}
		case *prompt:
			if w.image != nil {
				*abroad = true
			}
		}
	}
	return nil
}

// abroad reports whether the latest who waits for f is a mirror.
func (f *Future) abroad() bool {
	w := f.listeners
	if x, ok := w.(*several); ok && len(x.list) > 0 {
		w = x.list[len(x.list)-1]
	}
	p, ok := w.(*prompt)
	return ok && p.image != nil
}

// seeker looks for a way from what a task is about to wait for back to that task. It
// goes both ways by turns, and is done as soon as one of them is exhausted: of those who
// build a long chain from either end, or a wide tree, each has a short way on one side.
type seeker struct {
	down     []successors
	up       []predecessors
	below    map[*Future]struct{}
	above    map[*Future]struct{}
	downmost bool // it has come to a future of another loop
	topmost  bool // it has come to a mirror
}

// keptNodes is how many nodes a search may have had for its memory to serve the next.
const keptNodes = 1 << 10

// closes returns ErrDeadlock if the task, by waiting for f, would close a circle.
func (t *Task) closes(f *Future) error {
	l := t.loop
	if f == &t.Future {
		return fmt.Errorf("%w: %s awaits itself", ErrDeadlock, t.label())
	}
	if f.rests() || f.kind == kindJoint && f.joint().hopes(t) {
		return nil
	}
	s := l.seeker
	if s == nil {
		s = &seeker{below: map[*Future]struct{}{}, above: map[*Future]struct{}{}}
	}
	l.seeker = nil
	found := s.seek(t, f)
	abroad := s.downmost && s.topmost
	if s.rest() {
		l.seeker = s
	}
	if found {
		if err := t.refuse(f); err != nil {
			return err
		}
	}
	if abroad {
		l.post((*probing)(t)) // for when the wait has begun
	}
	return nil
}

// rests reports whether f is none that waits for the ends of others: the usual case.
func (f *Future) rests() bool {
	switch f.kind {
	case kindTask:
		w := f.task().waitOn
		return w == nil || w.kind < kindTask
	case kindJoint, kindMembers:
		return false
	}
	return true
}

// hopes reports whether j needs one of several, and one that is there is not held up: the
// usual case, and it spares the search at each step of an AsCompleted.
func (j *Joint) hopes(t *Task) bool {
	if j.Need != Any {
		return false
	}
	for int(j.hope) < len(j.Parts) && j.Parts[j.hope] == nil {
		j.hope++
	}
	if int(j.hope) == len(j.Parts) {
		j.hope = 0
		return false
	}
	x := j.Parts[j.hope]
	return x.Finished() || x.loop == t.loop && x != &t.Future && x.rests()
}

// seek reports whether a way leads from f to t. downmost and topmost say, if both are
// set, that one may over other loops.
func (s *seeker) seek(t *Task, f *Future) bool {
	s.up = append(s.up, t.awaitedBy())
	if s.stepUp(f) {
		return true
	}
	if len(s.up) == 0 && !s.topmost {
		return false
	}
	s.down = append(s.down, successors{one: f})
	for {
		if len(s.down) > 0 {
			if s.stepDown(t) {
				return true
			}
		} else if !s.downmost || s.topmost || len(s.up) == 0 {
			return false
		}
		if len(s.up) > 0 {
			if s.stepUp(f) {
				return true
			}
		} else if !s.topmost || s.downmost || len(s.down) == 0 {
			return false
		}
	}
}

// stepDown looks at one that is waited for, and reports whether it is t.
func (s *seeker) stepDown(t *Task) bool {
	top := len(s.down) - 1
	f := s.down[top].next()
	switch {
	case f == nil:
		s.down[top] = successors{}
		s.down = s.down[:top]
	case f == &t.Future:
		return true
	case f.loop != t.loop:
		s.downmost = true
	case !f.rests():
		if _, seen := s.below[f]; !seen {
			s.below[f] = struct{}{}
			s.down = append(s.down, f.leadsTo())
		}
	}
	return false
}

// stepUp looks at one who waits, and reports whether it is to.
func (s *seeker) stepUp(to *Future) bool {
	top := len(s.up) - 1
	f := s.up[top].next(&s.topmost)
	switch f {
	case nil:
		s.up[top] = predecessors{}
		s.up = s.up[:top]
	case to:
		return true
	default:
		if _, seen := s.above[f]; !seen {
			s.above[f] = struct{}{}
			s.up = append(s.up, f.awaitedBy())
		}
	}
	return false
}

// rest readies the seeker for the next search, and reports whether it is worth keeping.
func (s *seeker) rest() bool {
	if len(s.below)+len(s.above) > keptNodes {
		return false
	}
	clear(s.down)
	clear(s.up)
	clear(s.below)
	clear(s.above)
	s.down, s.up = s.down[:0], s.up[:0]
	s.downmost, s.topmost = false, false
	return true
}

// refuse returns the error of t's await of f, from which a way leads back to t. There is
// none if something on the way can end by another: then the wait may have its end. Who
// waits for the end of a group cannot leave its tasks: of those that wait for t the waits
// end by the error instead, and then the group does.
func (t *Task) refuse(f *Future) error {
	k := knots{}
	if f.kind == kindJoint && f.joint().Need == Any {
		// One that can end will do, and will do at the next step too.
		for j := f.joint(); int(j.hope) < len(j.Parts); j.hope++ {
			if x := j.Parts[j.hope]; x != nil && !x.Finished() {
				if k.tie(x, t); k[x].free {
					return nil
				}
			}
		}
		f.joint().hope = 0
	}
	k.tie(f, t)
	k.lead(t)
	if f.kind != kindMembers {
		if k[f].free || k[f].to == nil {
			return nil
		}
		return k.deadlock(t, f)
	}
	for groups := []*Future{f}; len(groups) > 0; {
		s := groups[0].leadsTo()
		groups = groups[1:]
		for x := range s.all {
			m := x.task()
			switch n := k[x]; {
			case n.free || n.to == nil || m.waitOn == nil:
			case m.waitOn.kind == kindMembers:
				groups = append(groups, m.waitOn)
			default:
				m.breakOff(k.deadlock(m, m.waitOn))
			}
		}
	}
	return nil
}

// knots are the futures that can be reached from a new wait.
type knots map[*Future]*knot

type knot struct {
	f     *Future
	needs int     // so many of those that it waits for have to end before it can
	above []*knot // who waits for it
	free  bool    // it can end
	to    *knot   // the next on the way to the task that is about to wait
}

// loosen frees those that wait for no others any more, given the first of them.
func loosen(free []*knot) {
	for len(free) > 0 {
		x := free[len(free)-1]
		free = free[:len(free)-1]
		if x.free {
			continue
		}
		x.free = true
		for _, y := range x.above {
			if y.needs > 0 {
				if y.needs--; y.needs == 0 {
					free = append(free, y)
				}
			}
		}
	}
}

// tie finds out which of what f leads to can end, as far as tasks go that wait for each
// other: one that waits for something else may, and t itself cannot, before it has waited.
func (k knots) tie(f *Future, t *Task) {
	if k[f] != nil {
		return
	}
	var free []*knot
	k[f] = &knot{f: f}
	for todo := []*knot{k[f]}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x := n.f
		if x == &t.Future {
			continue
		}
		some := x.kind == kindJoint && x.joint().Need == Any
		ends := some && x.joint().ends()
		next := successors{}
		if x.loop == t.loop {
			next = x.leadsTo()
		}
		for y := range next.all {
			m := k[y]
			if m == nil {
				m = &knot{f: y}
				k[y] = m
				todo = append(todo, m)
			}
			if m.free {
				ends = ends || some
				continue
			}
			n.needs++
			m.above = append(m.above, n)
		}
		if n.needs == 0 || ends {
			free = append(free, n)
		} else if some {
			n.needs = 1
		}
	}
	loosen(free)
}

// lead notes the ways to t, of those that cannot end.
func (k knots) lead(t *Task) {
	if k[&t.Future] == nil {
		return
	}
	for row := []*knot{k[&t.Future]}; len(row) > 0; row = row[1:] {
		for _, y := range row[0].above {
			if !y.free && y.to == nil {
				y.to = row[0]
				row = append(row, y)
			}
		}
	}
}

// maxNamed bounds how many tasks the text of an error names.
const maxNamed = 10

// deadlock is the error that names a circle: t, then the tasks on the way from f back to
// it, or to the one that is about to wait for the end of t's group.
func (k knots) deadlock(t *Task, f *Future) error {
	names, more := []string{t.label()}, 0
	for n := k[f]; n != nil && n.f != &t.Future; n = n.to {
		switch {
		case n.f.kind != kindTask:
		case len(names) < maxNamed:
			names = append(names, n.f.task().label())
		default:
			more++
		}
	}
	return circleError(names, more)
}

func circleError(names []string, more int) error {
	s := strings.Join(names, " → ")
	if more > 0 {
		s += fmt.Sprintf(" → … (%d more)", more)
	}
	if len(names) == 1 && more == 0 {
		return fmt.Errorf("%w: %s awaits itself", ErrDeadlock, s)
	}
	return fmt.Errorf("%w: tasks await each other: %s → %s", ErrDeadlock, s, names[0])
}

// joined looks again at the wait of a task after something has changed: somebody waits
// for it now who did not, or another way for the wait to end is gone.
func (t *Task) joined() {
	if f := t.waitOn; t.listeners != nil && f != nil && f.kind >= kindTask && !f.Finished() {
		if err := t.closes(f); err != nil {
			t.breakOff(err)
		}
	}
}

// Closes returns ErrDeadlock if the caller, by waiting for f, would close a circle, for
// who does something to f before that.
func Closes(ctx context.Context, f *Future) (err error) {
	at := locate(ctx)
	t, _ := caller(at, at.loop)
	if t != nil && t.loop == f.loop && f.kind >= kindTask {
		t.loop.Call(func() {
			if t.listeners != nil || f == &t.Future {
				err = t.closes(f)
			}
		})
	}
	return err
}
