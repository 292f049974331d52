package testutil

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio"
)

// Functions returns what a task's stack is in, without the packages, except that of what is
// internal and does not belong there.
func Functions(t asyncio.AnyTask) []string {
	var names []string
	for _, f := range t.Stack() {
		if strings.Contains(f.Function, "/internal/") {
			names = append(names, "internal: "+f.Function)
		}
		names = append(names, f.Function[strings.LastIndexByte(f.Function, '.')+1:])
	}
	return names
}

// Here is the file and line of the caller, off by some lines.
func Here(off int) string {
	_, file, n, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), n+off)
}

// HasFrame reports whether one of the frames is of a function so named.
func HasFrame(frames []runtime.Frame, name string) bool {
	return slices.ContainsFunc(frames, func(f runtime.Frame) bool { return strings.Contains(f.Function, name) })
}

// Line is the line of the caller.
func Line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}
