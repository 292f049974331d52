package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/coro"
)

// patience is how long a test waits for what must happen before it says that it
// did not. No test that passes waits for it: it is for the slowest of machines.
const patience = 30 * time.Second

// scaled is how many of something a test makes whose subject is large numbers: n if
// ASYNCIO_LONG is set, as in CI, otherwise a tenth. The race detector takes ten times the
// memory and allows 8128 goroutines at a time, coroutines included. And every goroutine
// there ever was makes each later look at all goroutines slower, for the whole process.
func scaled(n int) int {
	switch {
	case raceEnabled, coro.Portable("id"): // each question who is running takes microseconds
		return n / 60
	case os.Getenv("ASYNCIO_LONG") != "":
		return n
	}
	return n / 10
}

// none is the type of the tasks and futures without a result.
type none = asyncio.None

// succeed runs main with asynciotest: it must return nil, and leave nothing behind.
func succeed(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	asynciotest.Run(t, main, opts...)
}

// run is succeed for a main that fails, or may: it returns the error. What the loop
// reports and the test did not ask for fails the test.
func run(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) error {
	t.Helper()
	var r reports
	failure := asynciotest.Check(main, append([]asyncio.Option{r.option()}, opts...)...)
	r.expect(t)
	if failure == nil {
		return nil
	}
	if failure.Err == nil {
		t.Errorf("asynciotest: %s", failure.Text)
	}
	return failure.Err
}

// plainRun is succeed with Run itself, for a main that leaves tasks to the end of Run,
// which is what the test is about, or that works together with other loops, of which
// asynciotest knows nothing. Only patience ends what hangs here.
func plainRun(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	runReporting(t, main, opts...).expect(t)
}

// runReporting is plainRun for a main that has things reported.
func runReporting(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) *reports {
	t.Helper()
	var r reports
	opts = append([]asyncio.Option{asyncio.WithVirtualClock(), r.option()}, opts...)
	within(t, func() {
		if _, err := asyncio.Run(context.Background(), asyncio.Void(main), opts...); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return &r
}

// endAll cancels all other tasks of a test that is over, and waits for their ends.
func endAll(ctx context.Context) error {
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

// newLoop makes a loop on a virtual clock whose reports go to r.
func newLoop(t *testing.T, r *reports, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	opts = append([]asyncio.Option{asyncio.WithVirtualClock(), r.option()}, opts...)
	l := asyncio.NewLoop(opts...)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// closedLoop makes a loop that is closed.
func closedLoop(t *testing.T) *asyncio.Loop {
	t.Helper()
	l := asyncio.NewLoop(asyncio.WithVirtualClock())
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	return l
}

// within fails the test if f takes longer than patience: for what may hang if the
// library is wrong. f runs on a goroutine of its own, so it must not call t.Fatal.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	wait(t, done)
}

// wait waits for a channel to close, and fails the test if it takes too long.
func wait[T any](t *testing.T, c <-chan T) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-c:
	case <-late.C:
		buf := make([]byte, 1<<20)
		t.Fatalf("hangs:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// until waits for a condition that other goroutines are bringing about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !ok(); runtime.Gosched() {
		if time.Now().After(late) {
			t.Errorf("waited in vain until %s", what)
			return
		}
	}
}

// noLeaks fails the test if at its end there are more goroutines than now.
func noLeaks(t *testing.T) {
	t.Helper()
	before := settledGoroutines()
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return // whatever has hung is still there
		}
		for late := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(late) {
				buf := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before:\n%s",
					runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
				return
			}
		}
	})
}

// settledGoroutines counts the goroutines once those of earlier tests, which have
// finished but may not be gone, are.
func settledGoroutines() int {
	n := runtime.NumGoroutine()
	for range 100 {
		runtime.Gosched()
		n = min(n, runtime.NumGoroutine())
	}
	return n
}

// elsewhere runs f on another goroutine and waits for it, with the loop stopped
// meanwhile: what f asks of the loop is in its inbox when elsewhere returns.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// reports collects what goes to the exception handler.
type reports struct {
	mu   sync.Mutex
	list []string
}

func (r *reports) option() asyncio.Option { return asyncio.WithExceptionHandler(r.add) }

func (r *reports) add(_ *asyncio.Loop, e asyncio.ExceptionContext) {
	line := e.Message
	if e.Task != nil {
		line += ": " + e.Task.Name()
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, line)
}

func (r *reports) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.list)
}

// expect checks that there were as many reports as patterns, and that each has
// the words of its pattern, parted by " … ", in this order.
func (r *reports) expect(t *testing.T, patterns ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := len(r.list) == len(patterns)
	for i := 0; ok && i < len(patterns); i++ {
		rest := r.list[i]
		for word := range strings.SplitSeq(patterns[i], " … ") {
			var found bool
			_, rest, found = strings.Cut(rest, word)
			ok = ok && found
		}
	}
	if !ok {
		t.Errorf("reported:\n\t%s\nwant:\n\t%s", strings.Join(r.list, "\n\t"), strings.Join(patterns, "\n\t"))
	}
}

// sorted is the events of a trace whose order does not matter.
func sorted(tr *asynciotest.Trace) []string { return slices.Sorted(slices.Values(tr.Events())) }

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func expectIs(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

// expectPanic checks that f panics with a message of the library's that has the
// words.
func expectPanic(t *testing.T, f func(), words ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		message := fmt.Sprint(v)
		if v == nil || !strings.HasPrefix(message, "asyncio: ") {
			t.Errorf("panic %q, want one that begins with asyncio:", message)
			return
		}
		for _, w := range words {
			if !strings.Contains(message, w) {
				t.Errorf("panic %q does not mention %q", message, w)
			}
		}
	}()
	f()
}

// state is how a task or future stands, in a word.
func state(f asyncio.AnyFuture) string {
	switch {
	case !f.Done():
		return "pending"
	case f.Cancelled():
		return "cancelled"
	case f.Err() != nil:
		return "failed"
	}
	return "succeeded"
}

func expectState(t *testing.T, what string, f asyncio.AnyFuture, want string) {
	t.Helper()
	if got := state(f); got != want {
		t.Errorf("%s is %s, want %s", what, got, want)
	}
}

// forever sleeps for all time, which the virtual clock never reaches.
func forever(ctx context.Context) error { return asyncio.Sleep(ctx, 1<<63-1) }

// fail is a coroutine that fails.
func fail(err error) asyncio.Coroutine[none] {
	return asyncio.Void(func(context.Context) error { return err })
}

// noop is a coroutine that returns at once.
func noop(context.Context) (none, error) { return none{}, nil }

var errTest = errors.New("test error")
