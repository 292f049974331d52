package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

var errCancelled = errors.New("cancelled")

// newLoop makes a loop whose reports fail the test.
func newLoop(t *testing.T, d Driver) *Loop {
	return New(Config{
		Driver: d,
		Values: context.Background(),
		Hooks: Hooks{
			Cancelled: func(*Request) error { return errCancelled },
			AsCancelled: func(err error, _ *Request) error {
				if errors.Is(err, errCancelled) {
					return err
				}
				return nil
			},
			Panicked: func(v any, _ []byte) error { return fmt.Errorf("panic: %v", v) },
			Panic:    func(error) bool { return false },
			Report: func(_ *Loop, r Report) {
				t.Errorf("reported: %s: %v", r.Message, r.Err)
			},
		},
	})
}

// job is a task with its body.
type job struct {
	Task
	f func(ctx *Task) error
}

func (j *job) Run(ctx context.Context) error { return j.f(ctx.(*Task)) }
func (j *job) Face() any                     { return j }
func (j *job) PC() uintptr                   { return 0 }

func start(l *Loop, threaded bool, f func(ctx *Task) error) *job {
	j := &job{f: f}
	if threaded {
		j.OnThread(&Thread{})
	}
	j.Start(l.Root(), j, false)
	return j
}

// done adds a callback.
func (j *job) done(f func()) {
	h := &Handle{}
	h.Init(j.loop, f, nil)
	h.After(&j.Future)
}

// untilAsleep returns when the loop has found nothing to do.
func untilAsleep(l *Loop) {
	for !l.asleep.Load() {
		runtime.Gosched()
	}
}

// checkUnowned checks that a loop which nobody uses has no traces of an owner.
func checkUnowned(t *testing.T, l *Loop) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner != unowned || l.g != 0 || len(l.inbox) > 0 || l.current != nil {
		t.Errorf("owner %d, goroutine %#x, %d posts, current %v", l.owner, l.g, len(l.inbox), l.current)
	}
}

func TestIdleLoopIsBorrowed(t *testing.T) {
	l := newLoop(t, NewWall())
	for what, verb := range map[string]func(f func()){
		"do":   func(f func()) { l.do(action(f)) },
		"post": func(f func()) { l.post(action(f)) },
		"call": l.Call,
	} {
		ran := false
		verb(func() {
			ran = true
			if !l.owned() || l.g != coro.G() || l.Running() {
				t.Errorf("%s: not the owner", what)
			}
			if err := l.Run(nil); !errors.Is(err, ErrLoopRunning) {
				t.Errorf("%s: Run: %v", what, err)
			}
			if err := l.Close(); !errors.Is(err, ErrLoopRunning) {
				t.Errorf("%s: Close: %v", what, err)
			}
			nested := false
			l.Call(func() { nested = true })
			if !nested {
				t.Errorf("%s: a nested call waits", what)
			}
		})
		if !ran || l.owned() {
			t.Errorf("%s: ran %v, owned %v", what, ran, l.owned())
		}
		checkUnowned(t, l)
	}
}

func TestPostsAreDoneInOrderAtStartOfTurn(t *testing.T) {
	l := newLoop(t, NewWall())
	var got []int
	posted := make(chan struct{})
	start(l, false, func(ctx *Task) error {
		go func() {
			for i := range 10 {
				l.post(action(func() { got = append(got, i) }))
			}
			close(posted)
		}()
		<-posted
		if len(got) > 0 {
			t.Error("done in the middle of a step")
		}
		if err := Sleep(ctx, 0); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("done: %v", got)
		}
		l.Stop()
		return nil
	})
	if err := l.Run(nil); err != nil {
		t.Error(err)
	}
	checkUnowned(t, l)
}

// What is posted is done exactly once and by one owner at a time, whoever that is.
// The counter is not atomic: the race detector watches it.
func TestOneOwnerAtATime(t *testing.T) {
	l := newLoop(t, NewWall())
	const posters, posts = 8, 300
	count := 0
	add := action(func() {
		if !l.owned() {
			t.Error("a post is not done by the owner")
		}
		count++
	})
	var wg, runs sync.WaitGroup
	var over atomic.Bool
	for i := range posters {
		wg.Go(func() {
			for n := range posts {
				if (n+i)%2 == 0 {
					l.post(add)
				} else {
					l.Call(add)
				}
				if l.owned() {
					t.Error("owned by a goroutine that has given it back")
				}
			}
		})
	}
	for range 2 {
		// Of two runners one may be turned down.
		runs.Go(func() {
			for !over.Load() {
				l.Stop()
				if err := l.Run(nil); err != nil && !errors.Is(err, ErrLoopRunning) {
					t.Error(err)
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	over.Store(true)
	// A runner may have lost its Stop to the other.
	ended := make(chan struct{})
	go func() { runs.Wait(); close(ended) }()
	for stopped := false; !stopped; {
		l.Stop()
		select {
		case <-ended:
			stopped = true
		default:
			runtime.Gosched()
		}
	}
	l.Call(func() {
		if count != posters*posts {
			t.Errorf("%d done, want %d", count, posters*posts)
		}
	})
	checkUnowned(t, l)
}

// A post that comes while the loop falls asleep must wake it: each of these is
// only made when the one before has been done.
func TestNoPostIsSleptThrough(t *testing.T) {
	for name, d := range map[string]Driver{"wall": NewWall(), "virtual": NewVirtual(epoch)} {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t, d)
			ended := make(chan error)
			go func() { ended <- l.Run(nil) }()
			for !l.Running() {
				runtime.Gosched()
			}
			done := make(chan struct{})
			for i := range 3000 {
				if i%3 == 0 {
					for range i % 50 {
						runtime.Gosched()
					}
				}
				l.post(action(func() { done <- struct{}{} }))
				<-done
			}
			for range 20 {
				untilAsleep(l)
				l.Call(func() {})
			}
			untilAsleep(l)
			l.Stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			checkUnowned(t, l)
		})
	}
}

func TestBurstOfPostsIsForgotten(t *testing.T) {
	l := newLoop(t, NewWall())
	n := 0
	task := start(l, false, func(ctx *Task) error {
		for range 2 {
			for range 1<<14 + 1 {
				l.post(action(func() { n++ }))
			}
			if err := Sleep(ctx, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err := l.Run(until(&task.Future)); err != nil {
		t.Fatal(err)
	}
	if n != 2*(1<<14+1) {
		t.Errorf("%d done", n)
	}
	if cap(l.spare) > 1<<14 || cap(l.inbox) > 1<<14 {
		t.Errorf("room for %d and %d kept", cap(l.spare), cap(l.inbox))
	}
}

func TestPostsRaceWithClose(t *testing.T) {
	for range 100 {
		l := newLoop(t, NewWall())
		var done atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					l.post(action(func() { done.Add(1) }))
				}
			})
		}
		var closed atomic.Int32
		for range 2 {
			wg.Go(func() {
				if err := l.Close(); err == nil {
					closed.Add(1)
				} else if !errors.Is(err, ErrLoopRunning) { // the other is at it
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if closed.Load() == 0 || !l.Closed() {
			t.Fatal("not closed")
		}
		// Who has given up the loop may have left the rest to a goroutine of its own.
		eventually(t, func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return done.Load() == 80 && l.owner == unowned
		})
		checkUnowned(t, l)
	}
}

func TestSettlingFutureIsNotDone(t *testing.T) {
	l := newLoop(t, NewWall())
	f := &Future{}
	f.Init(l.Root())
	if !f.Claim() || f.Claim() || f.Finished() || f.Cancel(&Request{}) {
		t.Error("claimed twice, or done too early")
	}
	var got error
	waiter := start(l, false, func(ctx *Task) error {
		got = f.Await(ctx)
		return nil
	})
	steps := start(l, false, func(ctx *Task) error { return Sleep(ctx, 0) })
	if err := l.Run(until(&steps.Future)); err != nil {
		t.Fatal(err)
	}
	if waiter.Finished() {
		t.Error("await of a claimed future returns")
	}
	// A cancellation that comes now cannot cancel it, and waits.
	if !waiter.Cancel(&Request{}) || f.Finished() {
		t.Error("Cancel")
	}
	f.Settle(Succeeded, nil)
	if err := l.Run(until(&waiter.Future)); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(got, errCancelled) || f.State() != Succeeded {
		t.Errorf("await gives %v, future %v", got, f.State())
	}
}

// contest has many goroutines try the same thing at the same moment, round after
// round, and fails the test unless one and only one of them succeeds in each.
func contest(t *testing.T, rounds int, prepare func() (try func() bool)) {
	t.Helper()
	const contestants = 4
	var ready, won atomic.Int32
	var try func() bool
	var turn atomic.Int32
	var wg sync.WaitGroup
	meet := func(n int32) { // all wait for each other, without sleeping
		if ready.Add(1) == contestants {
			ready.Store(0)
			turn.Store(n)
			return
		}
		for turn.Load() < n {
			runtime.Gosched()
		}
	}
	for i := range contestants {
		wg.Go(func() {
			for n := range int32(rounds) {
				if i == 0 {
					try = prepare()
				}
				meet(2*n + 1)
				if try() {
					won.Add(1)
				}
				meet(2*n + 2)
				if i == 0 {
					if w := won.Swap(0); w != 1 {
						t.Errorf("round %d: %d have won", n, w)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestOneClaimsFuture(t *testing.T) {
	l := newLoop(t, NewWall())
	contest(t, 5000, func() func() bool {
		f := &Future{}
		f.Init(l.Root())
		return f.Claim
	})
}

func TestOneDropsHandle(t *testing.T) {
	l := newLoop(t, NewWall())
	contest(t, 5000, func() func() bool {
		h := &Handle{}
		h.Init(l, func() {}, nil)
		h.At(time.Hour)
		return h.Cancel
	})
	l.Call(func() {
		if n := len(l.timers.heap); n > 0 {
			t.Errorf("%d timers left", n)
		}
	})
}
