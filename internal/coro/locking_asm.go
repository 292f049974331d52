//go:build amd64 || arm64

package coro

import (
	"runtime"
	"sync"
)

// bound returns the thread that the running goroutine is locked to and how often; 0 if
// that cannot be found.
func bound() (thread uintptr, locks uint64) {
	if portableID {
		return 0, 0 // there is no descriptor to look at
	}
	at := lockingAt()
	if at.thread == 0 {
		return 0, 0
	}
	thread = word(G() + at.thread)
	if thread == 0 || at.locks == 0 {
		return thread, 0
	}
	return thread, uint64(word(thread + at.locks))
}

// lockingAt finds once where a goroutine's descriptor names the thread that it is locked
// to, and where that thread's counts the locks: what changes, and how, when a goroutine
// locks itself. Like numberAt it goes by the runtime's own affairs; when it finds
// nothing, only less is known. It is not called before something in the process has
// locked a thread, because the first to do so makes the runtime start another.
var lockingAt = sync.OnceValue(func() (at struct{ thread, locks uintptr }) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		at.thread, at.locks = findLocking()
	}()
	<-done
	return at
})

func findLocking() (threadAt, locksAt uintptr) {
	const words = 64
	g := G()
	var before [words]uintptr
	for i := range before {
		before[i] = word(g + uintptr(i)*ptrSize)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var locked [words]uintptr
	for i := range locked {
		locked[i] = word(g + uintptr(i)*ptrSize)
	}
	for i, thread := range locked {
		if before[i] != 0 || thread == 0 {
			continue
		}
		for j := range locked { // its thread is named in another place as well
			if j != i && locked[j] == thread && before[j] != 0 {
				if threadAt != 0 {
					return 0, 0 // ambiguous
				}
				threadAt = uintptr(i) * ptrSize
			}
		}
	}
	if threadAt == 0 {
		return 0, 0
	}
	return threadAt, findLocks(word(g + threadAt))
}

// findLocks finds the count that follows how often the caller is locked. Beside it is
// that of the locks that the runtime holds for it.
func findLocks(thread uintptr) (at uintptr) {
	const halves = 320
	match := [halves]bool{}
	for i := range match {
		match[i] = true
	}
	count := func(n uint32) {
		for i := range match {
			match[i] = match[i] && uint32(word(thread+uintptr(i)*4)) == n
		}
	}
	count(1)
	runtime.LockOSThread()
	count(2)
	runtime.LockOSThread()
	count(3)
	runtime.UnlockOSThread()
	count(2)
	runtime.UnlockOSThread()
	count(1)
	for i, ok := range match {
		if ok {
			if at != 0 {
				return 0
			}
			at = uintptr(i) * 4
		}
	}
	return at
}
