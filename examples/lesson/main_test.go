package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
)

const want = `== 1. Create a task and await it
Hello
World

== 2. Cancel a task
Task was cancelled

== 3. A task made of a sleep with a result
Result: Completed

== 4. A task that fails
Task failed with exception: something went wrong
Err() gives the same: true

== 5. Done callbacks
Task completed
First callback: 2 <nil>
Second callback

== 6. Is it done?
At once, Done() is false
After a second and a half, Done() is true
Of a failed task, Done() is true with error: something went wrong
Of a cancelled task, Done() is true and Cancelled() is true
(A common text says that done() is false for a cancelled task. CPython says true, and so do we.)

== 7. Ten sleeps at once
Ten one-second sleeps took 1.0 seconds; their results add up to 45

`

func runLesson(ctx context.Context, out *bytes.Buffer) error {
	_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error { return lesson(ctx, out) }))
	return err
}

// The bubble's clock jumps, so the lesson's eight seconds take none.
func TestLessonPrintsWhatHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var out bytes.Buffer
		if err := runLesson(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("got:\n%s", out.String())
		}
		if took := time.Since(start); took != 7500*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestLessonStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var out bytes.Buffer
		err := runLesson(ctx, &out)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, asyncio.ErrCancelled) {
			t.Fatal(err)
		}
		if got := out.String(); got != "== 1. Create a task and await it\nHello\n" {
			t.Errorf("got:\n%s", got)
		}
	})
}
