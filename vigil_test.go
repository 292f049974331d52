package asyncio_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// waitsFor is what the log says of somebody who waits for tasks that were asked to end.
const waitsFor = "waits for tasks that were asked to end"

// expectVigil checks when the log named those who are waited for, and whom.
func expectVigil(t *testing.T, h *testutil.Logged, who string, at []time.Duration, names ...string) {
	t.Helper()
	said := h.Of(who+" "+waitsFor, "")
	var when []time.Duration
	for _, r := range said {
		when = append(when, r.Attrs["for"].Duration())
		tasks := r.Attrs["tasks"].String() + r.Attrs["stuck"].String()
		for _, n := range names {
			if !strings.Contains(tasks, n) {
				t.Errorf("said %v, without %q", r, n)
			}
		}
	}
	if len(when) != len(at) {
		t.Fatalf("said after %v, want %v", when, at)
	}
	for i := range at {
		if when[i] != at[i] {
			t.Errorf("said after %v, want %v", when, at)
			break
		}
	}
	if all := h.Of(waitsFor, ""); len(all) != len(at) {
		t.Errorf("others said: %v", all)
	}
}

// inBubble runs f in a bubble of synctest, where a program on the machine's clock takes no time.
func inBubble(t *testing.T, f func(t *testing.T, h *testutil.Logged)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, testutil.CaptureLog(t, nil)) })
}

func secs(all ...int) (d []time.Duration) {
	for _, n := range all {
		d = append(d, time.Duration(n)*time.Second)
	}
	return d
}

func TestVigil(t *testing.T) {
	// slow ends ten seconds after it was asked to.
	slow := asyncio.Void(func(ctx context.Context) error {
		err := testutil.Forever(ctx)
		asyncio.Sleep(ctx, 10*time.Second)
		return err
	})
	t.Run("at the end of Run", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, slow, asyncio.WithName("slow"))
				asyncio.Go(ctx, slow, asyncio.WithName("slow too"))
				return asyncio.Sleep(ctx, time.Hour)
			}))
			if err != nil {
				t.Error(err)
			}
			expectVigil(t, h, "Run", secs(1, 2, 4, 8, 16), "slow", "vigil_test.go:")
		})
	})
	t.Run("from when the ctx of Run ends", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, slow, asyncio.WithName("slow"))
				_ = testutil.Forever(ctx)
				return asyncio.Sleep(ctx, 3*time.Second)
			}), asyncio.WithGrace(time.Minute))
			if err != nil {
				t.Error(err)
			}
			expectVigil(t, h, "Run", secs(1, 2, 4, 8), "loop task sleeps for another")
		})
	})
	t.Run("of RunOn, and of Runner.Close", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			r := asyncio.NewRunner()
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			asyncio.RunOn(r, ctx, slow)
			expectVigil(t, h, "RunOn", secs(1, 2, 4, 8), "Task-1")
		})
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			r := asyncio.NewRunner()
			asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, slow, asyncio.WithName("slow"))
				return asyncio.Sleep(ctx, time.Hour)
			}))
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			expectVigil(t, h, "Runner.Close", secs(1, 2, 4, 8), "slow")
		})
	})
	t.Run("while WithDrain asks", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.Stopping(ctx).Wait(ctx)
					return asyncio.Sleep(ctx, 3*time.Second)
				}), asyncio.WithName("slow"))
				return asyncio.Sleep(ctx, time.Hour)
			}), asyncio.WithDrain(time.Hour))
			expectVigil(t, h, "Run", secs(1, 2), "slow")
		})
	})
	t.Run("while a group is shut down, and cancelled after that", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			var r testutil.Reports
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever), asyncio.WithName("stranger"))
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, slow, asyncio.WithName("slow"))
					asyncio.Sleep(ctx, time.Hour)
					tg.Shutdown(3 * time.Second)
					tg.Shutdown(5 * time.Second)
					return nil
				})
				asyncio.Sleep(ctx, time.Hour)
				return err
			}), r.Option())
			if err != nil {
				t.Error(err)
			}
			expectVigil(t, h, "TaskGroup.Shutdown", secs(1, 2, 4, 8), "slow")
			for _, x := range h.Of(waitsFor, "") {
				if strings.Contains(x.Attrs["tasks"].String(), "stranger") {
					t.Errorf("names one that was not asked: %v", x)
				}
			}
		})
	})
	t.Run("says where a loop is stuck", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			release := make(chan struct{})
			time.AfterFunc(time.Hour+3*time.Second, func() { close(release) })
			_, _ = asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					<-release
					return nil
				}), asyncio.WithName("blocks"))
				return asyncio.Sleep(ctx, 2*time.Hour)
			}))
			said := h.Of("Run "+waitsFor+"; the loop is stuck", "")
			if len(said) != 2 {
				t.Fatalf("said: %v", h.Of("", ""))
			}
			for i, r := range said {
				if s := r.Attrs["stuck"].String(); !strings.Contains(s, "blocks at ") || !strings.Contains(s, "vigil_test.go:") {
					t.Errorf("said %v", r)
				}
				if d := r.Attrs["for"].Duration(); d.Truncate(time.Second) != time.Duration(1<<i)*time.Second {
					t.Errorf("said after %v", d)
				}
			}
		})
	})
	t.Run("is silent when all end in time, and when it is over", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Shutdown(time.Second)
					return nil
				})
				return testutil.Forever(ctx)
			}))
			time.Sleep(time.Hour)
			expectVigil(t, h, "Run", nil)
		})
	})
	t.Run("does not keep a bubble's clock going for ever", func(t *testing.T) {
		inBubble(t, func(t *testing.T, h *testutil.Logged) {
			release := make(chan struct{})
			over := make(chan struct{})
			go func() {
				defer close(over)
				asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.Go(tg, asyncio.Void(func(context.Context) error { <-release; return nil }))
						tg.Shutdown(time.Second)
						return nil
					})
				}), asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
			}()
			time.Sleep(365 * 24 * time.Hour)
			if n := len(h.Of(waitsFor, "")); n != 17 {
				t.Errorf("said %d times", n)
			}
			close(release)
			<-over
		})
	})
	t.Run("by a handler that asks the loop, and one that exits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var l *asyncio.Loop
			var n atomic.Int32
			testutil.CaptureLog(t, func(testutil.LogRecord) {
				n.Add(int32(len(asyncio.AllTasks(l))))
			})
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				l = asyncio.RunningLoop(ctx)
				asyncio.CreateTask(ctx, slow)
				return asyncio.Sleep(ctx, time.Hour)
			}))
			if err != nil || n.Load() != 4 {
				t.Errorf("%d, %v", n.Load(), err)
			}
		})
	})
}

// Of a Go task it is said whether it is about to go on, and whether it has begun.
func TestVigilOfGoTasksWithoutAPlace(t *testing.T) {
	inBubble(t, func(t *testing.T, h *testutil.Logged) {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.Go(tg, asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Millisecond) }), asyncio.WithName("back"))
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				for _, name := range []string{"working", "waiting"} {
					asyncio.Go(tg, asyncio.Void(func(context.Context) error {
						time.Sleep(2 * time.Second)
						return nil
					}), asyncio.WithName(name))
				}
				tg.Shutdown(time.Minute)
				return nil
			})
		}), asyncio.WithMaxThreads(1))
		if err != nil {
			t.Error(err)
		}
		said := h.Of("TaskGroup.Shutdown "+waitsFor, "")
		if len(said) == 0 {
			t.Fatal("nothing was said")
		}
		first := said[0].Attrs["tasks"].String()
		for _, want := range []string{
			"back (Go task is about to go on ", "working (Go task at work ", "waiting (Go task waits for a place among WithMaxThreads, ",
		} {
			if !strings.Contains(first, want) {
				t.Errorf("said %q, without %q", first, want)
			}
		}
	})
}
