package asynciotest

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/engine"
)

// story tells a schedule to people, step by step.
type story struct {
	lines []line
	steps int
}

type line struct {
	text     string
	departed bool
}

// shown is how many lines are told around a departure, and at the end.
const shown = 12

// step takes note of a choice, before the step is taken.
func (s *story) step(steps []engine.Step, i int) {
	s.steps++
	l := line{departed: i > 0}
	l.text = fmt.Sprintf("%4d  %s", s.steps, describe(&steps[i]))
	if i > 0 {
		l.text += "\n         although it was the turn of: " + describe(&steps[0])
	}
	s.lines = append(s.lines, l)
}

// cancel takes note of an injected cancellation.
func (s *story) cancel(t *engine.Task, over bool) {
	text := "      " + nameOf(t) + " is cancelled at its await in " + operation(t.Stack())
	if over {
		text += ", which had ended"
	}
	s.lines = append(s.lines, line{text: text, departed: true})
}

// describe says whose step it is, and from where it goes on.
func describe(s *engine.Step) string {
	switch t := s.Task; {
	case s.Arrival && t == nil:
		return "a call from a Go task arrives"
	case s.Arrival:
		return nameOf(t) + ": what the Go task has done arrives"
	case t != nil && t.Started():
		if stack := t.Stack(); len(stack) > 0 {
			return nameOf(t) + " goes on after " + operation(stack)
		}
		return nameOf(t) + " goes on"
	case t != nil && isMain(t):
		return nameOf(t) + " starts"
	case t != nil:
		c := t.Face().(asyncio.AnyTask).Coro()
		return nameOf(t) + " starts " + short(c.Function) + " at " + place(c)
	case s.Handle != nil:
		switch face := s.Handle.Face().(type) {
		case fmt.Stringer:
			return face.String()
		case engine.CodeAt:
			return doneCallback(uintptr(face)) // of OnDone
		default:
			if f := reflect.ValueOf(face); f.Kind() == reflect.Func {
				return doneCallback(f.Pointer()) // of AddDoneCallback
			}
		}
		return "a callback of the library's"
	}
	return "the library's own work"
}

func doneCallback(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	file, line := f.FileLine(f.Entry())
	return "done callback " + short(f.Name()) + " at " + place(runtime.Frame{File: file, Line: line})
}

func (s *story) String() string {
	var b strings.Builder
	near := make([]bool, len(s.lines))
	mark := func(from, to int) {
		for i := max(0, from); i < min(len(s.lines), to); i++ {
			near[i] = true
		}
	}
	mark(0, 2)
	mark(len(s.lines)-shown, len(s.lines))
	for i, l := range s.lines {
		if l.departed {
			mark(i-shown/2, i+shown/2)
		}
	}
	omitted := 0
	for i, l := range s.lines {
		if !near[i] {
			omitted++
			continue
		}
		if omitted > 0 {
			fmt.Fprintf(&b, "        ... %d steps\n", omitted)
			omitted = 0
		}
		sign := "  "
		if l.departed {
			sign = "> "
		}
		b.WriteString(sign + l.text + "\n")
	}
	return b.String()
}
