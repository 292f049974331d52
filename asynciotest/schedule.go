package asynciotest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// A schedule is the sequence of the decisions in a run. Each is a choice out of some
// number, of which 0 is the loop's own order; any other is a departure. There are two
// kinds: which step comes next, if there are several, and with Options.Cancel whether a
// task is cancelled at an await point.

// departure is a decision that is not 0.
type departure struct {
	at   int // the number of the decision in its run, from 0
	pick int
	n    int    // out of how many; 0 if that is not known
	hash uint16 // of all decisions before it and this one; 0 if that is not known
}

// overtaking bounds how many steps in a row may come before one that was ready first,
// for programs that spin until something is so: in the end everybody has a turn.
const overtaking = 100

// decider makes the decisions of a run, and is the engine's Chooser.
type decider struct {
	// Written before the run.
	plan     []departure // what to do, and
	strategy strategy    // who decides after that; nil for the loop's own order
	cancels  int         // how many cancellations at most
	who      func(asyncio.AnyTask) bool
	maxSteps int
	tr       *trial
	story    *story // nil unless it is told

	// Of the run.
	steps    int
	passed   int // steps in a row that have come before the first
	made     []departure
	decided  int
	branches []uint16 // of each decision, out of how many, if wanted
	keep     bool     // branches
	points   int      // decisions about cancellation
	hash     uint64
	diverged string
}

func (d *decider) reset() {
	d.steps, d.passed, d.decided, d.points = 0, 0, 0, 0
	d.made, d.branches = d.made[:0], d.branches[:0]
	d.hash, d.diverged = 14695981039346656037, ""
}

// Choose is for the engine.
func (d *decider) Choose(steps []engine.Step) int {
	if d.steps++; d.steps > d.maxSteps && d.tr.verdict == nil {
		if d.tr.leaving {
			d.tr.give(Leak, "leak: the function has returned, and its tasks go on without end: ")
		} else {
			d.tr.give(Endless, fmt.Sprintf("endless: %d steps were not enough: ", d.maxSteps))
		}
	}
	i := 0
	switch {
	case len(steps) == 1:
	case d.passed >= overtaking:
		d.passed = 0
	default:
		if i = d.decide(steps, len(steps)); i > 0 {
			d.passed++
		} else {
			d.passed = 0
		}
	}
	s := &steps[i]
	if s.Task != nil {
		d.mix(s.Task.ID())
	}
	if d.story != nil {
		d.story.step(steps, i)
	}
	if d.cancels > 0 && s.Task != nil && !s.Arrival && s.Task.Started() {
		d.inject(s.Task, true)
	}
	return i
}

// Waits is for the engine.
func (d *decider) Waits(t *engine.Task) {
	if d.cancels > 0 {
		d.inject(t, false)
	}
}

// inject decides whether to cancel a task at the await that it is in: as soon as it
// waits, or only when that has ended.
func (d *decider) inject(t *engine.Task, over bool) {
	if t == d.tr.main || t.Cancelling() > 0 || d.tr.main.Finished() || d.who != nil && !d.who(t.Face().(asyncio.AnyTask)) {
		return
	}
	d.points++
	if d.decide(nil, 2) == 0 {
		return
	}
	d.cancels--
	if d.story != nil {
		d.story.cancel(t, over)
	}
	t.Cancel(&engine.Request{Message: injected})
}

const injected = "injected by asynciotest"

// decide makes the next decision, out of n.
func (d *decider) decide(steps []engine.Step, n int) int {
	at, i, hash := d.decided, 0, uint16(0)
	d.decided++
	switch {
	case len(d.plan) > 0:
		if p := d.plan[0]; p.at == at {
			d.plan = d.plan[1:]
			i, hash = p.pick, p.hash
			if (p.n != 0 && p.n != n || i >= n) && d.diverged == "" {
				d.diverged = fmt.Sprintf("decision %d is one out of %d, and was one out of %d", at, n, p.n)
			}
			if i >= n {
				i = 0
			}
		}
	case d.strategy != nil:
		i = d.strategy.pick(steps, n)
	}
	if d.keep {
		d.branches = append(d.branches, uint16(min(n, 1<<16-1)))
	}
	d.mix(uint64(n)<<32 | uint64(i))
	if hash != 0 && hash != uint16(d.hash)|1 && d.diverged == "" {
		d.diverged = fmt.Sprintf("what has led to decision %d is not the same, from decision %d on", at, d.last())
	}
	if i > 0 {
		d.made = append(d.made, departure{at, i, n, uint16(d.hash) | 1})
	}
	return i
}

// last is the number of the decision after the last departure.
func (d *decider) last() int {
	if n := len(d.made); n > 0 {
		return d.made[n-1].at + 1
	}
	return 0
}

func (d *decider) mix(x uint64) { d.hash = (d.hash ^ x) * 1099511628211 }

// format writes a schedule as -asyncio.replay takes it.
func format(all []departure) string {
	parts := make([]string, len(all))
	for i, x := range all {
		parts[i] = fmt.Sprintf("%d:%d/%d@%x", x.at, x.pick, x.n, x.hash)
	}
	return strings.Join(parts, ",")
}

// parse reads what format has written.
func parse(s string) (all []departure, err error) {
	for part := range strings.SplitSeq(s, ",") {
		var x departure
		if _, err := fmt.Sscanf(part, "%d:%d/%d@%x", &x.at, &x.pick, &x.n, &x.hash); err != nil {
			return nil, errors.New("asynciotest: " + strconv.Quote(part) + " is no departure of a schedule: copy all of what the failing test has printed")
		}
		all = append(all, x)
	}
	return all, nil
}
