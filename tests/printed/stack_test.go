package printed_test

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func stackChild(ctx context.Context) (int, error) { return 1, asyncio.Sleep(ctx, time.Hour) }

func stackParent(ctx context.Context) (int, error) {
	return asyncio.CreateTask(ctx, stackChild, asyncio.WithName("child")).Await(ctx)
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
		if got, want := testutil.Functions(all[1]), []string{"Await", "stackParent", "Run"}; !slices.Equal(got, want) {
			t.Errorf("parent: %v, want %v", got, want)
		}
		if got, want := testutil.Functions(all[2]), []string{"Sleep", "stackChild", "Run"}; !slices.Equal(got, want) {
			t.Errorf("child: %v, want %v", got, want)
		}
		if got := testutil.Functions(all[0]); len(got) == 0 || got[0] != "Stack" {
			t.Errorf("the task that asks: %v", got)
		}
		parent.Cancel()
		_, _ = parent.Await(ctx)
		if got := testutil.Functions(parent); got != nil {
			t.Errorf("a task that is done: %v", got)
		}
		return nil
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Fatal(err)
	}
}

func named(context.Context) error { return nil }

// TestCoroOfVoid: the coroutine of a task is the user's function, not the adapter.
func TestCoroOfVoid(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
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
