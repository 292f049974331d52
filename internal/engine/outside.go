package engine

import (
	"runtime"
	"strings"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// This file looks at a loop that somebody else owns, and that is stuck: whose owner has
// not come to a question within answerWithin. It reads words that the owner may write,
// without synchronization, and must be right whatever that does meanwhile:
//
//   - A pointer is one word, which neither the compiler nor a processor tears: what is
//     read was stored, be it stale. What it points to is not freed while it is held: the
//     collector sees it on the stack, and its write barrier keeps what is overwritten.
//   - The list of tasks is linked in the order of creation and each task is in it once,
//     so going from next to next only comes to later ones and never in a circle. Who is
//     removed meanwhile leads nowhere: then the list is read again. The number of steps
//     is bounded, in case tasks are made as fast as they are read.
//   - Of a task that was made just now, another processor may not see all fields yet.
//     Those that are used here are written once, and checked for being there. An
//     interface is two words; both are checked.
//   - Numbers and flags may be of different moments.
//
// The race detector would be right to complain, so these functions are hidden from it.

// mostSeen bounds how many tasks are read.
const mostSeen = 1 << 21

// listedFromOutside is listed for who is not the owner.
func (l *Loop) listedFromOutside() (longest []*Task) {
	for range 4 {
		all, whole := l.tasks.seen(l)
		if whole || len(all) > len(longest) {
			longest = all
		}
		if whole {
			break
		}
	}
	return longest
}

// seen returns the tasks of the list, and whether it got to the end.
//
//go:norace
func (k *taskList) seen(l *Loop) (all []*Task, whole bool) {
	x := k.root.next
	for ; x != nil && x != &k.root; x = x.next {
		t := taskAt(x)
		published(l) // after t was read, or it may be one that was made since
		if body := (*[2]uintptr)(unsafe.Pointer(&t.body)); body[0] != 0 && body[1] != 0 && !t.Finished() {
			all = append(all, t)
		}
		if len(all) == mostSeen {
			return all, true
		}
	}
	return all, x == &k.root || k.root.next == nil
}

// Holder is who holds a loop, as seen from outside.
type Holder struct {
	Task  *Task           // whose step it is, nil for a callback
	Stack []runtime.Frame // where, innermost first: the user's frames of that step
}

// Holder returns who holds the loop right now, of whatever goroutine it is asked. It
// reports false if nobody does: the loop does not run, or has nothing to do.
func (l *Loop) Holder() (h Holder, held bool) {
	if l.asleep.Load() {
		return h, false
	}
	g := coro.Peek(&l.g)
	if g == 0 {
		return h, false
	}
	h.Task = l.currentSeen()
	h.Stack = users(h.Task.stackOn(g, true))
	return h, true
}

//go:norace
func (l *Loop) currentSeen() *Task {
	t := l.current
	if t == nil {
		return nil
	}
	published(l)
	if body := (*[2]uintptr)(unsafe.Pointer(&t.body)); body[0] == 0 || body[1] == 0 {
		return nil
	}
	return t
}

// stackFromOutside is the task's stack for who is not the owner of its loop.
func (t *Task) stackFromOutside() []runtime.Frame {
	if t.Finished() {
		return nil
	}
	if t.thread {
		return outside(t.stackOn(t.goroutine(), true))
	}
	f, g := t.fiberSeen()
	if g == 0 {
		return nil
	}
	holds := g == coro.Peek(&t.loop.g)
	frames := t.stackOn(g, holds)
	if !holds {
		frames = suspended(frames)
	}
	return t.own(frames, f)
}

// stackOn looks for the stack of t, or of a callback if t is nil, which is on the goroutine
// g. If that cannot be had at a price that can be paid, all that is known is the task's
// function.
func (t *Task) stackOn(g uintptr, running bool) []runtime.Frame {
	if g == 0 {
		return nil
	}
	s := coro.Sought{G: g, Running: running, Under: "(*Loop).runTurns"}
	if t == nil {
		return coro.StackOf(s)
	}
	s.Under = "(*fiber).execute"
	if t.thread {
		s.Under = "(*thread).run"
	}
	f, known := t.function()
	s.Func = f.Function
	frames := coro.StackOf(s)
	if frames == nil && known {
		frames = []runtime.Frame{f, {Function: modulePath + "engine." + s.Under}}
	}
	return frames
}

// function returns the frame of the task's function, at its beginning.
func (t *Task) function() (f runtime.Frame, known bool) {
	if c, ok := t.body.Face().(interface{ Coro() runtime.Frame }); ok {
		return c.Coro(), true
	}
	return f, false
}

//go:norace
func (t *Task) fiberSeen() (f *fiber, g uintptr) {
	if f = t.fiber; f != nil {
		g = f.G
	}
	return f, g
}

// suspended leaves out the switch by which a coroutine has given up control.
func suspended(frames []runtime.Frame) []runtime.Frame {
	for len(frames) > 0 && !strings.HasPrefix(frames[0].Function, modulePath) {
		frames = frames[1:]
	}
	return frames
}

// above returns how many tasks are on the stack of f above t, each awaited by the one
// below it.
//
//go:norace
func (t *Task) above(f *fiber) (n int) {
	for u := t; u != nil && u != f.task && n <= maxNested; n++ {
		w := u.waitOn
		if w == nil || w.kind != kindTask {
			break
		}
		u = w.task()
	}
	return n
}
