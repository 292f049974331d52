package asyncio_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// creators are the methods that make a task without a result.
type creator = func(f func(ctx context.Context) error, opts ...asyncio.TaskOption) *asyncio.Task[asyncio.None]

func creatorsOf(tg *asyncio.TaskGroup, l *asyncio.Loop) map[string]creator {
	return map[string]creator{
		"TaskGroup.CreateTask": tg.CreateTask,
		"TaskGroup.Go":         tg.Go,
		"Loop.CreateTask":      l.CreateTask,
		"Loop.Go":              l.Go,
	}
}

func TestTasksWithoutResult(t *testing.T) {
	testutil.NoLeaks(t)
	testutil.Succeed(t, func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		l.SetDebug(true)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for name, create := range creatorsOf(tg, l) {
				var self asyncio.AnyTask
				a := create(func(ctx context.Context) error {
					self = asyncio.CurrentTask(ctx)
					return asyncio.Sleep(ctx, time.Second)
				}, asyncio.WithName("a"))
				if a.Name() != "a" || self != nil {
					t.Errorf("%s: %v, begun %t", name, a, self != nil)
				}
				if f := a.Coro().Function; !strings.Contains(f, "TestTasksWithoutResult.") {
					t.Errorf("%s: its coroutine is %s, not the function that was given", name, f)
				}
				if f := a.Created(); len(f) == 0 || !strings.Contains(f[0].Function, "TestTasksWithoutResult.") {
					t.Errorf("%s: created in %v, not where it was called", name, f)
				}
				if _, err := a.Await(ctx); err != nil || self != asyncio.AnyTask(a) {
					t.Errorf("%s: %v, ran as %v", name, err, self)
				}
				nothing := create(testutil.Forever)
				nothing.Cancel()
				_, err := nothing.Await(ctx)
				testutil.ExpectIs(t, name+": cancelled", err, asyncio.ErrCancelled)
				func() {
					defer func() {
						if r, ok := recover().(string); !ok || !strings.Contains(r, "nil function") {
							t.Errorf("%s of nil: %v", name, r)
						}
					}()
					create(nil)
				}()
			}
			return nil
		})
	})
}

// Those of a group are the group's, those of a loop are nobody's.
func TestTasksWithoutResultBelongToGroup(t *testing.T) {
	for _, name := range []string{"TaskGroup.CreateTask", "TaskGroup.Go", "Loop.CreateTask", "Loop.Go"} {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a, sibling *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				sibling = tg.CreateTask(testutil.Forever)
				a = creatorsOf(tg, asyncio.RunningLoop(ctx))[name](func(context.Context) error { return testutil.ErrTest })
				if strings.HasPrefix(name, "Loop.") {
					_, err := a.Await(ctx)
					testutil.ExpectIs(t, name, err, testutil.ErrTest)
					if sibling.Done() {
						t.Errorf("%s: it has ended a group", name)
					}
					tg.Cancel()
				}
				return nil
			})
			if grouped := errors.Is(err, testutil.ErrTest); grouped != strings.HasPrefix(name, "TaskGroup.") {
				t.Errorf("%s: the group returns %v", name, err)
			}
			testutil.ExpectState(t, name+": the sibling", sibling, "cancelled")
			return nil
		})
	}
}

func TestTasksWithoutResultThatCannotStart(t *testing.T) {
	closed := asyncio.NewLoop()
	closed.Close()
	testutil.Succeed(t, func(ctx context.Context) error {
		var group *asyncio.TaskGroup
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { group = tg; return nil })
		for name, create := range creatorsOf(group, closed) {
			want := asyncio.ErrLoopClosed
			if strings.HasPrefix(name, "TaskGroup.") {
				want = asyncio.ErrGroupClosed
			}
			a := create(func(context.Context) error {
				t.Errorf("%s: it runs", name)
				return nil
			})
			testutil.ExpectIs(t, name, a.Err(), want)
		}
		return err
	})
}

func TestRunnerRun(t *testing.T) {
	testutil.NoLeaks(t)
	r := asyncio.NewRunner()
	var loops []*asyncio.Loop
	for _, want := range []error{nil, testutil.ErrTest} {
		err := r.Run(context.Background(), func(ctx context.Context) error {
			loops = append(loops, asyncio.RunningLoop(ctx))
			if f := asyncio.CurrentTask(ctx).Coro().Function; !strings.Contains(f, "TestRunnerRun.") {
				t.Errorf("the coroutine is %s", f)
			}
			if err := r.Run(ctx, testutil.Forever); !errors.Is(err, asyncio.ErrLoopRunning) {
				t.Errorf("in itself: %v", err)
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if !slices.Equal(loops, []*asyncio.Loop{r.Loop(), r.Loop()}) {
		t.Error("not on the runner's loop")
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := r.Run(ctx, func(ctx context.Context) error {
		cancel()
		return testutil.Forever(ctx)
	})
	testutil.ExpectIs(t, "when ctx ends", err, context.Canceled)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	testutil.ExpectIs(t, "after Close", r.Run(context.Background(), testutil.Forever), asyncio.ErrLoopClosed)
}
