// Lesson runs seven small programs that show what a task is: created, awaited,
// cancelled, asked for its result and its error, watched, and run beside others.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() {
	asyncio.Main(func(ctx context.Context) error { return lesson(ctx, os.Stdout) })
}

// program is one of the seven. It prints to w what happens.
type program struct {
	title string
	main  func(ctx context.Context, w io.Writer) error
}

var programs = []program{
	{"Create a task and await it", sayHello},
	{"Cancel a task", cancelTask},
	{"A task made of a sleep with a result", sleepResult},
	{"A task that fails", failTask},
	{"Done callbacks", doneCallbacks},
	{"Is it done?", isDone},
	{"Ten sleeps at once", tenSleeps},
}

// lesson runs the programs in order.
func lesson(ctx context.Context, w io.Writer) error {
	for i, p := range programs {
		fmt.Fprintf(w, "== %d. %s\n", i+1, p.title)
		if err := p.main(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		fmt.Fprintln(w)
	}
	return nil
}

// sayHello: a task prints two words with a second in between; main awaits it.
func sayHello(ctx context.Context, w io.Writer) error {
	hello := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		fmt.Fprintln(w, "Hello")
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		fmt.Fprintln(w, "World")
		return nil
	}))
	_, err := hello.Await(ctx)
	return err
}

// cancelTask: main cancels a long sleep after a second.
func cancelTask(ctx context.Context, w io.Writer) error {
	task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		return asyncio.Sleep(ctx, 10*time.Second)
	}))
	if err := asyncio.Sleep(ctx, time.Second); err != nil {
		return err
	}
	task.Cancel()
	if _, err := task.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
		return fmt.Errorf("want a cancellation, got %w", err)
	}
	fmt.Fprintln(w, "Task was cancelled")
	return nil
}

// sleepResult: a task made directly of a sleep that returns a value.
func sleepResult(ctx context.Context, w io.Writer) error {
	task := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "Completed"))
	result, err := task.Await(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "Result:", result)
	return nil
}

// failTask: awaiting a failed task returns its error, and Err gives the same.
func failTask(ctx context.Context, w io.Writer) error {
	task := asyncio.CreateTask(ctx, fail)
	_, err := task.Await(ctx)
	fmt.Fprintln(w, "Task failed with exception:", err)
	fmt.Fprintln(w, "Err() gives the same:", task.Err() == err) //nolint:errorlint // the very same value
	return nil
}

func fail(context.Context) (string, error) {
	return "", errors.New("something went wrong")
}

// doneCallbacks: callbacks run when the task is done, in the order they were
// added.
func doneCallbacks(ctx context.Context, w io.Writer) error {
	task := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, asyncio.None{}))
	task.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {
		fmt.Fprintln(w, "Task completed")
	})
	if _, err := task.Await(ctx); err != nil {
		return err
	}

	two := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, 2))
	two.AddDoneCallback(func(t *asyncio.Task[int]) {
		v, err := t.Result()
		fmt.Fprintln(w, "First callback:", v, err)
	})
	two.AddDoneCallback(func(*asyncio.Task[int]) {
		fmt.Fprintln(w, "Second callback")
	})
	_, err := two.Await(ctx)
	return err
}

// isDone: done means ended in any way.
func isDone(ctx context.Context, w io.Writer) error {
	slept := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, asyncio.None{}))
	failed := asyncio.CreateTask(ctx, fail)
	cancelled := asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, asyncio.None{}))
	fmt.Fprintln(w, "At once, Done() is", slept.Done())
	cancelled.Cancel()
	if err := asyncio.Sleep(ctx, 1500*time.Millisecond); err != nil {
		return err
	}
	fmt.Fprintln(w, "After a second and a half, Done() is", slept.Done())
	fmt.Fprintln(w, "Of a failed task, Done() is", failed.Done(), "with error:", failed.Err())
	fmt.Fprintln(w, "Of a cancelled task, Done() is", cancelled.Done(), "and Cancelled() is", cancelled.Cancelled())
	fmt.Fprintln(w, "(A common text says that done() is false for a cancelled task. CPython says true, and so do we.)")
	return nil
}

// tenSleeps: ten sleeps of a second, awaited together, take one second.
func tenSleeps(ctx context.Context, w io.Writer) error {
	loop := asyncio.RunningLoop(ctx)
	start := loop.Time()
	var tasks []*asyncio.Task[int]
	for i := range 10 {
		tasks = append(tasks, asyncio.CreateTask(ctx, asyncio.Delay(time.Second, i)))
	}
	sum := 0
	for _, t := range tasks {
		v, err := t.Await(ctx)
		if err != nil {
			return err
		}
		sum += v
	}
	fmt.Fprintf(w, "Ten one-second sleeps took %.1f seconds; their results add up to %d\n",
		loop.Time().Sub(start).Seconds(), sum)
	return nil
}
