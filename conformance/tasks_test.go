package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestTasksAreCreated(t *testing.T) {
	ok := func(context.Context) (string, error) { return "ok", nil }
	t.Run("each for its loop", func(t *testing.T) {
		for range 2 {
			l, _ := taskLoop(t)
			a := asyncio.CreateTask(l.Context(), ok)
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			if v, err := a.Result(); v != "ok" || err != nil || !a.Done() || a.Loop() != l {
				t.Errorf("%q, %v, done %t, its loop %t", v, err, a.Done(), a.Loop() == l)
			}
		}
	})
	t.Run("with the loop that the context leads to", func(t *testing.T) {
		l, _ := taskLoop(t)
		var inner *asyncio.Task[string]
		outer := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
			inner = asyncio.CreateTask(ctx, ok)
			return inner.Await(ctx)
		})
		if err := l.RunUntilComplete(outer); err != nil {
			t.Error(err)
		}
		if v, _ := outer.Result(); v != "ok" || outer.Loop() != l || inner.Loop() != l {
			t.Error("not on its loop")
		}
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, "no event loop") {
					t.Errorf("without a loop: %s", v)
				}
			}()
			asyncio.CreateTask(context.Background(), ok)
		}()
	})
	t.Run("of anything that has a coroutine for a method", func(t *testing.T) {
		l, now := taskLoop(t)
		for _, w := range []taskDelegate{{v: "ok"}, {v: "ok", d: time.Second}} {
			a := asyncio.CreateTask(l.Context(), w.do)
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			if v, err := a.Result(); v != "ok" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		}
		if now() != time.Second {
			t.Errorf("after %v", now())
		}
	})
	t.Run("once: a loop runs what exists as it is, and only its own", func(t *testing.T) {
		l, _ := taskLoop(t)
		other, _ := taskLoop(t)
		turns := 0
		l.CallSoon(func() { turns++ })
		f := asyncio.NewFuture[string](l.Context())
		f.SetResult("ok")
		a := asyncio.CreateTask(l.Context(), ok)
		for _, x := range []asyncio.AnyFuture{a, f} {
			if err := l.RunUntilComplete(x); err != nil {
				t.Error(err)
			}
			if n := len(asyncio.AllTasks(l)); n != 0 {
				t.Errorf("%d tasks more", n)
			}
			if err := other.RunUntilComplete(x); err == nil || !strings.Contains(err.Error(), "another loop") {
				t.Errorf("on another loop: %v", err)
			}
		}
		if turns != 1 {
			t.Errorf("the callback ran %d times", turns)
		}
	})
}

func TestTasksAreNamed(t *testing.T) {
	t.Run("Task-N, with N growing", func(t *testing.T) {
		l, _ := taskLoop(t)
		last := 0
		for range 2 {
			a := asyncio.CreateTask(l.Context(), taskSleep(0))
			m := regexp.MustCompile(`^Task-(\d+)$`).FindStringSubmatch(a.Name())
			if m == nil || !strings.Contains(a.String(), a.Name()) {
				t.Fatalf("named %s, shown as %v", a.Name(), a)
			}
			n, _ := strconv.Atoi(m[1])
			if n <= last {
				t.Errorf("%d after %d", n, last)
			}
			last = n
			l.RunUntilComplete(a)
		}
	})
	t.Run("by a number if that is what they are given", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), taskSleep(0), asyncio.WithName("987654321"))
		if a.Name() != "987654321" {
			t.Error(a.Name())
		}
		a.SetName("123456789")
		if a.Name() != "123456789" {
			t.Error(a.Name())
		}
		l.RunUntilComplete(a)
	})
}

func TestTasksAreShown(t *testing.T) {
	t.Run("with name, state and coroutine", func(t *testing.T) {
		l, _ := taskLoop(t)
		expect := func(a fmt.Stringer, words ...string) {
			t.Helper()
			for _, w := range append(words, "TestTasksAreShown") {
				if !strings.Contains(a.String(), w) {
					t.Errorf("%v: no %q in it", a, w)
				}
			}
		}
		c := func(ctx context.Context) (string, error) { return "abc", asyncio.Sleep(ctx, 0) }
		a := asyncio.CreateTask(l.Context(), c, asyncio.WithName("TestTask"))
		expect(a, "pending", "TestTask")
		a.Cancel()
		l.RunUntilComplete(a)
		expect(a, "cancelled", "TestTask")
		b := asyncio.CreateTask(l.Context(), c, asyncio.WithName("another"))
		l.RunUntilComplete(b)
		expect(b, "finished", "another")
	})
	t.Run("as cancelling from the request on", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), taskSleep(10*time.Second))
		if s := a.String(); strings.Contains(s, "cancelling") {
			t.Errorf("%s before the request", s)
		}
		a.Cancel()
		if s := a.String(); !strings.Contains(s, "cancelling") {
			t.Errorf("%s after the request", s)
		}
		l.RunUntilComplete(a)
	})
	t.Run("with where they run", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), taskOuter)
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		names, _ := a.Result()
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "task") })
		testutil.ExpectLines(t, names, "taskInner", "taskOuter")
		if s := a.String(); !strings.Contains(s, "taskOuter") {
			t.Error(s)
		}
	})
	t.Run("with where they wait", func(t *testing.T) {
		l, _ := taskLoop(t)
		f := asyncio.NewFuture[[]string](l.Context())
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) ([]string, error) {
			return f.Await(ctx)
		})
		taskTick(l)
		stack := a.Stack()
		if len(stack) < 2 || !strings.HasSuffix(stack[0].Function, ".Await") ||
			!strings.Contains(stack[1].Function, "TestTasksAreShown") {
			t.Errorf("%v", stack)
		}
		f.SetResult(nil)
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
	})
}

func TestTasksAwait(t *testing.T) {
	t.Run("coroutines and use their results", func(t *testing.T) {
		l, _ := taskLoop(t)
		inner := func(context.Context) (int, error) { return 42, nil }
		outer := func(context.Context) (int, error) { return 1000, nil }
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			v, err := inner(ctx)
			if err != nil {
				return 0, err
			}
			w, err := asyncio.CreateTask(ctx, outer).Await(ctx)
			return v + w, err
		})
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != 1042 || err != nil {
			t.Error(v, err)
		}
	})
	t.Run("nothing and return", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), func(context.Context) (string, error) { return "test", nil })
		l.RunUntilComplete(a)
		if v, err := a.Result(); v != "test" || err != nil {
			t.Error(v, err)
		}
	})
	t.Run("a failure, which arrives as it is", func(t *testing.T) {
		key := errors.New("key 3")
		for _, child := range []error{testutil.ErrTest, key} { // the second is the one that is being handled
			testutil.Succeed(t, func(ctx context.Context) error {
				fails := func(context.Context) (asyncio.None, error) { return asyncio.None{}, child }
				handle := func(error) error {
					_, err := asyncio.CreateTask(ctx, fails).Await(ctx)
					return err
				}
				err := handle(key)
				if err != child { //nolint:errorlint // it is to be the same, not to wrap it
					t.Errorf("%v, want %v itself", err, child)
				}
				if next := errors.Unwrap(err); next != nil {
					t.Errorf("it wraps %v", next)
				}
				return nil
			})
		}
	})
	t.Run("themselves in vain", func(t *testing.T) {
		l, _ := taskLoop(t)
		var a *asyncio.Task[asyncio.None]
		a = asyncio.CreateTask(l.Context(), func(ctx context.Context) (asyncio.None, error) { return a.Await(ctx) })
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(a), asyncio.ErrDeadlock)
	})
	t.Run("a future, which wakes them on the turn after it was set", func(t *testing.T) {
		l, _ := taskLoop(t)
		f := asyncio.NewFuture[*int](l.Context())
		var got *int
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) (err error) {
			got, err = f.Await(ctx)
			return err
		}))
		taskTick(l)
		want := new(int)
		f.SetResult(want)
		if got != nil || a.Done() {
			t.Error("woken at once")
		}
		taskTick(l)
		if got != want || !a.Done() || a.Err() != nil {
			t.Errorf("got %p, want %p; done %t", got, want, a.Done())
		}
	})
	t.Run("no future that they return", func(t *testing.T) {
		l, _ := taskLoop(t)
		f := asyncio.NewFuture[string](l.Context())
		a := asyncio.CreateTask(l.Context(), func(context.Context) (*asyncio.Future[string], error) {
			return f, nil
		})
		b := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer f.SetResult("test")
			return asyncio.Sleep(ctx, time.Second)
		}))
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != f || f.Done() || err != nil {
			t.Errorf("%v, which is done: %t; %v", v, f.Done(), err)
		}
		if err := l.RunUntilComplete(b); err != nil {
			t.Error(err)
		}
		if v, _ := f.Result(); v != "test" {
			t.Errorf("%q", v)
		}
	})
	t.Run("a future of another loop", func(t *testing.T) {
		l, now := taskLoop(t)
		other, _ := taskLoop(t)
		f := asyncio.NewFuture[string](other.Context())
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) { return f.Await(ctx) })
		l.CallLater(time.Second, func() { f.SetResult("from there") })
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, err := a.Result(); v != "from there" || err != nil || now() != time.Second {
			t.Errorf("%q, %v after %v", v, err, now())
		}
	})
	t.Run("and have no result but their own", func(t *testing.T) {
		l, _ := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), asyncio.Delay(0, "own"))
		if _, ok := any(a).(interface{ SetResult(v string) error }); ok {
			t.Error("a task has SetResult")
		}
		if _, ok := any(a).(interface{ SetErr(err error) error }); ok {
			t.Error("a task has SetErr")
		}
		l.RunUntilComplete(a)
		if v, err := a.Result(); v != "own" || err != nil {
			t.Error(v, err)
		}
	})
}

func TestTasksWaited(t *testing.T) {
	const ms = time.Millisecond
	type job struct {
		d   time.Duration
		err error
	}
	type options = asyncio.WaitOptions
	first, failure := options{ReturnWhen: asyncio.FirstCompleted}, options{ReturnWhen: asyncio.FirstException}
	for _, test := range []struct {
		name    string
		a, b    job
		o       options
		done    string
		pending string
		at      time.Duration
	}{
		{"all", job{d: 100 * ms}, job{d: 150 * ms}, options{}, "b a", "", 150 * ms},
		{"all, one of which fails", job{d: 100 * ms}, job{150 * ms, testutil.ErrTest}, options{}, "b a", "", 150 * ms},
		{"the first", job{d: 10 * time.Second}, job{d: 100 * ms}, first, "b", "a", 100 * ms},
		{"a failure at once", job{d: 10 * time.Second}, job{err: testutil.ErrTest}, failure, "b", "a", 0},
		{"a failure later", job{d: 10 * time.Second}, job{10 * ms, testutil.ErrTest}, failure, "b", "a", 10 * ms},
		{"a timeout", job{d: 100 * ms}, job{d: 150 * ms}, options{Timeout: 110 * ms}, "a", "b", 110 * ms},
		{"a timeout when one ends", job{d: 100 * ms}, job{d: 150 * ms}, options{Timeout: 100 * ms}, "a", "b", 100 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				create := func(name string, j job) *asyncio.Task[asyncio.None] {
					return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						if j.d > 0 {
							asyncio.Sleep(ctx, j.d)
						}
						return j.err
					}), asyncio.WithName(name))
				}
				a, b := create("a", test.a), create("b", test.b)
				wait := func() (pending []*asyncio.Task[asyncio.None]) {
					_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						var done []*asyncio.Task[asyncio.None]
						var err error
						done, pending, err = asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{b, a}, test.o)
						if taskNames(done) != test.done || taskNames(pending) != test.pending {
							t.Errorf("done %s, pending %s", taskNames(done), taskNames(pending))
						}
						for _, x := range done {
							want := test.a.err
							if x == b {
								want = test.b.err
							}
							if !errors.Is(x.Err(), want) {
								t.Errorf("%s: %v, want %v", x.Name(), x.Err(), want)
							}
						}
						return err
					})).Await(ctx)
					if err != nil {
						t.Error("Wait:", err)
					}
					if at := elapsed(ctx, begin); at != test.at {
						t.Errorf("after %v, want %v", at, test.at)
					}
					return pending
				}
				pending := wait()
				if len(pending) == 0 {
					wait() // again takes no time
				}
				for _, x := range pending {
					if x.Done() || x.Cancelled() || x.Cancelling() != 0 {
						t.Errorf("%v is not left alone", x)
					}
					if _, err := x.Await(ctx); err != nil {
						t.Error(x.Name(), err)
					}
					if at := elapsed(ctx, begin); at != max(test.a.d, test.b.d) {
						t.Errorf("%s ends after %v", x.Name(), at)
					}
				}
				return nil
			})
		})
	}
	t.Run("and sorted when the waiter goes on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			steps := func(n int) *asyncio.Task[asyncio.None] {
				return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for range n {
						asyncio.Sleep(ctx, 0)
					}
					return nil
				}))
			}
			a, b := steps(1), steps(2)
			done, pending, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{b, a}, first)
			if !slices.Equal(done, []*asyncio.Task[asyncio.None]{b, a}) || len(pending) != 0 || err != nil {
				t.Errorf("%d done, %d pending, %v", len(done), len(pending), err)
			}
			if a.Err() != nil || b.Err() != nil {
				t.Error(a.Err(), b.Err())
			}
			return nil
		})
	})
	t.Run("once if given twice", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			c := asyncio.CreateTask(ctx, asyncio.Delay(0, "test"))
			d := asyncio.CreateTask(ctx, asyncio.Delay(0, "spam"))
			done, pending, err := asyncio.Wait(ctx, []*asyncio.Task[string]{c, c, d}, options{})
			if len(pending) != 0 || err != nil {
				t.Error(len(pending), err)
			}
			testutil.ExpectLines(t, taskValues(done), "test", "spam")
			return nil
		})
	})
	t.Run("not in vain", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			if _, _, err := asyncio.Wait[asyncio.AnyFuture](ctx, nil, options{}); err == nil {
				t.Error("waits for nothing")
			}
			a := asyncio.CreateTask(ctx, taskSleep(10*time.Second))
			for _, when := range []asyncio.ReturnWhen{asyncio.FirstException + 1, 255} {
				o := options{ReturnWhen: when}
				if done, pending, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{a}, o); err == nil {
					t.Errorf("ReturnWhen %d: %d done, %d pending", when, len(done), len(pending))
				}
			}
			if a.Done() {
				t.Error("waited all the same")
			}
			a.Cancel()
			return nil
		})
	})
	t.Run("as they come out of a sequence", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			create := func(yield func(*asyncio.Task[asyncio.None]) bool) {
				for i := range 10 {
					if !yield(asyncio.CreateTask(ctx, taskSleep(time.Duration(150-5*i)*ms))) {
						return
					}
				}
			}
			done, pending, err := asyncio.Wait(ctx, slices.Collect(create), options{})
			if len(done) != 10 || len(pending) != 0 || err != nil || elapsed(ctx, begin) != 150*ms {
				t.Errorf("%d done, %d pending, %v after %v", len(done), len(pending), err, elapsed(ctx, begin))
			}
			return nil
		})
	})
}

func TestTasksAsCompleted(t *testing.T) {
	const ms = time.Millisecond
	type tasks = []*asyncio.Task[string]
	delay := func(ctx context.Context, d time.Duration, v string) *asyncio.Task[string] {
		return asyncio.CreateTask(ctx, asyncio.Delay(d, v))
	}
	t.Run("the fast before the slow", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var got []string
			b, c, a := delay(ctx, 10*ms, "b"), delay(ctx, 150*ms, "c"), delay(ctx, 10*ms, "a")
			for x := range asyncio.AsCompleted(ctx, tasks{b, c, a}) {
				v, err := x.Result()
				got = append(got, fmt.Sprint(v, " ", elapsed(ctx, begin), " ", err))
			}
			testutil.ExpectLines(t, got, "b 10ms <nil>", "a 10ms <nil>", "c 150ms <nil>")
			return nil
		})
	})
	t.Run("until the timeout", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			a, b := delay(ctx, 100*ms, "a"), delay(ctx, 150*ms, "b")
			var got []string
			for x, err := range asyncio.AsCompletedWithin(ctx, tasks{a, b}, 120*ms) {
				v := "a timeout"
				if err == nil {
					v, err = x.Result()
				} else {
					testutil.ExpectIs(t, "AsCompletedWithin", err, asyncio.ErrTimeout)
					err = nil
				}
				got = append(got, fmt.Sprint(v, " ", elapsed(ctx, begin), " ", err))
			}
			testutil.ExpectLines(t, got, "a 100ms <nil>", "a timeout 120ms <nil>")
			if b.Done() || b.Cancelling() != 0 {
				t.Error("the slow one was cancelled")
			}
			if v, err := b.Await(ctx); v != "b" || err != nil || elapsed(ctx, begin) != 150*ms {
				t.Error(v, err, elapsed(ctx, begin))
			}
			return nil
		})
	})
	t.Run("with no timeout once all are", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			n := 0
			for x, err := range asyncio.AsCompletedWithin(ctx, tasks{delay(ctx, 10*ms, "a")}, time.Second) {
				if err != nil {
					return err
				}
				if v, err := x.Result(); v != "a" || err != nil || elapsed(ctx, begin) != 10*ms {
					t.Error(v, err, elapsed(ctx, begin))
				}
				n++
				asyncio.Sleep(ctx, 2*time.Second)
			}
			if n != 1 {
				t.Errorf("%d of one", n)
			}
			return nil
		})
	})
	t.Run("from the beginning each time", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var got []string
			seq := asyncio.AsCompleted(ctx, tasks{
				delay(ctx, 1*ms, "0"), delay(ctx, 2*ms, "1"), delay(ctx, 3*ms, "2"), delay(ctx, 4*ms, "3"),
			})
			for _, n := range []int{2, 4} {
				for x := range seq {
					v, _ := x.Result()
					got = append(got, fmt.Sprint(v, " ", elapsed(ctx, begin)))
					if n--; n == 0 {
						break
					}
				}
			}
			testutil.ExpectLines(t, got, "0 1ms", "1 2ms", "0 2ms", "1 2ms", "2 3ms", "3 4ms")
			return nil
		})
	})
	t.Run("whichever is awaited first, the first to end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			b, a := delay(ctx, 100*ms, "b"), delay(ctx, 50*ms, "a")
			var got []string
			for x := range asyncio.AsCompleted(ctx, tasks{b, a}) {
				v, err := x.Await(ctx)
				got = append(got, fmt.Sprint(v, " ", elapsed(ctx, begin), " ", err))
			}
			testutil.ExpectLines(t, got, "a 50ms <nil>", "b 100ms <nil>")
			return nil
		})
	})
	t.Run("to be awaited by others", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			var others tasks
			for x := range asyncio.AsCompleted(ctx, tasks{delay(ctx, 50*ms, "a"), delay(ctx, 50*ms, "b")}) {
				others = append(others, asyncio.CreateTask(ctx, x.Await))
			}
			done, pending, err := asyncio.Wait(ctx, others, asyncio.WaitOptions{})
			if len(pending) != 0 || err != nil || elapsed(ctx, begin) != 50*ms {
				t.Error(len(pending), err, elapsed(ctx, begin))
			}
			testutil.ExpectLines(t, taskValues(done), "a", "b")
			return nil
		})
	})
	t.Run("once if given twice", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ham, spam := delay(ctx, 0, "ham"), delay(ctx, 0, "spam")
			got := slices.Collect(asyncio.AsCompleted(ctx, tasks{ham, ham, spam}))
			testutil.ExpectLines(t, taskValues(got), "ham", "spam")
			return nil
		})
	})
	t.Run("one of one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 42, nil })
			n := 0
			for x := range asyncio.AsCompleted(ctx, []*asyncio.Task[int]{a}) {
				n++
				if v, err := x.Await(ctx); v != 42 || err != nil {
					t.Error(v, err)
				}
			}
			if n != 1 {
				t.Errorf("%d of one", n)
			}
			return nil
		})
	})
}

func TestTasksSleep(t *testing.T) {
	t.Run("twice as long if they sleep twice", func(t *testing.T) {
		l, now := taskLoop(t)
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (string, error) {
			if err := asyncio.Sleep(ctx, 50*time.Millisecond); err != nil {
				return "", err
			}
			return asyncio.Delay(50*time.Millisecond, "yeah")(ctx)
		})
		if err := l.RunUntilComplete(a); err != nil {
			t.Error(err)
		}
		if v, _ := a.Result(); v != "yeah" || now() != 100*time.Millisecond {
			t.Errorf("%q after %v", v, now())
		}
	})
}

func TestTasksAreCurrent(t *testing.T) {
	nobody := func(t *testing.T, l *asyncio.Loop) {
		t.Helper()
		if a := asyncio.CurrentTask(l.Context()); a != nil {
			t.Errorf("%v is current", a)
		}
	}
	t.Run("in their steps alone", func(t *testing.T) {
		l, _ := taskLoop(t)
		nobody(t, l)
		ran := false
		var a *asyncio.Task[asyncio.None]
		a = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			ran = true
			for _, c := range []context.Context{ctx, l.Context()} {
				if who := asyncio.CurrentTask(c); who != asyncio.AnyTask(a) {
					t.Errorf("%v is current", who)
				}
			}
			return nil
		}))
		nobody(t, l)
		if err := l.RunUntilComplete(a); err != nil || !ran {
			t.Errorf("%v, ran: %t", err, ran)
		}
		nobody(t, l)
	})
	t.Run("by turns", func(t *testing.T) {
		l, _ := taskLoop(t)
		f, g := asyncio.NewFuture[asyncio.None](l.Context()), asyncio.NewFuture[asyncio.None](l.Context())
		var a, b *asyncio.Task[asyncio.None]
		var got []string
		current := func(ctx context.Context, me *asyncio.Task[asyncio.None]) {
			who := asyncio.CurrentTask(ctx)
			if who != asyncio.AnyTask(me) || asyncio.CurrentTask(l.Context()) != who {
				t.Errorf("%v is current, not %v", who, me)
			}
			got = append(got, me.Name())
		}
		a = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			current(ctx, a)
			_, err := f.Await(ctx)
			current(ctx, a)
			g.SetResult(asyncio.None{})
			return err
		}), asyncio.WithName("a"))
		b = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			current(ctx, b)
			f.SetResult(asyncio.None{})
			_, err := g.Await(ctx)
			current(ctx, b)
			return err
		}), asyncio.WithName("b"))
		nobody(t, l)
		if err := l.RunUntilComplete(b); err != nil || a.Err() != nil {
			t.Error(err, a.Err())
		}
		nobody(t, l)
		testutil.ExpectLines(t, got, "a", "b", "a", "b")
	})
}

// taskLoop makes a loop that may report nothing, and what tells how long ago that
// was on its clock.
func taskLoop(t *testing.T) (l *asyncio.Loop, now func() time.Duration) {
	t.Helper()
	var r testutil.Reports
	t.Cleanup(func() { r.Expect(t) })
	l = testutil.NewLoop(t, &r)
	begin := l.Time()
	return l, func() time.Duration { return l.Time().Sub(begin) }
}

// taskTick runs one turn of a loop.
func taskTick(l *asyncio.Loop) {
	l.Stop()
	l.RunForever()
}

func taskSleep(d time.Duration) asyncio.Coroutine[asyncio.None] {
	return asyncio.Delay(d, asyncio.None{})
}

// taskEnds runs a task that is to end as cancelled.
func taskEnds(t *testing.T, l *asyncio.Loop, a asyncio.AnyTask, message string) {
	t.Helper()
	taskCancellation(t, l.RunUntilComplete(a), message)
	if !a.Done() || !a.Cancelled() || a.Cancel() {
		t.Errorf("done %t, cancelled %t, or it may be cancelled again", a.Done(), a.Cancelled())
	}
}

func taskNames(tasks []*asyncio.Task[asyncio.None]) string {
	var names []string
	for _, a := range tasks {
		names = append(names, a.Name())
	}
	return strings.Join(names, " ")
}

func taskValues(tasks []*asyncio.Task[string]) []string {
	var values []string
	for _, a := range tasks {
		v, err := a.Result()
		if err != nil {
			v = err.Error()
		}
		values = append(values, v)
	}
	return values
}

// taskDelegate has a coroutine for a method.
type taskDelegate struct {
	v string
	d time.Duration
}

func (w taskDelegate) do(ctx context.Context) (string, error) {
	if w.d == 0 {
		return w.v, nil
	}
	return asyncio.Delay(w.d, w.v)(ctx)
}

// taskOuter returns the names of the functions that its task is in.
func taskOuter(ctx context.Context) ([]string, error) { return taskInner(ctx), nil }

func taskInner(ctx context.Context) []string {
	var names []string
	for _, f := range asyncio.CurrentTask(ctx).Stack() {
		names = append(names, f.Function[strings.LastIndexByte(f.Function, '.')+1:])
	}
	return names
}
