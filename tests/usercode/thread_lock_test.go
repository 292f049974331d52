package usercode_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/coro"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// lockings is what is done to loops by goroutines with different locks on their threads.
// Each runs in a process of its own, since the Go runtime ends one for a mistake. It
// returns what was wrong.
var lockings = map[string]func() string{
	"tasks of a locked run, resumed by another": func() string {
		r := asyncio.NewRunner()
		var err error
		locked(func() { leaveTask(r, nil) })
		_, err = asyncio.RunOn(r, context.Background(), testutil.Noop)
		return want(err, asyncio.ErrThreadLocked)
	},
	"tasks of a locked run, resumed by the same": func() (wrong string) {
		r := asyncio.NewRunner()
		locked(func() {
			leaveTask(r, nil)
			_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
			wrong = want(err, nil) + want(r.Close(), nil)
		})
		return wrong
	},
	"tasks of a locked run, resumed by the same, locked once more": func() (wrong string) {
		r := asyncio.NewRunner()
		locked(func() {
			leaveTask(r, nil)
			runtime.LockOSThread()
			_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
			wrong = want(err, asyncio.ErrThreadLocked)
			runtime.UnlockOSThread()
			wrong += want(r.Close(), nil)
		})
		return wrong
	},
	"tasks of a run, resumed by one who is locked": func() (wrong string) {
		r := asyncio.NewRunner()
		leaveTask(r, nil)
		locked(func() {
			_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
			wrong = want(err, asyncio.ErrThreadLocked)
		})
		_, err := asyncio.RunOn(r, context.Background(), testutil.Noop) // nothing has happened
		return wrong + want(err, nil) + want(r.Close(), nil)
	},
	"no task is left": func() (wrong string) {
		r := asyncio.NewRunner()
		for range 2 {
			locked(func() {
				_, err := asyncio.RunOn(r, context.Background(), asyncio.Delay(time.Millisecond, 1))
				wrong += want(err, nil)
			})
			_, err := asyncio.RunOn(r, context.Background(), asyncio.Delay(time.Millisecond, 1))
			wrong += want(err, nil)
		}
		return wrong + want(r.Close(), nil)
	},
	"a task that has not begun is left": func() (wrong string) {
		l := asyncio.NewLoop()
		locked(func() {
			l.Stop()
			wrong = want(l.RunForever(), nil)
			asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
				l.Stop()
				return nil
			}))
		})
		return wrong + want(l.RunForever(), nil) + want(l.Close(), nil)
	},
	"Runner.Close by one who is locked": func() (wrong string) {
		r := asyncio.NewRunner()
		ended := false
		leaveTask(r, &ended)
		locked(func() { wrong = want(r.Close(), nil) })
		return wrong + check(ended, "the defers have not run")
	},
	"Loop.Close by one who is locked": func() (wrong string) {
		r := asyncio.NewRunner()
		ended := false
		leaveTask(r, &ended)
		locked(func() { wrong = want(r.Loop().Close(), nil) })
		return wrong + check(ended, "the defers have not run")
	},
	"Close of a locked run by another": func() string {
		r := asyncio.NewRunner()
		ended := false
		var k *asyncio.Task[asyncio.None]
		locked(func() { k = leaveTask(r, &ended) })
		wrong := want(r.Close(), asyncio.ErrThreadLocked)
		return wrong + check(!ended, "the defers have run") + check(k.Cancelled() && r.Loop().IsClosed(), "was not closed")
	},
	"Close of a locked run by another who is locked": func() (wrong string) {
		r := asyncio.NewRunner()
		hold, held := make(chan struct{}), make(chan struct{})
		go locked(func() {
			leaveTask(r, nil)
			close(held)
			<-hold // its thread is not another's meanwhile
		})
		<-held
		locked(func() { wrong = want(r.Loop().Close(), asyncio.ErrThreadLocked) })
		close(hold)
		return wrong
	},
	"Stack by one who is locked": func() (wrong string) {
		r := asyncio.NewRunner()
		k := leaveTask(r, nil)
		locked(func() {
			wrong = check(testutil.HasFrame(k.Stack(), "leaveTask"), "no stack")
		})
		return wrong + check(testutil.HasFrame(k.Stack(), "leaveTask"), "no stack afterwards") + want(r.Close(), nil)
	},
	"Stack of a task of a locked run": func() (wrong string) {
		r := asyncio.NewRunner()
		var k *asyncio.Task[asyncio.None]
		locked(func() {
			k = leaveTask(r, nil)
			wrong = check(testutil.HasFrame(k.Stack(), "leaveTask"), "no stack")
		})
		return wrong + check(testutil.HasFrame(k.Stack(), "leaveTask"), "no stack elsewhere")
	},
	"Close by a task of a loop that runs locked": func() (wrong string) {
		r := asyncio.NewRunner()
		ended := false
		leaveTask(r, &ended)
		locked(func() {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error { return r.Loop().Close() }))
			wrong = want(err, nil)
		})
		return wrong + check(ended, "the defers have not run")
	},
	"Close by one who is locked, with a handler that exits": func() (wrong string) {
		r := asyncio.NewRunner(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { runtime.Goexit() }))
		ended := false
		k := leaveTask(r, &ended)
		returned := false
		locked(func() {
			_ = r.Loop().Close()
			returned = true
		})
		return check(!returned, "the caller has not exited") + check(ended && k.Done(), "the task has not ended")
	},
	"asks a loop that stands still": func() (wrong string) {
		r := asyncio.NewRunner()
		leaveTask(r, nil)
		locked(func() {
			wrong = check(len(asyncio.AllTasks(r.Loop())) == 1, "AllTasks")
			_, err := asyncio.CreateTask(r.Loop().Context(), testutil.Noop, asyncio.Eager()).Result()
			wrong += want(err, asyncio.ErrInvalidState)
		})
		return wrong + want(r.Close(), nil)
	},
}

// locked runs f on a goroutine of its own, locked to its thread.
func locked(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		f()
	}()
	<-done
}

// leaveTask runs r, and leaves a task that waits.
func leaveTask(r *asyncio.Runner, ended *bool) *asyncio.Task[asyncio.None] {
	k, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (*asyncio.Task[asyncio.None], error) {
		k := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			defer func() {
				if ended != nil {
					*ended = true
				}
			}()
			return asyncio.Sleep(ctx, time.Hour)
		}))
		return k, asyncio.Sleep(ctx, 0)
	})
	if err != nil {
		panic(err)
	}
	return k
}

func want(err, target error) string {
	if errors.Is(err, target) {
		return ""
	}
	return fmt.Sprintf("got %v, want %v; ", err, target)
}

func check(ok bool, wrong string) string {
	if ok {
		return ""
	}
	return wrong + "; "
}

func TestThreadLocksNeverEndTheProcess(t *testing.T) {
	for name := range lockings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(name, "once more") && coro.Portable("id") {
				t.Skip("how often a goroutine is locked is known from its descriptor alone")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*testutil.Patience)
			defer cancel()
			c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestThreadLocksProcess$")
			c.Env = append(os.Environ(), "ASYNCIO_TEST_LOCKING="+name)
			out, err := c.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "it holds") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestThreadLocksProcess is the process; by itself it does nothing.
func TestThreadLocksProcess(t *testing.T) {
	f := lockings[os.Getenv("ASYNCIO_TEST_LOCKING")]
	if f == nil {
		return
	}
	if wrong := f(); wrong != "" {
		t.Fatal(wrong)
	}
	fmt.Println("it holds")
}

// Only who has begun is bound to the thread that it has begun on.
func TestTasksThatHaveNotBegunGoOnOnAnyThread(t *testing.T) {
	l := testutil.StrictLoop(t)
	var k *asyncio.Task[int]
	block := make(chan struct{})
	busy := asyncio.Go(l.Context(), asyncio.Void(func(context.Context) error {
		<-block
		return nil
	}))
	l.CallSoon(func() {
		k = asyncio.CreateTask(l.Context(), asyncio.Delay(0, 1)) // its first step is for the next turn
		l.Stop()
	})
	ran := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		ran <- l.RunForever()
	}()
	testutil.ExpectIs(t, "the run on a locked thread", <-ran, nil)
	testutil.ExpectState(t, "the task", k, "pending")
	testutil.ExpectIs(t, "the run on another", l.RunUntilComplete(k), nil)
	close(block)
	testutil.ExpectIs(t, "the Go task", l.RunUntilComplete(busy), nil)
}
