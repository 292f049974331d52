// Every await point, cancelled in every position that the task can be in: whatever the
// position, nothing is lost; what was awaited goes on, or has ended as well, or is the next
// one's. And a request's way down from task to task, at any moment, of any length.
package cancellation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// Every await point, cancelled in every position that the task can be in. Whatever
// the position, nothing is lost: what was awaited goes on, or has ended as well, or
// is the next one's.

// position is where a task is when it is cancelled.
type position string

const (
	beforeStart    position = "before its first step"
	beforeAwait    position = "before it awaits"
	nothingToAwait position = "before it awaits what is there already"
	inWait         position = "while it waits"
	wokenFirst     position = "in the step in which it was woken"
	cancelledFirst position = "in the step in which it is woken then"
	wokenEarlier   position = "some turns after what it awaits was there"
	running        position = "when it runs again"
	finished       position = "when it is done"
	// refused is for comparison: it was cancelled before and has gone on, so that
	// its context is over and all else is as ever.
	refused position = "and has refused before it awaits"
	// notCancelled is for comparison: the scope of the await ends instead.
	notCancelled position = "not at all, but its scope is over"
)

var positions = []position{
	beforeStart, beforeAwait, nothingToAwait, inWait, wokenFirst, cancelledFirst, wokenEarlier, running,
	finished, refused, notCancelled,
}

// reached are the positions in which the cancellation is passed on to what the task
// awaits, before that is there.
var reached = []position{beforeAwait, inWait, cancelledFirst}

// awaitPoint is one, and what must hold after a cancellation.
type awaitPoint struct {
	name string
	set  func(ctx context.Context, s *scene)
}

// scene is an await point that is set up for one or two tasks to come to it and
// have to wait.
type scene struct {
	t        *testing.T
	p        position
	threaded bool // it is a Go task that is cancelled

	// await is the await point.
	await func(ctx context.Context) error
	// wake ends the wait of all, or of the first in line.
	wake func(ctx context.Context)
	// line says that another task waits for the same behind the one that is
	// cancelled, and has its turn after it, or in its place. Who had it calls wake
	// for the next.
	line bool
	// atOnce says that it returns at once when there is nothing to wait for, and
	// leaves a cancellation for the next await.
	atOnce bool
	// beside are positions in which what a Go task awaits, which goes on beside it,
	// may be there before it has to wait, as always with nothingToAwait.
	beside []position
	// answers says that a cancellation may be answered by a result that is on its
	// way, which is then the last word.
	answers bool
	// unscoped says that it knows no scope but that of something else.
	unscoped bool
	// strike wakes and cancels in one step, where calling both is not that.
	strike func(ctx context.Context, cancel func())
	// check is called when all is over but what the scene has itself begun, and
	// ends that.
	check func(ctx context.Context)
}

// awaited returns a future that wake completes, and has check see that it was not
// cancelled but in these positions.
func (s *scene) awaited(ctx context.Context, what string, cancelled ...position) *asyncio.Future[int] {
	f := asyncio.NewFuture[int](ctx)
	s.andWake(func(context.Context) { f.SetResult(1) })
	s.andCheck(func(context.Context) {
		s.t.Helper()
		s.expectStates(what, f, "succeeded", "cancelled", cancelled...)
	})
	return f
}

func (s *scene) andWake(f func(ctx context.Context)) {
	wake := s.wake
	s.wake = func(ctx context.Context) {
		if wake != nil {
			wake(ctx)
		}
		f(ctx)
	}
}

func (s *scene) andCheck(f func(ctx context.Context)) {
	check := s.check
	s.check = func(ctx context.Context) {
		if check != nil {
			check(ctx)
		}
		f(ctx)
	}
}

// expectStates checks how f stands: in the second way in these positions, in the
// first in all others.
func (s *scene) expectStates(what string, f asyncio.AnyFuture, usual, want string, in ...position) {
	s.t.Helper()
	if !slices.Contains(in, s.p) {
		want = usual
	}
	testutil.ExpectState(s.t, what, f, want)
}

// settle returns when all that can happen has happened.
func settle(ctx context.Context) { asynciotest.Settle(ctx) }

// play has a task come to the await point and be cancelled in position s.p. turns
// is for wokenEarlier.
func (s *scene) play(ctx context.Context, turns int) {

	const message = "enough"
	create := asyncio.CreateTask[asyncio.None]
	if s.threaded {
		create = asyncio.Go[asyncio.None]
	}
	began, returned, served := false, false, false
	var got error // from the await
	victim := func(ctx context.Context) error {
		began = true
		self := asyncio.CurrentTask(ctx)
		if s.p == beforeAwait || s.p == nothingToAwait {
			self.Cancel(message)
		}
		if s.p == refused {
			self.Cancel(message)
			s.expectCancelled(asyncio.Sleep(ctx, 0), message)
		}
		scope := ctx
		if s.p == notCancelled {
			var end context.CancelFunc
			scope, end = asyncio.WithTimeout(ctx, time.Second)
			defer end()
		}
		got = s.await(scope)
		returned = true
		if got != nil {
			if s.p == notCancelled {
				return asyncio.Sleep(ctx, 0)
			}
			return got
		}
		served = true
		if s.p == running {
			self.Cancel(message)
		}
		if s.line {
			s.wake(ctx)
		}
		return asyncio.Sleep(ctx, 0)
	}
	if s.p == nothingToAwait {
		s.wake(ctx)
		settle(ctx)
	}
	a := create(ctx, asyncio.Void(victim))
	if s.p == beforeStart {
		a.Cancel(message)
	}
	settle(ctx)
	var next *asyncio.Task[asyncio.None]
	if s.line && s.p != nothingToAwait {
		next = create(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := s.await(ctx); err != nil {
				return err
			}
			s.wake(ctx)
			return nil
		}))
		settle(ctx)
	}

	cancelled := true
	cancel := func() { cancelled = a.Cancel(message) }
	if s.strike == nil {
		s.strike = func(ctx context.Context, cancel func()) {
			if s.p == cancelledFirst {
				cancel()
				s.wake(ctx)
			} else {
				s.wake(ctx)
				cancel()
			}
		}
	}
	switch s.p {
	case beforeStart, beforeAwait:
		testutil.ExpectState(s.t, "the task", a, "cancelled")
		s.wake(ctx)
	case nothingToAwait:
	case inWait:
		testutil.ExpectState(s.t, "the task", a, "pending")
		cancel()
		settle(ctx)
		testutil.ExpectState(s.t, "the task", a, "cancelled")
		s.wake(ctx)
	case wokenFirst, cancelledFirst:
		s.strike(ctx, cancel)
	case wokenEarlier:
		s.wake(ctx)
		for range turns {
			asyncio.Sleep(ctx, 0)
		}
		cancel()
	case running:
		s.wake(ctx)
	case refused:
		testutil.ExpectState(s.t, "the task", a, "pending")
		s.wake(ctx)
	case finished:
		s.wake(ctx)
		settle(ctx)
		cancel()
	case notCancelled:
		asyncio.Sleep(ctx, 2*time.Second)
		testutil.ExpectState(s.t, "the task", a, "succeeded")
		s.wake(ctx)
	}
	settle(ctx)

	// What the task was told.
	if !a.Done() {
		s.t.Errorf("it hangs: %v", a)
		return
	}
	unsure := s.threaded && slices.Contains(append(s.beside, nothingToAwait), s.p)
	switch s.p {
	case beforeStart:
		if began {
			s.t.Error("it ran")
		}
		testutil.ExpectState(s.t, "the task", a, "cancelled")
	case beforeAwait, inWait, wokenFirst, cancelledFirst:
		if got != nil || !unsure {
			s.expectCancelled(got, message)
		}
		testutil.ExpectState(s.t, "the task", a, "cancelled")
	case nothingToAwait:
		if s.atOnce {
			if got != nil || !returned {
				s.t.Errorf("there was nothing to wait for: %v", got)
			}
		} else if got != nil || !unsure {
			s.expectCancelled(got, message)
		}
		if !unsure || !s.answers {
			testutil.ExpectState(s.t, "the task", a, "cancelled")
		}
	case running:
		if got != nil || !served {
			s.t.Errorf("the await: %v", got)
		}
		s.expectCancelled(a.Err(), message)
	case wokenEarlier:
		// Of a Go task it is not certain where it is then.
		if got != nil {
			s.expectCancelled(got, message)
		}
		if a.Cancelled() && !cancelled {
			s.t.Error("cancelled by whom?")
		}
	case finished:
		if got != nil || !served || cancelled {
			s.t.Errorf("the await: %v; Cancel: %v", got, cancelled)
		}
		testutil.ExpectState(s.t, "the task", a, "succeeded")
	case refused:
		if got != nil || !served {
			s.t.Errorf("the await: %v", got)
		}
		testutil.ExpectState(s.t, "the task", a, "succeeded")
	case notCancelled:
		if !errors.Is(got, asyncio.ErrTimeout) || errors.Is(got, asyncio.ErrCancelled) || a.Cancelling() != 0 {
			s.t.Errorf("the await: %v, %d requests", got, a.Cancelling())
		}
		testutil.ExpectState(s.t, "the task", a, "succeeded")
	}

	// What is left.
	if next != nil {
		testutil.ExpectState(s.t, "the next in line", next, "succeeded")
	}
	if s.check != nil {
		s.check(ctx)
	}
	settle(ctx)
	for _, task := range asyncio.AllTasks(asyncio.RunningLoop(ctx)) {
		if task != asyncio.CurrentTask(ctx) {
			s.t.Errorf("left: %v", task)
		}
	}
}

func (s *scene) expectCancelled(err error, message string) {
	s.t.Helper()
	var c *asyncio.CancelledError
	if !errors.Is(err, asyncio.ErrCancelled) || !errors.As(err, &c) || c.Message != message {
		s.t.Errorf("%v, want a cancellation with the message %q", err, message)
	}
}

func TestCancelInEveryPosition(t *testing.T) {
	for _, point := range slices.Concat(awaitPoints, lockPoints(), queuePoints()) {
		t.Run(point.name, func(t *testing.T) {
			for _, kind := range []string{"task", "Go task"} {
				for _, p := range positions {
					t.Run(fmt.Sprintf("%s cancelled %s", kind, p), func(t *testing.T) {
						testutil.NoLeaks(t)
						turns := 1
						if p == wokenEarlier {
							turns = 5
						}
						for n := range turns {
							testutil.Succeed(t, func(ctx context.Context) error {
								s := &scene{t: t, p: p, threaded: kind == "Go task"}
								point.set(ctx, s)
								if s.unscoped && p == notCancelled {
									return testutil.EndAll(ctx)
								}
								s.play(ctx, n)
								return nil
							})
						}
					})
				}
			}
		})
	}
}

// A Condition.Wait that is cancelled while it acquires the lock again returns only
// when it has, and passes the notification on.
func TestConditionWaitCancelledWhileItAcquiresAgain(t *testing.T) {
	for _, requests := range []int{1, 3} {
		testutil.Succeed(t, func(ctx context.Context) error {
			c := asyncio.NewCondition(nil)
			wait := asyncio.Void(func(ctx context.Context) error {
				return c.With(ctx, func() error {
					err := c.Wait(ctx)
					if !c.Locked() {
						t.Error("it has returned without the lock")
					}
					return err
				})
			})
			a, b := asyncio.CreateTask(ctx, wait), asyncio.CreateTask(ctx, wait)
			settle(ctx)
			c.Acquire(ctx)
			c.Notify(1)
			settle(ctx) // a waits for the lock now
			for i := range requests {
				a.Cancel(fmt.Sprint(i + 1))
				settle(ctx)
				testutil.ExpectState(t, "a", a, "pending")
			}
			c.Release()
			settle(ctx)
			var e *asyncio.CancelledError
			if !errors.As(a.Err(), &e) || e.Message != fmt.Sprint(requests) {
				t.Errorf("a: %v, want the last of %d requests", a.Err(), requests)
			}
			testutil.ExpectState(t, "b", b, "succeeded")
			if c.Locked() || testutil.Queued(c) != 0 {
				t.Error(c)
			}
			return nil
		})
	}
}
