package goroutines_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// completers are the ways to complete a future; each tells whether it has won.
var completers = []func(f *asyncio.Future[int], i int) bool{
	func(f *asyncio.Future[int], i int) bool { return f.SetResult(i) == nil },
	func(f *asyncio.Future[int], i int) bool { return f.SetErr(fmt.Errorf("%w %d", errFailed, i)) == nil },
	func(f *asyncio.Future[int], i int) bool { return f.Cancel(fmt.Sprint("cancelled ", i)) },
}

func TestOneOfManyCompletesFuture(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	for round := range 100 {
		f := asyncio.NewFuture[int](l.Context())
		awaiters := []*asyncio.Task[int]{
			asyncio.CreateTask(l.Context(), f.Await),
			asyncio.Go(l.Context(), f.Await),
		}
		var winner atomic.Int32
		winner.Store(-1)
		var wg sync.WaitGroup
		for i := range stressors {
			wg.Go(func() {
				complete := completers[0]
				if round%2 == 1 {
					complete = completers[i%len(completers)]
				}
				if complete(f, i) && winner.Swap(int32(i)) != -1 {
					t.Error("two have won")
				}
				if v, err := f.Await(context.Background()); err == nil && v >= stressors {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		wg.Wait()
		w := int(winner.Load())
		is := func(v int, err error) bool {
			if round%2 == 0 || w%len(completers) == 0 {
				return v == w && err == nil
			}
			return err != nil && strings.HasSuffix(err.Error(), fmt.Sprint(" ", w))
		}
		if w < 0 || !is(f.Result()) {
			t.Errorf("winner %d: %v, %v", w, f, f.Err())
		}
		for _, task := range awaiters {
			if v, err := task.Await(context.Background()); !is(v, err) {
				t.Errorf("winner %d: %v got %d, %v", w, task, v, err)
			}
		}
	}
}

// A callback has been taken back, or it runs: never both, never neither.
func TestRemoveRacesWithCompletion(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	for round := range 100 {
		f := asyncio.NewFuture[int](l.Context())
		task := asyncio.CreateTask(l.Context(), f.Await)
		if round%2 == 1 {
			task = asyncio.Go(l.Context(), f.Await)
		}
		var ran, want [stressors][2]atomic.Int32
		var wg sync.WaitGroup
		for i := range stressors {
			wg.Go(func() {
				for k, remove := range []func() bool{
					f.AddDoneCallback(func(*asyncio.Future[int]) { ran[i][0].Add(1) }),
					task.AddDoneCallback(func(*asyncio.Task[int]) { ran[i][1].Add(1) }),
				} {
					if i == k {
						f.SetResult(1)
					}
					if i%2 == 1 || !remove() {
						want[i][k].Store(1)
					}
				}
			})
		}
		wg.Wait()
		_, _ = task.Await(context.Background())
		testutil.Flush(l)
		for i := range ran {
			for k := range ran[i] {
				if got, want := ran[i][k].Load(), want[i][k].Load(); got != want {
					t.Fatalf("goroutine %d, callback %d ran %d times, want %d", i, k, got, want)
				}
			}
		}
	}
}

func TestCancelOfHandleRacesWithItsTurn(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	for range 100 {
		var ran [stressors]atomic.Int32
		handles := make([]*asyncio.Handle, stressors)
		var wg sync.WaitGroup
		for i := range handles {
			wg.Go(func() {
				f := func() { ran[i].Add(1) }
				switch i % 4 {
				case 0:
					handles[i] = l.CallSoon(f)
				case 1:
					handles[i] = l.CallLater(0, f)
				case 2:
					handles[i] = l.CallLater(time.Microsecond, f)
				case 3:
					handles[i] = l.CallAt(l.Time().Add(20*time.Microsecond), f)
				}
			})
		}
		wg.Wait()
		var cancelled [stressors]atomic.Int32
		for i := range handles {
			for range 2 {
				wg.Go(func() {
					if handles[i].Cancel() {
						cancelled[i].Add(1)
					}
				})
			}
		}
		wg.Wait()
		testutil.Flush(l)
		for i := range handles {
			if r, c := ran[i].Load(), cancelled[i].Load(); r+c != 1 || !handles[i].Cancelled() {
				t.Fatalf("handle %d: ran %d times, cancelled %d times", i, r, c)
			}
		}
	}
}

func TestPostsOfOneGoroutineAreDoneInOrder(t *testing.T) {
	const posts = 500
	check := func(t *testing.T, l *asyncio.Loop, finish func()) {
		got := make([][]int, stressors) // the loop's until it has stopped
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				for n := range posts {
					note := func() { got[i] = append(got[i], n) }
					switch n % 3 {
					case 0:
						l.CallSoon(note)
					case 1:
						asyncio.CreateTask(l.Context(), func(context.Context) (int, error) {
							note()
							return 0, nil
						})
					case 2:
						f := asyncio.NewFuture[int](l.Context())
						f.SetResult(1)
						f.AddDoneCallback(func(*asyncio.Future[int]) { note() })
					}
				}
			})
		}
		wg.Wait()
		finish()
		for i, g := range got {
			if len(g) != posts || !slices.IsSorted(g) {
				t.Errorf("goroutine %d: %d posts done, in order: %v", i, len(g), slices.IsSorted(g))
			}
		}
	}
	t.Run("running", func(t *testing.T) {
		l := testutil.RunningLoop(t)
		check(t, l, func() { testutil.Flush(l) })
	})
	t.Run("stopped", func(t *testing.T) {
		l := testutil.StrictLoop(t)
		check(t, l, func() {
			l.Stop()
			if err := l.RunForever(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestStopWakesIdleLoop(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.StrictLoop(t)
	for range 200 {
		ended := make(chan error)
		go func() { ended <- l.RunForever() }()
		for !l.IsRunning() {
			runtime.Gosched()
		}
		l.Stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyRunsLoop(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.StrictLoop(t)
	for range 50 {
		var ran atomic.Int32
		var refused, wg sync.WaitGroup
		refused.Add(stressors - 1)
		for range stressors {
			wg.Go(func() {
				err := l.RunForever()
				if err == nil {
					ran.Add(1)
					return
				}
				if !errors.Is(err, asyncio.ErrLoopRunning) {
					t.Error(err)
				}
				refused.Done()
			})
		}
		// It is stopped when the others have been turned down.
		refused.Wait()
		l.Stop()
		wg.Wait()
		if ran.Load() != 1 {
			t.Fatalf("%d have run it", ran.Load())
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func suspendedHere(ctx context.Context, f *asyncio.Future[int]) (int, error) { return f.Await(ctx) }

func TestStackAndTasksFromOtherGoroutines(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	never := asyncio.NewFuture[int](l.Context())
	var tasks []*asyncio.Task[int]
	in := make(chan struct{}, 2)
	for _, create := range creators {
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			in <- struct{}{}
			return suspendedHere(ctx, never)
		})
		<-in
		tasks = append(tasks, task)
	}
	testutil.Flush(l)
	var wg sync.WaitGroup
	for i := range stressors {
		wg.Go(func() {
			all := asyncio.AllTasks(l)
			if len(all) != len(tasks) || all[0] != asyncio.AnyTask(tasks[0]) || all[1] != asyncio.AnyTask(tasks[1]) {
				t.Errorf("AllTasks: %v", all)
			}
			task := tasks[i%2]
			for !testutil.HasFrame(task.Stack(), "suspendedHere") { // a Go task may be on its way there
				if stack := task.Stack(); stack == nil {
					t.Errorf("no stack: %v", task)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, task := range tasks {
		task.Cancel()
		_, _ = task.Await(context.Background())
	}
}

func TestCurrentTaskIsThatOfCaller(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	for _, create := range creators {
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			me := asyncio.CurrentTask(ctx)
			other := asyncio.CreateTask(ctx, func(inner context.Context) (int, error) {
				if got := asyncio.CurrentTask(ctx); got != asyncio.CurrentTask(inner) || got == me {
					t.Errorf("with another's ctx: %v", got)
				}
				return 0, nil
			})
			if _, err := other.Await(ctx); err != nil {
				t.Error(err)
			}
			if got := asyncio.CurrentTask(ctx); got != me {
				t.Errorf("after an await: %v, want %v", got, me)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if got := asyncio.CurrentTask(ctx); got != me {
					t.Errorf("in a goroutine with its ctx: %v", got)
				}
			})
			wg.Wait()
			return 0, nil
		})
		if _, err := task.Await(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// A request from another goroutine reaches a task wherever it is by then.
func TestCancelFromManyGoroutines(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	for kind, create := range creators {
		for range 50 {
			var delivered atomic.Int32
			task := create(l.Context(), func(ctx context.Context) (int, error) {
				for {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						delivered.Add(1)
						return 0, err
					}
				}
			})
			var wg sync.WaitGroup
			for range stressors {
				wg.Go(func() {
					task.Cancel()
					if task.Cancelling() == 0 {
						t.Error("Cancelling is 0")
					}
					if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) {
						t.Errorf("%s: %v", kind, err)
					}
				})
			}
			wg.Wait()
			if !task.Cancelled() || delivered.Load() > 1 || task.Cancelling() > stressors {
				t.Errorf("%s: %v, delivered %d times, %d requests", kind, task, delivered.Load(), task.Cancelling())
			}
		}
	}
}

// byAnother has f called on another goroutine and returns when it has returned.
func byAnother(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestTaskCancelledByAnotherBeforeItsFirstStepNeverRuns(t *testing.T) {
	testutil.LeaveNothing(t)
	never := func(context.Context) (int, error) {
		t.Error("it runs")
		return 0, nil
	}
	check := func(victim *asyncio.Task[int]) {
		if _, err := victim.Result(); !errors.Is(err, asyncio.ErrCancelled) {
			t.Error(err)
		}
	}
	t.Run("awaited", func(t *testing.T) {
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			victim := asyncio.CreateTask(ctx, never)
			byAnother(func() { victim.Cancel() })
			_, _ = victim.Await(ctx)
			check(victim)
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("next in line", func(t *testing.T) {
		l := testutil.StrictLoop(t)
		var victim *asyncio.Task[int]
		asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			victim = asyncio.CreateTask(ctx, never)
			byAnother(func() { victim.Cancel() })
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			return 0, nil
		})
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
		check(victim)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The request is known at once and delivered later; a scope that is made in
// between ends like those made after.
func TestScopeOfTaskThatAnotherHasCancelled(t *testing.T) {
	testutil.LeaveNothing(t)
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"WithCancel": asyncio.WithCancel,
		"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return asyncio.WithTimeout(ctx, time.Hour)
		},
		"context.WithCancel": context.WithCancel,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
				me := asyncio.CurrentTask(ctx)
				byAnother(func() { me.Cancel() })
				scope, cancel := derive(ctx)
				defer cancel()
				return 0, asyncio.Sleep(scope, time.Hour)
			})
			if !errors.Is(err, asyncio.ErrCancelled) {
				t.Error(err)
			}
		})
	}
}

// A task that is always ready never hands control to the loop's own goroutine.
func TestStackOfTaskThatKeepsYielding(t *testing.T) {
	testutil.LeaveNothing(t)
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		me := asyncio.CurrentTask(ctx)
		var stack []runtime.Frame
		var asked atomic.Bool
		go func() {
			stack = me.Stack()
			asked.Store(true)
		}()
		for !asked.Load() {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return 0, err
			}
		}
		if !testutil.HasFrame(stack, "TestStackOfTaskThatKeepsYielding") {
			t.Errorf("stack: %v", stack)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestGoTasksDoNotWaitForEachOther: a goroutine that has run a Go task goes on with others,
// but none has to wait for one that is still running.
func TestGoTasksDoNotWaitForEachOther(t *testing.T) {
	const many = 200
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		for range 20 {
			var begun sync.WaitGroup
			begun.Add(many)
			tasks := make([]*asyncio.Task[int], 2*many)
			for i := range tasks {
				tasks[i] = asyncio.Go(ctx, func(context.Context) (int, error) {
					switch {
					case i%2 == 0:
						begun.Done()
						begun.Wait() // until all of these have begun
					case i%7 == 0:
						runtime.Gosched()
					}
					return i, nil
				})
			}
			values, err := asyncio.Gather(ctx, tasks...)
			if err != nil {
				return err
			}
			for i, v := range values {
				if v != i {
					t.Errorf("task %d returned %d", i, v)
				}
			}
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

// TestContextOfATimeoutAskedByOthers: the context of a timeout ends for goroutines that
// ask for its end at any moment, also while it ends, and says what it should.
func TestContextOfATimeoutAskedByOthers(t *testing.T) {
	for _, expires := range []bool{false, true} {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			for range 200 {
				var asked sync.WaitGroup
				d, want := time.Hour, context.Canceled
				if expires {
					d, want = 0, context.DeadlineExceeded
				}
				err := asyncio.Timeout(ctx, d, func(ctx context.Context) error {
					for i := range 4 {
						asked.Go(func() {
							for range i {
								runtime.Gosched()
							}
							child, cancel := context.WithCancel(ctx)
							defer cancel()
							<-ctx.Done()
							<-child.Done()
							if ctx.Err() != want { //nolint:errorlint // contexts return these as they are
								t.Errorf("Err is %v, want %v", ctx.Err(), want)
							}
						})
					}
					return asyncio.Sleep(ctx, 0)
				})
				if expires != errors.Is(err, asyncio.ErrTimeout) {
					t.Errorf("Timeout returned %v", err)
				}
				// The loop must be free to hear of what the goroutines derive.
				_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { asked.Wait(); return 0, nil })
				if err != nil {
					return err
				}
			}
			return nil
		}))
		if err != nil {
			t.Error(err)
		}
	}
}
