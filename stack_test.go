package asyncio_test

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

func stackChild(ctx context.Context) (int, error) { return 1, asyncio.Sleep(ctx, time.Hour) }

func stackParent(ctx context.Context) (int, error) {
	return asyncio.CreateTask(ctx, stackChild, asyncio.WithName("child")).Await(ctx)
}

// functions returns what a stack is in, of this package's and asyncio's.
func functions(t asyncio.AnyTask) []string {
	var names []string
	for _, f := range t.Stack() {
		if strings.Contains(f.Function, "/internal/") {
			names = append(names, "internal: "+f.Function)
		}
		names = append(names, f.Function[strings.LastIndexByte(f.Function, '.')+1:])
	}
	return names
}

// A task that is awaited as soon as it was created runs on its parent's stack.
// Each of the two shows its own frames alone.
func TestStackOfEachTaskIsItsOwn(t *testing.T) {
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		parent := asyncio.CreateTask(ctx, stackParent)
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		all := asyncio.AllTasks(asyncio.RunningLoop(ctx))
		if got, want := functions(all[1]), []string{"Await", "stackParent", "Run"}; !slices.Equal(got, want) {
			t.Errorf("parent: %v, want %v", got, want)
		}
		if got, want := functions(all[2]), []string{"Sleep", "stackChild", "Run"}; !slices.Equal(got, want) {
			t.Errorf("child: %v, want %v", got, want)
		}
		if got := functions(all[0]); len(got) == 0 || got[0] != "Stack" {
			t.Errorf("the task that asks: %v", got)
		}
		parent.Cancel()
		_, _ = parent.Await(ctx)
		if got := functions(parent); got != nil {
			t.Errorf("a task that is done: %v", got)
		}
		return nil
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
}

// A context derived from that of a cancelled task is over, and no await may take
// it for the task's own.
func TestContextDerivedAfterCancelIsOver(t *testing.T) {
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).Cancel("gone")
		if err := asyncio.Sleep(ctx, time.Hour); err == nil {
			t.Error("the cancellation was not delivered")
		}
		std, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		own, cancel := asyncio.WithTimeout(ctx, time.Hour)
		defer cancel()
		for i, scope := range []context.Context{std, own} {
			if err := asyncio.Sleep(scope, time.Second); err == nil {
				t.Errorf("%d: slept", i)
			}
			child := asyncio.CreateTask(scope, asyncio.Delay(time.Second, 0))
			_, _ = child.Await(ctx)
			if !child.Cancelled() {
				t.Errorf("%d: a task created in it ran", i)
			}
		}
		free, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := asyncio.Sleep(free, time.Hour); err != asyncio.ErrTimeout { //nolint:errorlint // the very value
			t.Errorf("clean-up with a limit: %v", err)
		}
		return nil
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
}

// A sleep with the context of another loop suspends the task that sleeps, on its
// own loop's clock, whether the other runs or not.
func TestSleepWithAnotherLoopsContext(t *testing.T) {
	other := asyncio.NewLoop()
	defer other.Close()
	var got []string
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		tick := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Second)
			got = append(got, "tick")
			return err
		}))
		err := asyncio.Sleep(other.Context(), 2*time.Second)
		got = append(got, "slept")
		_, _ = tick.Await(ctx)
		return err
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"tick", "slept"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func named(context.Context) error { return nil }

// TestCoroOfVoid: the coroutine of a task is the user's function, not the adapter.
func TestCoroOfVoid(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		for _, f := range []func(context.Context) error{
			named,
			func(ctx context.Context) error { return errors.Join(named(ctx), nil) },
			func(context.Context) error { t.Helper(); return nil },
		} {
			want := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
			task := asyncio.CreateTask(ctx, asyncio.Void(f))
			if got := task.Coro().Function; got != want {
				t.Errorf("Coro of %s is %s", want, got)
			}
			if _, err := task.Await(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
