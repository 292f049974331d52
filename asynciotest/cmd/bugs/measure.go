package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/asynciotest/corpus"
)

var strategies = []asynciotest.Strategy{
	asynciotest.Random, asynciotest.PCT, asynciotest.Delay, asynciotest.Mixed, asynciotest.Exhaustive,
}

// measured is what was found about a bug.
type measured struct {
	bug        corpus.Bug
	ownOrder   int // failures in the loop's own order
	found      []finding
	kinds      []string // of the failures, each once
	departures []int    // of the shrunk schedules
	mixed      asynciotest.Report
	exhaustive asynciotest.Report
	took       time.Duration
	wrong      []string // what is not as it must be
}

// finding is the searches with one strategy.
type finding struct {
	schedules []int           // that each search has run, in order of size
	times     []time.Duration // that each has taken, with shrinking
	missed    int             // searches that have found nothing
}

func (w wants) measure(b corpus.Bug) *measured {
	start := time.Now()
	m := &measured{bug: b}
	for range w.repeats {
		if asynciotest.Check(b.Buggy, b.Loop...) != nil {
			m.ownOrder++
		}
	}
	if m.ownOrder > 0 {
		m.complain("fails %d times of %d in the loop's own order", m.ownOrder, w.repeats)
	}
	for _, s := range strategies {
		f := w.search(m, s)
		m.found = append(m.found, f)
		if n := median(f.schedules); f.missed > w.seeds/2 || n > w.schedules {
			m.complain("%v misses it with %d of %d seeds", s, f.missed, w.seeds)
		}
		if d := median(f.times); d > w.within {
			m.complain("%v takes %v", s, d)
		}
	}
	slices.Sort(m.departures)
	m.mixed = w.accuse(m, asynciotest.Mixed)
	m.exhaustive = w.accuse(m, asynciotest.Exhaustive)
	if n := m.exhaustive.Schedules; m.exhaustive.Complete && m.mixed.Distinct > n {
		m.complain("mixed has run %d distinct schedules of all %d: runs differ in more than their schedule", m.mixed.Distinct, n)
	}
	m.took = time.Since(start)
	return m
}

func (m *measured) complain(format string, args ...any) {
	m.wrong = append(m.wrong, m.bug.Name+": "+fmt.Sprintf(format, args...))
}

// search looks for the bug with every seed.
func (w wants) search(m *measured, s asynciotest.Strategy) (f finding) {
	for seed := range w.seeds {
		o := asynciotest.Options{
			Strategy: s, Seed: uint64(seed) + 1, Schedules: w.schedules, Cancel: m.bug.Cancel, Loop: m.bug.Loop,
		}
		start := time.Now()
		r := asynciotest.Search(o, m.bug.Buggy)
		f.times = append(f.times, time.Since(start))
		f.schedules = append(f.schedules, r.Schedules)
		if r.Failure == nil {
			f.missed++
			continue
		}
		if kind := r.Failure.Kind.String(); !slices.Contains(m.kinds, kind) {
			m.kinds = append(m.kinds, kind)
		}
		m.departures = append(m.departures, r.Failure.Departures)
	}
	slices.Sort(f.schedules)
	slices.Sort(f.times)
	return f
}

// accuse looks for a bug in the fixed twin.
func (w wants) accuse(m *measured, s asynciotest.Strategy) asynciotest.Report {
	o := asynciotest.Options{Strategy: s, Seed: 1, Schedules: w.fixed, Cancel: m.bug.Cancel, Loop: m.bug.Loop}
	r := asynciotest.Search(o, m.bug.Fixed)
	if r.Failure != nil {
		m.complain("%v accuses the fixed twin: %s\n%s", s, r.Failure.Text, r.Failure.Story)
	}
	return r
}

// median is the lower one of sorted values.
func median[T any](sorted []T) (x T) {
	if len(sorted) > 0 {
		x = sorted[(len(sorted)-1)/2]
	}
	return x
}

// cost is of a program in which two tasks switch ten times.
type cost struct {
	schedules int
	steps     float64 // in a schedule
	persecond float64 // schedules, on one core
}

// measureCost measures five times and takes the median, since others may use the machine.
func measureCost(schedules int) (c cost) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c.schedules = schedules
	var rates []float64
	for range 5 {
		start := time.Now()
		r := asynciotest.Search(asynciotest.Options{Schedules: c.schedules, Seed: 1}, tenSwitches)
		rates = append(rates, float64(r.Schedules)/time.Since(start).Seconds())
		c.steps = float64(r.Steps) / float64(r.Schedules)
	}
	slices.Sort(rates)
	c.persecond = median(rates)
	return c
}

func tenSwitches(ctx context.Context) error {
	five := asyncio.Void(func(ctx context.Context) error {
		for range 5 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		return nil
	})
	a, b := asyncio.CreateTask(ctx, five), asyncio.CreateTask(ctx, five)
	if _, err := a.Await(ctx); err != nil {
		return err
	}
	_, err := b.Await(ctx)
	return err
}
