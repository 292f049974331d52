package testutil

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Scenario is a small program with the trace that CPython 3.13's asyncio gave for it on a
// loop with virtual time: either a main coroutine for Run, or a function that drives a
// loop itself. The order of events is a promise, so each trace is compared line for line.
type Scenario struct {
	Name string
	Want []string
	Main func(ctx context.Context, tr *Trace) error
	Loop func(l *asyncio.Loop, tr *Trace)
}

// RunScenarios runs each as a subtest.
func RunScenarios(t *testing.T, scenarios []Scenario) {
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			var got []string
			if s.Main != nil {
				got = TraceRun(s.Main)
			} else {
				got = traceLoop(t, s.Loop)
			}
			if !slices.Equal(got, s.Want) {
				t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(s.Want, "\n\t"))
			}
		})
	}
}

// TraceRun returns the trace of a main coroutine.
func TraceRun(main func(ctx context.Context, tr *Trace) error) []string {
	tr := &Trace{}
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tr.Begin(asyncio.RunningLoop(ctx))
		return main(ctx, tr)
	}), asyncio.WithVirtualClock())
	if err != nil {
		tr.Lines = append(tr.Lines, "run ends with "+Show(err))
	}
	return tr.Lines
}

func traceLoop(t *testing.T, program func(l *asyncio.Loop, tr *Trace)) []string {
	l := asyncio.NewLoop(asyncio.WithVirtualClock())
	tr := &Trace{}
	tr.Begin(l)
	program(l, tr)
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	return tr.Lines
}

// Trace collects what happened when, as lines like "10ms a wakes"; at the start
// of time the time is left out.
type Trace struct {
	Loop  *asyncio.Loop
	Start time.Time
	Lines []string
}

// Begin makes this moment of the loop the start of time.
func (tr *Trace) Begin(l *asyncio.Loop) {
	tr.Loop, tr.Start = l, l.Time()
	l.SetExceptionHandler(func(_ *asyncio.Loop, e asyncio.ExceptionContext) {
		tr.Add("handler %s", Show(e.Err))
	})
}

// Add appends a line.
func (tr *Trace) Add(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if at := tr.Loop.Time().Sub(tr.Start); at > 0 {
		line = fmt.Sprintf("%dms %s", at.Milliseconds(), line)
	}
	tr.Lines = append(tr.Lines, line)
}

// Say is a callback that adds a line.
func (tr *Trace) Say(line string) func() {
	return func() { tr.Add("%s", line) }
}

// Tick marks the next n turns of the loop.
func (tr *Trace) Tick(n int) {
	var turn func(i int) func()
	turn = func(i int) func() {
		return func() {
			tr.Add("turn %d", i)
			if i < n {
				tr.Loop.CallSoon(turn(i + 1))
			}
		}
	}
	tr.Loop.CallSoon(turn(1))
}

// Sleep is silent unless it fails.
func (tr *Trace) Sleep(ctx context.Context, ms int) {
	if err := asyncio.Sleep(ctx, Millis(ms)); err != nil {
		tr.Add("sleep %s", Show(err))
	}
}

// Nap sleeps, adds how that ended, and goes on either way.
func (tr *Trace) Nap(ctx context.Context, who string, ms int) {
	if err := asyncio.Sleep(ctx, Millis(ms)); err != nil {
		tr.Add("%s gets %s", who, Show(err))
	} else {
		tr.Add("%s wakes", who)
	}
}

// Get awaits, adds the outcome, and goes on either way.
func (tr *Trace) Get(ctx context.Context, who string, aw asyncio.Awaitable[string]) {
	tr.Add("%s gets %s", who, Outcome(aw.Await(ctx)))
}

// Wait is a coroutine that awaits and ends the same way.
func (tr *Trace) Wait(who string, aw asyncio.Awaitable[string]) asyncio.Coroutine[string] {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s awaits", who)
		v, err := aw.Await(ctx)
		tr.Add("%s gets %s", who, Outcome(v, err))
		return v, err
	}
}

// Sleeper is a coroutine that sleeps and returns its name.
func (tr *Trace) Sleeper(who string, ms int) asyncio.Coroutine[string] {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s sleeps", who)
		err := asyncio.Sleep(ctx, Millis(ms))
		if err != nil {
			tr.Add("%s gets %s", who, Show(err))
			return "", err
		}
		tr.Add("%s wakes", who)
		return who, nil
	}
}

// Steps is a coroutine of n steps, a turn apart, that returns its name.
func (tr *Trace) Steps(who string, n int) asyncio.Coroutine[string] {
	return func(ctx context.Context) (string, error) {
		for i := 1; i <= n; i++ {
			tr.Add("%s %d", who, i)
			if i == n {
				break
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return "", err
			}
		}
		return who, nil
	}
}

// Millis is so many milliseconds.
func Millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// Outcome is the value, or how Show has the error.
func Outcome(v string, err error) string {
	if err != nil {
		return Show(err)
	}
	return v
}

// Show is an error as traces have it.
func Show(err error) string {
	var cancelled *asyncio.CancelledError
	var panicked *asyncio.PanicError
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &cancelled) && cancelled.Message != "":
		return "cancelled(" + cancelled.Message + ")"
	case errors.As(err, &cancelled):
		return "cancelled"
	case errors.As(err, &panicked):
		return fmt.Sprint(panicked.Value)
	case errors.Is(err, asyncio.ErrInvalidState):
		return "invalid state"
	case errors.Is(err, asyncio.ErrDeadlock):
		return "deadlock"
	}
	return err.Error()
}
