package corpus_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/asynciotest/corpus"
)

var strategies = []asynciotest.Strategy{
	asynciotest.Mixed, asynciotest.Random, asynciotest.PCT, asynciotest.Delay, asynciotest.Exhaustive,
}

func options(b corpus.Bug) asynciotest.Options {
	return asynciotest.Options{Schedules: 2000, Cancel: b.Cancel, Loop: b.Loop}
}

func each(t *testing.T, f func(t *testing.T, b corpus.Bug)) {
	for _, b := range corpus.Bugs {
		t.Run(b.Name, func(t *testing.T) { f(t, b) })
	}
}

func TestLoopsOwnOrderShowsNoBug(t *testing.T) {
	each(t, func(t *testing.T, b corpus.Bug) {
		for i := range repeats {
			if f := asynciotest.Check(b.Buggy, b.Loop...); f != nil {
				t.Fatalf("run %d: %s", i, f.Text)
			}
		}
	})
}

func TestEveryStrategyFindsEveryBug(t *testing.T) {
	each(t, func(t *testing.T, b corpus.Bug) {
		for _, s := range strategies {
			for seed := range uint64(seeds) {
				o := options(b)
				o.Strategy, o.Seed = s, seed+1
				r := asynciotest.Search(o, b.Buggy)
				if r.Failure == nil {
					t.Errorf("%v with seed %d finds nothing in %d schedules", s, o.Seed, r.Schedules)
					continue
				}
				if d := r.Failure.Departures; d < 1 || d > 3 {
					t.Errorf("%v with seed %d: %d departures, want 1 to 3\n%s", s, o.Seed, d, r.Failure.Story)
				}
				checkReplay(t, b, o, r.Failure)
			}
		}
	})
}

func TestNoTwinIsAccused(t *testing.T) {
	each(t, func(t *testing.T, b corpus.Bug) {
		for _, s := range []asynciotest.Strategy{asynciotest.Mixed, asynciotest.Exhaustive} {
			o := options(b)
			o.Strategy, o.Schedules = s, fixedFor
			if r := asynciotest.Search(o, b.Fixed); r.Failure != nil {
				t.Errorf("%v, schedule %d: %s\n%s", s, r.Schedules, r.Failure.Text, r.Failure.Story)
			}
			if f := asynciotest.Check(b.Fixed, b.Loop...); f != nil {
				t.Errorf("in the loop's own order: %s", f.Text)
			}
		}
	})
}

func TestReadmeIsOfTheseBugs(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range corpus.Bugs {
		if !strings.Contains(string(text), "| "+b.Name+" | "+b.What+" |") {
			t.Errorf("README.md has no line for %q: write it anew, it says how", b.Name)
		}
	}
}

// told takes what a replay says.
type told struct {
	testing.TB
	errors []string
}

func (r *told) Helper()             {}
func (r *told) Failed() bool        { return false } // else Explore takes it for the verdict
func (r *told) Logf(string, ...any) {}
func (r *told) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// checkReplay runs the schedule again as -asyncio.replay does, for the same failure.
func checkReplay(t *testing.T, b corpus.Bug, o asynciotest.Options, f *asynciotest.Failure) {
	t.Helper()
	if err := flag.Set("asyncio.replay", f.Schedule); err != nil {
		t.Fatal(err)
	}
	defer flag.Set("asyncio.replay", "")
	again := &told{TB: t}
	r := asynciotest.Explore(again, o, b.Buggy)
	switch {
	case r.Failure == nil:
		t.Errorf("%v: -asyncio.replay=%s passes", o.Strategy, f.Schedule)
	case r.Failure.Kind != f.Kind || r.Failure.Story != f.Story:
		t.Errorf("%v: -asyncio.replay=%s fails otherwise: %s", o.Strategy, f.Schedule, r.Failure.Text)
	case len(again.errors) != 1:
		t.Errorf("%v: -asyncio.replay=%s says %q", o.Strategy, f.Schedule, again.errors)
	}
}
