package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

// The tests in this file show the deliberate differences from CPython's asyncio that
// no other test is about. The table in the guide has them all.

// Every row of the table of differences names tests, and they exist.
func TestGuideNamesTestsThatExist(t *testing.T) {
	guide, err := os.ReadFile("docs/from-asyncio.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, string(source))
	}
	// A subtest must be named, as a string, in the body of its test.
	exists := func(test string) bool {
		function, sub, _ := strings.Cut(test, "/")
		return slices.ContainsFunc(sources, func(source string) bool {
			_, body, found := strings.Cut(source, "\nfunc "+function+"(t *testing.T) {\n")
			body, _, _ = strings.Cut(body, "\n}\n")
			return found && (sub == "" || strings.Contains(body, `"`+sub+`"`))
		})
	}
	_, table, found := strings.Cut(string(guide), "\n## Every deliberate difference\n")
	if !found {
		t.Fatal("the guide has no table of differences")
	}
	named := regexp.MustCompile("`(Test[^`]+)`")
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| difference |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		tests := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 3 || len(tests) == 0 {
			t.Errorf("want a difference, a reason and its tests: %s", line)
		}
		for _, test := range tests {
			if !exists(test[1]) {
				t.Errorf("there is no %s: %s", test[1], line)
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d differences found", rows)
	}
}

// The Go in the guide is Go, formatted, and knows only names that exist.
func TestGuideShowsGo(t *testing.T) {
	guide, err := os.ReadFile("docs/from-asyncio.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			code.Write(source)
		}
	}
	name := regexp.MustCompile(`asyncio\.([A-Z]\w*)`)
	n := 0
	for _, block := range strings.Split(string(guide), "\n```go\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		n++
		if formatted, err := format.Source([]byte(block)); err != nil {
			t.Errorf("%v:\n%s", err, block)
		} else if string(formatted) != block {
			t.Errorf("not formatted:\n%s", block)
		}
		for _, m := range name.FindAllStringSubmatch(block, -1) {
			declared := regexp.MustCompile(`(?m)^(func|type|var|const|\t)\s*` + m[1] + `\b`)
			if !declared.MatchString(code.String()) {
				t.Errorf("there is no %s", m[0])
			}
		}
	}
	if n < 10 {
		t.Errorf("%d pieces of Go found", n)
	}
}

func TestDifferencesOfTasks(t *testing.T) {
	t.Run("names count from one on every loop", func(t *testing.T) {
		for range 2 {
			succeed(t, func(ctx context.Context) error {
				if name := asyncio.CurrentTask(ctx).Name(); name != "Task-1" {
					t.Error(name)
				}
				return nil
			})
		}
	})
	t.Run("a coroutine function can be run many times", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			c := asyncio.Delay(time.Second, "again")
			for range 2 {
				if v, err := asyncio.CreateTask(ctx, c).Await(ctx); v != "again" || err != nil {
					t.Error(v, err)
				}
			}
			return nil
		})
	})
	t.Run("Err gives a cancellation instead of raising it", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, noop)
			a.Cancel("no")
			a.Await(ctx)
			expectIs(t, "Err", a.Err(), asyncio.ErrCancelled)
			return nil
		})
	})
	t.Run("a cancelled await of a Go task ends when its function has", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var ended, inTime bool
			working := asyncio.NewFuture[none](ctx)
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					working.SetResult(none{})
					<-ctx.Done()
					runtime.Gosched()
					ended = true
					return ctx.Err()
				})).Await(ctx)
				inTime = ended
				return err
			}))
			working.Await(ctx)
			a.Cancel()
			a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			if !inTime {
				t.Error("left its goroutine behind")
			}
			return nil
		})
	})
	t.Run("the function of a cancelled ToThread is told, and its late error heard", func(t *testing.T) {
		var r reports
		succeed(t, func(ctx context.Context) error {
			working, release := asyncio.NewFuture[none](ctx), make(chan struct{})
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					working.SetResult(none{})
					<-ctx.Done()
					<-release
					return errTest
				}))
				return err
			}))
			working.Await(ctx)
			a.Cancel()
			a.Await(ctx)
			expectState(t, "the task", a, "cancelled")
			if r.len() > 0 {
				t.Error("reported before it has ended")
			}
			close(release)
			return nil
		}, r.option())
		r.expect(t, "left to itself … test error")
	})
	t.Run("a Go task that returns nil has succeeded", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			working := asyncio.NewFuture[none](ctx)
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				working.SetResult(none{})
				<-ctx.Done()
				return "done all the same", nil
			})
			working.Await(ctx)
			a.Cancel()
			v, err := a.Await(ctx)
			expectState(t, "the task", a, "succeeded")
			if v == "" || err != nil {
				t.Error(v, err)
			}
			return nil
		})
	})
	t.Run("a task factory calls create once", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			l.SetTaskFactory(func(*asyncio.Loop, func(...asyncio.TaskOption) asyncio.AnyTask) {})
			expectPanic(t, func() { asyncio.CreateTask(ctx, noop) }, "without calling create")
			l.SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
				create()
				create()
			})
			expectPanic(t, func() { asyncio.CreateTask(ctx, noop) }, "twice")
			return nil
		})
	})
	t.Run("a text says how it stands and not with what", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f, g, h := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
			f.SetResult("secret")
			g.SetErr(errors.New("secret"))
			h.Cancel("secret")
			a := asyncio.CreateTask(ctx, g.Await, asyncio.WithName("a"))
			a.Await(ctx)
			got := fmt.Sprint(f, g, h, a)
			if !strings.HasPrefix(got, "<Future finished> <Future failed> <Future cancelled> <Task failed name=a ") ||
				strings.Contains(got, "secret") {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("values set in a task are for those below it", func(t *testing.T) {
		type key struct{}
		succeed(t, func(ctx context.Context) error {
			look := func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil }
			set := context.WithValue(ctx, key{}, "set")
			with, _ := asyncio.CreateTask(set, look).Await(ctx)
			without, _ := asyncio.CreateTask(ctx, look).Await(ctx)
			if with != "set" || without != nil {
				t.Error(with, without)
			}
			return nil
		})
	})
}

func TestDifferencesOfCancellation(t *testing.T) {
	t.Run("SetErr with a cancellation cancels the future", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[none](ctx)
			f.SetErr(&asyncio.CancelledError{Message: "set"})
			expectState(t, "the future", f, "cancelled")
			return nil
		})
	})
	t.Run("every awaiter gets the message", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(forever))
			var waiters []*asyncio.Task[none]
			for range 3 {
				waiters = append(waiters, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				})))
			}
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("why")
			for _, w := range append(waiters, a) {
				_, err := w.Await(ctx)
				var e *asyncio.CancelledError
				if !errors.As(err, &e) || e.Message != "why" {
					t.Errorf("%v", err)
				}
			}
			return nil
		})
	})
	t.Run("the message is kept by what stands between", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			refuses := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				forever(ctx)
				return nil // CPython gives the message of who is last to end
			}))
			inner := asyncio.CreateTask(ctx, asyncio.Void(forever))
			again := func(ctx context.Context) error {
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						forever(ctx)
						return errTest // so that the group fails, and delivers the cancellation again
					}))
					return forever(ctx)
				})
				expectIs(t, "WithTaskGroup", err, errTest)
				return asyncio.Sleep(ctx, 0)
			}
			tasks := map[string]*asyncio.Task[none]{
				"Gather": asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Gather(ctx, refuses)
					return err
				})),
				"Shield": asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Shield(ctx, inner)
					return err
				})),
				"WithTaskGroup": asyncio.CreateTask(ctx, asyncio.Void(again)),
			}
			asyncio.Sleep(ctx, time.Second)
			tasks["Gather"].Cancel("why")
			tasks["WithTaskGroup"].Cancel("why")
			inner.Cancel("why")
			for name, task := range tasks {
				_, err := task.Await(ctx)
				var e *asyncio.CancelledError
				if !errors.As(err, &e) || e.Message != "why" {
					t.Errorf("%s: %v", name, err)
				}
			}
			return nil
		})
	})
	t.Run("an end of Run that a task swallows is not repeated", func(t *testing.T) {
		requests := 0
		plainRun(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for asyncio.Sleep(ctx, time.Second) != nil {
					requests++
				}
				return nil
			}))
			return asyncio.Sleep(ctx, 0)
		})
		if requests != 1 {
			t.Error(requests)
		}
	})
}

func TestDifferencesOfWaiting(t *testing.T) {
	// pair makes a task that takes a second and one that takes an hour.
	pair := func(ctx context.Context) (fast, slow *asyncio.Task[string]) {
		return asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "fast")),
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "slow"))
	}
	t.Run("Gather and Shield wait at once, and a task holds them", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			both := asyncio.CreateTask(ctx, func(ctx context.Context) ([]string, error) {
				return asyncio.Gather(ctx, fast, slow)
			})
			safe := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				return asyncio.Shield(ctx, slow)
			})
			asyncio.Sleep(ctx, 0)
			safe.Cancel()
			safe.Await(ctx)
			expectState(t, "the shielded", slow, "pending")
			if vs, err := both.Await(ctx); !slices.Equal(vs, []string{"fast", "slow"}) {
				t.Error(vs, err)
			}
			return nil
		})
	})
	t.Run("a Gather in a scope that ends cancels nothing", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			scope, cancel := asyncio.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := asyncio.Gather(scope, fast, slow)
			expectIs(t, "Gather", err, asyncio.ErrTimeout)
			expectState(t, "the slow one", slow, "pending")
			_, err = slow.Await(ctx)
			return err
		})
	})
	t.Run("Wait gives lists in the order given", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var tasks []*asyncio.Task[string]
			for range 50 {
				fast, slow := pair(ctx)
				tasks = append(tasks, slow, fast)
			}
			done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: time.Minute})
			if len(done) != 50 || len(pending) != 50 || err != nil {
				t.Fatal(len(done), len(pending), err)
			}
			for i := range 50 {
				if pending[i] != tasks[2*i] || done[i] != tasks[2*i+1] {
					t.Error("out of order at", i)
				}
			}
			return endAll(ctx)
		})
	})
	t.Run("a Timeout of zero is none and less has passed", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			_, slow := pair(ctx)
			tasks := []*asyncio.Task[string]{slow}
			if _, pending, _ := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: -1}); len(pending) != 1 {
				t.Error("waited without a time")
			}
			for _, err := range asyncio.AsCompletedWithin(ctx, tasks, 0) { // which has no other meaning
				expectIs(t, "AsCompletedWithin", err, asyncio.ErrTimeout)
			}
			if done, _, _ := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{}); len(done) != 1 {
				t.Error("did not wait for all")
			}
			return nil
		})
	})
	t.Run("Wait and Race of nothing are errors", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			if _, _, err := asyncio.Wait[asyncio.AnyFuture](ctx, nil, asyncio.WaitOptions{}); err == nil {
				t.Error("Wait")
			}
			if _, err := asyncio.Race[*asyncio.Task[int]](ctx); err == nil {
				t.Error("Race")
			}
			if vs, err := asyncio.Gather[*asyncio.Task[int]](ctx); len(vs) != 0 || err != nil {
				t.Error("Gather", vs, err)
			}
			return nil
		})
	})
	t.Run("AsCompleted gives what was given", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			var got []*asyncio.Task[string]
			for f := range asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow, fast}) {
				got = append(got, f)
			}
			if !slices.Equal(got, []*asyncio.Task[string]{fast, slow}) {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("a second range over AsCompleted begins anew", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			all := asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow, fast})
			var got []*asyncio.Task[string]
			for f := range all {
				got = append(got, f)
				break
			}
			for f := range all {
				got = append(got, f)
			}
			if !slices.Equal(got, []*asyncio.Task[string]{fast, fast, slow}) {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("AsCompleted ends early and the cancellation is delivered again", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			_, slow := pair(ctx)
			var next error
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for range asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow}) {
					t.Error("nothing is done")
				}
				next = asyncio.Sleep(ctx, time.Second)
				return next
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("enough")
			a.Await(ctx)
			expectIs(t, "the next await", next, asyncio.ErrCancelled)
			expectState(t, "the slow one", slow, "pending")
			return endAll(ctx)
		})
	})
	t.Run("WaitFor gives the value beside ErrTimeout", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult("just in time") })
			v, err := asyncio.WaitFor(ctx, f, time.Second)
			expectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			if v != "just in time" {
				t.Errorf("value %q", v)
			}
			return nil
		})
	})
	t.Run("Race ends with the first and has cancelled the others", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			if v, err := asyncio.Race(ctx, slow, fast); v != "fast" || err != nil {
				t.Error(v, err)
			}
			expectState(t, "the slow one", slow, "cancelled")
			return nil
		})
	})
	t.Run("Map keeps the order and the limit", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			working, most := 0, 0
			vs, err := asyncio.Map(ctx, []int{3, 1, 2}, 2, func(ctx context.Context, n int) (int, error) {
				working++
				most = max(most, working)
				defer func() { working-- }()
				return 10 * n, asyncio.Sleep(ctx, time.Duration(n)*time.Second)
			})
			if !slices.Equal(vs, []int{30, 10, 20}) || most != 2 || err != nil {
				t.Error(vs, most, err)
			}
			return nil
		})
	})
}

func TestDifferencesOfTimeouts(t *testing.T) {
	t.Run("is ErrTimeout and no cancellation, which errors.As finds", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return fmt.Errorf("wrapped: %w", forever(ctx))
			})
			expectIs(t, "the error", err, asyncio.ErrTimeout)
			expectIs(t, "the error", err, context.DeadlineExceeded)
			if errors.Is(err, asyncio.ErrCancelled) || errors.Is(err, context.Canceled) {
				t.Error("is a cancellation")
			}
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Origin != asyncio.OriginTimeout {
				t.Errorf("%#v", e)
			}
			return nil
		})
	})
	t.Run("ends the context for the standard library", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var after error
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				if _, ok := ctx.Deadline(); !ok {
					t.Error("no deadline")
				}
				err := forever(ctx)
				after = ctx.Err()
				return err
			})
			expectIs(t, "the error", err, asyncio.ErrTimeout)
			expectIs(t, "Err of the context", after, context.DeadlineExceeded)
			if ctx.Err() != nil {
				t.Error("the context outside has ended too")
			}
			return nil
		})
	})
	t.Run("is ErrTimeout if the standard library was first", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				forever(ctx)
				return fmt.Errorf("reading: %w", context.DeadlineExceeded)
			})
			expectIs(t, "the error", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("works in a goroutine that is no task", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[none](ctx)
			go func() {
				f.SetErr(asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					return forever(ctx)
				}))
			}()
			_, err := f.Await(ctx)
			expectIs(t, "the error", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("lets a panic of the body go on", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			func() {
				defer func() {
					if recover() != "oh no" {
						t.Error("no panic")
					}
				}()
				asyncio.Timeout(ctx, time.Second, func(context.Context, *asyncio.TimeoutScope) error { panic("oh no") })
			}()
			return asyncio.Sleep(ctx, time.Hour) // the deadline is gone
		})
	})
	t.Run("no time is the zero time", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.TimeoutAt(ctx, time.Time{}, func(ctx context.Context, tm *asyncio.TimeoutScope) error {
				if !tm.When().IsZero() {
					t.Error(tm.When())
				}
				return asyncio.Sleep(ctx, 1000*time.Hour)
			})
		})
	})
	t.Run("a scope interrupts and binds, a timeout cancels", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			a := asyncio.CreateTask(scope, asyncio.Void(forever))
			b := asyncio.CreateTask(ctx, asyncio.Void(forever))
			_, err := b.Await(scope)
			expectIs(t, "Await in the scope", err, asyncio.ErrTimeout)
			asyncio.Sleep(ctx, 0)
			expectState(t, "a task made in the scope", a, "cancelled")
			expectState(t, "a task awaited in the scope", b, "pending")

			var c *asyncio.Task[none]
			err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				c = asyncio.CreateTask(ctx, asyncio.Void(forever))
				_, err := b.Await(ctx)
				return err
			})
			expectIs(t, "Timeout", err, asyncio.ErrTimeout)
			expectState(t, "a task made in the timeout", c, "pending")
			expectState(t, "a task awaited in the timeout", b, "cancelled")
			return endAll(ctx)
		})
	})
}

func TestDifferencesOfGroups(t *testing.T) {
	t.Run("errors stand in one GroupError, the body's last", func(t *testing.T) {
		err := run(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { panic("oh no") }))
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					forever(ctx)
					return errTest
				}))
				forever(tg)
				return errors.New("body")
			})
		})
		var group *asyncio.GroupError
		var panicked *asyncio.PanicError
		if !errors.As(err, &group) || len(group.Errs) != 3 {
			t.Fatal(err)
		}
		if !errors.As(group.Errs[0], &panicked) || !errors.Is(group.Errs[1], errTest) || group.Errs[2].Error() != "body" {
			t.Error(group.Errs)
		}
	})
	t.Run("a closed group makes failed tasks", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var closed *asyncio.TaskGroup
			if err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { closed = tg; return nil }); err != nil {
				return err
			}
			a := asyncio.CreateTask(closed, noop)
			expectState(t, "the task", a, "failed")
			expectIs(t, "its error", a.Err(), asyncio.ErrGroupClosed)
			return nil
		})
	})
	t.Run("Cancel is no error", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a := asyncio.CreateTask(tg, asyncio.Void(forever))
				tg.Cancel()
				err := forever(tg)
				expectIs(t, "the body", err, asyncio.ErrCancelled)
				a.Await(tg)
				expectState(t, "the task", a, "cancelled")
				return err
			})
		})
	})
	t.Run("SetLimit makes CreateTask wait", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			start := asyncio.RunningLoop(ctx).Time()
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(2)
				for range 6 {
					asyncio.CreateTask(tg, asyncio.Delay(time.Second, 0))
				}
				return nil
			})
			if took := asyncio.RunningLoop(ctx).Time().Sub(start); took != 3*time.Second {
				t.Error(took)
			}
			return err
		})
	})
	t.Run("Shutdown asks, and cancels who does not listen", func(t *testing.T) {
		var r reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					return asyncio.Stopping(ctx).Wait(ctx)
				}), asyncio.WithName("polite"))
				asyncio.CreateTask(tg, asyncio.Void(forever), asyncio.WithName("deaf"))
				tg.Shutdown(time.Minute)
				return nil
			})
		}), asyncio.WithVirtualClock(), r.option())
		if err != nil {
			t.Error(err)
		}
		r.expect(t, "asked to stop … deaf")
	})
	t.Run("WithDrain asks at the end of Run", func(t *testing.T) {
		var r reports
		var ends []string
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Stopping(ctx).Wait(ctx)
				ends = append(ends, "polite "+show(err))
				return err
			}))
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := forever(ctx)
				ends = append(ends, "deaf "+show(err))
				return err
			}), asyncio.WithName("deaf"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), asyncio.WithDrain(time.Minute), r.option())
		if err != nil {
			t.Error(err)
		}
		expectLines(t, ends, "polite no error", "deaf cancelled")
		r.expect(t, "asked to stop … deaf")
	})
	t.Run("a panic in the body goes on when all have ended", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[none]
			defer func() {
				if recover() != "oh no" {
					t.Error("no panic")
				}
				expectState(t, "the task", a, "cancelled")
			}()
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(tg, asyncio.Void(forever))
				panic("oh no")
			})
		})
	})
	t.Run("works in a goroutine that is no task", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[none](ctx)
			go func() {
				f.SetErr(asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, fail(errTest))
					return nil
				}))
			}()
			_, err := f.Await(ctx)
			expectIs(t, "the group", err, errTest)
			return nil
		})
	})
}

func TestDifferencesOfLocks(t *testing.T) {
	t.Run("belong to no loop and no goroutine", func(t *testing.T) {
		var lock asyncio.Lock
		queue := asyncio.NewQueue[int](1)
		count := 0
		work := func(ctx context.Context) error {
			for range 100 {
				if err := lock.With(ctx, func() error { count++; return nil }); err != nil {
					return err
				}
				if err := queue.Put(ctx, 1); err != nil {
					return err
				}
			}
			return nil
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { plainRun(t, work) })
		}
		all.Go(func() {
			if err := work(context.Background()); err != nil {
				t.Error(err)
			}
		})
		plainRun(t, func(ctx context.Context) error {
			for range 300 {
				if _, err := queue.Get(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		all.Wait()
		if count != 300 {
			t.Error(count)
		}
	})
	t.Run("misuse is an error", func(t *testing.T) {
		var lock asyncio.Lock
		expectIs(t, "Lock.Release", lock.Release(), asyncio.ErrNotAcquired)
		expectIs(t, "BoundedSemaphore.Release", asyncio.NewBoundedSemaphore(1).Release(), asyncio.ErrNotAcquired)
		cond := asyncio.NewCondition(nil)
		expectIs(t, "Condition.Notify", cond.Notify(1), asyncio.ErrNotAcquired)
		expectIs(t, "Condition.Wait", cond.Wait(context.Background()), asyncio.ErrNotAcquired)
		if asyncio.NewQueue[int](0).TaskDone() == nil {
			t.Error("Queue.TaskDone")
		}
		if err := asyncio.NewSemaphore(0).Release(); err != nil {
			t.Error("Semaphore.Release", err)
		}
	})
	t.Run("With releases also after a panic", func(t *testing.T) {
		var lock asyncio.Lock
		func() {
			defer func() { recover() }()
			lock.With(context.Background(), func() error { panic("oh no") })
		}()
		if !lock.TryAcquire() {
			t.Error("still held")
		}
	})
	t.Run("impossible sizes panic", func(t *testing.T) {
		expectPanic(t, func() { asyncio.NewSemaphore(-1) }, "not negative")
		expectPanic(t, func() { asyncio.NewBoundedSemaphore(-1) }, "not negative")
		expectPanic(t, func() { asyncio.NewBarrier(0) }, "at least one")
	})
	t.Run("Abort and Reset do not wait", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			barrier := asyncio.NewBarrier(2)
			wait := asyncio.Void(func(ctx context.Context) error {
				_, err := barrier.Wait(ctx)
				return err
			})
			for _, end := range []func(){barrier.Reset, barrier.Abort} {
				a := asyncio.CreateTask(ctx, wait)
				asyncio.Sleep(ctx, 0)
				asyncio.RunningLoop(ctx).CallSoon(end) // where nothing can wait
				_, err := a.Await(ctx)
				expectIs(t, "Wait", err, asyncio.ErrBrokenBarrier)
			}
			return nil
		})
	})
	t.Run("a Condition's Wait in a closed loop has no lock", func(t *testing.T) {
		var r reports
		l := newLoop(t, &r)
		var lock asyncio.Lock
		cond := asyncio.NewCondition(&lock)
		lock.TryAcquire()
		waited := make(chan error, 1)
		asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error {
			err := cond.Wait(ctx)
			waited <- err
			return err
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), noop))
		until(t, "the lock is free", lock.TryAcquire) // and now somebody else's
		l.Close()
		expectIs(t, "Wait", <-waited, asyncio.ErrLoopClosed)
	})
}

func TestDifferencesOfQueues(t *testing.T) {
	t.Run("a PriorityQueue keeps the order of equals", func(t *testing.T) {
		type job struct{ priority, number int }
		queue := asyncio.NewPriorityQueue(0, func(a, b job) bool { return a.priority < b.priority })
		for i := range 50 {
			queue.PutNoWait(job{i % 3, i})
		}
		last := job{-1, -1}
		for !queue.Empty() {
			j, _ := queue.GetNoWait()
			if j.priority < last.priority || j.priority == last.priority && j.number < last.number {
				t.Error(last, "before", j)
			}
			last = j
		}
	})
	t.Run("a goroutine that is woken is promised its item", func(t *testing.T) {
		queue := asyncio.NewQueue[int](0)
		got := make(chan int, 1)
		go func() {
			n, _ := queue.Get(context.Background())
			got <- n
		}()
		until(t, "the goroutine waits", func() bool { return strings.Contains(queue.String(), "getters=1") })
		queue.PutNoWait(42)
		_, err := queue.GetNoWait()
		expectIs(t, "GetNoWait", err, asyncio.ErrQueueEmpty)
		if n := <-got; n != 42 {
			t.Error(n)
		}
	})
	t.Run("All ends at a shutdown and tells what else has ended it", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			queue := asyncio.NewQueue[int](0)
			for n := range 3 {
				queue.PutNoWait(n)
			}
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			var got []int
			var last error
			for n, err := range queue.All(scope) {
				if err != nil {
					last = err
					break
				}
				got = append(got, n)
			}
			expectIs(t, "All in a scope", last, asyncio.ErrTimeout)
			queue.PutNoWait(3)
			queue.Shutdown()
			for n, err := range queue.All(ctx) {
				if err != nil {
					t.Error(err)
				}
				got = append(got, n)
			}
			if !slices.Equal(got, []int{0, 1, 2, 3}) {
				t.Error(got)
			}
			return nil
		})
	})
}

func TestDifferencesOfLoops(t *testing.T) {
	t.Run("debug mode knows who was never asked for", func(t *testing.T) {
		var r reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, noop, asyncio.WithName("forgotten"))
			if at := a.Created(); len(at) == 0 || !strings.HasSuffix(at[0].File, "differences_test.go") {
				t.Error("made at", at)
			}
			asyncio.Sleep(ctx, 0)
			runtime.KeepAlive(a)
			return nil
		}), asyncio.WithVirtualClock(), asyncio.WithDebug(), r.option())
		if err != nil {
			t.Error(err)
		}
		r.expect(t, "forgotten")
	})
	t.Run("CallSoon on a closed loop gives a cancelled handle", func(t *testing.T) {
		h := closedLoop(t).CallSoon(func() { t.Error("called") })
		if !h.Cancelled() {
			t.Error("not cancelled")
		}
	})
	t.Run("CallSoon from elsewhere comes behind those of the turn", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			var order []string
			note := func(s string) func() { return func() { order = append(order, s) } }
			elsewhere(func() { l.CallSoon(note("from elsewhere")) })
			l.CallSoon(note("on the loop"))
			l.CallSoon(func() {
				note("last of the turn")()
				l.CallSoon(note("next turn"))
			})
			for range 2 {
				asyncio.Sleep(ctx, 0)
			}
			expectLines(t, order, "on the loop", "last of the turn", "from elsewhere", "next turn")
			return nil
		})
	})
	t.Run("a run leaves no stop for the next", func(t *testing.T) {
		l := newLoop(t, new(reports))
		f := asyncio.NewFuture[none](l.Context())
		l.CallSoon(func() {
			f.SetResult(none{})
			l.Stop()
		})
		if err := l.RunUntilComplete(f); err != nil {
			t.Error(err)
		}
		turns := 0
		var turn func()
		turn = func() {
			if turns++; turns == 3 {
				l.Stop()
				return
			}
			l.CallSoon(turn)
		}
		l.CallSoon(turn)
		if err := l.RunForever(); err != nil || turns != 3 {
			t.Errorf("%v after %d turns", err, turns)
		}
	})
	t.Run("the options make the loop", func(t *testing.T) {
		took, err := asyncio.Run(context.Background(), func(ctx context.Context) (time.Duration, error) {
			l := asyncio.RunningLoop(ctx)
			if !l.Debug() {
				t.Error("not in debug mode")
			}
			begin := l.Time()
			err := asyncio.Sleep(ctx, time.Hour)
			return l.Time().Sub(begin), err
		}, asyncio.WithVirtualClock(), asyncio.WithDebug())
		if took != time.Hour || err != nil {
			t.Error(took, err)
		}
	})
	t.Run("what was set is replaced, and unset by nil", func(t *testing.T) {
		h := captureLog(t, nil)
		l := newLoop(t, new(reports))
		var told []string
		for _, who := range []string{"a", "b", ""} {
			l.SetExceptionHandler(nil)
			l.SetTaskFactory(nil)
			if who != "" {
				l.SetExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { told = append(told, who) })
				l.SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
					create(asyncio.WithName("made by " + who))
				})
			}
			a := asyncio.CreateTask(l.Context(), noop)
			l.CallSoon(func() { panic(errTest) })
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			told = append(told, a.Name())
		}
		expectLines(t, told, "a", "made by a", "b", "made by b", "Task-1")
		if len(h.list) != 1 || !strings.Contains(h.list[0].message, "panic in callback") {
			t.Errorf("logged: %v", h.list)
		}
	})
	t.Run("Loop of a closed Runner is its closed loop", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		l := r.Loop()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if r.Loop() != l || !l.IsClosed() {
			t.Errorf("%p, want %p; closed %t", r.Loop(), l, l.IsClosed())
		}
		_, err := asyncio.RunOn(r, context.Background(), noop)
		expectIs(t, "RunOn", err, asyncio.ErrLoopClosed)
	})
	t.Run("the end of Run waits for as long as the grace", func(t *testing.T) {
		var took time.Duration
		var r reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			start := l.Time()
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				defer func() { took = l.Time().Sub(start) }()
				forever(ctx)
				return forever(ctx)
			}), asyncio.WithName("stubborn"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.option())
		if took != asyncio.DefaultGrace {
			t.Error(took)
		}
		expectIs(t, "Run", err, asyncio.ErrGraceExceeded)
		r.expect(t, "destroyed … stubborn")
	})
}
