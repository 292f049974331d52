//go:build amd64 || arm64

package coro

import (
	"sync"
	"unsafe"
)

// G returns the identity of the running goroutine: the address of its
// descriptor, which the runtime never moves and never frees. It is unique among
// the goroutines alive.
func G() uintptr

// Is reports whether *p is the identity of the running goroutine.
//
// It is the one place where a word is read that another goroutine may be
// writing. That is sound for this question alone: only code running on a
// goroutine stores that goroutine's identity and it overwrites it before it
// hands control away or ends, so a stale or fresh value of another goroutine's
// making differs from G() either way. The load is a single aligned one, in
// assembly so that it costs a nanosecond instead of an atomic store a switch.
//
//go:noescape
func Is(p *uintptr) bool

// Set stores what Is is going to read. Only the goroutine g, or one that controls
// it, calls it.
func Set(p *uintptr, g uintptr) { *p = g }

// Peek returns what was last stored, as of some moment: the identity of a
// goroutine that may have gone on since.
func Peek(p *uintptr) uintptr { return word(uintptr(unsafe.Pointer(p))) }

// word reads a word at an address, for finding the number of a goroutine.
func word(p uintptr) uintptr

// number returns the number the runtime prints for the goroutine g, 0 if unknown.
func number(g uintptr) uint64 {
	if at := numberAt(); g != 0 && at != 0 {
		return uint64(word(g + at))
	}
	return 0
}

// numberAt finds once where a goroutine's descriptor holds its number: the one
// word that equals it in several goroutines. The layout is the runtime's own
// affair and may change, in which case stacks of other goroutines are unknown,
// and nothing else is affected.
var numberAt = sync.OnceValue(func() uintptr {
	const words = 64
	var match [words]int
	const tries = 4
	for range tries {
		done := make(chan struct{})
		go func() {
			defer close(done)
			id, g := uintptr(current()), G()
			for i := range uintptr(words) {
				if word(g+i*ptrSize) == id {
					match[i]++
				}
			}
		}()
		<-done
	}
	at := uintptr(0)
	for i, n := range match {
		if n == tries {
			if at != 0 {
				return 0 // ambiguous
			}
			at = uintptr(i) * ptrSize
		}
	}
	return at
})

const ptrSize = 8
