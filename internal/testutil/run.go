// Package testutil is what the tests of the whole repository share: ways to run a program and
// to wait for it, words for what is expected, and tables of all that is alike.
package testutil

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// Succeed runs main with asynciotest: it must return nil, and leave nothing behind.
func Succeed(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	asynciotest.Run(t, main, opts...)
}

// Run is Succeed for a main that fails, or may: it returns the error. What the loop
// reports and the test did not ask for fails the test.
func Run(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) error {
	t.Helper()
	var r Reports
	failure := asynciotest.Check(main, append([]asyncio.Option{r.Option()}, opts...)...)
	r.Expect(t)
	if failure == nil {
		return nil
	}
	if failure.Err == nil {
		t.Errorf("asynciotest: %s", failure.Text)
	}
	return failure.Err
}

// PlainRun is Succeed with asyncio.Run itself, for a main that leaves tasks to the end of Run,
// which is what the test is about, or that works together with other loops, of which
// asynciotest knows nothing. Only Patience ends what hangs here.
func PlainRun(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	RunReporting(t, main, opts...).Expect(t)
}

// RunReporting is PlainRun for a main that has things reported.
func RunReporting(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) *Reports {
	t.Helper()
	var r Reports
	opts = append([]asyncio.Option{asyncio.WithVirtualClock(), r.Option()}, opts...)
	Within(t, func() {
		if _, err := asyncio.Run(context.Background(), asyncio.Void(main), opts...); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return &r
}

// EndAll cancels all other tasks of a test that is over, and waits for their ends.
func EndAll(ctx context.Context) error {
	self := asyncio.CurrentTask(ctx)
	var others []asyncio.AnyTask
	for _, a := range asyncio.AllTasks(asyncio.RunningLoop(ctx)) {
		if a != self {
			a.Cancel()
			others = append(others, a)
		}
	}
	if len(others) == 0 {
		return nil
	}
	_, _, err := asyncio.Wait(ctx, others, asyncio.WaitOptions{})
	return err
}

// NewLoop makes a loop on a virtual clock whose reports go to r.
func NewLoop(t *testing.T, r *Reports, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	opts = append([]asyncio.Option{asyncio.WithVirtualClock(), r.Option()}, opts...)
	l := asyncio.NewLoop(opts...)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// ClosedLoop makes a loop that is closed.
func ClosedLoop(t *testing.T) *asyncio.Loop {
	t.Helper()
	l := asyncio.NewLoop(asyncio.WithVirtualClock())
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	return l
}

// RunningLoop returns a loop that runs on a goroutine of its own until the test
// ends. What reaches its exception handler fails the test.
func RunningLoop(t *testing.T, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	l := StrictLoop(t, opts...)
	var running sync.WaitGroup
	up := make(chan struct{})
	l.CallSoon(func() { close(up) })
	running.Go(func() {
		if err := l.RunForever(); err != nil {
			t.Errorf("RunForever: %v", err)
		}
	})
	<-up
	t.Cleanup(func() {
		l.Stop()
		running.Wait()
		for _, task := range asyncio.AllTasks(l) {
			t.Errorf("left behind: %v", task)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// StrictLoop makes a loop. What reaches its exception handler fails the test.
func StrictLoop(t *testing.T, opts ...asyncio.Option) *asyncio.Loop {
	return asyncio.NewLoop(append(opts, asyncio.WithExceptionHandler(
		func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			t.Errorf("reported: %s: %v", c.Message, c.Err)
		}))...)
}

// Flush returns after the loop has done what was ready.
func Flush(l *asyncio.Loop) {
	done := make(chan struct{})
	l.CallSoon(func() { l.CallSoon(func() { close(done) }) })
	<-done
}

// EnvUint is the number in an environment variable, def if there is none.
func EnvUint(t *testing.T, name string, def uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return def
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
