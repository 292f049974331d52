package conformance_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestPEP492Locks(t *testing.T) {
	t.Run("are locked inside, also across a sleep, and free before and after", func(t *testing.T) {
		for name, lock := range map[string]interface {
			With(ctx context.Context, f func() error) error
			Locked() bool
		}{
			"Lock":             new(asyncio.Lock),
			"Condition":        asyncio.NewCondition(nil),
			"Semaphore":        asyncio.NewSemaphore(1),
			"BoundedSemaphore": asyncio.NewBoundedSemaphore(1),
		} {
			expect := func(when string, locked bool) {
				t.Helper()
				if lock.Locked() != locked {
					t.Errorf("%s %s: locked %t", name, when, !locked)
				}
			}
			nap := 10 * time.Millisecond
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				asyncio.Sleep(ctx, nap)
				expect("before", false)
				err := lock.With(ctx, func() error {
					expect("inside", true)
					err := asyncio.Sleep(ctx, nap)
					expect("after a sleep inside", true)
					return err
				})
				expect("after", false)
				if d := elapsed(ctx, begin); d != 2*nap {
					t.Errorf("%s: the two sleeps took %v", name, d)
				}
				return err
			})
			expect("in the end", false)
		}
	})
}

func TestPEP492Coroutines(t *testing.T) {
	t.Run("one that calls another gives its value, with debug mode and without", func(t *testing.T) {
		bar := func(context.Context) (string, error) { return "spam", nil }
		foo := func(ctx context.Context) (string, error) { return bar(ctx) }
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		for _, debug := range []bool{false, true} {
			l.SetDebug(debug)
			task := asyncio.CreateTask(l.Context(), foo)
			if err := l.RunUntilComplete(task); err != nil {
				t.Error(err)
			}
			if v, err := task.Result(); v != "spam" || err != nil {
				t.Errorf("debug mode %t: %q, %v", debug, v, err)
			}
		}
		r.Expect(t)
	})
	t.Run("the stack of a task that runs is its own, and begins with its function", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			stack, err := asyncio.CreateTask(ctx, pep492Foo).Await(ctx)
			var of []string // of this package
			for _, function := range stack {
				if strings.Contains(function, "conformance") {
					of = append(of, function[strings.LastIndexByte(function, '.')+1:])
				}
			}
			testutil.ExpectLines(t, of, "pep492Foo")
			return err
		})
	})
	t.Run("what a task runs may be called meanwhile", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var got []string
			begin := asyncio.RunningLoop(ctx).Time()
			coroutine := func(ctx context.Context) (asyncio.None, error) {
				who := asyncio.CurrentTask(ctx).Name()
				got = append(got, fmt.Sprint(who, " begins at ", elapsed(ctx, begin)))
				err := asyncio.Sleep(ctx, 100*time.Millisecond)
				got = append(got, fmt.Sprint(who, " ends at ", elapsed(ctx, begin)))
				return asyncio.None{}, err
			}
			task := asyncio.CreateTask(ctx, coroutine)
			asyncio.Sleep(ctx, 0)
			if _, err := coroutine(ctx); err != nil {
				return err
			}
			_, err := task.Await(ctx)
			testutil.ExpectLines(t, got, "Task-2 begins at 0s", "Task-1 begins at 0s",
				"Task-2 ends at 100ms", "Task-1 ends at 100ms")
			return err
		})
	})
}

// pep492Foo returns the functions that its task is in.
func pep492Foo(ctx context.Context) ([]string, error) {
	var functions []string
	for _, frame := range asyncio.CurrentTask(ctx).Stack() {
		functions = append(functions, frame.Function)
	}
	return functions, nil
}
