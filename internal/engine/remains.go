package engine

import (
	"path"
	"reflect"
	"runtime"
	"strings"
	"time"
)

// Remain is a task that is still there, or the goroutine that one has left.
type Remain struct {
	Task *Task
	Left bool // it was left: see Abandonable
	// Known says that the loop itself has answered; else there is no more than the frames.
	Known bool
	Doing Doing
	On    *Task // that it awaits, nil if it does not await a task
	// Sleeps says that it does, for Sleep more, which may be Never.
	Sleeps bool
	Sleep  time.Duration
	Queue  Unwinder // as in Blocked
	// Frames is where, innermost first: of a Go task with those of the standard library.
	Frames []runtime.Frame
}

// Remains is who is still there.
type Remains struct {
	First []Remain // in creation order; those that were left come last
	All   int      // how many there are
	Held  *Holder  // who holds the loop, if it did not answer
}

// Remaining returns those of the pending tasks for which is holds, and the goroutines
// that were left; the first most of them in detail. Any goroutine may ask; is may be
// called on any too.
func (l *Loop) Remaining(most int, is func(*Task) bool) Remains {
	return Ask(l, func() (r Remains) {
		for t := range l.tasks.all {
			if is(t) {
				r.add(most, t, false, true)
			}
		}
		for t := range l.left.all {
			r.add(most, t, true, true)
		}
		return r
	}, func() (r Remains) {
		for _, t := range l.listedFromOutside() {
			if is(t) {
				r.add(most, t, false, false)
			}
		}
		if h, held := l.Holder(); held {
			r.Held = &h
		}
		return r
	})
}

// Pending returns the pending Go tasks, or loop tasks, in creation order, and with Go tasks
// whether there are goroutines that were left.
func (l *Loop) Pending(threads bool) (tasks []*Task, left bool) {
	l.Call(func() {
		for t := range l.tasks.all {
			if t.thread == threads {
				tasks = append(tasks, t)
			}
		}
		left = threads && !l.left.empty()
	})
	return tasks, left
}

func (r *Remains) add(most int, t *Task, left, known bool) {
	if r.All++; len(r.First) == most {
		return
	}
	x := Remain{Task: t, Left: left, Known: known, Sleep: Never}
	switch {
	case left:
		x.Doing = Working
		x.Frames = outside(t.stackOn(t.goroutine(), true))
	case !known:
		x.Frames = t.stackFromOutside()
	default:
		x.Frames = t.stack()
		b := t.blocked()
		x.Doing, x.Queue = b.Doing, b.Queue
		if len(b.On) > 0 {
			x.On = b.On[0]
		}
		if f := t.waitOn; b.Doing == Awaiting && f.kind == kindSleep {
			x.Sleeps = true
			if b.Until != Never {
				x.Sleep = b.Until - t.loop.Now()
			}
		}
	}
	x.Frames = Users(x.Frames)
	r.First = append(r.First, x)
}

// InStandard parts frames into those of the standard library at the top and the rest.
func InStandard(frames []runtime.Frame) (std, rest []runtime.Frame) {
	for i, f := range frames {
		if !ofStandard(f) {
			return frames[:i], frames[i:]
		}
	}
	return nil, frames
}

// goroot is where the standard library's files are, as the compiler has noted it: "" in a
// program that was built with -trimpath.
var goroot = func() string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(strings.Count).Pointer()).FileLine(0)
	return strings.TrimSuffix(file, "strings/strings.go")
}()

func ofStandard(f runtime.Frame) bool {
	if goroot != "" {
		return strings.HasPrefix(f.File, goroot)
	}
	// Files are noted as package/file there, and a package of the standard library has no
	// dot in the first element of its path, as those that can be fetched have.
	dir, _ := path.Split(f.File)
	first, _, _ := strings.Cut(dir, "/")
	return first != "" && !strings.Contains(first, ".") && strings.HasPrefix(f.Function, strings.TrimSuffix(dir, "/")+".")
}
