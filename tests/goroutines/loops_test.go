package goroutines_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestLoopsAwaitEachOther(t *testing.T) {
	testutil.LeaveNothing(t)
	a, b := testutil.RunningLoop(t), testutil.RunningLoop(t)
	var down func(here, there *asyncio.Loop, depth int) asyncio.Coroutine[int]
	down = func(here, there *asyncio.Loop, depth int) asyncio.Coroutine[int] {
		return func(ctx context.Context) (int, error) {
			if asyncio.RunningLoop(ctx) != here {
				t.Error("on the wrong loop")
			}
			if depth == 0 {
				return 0, nil
			}
			create := asyncio.CreateTask[int]
			if depth%5 == 0 {
				create = asyncio.Go[int]
			}
			v, err := create(there.Context(), down(there, here, depth-1)).Await(ctx)
			return v + 1, err
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		for _, l := range [][2]*asyncio.Loop{{a, b}, {b, a}} {
			wg.Go(func() {
				v, err := asyncio.CreateTask(l[0].Context(), down(l[0], l[1], 50)).Await(context.Background())
				if v != 50 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestCancellationCrossesLoops(t *testing.T) {
	testutil.LeaveNothing(t)
	a, b := testutil.RunningLoop(t), testutil.RunningLoop(t)
	deepest := asyncio.NewFuture[int](a.Context())
	var tasks []*asyncio.Task[int]
	await := deepest.Await
	begun := make(chan struct{}, 6)
	for i := range 6 {
		l := []*asyncio.Loop{b, a}[i%2]
		create := []func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int]{
			asyncio.CreateTask[int], asyncio.CreateTask[int], asyncio.Go[int],
		}[i%3]
		next := await
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			begun <- struct{}{}
			return next(ctx)
		})
		await = task.Await
		tasks = append(tasks, task)
	}
	for range tasks {
		<-begun
	}
	tasks[len(tasks)-1].Cancel()
	for i, task := range tasks {
		if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) || !task.Cancelled() {
			t.Errorf("task %d: %v", i, err)
		}
	}
	if !deepest.Cancelled() {
		t.Error("it did not reach the end")
	}
}
