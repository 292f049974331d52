package testutil

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Patience is how long a test waits for what must happen before it says that it
// did not. No test that passes waits for it: it is for the slowest of machines.
const Patience = 30 * time.Second

// Scaled is how many of something a test makes whose subject is large numbers: n if
// ASYNCIO_LONG is set, as in CI, otherwise a tenth. The race detector takes ten times the
// memory and allows 8128 goroutines at a time, coroutines included. And every goroutine
// there ever was makes each later look at all goroutines slower, for the whole process.
func Scaled(n int) int {
	switch {
	case RaceEnabled, coro.Portable("id"): // each question who is running takes microseconds
		return n / 60
	case os.Getenv("ASYNCIO_LONG") != "":
		return n
	}
	return n / 10
}

// Within fails the test if f takes longer than Patience: for what may hang if the
// library is wrong. f runs on a goroutine of its own, so it must not call t.Fatal.
func Within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	Wait(t, done)
}

// Wait waits for a channel to close, and fails the test if it takes too long.
func Wait[T any](t *testing.T, c <-chan T) {
	t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	select {
	case <-c:
	case <-late.C:
		buf := make([]byte, 1<<20)
		t.Fatalf("hangs:\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// Until waits for a condition that other goroutines are bringing about.
func Until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(Patience); !ok(); runtime.Gosched() {
		if time.Now().After(late) {
			t.Errorf("waited in vain until %s", what)
			return
		}
	}
}

// NoLeaks fails the test if at its end there are more goroutines than now.
func NoLeaks(t *testing.T) {
	t.Helper()
	before := SettledGoroutines()
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return // whatever has hung is still there
		}
		for late := time.Now().Add(Patience); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(late) {
				buf := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before:\n%s",
					runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
				return
			}
		}
	})
}

// SettledGoroutines counts the goroutines once those of earlier tests, which have
// finished but may not be gone, are.
func SettledGoroutines() int {
	n := runtime.NumGoroutine()
	for range 100 {
		runtime.Gosched()
		n = min(n, runtime.NumGoroutine())
	}
	return n
}

// Elsewhere runs f on another goroutine and waits for it, with the loop stopped
// meanwhile: what f asks of the loop is in its inbox when Elsewhere returns.
func Elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// LeaveNothing has the test wait in the end, after its loops were closed, until
// no more goroutines are left than there are now.
func LeaveNothing(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() { GoroutinesEnd(before) })
}

// GoroutinesEnd returns when no more goroutines are left than there were before.
// One that has done all its work may take a moment to be gone.
func GoroutinesEnd(before int) {
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
}

// Goexit runs f on a goroutine of its own and reports whether it returned, which
// Goexit prevents.
func Goexit(t *testing.T, f func()) (returned bool) {
	t.Helper()
	Within(t, func() {
		f()
		returned = true
	})
	return returned
}
