// The tests in this package's files named after CPython's own (tasks_test.go for
// test_tasks.py, and so on) check what those demand where no other test of the
// repository does. ledger.tsv has the list.
package conformance_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// none is the type of tasks and futures without a result.
type none = asyncio.None

var errTest = errors.New("test error")

// run is succeed for a main that fails: it returns the error. What the loop reports
// fails the test.
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

// succeed runs main with asynciotest: it must return nil, and leave nothing behind.
func succeed(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) {
	t.Helper()
	asynciotest.Run(t, main, opts...)
}

// newLoop makes a loop on a virtual clock whose reports go to r, closed at the end of
// the test.
func newLoop(t *testing.T, r *reports, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	l := asyncio.NewLoop(append([]asyncio.Option{asyncio.WithVirtualClock(), r.option()}, opts...)...)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// reports collects what goes to the exception handler: message, task and error.
type reports struct {
	mu   sync.Mutex
	list []string
}

func (r *reports) option() asyncio.Option {
	return asyncio.WithExceptionHandler(func(_ *asyncio.Loop, e asyncio.ExceptionContext) {
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
	})
}

// expect checks that there were as many reports as there are words, each with its
// word in it.
func (r *reports) expect(t *testing.T, words ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.EqualFunc(r.list, words, strings.Contains) {
		t.Errorf("reported:\n\t%s\nwant:\n\t%s", strings.Join(r.list, "\n\t"), strings.Join(words, "\n\t"))
	}
}

// elapsed is the time on the clock of ctx's loop since begin.
func elapsed(ctx context.Context, begin time.Time) time.Duration {
	return asyncio.RunningLoop(ctx).Time().Sub(begin)
}

// forever sleeps for all time, which the virtual clock never reaches.
func forever(ctx context.Context) error { return asyncio.Sleep(ctx, 1<<63-1) }

func expectIs(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
