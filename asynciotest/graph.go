package asynciotest

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// picture is who waits for whom, to be put into words.
type picture struct {
	all   []engine.Blocked
	about map[*engine.Task]engine.About // of those who wait in the queue of a primitive
	names map[any]string                // of the primitives, in the order in which they are met
}

func newPicture(all []engine.Blocked) *picture {
	p := &picture{all: all, about: map[*engine.Task]engine.About{}, names: map[any]string{}}
	counts := map[string]int{}
	for _, b := range all {
		r, ok := b.Queue.(engine.Resource)
		if !ok {
			continue
		}
		a := r.About()
		p.about[b.Task] = a
		if p.names[a.Of] == "" {
			kind, _, _ := strings.Cut(a.Op, ".")
			counts[kind]++
			p.names[a.Of] = fmt.Sprintf("%s#%d", kind, counts[kind])
		}
	}
	return p
}

// waitsFor returns the tasks that must go on before t can.
func (p *picture) waitsFor(b engine.Blocked) []*engine.Task {
	if a, ok := p.about[b.Task]; ok {
		return a.Holders
	}
	return b.On
}

func (p *picture) find(t *engine.Task) (engine.Blocked, bool) {
	i := slices.IndexFunc(p.all, func(b engine.Blocked) bool { return b.Task == t })
	if i < 0 {
		return engine.Blocked{}, false
	}
	return p.all[i], true
}

// circle returns tasks each of which waits for the next, the last for the first; nil
// if there are none. It follows a task only to one that is the only way for it to go
// on: of several holders, or several tasks waited for, each could be.
func (p *picture) circle() []*engine.Task {
	for _, start := range p.all {
		var path []*engine.Task
		for b, ok := start, true; ok; {
			if i := slices.Index(path, b.Task); i >= 0 {
				return path[i:]
			}
			path = append(path, b.Task)
			next := p.waitsFor(b)
			if len(next) == 0 {
				break
			}
			// Of several take the first that has not ended and waits itself.
			ok = false
			for _, t := range next {
				if b, ok = p.find(t); ok {
					break
				}
			}
		}
	}
	return nil
}

// text is the whole picture, with one paragraph for each task.
func (p *picture) text() string {
	var s strings.Builder
	for _, b := range p.all {
		t := b.Task
		fmt.Fprintf(&s, "\n  %s %s\n", nameOf(t), p.doing(b))
		if at := t.Created(); len(at) > 0 && !isMain(t) {
			fmt.Fprintf(&s, "      created at %s\n", place(at[0]))
		}
		for _, f := range userFrames(t.Stack()) {
			fmt.Fprintf(&s, "      %s  %s\n", short(f.Function), place(f))
		}
	}
	return s.String()
}

// doing is what one task does.
func (p *picture) doing(b engine.Blocked) string {
	switch b.Doing {
	case engine.Ready:
		if b.Task.Started() {
			return "is ready to go on"
		}
		return "has not started"
	case engine.Working:
		s := "is a Go task, and at work"
		if status := b.Task.Status(); status != "" {
			s += ": " + status
		}
		return s
	case engine.Queueing:
		return "is a Go task, and has no place among WithMaxThreads"
	}
	s := "waits in " + operation(b.Task.Stack())
	a, ok := p.about[b.Task]
	switch {
	case ok:
		s += " for " + p.names[a.Of] + " " + a.State
		if h := p.holders(a); h != "" {
			s += ", held by " + h
		}
	case b.Until != engine.Never:
		s += " until " + b.Task.Loop().Moment(b.Until).Format("2006-01-02 15:04:05.999999999")
	case len(b.On) > 0:
		s += " for " + namesOf(b.On)
	}
	return s
}

func (p *picture) holders(a engine.About) string {
	var names []string
	for _, t := range a.Holders {
		n := nameOf(t)
		if t.Finished() {
			n += " (which has ended without Release)"
		}
		names = append(names, n)
	}
	return strings.Join(names, ", ")
}

// cause is in one line why nothing can run.
func (p *picture) cause() string {
	if c := p.circle(); c != nil {
		var s strings.Builder
		s.WriteString("a circle: ")
		for _, t := range c {
			s.WriteString(nameOf(t))
			if a, ok := p.about[t]; ok {
				s.WriteString(" waits for " + p.names[a.Of] + ", held by ")
			} else {
				s.WriteString(" waits for ")
			}
		}
		return s.String() + nameOf(c[0])
	}
	var ends []string
	for _, b := range p.all {
		if s := p.end(b); s != "" && !slices.Contains(ends, s) {
			ends = append(ends, s)
		}
	}
	return "in the end all wait for " + strings.Join(ends, "; and for ")
}

// end is what is missing for a task that waits for no other pending one.
func (p *picture) end(b engine.Blocked) string {
	if b.Doing != engine.Awaiting {
		return ""
	}
	a, ok := p.about[b.Task]
	switch {
	case ok && len(a.Holders) > 0:
		for _, t := range a.Holders {
			if !t.Finished() {
				return ""
			}
		}
		return fmt.Sprintf("%s, held by %s", p.names[a.Of], p.holders(a))
	case ok:
		return fmt.Sprintf("%s %s: %s", p.names[a.Of], a.State, missing[a.Op])
	case len(b.On) > 0:
		return ""
	}
	return fmt.Sprintf("what %s waits for in %s: nobody is left to complete it", nameOf(b.Task), operation(b.Task.Stack()))
}

// missing is what would end a wait.
var missing = map[string]string{
	"Barrier.Wait":      "nobody is left to come",
	"Condition.Wait":    "nobody is left to Notify",
	"Event.Wait":        "nobody is left to Set it",
	"Lock.Acquire":      "nobody is left to Release it",
	"Queue.Get":         "nobody is left to Put",
	"Queue.Join":        "nobody is left to call TaskDone",
	"Queue.Put":         "nobody is left to Get",
	"Semaphore.Acquire": "nobody is left to Release it",
}

func nameOf(t *engine.Task) string {
	name := t.Face().(asyncio.AnyTask).Name()
	if isMain(t) {
		name += " (main)"
	}
	return name
}

// isMain reports whether t is the task of a test's function.
func isMain(t *engine.Task) bool {
	return short(t.Face().(asyncio.AnyTask).Coro().Function) == "asynciotest.trial.body-fm"
}

func namesOf(all []*engine.Task) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = nameOf(t)
	}
	return strings.Join(names, ", ")
}

const modulePath = "github.com/asyncio-go/asyncio"

// ofLibrary reports whether a function is the library's or this package's own.
func ofLibrary(function string) bool {
	rest, ok := strings.CutPrefix(function, modulePath)
	return ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "/internal/") ||
		strings.HasPrefix(rest, "/asynciotest.") || strings.HasPrefix(rest, "/asynciotest/internal"))
}

func ofRuntime(function string) bool {
	return strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/") ||
		strings.HasPrefix(function, "sync.") || strings.HasPrefix(function, "runtime/")
}

// userFrames are the frames without the library's.
func userFrames(frames []runtime.Frame) (own []runtime.Frame) {
	for _, f := range frames {
		if !ofLibrary(f.Function) {
			own = append(own, f)
		}
	}
	return own
}

// operation is the library's function in which a task waits, and the place from which
// it was called.
func operation(stack []runtime.Frame) string {
	op := ""
	for _, f := range stack {
		if !ofLibrary(f.Function) {
			if op == "" {
				op = short(f.Function)
			}
			return op + " at " + place(f)
		}
		if s := short(f.Function); !strings.HasPrefix(s, "taskBody.") && !strings.HasPrefix(s, "asynciotest.trial.") {
			op = s
		}
	}
	if op == "" {
		return "an await"
	}
	return op
}

// place is a file and a line.
func place(f runtime.Frame) string { return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line) }

// short is a function's name as it is read: without the path of its package, the
// library's own without package, and without type arguments.
func short(function string) string {
	s := function[strings.LastIndex(function, "/")+1:]
	s = strings.ReplaceAll(s, "[...]", "")
	s = strings.NewReplacer("(*", "", ")", "").Replace(s)
	return strings.TrimPrefix(s, "asyncio.")
}
