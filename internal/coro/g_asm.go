//go:build amd64 || arm64

package coro

import (
	"sync"
	"unsafe"
)

// G returns the identity of the running goroutine: the address of its
// descriptor, which the runtime never moves and never frees. It is unique among
// the goroutines alive. If portableID is set, it is portableG instead.
func G() uintptr

func portableG() uintptr { return uintptr(current()) }

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

func portableIs(p *uintptr) bool { return Peek(p) == portableG() }

var _, _ = portableG, portableIs // G and Is call them, out of sight of linters

// identityFails tests G and Is.
func identityFails() string {
	me := G()
	other := make(chan uintptr)
	go func() {
		g := G()
		if !Is(&g) || Is(&me) || g != G() {
			g = 0
		}
		other <- g
	}()
	if g := <-other; g == 0 || me == 0 || g == me || !Is(&me) || Is(&g) {
		return "the address of a goroutine's descriptor does not tell it from others"
	}
	return ""
}

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
	switch {
	case portableID || g == 0:
		return uint64(g)
	case !portableNumber:
		return uint64(word(g + numberAt))
	}
	noted.mu.Lock()
	defer noted.mu.Unlock()
	return noted.of[g].number
}

// noted are the numbers of the goroutines that are in tables, if they cannot be read.
var noted = struct {
	mu sync.Mutex
	of map[uintptr]entered
}{of: map[uintptr]entered{}}

type entered struct {
	number uint64
	tables int
}

// note is for a goroutine that enters a table.
func note(g uintptr) {
	if portableNumber && !portableID {
		noted.mu.Lock()
		noted.of[g] = entered{current(), noted.of[g].tables + 1}
		noted.mu.Unlock()
	}
}

// forget is for one that leaves a table.
func forget(g uintptr) {
	if portableNumber && !portableID {
		noted.mu.Lock()
		if e := noted.of[g]; e.tables > 1 {
			noted.of[g] = entered{e.number, e.tables - 1}
		} else {
			delete(noted.of, g)
		}
		noted.mu.Unlock()
	}
}

// numberAt is where a goroutine's descriptor holds its number: the one word that equals
// it in several goroutines. The layout is the runtime's own affair and may change.
var numberAt uintptr

// numberFails sets numberAt.
func numberFails() string {
	if portableID {
		return "" // the identity is the number
	}
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
	for i, n := range match {
		if n != tries {
			continue
		}
		if numberAt != 0 {
			return "the number of a goroutine stands in more than one place of its descriptor"
		}
		numberAt = uintptr(i) * ptrSize
	}
	if numberAt == 0 {
		return "the number of a goroutine does not stand in its descriptor"
	}
	return ""
}

const ptrSize = 8
