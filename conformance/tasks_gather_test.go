package conformance_test

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

// Shield and Gather wait where CPython's return a future, so here tasks hold them.

func TestShielding(t *testing.T) {
	ends := map[string]struct {
		end  func(f *asyncio.Future[int])
		want waitOutcome
	}{
		"a value":  {func(f *asyncio.Future[int]) { f.SetResult(42) }, waitOutcome{Value: 42}},
		"an error": {func(f *asyncio.Future[int]) { f.SetErr(testutil.ErrTest) }, waitOutcome{Err: testutil.ErrTest}},
	}
	t.Run("passes on the end of what is inside", func(t *testing.T) {
		for name, e := range ends {
			t.Run(name, func(t *testing.T) {
				waitOnLoop(t, func(l *asyncio.Loop) {
					inner := asyncio.NewFuture[int](l.Context())
					outer := waitShield(l.Context(), inner)
					waitBriefly(t, l)
					if outer.Done() {
						t.Fatal("done before what is inside")
					}
					e.end(inner)
					waitBriefly(t, l)
					v, err := outer.Result()
					if got := (waitOutcome{Value: v, Err: err}); got != e.want {
						t.Errorf("%v, want %v", got, e.want)
					}
				})
			})
		}
	})
	t.Run("passes on the cancellation of what is inside", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			inner := asyncio.NewFuture[int](l.Context())
			outer := waitShield(l.Context(), inner)
			waitBriefly(t, l)
			inner.Cancel("inner")
			waitBriefly(t, l)
			waitCancelled(t, "outer", outer, "inner")
			if outer.Cancelling() != 0 {
				t.Error("nobody has asked for it outside")
			}
		})
	})
	t.Run("what is inside outlives it", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			inner := asyncio.NewFuture[int](l.Context())
			outer := waitShield(l.Context(), inner)
			calls := 0
			outer.AddDoneCallback(func(*asyncio.Task[int]) { calls++ })
			waitBriefly(t, l)
			outer.Cancel("outer")
			waitBriefly(t, l)
			waitCancelled(t, "outer", outer, "outer")
			if inner.Done() {
				t.Error("inner is done")
			}
			inner.SetResult(42)
			waitBriefly(t, l)
			waitCancelled(t, "outer", outer, "outer") // the end of inner does not come here any more
			if calls != 1 {
				t.Errorf("outer has called back %d times", calls)
			}
		})
	})
	t.Run("of what is done gives its result at once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			f.SetResult(42)
			asyncio.RunningLoop(ctx).CallSoon(func() { f = nil })
			if v, err := asyncio.Shield(ctx, f); v != 42 || err != nil {
				t.Error(v, err)
			}
			if f == nil {
				t.Error("it took a turn")
			}
			v, err := waitShield(ctx, f).Await(ctx)
			if v != 42 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("the task inside goes on when the caller is cancelled", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			proof := 0
			waiter := asyncio.NewFuture[asyncio.None](l.Context())
			outer := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				inner := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := waiter.Await(ctx)
					if err == nil {
						proof++
					}
					return err
				}))
				_, err := asyncio.Shield(ctx, inner)
				if err == nil {
					proof += 100
				}
				return err
			}))
			waitBriefly(t, l)
			outer.Cancel()
			testutil.ExpectIs(t, "outer", l.RunUntilComplete(outer), asyncio.ErrCancelled)
			waiter.SetResult(asyncio.None{})
			waitBriefly(t, l)
			if proof != 1 {
				t.Errorf("proof %d, want 1", proof)
			}
		})
	})
	t.Run("around a gather", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			fs := waitFutures(l, 2)
			parent := waitGather(l.Context(), fs...)
			outer := waitShield(l.Context(), parent)
			waitBriefly(t, l)
			outer.Cancel()
			waitBriefly(t, l)
			waitCancelled(t, "outer", outer, "")
			if parent.Done() || parent.Cancelling() != 0 {
				t.Error("the cancellation has reached the gather")
			}
			fs[0].SetResult(1)
			fs[1].SetResult(2)
			waitBriefly(t, l)
			if vs, err := parent.Result(); !slices.Equal(vs, []int{1, 2}) || err != nil {
				t.Error(vs, err)
			}
		})
	})
	t.Run("inside a gather", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			fs := waitFutures(l, 2)
			a, b := waitShield(l.Context(), fs[0]), waitShield(l.Context(), fs[1])
			parent := waitGather(l.Context(), a, b)
			waitBriefly(t, l)
			parent.Cancel("enough")
			waitBriefly(t, l)
			waitBriefly(t, l)
			waitCancelled(t, "the gather", parent, "enough")
			waitCancelled(t, "the first shield", a, "enough")
			waitCancelled(t, "the second shield", b, "enough")
			for i, f := range fs {
				if f.Done() {
					t.Error("a future behind a shield is done")
				}
				if err := f.SetResult(i); err != nil {
					t.Error(err)
				}
			}
		})
	})
	t.Run("made in a coroutine or with a loop that does not run", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			start := func(ctx context.Context) *asyncio.Task[int] {
				return waitShield(ctx, asyncio.CreateTask(ctx, asyncio.Delay(time.Second, 42)))
			}
			expect := func(outer *asyncio.Task[int]) {
				t.Helper()
				if outer.Loop() != l || outer.Done() {
					t.Errorf("%v, loop %p, want %p", outer, outer.Loop(), l)
				}
				if err := l.RunUntilComplete(outer); err != nil {
					t.Error(err)
				}
				if v, _ := outer.Result(); v != 42 {
					t.Error(v)
				}
			}
			main := asyncio.CreateTask(l.Context(), func(ctx context.Context) (*asyncio.Task[int], error) {
				return start(ctx), nil
			})
			if err := l.RunUntilComplete(main); err != nil {
				t.Error(err)
			}
			inside, _ := main.Result()
			expect(inside)
			expect(start(l.Context()))
		})
	})
}

func TestGathering(t *testing.T) {
	t.Run("gives the values in the order of the arguments", func(t *testing.T) {
		for kind, wrap := range waitKinds {
			t.Run(kind, func(t *testing.T) {
				waitOnLoop(t, func(l *asyncio.Loop) {
					fs := waitFutures(l, 3)
					aws := wrap(l, fs)
					gather, all := waitGather(l.Context(), aws...), waitGatherAll(l.Context(), aws...)
					both := []*waitCalls{waitCount(gather), waitCount(all)}
					waitBriefly(t, l)
					fs[1].SetResult(1)
					fs[0].SetResult(2)
					waitSettle(t, l)
					for _, c := range both {
						c.expect(t, 0)
					}
					fs[2].SetResult(3)
					waitSettle(t, l)
					for _, c := range both {
						c.expect(t, 1)
					}
					if vs, err := gather.Result(); !slices.Equal(vs, []int{2, 1, 3}) || err != nil {
						t.Error(vs, err)
					}
					want := []waitOutcome{{Value: 2}, {Value: 1}, {Value: 3}}
					if os, err := all.Result(); !slices.Equal(os, want) || err != nil {
						t.Error(os, err)
					}
				})
			})
		}
	})
	t.Run("ends with the first failure, and nothing comes after", func(t *testing.T) {
		for kind, wrap := range waitKinds {
			t.Run(kind, func(t *testing.T) {
				waitOnLoop(t, func(l *asyncio.Loop) {
					fs := waitFutures(l, 5)
					gather := waitGather(l.Context(), wrap(l, fs)...)
					calls := waitCount(gather)
					waitBriefly(t, l)
					fs[0].SetResult(1)
					fs[1].SetErr(testutil.ErrTest)
					waitSettle(t, l)
					calls.expect(t, 1)
					if err := gather.Err(); any(err) != any(testutil.ErrTest) {
						t.Error(err)
					}
					waitRest(t, l, fs)
					calls.expect(t, 1)
					if err := gather.Err(); any(err) != any(testutil.ErrTest) {
						t.Errorf("%v later", err)
					}
				})
			})
		}
	})
	t.Run("ends with the first cancellation, and nothing comes after", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			fs := waitFutures(l, 5)
			gather := waitGather(l.Context(), fs...)
			calls := waitCount(gather)
			waitBriefly(t, l)
			fs[0].SetResult(1)
			fs[1].Cancel("one of five")
			waitSettle(t, l)
			calls.expect(t, 1)
			waitCancelled(t, "the gather", gather, "one of five")
			if gather.Cancelling() != 0 {
				t.Error("the caller was asked to end")
			}
			waitRest(t, l, fs)
			calls.expect(t, 1)
			waitCancelled(t, "the gather", gather, "one of five")
		})
	})
	t.Run("the cancellation of one lets the caller go on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			f.Cancel()
			_, err := asyncio.Gather(ctx, f)
			testutil.ExpectIs(t, "Gather", err, asyncio.ErrCancelled)
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("errors as outcomes", func(t *testing.T) {
		second := errors.New("second error")
		for kind, wrap := range waitKinds {
			t.Run(kind, func(t *testing.T) {
				waitOnLoop(t, func(l *asyncio.Loop) {
					fs := waitFutures(l, 4)
					all := waitGatherAll(l.Context(), wrap(l, fs)...)
					calls := waitCount(all)
					waitBriefly(t, l)
					fs[1].SetResult(1)
					fs[2].SetErr(testutil.ErrTest)
					fs[0].SetResult(3)
					waitSettle(t, l)
					calls.expect(t, 0)
					fs[3].SetErr(second)
					waitSettle(t, l)
					calls.expect(t, 1)
					want := []waitOutcome{{Value: 3}, {Value: 1}, {Err: testutil.ErrTest}, {Err: second}}
					if os, err := all.Result(); !slices.Equal(os, want) || err != nil {
						t.Error(os, err)
					}
				})
			})
		}
	})
	t.Run("cancellations as outcomes", func(t *testing.T) {
		second := errors.New("second error")
		waitOnLoop(t, func(l *asyncio.Loop) {
			fs := waitFutures(l, 6)
			all := waitGatherAll(l.Context(), fs...)
			calls := waitCount(all)
			waitBriefly(t, l)
			fs[0].SetResult(1)
			fs[1].SetErr(testutil.ErrTest)
			fs[2].Cancel()
			waitSettle(t, l)
			calls.expect(t, 0)
			fs[3].SetResult(3)
			fs[4].Cancel()
			fs[5].SetErr(second)
			if err := l.RunUntilComplete(all); err != nil {
				t.Fatal(err)
			}
			waitSettle(t, l)
			calls.expect(t, 1)
			os, _ := all.Result()
			for _, i := range []int{2, 4} {
				testutil.ExpectIs(t, "a cancelled one", os[i].Err, asyncio.ErrCancelled)
				os[i].Err = nil
			}
			want := []waitOutcome{{Value: 1}, {Err: testutil.ErrTest}, {}, {Value: 3}, {}, {Err: second}}
			if !slices.Equal(os, want) {
				t.Error(os)
			}
		})
	})
	t.Run("of nothing is empty at once, with any context", func(t *testing.T) {
		expectEmpty := func(ctx context.Context) {
			if vs, err := asyncio.Gather[*asyncio.Task[int]](ctx); vs == nil || len(vs) != 0 || err != nil {
				t.Error(vs, err)
			}
			if os, err := asyncio.GatherAll[*asyncio.Task[int]](ctx); os == nil || len(os) != 0 || err != nil {
				t.Error(os, err)
			}
		}
		expectEmpty(context.Background())
		waitOnLoop(t, func(l *asyncio.Loop) { expectEmpty(l.Context()) })
		testutil.Succeed(t, func(ctx context.Context) error {
			turns := 0
			asyncio.RunningLoop(ctx).CallSoon(func() { turns++ })
			expectEmpty(ctx)
			if turns != 0 {
				t.Error("it took a turn")
			}
			return nil
		})
	})
	t.Run("of nothing in a task is of that task's loop", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			gather := waitGather[*asyncio.Future[int]](l.Context())
			waitBriefly(t, l)
			if vs, err := gather.Result(); gather.Loop() != l || vs == nil || len(vs) != 0 || err != nil {
				t.Error(gather.Loop(), vs, err)
			}
		})
	})
	t.Run("of futures of two loops", func(t *testing.T) {
		waitOnLoop(t, func(one *asyncio.Loop) {
			waitOnLoop(t, func(other *asyncio.Loop) {
				a, b := asyncio.NewFuture[int](one.Context()), asyncio.NewFuture[int](other.Context())
				gather := waitGather(one.Context(), a, b)
				waitBriefly(t, one)
				b.SetResult(2)
				waitBriefly(t, other)
				waitSettle(t, one)
				if gather.Done() {
					t.Fatal("done before the first future")
				}
				a.SetResult(1)
				if err := one.RunUntilComplete(gather); err != nil {
					t.Error(err)
				}
				if vs, _ := gather.Result(); !slices.Equal(vs, []int{1, 2}) {
					t.Error(vs)
				}
			})
		})
	})
	t.Run("of futures of another loop, twice", func(t *testing.T) {
		waitOnLoop(t, func(other *asyncio.Loop) {
			fs := waitFutures(other, 3)
			var gathers []*asyncio.Task[[]int]
			testutil.Succeed(t, func(context.Context) error { // on a loop of its own
				for range 2 {
					gathers = append(gathers, waitGather(other.Context(), fs...))
				}
				return nil
			})
			waitSettle(t, other)
			for _, g := range gathers {
				if g.Loop() != other || g.Done() {
					t.Errorf("%v, loop %p, want %p", g, g.Loop(), other)
				}
			}
			for i, f := range fs {
				f.SetResult(i)
			}
			waitSettle(t, other)
			for _, g := range gathers {
				if vs, err := g.Result(); !slices.Equal(vs, []int{0, 1, 2}) || err != nil {
					t.Error(vs, err)
				}
			}
		})
	})
	t.Run("made in a coroutine or with a loop that does not run", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			abc := asyncio.Delay(0, "abc")
			start := func(ctx context.Context) *asyncio.Task[[]string] {
				return waitGather(ctx, asyncio.CreateTask(ctx, abc), asyncio.CreateTask(ctx, abc))
			}
			expect := func(g *asyncio.Task[[]string]) {
				t.Helper()
				if g.Loop() != l || g.Done() {
					t.Errorf("%v, loop %p, want %p", g, g.Loop(), l)
				}
				if err := l.RunUntilComplete(g); err != nil {
					t.Error(err)
				}
				if vs, _ := g.Result(); !slices.Equal(vs, []string{"abc", "abc"}) {
					t.Error(vs)
				}
			}
			main := asyncio.CreateTask(l.Context(), func(ctx context.Context) (*asyncio.Task[[]string], error) {
				return start(ctx), nil
			})
			if err := l.RunUntilComplete(main); err != nil {
				t.Error(err)
			}
			inside, _ := main.Result()
			expect(inside)
			expect(start(l.Context()))
		})
	})
	t.Run("of one task several times", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			runs := 0
			c := asyncio.CreateTask(ctx, func(context.Context) (string, error) { runs++; return "abc", nil })
			vs, err := asyncio.Gather(ctx, c, c, asyncio.CreateTask(ctx, asyncio.Delay(0, "def")), c)
			if !slices.Equal(vs, []string{"abc", "abc", "def", "abc"}) || runs != 1 {
				t.Errorf("%v, ran %d times", vs, runs)
			}
			return err
		})
	})
	t.Run("the cancellation of the caller reaches all", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			proof := 0
			waiter := asyncio.NewFuture[asyncio.None](l.Context())
			inner := asyncio.Void(func(ctx context.Context) error {
				_, err := waiter.Await(ctx)
				if err == nil {
					proof++
				}
				return err
			})
			a, b := asyncio.CreateTask(l.Context(), inner), asyncio.CreateTask(l.Context(), inner)
			var gather *asyncio.Task[[]asyncio.None]
			outer := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				gather = waitGather(ctx, a, b)
				_, err := gather.Await(ctx)
				if err == nil {
					proof += 100
				}
				return err
			}))
			waitBriefly(t, l)
			if !outer.Cancel() {
				t.Error("Cancel of the caller is false")
			}
			testutil.ExpectIs(t, "the caller", l.RunUntilComplete(outer), asyncio.ErrCancelled)
			if gather.Cancel() {
				t.Error("Cancel of the gather that has ended is true")
			}
			for what, f := range map[string]asyncio.AnyFuture{"waiter": waiter, "a": a, "b": b, "gather": gather} {
				waitCancelled(t, what, f, "")
			}
			waitBriefly(t, l)
			if proof != 0 {
				t.Errorf("proof %d, want 0", proof)
			}
		})
	})
	t.Run("a cancellation when all are done", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			f := asyncio.NewFuture[int](l.Context())
			child := asyncio.CreateTask(l.Context(), f.Await)
			gather := waitGather(l.Context(), child)
			waitBriefly(t, l)
			var asked, taken bool
			f.AddDoneCallback(func(*asyncio.Future[int]) {
				asked, taken = child.Done() && !gather.Done(), gather.Cancel("late")
			})
			f.SetResult(42)
			l.RunUntilComplete(gather)
			if !asked || !taken {
				t.Errorf("asked in between %t, taken %t", asked, taken)
			}
			// It is the task's, which was about to go on, and not the child's.
			waitCancelled(t, "the gather", gather, "late")
			if v, err := child.Result(); v != 42 || err != nil || child.Cancelling() != 0 {
				t.Error(v, err, child.Cancelling())
			}
		})
	})
	t.Run("a cancellation of the caller is no outcome", func(t *testing.T) {
		for _, msg := range [][]string{nil, {""}, {"my message"}, {"5"}} {
			err := testutil.Run(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for range 20 {
						nap := asyncio.CreateTask(ctx, asyncio.Delay(50*time.Millisecond, 0))
						if _, err := asyncio.GatherAll(ctx, nap); err != nil {
							return err
						}
					}
					return nil
				}))
				asyncio.Sleep(ctx, 200*time.Millisecond)
				a.Cancel(msg...)
				_, err := a.Await(ctx)
				if d := elapsed(ctx, begin); d != 200*time.Millisecond {
					t.Errorf("ended after %v", d)
				}
				return err
			})
			var c *asyncio.CancelledError
			if want := strings.Join(msg, ""); !errors.As(err, &c) || c.Message != want {
				t.Errorf("%v, want a cancellation with the message %q", err, want)
			}
		}
	})
	t.Run("a second failure counts as seen", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) { // which wants no report
			fs := waitFutures(l, 2)
			boom := [2]error{testutil.ErrTest, errors.New("second error")}
			outer := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				var inner []*asyncio.Task[asyncio.None]
				for i, f := range fs {
					inner = append(inner, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						f.Await(ctx)
						return boom[i]
					})))
				}
				_, err := asyncio.Gather(ctx, inner...)
				return err
			}))
			waitSettle(t, l)
			for _, f := range fs {
				f.SetResult(0)
				waitSettle(t, l)
			}
			if tasks := asyncio.AllTasks(l); len(tasks) != 0 {
				t.Errorf("pending: %v", tasks)
			}
			if err := outer.Err(); any(err) != any(testutil.ErrTest) {
				t.Error(err)
			}
		})
	})
	t.Run("with what cannot be had, the other ends in peace", func(t *testing.T) {
		closed := asyncio.NewLoop(asyncio.WithVirtualClock())
		closed.Close()
		waitOnLoop(t, func(l *asyncio.Loop) {
			c := asyncio.CreateTask(l.Context(), asyncio.Delay(0, "abc"))
			gather := waitGather(l.Context(), c, asyncio.CreateTask(closed.Context(), asyncio.Delay(0, "def")))
			testutil.ExpectIs(t, "Gather", l.RunUntilComplete(gather), asyncio.ErrLoopClosed)
			waitSettle(t, l)
			if v, err := c.Result(); v != "abc" || err != nil {
				t.Error(v, err)
			}
		})
	})
}

func TestWaitIsNoShield(t *testing.T) {
	t.Run("and passes no cancellation on", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			proof := 0
			waiter := asyncio.NewFuture[asyncio.None](l.Context())
			var inner *asyncio.Task[asyncio.None]
			outer := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				inner = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := waiter.Await(ctx)
					if err == nil {
						proof++
					}
					return err
				}))
				_, _, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{inner}, asyncio.WaitOptions{})
				if err == nil {
					proof += 100
				}
				return err
			}))
			waitBriefly(t, l)
			outer.Cancel()
			testutil.ExpectIs(t, "outer", l.RunUntilComplete(outer), asyncio.ErrCancelled)
			if inner.Done() || inner.Cancelling() != 0 {
				t.Error("the cancellation has reached the inner task")
			}
			waiter.SetResult(asyncio.None{})
			waitBriefly(t, l)
			if proof != 1 || !inner.Done() {
				t.Errorf("proof %d, want 1; inner is done: %t", proof, inner.Done())
			}
		})
	})
}

func waitShield[A asyncio.Awaitable[T], T any](ctx context.Context, aw A) *asyncio.Task[T] {
	return asyncio.CreateTask(ctx, func(ctx context.Context) (T, error) { return asyncio.Shield(ctx, aw) })
}

func waitGather[A asyncio.Awaitable[T], T any](ctx context.Context, aws ...A) *asyncio.Task[[]T] {
	return asyncio.CreateTask(ctx, func(ctx context.Context) ([]T, error) {
		return asyncio.Gather(ctx, aws...)
	})
}

type waitOutcome = asyncio.Outcome[int]

func waitGatherAll[A asyncio.Awaitable[int]](ctx context.Context, aws ...A) *asyncio.Task[[]waitOutcome] {
	return asyncio.CreateTask(ctx, func(ctx context.Context) ([]waitOutcome, error) {
		return asyncio.GatherAll(ctx, aws...)
	})
}

// waitCalls counts the calls of a task's done callback.
type waitCalls struct {
	task asyncio.AnyTask
	n    int
}

func waitCount[T any](a *asyncio.Task[T]) *waitCalls {
	c := &waitCalls{task: a}
	a.AddDoneCallback(func(done *asyncio.Task[T]) {
		if done == a {
			c.n++
		}
	})
	return c
}

// expect checks that the task is done, if it has called back, and pending otherwise.
func (c *waitCalls) expect(t *testing.T, n int) {
	t.Helper()
	if c.n != n || c.task.Done() != (n > 0) {
		t.Errorf("done %t, %d callbacks, want %d", c.task.Done(), c.n, n)
	}
}
