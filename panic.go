package asyncio

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"

	"github.com/asyncio-go/asyncio/internal/engine"
	"github.com/asyncio-go/asyncio/internal/errwalk"
)

// PanicsCrash is an option of Run, NewRunner and NewLoop: a panic in a task crashes the
// process, with the stack where it was raised, instead of ending that task with a *PanicError.
func PanicsCrash() Option {
	return func(o *options) { o.PanicsCrash = true }
}

// PanicError is the error of a task that panicked. Its text is one line; with %+v the
// stack follows. In slog it is a group of two, panic and stack, where the stack is one
// line too: the user's frames, innermost first. (not in asyncio)
type PanicError struct {
	// Value is what was passed to panic.
	Value any
	// Stack is the stack where it was raised.
	Stack []byte
}

func (e *PanicError) Error() string { return "asyncio: panic: " + e.text() }

// text is the value in one line.
func (e *PanicError) text() string {
	return strings.Join(strings.FieldsFunc(fmt.Sprint(e.Value), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// Format prints the text, with %+v the stack as well.
func (e *PanicError) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'v' && s.Flag('#'):
		fmt.Fprintf(s, "&asyncio.PanicError{Value: %#v}", e.Value)
	case verb == 'v' && s.Flag('+'):
		fmt.Fprintf(s, "asyncio: panic: %v\n\n%s", e.Value, e.Stack)
	case verb == 'v', verb == 's':
		_, _ = io.WriteString(s, e.Error())
	default:
		fmt.Fprintf(s, fmt.FormatString(s, verb), e.Error())
	}
}

// LogValue is what a log shows.
func (e *PanicError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("panic", e.text()),
		slog.String("stack", engine.Chain(engine.Raised(e.Stack))))
}

// panicInside returns where the panic was raised that an error wraps. Of a *PanicError
// itself a log shows that anyway.
func panicInside(err error) []runtime.Frame {
	if _, itself := err.(*PanicError); itself { //nolint:errorlint // it alone is a LogValuer
		return nil
	}
	if p, ok := errwalk.Find[*PanicError](err); ok {
		return engine.Raised(p.Stack)
	}
	return nil
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func panicked(value any, stack []byte) error {
	return &PanicError{Value: value, Stack: stack}
}

func isPanic(err error) bool {
	_, ok := err.(*PanicError) //nolint:errorlint // not one that the task was told of by another
	return ok
}
