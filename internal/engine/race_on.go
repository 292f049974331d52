//go:build race

package engine

import (
	"runtime"
	"unsafe"
)

// publish tells the race detector of what listedFromOutside goes by: a task is made
// before it is in the list.
func publish(t *Task) { runtime.RaceReleaseMerge(unsafe.Pointer(&t.loop.tasks)) }

// published is the other end, for all tasks of a loop.
func published(l *Loop) { runtime.RaceAcquire(unsafe.Pointer(&l.tasks)) }
