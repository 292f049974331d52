package asyncio_test

import (
	"context"
	"errors"
	"fmt"
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

func ExampleVoid() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Sleep(ctx, time.Millisecond)
	}))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNone() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		gate := asyncio.NewFuture[asyncio.None](ctx) // it matters when, and not what
		asyncio.RunningLoop(ctx).CallSoon(func() {
			fmt.Println("open")
			_ = gate.SetResult(asyncio.None{})
		})
		_, err := gate.Await(ctx)
		fmt.Println("through")
		return err
	}))
	fmt.Println(err)
	// Output:
	// open
	// through
	// <nil>
}

func ExampleCreateTask() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, func(context.Context) (int, error) {
			fmt.Println("task")
			return 7, nil
		}, asyncio.WithName("seven"))
		fmt.Println("main goes on first")
		v, err := task.Await(ctx)
		fmt.Println(task.Name(), v, err)
		return nil
	}))
	// Output:
	// main goes on first
	// task
	// seven 7 <nil>
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

func ExampleTask_Cancel() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			fmt.Println("cleaning up after:", err)
			return err
		}))
		_ = asyncio.Sleep(ctx, 0) // let it start
		task.Cancel("no longer needed")
		_, err := task.Await(ctx)
		fmt.Println(task.Cancelled(), errors.Is(err, asyncio.ErrCancelled))
		return nil
	}))
	// Output:
	// cleaning up after: asyncio: cancelled: no longer needed
	// true true
}

func ExampleTask_Uncancel() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CurrentTask(ctx)
		task.Cancel("by myself")
		err := asyncio.Sleep(ctx, time.Hour)
		fmt.Println(err, task.Cancelling())
		task.Uncancel() // dealt with
		fmt.Println(asyncio.Sleep(ctx, time.Millisecond), task.Cancelling())
		return nil
	}))
	// Output:
	// asyncio: cancelled: by myself 1
	// <nil> 0
}

func ExampleTask_AddDoneCallback() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "done"))
		task.AddDoneCallback(func(t *asyncio.Task[string]) { fmt.Println(t.Result()) })
		remove := task.AddDoneCallback(func(*asyncio.Task[string]) { fmt.Println("never") })
		fmt.Println("removed:", remove())
		_, err := task.Await(ctx)
		return err
	}))
	// Output:
	// removed: true
	// done <nil>
}

func ExampleTask_Stack() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return asyncio.Sleep(ctx, time.Hour)
		}))
		task.SetName("sleeper")
		_ = asyncio.Sleep(ctx, 0)                // let it start
		for _, frame := range task.Stack()[:2] { // the innermost first
			fmt.Println(task.Name(), "in", frame.Function[strings.LastIndexByte(frame.Function, '/')+1:])
		}
		return nil
	}))
	fmt.Println(err)
	// Output:
	// sleeper in asyncio.Sleep
	// sleeper in asyncio_test.ExampleTask_Stack.func1.1
	// <nil>
}

func ExampleCurrentTask() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		fmt.Println(asyncio.CurrentTask(ctx).Name())
		child := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			fmt.Println(asyncio.CurrentTask(ctx).Name())
			return nil
		}), asyncio.WithName("child"))
		_, err := child.Await(ctx)
		return err
	}))
	// Output:
	// Task-1
	// child
}

func ExampleAllTasks() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 0), asyncio.WithName("sleeper"))
		for _, t := range asyncio.AllTasks(asyncio.RunningLoop(ctx)) {
			fmt.Println(t.Name(), t == asyncio.CurrentTask(ctx))
		}
		return nil
	}))
	// Output:
	// Task-1 true
	// sleeper false
}

func ExampleSleep() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		start := loop.Time()
		err := asyncio.Sleep(ctx, 20*time.Millisecond)
		fmt.Println(err, loop.Time().Sub(start) >= 20*time.Millisecond)
		return nil
	}))
	// Output: <nil> true
}

func ExampleDelay() {
	v, err := asyncio.Run(context.Background(), asyncio.Delay(time.Millisecond, "later"))
	fmt.Println(v, err)
	// Output: later <nil>
}

func ExampleGo() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		blocked := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
			<-ctx.Done() // a goroutine may block; the ctx ends when the task is cancelled
			return "", ctx.Err()
		})
		_ = asyncio.Sleep(ctx, time.Millisecond)
		blocked.Cancel()
		_, err := blocked.Await(ctx)
		fmt.Println(blocked.Cancelled(), errors.Is(err, context.Canceled))
		return nil
	}))
	// Output: true true
}

func ExampleToThread() {
	sum, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		return asyncio.ToThread(ctx, func(context.Context) (int, error) {
			sum := 0
			for i := range 1000 { // the loop is free meanwhile
				sum += i
			}
			return sum, nil
		})
	})
	fmt.Println(sum, err)
	// Output: 499500 <nil>
}

func ExampleAbandon() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		answer := make(chan string) // of somebody who does not know of contexts
		ask := asyncio.Go(ctx, func(context.Context) (string, error) { return <-answer, nil }, asyncio.Abandon())
		_, err := asyncio.WaitFor(ctx, ask, time.Millisecond)
		fmt.Println(errors.Is(err, asyncio.ErrTimeout), ask.Cancelled())
		close(answer) // else the end of Run would wait for the goroutine, within the grace
		return nil
	}))
	// Output: true true
}

func ExampleWithMaxThreads() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		atWork := make(chan struct{}, 2) // as many as may be at work
		var tasks []*asyncio.Task[bool]
		for range 10 {
			tasks = append(tasks, asyncio.Go(ctx, func(context.Context) (bool, error) {
				select {
				case atWork <- struct{}{}:
					defer func() { <-atWork }()
					return true, nil
				default:
					return false, nil // a third one
				}
			}))
		}
		never := true
		for _, t := range tasks {
			ok, err := t.Await(ctx)
			never = never && ok && err == nil
		}
		fmt.Println("never more than two at a time:", never)
		return nil
	}), asyncio.WithMaxThreads(2))
	// Output: never more than two at a time: true
}

func ExampleWithTimeout() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		slow := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "late"))
		scope, cancel := asyncio.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		_, err := slow.Await(scope)
		fmt.Println(err, "- and the task goes on:", !slow.Done())
		slow.Cancel()
		return nil
	}))
	// Output: asyncio: timeout - and the task goes on: true
}

func ExampleWithCancel() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		scope, cancel := asyncio.WithCancel(ctx)
		inside := asyncio.CreateTask(scope, asyncio.Delay(time.Hour, 0))
		outside := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 1))
		cancel()
		_, err := outside.Await(ctx)
		fmt.Println(inside.Cancelled(), outside.Cancelled(), err)
		return nil
	}))
	// Output: true false <nil>
}

func ExampleCancelledError() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		task := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 0))
		task.Cancel("why not")
		_, err := task.Await(ctx)
		var c *asyncio.CancelledError
		if errors.As(err, &c) {
			fmt.Println(c.Message, "/", c.Origin, "/", c.By.Name())
		}
		return nil
	}))
	// Output: why not / Cancel / Task-1
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

func ExamplePanicError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error {
		panic(errors.New("oh no"))
	}))
	var p *asyncio.PanicError
	fmt.Println(errors.As(err, &p), p.Unwrap(), len(p.Stack) > 0)
	// Output: true oh no true
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

func ExampleTask_ResultAny() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		name := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "Ada"))
		age := asyncio.CreateTask(ctx, asyncio.Delay(time.Minute, 36))
		all := []asyncio.AnyFuture{name, age} // of several types
		for _, f := range all {
			f.OnDone(func() { fmt.Println("one more") })
		}
		if _, _, err := asyncio.Wait(ctx, all, asyncio.WaitOptions{}); err != nil {
			return err
		}
		for _, f := range all {
			fmt.Println(f.ResultAny())
		}
		return nil
	}), asyncio.WithVirtualClock())
	fmt.Println(err)
	// Output:
	// one more
	// one more
	// Ada <nil>
	// 36 <nil>
	// <nil>
}

func ExampleTask_DoneChan() {
	loop := asyncio.NewLoop()
	task := asyncio.CreateTask(loop.Context(), asyncio.Delay(time.Millisecond, "a page"))
	over := make(chan struct{})
	go func() { // a goroutine, which waits for more than tasks
		defer close(over)
		select {
		case <-task.DoneChan():
			fmt.Println(task.Result())
		case <-time.After(time.Hour):
			fmt.Println("nothing yet")
		}
	}()
	err := loop.RunUntilComplete(task)
	<-over
	fmt.Println(err, loop.Close())
	// Output:
	// a page <nil>
	// <nil> <nil>
}
