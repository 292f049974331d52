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
	"github.com/asyncio-go/asyncio/asynciotest"
)

// Sorted is the events of a trace whose order does not matter.
func Sorted(tr *asynciotest.Trace) []string { return slices.Sorted(slices.Values(tr.Events())) }

// ExpectLines checks that the lines are these.
func ExpectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// ExpectIs checks errors.Is.
func ExpectIs(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

// ExpectPanic checks that f panics with a message of the library's that has the
// words.
func ExpectPanic(t *testing.T, f func(), words ...string) {
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

// State is how a task or future stands, in a word.
func State(f asyncio.AnyFuture) string {
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

// ExpectState checks State.
func ExpectState(t *testing.T, what string, f asyncio.AnyFuture, want string) {
	t.Helper()
	if got := State(f); got != want {
		t.Errorf("%s is %s, want %s", what, got, want)
	}
}

// ExpectUncancelled checks that nothing of a cancellation is left with the calling task.
func ExpectUncancelled(ctx context.Context, t *testing.T) {
	t.Helper()
	if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 || ctx.Err() != nil {
		t.Errorf("cancelling %d, ctx %v", n, ctx.Err())
	}
	if err := asyncio.Sleep(ctx, 0); err != nil {
		t.Errorf("the next await: %v", err)
	}
}

// ExpectGroupError checks that an error is of a group with these, in this order.
func ExpectGroupError(t *testing.T, err error, want ...error) {
	t.Helper()
	var g *asyncio.GroupError
	if !errors.As(err, &g) || !slices.Equal(g.Errs, want) {
		t.Errorf("group: %v, want %v", err, want)
	}
}

// Took calls f and checks how long that took on the loop's clock.
func Took(ctx context.Context, t *testing.T, want time.Duration, f func() error) error {
	t.Helper()
	l := asyncio.RunningLoop(ctx)
	began := l.Time()
	err := f()
	if d := l.Time().Sub(began); d != want {
		t.Errorf("took %v, want %v", d, want)
	}
	return err
}
