package asyncio_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// The side to write has the contract of locks: see tests/primitives.
func TestRWLock(t *testing.T) {
	// line is those who have come to the lock, and have it.
	type line struct {
		l     asyncio.RWLock
		came  []string
		tasks map[string]*asyncio.Task[asyncio.None]
	}
	come := func(ctx context.Context, x *line, names ...string) {
		if x.tasks == nil {
			x.tasks = map[string]*asyncio.Task[asyncio.None]{}
		}
		for _, name := range names {
			acquire := x.l.Acquire
			if strings.HasPrefix(name, "r") {
				acquire = x.l.AcquireRead
			}
			x.tasks[name] = asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
				err := acquire(ctx)
				if err == nil {
					x.came = append(x.came, name)
				}
				return err
			}))
			asyncio.Sleep(ctx, 1)
		}
	}
	expect := func(ctx context.Context, t *testing.T, x *line, state string, came ...string) {
		t.Helper()
		asyncio.Sleep(ctx, 1)
		testutil.ExpectLines(t, x.came, came...)
		if s := x.l.String(); s != "<RWLock ["+state+"]>" {
			t.Error(s)
		}
	}
	t.Run("many read, one writes, in one line", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			x := &line{}
			come(ctx, x, "r1", "r2", "w3", "r4", "r5", "w6", "r7")
			expect(ctx, t, x, "locked, readers:2, waiters:5", "r1", "r2")
			if x.l.TryAcquireRead() || x.l.TryAcquire() || !x.l.Locked() {
				t.Error("who writes waits")
			}
			x.l.ReleaseRead()
			expect(ctx, t, x, "locked, readers:1, waiters:5", "r1", "r2")
			x.l.ReleaseRead()
			expect(ctx, t, x, "locked, waiters:4", "r1", "r2", "w3")
			x.l.Release()
			expect(ctx, t, x, "locked, readers:2, waiters:2", "r1", "r2", "w3", "r4", "r5")
			x.l.ReleaseRead()
			x.l.ReleaseRead()
			expect(ctx, t, x, "locked, waiters:1", "r1", "r2", "w3", "r4", "r5", "w6")
			x.l.Release()
			expect(ctx, t, x, "locked, readers:1", "r1", "r2", "w3", "r4", "r5", "w6", "r7")
			if !x.l.TryAcquireRead() || x.l.TryAcquire() {
				t.Error(&x.l)
			}
			x.l.ReleaseRead()
			x.l.ReleaseRead()
			expect(ctx, t, x, "unlocked", x.came...)
			return nil
		})
	})
	t.Run("a free lock takes no turn", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var l asyncio.RWLock
			turned := false
			asyncio.RunningLoop(ctx).CallSoon(func() { turned = true })
			for range 2 {
				if err := l.With(ctx, func() error { return nil }); err != nil || turned {
					t.Error(err, turned)
				}
				err := l.WithRead(ctx, func() error { return l.WithRead(ctx, func() error { return testutil.ErrTest }) })
				testutil.ExpectIs(t, "WithRead", err, testutil.ErrTest)
			}
			if turned || l.Locked() {
				t.Error(turned, &l)
			}
			return nil
		})
	})
	t.Run("who is cancelled lets those behind it in", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			x := &line{}
			come(ctx, x, "r1", "w2", "r3", "r4")
			x.tasks["w2"].Cancel()
			expect(ctx, t, x, "locked, readers:3", "r1", "r3", "r4")
			return nil
		})
	})
	t.Run("who is cancelled after it was its turn passes it on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			x := &line{}
			come(ctx, x, "w1", "r2", "w3", "w4")
			x.l.Release()
			x.tasks["r2"].Cancel()
			expect(ctx, t, x, "locked, waiters:1", "w1", "w3")
			x.l.Release()
			x.tasks["w4"].Cancel()
			expect(ctx, t, x, "unlocked", "w1", "w3")
			return nil
		})
	})
	t.Run("misuse is an error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var l asyncio.RWLock
			testutil.ExpectIs(t, "Release", l.Release(), asyncio.ErrNotAcquired)
			testutil.ExpectIs(t, "ReleaseRead", l.ReleaseRead(), asyncio.ErrNotAcquired)
			l.TryAcquireRead()
			testutil.ExpectIs(t, "Release", l.Release(), asyncio.ErrNotAcquired)
			l.ReleaseRead()
			l.TryAcquire()
			testutil.ExpectIs(t, "ReleaseRead", l.ReleaseRead(), asyncio.ErrNotAcquired)
			l.Release()
			asyncio.RunningLoop(ctx).CallSoon(func() {
				l.TryAcquire()
				testutil.ExpectIs(t, "AcquireRead", l.AcquireRead(ctx), asyncio.ErrNotInTask)
				testutil.ExpectIs(t, "Acquire", l.Acquire(ctx), asyncio.ErrNotInTask)
				l.Release()
			})
			asyncio.Sleep(ctx, 0)
			if l.Locked() {
				t.Error(&l)
			}
			testutil.ExpectPanic(t, func() { l.WithRead(ctx, nil) }, "nil function")
			return nil
		})
	})
	t.Run("a reader that goes on to write waits for itself", func(t *testing.T) {
		f := asynciotest.Check(func(ctx context.Context) error {
			var l asyncio.RWLock
			return l.WithRead(ctx, func() error { return l.Acquire(ctx) })
		})
		if f == nil || f.Kind != asynciotest.Deadlock || !strings.Contains(f.Text, "held by") {
			t.Errorf("%+v", f)
		}
	})
	t.Run("goroutines and tasks", func(t *testing.T) {
		testutil.Within(t, func() {
			var l asyncio.RWLock
			var readers, writers atomic.Int32
			visit := func(ctx context.Context) error {
				for i := range 200 {
					if i%4 == 0 {
						err := l.With(ctx, func() error {
							if writers.Add(1) != 1 || readers.Load() != 0 {
								t.Error("not alone")
							}
							writers.Add(-1)
							return nil
						})
						if err != nil {
							return err
						}
						continue
					}
					err := l.WithRead(ctx, func() error {
						readers.Add(1)
						if writers.Load() != 0 {
							t.Error("somebody writes")
						}
						err := asyncio.Sleep(ctx, time.Microsecond)
						readers.Add(-1)
						return err
					})
					if err != nil {
						return err
					}
				}
				return nil
			}
			_, err := asyncio.Run(context.Background(), void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 3 {
						asyncio.CreateTask(tg, void(visit))
						asyncio.Go(tg, void(visit))
					}
					return nil
				})
			}))
			if err != nil || l.Locked() {
				t.Error(err, &l)
			}
		})
	})
}
