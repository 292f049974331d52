// No error and no panic that nobody asks for stays unheard, and none is told twice: who hears
// of it, when, and in which words.
package heard_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// failed makes one of each kind that has failed, or is about to, and lets go of it.
var failed = map[string]func(ctx context.Context){
	"task": func(ctx context.Context) {
		asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("lost"))
	},
	"Go task": func(ctx context.Context) { asyncio.Go(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("lost")) },
	"future":  func(ctx context.Context) { asyncio.NewFuture[asyncio.None](ctx).SetErr(testutil.ErrTest) },
}

func TestDroppedErrorIsHeardWhileTheProcessIsIdle(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	for name, drop := range failed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 10)
			testutil.Within(t, func() {
				_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
					drop(ctx)
					return asyncio.Sleep(ctx, testutil.Patience)
				}), asyncio.WithExceptionHandler(func(l *asyncio.Loop, c asyncio.ExceptionContext) {
					heard <- c.Message
					for _, main := range asyncio.AllTasks(l) {
						main.Cancel() // before its time is over
					}
				}))
				testutil.ExpectIs(t, "Run", err, asyncio.ErrCancelled)
			})
			if len(heard) != 1 || !strings.HasSuffix(<-heard, "error was never retrieved") {
				t.Errorf("heard %d times", len(heard))
			}
		})
	}
}

func TestDroppedErrorIsHeardWhileNoLoopRuns(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	heard := make(chan struct{}, 10)
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(l *asyncio.Loop, c asyncio.ExceptionContext) {
		asyncio.AllTasks(l) // it may ask
		heard <- struct{}{}
	}))
	failed["task"](l.Context())
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	testutil.Wait(t, heard)
	if err := l.Close(); err != nil || len(heard) != 0 {
		t.Errorf("%v, heard %d times more", err, len(heard))
	}
}

// As the README and the package comment have it.
func TestKeptErrorIsHeardAfterAMinute(t *testing.T) {
	if asyncio.DefaultUnheardAfter != time.Minute {
		t.Error(asyncio.DefaultUnheardAfter)
	}
}

func TestKeptErrorThatNobodyHasAskedForIsHeardOnce(t *testing.T) {
	t.Parallel()
	var r testutil.Reports
	told := make(chan struct{}, 10)
	var kept, called *asyncio.Task[asyncio.None]
	testutil.Within(t, func() {
		_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
			called = asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("called"))
			called.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {})
			kept = asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("kept"))
			asked := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("asked"))
			asyncio.Sleep(ctx, 0)
			testutil.ExpectIs(t, "Err", asked.Err(), testutil.ErrTest)
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				testutil.Wait(t, told)
				return nil
			}))
			return err
		}), asyncio.WithUnheardAfter(time.Millisecond), asyncio.WithExceptionHandler(
			func(l *asyncio.Loop, c asyncio.ExceptionContext) {
				r.Add(l, c)
				told <- struct{}{}
			}))
		if err != nil {
			t.Error(err)
		}
	})
	r.Expect(t, "kept … has failed … ago and nobody has asked: kept: test error",
		"called … never retrieved … test error") // at the end: who has a callback could have asked
	runtime.KeepAlive([]any{kept, called})
}

// likeness is what a handler is told of an error.
func likeness(c asyncio.ExceptionContext) string {
	if c.Task == nil {
		return fmt.Sprint(c.Message, c.Err, c.Future)
	}
	return fmt.Sprint(c.Message, c.Err, c.Task, c.Task.Name(), c.Task.Coro(), c.Task.Created(), c.Task.Err())
}

func TestErrorIsHeardInTheSameFormWhoeverFindsOut(t *testing.T) {
	for _, debug := range []bool{false, true} {
		// heard returns what is told of one failure, with the task kept or not.
		heard := func(keep bool, name string) (all []string) {
			var mu sync.Mutex
			count := func() int {
				mu.Lock()
				defer mu.Unlock()
				return len(all)
			}
			opts := []asyncio.Option{asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
				func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
					mu.Lock()
					defer mu.Unlock()
					all = append(all, likeness(c))
				})}
			if debug {
				opts = append(opts, asyncio.WithDebug())
			}
			var kept any
			_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName(name))
				if keep {
					kept = a
				}
				asyncio.Sleep(ctx, 0)
				if !keep {
					testutil.Until(t, "it is collected", func() bool {
						runtime.GC()
						asyncio.Sleep(ctx, 0)
						return count() > 0
					})
				}
				return nil
			}), opts...)
			if err != nil {
				t.Error(err)
			}
			runtime.KeepAlive(kept)
			return all
		}
		for _, name := range []string{"named", ""} {
			atEnd, collected := heard(true, name), heard(false, name)
			if len(atEnd) != 1 || !slices.Equal(atEnd, collected) || !strings.Contains(atEnd[0], "<Task failed name=") {
				t.Errorf("debug %t: at the end\n%q\ncollected\n%q", debug, atEnd, collected)
			} else if strings.Contains(atEnd[0], "heard_test.go") != debug {
				t.Errorf("debug %t: where it was created: %q", debug, atEnd)
			}
		}
	}
}

func TestPanicThatNobodyAwaitsIsHeardAtOnce(t *testing.T) {
	explodes := asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) })
	for name, create := range map[string]func(ctx context.Context) *asyncio.Task[asyncio.None]{
		"task":    func(ctx context.Context) *asyncio.Task[asyncio.None] { return asyncio.CreateTask(ctx, explodes) },
		"Go task": func(ctx context.Context) *asyncio.Task[asyncio.None] { return asyncio.Go(ctx, explodes) },
		"eager task": func(ctx context.Context) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, explodes, asyncio.Eager())
		},
		"child awaited by one that nobody awaits": func(ctx context.Context) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, explodes).Await(ctx)
				return err
			}))
		},
		"one whose callback was taken back": func(ctx context.Context) *asyncio.Task[asyncio.None] {
			a := asyncio.CreateTask(ctx, explodes)
			for range 2 {
				a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {})()
			}
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r testutil.Reports
			plain := func(ctx context.Context) error {
				a := create(ctx)
				asyncio.Sleep(ctx, time.Second)
				if r.Len() != 1 {
					t.Errorf("heard %d times after a second", r.Len())
				}
				testutil.ExpectIs(t, "Err", a.Err(), testutil.ErrTest)
				return nil
			}
			testutil.Within(t, func() {
				if _, err := asyncio.Run(t.Context(), asyncio.Void(plain), asyncio.WithVirtualClock(), r.Option()); err != nil {
					t.Error(err)
				}
			})
			r.Expect(t, "panicked and nobody awaits it … test error")
		})
	}
	for name, await := range map[string]func(ctx context.Context, a *asyncio.Task[asyncio.None]){
		"Await":        func(ctx context.Context, a *asyncio.Task[asyncio.None]) { a.Await(ctx) },
		"Gather":       func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.Gather(ctx, a) },
		"Shield":       func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.Shield(ctx, a) },
		"Race":         func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.Race(ctx, a) },
		"WaitFor":      func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.WaitFor(ctx, a, time.Hour) },
		"FirstSuccess": func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.FirstSuccess(ctx, a) },
		"Wait, and Err": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{a}, asyncio.WaitOptions{})
			_ = a.Err()
		},
		"a callback that asks": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			a.AddDoneCallback(func(a *asyncio.Task[asyncio.None]) { _ = a.Err() })
			asyncio.Sleep(ctx, time.Second)
		},
		"a goroutine": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				a.Await(context.Background())
				return nil
			}))
		},
	} {
		t.Run("not with "+name, func(t *testing.T) {
			testutil.PlainRun(t, func(ctx context.Context) error {
				begin := asyncio.NewFuture[asyncio.None](ctx)
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					begin.Await(ctx)
					panic(testutil.ErrTest)
				}))
				asyncio.RunningLoop(ctx).CallLater(time.Millisecond, func() { begin.SetResult(asyncio.None{}) })
				await(ctx, a)
				return nil
			})
		})
	}
	t.Run("not in a group", func(t *testing.T) {
		testutil.PlainRun(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, explodes)
				return nil
			})
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			return nil
		})
	})
	t.Run("not of the main of Run", func(t *testing.T) {
		testutil.ExpectIs(t, "Run", testutil.Run(t, func(context.Context) error { panic(testutil.ErrTest) }), testutil.ErrTest)
	})
}

func TestErrorBehindAShieldIsLikeAnyOther(t *testing.T) {
	leaveShield := func(ctx context.Context) *asyncio.Task[asyncio.None] {
		job := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			asyncio.Sleep(ctx, 20*time.Millisecond)
			return testutil.ErrTest
		}), asyncio.WithName("job"))
		err := asyncio.Timeout(ctx, 10*time.Millisecond, func(ctx context.Context) error {
			_, err := asyncio.Shield(ctx, job)
			return err
		})
		testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
		return job
	}
	t.Run("nothing is said if somebody asks", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, err := leaveShield(ctx).Await(ctx)
			testutil.ExpectIs(t, "Await", err, testutil.ErrTest)
			return nil
		})
	})
	t.Run("it is reported if nobody does", func(t *testing.T) {
		testutil.RunReporting(t, func(ctx context.Context) error {
			leaveShield(ctx)
			return asyncio.Sleep(ctx, time.Second)
		}).Expect(t, "job … never retrieved … test error")
	})
}

// A handler is called by others than the collector's own goroutine, on which it would
// hold up the clean-ups of the whole process, and by no owner of a loop that rests.
func TestHandlerThatBlocksOrExitsHoldsUpNobody(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	heard := map[string]chan struct{}{}
	loops := map[string]*asyncio.Loop{}
	for name, then := range map[string]func(){
		"blocks":  func() { <-release },
		"exits":   runtime.Goexit,
		"panics":  func() { panic("in the handler") },
		"returns": func() {},
	} {
		heard[name] = make(chan struct{}, 10)
		loops[name] = asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
			func(*asyncio.Loop, asyncio.ExceptionContext) {
				heard[name] <- struct{}{}
				then()
			}))
	}
	testutil.CaptureLog(t, nil)
	for _, l := range loops {
		for range 3 {
			failed["task"](l.Context())
		}
		l.CallSoon(func() { l.CallSoon(l.Stop) })
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]int{"blocks": 1, "exits": 3, "panics": 3, "returns": 3} {
		testutil.Until(t, name, func() bool {
			runtime.GC()
			return len(heard[name]) == want
		})
	}
	for name, l := range loops {
		if name == "blocks" {
			continue // Close calls it for those that are left
		}
		testutil.Within(t, func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseDoesNotWaitForAHandlerThatBlocks(t *testing.T) {
	release, heard := make(chan struct{}), make(chan struct{})
	defer close(release)
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
		func(*asyncio.Loop, asyncio.ExceptionContext) {
			close(heard)
			<-release
		}))
	failed["task"](l.Context())
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	testutil.Until(t, "it is heard", func() bool {
		runtime.GC()
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
	testutil.Within(t, func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What is collected while the loop of the bubble sleeps must not have its clean-up wake
// that from outside.
func TestNothingDiesInABubble(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var r testutil.Reports
			_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				for _, drop := range failed {
					drop(ctx)
				}
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic(testutil.ErrTest) }))
				asyncio.Sleep(ctx, time.Hour)
				if r.Len() != 1 {
					t.Errorf("heard %d times of a panic", r.Len())
				}
				go func() {
					for range 5 {
						time.Sleep(time.Second) // the loop sleeps
						runtime.GC()
					}
				}()
				return asyncio.Sleep(ctx, time.Hour)
			}), r.Option())
			if err != nil || r.Len() != 1+len(failed) {
				t.Errorf("%v, heard %d times", err, r.Len())
			}
		})
	}
}

func TestManyErrorsAreFewLines(t *testing.T) {
	n := testutil.Scaled(100_000)
	h := testutil.CaptureLog(t, nil)
	others := []error{errors.New("of another text"), fmt.Errorf("of another type: %w", testutil.ErrTest)}
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		for i := range n {
			asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest))
			asyncio.CreateTask(ctx, testutil.Fail(fmt.Errorf("number %d", i)))
		}
		for _, err := range others {
			asyncio.CreateTask(ctx, testutil.Fail(err))
		}
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Error(err)
	}
	lines := h.All()
	errs := 0
	for _, line := range lines {
		if more, ok := line.Attrs["more"]; ok {
			errs += int(more.Int64())
		} else {
			errs++
		}
	}
	if errs != 2*n+len(others) || len(lines) > 30 {
		t.Errorf("%d lines tell of %d errors, want few of %d", len(lines), errs, 2*n+len(others))
	}
	for _, err := range others {
		if !slices.ContainsFunc(lines, func(r testutil.LogRecord) bool { return strings.Contains(r.String(), err.Error()) }) {
			t.Errorf("not a word of %v", err)
		}
	}
}

// payloadError is an error that is large.
type payloadError struct{ payload *[64 << 10]byte }

func (payloadError) Error() string { return "large" }

func TestRetrievedErrorIsGoneWithTheNextCollection(t *testing.T) {
	for name, retrieve := range map[string]func(ctx context.Context, a *asyncio.Task[asyncio.None]){
		"awaited before the end": func(ctx context.Context, a *asyncio.Task[asyncio.None]) { a.Await(ctx) },
		"asked after the end": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			asyncio.Sleep(ctx, 0)
			_ = a.Err()
		},
		"asked elsewhere": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			asyncio.Sleep(ctx, 0)
			testutil.Elsewhere(func() { _ = a.Err() })
		},
		"gathered": func(ctx context.Context, a *asyncio.Task[asyncio.None]) { asyncio.GatherAll(ctx, a) },
		"in a group": func(ctx context.Context, a *asyncio.Task[asyncio.None]) {
			_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				_, err := a.Await(tg)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				const n = 50
				var held []weak.Pointer[[64 << 10]byte]
				for range n {
					func() {
						payload := new([64 << 10]byte)
						held = append(held, weak.Make(payload))
						retrieve(ctx, asyncio.CreateTask(ctx, testutil.Fail(payloadError{payload})))
					}()
				}
				asyncio.Sleep(ctx, 0)
				runtime.GC()
				left := 0
				for _, p := range held {
					if p.Value() != nil {
						left++
					}
				}
				if left > 2 { // one may be somewhere on the stack
					t.Errorf("%d of %d are left", left, n)
				}
				return nil
			})
		})
	}
}

// Who cancels what has failed has dealt with it, as in CPython, from wherever that is.
func TestCancelOfWhatHasFailedCountsAsHavingSeenIt(t *testing.T) {
	for name, from := range map[string]func(func()){
		"on the loop":    func(f func()) { f() },
		"by a goroutine": testutil.Elsewhere,
		"by another loop": func(f func()) {
			testutil.Elsewhere(func() { testutil.RunReporting(t, func(context.Context) error { f(); return nil }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var kept []any
			testutil.RunReporting(t, func(ctx context.Context) error {
				failed := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest))
				future := asyncio.NewFuture[int](ctx)
				_ = future.SetErr(testutil.ErrTest)
				asyncio.Sleep(ctx, 0)
				for _, a := range []interface{ Cancel(...string) bool }{failed, future} {
					kept = append(kept, a)
					from(func() {
						if a.Cancel() {
							t.Errorf("a cancellation of %v is taken", a)
						}
					})
				}
				return nil
			}).Expect(t)
			runtime.KeepAlive(kept)
		})
	}
}
