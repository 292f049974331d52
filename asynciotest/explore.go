package asynciotest

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
)

var (
	replay = flag.String("asyncio.replay", "",
		"run the schedule that a failing Explore or Fuzz of asynciotest has printed, and no other")
	schedules = flag.Int("asyncio.schedules", 0,
		"how many schedules Explore of asynciotest tries, in place of Options.Schedules")
	seed = flag.Uint64("asyncio.seed", 0,
		"the seed of Explore of asynciotest, in place of Options.Seed")
)

// Options says which schedules [Explore] tries. The zero value tries a thousand, mixed.
type Options struct {
	Strategy Strategy
	// Schedules is how many to try at most; zero is 1,000, with Exhaustive 100,000.
	Schedules int
	// Depth is the number of departures or priority changes of Delay and PCT, and the
	// most of Mixed; zero is 4.
	Depth int
	// Seed makes the random strategies take other schedules. The same seed takes the
	// same.
	Seed uint64
	// Cancel is how many times in a schedule a task is cancelled at one of its await
	// points: as soon as it waits there, or when the wait is over and its step has not
	// come. The main task is not. Zero is never. The message is "injected by
	// asynciotest", and the function must take such cancellations as they come: what
	// fails the test is the invariant that they break.
	Cancel int
	// CancelWho, if not nil, says which tasks Cancel is about.
	CancelWho func(asyncio.AnyTask) bool
	// MaxSteps is how many steps a schedule may have; zero is 100,000. One that has more
	// is a failure: it has no end.
	MaxSteps int
	// Loop is options for the loop.
	Loop []asyncio.Option
}

func (o Options) withDefaults() Options {
	set := func(x *int, otherwise int) {
		if *x <= 0 {
			*x = otherwise
		}
	}
	if o.Strategy == Exhaustive {
		set(&o.Schedules, 100_000)
	}
	set(&o.Schedules, 1000)
	set(&o.Depth, 4)
	set(&o.MaxSteps, 100_000)
	if *schedules > 0 {
		o.Schedules = *schedules
	}
	if *seed > 0 {
		o.Seed = *seed
	}
	return o
}

// Func is what is explored. It is called once for each schedule, and must make anew all
// that it changes.
type Func interface {
	~func(context.Context) | ~func(context.Context) error
}

func function[F Func](f F) func(context.Context) error {
	switch f := any(f).(type) {
	case func(context.Context) error:
		return f
	case func(context.Context):
		return func(ctx context.Context) error { f(ctx); return nil }
	}
	panic("asynciotest: give a func(context.Context) error as it is, not one of a type of its own")
}

// Report is what an exploration has come to.
type Report struct {
	Schedules int  // that were run, the failing one included
	Distinct  int  // how many of them were different
	Complete  bool // with Exhaustive: there are no others
	Steps     int  // of all of them together
	Failure   *Failure
}

// Explore is [Run] under many schedules: f is called once for each, and the test fails
// with the first of them under which f returns an error or a verdict is found; see the
// package documentation for what differs between schedules. The failing schedule is
// shrunk to few departures from the loop's own order, told step by step, and printed so
// that -asyncio.replay runs it again.
//
// If f calls t.Error or t.FailNow of a test around it, exploration ends with that
// schedule too, but cannot shrink it: better return an error.
func Explore[F Func](t testing.TB, o Options, f F) Report {
	t.Helper()
	s := newSearch(o, function(f))
	if !t.Failed() {
		s.failed = t.Failed
	}
	if *replay != "" {
		return replayOn(t, s)
	}
	r := s.run()
	switch {
	case r.Failure != nil:
		t.Errorf("asynciotest: schedule %d of %d (%s) fails\n\n%s", r.Schedules, s.o.Schedules, s.o.Strategy, r.Failure.full(command(t, packageOfTest())))
	case r.Complete:
		t.Logf("asynciotest: all %d schedules pass", r.Schedules)
	default:
		t.Logf("asynciotest: %d schedules pass, %d of them distinct (%s)", r.Schedules, r.Distinct, s.o.Strategy)
	}
	return r
}

// Search is Explore without a test.
func Search[F Func](o Options, f F) Report {
	s := newSearch(o, function(f))
	return s.run()
}

func replayOn(t testing.TB, s *search) (r Report) {
	t.Helper()
	defer s.close()
	plan, err := parse(*replay)
	if err != nil {
		t.Fatal(err)
	}
	x := s.explain(plan)
	r.Schedules, r.Failure = 1, x.failure
	if x.diverged != "" {
		t.Errorf("asynciotest: the program is not the one that this schedule is of: %s. "+
			"Run the test without -asyncio.replay.", x.diverged)
	}
	if x.failure != nil {
		t.Errorf("asynciotest: the schedule fails\n\n%s", x.failure.full(""))
	} else {
		t.Logf("asynciotest: the schedule passes\n\n%s", x.story)
	}
	return r
}

// full is the whole report.
func (f *Failure) full(command string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s: %s\n", f.Kind, strings.TrimRight(f.Text, "\n"))
	if f.Story != "" {
		switch f.Departures {
		case 0:
			s.WriteString("\nthe order is the loop's own:\n")
		case 1:
			s.WriteString("\nthe order departs once from the loop's own:\n")
		case 2:
			s.WriteString("\nthe order departs twice from the loop's own:\n")
		default:
			fmt.Fprintf(&s, "\nthe order departs %d times from the loop's own:\n", f.Departures)
		}
		s.WriteString(f.Story)
	}
	if f.Schedule != "" && command != "" {
		fmt.Fprintf(&s, "\nto run it again:\n\n\t%s -asyncio.replay=%s\n", command, f.Schedule)
	}
	return s.String()
}

// command is how to run the test.
func command(t testing.TB, pkg string) string {
	parts := strings.Split(t.Name(), "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return fmt.Sprintf("go test %s -run '%s'", pkg, strings.Join(parts, "/"))
}

// packageOfTest is the import path of the package whose test is running.
func packageOfTest() string {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(1, pcs)
	for it := runtime.CallersFrames(pcs[:n]); ; {
		f, more := it.Next()
		if !ofLibrary(f.Function) && !ofRuntime(f.Function) {
			dir, name := "", f.Function
			if i := strings.LastIndex(name, "/"); i >= 0 {
				dir, name = name[:i+1], name[i+1:]
			}
			name, _, _ = strings.Cut(name, ".")
			return dir + strings.TrimSuffix(name, "_test")
		}
		if !more {
			return "."
		}
	}
}
