package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/asyncio-go/asyncio"
)

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

		// What is left of some time may be nothing, and a Timeout of zero is none: a moment says it.
		until := asyncio.RunningLoop(ctx).Time()
		done, pending, err = asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Deadline: until})
		fmt.Println(len(done), len(pending), err)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// 0 2 <nil>
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

func ExampleFirstSuccess() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		mirror := func(d time.Duration, name string, err error) *asyncio.Task[string] {
			return asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				if e := asyncio.Sleep(ctx, d); e != nil {
					return "", e
				}
				return name, err
			}, asyncio.WithName(name))
		}
		down := errors.New("connection refused")
		s, err := asyncio.FirstSuccess(ctx, mirror(0, "nearby", down), mirror(time.Millisecond, "abroad", nil), mirror(time.Hour, "far away", nil))
		fmt.Println(s, err)

		_, err = asyncio.FirstSuccess(ctx, mirror(0, "nearby", down), mirror(time.Millisecond, "abroad", context.DeadlineExceeded))
		var all *asyncio.GroupError
		fmt.Println(errors.Is(err, down), errors.As(err, &all) && len(all.Errs) == 2)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// abroad <nil>
	// true true
	// <nil>
}

func ExampleReceive() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		// Somebody who knows nothing of loops.
		lines := make(chan string)
		go func() {
			defer close(lines)
			for _, s := range []string{"one", "two"} {
				lines <- s
			}
		}()
		for {
			line, err := asyncio.Receive(ctx, lines)
			if errors.Is(err, asyncio.ErrChannelClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Println(line)
		}
	}))
	fmt.Println(err)
	// Output:
	// one
	// two
	// <nil>
}

func ExampleSend() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		jobs, done := make(chan int), make(chan int)
		go func() {
			sum := 0
			for n := range jobs {
				sum += n
			}
			done <- sum
		}()
		for n := range 4 {
			if err := asyncio.Send(ctx, jobs, n); err != nil { // waits for the worker, and can be cancelled
				return err
			}
		}
		close(jobs)
		sum, err := asyncio.Receive(ctx, done)
		fmt.Println(sum)
		return err
	}))
	fmt.Println(err)
	// Output:
	// 6
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

func ExampleFuture() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		f := asyncio.NewFuture[string](ctx)
		go func() { _ = f.SetResult("from another goroutine") }()
		s, err := f.Await(ctx)
		fmt.Println(s, err)
		fmt.Println(f.SetResult("again"))
		return nil
	}))
	// Output:
	// from another goroutine <nil>
	// asyncio: invalid state: done already
}

func ExampleFuture_SetErr() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		f := asyncio.NewFuture[int](ctx)
		_, err := f.Result()
		fmt.Println(f.Done(), err)
		f.AddDoneCallback(func(f *asyncio.Future[int]) { fmt.Println("done:", f.Err()) })
		fmt.Println(f.SetErr(errors.New("no such page")), f.Done())
		_, err = f.Await(ctx) // of what is done: the callback is called on the next turn
		fmt.Println(err)
		return asyncio.Sleep(ctx, 0)
	}))
	fmt.Println(err)
	// Output:
	// false asyncio: invalid state: not done yet
	// <nil> true
	// no such page
	// done: no such page
	// <nil>
}

func ExampleFuture_Cancel() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		f := asyncio.NewFuture[int](ctx)
		waits := asyncio.CreateTask(f.Loop().Context(), f.Await)
		_ = asyncio.Sleep(ctx, 0) // let it start
		fmt.Println(f.Cancel("not needed"), f.Cancelled())
		_, err := waits.Await(ctx)
		fmt.Println(err)
		return nil
	}))
	fmt.Println(err)
	// Output:
	// true true
	// asyncio: cancelled: not needed
	// <nil>
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
