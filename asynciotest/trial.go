package asynciotest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// Kind is the kind of a failure.
type Kind uint8

// The kinds of failures.
const (
	Error    Kind = iota // the function has returned an error
	Panic                // or has panicked
	Deadlock             // nothing can run any more
	Stuck                // nothing runs, and what might go on did not within the limit
	Endless              // there is no end within the number of steps
	Leak                 // something is left: a task, a goroutine, an error nobody has asked for
	Failed               // t.Error, t.FailNow or another of their kind was called
)

func (k Kind) String() string {
	return [...]string{"error", "panic", "deadlock", "stuck", "endless", "leak", "failed"}[k]
}

// Failure is what was found.
type Failure struct {
	Kind Kind
	// Err is what the function has returned, nil if it has not.
	Err error
	// Text describes the failure.
	Text string
	// Schedule is the order that fails, as -asyncio.replay takes it; "" if it is the
	// loop's own.
	Schedule string
	// Departures is how many times that order departs from the loop's own.
	Departures int
	// Story tells that order step by step, with the departures marked.
	Story string
}

// trial is one run of a test's function.
type trial struct {
	f       func(context.Context) error
	opts    []asyncio.Option
	limit   time.Duration
	chooser engine.Chooser // nil for the loop's own order
	pool    *engine.Pool   // with a chooser
	explain bool           // the failure is for people: tell where everything is
	group   string         // the label of the goroutines of the test

	loop     *engine.Loop
	clock    *clock
	main     *engine.Task
	leaving  bool // f has returned, and its tasks may end by themselves
	verdict  *Failure
	reported []string
	left     int    // tasks that nobody has ended
	leftText string // about them, if it is to be explained
}

// run returns what is wrong, nil if nothing is.
func (tr *trial) run() *Failure {
	opts := append([]asyncio.Option{asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(tr.report)}, tr.opts...)
	runner := asyncio.NewRunner(opts...)
	loop := runner.Loop()
	tr.loop, _ = engine.Located(loop.Context())
	tr.clock = newClock()
	tr.clock.stalled = tr.stalled
	tr.loop.Drive(tr.clock)
	if tr.explain {
		tr.loop.Trace()
	}
	if tr.chooser != nil {
		tr.loop.Explore(tr.chooser, tr.pool)
	}
	closed := false
	defer func() {
		if !closed { // Goexit
			_ = runner.Close()
		}
	}()
	_, err := asyncio.RunOn(runner, context.Background(), tr.body)
	closed = true
	if tr.verdict != nil {
		_ = loop.Close() // it is told where the tasks are; what they do when they are unwound is no news
		return tr.verdict
	}
	if err == nil && tr.left == 0 && tr.loop.Empty() {
		_ = loop.Close()
	} else {
		_ = runner.Close()
	}
	return tr.judge(err)
}

// body is the main task.
func (tr *trial) body(ctx context.Context) (asyncio.None, error) {
	tr.main = engine.TaskOf(ctx)
	err := tr.f(ctx)
	if err == nil {
		tr.leave(ctx)
	}
	return asyncio.None{}, err
}

// leave looks for tasks that nobody has ended, once what can run has.
func (tr *trial) leave(ctx context.Context) {
	if tr.loop.Alone(tr.main) {
		return
	}
	tr.leaving = true
	if tr.chooser != nil {
		_ = Settle(ctx) // the chooser ends what has no end
	} else {
		for range 1000 { // a task may spin for ever
			if asyncio.Sleep(ctx, 0) != nil {
				break
			}
			if !tr.anyElse(engine.Ready) {
				if tr.anyElse(engine.Working) {
					_ = Settle(ctx)
				}
				break
			}
		}
	}
	var left []engine.Blocked
	for _, b := range tr.loop.Blocked() {
		if b.Task != tr.main && b.Task.Cancelling() == 0 {
			left = append(left, b)
		}
	}
	tr.left = len(left)
	if tr.explain {
		tr.leftText = newPicture(left).text()
	}
}

// anyElse reports whether another task than the main one does the given thing.
func (tr *trial) anyElse(doing engine.Doing) bool {
	return slices.ContainsFunc(tr.loop.Blocked(), func(b engine.Blocked) bool {
		return b.Task != tr.main && b.Doing == doing
	})
}

// judge makes a failure of how the run has ended.
func (tr *trial) judge(err error) *Failure {
	var p *asyncio.PanicError
	switch {
	case errors.As(err, &p):
		return &Failure{Kind: Panic, Err: err, Text: err.Error() + "\n\n" + string(p.Stack)}
	case err != nil:
		return &Failure{Kind: Error, Err: err, Text: err.Error()}
	case tr.left > 0:
		return &Failure{Kind: Leak, Text: fmt.Sprintf("leak: the function has returned, and left %d of its tasks pending; "+
			"await or cancel them\n%s", tr.left, tr.leftText)}
	case tr.reported != nil:
		return &Failure{Kind: Leak, Text: "leak: " + strings.Join(tr.reported, "\nleak: ")}
	}
	return nil
}

// report is the exception handler.
func (tr *trial) report(_ *asyncio.Loop, e asyncio.ExceptionContext) {
	if tr.verdict != nil {
		return
	}
	text := e.Message
	if e.Task != nil && !strings.HasPrefix(text, e.Task.Name()+" ") {
		text += ": " + e.Task.Name() + " (" + e.Task.Coro().Function + ")"
		if at := e.Task.Created(); len(at) > 0 {
			text += ", created at " + place(at[0])
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	tr.reported = append(tr.reported, text)
}
