package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
)

// failed makes one of each kind that has failed, or is about to, and lets go of it.
var failed = map[string]func(ctx context.Context){
	"task":    func(ctx context.Context) { asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("lost")) },
	"Go task": func(ctx context.Context) { asyncio.Go(ctx, fail(errTest), asyncio.WithName("lost")) },
	"future":  func(ctx context.Context) { asyncio.NewFuture[none](ctx).SetErr(errTest) },
}

// inProcess runs a test in a process of its own, and reports whether the caller is that.
func inProcess(t *testing.T) bool {
	t.Helper()
	const name = "ASYNCIO_TEST_PROCESS"
	if os.Getenv(name) == t.Name() {
		return true
	}
	t.Parallel()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), name+"="+t.Name())
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

func TestDroppedErrorIsHeardWhileTheProcessIsIdle(t *testing.T) {
	if !inProcess(t) {
		return
	}
	for name, drop := range failed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 10)
			within(t, func() {
				_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
					drop(ctx)
					return asyncio.Sleep(ctx, patience)
				}), asyncio.WithExceptionHandler(func(l *asyncio.Loop, c asyncio.ExceptionContext) {
					heard <- c.Message
					for _, main := range asyncio.AllTasks(l) {
						main.Cancel() // before its time is over
					}
				}))
				expectIs(t, "Run", err, asyncio.ErrCancelled)
			})
			if len(heard) != 1 || !strings.HasSuffix(<-heard, "error was never retrieved") {
				t.Errorf("heard %d times", len(heard))
			}
		})
	}
}

func TestDroppedErrorIsHeardWhileNoLoopRuns(t *testing.T) {
	if !inProcess(t) {
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
	wait(t, heard)
	if err := l.Close(); err != nil || len(heard) != 0 {
		t.Errorf("%v, heard %d times more", err, len(heard))
	}
}

func TestKeptErrorThatNobodyHasAskedForIsHeardOnce(t *testing.T) {
	t.Parallel()
	var r reports
	told := make(chan struct{}, 10)
	var kept, called *asyncio.Task[none]
	within(t, func() {
		_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
			called = asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("called"))
			called.AddDoneCallback(func(*asyncio.Task[none]) {})
			kept = asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("kept"))
			asked := asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName("asked"))
			asyncio.Sleep(ctx, 0)
			expectIs(t, "Err", asked.Err(), errTest)
			_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				wait(t, told)
				return nil
			}))
			return err
		}), asyncio.WithUnheardAfter(time.Millisecond), asyncio.WithExceptionHandler(
			func(l *asyncio.Loop, c asyncio.ExceptionContext) {
				r.add(l, c)
				told <- struct{}{}
			}))
		if err != nil {
			t.Error(err)
		}
	})
	r.expect(t, "kept … has failed … ago and nobody has asked: kept: test error",
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
				a := asyncio.CreateTask(ctx, fail(errTest), asyncio.WithName(name))
				if keep {
					kept = a
				}
				asyncio.Sleep(ctx, 0)
				if !keep {
					until(t, "it is collected", func() bool {
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
	explodes := asyncio.Void(func(context.Context) error { panic(errTest) })
	for name, create := range map[string]func(ctx context.Context) *asyncio.Task[none]{
		"task":    func(ctx context.Context) *asyncio.Task[none] { return asyncio.CreateTask(ctx, explodes) },
		"Go task": func(ctx context.Context) *asyncio.Task[none] { return asyncio.Go(ctx, explodes) },
		"eager task": func(ctx context.Context) *asyncio.Task[none] {
			return asyncio.CreateTask(ctx, explodes, asyncio.Eager())
		},
		"child awaited by one that nobody awaits": func(ctx context.Context) *asyncio.Task[none] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, explodes).Await(ctx)
				return err
			}))
		},
		"one whose callback was taken back": func(ctx context.Context) *asyncio.Task[none] {
			a := asyncio.CreateTask(ctx, explodes)
			for range 2 {
				a.AddDoneCallback(func(*asyncio.Task[none]) {})()
			}
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r reports
			plain := func(ctx context.Context) error {
				a := create(ctx)
				asyncio.Sleep(ctx, time.Second)
				if r.len() != 1 {
					t.Errorf("heard %d times after a second", r.len())
				}
				expectIs(t, "Err", a.Err(), errTest)
				return nil
			}
			within(t, func() {
				if _, err := asyncio.Run(t.Context(), asyncio.Void(plain), asyncio.WithVirtualClock(), r.option()); err != nil {
					t.Error(err)
				}
			})
			r.expect(t, "panicked and nobody awaits it … test error")
		})
	}
	for name, await := range map[string]func(ctx context.Context, a *asyncio.Task[none]){
		"Await":   func(ctx context.Context, a *asyncio.Task[none]) { a.Await(ctx) },
		"Gather":  func(ctx context.Context, a *asyncio.Task[none]) { asyncio.Gather(ctx, a) },
		"Shield":  func(ctx context.Context, a *asyncio.Task[none]) { asyncio.Shield(ctx, a) },
		"Race":    func(ctx context.Context, a *asyncio.Task[none]) { asyncio.Race(ctx, a) },
		"WaitFor": func(ctx context.Context, a *asyncio.Task[none]) { asyncio.WaitFor(ctx, a, time.Hour) },
		"Wait, and Err": func(ctx context.Context, a *asyncio.Task[none]) {
			asyncio.Wait(ctx, []*asyncio.Task[none]{a}, asyncio.WaitOptions{})
			_ = a.Err()
		},
		"a callback that asks": func(ctx context.Context, a *asyncio.Task[none]) {
			a.AddDoneCallback(func(a *asyncio.Task[none]) { _ = a.Err() })
			asyncio.Sleep(ctx, time.Second)
		},
		"a goroutine": func(ctx context.Context, a *asyncio.Task[none]) {
			asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
				a.Await(context.Background())
				return nil
			}))
		},
	} {
		t.Run("not with "+name, func(t *testing.T) {
			plainRun(t, func(ctx context.Context) error {
				begin := asyncio.NewFuture[none](ctx)
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					begin.Await(ctx)
					panic(errTest)
				}))
				asyncio.RunningLoop(ctx).CallLater(time.Millisecond, func() { begin.SetResult(none{}) })
				await(ctx, a)
				return nil
			})
		})
	}
	t.Run("not in a group", func(t *testing.T) {
		plainRun(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, explodes)
				return nil
			})
			expectIs(t, "the group", err, errTest)
			return nil
		})
	})
	t.Run("not of the main of Run", func(t *testing.T) {
		expectIs(t, "Run", run(t, func(context.Context) error { panic(errTest) }), errTest)
	})
}

func TestErrorBehindAShieldIsLikeAnyOther(t *testing.T) {
	leaveShield := func(ctx context.Context) *asyncio.Task[none] {
		job := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			asyncio.Sleep(ctx, 20*time.Millisecond)
			return errTest
		}), asyncio.WithName("job"))
		err := asyncio.Timeout(ctx, 10*time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := asyncio.Shield(ctx, job)
			return err
		})
		expectIs(t, "Timeout", err, asyncio.ErrTimeout)
		return job
	}
	t.Run("nothing is said if somebody asks", func(t *testing.T) {
		succeed(t, func(ctx context.Context) error {
			_, err := leaveShield(ctx).Await(ctx)
			expectIs(t, "Await", err, errTest)
			return nil
		})
	})
	t.Run("it is reported if nobody does", func(t *testing.T) {
		runReporting(t, func(ctx context.Context) error {
			leaveShield(ctx)
			return asyncio.Sleep(ctx, time.Second)
		}).expect(t, "job … never retrieved … test error")
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
	captureLog(t, nil)
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
		until(t, name, func() bool {
			runtime.GC()
			return len(heard[name]) == want
		})
	}
	for name, l := range loops {
		if name == "blocks" {
			continue // Close calls it for those that are left
		}
		within(t, func() {
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
	until(t, "it is heard", func() bool {
		runtime.GC()
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
	within(t, func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What is collected while the loop of the bubble sleeps must not have its clean-up wake
// that from outside.
func TestNothingDiesInABubble(t *testing.T) {
	if !inProcess(t) {
		return
	}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var r reports
			_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				for _, drop := range failed {
					drop(ctx)
				}
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic(errTest) }))
				asyncio.Sleep(ctx, time.Hour)
				if r.len() != 1 {
					t.Errorf("heard %d times of a panic", r.len())
				}
				go func() {
					for range 5 {
						time.Sleep(time.Second) // the loop sleeps
						runtime.GC()
					}
				}()
				return asyncio.Sleep(ctx, time.Hour)
			}), r.option())
			if err != nil || r.len() != 1+len(failed) {
				t.Errorf("%v, heard %d times", err, r.len())
			}
		})
	}
}

func TestManyErrorsAreFewLines(t *testing.T) {
	n := scaled(100_000)
	h := captureLog(t, nil)
	others := []error{errors.New("of another text"), fmt.Errorf("of another type: %w", errTest)}
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		for i := range n {
			asyncio.CreateTask(ctx, fail(errTest))
			asyncio.CreateTask(ctx, fail(fmt.Errorf("number %d", i)))
		}
		for _, err := range others {
			asyncio.CreateTask(ctx, fail(err))
		}
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithVirtualClock())
	if err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	errs := 0
	for _, line := range h.list {
		if more, ok := line.attrs["more"]; ok {
			errs += int(more.Int64())
		} else {
			errs++
		}
	}
	if errs != 2*n+len(others) || len(h.list) > 30 {
		t.Errorf("%d lines tell of %d errors, want few of %d", len(h.list), errs, 2*n+len(others))
	}
	for _, err := range others {
		if !slices.ContainsFunc(h.list, func(r logRecord) bool { return strings.Contains(r.String(), err.Error()) }) {
			t.Errorf("not a word of %v", err)
		}
	}
}

// payloadError is an error that is large.
type payloadError struct{ payload *[64 << 10]byte }

func (payloadError) Error() string { return "large" }

func TestRetrievedErrorIsGoneWithTheNextCollection(t *testing.T) {
	for name, retrieve := range map[string]func(ctx context.Context, a *asyncio.Task[none]){
		"awaited before the end": func(ctx context.Context, a *asyncio.Task[none]) { a.Await(ctx) },
		"asked after the end": func(ctx context.Context, a *asyncio.Task[none]) {
			asyncio.Sleep(ctx, 0)
			_ = a.Err()
		},
		"asked elsewhere": func(ctx context.Context, a *asyncio.Task[none]) {
			asyncio.Sleep(ctx, 0)
			elsewhere(func() { _ = a.Err() })
		},
		"gathered": func(ctx context.Context, a *asyncio.Task[none]) { asyncio.GatherAll(ctx, a) },
		"in a group": func(ctx context.Context, a *asyncio.Task[none]) {
			_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				_, err := a.Await(tg)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			succeed(t, func(ctx context.Context) error {
				const n = 50
				var held []weak.Pointer[[64 << 10]byte]
				for range n {
					func() {
						payload := new([64 << 10]byte)
						held = append(held, weak.Make(payload))
						retrieve(ctx, asyncio.CreateTask(ctx, fail(payloadError{payload})))
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
