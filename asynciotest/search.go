package asynciotest

import (
	"context"
	"fmt"
	"slices"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// search runs schedules until one fails.
type search struct {
	o      Options
	f      func(context.Context) error
	group  *group
	failed func() bool // of the test around it; nil without one

	strategy strategy
	report   Report
	seen     map[uint64]struct{}
	d        decider
	pool     engine.Pool
	found    []departure // of the schedule that fails
}

func newSearch(o Options, f func(context.Context) error) *search {
	o = o.withDefaults()
	return &search{o: o, f: f, group: newGroup(), strategy: newStrategy(o), seen: map[uint64]struct{}{}}
}

// run is the whole search, with what is made of the failure.
func (s *search) run() Report {
	defer s.close()
	if s.exits(s.explore) {
		s.fail(&Failure{Kind: Failed, Text: "the function has ended its goroutine, as t.FailNow does"})
	}
	if s.report.Failure == nil {
		s.pool.Close()
		s.report.Failure = s.group.left()
	} else {
		s.tell()
	}
	s.report.Distinct = len(s.seen)
	return s.report
}

// close ends what the search has used.
func (s *search) close() {
	s.pool.Close()
	s.group.leave()
}

// exits calls f on a goroutine of its own, and reports whether it was ended by Goexit.
func (s *search) exits(f func()) (exited bool) {
	exited = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
		exited = false
	}()
	<-done
	return exited
}

// explore runs schedules until one fails or there are no more.
func (s *search) explore() {
	d := &s.d
	for s.report.Schedules < s.o.Schedules {
		plan, more := s.strategy.begin()
		if !more {
			s.report.Complete = true
			return
		}
		s.report.Schedules++
		failure := s.once(plan, s.strategy)
		s.strategy.end(d)
		s.seen[d.hash] = struct{}{}
		s.report.Steps += d.steps
		if failure == nil && s.failed != nil && s.failed() {
			failure = &Failure{Kind: Failed, Text: "the test around the function has failed"}
		}
		if failure != nil {
			s.fail(failure)
			return
		}
	}
	if s.o.Strategy == Exhaustive {
		_, more := s.strategy.begin()
		s.report.Complete = !more
	}
}

func (s *search) fail(f *Failure) {
	s.found = slices.Clone(s.d.made)
	s.report.Failure = f
}

// once runs one schedule.
func (s *search) once(plan []departure, then strategy) *Failure {
	d := &s.d
	d.reset()
	d.plan, d.strategy = plan, then
	d.cancels, d.who, d.maxSteps = s.o.Cancel, s.o.CancelWho, s.o.MaxSteps
	d.keep = s.o.Strategy == Exhaustive || d.keep
	d.tr = &trial{f: s.f, opts: s.o.Loop, limit: *limit, chooser: d, pool: &s.pool, group: s.group.name}
	return d.tr.run()
}

// tell shrinks the schedule that fails, and runs it once more to tell its story.
func (s *search) tell() {
	f := s.report.Failure
	if f.Kind != Failed && s.o.Strategy != Exhaustive {
		s.shrink()
	}
	x := s.explain(s.found)
	switch {
	case x.failure == nil || x.failure.Kind != f.Kind && f.Kind != Failed:
		f.Text += "\n(It did not fail again under the same schedule: something else decides too, " +
			"such as goroutines that are no tasks, the order of a map, package time or random numbers.)"
		f.Schedule, f.Departures = format(s.found), len(s.found)
	default:
		if f.Kind == Failed {
			x.failure.Kind, x.failure.Text = f.Kind, f.Text
		}
		s.report.Failure = x.failure
	}
	s.report.Failure.Story = x.story
}

// explained is a schedule that was run for people.
type explained struct {
	failure  *Failure
	story    string
	diverged string
}

func (s *search) explain(plan []departure) (x explained) {
	d := &decider{cancels: s.o.Cancel, who: s.o.CancelWho, maxSteps: s.o.MaxSteps, plan: plan, story: &story{}}
	d.reset()
	d.tr = &trial{f: s.f, opts: s.o.Loop, limit: *limit, chooser: d, pool: &s.pool, explain: true, group: s.group.name}
	if s.exits(func() { x.failure = d.tr.run() }) {
		x.failure = &Failure{Kind: Failed, Text: "the function has ended its goroutine, as t.FailNow does"}
	} else if x.failure == nil && s.failed != nil && s.failed() {
		x.failure = &Failure{Kind: Failed, Text: "the test around the function has failed"}
	}
	x.story, x.diverged = d.story.String(), d.diverged
	if len(d.plan) > 0 && x.diverged == "" {
		x.diverged = fmt.Sprintf("it has ended after %d decisions, before decision %d", d.decided, d.plan[0].at)
	}
	if x.failure != nil {
		x.failure.Schedule, x.failure.Departures, x.failure.Story = format(d.made), len(d.made), x.story
	}
	return x
}

// shrinkBudget is how many schedules are tried to make a failing one simpler.
const shrinkBudget = 2000

// shrink looks for a schedule with fewer departures that fails in the same way: first by
// leaving some out, then by going through those with few, from none on.
func (s *search) shrink() {
	kind, budget := s.report.Failure.Kind, shrinkBudget
	fails := func(plan []departure) (failed bool) {
		budget--
		if s.exits(func() {
			f := s.once(plan, nil)
			failed = f != nil && f.Kind == kind
		}) {
			return false
		}
		return failed
	}
	for size := (len(s.found) + 1) / 2; size > 0 && budget > shrinkBudget/2; size /= 2 {
		for at := 0; at < len(s.found) && budget > shrinkBudget/2; {
			var plan []departure
			for i, x := range s.found {
				if i < at || i >= at+size {
					plan = append(plan, departure{at: x.at, pick: x.pick})
				}
			}
			if fails(plan) && len(s.d.made) < len(s.found) {
				s.found = slices.Clone(s.d.made)
			} else {
				at += size
			}
		}
	}
	s.d.keep = true
	defer func() { s.d.keep = false }()
	for e := (&exhaustive{}); budget > 0; {
		plan, more := e.begin()
		if !more || len(plan) >= len(s.found) {
			return
		}
		if fails(plan) {
			s.found = slices.Clone(s.d.made)
			return
		}
		e.end(&s.d)
	}
}
