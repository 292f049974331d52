package testutil

import (
	"context"
	"runtime"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// Asker is a kind of goroutine that may await.
type Asker struct {
	Name  string
	Ask   func(f func(ctx context.Context) error) *Asking
	Pause func(ctx context.Context) error // lets others go on
}

// Asking is one that does.
type Asking struct {
	Cancel func()
	End    func(t *testing.T) error // waits for it
}

// Askers returns one of each kind, on two loops that run until the test ends.
func Askers(t *testing.T) []Asker {
	l1 := RunningLoop(t, asyncio.WithVirtualClock())
	l2 := RunningLoop(t, asyncio.WithVirtualClock())
	ofTask := func(task *asyncio.Task[asyncio.None]) *Asking {
		return &Asking{func() { task.Cancel() }, func(t *testing.T) (err error) {
			t.Helper()
			Within(t, func() { _, err = task.Await(context.Background()) })
			return err
		}}
	}
	yield := func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }
	return []Asker{
		{"loop task", func(f func(context.Context) error) *Asking {
			return ofTask(asyncio.CreateTask(l1.Context(), asyncio.Void(f)))
		}, yield},
		{"loop task of another loop", func(f func(context.Context) error) *Asking {
			return ofTask(asyncio.CreateTask(l2.Context(), asyncio.Void(f)))
		}, yield},
		{"Go task", func(f func(context.Context) error) *Asking {
			return ofTask(asyncio.Go(l1.Context(), asyncio.Void(f)))
		}, yield},
		{"goroutine", func(f func(context.Context) error) *Asking {
			ctx, cancel := context.WithCancel(context.Background())
			var err error
			ended := make(chan asyncio.None)
			go func() {
				defer close(ended)
				defer cancel()
				err = f(ctx)
			}()
			return &Asking{cancel, func(t *testing.T) error {
				t.Helper()
				Wait(t, ended)
				return err
			}}
		}, func(ctx context.Context) error {
			runtime.Gosched()
			return ctx.Err()
		}},
	}
}
