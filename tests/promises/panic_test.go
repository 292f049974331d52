package promises_test

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
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestPromise7Panics(t *testing.T) {
	kinds := map[string]func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None]{
		"loop task": func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, c, asyncio.WithName("bad"))
		},
		"Go task": func(ctx context.Context, c asyncio.Coroutine[asyncio.None]) *asyncio.Task[asyncio.None] {
			return asyncio.Go(ctx, c, asyncio.WithName("bad"))
		},
	}
	for kind, create := range kinds {
		t.Run(kind+" ends with a PanicError", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := create(ctx, asyncio.Void(func(context.Context) error {
					explode()
					return nil
				}))
				_, err := a.Await(ctx)
				var p *asyncio.PanicError
				if !errors.As(err, &p) {
					t.Errorf("%v is no *PanicError", err)
					return nil
				}
				testutil.ExpectState(t, "the task", a, "failed")
				if p.Value != any(testutil.ErrTest) {
					t.Errorf("value %v", p.Value)
				}
				testutil.ExpectIs(t, "what it unwraps to", err, testutil.ErrTest)
				if !strings.Contains(string(p.Stack), "promises_test.explode") {
					t.Errorf("the stack is not where it was raised:\n%s", p.Stack)
				}
				return nil
			})
		})
		t.Run(kind+" with a value that is no error", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := create(ctx, asyncio.Void(func(context.Context) error { panic(42) })).Await(ctx)
				var p *asyncio.PanicError
				if !errors.As(err, &p) || p.Value != 42 || p.Unwrap() != nil {
					t.Errorf("%v", err)
				}
				return nil
			})
		})
		t.Run(kind+" after an await", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := create(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, time.Second)
					explode()
					return nil
				})).Await(ctx)
				testutil.ExpectIs(t, "Await", err, testutil.ErrTest)
				return nil
			})
		})
		t.Run(kind+" that panics with a cancellation", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := create(ctx, asyncio.Void(func(context.Context) error { panic(&asyncio.CancelledError{}) }))
				a.Await(ctx)
				testutil.ExpectState(t, "the task", a, "failed") // a panic is a bug, whatever its value
				return nil
			})
		})
		t.Run(kind+" is reported if nobody retrieves it", func(t *testing.T) {
			var r testutil.Reports
			var held *asyncio.Task[asyncio.None]
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				held = create(ctx, asyncio.Void(func(context.Context) error { panic("boom") }))
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.Option())
			r.Expect(t, "bad … panicked and nobody awaits it … boom")
			runtime.KeepAlive(held)
		})
	}
	t.Run("main", func(t *testing.T) {
		testutil.ExpectIs(t, "Run", testutil.Run(t, func(context.Context) error { panic(testutil.ErrTest) }), testutil.ErrTest)
	})

	t.Run("in a callback go to the handler and the loop goes on", func(t *testing.T) {
		for name, set := range map[string]func(ctx context.Context, l *asyncio.Loop, f func()){
			"CallSoon":  func(_ context.Context, l *asyncio.Loop, f func()) { l.CallSoon(f) },
			"CallLater": func(_ context.Context, l *asyncio.Loop, f func()) { l.CallLater(time.Millisecond, f) },
			"a task's done callback": func(ctx context.Context, _ *asyncio.Loop, f func()) {
				asyncio.CreateTask(ctx, testutil.Noop).AddDoneCallback(func(*asyncio.Task[asyncio.None]) { f() })
			},
			"a future's done callback": func(ctx context.Context, _ *asyncio.Loop, f func()) {
				x := asyncio.NewFuture[asyncio.None](ctx)
				x.AddDoneCallback(func(*asyncio.Future[asyncio.None]) { f() })
				x.SetResult(asyncio.None{})
			},
		} {
			t.Run(name, func(t *testing.T) {
				var r testutil.Reports
				_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					l := asyncio.RunningLoop(ctx)
					after := false
					set(ctx, l, explode)
					set(ctx, l, func() { after = true })
					asyncio.Sleep(ctx, time.Second)
					if !after {
						t.Error("the next callback did not run")
					}
					return nil
				}), asyncio.WithVirtualClock(), r.Option())
				if err != nil {
					t.Error(err)
				}
				r.Expect(t, "panic in callback … test error")
			})
		}
	})

	for _, kind := range []string{"loop task", "Go task", "nested task", "loop in the background"} {
		t.Run("PanicsCrash in a "+kind, func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^TestPanicsCrashProcess$")
			c.Env = append(os.Environ(), "ASYNCIO_TEST_CRASH="+kind)
			out, err := c.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("did not crash: %v\n%s", err, out)
			}
			for _, want := range []string{"panic: ", "test error", "promises_test.explode"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("crash without %q:\n%s", want, out)
				}
			}
			if strings.Contains(string(out), "went on") {
				t.Errorf("the program went on:\n%s", out)
			}
		})
	}
}

// TestPanicsCrashProcess is the process that crashes; by itself it does nothing.
func TestPanicsCrashProcess(t *testing.T) {
	kind := os.Getenv("ASYNCIO_TEST_CRASH")
	if kind == "" {
		return
	}
	bad := asyncio.Void(func(context.Context) error {
		explode()
		return nil
	})
	if kind == "loop in the background" {
		scope, _ := asyncio.NewRunner(asyncio.PanicsCrash()).Start()
		asyncio.CreateTask(scope, bad).Await(scope)
		fmt.Println("went on")
	}
	asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		switch kind {
		case "loop task":
			asyncio.CreateTask(ctx, bad)
			asyncio.Sleep(ctx, 0)
		case "Go task":
			asyncio.Go(ctx, bad).Await(ctx)
		case "nested task":
			asyncio.CreateTask(ctx, bad).Await(ctx)
		}
		fmt.Println("went on")
		return nil
	}), asyncio.PanicsCrash())
	fmt.Println("went on")
}

func TestPromise7Goexit(t *testing.T) {
	exit := asyncio.Void(func(context.Context) error {
		runtime.Goexit()
		return nil
	})
	places := map[string]func(ctx context.Context){
		"main": func(context.Context) { runtime.Goexit() },
		"main after an await": func(ctx context.Context) {
			asyncio.Sleep(ctx, time.Second)
			runtime.Goexit()
		},
		"a child": func(ctx context.Context) {
			asyncio.CreateTask(ctx, exit)
			testutil.Forever(ctx)
		},
		"a child that is awaited": func(ctx context.Context) { asyncio.CreateTask(ctx, exit).Await(ctx) },
		"a child that is awaited, after an await": func(ctx context.Context) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Sleep(ctx, time.Second)
				runtime.Goexit()
				return nil
			})).Await(ctx)
		},
		"a child's child": func(ctx context.Context) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, exit).Await(ctx)
				return err
			})).Await(ctx)
		},
		"a callback": func(ctx context.Context) {
			asyncio.RunningLoop(ctx).CallSoon(runtime.Goexit)
			testutil.Forever(ctx)
		},
		"a timer": func(ctx context.Context) {
			asyncio.RunningLoop(ctx).CallLater(time.Second, runtime.Goexit)
			testutil.Forever(ctx)
		},
		"a done callback": func(ctx context.Context) {
			asyncio.CreateTask(ctx, testutil.Noop).AddDoneCallback(func(*asyncio.Task[asyncio.None]) { runtime.Goexit() })
			testutil.Forever(ctx)
		},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			var r testutil.Reports
			var j asynciotest.Trace
			returned := testutil.Goexit(t, func() {
				asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						err := testutil.Forever(ctx)
						asyncio.Sleep(ctx, time.Second)
						j.Add("other task cleaned up after %s", testutil.Show(err))
						return err
					}))
					asyncio.Sleep(ctx, 0)
					// Runs as it does when a Goexit unwinds a goroutine, or when a
					// cancellation ends main.
					defer j.Add("main unwound")
					place(ctx)
					return nil
				}), asyncio.WithVirtualClock(), r.Option())
			})
			if returned {
				t.Error("Run returned")
			}
			// Which is first depends on the place.
			testutil.ExpectLines(t, testutil.Sorted(&j), "main unwound", "other task cleaned up after cancelled")
		})
	}
	t.Run("main unwinds with an await in its defers", func(t *testing.T) {
		// The awaits of clean-up work also while Goexit unwinds, and the others are
		// cancelled as ever.
		for name, place := range places {
			t.Run(name, func(t *testing.T) {
				testutil.NoLeaks(t)
				var r testutil.Reports
				var j asynciotest.Trace
				returned := testutil.Goexit(t, func() {
					asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
						asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							err := testutil.Forever(ctx)
							asyncio.Sleep(ctx, time.Hour)
							j.Add("other task cleaned up after %s", testutil.Show(err))
							return err
						}))
						asyncio.Sleep(ctx, 0)
						defer j.Add("main unwound")
						defer asyncio.Sleep(ctx, time.Second)
						place(ctx)
						return nil
					}), asyncio.WithVirtualClock(), r.Option(), asyncio.WithGrace(24*time.Hour))
				})
				if returned {
					t.Error("Run returned")
				}
				j.Expect(t, "main unwound", "other task cleaned up after cancelled")
			})
		}
	})
	t.Run("the task has ErrGoexit", func(t *testing.T) {
		var r testutil.Reports
		var a *asyncio.Task[asyncio.None]
		testutil.Goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				a = asyncio.CreateTask(ctx, exit)
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), r.Option())
		})
		testutil.ExpectIs(t, "the task's error", a.Err(), asyncio.ErrGoexit)
	})
	t.Run("from RunForever and RunUntilComplete", func(t *testing.T) {
		for name, drive := range map[string]func(l *asyncio.Loop){
			"RunForever": func(l *asyncio.Loop) { l.RunForever() },
			"RunUntilComplete": func(l *asyncio.Loop) {
				l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Void(testutil.Forever)))
			},
		} {
			var r testutil.Reports
			l := testutil.NewLoop(t, &r)
			asyncio.CreateTask(l.Context(), exit)
			if testutil.Goexit(t, func() { drive(l) }) {
				t.Errorf("%s returned", name)
			}
			// It has given up the loop, which can run again.
			if l.IsRunning() {
				t.Error("the loop says it is running")
			}
			if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop)); err != nil {
				t.Error(err)
			}
			l.Close()
		}
	})
	t.Run("in a Go task fails the task and Run goes on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, exit)
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrGoexit)
			testutil.ExpectState(t, "the task", a, "failed")
			return asyncio.Sleep(ctx, time.Second)
		})
	})
}

func explode() { panic(testutil.ErrTest) }
