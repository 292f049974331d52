package asyncio

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// errorLog is the default exception handler of a loop: it logs the first error of a kind,
// and then counts, so that a million failures are not a million lines.
type errorLog struct {
	mu      sync.Mutex
	kinds   map[errorKind]*tally
	inOrder []*tally // in which they came up
	counted bool     // some tally is not said yet, and will be
}

// errorKind is what errors that are counted together have in common.
type errorKind struct{ message, coro, err, text string }

// tally is how often there was an error of a kind that was not logged.
type tally struct {
	kind  errorKind
	more  int
	last  error
	texts int // of the kind without text: how many there are with one
}

// What is told apart: so many texts of an error that is otherwise the same, so far into
// the text, and so many kinds in all.
const (
	maxTexts = 8
	maxText  = 256
	maxKinds = 1024
)

// add logs or counts.
func (g *errorLog) add(l *Loop, c ExceptionContext) {
	if c.Err == nil || g.first(kindOf(c), c.Err) {
		logException(c)
		return
	}
	g.mu.Lock()
	counted := g.counted
	g.counted = true
	g.mu.Unlock()
	if !counted {
		l.l.Errand(g.sayCounts)
	}
}

// kindOf returns the kind of an error, as far as its own methods let it.
func kindOf(c ExceptionContext) (k errorKind) {
	k.message = c.kind
	if k.message == "" {
		k.message = c.Message
	}
	if c.Task != nil {
		k.coro = c.Task.Coro().Function
	}
	k.err = fmt.Sprintf("%T", c.Err)
	if p, ok := c.Err.(*PanicError); ok { //nolint:errorlint // its text has a stack
		k.text = fmt.Sprint(p.Value)
	} else {
		k.text = fmt.Sprint(c.Err)
	}
	k.text = k.text[:min(len(k.text), maxText)]
	return k
}

// first reports whether an error is the first of its kind, and else counts it.
func (g *errorLog) first(k errorKind, err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.kinds[k]
	if t == nil {
		whole := k
		whole.text = ""
		if g.kinds[whole] == nil && len(g.kinds) >= maxKinds {
			whole = errorKind{message: "error of another kind"}
		}
		if t = g.tally(whole); t.texts < maxTexts && len(g.kinds) < maxKinds {
			t.texts++
			g.tally(k)
			return true
		}
	}
	t.more++
	t.last = err
	return false
}

// tally returns that of a kind, which it makes if there is none.
func (g *errorLog) tally(k errorKind) *tally {
	t := g.kinds[k]
	if t == nil {
		if g.kinds == nil {
			g.kinds = map[errorKind]*tally{}
		}
		t = &tally{kind: k}
		g.kinds[k] = t
		g.inOrder = append(g.inOrder, t)
	}
	return t
}

// sayCounts logs how many there were since it was last called.
func (g *errorLog) sayCounts() {
	g.mu.Lock()
	g.counted = false
	var counts []tally
	for _, t := range g.inOrder {
		if t.more > 0 {
			counts = append(counts, *t)
			t.more, t.last = 0, nil
		}
	}
	g.mu.Unlock()
	for _, t := range counts {
		attrs := []any{"more", t.more, "last", t.last}
		if t.kind.coro != "" {
			attrs = append(attrs, "coro", t.kind.coro)
		}
		say(slog.LevelError, "asyncio: "+t.kind.message+": more of this kind", attrs...)
	}
}

// say logs with slog.Default, whose handler is the user's, and may panic: on the loop, or
// on a goroutine where nobody could recover that.
func say(level slog.Level, message string, attrs ...any) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "%s (and the handler of slog.Default panics: %v)\n", message, v)
		}
	}()
	slog.Log(context.Background(), level, message, attrs...)
}

func logException(c ExceptionContext) {
	var attrs []any
	if c.Err != nil {
		attrs = append(attrs, "err", c.Err)
		if stack := panicInside(c.Err); stack != nil {
			attrs = append(attrs, "stack", engine.Chain(stack))
		}
	}
	if c.Task != nil {
		attrs = append(attrs, describeTask(c.Task)...)
	}
	if len(c.At) > 0 {
		attrs = append(attrs, "at", engine.Chain(c.At))
	}
	say(slog.LevelError, "asyncio: "+c.Message, attrs...)
}
