package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// One contract for everything that can be used as a lock. What waits for it does
// so in one line, and the line keeps its promises whatever happens to those who
// stand in it.

// lockLike is what the contract is about.
type lockLike interface {
	Acquire(ctx context.Context) error
	TryAcquire() bool
	Release() error
	With(ctx context.Context, f func() error) error
	String() string
}

type lockKind struct {
	name   string
	make   func() lockLike
	places int // how many hold it at a time
	// elastic says that a Release without an Acquire adds a place.
	elastic bool
	// barged says that, as in CPython, who comes by takes a free place also if
	// somebody was woken for it, who then has to wait again.
	barged bool
	// free, held and waited are what String shows: of a new one, of one that is
	// held, and of one that is held and that two wait for.
	free, held, waited string
}

var lockKinds = []lockKind{
	{
		// Its zero value is what the whole contract is tested with.
		name: "Lock", make: func() lockLike { return &asyncio.Lock{} }, places: 1,
		free: "[unlocked]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "Condition", make: func() lockLike {
			l := &asyncio.Lock{}
			return conditional{asyncio.NewCondition(l), l}
		}, places: 1,
		free: "[unlocked]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "Semaphore(1)", make: func() lockLike { return asyncio.NewSemaphore(1) }, places: 1, elastic: true,
		free: "[unlocked, value:1]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "Semaphore(3)", make: func() lockLike { return asyncio.NewSemaphore(3) }, places: 3, elastic: true,
		free: "[unlocked, value:3]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "BoundedSemaphore(1)", make: func() lockLike { return asyncio.NewBoundedSemaphore(1) }, places: 1,
		free: "[unlocked, value:1]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "BoundedSemaphore(3)", make: func() lockLike { return asyncio.NewBoundedSemaphore(3) }, places: 3,
		free: "[unlocked, value:3]", held: "[locked]", waited: "[locked, waiters:2]",
	},
	{
		name: "Queue with room for one", make: func() lockLike { return room{asyncio.NewQueue[none](1)} }, places: 1,
		barged: true, free: "items=0", held: "items=1", waited: "items=1 putters=2",
	},
	{
		name: "Queue with one item", make: func() lockLike {
			q := asyncio.NewQueue[none](1)
			q.PutNoWait(none{})
			return token{q}
		}, places: 1,
		barged: true, free: "items=1", held: "items=0", waited: "items=0 getters=2",
	},
}

// conditional is a condition whose String is that of its lock: its own counts
// those who wait for a notification.
type conditional struct {
	*asyncio.Condition
	lock *asyncio.Lock
}

func (c conditional) String() string { return c.lock.String() }

// room is a queue that is held by who has put something in.
type room struct{ *asyncio.Queue[none] }

func (q room) Acquire(ctx context.Context) error { return q.Put(ctx, none{}) }

func (q room) TryAcquire() bool { return q.PutNoWait(none{}) == nil }

func (q room) Release() error {
	_, err := q.GetNoWait()
	if errors.Is(err, asyncio.ErrQueueEmpty) {
		return asyncio.ErrNotAcquired
	}
	return err
}

func (q room) With(ctx context.Context, f func() error) error { return holding(ctx, q, f) }

// token is a queue that is held by who has taken its item.
type token struct{ *asyncio.Queue[none] }

func (q token) Acquire(ctx context.Context) error {
	_, err := q.Get(ctx)
	return err
}

func (q token) TryAcquire() bool {
	_, err := q.GetNoWait()
	return err == nil
}

func (q token) Release() error {
	err := q.PutNoWait(none{})
	if errors.Is(err, asyncio.ErrQueueFull) {
		return asyncio.ErrNotAcquired
	}
	return err
}

func (q token) With(ctx context.Context, f func() error) error { return holding(ctx, q, f) }

// holding is With for what has none.
func holding(ctx context.Context, l lockLike, f func() error) error {
	if err := l.Acquire(ctx); err != nil {
		return err
	}
	defer l.Release()
	return f()
}

// queued is how many wait for l.
func queued(l fmt.Stringer) int {
	for _, before := range []string{"waiters:", "putters=", "getters="} {
		if _, after, ok := strings.Cut(l.String(), before); ok {
			n := 0
			for _, r := range after {
				if r < '0' || r > '9' {
					break
				}
				n = 10*n + int(r-'0')
			}
			return n
		}
	}
	return 0
}

// lockLine is a lock-like of which every place is held, and the loop tasks that wait
// for it. Each of them notes its number when its turn has come, and releases.
type lockLine struct {
	lockLike
	kind lockKind
	t    *testing.T

	served  []int
	waiters []*asyncio.Task[none]
}

func newLine(t *testing.T, k lockKind) *lockLine {
	t.Helper()
	l := &lockLine{lockLike: k.make(), kind: k, t: t}
	for range k.places {
		if !l.TryAcquire() {
			t.Errorf("a new one is not free: %v", l)
		}
	}
	return l
}

// join has a further task wait, with the context that scope makes of its own.
func (l *lockLine) join(ctx context.Context, scope func(context.Context) context.Context) {
	i := len(l.waiters)
	l.waiters = append(l.waiters, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		if scope != nil {
			ctx = scope(ctx)
		}
		if err := l.Acquire(ctx); err != nil {
			return err
		}
		l.served = append(l.served, i)
		return l.Release()
	})))
}

// queue has n further tasks wait and returns when they do.
func (l *lockLine) queue(ctx context.Context, n int) {
	l.t.Helper()
	for range n {
		l.join(ctx, nil)
	}
	asyncio.Sleep(ctx, 0)
	l.expectQueued(len(l.waiters))
}

func (l *lockLine) expectQueued(want int) {
	l.t.Helper()
	if n := queued(l); n != want {
		l.t.Errorf("%d are in line, want %d: %v", n, want, l)
	}
}

// expectServed checks that all are done, that these had their turn, in this order,
// and that then the places are free. One of them must have been released before.
func (l *lockLine) expectServed(ctx context.Context, want ...int) {
	l.t.Helper()
	expectDone(ctx, l.t, l.waiters)
	if !slices.Equal(l.served, want) {
		l.t.Errorf("served: %v, want %v", l.served, want)
	}
	l.expectQueued(0)
	for range l.kind.places - 1 {
		if err := l.Release(); err != nil {
			l.t.Errorf("Release: %v", err)
		}
	}
	expectFree(l.t, l.lockLike, l.kind.places)
}

// expectDone checks that all tasks are done when nothing more can happen.
func expectDone(ctx context.Context, t *testing.T, tasks []*asyncio.Task[none]) {
	t.Helper()
	if slices.ContainsFunc(tasks, func(a *asyncio.Task[none]) bool { return !a.Done() }) {
		settle(ctx)
	}
	for _, a := range tasks {
		if !a.Done() {
			t.Errorf("it hangs: %v", a)
			return
		}
	}
}

// expectFree checks that there are so many places and nobody holds any of them,
// and leaves it so.
func expectFree(t *testing.T, l lockLike, places int) {
	t.Helper()
	for i := range places {
		if !l.TryAcquire() {
			t.Errorf("%d of %d places are free: %v", i, places, l)
			return
		}
	}
	if l.TryAcquire() {
		t.Errorf("more than %d places: %v", places, l)
	}
	for range places {
		if err := l.Release(); err != nil {
			t.Errorf("Release: %v", err)
		}
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// noBarging begins the names of guarantees that a queue does not give, as in CPython:
// who was woken has no claim there. order_queues_test.go has what it does.
const noBarging = "no barging: "

// lockContract is what holds for each kind, a test for every guarantee.
var lockContract = []struct {
	guarantee string
	holds     func(t *testing.T, k lockKind)
}{
	{"no more than its places are held at a time", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := k.make()
			inside, most, visits := 0, 0, 0
			var tasks []*asyncio.Task[none]
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
			expectDone(ctx, t, tasks)
			if most != k.places || visits != 50 {
				t.Errorf("%d visits, at most %d at a time", visits, most)
			}
			expectFree(t, l, k.places)
			return nil
		})
	}},
	{"first come first served", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, 10)
			l.Release()
			l.expectServed(ctx, upTo(10)...)
			return nil
		})
	}},
	{noBarging + "nobody passes a woken waiter", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, 2)
			l.Release()
			if l.TryAcquire() {
				t.Error("TryAcquire has passed by who was woken")
			}
			if err := l.Acquire(ctx); err != nil {
				return err
			}
			l.served = append(l.served, 99)
			l.Release()
			l.expectServed(ctx, 0, 1, 99)
			return nil
		})
	}},
	{noBarging + "who comes back stands behind who waits", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			var visits []string
			var tasks []*asyncio.Task[none]
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
			expectDone(ctx, t, tasks)
			expectLines(t, visits, "a", "b", "c", "a", "b", "c", "a", "b", "c")
			l.expectServed(ctx)
			return nil
		})
	}},
	{noBarging + "TryAcquire fails while somebody waits", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, 1)
			for range k.places { // there is room for both, but one was first
				l.Release()
				if l.TryAcquire() {
					t.Errorf("it did not: %v", l)
				}
			}
			asyncio.Sleep(ctx, 0)
			for range k.places - 1 { // which expectServed gives back
				if !l.TryAcquire() {
					t.Errorf("it still does: %v", l)
				}
			}
			l.expectServed(ctx, 0)
			return nil
		})
	}},
	{"who is cancelled does not hold up who comes", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, 3)
			for _, w := range l.waiters {
				w.Cancel()
			}
			l.Release()
			if !l.TryAcquire() {
				t.Errorf("it does: %v", l)
			}
			asyncio.Sleep(ctx, 0)
			l.Release()
			l.expectServed(ctx)
			return nil
		})
	}},
	{"whoever is cancelled the others have their turn", func(t *testing.T, k lockKind) {
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
				succeed(t, func(ctx context.Context) error {
					l := newLine(t, k)
					l.queue(ctx, n)
					order.play(ctx, func() { l.Release() }, func() {
						for i, w := range l.waiters {
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
					l.expectServed(ctx, rest...)
					for i, w := range l.waiters {
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
	{"who is woken and cancelled passes it on, again and again", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, 6)
			l.Release()
			for _, w := range l.waiters[:5] {
				w.Cancel()
				asyncio.Sleep(ctx, 0) // it passes it on, and who gets it has not run
			}
			l.expectServed(ctx, 5)
			return nil
		})
	}},
	{"the end of a scope interrupts with its cause and leaves the line", func(t *testing.T, k lockKind) {
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
				return scope, func(context.Context) { cancel(errTest) }
			}, errTest},
			{"another task's context", func(ctx context.Context) (context.Context, func(context.Context)) {
				var lent context.Context
				lender := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					lent = ctx
					return forever(ctx)
				}))
				asyncio.Sleep(ctx, 0)
				return lent, func(context.Context) { lender.Cancel() }
			}, asyncio.ErrCancelled},
		}
		for _, s := range scopes {
			for victim := range n {
				succeed(t, func(ctx context.Context) error {
					l := newLine(t, k)
					var end func(context.Context)
					for i := range n {
						l.join(ctx, func(ctx context.Context) context.Context {
							if i == victim {
								ctx, end = s.derive(ctx)
							}
							return ctx
						})
					}
					settle(ctx)
					l.expectQueued(n)
					end(ctx)
					_, err := l.waiters[victim].Await(ctx)
					expectIs(t, s.name, err, s.want)
					l.expectQueued(n - 1)
					expectIs(t, "in a scope that is over", l.Acquire(endedScope(ctx)), context.Canceled)
					l.expectQueued(n - 1)
					l.Release()
					l.expectServed(ctx, slices.Delete(upTo(n), victim, victim+1)...)
					return nil
				})
			}
		}
	}},
	{"a scope that ends after the wake-up takes nothing back", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			var end func()
			l.join(ctx, func(ctx context.Context) context.Context {
				ctx, end = asyncio.WithCancel(ctx)
				return ctx
			})
			l.queue(ctx, 1)
			l.Release()
			end()
			l.expectServed(ctx, 0, 1)
			return nil
		})
	}},
	{"what is free is taken without an allocation", func(t *testing.T, k lockKind) {
		if raceEnabled {
			t.Skip("the race detector allocates")
		}
		succeed(t, func(ctx context.Context) error {
			l := k.make()
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
	{"what nobody holds cannot be released", func(t *testing.T, k lockKind) {
		l := k.make()
		if k.elastic {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
			expectFree(t, l, k.places+1)
			return
		}
		expectIs(t, "Release of a new one", l.Release(), asyncio.ErrNotAcquired)
		l.TryAcquire()
		l.Release()
		expectIs(t, "a second Release", l.Release(), asyncio.ErrNotAcquired)
		expectFree(t, l, k.places)
	}},
	{"another may release it", func(t *testing.T, k lockKind) {
		l := newLine(t, k)
		elsewhere(func() {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
		l.expectServed(t.Context())
	}},
	{"With releases however its function ends", func(t *testing.T, k lockKind) {
		ways := []struct {
			name  string
			end   func(ctx context.Context) error
			check func(err error) bool
		}{
			{"well", func(context.Context) error { return nil }, func(err error) bool { return err == nil }},
			{"error", func(context.Context) error { return errTest }, func(err error) bool {
				return errors.Is(err, errTest)
			}},
			{"panic", func(context.Context) error { panic(errTest) }, func(err error) bool {
				var p *asyncio.PanicError
				return errors.As(err, &p) && errors.Is(err, errTest)
			}},
			{"Goexit", func(context.Context) error { runtime.Goexit(); return nil }, func(err error) bool {
				return errors.Is(err, asyncio.ErrGoexit)
			}},
			{"cancellation", func(ctx context.Context) error {
				asyncio.CurrentTask(ctx).Cancel()
				return asyncio.Sleep(ctx, 0)
			}, func(err error) bool { return errors.Is(err, asyncio.ErrCancelled) }},
		}
		creates := []func(context.Context, asyncio.Coroutine[none], ...asyncio.TaskOption) *asyncio.Task[none]{
			asyncio.CreateTask[none], asyncio.Go[none],
		}
		for i, create := range creates {
			for _, way := range ways {
				if i == 0 && way.name == "Goexit" {
					continue // of a loop task it ends the loop
				}
				succeed(t, func(ctx context.Context) error {
					l := newLine(t, k)
					l.Release()
					gate := asyncio.NewFuture[none](ctx)
					holder := create(ctx, asyncio.Void(func(ctx context.Context) error {
						return l.With(ctx, func() error {
							gate.Await(ctx)
							return way.end(ctx)
						})
					}))
					asyncio.Sleep(ctx, time.Second) // it is inside by then
					l.queue(ctx, 2)
					gate.SetResult(none{})
					if _, err := holder.Await(ctx); !way.check(err) {
						t.Errorf("%s: %v", way.name, err)
					}
					l.expectServed(ctx, 0, 1)
					return nil
				})
			}
		}
	}},
	{"With does not call its function if it could not acquire", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			never := func() error {
				t.Error("it did")
				return nil
			}
			cancelled := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return l.With(ctx, never)
			}))
			asyncio.Sleep(ctx, 0)
			l.expectQueued(1)
			cancelled.Cancel()
			_, err := cancelled.Await(ctx)
			expectIs(t, "cancelled", err, asyncio.ErrCancelled)
			expectIs(t, "in a scope that is over", l.With(endedScope(ctx), never), context.Canceled)
			inCallback(ctx, func() {
				expectIs(t, "in a callback", l.With(ctx, never), asyncio.ErrNotInTask)
			})
			l.Release()
			l.expectServed(ctx)
			return nil
		})
	}},
	{"a callback may take what is free and not wait", func(t *testing.T, k lockKind) {
		succeed(t, func(ctx context.Context) error {
			inCallback(ctx, func() {
				l := newLine(t, k) // which takes all places
				for _, ctx := range []context.Context{ctx, asyncio.RunningLoop(ctx).Context(), context.Background()} {
					expectIs(t, "Acquire of what is held", l.Acquire(ctx), asyncio.ErrNotInTask)
				}
				l.expectQueued(0)
				if l.TryAcquire() {
					t.Error("TryAcquire of what is held")
				}
				l.Release()
				l.expectServed(ctx)
			})
			return nil
		})
	}},
	{"a nil context does no harm", func(t *testing.T, k lockKind) {
		l := newLine(t, k)
		within(t, func() {
			expectPanic(t, func() {
				var nowhere context.Context
				l.Acquire(nowhere)
			}, "nil context: pass")
		})
		within(t, func() {
			l.expectQueued(0)
			l.Release()
			l.expectServed(t.Context())
		})
	}},
	{"a closed loop leaves the line", func(t *testing.T, k lockKind) {
		for _, when := range []string{"waiting", "woken"} {
			var r reports
			loop := newLoop(t, &r)
			l := newLine(t, k)
			l.join(loop.Context(), nil)
			loop.CallLater(time.Second, loop.Stop)
			loop.RunForever()
			l.expectQueued(1)
			var behind sync.WaitGroup
			behind.Go(func() {
				if err := l.Acquire(context.Background()); err != nil {
					t.Error(err)
				}
				l.Release()
			})
			until(t, "the goroutine waits", func() bool { return queued(l) == 2 })
			if when == "woken" {
				l.Release()
			}
			loop.Close()
			if when == "waiting" {
				l.expectQueued(1)
				l.Release()
			}
			within(t, behind.Wait)
			expectIs(t, when, l.waiters[0].Err(), asyncio.ErrCancelled)
			r.expect(t, "destroyed")
			l.expectServed(t.Context())

			l = newLine(t, k)
			within(t, func() {
				expectIs(t, "Acquire", l.Acquire(loop.Context()), asyncio.ErrLoopClosed)
			})
			l.Release()
			l.expectServed(t.Context())
		}
	}},
	{"String shows its state and how many wait", func(t *testing.T, k lockKind) {
		shows := func(l lockLike, want string) {
			t.Helper()
			if s := l.String(); !strings.Contains(s, want) {
				t.Errorf("%s, want %s", s, want)
			}
		}
		succeed(t, func(ctx context.Context) error {
			shows(k.make(), k.free)
			l := newLine(t, k)
			shows(l, k.held)
			l.queue(ctx, 2)
			shows(l, k.waited)
			l.Release()
			l.expectServed(ctx, 0, 1)
			shows(l, k.free)
			return nil
		})
	}},
	{"all kinds of goroutine stand in the same line", func(t *testing.T, k lockKind) {
		for _, kinds := range permutations(askers(t)) {
			var order asynciotest.Trace
			l := newLine(t, k)
			var asking []*asking
			for i, a := range kinds {
				asking = append(asking, a.ask(func(ctx context.Context) error {
					if err := l.Acquire(ctx); err != nil {
						return err
					}
					order.Add("%s", a.name)
					return l.Release()
				}))
				until(t, a.name+" waits", func() bool { return queued(l) == i+1 })
			}
			l.Release()
			var want []string
			for i, a := range kinds {
				if err := asking[i].end(t); err != nil {
					t.Errorf("%s: %v", a.name, err)
				}
				want = append(want, a.name)
			}
			order.Expect(t, want...)
			l.expectServed(t.Context())
		}
	}},
	{"whoever of all kinds is cancelled the others have their turn", func(t *testing.T, k lockKind) {
		for n, kinds := range permutations(askers(t)) {
			for _, when := range []string{"waiting", "woken"} {
				victim := 0 // the one that can be woken
				if when == "waiting" {
					victim = n % len(kinds)
				}
				var order asynciotest.Trace
				l := newLine(t, k)
				var asking []*asking
				for i, a := range kinds {
					asking = append(asking, a.ask(func(ctx context.Context) error {
						if err := l.Acquire(ctx); err != nil {
							return err
						}
						if i != victim {
							order.Add("%s", a.name)
						}
						return l.Release()
					}))
					until(t, a.name+" waits", func() bool { return queued(l) == i+1 })
				}
				if when == "woken" {
					l.Release()
				}
				asking[victim].cancel()
				// Who was woken may have been faster than its cancellation.
				err := asking[victim].end(t)
				if !errors.Is(err, context.Canceled) && (err != nil || when == "waiting") {
					t.Errorf("%s, cancelled when %s: %v", kinds[victim].name, when, err)
				}
				if when == "waiting" {
					l.expectQueued(len(kinds) - 1)
					l.Release()
				}
				var want []string
				for i, a := range kinds {
					if i != victim {
						asking[i].end(t)
						want = append(want, a.name)
					}
				}
				order.Expect(t, want...)
				l.expectServed(t.Context())
			}
		}
	}},
	{"very many in line, every other of them cancelled", func(t *testing.T, k lockKind) {
		n := scaled(100_000)
		succeed(t, func(ctx context.Context) error {
			l := newLine(t, k)
			l.queue(ctx, n)
			var rest []int
			for i, w := range l.waiters {
				if i%2 == 0 {
					w.Cancel()
				} else {
					rest = append(rest, i)
				}
			}
			l.Release()
			l.expectServed(ctx, rest...)
			return nil
		})
	}},
}

func TestLockContract(t *testing.T) {
	for _, k := range lockKinds {
		t.Run(k.name, func(t *testing.T) {
			for _, c := range lockContract {
				if k.barged && strings.HasPrefix(c.guarantee, noBarging) {
					continue
				}
				t.Run(c.guarantee, func(t *testing.T) {
					noLeaks(t)
					c.holds(t, k)
				})
			}
		})
	}
}

// A barrier of one party is a lock that everybody holds.
func TestBarrierOfOneNeverWaits(t *testing.T) {
	succeed(t, func(ctx context.Context) error {
		b := asyncio.NewBarrier(1)
		passes := func() bool {
			called := false
			i, err := b.Wait(ctx)
			werr := b.With(ctx, func(index int) error {
				called = index == 0
				return errTest
			})
			return i == 0 && err == nil && called && errors.Is(werr, errTest) && b.Waiting() == 0
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
		expectIs(t, "Wait", err, asyncio.ErrBrokenBarrier)
		expectIs(t, "With", b.With(ctx, func(int) error {
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

// asker is a kind of goroutine that may await.
type asker struct {
	name  string
	ask   func(f func(ctx context.Context) error) *asking
	pause func(ctx context.Context) error // lets others go on
}

// asking is one that does.
type asking struct {
	cancel func()
	end    func(t *testing.T) error // waits for it
}

// askers returns one of each kind, on two loops that run until the test ends.
func askers(t *testing.T) []asker {
	l1 := runningLoop(t, asyncio.WithVirtualClock())
	l2 := runningLoop(t, asyncio.WithVirtualClock())
	ofTask := func(task *asyncio.Task[none]) *asking {
		return &asking{func() { task.Cancel() }, func(t *testing.T) (err error) {
			t.Helper()
			within(t, func() { _, err = task.Await(context.Background()) })
			return err
		}}
	}
	yield := func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }
	return []asker{
		{"loop task", func(f func(context.Context) error) *asking {
			return ofTask(asyncio.CreateTask(l1.Context(), asyncio.Void(f)))
		}, yield},
		{"loop task of another loop", func(f func(context.Context) error) *asking {
			return ofTask(asyncio.CreateTask(l2.Context(), asyncio.Void(f)))
		}, yield},
		{"Go task", func(f func(context.Context) error) *asking {
			return ofTask(asyncio.Go(l1.Context(), asyncio.Void(f)))
		}, yield},
		{"goroutine", func(f func(context.Context) error) *asking {
			ctx, cancel := context.WithCancel(context.Background())
			var err error
			ended := make(chan none)
			go func() {
				defer close(ended)
				defer cancel()
				err = f(ctx)
			}()
			return &asking{cancel, func(t *testing.T) error {
				t.Helper()
				wait(t, ended)
				return err
			}}
		}, func(ctx context.Context) error {
			runtime.Gosched()
			return ctx.Err()
		}},
	}
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
