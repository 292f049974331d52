package engine

import (
	"runtime"
	"strings"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Stack returns the task's own frames where it is suspended or running, innermost
// first; nil if it has none. If its loop is stuck in a step, they are found from
// outside.
func (t *Task) Stack() []runtime.Frame {
	return Ask(t.loop, t.stack, t.stackFromOutside)
}

func (t *Task) stack() (frames []runtime.Frame) {
	switch f := t.fiber; {
	case t.Finished(), f == nil && !t.thread:
	case t.thread, f.Lent: // to the one that asks
		frames = t.stackFromOutside()
	case f.G == coro.G(): // the task itself asks, or another on the same stack
		frames = t.own(coro.Callers(0), f)
	default:
		t.loop.ask(f, func() { frames = t.own(coro.Callers(0), f) })
	}
	return frames
}

// own picks the frames of t from those of its stack, which may have tasks above it
// that it awaits, and tasks below it; each begins with a call of execute. What lies
// between is the engine's affair and left out.
func (t *Task) own(frames []runtime.Frame, f *fiber) []runtime.Frame {
	above := t.above(f)
	var own []runtime.Frame
	for _, f := range frames {
		switch name, inside := strings.CutPrefix(f.Function, modulePath); {
		case inside && strings.HasSuffix(name, "(*fiber).execute"):
			if above == 0 {
				return own
			}
			above--
		case above == 0 && !inside:
			own = append(own, f)
		}
	}
	return own
}

const modulePath = "github.com/asyncio-go/asyncio/internal/"
