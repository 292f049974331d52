//go:build !amd64 && !arm64

package coro

import (
	"runtime"
	"sync/atomic"
)

func identityFails() string { return "there is no assembly for " + runtime.GOARCH }
func numberFails() string   { return "" } // the identity is the number

func note(uintptr)   {}
func forget(uintptr) {}

// G returns the identity of the running goroutine, here its number. It takes
// about a microsecond: architectures that matter have it in assembly.
func G() uintptr { return uintptr(current()) }

// Is reports whether *p is the identity of the running goroutine.
func Is(p *uintptr) bool {
	v := atomic.LoadUintptr(p)
	return v != 0 && v == G()
}

// Set stores what Is is going to read.
func Set(p *uintptr, g uintptr) { atomic.StoreUintptr(p, g) }

// Peek returns what was last stored.
func Peek(p *uintptr) uintptr { return atomic.LoadUintptr(p) }

// number returns the number the runtime prints for the goroutine g.
func number(g uintptr) uint64 { return uint64(g) }

// bound returns the thread that the running goroutine is locked to, here unknown.
func bound() (thread uintptr, locks uint64) { return 0, 0 }
