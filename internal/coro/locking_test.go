package coro

import (
	"runtime"
	"testing"
)

// TestCallersLocking: two locks are another state than one, and so is another thread.
func TestCallersLocking(t *testing.T) {
	states, over := make(chan Locking), make(chan struct{})
	defer close(over)
	go func() {
		states <- CallersLocking()
		runtime.LockOSThread()
		states <- CallersLocking()
		runtime.LockOSThread()
		states <- CallersLocking()
		runtime.UnlockOSThread()
		states <- CallersLocking()
		runtime.UnlockOSThread()
		states <- CallersLocking()
		runtime.LockOSThread()
		states <- CallersLocking()
		<-over
		runtime.UnlockOSThread()
	}()
	free, once, twice, onceAgain, freeAgain := <-states, <-states, <-states, <-states, <-states
	if free != (Locking{}) || freeAgain != free {
		t.Errorf("not locked: %v, %v", free, freeAgain)
	}
	if once == free || once != onceAgain {
		t.Errorf("locked once: %v, %v", once, onceAgain)
	}
	if once.locks != 0 && (twice == once || twice.thread != once.thread || twice.locks-once.locks != 1) {
		t.Errorf("locked twice: %v, once: %v", twice, once)
	}
	other := <-states // is on its thread still
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if here := CallersLocking(); here == other || here == free {
		t.Errorf("locked to another thread: %v, %v", here, other)
	}
}
