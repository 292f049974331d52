package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestTaskGroupEnds(t *testing.T) {
	t.Run("a task that is cancelled alone is no failure", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var one, two *asyncio.Task[int]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				one = asyncio.CreateTask(tg, asyncio.Delay(time.Second, 42))
				if err := asyncio.Sleep(tg, 150*time.Millisecond); err != nil {
					return err
				}
				one.Cancel()
				two = asyncio.CreateTask(tg, asyncio.Delay(200*time.Millisecond, 11))
				return nil
			})
			if v, err := two.Result(); v != 11 || err != nil || !one.Cancelled() {
				t.Errorf("second %d, %v; first cancelled %t", v, err, one.Cancelled())
			}
			if d := elapsed(ctx, begin); d != 350*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return err
		})
	})
	t.Run("tasks that are done are forgotten before its end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				for i := range 10 {
					if err := asyncio.Sleep(tg, 100*time.Millisecond); err != nil {
						return err
					}
					asyncio.CreateTask(tg, asyncio.Delay(300*time.Millisecond, 0))
					if n := groupSize(tg); i == 5 && (n == 0 || n >= 5) {
						t.Errorf("%d of the 6 tasks so far are kept", n)
					}
				}
				if n := groupSize(tg); n == 0 {
					t.Error("none is kept when the last was made")
				}
				err := asyncio.Sleep(tg, 1350*time.Millisecond)
				if n := groupSize(tg); n != 0 {
					t.Errorf("%d tasks are kept after all have ended", n)
				}
				return err
			})
		})
	})
}

func TestTaskGroupFails(t *testing.T) {
	t.Run("a task fails and the other is cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var seen error
			var two *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, groupFailure(100*time.Millisecond, errGroupDivision))
				two = asyncio.CreateTask(tg, groupSleeper(time.Second, &seen))
				return nil
			})
			testutil.ExpectGroupError(t, err, errGroupDivision)
			testutil.ExpectIs(t, "the other task", seen, asyncio.ErrCancelled)
			if !two.Cancelled() {
				t.Errorf("the other task is %v", two)
			}
			if d := elapsed(ctx, begin); d != 100*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("three tasks fail and the other and the body are cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var seen, body error
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				for range 3 {
					asyncio.CreateTask(tg, groupFailure(100*time.Millisecond, errGroupDivision))
				}
				asyncio.CreateTask(tg, groupSleeper(5*time.Second, &seen))
				body = asyncio.Sleep(tg, 10*time.Second)
				return body
			})
			testutil.ExpectGroupError(t, err, errGroupDivision, errGroupDivision, errGroupDivision)
			testutil.ExpectIs(t, "the fourth task", seen, asyncio.ErrCancelled)
			testutil.ExpectIs(t, "the body", body, asyncio.ErrCancelled)
			if d := elapsed(ctx, begin); d != 100*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("the body fails and the tasks are cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var one, two *asyncio.Task[int]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				one = asyncio.CreateTask(tg, asyncio.Delay(time.Second, 42))
				two = asyncio.CreateTask(tg, asyncio.Delay(2*time.Second, 11))
				if err := asyncio.Sleep(tg, 100*time.Millisecond); err != nil {
					return err
				}
				return errGroupDivision
			})
			testutil.ExpectGroupError(t, err, errGroupDivision)
			if !one.Cancelled() || !two.Cancelled() {
				t.Errorf("cancelled %t %t", one.Cancelled(), two.Cancelled())
			}
			if d := elapsed(ctx, begin); d != 100*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	// What is an error of its own kind in Python is a value, a type or one and the
	// same error here: the group makes no difference.
	t.Run("has the error of a task and that of the body's clean-up", func(t *testing.T) {
		own, custom := errors.New("own"), error(groupCustomError{"custom"})
		for _, errs := range [][2]error{
			{errGroupDivision, own}, {errGroupDivision, custom}, {custom, own}, {custom, custom},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				var seen error
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, groupFailure(100*time.Millisecond, errs[0]))
					seen = asyncio.Sleep(tg, 10*time.Second)
					return errs[1]
				})
				testutil.ExpectGroupError(t, err, errs[0], errs[1])
				testutil.ExpectIs(t, "the body", seen, asyncio.ErrCancelled)
				if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 {
					t.Errorf("cancelling %d", n)
				}
				return asyncio.Sleep(ctx, time.Second)
			})
		}
	})
	t.Run("a panic of the body's clean-up is in no group", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		main := asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, groupFailure(100*time.Millisecond, errGroupDivision))
				testutil.ExpectIs(t, "the body", asyncio.Sleep(tg, 10*time.Second), asyncio.ErrCancelled)
				panic("interrupt")
			})
		})
		err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), main))
		var group *asyncio.GroupError
		var panicked *asyncio.PanicError
		if !errors.As(err, &panicked) || panicked.Value != "interrupt" || errors.As(err, &group) {
			t.Errorf("out comes %v", err)
		}
		r.Expect(t, "body panicked or exited: Task-2")
	})
	t.Run("ends what its tasks keep creating", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var heads []*asyncio.Task[asyncio.None]
			grown := 0
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				var hydra func(ctx context.Context) error
				grow := func() { heads = append(heads, asyncio.CreateTask(tg, asyncio.Void(hydra))) }
				hydra = func(ctx context.Context) error {
					grown++
					if err := asyncio.Sleep(ctx, 10*time.Millisecond); err != nil {
						return err
					}
					grow()
					grow()
					return nil
				}
				grow()
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					for grown < 10 {
						if err := asyncio.Sleep(ctx, 15*time.Millisecond); err != nil {
							return err
						}
					}
					return errGroupDivision
				}))
				return nil
			})
			testutil.ExpectGroupError(t, err, errGroupDivision)
			cancelled, before := 0, grown
			for _, head := range heads {
				if head.Cancelled() {
					cancelled++
				} else if !head.Done() || head.Err() != nil {
					t.Errorf("%v, %v", head, head.Err())
				}
			}
			if grown < 10 || cancelled == 0 {
				t.Errorf("%d were started, %d cancelled", grown, cancelled)
			}
			if err := asyncio.Sleep(ctx, time.Second); err != nil || grown != before {
				t.Errorf("%v, and %d start after the end", err, grown-before)
			}
			return nil
		})
	})
	t.Run("in a group that fails with it, the request of the outer one is left", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			errInner, errOuter := errors.New("inner"), errors.New("outer")
			me := asyncio.CurrentTask(ctx)
			err := asyncio.WithTaskGroup(ctx, func(outer *asyncio.TaskGroup) error {
				err := asyncio.WithTaskGroup(outer, func(inner *asyncio.TaskGroup) error {
					asyncio.CreateTask(inner, groupFailure(0, errInner))
					asyncio.CreateTask(outer, groupFailure(0, errOuter))
					return nil
				})
				testutil.ExpectGroupError(t, err, errInner)
				if n := me.Cancelling(); n != 1 {
					t.Errorf("cancelling %d after the inner group", n)
				}
				return nil
			})
			testutil.ExpectGroupError(t, err, errOuter)
			if n := me.Cancelling(); n != 0 {
				t.Errorf("cancelling %d after the outer group", n)
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
}

func TestTaskGroupIsCancelled(t *testing.T) {
	t.Run("inner tasks that fail at that are a group in a group", func(t *testing.T) {
		sour := asyncio.Void(func(ctx context.Context) error {
			testutil.ExpectIs(t, "a task", asyncio.Sleep(ctx, 10*time.Second), asyncio.ErrCancelled)
			return errGroupDivision
		})
		for _, sleepers := range []int{0, 1} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				outside := make([]*asyncio.Task[int], sleepers)
				r := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(outer *asyncio.TaskGroup) error {
						for i := range outside {
							outside[i] = asyncio.CreateTask(outer, asyncio.Delay(10*time.Second, 0))
						}
						return asyncio.WithTaskGroup(outer, func(inner *asyncio.TaskGroup) error {
							for range 5 {
								asyncio.CreateTask(inner, sour)
							}
							return asyncio.Sleep(inner, 10*time.Second)
						})
					})
				}))
				if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil || r.Done() {
					t.Errorf("%v, %v", err, r)
				}
				r.Cancel()
				_, err := r.Await(ctx)
				var outer *asyncio.GroupError
				if !errors.As(err, &outer) || len(outer.Errs) != 1 {
					t.Errorf("out comes %v", err)
					return nil
				}
				d := errGroupDivision
				testutil.ExpectGroupError(t, outer.Errs[0], d, d, d, d, d)
				for _, a := range outside {
					if !a.Cancelled() {
						t.Errorf("the outer task is %v", a)
					}
				}
				if d := elapsed(ctx, begin); d != 100*time.Millisecond {
					t.Errorf("took %v", d)
				}
				return nil
			})
		}
	})
	t.Run("five tasks get it once each, and so does a body that has not ended", func(t *testing.T) {
		own := func(err error) error { return err }
		fails := func(error) error { return errGroupDivision }
		for _, c := range []struct {
			name  string
			body  bool // whether it sleeps too
			ends  func(err error) error
			total int
			group bool
		}{
			{"while they sleep", false, own, 5, false},
			{"while the body sleeps too", true, own, 15, false},
			{"which makes them fail", true, fails, 15, true},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				total := 0
				sleep := func(ctx context.Context, worth int) error {
					err := asyncio.Sleep(ctx, 10*time.Second)
					if errors.Is(err, asyncio.ErrCancelled) {
						total += worth
					}
					return err
				}
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						for range 5 {
							asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
								return c.ends(sleep(ctx, 1))
							}))
						}
						if !c.body {
							return nil
						}
						return sleep(tg, 10)
					})
				}))
				if err := asyncio.Sleep(ctx, 100*time.Millisecond); err != nil {
					return err
				}
				a.Cancel()
				_, err := a.Await(ctx)
				if c.group {
					testutil.ExpectGroupError(t, err, slices.Repeat([]error{errGroupDivision}, 5)...)
				} else if _, ok := err.(*asyncio.CancelledError); !ok { //nolint:errorlint // no group around it
					t.Errorf("%s: out comes %v", c.name, err)
				}
				if total != c.total || a.Cancelled() == c.group {
					t.Errorf("%s: the sum is %d, want %d; %v", c.name, total, c.total, a)
				}
				if d := elapsed(ctx, begin); d != 100*time.Millisecond {
					t.Errorf("%s: took %v", c.name, d)
				}
				return nil
			})
		}
	})
	t.Run("in the turn in which a task fails, and again after it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var event asyncio.Event
			lines := []string{}
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				me := asyncio.CurrentTask(ctx)
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						event.Set()
						if err := asyncio.Sleep(ctx, 0); err != nil {
							return err
						}
						return errGroupDivision
					}))
					err := asyncio.Sleep(tg, time.Second)
					testutil.ExpectIs(t, "the body", err, asyncio.ErrCancelled)
					return err
				})
				testutil.ExpectGroupError(t, err, errGroupDivision)
				lines = append(lines, fmt.Sprintf("after the group: cancelling %d", me.Cancelling()))
				err = asyncio.Sleep(ctx, time.Second)
				testutil.ExpectIs(t, "the sleep after it", err, asyncio.ErrCancelled)
				return err
			}))
			if err := event.Wait(ctx); err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("before: cancelling %d", a.Cancelling()))
			a.Cancel()
			lines = append(lines, fmt.Sprintf("requested: cancelling %d", a.Cancelling()))
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			if !a.Cancelled() {
				t.Errorf("the task is %v", a)
			}
			testutil.ExpectLines(t, lines,
				"before: cancelling 0", "requested: cancelling 1", "after the group: cancelling 1")
			return nil
		})
	})
}

func TestTaskGroupCreates(t *testing.T) {
	t.Run("nothing any more when it is finished, and says so", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var closed *asyncio.TaskGroup
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { closed = tg; return nil })
			if err != nil {
				return err
			}
			a := asyncio.CreateTask(closed, asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			err = a.Err()
			testutil.ExpectIs(t, "the task", err, asyncio.ErrGroupClosed)
			if err == nil || !strings.Contains(err.Error(), "finished") {
				t.Errorf("the task: %v", err)
			}
			// What never ran leaves nothing behind, of which debug mode would tell.
			if all := asyncio.AllTasks(asyncio.RunningLoop(ctx)); len(all) != 1 {
				t.Errorf("there are %v", all)
			}
			return asyncio.Sleep(ctx, time.Second)
		}, asyncio.WithDebug())
	})
	t.Run("tasks that share what the context they are given holds", func(t *testing.T) {
		type key struct{}
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				set := func(v int) asyncio.Coroutine[asyncio.None] {
					return asyncio.Void(func(ctx context.Context) error {
						err := asyncio.Sleep(ctx, 0)
						*ctx.Value(key{}).(*int) = v
						return err
					})
				}
				var held int
				given := context.WithValue(tg, key{}, &held)
				if tg.Value(key{}) != nil {
					t.Error("the group has the value")
				}
				for v := 1; v <= 2; v++ {
					a := asyncio.CreateTask(given, set(v))
					if n := groupSize(tg); n != 1 {
						t.Errorf("the group has %d tasks", n)
					}
					if _, err := a.Await(tg); err != nil || held != v {
						t.Errorf("%v, holds %d, want %d", err, held, v)
					}
				}
				return nil
			})
		})
	})
}

var errGroupDivision = errors.New("division by zero")

type groupCustomError struct{ text string }

func (e groupCustomError) Error() string { return e.text }

// groupSize is how many tasks a group has that have not ended.
func groupSize(tg *asyncio.TaskGroup) (n int) {
	if _, err := fmt.Sscanf(tg.String(), "<TaskGroup tasks=%d", &n); err != nil {
		return 0
	}
	return n
}

// groupFailure sleeps, and then fails.
func groupFailure(d time.Duration, failure error) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		if err := asyncio.Sleep(ctx, d); err != nil {
			return err
		}
		return failure
	})
}

// groupSleeper sleeps, and tells how that ended.
func groupSleeper(d time.Duration, seen *error) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		*seen = asyncio.Sleep(ctx, d)
		return *seen
	})
}
