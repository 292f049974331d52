package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestExcept(t *testing.T) {
	group := func(errs ...error) error { return &asyncio.GroupError{Errs: errs} }
	failed := group(testutil.ErrTest, asyncio.ErrTimeout)
	for _, c := range []struct {
		name        string
		err, target error
		want, is    bool // of errors.Is
	}{
		{"itself", testutil.ErrTest, testutil.ErrTest, true, true},
		{"wrapped", fmt.Errorf("x: %w", testutil.ErrTest), testutil.ErrTest, true, true},
		{"joined", errors.Join(testutil.ErrTest, asyncio.ErrTimeout), asyncio.ErrTimeout, true, true},
		{"by its Is method", asyncio.ErrTimeout, context.DeadlineExceeded, true, true},
		{"another", testutil.ErrTest, asyncio.ErrTimeout, false, false},
		{"in a group", failed, asyncio.ErrTimeout, false, true},
		{"in a wrapped group", fmt.Errorf("x: %w", failed), testutil.ErrTest, false, true},
		{"in a group in a group", group(failed), testutil.ErrTest, false, true},
		{"beside a group", errors.Join(failed, asyncio.ErrTimeout), asyncio.ErrTimeout, true, true},
		{"the group itself", fmt.Errorf("x: %w", failed), failed, true, true},
		{"no error", nil, asyncio.ErrTimeout, false, false},
		{"nothing of no error", nil, nil, true, true},
	} {
		if got, is := asyncio.Except(c.err, c.target), errors.Is(c.err, c.target); got != c.want || is != c.is {
			t.Errorf("%s: Except %t, errors.Is %t, want %t, %t", c.name, got, is, c.want, c.is)
		}
	}
}

// As CPython's except does: who waits for a group has not timed out if a task of it has.
func TestExceptOfWhatAGroupReturns(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		slow := func(ctx context.Context) error { return asyncio.Timeout(ctx, time.Second, testutil.Forever) }
		inGroup := func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.CreateTask(slow)
				return nil
			})
		}
		for name, c := range map[string]struct {
			body func(ctx context.Context) error
			want bool
		}{
			"a task's": {inGroup, false},
			"its own":  {testutil.Forever, true},
		} {
			err := asyncio.Timeout(ctx, time.Minute, c.body)
			testutil.ExpectIs(t, name, err, asyncio.ErrTimeout)
			if asyncio.Except(err, asyncio.ErrTimeout) != c.want {
				t.Errorf("%s: Except %t", name, !c.want)
			}
		}
		return nil
	})
}

type panickingError struct{ error }

func (panickingError) Is(error) bool { panic("oh no") }

type endlessError struct{}

func (e *endlessError) Error() string { return "endless" }
func (e *endlessError) Unwrap() error { return e }

type bareError []int // cannot be compared

func (bareError) Error() string { return "bare" }

func TestExceptOfErrorsThatMisbehave(t *testing.T) {
	for name, err := range map[string]error{
		"one that panics":             panickingError{},
		"one that wraps itself":       &endlessError{},
		"one that cannot be compared": bareError{1},
	} {
		for _, err := range []error{err, fmt.Errorf("x: %w", err)} {
			testutil.Within(t, func() {
				if asyncio.Except(err, asyncio.ErrTimeout) || asyncio.Except(err, bareError{1}) {
					t.Errorf("%s: found", name)
				}
			})
		}
	}
}
