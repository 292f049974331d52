package regress_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// endless is more time than any virtual clock reaches.
const endless time.Duration = 1<<63 - 1

// stubborn is forever, with a clean-up that takes a second.
func stubborn(ctx context.Context) error {
	err := testutil.Forever(ctx)
	if e := asyncio.Sleep(ctx, time.Second); e != nil {
		return e
	}
	return err
}

// lastMinute is a context of a goroutine that is no task, with something to happen
// when one is in line and about to wait: when it is asked for Done once more after
// that who waits was found out.
type lastMinute struct {
	context.Context
	asked  *int
	happen func()
}

func newLastMinute(ctx context.Context, happen func()) lastMinute {
	return lastMinute{ctx, new(int), happen}
}

func (c lastMinute) Done() <-chan struct{} {
	if *c.asked++; *c.asked == 2 {
		c.happen()
	}
	return c.Context.Done()
}

// Race ends when all have ended, also if its caller is cancelled while those that
// have lost are ending.
func TestRaceCancelledAfterItsEndWaitsForAll(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Void(stubborn)) // until 2 s
		fast := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, asyncio.None{}))
		r := asyncio.CreateTask(ctx, func(ctx context.Context) (asyncio.None, error) {
			v, err := asyncio.Race(ctx, fast, slow)
			testutil.ExpectState(t, "the slow one", slow, "cancelled")
			return v, err
		})
		if err := asyncio.Sleep(ctx, 1500*time.Millisecond); err != nil {
			return err
		}
		r.Cancel()
		_, err := r.Await(ctx)
		testutil.ExpectIs(t, "Race", err, asyncio.ErrCancelled)
		return nil
	})
}

// A cause is only a cause: ErrLoopClosed for it does not make a group leave its tasks
// on a loop that is open.
func TestGroupWaitsForItsTasksWhateverTheCause(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		scope, cancel := context.WithCancelCause(ctx)
		asyncio.RunningLoop(ctx).CallLater(time.Second, func() { cancel(asyncio.ErrLoopClosed) })
		var child *asyncio.Task[asyncio.None]
		err := asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
			child = asyncio.CreateTask(tg, asyncio.Void(stubborn))
			return nil
		})
		testutil.ExpectIs(t, "WithTaskGroup", err, asyncio.ErrLoopClosed)
		testutil.ExpectState(t, "the task", child, "cancelled")
		return nil
	})
}

// Nor does it make Condition.Wait come back without the lock.
func TestConditionIsHeldAfterWaitWhateverTheCause(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		c := asyncio.NewCondition(nil)
		scope, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		inside := false
		waiter := asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
			return c.With(ctx, func() error {
				err := c.Wait(ctx)
				if inside {
					t.Error("Wait has returned while another holds the lock")
				}
				return err
			})
		}))
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		err := c.With(ctx, func() error {
			inside = true
			defer func() { inside = false }()
			if err := c.Notify(1); err != nil {
				return err
			}
			if err := asyncio.Sleep(ctx, time.Second); err != nil { // it waits for the lock
				return err
			}
			cancel(asyncio.ErrLoopClosed)
			testutil.Until(t, "the waiter is cancelled", func() bool {
				asyncio.Sleep(ctx, 0)
				return waiter.Cancelling() > 0
			})
			return asyncio.Sleep(ctx, time.Second)
		})
		if err != nil {
			return err
		}
		_, err = waiter.Await(ctx)
		testutil.ExpectIs(t, "Wait", err, asyncio.ErrCancelled)
		testutil.ExpectIs(t, "Wait", err, asyncio.ErrLoopClosed)
		return nil
	})
}

// ErrQueueShutDown for a cause is neither the end of the queue to All, nor that of
// the time to AsCompletedWithin; and AsCompleted has that cancellation delivered again.
func TestSequencesAreNotEndedByACauseThatIsTheirEnd(t *testing.T) {
	future := func(ctx context.Context) []*asyncio.Future[int] {
		return []*asyncio.Future[int]{asyncio.NewFuture[int](ctx)}
	}
	type sequence = func(ctx context.Context) (last error)
	sequences := map[string]sequence{
		"All": func(ctx context.Context) (last error) {
			for _, last = range asyncio.NewQueue[int](0).All(ctx) {
			}
			return last
		},
		"AsCompletedWithin": func(ctx context.Context) (last error) {
			for _, last = range asyncio.AsCompletedWithin(ctx, future(ctx), endless) {
			}
			return last
		},
		"AsCompleted": func(ctx context.Context) error {
			for f := range asyncio.AsCompleted(ctx, future(ctx)) {
				t.Errorf("AsCompleted yields %v", f)
			}
			return asyncio.Sleep(ctx, endless)
		},
	}
	for name, s := range sequences {
		// scoped runs s in a scope that ends by this cause after a second.
		scoped := func(t *testing.T, f func(ctx, scope context.Context) error) {
			t.Helper()
			testutil.Succeed(t, func(ctx context.Context) error {
				scope, cancel := context.WithCancelCause(ctx)
				defer cancel(nil)
				asyncio.RunningLoop(ctx).CallLater(time.Second, func() { cancel(asyncio.ErrQueueShutDown) })
				err := f(ctx, scope)
				testutil.ExpectIs(t, name, err, asyncio.ErrQueueShutDown)
				return nil
			})
		}
		t.Run(name+" in a task that is cancelled", func(t *testing.T) {
			scoped(t, func(ctx, scope context.Context) error {
				_, err := asyncio.CreateTask(scope, asyncio.Void(s)).Await(ctx)
				testutil.ExpectIs(t, name, err, asyncio.ErrCancelled)
				return err
			})
		})
		t.Run(name+" in a scope that ends", func(t *testing.T) {
			scoped(t, func(_, scope context.Context) error { return s(scope) })
		})
	}
}

// A timeout that a body could not be told of, because what it was in returns no
// error, is one all the same.
func TestTimeoutOfABodyThatCouldNotBeTold(t *testing.T) {
	t.Run("AsCompleted", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fs := []*asyncio.Task[int]{
				asyncio.CreateTask(ctx, asyncio.Delay(time.Second, 1)),
				asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 2)),
			}
			seen := 0
			err := asyncio.Timeout(ctx, time.Minute, func(ctx context.Context) error {
				for range asyncio.AsCompleted(ctx, fs) {
					seen++
				}
				return nil
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			if seen != 1 {
				t.Errorf("%d are done, want 1", seen)
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err // and it is over
			}
			return testutil.EndAll(ctx)
		})
	})
	t.Run("CreateTask in a group that is full", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, asyncio.Delay(time.Hour, 1))
				err := asyncio.Timeout(ctx, time.Minute, func(context.Context) error {
					asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error {
						t.Error("the task runs")
						return nil
					}))
					return nil
				})
				testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
				return asyncio.Sleep(ctx, 0)
			})
		})
	})
}

// Tasks of a group with a limit that create tasks and await them do not wait for each
// other, also if one of them was created eagerly.
func TestLimitOfOneWithAnEagerTaskThatCreates(t *testing.T) {
	testutil.Within(t, func() {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(1)
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					child := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						_, err := asyncio.CreateTask(tg, testutil.Noop).Await(ctx)
						return err
					}), asyncio.Eager())
					_, err := child.Await(ctx)
					return err
				}))
				return nil
			})
		})
	})
}

// An item that a goroutine was woken for, and leaves because it is cancelled, is
// still to be had, though the queue was shut down meanwhile; and if it takes it, those
// who wait for that to be decided are told that there is nothing more.
func TestItemOfACancelledGetterOutlivesShutdown(t *testing.T) {
	// Which of the two it does is up to chance: until both were seen.
	taken, left := false, false
	for round := 0; (!taken || !left) && !t.Failed() && round < 200; round++ {
		q := asyncio.NewQueue[int](0)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		waits, may := make(chan struct{}), make(chan struct{})
		ctx := newLastMinute(ended, func() {
			close(waits)
			<-may
		})
		getter, consumer := make(chan error, 1), make(chan int, 1)
		go func() {
			_, err := q.Get(ctx)
			if err == nil {
				err = q.TaskDone()
			}
			getter <- err
		}()
		testutil.Wait(t, waits)
		if err := q.PutNoWait(1); err != nil {
			t.Fatal(err)
		}
		q.Shutdown()
		if _, err := q.GetNoWait(); err != asyncio.ErrQueueEmpty { //nolint:errorlint // bare
			t.Errorf("GetNoWait: %v, want that it is empty", err)
		}
		go func() {
			n := 0
			for _, err := range q.All(context.Background()) {
				if err == nil {
					n++
					err = q.TaskDone()
				}
				if err != nil {
					t.Error(err)
				}
			}
			consumer <- n
		}()
		testutil.Until(t, "the consumer waits too", func() bool { return strings.Contains(q.String(), "getters=1") })
		close(may)
		testutil.Within(t, func() {
			err, n := <-getter, <-consumer
			switch {
			case err == nil && n == 0:
				taken = true
			case errors.Is(err, context.Canceled) && n == 1:
				left = true
			default:
				t.Errorf("the getter: %v, others got %d", err, n)
			}
			if err := q.Join(context.Background()); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	}
}

// rudeContext panics when it is asked for anything.
type rudeContext struct{ context.Context }

// What somebody's code does when a primitive asks it, a panic for example, leaves the
// primitive unlocked.
func TestPrimitivesSurviveAPanicOfWhatTheyAsk(t *testing.T) {
	panics := func(t *testing.T, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		f()
	}
	ctx := rudeContext{}
	for name, test := range map[string]func(t *testing.T){
		"Lock": func(t *testing.T) {
			var l asyncio.Lock
			l.TryAcquire()
			panics(t, func() { l.Acquire(ctx) })
			if err := l.Release(); err != nil || !l.TryAcquire() {
				t.Errorf("%v: %v", err, l.String())
			}
		},
		"Semaphore": func(t *testing.T) {
			s := asyncio.NewSemaphore(0)
			panics(t, func() { s.Acquire(ctx) })
			if err := s.Release(); err != nil || !s.TryAcquire() {
				t.Errorf("%v: %v", err, s)
			}
		},
		"Event": func(t *testing.T) {
			var e asyncio.Event
			panics(t, func() { e.Wait(ctx) })
			if e.Set(); !e.IsSet() {
				t.Error("not set")
			}
		},
		"Condition": func(t *testing.T) {
			c := asyncio.NewCondition(nil)
			c.TryAcquire()
			panics(t, func() { c.Wait(ctx) })
			if err := errors.Join(c.NotifyAll(), c.Release()); err != nil {
				t.Error(err)
			}
		},
		"Queue.Get": func(t *testing.T) {
			q := asyncio.NewQueue[int](0)
			panics(t, func() { q.Get(ctx) })
			if err := q.PutNoWait(1); err != nil || q.Len() != 1 {
				t.Errorf("%v: %v", err, q)
			}
		},
		"Queue.Put and Join": func(t *testing.T) {
			q := asyncio.NewQueue[int](1)
			if err := q.PutNoWait(1); err != nil {
				t.Error(err)
			}
			panics(t, func() { q.Put(ctx, 2) })
			panics(t, func() { q.Join(ctx) })
			if v, err := q.GetNoWait(); v != 1 || err != nil {
				t.Errorf("%v, %v: %v", v, err, q)
			}
		},
		"less": func(t *testing.T) {
			rude := true
			q := asyncio.NewPriorityQueue(0, func(a, b int) bool {
				if rude {
					panic("less")
				}
				return a < b
			})
			if err := q.PutNoWait(3); err != nil {
				t.Error(err)
			}
			panics(t, func() { q.Put(context.Background(), 2) })
			rude = false
			for _, v := range []int{2, 1} {
				if err := q.PutNoWait(v); err != nil {
					t.Error(err)
				}
			}
			rude = true
			panics(t, func() { q.Get(context.Background()) })
			if q.MaxSize() != 0 || q.String() == "" {
				t.Error(q)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { testutil.Within(t, func() { test(t) }) })
	}
}

// Map has no results if one of its items was cancelled.
func TestMapWithACancelledItem(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		f := asyncio.NewFuture[int](ctx)
		asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.Cancel() })
		r, err := asyncio.Map(ctx, []int{1, 2}, 0, func(ctx context.Context, i int) (int, error) {
			if i == 1 {
				return f.Await(ctx)
			}
			return 7, nil
		})
		testutil.ExpectIs(t, "Map", err, asyncio.ErrCancelled)
		if r != nil {
			t.Errorf("Map returns %v", r)
		}
		return nil
	})
}

// tg.Cancel is no failure, whatever a body on a goroutine of its own has seen of it.
func TestGroupCancelledWithItsBodyOnAGoroutine(t *testing.T) {
	for how, see := range map[string]func(tg *asyncio.TaskGroup) error{
		"Done": func(tg *asyncio.TaskGroup) error {
			<-tg.Done()
			return tg.Err()
		},
		"await": func(tg *asyncio.TaskGroup) error { return asyncio.Sleep(tg, endless) },
	} {
		group := func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				// A task that takes long enough to cancel for the body to be first.
				begun := make(chan struct{})
				asyncio.CreateTask(tg, func(ctx context.Context) ([]asyncio.Outcome[asyncio.None], error) {
					fs := make([]*asyncio.Future[asyncio.None], 10_000)
					for i := range fs {
						fs[i] = asyncio.NewFuture[asyncio.None](ctx)
					}
					close(begun)
					return asyncio.GatherAll(ctx, fs...)
				})
				<-begun
				tg.Cancel()
				return see(tg)
			})
		}
		t.Run("plain, "+how, func(t *testing.T) {
			var r testutil.Reports
			l := otherLoop(t, &r)
			testutil.Within(t, func() {
				if err := group(l.Context()); err != nil {
					t.Errorf("WithTaskGroup: %v", err)
				}
			})
			r.Expect(t)
		})
		t.Run("Go task, "+how, func(t *testing.T) {
			testutil.Within(t, func() {
				testutil.Succeed(t, func(ctx context.Context) error {
					_, err := asyncio.Go(ctx, asyncio.Void(group)).Await(ctx)
					return err
				})
			})
		})
	}
}

// A cancellation from outside that comes after tg.Cancel is still one.
func TestCancellationFromOutsideAfterGroupCancel(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		w := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(stubborn))
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
				tg.Cancel()
				return nil
			})
			if err == nil {
				err = asyncio.Sleep(ctx, time.Second)
			}
			return err
		}))
		if err := asyncio.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
		w.Cancel("outside")
		_, err := w.Await(ctx)
		testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
		return nil
	})
}

// A group takes a cancellation for its own by what was asked for since it began.
func TestGroupCancelAfterARefusedCancellation(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		w := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			testutil.ExpectIs(t, "what is refused", testutil.Forever(ctx), asyncio.ErrCancelled)
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				asyncio.RunningLoop(ctx).CallLater(time.Second, func() { tg.Cancel() })
				return testutil.Forever(ctx)
			})
		}))
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		w.Cancel()
		_, err := w.Await(ctx)
		return err
	})
}

// A body's error that cannot be asked what it is is a failure like others.
func TestGroupWhoseBodyFailsWithASelfishError(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		var child *asyncio.Task[asyncio.None]
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			child = asyncio.CreateTask(tg, asyncio.Void(stubborn))
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
			return selfishError{}
		})
		var g *asyncio.GroupError
		if !errors.As(err, &g) || len(g.Errs) != 1 || g.Errs[0] != (selfishError{}) { //nolint:errorlint // it cannot be asked
			t.Errorf("WithTaskGroup: %v", err)
		}
		testutil.ExpectState(t, "the task", child, "cancelled")
		return nil
	})
}

// A group in a scope ends when the task that it is in is cancelled.
func TestGroupInAScopeOfACancelledTaskEnds(t *testing.T) {
	testutil.Within(t, func() {
		testutil.Succeed(t, func(ctx context.Context) error {
			k := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
				defer cancel()
				return asyncio.WithTaskGroup(scope, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
					return nil
				})
			}))
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			k.Cancel()
			_, err := k.Await(ctx)
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
			return nil
		})
	})
}

// A group cancels all its tasks, also one that has refused the end of its scope.
func TestGroupCancelsATaskThatRefusedTheEndOfItsScope(t *testing.T) {
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"asyncio's scope": asyncio.WithCancel, "standard context": context.WithCancel,
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Within(t, func() {
				testutil.Succeed(t, func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						scope, cancel := derive(tg)
						refused := false
						asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error {
							testutil.ExpectIs(t, "the end of the scope", testutil.Forever(ctx), asyncio.ErrCancelled)
							asyncio.CurrentTask(ctx).Uncancel()
							refused = true
							err := asyncio.Sleep(ctx, time.Hour)
							testutil.ExpectIs(t, "the group's cancellation", err, asyncio.ErrCancelled)
							return err
						}))
						if err := asyncio.Sleep(ctx, time.Second); err != nil {
							return err
						}
						cancel()
						testutil.Until(t, "the task has refused", func() bool {
							asyncio.Sleep(ctx, 0)
							return refused
						})
						tg.Cancel()
						return nil
					})
				})
			})
		})
	}
}

// A lock that somebody has waited for does not keep the task of that alive.
func TestLockLetsGoOfWhoHasWaited(t *testing.T) {
	var r testutil.Reports
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		var lock asyncio.Lock
		lock.TryAcquire()
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := lock.With(ctx, func() error { return nil }); err != nil {
				return err
			}
			return testutil.ErrTest
		}), asyncio.WithName("lost"))
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := lock.Release(); err != nil {
			return err
		}
		testutil.Until(t, "the task that has failed is collected", func() bool {
			// The loop may have what ran last at hand: others run.
			if _, err := asyncio.CreateTask(ctx, testutil.Noop).Await(ctx); err != nil {
				t.Error(err)
			}
			runtime.GC()
			asyncio.Sleep(ctx, time.Second)
			return r.Len() > 0
		})
		runtime.KeepAlive(&lock)
		r.Expect(t, "lost … never retrieved … test error")
		return nil
	}), asyncio.WithVirtualClock(), r.Option())
	if err != nil {
		t.Error(err)
	}
}

// A Close that is refused because the loop runs has asked nobody to stop.
func TestCloseOfARunningRunnerAsksNobody(t *testing.T) {
	r := asyncio.NewRunner(asyncio.WithDrain(time.Second), asyncio.WithVirtualClock())
	defer r.Close()
	_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
		testutil.ExpectIs(t, "Close", r.Close(), asyncio.ErrLoopRunning)
		if asyncio.Stopping(ctx).IsSet() {
			t.Error("all were asked to stop")
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

// The Deadline of a context inside a timeout is that of the timeout as it is now.
func TestDeadlineFollowsAnOuterReschedule(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		outer := asyncio.NewTimeout(time.Hour)
		return outer.Do(ctx, func(ctx context.Context) error {
			scope, cancel := asyncio.WithCancel(ctx)
			defer cancel()
			for _, by := range []time.Duration{-time.Minute, time.Hour} {
				want := outer.When().Add(by)
				if err := outer.Reschedule(want); err != nil {
					return err
				}
				for name, ctx := range map[string]context.Context{"the timeout": ctx, "the scope": scope} {
					if got, ok := ctx.Deadline(); !ok || !got.Equal(want) {
						t.Errorf("%s ends at %v, %v, want %v", name, got, ok, want)
					}
				}
			}
			return nil
		})
	})
}

// A scope of a task that was cancelled ends for the reason that the task's context
// has, and not for one that came, and was taken back, since.
func TestCauseOfAScopeOfACancelledTaskIsTheFirstRequest(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		k := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			testutil.ExpectIs(t, "what is refused", testutil.Forever(ctx), asyncio.ErrCancelled)
			err := asyncio.Timeout(ctx, time.Second, testutil.Forever)
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			scope, cancel := asyncio.WithCancel(ctx)
			defer cancel()
			for what, err := range map[string]error{
				"an await in the scope": asyncio.Sleep(scope, time.Second), "its cause": context.Cause(scope),
			} {
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "first" || c.Origin != asyncio.OriginCancel {
					t.Errorf("%s: %v, want the first request", what, err)
				}
			}
			return nil
		}))
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		k.Cancel("first")
		_, err := k.Await(ctx)
		return err
	})
}
