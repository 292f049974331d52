// One contract for everything that can be used as a lock: what waits for it does so in one
// line, and the line keeps its promises whatever happens to those who stand in it. And what
// several loops, Go tasks and other goroutines share at the same time.
package primitives_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// noBarging begins the names of guarantees that a queue does not give, as in CPython:
// who was woken has no claim there. Package order of conformance has what it does.
const noBarging = "no barging: "

// lockContract is what holds for each kind, a test for every guarantee.
var lockContract = []struct {
	guarantee string
	holds     func(t *testing.T, k testutil.LockKind)
}{
	{"no more than its places are held at a time", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := k.Make()
			inside, most, visits := 0, 0, 0
			var tasks []*asyncio.Task[asyncio.None]
			for range 10 {
				tasks = append(tasks, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for turns := range 5 {
						if err := l.Acquire(ctx); err != nil {
							return err
						}
						inside++
						visits++
						most = max(most, inside)
						for range turns {
							asyncio.Sleep(ctx, 0)
						}
						inside--
						if err := l.Release(); err != nil {
							return err
						}
					}
					return nil
				})))
			}
			testutil.ExpectDone(ctx, t, tasks)
			if most != k.Places || visits != 50 {
				t.Errorf("%d visits, at most %d at a time", visits, most)
			}
			testutil.ExpectFree(t, l, k.Places)
			return nil
		})
	}},
	{"first come first served", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, 10)
			l.Release()
			l.ExpectServed(ctx, upTo(10)...)
			return nil
		})
	}},
	{noBarging + "nobody passes a woken waiter", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, 2)
			l.Release()
			if l.TryAcquire() {
				t.Error("TryAcquire has passed by who was woken")
			}
			if err := l.Acquire(ctx); err != nil {
				return err
			}
			l.Served = append(l.Served, 99)
			l.Release()
			l.ExpectServed(ctx, 0, 1, 99)
			return nil
		})
	}},
	{noBarging + "who comes back stands behind who waits", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			var visits []string
			var tasks []*asyncio.Task[asyncio.None]
			for _, who := range []string{"a", "b", "c"} {
				tasks = append(tasks, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					for range 3 {
						if err := l.Acquire(ctx); err != nil {
							return err
						}
						visits = append(visits, who)
						l.Release()
					}
					return nil
				})))
			}
			asyncio.Sleep(ctx, 0)
			l.Release()
			testutil.ExpectDone(ctx, t, tasks)
			testutil.ExpectLines(t, visits, "a", "b", "c", "a", "b", "c", "a", "b", "c")
			l.ExpectServed(ctx)
			return nil
		})
	}},
	{noBarging + "TryAcquire fails while somebody waits", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, 1)
			for range k.Places { // there is room for both, but one was first
				l.Release()
				if l.TryAcquire() {
					t.Errorf("it did not: %v", l)
				}
			}
			asyncio.Sleep(ctx, 0)
			for range k.Places - 1 { // which expectServed gives back
				if !l.TryAcquire() {
					t.Errorf("it still does: %v", l)
				}
			}
			l.ExpectServed(ctx, 0)
			return nil
		})
	}},
	{"who is cancelled does not hold up who comes", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, 3)
			for _, w := range l.Waiters {
				w.Cancel()
			}
			l.Release()
			if !l.TryAcquire() {
				t.Errorf("it does: %v", l)
			}
			asyncio.Sleep(ctx, 0)
			l.Release()
			l.ExpectServed(ctx)
			return nil
		})
	}},
	{"whoever is cancelled the others have their turn", func(t *testing.T, k testutil.LockKind) {
		// Any of five, before the release, after it, in the same step or not.
		const n = 5
		orders := []struct {
			name string
			play func(ctx context.Context, release, cancel func())
		}{
			{"cancelled first", func(ctx context.Context, release, cancel func()) {
				cancel()
				asyncio.Sleep(ctx, 0)
				release()
			}},
			{"cancelled and released", func(_ context.Context, release, cancel func()) {
				cancel()
				release()
			}},
			{"released and cancelled", func(_ context.Context, release, cancel func()) {
				release()
				cancel()
			}},
		}
		for _, order := range orders {
			for who := range 1 << n {
				testutil.Succeed(t, func(ctx context.Context) error {
					l := testutil.NewLine(t, k)
					l.Queue(ctx, n)
					order.play(ctx, func() { l.Release() }, func() {
						for i, w := range l.Waiters {
							if who&(1<<i) != 0 {
								w.Cancel()
							}
						}
					})
					var rest []int
					for i := range n {
						if who&(1<<i) == 0 {
							rest = append(rest, i)
						}
					}
					l.ExpectServed(ctx, rest...)
					for i, w := range l.Waiters {
						if w.Cancelled() != (who&(1<<i) != 0) {
							t.Errorf("%d: %v", i, w)
						}
					}
					return nil
				})
				if t.Failed() {
					t.Fatalf("%s: %05b", order.name, who)
				}
			}
		}
	}},
	{"who is woken and cancelled passes it on, again and again", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, 6)
			l.Release()
			for _, w := range l.Waiters[:5] {
				w.Cancel()
				asyncio.Sleep(ctx, 0) // it passes it on, and who gets it has not run
			}
			l.ExpectServed(ctx, 5)
			return nil
		})
	}},
	{"the end of a scope interrupts with its cause and leaves the line", func(t *testing.T, k testutil.LockKind) {
		const n = 4
		scopes := []struct {
			name   string
			derive func(ctx context.Context) (scope context.Context, end func(ctx context.Context))
			want   error
		}{
			{"WithTimeout", func(ctx context.Context) (context.Context, func(context.Context)) {
				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				return scope, func(ctx context.Context) {
					asyncio.Sleep(ctx, time.Minute) // by then it has ended by itself
					cancel()
				}
			}, asyncio.ErrTimeout},
			{"WithCancel", func(ctx context.Context) (context.Context, func(context.Context)) {
				scope, cancel := asyncio.WithCancel(ctx)
				return scope, func(context.Context) { cancel() }
			}, context.Canceled},
			{"context.WithCancelCause", func(ctx context.Context) (context.Context, func(context.Context)) {
				scope, cancel := context.WithCancelCause(ctx)
				return scope, func(context.Context) { cancel(testutil.ErrTest) }
			}, testutil.ErrTest},
			{"another task's context", func(ctx context.Context) (context.Context, func(context.Context)) {
				var lent context.Context
				lender := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					lent = ctx
					return testutil.Forever(ctx)
				}))
				asyncio.Sleep(ctx, 0)
				return lent, func(context.Context) { lender.Cancel() }
			}, asyncio.ErrCancelled},
		}
		for _, s := range scopes {
			for victim := range n {
				testutil.Succeed(t, func(ctx context.Context) error {
					l := testutil.NewLine(t, k)
					var end func(context.Context)
					for i := range n {
						l.Join(ctx, func(ctx context.Context) context.Context {
							if i == victim {
								ctx, end = s.derive(ctx)
							}
							return ctx
						})
					}
					asynciotest.Settle(ctx)
					l.ExpectQueued(n)
					end(ctx)
					_, err := l.Waiters[victim].Await(ctx)
					testutil.ExpectIs(t, s.name, err, s.want)
					l.ExpectQueued(n - 1)
					testutil.ExpectIs(t, "in a scope that is over", l.Acquire(endedScope(ctx)), context.Canceled)
					l.ExpectQueued(n - 1)
					l.Release()
					l.ExpectServed(ctx, slices.Delete(upTo(n), victim, victim+1)...)
					return nil
				})
			}
		}
	}},
	{"a scope that ends after the wake-up takes nothing back", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			var end func()
			l.Join(ctx, func(ctx context.Context) context.Context {
				ctx, end = asyncio.WithCancel(ctx)
				return ctx
			})
			l.Queue(ctx, 1)
			l.Release()
			end()
			l.ExpectServed(ctx, 0, 1)
			return nil
		})
	}},
	{"what is free is taken without an allocation", func(t *testing.T, k testutil.LockKind) {
		if testutil.RaceEnabled {
			t.Skip("the race detector allocates")
		}
		testutil.Succeed(t, func(ctx context.Context) error {
			l := k.Make()
			n := testing.AllocsPerRun(100, func() {
				if l.Acquire(ctx) != nil || l.Release() != nil || !l.TryAcquire() || l.Release() != nil {
					t.Error("it failed")
				}
			})
			if n != 0 {
				t.Errorf("%v allocations", n)
			}
			return nil
		})
	}},
	{"what nobody holds cannot be released", func(t *testing.T, k testutil.LockKind) {
		l := k.Make()
		if k.Elastic {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			testutil.ExpectFree(t, l, k.Places+1)
			return
		}
		testutil.ExpectIs(t, "Release of a new one", l.Release(), asyncio.ErrNotAcquired)
		l.TryAcquire()
		l.Release()
		testutil.ExpectIs(t, "a second Release", l.Release(), asyncio.ErrNotAcquired)
		testutil.ExpectFree(t, l, k.Places)
	}},
	{"another may release it", func(t *testing.T, k testutil.LockKind) {
		l := testutil.NewLine(t, k)
		testutil.Elsewhere(func() {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
		l.ExpectServed(t.Context())
	}},
	{"With releases however its function ends", func(t *testing.T, k testutil.LockKind) {
		ways := []struct {
			name  string
			end   func(ctx context.Context) error
			check func(err error) bool
		}{
			{"well", func(context.Context) error { return nil }, func(err error) bool { return err == nil }},
			{"error", func(context.Context) error { return testutil.ErrTest }, func(err error) bool {
				return errors.Is(err, testutil.ErrTest)
			}},
			{"panic", func(context.Context) error { panic(testutil.ErrTest) }, func(err error) bool {
				var p *asyncio.PanicError
				return errors.As(err, &p) && errors.Is(err, testutil.ErrTest)
			}},
			{"Goexit", func(context.Context) error { runtime.Goexit(); return nil }, func(err error) bool {
				return errors.Is(err, asyncio.ErrGoexit)
			}},
			{"cancellation", func(ctx context.Context) error {
				asyncio.CurrentTask(ctx).Cancel()
				return asyncio.Sleep(ctx, 0)
			}, func(err error) bool { return errors.Is(err, asyncio.ErrCancelled) }},
		}
		creates := []func(context.Context, asyncio.Coroutine[asyncio.None], ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
			asyncio.CreateTask[asyncio.None], asyncio.Go[asyncio.None],
		}
		for i, create := range creates {
			for _, way := range ways {
				if i == 0 && way.name == "Goexit" {
					continue // of a loop task it ends the loop
				}
				testutil.Succeed(t, func(ctx context.Context) error {
					l := testutil.NewLine(t, k)
					l.Release()
					gate := asyncio.NewFuture[asyncio.None](ctx)
					holder := create(ctx, asyncio.Void(func(ctx context.Context) error {
						return l.With(ctx, func() error {
							gate.Await(ctx)
							return way.end(ctx)
						})
					}))
					asyncio.Sleep(ctx, time.Second) // it is inside by then
					l.Queue(ctx, 2)
					gate.SetResult(asyncio.None{})
					if _, err := holder.Await(ctx); !way.check(err) {
						t.Errorf("%s: %v", way.name, err)
					}
					l.ExpectServed(ctx, 0, 1)
					return nil
				})
			}
		}
	}},
	{"With does not call its function if it could not acquire", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			never := func() error {
				t.Error("it did")
				return nil
			}
			cancelled := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return l.With(ctx, never)
			}))
			asyncio.Sleep(ctx, 0)
			l.ExpectQueued(1)
			cancelled.Cancel()
			_, err := cancelled.Await(ctx)
			testutil.ExpectIs(t, "cancelled", err, asyncio.ErrCancelled)
			testutil.ExpectIs(t, "in a scope that is over", l.With(endedScope(ctx), never), context.Canceled)
			inCallback(ctx, func() {
				testutil.ExpectIs(t, "in a callback", l.With(ctx, never), asyncio.ErrNotInTask)
			})
			l.Release()
			l.ExpectServed(ctx)
			return nil
		})
	}},
	{"a callback may take what is free and not wait", func(t *testing.T, k testutil.LockKind) {
		testutil.Succeed(t, func(ctx context.Context) error {
			inCallback(ctx, func() {
				l := testutil.NewLine(t, k) // which takes all places
				for _, ctx := range []context.Context{ctx, asyncio.RunningLoop(ctx).Context(), context.Background()} {
					testutil.ExpectIs(t, "Acquire of what is held", l.Acquire(ctx), asyncio.ErrNotInTask)
				}
				l.ExpectQueued(0)
				if l.TryAcquire() {
					t.Error("TryAcquire of what is held")
				}
				l.Release()
				l.ExpectServed(ctx)
			})
			return nil
		})
	}},
	{"a nil context does no harm", func(t *testing.T, k testutil.LockKind) {
		l := testutil.NewLine(t, k)
		testutil.Within(t, func() {
			testutil.ExpectPanic(t, func() {
				var nowhere context.Context
				l.Acquire(nowhere)
			}, "nil context: pass")
		})
		testutil.Within(t, func() {
			l.ExpectQueued(0)
			l.Release()
			l.ExpectServed(t.Context())
		})
	}},
	{"a closed loop leaves the line", func(t *testing.T, k testutil.LockKind) {
		for _, when := range []string{"waiting", "woken"} {
			var r testutil.Reports
			loop := testutil.NewLoop(t, &r)
			l := testutil.NewLine(t, k)
			l.Join(loop.Context(), nil)
			loop.CallLater(time.Second, loop.Stop)
			loop.RunForever()
			l.ExpectQueued(1)
			var behind sync.WaitGroup
			behind.Go(func() {
				if err := l.Acquire(context.Background()); err != nil {
					t.Error(err)
				}
				l.Release()
			})
			testutil.Until(t, "the goroutine waits", func() bool { return testutil.Queued(l) == 2 })
			if when == "woken" {
				l.Release()
			}
			loop.Close()
			if when == "waiting" {
				l.ExpectQueued(1)
				l.Release()
			}
			testutil.Within(t, behind.Wait)
			testutil.ExpectIs(t, when, l.Waiters[0].Err(), asyncio.ErrCancelled)
			r.Expect(t, "destroyed")
			l.ExpectServed(t.Context())

			l = testutil.NewLine(t, k)
			testutil.Within(t, func() {
				testutil.ExpectIs(t, "Acquire", l.Acquire(loop.Context()), asyncio.ErrLoopClosed)
			})
			l.Release()
			l.ExpectServed(t.Context())
		}
	}},
	{"String shows its state and how many wait", func(t *testing.T, k testutil.LockKind) {
		shows := func(l testutil.LockLike, want string) {
			t.Helper()
			if s := l.String(); !strings.Contains(s, want) {
				t.Errorf("%s, want %s", s, want)
			}
		}
		testutil.Succeed(t, func(ctx context.Context) error {
			shows(k.Make(), k.Free)
			l := testutil.NewLine(t, k)
			shows(l, k.Held)
			l.Queue(ctx, 2)
			shows(l, k.Waited)
			l.Release()
			l.ExpectServed(ctx, 0, 1)
			shows(l, k.Free)
			return nil
		})
	}},
	{"all kinds of goroutine stand in the same line", func(t *testing.T, k testutil.LockKind) {
		for _, kinds := range permutations(testutil.Askers(t)) {
			var order asynciotest.Trace
			l := testutil.NewLine(t, k)
			var asking []*testutil.Asking
			for i, a := range kinds {
				asking = append(asking, a.Ask(func(ctx context.Context) error {
					if err := l.Acquire(ctx); err != nil {
						return err
					}
					order.Add("%s", a.Name)
					return l.Release()
				}))
				testutil.Until(t, a.Name+" waits", func() bool { return testutil.Queued(l) == i+1 })
			}
			l.Release()
			var want []string
			for i, a := range kinds {
				if err := asking[i].End(t); err != nil {
					t.Errorf("%s: %v", a.Name, err)
				}
				want = append(want, a.Name)
			}
			order.Expect(t, want...)
			l.ExpectServed(t.Context())
		}
	}},
	{"whoever of all kinds is cancelled the others have their turn", func(t *testing.T, k testutil.LockKind) {
		for n, kinds := range permutations(testutil.Askers(t)) {
			for _, when := range []string{"waiting", "woken"} {
				victim := 0 // the one that can be woken
				if when == "waiting" {
					victim = n % len(kinds)
				}
				var order asynciotest.Trace
				l := testutil.NewLine(t, k)
				var asking []*testutil.Asking
				for i, a := range kinds {
					asking = append(asking, a.Ask(func(ctx context.Context) error {
						if err := l.Acquire(ctx); err != nil {
							return err
						}
						if i != victim {
							order.Add("%s", a.Name)
						}
						return l.Release()
					}))
					testutil.Until(t, a.Name+" waits", func() bool { return testutil.Queued(l) == i+1 })
				}
				if when == "woken" {
					l.Release()
				}
				asking[victim].Cancel()
				// Who was woken may have been faster than its cancellation.
				err := asking[victim].End(t)
				if !errors.Is(err, context.Canceled) && (err != nil || when == "waiting") {
					t.Errorf("%s, cancelled when %s: %v", kinds[victim].Name, when, err)
				}
				if when == "waiting" {
					l.ExpectQueued(len(kinds) - 1)
					l.Release()
				}
				var want []string
				for i, a := range kinds {
					if i != victim {
						asking[i].End(t)
						want = append(want, a.Name)
					}
				}
				order.Expect(t, want...)
				l.ExpectServed(t.Context())
			}
		}
	}},
	{"very many in line, every other of them cancelled", func(t *testing.T, k testutil.LockKind) {
		n := testutil.Scaled(100_000)
		testutil.Succeed(t, func(ctx context.Context) error {
			l := testutil.NewLine(t, k)
			l.Queue(ctx, n)
			var rest []int
			for i, w := range l.Waiters {
				if i%2 == 0 {
					w.Cancel()
				} else {
					rest = append(rest, i)
				}
			}
			l.Release()
			l.ExpectServed(ctx, rest...)
			return nil
		})
	}},
}

func TestLockContract(t *testing.T) {
	for _, k := range testutil.LockKinds {
		t.Run(k.Name, func(t *testing.T) {
			for _, c := range lockContract {
				if k.Barged && strings.HasPrefix(c.guarantee, noBarging) {
					continue
				}
				t.Run(c.guarantee, func(t *testing.T) {
					testutil.NoLeaks(t)
					c.holds(t, k)
				})
			}
		})
	}
}

// A barrier of one party is a lock that everybody holds.
func TestBarrierOfOneNeverWaits(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		b := asyncio.NewBarrier(1)
		passes := func() bool {
			called := false
			i, err := b.Wait(ctx)
			werr := b.With(ctx, func(index int) error {
				called = index == 0
				return testutil.ErrTest
			})
			return i == 0 && err == nil && called && errors.Is(werr, testutil.ErrTest) && b.Waiting() == 0
		}
		h := asyncio.RunningLoop(ctx).CallSoon(func() { t.Error("it gave way to another") })
		for range 3 {
			if !passes() {
				t.Error("did not pass")
			}
		}
		h.Cancel()
		inCallback(ctx, func() {
			if !passes() {
				t.Error("did not pass in a callback")
			}
		})
		b.Abort()
		_, err := b.Wait(ctx)
		testutil.ExpectIs(t, "Wait", err, asyncio.ErrBrokenBarrier)
		testutil.ExpectIs(t, "With", b.With(ctx, func(int) error {
			t.Error("called")
			return nil
		}), asyncio.ErrBrokenBarrier)
		b.Reset()
		if !passes() {
			t.Error("did not pass after Reset")
		}
		return nil
	})
}

// endedScope is a scope that is over.
func endedScope(ctx context.Context) context.Context {
	ctx, cancel := asyncio.WithCancel(ctx)
	cancel()
	return ctx
}

// inCallback runs f in a callback of the loop of the calling task.
func inCallback(ctx context.Context, f func()) {
	asyncio.RunningLoop(ctx).CallSoon(f)
	asyncio.Sleep(ctx, 0)
}

// permutations returns all orders of s.
func permutations[T any](s []T) [][]T {
	if len(s) == 0 {
		return [][]T{nil}
	}
	var all [][]T
	for i, first := range s {
		for _, p := range permutations(slices.Concat(s[:i], s[i+1:])) {
			all = append(all, append([]T{first}, p...))
		}
	}
	return all
}
