package asyncio_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestRunOnALoop(t *testing.T) {
	runner := asyncio.NewRunner(asyncio.WithVirtualClock())
	defer runner.Close()
	l := runner.Loop()
	_, err := asyncio.RunOn(runner, context.Background(), asyncio.Void(func(ctx context.Context) error {
		done := asyncio.CreateTask(ctx, testutil.Noop)
		done.Await(ctx)
		other := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.Sleep(ctx, time.Second)
		}))
		_, err := asyncio.Run(ctx, testutil.Noop)
		testutil.ExpectIs(t, "Run", err, asyncio.ErrLoopRunning)
		_, err = asyncio.RunOn(runner, ctx, testutil.Noop)
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(other), asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "RunUntilComplete of what is done", l.RunUntilComplete(done), asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "Loop.Close", l.Close(), asyncio.ErrLoopRunning)
		testutil.ExpectIs(t, "Runner.Close", runner.Close(), asyncio.ErrLoopRunning)
		// None of it has stopped the loop or touched the tasks.
		_, err = other.Await(ctx)
		return err
	}))
	if err != nil {
		t.Error("RunOn:", err)
	}
}

func TestRunOfALoopThatRunsElsewhere(t *testing.T) {
	for name, try := range map[string]func(l *asyncio.Loop, r *asyncio.Runner) error{
		"RunForever": func(l *asyncio.Loop, _ *asyncio.Runner) error { return l.RunForever() },
		"RunUntilComplete of what is done": func(l *asyncio.Loop, _ *asyncio.Runner) error {
			f := asyncio.NewFuture[asyncio.None](l.Context())
			f.SetResult(asyncio.None{})
			return l.RunUntilComplete(f)
		},
		"RunUntilComplete of what is pending": func(l *asyncio.Loop, _ *asyncio.Runner) error {
			return l.RunUntilComplete(asyncio.NewFuture[asyncio.None](l.Context()))
		},
		"RunOn": func(_ *asyncio.Loop, r *asyncio.Runner) error {
			_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
			return err
		},
		"Loop.Close":   func(l *asyncio.Loop, _ *asyncio.Runner) error { return l.Close() },
		"Runner.Close": func(_ *asyncio.Loop, r *asyncio.Runner) error { return r.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			r := asyncio.NewRunner(asyncio.WithVirtualClock())
			l := r.Loop()
			stopped := make(chan error, 1)
			started := make(chan struct{})
			l.CallSoon(func() { close(started) })
			go func() { stopped <- l.RunForever() }()
			<-started
			a := asyncio.CreateTask(l.Context(), asyncio.Void(testutil.Forever))
			testutil.ExpectIs(t, name, try(l, r), asyncio.ErrLoopRunning)
			// The loop has not noticed. A few turns are enough for a stop to show.
			testutil.Within(t, func() {
				asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
					for range 10 {
						asyncio.Sleep(ctx, 0)
					}
					return nil
				})).Await(context.Background())
			})
			testutil.ExpectState(t, "a task of the loop", a, "pending")
			l.Stop()
			if err := <-stopped; err != nil {
				t.Error("RunForever:", err)
			}
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
		})
	}
}
