package asyncio

import (
	"runtime"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Stuck returns nil if the loop answers within 200 ms, or has nothing to do, and a
// *[StuckError] otherwise: a task or a callback has not given up control for so long. It
// may be called from any goroutine, and is what a health check can ask. A loop that
// works through very many short steps is called stuck too, with whom it is at. (not in
// asyncio)
func (l *Loop) Stuck() error {
	return engine.Ask(l.core(),
		func() error { return nil },
		func() error {
			h, held := l.core().Holder()
			if !held {
				return nil
			}
			e := &StuckError{Stack: h.Stack}
			if h.Task != nil {
				e.Task = h.Task.Face().(AnyTask)
			}
			return e
		})
}

// StuckError is what [Loop.Stuck] returns. (not in asyncio)
type StuckError struct {
	// Task is the task that holds the loop, nil if it is a callback.
	Task AnyTask
	// Stack is where, innermost first: the frames of the user's code.
	Stack []runtime.Frame
}

func (e *StuckError) Error() string {
	var b strings.Builder
	b.WriteString("asyncio: the loop is held up by ")
	if e.Task != nil {
		b.WriteString(e.Task.Name())
	} else {
		b.WriteString("a callback")
	}
	if len(e.Stack) > 0 {
		b.WriteString(" in " + engine.Chain(e.Stack))
	}
	return b.String()
}
