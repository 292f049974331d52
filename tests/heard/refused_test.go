package heard_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

type none = asyncio.Task[asyncio.None]

// inGroup are the ways to create a task in a group.
var inGroup = map[string]func(tg *asyncio.TaskGroup) *none{
	"CreateTask":           func(tg *asyncio.TaskGroup) *none { return asyncio.CreateTask(tg, testutil.Noop) },
	"Go":                   func(tg *asyncio.TaskGroup) *none { return asyncio.Go(tg, testutil.Noop) },
	"TaskGroup.CreateTask": func(tg *asyncio.TaskGroup) *none { return tg.CreateTask(testutil.Forever) },
	"TaskGroup.Go":         func(tg *asyncio.TaskGroup) *none { return tg.Go(testutil.Forever) },
	"an eager one":         func(tg *asyncio.TaskGroup) *none { return tg.CreateTask(testutil.Forever, asyncio.Eager()) },
}

// Where Python raises, as a task is created in a group that takes no more, it comes back
// failed. That nobody looks at it is heard, once; if somebody does, it is not.
func TestTaskThatAGroupHasRefusedIsHeard(t *testing.T) {
	looks := map[string]func(ctx context.Context, a *none){
		"":       nil,
		"Err":    func(_ context.Context, a *none) { _ = a.Err() },
		"Await":  func(ctx context.Context, a *none) { _, _ = a.Await(ctx) },
		"Gather": func(ctx context.Context, a *none) { _, _ = asyncio.Gather(ctx, a) },
	}
	for how, create := range inGroup {
		for _, finished := range []bool{false, true} {
			for _, limit := range []int{0, 1} {
				for _, elsewhere := range []bool{false, true} {
					for name, look := range looks {
						what := fmt.Sprintf("%s, finished %t, limit %d, elsewhere %t, %s", how, finished, limit, elsewhere, name)
						r := testutil.RunReporting(t, func(ctx context.Context) error {
							refused := func(tg *asyncio.TaskGroup) {
								var a *none
								if elsewhere {
									testutil.Elsewhere(func() { a = create(tg) })
								} else {
									a = create(tg)
								}
								asyncio.Sleep(context.WithoutCancel(ctx), 0)
								if look != nil {
									look(ctx, a)
								}
								if !a.Done() || a.Cancelled() {
									t.Errorf("%s: %v", what, a)
								}
							}
							var group *asyncio.TaskGroup
							err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
								group = tg
								tg.SetLimit(limit)
								if !finished {
									tg.Cancel()
									_ = asyncio.Sleep(ctx, 0) // the group's cancellation of its body
									refused(tg)
								}
								return nil
							})
							if finished {
								refused(group)
							}
							return err
						})
						want := 0
						if look == nil {
							want = 1
						}
						if r.Len() != want {
							t.Errorf("%s: heard %d times, want %d", what, r.Len(), want)
						}
					}
				}
			}
		}
	}
}

// Who waits for a place in a group and is cancelled has been told: there is nothing to hear.
func TestTaskThatGotNoPlaceIsNoFailure(t *testing.T) {
	r := testutil.RunReporting(t, func(ctx context.Context) error {
		creator := asyncio.RunningLoop(ctx).CreateTask(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				tg.CreateTask(testutil.Forever)
				tg.CreateTask(testutil.Forever) // waits
				return nil
			})
		})
		asyncio.Sleep(ctx, time.Second)
		creator.Cancel()
		_, err := creator.Await(ctx)
		testutil.ExpectIs(t, "the creator", err, asyncio.ErrCancelled)
		return nil
	})
	r.Expect(t)
}

// Map tells of what has failed. That its group has refused the rest is no news.
func TestItemsThatMapCouldNotStartAreNotHeard(t *testing.T) {
	for _, limit := range []int{0, 3} {
		var r testutil.Reports
		l := asyncio.NewLoop(r.Option())
		running := make(chan error, 1)
		go func() { running <- l.RunForever() }()
		mapping := func(ctx context.Context) ([]int, error) {
			return asyncio.Map(ctx, make([]int, testutil.Scaled(20_000)), limit,
				func(context.Context, int) (int, error) { return 0, testutil.ErrTest })
		}
		_, err := mapping(l.Context()) // a goroutine, which goes on creating while tasks fail
		testutil.ExpectIs(t, "Map", err, testutil.ErrTest)
		_, err = asyncio.Go(l.Context(), mapping).Await(context.Background())
		testutil.ExpectIs(t, "Map in a Go task", err, testutil.ErrTest)
		l.Stop()
		if err := <-running; err != nil {
			t.Error(err)
		}
		l.Close()
		r.Expect(t)
	}
}

// No loop runs any more, and nothing else happens in the process.
func TestTaskThatAClosedLoopHasRefusedIsHeard(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	for how, create := range map[string]func(l *asyncio.Loop) *none{
		"CreateTask":      func(l *asyncio.Loop) *none { return asyncio.CreateTask(l.Context(), testutil.Noop) },
		"Loop.CreateTask": func(l *asyncio.Loop) *none { return l.CreateTask(testutil.Forever) },
		"Loop.Go":         func(l *asyncio.Loop) *none { return l.Go(testutil.Forever) },
	} {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kept %t", how, keep), func(t *testing.T) {
				t.Parallel()
				heard := make(chan string, 10)
				opts := []asyncio.Option{asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
					heard <- c.Message
				})}
				if keep {
					opts = append(opts, asyncio.WithUnheardAfter(time.Millisecond))
				}
				l := asyncio.NewLoop(opts...)
				l.Close()
				a := create(l)
				asked := create(l)
				testutil.ExpectIs(t, "Err", asked.Err(), asyncio.ErrLoopClosed)
				if !keep {
					a = nil
				}
				testutil.Wait(t, heard)
				if keep {
					testutil.ExpectIs(t, "Err", a.Err(), asyncio.ErrLoopClosed)
				}
				if len(heard) != 0 {
					t.Errorf("heard %d times more", len(heard))
				}
			})
		}
	}
}
