package circles_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// twoLoops runs main on one loop while another runs beside it, and gives it the context of
// that.
func twoLoops(t *testing.T, main func(ctx, other context.Context) error) {
	t.Helper()
	testutil.Within(t, func() {
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
func outcomeOf(a *asyncio.Task[asyncio.None]) error {
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
				var a, b *asyncio.Task[asyncio.None]
				made, open := make(chan struct{}), asyncio.NewFuture[asyncio.None](ctx)
				a = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return w.wait(ctx, b, open)
				}), asyncio.WithName("ann"))
				b = asyncio.CreateTask(other, asyncio.Void(func(ctx context.Context) error {
					<-made
					_, err := a.Await(ctx)
					return err
				}), asyncio.WithName("bob"))
				close(made)
				_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
					// Either of them is refused; if it is ann, bob gets her error.
					expectDeadlock(t, "bob", outcomeOf(b), "ann", "bob")
					open.SetResult(asyncio.None{})
					outcomeOf(a)
					return asyncio.None{}, nil
				})
				return err
			})
		})
	}
}

func TestCircleOverLoopsOfManyIsADeadlock(t *testing.T) {
	twoLoops(t, func(ctx, other context.Context) error {
		const n = 50
		tasks := make([]*asyncio.Task[asyncio.None], n)
		made := make(chan struct{})
		for i := range tasks {
			on, create := ctx, asyncio.CreateTask[asyncio.None]
			if i%2 == 1 {
				on = other
			}
			if i%5 == 0 {
				create = asyncio.Go[asyncio.None]
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
		_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
			for i, a := range tasks {
				if err := outcomeOf(a); !errors.Is(err, asyncio.ErrDeadlock) {
					t.Errorf("task %d: %v", i, err)
				}
			}
			return asyncio.None{}, nil
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
		both := []*asyncio.Task[asyncio.None]{leaf}
		on := []context.Context{other, ctx}
		var all []*asyncio.Task[asyncio.None]
		for i := range 12 {
			deps := both
			need := asyncio.Void(func(ctx context.Context) error { _, err := asyncio.Gather(ctx, deps...); return err })
			both = []*asyncio.Task[asyncio.None]{asyncio.CreateTask(on[i%2], need), asyncio.CreateTask(on[(i+1)%2], need)}
			all = append(all, both...)
		}
		_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
			<-started
			both[0].Cancel()
			err := outcomeOf(both[0])
			testutil.ExpectIs(t, "the top", err, asyncio.ErrCancelled)
			outcomeOf(leaf)
			for _, a := range append(all[:len(all)-2:len(all)-2], leaf) {
				if n := a.Cancelling(); n > 1 {
					t.Errorf("a task has %d requests", n)
				}
			}
			return asyncio.None{}, nil
		})
		return err
	})
}

// The wait that is last may be one on a loop: then who waits from elsewhere, and for whom
// elsewhere, is known there already.
func TestCircleOverLoopsThatAWaitOnOneClosesIsADeadlock(t *testing.T) {
	twoLoops(t, func(ctx, other context.Context) error {
		var last asyncio.Event
		var ann *asyncio.Task[asyncio.None]
		begun := make(chan struct{}, 3)
		begin := func(ctx context.Context, what func() *asyncio.Task[asyncio.None], first func(context.Context) error, name string) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				begun <- struct{}{}
				if err := first(ctx); err != nil {
					return err
				}
				_, err := what().Await(ctx)
				return err
			}), asyncio.WithName(name))
		}
		atOnce := func(context.Context) error { return nil }
		var cat *asyncio.Task[asyncio.None]
		ann = begin(ctx, func() *asyncio.Task[asyncio.None] { return cat }, last.Wait, "ann")
		bob := begin(other, func() *asyncio.Task[asyncio.None] { return ann }, atOnce, "bob")
		cat = begin(ctx, func() *asyncio.Task[asyncio.None] { return bob }, atOnce, "cat")
		_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
			for range 3 {
				<-begun
			}
			for range 10 { // until all that has gone from loop to loop has arrived
				bob.Stack()
				cat.Stack()
			}
			last.Set()
			expectDeadlock(t, "ann", outcomeOf(ann), "ann", "bob", "cat")
			return asyncio.None{}, nil
		})
		return err
	})
}

// A request that comes back by a circle which was not found before it came ends that as a
// request, and not as a deadlock.
func TestRequestGoesRoundACircleOverLoops(t *testing.T) {
	twoLoops(t, func(ctx, other context.Context) error {
		var ann, bob *asyncio.Task[asyncio.None]
		made, begun := make(chan struct{}), make(chan struct{})
		bob = asyncio.CreateTask(other, asyncio.Void(func(ctx context.Context) error {
			<-begun
			ann.Stack() // when that is answered ann waits
			ann.Cancel("round")
			_, err := ann.Await(ctx)
			return err
		}))
		ann = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			<-made
			close(begun)
			_, err := bob.Await(ctx)
			return err
		}))
		close(made)
		_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
			for name, err := range map[string]error{"ann": outcomeOf(ann), "bob": outcomeOf(bob)} {
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "round" || errors.Is(err, asyncio.ErrDeadlock) {
					t.Errorf("%s: %v", name, err)
				}
			}
			return asyncio.None{}, nil
		})
		return err
	})
}
