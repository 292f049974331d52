package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// twoLoops runs main on one loop while another runs beside it, and gives it the context of
// that.
func twoLoops(t *testing.T, main func(ctx, other context.Context) error) {
	t.Helper()
	within(t, func() {
		ready, over := make(chan context.Context), make(chan struct{})
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				ready <- ctx
				_, err := asyncio.Go(ctx, asyncio.Void(func(context.Context) error { <-over; return nil })).Await(ctx)
				return err
			}))
			if err != nil {
				t.Errorf("the other loop: %v", err)
			}
		}()
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return main(ctx, asyncio.RunningLoop(<-ready).Context())
		}))
		if err != nil {
			t.Errorf("the first loop: %v", err)
		}
		close(over)
		<-gone
	})
}

// outcomeOf waits on a goroutine that is no task.
func outcomeOf(a *asyncio.Task[none]) error {
	_, err := a.Await(context.Background())
	return err
}

func TestCircleOverLoopsIsADeadlock(t *testing.T) {
	for _, w := range awaits {
		if w.name == "WaitFor no time" {
			continue // it cancels
		}
		t.Run(w.name, func(t *testing.T) {
			twoLoops(t, func(ctx, other context.Context) error {
				var a, b *asyncio.Task[none]
				made, open := make(chan struct{}), asyncio.NewFuture[none](ctx)
				a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return w.wait(ctx, b, open)
				}), asyncio.WithName("ann"))
				b = asyncio.CreateTask(other, asyncio.Void(func(ctx context.Context) error {
					<-made
					_, err := a.Await(ctx)
					return err
				}), asyncio.WithName("bob"))
				close(made)
				_, err := asyncio.ToThread(ctx, func(context.Context) (none, error) {
					// Either of them is refused; if it is ann, bob gets her error.
					expectDeadlock(t, "bob", outcomeOf(b), "ann", "bob")
					open.SetResult(none{})
					outcomeOf(a)
					return none{}, nil
				})
				return err
			})
		})
	}
}

func TestCircleOverLoopsOfManyIsADeadlock(t *testing.T) {
	twoLoops(t, func(ctx, other context.Context) error {
		const n = 50
		tasks := make([]*asyncio.Task[none], n)
		made := make(chan struct{})
		for i := range tasks {
			on, create := ctx, asyncio.CreateTask[none]
			if i%2 == 1 {
				on = other
			}
			if i%5 == 0 {
				create = asyncio.Go[none]
			}
			tasks[i] = create(on, asyncio.Void(func(ctx context.Context) error {
				if i%2 == 1 {
					<-made
				}
				_, err := tasks[(i+1)%n].Await(ctx)
				return err
			}))
		}
		close(made)
		_, err := asyncio.ToThread(ctx, func(context.Context) (none, error) {
			for i, a := range tasks {
				if err := outcomeOf(a); !errors.Is(err, asyncio.ErrDeadlock) {
					t.Errorf("task %d: %v", i, err)
				}
			}
			return none{}, nil
		})
		return err
	})
}

// One request ends all that wait for each other over loops, and goes to nobody twice.
func TestRequestOverLoopsVisitsEachTaskOnce(t *testing.T) {
	twoLoops(t, func(ctx, other context.Context) error {
		started := make(chan struct{})
		leaf := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			close(started)
			return asyncio.Sleep(ctx, time.Hour)
		}))
		both := []*asyncio.Task[none]{leaf}
		on := []context.Context{other, ctx}
		var all []*asyncio.Task[none]
		for i := range 12 {
			deps := both
			need := asyncio.Void(func(ctx context.Context) error { _, err := asyncio.Gather(ctx, deps...); return err })
			both = []*asyncio.Task[none]{asyncio.CreateTask(on[i%2], need), asyncio.CreateTask(on[(i+1)%2], need)}
			all = append(all, both...)
		}
		_, err := asyncio.ToThread(ctx, func(context.Context) (none, error) {
			<-started
			both[0].Cancel()
			err := outcomeOf(both[0])
			expectIs(t, "the top", err, asyncio.ErrCancelled)
			outcomeOf(leaf)
			for _, a := range append(all[:len(all)-2:len(all)-2], leaf) {
				if n := a.Cancelling(); n > 1 {
					t.Errorf("a task has %d requests", n)
				}
			}
			return none{}, nil
		})
		return err
	})
}
