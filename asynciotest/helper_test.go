package asynciotest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

type none = asyncio.None

// fakeT is a test that may fail.
type fakeT struct {
	testing.TB
	name   string
	failed bool
	log    []string
}

func (f *fakeT) Helper()      {}
func (f *fakeT) Name() string { return f.name }
func (f *fakeT) Failed() bool { return f.failed }

func (f *fakeT) Logf(format string, args ...any) { f.log = append(f.log, fmt.Sprintf(format, args...)) }

func (f *fakeT) Errorf(format string, args ...any) {
	f.failed = true
	f.Logf(format, args...)
}

func (f *fakeT) text() string { return strings.Join(f.log, "\n") }

// contains checks that text has the words in this order.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q is not there, or not after the words before it:\n%s", w, text)
		}
		rest = after
	}
}

// expect checks that f fails in the given way, with these words.
func expect(t *testing.T, f *asynciotest.Failure, kind asynciotest.Kind, words ...string) {
	t.Helper()
	if f == nil {
		t.Fatalf("nothing is wrong, want %v", kind)
	}
	if f.Kind != kind {
		t.Fatalf("%v, want %v: %s", f.Kind, kind, f.Text)
	}
	contains(t, f.Text, words...)
}

// pass checks that nothing is wrong.
func pass(t *testing.T, f *asynciotest.Failure) {
	t.Helper()
	if f != nil {
		t.Fatalf("%v: %s\n%s", f.Kind, f.Text, f.Story)
	}
}

func spawn(ctx context.Context, name string, f func(ctx context.Context) error) *asyncio.Task[none] {
	return asyncio.CreateTask(ctx, asyncio.Void(f), asyncio.WithName(name))
}

// yield lets others go on.
func yield(ctx context.Context) { _ = asyncio.Sleep(ctx, 0) }

// yields is a coroutine of so many awaits.
func yields(n int) func(context.Context) error {
	return func(ctx context.Context) error {
		for range n {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		return nil
	}
}

// lostUpdate is a program with a bug that the loop's own order does not show: the reader
// has two more awaits before it reads than the writer has to write.
func lostUpdate(ctx context.Context) error {
	total := 0
	slow := spawn(ctx, "slow", func(ctx context.Context) error {
		seen := total
		yield(ctx)
		total = seen + 1
		return nil
	})
	late := spawn(ctx, "late", func(ctx context.Context) error {
		yield(ctx)
		yield(ctx)
		seen := total
		yield(ctx)
		total = seen + 1
		return nil
	})
	if _, err := asyncio.Gather(ctx, slow, late); err != nil {
		return err
	}
	if total != 2 {
		return fmt.Errorf("total is %d, want 2", total)
	}
	return nil
}

var errTest = errors.New("test error")

func panicsByGoexit() { runtime.Goexit() }

// fatal reports whether f has called Fatal of the test it is given.
func fatal(f func(testing.TB)) (is bool) {
	ft := &fatalT{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ft)
	}()
	<-done
	return ft.fatal
}

type fatalT struct {
	fakeT
	fatal bool
}

func (f *fatalT) Fatal(...any) {
	f.fatal = true
	runtime.Goexit()
}
