package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
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
	expectState(s.t, what, f, want)
}

// settle returns when all that can happen has happened.
func settle(ctx context.Context) { asynciotest.Settle(ctx) }

// play has a task come to the await point and be cancelled in position s.p. turns
// is for wokenEarlier.
func (s *scene) play(ctx context.Context, turns int) {

	const message = "enough"
	create := asyncio.CreateTask[none]
	if s.threaded {
		create = asyncio.Go[none]
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
	var next *asyncio.Task[none]
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
		expectState(s.t, "the task", a, "cancelled")
		s.wake(ctx)
	case nothingToAwait:
	case inWait:
		expectState(s.t, "the task", a, "pending")
		cancel()
		settle(ctx)
		expectState(s.t, "the task", a, "cancelled")
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
		expectState(s.t, "the task", a, "pending")
		s.wake(ctx)
	case finished:
		s.wake(ctx)
		settle(ctx)
		cancel()
	case notCancelled:
		asyncio.Sleep(ctx, 2*time.Second)
		expectState(s.t, "the task", a, "succeeded")
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
		expectState(s.t, "the task", a, "cancelled")
	case beforeAwait, inWait, wokenFirst, cancelledFirst:
		if got != nil || !unsure {
			s.expectCancelled(got, message)
		}
		expectState(s.t, "the task", a, "cancelled")
	case nothingToAwait:
		if s.atOnce {
			if got != nil || !returned {
				s.t.Errorf("there was nothing to wait for: %v", got)
			}
		} else if got != nil || !unsure {
			s.expectCancelled(got, message)
		}
		if !unsure || !s.answers {
			expectState(s.t, "the task", a, "cancelled")
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
		expectState(s.t, "the task", a, "succeeded")
	case refused:
		if got != nil || !served {
			s.t.Errorf("the await: %v", got)
		}
		expectState(s.t, "the task", a, "succeeded")
	case notCancelled:
		if !errors.Is(got, asyncio.ErrTimeout) || errors.Is(got, asyncio.ErrCancelled) || a.Cancelling() != 0 {
			s.t.Errorf("the await: %v, %d requests", got, a.Cancelling())
		}
		expectState(s.t, "the task", a, "succeeded")
	}

	// What is left.
	if next != nil {
		expectState(s.t, "the next in line", next, "succeeded")
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
						noLeaks(t)
						turns := 1
						if p == wokenEarlier {
							turns = 5
						}
						for n := range turns {
							succeed(t, func(ctx context.Context) error {
								s := &scene{t: t, p: p, threaded: kind == "Go task"}
								point.set(ctx, s)
								if s.unscoped && p == notCancelled {
									return endAll(ctx)
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

var awaitPoints = []awaitPoint{
	{"Sleep", func(ctx context.Context, s *scene) {
		l := asyncio.RunningLoop(ctx)
		at := l.Time().Add(time.Minute)
		first := func() {}
		l.CallAt(at, func() { first() })
		s.await = func(ctx context.Context) error { return asyncio.Sleep(ctx, at.Sub(l.Time())) }
		s.wake = func(ctx context.Context) { asyncio.Sleep(ctx, time.Hour) }
		s.strike = func(ctx context.Context, cancel func()) {
			if s.p == cancelledFirst {
				first = cancel
			} else {
				l.CallAt(at, cancel)
			}
			s.wake(ctx)
		}
	}},
	{"Task.Await", func(ctx context.Context, s *scene) {
		child := asyncio.CreateTask(ctx, s.awaited(ctx, "what the task awaits", reached...).Await)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := child.Await(ctx)
			return err
		}
		s.andCheck(func(context.Context) {
			if s.p != wokenEarlier {
				s.expectStates("the awaited", child, "succeeded", "cancelled", append(reached, wokenFirst)...)
			}
		})
	}},
	{"Future.Await", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "the future", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := f.Await(ctx)
			return err
		}
	}},
	{"ToThread", func(ctx context.Context, s *scene) {
		f := asyncio.NewFuture[int](ctx)
		s.answers = true
		s.wake = func(context.Context) { f.SetResult(1) }
		var began, ended atomic.Int32
		s.await = func(ctx context.Context) error {
			_, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
				began.Add(1)
				defer ended.Add(1)
				return f.Await(ctx)
			})
			return err
		}
		s.check = func(context.Context) {
			want := int32(1)
			switch s.p {
			case beforeStart:
				want = 0
			case beforeAwait, nothingToAwait:
				want = 0
				if s.threaded { // it begins beside who waits for it
					want = ended.Load()
				}
			}
			if began.Load() != want || ended.Load() != want {
				s.t.Errorf("%d began and %d ended, want %d", began.Load(), ended.Load(), want)
			}
			if !s.threaded || s.p != beforeAwait {
				s.expectStates("what it awaits", f, "succeeded", "cancelled", inWait, cancelledFirst, notCancelled)
			}
		}
	}},
	{"Gather", func(ctx context.Context, s *scene) {
		a, b := s.awaited(ctx, "a", reached...), s.awaited(ctx, "b", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := asyncio.Gather(ctx, a, b)
			return err
		}
	}},
	{"GatherAll", func(ctx context.Context, s *scene) {
		a, b := s.awaited(ctx, "a", reached...), s.awaited(ctx, "b", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := asyncio.GatherAll(ctx, a, b)
			return err
		}
	}},
	{"Wait for all", func(ctx context.Context, s *scene) {
		fs := []*asyncio.Future[int]{s.awaited(ctx, "a"), s.awaited(ctx, "b")}
		s.await = func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, fs, asyncio.WaitOptions{})
			return err
		}
	}},
	{"Wait for the first", func(ctx context.Context, s *scene) {
		fs := []*asyncio.Future[int]{s.awaited(ctx, "a"), asyncio.NewFuture[int](ctx)}
		s.await = func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, fs, asyncio.WaitOptions{ReturnWhen: asyncio.FirstCompleted})
			return err
		}
		s.andCheck(func(context.Context) { expectState(s.t, "b", fs[1], "pending") })
	}},
	{"Wait for the first failure", func(ctx context.Context, s *scene) {
		a, b := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
		s.await = func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a, b},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstException, Timeout: time.Hour})
			return err
		}
		s.wake = func(context.Context) { a.SetErr(errTest) }
		s.check = func(context.Context) {
			expectState(s.t, "a", a, "failed")
			expectState(s.t, "b", b, "pending")
		}
	}},
	{"AsCompleted", func(ctx context.Context, s *scene) {
		fs := []*asyncio.Future[int]{s.awaited(ctx, "a"), s.awaited(ctx, "b")}
		s.await = func(ctx context.Context) error {
			left := len(fs)
			for range asyncio.AsCompleted(ctx, fs) {
				left--
			}
			if left > 0 {
				return asyncio.Sleep(ctx, 0) // it is delivered again
			}
			return nil
		}
	}},
	{"AsCompletedWithin", func(ctx context.Context, s *scene) {
		fs := []*asyncio.Future[int]{s.awaited(ctx, "a"), s.awaited(ctx, "b")}
		s.await = func(ctx context.Context) error {
			for _, err := range asyncio.AsCompletedWithin(ctx, fs, time.Hour) {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"WaitFor", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "the future", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := asyncio.WaitFor(ctx, f, time.Hour)
			return err
		}
	}},
	{"Shield", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "the future")
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := asyncio.Shield(ctx, f)
			return err
		}
	}},
	{"Race", func(ctx context.Context, s *scene) {
		a := s.awaited(ctx, "what the first awaits", beforeAwait, inWait, notCancelled)
		loser := asyncio.NewFuture[int](ctx)
		first, second := asyncio.CreateTask(ctx, a.Await), asyncio.CreateTask(ctx, loser.Await)
		s.await = func(ctx context.Context) error {
			_, err := asyncio.Race(ctx, first, second)
			return err
		}
		s.andCheck(func(context.Context) {
			if !first.Done() {
				s.t.Error(first)
			}
			s.expectStates("the second", second, "cancelled", "pending", beforeStart)
			second.Cancel()
		})
	}},
	{"Map", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what it awaits", beforeAwait, inWait, notCancelled)
		s.beside = []position{wokenFirst, cancelledFirst}
		began, ended := 0, 0
		s.await = func(ctx context.Context) error {
			got, err := asyncio.Map(ctx, []int{0, 1, 2}, 2, func(ctx context.Context, _ int) (int, error) {
				began++
				defer func() { ended++ }()
				return f.Await(ctx)
			})
			if err == nil && !slices.Equal(got, []int{1, 1, 1}) {
				s.t.Errorf("no error, and the results %v", got)
			}
			return err
		}
		s.andCheck(func(context.Context) {
			if began != ended {
				s.t.Errorf("%d began, %d ended", began, ended)
			}
		})
	}},
	{"WithTaskGroup at its end", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the child awaits", beforeAwait, inWait, notCancelled)
		var child *asyncio.Task[int]
		s.await = func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				child = asyncio.CreateTask(tg, f.Await)
				return nil
			})
		}
		s.andCheck(func(context.Context) {
			if s.p != beforeStart && !child.Done() {
				s.t.Error(child)
			}
		})
	}},
	{"WithTaskGroup in its body", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the body awaits", reached...)
		var child *asyncio.Task[none]
		s.await = func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				child = asyncio.CreateTask(tg, asyncio.Void(forever))
				_, err := f.Await(ctx)
				if err == nil {
					child.Cancel()
				}
				return err
			})
		}
		s.andCheck(func(context.Context) {
			if s.p != beforeStart {
				expectState(s.t, "the child", child, "cancelled")
			}
		})
	}},
	{"Timeout", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the body awaits", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				_, err := f.Await(ctx)
				return err
			})
		}
	}},
	{"CreateTask in a full group", func(ctx context.Context, s *scene) {
		s.line, s.atOnce, s.unscoped = true, true, true
		f := s.awaited(ctx, "what the first child awaits")
		end := asyncio.NewFuture[int](ctx)
		var group *asyncio.TaskGroup
		holder := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, f.Await)
				group = tg
				_, err := end.Await(ctx)
				return err
			})
		}))
		settle(ctx)
		var created, ran atomic.Int32
		s.await = func(ctx context.Context) error {
			child := asyncio.CreateTask(group, asyncio.Void(func(context.Context) error {
				ran.Add(1)
				return nil
			}))
			if child.Cancelled() {
				return asyncio.Sleep(ctx, 0) // it is delivered again
			}
			created.Add(1)
			return nil
		}
		s.andCheck(func(ctx context.Context) {
			end.SetResult(0)
			if _, err := holder.Await(ctx); err != nil {
				s.t.Error(err)
			}
			if created.Load() != ran.Load() {
				s.t.Errorf("%d created, %d ran", created.Load(), ran.Load())
			}
		})
	}},
	{"Event.Wait", func(_ context.Context, s *scene) {
		var e asyncio.Event
		s.line, s.atOnce = true, true
		s.await = e.Wait
		s.wake = func(context.Context) { e.Set() }
		s.check = func(context.Context) {
			if queued(&e) != 0 {
				s.t.Error(&e)
			}
		}
	}},
	{"Condition.Wait", func(_ context.Context, s *scene) {
		c := asyncio.NewCondition(nil)
		s.line = true
		s.await = func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.Wait(ctx) })
		}
		s.wake = func(ctx context.Context) {
			c.With(ctx, func() error { return c.Notify(1) })
		}
		s.check = func(context.Context) {
			if queued(c) != 0 || c.Locked() {
				s.t.Error(c)
			}
		}
	}},
	{"Condition.WaitFor", func(_ context.Context, s *scene) {
		c := asyncio.NewCondition(nil)
		n := 0
		s.line, s.atOnce = true, true
		s.await = func(ctx context.Context) error {
			return c.With(ctx, func() error {
				err := c.WaitFor(ctx, func() bool { return n > 0 })
				if err == nil {
					n--
				}
				return err
			})
		}
		s.wake = func(ctx context.Context) {
			c.With(ctx, func() error {
				n++
				return c.Notify(1)
			})
		}
		s.check = func(context.Context) {
			if queued(c) != 0 || c.Locked() || n != 1 { // the last one's
				s.t.Error(c, n)
			}
		}
	}},
	{"Barrier.Wait", func(ctx context.Context, s *scene) {
		b := asyncio.NewBarrier(2)
		partner := asyncio.Void(func(ctx context.Context) error {
			_, err := b.Wait(ctx)
			return err
		})
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			_, err := b.Wait(ctx)
			return err
		}
		s.wake = func(ctx context.Context) { asyncio.CreateTask(ctx, partner) }
		s.strike = func(ctx context.Context, cancel func()) {
			if s.p == cancelledFirst {
				cancel()
			}
			if _, err := b.Wait(ctx); err != nil { // it completes the round
				s.t.Error(err)
			}
			if s.p == wokenFirst {
				cancel()
			}
		}
		s.check = func(ctx context.Context) {
			alone := slices.Contains([]position{beforeStart, beforeAwait, inWait, notCancelled}, s.p)
			if alone != (b.Waiting() == 1) || b.Broken() {
				s.t.Error(b)
			}
			if !alone {
				s.wake(ctx)
				settle(ctx)
			}
			if i, err := b.Wait(ctx); i != 1 || err != nil {
				s.t.Error(i, err)
			}
		}
	}},
}

// lockPoints are the Acquire of all that has one.
func lockPoints() (points []awaitPoint) {
	for _, k := range lockKinds {
		if k.barged {
			continue // they have rows of their own
		}
		points = append(points, awaitPoint{k.name + ".Acquire", func(_ context.Context, s *scene) {
			l := newLine(s.t, k)
			s.line, s.atOnce = true, true
			s.await = l.Acquire
			s.wake = func(context.Context) {
				if err := l.Release(); err != nil {
					s.t.Error(err)
				}
			}
			s.check = func(ctx context.Context) { l.expectServed(ctx) }
		}})
	}
	return points
}

// queuePoints are those of each kind of queue.
func queuePoints() (points []awaitPoint) {
	for _, k := range queueKinds {
		points = append(points,
			awaitPoint{k.name + ".Get", func(_ context.Context, s *scene) {
				getPoint(s, k.make(0), func(ctx context.Context, q queueLike) (item, error) { return q.Get(ctx) })
			}},
			awaitPoint{k.name + ".All", func(_ context.Context, s *scene) {
				getPoint(s, k.make(0), func(ctx context.Context, q queueLike) (item, error) {
					for v, err := range q.All(ctx) {
						return v, err
					}
					return item{}, errors.New("it ended")
				})
			}},
			awaitPoint{k.name + ".Put", func(_ context.Context, s *scene) { putPoint(s, k.make(1)) }},
			awaitPoint{k.name + ".Join", func(_ context.Context, s *scene) {
				q := k.make(0)
				q.PutNoWait(item{})
				q.GetNoWait()
				s.line, s.atOnce = true, true
				s.await = q.Join
				s.wake = func(context.Context) { q.TaskDone() }
			}},
		)
	}
	return points
}

// getPoint awaits an item of an empty queue. Each is had by somebody, in the order
// in which they came.
func getPoint(s *scene, q queueLike, get func(context.Context, queueLike) (item, error)) {
	var put, got asynciotest.Trace
	s.line, s.atOnce = true, true
	s.await = func(ctx context.Context) error {
		v, err := get(ctx, q)
		if err == nil {
			got.Add("%v", v)
		}
		return err
	}
	var n atomic.Int32
	s.wake = func(context.Context) {
		v := item{0, int(n.Add(1))}
		put.Add("%v", v)
		if err := q.PutNoWait(v); err != nil {
			s.t.Error(err)
		}
	}
	s.check = func(ctx context.Context) {
		if queued(q) != 0 || q.Len() != 1 { // the last one's
			s.t.Error(q)
		}
		s.await(ctx)
		got.Expect(s.t, put.Events()...)
	}
}

// putPoint awaits room in a queue that has it for one. What was put is there, and
// nothing else is.
func putPoint(s *scene, q queueLike) {
	var put, got asynciotest.Trace
	var n atomic.Int32
	var taking sync.Mutex // for the trace to have the order of the queue
	s.line, s.atOnce = true, true
	s.await = func(ctx context.Context) error {
		v := item{0, int(n.Add(1))}
		err := q.Put(ctx, v)
		if err == nil {
			put.Add("%v", v)
		}
		return err
	}
	s.await(context.Background()) // there is room for this one
	s.wake = func(context.Context) {
		taking.Lock()
		defer taking.Unlock()
		v, err := q.GetNoWait()
		if err != nil {
			s.t.Error(err)
		}
		got.Add("%v", v)
	}
	s.check = func(context.Context) {
		if queued(q) != 0 || q.Len() != 0 {
			s.t.Error(q)
		}
		got.Expect(s.t, put.Events()...)
	}
}

// A Condition.Wait that is cancelled while it acquires the lock again returns only
// when it has, and passes the notification on.
func TestConditionWaitCancelledWhileItAcquiresAgain(t *testing.T) {
	for _, requests := range []int{1, 3} {
		succeed(t, func(ctx context.Context) error {
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
				expectState(t, "a", a, "pending")
			}
			c.Release()
			settle(ctx)
			var e *asyncio.CancelledError
			if !errors.As(a.Err(), &e) || e.Message != fmt.Sprint(requests) {
				t.Errorf("a: %v, want the last of %d requests", a.Err(), requests)
			}
			expectState(t, "b", b, "succeeded")
			if c.Locked() || queued(c) != 0 {
				t.Error(c)
			}
			return nil
		})
	}
}
