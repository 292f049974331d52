package cancellation_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

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
		s.andCheck(func(context.Context) { testutil.ExpectState(s.t, "b", fs[1], "pending") })
	}},
	{"Wait for the first failure", func(ctx context.Context, s *scene) {
		a, b := asyncio.NewFuture[int](ctx), asyncio.NewFuture[int](ctx)
		s.await = func(ctx context.Context) error {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{a, b},
				asyncio.WaitOptions{ReturnWhen: asyncio.FirstException, Timeout: time.Hour})
			return err
		}
		s.wake = func(context.Context) { a.SetErr(testutil.ErrTest) }
		s.check = func(context.Context) {
			testutil.ExpectState(s.t, "a", a, "failed")
			testutil.ExpectState(s.t, "b", b, "pending")
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
	{"FirstSuccess", func(ctx context.Context, s *scene) {
		a := s.awaited(ctx, "what the first awaits", beforeAwait, inWait, notCancelled)
		loser := asyncio.NewFuture[int](ctx)
		failed := asyncio.NewFuture[int](ctx)
		failed.SetErr(testutil.ErrTest)
		first, second := asyncio.CreateTask(ctx, a.Await), asyncio.CreateTask(ctx, loser.Await)
		s.await = func(ctx context.Context) error {
			_, err := asyncio.FirstSuccess(ctx, []asyncio.Awaitable[int]{failed, first, second}...)
			return err
		}
		s.andCheck(func(context.Context) {
			_ = failed.Err()
			if !first.Done() {
				s.t.Error(first)
			}
			s.expectStates("the second", second, "cancelled", "pending", beforeStart)
			second.Cancel()
		})
	}},
	{"Receive", func(_ context.Context, s *scene) {
		ch := make(chan int, 2)
		s.atOnce, s.beside = true, []position{wokenFirst, cancelledFirst}
		s.await = func(ctx context.Context) error {
			_, err := asyncio.Receive(ctx, ch)
			return err
		}
		s.wake = func(context.Context) { ch <- 1 }
	}},
	{"Send", func(_ context.Context, s *scene) {
		ch := make(chan int, 1)
		ch <- 1
		s.atOnce, s.beside = true, []position{wokenFirst, cancelledFirst}
		s.await = func(ctx context.Context) error { return asyncio.Send(ctx, ch, 2) }
		s.wake = func(context.Context) { <-ch }
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
		var child *asyncio.Task[asyncio.None]
		s.await = func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				child = asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				_, err := f.Await(ctx)
				if err == nil {
					child.Cancel()
				}
				return err
			})
		}
		s.andCheck(func(context.Context) {
			if s.p != beforeStart {
				testutil.ExpectState(s.t, "the child", child, "cancelled")
			}
		})
	}},
	{"Timeout", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the body awaits", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				return err
			})
		}
	}},
	{"WithShield of no time", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the body awaits", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			return asyncio.WithShield(ctx, 0, func(ctx context.Context) error {
				_, err := f.Await(ctx)
				return err
			})
		}
	}},
	{"WithShield before an await", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what is awaited", reached...)
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			if err := asyncio.WithShield(ctx, time.Hour, func(context.Context) error { return nil }); err != nil {
				return err
			}
			_, err := f.Await(ctx)
			return err
		}
	}},
	{"Start", func(ctx context.Context, s *scene) {
		f := s.awaited(ctx, "what the child awaits", beforeAwait, inWait, notCancelled)
		s.beside = []position{wokenFirst, cancelledFirst}
		end := asyncio.NewFuture[int](ctx)
		var group *asyncio.TaskGroup
		holder := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				_, err := end.Await(ctx)
				return err
			})
		}))
		settle(ctx)
		began, ended := 0, 0
		s.await = func(ctx context.Context) error {
			v, err := asyncio.Start(ctx, group, func(ctx context.Context, started func(int)) error {
				began++
				defer func() { ended++ }()
				v, err := f.Await(ctx)
				if err == nil {
					started(v)
				}
				return err
			})
			if err == nil && v != 1 {
				s.t.Error(v)
			}
			return err
		}
		s.andCheck(func(ctx context.Context) {
			end.SetResult(0)
			if _, err := holder.Await(ctx); err != nil || began != ended {
				s.t.Errorf("%v, %d began, %d ended", err, began, ended)
			}
		})
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
			if testutil.Queued(&e) != 0 {
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
			if testutil.Queued(c) != 0 || c.Locked() {
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
			if testutil.Queued(c) != 0 || c.Locked() || n != 1 { // the last one's
				s.t.Error(c, n)
			}
		}
	}},
	{"Semaphore.AcquireN", func(_ context.Context, s *scene) {
		sem := asyncio.NewSemaphore(1)
		s.line, s.atOnce = true, true
		s.await = func(ctx context.Context) error {
			err := sem.AcquireN(ctx, 2)
			if err == nil {
				_ = sem.ReleaseN(1)
			}
			return err
		}
		s.wake = func(context.Context) { _ = sem.Release() }
		s.check = func(context.Context) {
			if testutil.Queued(sem) != 0 {
				s.t.Error(sem)
			}
		}
	}},
	{"RWLock.AcquireRead", func(_ context.Context, s *scene) {
		var l asyncio.RWLock
		l.TryAcquire()
		reads := 0
		s.atOnce = true
		s.await = func(ctx context.Context) error {
			err := l.AcquireRead(ctx)
			if err == nil {
				reads++
			}
			return err
		}
		s.wake = func(context.Context) {
			if err := l.Release(); err != nil {
				s.t.Error(err)
			}
		}
		s.check = func(context.Context) {
			for range reads {
				if err := l.ReleaseRead(); err != nil {
					s.t.Error(err)
				}
			}
			_ = l.Release() // if nobody has
			if l.Locked() || testutil.Queued(&l) != 0 {
				s.t.Error(&l)
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
	for _, k := range testutil.LockKinds {
		if k.Barged {
			continue // they have rows of their own
		}
		points = append(points, awaitPoint{k.Name + ".Acquire", func(_ context.Context, s *scene) {
			l := testutil.NewLine(s.t, k)
			s.line, s.atOnce = true, true
			s.await = l.Acquire
			s.wake = func(context.Context) {
				if err := l.Release(); err != nil {
					s.t.Error(err)
				}
			}
			s.check = func(ctx context.Context) { l.ExpectServed(ctx) }
		}})
	}
	return points
}

// queuePoints are those of each kind of queue.
func queuePoints() (points []awaitPoint) {
	for _, k := range testutil.QueueKinds {
		points = append(points,
			awaitPoint{k.Name + ".Get", func(_ context.Context, s *scene) {
				getPoint(s, k.Make(0), func(ctx context.Context, q testutil.QueueLike) (testutil.Item, error) { return q.Get(ctx) })
			}},
			awaitPoint{k.Name + ".All", func(_ context.Context, s *scene) {
				getPoint(s, k.Make(0), func(ctx context.Context, q testutil.QueueLike) (testutil.Item, error) {
					for v, err := range q.All(ctx) {
						return v, err
					}
					return testutil.Item{}, errors.New("it ended")
				})
			}},
			awaitPoint{k.Name + ".Put", func(_ context.Context, s *scene) { putPoint(s, k.Make(1)) }},
			awaitPoint{k.Name + ".Join", func(_ context.Context, s *scene) {
				q := k.Make(0)
				q.PutNoWait(testutil.Item{})
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
func getPoint(s *scene, q testutil.QueueLike, get func(context.Context, testutil.QueueLike) (testutil.Item, error)) {
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
		v := testutil.Item{Producer: 0, Seq: int(n.Add(1))}
		put.Add("%v", v)
		if err := q.PutNoWait(v); err != nil {
			s.t.Error(err)
		}
	}
	s.check = func(ctx context.Context) {
		if testutil.Queued(q) != 0 || q.Len() != 1 { // the last one's
			s.t.Error(q)
		}
		s.await(ctx)
		got.Expect(s.t, put.Events()...)
	}
}

// putPoint awaits room in a queue that has it for one. What was put is there, and
// nothing else is.
func putPoint(s *scene, q testutil.QueueLike) {
	var put, got asynciotest.Trace
	var n atomic.Int32
	var taking sync.Mutex // for the trace to have the order of the queue
	s.line, s.atOnce = true, true
	s.await = func(ctx context.Context) error {
		v := testutil.Item{Producer: 0, Seq: int(n.Add(1))}
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
		if testutil.Queued(q) != 0 || q.Len() != 0 {
			s.t.Error(q)
		}
		got.Expect(s.t, put.Events()...)
	}
}
