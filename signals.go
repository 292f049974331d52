package asyncio

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// WithSignals has signals end [Run], and [RunOn], Runner.Close and Shutdown as long as they run:
// [os.Interrupt], which is Ctrl-C, and SIGTERM, unless others are given. At the first one
// the ctx of main ends, with a [*SignalError] as cause. At the second, should somebody not
// listen, standard error is told who is still there and where, and the process ends at once
// with 128 plus the number of the signal, also if the loop is stuck. When Run returns
// signals do again what they did before. [Main] has this option. (what asyncio.run does
// for SIGINT)
//
// An interrupt that the process was started to ignore, as by nohup, stays ignored unless it
// is given.
func WithSignals(sig ...os.Signal) Option {
	if len(sig) == 0 {
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			if !signal.Ignored(s) {
				sig = append(sig, s)
			}
		}
	}
	return func(o *options) { o.signals = sig }
}

// SignalError is the cause of what [WithSignals] has ended. (KeyboardInterrupt)
type SignalError struct{ Signal os.Signal }

func (e *SignalError) Error() string { return "signal: " + e.Signal.String() }

// status is the exit status of a process that a signal has ended, as shells have it.
func (e *SignalError) status() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}

// heedSignals derives the context that the first signal ends. restore leaves signals to
// themselves again.
func (l *Loop) heedSignals(ctx context.Context) (heeding context.Context, restore func()) {
	if len(l.signals) == 0 || ctx == nil {
		return ctx, func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 2)
	halt := make(chan struct{})
	var heeder sync.WaitGroup
	heeder.Go(func() {
		for first := true; ; first = false {
			select {
			case <-halt:
				return
			case s := <-c:
				e := &SignalError{s}
				if !first {
					l.quit(e)
				}
				end(e)
			}
		}
	})
	signal.Notify(c, l.signals...)
	return ctx, func() {
		signal.Stop(c)
		close(halt)
		heeder.Wait()
		end(nil)
	}
}

// quit ends the process, whatever the loop and its tasks are at.
func (l *Loop) quit(e *SignalError) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		r := l.l.Remaining(mostNamed, func(*engine.Task) bool { return true })
		fmt.Fprintf(os.Stderr, "asyncio: %v again, the process ends now; still there: %d\n", e.Signal, r.All)
		if r.Held != nil {
			fmt.Fprintln(os.Stderr, "\tthe loop is stuck: "+describeHolder(r.Held))
		}
		for _, x := range r.First {
			fmt.Fprintln(os.Stderr, "\t"+describeRemain(x))
		}
		if more := r.All - len(r.First); more > 0 {
			fmt.Fprintf(os.Stderr, "\tand %d more\n", more)
		}
	}()
	select {
	case <-told:
	case <-time.After(2 * time.Second): // somebody does not read standard error, or stops the world
	}
	os.Exit(e.status())
}
