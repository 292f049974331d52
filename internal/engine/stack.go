package engine

import (
	"runtime"
	"strings"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Stack returns the task's own frames where it is suspended or running, innermost
// first; nil if it has none.
func (t *Task) Stack() []runtime.Frame {
	var frames []runtime.Frame
	t.loop.call(func() {
		switch f := t.fiber; {
		case t.Finished():
		case t.thread:
			frames = coro.StackOf(t.loop.roster.find(t))
		case f == nil:
		case f.Lent: // to the one that asks
			frames = coro.StackOf(f.G)
			for len(frames) > 0 && !strings.HasPrefix(frames[0].Function, modulePath) {
				frames = frames[1:] // the switch
			}
			frames = t.own(frames)
		case f.G == coro.G(): // the task itself asks, or another on the same stack
			frames = t.own(coro.Callers(0))
		default:
			t.loop.ask(f, func() { frames = t.own(coro.Callers(0)) })
		}
	})
	return frames
}

// own picks the frames of t from those of its stack, which may have tasks above it
// that it awaits, and tasks below it; each begins with a call of execute. What lies
// between is the engine's affair and left out.
func (t *Task) own(frames []runtime.Frame) []runtime.Frame {
	above := 0
	for u := t; u != t.fiber.task && u.waitOn != nil; u = u.waitOn.task() {
		above++
	}
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
