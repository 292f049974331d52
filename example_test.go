package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

func ExampleRun() {
	sum, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		one := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 1))
		two := asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, 2))
		a, err := one.Await(ctx)
		if err != nil {
			return 0, err
		}
		b, err := two.Await(ctx)
		return a + b, err
	})
	fmt.Println(sum, err)
	// Output: 3 <nil>
}

func ExampleRunOn() {
	r := asyncio.NewRunner()
	defer r.Close()
	var task *asyncio.Task[string]
	_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
		task = asyncio.CreateTask(ctx, asyncio.Delay(time.Millisecond, "made in the first run"))
		return nil
	}))
	fmt.Println(err)
	s, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (string, error) {
		return task.Await(ctx)
	})
	fmt.Println(s, err)
	// Output:
	// <nil>
	// made in the first run <nil>
}

func ExampleWithVirtualClock() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		before := asyncio.RunningLoop(ctx).Time()
		err := asyncio.Sleep(ctx, 365*24*time.Hour)
		fmt.Println(asyncio.RunningLoop(ctx).Time().Sub(before), err)
		return nil
	}), asyncio.WithVirtualClock())
	// Output: 8760h0m0s <nil>
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

func ExampleNewLoop() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	loop.CallLater(time.Millisecond, func() {
		fmt.Println("later")
		loop.Stop()
	})
	loop.CallSoon(func() { fmt.Println("soon") })
	loop.CallSoon(func() { fmt.Println("never") }).Cancel()
	fmt.Println(loop.RunForever())
	// Output:
	// soon
	// later
	// <nil>
}

func ExampleLoop_RunUntilComplete() {
	loop := asyncio.NewLoop()
	defer loop.Close()
	task := asyncio.CreateTask(loop.Context(), asyncio.Delay(time.Millisecond, 42))
	fmt.Println(loop.RunUntilComplete(task))
	fmt.Println(task.Result())
	// Output:
	// <nil>
	// 42 <nil>
}

func ExampleExceptionContext() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		loop := asyncio.RunningLoop(ctx)
		loop.SetExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			var p *asyncio.PanicError
			fmt.Println(errors.As(c.Err, &p), p.Value)
		})
		loop.CallSoon(func() { panic("in a callback") })
		return asyncio.Sleep(ctx, time.Millisecond)
	}))
	// Output: true in a callback
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

func ExampleVoid() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		return asyncio.Sleep(ctx, time.Millisecond)
	}))
	fmt.Println(err)
	// Output: <nil>
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

func ExamplePanicError() {
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error {
		panic(errors.New("oh no"))
	}))
	var p *asyncio.PanicError
	fmt.Println(errors.As(err, &p), p.Unwrap(), len(p.Stack) > 0)
	// Output: true oh no true
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

func ExampleHandle_Cancel() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		h := asyncio.RunningLoop(ctx).CallLater(time.Hour, func() { fmt.Println("never") })
		fmt.Println(h.Cancel(), h.Cancel(), h.Cancelled())
		return nil
	}))
	// Output: true false true
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

func ExampleWithGrace() {
	_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			defer fmt.Println("unwound")
			for {
				_ = asyncio.Sleep(ctx, time.Hour) // refuses every cancellation
			}
		}), asyncio.WithName("stubborn"))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithGrace(time.Millisecond),
		asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			fmt.Println(c.Message, "-", c.Task.Name())
		}))
	// Output:
	// task was destroyed but it is pending: it was cancelled, and went on - stubborn
	// unwound
}
