package measure

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Memory measures what each of the m.Size things takes that build puts into
// kept, which is made beforehand and counts as nothing: the resident bytes of
// the process, and how much of it the runtime knows as heap and as stacks.
func Memory[T any](m *M, build func(kept []T) error) error {
	kept := make([]T, m.Size)
	clear(kept) // or it would not be resident
	before, err := readMemory()
	if err != nil {
		return err
	}
	m.Start()
	if err = build(kept); err != nil {
		return err
	}
	m.Stop(m.Size)
	after, err := readMemory()
	if err != nil {
		return err
	}
	runtime.KeepAlive(kept)
	each := func(before, after uint64) float64 { return (float64(after) - float64(before)) / float64(m.Size) }
	m.result.Values = map[string]float64{
		"bytes": each(before.resident, after.resident),
		"heap":  each(before.heap, after.heap),
		"stack": each(before.stack, after.stack),
	}
	return nil
}

type memory struct{ resident, heap, stack uint64 }

// readMemory returns what is in use once all garbage has gone back to the system.
func readMemory() (memory, error) {
	runtime.GC() // what a sync.Pool holds outlives one collection
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return memory{}, fmt.Errorf("resident memory is read from /proc: %w", err)
	}
	_, rest, _ := strings.Cut(string(raw), " ")
	pages, _, _ := strings.Cut(rest, " ")
	resident, err := strconv.ParseUint(pages, 10, 64)
	if err != nil {
		return memory{}, err
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return memory{resident * uint64(os.Getpagesize()), s.HeapAlloc, s.StackInuse}, nil
}

// WithHeap measures in a program that holds 64 MB. A program that holds nothing has its
// garbage collected every 4 MB, which is seldom what a program is like.
func WithHeap(f Func) Func {
	return func(m *M) error {
		held := make([]byte, 64<<20)
		defer runtime.KeepAlive(held)
		return f(m)
	}
}
