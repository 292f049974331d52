package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio"
)

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
