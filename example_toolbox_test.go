package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleCoroutine() {
	// A coroutine with parameters is a function that returns a coroutine.
	fetch := func(page int) asyncio.Coroutine[string] {
		return func(ctx context.Context) (string, error) {
			if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
				return "", err
			}
			return fmt.Sprint("page ", page), nil
		}
	}
	page, err := asyncio.Run(context.Background(), func(ctx context.Context) (string, error) {
		task := asyncio.CreateTask(ctx, fetch(7)) // asyncio.create_task(fetch(7))
		return task.Await(ctx)
	})
	fmt.Println(page, err)
	// Output: page 7 <nil>
}

func ExampleGather() {
	pages, err := asyncio.Run(context.Background(), func(ctx context.Context) ([]string, error) {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(2*time.Millisecond, "slow"))
		fast := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "fast"))
		return asyncio.Gather(ctx, slow, fast) // in the order given
	})
	fmt.Println(pages, err)
	// Output: [slow fast] <nil>
}

func ExampleGather_failure() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "slow"))
		fails := asyncio.CreateTask(ctx, func(context.Context) (string, error) {
			return "", errors.New("no such page")
		})
		_, err := asyncio.Gather(ctx, slow, fails)
		fmt.Println(err)
		fmt.Println("the others go on:", !slow.Done())
		slow.Cancel() // WithTaskGroup does that by itself
		return nil
	}))
	fmt.Println(err)
	// Output:
	// no such page
	// the others go on: true
	// <nil>
}

func ExampleGatherAll() {
	outcomes, err := asyncio.Run(context.Background(), func(ctx context.Context) ([]asyncio.Outcome[string], error) {
		works := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "a page"))
		fails := asyncio.CreateTask(ctx, func(context.Context) (string, error) {
			return "", errors.New("no such page")
		})
		return asyncio.GatherAll(ctx, works, fails)
	})
	if err != nil {
		log.Fatal(err) // only if main itself was cancelled
	}
	for _, o := range outcomes {
		fmt.Printf("%q %v\n", o.Value, o.Err)
	}
	// Output:
	// "a page" <nil>
	// "" no such page
}

func ExampleOutcome() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 42))
		task.Cancel("too late")
		outcomes, err := asyncio.GatherAll(ctx, task)
		if err != nil {
			return err
		}
		switch o := outcomes[0]; {
		case o.Err == nil:
			fmt.Println("value", o.Value)
		case errors.Is(o.Err, asyncio.ErrCancelled):
			fmt.Println(o.Err)
		default:
			fmt.Println("failed", o.Err)
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// asyncio: cancelled: too late
	// <nil>
}

func ExampleWait() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "slow"), asyncio.WithName("slow"))
		fast := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "fast"), asyncio.WithName("fast"))
		tasks := []*asyncio.Task[string]{slow, fast}

		done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{
			ReturnWhen: asyncio.FirstCompleted,
		})
		if err != nil {
			return err
		}
		for _, t := range done {
			s, err := t.Result()
			fmt.Println(s, err)
		}
		for _, t := range pending {
			t.Cancel() // Wait itself cancels nothing
			fmt.Println(t.Name(), "is cancelled")
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// fast <nil>
	// slow is cancelled
	// <nil>
}

func ExampleWaitOptions() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tasks := []*asyncio.Task[int]{
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1)),
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 2)),
		}
		done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: time.Millisecond})
		fmt.Println(len(done), len(pending), err) // a timeout is no error
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 0 2 <nil>
	// <nil>
}

func ExampleReturnWhen() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tasks := []*asyncio.Task[int]{
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1)),
			asyncio.CreateTask(ctx, asyncio.Delay(0, 2)),
			asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
					return 0, err
				}
				return 0, errors.New("out of order")
			}),
		}
		done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{
			ReturnWhen: asyncio.FirstException,
		})
		if err != nil {
			return err
		}
		for _, t := range done {
			fmt.Println(t.Result())
		}
		fmt.Println(len(pending), "still at work")
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// 0 out of order
	// 1 still at work
	// <nil>
}

func ExampleAsCompleted() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tasks := []*asyncio.Task[string]{
			asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "slow")),
			asyncio.CreateTask(ctx, asyncio.Delay(0, "fast")),
		}
		for t := range asyncio.AsCompleted(ctx, tasks) {
			s, err := t.Result() // it is done
			if err != nil {
				return err
			}
			fmt.Println(s)
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// fast
	// slow
	// <nil>
}

func ExampleAsCompletedWithin() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		tasks := []*asyncio.Task[string]{
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "slow")),
			asyncio.CreateTask(ctx, asyncio.Delay(0, "fast")),
		}
		for t, err := range asyncio.AsCompletedWithin(ctx, tasks, 20*time.Millisecond) {
			if err != nil {
				fmt.Println(err) // t is nil, and this was the last pair
				break
			}
			fmt.Println(t.Result())
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// fast <nil>
	// asyncio: timeout
	// <nil>
}

func ExampleWaitFor() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "a page"))
		_, err := asyncio.WaitFor(ctx, slow, time.Millisecond)
		if errors.Is(err, asyncio.ErrTimeout) {
			fmt.Println("too slow, and cancelled:", slow.Cancelled())
			return nil
		}
		return err
	}))
	fmt.Println(err)
	// Output:
	// too slow, and cancelled: true
	// <nil>
}

func ExampleShield() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		save := asyncio.CreateTask(ctx, asyncio.Delay(2*time.Millisecond, "saved"))
		request := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
			return asyncio.Shield(ctx, save)
		})
		_ = asyncio.Sleep(ctx, 0) // let them start
		request.Cancel()
		_, err := request.Await(ctx)
		fmt.Println(err)
		s, err := save.Await(ctx) // goes on; awaited, so that the end of Run does not cancel it
		fmt.Println(s, err)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// asyncio: cancelled
	// saved <nil>
	// <nil>
}

func ExampleRace() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		mirror := func(d time.Duration, name string) *asyncio.Task[string] {
			return asyncio.CreateTask(ctx, asyncio.Delay(d, name))
		}
		slow, fast := mirror(time.Hour, "far away"), mirror(time.Millisecond, "nearby")
		s, err := asyncio.Race(ctx, slow, fast)
		fmt.Println(s, err, "- the other is cancelled:", slow.Cancelled())
		return nil
	}))
	fmt.Println(err)
	// Output:
	// nearby <nil> - the other is cancelled: true
	// <nil>
}

func ExampleMap() {
	squares, err := asyncio.Run(context.Background(), func(ctx context.Context) ([]int, error) {
		// Never more than two at a time; the results are in the order of the items.
		return asyncio.Map(ctx, []int{1, 2, 3, 4}, 2, func(ctx context.Context, n int) (int, error) {
			return n * n, asyncio.Sleep(ctx, time.Millisecond)
		})
	})
	fmt.Println(squares, err)
	// Output: [1 4 9 16] <nil>
}

func ExampleMap_threads() {
	lengths, err := asyncio.Run(context.Background(), func(ctx context.Context) ([]int, error) {
		words := []string{"what", "blocks", "or", "computes"}
		return asyncio.Map(ctx, words, 0, func(ctx context.Context, word string) (int, error) {
			return asyncio.ToThread(ctx, func(context.Context) (int, error) {
				return len(word), nil // what blocks here has its own goroutine: the loop is free
			})
		})
	})
	fmt.Println(lengths, err)
	// Output: [4 6 2 8] <nil>
}

func ExampleWithTaskGroup() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var a, b *asyncio.Task[int]
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			a = asyncio.CreateTask(tg, asyncio.Delay(time.Millisecond, 1))
			b = asyncio.Go(tg, func(context.Context) (int, error) { return 2, nil }) // a goroutine
			return nil
		})
		if err != nil {
			return err
		}
		x, _ := a.Result() // all are done, and none has failed
		y, _ := b.Result()
		fmt.Println(x + y)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 3
	// <nil>
}

func ExampleWithTaskGroup_failure() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Hour)
				fmt.Println("the other task:", err)
				return err
			}))
			asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error {
				return errors.New("disk full")
			}))
			err := asyncio.Sleep(tg, time.Hour)
			fmt.Println("the body:", err)
			return err
		})
	}))
	var group *asyncio.GroupError
	fmt.Println("the group:", errors.As(err, &group), group.Errs)
	// Output:
	// the other task: asyncio: cancelled by task group: disk full
	// the body: asyncio: cancelled by task group: disk full
	// the group: true [disk full]
}

func ExampleGroupError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error {
				return fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
			}))
			if err := asyncio.Sleep(tg, time.Hour); err != nil {
				return errors.New("closing failed too")
			}
			return nil
		})
	}))
	var group *asyncio.GroupError
	if errors.As(err, &group) { // except*
		for _, e := range group.Errs {
			fmt.Println(e)
		}
	}
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// reading: unexpected EOF
	// closing failed too
	// true
}

func ExampleTaskError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for _, file := range []string{"a.txt", "b.txt"} {
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error {
					if file == "b.txt" {
						return io.ErrUnexpectedEOF
					}
					return nil
				}), asyncio.WithName("reading "+file))
			}
			return nil
		})
	}))
	var failed *asyncio.TaskError
	if errors.As(err, &failed) {
		fmt.Println(failed.Name, "/", failed.Err, "/", failed.Coro.Line > 0)
	}
	// Output: reading b.txt / unexpected EOF / true
}

func ExampleTaskGroup_Cancel() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if err := asyncio.Sleep(ctx, time.Duration(i)*time.Hour); err != nil {
						return err
					}
					fmt.Println("task", i, "has found it")
					tg.Cancel() // enough: ends the others, and is no error
					return nil
				}))
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// task 0 has found it
	// <nil>
}

func ExampleTaskGroup_SetLimit() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		working, most := 0, 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.SetLimit(2)
			for range 6 {
				// Waits until there is room.
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					working++
					defer func() { working-- }()
					most = max(most, working)
					return asyncio.Sleep(ctx, time.Millisecond)
				}))
			}
			return nil
		})
		fmt.Println("at most", most, "at a time")
		return err
	}))
	fmt.Println(err)
	// Output:
	// at most 2 at a time
	// <nil>
}

func ExampleTaskGroup_Shutdown() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				if err := asyncio.Stopping(ctx).Wait(ctx); err != nil {
					return err
				}
				fmt.Println("asked to stop: finishing what was begun")
				return nil
			}))
			tg.Shutdown(time.Minute) // ask; who is still there after a minute is cancelled
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// asked to stop: finishing what was begun
	// <nil>
}

func ExampleStopping() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				rounds := 0
				for stop := asyncio.Stopping(ctx); !stop.IsSet(); rounds++ {
					if err := asyncio.Sleep(ctx, 0); err != nil { // one round of work
						return err
					}
					if rounds == 2 {
						tg.Shutdown(time.Minute) // commonly from elsewhere
					}
				}
				fmt.Println("stopped after round", rounds)
				return nil
			}))
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// stopped after round 3
	// <nil>
}

func ExampleWithDrain() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := asyncio.Stopping(ctx).Wait(ctx); err != nil {
				return err // cancelled after all
			}
			fmt.Println("writing the last lines")
			return asyncio.Sleep(ctx, time.Millisecond)
		}))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithDrain(time.Minute)) // at the end of Run; without it tasks are cancelled at once
	fmt.Println(err)
	// Output:
	// writing the last lines
	// <nil>
}

func ExampleTimeout() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			if err := asyncio.Sleep(ctx, time.Hour); err != nil {
				fmt.Println("in the body:", err)
				return err // as it is, or wrapped
			}
			return nil
		})
	}))
	fmt.Println(err)
	fmt.Println(errors.Is(err, asyncio.ErrTimeout), errors.Is(err, asyncio.ErrCancelled))
	// Output:
	// in the body: asyncio: cancelled by timeout
	// asyncio: timeout
	// true false
}

func ExampleTimeoutAt() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		// One deadline for several steps, on the loop's clock.
		deadline := asyncio.RunningLoop(ctx).Time().Add(20 * time.Millisecond)
		for _, step := range []time.Duration{0, time.Hour} {
			err := asyncio.TimeoutAt(ctx, deadline, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				return asyncio.Sleep(ctx, step)
			})
			fmt.Println(step, err)
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 0s <nil>
	// 1h0m0s asyncio: timeout
	// <nil>
}

func ExampleTimeoutScope_Reschedule() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		return asyncio.Timeout(ctx, time.Hour, func(ctx context.Context, tm *asyncio.TimeoutScope) error {
			for range 3 { // each step gets a new deadline
				if err := tm.Reschedule(loop.Time().Add(time.Minute)); err != nil {
					return err
				}
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			if err := tm.Reschedule(time.Time{}); err != nil { // none from here on
				return err
			}
			fmt.Println("no deadline:", tm.When().IsZero(), "expired:", tm.Expired())
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// no deadline: true expired: false
	// <nil>
}

func ExampleLock() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var lock asyncio.Lock // ready to use
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for _, name := range []string{"first", "second"} {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					return lock.With(ctx, func() error { // async with lock
						fmt.Println(name, "begins")
						err := asyncio.Sleep(ctx, time.Millisecond) // held across the await
						fmt.Println(name, "ends")
						return err
					})
				}))
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// first begins
	// first ends
	// second begins
	// second ends
	// <nil>
}

func ExampleLock_goroutines() {
	var lock asyncio.Lock
	count := 0
	add := func(ctx context.Context) error {
		for range 100 {
			if err := lock.With(ctx, func() error { count++; return nil }); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		result := make(chan error, 1)
		go func() { result <- add(context.Background()) }() // any ctx will do: it blocks here
		if err := add(ctx); err != nil {                    // and suspends the task here
			return err
		}
		_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { return <-result }))
		return err
	}))
	fmt.Println(count, err)
	// Output: 200 <nil>
}

func ExampleLock_TryAcquire() {
	var lock asyncio.Lock
	fmt.Println(lock.TryAcquire(), lock.TryAcquire())
	fmt.Println(lock.Release(), "/", errors.Is(lock.Release(), asyncio.ErrNotAcquired))
	// Output:
	// true false
	// <nil> / true
}

func ExampleEvent() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var ready asyncio.Event // unset
		waiter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := ready.Wait(ctx); err != nil {
				return err
			}
			fmt.Println("go")
			return nil
		}))
		_ = asyncio.Sleep(ctx, 0) // let it start
		fmt.Println("ready")
		ready.Set() // may be called from any goroutine
		_, err := waiter.Await(ctx)
		return err
	}))
	fmt.Println(err)
	// Output:
	// ready
	// go
	// <nil>
}

func ExampleCondition() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		changed := asyncio.NewCondition(nil) // with a lock of its own
		var stock []string
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				return changed.With(ctx, func() error {
					if err := changed.WaitFor(ctx, func() bool { return len(stock) > 1 }); err != nil {
						return err
					}
					fmt.Println("taking", stock)
					return nil
				})
			}))
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				for _, item := range []string{"bread", "milk"} {
					err := changed.With(ctx, func() error {
						stock = append(stock, item)
						return changed.NotifyAll()
					})
					if err != nil {
						return err
					}
				}
				return nil
			}))
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// taking [bread milk]
	// <nil>
}

func ExampleSemaphore() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		places := asyncio.NewSemaphore(2)
		inside, most := 0, 0
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for range 6 {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					return places.With(ctx, func() error {
						inside++
						defer func() { inside-- }()
						most = max(most, inside)
						return asyncio.Sleep(ctx, time.Millisecond)
					})
				}))
			}
			return nil
		})
		fmt.Println("at most", most, "inside")
		return err
	}))
	fmt.Println(err)
	// Output:
	// at most 2 inside
	// <nil>
}

func ExampleBoundedSemaphore() {
	places := asyncio.NewBoundedSemaphore(1)
	fmt.Println(places.TryAcquire(), places.Release())
	err := places.Release() // once too often
	fmt.Println(errors.Is(err, asyncio.ErrNotAcquired))
	// Output:
	// true <nil>
	// true
}

func ExampleBarrier() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		barrier := asyncio.NewBarrier(3)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					fmt.Println("player", i, "is here")
					number, err := barrier.Wait(ctx)
					if number == 0 && err == nil { // one of them, for what is to be done once
						fmt.Println("all are here")
					}
					return err
				}))
			}
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// player 0 is here
	// player 1 is here
	// player 2 is here
	// all are here
	// <nil>
}

func ExampleQueue() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[string](1) // room for one
		producer := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for _, s := range []string{"a", "b", "c"} {
				if err := queue.Put(ctx, s); err != nil { // waits for room
					return err
				}
			}
			return nil
		}))
		for range 3 {
			s, err := queue.Get(ctx)
			if err != nil {
				return err
			}
			fmt.Println(s)
		}
		_, err := producer.Await(ctx)
		return err
	}))
	fmt.Println(err)
	// Output:
	// a
	// b
	// c
	// <nil>
}

func ExampleQueue_All() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[int](0)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				for n, err := range queue.All(ctx) {
					if err != nil {
						return err // cancelled; a shutdown just ends the loop
					}
					fmt.Println("got", n)
				}
				fmt.Println("no more")
				return nil
			}))
			for n := range 3 {
				if err := queue.Put(tg, n); err != nil {
					return err
				}
			}
			queue.Shutdown() // what is in it can still be had
			return nil
		})
	}))
	fmt.Println(err)
	// Output:
	// got 0
	// got 1
	// got 2
	// no more
	// <nil>
}

func ExampleQueue_Join() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		queue := asyncio.NewQueue[int](0)
		sum := 0
		for range 2 { // workers, which the end of Run cancels
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for n, err := range queue.All(ctx) {
					if err != nil {
						return err
					}
					sum += n
					if err := queue.TaskDone(); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		for n := range 5 {
			if err := queue.Put(ctx, n); err != nil {
				return err
			}
		}
		err := queue.Join(ctx) // until all have been dealt with
		fmt.Println(sum)
		return err
	}))
	fmt.Println(err)
	// Output:
	// 10
	// <nil>
}

func ExampleQueue_Shutdown() {
	queue := asyncio.NewQueue[string](0)
	if err := queue.PutNoWait("the last one"); err != nil {
		log.Fatal(err)
	}
	queue.Shutdown()
	err := queue.PutNoWait("too late")
	fmt.Println(errors.Is(err, asyncio.ErrQueueShutDown))
	fmt.Println(queue.GetNoWait())
	_, err = queue.GetNoWait()
	fmt.Println(errors.Is(err, asyncio.ErrQueueShutDown))
	// Output:
	// true
	// the last one <nil>
	// true
}

func ExamplePriorityQueue() {
	type job struct {
		priority int
		name     string
	}
	queue := asyncio.NewPriorityQueue(0, func(a, b job) bool { return a.priority < b.priority })
	for _, j := range []job{{2, "sweep"}, {1, "cook"}, {2, "mop"}, {0, "put out the fire"}} {
		if err := queue.PutNoWait(j); err != nil {
			log.Fatal(err)
		}
	}
	for !queue.Empty() {
		j, err := queue.GetNoWait()
		fmt.Println(j.name, err)
	}
	// Output:
	// put out the fire <nil>
	// cook <nil>
	// sweep <nil>
	// mop <nil>
}

func ExampleLifoQueue() {
	stack := asyncio.NewLifoQueue[string](2)
	fmt.Println(stack.PutNoWait("bottom"), stack.PutNoWait("top"))
	fmt.Println(errors.Is(stack.PutNoWait("more"), asyncio.ErrQueueFull))
	fmt.Println(stack.GetNoWait())
	// Output:
	// <nil> <nil>
	// true
	// top <nil>
}

func ExampleEager() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		cached := asyncio.CreateTask(ctx, func(context.Context) (string, error) {
			return "from the cache", nil // no await: done when CreateTask returns
		}, asyncio.Eager())
		fmt.Println(cached.Done())
		fmt.Println(cached.Result())
		return nil
	}))
	fmt.Println(err)
	// Output:
	// true
	// from the cache <nil>
	// <nil>
}

func ExampleEagerTaskFactory() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 7, nil })
		fmt.Println(task.Done())
		return nil
	}), asyncio.WithTaskFactory(asyncio.EagerTaskFactory))
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleTaskFactory() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		var made []asyncio.AnyTask
		asyncio.RunningLoop(ctx).SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
			made = append(made, create()) // all tasks are made on this loop: no lock
		})
		asyncio.CreateTask(ctx, asyncio.Delay(0, 1), asyncio.WithName("one"))
		asyncio.CreateTask(ctx, asyncio.Delay(0, 2), asyncio.WithName("two"))
		for _, t := range made {
			fmt.Println(t.Name())
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// one
	// two
	// <nil>
}

func ExampleWithDebug() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Delay(0, 0))
		made := task.Created()[0] // the innermost frame
		fmt.Println("made in", made.Function[strings.LastIndexByte(made.Function, '/')+1:])
		_, err := task.Await(ctx)
		return err
	}), asyncio.WithDebug())
	fmt.Println(err)
	// Output:
	// made in asyncio_test.ExampleWithDebug.func1
	// <nil>
}

func ExampleWithWatchdog() {
	warnings := make(chan string, 1)
	defer slogTo(warnings)() // what goes to slog.Default

	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).SetName("careless")
		fmt.Println(<-warnings) // a channel receive blocks the loop: the mistake
		return nil
	}), asyncio.WithWatchdog(20*time.Millisecond))
	fmt.Println(err)
	// Output:
	// level=WARN msg="asyncio: the loop is held up; what blocks belongs in Go or ToThread" task=careless
	// <nil>
}

// slogTo sends the lines of slog.Default, without what differs from run to run,
// to a channel that has room until restore is called.
func slogTo(lines chan<- string) (restore func()) {
	old, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(lineChan(lines), &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.LevelKey, slog.MessageKey, "task":
				return a
			}
			return slog.Attr{}
		},
	})))
	return func() {
		slog.SetDefault(old)
		log.SetOutput(writer)
		log.SetFlags(flags)
	}
}

// lineChan drops what there is no room for.
type lineChan chan<- string

func (w lineChan) Write(line []byte) (int, error) {
	select {
	case w <- strings.TrimSuffix(string(line), "\n"):
	default:
	}
	return len(line), nil
}

func ExampleAwaitable() {
	sum, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		future := asyncio.NewFuture[int](ctx)
		asyncio.RunningLoop(ctx).CallSoon(func() { _ = future.SetResult(1) }) // it is set once only
		// Tasks, Go tasks and futures of one type together.
		mixed := []asyncio.Awaitable[int]{
			future,
			asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 2)),
			asyncio.Go(ctx, func(context.Context) (int, error) { return 3, nil }),
		}
		values, err := asyncio.Gather(ctx, mixed...)
		sum := 0
		for _, v := range values {
			sum += v
		}
		return sum, err
	})
	fmt.Println(sum, err)
	// Output: 6 <nil>
}

func ExampleAnyFuture() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		count := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 7))
		name := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "seven"))
		// Of different types: what each has come to is asked of it by its own name.
		_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{count, name}, asyncio.WaitOptions{})
		if err != nil {
			return err
		}
		n, err := count.Result()
		fmt.Println(n, err)
		s, err := name.Result()
		fmt.Println(s, err)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 7 <nil>
	// seven <nil>
	// <nil>
}

func ExampleAnyTask() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1), asyncio.WithName("a number"))
		asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "s"), asyncio.WithName("a string"))
		self := asyncio.CurrentTask(ctx)
		for _, t := range asyncio.AllTasks(self.Loop()) {
			if t != self {
				fmt.Println("cancelling", t.Name(), t.Cancel())
			}
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// cancelling a number true
	// cancelling a string true
	// <nil>
}

func ExampleRunner() {
	r := asyncio.NewRunner(asyncio.WithGrace(time.Second))
	_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			fmt.Println("left over:", err)
			return err
		}))
		return asyncio.Sleep(ctx, 0)
	}))
	fmt.Println(err)
	fmt.Println(r.Close()) // cancels what is left, and awaits it
	// Output:
	// <nil>
	// left over: asyncio: cancelled by loop shutdown
	// <nil>
}

func ExampleOrigin() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		work := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			var c *asyncio.CancelledError
			if errors.As(err, &c) && c.Origin == asyncio.OriginTimeout {
				fmt.Println("out of time")
			}
			return err
		}))
		_, err := asyncio.WaitFor(ctx, work, time.Millisecond)
		return err
	}))
	fmt.Println(err)
	// Output:
	// out of time
	// asyncio: timeout
}

func ExampleCreateTask_goroutine() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		var wg sync.WaitGroup
		results := make(chan string, 1)
		wg.Go(func() { // asyncio.run_coroutine_threadsafe
			task := asyncio.CreateTask(loop.Context(), asyncio.Delay(time.Millisecond, "made elsewhere"))
			s, err := task.Await(context.Background()) // blocks this goroutine only
			results <- fmt.Sprint(s, " ", err)
		})
		_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
			wg.Wait()
			return nil
		}))
		fmt.Println(<-results)
		return err
	}))
	fmt.Println(err)
	// Output:
	// made elsewhere <nil>
	// <nil>
}
