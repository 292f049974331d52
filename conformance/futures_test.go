package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestFutureOutcome(t *testing.T) {
	t.Run("a new future is pending until it is cancelled", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			if f.Cancelled() || f.Done() {
				t.Errorf("new: cancelled %t, done %t", f.Cancelled(), f.Done())
			}
			f.Cancel()
			if !f.Cancelled() {
				t.Error("not cancelled")
			}
			return nil
		})
	})
	for _, test := range []struct {
		name      string
		end       func(f *asyncio.Future[int]) error
		cancelled bool
		value     int
		err       error
	}{
		{"cancelled once and for all", func(f *asyncio.Future[int]) error {
			if !f.Cancel() {
				return errors.New("the future was not pending")
			}
			return nil
		}, true, 0, asyncio.ErrCancelled},
		{"set once and for all", func(f *asyncio.Future[int]) error {
			return f.SetResult(42)
		}, false, 42, nil},
		{"failed once and for all", func(f *asyncio.Future[int]) error {
			return f.SetErr(testutil.ErrTest)
		}, false, 0, testutil.ErrTest},
	} {
		t.Run(test.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				f := asyncio.NewFuture[int](ctx)
				_, err := f.Result()
				testutil.ExpectIs(t, "Result while pending", err, asyncio.ErrInvalidState)
				testutil.ExpectIs(t, "Err while pending", f.Err(), asyncio.ErrInvalidState)
				if err := test.end(f); err != nil {
					t.Error(err)
				}
				look := func(when string) {
					if !f.Done() || f.Cancelled() != test.cancelled {
						t.Errorf("%s: done %t, cancelled %t", when, f.Done(), f.Cancelled())
					}
					v, err := f.Result()
					if v != test.value {
						t.Errorf("%s: the value is %d, want %d", when, v, test.value)
					}
					testutil.ExpectIs(t, when+": Result", err, test.err)
					testutil.ExpectIs(t, when+": Err", f.Err(), test.err)
				}
				look("at first")
				testutil.ExpectIs(t, "SetResult", f.SetResult(7), asyncio.ErrInvalidState)
				testutil.ExpectIs(t, "SetErr", f.SetErr(errors.New("late")), asyncio.ErrInvalidState)
				if f.Cancel() {
					t.Error("cancelled what was done")
				}
				look("in the end")
				return nil
			})
		})
	}
	t.Run("the message of a cancellation is kept", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		f := asyncio.NewFuture[int](l.Context())
		var c *asyncio.CancelledError
		if errors.As(f.Err(), &c) {
			t.Errorf("a new future has %v", c)
		}
		f.Cancel("my message")
		f.Cancel("my new message") // too late
		for _, err := range []error{l.RunUntilComplete(f), f.Err()} {
			testutil.ExpectIs(t, "the error", err, asyncio.ErrCancelled)
			if !errors.As(err, &c) || c.Message != "my message" {
				t.Errorf("%v does not have the message", err)
			}
		}
		r.Expect(t)
	})
	t.Run("what comes too late for a cancelled future changes nothing", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error { // which expects no report
			l, begin := asyncio.RunningLoop(ctx), asyncio.RunningLoop(ctx).Time()
			f := asyncio.NewFuture[int](ctx)
			f.Cancel()
			var late error
			l.CallLater(time.Second, func() { late = f.SetResult(2) })
			// The cancellation comes just before the end of the sleep, at the same moment.
			var sleeper *asyncio.Task[asyncio.None]
			l.CallLater(time.Second, func() { sleeper.Cancel() })
			sleeper = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Second)
			}))
			_, err := sleeper.Await(ctx)
			testutil.ExpectIs(t, "the sleep", err, asyncio.ErrCancelled)
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			testutil.ExpectIs(t, "SetResult", late, asyncio.ErrInvalidState)
			if v, _ := f.Result(); !f.Cancelled() || v != 0 {
				t.Errorf("%v has %d", f, v)
			}
			if d := elapsed(ctx, begin); d != time.Second {
				t.Errorf("took %v", d)
			}
			return nil
		})
	})
	t.Run("the first await waits and the second does not", func(t *testing.T) {
		var got []string
		testutil.Succeed(t, func(ctx context.Context) error {
			l, f := asyncio.RunningLoop(ctx), asyncio.NewFuture[int](ctx)
			twice := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for range 2 {
					l.CallSoon(func() { got = append(got, "turn") })
					v, err := f.Await(ctx)
					got = append(got, fmt.Sprint(v, " ", err))
				}
				return nil
			}))
			asyncio.Sleep(ctx, 0)
			asyncio.Sleep(ctx, 0)
			got = append(got, "set")
			f.SetResult(42)
			_, err := twice.Await(ctx)
			return err
		})
		testutil.ExpectLines(t, got, "turn", "set", "42 <nil>", "42 <nil>", "turn")
	})
	t.Run("awaited five times a failed task gives the very same error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fails := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { return testutil.ErrTest }))
			panics := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) }))
			panics.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {}) // or it would be reported when it panics
			var errs, texts []string
			var same []error
			for range 5 {
				_, err := fails.Await(ctx)
				same = append(same, err)
				errs = append(errs, err.Error())
				_, err = panics.Await(ctx)
				testutil.ExpectIs(t, "the panic", err, testutil.ErrTest)
				texts = append(texts, err.Error()) // with the stack
			}
			if !slices.Equal(same, slices.Repeat([]error{testutil.ErrTest}, 5)) {
				t.Errorf("%q", same)
			}
			testutil.ExpectLines(t, errs, slices.Repeat([]string{"test error"}, 5)...)
			testutil.ExpectLines(t, texts, slices.Repeat(texts[:1], 5)...)
			return nil
		})
	})
}

func TestFutureLoop(t *testing.T) {
	t.Run("the running loop", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		made := asyncio.CreateTask(l.Context(), func(ctx context.Context) (*asyncio.Future[int], error) {
			return asyncio.NewFuture[int](ctx), nil
		})
		if err := l.RunUntilComplete(made); err != nil {
			t.Fatal(err)
		}
		if f, _ := made.Result(); f.Loop() != l {
			t.Error("the future is on another loop")
		}
	})
	t.Run("a loop that does not run", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		f := asyncio.NewFuture[int](l.Context())
		if l.IsRunning() || f.Loop() != l {
			t.Error("the future is on another loop")
		}
		f.SetResult(1)
		if err := l.RunUntilComplete(f); err != nil {
			t.Error(err)
		}
	})
	t.Run("the zero value is pending and refuses all else", func(t *testing.T) {
		type future = asyncio.Future[int]
		_, err := new(future).Result()
		testutil.ExpectIs(t, "Result", err, asyncio.ErrInvalidState)
		testutil.ExpectIs(t, "Err", new(future).Err(), asyncio.ErrInvalidState)
		if f := new(future); f.Done() || f.Cancelled() || f.String() != "<Future pending>" {
			t.Errorf("%v: done %t, cancelled %t", f, f.Done(), f.Cancelled())
		}
		for name, use := range map[string]func(f *future){
			"SetResult":       func(f *future) { f.SetResult(1) },
			"SetErr":          func(f *future) { f.SetErr(testutil.ErrTest) },
			"Cancel":          func(f *future) { f.Cancel() },
			"AddDoneCallback": func(f *future) { f.AddDoneCallback(func(*future) {}) },
			"Loop":            func(f *future) { f.Loop() },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s of a future without a loop does not panic", name)
					}
				}()
				use(new(future))
			}()
		}
	})
}

func TestFutureString(t *testing.T) {
	t.Run("shows the state", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var got []string
			for _, debug := range []bool{false, true} {
				asyncio.RunningLoop(ctx).SetDebug(debug)
				f, g := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
				h := asyncio.NewFuture[int](ctx)
				for range 10 {
					f.AddDoneCallback(func(*asyncio.Future[int]) {})
				}
				got = append(got, f.String())
				f.Cancel()
				g.SetResult(4)
				h.SetErr(testutil.ErrTest)
				got = append(got, f.String(), g.String(), h.String())
				testutil.ExpectIs(t, "Err", h.Err(), testutil.ErrTest)
			}
			want := []string{
				"<Future pending>", "<Future cancelled>", "<Future finished>", "<Future failed>",
			}
			testutil.ExpectLines(t, got, slices.Repeat(want, 2)...)
			return nil
		})
	})
	t.Run("of a task whose result has the task itself comes to an end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			task := asyncio.CreateTask(ctx, func(ctx context.Context) ([]asyncio.AnyTask, error) {
				return asyncio.AllTasks(asyncio.RunningLoop(ctx)), nil
			}, asyncio.WithName("itself"))
			all, err := asyncio.WaitFor(ctx, task, 10*time.Second)
			if err != nil {
				return err
			}
			if !slices.Contains(all, asyncio.AnyTask(task)) {
				t.Error("the task is not among all tasks")
			}
			one, list := task.String(), fmt.Sprint(all)
			if !strings.Contains(one, "itself") || !strings.Contains(list, one) {
				t.Errorf("%s\n%s", one, list)
			}
			return nil
		})
	})
	t.Run("in debug mode a task knows where it was created", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, file, line, _ := runtime.Caller(0)
			task := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
			at := task.Created()
			if len(at) == 0 {
				return errors.New("not known where")
			}
			if at[0].File != file || at[0].Line != line+1 {
				t.Errorf("in %s:%d, want line %d", filepath.Base(at[0].File), at[0].Line, line+1)
			}
			if !strings.Contains(at[0].Function, "TestFutureString") {
				t.Errorf("in %s", at[0].Function)
			}
			_, err := task.Await(ctx)
			return err
		}, asyncio.WithDebug())
	})
}

func TestFutureReports(t *testing.T) {
	for _, test := range []struct {
		name string
		drop func(ctx context.Context)
	}{
		{"none of a future that was never set", func(ctx context.Context) { asyncio.NewFuture[int](ctx) }},
		{"none of an error that was cancelled afterwards", func(ctx context.Context) {
			f := asyncio.NewFuture[int](ctx)
			f.SetErr(errors.New("dropped"))
			f.Cancel()
		}},
		{"none of a result that nobody has read", func(ctx context.Context) {
			asyncio.NewFuture[int](ctx).SetResult(42)
		}},
		{"none of a result that was read", func(ctx context.Context) {
			f := asyncio.NewFuture[int](ctx)
			f.SetResult(42)
			f.Result()
		}},
		{"none of an error that Err has read", func(ctx context.Context) {
			f := asyncio.NewFuture[int](ctx)
			f.SetErr(errors.New("dropped"))
			f.Err()
		}},
		{"none of an error that Result has read", func(ctx context.Context) {
			f := asyncio.NewFuture[int](ctx)
			f.SetErr(errors.New("dropped"))
			f.Result()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := futureReports(t, func(ctx context.Context) {
				test.drop(ctx)
				asyncio.NewFuture[int](ctx).SetErr(testutil.ErrTest) // what must be reported: the collector has run
			})
			if len(got) != 1 || !errors.Is(got[0].Err, testutil.ErrTest) {
				t.Errorf("reported: %v", got)
			}
		})
	}
	t.Run("one of an error that nobody has read, in debug mode or not", func(t *testing.T) {
		for _, opts := range [][]asyncio.Option{nil, {asyncio.WithDebug()}} {
			got := futureReports(t, func(ctx context.Context) {
				asyncio.NewFuture[int](ctx).SetErr(testutil.ErrTest)
			}, opts...)
			if len(got) != 1 {
				t.Fatalf("reported: %v", got)
			}
			testutil.ExpectIs(t, "the error", got[0].Err, testutil.ErrTest)
			m := got[0].Message
			if !strings.HasPrefix(m, "future") || !strings.Contains(m, "never retrieved") {
				t.Errorf("the message is %q", m)
			}
		}
	})
	type key struct{}
	t.Run("of a task come with what the handler has captured", func(t *testing.T) {
		foo := context.WithValue(context.Background(), key{}, "foo")
		var inTask, inHandler any
		var got []asyncio.ExceptionContext
		handler := func(_ *asyncio.Loop, e asyncio.ExceptionContext) {
			inHandler = foo.Value(key{})
			got = append(got, e)
		}
		_, err := asyncio.Run(foo, asyncio.Void(func(ctx context.Context) error {
			bar := context.WithValue(ctx, key{}, "bar")
			asyncio.CreateTask(bar, asyncio.Void(func(ctx context.Context) error {
				inTask = ctx.Value(key{})
				return testutil.ErrTest
			}))
			futureCollect(t, ctx, &got)
			return nil
		}), asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(handler))
		if err != nil || len(got) != 1 || !errors.Is(got[0].Err, testutil.ErrTest) {
			t.Errorf("%v, reported: %v", err, got)
		}
		if inTask != "bar" || inHandler != "foo" {
			t.Errorf("the task had %v, the handler %v", inTask, inHandler)
		}
	})
	t.Run("of a callback come within the turn with what the handler has captured", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			foo := context.WithValue(ctx, key{}, "foo")
			var inCallback, inHandler any
			var got []asyncio.ExceptionContext
			l := asyncio.RunningLoop(ctx)
			l.SetExceptionHandler(func(_ *asyncio.Loop, e asyncio.ExceptionContext) {
				inHandler = foo.Value(key{})
				got = append(got, e)
			})
			h := l.CallSoon(func() {
				bar := context.WithValue(foo, key{}, "bar")
				inCallback = bar.Value(key{})
				panic(testutil.ErrTest)
			})
			asyncio.Sleep(ctx, 0)
			if inCallback != "bar" || inHandler != "foo" {
				t.Errorf("the callback had %v, the handler %v", inCallback, inHandler)
			}
			if len(got) != 1 || !errors.Is(got[0].Err, testutil.ErrTest) || got[0].Handle != h {
				t.Errorf("reported: %v", got)
			}
			return nil
		})
	})
}

func TestFutureWrapped(t *testing.T) {
	t.Run("a task over a future takes over its end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, end := range []struct {
				set  func(f *asyncio.Future[int])
				want int
				err  error
			}{
				{func(f *asyncio.Future[int]) { f.SetResult(10) }, 10, nil},
				{func(f *asyncio.Future[int]) { f.SetErr(testutil.ErrTest) }, 0, testutil.ErrTest},
				{
					func(f *asyncio.Future[int]) { f.SetErr(asyncio.ErrInvalidState) },
					0, asyncio.ErrInvalidState,
				},
				{func(f *asyncio.Future[int]) { f.Cancel() }, 0, asyncio.ErrCancelled},
			} {
				f := asyncio.NewFuture[int](ctx)
				end.set(f)
				task := asyncio.CreateTask(ctx, f.Await)
				asyncio.Sleep(ctx, 0)
				v, err := task.Result()
				if v != end.want || task.Cancelled() != f.Cancelled() {
					t.Errorf("%v became %v, with %d", f, task, v)
				}
				testutil.ExpectIs(t, "the task", err, end.err)
				if err != nil && err.Error() != f.Err().Error() {
					t.Errorf("%q became %q", f.Err(), err)
				}
			}
			return nil
		})
	})
	t.Run("a job gives its value and runs beside the loop", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		said := make(chan string)
		job := asyncio.Go(l.Context(), func(context.Context) (string, error) { return <-said, nil })
		l.CallSoon(func() { said <- "oi" }) // which only another goroutine can take
		if err := l.RunUntilComplete(job); err != nil {
			t.Error(err)
		}
		if v, err := job.Result(); v != "oi" || err != nil {
			t.Error(v, err)
		}
		r.Expect(t)
	})
	t.Run("a job is on the running loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			job := asyncio.Go(ctx, asyncio.Delay(0, "oi"))
			if job.Loop() != asyncio.RunningLoop(ctx) {
				t.Error("the job is on another loop")
			}
			_, err := job.Await(ctx)
			return err
		})
	})
	t.Run("a job is on a loop that does not run", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		job := asyncio.Go(l.Context(), asyncio.Delay(0, "oi"))
		if l.IsRunning() || job.Loop() != l {
			t.Error("the job is on another loop")
		}
		if err := l.RunUntilComplete(job); err != nil {
			t.Error(err)
		}
	})
	t.Run("a future is waited for as it is", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			f.SetResult(1)
			given := []*asyncio.Future[int]{f}
			done, _, err := asyncio.Wait(ctx, given, asyncio.WaitOptions{})
			if err != nil || !slices.Equal(done, given) {
				t.Error(done, err)
			}
			if got := slices.Collect(asyncio.AsCompleted(ctx, given)); !slices.Equal(got, given) {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("the cancellation of a task reaches the pending future that it awaits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			task := asyncio.CreateTask(ctx, f.Await, asyncio.Eager())
			if !task.Cancel() {
				t.Error("the task was done")
			}
			asyncio.Sleep(ctx, 0)
			if !f.Cancelled() || !task.Cancelled() {
				t.Error(f, task)
			}
			return nil
		})
	})
	t.Run("the cancellation of a task reaches the job that it awaits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			job := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}))
			task := asyncio.CreateTask(ctx, job.Await, asyncio.Eager())
			if !task.Cancel() {
				t.Error("the task was done")
			}
			_, err := task.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			if !job.Cancelled() || !task.Cancelled() {
				t.Error(job, task)
			}
			return nil
		})
	})
	t.Run("a future that was set before the task was cancelled keeps its value", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			task := asyncio.CreateTask(ctx, f.Await, asyncio.Eager())
			f.SetResult(42)
			task.Cancel()
			asyncio.Sleep(ctx, 0)
			if v, err := f.Result(); f.Cancelled() || v != 42 || err != nil {
				t.Error(f, v, err)
			}
			if !task.Cancelled() {
				t.Error(task)
			}
			return nil
		})
	})
}

func TestFutureCallbacks(t *testing.T) {
	// A number takes the callback back that appends it, the last added first.
	for _, test := range []struct {
		name   string
		remove []int
		want   []string
	}{
		{"the first is removed twice", []int{42, 42}, []string{"42 true", "42 false", "set", "17", "100"}},
		{
			"the first and the second are removed", []int{42, 17, 42},
			[]string{"42 true", "17 true", "42 false", "set", "100"},
		},
		{
			"the third is removed twice", []int{100, 100},
			[]string{"100 true", "100 false", "set", "42", "17"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				var got []string
				f := asyncio.NewFuture[string](ctx)
				remove := map[int]func() bool{}
				for _, n := range []int{42, 17, 100} {
					remove[n] = f.AddDoneCallback(futureSay[string](&got, n))
				}
				for _, n := range test.remove {
					got = append(got, fmt.Sprint(n, " ", remove[n]()))
				}
				f.SetResult("foo")
				got = append(got, "set")
				asyncio.Sleep(ctx, 0)
				testutil.ExpectLines(t, got, test.want...)
				if v, err := f.Result(); v != "foo" || err != nil {
					t.Error(v, err)
				}
				return nil
			})
		})
	}
	t.Run("a failure runs it on the next turn", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var got []string
			f := asyncio.NewFuture[int](ctx)
			f.AddDoneCallback(futureSay[int](&got, 100))
			f.SetErr(testutil.ErrTest)
			got = append(got, "set")
			asyncio.Sleep(ctx, 0)
			testutil.ExpectLines(t, got, "set", "100")
			if !slices.Equal([]error{f.Err()}, []error{testutil.ErrTest}) {
				t.Error(f.Err())
			}
			return nil
		})
	})
	t.Run("each addition is taken back once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var got []string
			f := asyncio.NewFuture[string](ctx)
			one, two := futureSay[string](&got, 1), futureSay[string](&got, 2)
			ones := []func() bool{f.AddDoneCallback(one)}
			removeTwo := f.AddDoneCallback(two)
			if !removeTwo() || removeTwo() {
				t.Error("the second was not removed once")
			}
			f.AddDoneCallback(two)
			for range 5 {
				ones = append(ones, f.AddDoneCallback(one))
			}
			for i, remove := range ones {
				if !remove() || remove() {
					t.Errorf("addition %d of the first was not removed once", i)
				}
			}
			testutil.ExpectLines(t, got)
			f.SetResult("foo")
			asyncio.Sleep(ctx, 0)
			testutil.ExpectLines(t, got, "2")
			if v, err := f.Result(); v != "foo" || err != nil {
				t.Error(v, err)
			}
			return nil
		})
	})
	t.Run("one that removes others which are due already changes nothing", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var got []string
			f := asyncio.NewFuture[int](ctx)
			var removes []func() bool
			f.AddDoneCallback(func(*asyncio.Future[int]) {
				for _, remove := range removes {
					got = append(got, fmt.Sprint("removed ", remove()))
				}
			})
			for n := range 2 {
				removes = append(removes, f.AddDoneCallback(futureSay[int](&got, n)))
			}
			f.SetResult(1)
			asyncio.Sleep(ctx, 0)
			testutil.ExpectLines(t, got, "removed false", "removed false", "0", "1")
			return nil
		})
	})
}

// futureSay is a callback that appends n.
func futureSay[T any](got *[]string, n int) func(*asyncio.Future[T]) {
	return func(*asyncio.Future[T]) { *got = append(*got, fmt.Sprint(n)) }
}

// futureReports runs drop, which leaves futures behind, and returns what is reported
// of them when they are collected and when the loop is closed, at least once.
func futureReports(
	t *testing.T, drop func(ctx context.Context), opts ...asyncio.Option,
) (got []asyncio.ExceptionContext) {
	t.Helper()
	handler := func(_ *asyncio.Loop, e asyncio.ExceptionContext) { got = append(got, e) }
	opts = append(opts, asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(handler))
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		drop(ctx)
		futureCollect(t, ctx, &got)
		return nil
	}), opts...)
	if err != nil {
		t.Error(err)
	}
	return got
}

// futureCollect lets the garbage collector and the loop run until something was
// reported, and a little longer.
func futureCollect(t *testing.T, ctx context.Context, got *[]asyncio.ExceptionContext) {
	t.Helper()
	late := time.Now().Add(time.Minute)
	for more := 3; more > 0; {
		runtime.GC()
		runtime.Gosched()
		asyncio.Sleep(ctx, 0)
		if len(*got) > 0 {
			more--
		} else if time.Now().After(late) {
			t.Error("nothing was reported")
			return
		}
	}
}
